"""Clusters as the communities of a matrix of weights, found or true."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable.communities import adjusted_rand_index, maximise_modularity

_LEAST_COMMUNITY = 3


def agreement_with_clusters(
    matrix: NDArray[np.float64],
    cluster: NDArray[np.intp],
    linked: NDArray[np.bool_],
    n_spikes: NDArray[np.int64],
    seed: int,
) -> tuple[float, float]:
    """Return how well the communities of excitatory neurons are the clusters: all neurons, and those with an interval.

    Communities are those of the squares of positive weights, the mean of both directions or of the one that is known:
    synapses within clusters are stronger, and squares keep many small errors from counting as much as few connections.
    Of a neuron without an interval no incoming weight is known. What its silence tells is that it hardly belongs to a
    cluster whose activity would make it fire, so that it is put into the community that fires least, right or wrong.
    """
    weights = matrix[: cluster.size, : cluster.size]
    known = np.isfinite(weights)
    links = np.where(known, weights, 0.0).clip(min=0) ** 2
    links = (links + links.T) / np.maximum(known.astype(int) + known.T, 1)
    np.fill_diagonal(links, 0)
    if not links.any():
        return 0.0, 0.0
    labels = maximise_modularity(links, seed=seed, n_jobs=1).labels
    if linked.any():
        size = np.bincount(labels[linked])
        rate = np.bincount(labels[linked], n_spikes[linked]) / np.maximum(size, 1)
        # A community of one or two is none.
        labels = np.where(linked, labels, np.where(size >= _LEAST_COMMUNITY, rate, np.inf).argmin())
    of_linked = adjusted_rand_index(labels[linked], cluster[linked]) if linked.any() else 0.0
    return adjusted_rand_index(labels, cluster), of_linked
