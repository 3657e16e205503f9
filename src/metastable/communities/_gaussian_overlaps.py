"""Overlaps of spike trains convolved with Gaussians, exact and without a time grid of the recording.

The product of two Gaussian trains is band limited to double precision: sampled at half a standard deviation its sum
equals its integral to 2 exp(-4 pi^2), less than 1e-16, and all overlaps are one product of matrices. Its cost falls
with the standard deviation, that of the sum over pairs of spikes rises with it. Sampling is a gridding of each spike by
two exponentials, a table, and powers, eight samples at a time.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.linalg.blas import dsyrk  # pyright: ignore[reportAttributeAccessIssue]  # made at import
from scipy.special import ndtr

Array = NDArray[np.float64]

# Samples per standard deviation, and standard deviations after which a Gaussian is below double precision.
_PER_SIGMA = 2
_REACH = 8.7
# Powers are made so many at a time, each from the one so many before it.
_LANES = 8
# Samples that are multiplied at a time: they stay in the cache, but there are enough for a product of matrices.
_BLOCK_BYTES, _LEAST_BLOCK = 2**22, 256
# Beyond an edge a product of trains is smooth over _REACH standard deviations: these nodes leave an error below 1e-15.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)


def gaussian_overlaps(
    time: Array, offsets: NDArray[np.int64], *, start: float, stop: float, sigma: float, truncate: bool
) -> Array:
    """Return the integrals of the products of all pairs of Gaussian trains.

    Parameters
    ----------
    time : ndarray, (n_spikes,)
        Times, sorted within each train.
    offsets : ndarray, (n_trains + 1,)
        Where each train begins.
    start, stop, sigma : float
        Window of the recording, and standard deviation of a spike, in the unit of the times.
    truncate : bool
        Whether to integrate over the window only, rather than over all time.

    Returns
    -------
    ndarray, (n_trains, n_trains)
        In units of sigma, for Gaussians of height 1: sqrt(pi) for a spike with itself.
    """
    n_trains = offsets.size - 1
    reach = math.ceil(_REACH * _PER_SIGMA)
    first, last = -reach, math.ceil((stop - start) * _PER_SIGMA / sigma) + reach
    length = min(last + 1 - first, max(_LEAST_BLOCK, _BLOCK_BYTES // (8 * max(n_trains, 1))))
    overlaps = np.zeros((n_trains, n_trains), order="F")
    block = np.empty((n_trains, length))
    first_spike = offsets[:-1].copy()
    for begin in range(first, last + 1, length):
        # Differences of neighbouring times are exact; places on one grid of the whole recording would be rounded.
        _spread(time, offsets, first_spike, start + begin * sigma / _PER_SIGMA, sigma, reach, 1 / _PER_SIGMA, block)
        overlaps = _add_products(overlaps, block, 1 / _PER_SIGMA)
    if truncate:
        outside = np.zeros((n_trains, 2 * _NODES.size))
        away = _REACH * (_NODES + 1) / 2
        _evaluate((time - start) / sigma, offsets, -away, outside[:, : _NODES.size])
        _evaluate((time - stop) / sigma, offsets, away, outside[:, _NODES.size :])
        outside *= np.sqrt(np.tile(_WEIGHTS, 2) * _REACH / 2)
        overlaps = _add_products(overlaps, outside, -1)
    _mirror(overlaps)
    return overlaps


def _add_products(overlaps: Array, rows: Array, factor: float) -> Array:
    """Add the products of all pairs of rows to the upper triangle, in place."""
    return dsyrk(factor, rows.T, beta=1, c=overlaps, trans=1, overwrite_c=1)


def _mirror(overlaps: Array) -> None:
    """Copy the upper triangle to the lower one, in place, some rows at a time."""
    for begin in range(0, len(overlaps), 256):
        rows = slice(begin, begin + 256)
        overlaps[rows, :begin] = overlaps[:begin, rows].T
        square = overlaps[rows, rows]
        square[:] = np.triu(square) + np.triu(square, 1).T


def gaussian_areas(time: Array, offsets: NDArray[np.int64], *, start: float, stop: float, sigma: float) -> Array:
    """Return the integral of each Gaussian train over the window, in units of sigma, (n_trains,)."""
    per_spike = math.sqrt(2 * math.pi) * (ndtr((stop - time) / sigma) - ndtr((start - time) / sigma))
    train = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    return np.bincount(train, weights=per_spike, minlength=offsets.size - 1).astype(np.float64)


@njit(nogil=True, cache=True)
def _spread(time, offsets, first_spike, origin, sigma, reach, spacing, block):
    """Sum exp(-x^2/2) of every spike at samples from `origin` on; `spacing` is that of the samples in sigma.

    ``first_spike[train]`` is the first that reaches here or further; it is moved on for the next samples.
    """
    n_columns = block.shape[1]
    width = (2 * reach + _LANES) // _LANES * _LANES
    table = np.exp(-0.5 * (spacing * (np.arange(width) - reach)) ** 2)
    power = np.empty(width)
    # A row with room on both sides, so that no sample of a spike has to ask whether it is inside.
    padded = np.empty(n_columns + 2 * reach + width)
    for train in range(offsets.size - 1):
        padded[:] = 0
        for k in range(first_spike[train], offsets[train + 1]):
            sample = (time[k] - origin) / (sigma * spacing)
            nearest = math.floor(sample + 0.5)
            if nearest < -reach:
                first_spike[train] = k + 1
                continue
            if nearest >= n_columns + reach:
                break
            # exp(-(j s - o)^2/2) = exp(-(j s)^2/2) exp(-o^2/2) exp(o s)^j with the offset o of the spike.
            offset = (sample - nearest) * spacing
            ratio = math.exp(offset * spacing)
            power[0] = math.exp(-offset * (0.5 * offset + spacing * reach))
            for j in range(1, _LANES):
                power[j] = power[j - 1] * ratio
            step = power[_LANES - 1] / power[0] * ratio
            for j in range(_LANES, width):
                power[j] = power[j - _LANES] * step
            left = int(nearest) + reach
            mine = padded[left : left + width]
            for j in range(width):
                mine[j] += table[j] * power[j]
        for column in range(n_columns):
            block[train, column] = padded[2 * reach + column]


@njit(nogil=True, cache=True)
def _evaluate(distance, offsets, nodes, values):
    """Write the trains at some nodes; spikes and nodes are in units of sigma from the same edge."""
    for train in range(offsets.size - 1):
        for k in range(offsets[train], offsets[train + 1]):
            if abs(distance[k]) < _REACH:
                for node in range(nodes.size):
                    values[train, node] += math.exp(-0.5 * (nodes[node] - distance[k]) ** 2)
