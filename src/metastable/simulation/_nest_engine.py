"""The clocked LIF network in NEST: the same wiring, bias, initial states and stimulus, in another simulator.

NEST counts in double precision whatever `SimulationPlan.precision` says, and integrates exactly where our scheme is
forward Euler: with a step of .1 ms and a membrane time constant of 15 ms, a potential relaxes .3 % more slowly in NEST.
The dynamics are chaotic, so spikes differ one by one and agree in their statistics: rates of a network with clusters of
E and I neurons are half a percent higher in NEST, and as much higher in our engine with a step of .02 ms instead of .1
(.55 +- .13 % for E). `_nest_model` has the rest, `verification/lif_peers.py` the comparison.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._memory import require_memory
from metastable._parallel import Monitor, resolve_n_jobs, run_in_turn
from metastable.simulation._nest_model import NestModel
from metastable.simulation._nest_network import NestNetwork, changes
from metastable.simulation._plan import SimulationPlan

_STEPS_AT_A_TIME = 500
# Measured at 15 million synapses of one weight for all.
_BYTES_PER_SYNAPSE = 44
# Settings of the kernel that a program may have made before it creates nodes, and that a reset forgets.
_SETTINGS = ("resolution", "local_num_threads", "rng_seed", "data_path", "data_prefix", "overwrite_files")


def simulate_trials(
    plan: SimulationPlan, *, n_jobs: int | None, progress: bool | None, scheme: str = "exact"
) -> list[tuple[NDArray[np.int64], NDArray[np.int32]]]:
    """Simulate all trials of a plan in NEST, one after the other.

    Parameters
    ----------
    plan : SimulationPlan
        Its precision is ignored: NEST counts in double precision.
    n_jobs : int or None
        Threads of NEST; the result is the same to the bit.
    progress : bool or None
        Whether to show a progress bar; None for "on a terminal".
    scheme : {"exact", "euler"}
        ``"euler"`` gives the spikes of our scheme; see `NestModel`.

    Returns
    -------
    list of (step, neuron)
        For each trial the step and the neuron of each spike, sorted.

    Raises
    ------
    ImportError
        If NEST is missing.
    RuntimeError
        If the program that calls this has a network of its own in NEST, or calls from a thread of its own.
    ValueError
        If the step is not a multiple of 1 us, or synapses were given one by one.
    """
    plan = replace(plan, precision="double")
    require_drawn(plan)
    require_whole_tics(plan.dt_ms)
    group, _ = plan.stimulus_groups
    stimulus = changes(plan.stimulus_values(0, plan.n_steps))
    with _empty_kernel(plan.dt_ms, resolve_n_jobs(n_jobs)) as nest:
        model = NestModel.of(plan, scheme)
        # Populations that are clustered have two pathways for the same connection, which share its synapses.
        n_ports = max((len(path.receptors) for path in model.pathways), default=0)
        require_memory(
            _BYTES_PER_SYNAPSE * n_ports * plan.wired.n_synapses,
            what=f"{n_ports * plan.wired.n_synapses:,} synapses in NEST",
            do="use engine='metastable', which takes a bit for each pair of neurons, or NEST's processes on several "
            "machines (write_nest_script)",
        )
        network = NestNetwork(nest, plan.wired, asdict(model), plan.dt_ms, group)

        def run(trial: int, monitor: Monitor) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
            report = lambda steps: monitor.advance(steps * plan.dt_ms)  # noqa: E731
            return network.run_trial(plan.initial_v(trial), plan.n_steps, stimulus, report, _STEPS_AT_A_TIME)

        total = plan.duration_ms * len(plan.trials)
        return run_in_turn(run, plan.trials, total=total, label="simulating", progress=progress)


def require_drawn(plan: SimulationPlan) -> None:
    """Raise if synapses have weights and delays of their own, which `NestModel` does not have."""
    if plan.wired.storage == "synapses":
        raise ValueError(
            "engine='nest' runs networks whose connections were drawn, but these synapses were given by with_synapses; "
            "choose engine='metastable' or engine='brian2'."
        )


def require_whole_tics(dt_ms: float) -> None:
    """Raise if NEST, which counts in 1 us, cannot make steps of this length."""
    if not np.isclose(dt_ms * 1000, max(round(dt_ms * 1000), 1), rtol=0, atol=1e-9):
        raise ValueError(f"NEST needs a dt_ms that is a multiple of 0.001 ms, got {dt_ms:g}; choose another step.")


@contextmanager
def _empty_kernel(dt_ms: float, n_threads: int) -> Iterator[Any]:
    """Import NEST without its banner, make its kernel ready for a network, and empty it afterwards."""
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError(
            "NEST ends the process when it is used on two threads; call simulate(engine='nest') on the main thread."
        )
    nest = _import_nest()
    if nest.network_size:
        raise RuntimeError(
            f"NEST holds {nest.network_size} nodes of this program, which would be lost; call nest.ResetKernel() "
            "before simulate(engine='nest')."
        )
    verbosity = nest.verbosity
    settings = {key: getattr(nest, key) for key in _SETTINGS}
    nest.verbosity = nest.VerbosityLevel.ERROR
    try:
        nest.ResetKernel()
        # Spikes need no sources once the targets are known: 8 bytes less for each synapse.
        nest.set(resolution=dt_ms, local_num_threads=n_threads, keep_source_table=False)
        yield nest
    finally:
        nest.ResetKernel()
        nest.set(**{key: value for key, value in settings.items() if getattr(nest, key) != value})
        nest.verbosity = verbosity


def _import_nest() -> Any:
    banner = "PYNEST_QUIET"
    silenced = "nest" not in sys.modules and banner not in os.environ
    if silenced:
        os.environ[banner] = "1"
    try:
        import nest
    except ImportError as error:
        raise ImportError(
            "engine='nest' needs NEST, the package nest-simulator; install it with: pip install \"metastable[nest]\"."
        ) from error
    finally:
        if silenced:
            del os.environ[banner]
    return nest
