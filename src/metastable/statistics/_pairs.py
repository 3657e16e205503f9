"""Which pairs of neurons share a cluster, without a list of pairs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class MembershipClasses:
    """Neurons sorted into classes that belong to exactly the same clusters.

    Clusters may overlap: two neurons are a same-cluster pair if they share at least one, and a pair that shares two is
    still one pair. Sums over same-cluster pairs are therefore sums over pairs of classes that share a cluster.
    A different-cluster pair has two neurons that are each in some cluster and share none; a pair with a neuron
    of no cluster (background, or an inhibitory population without labels) counts in "all" only.

    Parameters
    ----------
    of_neuron : ndarray of int, (n_neurons,)
    membership : ndarray of bool, (n_classes, n_clusters)
    """

    of_neuron: NDArray[np.int64]
    membership: NDArray[np.bool_]

    @staticmethod
    def of(membership: NDArray[np.bool_]) -> MembershipClasses:
        """Sort the rows of a membership matrix, (n_neurons, n_clusters), into classes."""
        n_neurons, n_clusters = membership.shape
        if n_clusters == 0:
            return MembershipClasses(np.zeros(n_neurons, np.int64), np.zeros((1, 0), bool))
        _, first, of_neuron = np.unique(np.packbits(membership, axis=1), axis=0, return_index=True, return_inverse=True)
        return MembershipClasses(of_neuron.reshape(-1), membership[first])

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return self.membership.shape[0]

    @cached_property
    def clustered(self) -> NDArray[np.bool_]:
        """Which classes are in some cluster, (n_classes,)."""
        return np.any(self.membership, axis=1)

    @cached_property
    def sharing(self) -> NDArray[np.float64]:
        """1 where two classes share a cluster, else 0, (n_classes, n_classes)."""
        member = self.membership.astype(np.float64)
        return (member @ member.T > 0).astype(np.float64)

    def count_pairs(self, active: NDArray[np.bool_]) -> dict[str, int]:
        """Count the unordered pairs of active neurons of each kind."""
        sizes = np.bincount(self.of_neuron[active], minlength=self.n_classes)
        clustered = int(sizes[self.clustered].sum())
        same = (round(float(sizes @ self.sharing @ sizes)) - clustered) // 2
        every, within = (n * (n - 1) // 2 for n in (int(sizes.sum()), clustered))
        return {"all": every, "same_cluster": same, "different_cluster": within - same}

    def sum_over_pairs(self, spectra: NDArray[np.complex128]) -> dict[str, NDArray[np.float64]]:
        """Sum ``conj(F_i) F_j`` over ordered pairs, i = j included, from the sum of F over each class.

        Parameters
        ----------
        spectra : ndarray, (n_classes, n_frequencies)

        Returns
        -------
        dict of ndarray, (n_frequencies,)
            For "all" and for "clustered" neurons (|sum F|^2), and for those sharing a cluster.
        """
        shared = self.sharing @ spectra
        return {
            "all": np.abs(spectra.sum(axis=0)) ** 2,
            "clustered": np.abs(spectra[self.clustered].sum(axis=0)) ** 2,
            "same_cluster": np.einsum("pf,pf->f", spectra.conj(), shared).real,
        }
