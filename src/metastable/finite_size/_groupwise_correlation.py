"""Correlations and cumulants of groups of neurons, of any order."""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._validation import require_choice, require_indices
from metastable.finite_size._exact_statistics import SIGNALS, ExactStatistics, statistics_of
from metastable.finite_size._noise_moments import absolute_moment, gaussian_product
from metastable.networks import FiniteSizeNetwork

Array = NDArray[np.float64]
# The partitions of eleven neurons are 678,570, and each higher order has some six times more.
_MOST_ORDER = 10


def groupwise_correlation(
    network: FiniteSizeNetwork | ExactStatistics, neurons: ArrayLike, *, of: str = "activity"
) -> float:
    """Compute the correlation of a group of neurons in the stationary state, of the order of their number.

    Parameters
    ----------
    network : FiniteSizeNetwork or ExactStatistics
        Give statistics that were computed before to save their computation.
    neurons : array_like of int, (order,)
        At least two different ones.
    of : {"activity", "potential"}

    Returns
    -------
    float
        NaN if one of the neurons never changes.

    Raises
    ------
    ValueError
        If there are fewer than two neurons, one is named twice, or the noise lacks a moment of this order.

    Notes
    -----
    ``E prod_i (x_i - <x_i>) / (prod_i E|x_i - <x_i>|^n)^(1/n)`` (Fasoli & Panzeri 2019), for two neurons Pearson's
    correlation. Potentials are a mixture over the states: the numerator by Isserlis' theorem, the absolute moments
    of Gaussian noise by Kummer's function 1F1.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork.homogeneous(
    ...     {"E": 2, "I": 2}, coupling=[[8, -6], [7, -5]], threshold=1, sigma=1, stimulus=[0.5, 0.2]
    ... )
    >>> exact = mst.finite_size.exact_statistics(net)
    >>> round(mst.finite_size.groupwise_correlation(exact, [0, 1, 2]), 8)
    0.05300501
    >>> round(mst.finite_size.groupwise_correlation(exact, [0, 1, 2], of="potential"), 8)
    -0.04667558
    """
    statistics, group = statistics_of(network), _group(network, neurons, minimum=2)
    order = group.size
    if require_choice("of", of, SIGNALS) == "activity":
        m = statistics.mean[group]
        # Not 1 - m, which has few digits for a neuron that is nearly always active.
        silent = statistics.stationary @ (1 - statistics.states[:, group])
        spread = m * silent**order + silent * m**order
    else:
        net = statistics.network
        distance = statistics.mean_potentials[:, group] - statistics.potential_mean[group]
        spread = np.array(
            [
                statistics.stationary @ absolute_moment(net, d, float(net.sigma[i]), order)
                for i, d in zip(group, distance.T, strict=True)
            ]
        )
    if not (spread > 0).all():
        return float("nan")
    return float(central_moment(statistics, group, of) / np.exp(np.log(spread).mean()))


def joint_cumulant(network: FiniteSizeNetwork | ExactStatistics, neurons: ArrayLike, *, of: str = "activity") -> float:
    """Compute the joint cumulant of a group of neurons in the stationary state.

    Parameters
    ----------
    network : FiniteSizeNetwork or ExactStatistics
    neurons : array_like of int, (order,)
        Different ones, at most 10.
    of : {"activity", "potential"}

    Returns
    -------
    float
        The mean for one neuron, the covariance for two; 0 where some of the neurons are independent of the others.

    Raises
    ------
    ValueError
        If there are no or too many neurons, or one is named twice.

    Notes
    -----
    ``sum over partitions (-1)^(b - 1) (b - 1)! prod over blocks E prod_i (x_i - <x_i>)`` with b blocks.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork(weights=[[0, -2], [1.5, 0]], sigma=1, correlation=0.3)
    >>> exact = mst.finite_size.exact_statistics(net)
    >>> bool(abs(mst.finite_size.joint_cumulant(exact, [0, 1]) - exact.covariance[0, 1]) < 1e-15)
    True
    """
    statistics, group = statistics_of(network), _group(network, neurons, minimum=1)
    require_choice("of", of, SIGNALS)
    if group.size > _MOST_ORDER:
        raise ValueError(f"a cumulant of {group.size} neurons has too many partitions; give at most {_MOST_ORDER}.")
    if group.size == 1:
        mean = statistics.mean if of == "activity" else statistics.potential_mean
        return float(mean[group[0]])
    known: dict[tuple[int, ...], float] = {}

    def moment(block: tuple[int, ...]) -> float:
        if block not in known:
            known[block] = central_moment(statistics, group[list(block)], of) if len(block) > 1 else 0.0
        return known[block]

    total = 0.0
    for partition in _partitions(group.size):
        sign = -1 if len(partition) % 2 == 0 else 1
        total += sign * factorial(len(partition) - 1) * float(np.prod([moment(tuple(block)) for block in partition]))
    return total


def central_moment(statistics: ExactStatistics, group: NDArray[np.intp], of: str) -> float:
    """Return ``E prod_i (x_i - <x_i>)`` over a group."""
    if of == "activity":
        product = (statistics.states[:, group] - statistics.mean[group]).prod(axis=1)
    else:
        distance = statistics.mean_potentials[:, group] - statistics.potential_mean[group]
        # Different neurons: whatever the law, independent noise of mean 0 leaves their mean potentials alone.
        product = gaussian_product(distance, statistics.network.covariance[np.ix_(group, group)])
    return float(statistics.stationary @ product)


def _partitions(n: int) -> list[list[list[int]]]:
    if n == 0:
        return [[]]
    grown = []
    for partition in _partitions(n - 1):
        grown.append([*partition, [n - 1]])
        for k, block in enumerate(partition):
            grown.append([*partition[:k], [*block, n - 1], *partition[k + 1 :]])
    return grown


def _group(network: FiniteSizeNetwork | ExactStatistics, neurons: ArrayLike, *, minimum: int) -> NDArray[np.intp]:
    n = (network.network if isinstance(network, ExactStatistics) else network).n_neurons
    group = require_indices("neurons", neurons, n)
    if group.size < minimum or np.unique(group).size < group.size:
        raise ValueError(f"neurons must be at least {minimum} different ones, got {group.tolist()}.")
    return group
