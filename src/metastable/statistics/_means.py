"""Ratios and means that leave out what is undefined, without a warning."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def divide(numerator: ArrayLike, denominator: ArrayLike) -> NDArray[np.float64]:
    """Return the ratio, NaN where the denominator is 0."""
    top, bottom = np.broadcast_arrays(np.asarray(numerator, np.float64), np.asarray(denominator, np.float64))
    return np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom != 0)


def mean_of_finite(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Return the mean of what is not NaN, and NaN where nothing is."""
    finite = ~np.isnan(values)
    return divide(np.where(finite, values, 0.0).sum(axis=axis), finite.sum(axis=axis))
