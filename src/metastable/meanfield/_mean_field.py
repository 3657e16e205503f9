"""Mean-field equations of a clustered binary network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from metastable._display import Drawn
from metastable.networks import BinaryNetwork


@dataclass(frozen=True, eq=False, repr=False)
class MeanField(Drawn):
    """Rates of groups of equivalent units: ``tau_a dm_a/dt = -m_a + Phi(mu_a / s_a)``.

    The input of a unit is taken as Gaussian with mean ``mu = A m + h`` and variance ``s^2 = B m``.

    Parameters
    ----------
    mean : ndarray, (n_groups, n_groups)
        A, (post, pre): number of presynaptic units times p J.
    variance : ndarray, (n_groups, n_groups)
        B: number of presynaptic units times p (1 - p) J^2.
    drive : ndarray, (n_groups,)
        h, external drive minus threshold.
    tau_ms : ndarray, (n_groups,), ms
    size : ndarray of int, (n_groups,)
        Units in each group.
    labels : tuple of (str, int)
        Population of each group, and its cluster, -1 for the background or an unclustered population.

    Notes
    -----
    Rost et al. 2018, eqs. 9 to 12 and 21. The variance is that of the connectivity, ``p (1 - p) m``, which decides
    where the homogeneous state is lost.

    *Assumptions and approximations*: large networks, inputs uncorrelated and Gaussian, connections redrawn at each
    update (annealed), rates of a group without fluctuations.
    """

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]
    drive: NDArray[np.float64]
    tau_ms: NDArray[np.float64]
    size: NDArray[np.int64]
    labels: tuple[tuple[str, int], ...]

    @staticmethod
    def of(network: BinaryNetwork) -> MeanField:
        """Write the equations of a network: one for each cluster, background and unclustered population.

        Parameters
        ----------
        network : BinaryNetwork
            Without overlapping clusters.

        Returns
        -------
        MeanField

        Raises
        ------
        ValueError
            If clusters overlap, or the inputs of a population have no variance.
        """
        require_variance(network)
        labels, size, tau, drive = [], [], [], []
        for p in network.populations:
            groups = {-1: p.size}
            if p.layout is not None:
                if p.layout.overlaps:
                    raise ValueError(
                        f"the clusters of {p.name} overlap; the mean field needs every unit in one at most."
                    )
                groups = dict(enumerate(p.layout.sizes.tolist()))
                rest = p.size - sum(groups.values())
                groups |= {-1: rest} if rest else {}
            for cluster, n in groups.items():
                labels.append((p.name, cluster))
                size.append(n)
                tau.append(p.tau_ms)
                drive.append(p.drive - p.threshold)
        n_groups = len(labels)
        mean, variance = np.zeros((2, n_groups, n_groups))
        blocks = {(c.post, c.pre): network.block(c.post, c.pre) for c in network.connections}
        for a, (post, post_cluster) in enumerate(labels):
            for b, (pre, pre_cluster) in enumerate(labels):
                if (post, pre) not in blocks:
                    continue
                block = blocks[post, pre]
                inside = post_cluster >= 0 and post_cluster == pre_cluster
                p, j = (block.p_in, block.j_in) if inside else (block.p_out, block.j_out)
                mean[a, b] = size[b] * p * j
                variance[a, b] = size[b] * p * (1 - p) * j**2
        return MeanField(mean, variance, np.array(drive), np.array(tau), np.array(size), tuple(labels))

    @property
    def n_groups(self) -> int:
        """Number of equations."""
        return self.drive.size

    def merge(self, classes: ArrayLike) -> MeanField:
        """Restrict the equations to states in which all groups of a class have the same rate.

        Parameters
        ----------
        classes : array_like of int, (n_groups,)
            Class of each group, 0 to the number of classes - 1. Groups of a class must be equivalent: they receive the
            same from every class.

        Returns
        -------
        MeanField
            One equation for each class; labels are those of its first group.

        Raises
        ------
        ValueError
            If the groups of a class are not equivalent.
        """
        index = np.asarray(classes)
        n_classes = int(index.max()) + 1
        sums = np.zeros((self.n_groups, n_classes))
        sums[np.arange(self.n_groups), index] = 1
        mean, variance = self.mean @ sums, self.variance @ sums
        first = np.array([np.flatnonzero(index == c)[0] for c in range(n_classes)])
        for full in (mean, variance, self.drive[:, None], self.tau_ms[:, None]):
            if not np.allclose(full, full[first][index], rtol=1e-12, atol=1e-14):
                raise ValueError("groups of one class receive different input; they cannot be merged.")
        size = np.bincount(index, weights=self.size).astype(np.int64)
        labels = tuple(self.labels[i] for i in first)
        return MeanField(mean[first], variance[first], self.drive[first], self.tau_ms[first], size, labels)

    def input_mean(self, m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return mu at the rates m, (..., n_groups)."""
        return m @ self.mean.T + self.drive

    def input_variance(self, m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return s^2 at the rates m, (..., n_groups)."""
        return m @ self.variance.T

    def response(self, m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return Phi(mu/s), the probability that an update finds a unit above threshold, (..., n_groups).

        Without variance it is the limit: 1 above threshold, 0 at or below.
        """
        mu, s2 = self.input_mean(m), self.input_variance(m)
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(s2 > 0, mu / np.sqrt(np.maximum(s2, 0)), np.where(mu > 0, np.inf, -np.inf))
        return ndtr(z)

    def derivative(self, m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return dm/dt in 1/ms, (..., n_groups)."""
        return (self.response(m) - m) / self.tau_ms

    def jacobian(self, m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the matrix of d(dm_a/dt)/dm_b in 1/ms at one state, (n_groups, n_groups).

        Groups without input variance do not respond to small changes: their row is that of the decay alone.
        """
        return (self.gain(m) - np.eye(self.n_groups)) / self.tau_ms[:, None]

    def gain(self, m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the matrix of dPhi_a/dm_b at one state: phi(z) (A/s - mu B / (2 s^3)), (n_groups, n_groups)."""
        mu, s2 = self.input_mean(m), self.input_variance(m)
        s = np.sqrt(np.maximum(s2, 1e-300))
        # Beyond 37 standard deviations the density is 0 to all digits, and its product with 1/s could overflow.
        z = np.clip(mu / s, -38.0, 38.0)
        density = np.where((s2 > 0) & (np.abs(z) < 37.0), np.exp(-0.5 * z**2) / (np.sqrt(2 * np.pi) * s), 0.0)
        slope = np.where(density > 0, z / (2 * s), 0.0)
        return density[:, None] * (self.mean - slope[:, None] * self.variance)

    def __repr__(self) -> str:
        return f"MeanField({self.n_groups} groups: {', '.join(f'{p}{c}' if c >= 0 else p for p, c in self.labels)})"


def require_variance(network: BinaryNetwork) -> None:
    """Raise a sentence if a population has synapses of probability 1 only, whose input does not vary."""
    for population in network.populations:
        blocks = [network.block(c.post, c.pre) for c in network.connections if c.post == population.name]
        chances = [p for b in blocks for p, j in ((b.p_in, b.j_in), (b.p_out, b.j_out)) if p * j]
        if chances and min(chances) == 1:
            raise ValueError(
                f"all connections to {population.name} have probability 1, so that its input has no variance, "
                "p (1 - p) J^2 m = 0, and is not Gaussian as the theory (eqs. 9 to 12) needs; choose a probability "
                "below 1."
            )
