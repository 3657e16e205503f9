"""All attractors from the cells between the breakpoints of the stimulus, as a check of cleverer searches."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from metastable.finite_size._attractors import states_of
from metastable.finite_size._integer_thresholds import ALWAYS, NEVER, IntegerNetwork
from metastable.finite_size._search_cost import as_float, require_affordable
from metastable.finite_size._state_map import follow_map

Integers = NDArray[np.int64]

# The list of breakpoints then takes 100 MB.
_MOST_NEURONS = 18


def attractors_by_arrangement(
    network: IntegerNetwork, max_minutes: float
) -> tuple[Integers, Integers, Integers, Integers]:
    """Return states, periods and boxes of all attractors.

    Parameters
    ----------
    network : IntegerNetwork
    max_minutes : float
        Beyond which the search is refused.

    Returns
    -------
    codes : ndarray of int, (n_steps,)
        States of one after the other, each from its lowest number on.
    period : ndarray of int, (n_attractors,)
    lower, upper : ndarray of int, (n_attractors, n_populations)

    Notes
    -----
    Breakpoints of a population are all stimuli that any of its neurons needs after any state. Between them the map of
    states does not change, so every cell is followed once, and an attractor owns the cells in which it is met. That
    these fill a box is checked, not assumed.
    """
    n = network.n_neurons
    if n > _MOST_NEURONS:
        raise ValueError(
            f'method="arrangement" lists what {n} neurons need after 2^{n} states, '
            f"{as_float(n * 2**n) * 16e-9:,.2g} GB; at most {_MOST_NEURONS} neurons are allowed: use another method."
        )
    needed = network.needed(states_of(np.arange(2**n), n))
    parts = [slice(first, stop) for first, stop in zip(network.start[:-1], network.start[1:], strict=True)]
    breakpoints = [np.unique(needed[:, part]) for part in parts]
    cells = float(np.prod([values.size + 1.0 for values in breakpoints]))
    require_affordable(
        "arrangement",
        cells * 2.0**n,
        max_minutes=max_minutes,
        nanoseconds=20,
        do="use another method",
        why=f" for {cells:,.0f} cells of 2^{n} states",
    )
    # The first cell of a population lies below all its breakpoints.
    bits = 1 << np.arange(n)
    images = [
        [((needed[:, part] <= value) * bits[part]).sum(axis=1) for value in [ALWAYS, *values.tolist()]]
        for part, values in zip(parts, breakpoints, strict=True)
    ]
    met: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for cell in product(*(range(len(own)) for own in images)):
        image = np.sum([images[a][k] for a, k in enumerate(cell)], axis=0).astype(np.int32)
        _, codes, period = follow_map(image)
        for stop, length in zip(np.cumsum(period).tolist(), period.tolist(), strict=True):
            cycle = codes[stop - length : stop].tolist()
            lowest = cycle.index(min(cycle))
            met.setdefault(tuple(cycle[lowest:] + cycle[:lowest]), []).append(cell)
    edges = [np.array([ALWAYS, *values.tolist(), NEVER]) for values in breakpoints]
    kept, boxes = [], []
    for cycle, owned in met.items():
        first, last = np.min(owned, axis=0), np.max(owned, axis=0)
        if np.prod(last - first + 1) != len(owned):
            raise RuntimeError(f"the stimuli of {cycle} are no box; report this network.")
        box = [[edge[i], edge[j + 1]] for edge, i, j in zip(edges, first, last, strict=True)]
        if all(high - low > slack for (low, high), slack in zip(box, network.slack, strict=True)):
            kept.append(cycle)
            boxes.append(box)
    found = np.array(boxes, np.int64).reshape(len(kept), -1, 2)
    codes = np.array([state for cycle in kept for state in cycle], np.int64)
    return codes, np.array([len(cycle) for cycle in kept], np.int64), found[..., 0], found[..., 1]
