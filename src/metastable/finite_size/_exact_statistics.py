"""Stationary statistics of a small network, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn
from metastable._validation import require_choice, require_integer
from metastable.finite_size._chain import FactoredChain
from metastable.finite_size._states import state_activity
from metastable.finite_size._stationary_distribution import last_step, stationary_distribution
from metastable.finite_size._transitions import Chain, chain_of
from metastable.networks import FiniteSizeNetwork

Array = NDArray[np.float64]
SIGNALS = ("activity", "potential")


@dataclass(frozen=True, eq=False, repr=False)
class ExactStatistics(Drawn):
    """Stationary statistics of activity and membrane potential, without sampling.

    Parameters
    ----------
    network : FiniteSizeNetwork
    stationary : ndarray, (2^n,)
        Stationary law of the states; neuron 0 is the lowest bit.
    """

    network: FiniteSizeNetwork
    stationary: Array

    @cached_property
    def mean(self) -> Array:
        """Probability that each neuron is active, (n,)."""
        return self.stationary @ self.states

    @cached_property
    def covariance(self) -> Array:
        """Covariance of the activity at equal times, (n, n)."""
        centred = self.states - self.mean
        return centred.T @ (self.stationary[:, None] * centred)

    @property
    def correlation(self) -> Array:
        """Pearson correlation of the activity, (n, n); NaN for neurons that never change."""
        return _normalised(self.covariance)

    @property
    def potential_mean(self) -> Array:
        """Mean membrane potential, ``W m + I``, (n,)."""
        return self.network.drive(self.mean, step=last_step(self.network))

    @property
    def potential_covariance(self) -> Array:
        """Covariance of the potentials at equal times, ``W C W^T`` and that of the noise, (n, n)."""
        weights = self.network.weights
        return weights @ self.covariance @ weights.T + self.network.covariance

    @property
    def potential_correlation(self) -> Array:
        """Pearson correlation of the potentials, (n, n); NaN for potentials that never change."""
        return _normalised(self.potential_covariance)

    @cached_property
    def states(self) -> Array:
        """Activity of each neuron in each state, (2^n, n)."""
        return state_activity(self.network.n_neurons)

    @cached_property
    def mean_potentials(self) -> Array:
        """Mean potentials one step after each state, mu(A), (2^n, n)."""
        return self.network.drive(self.states, step=last_step(self.network))

    @cached_property
    def chain(self) -> Chain:
        """Steps of the law of the states, with ``forward(law)`` and ``backward(values)``."""
        return chain_of(self.network, last_step(self.network))

    def lagged_covariance(self, lag: int, *, of: str = "activity") -> Array:
        """Compute covariances between two times.

        Parameters
        ----------
        lag : int
            Steps from the earlier to the later time.
        of : {"activity", "potential"}

        Returns
        -------
        ndarray, (n, n)
            ``Cov(x_i(t + lag), x_j(t))``.

        Raises
        ------
        ValueError
            If `lag` is below 0; for potentials with correlated noise that `transition_matrix` takes orthants for.

        Notes
        -----
        ``sum_A A_i [T^lag x_j](A)`` with ``x_j(A) = E[(A_j - m_j); A]``. A potential decides on the state of its own
        time: ``sum_k W_ik A_k [T^(lag - 1) y_j](A)`` with ``y_j(A) = E[(V_j - <V_j>); A]``, in which the noise that led
        to A takes part.

        Examples
        --------
        >>> import metastable as mst
        >>> net = mst.networks.FiniteSizeNetwork(weights=[[0, -2], [1.5, 0]], stimulus=[0.6, -0.2], sigma=1)
        >>> mst.finite_size.exact_statistics(net).lagged_covariance(2).diagonal().round(3)
        array([-0.07 , -0.075])
        """
        lag = require_integer("lag", lag, minimum=0)
        if require_choice("of", of, SIGNALS) == "activity":
            weighted = [self.stationary * (a - m) for a, m in zip(self.states.T, self.mean, strict=True)]
            return self.states.T @ np.column_stack([self._advanced(x, lag) for x in weighted])
        if lag == 0:
            return self.potential_covariance
        weighted = [self._potential_by_state(j) for j in range(self.network.n_neurons)]
        later = np.column_stack([self._advanced(y, lag - 1) for y in weighted])
        return self.network.weights @ (self.states.T @ later)

    def _advanced(self, values: Array, n_steps: int) -> Array:
        for _ in range(n_steps):
            values = self.chain.forward(values)
        return values

    def _potential_by_state(self, j: int) -> Array:
        """Return ``E[(V_j - <V_j>); A]`` with the state that the potentials decide on, (2^n,)."""
        centred = self.mean_potentials[:, j] - self.potential_mean[j]
        tilted = chain_of(self.network, last_step(self.network), noise_of=j)
        if not isinstance(tilted, FactoredChain):
            raise ValueError(
                "lagged covariances of potentials need noise that at most two common factors correlate, such as equal "
                "correlations above 0; take those of the activity, or simulate."
            )
        return self.chain.forward(self.stationary * centred) + tilted.forward(self.stationary)

    def __repr__(self) -> str:
        network, order = self.network, np.argsort(-self.stationary, kind="stable")[:3]
        likely = ", ".join(f"{''.join(str(int(a)) for a in self.states[k])} {self.stationary[k]:.4g}" for k in order)
        first = np.cumsum([0, *network.sizes.values()])
        means = ", ".join(
            f"{name} {self.mean[a:b].mean():.4g}".strip()
            for name, a, b in zip(network.sizes, first[:-1], first[1:], strict=True)
        )
        pairs = ~np.eye(network.n_neurons, dtype=bool)
        related = (
            f"\n  mean correlation of pairs: activity {_mean(self.correlation[pairs])}, "
            f"potential {_mean(self.potential_correlation[pairs])}"
            if pairs.any()
            else ""
        )
        return (
            f"ExactStatistics of {network.name}, {network.n_neurons} neurons\n"
            f"  most probable states: {likely}\n  mean activity: {means}{related}"
        )


def exact_statistics(network: FiniteSizeNetwork, *, method: str = "auto") -> ExactStatistics:
    """Compute the stationary statistics of a small network exactly.

    Parameters
    ----------
    network : FiniteSizeNetwork
    method : {"auto", "dense", "gth", "iterative"}
        As in `stationary_distribution`.

    Returns
    -------
    ExactStatistics

    Raises
    ------
    ValueError
        As in `stationary_distribution`.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork.homogeneous(
    ...     {"E": 2, "I": 2}, coupling=[[8, -6], [7, -5]], threshold=1, sigma=1, stimulus=[0.5, 0.2]
    ... )
    >>> mst.finite_size.exact_statistics(net)
    ExactStatistics of homogeneous finite-size network, 4 neurons
      most probable states: 0000 0.3596, 0011 0.09622, 0001 0.08209
      mean activity: E 0.2353, I 0.3848
      mean correlation of pairs: activity 0.2453, potential 0.4469
    """
    return ExactStatistics(network, stationary_distribution(network, method=method))


def statistics_of(network: FiniteSizeNetwork | ExactStatistics) -> ExactStatistics:
    """Return the statistics of a network, which may have been computed before."""
    return network if isinstance(network, ExactStatistics) else exact_statistics(network)


def _normalised(covariance: Array) -> Array:
    spread = np.sqrt(np.diagonal(covariance))
    scale = np.outer(spread, spread)
    return np.divide(covariance, scale, out=np.full_like(covariance, np.nan), where=scale > 0)


def _mean(values: Array) -> str:
    known = values[~np.isnan(values)]
    return f"{known.mean():.4f}" if known.size else "undefined"
