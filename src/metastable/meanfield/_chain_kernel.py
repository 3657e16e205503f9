"""The inner loop of the annealed chain, and the same in plain Python."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from metastable.meanfield._mean_field import MeanField

_ROOT_HALF = math.sqrt(0.5)
_LOW = np.uint64(2**32 - 1)
_SHIFT = np.uint64(32)
_FRACTION = np.uint64(11)


class ChainTables(NamedTuple):
    """What the loop reads and never writes.

    Parameters
    ----------
    threshold : ndarray of uint64, (n_populations,)
        Upper 32 bits below which a word chooses a population, or one before it.
    first_unit, size : ndarray of int, (n_populations,)
    group_of, rank : ndarray of int, (n_units,)
        Group of a unit, and its number within it.
    mean, variance : ndarray, (n_groups, n_groups), (pre, post)
        What one active unit adds to the mean and the variance of the input of each group.
    drive : ndarray, (n_groups,)
    """

    threshold: NDArray[np.uint64]
    first_unit: NDArray[np.int64]
    size: NDArray[np.int64]
    group_of: NDArray[np.int64]
    rank: NDArray[np.int64]
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]
    drive: NDArray[np.float64]

    @staticmethod
    def of(theory: MeanField) -> ChainTables:
        """Lay out the equations for the loop."""
        names = [name for name, _ in theory.labels]
        populations = [np.flatnonzero([n == name for n in names]) for name in dict.fromkeys(names)]
        size = np.array([theory.size[groups].sum() for groups in populations])
        updates = size / np.array([theory.tau_ms[groups[0]] for groups in populations])
        threshold = np.round(np.cumsum(updates) / updates.sum() * 2**32).astype(np.uint64)
        threshold[-1] = 2**32
        return ChainTables(
            threshold=threshold,
            first_unit=np.concatenate([[0], np.cumsum(size)[:-1]]),
            size=size,
            group_of=np.repeat(np.arange(theory.n_groups), theory.size),
            rank=np.concatenate([np.arange(n) for n in theory.size]),
            mean=np.ascontiguousarray((theory.mean / theory.size).T),
            variance=np.ascontiguousarray((theory.variance / theory.size).T),
            drive=theory.drive,
        )


@njit(nogil=True, cache=True, error_model="numpy")
def advance(words, n_updates, counts, samples, tables):  # pragma: no cover - compiled
    """Update units, two words each, and write the counts at the end of every sampling interval.

    Units of a group are exchangeable: those of a rank below the count are the active ones. The input is kept up to date
    at every change and computed anew at every sample, so that rounding does not add up.
    """
    threshold, first_unit, size, group_of, rank, mean, variance, drive = tables
    n_groups = counts.size
    mu = np.empty(n_groups)
    s2 = np.empty(n_groups)
    word = 0
    for sample in range(samples.shape[0]):
        for g in range(n_groups):
            mu[g] = drive[g]
            s2[g] = 0.0
        for b in range(n_groups):
            for g in range(n_groups):
                mu[g] += counts[b] * mean[b, g]
                s2[g] += counts[b] * variance[b, g]
        for _ in range(n_updates[sample]):
            upper = words[word] >> _SHIFT
            p = 0
            while upper >= threshold[p]:
                p += 1
            unit = first_unit[p] + np.int64(((words[word] & _LOW) * np.uint64(size[p])) >> _SHIFT)
            uniform = np.float64(words[word + 1] >> _FRACTION) * 2.0**-53
            word += 2
            g = group_of[unit]
            phi = 1.0 if mu[g] > 0 else 0.0
            if s2[g] > 0:
                phi = 0.5 * math.erfc(-mu[g] / math.sqrt(s2[g]) * _ROOT_HALF)
            step = (1 if uniform < phi else 0) - (1 if rank[unit] < counts[g] else 0)
            if step != 0:
                counts[g] += step
                for b in range(n_groups):
                    mu[b] += step * mean[g, b]
                    s2[b] += step * variance[g, b]
        for g in range(n_groups):
            samples[sample, g] = counts[g]


def advance_plainly(theory: MeanField, words, n_updates, counts, samples) -> None:
    """Do what `advance` does, one readable line at a time, with the input computed from `MeanField` at every update."""
    tables = ChainTables.of(theory)
    pairs = iter(words.reshape(-1, 2).tolist())
    for sample, n in enumerate(n_updates):
        for _ in range(n):
            choice, chance = next(pairs)
            p = int(np.searchsorted(tables.threshold, choice >> 32, side="right"))
            unit = tables.first_unit[p] + ((choice & (2**32 - 1)) * int(tables.size[p]) >> 32)
            g = tables.group_of[unit]
            was_active = tables.rank[unit] < counts[g]
            is_active = (chance >> 11) * 2.0**-53 < theory.response(counts / theory.size)[g]
            counts[g] += int(is_active) - int(was_active)
        samples[sample] = counts
