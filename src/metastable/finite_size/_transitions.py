"""From any state to the next: transition probabilities of a small network of synchronous binary neurons."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from metastable._validation import require_integer
from metastable.finite_size._chain import DenseChain, FactoredChain, product_law
from metastable.finite_size._common_noise import CommonNoise
from metastable.finite_size._noise_moments import upper_mean
from metastable.finite_size._orthants import orthant_probabilities
from metastable.finite_size._search_cost import as_float, duration
from metastable.finite_size._states import state_activity
from metastable.networks import FiniteSizeNetwork

Array = NDArray[np.float64]
Chain = FactoredChain | DenseChain

MOST_DENSE_STATES = 2**13
_MOST_NEURONS = 18
_MOST_CORRELATED = 7
# Multiplications a second of one core in a product of matrices, to put a cost into words.
_SPEED = 1e10


def transition_matrix(network: FiniteSizeNetwork, step: int = 0) -> Array:
    """Compute the probabilities of all transitions between states.

    Parameters
    ----------
    network : FiniteSizeNetwork
        Without noise the matrix is that of the deterministic map.
    step : int
        Which stimulus acts, if it changes in time.

    Returns
    -------
    ndarray, (2^n, 2^n)
        ``T[s', s] = P(s'|s)``: columns sum to 1. Neuron 0 is the lowest bit of the number of a state.

    Raises
    ------
    ValueError
        If the network has more than 13 neurons, whose matrix does not fit; or more than 7 with noise that three or
        more common factors correlate.

    Notes
    -----
    Fasoli & Panzeri 2019: ``P(A'|A) = prod_i Q((2 A'_i - 1) (mu_i(A) - theta_i) / sigma_i)`` with ``mu = W A + I`` and
    the distribution function Q of the noise. Correlated noise is split into noise of each neuron's own and at most two
    common factors, over which a sum is taken that is exact to rounding (equal correlations from 0 to .9999, and most of
    two or three neurons); other correlations need orthant probabilities (Genz 1992), good to about 3e-5.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork(weights=[[0, -2], [1.5, 0]], stimulus=[0.6, -0.2], sigma=1)
    >>> mst.finite_size.transition_matrix(net).round(3)
    array([[0.159, 0.027, 0.532, 0.089],
           [0.42 , 0.07 , 0.047, 0.008],
           [0.115, 0.248, 0.387, 0.83 ],
           [0.305, 0.655, 0.034, 0.073]])
    """
    require_network(network)
    require_dense(2**network.n_neurons)
    return np.ascontiguousarray(chain_of(network, step).matrix().T)


def chain_of(network: FiniteSizeNetwork, step: int, *, noise_of: int | None = None) -> Chain:
    """Return the chain of the states of a network.

    With `noise_of` every probability is multiplied by the mean of the noise of this neuron, given both states: a step
    gives ``E[noise; A']``. Not for noise that has no factors.
    """
    n, step = network.n_neurons, require_integer("step", step, minimum=0)
    require_feasible(n)
    if network.has_independent_noise:
        common = CommonNoise(1.0, np.zeros((1, n)), np.ones(1))
    elif np.ndim(network.correlation) == 0 and network.correlation == 1:
        return _one_noise_for_all(network, step)
    else:
        common = CommonNoise.of(network.correlation, n)
    if common is None:
        return _correlated(network, step)
    _require_few_nodes(n, common.weights.size)
    n_low = n // 2

    def factors(start: int, stop: int, k: int) -> tuple[Array, Array]:
        margin = margins(network, network.drive(state_activity(n, start, stop), step=step))
        margin = (margin + common.common[k]) / common.own
        active, silent = firing_probability(network, margin)
        if noise_of is not None:
            j, shared = noise_of, common.common[k, noise_of]
            own = common.own * upper_mean(network, -margin[:, j])
            active[:, j] = network.sigma[j] * (shared * active[:, j] + own)
            silent[:, j] = network.sigma[j] * (shared * silent[:, j] - own)
        low, high = slice(None, n_low), slice(n_low, None)
        return product_law(active[:, low], silent[:, low]), product_law(active[:, high], silent[:, high])

    return FactoredChain(2**n_low, 2 ** (n - n_low), common.weights, factors)


def margins(network: FiniteSizeNetwork, mean_potential: Array) -> Array:
    """Return how far mean potentials are above threshold, in units of noise; infinite where there is none."""
    distance, sigma = mean_potential - network.threshold, network.sigma
    noisy = sigma > 0
    # Exactly at threshold a neuron is active.
    certain = np.where(distance >= 0, np.inf, -np.inf)
    return np.where(noisy, distance / np.where(noisy, sigma, 1.0), certain)


def firing_probability(network: FiniteSizeNetwork, margin: Array) -> tuple[Array, Array]:
    """Return the probabilities of being active and of being silent, each to its own relative precision."""
    if network.noise == "gaussian":
        return ndtr(margin), ndtr(-margin)
    law = network.noise_law
    return law.sf(-margin), law.cdf(-margin)


def _one_noise_for_all(network: FiniteSizeNetwork, step: int) -> DenseChain:
    """Without any noise of their own, neurons become active one after the other as the common noise rises."""
    n = network.n_neurons
    require_dense(2**n)
    point = -margins(network, network.drive(state_activity(n), step=step))
    order = np.argsort(point, axis=1, kind="stable")
    edges = np.take_along_axis(point, order, axis=1)
    below = np.concatenate([ndtr(edges), np.ones((len(edges), 1))], axis=1)
    target = np.concatenate([np.zeros((len(edges), 1), np.int64), np.cumsum(1 << order, axis=1)], axis=1)
    matrix = np.zeros((2**n, 2**n))
    matrix[np.arange(2**n)[:, None], target] = np.diff(below, axis=1, prepend=0.0)
    return DenseChain(matrix)


def _require_few_nodes(n_neurons: int, n_nodes: int) -> None:
    """Raise a sentence about the cost of a sum over very many values of common noise in each step."""
    operations = 4.0**n_neurons * n_nodes
    if n_nodes > 1 and operations > 4.0**_MOST_NEURONS:
        raise ValueError(
            f"one step of the law of {n_neurons} neurons with common noise would take {operations:.2g} multiplications "
            f"for {n_nodes:,} values of it, {duration(operations / _SPEED)}; at most {4.0**_MOST_NEURONS:.2g} are "
            "allowed: take fewer neurons or weaker correlations, the lumped chain of equal neurons, or simulate."
        )


def _correlated(network: FiniteSizeNetwork, step: int) -> DenseChain:
    n = network.n_neurons
    if n > _MOST_CORRELATED:
        minutes = 4.0**n * 1e-3 / 60
        raise ValueError(
            f"the noise of these {n} neurons has three or more common factors, or nearly no other noise, and the "
            f"{4.0**n:.2g} orthant probabilities would take {minutes:.2g} minutes; at most {_MOST_CORRELATED} neurons "
            "are allowed, or equal correlations above 0 and not too near to 1."
        )
    matrix = np.array(np.broadcast_to(network.correlation, (n, n)), np.float64)
    np.fill_diagonal(matrix, 1)
    margin = margins(network, network.drive(state_activity(n), step=step))
    return DenseChain(orthant_probabilities(margin, matrix))


def require_network(network: object) -> None:
    """Raise a sentence unless this is a finite-size network."""
    if not isinstance(network, FiniteSizeNetwork):
        raise TypeError(f"network must be a FiniteSizeNetwork, got {type(network).__name__}; build one with networks.")


def require_dense(n_states: int) -> None:
    """Raise a sentence about the cost of a transition matrix that is too large."""
    if n_states > MOST_DENSE_STATES:
        size = as_float(n_states)
        other = 'method="iterative", or' if n_states <= 2**_MOST_NEURONS else "simulate, or"
        states = f"{n_states:,}" if n_states < 10**9 else f"{size:.2g}"
        raise ValueError(
            f"the transition matrix of {states} states would take {8 * size * size / 2**30:,.3g} GiB and its "
            f"solution {duration(size * size * size / 1.5 / _SPEED)}; at most {MOST_DENSE_STATES:,} states are "
            f"allowed: use {other} the lumped chain of a homogeneous network."
        )


def require_feasible(n_neurons: int) -> None:
    """Raise a sentence about the cost of one step of the law of too many neurons."""
    if n_neurons > _MOST_NEURONS:
        raise ValueError(
            f"the law of {n_neurons} neurons has 2^{n_neurons} states and one step of it would take 4^{n_neurons} "
            f"multiplications, {duration(as_float(4**n_neurons) / _SPEED)}; at most {_MOST_NEURONS} neurons are "
            "allowed: use the lumped chain of a homogeneous network, or simulate."
        )
