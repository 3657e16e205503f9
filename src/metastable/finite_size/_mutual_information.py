"""Mutual information between neurons or groups of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._validation import require_indices, require_integer
from metastable.finite_size._exact_statistics import ExactStatistics, statistics_of
from metastable.networks import FiniteSizeNetwork

# Patterns of the two groups together: a table of 128 MiB.
_MOST_NEURONS = 24


def mutual_information(
    network: FiniteSizeNetwork | ExactStatistics, first: ArrayLike, second: ArrayLike, *, lag: int = 0
) -> float:
    """Compute the stationary mutual information between the activities of two groups of neurons.

    Parameters
    ----------
    network : FiniteSizeNetwork or ExactStatistics
    first, second : int or array_like of int
        Neurons of either group.
    lag : int
        Steps by which the activity of `first` is later.

    Returns
    -------
    float
        In bits.

    Raises
    ------
    ValueError
        If a group is empty or names a neuron twice, or the groups have too many patterns.

    Notes
    -----
    ``sum p(x, y) log2 [p(x, y) / (p(x) p(y))]`` with the patterns x of `first` at t + lag and y of `second` at t.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork(weights=[[0, -2], [1.5, 0]], stimulus=[0.6, -0.2], sigma=1)
    >>> round(mst.finite_size.mutual_information(net, 0, 1, lag=1), 4)
    0.3437
    """
    n = (network.network if isinstance(network, ExactStatistics) else network).n_neurons
    groups = [require_indices(name, given, n) for name, given in (("first", first), ("second", second))]
    for name, group in zip(("first", "second"), groups, strict=True):
        if not group.size or np.unique(group).size < group.size:
            raise ValueError(f"{name} must be different neurons, at least one, got {group.tolist()}.")
    lag, total = require_integer("lag", lag, minimum=0), groups[0].size + groups[1].size
    if total > _MOST_NEURONS:
        raise ValueError(f"two groups of {total} neurons together have 2^{total} patterns; give at most 24 neurons.")
    joint = _joint_law(statistics_of(network), groups[0], groups[1], lag)
    expected = np.outer(joint.sum(axis=1), joint.sum(axis=0))
    seen = joint > 0
    return max(0.0, float((joint[seen] * np.log2(joint[seen] / expected[seen])).sum()))


def _joint_law(
    statistics: ExactStatistics, first: NDArray[np.intp], second: NDArray[np.intp], lag: int
) -> NDArray[np.float64]:
    """Return the joint law of the patterns of `first` at t + lag and `second` at t."""
    states = statistics.states.astype(np.int64)
    pattern = [states[:, group] @ (1 << np.arange(group.size)) for group in (first, second)]
    sizes = 2**first.size, 2**second.size
    if lag == 0:
        both = np.bincount(pattern[0] * sizes[1] + pattern[1], statistics.stationary, sizes[0] * sizes[1])
        return both.astype(np.float64).reshape(sizes)
    joint = np.empty(sizes)
    for y in range(sizes[1]):
        law = np.where(pattern[1] == y, statistics.stationary, 0.0)
        for _ in range(lag):
            law = statistics.chain.forward(law)
        joint[:, y] = np.bincount(pattern[0], law, sizes[0])
    return joint
