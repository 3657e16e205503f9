"""The same groups in successive windows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Labels = NDArray[np.int64]


def track_groups(labels: Labels, *, least_overlap: float) -> Labels:
    """Give groups of successive windows the same number where they hold the same trains.

    Parameters
    ----------
    labels : ndarray of int, (n_windows, n_trains)
        Groups of each window, numbered anew in each; -1 for trains in none.
    least_overlap : float
        Least Jaccard overlap, shared over all members, of two groups that are the same. Trains in no group in either
        window are left out: silence says nothing about where a train belongs.

    Returns
    -------
    ndarray of int, (n_windows, n_trains)
        Numbers that are kept from each window with groups to the next one with groups, new ones for new groups.
    """
    tracks = np.full(labels.shape, -1)
    before = np.full(labels.shape[1], -1)
    n_tracks = 0
    for row, track in zip(labels, tracks, strict=True):
        if row.max(initial=-1) < 0:
            continue
        known = np.unique(before[before >= 0])
        overlap = _jaccard(row, before, known)
        # Poor pairs count nothing, so that no sum of them breaks up a good one.
        overlap[overlap < least_overlap] = 0
        number = np.full(len(overlap), -1)
        for group, place in zip(*linear_sum_assignment(overlap, maximize=True), strict=True):
            if overlap[group, place] > 0:
                number[group] = known[place]
        new = number < 0
        number[new] = n_tracks + np.arange(new.sum())
        n_tracks += int(new.sum())
        track[row >= 0] = number[row[row >= 0]]
        before = track
    return tracks


def _jaccard(row: Labels, before: Labels, known: Labels) -> NDArray[np.float64]:
    """Return the overlap of each group of a window with each known one, (n_groups, n_known)."""
    both = (row >= 0) & (before >= 0)
    first = (row[both] == np.arange(row.max() + 1)[:, None]).astype(np.float64)
    second = (before[both] == known[:, None]).astype(np.float64)
    shared = first @ second.T
    either = first.sum(axis=1)[:, None] + second.sum(axis=1) - shared
    return np.divide(shared, either, out=np.zeros_like(shared), where=either > 0)
