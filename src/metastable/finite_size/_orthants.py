"""Orthant probabilities: the law of the next state under correlated Gaussian noise of any kind."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]
_POINTS = 2**13
# Square roots of primes: the steps of a Richtmyer lattice, as in Genz & Bretz 2009, ch. 4.
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19)
# A neuron whose noise is, up to rounding, fixed by that of those before it.
_FIXED = 1e-7
_SMALLEST = 1e-300


def orthant_probabilities(margin: Array, correlation: Array) -> Array:
    """Return the probabilities of all signs of ``margin + noise``, (n_rows, 2^n), from margins in units of noise.

    Parameters
    ----------
    margin : ndarray, (n_rows, n)
        Infinite for a neuron without noise.
    correlation : ndarray, (n, n)

    Notes
    -----
    Separation of variables (Genz 1992): neuron after neuron, the noise is drawn from what its sign leaves, and the
    probabilities of the signs are multiplied. All 2^n orthants share the points, so that their sum is 1 to rounding;
    with 8,192 lattice points folded by the baker's transformation each is good to about 3e-5.
    """
    n = margin.shape[1]
    values, vectors = np.linalg.eigh(correlation)
    # R = B B^T = L L^T with B^T = Q L^T; Cholesky would refuse a singular matrix.
    _, upper = np.linalg.qr((vectors * np.sqrt(values.clip(min=0))).T)
    lower = upper.T
    lower = lower * np.where(np.diagonal(lower) < 0, -1.0, 1.0)
    steps = np.arange(1, _POINTS + 1)[:, None] * np.sqrt(_PRIMES[: n - 1]) % 1
    points = (1 - np.abs(2 * steps - 1)).clip(1 / _POINTS**2, 1)
    law = np.empty((len(margin), 2**n))
    for row, b in enumerate(margin):
        probability, noise = np.ones((1, _POINTS)), np.zeros((0, 1, _POINTS))
        for i in range(n):
            x = b[i] + np.tensordot(lower[i, :i], noise, axes=1)
            own = lower[i, i]
            x = x / own if own > _FIXED else np.where(x >= 0, np.inf, -np.inf)
            active, silent = ndtr(x), ndtr(-x)
            if i < n - 1:
                u = points[:, i]
                drawn = [ndtri((u * silent).clip(_SMALLEST)), -ndtri((u * active).clip(_SMALLEST))]
                noise = np.concatenate(
                    [np.concatenate([noise, drawn[0][None]]), np.concatenate([noise, drawn[1][None]])], axis=1
                )
            probability = np.concatenate([probability * silent, probability * active])
        law[row] = probability.mean(axis=1)
    return law
