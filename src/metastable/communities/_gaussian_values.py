"""Gaussian spike trains at any times."""

from __future__ import annotations

import numpy as np
from numba import njit

# Standard deviations after which a Gaussian is below double precision.
_REACH = 8.7


@njit(nogil=True, cache=True)
def add_gaussians(time, row, at, sigma, values):
    """Add ``exp(-x^2/2)`` of every spike to the row of its train.

    Parameters
    ----------
    time : ndarray, (n_spikes,)
        In any order.
    row : ndarray of int, (n_spikes,)
        Row of each spike; those with a negative one are left out.
    at : ndarray, (n_times,)
        Where to evaluate, sorted, in the unit of the times.
    sigma : float
    values : ndarray, (n_rows, n_times)
        Added to in place.
    """
    reach = _REACH * sigma
    for k in range(time.size):
        if row[k] < 0:
            continue
        for j in range(np.searchsorted(at, time[k] - reach), np.searchsorted(at, time[k] + reach, side="right")):
            away = (at[j] - time[k]) / sigma
            values[row[k], j] += np.exp(-0.5 * away * away)
