"""What no job of a sweep could do, refused before any of them is run."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any

from metastable._parallel import CancelledError, Monitor, run_jobs
from metastable.sweeps._axes import N_TRIALS, place_of, written
from metastable.sweeps._functions import NamedFunction
from metastable.sweeps._job import Job
from metastable.sweeps._keys import require_arguments
from metastable.sweeps._options import require_options
from metastable.sweeps._recording import (
    SELECT,
    SIMULATE,
    STIMULUS,
    require_burn_in,
    require_part,
    require_simulation,
    simulated,
    stimulus_of,
)

if TYPE_CHECKING:
    from metastable.sweeps._sweep import Sweep

_KINDS = ("BinaryNetwork", "DisorderedNetwork", "FiniteSizeNetwork", "LIFNetwork", "PulseNetwork")
# Looking for a point that can be, among very many that cannot, ends here; they are left to their jobs.
_LONGEST_S = 5.0
# Wiring takes long beyond this.
_MOST_NEURONS = 20_000
_OTHER_ENGINES = ("reference", "brian2", "nest")
_ELSEWHERE = {"simulate": SIMULATE, "select": SELECT, "stimulus": STIMULUS}


def require_possible(sweep: Sweep) -> None:
    """Raise a sentence if no job of a sweep could succeed.

    Each check is done at the points that differ in what it depends on, until one of them passes. Errors of some points
    only are left to their jobs.

    Parameters
    ----------
    sweep : Sweep

    Raises
    ------
    ValueError, TypeError
    """
    _require_names(sweep)
    _require_one(sweep, ["network"], _network_of)

    def each(sections: Collection[str], check: Callable[[Job, Any], Any]) -> None:
        # Each kind of network is another experiment, and what its jobs lack must not hide behind those of another.
        for builder in sweep.builders.values():
            _require_one_network(sweep, sections, check, builder)

    if sweep.needs_simulation:
        each(["network", "simulate"], lambda job, network: _require_kind(job, network, sweep.n_networks))
    each(["network", "simulate"], _require_fit)
    if sweep.needs_simulation:
        each(["network", "simulate", "select"], lambda job, net: require_burn_in(net, job.simulate, job.select))
        _require_one(sweep, ["stimulus"], lambda job: stimulus_of(job.stimulus))
        each(["network", "select"], _require_parts)
        each(["network", "simulate", "stimulus", N_TRIALS], _rehearse)
        each(["network", "simulate", "select", N_TRIALS], require_options)


def _require_one(sweep: Sweep, sections: Collection[str], check: Callable[[Job], Any]) -> None:
    """Raise the first error of a check, unless it passes somewhere."""
    until, error = time.monotonic() + _LONGEST_S, None
    for job in _points(sweep, sections):
        try:
            check(job)
            return
        except (ValueError, TypeError) as found:
            error = found if error is None or isinstance(error, _OtherPointError) else error
        if time.monotonic() > until:
            return
    if error is not None:
        raise error


def _require_one_network(
    sweep: Sweep, sections: Collection[str], check: Callable[[Job, Any], Any], builder: NamedFunction
) -> None:
    """As `_require_one`, among the networks that this function can make."""

    def check_built(job: Job) -> None:
        if job.builder is not builder:
            raise _OtherPointError
        try:
            network = _network_of(job)
        except (ValueError, TypeError):
            raise _OtherPointError from None
        check(job, network)

    with contextlib.suppress(_OtherPointError):
        _require_one(sweep, sections, check_built)


class _OtherPointError(ValueError):
    """A point that says nothing about the check."""


def _points(sweep: Sweep, sections: Collection[str]) -> Iterator[Job]:
    """Yield the jobs that differ in these tables, with the first value of everything else."""
    sizes = [axis.size if axis.touches(sections) else 1 for axis in sweep.axes]
    shape = (*sizes, *[1] * (len(sweep.shape) - len(sizes)))
    for number in range(math.prod(shape)):
        yield sweep.job(place_of(number, shape))


def _network_of(job: Job) -> Any:
    try:
        network = job.build()
    except (ValueError, TypeError):
        raise
    except (Exception, SystemExit) as error:
        raise ValueError(
            f"network {job.builder.name} cannot be built ({type(error).__name__}: {error}); mend the function."
        ) from None
    if type(network).__name__ not in _KINDS:
        raise TypeError(f"network.preset {job.builder.name} must return a specification, got {network!r}.")
    return network


def _require_names(sweep: Sweep) -> None:
    job = sweep.job((0,) * len(sweep.shape))
    parameters = {key: value for key, value in job.network.items() if key != "preset"}
    for builder in sweep.builders.values():
        try:
            require_arguments(f"network {builder.name}", builder.call, parameters, n_before=0)
        except ValueError:
            for name in (path[1] for axis in sweep.axes for path in axis.values if path[0] == "network"):
                table = next((table for table, known in _ELSEWHERE.items() if name in known), None)
                if table is not None:
                    raise ValueError(
                        f"vary.{name} names no parameter of the network; write {written((table, name))} to vary that "
                        f"of [{table}]."
                    ) from None
            raise


def _require_kind(job: Job, network: Any, n_networks: int) -> None:
    require_simulation(network, job.simulate, job.stimulus, n_networks)


def _require_fit(job: Job, network: Any) -> None:
    for measure in job.measures:
        measure.require_fit(network, job.simulate)


def _require_parts(job: Job, network: Any) -> None:
    for measure in job.measures:
        if measure.needs != "network":
            require_part(network, *measure.part(job.select), where=f"measure.{measure.label}")


def _rehearse(job: Job, network: Any) -> None:
    """Let `simulate` check everything, and stop it before it simulates."""
    if network.n_neurons > _MOST_NEURONS:
        return
    # Other engines do not stop; all of them take the same options.
    options = job.simulate | ({"engine": "metastable"} if job.simulate.get("engine") in _OTHER_ENGINES else {})

    def attempt(job: Job, monitor: Monitor) -> None:
        monitor.stop()
        with contextlib.suppress(CancelledError, MemoryError):
            simulated(
                network,
                options=options,
                stimulus=stimulus_of(job.stimulus),
                seed=job.seed,
                network_index=job.network_index,
                n_trials=job.n_trials,
            )

    run_jobs(attempt, [job], n_jobs=1, total=1, label="", progress=False)
