"""What happens to an attractor where the stimulus crosses an edge of its box."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from metastable.finite_size._attractors import Attractors, Edge
from metastable.finite_size._integer_thresholds import IntegerNetwork

Integers = NDArray[np.int64]

SYMMETRY_BREAKING = "symmetry breaking"
LIMIT_POINT = "limit-point-like"
HOPF = "Hopf-like"
CYCLE_TO_CYCLE = "cycle to cycle"

# Images that are followed beyond an edge; with many populations an edge has very many parts.
_MOST_IMAGES = 20_000


class EdgeLabels:
    """Labels of the edges of all boxes, worked out when asked for.

    Parameters
    ----------
    network : IntegerNetwork
    attractors : Attractors
        All of this network, cycles included.
    """

    def __init__(self, network: IntegerNetwork, attractors: Attractors) -> None:
        self._network = network
        self._attractors = attractors
        self._known: dict[int, dict[Edge, tuple[str, ...]]] = {}

    def __call__(self, k: int) -> dict[Edge, tuple[str, ...]]:
        """Return the labels of each edge of attractor number k that is not at infinity."""
        if k not in self._known:
            names, bounds = self._network.names, (self._attractors.lower[k], self._attractors.upper[k])
            self._known[k] = {
                (names[a], side): self._labels(k, a, s)
                for a in range(len(names))
                for s, side in enumerate(("lower", "upper"))
                if np.isfinite(bounds[s][a])
            }
        return self._known[k]

    def _labels(self, k: int, population: int, side: int) -> tuple[str, ...]:
        found = self._attractors
        box = self._network.bounds(np.stack([found.lower[k], found.upper[k]]))
        slack = self._network.slack[population]
        # At the upper edge the attractor is gone already, at the lower one just below.
        box[:, population] = box[1, population] + slack + [0, 1] if side else box[0, population] - slack - [1, 0]
        own = found.states[found.first[k] : found.first[k + 1]]
        reached = {p for state in own for p in _periods_reached(self._network, state, box)}
        labels = [SYMMETRY_BREAKING] if self._breaks_symmetry(k, population, side) else []
        if len(own) == 1:
            labels += [LIMIT_POINT] if 1 in reached else []
            labels += [HOPF] if reached - {1} else []
        else:
            labels += [HOPF] if 1 in reached else []
            labels += [CYCLE_TO_CYCLE] if reached - {1} else []
        return tuple(labels)

    def _breaks_symmetry(self, k: int, population: int, side: int) -> bool:
        if not self._network.homogeneous:
            return False
        found, value = self._attractors, (self._attractors.lower, self._attractors.upper)[side][k, population]
        others = np.array(self._at_edge[population, float(value)])
        others = others[found.broken[others, population] != found.broken[k, population]]
        low = np.maximum(found.lower[others], found.lower[k])
        high = np.minimum(found.upper[others], found.upper[k])
        apart = np.arange(len(self._network.names)) != population
        return bool((low < high)[:, apart].all(axis=1).any())

    @cached_property
    def _at_edge(self) -> dict[tuple[int, float], list[int]]:
        """Attractors with an edge at some stimulus of some population."""
        at: dict[tuple[int, float], list[int]] = defaultdict(list)
        for bounds in (self._attractors.lower, self._attractors.upper):
            for k, a in zip(*np.nonzero(np.isfinite(bounds)), strict=True):
                at[int(a), float(bounds[k, a])].append(int(k))
        return at


def _periods_reached(network: IntegerNetwork, state: NDArray[np.uint8], box: Integers) -> set[int]:
    """Return the periods of all attractors that a state reaches at the stimuli of a box, (2, n_populations)."""
    found: set[int] = set()
    open_paths = [([state.tobytes()], box)]
    n_images = 0
    while open_paths and n_images < _MOST_IMAGES:
        path, (low, high) = open_paths.pop()
        needed = network.needed(np.frombuffer(path[-1], np.uint8))
        choices = []
        for a, (first, stop) in enumerate(zip(network.start[:-1], network.start[1:], strict=True)):
            own = np.unique(needed[first:stop])
            inside = own[(own > low[a]) & (own < high[a])].tolist()
            choices.append(list(zip([low[a], *inside], [*inside, high[a]], strict=True)))
        for parts in product(*choices):
            left = np.array(parts).T
            if (left[1] - left[0] <= np.minimum(network.slack, high - low - 1)).any():
                continue
            n_images += 1
            image = (needed <= left[0][network.population]).astype(np.uint8).tobytes()
            if image in path:
                found.add(len(path) - path.index(image))
            else:
                open_paths.append(([*path, image], left))
    return found
