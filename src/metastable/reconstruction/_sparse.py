"""Sparse solutions of fewer equations than unknowns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.linalg as sl
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog

from metastable._validation import require_number, require_numbers

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# Relative to the right side; the linear programme itself keeps its equations to 1e-7.
ROUNDING = 1e-9
# What combined equations still hold to; whether a solution is taken is decided by the equations themselves.
_ALMOST = 1e-7
# Part of a combination of columns that an unknown may have and still not count as taking part in it.
_LEAST_SHARE = 1e-6
# Sizes of sets in subspace pursuit, as shares of the equations. A set must be somewhat larger than the solution; the
# next larger one of six is found nearly as often as with all sizes.
_SIZES = (0.08, 0.12, 0.18, 0.25, 0.32, 0.4)


def basis_pursuit(a: ArrayLike, b: ArrayLike) -> Array:
    """Find the solution of ``a x = b`` with the least sum of absolute values.

    Parameters
    ----------
    a : array_like, (m, n)
    b : array_like, (m,)

    Returns
    -------
    ndarray, (n,)
        With at most m entries other than 0.

    Raises
    ------
    ValueError
        If the equations have no solution, or shapes do not fit.

    Notes
    -----
    Van Bussel et al. 2011, section 3.4, as a linear programme: minimise sum (u + v) with a (u - v) = b and u, v >= 0,
    the same problem as the paper's singular value decomposition with an L1 fit. The programme tells which entries
    are not 0; these are then fitted anew, which makes them as exact as the equations.

    Examples
    --------
    >>> import metastable as mst
    >>> mst.reconstruction.basis_pursuit([[2, 1, 0], [2, 0, 1]], [2, 2])
    array([1., 0., 0.])
    """
    a, b = _system(a, b)
    m, n = a.shape
    x = np.zeros(n)
    largest = np.abs(b).max(initial=0.0)
    if not largest:
        return x
    found = linprog(np.ones(2 * n), A_eq=np.hstack([a, -a]), b_eq=b / largest, bounds=(0, None), method="highs")
    if found.x is None:
        raise ValueError(f"the {m} equations have no solution ({found.message.splitlines()[0]}); drop inexact ones.")
    rough = found.x[:n] - found.x[n:]
    support = np.argsort(-np.abs(rough), kind="stable")[: min(m, n)]
    support = support[np.abs(rough[support]) > ROUNDING * np.abs(rough).max()]
    x[support] = _refit(a[:, support], b)
    if np.abs(a @ x - b).max() > np.abs(a @ (rough * largest) - b).max():
        x = rough * largest
    return x


def orthogonal_matching_pursuit(a: ArrayLike, b: ArrayLike, *, tolerance: float = ROUNDING) -> Array | None:
    """Add one unknown after the other until the equations hold, and take the result only if they prove it.

    Parameters
    ----------
    a : array_like, (m, n)
    b : array_like, (m,)
    tolerance : float
        Largest error of an equation, relative to the largest entry of `b`.

    Returns
    -------
    ndarray, (n,), or None
        None if no solution with fewer than m / 2 entries is found: two different ones would make m columns dependent,
        so that a shorter solution is the only one, and a longer one proves nothing.

    Notes
    -----
    Three changes against the textbook, each of which finds solutions of markedly fewer equations:

    * All entries of equations of spikes are positive, so that all columns look alike. Equations are first combined to
      orthonormal ones, which have the same solutions and columns as different as they go.
    * The next unknown is the one that leaves the smallest residual, not the one whose column is most parallel to it
      (orthogonal least squares; Chen, Billings & Luo 1989, Int. J. Control 50, 1873).
    * Where early errors lead astray, whole sets of unknowns are exchanged until the residual grows (subspace pursuit;
      Dai & Milenkovic 2009, IEEE Trans. Inf. Theory 55, 2230), for sets of a few sizes.

    Examples
    --------
    >>> import metastable as mst
    >>> a = [[1, 0, 2, 1], [0, 1, 1, 2], [1, 1, 0, 1]]
    >>> mst.reconstruction.orthogonal_matching_pursuit(a, [0, 3, 3])
    array([0., 3., 0., 0.])
    """
    require_number("tolerance", tolerance, above=0)
    a, b = _system(a, b)
    x = np.zeros(a.shape[1])
    if not b.any():
        return x
    live = np.flatnonzero(a.any(axis=0))
    if not live.size:
        return None
    rows, right = _orthonormal(a[:, live], b)
    length = np.sqrt(np.einsum("ij,ij->j", rows, rows))
    unit = rows / length
    limit = tolerance * np.abs(b).max()
    for support in _supports(unit, right):
        chosen = live[support]
        values = _refit(a[:, chosen], b)
        if np.abs(a[:, chosen] @ values - b).max() <= limit:
            x[chosen] = values
            return x
    return None


def exchangeable(a: Array, x: Array) -> NDArray[np.bool_]:
    """Say which unknowns can take each other's place in a solution, so that no shortness of it tells them apart.

    Parameters
    ----------
    a : ndarray, (m, n)
    x : ndarray, (n,)
        A sparse solution.

    Returns
    -------
    ndarray of bool, (n,)
        Columns that combine to nothing, all but one of them of entries other than 0 in `x`: those of a neuron that
        fires, and of another that always follows it after the same time. Of columns that are 0, none.
    """
    length = np.linalg.norm(a, axis=0)
    live, chosen = length > 0, np.flatnonzero(x)
    open_ = np.zeros(x.size, bool)
    if not chosen.size:
        return open_
    factors: Any = sl.qr(a[:, chosen] / length[chosen], mode="economic", pivoting=True, check_finite=False)
    q, r, pivots = factors
    size = np.abs(np.diagonal(r))
    rank = int((size > _ALMOST * size[0]).sum())
    q, basis = q[:, :rank], chosen[pivots[:rank]]
    others = np.setdiff1d(np.flatnonzero(live), basis)
    unit = a[:, others] / length[others]
    along = q.T @ unit
    within = np.linalg.norm(unit - q @ along, axis=0) <= _ALMOST
    share = np.abs(sl.solve_triangular(r[:rank, :rank], along[:, within], check_finite=False))
    open_[others[within]] = True
    open_[basis[share.max(axis=1, initial=0.0) > _LEAST_SHARE]] = True
    return open_


def _supports(unit: Array, right: Array) -> Iterator[Ints]:
    """Propose sets of less than half as many unknowns as equations that seem to solve them, the cheapest first."""
    most = (len(unit) - 1) // 2
    if greedy := _least_squares_pursuit(unit, right, most):
        yield np.array(greedy)
    for size in sorted({int(share * len(unit)) for share in _SIZES} - {0}):
        found = _subspace_pursuit(unit, right, min(size, most))
        if found is not None:
            yield found


def _least_squares_pursuit(unit: Array, right: Array, most: int) -> list[int] | None:
    """Add the unknown that leaves the smallest residual until next to nothing is left."""
    basis = np.zeros((most, len(right)))
    residual, match = right.copy(), unit.T @ right
    # Of each column, the square of what is orthogonal to the columns chosen.
    free = np.ones(unit.shape[1])
    support: list[int] = []
    enough = _ALMOST * np.linalg.norm(right)
    for k in range(most):
        gain = np.divide(match**2, free, out=np.zeros_like(match), where=free > _ALMOST)
        gain[support] = 0
        support.append(int(gain.argmax()))
        # Gram-Schmidt, twice: the new direction is orthogonal to the others to the last digit.
        new = unit[:, support[-1]].copy()
        for _ in range(2):
            new -= basis[:k].T @ (basis[:k] @ new)
        basis[k] = new / np.linalg.norm(new)
        size = basis[k] @ residual
        residual -= size * basis[k]
        if np.linalg.norm(residual) <= enough:
            return support
        projection = basis[k] @ unit
        match -= size * projection
        free -= projection**2
    return None


def _subspace_pursuit(unit: Array, right: Array, size: int) -> Ints | None:
    """Exchange members of a set of unknowns, as many as it has, until next to nothing is left or it helps no more."""
    chosen, residual, least = np.zeros(0, np.int64), right, np.inf
    while True:
        match = np.abs(unit.T @ residual)
        match[chosen] = 0
        union = np.concatenate([chosen, np.argsort(-match, kind="stable")[:size]])
        try:
            best = np.argsort(-np.abs(_normal_fit(unit[:, union], right)), kind="stable")[:size]
            union = union[best]
            residual = right - unit[:, union] @ _normal_fit(unit[:, union], right)
        except np.linalg.LinAlgError:
            return None
        left = np.linalg.norm(residual)
        if left <= _ALMOST * np.linalg.norm(right):
            return union
        if left >= least:
            return None
        chosen, least = union, left


def _normal_fit(a: Array, b: Array) -> NDArray[np.floating]:
    """Fit by normal equations: a tenth of the time of `_refit`, and exact enough to choose by."""
    return np.linalg.solve(a.T @ a, a.T @ b)


def _orthonormal(a: Array, b: Array) -> tuple[Array, Array]:
    """Return equations with the same solutions whose rows are orthonormal; dependent ones are left out."""
    length = np.sqrt(np.einsum("ij,ij->i", a, a))
    kept = np.flatnonzero(length)
    a, b = a[kept] / length[kept, None], b[kept] / length[kept]
    q, r = np.linalg.qr(a.T)
    size = np.abs(np.diagonal(r))
    if len(a) > a.shape[1] or size.min() <= _ALMOST * size.max():
        factors: Any = sl.qr(a.T, mode="economic", pivoting=True, check_finite=False)
        q, r, pivots = factors
        size = np.abs(np.diagonal(r))
        rank = int((size > _ALMOST * size[0]).sum())
        q, r, b = q[:, :rank], r[:rank, :rank], b[pivots[:rank]]
    return q.T, sl.solve_triangular(r, b, trans=1, check_finite=False)


def _system(a: ArrayLike, b: ArrayLike) -> tuple[Array, Array]:
    a, b = require_numbers("a", a), require_numbers("b", b)
    if a.ndim != 2 or b.shape != a.shape[:1]:
        raise ValueError(f"a must be (m, n) and b (m,), got {a.shape} and {b.shape}.")
    return a, b


def _refit(a: Array, b: Array) -> Array:
    x = np.linalg.lstsq(a, b, rcond=None)[0]
    return x + np.linalg.lstsq(a, b - a @ x, rcond=None)[0]
