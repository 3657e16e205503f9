"""A sweep: a network, what varies, what is measured."""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from metastable._display import Displayed, counted
from metastable._known_names import require_known
from metastable._validation import require_integer, require_list, shown
from metastable.sweeps._axes import N_TRIALS, SECTIONS, Axis, axes_of, place_of, with_values, written
from metastable.sweeps._checks import require_possible
from metastable.sweeps._functions import NamedFunction, named_function
from metastable.sweeps._job import Job
from metastable.sweeps._keys import (
    plain,
    require_name,
    require_numbers_in,
    require_shallow,
    require_table,
)
from metastable.sweeps._measure import RESERVED, Measure
from metastable.sweeps._presets import presets
from metastable.sweeps._read import content_of
from metastable.sweeps._recording import SELECT

_TABLES = ("network", "measure", "vary", "simulate", "select")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Sweep(Displayed):
    """Many runs: a network, what varies, and what is measured.

    Parameters
    ----------
    network : dict
        ``preset``, the name of a preset or ``module:function``, and its parameters.
    measure : dict
        For each name in the results the options of a measure: ``{"fano_factor": {"window_ms": 100}}``; with
        ``function`` another name, ``module:function`` or a function; with ``population`` and ``clusters`` a part of the
        recording. See Notes.
    vary : dict
        Names of parameters to lists, or to ranges ``{"start", "stop", "count", "spacing"}``; all combinations are run.
        A table of lists are parameters that change together. A name is one of the network, ``"n_trials"``, or one with
        its table in front, as ``"stimulus.amplitude"`` or ``"simulate.duration_ms"``.
    simulate : dict
        ``duration_ms`` and other options of `metastable.simulate`.
    select : dict
        ``burn_in_ms``, what is discarded of the beginning; ``population`` and ``clusters``.
    stimulus : dict or list of dict, optional
        ``shape`` ("step", "ramp", "array") and the arguments of that constructor of `metastable.networks.Stimulus`.
    seed : int or list of int
        Of all random streams; a list is a dimension of its own. A job's streams are addressed by seed, number of the
        network and trial: points of a sweep share wirings and noise as far as their networks allow.
    n_networks : int
        Wirings for each point and seed.
    n_trials : int
        Trials of each wiring. Where it varies, trials are the first of the largest number, and arrays with a value for
        each trial are filled up with NaN.
    folder : Path, optional
        Where modules of functions are looked for.
    results : path_like, optional
        Where results go if `run` is not told.

    Raises
    ------
    ValueError, TypeError
        A sentence, if a key is unknown, something is missing, nothing would be run, or no job could succeed, as of a
        burn-in longer than the simulation. What only some values make impossible is left to their jobs, which fail.

    Notes
    -----
    Measures by name: ``rate``, ``firing_rates``, ``fano_factor``, ``cv``, ``cv2``, ``count_correlations``,
    ``autocovariance_time``, ``communities`` of spikes; ``cluster_states`` and ``cluster_rate_variance`` of spikes or
    binary networks; ``mean_activity`` of binary and finite-size networks; ``fixed_points``, ``homogeneous_state`` and
    ``dwell_times`` of binary networks by mean field, without a simulation. A function of your own takes the recording
    (`SpikeData`, `BinaryActivity`, `FiniteSizeActivity`), or, if its first parameter is called ``network``, the
    specification; if it has keywords ``network`` or ``seed`` it receives those; it returns a number, an array, or a
    dict of them; masked entries are NaN. It is told apart by its file and those beside it that this imports: a change
    of them makes other jobs. Bound methods, partials and other objects are refused, as nothing tells what they hold.
    ``cluster_states`` gives mean durations where at least ``min_ended`` states ended (5). Arrays of jobs may differ in
    length, and are filled up with NaN; a job whose array has another number of dimensions than those of most jobs
    fails.

    Examples
    --------
    >>> import metastable as mst
    >>> sweep = mst.sweeps.Sweep(
    ...     network={"preset": "litwin_kumar_doiron_2012", "n_e": 400, "n_clusters": 5},
    ...     vary={"r_ee": [1, 2.5]},
    ...     simulate={"duration_ms": 200},
    ...     measure={"rate": {"population": "E"}},
    ...     n_networks=3,
    ... )
    >>> sweep
    Sweep of litwin_kumar_doiron_2012: 6 jobs
      r_ee: 2 values
      network: 3
      each job: 1 trial of 200 ms, then rate
    """

    network: Mapping[str, Any]
    measure: Mapping[str, Any]
    vary: Mapping[str, Any] = field(default_factory=dict)
    simulate: Mapping[str, Any] = field(default_factory=dict)
    select: Mapping[str, Any] = field(default_factory=dict)
    stimulus: Any = None
    seed: Any = 1
    n_networks: int = 1
    n_trials: int = 1
    folder: Path | None = None
    results: Path | None = None

    _prints_a_table: ClassVar[bool] = True

    def __post_init__(self) -> None:
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        for name in (*_TABLES, "stimulus", "seed", "n_networks", "n_trials"):
            require_shallow(name, getattr(self, name))
        for name in _TABLES:
            put(name, require_table(name, getattr(self, name)))
            require_numbers_in(name, getattr(self, name))
        if not self.measure:
            raise ValueError("nothing is measured; name at least one measure, for instance rate.")
        for name in ("n_networks", "n_trials"):
            put(name, require_integer(name, getattr(self, name), minimum=1))
        require_known("[select]", self.select, SELECT)
        require_numbers_in("stimulus", self.stimulus)
        self._check_seeds()
        self._check_stimulus()
        self._check_names()
        if not self.needs_simulation and self.simulate:
            raise ValueError("no measure needs a recording; leave [simulate] out.")
        # Also what cannot be kept as JSON.
        self.to_dict()
        require_possible(self)

    # ------------------------------------------------------------------ parts

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """What varies, in the order of the dimensions."""
        return axes_of(self.vary)

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """What is measured."""
        return tuple(Measure.of(label, given, self.folder) for label, given in self.measure.items())

    def measure_of(self, name: str) -> Measure:
        """Return the measure that gives the numbers of this name."""
        # The longest label: rate_i is a measure of its own beside rate.
        return max((m for m in self.measures if m.part_of(name) is not None), key=lambda m: len(m.label))

    @property
    def seeds(self) -> list[int]:
        """All seeds, one where no list was given."""
        return list(self.seed) if isinstance(self.seed, list | tuple) else [self.seed]

    @property
    def needs_simulation(self) -> bool:
        """Whether some measure needs a recording."""
        return any(measure.needs != "network" for measure in self.measures)

    @property
    def dims(self) -> tuple[str, ...]:
        """Dimensions of the results: what varies, the seed if there are several, the network."""
        return (*(axis.name for axis in self.axes), *(["seed"] if self._seeds_vary else []), "network")

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the dimensions."""
        return (*(a.size for a in self.axes), *([len(self.seeds)] if self._seeds_vary else []), self.n_networks)

    @property
    def n_jobs(self) -> int:
        """Number of jobs: points, times seeds, times networks."""
        return math.prod(self.shape)

    @property
    def _seeds_vary(self) -> bool:
        return isinstance(self.seed, list | tuple)

    def jobs(self) -> Iterator[Job]:
        """Yield all jobs, the last dimension fastest."""
        shape = self.shape
        for number in range(self.n_jobs):
            yield self.job(place_of(number, shape))

    def job(self, index: Sequence[int]) -> Job:
        """Return the job of a place in the results."""
        values = [
            (path, values[i]) for axis, i in zip(self.axes, index, strict=False) for path, values in axis.values.items()
        ]
        tables = with_values({name: getattr(self, name) for name in (*SECTIONS, N_TRIALS)}, values)
        return Job(
            index=tuple(index),
            varied={written(path): value for path, value in values},
            network=tables["network"],
            builder=self.builders[_key(tables["network"]["preset"])],
            simulate=tables["simulate"],
            select=tables["select"],
            stimulus=tables["stimulus"],
            seed=self.seeds[index[-2]] if self._seeds_vary else self.seed,
            network_index=index[-1],
            n_trials=tables[N_TRIALS],
            measures=self.measures,
        )

    @cached_property
    def builders(self) -> dict[Any, NamedFunction]:
        """Functions that make the networks, by the names under which they were given."""
        preset = ("network", "preset")
        varied = [value for axis in self.axes for value in axis.values.get(preset, [])]
        given = varied or [self.network.get("preset")]
        if given == [None]:
            raise ValueError("[network] lacks preset; name one, for instance litwin_kumar_doiron_2012.")
        return {_key(name): named_function("network.preset", name, presets(), self.folder) for name in given}

    # ----------------------------------------------------------------- checks

    def _check_seeds(self) -> None:
        if not self._seeds_vary:
            object.__setattr__(self, "seed", require_integer("seed", self.seed, minimum=0))
            return
        seeds = [require_integer("seed", seed, minimum=0) for seed in require_list("seed", self.seed)]
        if not seeds or len(set(seeds)) < len(seeds):
            raise ValueError(f"seed must be a number or a list of different numbers, got {seeds}.")
        object.__setattr__(self, "seed", seeds)

    def _check_stimulus(self) -> None:
        given = self.vary.get("stimulus")
        if given is not None and not isinstance(given, Mapping):
            raise TypeError(
                f"vary.stimulus must name what of [stimulus] varies, as vary.stimulus.amplitude, got {shown(given)}; "
                "the parameter stimulus of a finite-size network is vary.network.stimulus."
            )

    def _check_names(self) -> None:
        names = [name for axis in self.axes for name in axis.coordinates()]
        for name in names:
            measure = next((m.label for m in self.measures if m.part_of(name) is not None), None)
            if measure is not None:
                raise ValueError(
                    f"{name} in vary and measure.{measure} would share names in results; rename the measure."
                )
            if names.count(name) > 1 or name in RESERVED:
                raise ValueError(f"the name {name!r} in vary is taken by something else in the results; rename it.")
            require_name(f"vary.{name}", name)
        for axis in self.axes:
            for path in axis.values:
                if path[0] == "select":
                    require_known(f"vary.{written(path)}", path[1:], SELECT)

    # ------------------------------------------------------------------ files

    @staticmethod
    def read(path: str | os.PathLike[str]) -> Sweep:
        """Read a sweep from a TOML file, whose tables and keys are the parameters of `Sweep`.

        Parameters
        ----------
        path : path_like
            Modules of functions are looked for beside it, and results go beside it, by its name if it names no
            folder.

        Returns
        -------
        Sweep

        Raises
        ------
        FileNotFoundError, OSError
            If there is no such file, or it cannot be read.
        ValueError, TypeError
            If it is not TOML, or as in `Sweep`.
        """
        known = [name for name in inspect.signature(Sweep).parameters if name != "folder"]
        return Sweep(**content_of(path, known))

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready data: what decides on the results."""
        presets_used = [builder.to_dict() for builder in self.builders.values()]
        network = {key: value for key, value in self.network.items() if key != "preset"}
        content = {
            "network": network,
            "preset": presets_used[0] if len(presets_used) == 1 else presets_used,
            "vary": self.vary,
            "simulate": self.simulate,
            "select": self.select,
            "stimulus": self.stimulus,
            "measure": {measure.label: measure.to_dict() for measure in self.measures},
            "seed": self.seed,
            "n_networks": self.n_networks,
            "n_trials": self.n_trials,
        }
        # Through JSON, as it is compared with what a file says.
        return plain(content)

    def __repr__(self) -> str:
        lines = [f"Sweep of {', '.join(b.name for b in self.builders.values())}: {counted(self.n_jobs, 'job')}"]
        for axis in self.axes:
            names = [name for name in axis.coordinates() if name != axis.name]
            together = f" ({', '.join(names)} together)" if axis.zipped else ""
            lines.append(f"  {axis.name}: {counted(axis.size, 'value')}{together}")
        if self._seeds_vary:
            lines.append(f"  seed: {len(self.seeds)}")
        lines.append(f"  network: {self.n_networks}")
        run = ""
        if self.needs_simulation:
            varied = [path for axis in self.axes for path in axis.values]
            duration = self.simulate.get("duration_ms")
            length = "" if ("simulate", "duration_ms") in varied else f" of {duration:g} ms"
            trials = "trials" if (N_TRIALS,) in varied else counted(self.n_trials, "trial")
            run = f"{trials}{length}, then "
        lines.append(f"  each job: {run}{', '.join(m.label for m in self.measures)}")
        return "\n".join(lines)


def _key(preset: Any) -> Any:
    if not isinstance(preset, str) and not callable(preset):
        raise TypeError(f"network.preset must be a name, module:function or a function, got {shown(preset)}.")
    return preset
