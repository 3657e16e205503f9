"""Mean-field equations of equal clusters, which meet each other only through sums over all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable.meanfield._mean_field import MeanField, require_variance
from metastable.networks import BinaryNetwork

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class ClusterEquations:
    """Mean-field equations of a network of Q equal clusters, by blocks.

    A cluster c has the rates ``x_c`` of its populations; what belongs to no cluster, an unclustered population or the
    background of a clustered one, has the rates ``y``. With ``S = sum_c x_c`` the mean input is
    ``own x_c + all S + shared y + drive`` to a cluster and ``all S + shared y + drive`` to the rest; the variance
    likewise.

    Parameters
    ----------
    n_clusters : int
        Q.
    own : ndarray, (2, n_groups, n_groups)
        Mean ``A_in - A_out`` and variance ``B_in - B_out`` that a cluster adds for itself; 0 outside of the first
        `n_local` rows and columns.
    common : ndarray, (2, n_groups, n_groups)
        Mean and variance per unit rate, summed over clusters, of each presynaptic group: ``A_out`` and ``B_out``.
    drive, tau_ms : ndarray, (n_groups,)
    size : ndarray of int, (n_groups,)
        Units of a group, in one cluster.
    labels : tuple of (str, bool)
        Population of each group and whether it is in clusters; the clustered ones come first.
    populations : tuple of str
        In the order of the network.

    Notes
    -----
    *Assumptions and approximations*: those of `MeanField`; clusters of a population have the same size.
    """

    n_clusters: int
    own: Array
    common: Array
    drive: Array
    tau_ms: Array
    size: NDArray[np.int64]
    labels: tuple[tuple[str, bool], ...]
    populations: tuple[str, ...]

    @staticmethod
    def of(network: BinaryNetwork) -> ClusterEquations:
        """Write the equations of a network.

        Parameters
        ----------
        network : BinaryNetwork
            Its clusters must be disjoint and, within a population, of equal size. A network without clusters counts
            as one cluster.

        Returns
        -------
        ClusterEquations

        Raises
        ------
        ValueError
            If the clusters are not equal, or the inputs of a population have no variance.
        """
        if not isinstance(network, BinaryNetwork):
            raise TypeError(f"network must be a BinaryNetwork, got {type(network).__name__}.")
        require_variance(network)
        q = max(network.n_clusters, 1)
        local, shared = [], []
        for p in network.populations:
            if p.layout is None:
                (shared if network.n_clusters else local).append((p, p.size))
                continue
            sizes = p.layout.sizes
            if p.layout.overlaps or sizes.min() != sizes.max() or sizes.size != q:
                raise ValueError(
                    f"the clusters of {p.name} differ ({p.layout}); this part of the theory needs {q} disjoint "
                    f"clusters of one size in each clustered population."
                )
            local.append((p, int(sizes[0])))
            if rest := p.size - int(sizes.sum()):
                shared.append((p, rest))
        groups = [(p, n, True) for p, n in local] + [(p, n, False) for p, n in shared]
        blocks = {(c.post, c.pre): network.block(c.post, c.pre) for c in network.connections}
        own, common = np.zeros((2, 2, len(groups), len(groups)))
        for a, (post, _, post_in) in enumerate(groups):
            for b, (pre, size, pre_in) in enumerate(groups):
                if (post.name, pre.name) not in blocks:
                    continue
                block = blocks[post.name, pre.name]
                common[:, a, b] = _moments(size, block.p_out, block.j_out)
                if post_in and pre_in:
                    inside = network.n_clusters > 0
                    p, j = (block.p_in, block.j_in) if inside else (block.p_out, block.j_out)
                    own[:, a, b] = _moments(size, p, j) - common[:, a, b]
        return ClusterEquations(
            q,
            own,
            common,
            np.array([p.drive - p.threshold for p, _, _ in groups]),
            np.array([p.tau_ms for p, _, _ in groups]),
            np.array([n for _, n, _ in groups]),
            tuple((p.name, clustered) for p, _, clustered in groups),
            tuple(p.name for p in network.populations),
        )

    @property
    def n_local(self) -> int:
        """Number of groups in each cluster."""
        return sum(clustered for _, clustered in self.labels)

    @property
    def n_shared(self) -> int:
        """Number of groups outside of clusters."""
        return len(self.labels) - self.n_local

    @property
    def names(self) -> tuple[str, ...]:
        """What the groups are called: by their population, or as its background."""
        return tuple(
            name if clustered or (name, True) not in self.labels else f"{name} background"
            for name, clustered in self.labels
        )

    def group(self, population: str, *, clustered: bool | None = None) -> int:
        """Return the index of a population's group, in clusters if there is one, or of its background."""
        for index, (name, inside) in enumerate(self.labels):
            if name == population and clustered in (None, inside):
                return index
        raise ValueError(f"there is no population {population!r} here; known are {', '.join(self.names)}.")

    def reduced(self, composition: ArrayLike) -> MeanField:
        """Write the equations of states with classes of equal clusters.

        Parameters
        ----------
        composition : array_like, (n_classes,)
            Number of clusters in each class; whole numbers are not required.

        Returns
        -------
        MeanField
            One equation for each class and clustered population, class after class, then the shared groups.
        """
        n = np.asarray(composition, float)
        p, s = self.n_local, self.n_shared
        width = n.size * p + s
        moments = np.zeros((2, width, width))
        rows = np.concatenate([np.tile(np.arange(p), n.size), np.arange(p, p + s)])
        weight = np.concatenate([np.repeat(n, p), np.ones(s)])
        moments[:] = self.common[:, rows[:, None], rows] * weight
        for k in range(n.size):
            block = slice(k * p, (k + 1) * p)
            moments[:, block, block] += self.own[:, :p, :p]
        sizes = np.rint(self.size[rows] * weight).astype(np.int64)
        index = np.concatenate([np.repeat(np.arange(n.size), p), np.full(s, -1)])
        labels = tuple((self.labels[r][0], int(k)) for r, k in zip(rows, index, strict=True))
        return MeanField(moments[0], moments[1], self.drive[rows], self.tau_ms[rows], sizes, labels)

    def expand(self, composition: ArrayLike, rates: ArrayLike) -> Array:
        """Return the rates of all groups of `MeanField.of(network)`, (n_groups,).

        Parameters
        ----------
        composition : array_like of int, (n_classes,)
        rates : array_like, (n_classes * n_local + n_shared,)
            As in `reduced`.
        """
        n, m = np.asarray(composition, int), np.asarray(rates, float)
        local = m[: n.size * self.n_local].reshape(n.size, self.n_local)
        parts = []
        for population in self.populations:
            for index, (name, clustered) in enumerate(self.labels):
                if name == population:
                    shared = m[n.size * self.n_local + index - self.n_local :][:1]
                    parts.append(np.repeat(local[:, index], n) if clustered else shared)
        return np.concatenate(parts)


def _moments(size: int, p: float, j: float) -> Array:
    return np.array([size * p * j, size * p * (1 - p) * j**2])
