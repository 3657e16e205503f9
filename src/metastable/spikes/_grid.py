"""Times on a grid: each the float nearest to a whole number of steps."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._validation import require_steps

_MOST_STEPS = 2**53


def spacing(values: ArrayLike) -> float:
    """Return the distance between neighbouring numbers of this type at the largest of the values."""
    array = np.asarray(values)
    if array.dtype.kind != "f" or not array.size or not np.isfinite(array).all():
        return 0.0
    return float(np.spacing(np.abs(array).max()))


def snapped_times(time_ms: NDArray[np.float64], dt_ms: float, spacing_ms: float) -> NDArray[np.float64]:
    """Return spike times as multiples of the step.

    Parameters
    ----------
    time_ms : ndarray, (n_spikes,), ms
    dt_ms : float, ms
    spacing_ms : float, ms
        How far apart the numbers are that were given; see `spacing`.

    Returns
    -------
    ndarray, (n_spikes,), ms

    Raises
    ------
    ValueError
        If a time is not on the grid.
    """
    snapped = np.rint(time_ms / dt_ms) * dt_ms
    # A thousandth of a step refuses times from another grid; single-precision times may miss it by more, up to a
    # tenth of a step: 3 s in ms by a few thousandths of 0.1 ms, two minutes by a tenth.
    off = np.abs(time_ms - snapped) > min(max(1e-3 * dt_ms, spacing_ms), 0.1 * dt_ms)
    if off.any():
        raise ValueError(
            f"{off.sum()} spike times are not multiples of dt_ms={dt_ms:g}, the first is {float(time_ms[off][0])!r}; "
            "give the step of the recording, or dt_ms=None for exact times."
        )
    return snapped


def snapped_edge(name: str, time_ms: float, dt_ms: float) -> float:
    """Return the edge of a window as the same float that a spike at this step has."""
    if not abs(time_ms) / dt_ms < _MOST_STEPS:
        raise ValueError(
            f"{name}={time_ms:g} is more than 2^53 steps of dt_ms={dt_ms:g}, and floats cannot tell them apart; leave "
            "out dt_ms for exact times."
        )
    return math.copysign(require_steps(name, abs(time_ms), dt_ms) * dt_ms, time_ms)
