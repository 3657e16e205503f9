"""All stationary states of a noiseless network, by trying every state."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from metastable.finite_size._integer_thresholds import ALWAYS, NEVER, IntegerNetwork

Integers = NDArray[np.int64]


def try_every_state(network: IntegerNetwork, most: int) -> tuple[Integers, Integers, Integers, bool]:
    """Return numbers and boxes of all stationary states, and whether there were more than `most`.

    Parameters
    ----------
    network : IntegerNetwork
    most : int
        Where to stop.

    Returns
    -------
    codes : ndarray of int, (n_states,)
    lower, upper : ndarray of int, (n_states, n_populations)
    complete : bool
    """
    columns = np.ascontiguousarray(network.weights.T)
    codes, boxes, complete = _walk(columns, network.threshold, network.start, network.slack, most)
    return codes, boxes[:, 0], boxes[:, 1], complete


@njit(nogil=True, cache=True)
def _walk(columns, threshold, start, slack, most):
    """Go through all states in the order of a Gray code: one neuron, and so one column of the weights, a step."""
    n, n_populations = threshold.size, slack.size
    needed, active = threshold.copy(), np.zeros(n, np.bool_)
    box = np.empty((2, n_populations), np.int64)
    codes, boxes = np.empty(64, np.int64), np.empty((64, 2, n_populations), np.int64)
    found = code = 0
    for step in range(np.int64(1) << n):
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
