"""How many outgoing weights of a neuron are absent, and what the others have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable.reconstruction._current_prior import WeightPrior

Array = NDArray[np.float64]

# Share of weights that are there, before anything is known.
_FIRST_SHARE = 0.4
# Rows that the weights of all neurons with the same sign count for in those of one neuron.
_PSEUDO_ROWS = 20
# Rows that must tell of the outgoing weights of a neuron before these tell its sign.
_CLEAR_ROWS = 5
# Standard deviation of weights that are absent, and least one of those that are there, as shares of the distance from
# reset to threshold: both far below what can be told apart.
_ABSENT, _LEAST_SPREAD = 3e-3, 3e-3
# The same as a share of the mean: narrower distributions, found from few rows, would call absent what differs a little.
_LEAST_VARIATION = 0.3


@dataclass(frozen=True, eq=False)
class SparsePrior:
    """A mixture for the outgoing weights of each neuron: absent, or drawn from a normal distribution.

    Parameters
    ----------
    share : ndarray, (n_columns, 2)
        Of weights that are absent and of those that are there.
    mean, variance : ndarray, (n_columns, 2)
        Of either kind.

    Notes
    -----
    Spike and slab (Mitchell & Beauchamp 1988), with a spike of a finite width far below any error, and shares, means
    and variances found from all weights (empirical Bayes). Where weights are dense the share of those that are there
    grows to 1, and what remains is the normal distribution of `WeightPrior`.
    """

    share: Array
    mean: Array
    variance: Array

    @classmethod
    def first(cls, prior: WeightPrior, span: float) -> SparsePrior:
        """Return mixtures with the moments of normal distributions, as far as possible."""
        mean = prior.mean / _FIRST_SHARE
        variance = (prior.variance + prior.mean**2) / _FIRST_SHARE - mean**2
        n = mean.size
        return cls(
            share=np.tile([1 - _FIRST_SHARE, _FIRST_SHARE], (n, 1)),
            mean=np.column_stack([np.zeros(n), mean]),
            variance=np.column_stack([np.full(n, (_ABSENT * span) ** 2), np.maximum(variance, prior.variance)]),
        )

    def at(self, columns: NDArray[np.bool_]) -> SparsePrior:
        """Return the mixtures of some columns."""
        return SparsePrior(self.share[columns], self.mean[columns], self.variance[columns])

    def moments(self) -> tuple[Array, Array]:
        """Return the mean and the variance of each mixture."""
        mean = (self.share * self.mean).sum(axis=1)
        return mean, (self.share * (self.variance + self.mean**2)).sum(axis=1) - mean**2

    def given(self, mean: Array, variance: Array) -> Belief:
        """Return what is believed of weights for which everything else says a normal distribution."""
        total = variance[:, None] + self.variance
        with np.errstate(divide="ignore"):
            log = np.log(self.share) - 0.5 * np.log(total) - 0.5 * (mean[:, None] - self.mean) ** 2 / total
        odds = np.exp(log - log.max(axis=1, keepdims=True))
        odds /= odds.sum(axis=1, keepdims=True)
        means = (mean[:, None] * self.variance + self.mean * variance[:, None]) / total
        variances = variance[:, None] * self.variance / total
        middle = (odds * means).sum(axis=1)
        # The sum of squares about the mean: the difference of second moments would cancel.
        spread = (odds * (variances + (means - middle[:, None]) ** 2)).sum(axis=1)
        there = np.stack([odds, odds * means, odds * (variances + means**2)])[:, :, 1]
        informed = np.clip(1 - spread / self.moments()[1], 0.0, 1.0)
        return Belief(middle, spread, np.concatenate([there, informed[None]]))

    def updated(self, sums: Array, count: Array, span: float) -> SparsePrior:
        """Return the mixtures that beliefs of all rows make likely (EM: Dempster, Laird & Rubin 1977).

        Parameters
        ----------
        sums : ndarray, (4, n)
            Sums of `Belief.present` over rows.
        count : ndarray, (n,)
            Number of rows.
        span : float
            Distance from reset to threshold.
        """
        share, mean, variance = (np.array(each) for each in (self.share, self.mean, self.variance))
        # A belief counts by what it owes to equations and inequalities, otherwise the prior would confirm itself.
        informed = sums[3]
        own, count = sums[:3] * (informed / np.maximum(count, 1)), informed
        clear = informed > _CLEAR_ROWS
        sign = np.where(clear, np.where(own[1] < 0, -1, 1), 0)
        # What nobody can tell the sign of is most likely one of the more frequent kind.
        sign[~clear] = 1 if (sign > 0).sum() >= (sign < 0).sum() else -1
        for group in (-1, 1):
            of = sign == group
            if not own[0, of].sum():
                continue
            n, first, second = own[:, of]
            total = own[:, of].sum(axis=1)
            pooled = np.array([total[0] / count[of].sum(), total[1] / total[0], total[2] / total[0]])
            share[of, 1] = (n + _PSEUDO_ROWS * pooled[0]) / (count[of] + _PSEUDO_ROWS)
            share[of, 0] = 1 - share[of, 1]
            middle = (first + _PSEUDO_ROWS * pooled[1]) / (n + _PSEUDO_ROWS)
            about = second - 2 * middle * first + middle**2 * n
            about += _PSEUDO_ROWS * (pooled[2] - 2 * middle * pooled[1] + middle**2)
            least = np.maximum(_LEAST_SPREAD * span, _LEAST_VARIATION * np.abs(middle))
            mean[of, 1] = middle
            variance[of, 1] = np.maximum(about / (n + _PSEUDO_ROWS), least**2)
        return SparsePrior(share, mean, variance)


@dataclass(frozen=True, eq=False)
class Belief:
    """Posterior of weights, each on its own.

    Parameters
    ----------
    mean, variance : ndarray, (n,)
    present : ndarray, (4, n)
        Probability that a weight is there, that times the first and second moment of what it then is, and the share of
        the prior's variance that is gone.
    """

    mean: Array
    variance: Array
    present: Array
