"""Which neurons of a population form which cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._display import Displayed
from metastable._validation import (
    require_instance,
    require_integer,
    require_list,
    require_membership,
    require_number,
    shown,
)


@dataclass(frozen=True)
class ClusterLayout(Displayed):
    """Clusters of one population: equal, unequal, overlapping, with or without an unclustered background.

    Use one of the constructors `equal`, `unequal`, `overlapping`, `from_membership`.

    Parameters
    ----------
    n_neurons : int
        Size of the population.
    clusters : tuple of tuple of (int, int)
        For each cluster its members as runs ``(start, stop)`` of neuron indices, ascending and disjoint.

    Examples
    --------
    >>> from metastable.networks import ClusterLayout
    >>> ClusterLayout.equal(100, 4)
    ClusterLayout(100 neurons in 4 clusters of 25)
    """

    _prints_a_table = True

    n_neurons: int
    clusters: tuple[tuple[tuple[int, int], ...], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_neurons", require_integer("n_neurons", self.n_neurons, minimum=1))
        clusters = _as_runs(self.clusters)
        object.__setattr__(self, "clusters", clusters)
        if not clusters:
            raise ValueError("a layout needs at least one cluster; leave the layout out for an unclustered population.")
        for index, runs in enumerate(clusters):
            edges = [edge for run in runs for edge in run]
            if not edges:
                raise ValueError(f"cluster {index} has no neurons; leave it out.")
            if sorted(edges) != edges or any(a == b for a, b in runs):
                raise ValueError(f"cluster {index} must be ascending, disjoint, non-empty runs, got {runs}.")
            if edges[0] < 0 or edges[-1] > self.n_neurons:
                raise ValueError(
                    f"cluster {index} reaches from neuron {edges[0]} to {edges[-1] - 1} but the population has "
                    f"{self.n_neurons}; make the clusters smaller or fewer."
                )

    @staticmethod
    def equal(n_neurons: int, n_clusters: int, *, background: float = 0.0) -> ClusterLayout:
        """Divide a population into clusters of one size.

        Parameters
        ----------
        n_neurons : int
            Size of the population.
        n_clusters : int
            Number of clusters.
        background : float
            Fraction of the population in no cluster, 0 to 1; these are the last neurons.

        Returns
        -------
        ClusterLayout

        Raises
        ------
        ValueError
            If the clustered neurons cannot be divided evenly.

        Examples
        --------
        >>> from metastable.networks import ClusterLayout
        >>> ClusterLayout.equal(100, 4, background=0.2)
        ClusterLayout(100 neurons in 4 clusters of 20, 20% background)
        """
        n_neurons = require_integer("n_neurons", n_neurons, minimum=1)
        n_clusters = require_integer("n_clusters", n_clusters, minimum=1)
        clustered = n_neurons - round(n_neurons * require_number("background", background, minimum=0, maximum=1))
        size, rest = divmod(clustered, n_clusters)
        if rest or not size:
            raise ValueError(
                f"{clustered} clustered neurons do not fit into {n_clusters} equal clusters; "
                "choose numbers that divide, or ClusterLayout.unequal."
            )
        return ClusterLayout(n_neurons, tuple(((c * size, (c + 1) * size),) for c in range(n_clusters)))

    @staticmethod
    def unequal(sizes: Sequence[int], *, n_neurons: int | None = None) -> ClusterLayout:
        """Place clusters of given sizes one after the other.

        Parameters
        ----------
        sizes : sequence of int
            Size of each cluster.
        n_neurons : int, optional
            Size of the population; neurons beyond the last cluster are background. By default the sum of sizes.

        Returns
        -------
        ClusterLayout

        Raises
        ------
        ValueError
            If the clusters need more neurons than there are.

        Examples
        --------
        >>> from metastable.networks import ClusterLayout
        >>> ClusterLayout.unequal([10, 30, 20]).sizes
        array([10, 30, 20])
        """
        whole = [require_integer("sizes", size, minimum=1) for size in require_list("sizes", sizes)]
        if not whole:
            raise ValueError("sizes must name at least one cluster, got none.")
        total = sum(whole)
        n_neurons = total if n_neurons is None else require_integer("n_neurons", n_neurons, minimum=1)
        if total > n_neurons:
            raise ValueError(f"clusters of {total} neurons in all do not fit into {n_neurons}; make them smaller.")
        stops = np.cumsum(whole).tolist()
        return ClusterLayout(n_neurons, tuple(((b - a, b),) for a, b in zip(whole, stops, strict=True)))

    @staticmethod
    def overlapping(n_neurons: int, n_clusters: int, *, size: int) -> ClusterLayout:
        """Place clusters at equal distances around a ring, so that neighbours share neurons.

        Parameters
        ----------
        n_neurons : int
            Size of the population.
        n_clusters : int
            Number of clusters; cluster c starts at neuron ``round(c * n_neurons / n_clusters) % n_neurons``.
        size : int
            Neurons in each cluster; above ``n_neurons / n_clusters`` a neuron is in several.

        Returns
        -------
        ClusterLayout

        Raises
        ------
        ValueError
            If a cluster is larger than the population.

        Examples
        --------
        >>> from metastable.networks import ClusterLayout
        >>> ClusterLayout.overlapping(100, 4, size=30)
        ClusterLayout(100 neurons in 4 clusters of 30, overlapping)
        """
        n_neurons = require_integer("n_neurons", n_neurons, minimum=1)
        n_clusters = require_integer("n_clusters", n_clusters, minimum=1)
        size = require_integer("size", size, minimum=1)
        if size > n_neurons:
            raise ValueError(f"a cluster of {size} neurons does not fit into {n_neurons}; make it smaller.")
        clusters = []
        for c in range(n_clusters):
            start = round(c * n_neurons / n_clusters) % n_neurons
            stop = start + size
            clusters.append(((start, stop),) if stop <= n_neurons else ((0, stop - n_neurons), (start, n_neurons)))
        return ClusterLayout(n_neurons, tuple(clusters))

    @staticmethod
    def from_membership(membership: ArrayLike) -> ClusterLayout:
        """Take any assignment of neurons to clusters.

        Parameters
        ----------
        membership : array_like of bool, (n_neurons, n_clusters)
            Whether a neuron belongs to a cluster; a neuron may be in none, one or several.

        Returns
        -------
        ClusterLayout

        Raises
        ------
        ValueError
            If it is no matrix, or a cluster is empty.

        Examples
        --------
        >>> from metastable.networks import ClusterLayout
        >>> ClusterLayout.from_membership([[1, 0], [1, 1], [0, 1], [0, 0]])
        ClusterLayout(4 neurons in 2 clusters of 2, overlapping, 25% background)
        """
        matrix = require_membership("membership", membership)
        padded = np.zeros((matrix.shape[0] + 2, matrix.shape[1]), np.int8)
        padded[1:-1] = matrix
        clusters = []
        for column in padded.T:
            edges = np.flatnonzero(np.diff(column))
            clusters.append(tuple(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)))
        return ClusterLayout(matrix.shape[0], tuple(clusters))

    @staticmethod
    def from_dict(data: dict[str, Any] | None) -> ClusterLayout | None:
        """Rebuild a layout from its ``dataclasses.asdict``, or from the JSON of it; None stays None."""
        if data is None:
            return None
        require_instance("data", data, dict, do="give what dataclasses.asdict made of a layout")
        return ClusterLayout(data["n_neurons"], data["clusters"])

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return len(self.clusters)

    @cached_property
    def membership(self) -> NDArray[np.bool_]:
        """Which neuron belongs to which cluster, (n_neurons, n_clusters)."""
        matrix = np.zeros((self.n_neurons, self.n_clusters), bool)
        for c, runs in enumerate(self.clusters):
            for start, stop in runs:
                matrix[start:stop, c] = True
        matrix.flags.writeable = False
        return matrix

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of neurons in each cluster, (n_clusters,)."""
        return self.membership.sum(axis=0)

    @property
    def overlaps(self) -> bool:
        """Whether some neuron is in several clusters."""
        return bool((self.membership.sum(axis=1) > 1).any())

    @property
    def background(self) -> float:
        """Fraction of neurons in no cluster."""
        return float((~self.membership.any(axis=1)).mean())

    @cached_property
    def patterns(self) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Distinct membership rows, (n_patterns, n_clusters), and the row of each neuron, (n_neurons,)."""
        if self.overlaps:
            rows, of_neuron = np.unique(self.membership, axis=0, return_inverse=True)
            of_neuron = of_neuron.reshape(-1)
        else:
            # The same in the same order, 100 x faster: no cluster first, then the last cluster down to the first.
            some = self.membership.any(axis=1)
            background, q = int(not some.all()), self.n_clusters
            of_neuron = np.where(some, background + q - 1 - self.membership.argmax(axis=1), 0)
            rows = np.concatenate([np.zeros((background, q), bool), np.eye(q, dtype=bool)[::-1]])
        rows.flags.writeable = of_neuron.flags.writeable = False
        return rows, of_neuron

    def __repr__(self) -> str:
        sizes = np.unique(self.sizes)
        size = f"{sizes[0]}" if sizes.size == 1 else f"{sizes[0]} to {sizes[-1]}"
        extra = ", overlapping" if self.overlaps else ""
        extra += f", {self.background:.0%} background" if self.background else ""
        return f"ClusterLayout({self.n_neurons} neurons in {self.n_clusters} clusters of {size}{extra})"


def _as_runs(clusters: Any) -> tuple[tuple[tuple[int, int], ...], ...]:
    try:
        return tuple(
            tuple((require_integer("start", start), require_integer("stop", stop)) for start, stop in runs)
            for runs in clusters
        )
    except (TypeError, ValueError):
        raise TypeError(
            f"clusters must list the runs (start, stop) of each cluster in whole numbers, got {shown(clusters)}; "
            "see ClusterLayout.from_membership."
        ) from None


def shared_fraction(post: ClusterLayout | None, pre: ClusterLayout | None) -> float:
    """Return the fraction of (post, pre) pairs that share at least one cluster, a neuron with itself included.

    Parameters
    ----------
    post, pre : ClusterLayout or None
        Layouts of the two populations; None for an unclustered one. Cluster c of one is cluster c of the other.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the numbers of clusters differ.
    """
    if post is None or pre is None:
        return 0.0
    counts = np.outer(np.bincount(post.patterns[1]), np.bincount(pre.patterns[1]))
    return int((_patterns_share(post, pre) * counts).sum()) / (post.n_neurons * pre.n_neurons)


def share_a_cluster(post: ClusterLayout | None, pre: ClusterLayout | None) -> NDArray[np.bool_]:
    """Return which (post, pre) pairs share at least one cluster.

    Parameters
    ----------
    post, pre : ClusterLayout or None
        As in `shared_fraction`.

    Returns
    -------
    ndarray of bool, (n_post, n_pre)
        A single False, (1, 1), where one of them has no layout.
    """
    if post is None or pre is None:
        return np.zeros((1, 1), bool)
    return _patterns_share(post, pre)[np.ix_(post.patterns[1], pre.patterns[1])]


def pairs_share_a_cluster(
    post: ClusterLayout, pre: ClusterLayout, i: NDArray[np.int64], j: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which of some pairs of neurons, (post i, pre j), share at least one cluster, (n_pairs,)."""
    return _patterns_share(post, pre)[post.patterns[1][i], pre.patterns[1][j]]


def shared_with_pattern(post: ClusterLayout, pre: ClusterLayout) -> NDArray[np.bool_]:
    """Return, for each membership pattern of `pre`, which neurons of `post` share a cluster, (n_patterns, n_post)."""
    return _patterns_share(post, pre).T[:, post.patterns[1]]


def _patterns_share(post: ClusterLayout, pre: ClusterLayout) -> NDArray[np.bool_]:
    """Return which pairs of membership patterns share a cluster, (n_patterns of post, n_patterns of pre)."""
    if post.n_clusters != pre.n_clusters:
        raise ValueError(
            f"connected clustered populations must have the same number of clusters, got {post.n_clusters} and "
            f"{pre.n_clusters}; give both layouts the same number."
        )
    # Not as a matrix product: the threads that BLAS wakes for it spin on after a small one.
    share = np.zeros((len(post.patterns[0]), len(pre.patterns[0])), bool)
    for a, b in zip(post.patterns[0].T, pre.patterns[0].T, strict=True):
        share |= a[:, None] & b
    return share
