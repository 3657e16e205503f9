"""Gaussian smoothing of rates."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._validation import require_number, require_numbers


def smooth(rates: ArrayLike, *, sample_ms: float, smoothing_ms: float | None) -> NDArray[np.float64]:
    """Smooth rates in time with a Gaussian.

    `psth`, `population_rate` and `cluster_rates` do this with their `smoothing_ms`; this is for rates from elsewhere,
    such as ``activity.cluster_rates["E"]`` of a binary network.

    Parameters
    ----------
    rates : array_like, (..., n_samples)
        Time runs along the last axis.
    sample_ms : float, ms
        From one sample to the next.
    smoothing_ms : float or None, ms
        Standard deviation of the Gaussian; None leaves the rates as they are.

    Returns
    -------
    ndarray, (..., n_samples)
        Near the edges the part of the Gaussian inside the recording is used: a constant rate stays constant.

    Raises
    ------
    ValueError
        If there are no samples, or a width is not positive.

    Examples
    --------
    >>> import metastable as mst
    >>> mst.statistics.smooth([0, 0, 1, 0, 0], sample_ms=1, smoothing_ms=1).round(2)
    array([0.08, 0.26, 0.4 , 0.26, 0.08])
    """
    values = require_numbers("rates", rates)
    if values.ndim == 0 or values.shape[-1] == 0:
        raise ValueError(f"rates must have samples along their last axis, got shape {values.shape}.")
    sample_ms = require_number("sample_ms", sample_ms, above=0)
    if smoothing_ms is None:
        return values
    sigma = require_number("smoothing_ms", smoothing_ms, above=0) / sample_ms
    from scipy.ndimage import gaussian_filter1d

    # Four standard deviations, as scipy does, and no more than can meet the recording.
    radius = int(min(4 * sigma + 0.5, values.shape[-1]))
    inside = gaussian_filter1d(np.ones(values.shape[-1]), sigma, mode="constant", radius=radius)
    return gaussian_filter1d(values, sigma, axis=-1, mode="constant", radius=radius) / inside
