"""How strongly each train belongs to each group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._display import Drawn
from metastable.communities._labels import require_labels
from metastable.communities._modularity import as_similarity

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class GroupMembership(Drawn):
    """Similarity of each train to each group beyond expectation.

    Parameters
    ----------
    labels : ndarray of int, (n,)
        The groups, as given.
    excess : ndarray, (n, n_groups)
        Similarity to the other members of the group over the expected one, minus 1: 0 for trains like any other, 1 for
        twice the expected similarity, -1 for none. NaN where nothing is expected: for trains without any similarity,
        and for the only member of a group.
    """

    labels: NDArray[np.int64]
    excess: Array

    @property
    def own(self) -> Array:
        """Excess of each train in its own group, (n,); NaN for trains in none."""
        values = np.take_along_axis(self.excess, np.maximum(self.labels, 0)[:, None], axis=1)[:, 0]
        return np.where(self.labels >= 0, values, np.nan)

    @property
    def margin(self) -> Array:
        """Excess in the own group minus the largest in another, (n,); negative for trains that are nearer to another.

        NaN for trains in no group, and where there is no other group.
        """
        return self.own - self._largest_other()

    @property
    def core(self) -> NDArray[np.bool_]:
        """Which trains are more similar than expected to their own group and to no other, (n,)."""
        # NaN compares as False: trains in no group are no core.
        return (self.own > 0) & (self._largest_other() <= 0)

    def _largest_other(self) -> Array:
        others = np.where(np.arange(self.excess.shape[1]) == self.labels[:, None], -np.inf, self.excess)
        largest = np.where(np.isnan(others), -np.inf, others).max(axis=1)
        return np.where(np.isinf(largest), np.nan, largest)

    def __repr__(self) -> str:
        grouped = self.labels >= 0
        sizes = np.bincount(self.labels[grouped], minlength=self.excess.shape[1])
        cores = np.bincount(self.labels[grouped & self.core], minlength=self.excess.shape[1])
        parts = ", ".join(f"{core} of {size}" for core, size in zip(cores, sizes, strict=True))
        return f"GroupMembership({sizes.size} groups; core members {parts})"


def group_membership(similarity: ArrayLike, labels: ArrayLike) -> GroupMembership:
    """Measure how strongly each train belongs to each group.

    Parameters
    ----------
    similarity : array_like, (n, n)
        Symmetric, not negative; the diagonal is left out.
    labels : array_like of int, (n,)
        Group of each train, -1 for none; trains in none are compared with the groups but count for no expectation.

    Returns
    -------
    GroupMembership

    Raises
    ------
    ValueError
        If the matrix is not square, symmetric and non-negative, or the labels do not fit.

    Notes
    -----
    The comparison of modularity, train by train. A train spreads its total similarity over the others; expected is
    that each of them receives it in proportion to its own total. Without the train itself, so that, weighted by the
    expectation, the excess of a train over all groups is 0.

    Examples
    --------
    >>> import metastable as mst
    >>> similarity = [[0, 4, 1, 1], [4, 0, 1, 1], [1, 1, 0, 4], [1, 1, 4, 0]]
    >>> found = mst.communities.group_membership(similarity, [0, 0, 1, 1])
    >>> found.excess[0]
    array([ 1. , -0.5])
    >>> found.core
    array([ True,  True,  True,  True])
    """
    matrix = as_similarity(similarity).copy()
    groups = require_labels(labels, len(matrix))
    np.fill_diagonal(matrix, 0)
    member = (groups[:, None] == np.arange(groups.max() + 1)).astype(np.float64)
    observed = matrix @ member
    total = observed.sum(axis=1)
    weight = np.where(groups >= 0, total, 0)
    offered = (weight @ member) - weight[:, None] * member
    everything = offered.sum(axis=1)
    share = np.divide(offered, everything[:, None], out=np.zeros_like(offered), where=everything[:, None] > 0)
    expected = total[:, None] * share
    # Below rounding of the total nothing is expected: what remains of a group without its only member.
    known = expected > 1e-12 * max(float(total.max(initial=0)), np.finfo(float).tiny)
    excess = np.full(expected.shape, np.nan)
    np.divide(observed, expected, out=excess, where=known)
    return GroupMembership(labels=groups, excess=excess - 1)
