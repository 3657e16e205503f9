"""A sweep: a network, what varies, what is measured."""

from __future__ import annotations

import copy
import inspect
import itertools
import json
import math
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from metastable import networks
from metastable._validation import require_integer, require_list, require_path
from metastable.sweeps._axes import SECTIONS, Axis, axes_of, written
from metastable.sweeps._functions import NamedFunction, named_function
from metastable.sweeps._job import Job
from metastable.sweeps._keys import require_arguments, require_known, require_table
from metastable.sweeps._measure import RESERVED, Measure
from metastable.sweeps._recording import SELECT, require_simulation, stimulus_of

_KINDS = ("BinaryNetwork", "DisorderedNetwork", "FiniteSizeNetwork", "LIFNetwork", "PulseNetwork")


def presets() -> dict[str, Any]:
    """Return what can be named as a network: the presets, and specifications that lists of numbers describe."""
    found = {name: getattr(networks, name) for name in networks.__all__ if name.islower()}
    classes = ("DisorderedNetwork", "FiniteSizeNetwork", "PulseNetwork")
    found |= {name: getattr(networks, name) for name in classes}
    return found | {"FiniteSizeNetwork.homogeneous": networks.FiniteSizeNetwork.homogeneous}


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Sweep:
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
        A table of lists are parameters that change together. A name is one of the network, or with its table
        in front, as ``"stimulus.amplitude"``.
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
        Trials of each wiring.
    folder : Path, optional
        Where modules of functions are looked for.
    results : path_like, optional
        Where results go if `run` is not told.

    Raises
    ------
    ValueError, TypeError
        A sentence, if a key is unknown, something is missing, or nothing would be run.

    Notes
    -----
    Measures by name: ``rate``, ``firing_rates``, ``fano_factor``, ``cv``, ``cv2``, ``count_correlations``,
    ``autocovariance_time``, ``communities`` of spikes; ``cluster_states`` and ``cluster_rate_variance`` of spikes or
    binary networks; ``mean_activity`` of binary and finite-size networks; ``fixed_points``, ``homogeneous_state`` and
    ``dwell_times`` of binary networks by mean field, without a simulation. A function of your own takes the recording
    (`SpikeData`, `BinaryActivity`, `FiniteSizeActivity`), or, if its first parameter is called ``network``, the
    specification; if it has keywords ``network`` or ``seed`` it receives those; it returns a number, an array, or a
    dict of them.

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

    def __post_init__(self) -> None:
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        for name in ("network", "measure", "vary", "simulate", "select"):
            put(name, require_table(name, getattr(self, name)))
        if not self.measure:
            raise ValueError("nothing is measured; name at least one measure, for instance rate.")
        for name in ("n_networks", "n_trials"):
            put(name, require_integer(name, getattr(self, name), minimum=1))
        require_known("[select]", self.select, SELECT)
        self._check_seeds()
        self._check_names()
        self._check_network()

    # ------------------------------------------------------------------ parts

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """What varies, in the order of the dimensions."""
        return axes_of(self.vary)

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """What is measured."""
        return tuple(Measure.of(label, given, self.folder) for label, given in self.measure.items())

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
        for index in itertools.product(*map(range, self.shape)):
            seed = self.seeds[index[-2]] if self._seeds_vary else self.seed
            values = [
                (path, values[i])
                for axis, i in zip(self.axes, index, strict=False)
                for path, values in axis.values.items()
            ]
            settings = self._settings(values)
            yield Job(
                index=index,
                varied={written(path): value for path, value in values},
                network=settings["network"],
                builder=self._builders[settings["network"]["preset"]],
                simulate=settings["simulate"],
                select=settings["select"],
                stimulus=settings["stimulus"],
                seed=seed,
                network_index=index[-1],
                n_trials=self.n_trials,
                measures=self.measures,
            )

    def _settings(self, values: list[tuple[tuple[str, ...], Any]]) -> dict[str, Any]:
        """Return the tables of one point."""
        tables = {name: copy.deepcopy(getattr(self, name)) for name in SECTIONS}
        for path, value in values:
            place: Any = tables
            for key in path[:-1]:
                place = place[int(key) if isinstance(place, list) else key]
            place[path[-1]] = value
        return tables

    @cached_property
    def _builders(self) -> dict[Any, NamedFunction]:
        varied = [
            v
            for axis in self.axes
            for path, values in axis.values.items()
            if path == ("network", "preset")
            for v in values
        ]
        given = varied or [self.network.get("preset")]
        if given == [None]:
            raise ValueError("[network] lacks preset; name one, for instance litwin_kumar_doiron_2012.")
        return {name: named_function("network.preset", name, presets(), self.folder) for name in given}

    # ----------------------------------------------------------------- checks

    def _check_seeds(self) -> None:
        if not self._seeds_vary:
            object.__setattr__(self, "seed", require_integer("seed", self.seed, minimum=0))
            return
        seeds = [require_integer("seed", seed, minimum=0) for seed in require_list("seed", self.seed)]
        if not seeds or len(set(seeds)) < len(seeds):
            raise ValueError(f"seed must be a number or a list of different numbers, got {seeds}.")
        object.__setattr__(self, "seed", seeds)

    def _check_names(self) -> None:
        names = [name for axis in self.axes for name in axis.coordinates()]
        for name in names:
            if names.count(name) > 1 or name in RESERVED or any(m.part_of(name) is not None for m in self.measures):
                raise ValueError(f"the name {name!r} in vary is taken by something else in the results; rename it.")
        for axis in self.axes:
            for path in axis.values:
                where = f"vary.{written(path)}"
                if path[0] == "select":
                    require_known(where, path[1:], SELECT)
                self._require_place(where, path)

    def _require_place(self, where: str, path: tuple[str, ...]) -> None:
        part = getattr(self, path[0])
        for key in path[1:-1]:
            if isinstance(part, list):
                part = part[int(key)] if key.isdigit() and int(key) < len(part) else None
            else:
                part = part.get(key) if isinstance(part, Mapping) else None
        if not isinstance(part, Mapping):
            raise ValueError(
                f"{where} varies what [{path[0]}] does not hold; add it there, or with several stimuli write "
                "stimulus.0.amplitude."
            )

    def _check_network(self) -> None:
        """Raise a sentence for what is wrong whatever the values are; a point that cannot be is a job that fails."""
        error, checked = None, set()
        for job in self.jobs():
            # One point of each preset: names of parameters do not depend on their values.
            if len(checked) == len(self._builders):
                break
            if job.builder.name in checked:
                continue
            parameters = {key: value for key, value in job.network.items() if key != "preset"}
            require_arguments(f"network {job.builder.name}", job.builder.call, parameters, n_before=0)
            try:
                network = job.build()
            except (ValueError, TypeError) as found:
                error = error or found
                continue
            checked.add(job.builder.name)
            if type(network).__name__ not in _KINDS:
                raise TypeError(f"network.preset {job.builder.name} must return a specification, got {network!r}.")
            if self.needs_simulation:
                require_simulation(network, job.simulate, job.stimulus, self.n_networks)
                stimulus_of(job.stimulus)
            elif self.simulate:
                raise ValueError("no measure needs a recording; leave [simulate] out.")
            for measure in self.measures:
                measure.require_fit(network, job.simulate)
        if error is not None and not checked:
            raise error

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
        FileNotFoundError
            If there is no such file.
        ValueError, TypeError
            If it is not TOML, or as in `Sweep`.
        """
        file = require_path("path", path)
        if not file.is_file():
            raise FileNotFoundError(f"there is no file {file}; check the path.")
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{file.name} is not TOML ({error}); see the examples.") from None
        results = require_path("results", content.pop("results", f"{file.stem}-results"))
        known = [name for name in inspect.signature(Sweep).parameters if name != "folder"]
        require_known(file.name, content, known)
        for key in ("network", "measure"):
            if key not in content:
                raise ValueError(f"{file.name} lacks [{key}]; add it.")
        return Sweep(**content, folder=file.parent.resolve(), results=file.parent / results)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready data: what decides on the results."""
        presets_used = [builder.to_dict() for builder in self._builders.values()]
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
        # Through JSON, as it is compared with what a file says; functions among the values go by their names.
        return json.loads(json.dumps(content, default=_name))

    def __repr__(self) -> str:
        lines = [f"Sweep of {', '.join(b.name for b in self._builders.values())}: {_count(self.n_jobs, 'job')}"]
        for axis in self.axes:
            names = [name for name in axis.coordinates() if name != axis.name]
            together = f" ({', '.join(names)} together)" if axis.zipped else ""
            lines.append(f"  {axis.name}: {_count(axis.size, 'value')}{together}")
        if self._seeds_vary:
            lines.append(f"  seed: {len(self.seeds)}")
        lines.append(f"  network: {self.n_networks}")
        run = ""
        if self.needs_simulation:
            duration = self.simulate.get("duration_ms")
            length = f" of {duration:g} ms" if isinstance(duration, int | float) else ""
            run = f"{_count(self.n_trials, 'trial')}{length}, then "
        lines.append(f"  each job: {run}{', '.join(m.label for m in self.measures)}")
        return "\n".join(lines)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _name(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if callable(value):
        return f"{value.__module__}:{value.__qualname__}"
    raise TypeError(f"a sweep is made of numbers, words, lists and tables, and {value!r} is none of them.")
