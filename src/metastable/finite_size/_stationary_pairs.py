"""How probable it is that two states are both stationary when weights are random."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, owens_t

from metastable.finite_size._needed_stimulus import activation_table, standard_margin, thinned, times_log
from metastable.finite_size._search_cost import as_float, duration
from metastable.networks import DisorderedNetwork

Array = NDArray[np.float64]

_MOST_CELLS = 5_000_000
_NANOSECONDS = 120.0
# Stands for 0 where a sign decides on which side a limit is taken; its products do not underflow.
_NEARLY_ZERO = 1e-150


def second_moment(network: DisorderedNetwork) -> float:
    """Return the expected number of ordered pairs of stationary states, a state with itself included.

    Pairs are told apart by how many neurons of each population are active in both states, in the first only, in the
    second only.
    """
    sizes = list(network.sizes.values())
    cells = as_float(math.prod((size + 1) ** 3 for size in sizes))
    if cells > _MOST_CELLS:
        raise ValueError(
            f"the variance for populations of {', '.join(map(str, sizes))} neurons takes {cells:.2g} probabilities of "
            f"pairs of states, {duration(cells * len(sizes) * _NANOSECONDS * 1e-9)} and "
            f"{cells * len(sizes) * 5e-8:.2g} GB; at most {_MOST_CELLS:,} are allowed: leave variance=False, or take "
            "fewer neurons."
        )
    shape = tuple(size + 1 for size in sizes for _ in range(3))
    stride = np.cumprod((1, *shape[::-1]))[-2::-1]
    index, ways, split = _pairs(sizes, stride)
    total = ways
    for a, size in enumerate(sizes):
        both, first, second, neither = (table.ravel() for table in _pair_tables(network, a, shape))
        in_both, in_first, in_second = split[a]
        for table, count, step in (
            (both, in_both, stride[3 * a]),
            (first, in_first, stride[3 * a + 1]),
            (second, in_second, stride[3 * a + 2]),
            (neither, size - in_both - in_first - in_second, 0),
        ):
            # A neuron that is active does not count itself; where no neuron is, any entry does.
            chance = table[np.maximum(index - step, 0)]
            total = total + times_log(count, chance)
    largest = float(total.max())
    return math.exp(largest) * float(np.exp(total - largest).sum()) if largest > -math.inf else 0.0


def _pairs(sizes: list[int], stride: NDArray) -> tuple[NDArray, Array, list[list[NDArray]]]:
    """List all kinds of pairs: index in a table, logarithm of their number, and by population their three counts."""
    index, ways = np.zeros(1, np.int64), np.zeros(1)
    split: list[list[NDArray]] = []
    for a, size in enumerate(sizes):
        grid = np.indices((size + 1,) * 3).reshape(3, -1)
        grid = grid[:, grid.sum(axis=0) <= size]
        parts = [*grid.tolist(), (size - grid.sum(axis=0)).tolist()]
        logs = np.array([math.lgamma(k + 1) for k in range(size + 1)])
        here = logs[size] - sum(logs[part] for part in parts)
        split = [[np.repeat(v, grid.shape[1]) for v in old] for old in split]
        split.append([np.tile(v, index.size) for v in grid])
        index = np.add.outer(index, stride[3 * a : 3 * a + 3] @ grid).ravel()
        ways = np.add.outer(ways, here).ravel()
    return index, ways, split


def _pair_tables(network: DisorderedNetwork, a: int, shape: tuple[int, ...]) -> tuple[Array, Array, Array, Array]:
    """Return the probabilities of a neuron being active after both states, the first, the second, or neither.

    By the numbers of neurons before it that are active in both states, in the first only and in the second only, for
    each population, ``shape``.
    """
    sizes = list(network.sizes.values())
    axes = np.ix_(*[np.arange(length) for length in shape])
    needed = network.threshold[a] - network.stimulus[a]
    zero = np.zeros(())
    moments = []
    for w, power in ((network.weight_mean[a], 1), (network.weight_sd[a], 2)):
        shared, first, second = (
            sum((w[b] ** power * axes[3 * b + kind] for b in range(len(sizes))), zero) for kind in range(3)
        )
        moments.append((shared + first, shared + second, shared))
    margin = [np.broadcast_to(standard_margin(moments[0][k], moments[1][k], needed), shape) for k in range(2)]
    variance = [np.broadcast_to(moments[1][k], shape) for k in range(2)]
    shared = np.broadcast_to(moments[1][2], shape)
    possible = np.ones((1,) * len(shape), bool)
    for b, size in enumerate(sizes):
        possible = possible & (axes[3 * b] + axes[3 * b + 1] + axes[3 * b + 2] <= size)
    possible = np.broadcast_to(possible, shape)
    both = np.zeros(shape)
    both[possible] = both_active(
        margin[0][possible], margin[1][possible], variance[0][possible], variance[1][possible], shared[possible]
    )
    for b, size in enumerate(sizes):
        for kind in range(3):
            both = thinned(both, 3 * b + kind, size, network.probability[a, b])
    active, silent = activation_table(network, a)
    # Cut where no pair of states has so many.
    at = [tuple(np.minimum(axes[3 * b] + axes[3 * b + kind], size) for b, size in enumerate(sizes)) for kind in (1, 2)]
    first = np.maximum(active[at[0]] - both, 0)
    second = np.maximum(active[at[1]] - both, 0)
    neither = np.maximum(silent[at[0]] - second, 0)
    return both, first, second, neither


def both_active(first: Array, second: Array, variance_first: Array, variance_second: Array, shared: Array) -> Array:
    """Return the probability that two inputs reach threshold, given margins, variances and covariance.

    Notes
    -----
    ``Phi2(h, k; rho) = (Phi(h) + Phi(k)) / 2 - T(h, (k - rho h) / (h s)) - T(k, (h - rho k) / (k s)) - [hk < 0] / 2``
    with ``s = sqrt(1 - rho^2)`` and Owen's T function (Owen 1956).
    """
    result = np.minimum(ndtr(first), ndtr(second))
    # An input without variance is certain, and inputs of the same connections are the same variable up to a shift.
    free = (variance_first > shared) | (variance_second > shared)
    free &= (variance_first > 0) & (variance_second > 0)
    h, k = (np.where(np.abs(v) < _NEARLY_ZERO, _NEARLY_ZERO, v) for v in (first[free], second[free]))
    x, y, c = variance_first[free], variance_second[free], shared[free]
    product = np.sqrt(x * y)
    rho = c / product
    # 1 - rho^2 from differences that are exact where only few connections are not shared.
    s = np.sqrt((x - c) * y + c * (y - c)) / product
    t = owens_t(h, (k - rho * h) / (h * s)) + owens_t(k, (h - rho * k) / (k * s))
    result[free] = 0.5 * (ndtr(h) + ndtr(k)) - t - np.where(h * k < 0, 0.5, 0.0)
    return np.clip(result, 0, 1)
