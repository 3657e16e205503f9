"""Synapses with weights and delays that a person gives: checked, and sorted into lists."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_number, require_numbers
from metastable.networks._connection_rows import SynapseLists
from metastable.networks._lif_network import LIFNetwork


def synapse_lists(
    network: LIFNetwork, position: NDArray[np.int64], n_positions: int, weights: Any, delay_ms: Any
) -> SynapseLists:
    """Check weights and delays, (post, pre), and sort them by presynaptic, then by postsynaptic neuron.

    Parameters
    ----------
    network : LIFNetwork
    position : ndarray of int, (n_neurons,)
        Position of each neuron in the lists, of `n_positions`.
    weights, delay_ms
        See `WiredLIFNetwork.with_synapses`.

    Returns
    -------
    SynapseLists
    """
    n = network.n_neurons
    columns = _matrix("weights", weights, n)
    columns.eliminate_zeros()
    post, pre = columns.indices, np.repeat(np.arange(n), np.diff(columns.indptr))
    _require(np.isfinite(columns.data), "weights", columns.data, post, pre, "finite numbers, and 0 for no synapse")
    if (own := np.flatnonzero(post == pre)).size:
        k = own[0]
        raise ValueError(
            f"weights[{pre[k]}, {pre[k]}] = {columns.data[k]:g} connects a neuron to itself; set the diagonal to 0."
        )
    if delay_ms is None:
        delay = _delays_of_connections(network, post, pre)
    elif np.ndim(delay_ms) == 0 and not hasattr(delay_ms, "tocsc"):
        delay = np.full(post.size, require_number("delay_ms", delay_ms, above=0))
    else:
        delay = _delays_of_pairs(_matrix("delay_ms", delay_ms, n, unique=True), post, pre)
        _require(np.isfinite(delay) & (delay > 0), "delay_ms", delay, post, pre, "a time above 0 to every synapse")
    n_targets = np.zeros(n_positions, np.int64)
    n_targets[position] = np.diff(columns.indptr)
    start = np.concatenate([[0], np.cumsum(n_targets)])
    arrays = start, position[post].astype(np.int32), columns.data, delay
    for array in arrays:
        array.flags.writeable = False
    return SynapseLists(*arrays)


def _matrix(name: str, values: Any, n: int, *, unique: bool = False) -> Any:
    """Return a copy of a matrix, dense or sparse, by columns, with sorted rows in each."""
    from scipy.sparse import csc_array, issparse

    if not issparse(values):
        # An adjacency matrix holds truth values.
        array = np.asarray(values)
        values = array.astype(np.float64) if array.dtype == bool else require_numbers(name, values)
    if values.shape != (n, n):
        raise ValueError(f"{name} must have shape {(n, n)}, (post, pre), got {values.shape}.")
    n_stored = getattr(values, "nnz", 0)
    columns = csc_array(values, copy=True)
    data = columns.data.astype(np.float64) if columns.data.dtype == bool else columns.data
    columns.data = np.array(require_numbers(name, data))
    columns.sum_duplicates()
    if unique and columns.nnz < n_stored:
        raise ValueError(
            f"{name} holds {n_stored - columns.nnz} pairs more than once, and delays do not add; give one delay for "
            "each pair (weights of a pair add)."
        )
    return columns


def _delays_of_connections(network: LIFNetwork, post: NDArray, pre: NDArray) -> NDArray[np.float64]:
    names = [p.name for p in network.populations]
    known = {(c.post, c.pre): c.delay_ms for c in network.connections}
    table = np.array([[known.get((a, b), np.nan) for b in names] for a in names])
    population = np.repeat(np.arange(len(names)), [p.size for p in network.populations])
    delay = table[population[post], population[pre]]
    if (bad := np.flatnonzero(np.isnan(delay))).size:
        k = bad[0]
        a, b = names[population[pre[k]]], names[population[post[k]]]
        raise ValueError(
            f"weights[{post[k]}, {pre[k]}] connects {a} to {b}, and the network has no connection {a}->{b} with a "
            "delay; give delay_ms."
        )
    return delay


def _delays_of_pairs(delays: Any, post: NDArray, pre: NDArray) -> NDArray[np.float64]:
    """Return the entries of a sparse matrix at some pairs, 0 where it has none."""
    n = delays.shape[0]
    given = np.repeat(np.arange(n), np.diff(delays.indptr)) * n + delays.indices
    wanted = pre * n + post
    at = np.minimum(np.searchsorted(given, wanted), max(given.size - 1, 0))
    return np.where(given[at] == wanted, delays.data[at], 0.0) if given.size else np.zeros(post.size)


def _require(good: NDArray[np.bool_], name: str, values: NDArray, post: NDArray, pre: NDArray, give: str) -> None:
    if (bad := np.flatnonzero(~good)).size:
        k = bad[0]
        raise ValueError(f"{name}[{post[k]}, {pre[k]}] is {values[k]:g}; give {give}.")
