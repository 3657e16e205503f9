"""Which acceptable intervals make the equations, and which are held out to test them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable.reconstruction._equations import Equations

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

ROWS = ("auto", "spread", "all", "one-per-trial", "min-scan")


@dataclass(frozen=True, kw_only=True)
class RowChoice:
    """A policy of choosing rows; the parameters are those of `reconstruct`."""

    rows: str
    n_rows: int | None
    oversampling: float
    n_holdout: int

    def split(self, equations: Equations, acceptable: Ints, n_unknowns: int) -> tuple[Ints, Ints]:
        """Return the intervals to use and those to hold out.

        The hold-out is spread over the recording like the rest. It never makes the equations too few: where
        intervals are scarce it shrinks, to a fifth where there are fewer than unknowns anyway.
        """
        pool = _last_of_each_trial(equations, acceptable) if self.rows == "one-per-trial" else acceptable
        if self.n_rows is not None:
            wanted = self.n_rows
        else:
            wanted = math.ceil(self.oversampling * n_unknowns) if self.rows == "spread" else pool.size
        scarce = acceptable.size - n_unknowns
        spare = min(self.n_holdout, scarce if scarce >= 0 else acceptable.size // 5)
        used = pool[evenly(pool.size, min(wanted, acceptable.size - spare))]
        rest = np.setdiff1d(acceptable, used, assume_unique=True)
        return used, rest[evenly(rest.size, self.n_holdout)]

    def everything(self, acceptable: Ints, held: Ints) -> Ints:
        """Return all that is not held out, for equations that turn out to be dependent."""
        return np.setdiff1d(acceptable, held, assume_unique=True)


def min_scan(
    equations: Equations, i: int, marked: NDArray[np.bool_], *, n_segments: int
) -> tuple[Array, Array, Ints, float]:
    """Make one row per segment of the recording from as few of its intervals as represent all presynaptic neurons.

    Parameters
    ----------
    equations : Equations
    i : int
        The neuron.
    marked : ndarray of bool, (n_intervals,)
        Which of its intervals are acceptable.
    n_segments : int
        Wanted; trials are segments if there are as many, otherwise each is divided evenly.

    Returns
    -------
    theta, b : ndarray
        One row per segment that has any acceptable interval.
    used : ndarray of int
        Intervals in these rows.
    search_length : float
        Mean number of intervals looked at per segment.

    Notes
    -----
    Van Bussel et al. 2011, section 3.1: intervals are scanned in the order of time; one is used only if in it a
    presynaptic neuron arrives that did not in those used before; the scan ends when all have; rows are added up.
    """
    intervals = equations.intervals(i)
    trial, start, _ = equations.ends(intervals)
    spikes = equations.recording.spikes
    parts = max(1, math.ceil(n_segments / spikes.n_trials))
    part = ((start - spikes.t_start_ms) / spikes.duration_ms * parts).astype(np.int64)
    edges = np.flatnonzero(np.diff(trial * parts + part, prepend=-1))
    goal = equations.n_unknowns(i) - equations.bias
    rows, right, used, lengths = [], [], [], []
    for begin, end in zip(edges, np.append(edges[1:], intervals.size), strict=True):
        row, b = np.zeros(equations.n_columns), 0.0
        seen = np.zeros(equations.model.n, bool)
        length = 0
        for k in range(begin, end):
            length += 1
            if not marked[k]:
                continue
            new_row, new_b = equations.rows(i, intervals[k : k + 1])
            arrives = new_row[0, : equations.model.n] > 0
            if (arrives & ~seen).any():
                row += new_row[0]
                b += new_b[0]
                seen |= arrives
                used.append(intervals[k])
            if seen.sum() >= goal:
                break
        lengths.append(length)
        if seen.any():
            rows.append(row)
            right.append(b)
    theta = np.array(rows).reshape(-1, equations.n_columns)
    return theta, np.array(right), np.array(used, np.int64), float(np.mean(lengths))


def evenly(size: int, count: int) -> Ints:
    """Return `count` of `size` positions, as evenly as they go; all of them if there are not more."""
    count = min(size, count)
    return ((np.arange(count) + 0.5) * size / max(count, 1)).astype(np.int64)


def _last_of_each_trial(equations: Equations, acceptable: Ints) -> Ints:
    trial = equations.ends(acceptable)[0]
    return acceptable[np.flatnonzero(np.diff(trial, append=-1))]
