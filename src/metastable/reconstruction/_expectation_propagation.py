"""Weights that equations, inequalities and a sparse prior make likely together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx

from metastable.reconstruction._lapack import invert_positive
from metastable.reconstruction._sparse_prior import Belief, SparsePrior

Array = NDArray[np.float64]

# How far each factor moves towards its new approximation; all move at once, and full steps would overshoot.
_DAMPING = 0.7
# Change of weights, as a share of their size by the prior, that ends an iteration.
_CONVERGED = 1e-2
# Least precision, in those of the prior, that is left to a weight without its own prior, and that a prior may be
# approximated by. A mixture can leave more variance than there was without it, which would ask for a negative one.
_LEAST = 1e-4


@dataclass(frozen=True, eq=False)
class Sites:
    """Normal factors in the place of those that are not: precision, and precision times mean.

    Parameters
    ----------
    prior : ndarray, (2, n)
        Of the prior of each weight.
    limit : ndarray, (2, n_limits)
        Of each inequality, along its row.
    """

    prior: Array
    limit: Array

    @classmethod
    def first(cls, prior: SparsePrior) -> Sites:
        """Return the moments of the prior, and no inequality."""
        mean, variance = prior.moments()
        return cls(np.stack([1 / variance, mean / variance]), np.zeros((2, 0)))

    def with_limits(self, n: int, kept: NDArray[np.int64]) -> Sites:
        """Return the same among n inequalities."""
        limit = np.zeros((2, n))
        limit[:, kept] = self.limit
        return replace(self, limit=limit)


def propagate(
    gram: Array,
    right: Array,
    limits: Array,
    below: Array,
    prior: SparsePrior,
    sites: Sites,
    *,
    softness: float,
    n_iterations: int,
) -> tuple[Belief, Array, Sites]:
    """Approximate the posterior of weights x by expectation propagation.

    Parameters
    ----------
    gram : ndarray, (n, n)
        A' A of equations ``A x = b`` with errors of standard deviation 1.
    right : ndarray, (n,)
        A' b.
    limits : ndarray, (n_limits, n)
    below : ndarray, (n_limits,)
        ``limits @ x < below``.
    prior : SparsePrior
        Of n weights.
    sites : Sites
        To begin with.
    softness : float
        Standard deviation by which a limit may be exceeded.
    n_iterations : int
        At most.

    Returns
    -------
    Belief
    ndarray, (n,)
        Mean of the normal distribution that stands for all weights together, which keeps to the equations however far
        the iteration has come.
    Sites

    Notes
    -----
    Minka 2001; of truncated normal distributions: Cunningham, Hennig & Lacoste-Julien 2011; of spike and slab:
    Hernandez-Lobato, Hernandez-Lobato & Suarez 2015. Each factor that is not normal, a prior or an inequality, is
    replaced by a normal one such that mean and variance become those with the factor itself.
    """
    (precision, shift), (tension, pull) = sites.prior.copy(), sites.limit.copy()
    scale = np.sqrt((prior.share * (prior.variance + prior.mean**2)).sum(axis=1))
    least = _LEAST / scale**2
    last = np.full(right.size, np.inf)
    while True:
        whole = gram + (limits.T * tension) @ limits
        whole.ravel()[:: len(whole) + 1] += precision
        covariance = invert_positive(whole)
        x = covariance @ (right + shift + limits.T @ pull)
        own = np.diagonal(covariance)
        without = np.maximum(1 / own - precision, least)
        belief = prior.given((x / own - shift) / without, 1 / without)
        n_iterations -= 1
        if n_iterations <= 0 or (np.abs(belief.mean - last) < _CONVERGED * scale).all():
            return belief, x, Sites(np.stack([precision, shift]), np.stack([tension, pull]))
        last = belief.mean
        step = np.maximum(1 / belief.variance - without, least)
        towards = belief.mean * (step + without) - (x / own - shift)
        along, across = limits @ x, np.einsum("ij,ij->i", limits @ covariance, limits)
        precision = precision + _DAMPING * (step - precision)
        shift = shift + _DAMPING * (towards - shift)
        new_tension, new_pull = _cut(along, across, below, tension, pull, softness)
        tension = tension + _DAMPING * (new_tension - tension)
        pull = pull + _DAMPING * (new_pull - pull)


def _cut(
    along: Array, across: Array, below: Array, tension: Array, pull: Array, softness: float
) -> tuple[Array, Array]:
    """Return the factors that stand for the inequalities, given mean and variance along each with the old ones.

    The limits are soft, normal distribution functions: equations on a time grid are inexact, not quite normally so, and
    may contradict a sharp limit, which would then grow without bound.
    """
    without = np.maximum(1 / across - tension, 1e-6 / across)
    variance = 1 / without
    mean = (along / across - pull) * variance
    total = variance + softness**2
    z = (below - mean) / np.sqrt(total)
    # Inverse Mills ratio, by the scaled function: far beyond the limit density and probability both vanish.
    ratio = np.sqrt(2 / np.pi) / erfcx(-z / np.sqrt(2))
    cut_mean = mean - variance / np.sqrt(total) * ratio
    cut_variance = variance - variance**2 / total * np.clip(ratio * (z + ratio), 0.0, 1.0)
    tension = np.maximum(1 / cut_variance - without, 0.0)
    return tension, cut_mean * (tension + without) - mean * without
