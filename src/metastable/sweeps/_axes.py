"""What varies in a sweep: axes, each with one parameter or with several that change together."""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from metastable._known_names import require_known
from metastable._validation import require_choice, require_integer, require_list, require_number, shown
from metastable.sweeps._keys import canonical, plain, require_numbers_in

# Tables whose entries can vary. A name without one of them is a parameter of the network.
SECTIONS = ("network", "simulate", "stimulus", "select")
# What can vary beside them.
N_TRIALS = "n_trials"
_RANGE = ("start", "stop", "count", "spacing")
_LONGEST_RANGE = 100_000
_MOST_WORDS = 4
_ELSEWHERE = {
    "seed": "give a list beside the tables, seed = [1, 2]",
    "n_networks": "networks are a dimension already, as many as n_networks = 3 says",
    "measure": "name a measure for each value, as fano_50 = { function = 'fano_factor', window_ms = 50 }",
}
Path = tuple[str, ...]


@dataclass(frozen=True)
class Axis:
    """One dimension of a sweep.

    Parameters
    ----------
    name : str
        Of the dimension.
    values : dict of list
        For each parameter, named by its path through the tables, its values along the axis.
    """

    name: str
    values: dict[Path, list[Any]]

    @property
    def size(self) -> int:
        """Number of values."""
        return len(next(iter(self.values.values())))

    @property
    def zipped(self) -> bool:
        """Whether several parameters change together, under a name that is none of theirs."""
        return [parameter_name(path) for path in self.values] != [self.name]

    def touches(self, sections: Collection[str]) -> bool:
        """Whether the axis changes one of these tables."""
        return any(path[0] in sections for path in self.values)

    def extremes(self) -> list[int]:
        """Places of the smallest and the largest value; of the first few, where they are no numbers."""
        for values in self.values.values():
            if _numeric(values):
                return list(dict.fromkeys((int(np.argmin(values)), int(np.argmax(values)))))
        return list(range(min(self.size, _MOST_WORDS)))

    def coordinates(self) -> dict[str, np.ndarray]:
        """Return the values of each parameter by name: numbers or words as they are, anything else as JSON."""
        found = {parameter_name(path): _labels(values) for path, values in self.values.items()}
        return {self.name: np.arange(self.size)} | found if self.zipped else found


def parameter_name(path: Path) -> str:
    """Return the name of a parameter in results: ``r_ee`` of the network, ``stimulus_amplitude`` of other tables."""
    return "_".join(path[1:] if path[0] == "network" else path)


def written(path: Path) -> str:
    """Return a path as a person writes it."""
    return ".".join(path[1:] if path[0] == "network" else path)


def axes_of(vary: Mapping[str, Any]) -> tuple[Axis, ...]:
    """Read what varies.

    Parameters
    ----------
    vary : mapping
        Names to lists, ranges ``{start, stop, count, spacing}``, or tables of lists that change together.

    Returns
    -------
    tuple of Axis

    Raises
    ------
    ValueError
        If a list is empty, names a value twice, or lists that change together differ in length.
    """
    axes = []
    for name, given in vary.items():
        first = name.partition(".")[0]
        if first in _ELSEWHERE:
            raise ValueError(f"vary.{first} is not how {first} varies; {_ELSEWHERE[first]}.")
        if name in SECTIONS and not isinstance(given, Mapping):
            raise TypeError(f"vary.{name} must name what of [{name}] varies, got {shown(given)}; see the examples.")
        if name in SECTIONS and isinstance(given, Mapping):
            axes += [_single(path, values) for path, values in _flat((name,), given)]
        elif isinstance(given, Mapping) and not set(given) & set(_RANGE) and not _is_flat(given):
            axes.append(_together(name, given))
        else:
            axes.append(_single(_path(name), given))
    seen: set[Path] = set()
    for axis in axes:
        for path in axis.values:
            if path in seen:
                raise ValueError(f"vary names {written(path)} twice; leave one out.")
            seen.add(path)
    return tuple(axes)


def _is_flat(given: Mapping[str, Any]) -> bool:
    """Whether a table holds neither lists nor tables: a range whose keys are other words."""
    return bool(given) and not any(
        isinstance(v, Mapping | Sequence | np.ndarray) or callable(v) for v in given.values()
    )


def _single(path: Path, given: Any) -> Axis:
    return Axis(parameter_name(path), {path: _values(written(path), given)})


def _together(name: str, given: Mapping[str, Any]) -> Axis:
    values: dict[Path, list[Any]] = {}
    for key, inner in given.items():
        if key in SECTIONS and isinstance(inner, Mapping):
            values |= {path: _values(f"{name}.{written(path)}", v, unique=False) for path, v in _flat((key,), inner)}
        else:
            values[_path(key)] = _values(f"{name}.{key}", inner, unique=False)
    if not values:
        raise ValueError(f"vary.{name} is empty; give it lists, leave it out, or give a list in its place.")
    lengths = {written(path): len(v) for path, v in values.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{key} has {n}" for key, n in lengths.items())
        raise ValueError(f"the lists of vary.{name} change together and must be equally long, but {listed} values.")
    return Axis(name, values)


def _flat(path: Path, given: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """Walk down nested tables: TOML reads ``stimulus.amplitude = [...]`` as a table in a table."""
    for key, value in given.items():
        if isinstance(value, Mapping) and not set(value) & set(_RANGE):
            yield from _flat((*path, key), value)
        else:
            yield (*path, *key.split(".")), value


def _path(name: str) -> Path:
    parts = tuple(name.split("."))
    if name == N_TRIALS or (parts[0] in SECTIONS and len(parts) > 1):
        return parts
    return ("network", *parts)


def _values(name: str, given: Any, *, unique: bool = True) -> list[Any]:
    where = f"vary.{name}"
    if isinstance(given, Mapping):
        values = _range(where, given)
    else:
        values = [v.item() if isinstance(v, np.generic) else v for v in require_list(where, given)]
    if not values:
        raise ValueError(f"{where} is empty, so that there is nothing to run; give at least one value.")
    require_numbers_in(where, values)
    if name.rpartition(".")[2] == N_TRIALS:
        values = [require_integer(where, value, minimum=1) for value in values]
    if unique:
        _require_unique(where, values)
    return values


def _require_unique(where: str, values: list[Any]) -> None:
    seen = set()
    for value in values:
        # 1 and 1.0 are one value, as they are one label and one job.
        key = value if _numeric([value]) else json.dumps(canonical(value), sort_keys=True)
        if key in seen:
            raise ValueError(
                f"{where} holds {shown(value)} twice; leave one out, and give a list of seeds for repetitions."
            )
        seen.add(key)


def _range(name: str, given: Mapping[str, Any]) -> list[Any]:
    if not set(given) & set(_RANGE):
        raise ValueError(f"{name} must be a list, or a range of start, stop and count, got {shown(dict(given))}.")
    require_known(name, given, _RANGE)
    for key in _RANGE[:3]:
        if key not in given:
            raise ValueError(f"{name} lacks {key}; a range has start, stop and count.")
    start, stop = (require_number(f"{name}.{key}", given[key]) for key in ("start", "stop"))
    count = require_integer(f"{name}.count", given["count"], minimum=1)
    if count > _LONGEST_RANGE:
        raise ValueError(f"{name}.count must be at most {_LONGEST_RANGE:,}, got {count:,}; take fewer values.")
    spacing = require_choice(f"{name}.spacing", given.get("spacing", "linear"), ("linear", "log"))
    if spacing == "log" and not (start > 0 and stop > 0):
        raise ValueError(f"{name} with spacing='log' must run between numbers above 0, got {start:g} to {stop:g}.")
    values = (np.linspace if spacing == "linear" else np.geomspace)(start, stop, count).tolist()
    # Between whole numbers in whole steps: sizes and counts must not become 800.0.
    whole = all(isinstance(given[key], int | np.integer) for key in ("start", "stop")) and all(
        v == round(v) for v in values
    )
    return [round(v) for v in values] if whole else values


def _numeric(values: list[Any]) -> bool:
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)


def _labels(values: list[Any]) -> np.ndarray:
    if all(isinstance(v, str) for v in values):
        return np.array(values, dtype=object)
    if _numeric(values):
        # As text where no integer of the file format is large enough.
        large = any(isinstance(v, int) and abs(v) >= 2**63 for v in values)
        return np.array(list(map(str, values)), dtype=object) if large else np.array(values)
    return np.array([v if isinstance(v, str) else json.dumps(plain(v)) for v in values], dtype=object)


def place_of(number: int, shape: Sequence[int]) -> tuple[int, ...]:
    """Return the place of a job among axes of these sizes, from its number; the last is the fastest."""
    place = []
    # Not itertools.product, which would hold the numbers of a billion networks.
    for size in reversed(shape):
        number, here = divmod(number, size)
        place.append(here)
    return tuple(reversed(place))


def with_values(tables: Mapping[str, Any], values: Iterable[tuple[Path, Any]]) -> dict[str, Any]:
    """Return the tables of one point.

    Parameters
    ----------
    tables : mapping
        Left as they are.
    values : iterable of (path, value)

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If a table on the way to a value is not there.
    """
    made: Any = copy.deepcopy(dict(tables))
    for path, value in values:
        place = made
        for key in path[:-1]:
            if isinstance(place, list | tuple):
                place = place[int(key)] if key.isdigit() and int(key) < len(place) else None
            else:
                place = place.get(key) if isinstance(place, dict) else None
        if not isinstance(place, dict):
            several = f"stimulus.0.{'.'.join(path[1:])}" if isinstance(place, list | tuple) else None
            add = f"with several stimuli write {several}" if several else "add it there"
            raise ValueError(f"vary.{written(path)} varies what [{path[0]}] does not hold; {add}.")
        place[path[-1]] = value
    return made
