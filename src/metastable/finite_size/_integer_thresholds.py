"""Weights and thresholds of a finite-size network as integers, so that sums in any order are equal.

A box in stimulus space begins and ends at sums of weights. The same sum taken in two orders differs by rounding, and
the difference would be a box of its own. Integers know no order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._validation import require_instance, require_numbers
from metastable.networks import FiniteSizeNetwork

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

# No stimulus is as low or as high; their difference still fits into 64 bits.
NEVER, ALWAYS = 2**61, -(2**61)

# A real number drawn at random is that close to a fraction of such a denominator once in ten millions.
_LARGEST_DENOMINATOR = 10_000
_LARGEST_COMMON = 10**9
# Integers up to here are exact as floats.
_LARGEST_SUM = 2**52


@dataclass(frozen=True, eq=False)
class IntegerNetwork:
    """A finite-size network in units of its own, without noise and stimulus.

    Parameters
    ----------
    weights : ndarray of int, (n, n)
    threshold : ndarray of int, (n,)
    start : ndarray of int, (n_populations + 1,)
        Population a holds the neurons ``start[a]`` to ``start[a + 1] - 1``.
    denominator : ndarray, (n_populations,)
        How many units make 1, for weights and threshold of the neurons of a population.
    slack : ndarray of int, (n_populations,)
        Boxes must be wider: 0 where the integers are exact, else what rounding to them may leave.
    names : tuple of str
        Of the populations.
    homogeneous : bool
        Whether the neurons of each population are equal, and all are connected, without autapses.
    """

    weights: Integers
    threshold: Integers
    start: Integers
    denominator: Array
    slack: Integers
    names: tuple[str, ...]
    homogeneous: bool

    @staticmethod
    def of(network: FiniteSizeNetwork) -> IntegerNetwork:
        """Scale a network: to common denominators where its numbers are fractions, else to 52 binary digits."""
        require_instance("network", network, FiniteSizeNetwork, do="build one with mst.networks.FiniteSizeNetwork")
        n, sizes = network.n_neurons, list(network.sizes.values())
        start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        values = np.column_stack([network.threshold, network.weights])
        whole = np.zeros(values.shape, np.int64)
        denominator, slack = np.ones(len(sizes)), np.zeros(len(sizes), np.int64)
        for a in range(len(sizes)):
            part = slice(start[a], start[a + 1])
            common = _common_denominator(values[part])
            if common is None:
                largest = float(np.abs(values[part]).sum(axis=1).max())
                # Each of n + 1 terms may be off by a unit in one sum and in the other.
                denominator[a], slack[a] = 2.0 ** (51 - math.frexp(largest)[1]), 2 * (n + 1)
            else:
                denominator[a] = common
            whole[part] = np.rint(values[part] * denominator[a])
        bare = replace(network, stimulus=np.zeros(n), sigma=np.zeros(n), correlation=0.0)
        names = tuple(name or "all" for name in network.sizes)
        return IntegerNetwork(
            np.ascontiguousarray(whole[:, 1:]),
            whole[:, 0].copy(),
            start,
            denominator,
            slack,
            names,
            bare.blocks() is not None,
        )

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return len(self.threshold)

    @property
    def sizes(self) -> Integers:
        """Neurons of each population, (n_populations,)."""
        return np.diff(self.start)

    @property
    def population(self) -> Integers:
        """Number of the population of each neuron, (n,)."""
        return np.repeat(np.arange(len(self.names)), self.sizes)

    @property
    def first(self) -> Integers:
        """First neuron of each population, (n_populations,)."""
        return self.start[:-1]

    def blocks(self) -> tuple[Integers, Integers]:
        """Return weights, (n_populations, n_populations), and thresholds of equal neurons."""
        block = self.weights[np.ix_(self.first, self.first)]
        for a, (first, size) in enumerate(zip(self.first, self.sizes, strict=True)):
            block[a, a] = self.weights[first, first + 1] if size > 1 else 0
        return block, self.threshold[self.first]

    def needed(self, states: ArrayLike) -> Integers:
        """Return the least stimulus at which each neuron is active after a state, ``theta - W A``, (..., n)."""
        return self.threshold - np.asarray(states, np.int64) @ self.weights.T

    def stimulus(self, bounds: Integers) -> Array:
        """Return stimuli in the units of the network, (..., n_populations)."""
        out = bounds / self.denominator
        out[bounds <= ALWAYS] = -np.inf
        out[bounds >= NEVER] = np.inf
        return out

    def bounds(self, stimulus: Array) -> Integers:
        """Return the integers that `stimulus` was made of, (..., n_populations)."""
        finite = np.isfinite(stimulus)
        whole = np.rint(np.where(finite, stimulus, 0) * self.denominator).astype(np.int64)
        return np.where(finite, whole, np.where(stimulus > 0, NEVER, ALWAYS))

    def units(self, stimulus: ArrayLike) -> Integers:
        """Return the integers up to which thresholds are reached by a stimulus, (n_populations,).

        A stimulus within rounding of a threshold reaches it.
        """
        given = require_numbers("stimulus", stimulus)
        shape = (len(self.names),)
        if given.shape not in ((), shape) or not np.isfinite(given).all():
            raise ValueError(
                f"stimulus must be {shape[0]} finite numbers, one for each population ({', '.join(self.names)}), "
                f"got {np.array2string(given, threshold=6)}."
            )
        # Beyond all thresholds more makes no difference, and must still fit.
        scaled = np.clip(given * self.denominator, -(2.0**53), 2.0**53)
        nearest = np.rint(scaled)
        near = np.abs(scaled - nearest) <= 1e-12 * np.maximum(np.abs(scaled), 1)
        return np.where(near, nearest, np.floor(scaled)).astype(np.int64) + self.slack


def _common_denominator(values: Array) -> int | None:
    """Return the denominator of fractions that all these numbers are, to rounding, or None."""
    common = 1
    for value in np.unique(np.abs(values)).tolist():
        fraction = Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)
        if abs(float(fraction) - value) > 4 * np.finfo(float).eps * value:
            return None
        common = math.lcm(common, fraction.denominator)
        if common > _LARGEST_COMMON:
            return None
    return common if np.abs(values).sum(axis=1).max() * common < _LARGEST_SUM else None
