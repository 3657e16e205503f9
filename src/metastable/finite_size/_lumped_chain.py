"""Homogeneous populations: numbers of active neurons as a Markov chain of polynomial size, exactly."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from scipy.stats import hypergeom

from metastable._display import Drawn
from metastable._validation import require_choice, require_integer
from metastable.finite_size._chain import FactoredChain
from metastable.finite_size._common_noise import CommonNoise
from metastable.finite_size._exact_statistics import SIGNALS
from metastable.finite_size._noise_moments import absolute_moment, gaussian_product
from metastable.finite_size._search_cost import as_float
from metastable.finite_size._stationary_distribution import METHODS, last_step, require_noise, stationary_law
from metastable.finite_size._transitions import firing_probability, require_network
from metastable.networks import FiniteSizeNetwork

Array = NDArray[np.float64]
# Multiplications of one step: a second on one core, and 512 MiB for its factors.
_MOST_OPERATIONS = 1e10


@dataclass(frozen=True, eq=False, repr=False)
class LumpedChain(Drawn):
    """Numbers of active neurons of homogeneous populations, in the stationary state.

    Parameters
    ----------
    network : FiniteSizeNetwork
    counts : ndarray of int, (n_states, n_populations)
        Active neurons of each population in each state of the chain; those of the first population run fastest.
    stationary : ndarray, (n_states,)
    chain : FactoredChain
        Steps of the law of the counts, with ``forward(law)``, ``backward(values)`` and ``matrix()`` (rows to columns).
    """

    _shown = ("network", "mean", "count_covariance", "counts", "stationary")

    network: FiniteSizeNetwork
    counts: NDArray[np.int64]
    stationary: Array
    chain: FactoredChain

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Neurons of each population, (n_populations,)."""
        return np.array(list(self.network.sizes.values()), np.int64)

    @cached_property
    def mean(self) -> Array:
        """Probability that a neuron of each population is active, (n_populations,)."""
        return self.stationary @ self.counts / self.sizes

    @cached_property
    def count_covariance(self) -> Array:
        """Covariance of the fractions of active neurons, (n_populations, n_populations)."""
        centred = self.counts / self.sizes - self.mean
        return centred.T @ (self.stationary[:, None] * centred)

    @property
    def covariance(self) -> Array:
        """Covariance of two different neurons, of a population and another or the same, (n_populations, n_populations).

        NaN where a population has one neuron only.
        """
        total = self.count_covariance.copy()
        for a, (size, m) in enumerate(zip(self.sizes, self.mean, strict=True)):
            # The variance of the sum is that of each neuron beside the covariance of all pairs.
            total[a, a] = (size * total[a, a] - m * (1 - m)) / (size - 1) if size > 1 else np.nan
        return total

    @property
    def potential_mean(self) -> Array:
        """Mean membrane potential of a neuron of each population, (n_populations,)."""
        block, _, stimulus, _ = _blocks(self.network)
        return block @ (self.mean * self.sizes) - np.diagonal(block) * self.mean + stimulus

    def groupwise_correlation(self, group: Mapping[str, int], *, of: str = "activity") -> float:
        """Compute the correlation of a group of neurons, of the order of their number.

        Parameters
        ----------
        group : mapping of str to int
            How many different neurons of each population, at least two together.
        of : {"activity", "potential"}

        Returns
        -------
        float
            NaN if one of the neurons never changes.

        Raises
        ------
        ValueError
            If a population is unknown or has fewer neurons.

        Notes
        -----
        As `metastable.finite_size.groupwise_correlation`, averaged over which of the neurons of a population are
        active: of k neurons the number is hypergeometric.

        Examples
        --------
        >>> import metastable as mst
        >>> net = mst.networks.FiniteSizeNetwork.homogeneous(
        ...     {"E": 2, "I": 2}, coupling=[[8, -6], [7, -5]], threshold=1, sigma=1, stimulus=[0.5, 0.2]
        ... )
        >>> round(mst.finite_size.lumped_chain(net).groupwise_correlation({"E": 2, "I": 1}), 8)
        0.05300501
        """
        size_of = self._checked(group)
        order = int(size_of.sum())
        if require_choice("of", of, SIGNALS) == "activity":
            level = np.stack([-self.mean, 1 - self.mean])
            spread = self.mean * (1 - self.mean) ** order + (1 - self.mean) * self.mean**order
            product = np.ones(len(self.counts))
            for a, k in enumerate(size_of):
                product *= sum(
                    self._chance(a, k, active) * level[1, a] ** active * level[0, a] ** (k - active)
                    for active in range(k + 1)
                )
        else:
            product, spread = self._potential_product(size_of), self._potential_spread(order)
        if not (spread[size_of > 0] > 0).all():
            return float("nan")
        return float(self.stationary @ product / np.exp(size_of @ np.log(np.where(size_of > 0, spread, 1)) / order))

    def _chance(self, population: int, k: int, active: int) -> Array:
        """Return the probability that of k neurons this many are active, given the counts, (n_states,)."""
        size = self.sizes[population]
        by_count = hypergeom.pmf(active, size, np.arange(size + 1), k)
        return by_count[self.counts[:, population]]

    @cached_property
    def _distance(self) -> Array:
        """Mean potential of a silent and of an active neuron less the mean of all, (2, n_states, n_populations)."""
        block, _, stimulus, _ = _blocks(self.network)
        silent = self.counts @ block.T + stimulus - self.potential_mean
        # No neuron receives from itself.
        return np.stack([silent, silent - np.diagonal(block)])

    def _potential_product(self, size_of: NDArray[np.int64]) -> Array:
        _, _, _, sigma = _blocks(self.network)
        of = np.repeat(np.arange(size_of.size), size_of)
        rho = np.full((of.size, of.size), float(self.network.correlation))
        np.fill_diagonal(rho, 1)
        covariance = (rho * np.outer(sigma[of], sigma[of])).astype(np.float64)
        total = np.zeros(len(self.counts))
        for actives in itertools.product(*(range(k + 1) for k in size_of)):
            pattern = np.concatenate([np.arange(k) < n for n, k in zip(actives, size_of, strict=True)]).astype(int)
            chance = np.ones(len(self.counts))
            for a, (n, k) in enumerate(zip(actives, size_of, strict=True)):
                chance *= self._chance(a, int(k), n)
            distance = self._distance[pattern, :, of].T
            total += chance * gaussian_product(distance, covariance)
        return total

    def _potential_spread(self, order: int) -> Array:
        _, _, _, sigma = _blocks(self.network)
        spread = []
        for a, size in enumerate(self.sizes):
            share = self.counts[:, a] / size
            silent, active = (
                absolute_moment(self.network, distance[:, a], float(sigma[a]), order) for distance in self._distance
            )
            spread.append(self.stationary @ (share * active + (1 - share) * silent))
        return np.array(spread)

    def _checked(self, group: Mapping[str, int]) -> NDArray[np.int64]:
        sizes = self.network.sizes
        if not isinstance(group, Mapping) or not set(group) <= set(sizes):
            raise ValueError(f"group must name populations of {list(sizes)}, got {group!r}.")
        wanted = [require_integer(f"group[{name!r}]", k, minimum=0, maximum=sizes[name]) for name, k in group.items()]
        if sum(wanted) < 2:
            raise ValueError(f"group must have at least two neurons, got {dict(group)}.")
        return np.array([dict(group).get(name, 0) for name in sizes], np.int64)

    def __repr__(self) -> str:
        means = ", ".join(f"{name} {m:.4g}".strip() for name, m in zip(self.network.sizes, self.mean, strict=True))
        return (
            f"LumpedChain of {self.network.name}, {self.network.n_neurons} neurons, {len(self.counts):,} states\n"
            f"  mean activity: {means}"
        )


def lumped_chain(network: FiniteSizeNetwork, *, method: str = "auto") -> LumpedChain:
    """Compute the exact stationary law of homogeneous populations from the numbers of active neurons.

    Parameters
    ----------
    network : FiniteSizeNetwork
        Of populations of equal neurons, as from ``FiniteSizeNetwork.homogeneous``; any law of independent noise, or
        Gaussian noise with equal correlations. A stimulus that changes in time acts as it does in the end.
    method : {"auto", "dense", "gth", "iterative"}
        As in `stationary_distribution`; elimination up to 2,048 states.

    Returns
    -------
    LumpedChain

    Raises
    ------
    ValueError
        If the neurons of a population differ, there is no noise, or there are too many neurons.

    Notes
    -----
    The counts are a Markov chain of their own (Fasoli & Panzeri 2019):
    ``n'_a ~ Bin(n_a, q1_a) + Bin(N_a - n_a, q0_a)``, with the probabilities q1 and q0 that an active and a silent
    neuron become active, ``prod (N_a + 1)`` states instead of 2^N. Given the counts, and common noise, populations are
    independent, so that a step never needs the transition matrix: 128 neurons in two populations take 2e7
    multiplications.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork.homogeneous(
    ...     {"E": 32, "I": 32}, coupling=[[9, -7], [8, -4]], in_degree=63, threshold=1, sigma=1.5, stimulus=[0.4, 0.1]
    ... )
    >>> mst.finite_size.lumped_chain(net).mean.round(3)
    array([0.378, 0.441])
    """
    require_network(network)
    require_choice("method", method, METHODS)
    require_noise(network)
    counts, chain = chain_of_counts(network)
    return LumpedChain(network, counts, stationary_law(chain, method), chain)


def chain_of_counts(network: FiniteSizeNetwork) -> tuple[NDArray[np.int64], FactoredChain]:
    """Return the states of the counts, and their chain."""
    block, threshold, stimulus, sigma = _blocks(network)
    sizes = np.array(list(network.sizes.values()), np.int64)
    common = _common_noise(network)
    split = _split(sizes)
    shape = sizes + 1
    n_low, n_high = math.prod(shape[:split].tolist()), math.prod(shape[split:].tolist())
    operations = as_float((n_low * n_high) ** 2 * common.weights.size)
    if operations > _MOST_OPERATIONS:
        raise ValueError(
            f"the counts of {network.n_neurons:,} neurons have {as_float(n_low * n_high):,.7g} states and one step of "
            f"their law would take {operations:.2g} multiplications; at most {_MOST_OPERATIONS:.0e} are allowed: take "
            "fewer neurons, the mean field, or simulate."
        )
    counts = np.stack(np.unravel_index(np.arange(n_low * n_high), tuple(shape), order="F"), axis=1).astype(np.int64)
    noise = _PopulationNoise(network, threshold, sigma)

    def factors(start: int, stop: int, k: int) -> tuple[Array, Array]:
        n = counts[start:stop]
        mean = n @ block.T + stimulus
        laws = []
        for a, size in enumerate(sizes):
            silent = noise.probability(a, mean[:, a], common, k)
            active = noise.probability(a, mean[:, a] - block[a, a], common, k)
            laws.append(_sum_of_binomials(n[:, a], int(size), active, silent))
        return _joined(laws[:split], len(n)), _joined(laws[split:], len(n))

    return counts, FactoredChain(n_low, n_high, common.weights, factors)


@dataclass(frozen=True)
class _PopulationNoise:
    network: FiniteSizeNetwork
    threshold: Array
    sigma: Array

    def probability(self, a: int, mean: Array, common: CommonNoise, k: int) -> tuple[Array, Array]:
        """Return the probabilities of being active and silent of a neuron of population a, (n_states,)."""
        distance = mean - self.threshold[a]
        if self.sigma[a] == 0:
            return (distance >= 0).astype(np.float64), (distance < 0).astype(np.float64)
        return firing_probability(self.network, (distance / self.sigma[a] + common.common[k, 0]) / common.own)


def _sum_of_binomials(
    n: NDArray[np.int64], size: int, active: tuple[Array, Array], silent: tuple[Array, Array]
) -> Array:
    """Return the law of ``Bin(n, q1) + Bin(size - n, q0)``, (n_states, size + 1)."""
    stay, join = _binomial(n, *active, size), _binomial(size - n, *silent, size)
    law = np.zeros_like(stay)
    for k in range(size + 1):
        law[:, k:] += stay[:, k : k + 1] * join[:, : size + 1 - k]
    return law


def _binomial(n: NDArray[np.int64], p: Array, q: Array, size: int) -> Array:
    """Return the binomial law with probabilities p and q = 1 - p, (n_states, size + 1); p or q may be 0."""
    k = np.arange(size + 1)
    n = n[:, None]
    possible = k <= n
    rest = np.where(possible, n - k, 0)
    ways = np.where(possible, gammaln(n + 1) - gammaln(k + 1) - gammaln(rest + 1), -np.inf)
    tiny = np.finfo(np.float64).tiny
    # 0^0 is 1 here, and 0 to any other power 0.
    log_p, log_q = (np.where(x > 0, np.log(np.maximum(x, tiny)), -np.inf)[:, None] for x in (p, q))
    successes = np.where(k == 0, 0.0, np.where(k == 0, 1, k) * log_p)
    failures = np.where(rest == 0, 0.0, np.where(rest == 0, 1, rest) * log_q)
    return np.exp(ways + successes + failures)


def _joined(laws: list[Array], n_rows: int) -> Array:
    joined = np.ones((n_rows, 1))
    for law in laws:
        joined = (law[:, :, None] * joined[:, None, :]).reshape(n_rows, -1)
    return joined


def _split(sizes: NDArray[np.int64]) -> int:
    """Return after which population to cut, for halves of about equal size."""
    total = np.cumsum(np.log(sizes + 1.0))
    return int(np.argmin(np.abs(2 * total - total[-1]))) + 1


def _blocks(network: FiniteSizeNetwork) -> tuple[Array, Array, Array, Array]:
    blocks = network.blocks()
    if blocks is None:
        raise ValueError(
            "the counts of active neurons are a chain of their own only if the neurons of each population are equal, "
            "without autapses, and their noise is correlated equally; build the network with "
            "FiniteSizeNetwork.homogeneous, or use exact_statistics."
        )
    block, threshold, stimulus, sigma = blocks
    return block, threshold, np.atleast_2d(stimulus)[last_step(network)], sigma


def _common_noise(network: FiniteSizeNetwork) -> CommonNoise:
    n, rho = network.n_neurons, float(np.asarray(network.correlation))
    if rho == 0:
        return CommonNoise(1.0, np.zeros((1, n)), np.ones(1))
    common: Any = CommonNoise.of(rho, n) if 0 < rho < 1 else None
    if common is None:
        raise ValueError(
            f"correlation={rho:g} leaves neurons no noise of their own about a common one; choose one of 0 to below 1."
        )
    return common
