"""Sparse solutions of fewer equations than unknowns."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog

from metastable._validation import require_number, require_numbers

Array = NDArray[np.float64]

# Relative to the right side; the linear programme itself keeps its equations to 1e-7.
ROUNDING = 1e-9


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
    with warnings.catch_warnings():
        # HiGHS remarks on badly scaled systems; what counts is the residual below.
        warnings.simplefilter("ignore")
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
        None if half as many unknowns as equations do not suffice: two different solutions of fewer than m / 2 entries
        each would make m columns dependent, so that a shorter one is the only one, and a longer one proves nothing.

    Examples
    --------
    >>> import metastable as mst
    >>> a = [[1, 0, 2, 1], [0, 1, 1, 2], [1, 1, 0, 1]]
    >>> mst.reconstruction.orthogonal_matching_pursuit(a, [0, 3, 3])
    array([0., 3., 0., 0.])
    """
    require_number("tolerance", tolerance, above=0)
    a, b = _system(a, b)
    m, n = a.shape
    length = np.sqrt(np.einsum("ij,ij->j", a, a))
    unit = np.divide(a, length, out=np.zeros_like(a), where=length > 0)
    x, support, residual = np.zeros(n), [], b.copy()
    basis = np.zeros((m, (m + 1) // 2))
    limit = tolerance * np.abs(b).max(initial=0.0)
    while np.abs(residual).max(initial=0.0) > limit:
        k = len(support)
        if 2 * (k + 1) >= m:
            return None
        match = np.abs(unit.T @ residual)
        match[support] = 0
        support.append(int(match.argmax()))
        # Gram-Schmidt, twice: the new direction is orthogonal to the others to the last digit.
        new = unit[:, support[-1]].copy()
        for _ in range(2):
            new -= basis[:, :k] @ (basis[:, :k].T @ new)
        size = np.linalg.norm(new)
        if size < ROUNDING:
            return None
        basis[:, k] = new / size
        residual -= basis[:, k] * (basis[:, k] @ residual)
    x[support] = _refit(a[:, support], b)
    return x


def _system(a: ArrayLike, b: ArrayLike) -> tuple[Array, Array]:
    a, b = require_numbers("a", a), require_numbers("b", b)
    if a.ndim != 2 or b.shape != a.shape[:1]:
        raise ValueError(f"a must be (m, n) and b (m,), got {a.shape} and {b.shape}.")
    return a, b


def _refit(a: Array, b: Array) -> Array:
    x = np.linalg.lstsq(a, b, rcond=None)[0]
    return x + np.linalg.lstsq(a, b - a @ x, rcond=None)[0]
