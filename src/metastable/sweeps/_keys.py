"""Keys and values that a person wrote, made plain and checked."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from metastable._known_names import require_known
from metastable._validation import shown

_DEEPEST = 32


def plain(value: Any) -> Any:
    """Return data as it is read back from JSON, where functions go by their names; raise a sentence about others."""
    return json.loads(json.dumps(value, default=_plain))


def canonical(value: Any) -> Any:
    """Return data as `plain` does, with 1.0 as 1: a range has the one or the other by its number of values."""
    return json.loads(json.dumps(value, default=_plain), parse_float=_whole)


def _whole(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number


def require_numbers_in(where: str, value: Any) -> None:
    """Raise a sentence if a table or list holds NaN: it equals nothing, so that its jobs were never found again."""
    if isinstance(value, float) and math.isnan(value):
        raise ValueError(f"{where} is nan, which is no value; leave it out or give a number.")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            require_numbers_in(f"{where}.{key}", inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            require_numbers_in(where, inner)


def require_shallow(where: str, value: Any) -> None:
    """Raise a sentence if lists and tables are nested deeper than anything that a sweep is made of."""
    inner, depth = [value], 0
    # Not by recursion, which the depth would end.
    while inner := [v for each in inner if isinstance(each, Mapping | list | tuple) for v in _inside(each)]:
        depth += 1
        if depth > _DEEPEST:
            raise ValueError(f"{where} nests lists or tables more than {_DEEPEST} deep; give plain lists of numbers.")


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, Mapping) else value


def require_name(where: str, name: Any) -> None:
    """Raise a sentence unless this can be a name in results: netCDF takes a slash for the path of a group."""
    if not isinstance(name, str) or not name.isprintable() or "/" in name or name != name.strip() or not name:
        raise ValueError(f"{where}: {shown(name)} cannot be a name in results; use letters, digits and underscores.")


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if callable(value):
        return f"{value.__module__}:{value.__qualname__}"
    raise TypeError(f"a sweep is made of numbers, words, lists and tables, and {shown(value)} is none of them.")


def require_table(name: str, value: Any) -> dict[str, Any]:
    """Return a table as a dict, or raise a sentence."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a table of keys and values, got {shown(value)}.")
    return dict(value)


def require_arguments(where: str, function: Callable[..., Any], given: Mapping[str, Any], *, n_before: int) -> None:
    """Raise a sentence unless a function can be called with these keywords.

    Parameters
    ----------
    where : str
        What the person wrote, the subject of the sentence.
    function : callable
    given : mapping
        Its keyword arguments.
    n_before : int
        Number of arguments that come before them.
    """
    parameters = list(inspect.signature(function).parameters.values())[n_before:]
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        require_known(where, given, [p.name for p in parameters])
    for p in parameters:
        if p.default is p.empty and p.name not in given and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL):
            raise ValueError(f"{where} lacks {p.name}; add it.")
