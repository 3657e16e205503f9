"""All stationary states of a noiseless network, by trying every state."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from metastable.finite_size._integer_thresholds import ALWAYS, NEVER, IntegerNetwork
from metastable.finite_size._search_cost import MOST_ATTRACTORS
from metastable.finite_size._search_parts import Workers

Integers = NDArray[np.int64]

# As many neurons whose states are one part, of a tenth of a second.
_LARGEST_PART = 22


def try_every_state(network: IntegerNetwork, workers: Workers) -> tuple[Integers, Integers, Integers]:
    """Return numbers and boxes of all stationary states.

    Parameters
    ----------
    network : IntegerNetwork
    workers : Workers
        The states of the last neurons make parts.

    Returns
    -------
    codes : ndarray of int, (n_states,)
    lower, upper : ndarray of int, (n_states, n_populations)
    """
    n = network.n_neurons
    n_walked = min(n, _LARGEST_PART)
    columns = np.ascontiguousarray(network.weights.T)

    def part(number: int) -> tuple[Integers, Integers, bool]:
        return _walk(
            columns, network.threshold, network.start, network.slack, n_walked, number << n_walked, MOST_ATTRACTORS
        )

    codes, boxes = workers.search(part, 2 ** (n - n_walked), "stationary states")
    return codes, boxes[:, 0], boxes[:, 1]


@njit(nogil=True, cache=True)
def _walk(columns, threshold, start, slack, n_walked, code, most):
    """Go through states in the order of a Gray code: one neuron, and so one column of the weights, a step.

    Only the first `n_walked` neurons change, from none active; the others are as in `code`.
    """
    n, n_populations = threshold.size, slack.size
    needed, active = threshold.copy(), np.zeros(n, np.bool_)
    for j in range(n_walked, n):
        if code >> j & 1:
            needed -= columns[j]
            active[j] = True
    box = np.empty((2, n_populations), np.int64)
    codes, boxes = np.empty(64, np.int64), np.empty((64, 2, n_populations), np.int64)
    found = 0
    for step in range(np.int64(1) << n_walked):
        if step:
            flipped, rest = 0, step
            while not rest & 1:
                rest >>= 1
                flipped += 1
            column = columns[flipped]
            if active[flipped]:
                for i in range(n):
                    needed[i] += column[i]
            else:
                for i in range(n):
                    needed[i] -= column[i]
            active[flipped] = not active[flipped]
            code ^= np.int64(1) << flipped
        if not _find_box(needed, active, start, slack, box):
            continue
        if found == most:
            return codes[:found], boxes[:found], False
        if found == codes.size:
            codes, boxes = np.concatenate((codes, codes)), np.concatenate((boxes, boxes))
        codes[found] = code
        boxes[found] = box
        found += 1
    return codes[:found], boxes[:found], True


@njit(nogil=True, cache=True)
def _find_box(needed, active, start, slack, box):
    """Write the stimuli at which all neurons remain as they are; return whether there are any."""
    for a in range(slack.size):
        low, high = ALWAYS, NEVER
        for i in range(start[a], start[a + 1]):
            # Nearly every state fails at one of the first neurons.
            if active[i]:
                low = max(low, needed[i])
            else:
                high = min(high, needed[i])
            if high - low <= slack[a]:
                return False
        box[0, a], box[1, a] = low, high
    return True
