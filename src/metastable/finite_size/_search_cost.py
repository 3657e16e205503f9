"""What a search is going to cost, said before it starts."""

from __future__ import annotations

import math

from metastable._validation import require_number

# A list that is longer is read by nobody, and no longer fits.
MOST_ATTRACTORS = 1_000_000

# States are numbered in 64 bits, with room for a sign.
_MOST_NEURONS = 62

# 10^10 years: more digits tell nothing.
_LONGEST = 3.15e17


def require_affordable(
    method: str, steps: float, *, max_minutes: float, nanoseconds: float, do: str, why: str = ""
) -> None:
    """Raise a sentence that names the cost if a search takes longer than `max_minutes`."""
    seconds = steps * nanoseconds * 1e-9
    if seconds <= 60 * require_number("max_minutes", max_minutes, above=0):
        return
    raise ValueError(
        f"method={method!r} takes about {steps:.2g} steps{why}, {duration(seconds)}, and max_minutes is "
        f"{max_minutes:g}; {do}, or raise max_minutes."
    )


def require_numbered(n_neurons: int) -> None:
    """Raise a sentence if states have no number of 64 bits."""
    if n_neurons > _MOST_NEURONS:
        raise ValueError(
            f"states of {n_neurons} neurons have no number in 64 bits, at most {_MOST_NEURONS} are listed one by one; "
            'make populations homogeneous for method="counts".'
        )


def require_complete(complete: bool) -> None:
    """Raise a sentence if a list was cut."""
    if not complete:
        raise ValueError(
            f"there are more than {MOST_ATTRACTORS:,} attractors, too many to list; put more neurons into one "
            "population, which share a stimulus, or look at one stimulus with attractors_at."
        )


def as_float(number: int) -> float:
    """Return an integer as a float, infinite beyond the largest one."""
    try:
        return float(number)
    except OverflowError:
        return math.inf


def duration(seconds: float) -> str:
    """Return a duration in words."""
    if seconds > _LONGEST:
        return "more than 10^10 years"
    for unit, length in (("years", 3.15e7), ("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:,.2g} {unit}" if seconds < 100 * length else f"{seconds / length:,.0f} {unit}"
    return f"{seconds:.2g} seconds"
