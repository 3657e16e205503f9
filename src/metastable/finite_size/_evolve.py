"""The law of the states in time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._validation import require_integer, require_numbers
from metastable.finite_size._transitions import chain_of, require_feasible, require_network
from metastable.networks import FiniteSizeNetwork

_MOST_BYTES = 2**32


def evolve(network: FiniteSizeNetwork, initial: ArrayLike, *, n_steps: int, first_step: int = 0) -> NDArray[np.float64]:
    """Compute the law of the states step by step.

    Parameters
    ----------
    network : FiniteSizeNetwork
        With a stimulus that may change in time; without noise every state moves to one other.
    initial : array_like, (n,) or (2^n,)
        A state, or probabilities of all states.
    n_steps : int
    first_step : int
        Which stimulus acts first.

    Returns
    -------
    ndarray, (n_steps + 1, 2^n)
        The first row is the law at the start.

    Raises
    ------
    ValueError
        If `initial` is neither a state nor a law, or the result does not fit.

    Notes
    -----
    ``p(t + 1) = T(t) p(t)``, a step costs 2 4^n operations; the transition matrix is not built.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork(weights=[[0, -2], [1.5, 0]], stimulus=[0.6, -0.2], sigma=1)
    >>> mst.finite_size.evolve(net, [1, 1], n_steps=2).round(4)
    array([[0.    , 0.    , 0.    , 1.    ],
           [0.089 , 0.0078, 0.8303, 0.0729],
           [0.4629, 0.0774, 0.3939, 0.0658]])
    """
    require_network(network)
    require_feasible(network.n_neurons)
    n_states, n_steps = 2**network.n_neurons, require_integer("n_steps", n_steps, minimum=0)
    first_step = require_integer("first_step", first_step, minimum=0)
    law = _initial_law(network, initial)
    if 8 * n_states * (n_steps + 1) > _MOST_BYTES:
        raise ValueError(
            f"{n_steps:,} steps of the law of {n_states:,} states would take "
            f"{8 * n_states * (n_steps + 1) / 2**30:,.3g} GiB; at most {_MOST_BYTES / 2**30:g} are allowed: take fewer "
            "at a time."
        )
    laws = np.empty((n_steps + 1, n_states))
    laws[0] = law
    last = len(np.atleast_2d(network.stimulus)) - 1
    chain = chain_of(network, first_step)
    for t in range(n_steps):
        # From its last row on the stimulus, and so the chain, remains.
        if t and first_step + t <= last:
            chain = chain_of(network, first_step + t)
        laws[t + 1] = chain.forward(laws[t])
    return laws


def _initial_law(network: FiniteSizeNetwork, initial: ArrayLike) -> NDArray[np.float64]:
    n, given = network.n_neurons, require_numbers("initial", initial)
    if given.shape == (n,):
        if not np.isin(given, (0, 1)).all():
            raise ValueError("initial must hold 0 and 1 if it is a state; a law has 2^n probabilities.")
        law = np.zeros(2**n)
        law[int(given @ 2.0 ** np.arange(n))] = 1
        return law
    if given.shape != (2**n,):
        raise ValueError(f"initial must be a state, shape ({n},), or a law, shape ({2**n},), got {given.shape}.")
    if not ((given >= 0).all() and abs(given.sum() - 1) < 1e-9):
        raise ValueError(f"initial must hold probabilities that sum to 1, got a sum of {given.sum():g}.")
    return given / given.sum()
