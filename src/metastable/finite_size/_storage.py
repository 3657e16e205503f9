"""What a network in which patterns and sequences are stored does: how well it keeps them, and what else it stores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn
from metastable.finite_size._attractors import Attractor
from metastable.finite_size._relaxation import relaxation
from metastable.finite_size._state_map import StateMap, attractors_at
from metastable.finite_size._stationary_distribution import stationary_distribution
from metastable.finite_size._transitions import firing_probability, margins
from metastable.networks import FiniteSizeNetwork

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Storage(Drawn):
    """A network in which transitions between states are stored.

    Parameters
    ----------
    network : FiniteSizeNetwork
    before, after : ndarray of uint8, (n_transitions, n)
        The stored transitions; a pattern is a transition to itself.
    margins : ndarray, (n_transitions, n)
        By how much each neuron is on the right side of its threshold, in units of its noise.
    residual : float
        By how much the weights miss the equations of the pseudoinverse, relative to the largest number in them; NaN
        where they were not asked for equality.
    method : str
        ``"pseudoinverse"`` or ``"maximum-margin"``.
    """

    _shown = ("network", "n_transitions", "margins", "retention", "residual", "method")

    network: FiniteSizeNetwork
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    margins: Array
    residual: float
    method: str

    @property
    def n_transitions(self) -> int:
        """Number of stored transitions."""
        return len(self.before)

    @property
    def margin(self) -> float:
        """The smallest margin of all neurons and transitions, in units of noise."""
        return float(self.margins.min())

    @property
    def retention(self) -> Array:
        """Probability that each stored transition happens, ``prod_i Phi(margin_i)``, (n_transitions,)."""
        return np.prod(firing_probability(self.network, self.margins)[0], axis=1)

    @property
    def dwell_steps(self) -> Array:
        """Mean number of steps in each stored state, once there: ``1 / (1 - P(X|X))``, (n_transitions,)."""
        above = margins(self.network, self.network.drive(self.before.astype(np.float64)))
        _, wrong = firing_probability(self.network, np.where(self.before == 1, above, -above))
        # At low noise the probability to leave is far below the rounding of 1 - P(X|X).
        leaves = -np.expm1(np.log1p(-np.minimum(wrong, 1 - 1e-16)).sum(axis=1))
        return np.where(leaves > 0, 1 / np.where(leaves > 0, leaves, 1.0), np.inf)

    @cached_property
    def stationary_mass(self) -> float:
        """Probability to find the network in one of the stored states, in the long run; up to 18 neurons."""
        law = stationary_distribution(self.network)
        states = np.unique(np.concatenate([self.before, self.after]), axis=0)
        return float(law[_numbers(states)].sum())

    def eigenvalues(self, n_modes: int = 5) -> NDArray[np.complex128]:
        """Return the largest eigenvalues of the transition matrix; up to 18 neurons.

        Parameters
        ----------
        n_modes : int

        Returns
        -------
        ndarray of complex, (n_modes,)
            A stored cycle of period p has p of them near ``exp(2 pi i k / p)``, the nearer the better it is kept.
        """
        return relaxation(self.network, n_modes=n_modes).eigenvalues

    @cached_property
    def noiseless_map(self) -> StateMap:
        """Image and attractor of every state without noise, by going through all of them; up to 24 neurons.

        Boxes of the attractors are those of a stimulus added to all neurons alike.
        """
        net = self.network
        n = net.n_neurons
        shifted = replace(
            net, threshold=net.threshold - net.stimulus_at(0), stimulus=np.zeros(n), sizes={"added": n}, correlation=0.0
        )
        return attractors_at(shifted, [0.0])

    @cached_property
    def accidental(self) -> list[Attractor]:
        """Stationary states and cycles of the network without noise that nobody stored; up to 24 neurons."""
        found = self.noiseless_map.attractors
        return [one for one, stored in zip(found, self._stored(found), strict=True) if not stored]

    @property
    def stored_basin(self) -> float:
        """Share of all states that lead to a stored stationary state or cycle without noise; up to 24 neurons."""
        states = self.noiseless_map
        return float(states.basin_sizes[self._stored(states.attractors)].sum() / states.basin.size)

    def _stored(self, found: Sequence[Attractor]) -> NDArray[np.bool_]:
        follows = dict(zip(map(bytes, self.before), map(bytes, self.after), strict=True))
        stored = []
        for one in found:
            words = [bytes(row) for row in one.states]
            stored.append(all(follows.get(w) == v for w, v in zip(words, [*words[1:], words[0]], strict=True)))
        return np.array(stored, bool)

    def __repr__(self) -> str:
        kept, dwell = self.retention, self.dwell_steps
        patterns = int((self.before == self.after).all(axis=1).sum())
        what = f"{self.n_transitions} transitions" + (f", {patterns} of them patterns" if patterns else "")
        fixed = (self.before == self.after).all(axis=1)
        stay = f"  dwell {_range(dwell[fixed])} steps" if patterns else ""
        miss = "" if np.isnan(self.residual) else f"  residual {self.residual:.1e}"
        return (
            f"Storage({what} in {self.network.n_neurons} neurons, {self.method}\n"
            f"  margin {_range(self.margins)}  retention {_range(kept)}{stay}{miss})"
        )


def _numbers(states: NDArray[np.uint8]) -> NDArray[np.int64]:
    return states.astype(np.int64) @ (1 << np.arange(states.shape[1], dtype=np.int64))


def _range(values: Array) -> str:
    low, high = f"{values.min():.4g}", f"{values.max():.4g}"
    return low if low == high else f"{low} to {high}"
