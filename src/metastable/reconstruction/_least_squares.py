"""Least squares with what it says about its own accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg as sl
from numpy.typing import NDArray

from metastable.reconstruction._lapack import invert_lower

Array = NDArray[np.float64]

# The normal equations square the condition; one refinement repairs what they lose up to here, pivoting beyond.
_WORST_CONDITION = 1e6
# A column this much shorter than the longest is lost in the rounding of the equations: arrivals long before a spike, of
# which nothing is left.
_SHORTEST_COLUMN = 1e-13
# Part of an undetermined combination that a weight may have and still count as determined.
_LEAST_SHARE = 1e-6


@dataclass(frozen=True, eq=False)
class Fit:
    """Solution of an overdetermined system.

    Parameters
    ----------
    x : ndarray, (n,)
        The solution, 0 where undetermined.
    determined : ndarray of bool, (n,)
        Which unknowns the equations fix.
    rank : int
    condition : float
        ``sqrt(trace(A'A) trace((A'A)^-1))`` of the columns scaled to length 1 (Demmel's condition number); infinite
        where the rank is deficient.
    spread : ndarray, (n,)
        Standard deviation of each unknown for errors of standard deviation 1 in the right side.
    """

    x: Array
    determined: NDArray[np.bool_]
    rank: int
    condition: float
    spread: Array


def least_squares(a: Array, b: Array, *, noise: float = 0.0) -> Fit:
    """Minimise |a x - b|; columns of zeros, or next to it, are undetermined and do not count as unknowns.

    Parameters
    ----------
    a : ndarray, (m, n)
    b : ndarray, (m,)
    noise : float
        Relative errors of the entries of `a`: what only they would tell apart is undetermined.

    Returns
    -------
    Fit

    Notes
    -----
    Normal equations by Cholesky cost the same as elimination of a square system and run at the speed of a matrix
    product; a step of refinement with the residual of the equations themselves returns the digits that squaring the
    condition takes. Scaling the columns would not change a digit of the factor but for rounding (Van der Sluis 1969,
    Numer. Math. 14, 14), so that only the condition is computed as if they were. If it exceeds 1e6, the equations are
    too few, or dependent: QR with column pivoting.
    """
    gram = a.T @ a
    squared = np.diagonal(gram).copy()
    live = squared > _SHORTEST_COLUMN**2 * squared.max(initial=0.0)
    n_live = int(live.sum())
    if not live.all():
        # What is left out must not enter by way of the others.
        a = np.where(live, a, 0.0)
        gram[~live], gram[:, ~live] = 0.0, 0.0
    if len(a) < n_live:
        return _pivoted(a, b, np.sqrt(squared), live, noise)
    gram.ravel()[:: squared.size + 1][~live] = 1.0
    try:
        inverse = invert_lower(np.linalg.cholesky(gram))
    except np.linalg.LinAlgError:
        return _pivoted(a, b, np.sqrt(squared), live, noise)
    variance = np.where(live, np.einsum("ij,ij->j", inverse, inverse), 0.0)
    condition = float(np.sqrt(n_live * (variance @ squared)))
    if not condition < _WORST_CONDITION or condition * noise >= 1:
        return _pivoted(a, b, np.sqrt(squared), live, noise)
    x = np.zeros(squared.size)
    for _ in range(2):
        x += inverse.T @ (inverse @ (a.T @ (b - a @ x)))
    return Fit(x=x, determined=live, rank=n_live, condition=condition, spread=np.sqrt(variance))


def row_rank(a: Array) -> int:
    """Return the rank of a matrix, quickly where its rows are independent."""
    length = np.sqrt(np.einsum("ij,ij->i", a, a))
    if a.size and len(a) <= a.shape[1] and length.all():
        unit = a / length[:, None]
        try:
            pivots = np.diagonal(np.linalg.cholesky(unit @ unit.T))
        except np.linalg.LinAlgError:
            pivots = np.zeros(1)
        if pivots.min() > 1 / _WORST_CONDITION:
            return len(a)
    return int(np.linalg.matrix_rank(a))


def _pivoted(a: Array, b: Array, length: Array, live: NDArray[np.bool_], noise: float) -> Fit:
    """Solve by QR with column pivoting, which finds the rank and which unknowns it leaves open."""
    n, columns = length.size, np.flatnonzero(live)
    x, spread, determined = np.zeros(n), np.full(n, np.nan), np.zeros(n, bool)
    if not columns.size:
        return Fit(x=x, determined=determined, rank=0, condition=np.inf, spread=spread)
    scaled = a[:, columns] / length[columns]
    factors: Any = sl.qr(scaled, mode="economic", pivoting=True, check_finite=False)
    q, r, pivots = factors
    size = np.abs(np.diagonal(r))
    rank = int((size > max(max(scaled.shape) * np.finfo(float).eps, noise) * size[0]).sum())
    inverse = invert_lower(np.ascontiguousarray(r[:rank, :rank].T)).T
    chosen = columns[pivots[:rank]]
    solution = np.zeros(rank)
    for _ in range(2):
        solution += inverse @ (q[:, :rank].T @ (b - scaled[:, pivots[:rank]] @ solution))
    rows = np.sqrt(np.einsum("ij,ij->i", inverse, inverse))
    # Each column left over is a combination of the chosen ones; what takes part in one is open.
    mixed = np.abs(inverse @ r[:rank, rank:]).max(axis=1, initial=0.0) > np.maximum(_LEAST_SHARE, noise * rows)
    fixed = chosen[~mixed]
    x[chosen] = solution / length[chosen]
    spread[chosen] = rows / length[chosen]
    determined[fixed] = True
    full = rank == columns.size
    return Fit(
        x=x,
        determined=determined,
        rank=rank,
        condition=float(np.sqrt(rank) * np.linalg.norm(rows)) if full else np.inf,
        spread=spread,
    )
