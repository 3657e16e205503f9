"""Markov chains whose transition matrix is never needed: products of factors, applied block by block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Of all factors together: up to here they are kept, beyond they are computed again in every step.
_KEPT_BYTES = 2**29
# Of the factors of one block of states, which then stay in the cache between their making and their product.
_BLOCK_BYTES = 2**22


@dataclass(frozen=True, eq=False)
class FactoredChain:
    """A chain with ``P(s'|s) = sum_k w_k low_k(s'_low|s) high_k(s'_high|s)``, states numbered ``low + n_low * high``.

    Neurons (or populations) that are independent given the present state factor into two halves, so that a step of the
    whole law is one product of matrices with ``n_low + n_high`` columns: 4^N multiplications, but memory for only
    2^(3N/2) probabilities at a time, and none for the 4^N of the transition matrix.

    Parameters
    ----------
    n_low, n_high : int
        Values of each half of a state.
    weights : ndarray, (n_nodes,)
        w_k, more than one where there is common noise.
    factors : callable
        ``factors(start, stop, k)`` gives low_k and high_k of the states from `start` to `stop`, (stop - start, n_low)
        and (stop - start, n_high).
    """

    n_low: int
    n_high: int
    weights: Array
    factors: Callable[[int, int, int], tuple[Array, Array]]

    @property
    def n_states(self) -> int:
        """Number of states."""
        return self.n_low * self.n_high

    @cached_property
    def _kept(self) -> dict[Any, tuple[Array, Array]]:
        return {}

    def _blocks(self) -> Any:
        row_bytes = 8 * (self.n_low + self.n_high)
        keep = row_bytes * self.n_states * self.weights.size <= _KEPT_BYTES
        size = max(1, _BLOCK_BYTES // row_bytes)
        for start in range(0, self.n_states, size):
            stop = min(start + size, self.n_states)
            for k, weight in enumerate(self.weights):
                if (start, k) not in self._kept:
                    made = self.factors(start, stop, k)
                    if not keep:
                        yield slice(start, stop), weight, *made
                        continue
                    self._kept[start, k] = made
                yield slice(start, stop), weight, *self._kept[start, k]

    def forward(self, law: Array) -> Array:
        """Return the law one step later, ``p'(s') = sum_s P(s'|s) p(s)``, (n_states,)."""
        after = np.zeros((self.n_high, self.n_low))
        for block, weight, low, high in self._blocks():
            after += (high * (weight * law[block, None])).T @ low
        return after.ravel()

    def backward(self, values: Array) -> Array:
        """Return the expectation one step ahead, ``sum_s' values(s') P(s'|s)``, (n_states,)."""
        table = values.reshape(self.n_high, self.n_low)
        before = np.zeros(self.n_states)
        for block, weight, low, high in self._blocks():
            before[block] += weight * np.einsum("sl,sl->s", high @ table, low)
        return before

    def matrix(self) -> Array:
        """Return all transition probabilities, from row s to column s', (n_states, n_states)."""
        matrix = np.zeros((self.n_states, self.n_high, self.n_low))
        for block, weight, low, high in self._blocks():
            matrix[block] += (weight * high)[:, :, None] * low[:, None, :]
        return matrix.reshape(self.n_states, self.n_states)

    @cached_property
    def may_vanish(self) -> bool:
        """Whether some transition is impossible, or less probable than the smallest number."""
        return any((low == 0).any() or (high == 0).any() for _, _, low, high in self._blocks())


@dataclass(frozen=True, eq=False)
class DenseChain:
    """A chain of which all transition probabilities are known, from row s to column s'."""

    probabilities: Array

    @property
    def n_states(self) -> int:
        """Number of states."""
        return len(self.probabilities)

    def forward(self, law: Array) -> Array:
        """Return the law one step later, (n_states,)."""
        return law @ self.probabilities

    def backward(self, values: Array) -> Array:
        """Return the expectation one step ahead, (n_states,)."""
        return self.probabilities @ values

    def matrix(self) -> Array:
        """Return all transition probabilities, (n_states, n_states)."""
        return self.probabilities.copy()

    @cached_property
    def may_vanish(self) -> bool:
        """Whether some transition is impossible."""
        return bool((self.probabilities == 0).any())


def product_law(active: Array, silent: Array) -> Array:
    """Return the law of the states of independent neurons, (n_rows, 2^n), from their probabilities, (n_rows, n)."""
    law = np.ones((len(active), 1))
    for i in range(active.shape[1]):
        law = np.concatenate([law * silent[:, i : i + 1], law * active[:, i : i + 1]], axis=1)
    return law
