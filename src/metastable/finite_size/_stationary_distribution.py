"""The law of the states that a network with noise comes to, whatever it starts from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_choice
from metastable.finite_size._gth import gth
from metastable.finite_size._relaxation import few_threads, leading_eigenpairs
from metastable.finite_size._transitions import Chain, chain_of, require_dense, require_network
from metastable.networks import FiniteSizeNetwork

Array = NDArray[np.float64]

METHODS = ("auto", "dense", "gth", "iterative")
# Elimination takes a second for this many states, and grows with their third power.
_MOST_ELIMINATED = 2**11
_PLAIN_STEPS = 100
# Of the distance (sum of absolute differences) to the stationary law; a step rounds by this times sqrt(n_states).
_TOLERANCE = 1e-15
_DISTURBED = 1e-12
_CLOSEST = 1e-9
_POLISHING = 5


def stationary_distribution(network: FiniteSizeNetwork, *, method: str = "auto") -> Array:
    """Compute the stationary law of the states.

    Parameters
    ----------
    network : FiniteSizeNetwork
        A stimulus that changes in time acts as it does in the end.
    method : {"auto", "dense", "gth", "iterative"}
        ``"gth"`` eliminates states without a subtraction, so that the smallest probability has all its digits, and is
        the choice up to 11 neurons; ``"dense"`` solves linear equations, and loses probabilities below 1e-16;
        ``"iterative"`` follows the law in time and never builds the transition matrix, the choice beyond.

    Returns
    -------
    ndarray, (2^n,)
        Neuron 0 is the lowest bit of the number of a state.

    Raises
    ------
    ValueError
        If there is no noise or too little for a unique law, or the network is too large for the method.

    Notes
    -----
    ``pi = T pi`` with `transition_matrix` (Fasoli & Panzeri 2019). Elimination after Grassmann, Taksar & Heyman (1985),
    2/3 8^n operations; a step in time costs 2 4^n. Where a hundred steps are not enough, the iteration goes on by
    Arnoldi's method, which also tells whether the law is unique.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork(weights=[[0, -2], [1.5, 0]], stimulus=[0.6, -0.2], sigma=1)
    >>> mst.finite_size.stationary_distribution(net).round(4)
    array([0.2693, 0.1428, 0.3842, 0.2037])
    """
    require_network(network)
    require_choice("method", method, METHODS)
    require_noise(network)
    if method in ("dense", "gth"):
        require_dense(2**network.n_neurons)
    return stationary_law(chain_of(network, last_step(network)), method)


def last_step(network: FiniteSizeNetwork) -> int:
    """Return the first step from which on the stimulus no longer changes."""
    return len(np.atleast_2d(network.stimulus)) - 1


def require_noise(network: FiniteSizeNetwork) -> None:
    """Raise a sentence if the network is deterministic."""
    if network.is_noiseless:
        raise ValueError(
            "sigma is 0, and where a network without noise ends depends on where it starts; raise sigma, or use "
            "stationary_states and cycles."
        )


def stationary_law(chain: Chain, method: str) -> Array:
    """Return the stationary law of a chain, (n_states,)."""
    if method == "iterative" or (method == "auto" and chain.n_states > _MOST_ELIMINATED):
        with few_threads(chain.n_states):
            return _followed(chain)
    require_dense(chain.n_states)
    matrix = chain.matrix()
    kept = _closed_class(matrix) if chain.may_vanish else slice(None)
    matrix = matrix[kept][:, kept]
    law = np.zeros(chain.n_states)
    law[kept] = _solved(matrix) if method == "dense" else gth(matrix)
    return law


def _solved(matrix: Array) -> Array:
    """Solve the equations, one of which says that probabilities sum to 1."""
    equations = matrix.T - np.eye(len(matrix))
    equations[0] = 1
    right = np.zeros(len(matrix))
    right[0] = 1
    try:
        return np.asarray(np.linalg.solve(equations, right), np.float64)
    except np.linalg.LinAlgError:
        raise ValueError(
            "the noise leads out of some states so seldom that the equations are singular to rounding; use "
            'method="gth".'
        ) from None


def _closed_class(matrix: Array) -> NDArray[np.intp]:
    """Return the states that are visited again and again, or raise a sentence if they depend on the start."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    links = csr_array(matrix > 0)
    n_classes, label = connected_components(links, directed=True, connection="strong")
    source, target = links.nonzero()
    leaves = label[source] != label[target]
    closed = np.setdiff1d(np.arange(n_classes), label[source[leaves]])
    if closed.size > 1:
        raise ValueError(
            f"the network ends in one of {closed.size} sets of states between which no noise leads, so that its "
            "stationary law depends on where it starts; raise sigma."
        )
    return np.flatnonzero(label == closed[0])


def _followed(chain: Chain) -> Array:
    tolerance = _TOLERANCE * np.sqrt(chain.n_states)
    law, before, ratio = np.full(chain.n_states, 1 / chain.n_states), 0.0, 1.0
    if not chain.may_vanish:
        for _ in range(_PLAIN_STEPS):
            after = chain.forward(law)
            change = float(np.abs(after - law).sum())
            law = after / after.sum()
            # What is left of a geometric series with the ratio of the last two terms that rounding does not disturb.
            if before and change > _DISTURBED:
                ratio = change / before
            if change == 0 or (ratio < 1 and change * ratio / (1 - ratio) < tolerance):
                return law
            before = change
    values, vectors = leading_eigenpairs(chain, 2)
    order = np.argsort(np.abs(values - 1))
    if abs(values[order[1]] - 1) < _CLOSEST:
        raise ValueError(
            "the network leaves some sets of states less than once in 10^9 steps, so that its stationary law cannot be "
            'found by iteration; raise sigma, or use method="gth" up to 13 neurons.'
        )
    law = np.abs(vectors[:, order[0]].real)
    law /= law.sum()
    for _ in range(_POLISHING):
        # The mean of two steps also settles where the network alternates between sets of states.
        law = (law + chain.forward(law)) / 2
    return law / law.sum()
