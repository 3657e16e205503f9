"""Overlaps of spike trains convolved with decaying exponentials, in one pass through all spikes."""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def exponential_overlaps(time, train, n_trains, tau):
    """Sum ``exp(-|t - t'|/tau)`` over the pairs of spikes of all pairs of trains.

    Parameters
    ----------
    time : ndarray, (n_spikes,)
        Sorted over all trains together.
    train : ndarray of int, (n_spikes,)
    n_trains : int
    tau : float
        In the unit of the times.

    Returns
    -------
    ndarray, (n_trains, n_trains)
        A train with itself includes each spike with itself, which counts 1.

    Notes
    -----
    Every train leaves a trace that decays; a spike adds all traces to its train's row and then refreshes its own. Each
    pair of spikes is so met once, by the later one.
    """
    met = np.zeros((n_trains, n_trains))
    trace = np.zeros(n_trains)
    own = np.zeros(n_trains)
    before = time[0] if time.size else 0.0
    for k in range(time.size):
        if time[k] > before:
            trace *= math.exp((before - time[k]) / tau)
            before = time[k]
        met[train[k]] += trace
        trace[train[k]] += 1
        own[train[k]] += 1
    overlaps = met + met.T
    for n in range(n_trains):
        overlaps[n, n] += own[n]
    return overlaps
