"""Groups of nodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Partition(Drawn):
    """Groups of nodes.

    Parameters
    ----------
    labels : ndarray of int, (n,)
        Group of each node: 0 is the largest; the one with the earliest node first among equals. All 0 where no
        partition has a positive modularity.
    modularity : float
        Q/2m.
    trace : float
        ``Tr(S'BS)``, as the paper prints Q.
    method : str
    n_starts : int
        How often the search began anew.
    """

    labels: NDArray[np.int64]
    modularity: float
    trace: float
    method: str
    n_starts: int

    @property
    def n_groups(self) -> int:
        """Number of groups, 1 where the network is not divided."""
        return int(self.labels.max(initial=0)) + 1

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of nodes of each group, (n_groups,)."""
        return np.bincount(self.labels, minlength=1)

    def __repr__(self) -> str:
        if self.n_groups == 1:
            return f"Partition(no groups: no division of {self.labels.size} nodes has a positive modularity)"
        sizes = ", ".join(map(str, self.sizes))
        return (
            f"Partition({self.n_groups} groups of {sizes} nodes, Q/2m = {self.modularity:.6f}; "
            f"{self.method}, {self.n_starts} starts)"
        )


def by_size(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Renumber groups by descending size, then by first member."""
    _, first, index, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(sizes.size, np.int64)
    rank[np.lexsort((first, -sizes))] = np.arange(sizes.size)
    return rank[index]
