"""Groups without a search for the largest modularity: how many eigenvalues leave the spectrum of the controls."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from metastable.communities._kmeans import kmeans
from metastable.communities._partition import by_size

Array = NDArray[np.float64]


def largest_eigenvalue(matrix: Array) -> float:
    """Return the largest eigenvalue of a symmetric matrix."""
    last = len(matrix) - 1
    return float(eigh(matrix, eigvals_only=True, subset_by_index=(last, last))[0])


def reject(
    similarity: Array, null: Array, bound: float, *, n_starts: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Group the nodes by the eigenvectors of ``similarity - null`` with eigenvalues above a bound.

    Parameters
    ----------
    similarity, null : ndarray, (n, n)
        Of the data, and the mean over controls.
    bound : float
        Largest eigenvalue of any control minus the mean of the others.
    n_starts : int
        Of K-means, on eigenvectors of length square root of their eigenvalue; the tightest grouping is kept.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int, (n,)
        As many groups as eigenvalues above the bound, but two for a single one: those that share it and the rest. All 0
        without any.
    """
    values, vectors = np.linalg.eigh(similarity - null)
    above = values > bound
    n_groups = int(above.sum())
    if not n_groups:
        return np.zeros(len(similarity), np.int64)
    points = vectors[:, above] * np.sqrt(values[above])
    found = [kmeans(points, max(n_groups, 2), rng) for _ in range(n_starts)]
    return by_size(min(found, key=lambda labels: _scatter(points, labels)))


def _scatter(points: Array, labels: NDArray[np.int64]) -> float:
    members = (labels == np.unique(labels)[:, None]).astype(np.float64)
    sums = members @ points
    # The sum of squares within groups is that of all points less that of the centres; the first is the same for all.
    return float(-((sums**2).sum(axis=1) / members.sum(axis=1)).sum())
