"""Checks of what a caller gave: one sentence that says what was given, what is allowed, what to do."""

from __future__ import annotations

import math
import operator
from typing import Any


def require_integer(name: str, value: Any, *, minimum: int | None = None, maximum: int | None = None) -> int:
    """Return `value` as an int, or raise a sentence about it."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r}.") from None
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
        raise TypeError(f"{name} must be a number, got {value!r}.") from None
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, got {value!r}.")
    if above is not None and not number > above:
        raise ValueError(f"{name} must be above {above:g}, got {number:g}.")
    _require_range(name, number, minimum, maximum)
    return number


def require_pair(name: str, value: Any) -> tuple[float, float]:
    """Return two finite floats, or raise a sentence about them."""
    try:
        first, second = value
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be two numbers, (from, to), got {value!r}.") from None
    return require_number(name, first), require_number(name, second)


def require_choice(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """Return `value` if it is one of the allowed words, or raise a sentence that lists them."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}.")
    return value


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
