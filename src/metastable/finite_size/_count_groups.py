"""Groups of equivalent units of a clustered binary network, and how fast each of them gains and loses active units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from metastable.networks import BinaryNetwork

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CountGroups:
    """What a unit of each group receives from an active unit of each other, with connections drawn anew every time.

    Parameters
    ----------
    labels : tuple of (str, int)
        Population and cluster of each group, -1 for a background or an unclustered population; cluster by cluster,
        what is in no cluster last.
    size : ndarray of int, (n_groups,)
        Units.
    tau_ms : ndarray, (n_groups,), ms
        Mean time between two updates of a unit.
    drive : ndarray, (n_groups,)
        External drive minus threshold.
    mean, variance : ndarray, (n_groups, n_groups), (post, pre)
        ``p J`` and ``p (1 - p) J^2``.
    """

    labels: tuple[tuple[str, int], ...]
    size: NDArray[np.int64]
    tau_ms: Array
    drive: Array
    mean: Array
    variance: Array

    @staticmethod
    def of(network: BinaryNetwork) -> CountGroups:
        """Take the groups of a network: one for each cluster of each population, and one for those in no cluster."""
        found = []
        for p in network.populations:
            sizes: dict[int, int] = {}
            if p.layout is not None:
                if p.layout.overlaps:
                    raise ValueError(
                        f"the clusters of {p.name} overlap, but counts need every unit in one cluster at most; "
                        "give it a layout without overlaps."
                    )
                sizes = dict(enumerate(p.layout.sizes.tolist()))
            rest = p.size - sum(sizes.values())
            sizes |= {-1: rest} if rest else {}
            found += [((p.name, cluster), n, p.tau_ms, p.drive - p.threshold) for cluster, n in sizes.items()]
        found.sort(key=lambda group: group[0][1] if group[0][1] >= 0 else network.n_clusters)
        labels = tuple(label for label, *_ in found)
        size, tau_ms, drive = (np.array(column) for column in zip(*(rest for _, *rest in found), strict=True))
        mean, variance = np.zeros((2, len(labels), len(labels)))
        blocks = {(c.post, c.pre): network.block(c.post, c.pre) for c in network.connections}
        for a, (post, post_cluster) in enumerate(labels):
            for b, (pre, pre_cluster) in enumerate(labels):
                if (post, pre) in blocks:
                    block = blocks[post, pre]
                    inside = post_cluster >= 0 and post_cluster == pre_cluster
                    p, j = (block.p_in, block.j_in) if inside else (block.p_out, block.j_out)
                    mean[a, b], variance[a, b] = p * j, p * (1 - p) * j**2
        return CountGroups(labels, size.astype(np.int64), tau_ms, drive, mean, variance)

    def rates(self, counts: NDArray[np.int64], noise_sd: float) -> tuple[Array, Array]:
        """Return how often per ms each count rises and falls by one, (n_states, n_groups) each.

        An active unit does not count among its own inputs.
        """
        mean = counts @ self.mean.T + self.drive
        variance = counts @ self.variance.T + noise_sd**2
        up = (self.size - counts) * ndtr(mean / np.sqrt(variance)) / self.tau_ms
        mean -= np.diagonal(self.mean)
        # Only where no unit is active, and none can fall, is less than the noise left.
        variance = np.maximum(variance - np.diagonal(self.variance), noise_sd**2)
        # Phi(-z), not 1 - Phi(z), which would round to 0 far above threshold.
        down = counts * ndtr(-mean / np.sqrt(variance)) / self.tau_ms
        return up, down
