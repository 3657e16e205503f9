"""What the outgoing weights of a neuron have in common, found from all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Rows that the variance of all weights counts for in that of one neuron's.
_PSEUDO_ROWS = 2
# Least standard deviation of weights, as a share of the distance from reset to threshold.
_LEAST_SPREAD = 1e-4
# Before anything is known: most weights are below a fifth of that distance.
_FIRST_SPREAD = 0.2
# Standard errors by which a mean must differ from 0 to tell the sign of all.
_CLEAR_SIGN = 2.0


@dataclass(frozen=True, eq=False)
class WeightPrior:
    """A normal distribution for the outgoing weights of each neuron.

    Parameters
    ----------
    mean, variance : ndarray, (n,)
        Of each presynaptic neuron.
    sign : ndarray, (n,)
        Of the mean where it is clear, else 0.

    Notes
    -----
    Empirical Bayes (Efron & Morris 1973; Dempster, Laird & Rubin 1977, section 4.5): weights are estimated with the
    distribution as prior, the distribution from the estimates and their errors, and so on. Neurons that excite and
    neurons that inhibit separate by themselves. If the outgoing weights of a neuron have little in common, their
    variance comes out large, and the prior says little.
    """

    mean: Array
    variance: Array
    sign: Array

    @classmethod
    def first(cls, n: int, span: float) -> WeightPrior:
        """Return the distribution to begin with."""
        return cls(np.zeros(n), np.full(n, (_FIRST_SPREAD * span) ** 2), np.zeros(n))

    @classmethod
    def of(cls, weights: Array, error: Array, span: float) -> WeightPrior:
        """Estimate the distribution from weights and their standard errors, (n, n), NaN where unknown."""
        n = len(weights)
        known = np.isfinite(weights) & np.isfinite(error)
        known[np.arange(n), np.arange(n)] = False
        count = known.sum(axis=0)
        mean = np.where(known, weights, 0.0).sum(axis=0) / np.maximum(count, 1)
        square = np.where(known, (weights - mean) ** 2 + error**2, 0.0).sum(axis=0)
        common = square.sum() / max(count.sum(), 1)
        variance = (square + _PSEUDO_ROWS * common) / (count + _PSEUDO_ROWS)
        variance = np.maximum(variance, (_LEAST_SPREAD * span) ** 2)
        clear = np.abs(mean) > _CLEAR_SIGN * np.sqrt(variance / np.maximum(count, 1))
        return cls(mean, variance, np.where(clear, np.sign(mean), 0.0))
