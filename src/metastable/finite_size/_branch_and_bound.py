"""All stationary states of a noiseless network, by deciding one neuron after the other.

The stimulus that a neuron needs is bounded by what undecided neurons can still add and take away. Decided neurons of a
population so bound its stimulus from both sides; where nothing is left between, no state that begins like this is
stationary. The bounds are sharp for neurons whose inputs are all decided, so the order closes one set of inputs after
the other.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from metastable.finite_size._integer_thresholds import ALWAYS, NEVER, IntegerNetwork
from metastable.finite_size._search_cost import MOST_ATTRACTORS
from metastable.finite_size._search_parts import Workers

Integers = NDArray[np.int64]

_N_PROBES = 2000
# Neurons whose states are given to a part, in networks of more neurons than the second.
_N_GIVEN, _UNDIVIDED = 10, 24


def branch_and_bound(network: IntegerNetwork, workers: Workers) -> tuple[Integers, Integers, Integers]:
    """Return numbers and boxes of all stationary states.

    Parameters
    ----------
    network : IntegerNetwork
    workers : Workers
        The decisions on the first neurons make parts.

    Returns
    -------
    codes : ndarray of int, (n_states,)
    lower, upper : ndarray of int, (n_states, n_populations)
    """
    tables = _tables(network)
    # Searches of fewer neurons are shorter than the time to divide them.
    n_given = _N_GIVEN if network.n_neurons > _UNDIVIDED else 0

    def part(number: int) -> tuple[Integers, Integers, bool]:
        return _search(MOST_ATTRACTORS, n_given, number, *tables)

    codes, boxes = workers.search(part, 2**n_given, "stationary states")
    return codes, boxes[:, 0], boxes[:, 1]


def estimated_steps(network: IntegerNetwork) -> float:
    """Estimate how many decisions the search takes, from random descents (Knuth 1975)."""
    return float(_probe(_N_PROBES, np.array([1], np.uint64), *_tables(network)))


def decision_order(weights: Integers) -> Integers:
    """Return the neurons in an order that closes in-neighbourhoods early, (n,).

    Next come the undecided inputs of the neuron that lacks fewest, then itself; of several that which excites and
    inhibits the others most.
    """
    n = len(weights)
    inputs = weights != 0
    np.fill_diagonal(inputs, True)
    strength = np.abs(weights).sum(axis=0) / (np.abs(weights).sum() + 1)
    undecided, order = np.ones(n, bool), []
    while undecided.any():
        missing = (inputs & undecided).sum(axis=1).astype(float)
        missing[missing == 0] = np.inf
        nearest = int(np.argmin(missing - strength))
        lacking = np.flatnonzero(inputs[nearest] & undecided)
        lacking = lacking[np.argsort(-strength[lacking], kind="stable")]
        order += sorted(lacking.tolist(), key=lambda k, last=nearest: k == last)
        undecided[lacking] = False
    return np.array(order, np.int64)


def _tables(network: IntegerNetwork) -> tuple[Integers, ...]:
    """Return order, outputs of each neuron (where they begin, targets, weights), threshold, population and slack."""
    targets, weights, begin = [], [], [0]
    for column in network.weights.T:
        to = np.flatnonzero(column)
        targets.append(to)
        weights.append(column[to])
        begin.append(begin[-1] + to.size)
    return (
        decision_order(network.weights),
        np.array(begin, np.int64),
        np.concatenate(targets).astype(np.int64),
        np.concatenate(weights).astype(np.int64),
        network.threshold,
        network.population,
        network.slack,
    )


@njit(nogil=True, cache=True)
def _bounds(n, begin, targets, weights, threshold):
    """Return the least and the largest stimulus that neurons may need while nothing is decided."""
    least, largest = threshold.copy(), threshold.copy()
    for k in range(n):
        for e in range(begin[k], begin[k + 1]):
            least[targets[e]] -= max(weights[e], 0)
            largest[targets[e]] -= min(weights[e], 0)
    return least, largest


@njit(nogil=True, cache=True)
def _decide(k, value, begin, targets, weights, least, largest, decided):
    decided[k] = value
    for e in range(begin[k], begin[k + 1]):
        w = weights[e]
        if (w > 0) == (value == 1):
            largest[targets[e]] -= abs(w)
        else:
            least[targets[e]] += abs(w)


@njit(nogil=True, cache=True)
def _undo(k, begin, targets, weights, least, largest, decided):
    for e in range(begin[k], begin[k + 1]):
        w = weights[e]
        if (w > 0) == (decided[k] == 1):
            largest[targets[e]] += abs(w)
        else:
            least[targets[e]] -= abs(w)
    decided[k] = -1


@njit(nogil=True, cache=True)
def _narrow(k, begin, targets, least, largest, decided, population, slack, before, after):
    """Write the box that is left after a decision on neuron k; return whether it holds anything."""
    after[:] = before
    # Bounds of neurons that k does not reach are as before.
    for e in range(begin[k] - 1, begin[k + 1]):
        i = k if e < begin[k] else targets[e]
        a = population[i]
        if decided[i] == 1:
            after[0, a] = max(after[0, a], least[i])
        elif decided[i] == 0:
            after[1, a] = min(after[1, a], largest[i])
        if after[1, a] - after[0, a] <= slack[a]:
            return False
    return True


@njit(nogil=True, cache=True)
def _search(most, n_given, given, order, begin, targets, weights, threshold, population, slack):
    """Decide all neurons but the first `n_given`, which are as in the bits of `given`."""
    n, n_populations = order.size, slack.size
    least, largest = _bounds(n, begin, targets, weights, threshold)
    decided = np.full(n, -1)
    box = np.empty((n + 1, 2, n_populations), np.int64)
    box[0, 0], box[0, 1] = ALWAYS, NEVER
    codes, boxes = np.empty(64, np.int64), np.empty((64, 2, n_populations), np.int64)
    found = 0
    for depth in range(n_given):
        k = order[depth]
        _decide(k, given >> depth & 1, begin, targets, weights, least, largest, decided)
        if not _narrow(k, begin, targets, least, largest, decided, population, slack, box[depth], box[depth + 1]):
            return codes[:0], boxes[:0], True
    depth = n_given
    while depth >= n_given:
        k = order[depth]
        value = decided[k] + 1
        if value > 0:
            _undo(k, begin, targets, weights, least, largest, decided)
        if value > 1:
            depth -= 1
            continue
        _decide(k, value, begin, targets, weights, least, largest, decided)
        if not _narrow(k, begin, targets, least, largest, decided, population, slack, box[depth], box[depth + 1]):
            continue
        if depth < n - 1:
            depth += 1
            continue
        if found == most:
            return codes[:found], boxes[:found], False
        if found == codes.size:
            codes, boxes = np.concatenate((codes, codes)), np.concatenate((boxes, boxes))
        codes[found] = 0
        for i in range(n):
            codes[found] |= np.int64(decided[i]) << i
        boxes[found] = box[n]
        found += 1
    return codes[:found], boxes[:found], True


@njit(nogil=True, cache=True)
def _probe(n_probes, random_state, order, begin, targets, weights, threshold, population, slack):
    """Return the mean over random descents of the number of decisions, each weighted by how unlikely it was."""
    n = order.size
    box = np.empty((n + 1, 2, slack.size), np.int64)
    box[0, 0], box[0, 1] = ALWAYS, NEVER
    other = box[0].copy()
    total = 0.0
    for _ in range(n_probes):
        least, largest = _bounds(n, begin, targets, weights, threshold)
        decided = np.full(n, -1)
        weight = 1.0
        for depth in range(n):
            k = order[depth]
            total += 2 * weight
            _decide(k, 0, begin, targets, weights, least, largest, decided)
            silent = _narrow(k, begin, targets, least, largest, decided, population, slack, box[depth], other)
            _undo(k, begin, targets, weights, least, largest, decided)
            _decide(k, 1, begin, targets, weights, least, largest, decided)
            active = _narrow(k, begin, targets, least, largest, decided, population, slack, box[depth], box[depth + 1])
            if not silent and not active:
                break
            if silent and active:
                weight *= 2
            if silent and (not active or _coin(random_state)):
                _undo(k, begin, targets, weights, least, largest, decided)
                _decide(k, 0, begin, targets, weights, least, largest, decided)
                box[depth + 1] = other
    return total / n_probes


@njit(nogil=True, cache=True)
def _coin(random_state):
    """Toss a coin with splitmix64."""
    random_state[0] += np.uint64(0x9E3779B97F4A7C15)
    word = random_state[0]
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (word >> np.uint64(40)) & np.uint64(1) == np.uint64(1)
