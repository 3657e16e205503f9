"""Agreement of two partitions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def normalized_mutual_information(first: ArrayLike, second: ArrayLike) -> float:
    """Return the information that two partitions share, relative to what they hold.

    Parameters
    ----------
    first, second : array_like of int, (n,)
        Group of each node, any integers. Nodes that are negative in either, which are in no group, are left out.

    Returns
    -------
    float
        1 for the same groups, 0 for independent ones, and 0 if one side has a single group.

    Raises
    ------
    ValueError
        If the lengths differ.

    Notes
    -----
    ``2 I(A, B)/(H(A) + H(B))``: Danon et al. 2005; Humphries 2011, eq. 12.

    Examples
    --------
    >>> import metastable as mst
    >>> mst.communities.normalized_mutual_information([0, 0, 1, 1], [5, 5, 2, 2])
    1.0
    """
    joint = _shares(first, second)
    rows, columns = joint.sum(axis=1), joint.sum(axis=0)
    if rows.size < 2 or columns.size < 2:
        return 0.0
    both = _entropy(rows) + _entropy(columns)
    # Rounding leaves independent partitions a little below 0.
    return float(np.clip(2 * (both - _entropy(joint)) / both, 0, 1))


def variation_of_information(first: ArrayLike, second: ArrayLike) -> float:
    """Return the information that two partitions do not share, a distance.

    Parameters
    ----------
    first, second : array_like of int, (n,)
        As in `normalized_mutual_information`.

    Returns
    -------
    float, nats
        0 for the same groups, at most log n.

    Raises
    ------
    ValueError
        If the lengths differ.

    Notes
    -----
    ``H(A|B) + H(B|A)``: Meila 2007.

    Examples
    --------
    >>> import metastable as mst
    >>> round(mst.communities.variation_of_information([0, 0, 1, 1], [0, 1, 0, 1]), 6)  # 2 log 2
    1.386294
    """
    joint = _shares(first, second)
    return float(max(0.0, 2 * _entropy(joint) - _entropy(joint.sum(axis=1)) - _entropy(joint.sum(axis=0))))


def adjusted_rand_index(first: ArrayLike, second: ArrayLike) -> float:
    """Return the share of pairs of nodes on which two partitions agree, beyond chance.

    Parameters
    ----------
    first, second : array_like of int, (n,)
        As in `normalized_mutual_information`.

    Returns
    -------
    float
        1 for the same groups, 0 on average for random ones of the same sizes, negative for less. 1 also where neither
        side divides anything: a single group on both, or nodes that are all alone on both.

    Raises
    ------
    ValueError
        If the lengths differ.

    Notes
    -----
    Hubert & Arabie 1985, eq. 5.

    Examples
    --------
    >>> import metastable as mst
    >>> mst.communities.adjusted_rand_index([0, 0, 1, 1], [5, 5, 2, 2])
    1.0
    >>> mst.communities.adjusted_rand_index([0, 0, 1, 1], [0, 1, 0, 1])
    -0.5
    """
    joint = _counts(first, second)
    both = _pairs(joint.ravel())
    rows, columns = _pairs(joint.sum(axis=1)), _pairs(joint.sum(axis=0))
    every = _pairs(joint.sum(keepdims=True).ravel())
    most = every * (rows + columns) - 2 * rows * columns
    return 2 * (both * every - rows * columns) / most if most else 1.0


def _shares(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Return the share of nodes in each pair of groups."""
    counts = _counts(first, second)
    return counts / counts.sum()


def _counts(first: ArrayLike, second: ArrayLike) -> NDArray[np.int64]:
    """Return the number of nodes in each pair of groups; one node in one group where there is none."""
    a, b = np.asarray(first), np.asarray(second)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(
            f"partitions must be lists of the same nodes, got shapes {a.shape} and {b.shape}; give one label for each "
            "node to both, -1 where it is in no group."
        )
    if a.size and (a.dtype.kind not in "iu" or b.dtype.kind not in "iu"):
        raise TypeError(f"labels must be integers, got {a.dtype} and {b.dtype}.")
    grouped = (a >= 0) & (b >= 0)
    if not grouped.any():
        return np.ones((1, 1), np.int64)
    rows, row = np.unique(a[grouped], return_inverse=True)
    columns, column = np.unique(b[grouped], return_inverse=True)
    counts = np.bincount(row * columns.size + column, minlength=rows.size * columns.size)
    return counts.reshape(rows.size, columns.size)


def _pairs(sizes: NDArray[np.int64]) -> int:
    """Return how many pairs of nodes lie within groups of these sizes, as an integer that never overflows."""
    return int((sizes * (sizes - 1)).sum()) // 2


def _entropy(shares: NDArray[np.float64]) -> float:
    positive = shares[shares > 0]
    return float(-(positive * np.log(positive)).sum())
