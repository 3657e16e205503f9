"""The law of the stimulus that a neuron needs to be active, when its weights are random."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr
from scipy.stats import binom

from metastable._display import Drawn
from metastable._validation import require_instance, require_integer, require_list
from metastable.networks import DisorderedNetwork

Array = NDArray[np.float64]

# A sum of fixed weights that misses a threshold by rounding counts as reaching it.
_ROUNDING = 1e-12
# Of all numbers of connections, those less probable than this are left out.
_NEGLIGIBLE = 1e-18
_MOST_COMPONENTS = 200_000
# Of points times components, evaluated at a time.
_BLOCK = 2**20


@dataclass(frozen=True, eq=False, repr=False)
class NeededStimulus(Drawn):
    """A mixture of normal laws and atoms: the stimulus from which on a neuron is active, given the state of the others.

    Parameters
    ----------
    weights : ndarray, (n_components,)
        Probabilities of the numbers of connections from active neurons.
    centre, scale : ndarray, (n_components,)
        Mean and standard deviation given these numbers; components of scale 0 are atoms.
    """

    weights: Array
    centre: Array
    scale: Array

    @staticmethod
    def of(network: DisorderedNetwork, population: int, n_active: ArrayLike) -> NeededStimulus:
        """Build the law of a neuron that has so many active neurons before it, (n_populations,)."""
        active = np.asarray(n_active, np.int64)
        weights, centre, variance = np.ones(1), np.array([network.threshold[population]]), np.zeros(1)
        for b, count in enumerate(active.tolist()):
            connected = np.arange(count + 1)
            chance = np.asarray(binom.pmf(connected, count, network.probability[population, b]), np.float64)
            connected, chance = connected[chance > _NEGLIGIBLE], chance[chance > _NEGLIGIBLE]
            weights = np.multiply.outer(weights, chance).ravel()
            centre = np.subtract.outer(centre, network.weight_mean[population, b] * connected).ravel()
            variance = np.add.outer(variance, network.weight_sd[population, b] ** 2 * connected).ravel()
            kept = weights > _NEGLIGIBLE
            weights, centre, variance = weights[kept], centre[kept], variance[kept]
            if weights.size > _MOST_COMPONENTS:
                raise ValueError(
                    f"the input of a neuron from {active.tolist()} active neurons mixes {weights.size:,} numbers of "
                    f"connections, at most {_MOST_COMPONENTS:,} are allowed; take fewer sparse populations."
                )
        return NeededStimulus(weights, centre, np.sqrt(variance))

    @property
    def atoms(self) -> Array:
        """Stimuli that are needed with a probability above 0, sorted, (n_atoms,)."""
        return np.unique(self.centre[self.scale == 0])

    @property
    def range(self) -> tuple[float, float]:
        """Stimuli between which all but 1e-20 of the law lies."""
        reach = 9.5 * self.scale
        return float((self.centre - reach).min()), float((self.centre + reach).max())

    def cdf(self, stimulus: ArrayLike) -> Array:
        """Probability that the neuron is active at a stimulus."""
        return self._mixed(stimulus, 1, atom_counts=True)

    def cdf_before(self, stimulus: ArrayLike) -> Array:
        """Limit of the probability from lower stimuli: without the atom there."""
        return self._mixed(stimulus, 1, atom_counts=False)

    def sf(self, stimulus: ArrayLike) -> Array:
        """Probability that the neuron is silent at a stimulus, however small, to full precision."""
        return self._mixed(stimulus, -1, atom_counts=False)

    def sf_before(self, stimulus: ArrayLike) -> Array:
        """Limit of the probability of silence from lower stimuli."""
        return self._mixed(stimulus, -1, atom_counts=True)

    def quantile(self, probability: float) -> float:
        """Return the least stimulus at which the neuron is active with this probability."""
        low, high = self.range
        low, high = low - 1, high + 1
        # The smaller tail is the precise one.
        reached = (
            (lambda x: float(self.cdf(x)) >= probability)
            if probability < 0.5
            else (lambda x: float(self.sf(x)) <= 1 - probability)
        )
        for _ in range(200):
            middle = 0.5 * (low + high)
            if middle in (low, high):
                break
            low, high = (low, middle) if reached(middle) else (middle, high)
        return high

    def _mixed(self, stimulus: ArrayLike, sign: int, *, atom_counts: bool) -> Array:
        x = np.asarray(stimulus, np.float64)
        size = max(1, _BLOCK // self.centre.size)
        flat, atom = x.ravel(), self.scale == 0
        width, spread = _ROUNDING * np.maximum(np.abs(self.centre), 1), np.where(atom, 1.0, self.scale)
        result = np.empty(flat.size)
        for start in range(0, flat.size, size):
            distance = sign * (flat[start : start + size, None] - self.centre)
            certain = np.where(np.abs(distance) <= width, float(atom_counts), distance > 0)
            result[start : start + size] = np.where(atom, certain, ndtr(distance / spread)) @ self.weights
        # Weights add up to 1 within rounding.
        return np.minimum(result, 1).reshape(x.shape)


def require_disordered(network: object) -> DisorderedNetwork:
    """Return the network, or raise a sentence unless it has random weights."""
    require_instance("network", network, DisorderedNetwork, do="build one with mst.networks.DisorderedNetwork")
    assert isinstance(network, DisorderedNetwork)
    return network


def require_counts(network: DisorderedNetwork, counts: ArrayLike) -> list[int]:
    """Return numbers of active neurons of the populations, or raise a sentence about them."""
    given = require_list("counts", counts)
    if len(given) != len(network.sizes):
        raise ValueError(
            f"counts must be {len(network.sizes)} numbers of active neurons ({', '.join(network.sizes)}), "
            f"got {len(given)}."
        )
    pairs = zip(given, network.sizes.items(), strict=True)
    return [require_integer(f"counts of {name}", v, minimum=0, maximum=size) for v, (name, size) in pairs]


def activation_table(network: DisorderedNetwork, population: int) -> tuple[Array, Array]:
    """Return the probabilities that a neuron is active and silent, for all numbers of active neurons before it.

    Returns
    -------
    active, silent : ndarray, (N_1 + 1, N_2 + 1, ...)
    """
    a = population
    axes = np.ix_(*[np.arange(size + 1) for size in network.sizes.values()])
    mean = sum((network.weight_mean[a, b] * k for b, k in enumerate(axes)), np.zeros(()))
    variance = sum((network.weight_sd[a, b] ** 2 * k for b, k in enumerate(axes)), np.zeros(()))
    margin = standard_margin(mean, variance, network.threshold[a] - network.stimulus[a])
    active, silent = ndtr(margin), ndtr(-margin)
    for b, size in enumerate(network.sizes.values()):
        active, silent = (thinned(table, b, size, network.probability[a, b]) for table in (active, silent))
    return active, silent


def standard_margin(mean: Array, variance: Array, needed: float) -> Array:
    """Return how far inputs are above what is needed, in standard deviations; infinite where they have none."""
    distance = mean - needed
    close = np.abs(distance) <= _ROUNDING * max(abs(needed), 1)
    atom = variance == 0
    certain = np.where(close | (distance > 0), np.inf, -np.inf)
    return np.where(atom, certain, distance / np.sqrt(np.where(atom, 1.0, variance)))


def thinned(table: Array, axis: int, size: int, probability: float) -> Array:
    """Average a table over how many of k neurons are connected, where it is known for each number of connections."""
    if probability == 1:
        return table
    k = np.arange(size + 1)
    chance = np.asarray(binom.pmf(k, k[:, None], probability), np.float64)
    return np.asarray(np.moveaxis(np.tensordot(chance, table, axes=(1, axis)), 0, axis), np.float64)


def log_binomials(sizes: list[int]) -> Array:
    """Return the logarithm of how many states have these counts, (N_1 + 1, N_2 + 1, ...)."""
    total = np.zeros(())
    for size in sizes:
        total = np.add.outer(total, np.array([math.log(math.comb(size, k)) for k in range(size + 1)]))
    return np.asarray(total, np.float64)


def times_log(count: NDArray, probability: Array) -> Array:
    """Return ``count log(probability)``, 0 where the count is 0."""
    zero = probability <= 0
    logarithm = np.where(zero, -np.inf, np.log(np.where(zero, 1.0, probability)))
    return np.asarray(np.where(count == 0, 0.0, np.maximum(count, 1) * logarithm), np.float64)
