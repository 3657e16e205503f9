"""All combinations of active units of the groups of a network, with clusters told apart or not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from metastable.finite_size._count_groups import CountGroups

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

CLUSTERS = ("distinct", "tagged", "unordered")


@dataclass(frozen=True, eq=False)
class CountStates:
    """States of a chain of counts, numbered.

    What the populations of one cluster do is one number, its value. Clusters that are not told apart form a class, in
    which values descend: a class of m clusters with V values each has ``C(V + m - 1, m)`` combinations, whose number is
    ``sum_i C(v_i + m - 1 - i, m - i)`` (the combinatorial number system).

    Parameters
    ----------
    size : ndarray of int, (n_groups,)
    cluster : ndarray of int, (n_groups,)
        Cluster of each group, ascending; the number of clusters for a group that belongs to none.
    classes : tuple of int
        Number of clusters in each class, which follow each other.
    """

    size: Indices
    cluster: Indices
    classes: tuple[int, ...]

    @staticmethod
    def of(groups: CountGroups, clusters: str) -> CountStates:
        """Lay out the states of a network; `clusters` is "distinct", "tagged" or "unordered"."""
        number = np.array([cluster for _, cluster in groups.labels], np.int64)
        n_clusters = int(number.max()) + 1
        classes = {
            "distinct": (1,) * n_clusters,
            "tagged": (1,) * min(n_clusters, 1) + (n_clusters - 1,) * (n_clusters > 1),
            "unordered": (n_clusters,) * (n_clusters > 0),
        }[clusters]
        states = CountStates(groups.size, np.where(number < 0, n_clusters, number), classes)
        states._require_exchangeable([name for name, _ in groups.labels])
        return states

    def _require_exchangeable(self, populations: list[str]) -> None:
        """Raise a sentence unless clusters of a class consist of the same numbers of units of the same populations."""
        members = [
            {populations[g]: int(self.size[g]) for g in np.flatnonzero(self.cluster == c)}
            for c in range(self.n_clusters)
        ]
        first = 0
        for m in self.classes:
            for c in range(first + 1, first + m):
                if members[c] != members[first]:
                    raise ValueError(
                        f"cluster {c} has {members[c]} but cluster {first} has {members[first]}, and only equal "
                        'clusters can stand for each other; use clusters="distinct".'
                    )
            first += m

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return sum(self.classes)

    @cached_property
    def n_values(self) -> tuple[int, ...]:
        """Values of each cluster, and of all that is in none."""
        return tuple(math.prod((self.size[self.cluster == c] + 1).tolist()) for c in range(self.n_clusters + 1))

    @cached_property
    def radix(self) -> tuple[int, ...]:
        """Combinations of values of each class, and of all that is in no cluster."""
        combinations, first = [], 0
        for m in self.classes:
            combinations.append(math.comb(self.n_values[first] + m - 1, m))
            first += m
        return (*combinations, self.n_values[-1])

    @property
    def n_states(self) -> int:
        """Number of states, known before any of them is listed."""
        return math.prod(self.radix)

    @cached_property
    def _stride(self) -> Indices:
        """What one active unit of each group adds to the value of its cluster."""
        stride = np.ones(self.size.size, np.int64)
        for g in range(1, self.size.size):
            if self.cluster[g] == self.cluster[g - 1]:
                stride[g] = stride[g - 1] * (self.size[g - 1] + 1)
        return stride

    @cached_property
    def _rank(self) -> tuple[Indices, ...]:
        """``C(v + m - 1 - i, m - i)`` of place i of each class, one array over v for each cluster."""
        tables = []
        for m in self.classes:
            n_values = self.n_values[len(tables)]
            tables += [np.array([math.comb(v + m - 1 - i, m - i) for v in range(n_values)], np.int64) for i in range(m)]
        return tuple(tables)

    def number(self, counts: Indices) -> Indices:
        """Return the numbers of states with these counts, (n,) of (n, n_groups), in whatever order clusters are."""
        weighted = counts * self._stride
        values = np.stack([weighted[:, self.cluster == c].sum(axis=1) for c in range(self.n_clusters + 1)], axis=1)
        number, scale, first = np.zeros(len(counts), np.int64), 1, 0
        for m, combinations in zip(self.classes, self.radix, strict=False):
            ordered = -np.sort(-values[:, first : first + m], axis=1)
            for i in range(m):
                number += scale * self._rank[first + i][ordered[:, i]]
            scale, first = scale * combinations, first + m
        return number + scale * values[:, -1]

    def counts(self) -> Indices:
        """Return the counts of all states, (n_states, n_groups); values of clusters of one class descend."""
        part, values, first = np.arange(self.n_states), [], 0
        for m, combinations in zip(self.classes, self.radix, strict=False):
            part, within = np.divmod(part, combinations)
            values.append(_descending(self.n_values[first], m)[within])
            first += m
        values = np.concatenate([*values, part[:, None]], axis=1)
        return values[:, self.cluster] // self._stride % (self.size + 1)

    def generator(self, counts: Indices, up: Array, down: Array) -> csr_array:
        """Return the rates per ms between states, rows to columns, from those at which each count rises and falls."""
        rows, columns, values = [], [], []
        for g in range(counts.shape[1]):
            for rate, step in ((up[:, g], 1), (down[:, g], -1)):
                source = np.flatnonzero(rate > 0)
                moved = counts[source]
                moved[:, g] += step
                rows.append(source)
                columns.append(self.number(moved))
                values.append(rate[source])
        # The same move of clusters in the same state ends in one state: their rates add up.
        shape, place = (self.n_states, self.n_states), (np.concatenate(rows), np.concatenate(columns))
        moves = coo_array((np.concatenate(values), place), shape=shape).tocsr()
        diagonal = np.arange(self.n_states)
        return csr_array(moves - coo_array((moves.sum(axis=1), (diagonal, diagonal)), shape=shape).tocsr())


def _descending(n_values: int, length: int) -> Indices:
    """Return all descending combinations of values, (n, length), ordered by the first, then by the second, ..."""
    rows = np.arange(n_values)[:, None]
    for _ in range(length - 1):
        # The next value runs from 0 to the last one.
        repeats = rows[:, -1] + 1
        following = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        rows = np.concatenate([np.repeat(rows, repeats, axis=0), following[:, None]], axis=1)
    return rows
