"""All cycles over all stimuli, by following images while the range of stimuli that leads along them is not empty."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from metastable.finite_size._image_table import ImageTable
from metastable.finite_size._integer_thresholds import ALWAYS, NEVER
from metastable.finite_size._search_cost import MOST_ATTRACTORS
from metastable.finite_size._search_parts import Workers

Integers = NDArray[np.int64]

_N_PROBES = 64
_SMALLEST_PART = 256


def search_cycles(
    images: ImageTable, slack: Integers, workers: Workers
) -> tuple[Integers, Integers, Integers, Integers]:
    """Return all stationary states and cycles.

    Parameters
    ----------
    images : ImageTable
    slack : ndarray of int, (n_populations,)
    workers : Workers
        First states make parts.

    Returns
    -------
    codes : ndarray of int, (n_steps,)
        States of one after the other, each from its lowest number on.
    period : ndarray of int, (n_cycles,)
    lower, upper : ndarray of int, (n_cycles, n_populations)

    Notes
    -----
    Every cycle is found once, from its lowest state: a path ends where an image is lower, and where it meets itself,
    since for these stimuli the first state does not return.
    """
    n_states = len(images.begin)
    width = max(_SMALLEST_PART, n_states // 64)

    def part(number: int) -> tuple[Integers, Integers, Integers, bool]:
        roots = np.arange(number * width, min((number + 1) * width, n_states))
        codes, period, boxes, _, complete = _follow(
            images.begin, images.part, images.first, slack, roots, MOST_ATTRACTORS, NEVER
        )
        return codes, period, boxes, complete

    codes, period, boxes = workers.search(part, -(-n_states // width), "attractors")
    return codes, period, boxes[:, 0], boxes[:, 1]


def estimated_steps(images: ImageTable, slack: Integers, limit: float) -> float:
    """Estimate how many images are followed, from a sample of first states; just above `limit` if that is reached."""
    n_states = len(images.begin)
    width = max(n_states // _N_PROBES, 1)
    roots = np.arange(width // 2, n_states, width)
    most = int(min(limit * roots.size / n_states + 1, 2.0**60))
    steps = _follow(images.begin, images.part, images.first, slack, roots, most, most)[3]
    return steps * n_states / roots.size


@njit(nogil=True, cache=True)
def _follow(begin, part, first, slack, roots, most, most_steps):
    n_states, n_populations = begin.shape[0], slack.size
    codes, n_codes = np.empty(256, np.int64), 0
    period, boxes, found = np.empty(64, np.int64), np.empty((64, 2, n_populations), np.int64), 0
    # At each depth: the state, the stimuli left, and for each population the first, the last and the present column.
    room = 64
    path, box = np.empty(room, np.int64), np.empty((room, 2, n_populations), np.int64)
    column = np.empty((room, 3, n_populations), np.int64)
    on_path = np.zeros(n_states, np.bool_)
    steps = 0
    for root in roots:
        depth = 0
        path[0], box[0, 0], box[0, 1] = root, ALWAYS, NEVER
        _open(begin, first, root, box[0], column[0])
        on_path[root] = True
        while depth >= 0:
            if column[depth, 2, 0] < 0:
                on_path[path[depth]] = False
                depth -= 1
                continue
            if depth + 1 == room:
                path, box = np.concatenate((path, path)), np.concatenate((box, box))
                column = np.concatenate((column, column))
                room *= 2
            steps += 1
            if steps > most_steps:
                return codes[:n_codes], period[:found], boxes[:found], steps, False
            image = _step(begin, part, first, slack, path[depth], box[depth], column[depth], box[depth + 1])
            if image < root or (image != root and on_path[image]):
                continue
            if image != root:
                depth += 1
                path[depth] = image
                on_path[image] = True
                _open(begin, first, image, box[depth], column[depth])
                continue
            if found == most:
                return codes[:n_codes], period[:found], boxes[:found], steps, False
            if found == period.size:
                period, boxes = np.concatenate((period, period)), np.concatenate((boxes, boxes))
            while n_codes + depth + 1 > codes.size:
                codes = np.concatenate((codes, codes))
            codes[n_codes : n_codes + depth + 1] = path[: depth + 1]
            n_codes += depth + 1
            period[found] = depth + 1
            boxes[found] = box[depth + 1]
            found += 1
    return codes[:n_codes], period[:found], boxes[:found], steps, True


@njit(nogil=True, cache=True)
def _open(begin, first, state, box, column):
    """Write the first and last column of each population whose stimuli meet the box, and start at the first."""
    for a in range(first.size - 1):
        low = first[a]
        while low + 1 < first[a + 1] and begin[state, low + 1] <= box[0, a]:
            low += 1
        high = low
        while high + 1 < first[a + 1] and begin[state, high + 1] < box[1, a]:
            high += 1
        column[0, a], column[1, a], column[2, a] = low, high, low


@njit(nogil=True, cache=True)
def _step(begin, part, first, slack, state, box, column, inside):
    """Return the image in the present columns, or -1 if no stimulus is left, and move to the next columns.

    Write what is left of the box to `inside`; after the last columns the first present one becomes -1.
    """
    image = 0
    for a in range(slack.size):
        c = column[2, a]
        inside[0, a] = max(box[0, a], begin[state, c])
        inside[1, a] = min(box[1, a], begin[state, c + 1]) if c + 1 < first[a + 1] else box[1, a]
        if image >= 0:
            image = image + part[state, c] if inside[1, a] - inside[0, a] > slack[a] else -1
    a = 0
    while a < slack.size and column[2, a] == column[1, a]:
        column[2, a] = column[0, a]
        a += 1
    if a < slack.size:
        column[2, a] += 1
    else:
        column[2, 0] = -1
    return image
