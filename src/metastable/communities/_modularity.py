"""Modularity of a partition of a weighted network."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def modularity(similarity: ArrayLike, labels: ArrayLike) -> float:
    """Return the modularity Q/2m of a partition.

    Parameters
    ----------
    similarity : array_like, (n, n)
        Symmetric, not negative; the diagonal counts as it is.
    labels : array_like of int, (n,)
        Group of each node, any integers; negative ones belong to no group.

    Returns
    -------
    float
        Weight within groups minus the weight expected from the total similarities, over all weight.

    Raises
    ------
    ValueError
        If the matrix is not square, symmetric and non-negative, or the labels do not fit.

    Notes
    -----
    ``Q/2m = Tr(S' B S)/2m`` with ``B = C - P``, ``P = d d'/2m``: Humphries 2011, eqs. 4, 8 and 11. The paper prints the
    trace itself; divided by 2m it compares across networks and timescales.

    Examples
    --------
    >>> import metastable as mst
    >>> two_pairs = [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]
    >>> mst.communities.modularity(two_pairs, [0, 0, 1, 1])
    0.5
    """
    matrix = as_similarity(similarity)
    groups = np.asarray(labels)
    if groups.shape != (len(matrix),) or groups.dtype.kind not in "iu":
        raise ValueError(f"labels must be {len(matrix)} integers, got shape {groups.shape} of {groups.dtype}.")
    degree = matrix.sum(axis=1)
    total = degree.sum()
    if total == 0:
        return 0.0
    inside = expected = 0.0
    for group in np.unique(groups[groups >= 0]):
        mine = groups == group
        inside += matrix[np.ix_(mine, mine)].sum()
        expected += degree[mine].sum() ** 2
    return float(inside / total - expected / total**2)


def modularity_matrix(similarity: ArrayLike) -> Array:
    """Return ``B = C - d d'/2m``, similarity beyond what the total similarities let one expect, (n, n).

    Parameters
    ----------
    similarity : array_like, (n, n)

    Returns
    -------
    ndarray, (n, n)
        Its rows sum to 0.

    Raises
    ------
    ValueError
        If the matrix is not square, symmetric and non-negative.

    Examples
    --------
    >>> import metastable as mst
    >>> mst.communities.modularity_matrix([[0, 2], [2, 0]])
    array([[-1.,  1.],
           [ 1., -1.]])
    """
    matrix = as_similarity(similarity)
    degree = matrix.sum(axis=1)
    total = degree.sum()
    return matrix - np.outer(degree, degree) / total if total else matrix.copy()


def as_similarity(similarity: ArrayLike) -> Array:
    """Return a similarity matrix as floats, or raise a sentence about what is wrong with it."""
    try:
        matrix = np.asarray(similarity, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError("similarity must be a square matrix of numbers.") from None
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"similarity must be a square matrix, got shape {matrix.shape}.")
    if not np.isfinite(matrix).all():
        raise ValueError("similarity holds NaN or infinite values; leave out the nodes that have them.")
    least = matrix.min(initial=0.0)
    if least < 0:
        raise ValueError(f"similarity must not be negative, got {least:g}; rectify it or add a constant.")
    if not np.allclose(matrix, matrix.T, rtol=1e-10, atol=1e-12 * matrix.max(initial=0.0)):
        raise ValueError("similarity must be symmetric; average it with its transpose.")
    return matrix
