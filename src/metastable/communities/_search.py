"""How the partition of largest modularity is searched for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable._parallel import Monitor, run_jobs
from metastable._random import Purpose, stream
from metastable._validation import require_choice, require_integer, require_number
from metastable.communities._kmeans import kmeans, positive_subspace
from metastable.communities._louvain import climb
from metastable.communities._partition import Partition, by_size

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

# Unstructured matrices of 50 to 1,000 nodes: more find hardly anything higher in 20 starts.
_MOST_SHAKES, _SHAKEN_WEIGHTS = 10, 1_000_000
# How many of the best results are shaken on, until how many shakes in a row have failed: of 20 unstructured matrices of
# 1,000 nodes it found higher maxima in 13, for a twelfth more time.
_FINALS = ((3, 2), (1, 5))


@dataclass(frozen=True)
class Search:
    """An optimiser with its budget; the parameters are those of `maximise_modularity`."""

    method: str
    n_starts: int
    subspace: str
    eigenvalue_floor: float

    def __post_init__(self) -> None:
        require_choice("method", self.method, ("louvain", "kmeans"))
        require_integer("n_starts", self.n_starts, minimum=1)
        require_choice("subspace", self.subspace, ("all", "leading"))
        require_number("eigenvalue_floor", self.eigenvalue_floor, minimum=0)

    def best(self, similarity: Array, *, seed: int, address: tuple[int, ...] = (), n_jobs: int | None) -> Partition:
        """Return the best partition of all starts, the first among equals; `address` names their random streams."""
        n = len(similarity)
        # Sums of sorted rows are the same to the last bit however the nodes are listed.
        degree = np.sort(similarity, axis=1).sum(axis=1)
        total = float(degree.sum())
        order = np.argsort(degree, kind="stable")
        found, modularity = np.zeros(n, np.int64), 0.0
        if total > 0:
            weights = np.ascontiguousarray(similarity[np.ix_(order, order)])
            search = self._louvain if self.method == "louvain" else self._kmeans
            found, modularity = search(weights, seed, address, n_jobs)
        # One group of all nodes has exactly 0, but for rounding.
        if modularity <= 1e-12:
            found, modularity = np.zeros(n, np.int64), 0.0
        labels = np.empty(n, np.int64)
        labels[order] = found
        return Partition(
            labels=by_size(labels),
            modularity=modularity,
            trace=modularity * total,
            method=self.method,
            n_starts=self.n_starts,
        )

    def _louvain(self, weights: Array, seed: int, address: tuple[int, ...], n_jobs: int | None) -> tuple[Labels, float]:
        # Shakes cost as much as the square of the nodes; of large networks there is time for fewer.
        n_shakes = min(_MOST_SHAKES, _SHAKEN_WEIGHTS // weights.size)

        def search(starts: list[Labels], n_failed: int, first: int) -> list[tuple[Labels, float]]:
            def start(k: int) -> tuple[Labels, float]:
                rng = stream(seed, Purpose.COMMUNITIES, *address, first + k)
                return climb(weights, starts[k], n_failed, rng.integers(2**63, size=1, dtype=np.uint64))

            return _all(start, len(starts), n_jobs)

        number = self.n_starts
        found = search([np.arange(len(weights))] * number, n_shakes, 0)
        for n_best, n_failed in _FINALS:
            if n_failed > n_shakes:
                best = sorted(found, key=lambda each: -each[1])[:n_best]
                found += search([labels for labels, _ in best], n_failed, number)
                number += len(best)
        return _best(found)

    def _kmeans(self, weights: Array, seed: int, address: tuple[int, ...], n_jobs: int | None) -> tuple[Labels, float]:
        degree = weights.sum(axis=1)
        total = degree.sum()
        matrix = weights - np.outer(degree, degree) / total
        _, vectors = positive_subspace(matrix, floor=self.eigenvalue_floor)
        n, n_positive = vectors.shape

        def group(number: int) -> tuple[Labels, float]:
            n_groups = number + 2
            points = vectors if self.subspace == "all" else vectors[:, : n_groups - 1]
            rng = stream(seed, Purpose.COMMUNITIES, *address, number)
            found = []
            for _ in range(self.n_starts):
                labels = kmeans(points, n_groups, rng)
                members = (labels == np.arange(n_groups)[:, None]).astype(np.float64)
                found.append((labels, float(((members @ matrix) * members).sum() / total)))
            return _best(found)

        # At most one group for each node.
        candidates = _all(group, min(n_positive, n - 1), n_jobs)
        return _best(candidates) if candidates else (np.zeros(n, np.int64), 0.0)


def _all(job, number: int, n_jobs: int | None) -> list[tuple[Labels, float]]:
    # Inside a thread of its own a search needs no further threads.
    if n_jobs == 1:
        return [job(k) for k in range(number)]

    def run(place: int, monitor: Monitor) -> tuple[Labels, float]:
        monitor.advance(1)
        return job(place)

    return run_jobs(run, range(number), n_jobs=n_jobs, total=number, label="grouping", unit="starts", progress=False)


def _best(found: list[tuple[Labels, float]]) -> tuple[Labels, float]:
    return max(found, key=lambda each: each[1])
