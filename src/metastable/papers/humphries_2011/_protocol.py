"""What the figures of Humphries (2011) share: groups and spikes as arrays of a stored result, and back."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable.communities import Communities, SlidingWindows
from metastable.papers._paper import Numbers
from metastable.spikes import SpikeData

# Similarity by the paper's words.
KINDS = {"binless": "cosine", "binned": "hamming"}
# Rounding of a number that the paper or a reference gives with two decimals.
ROUNDING = 0.005

_GROUPS = [field.name for field in fields(Communities) if field.name != "provenance"]
_WINDOWS = ("start_ms", "stop_ms", "agreement", "chance", "upper", "tracks")


def widths_ms(n_widths: int, bins_ms: tuple[float, float] = (100.0, 1000.0)) -> list[float]:
    """Return Gaussian widths equivalent to bins at equal steps; those of the paper's cortical recordings by default.

    Examples
    --------
    >>> [round(width, 1) for width in widths_ms(2)]
    [28.9, 288.7]
    """
    return (np.linspace(*bins_ms, n_widths) / np.sqrt(12)).tolist()


def from_groups(found: Communities) -> Numbers:
    """Return the arrays of groups, without their provenance: a stored result has one of its own."""
    return {name: np.asarray(getattr(found, name)) for name in _GROUPS}


def to_groups(numbers: Numbers) -> Communities:
    """Return the groups of a stored result."""
    values: dict[str, Any] = {
        name: numbers[name].item() if numbers[name].ndim == 0 else numbers[name] for name in _GROUPS
    }
    return Communities(**values, provenance={})


def from_windows(found: SlidingWindows) -> Numbers:
    """Return the arrays of groups in windows, which all have the same timescales and number of controls."""
    groups = [from_groups(each) for each in found.windows]
    numbers = {name: np.asarray(getattr(found, name)) for name in _WINDOWS}
    reference = np.array(-1 if found.reference is None else found.reference)
    return {"reference": reference, **numbers, **{name: np.stack([each[name] for each in groups]) for name in _GROUPS}}


def to_windows(numbers: Numbers) -> SlidingWindows:
    """Return the groups in windows of a stored result."""
    n = len(numbers["start_ms"])
    windows = tuple(to_groups({name: numbers[name][k] for name in _GROUPS}) for k in range(n))
    reference = int(numbers["reference"])
    return SlidingWindows(
        windows=windows,
        reference=None if reference < 0 else reference,
        upper=float(numbers["upper"]),
        **{name: numbers[name] for name in _WINDOWS if name != "upper"},
        provenance={},
    )


def from_spikes(spikes: SpikeData) -> Numbers:
    """Return the arrays of a recording without labels."""
    return {
        "time_ms": spikes.time_ms,
        "neuron": spikes.neuron,
        "trial": spikes.trial,
        "shape": np.array([spikes.n_neurons, spikes.n_trials]),
        "window_ms": np.array([spikes.t_start_ms, spikes.t_stop_ms]),
    }


def to_spikes(numbers: Numbers) -> SpikeData:
    """Return the recording of a stored result."""
    return SpikeData(
        time_ms=numbers["time_ms"],
        neuron=numbers["neuron"],
        trial=numbers["trial"],
        n_neurons=int(numbers["shape"][0]),
        n_trials=int(numbers["shape"][1]),
        t_start_ms=float(numbers["window_ms"][0]),
        t_stop_ms=float(numbers["window_ms"][1]),
    )


def within_two_errors(
    target: float, values: ArrayLike, *, n_target: int, rounding: float = ROUNDING, least_spread: float = 0.0
) -> tuple[float, float]:
    """Return what a mean must lie in that agrees with the mean of other sets, within two standard errors of both.

    Parameters
    ----------
    target : float
        Mean over `n_target` sets, rounded to within `rounding`.
    values : array_like, (n_sets,)
        Own measurements; their spread is taken to be that of the other sets too.
    n_target : int
    rounding : float
    least_spread : float
        What the spread is taken to be where a few sets that are all alike show less.

    Examples
    --------
    >>> low, high = within_two_errors(0.5, [0.4, 0.5, 0.6], n_target=3, rounding=0)
    >>> round(high - low, 6)  # 4 * 0.1 * sqrt(2/3)
    0.326599
    """
    own: NDArray[np.float64] = np.asarray(values, float)
    spread = max(float(own.std(ddof=1)) if own.size > 1 else 0.0, least_spread)
    half = 2 * spread * math.sqrt(1 / own.size + 1 / n_target) + rounding
    return target - half, target + half
