"""Two thresholds between two classes of values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_N_BINS = 1024
# The share of a uniform density; normal and exponential ones have less.
_LEAST_SHARE = 0.75


def two_classes(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Divide values in two classes, with thresholds at one and two thirds of the way between their means.

    Parameters
    ----------
    values : ndarray
        Of any shape.

    Returns
    -------
    low, high : float
        NaN where the classes explain no more than 3/4 of the variance.
    share : float
        The variance between the classes over the whole one; 0 where all values are equal.

    Notes
    -----
    Otsu 1979, IEEE Trans. Syst. Man Cybern. 9, 62, on a histogram of 1024 bins.
    """
    least, most = float(values.min()), float(values.max())
    # Rates that differ by rounding are equal, and a histogram between them is not possible.
    if not most - least > 1e-12 * max(abs(least), abs(most)):
        return np.nan, np.nan, 0.0
    counts, edges = np.histogram(values, bins=_N_BINS, range=(least, most))
    centre = 0.5 * (edges[:-1] + edges[1:])
    below = np.cumsum(counts)[:-1] / values.size
    sum_below = np.cumsum(counts * centre)[:-1] / values.size
    mean = float(counts @ centre) / values.size
    # Both end bins hold a value, so that neither class is ever empty.
    between = (mean * below - sum_below) ** 2 / (below * (1 - below))
    best = int(between.argmax())
    share = float(between[best] / (counts @ (centre - mean) ** 2 / values.size))
    if not share > _LEAST_SHARE:
        return np.nan, np.nan, share
    first = sum_below[best] / below[best]
    second = (mean - sum_below[best]) / (1 - below[best])
    return float(first + (second - first) / 3), float(first + 2 * (second - first) / 3), share
