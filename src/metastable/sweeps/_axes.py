"""What varies in a sweep: axes, each with one parameter or with several that change together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from metastable._validation import require_choice, require_integer, require_list, require_number
from metastable.sweeps._keys import require_known

# Tables whose entries can vary. A name without one of them is a parameter of the network.
SECTIONS = ("network", "simulate", "stimulus", "select")
_RANGE = ("start", "stop", "count", "spacing")
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
        if name in SECTIONS and isinstance(given, Mapping):
            axes += [_single(path, values) for path, values in _flat((name,), given)]
        elif isinstance(given, Mapping) and not set(given) & set(_RANGE):
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
    return parts if parts[0] in SECTIONS and len(parts) > 1 else ("network", *parts)


def _values(name: str, given: Any, *, unique: bool = True) -> list[Any]:
    if isinstance(given, Mapping):
        return _range(f"vary.{name}", given)
    values = [v.item() if isinstance(v, np.generic) else v for v in require_list(f"vary.{name}", given)]
    if not values:
        raise ValueError(f"vary.{name} is empty, so that there is nothing to run; give at least one value.")
    written = [json.dumps(value, sort_keys=True) for value in values]
    if unique and len(set(written)) < len(written):
        twice = next(text for text in written if written.count(text) > 1)
        raise ValueError(f"vary.{name} holds {twice} twice; leave one out, and vary the seed for repetitions.")
    return values


def _range(name: str, given: Mapping[str, Any]) -> list[float]:
    require_known(name, given, _RANGE)
    for key in _RANGE[:3]:
        if key not in given:
            raise ValueError(f"{name} lacks {key}; a range has start, stop and count.")
    start, stop = (require_number(f"{name}.{key}", given[key]) for key in ("start", "stop"))
    count = require_integer(f"{name}.count", given["count"], minimum=1)
    spacing = require_choice(f"{name}.spacing", given.get("spacing", "linear"), ("linear", "log"))
    if spacing == "log" and not (start > 0 and stop > 0):
        raise ValueError(f"{name} with spacing='log' must run between numbers above 0, got {start:g} to {stop:g}.")
    return (np.linspace if spacing == "linear" else np.geomspace)(start, stop, count).tolist()


def _labels(values: list[Any]) -> np.ndarray:
    if all(isinstance(v, str) for v in values):
        return np.array(values, dtype=object)
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        return np.array(values)
    return np.array([v if isinstance(v, str) else json.dumps(v) for v in values], dtype=object)
