"""Gaussian smoothing of binned rates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_number


def smooth(rate: NDArray[np.float64], *, bin_ms: float, smoothing_ms: float | None) -> NDArray[np.float64]:
    """Smooth along the last axis with a Gaussian of standard deviation `smoothing_ms`; None leaves it as it is."""
    if smoothing_ms is None:
        return rate
    sigma = require_number("smoothing_ms", smoothing_ms, above=0) / bin_ms
    from scipy.ndimage import gaussian_filter1d

    # The kernel is divided by its part inside the recording: a constant rate stays constant up to both edges.
    inside = gaussian_filter1d(np.ones(rate.shape[-1]), sigma, mode="constant")
    return gaussian_filter1d(rate, sigma, axis=-1, mode="constant") / inside
