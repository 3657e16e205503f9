"""Modularity of a dense weighted network, climbed by moves of nodes and of groups.

A similarity matrix of spike trains is full, so lists of neighbours do not help. Kept instead is the weight between each
group and each node: the gain of every move is then one subtraction, and a move changes two contiguous rows. Only while
there are many groups, that is in the first round, is the weight to all of them summed afresh for each node: one row is
read and nothing is kept.
"""

from __future__ import annotations

import numpy as np
from numba import njit

# A sweep of Kernighan and Lin gives up after so many moves without a new best: later ones hardly ever find one.
_PATIENCE = 50
# Share of nodes that a shake moves. Half of them: less finds the same maximum again, most of them lose what was found.
_SHAKEN = 0.5
# With more groups than this their weights are summed for each node, with fewer they are kept.
_MANY_GROUPS = 64
# Gains below this share of the weight of an average node are rounding.
_LEAST = 1e-12


@njit(nogil=True, cache=True)
def climb(weights, start, n_shakes, random_state):
    """Search for the partition of largest modularity from some partition.

    Parameters
    ----------
    weights : ndarray, (n, n)
        Symmetric; the diagonal is counted as within the node's own group.
    start : ndarray of int, (n,)
        Labels from 0 to n - 1, for instance every node on its own.
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
    another climb from single nodes does.
    """
    n = weights.shape[0]
    degree = _sum_rows(weights, np.zeros(n, np.int64), 1)[0]
    total = degree.sum()
    order = np.arange(n)
    labels = tried = start.copy()
    modularity = -np.inf
    n_failed = 0
    while True:
        found = _settle(weights, degree, total, tried, random_state)
        if found > modularity + _LEAST:
            labels, modularity = tried, found
            n_failed = 0
        else:
            n_failed += 1
        if n_failed >= n_shakes:
            break
        tried = labels.copy()
        n_targets = _renumber(tried) + 1
        _shuffle(order, random_state)
        for i in order[: max(2, int(_SHAKEN * n))]:
            tried[i] = _draw(n_targets, random_state)
    return labels, modularity


@njit(nogil=True, cache=True)
def _settle(weights, degree, total, labels, random_state):
    """Climb from some groups to where neither nodes nor groups have anything to gain, in place; return Q/2m."""
    n_groups = _renumber(labels)
    if n_groups > _MANY_GROUPS:
        n_groups = _gather_nodes(weights, degree, total, labels, n_groups, random_state)
    merged = True
    while merged:
        # One more row than groups: room for a node to leave them all.
        between = _sum_rows(weights, labels, n_groups + 1)
        _move_nodes(weights, degree, total, labels, between, random_state)
        group_weights = _sum_columns(between, labels, n_groups + 1)
        merged = _join_groups(group_weights, total, labels, random_state)
        n_groups = _renumber(labels)
    _sweep(weights, degree, total, labels, n_groups)
    return _modularity(weights, degree, total, labels, _renumber(labels))


@njit(nogil=True, cache=True)
def _join_groups(group_weights, total, labels, random_state):
    """Join groups as if they were nodes, again and again, in place; return whether any were."""
    merged = False
    while True:
        n_groups = group_weights.shape[0]
        joined = np.arange(n_groups)
        degree = _sum_rows(group_weights, np.zeros(n_groups, np.int64), 1)[0]
        if not _move_nodes(group_weights, degree, total, joined, group_weights.copy(), random_state):
            return merged
        merged = True
        n_groups = _renumber(joined)
        for i in range(labels.size):
            labels[i] = joined[labels[i]]
        group_weights = _sum_columns(_sum_rows(group_weights, joined, n_groups), joined, n_groups)


@njit(nogil=True, cache=True)
def _gather_nodes(weights, degree, total, labels, n_groups, random_state):
    """Let every node once, in random order, move to the group that gains most, in place; return how many groups remain.

    Repeat while more than `_MANY_GROUPS` remain and nodes move.
    """
    n = labels.size
    order = np.arange(n)
    least = _LEAST * total / n
    n_before = n_groups + 1
    while _MANY_GROUPS < n_groups < n_before:
        n_before = n_groups
        group_degree, size = _group_sums(degree, labels, n_groups)
        gains = np.empty(n_groups)
        _shuffle(order, random_state)
        for i in order:
            row, home, expected = weights[i], labels[i], degree[i] / total
            for c in range(n_groups):
                gains[c] = -expected * group_degree[c]
            for j in range(n):
                # Unsigned: no index from the end to be thought of.
                gains[np.uint64(labels[j])] += row[j]
            gains[home] += expected * degree[i] - row[i] + least
            # Groups that all nodes have left have a gain of 0, as a new group has.
            target = gains.argmax()
            if target != home:
                _count_move(degree, i, home, target, labels, group_degree, size)
        n_groups = _renumber(labels)
    return n_groups


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
                _move_rows(weights, i, home, best_group, between)
                _count_move(degree, i, home, best_group, labels, group_degree, size)
                moved = ever = True
    return ever


@njit(nogil=True, cache=True)
def _sweep(weights, degree, total, labels, n_groups):
    """Move the best free node, gain or not, each once, and keep the best moment; repeat while it improves."""
    n = weights.shape[0]
    between = _sum_rows(weights, labels, n_groups + 1)
    group_degree, size = _group_sums(degree, labels, n_groups + 1)
    expected, free = degree / total, np.empty(n, np.bool_)
    # A loop: numba compiles products of arrays for a second, with all that may be wrong with their shapes.
    own = np.empty(n)
    for i in range(n):
        own[i] = weights[i, i] - expected[i] * degree[i]
    moved, origin = np.empty(n, np.int64), np.empty(n, np.int64)
    gains, stay, targets = np.empty(n), np.empty(n), np.empty(n, np.int64)
    least = _LEAST * total / n
    improved = True
    while improved:
        free[:] = True
        gained = best_gained = 0.0
        n_moves = n_kept = 0
        while n_moves < n and n_moves - n_kept < _PATIENCE:
            node = _best_move(expected, own, labels, between, group_degree, size, free, gains, targets, stay)
            if node < 0:
                break
            target = targets[node]
            gained += gains[node]
            free[node] = False
            moved[n_moves], origin[n_moves] = node, labels[node]
            _move_rows(weights, node, labels[node], target, between)
            _count_move(degree, node, labels[node], target, labels, group_degree, size)
            n_moves += 1
            if gained > best_gained + least:
                best_gained, n_kept = gained, n_moves
        for k in range(n_moves - 1, n_kept - 1, -1):
            _move_rows(weights, moved[k], labels[moved[k]], origin[k], between)
            _count_move(degree, moved[k], labels[moved[k]], origin[k], labels, group_degree, size)
        improved = n_kept > 0


@njit(nogil=True, cache=True)
def _best_move(expected, own, labels, between, group_degree, size, free, gains, targets, stay):
    """Return the free node whose move gains most or loses least, or -1; write all gains and targets.

    Group by group, so that all is read in its order in memory.
    """
    n = labels.size
    empty = -1
    for c in range(size.size):
        if size[c] == 0:
            empty = c
    for i in range(n):
        # A group of its own has a gain of 0; a node that has one already needs no other.
        gains[i] = 0.0 if empty >= 0 and size[labels[i]] > 1 else -np.inf
        targets[i] = empty
    for c in range(size.size):
        row, sum_of_degrees = between[c], group_degree[c]
        if size[c] > 0:
            # Without branches: several nodes at a time.
            for i in range(n):
                gain = row[i] - expected[i] * sum_of_degrees
                here = labels[i] == c
                better = gain > gains[i] and not here
                stay[i] = gain - own[i] if here else stay[i]
                gains[i] = gain if better else gains[i]
                targets[i] = c if better else targets[i]
    for i in range(n):
        gains[i] = gains[i] - stay[i] if free[i] else -np.inf
    node = gains.argmax()
    return node if gains[node] > -np.inf else -1


@njit(nogil=True, cache=True)
def _move_rows(weights, i, home, target, between):
    row, left, entered = weights[i], between[home], between[target]
    for j in range(row.size):
        left[j] -= row[j]
    for j in range(row.size):
        entered[j] += row[j]


@njit(nogil=True, cache=True)
def _count_move(degree, i, home, target, labels, group_degree, size):
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
        row, sums = weights[i], between[labels[i]]
        for j in range(row.size):
            sums[j] += row[j]
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
    # A shake may give each of n nodes a group, and one group more.
    new = np.full(labels.size + 2, -1)
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
    modularity = 0.0
    for c in range(n_groups):
        modularity += inside[c, c] / total - (group_degree[c] / total) ** 2
    return modularity


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
