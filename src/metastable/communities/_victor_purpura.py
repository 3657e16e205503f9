"""Victor-Purpura distances: the least cost of turning one spike train into another."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def victor_purpura_rows(time, offsets, cost, rows, distance):
    """Fill rows of the matrix of distances, from the diagonal to the right.

    Parameters
    ----------
    time : ndarray, (n_spikes,)
        Sorted within each train.
    offsets : ndarray of int, (n_trains + 1,)
    cost : float
        Of moving a spike by one unit of time; adding or removing a spike costs 1.
    rows : ndarray of int
        Which rows.
    distance : ndarray, (n_trains, n_trains)
        Written in place.

    Notes
    -----
    Victor & Purpura 1996: the shortest path through the table of the first i and j spikes, one row of it at a time.
    """
    n_trains = offsets.size - 1
    longest = 0
    for n in range(n_trains):
        longest = max(longest, offsets[n + 1] - offsets[n])
    path = np.empty(longest + 1)
    for row in rows:
        a = time[offsets[row] : offsets[row + 1]]
        for column in range(row + 1, n_trains):
            b = time[offsets[column] : offsets[column + 1]]
            for j in range(b.size + 1):
                path[j] = j
            for i in range(a.size):
                corner = path[0]
                path[0] = i + 1
                for j in range(b.size):
                    move = corner + cost * abs(a[i] - b[j])
                    corner = path[j + 1]
                    path[j + 1] = min(move, min(path[j], corner) + 1)
            distance[row, column] = path[b.size]
