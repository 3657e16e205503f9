"""The partition of largest modularity."""

from __future__ import annotations

from numpy.typing import ArrayLike

from metastable._random import resolve_seed
from metastable.communities._modularity import as_similarity
from metastable.communities._partition import Partition
from metastable.communities._search import Search


def maximise_modularity(
    similarity: ArrayLike,
    *,
    method: str = "louvain",
    n_starts: int = 20,
    subspace: str = "all",
    eigenvalue_floor: float = 1e-3,
    seed: int | None = None,
    n_jobs: int | None = None,
) -> Partition:
    """Find the groups of nodes with the largest modularity.

    Parameters
    ----------
    similarity : array_like, (n, n)
        Symmetric, not negative. Its diagonal counts; `similarity_matrix` leaves 0 there.
    method : {"louvain", "kmeans"}
        ``"louvain"``: moves of nodes and groups, refined after Kernighan and Lin. ``"kmeans"``: the paper's, K-means on
        the eigenvectors of B with positive eigenvalues, for all numbers of groups from 2 to one more than these.
    n_starts : int
        Starts of ``"louvain"``; starts of ``"kmeans"`` for each number of groups. Modularity keeps creeping up with
        them, so whatever is compared must have the same number.
    subspace : {"all", "leading"}
        For ``"kmeans"``: whether K groups are sought among all eigenvectors, as in the body of the paper, or the
        leading K - 1, as in its appendix.
    eigenvalue_floor : float
        For ``"kmeans"``: eigenvalues up to this one count as 0; the paper's programs have 0.001.
    seed : int, optional
        None draws it.
    n_jobs : int, optional
        Threads; all cores by default. Does not change the result.

    Returns
    -------
    Partition
        The best of all starts, the first among equals.

    Raises
    ------
    ValueError
        If the matrix is not square, symmetric and non-negative, or an option is unknown.

    Notes
    -----
    Nodes are visited in an order that does not depend on how they are listed, but for nodes of equal total similarity:
    listed otherwise, the same nodes are found together.

    Groups that are small beside the whole have a larger modularity joined than apart (Fortunato & Barthelemy 2007, PNAS
    104, 36). Weights on the diagonal resolve them: a common one is the mean similarity of a node to all others together
    (Arenas, Fernandez & Gomez 2008, New J. Phys. 10, 053039).

    Examples
    --------
    >>> import metastable as mst
    >>> import numpy as np
    >>> blocks = np.kron(np.eye(3), np.ones((10, 10))) + 0.1
    >>> mst.communities.maximise_modularity(blocks, seed=1)
    Partition(3 groups of 10, 10, 10 nodes, Q/2m = 0.512821; louvain, 20 starts)

    Forty groups in a ring, each a little like the next, are joined at the standard resolution:

    >>> group = np.arange(200) // 5
    >>> apart = np.abs(group[:, None] - group)
    >>> ring = np.select([apart == 0, (apart == 1) | (apart == 39)], [1.0, 0.03])
    >>> finer = ring + ring.sum(axis=1).mean() * np.eye(200)
    >>> [mst.communities.maximise_modularity(matrix, seed=1).n_groups for matrix in (ring, finer)]
    [20, 40]
    """
    matrix = as_similarity(similarity)
    search = Search(method, n_starts, subspace, eigenvalue_floor)
    return search.best(matrix, seed=resolve_seed(seed), n_jobs=n_jobs)
