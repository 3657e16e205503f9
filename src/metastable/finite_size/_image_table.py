"""All images of every state, each with the range of the stimulus that leads to it.

As the stimulus of a population rises, its neurons become active one after the other in the order of what they need.
The images of a state are therefore an ordered list for each population, and independent between populations. A state is
numbered such that the parts of its populations add up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from metastable.finite_size._integer_thresholds import ALWAYS, NEVER, IntegerNetwork

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ImageTable:
    """Images of all states.

    Parameters
    ----------
    begin : ndarray of int, (n_states, n_columns)
        Stimulus from which an image follows, ascending within a population, `NEVER` in columns that are not used.
    part : ndarray of int, (n_states, n_columns)
        What the population adds to the number of the image.
    first : ndarray of int, (n_populations + 1,)
        Columns of each population.
    """

    begin: Integers
    part: Integers
    first: Integers


def images_of_states(network: IntegerNetwork) -> ImageTable:
    """Return the images of all 2^n states, numbered by ``sum_i A_i 2^i``."""
    first = network.start + np.arange(len(network.start))
    begin, part = _sorted_images(np.ascontiguousarray(network.weights.T), network.threshold, network.start, first)
    return ImageTable(begin, part, first)


@njit(nogil=True, cache=True)
def _sorted_images(columns, threshold, start, first):
    n = threshold.size
    n_states = np.int64(1) << n
    begin, part = np.full((n_states, first[-1]), NEVER), np.zeros((n_states, first[-1]), np.int64)
    needed = np.empty(n, np.int64)
    for state in range(n_states):
        needed[:] = threshold
        for j in range(n):
            if state >> j & 1:
                needed -= columns[j]
        for a in range(start.size - 1):
            order = np.argsort(needed[start[a] : start[a + 1]])
            column = first[a]
            begin[state, column] = ALWAYS
            for k in order:
                i = start[a] + k
                if needed[i] > begin[state, column]:
                    column += 1
                    begin[state, column] = needed[i]
                    part[state, column] = part[state, column - 1]
                part[state, column] |= np.int64(1) << i
    return begin, part


def count_strides(sizes: Integers) -> Integers:
    """Return what one neuron of each population adds to the number of a state of counts, (n_populations,)."""
    return np.concatenate([[1], np.cumprod(sizes + 1)[:-1]]).astype(np.int64)


def counts_of(codes: Integers, sizes: Integers) -> Integers:
    """Return the active neurons of each population, (..., n_populations)."""
    return np.asarray(codes)[..., None] // count_strides(sizes) % (sizes + 1)


def images_of_counts(network: IntegerNetwork) -> ImageTable:
    """Return the images of all numbers of active neurons in a network of equal ones.

    Notes
    -----
    The silent neurons of a population need the same stimulus, the active ones the same plus the weight w between two,
    which they do not receive from themselves. All go off, all go on, or in between, if both kinds exist, each neuron
    keeps what it does (w < 0) or does the opposite (w > 0).
    """
    weights, threshold = network.blocks()
    sizes = network.sizes
    n_states, stride = int(np.prod(sizes + 1)), count_strides(sizes)
    counts = counts_of(np.arange(n_states), sizes)
    silent = threshold - counts @ weights.T
    n_populations = len(sizes)
    begin = np.full((n_states, n_populations, 3), NEVER)
    after = np.zeros((n_states, n_populations, 3), np.int64)
    begin[..., 0] = ALWAYS
    after[..., 1:] = sizes[:, None]
    own = np.diagonal(weights)
    active = silent + own
    begin[..., 1] = np.where(counts == sizes, active, silent)
    between = (counts > 0) & (counts < sizes) & (own != 0)
    begin[between, 1] = np.minimum(silent, active)[between]
    begin[between, 2] = np.maximum(silent, active)[between]
    after[between, 1] = np.where(own < 0, counts, sizes - counts)[between]
    part = after * stride[:, None]
    return ImageTable(
        begin.reshape(n_states, -1), part.reshape(n_states, -1), 3 * np.arange(n_populations + 1, dtype=np.int64)
    )
