"""K-means in the subspace of positive eigenvectors, as Humphries 2011 maximises modularity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Enough for all but the rarest runs; the labels of the last round count then.
_MOST_ROUNDS = 200


def positive_subspace(matrix: Array, *, floor: float) -> tuple[Array, Array]:
    """Return eigenvalues above `floor` in descending order, and their eigenvectors, (n,) and (n_nodes, n)."""
    values, vectors = np.linalg.eigh(matrix)
    above = np.flatnonzero(values > floor)[::-1]
    return values[above], vectors[:, above]


def kmeans(points: Array, n_groups: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Group points around centres of squared distance, from a start by K-means++.

    Parameters
    ----------
    points : ndarray, (n, n_dimensions)
    n_groups : int
        At most n.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int, (n,)
        Some groups may be empty.

    Notes
    -----
    Arthur & Vassilvitskii 2007: each further centre is a point drawn with a probability proportional to its squared
    distance from the nearest centre so far. A centre that loses all points stays where it is.
    """
    squares = (points**2).sum(axis=1)
    centres = _spread_centres(points, squares, n_groups, rng)
    labels = None
    for _ in range(_MOST_ROUNDS):
        # The squared distance but for the part that all centres share.
        new = ((centres**2).sum(axis=1) - 2 * points @ centres.T).argmin(axis=1)
        if labels is not None and (new == labels).all():
            break
        labels = new
        members = (labels == np.arange(n_groups)[:, None]).astype(np.float64)
        sizes = members.sum(axis=1)
        filled = sizes > 0
        centres[filled] = (members @ points)[filled] / sizes[filled, None]
    assert labels is not None
    return labels


def _spread_centres(points: Array, squares: Array, n_groups: int, rng: np.random.Generator) -> Array:
    n = len(points)
    chosen = np.empty(n_groups, np.int64)
    chosen[0] = rng.integers(n)
    nearest = np.full(n, np.inf)
    for k in range(1, n_groups):
        last = points[chosen[k - 1]]
        nearest = np.minimum(nearest, np.maximum(squares - 2 * points @ last + last @ last, 0))
        nearest[chosen[:k]] = 0
        cumulated = nearest.cumsum()
        # All points may coincide with centres.
        drawn = rng.random() * cumulated[-1]
        chosen[k] = np.searchsorted(cumulated, drawn, side="right") if cumulated[-1] > 0 else rng.integers(n)
    return points[np.minimum(chosen, n - 1)].copy()
