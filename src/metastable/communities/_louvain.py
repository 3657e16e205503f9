"""Modularity of a dense weighted network, climbed by moves of nodes and of groups.

A similarity matrix of spike trains is full, so lists of neighbours do not help. Kept instead is the weight between each
group and each node: the gain of every move is then one subtraction, and a move changes two contiguous rows.
"""

from __future__ import annotations

import numpy as np
from numba import njit

# A sweep of Kernighan and Lin gives up after so many moves without a new best: later ones hardly ever find one.
_PATIENCE = 50
# Share of nodes that a shake moves.
_SHAKEN = 0.3
# Gains below this share of the weight of an average node are rounding.
_LEAST = 1e-12


@njit(nogil=True, cache=True)
def climb(weights, n_shakes, random_state):
    """Search for the partition of largest modularity from every node on its own.

    Parameters
    ----------
    weights : ndarray, (n, n)
        Symmetric; the diagonal is counted as within the node's own group.
    n_shakes : int
        How many times in a row the result is shaken without improvement before the search ends.
    random_state : ndarray of uint64, (1,)
        Changed in place; the order in which nodes are visited and the shakes come from it.

    Returns
    -------
    labels : ndarray of int, (n,)
        0 to the number of groups - 1, in the order of first appearance.
    modularity : float
        Q/2m.

    Notes
    -----
    Blondel et al. 2008 (moves of nodes, then of whole groups), repeated from the result until no groups join, then
    Kernighan-Lin sweeps as in Newman 2006, section VI. A shake puts some nodes into random groups and climbs again
    (iterated local search): where no structure stands out there are very many maxima, and this finds higher ones than
    another start from single nodes does.
    """
    n = weights.shape[0]
    degree = weights.sum(axis=1)
    total = degree.sum()
    labels = np.arange(n)
    modularity = _settle(weights, degree, total, labels, random_state)
    order = np.arange(n)
    n_failed = 0
    while n_failed < n_shakes:
        shaken = labels.copy()
        n_targets = shaken.max() + 2
        _shuffle(order, random_state)
        for i in order[: max(2, int(_SHAKEN * n))]:
            shaken[i] = _draw(n_targets, random_state)
        found = _settle(weights, degree, total, shaken, random_state)
        if found > modularity + _LEAST:
            labels, modularity = shaken, found
            n_failed = 0
        else:
            n_failed += 1
    return labels, modularity


@njit(nogil=True, cache=True)
def _settle(weights, degree, total, labels, random_state):
    """Climb from some groups to where neither nodes nor groups have anything to gain, in place; return Q/2m."""
    n_groups = _renumber(labels)
    merged = True
    while merged:
        # One more row than groups: room for a node to leave them all.
        between = _sum_rows(weights, labels, n_groups + 1)
        _move_nodes(weights, degree, total, labels, between, random_state)
        n_groups = _renumber(labels)
        merged = False
        while True:
            group_weights = _sum_columns(_sum_rows(weights, labels, n_groups), labels, n_groups)
            group_degree = group_weights.sum(axis=1)
            joined = np.arange(n_groups)
            if not _move_nodes(group_weights, group_degree, total, joined, group_weights.copy(), random_state):
                break
            merged = True
            for i in range(labels.size):
                labels[i] = joined[labels[i]]
            n_groups = _renumber(labels)
    _sweep(weights, degree, total, labels, n_groups)
    return _modularity(weights, degree, total, labels, _renumber(labels))


@njit(nogil=True, cache=True)
def _move_nodes(weights, degree, total, labels, between, random_state):
    """Move nodes to the group that gains most until none moves, in place; return whether one did.

    ``between[c, i]`` is the weight between group c and node i.
    """
    n, n_groups = weights.shape[0], between.shape[0]
    group_degree, size = _group_sums(degree, labels, n_groups)
    order, active = np.arange(n), np.empty(n_groups, np.int64)
    least = _LEAST * total / n
    ever = False
    moved = True
    while moved:
        moved = False
        n_active = 0
        for c in range(n_groups):
            if size[c] > 0:
                active[n_active] = c
                n_active += 1
        for c in range(n_groups):
            if size[c] == 0:
                active[n_active] = c
                n_active += 1
                break
        _shuffle(order, random_state)
        for i in order:
            home = labels[i]
            expected = degree[i] / total
            best = between[home, i] - weights[i, i] - expected * (group_degree[home] - degree[i]) + least
            best_group = home
            for k in range(n_active):
                c = active[k]
                if c != home:
                    gain = between[c, i] - expected * group_degree[c]
                    if gain > best:
                        best, best_group = gain, c
            if best_group != home:
                _move(weights, degree, i, home, best_group, labels, between, group_degree, size)
                moved = ever = True
    return ever


@njit(nogil=True, cache=True)
def _sweep(weights, degree, total, labels, n_groups):
    """Move the best free node, gain or not, each once, and keep the best moment; repeat while it improves."""
    n = weights.shape[0]
    between = _sum_rows(weights, labels, n_groups + 1)
    group_degree, size = _group_sums(degree, labels, n_groups + 1)
    free = np.empty(n, np.int64)
    moved, origin = np.empty(n, np.int64), np.empty(n, np.int64)
    least = _LEAST * total / n
    improved = True
    while improved:
        free[:] = np.arange(n)
        gained = best_gained = 0.0
        n_moves = n_kept = 0
        while n_moves < n and n_moves - n_kept < _PATIENCE:
            place, target, gain = _best_move(
                weights, degree, total, labels, between, group_degree, size, free[: n - n_moves]
            )
            if target < 0:
                break
            node = free[place]
            free[place] = free[n - n_moves - 1]
            moved[n_moves], origin[n_moves] = node, labels[node]
            _move(weights, degree, node, labels[node], target, labels, between, group_degree, size)
            n_moves += 1
            gained += gain
            if gained > best_gained + least:
                best_gained, n_kept = gained, n_moves
        for k in range(n_moves - 1, n_kept - 1, -1):
            _move(weights, degree, moved[k], labels[moved[k]], origin[k], labels, between, group_degree, size)
        improved = n_kept > 0


@njit(nogil=True, cache=True)
def _best_move(weights, degree, total, labels, between, group_degree, size, free):
    """Return the place in `free` of the node whose move gains most or loses least, its target, and the gain."""
    place, target, best = -1, -1, -np.inf
    empty = -1
    for c in range(size.size):
        if size[c] == 0:
            empty = c
            break
    for k in range(free.size):
        i = free[k]
        home = labels[i]
        expected = degree[i] / total
        stay = between[home, i] - weights[i, i] - expected * (group_degree[home] - degree[i])
        for c in range(size.size):
            if c != home and (size[c] > 0 or (c == empty and size[home] > 1)):
                gain = between[c, i] - expected * group_degree[c] - stay
                if gain > best:
                    best, place, target = gain, k, c
    return place, target, best


@njit(nogil=True, cache=True)
def _move(weights, degree, i, home, target, labels, between, group_degree, size):
    between[home] -= weights[i]
    between[target] += weights[i]
    group_degree[home] -= degree[i]
    group_degree[target] += degree[i]
    size[home] -= 1
    size[target] += 1
    labels[i] = target


@njit(nogil=True, cache=True)
def _group_sums(degree, labels, n_groups):
    group_degree, size = np.zeros(n_groups), np.zeros(n_groups, np.int64)
    for i in range(labels.size):
        group_degree[labels[i]] += degree[i]
        size[labels[i]] += 1
    return group_degree, size


@njit(nogil=True, cache=True)
def _sum_rows(weights, labels, n_groups):
    """Return the weight between each group and each node, (n_groups, n)."""
    between = np.zeros((n_groups, weights.shape[1]))
    for i in range(labels.size):
        between[labels[i]] += weights[i]
    return between


@njit(nogil=True, cache=True)
def _sum_columns(between, labels, n_groups):
    """Return the weight between each two groups, (n_groups, n_groups)."""
    sums = np.zeros((n_groups, n_groups))
    for c in range(n_groups):
        for i in range(labels.size):
            sums[c, labels[i]] += between[c, i]
    return sums


@njit(nogil=True, cache=True)
def _renumber(labels):
    """Renumber the groups by first appearance, in place, and return how many there are."""
    new = np.full(labels.max() + 1, -1)
    n_groups = 0
    for i in range(labels.size):
        if new[labels[i]] < 0:
            new[labels[i]] = n_groups
            n_groups += 1
        labels[i] = new[labels[i]]
    return n_groups


@njit(nogil=True, cache=True)
def _modularity(weights, degree, total, labels, n_groups):
    group_degree, _ = _group_sums(degree, labels, n_groups)
    inside = _sum_columns(_sum_rows(weights, labels, n_groups), labels, n_groups)
    return np.diag(inside).sum() / total - (group_degree**2).sum() / total**2


@njit(nogil=True, cache=True)
def _shuffle(order, random_state):
    """Permute in place (Fisher and Yates)."""
    for i in range(order.size - 1, 0, -1):
        j = _draw(i + 1, random_state)
        order[i], order[j] = order[j], order[i]


@njit(nogil=True, cache=True)
def _draw(n, random_state):
    """Draw an integer from 0 to n - 1 with splitmix64; the bias of the remainder is below n / 2^64."""
    random_state[0] += np.uint64(0x9E3779B97F4A7C15)
    word = random_state[0]
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    word ^= word >> np.uint64(31)
    return np.int64(word % np.uint64(n))
