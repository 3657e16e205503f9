"""Checks of what a caller gave: one sentence that says what was given, what is allowed, what to do."""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LONGEST = 80


def require_integer(name: str, value: Any, *, minimum: int | None = None, maximum: int | None = None) -> int:
    """Return `value` as an int, or raise a sentence about it."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {shown(value)}.") from None
    _require_range(name, number, minimum, maximum)
    return number


def require_number(
    name: str,
    value: Any,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
) -> float:
    """Return `value` as a finite float, or raise a sentence about it."""
    try:
        # float() also takes True, "3" and an array of one value: slips of the caller, not numbers.
        is_truth = isinstance(value, bool) or getattr(value, "dtype", None) == "bool"
        if is_truth or isinstance(value, str | bytes) or getattr(value, "shape", ()):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{name} must be a number, got {shown(value)}.") from None
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, got {value!r}.")
    if above is not None and not number > above:
        raise ValueError(f"{name} must be above {above:g}, got {number:g}.")
    _require_range(name, number, minimum, maximum)
    return number


def require_pair(name: str, value: Any, *, of: str = "(from, to)") -> tuple[float, float]:
    """Return two finite floats, or raise a sentence about them and what they are."""
    try:
        first, second = value
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be two numbers, {of}, got {shown(value)}.") from None
    return require_number(name, first), require_number(name, second)


def require_choice(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """Return `value` if it is one of the allowed words, or raise a sentence that lists them."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {shown(value)}.")
    return value


def require_truth(name: str, value: Any) -> bool:
    """Return True or False, or raise a sentence: the text "no" would count as true."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {shown(value)}.")
    return bool(value)


def require_instance(name: str, value: Any, kind: type, *, do: str) -> None:
    """Raise a sentence, which ends in what to do, unless `value` is of this kind."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {kind.__name__}, got {type(value).__name__}; {do}.")


def require_path(name: str, value: Any) -> Path:
    """Return a path, or raise a sentence about what cannot be one."""
    if not isinstance(value, str | os.PathLike):
        raise TypeError(f"{name} must be the path of a file, got {shown(value)}.")
    return Path(value)


def require_list(name: str, values: Any) -> list[Any]:
    """Return the items of a list, tuple, range or array, or raise a sentence."""
    try:
        if isinstance(values, str | bytes | Mapping | Set):
            raise TypeError
        return list(values)
    except TypeError:
        raise TypeError(f"{name} must be a list, got {shown(values)}.") from None


def require_array(name: str, values: Any) -> NDArray:
    """Return an array, or raise a sentence about lists of different lengths."""
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must not hold lists of different lengths, got {shown(values)}.") from None


def require_numbers(name: str, values: Any) -> NDArray[np.float64]:
    """Return an array of floats, NaN and infinity included, or raise a sentence about what are no numbers."""
    array = require_array(name, values)
    try:
        if array.dtype == object:
            array = np.array([require_number(name, v) for v in array.ravel()]).reshape(array.shape)
        elif array.size and array.dtype.kind not in "iuf":
            raise TypeError
    except TypeError:
        raise TypeError(f"{name} must hold numbers, got {shown(values)}.") from None
    return array.astype(np.float64, copy=False)


def require_membership(name: str, values: Any) -> NDArray[np.bool_]:
    """Return a matrix of truth values, (n_neurons, n_clusters), or raise a sentence about it."""
    matrix = require_array(name, values)
    if matrix.ndim != 2:
        raise ValueError(f"{name} must have shape (n_neurons, n_clusters), got {matrix.shape}.")
    if matrix.dtype != bool and not np.isin(matrix, (0, 1)).all():
        raise ValueError(f"{name} must hold True and False, or 1 and 0, got {shown(values)}.")
    return matrix.astype(bool)


def require_indices(name: str, wanted: Any, count: int) -> NDArray[np.intp]:
    """Return indices below `count` from one index, a list of them or a mask, or raise a sentence."""
    array = np.atleast_1d(require_array(name, wanted))
    if array.ndim > 1:
        raise ValueError(f"{name} must be one index, a list of indices or a mask, got shape {array.shape}.")
    if array.dtype == bool:
        if array.shape != (count,):
            raise ValueError(f"the {name} mask has shape {array.shape} but there are {count}.")
        return np.flatnonzero(array)
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold integers, got {shown(wanted)}.")
    if array.size and not 0 <= array.min() <= array.max() < count:
        raise ValueError(
            f"{name} runs from {array.min()} to {array.max()} but must lie in 0..{count - 1}; choose among these."
        )
    return array.astype(np.intp)


def shown(value: Any) -> str:
    """Return a value as it is written in Python, on one line and cut where it is long."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def require_steps(name: str, duration_ms: float, dt_ms: float, *, minimum: int = 0) -> int:
    """Return the whole number of steps of `dt_ms` in `duration_ms`, or raise a sentence about it.

    A duration counts as whole if it misses a multiple of the step by less than a millionth of the step, which
    admits the rounding of decimal fractions (0.3 = 3 x 0.1) and nothing else.
    """
    number = require_number(name, duration_ms, minimum=0)
    steps = round(number / dt_ms)
    if abs(number / dt_ms - steps) > 1e-6 * max(1.0, steps * 1e-6):
        raise ValueError(f"{name}={number:g} is not a multiple of dt_ms={dt_ms:g}; choose one that dt_ms divides.")
    if steps < minimum:
        raise ValueError(f"{name}={number:g} must be at least {minimum} step(s) of dt_ms={dt_ms:g}.")
    return steps


def _require_range(name: str, number: float, minimum: float | None, maximum: float | None) -> None:
    if minimum is not None and number < minimum:
        raise ValueError(f"{name} must be at least {minimum:g}, got {number:g}.")
    if maximum is not None and number > maximum:
        raise ValueError(f"{name} must be at most {maximum:g}, got {number:g}.")
