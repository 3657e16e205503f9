"""Newton's method for many states of the reduced equations at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from metastable.meanfield._cluster_equations import ClusterEquations

Array = NDArray[np.float64]


def response_and_gain(mean: Array, variance: Array, drive: Array, rates: Array) -> tuple[Array, Array]:
    """Return ``Phi(m) - m`` and its Jacobian; matrices are (..., n, n), rates (..., n)."""
    mu = np.einsum("...ab,...b->...a", mean, rates) + drive
    # The floor is the limit of no variance; far tails are cut where Phi is 0 or 1 to all digits.
    s = np.sqrt(np.maximum(np.einsum("...ab,...b->...a", variance, rates), 1e-300))
    z = np.clip(mu / s, -38.0, 38.0)
    density = np.exp(-0.5 * z**2) / (np.sqrt(2 * np.pi) * s)
    # Below this the density is 0 to all digits, and its product with 1/s would overflow.
    density = np.where(np.abs(z) < 37.0, density, 0.0)
    gain = density[..., None] * (mean - np.where(density > 0, 0.5 * z / s, 0.0)[..., None] * variance)
    return ndtr(z) - rates, gain - np.eye(rates.shape[-1])


def solve(
    equations: ClusterEquations, composition: NDArray[Any], start: Array, *, steps: int = 40
) -> tuple[Array, NDArray[np.bool_]]:
    """Polish many states by Newton's method with halved steps, all at once.

    Parameters
    ----------
    equations : ClusterEquations
    composition : ndarray, (n_states, n_classes)
    start : ndarray, (n_states, n_rates)
    steps : int
        Most Newton steps.

    Returns
    -------
    rates : ndarray, (n_states, n_rates)
    converged : ndarray of bool, (n_states,)
        Whether the residual is below 1e-12 in every equation.
    """
    rates = np.clip(np.array(start, float), 0.0, 1.0)
    if not rates.size:
        return rates, np.zeros(len(rates), bool)
    mean, variance, rows = matrices_of(equations, composition)
    drive = equations.drive[rows]
    residual, jacobian = response_and_gain(mean, variance, drive, rates)
    norm = np.abs(residual).max(axis=1)
    going = norm > 1e-16
    for _ in range(steps):
        at = np.flatnonzero(going)
        if not at.size:
            break
        step = _solve_all(jacobian[at], -residual[at])
        fraction = np.ones(at.size)
        accepted = np.zeros(at.size, bool)
        for _ in range(8):
            todo = np.flatnonzero(~accepted)
            if not todo.size:
                break
            here = at[todo]
            trial = np.clip(rates[here] + fraction[todo, None] * step[todo], 0.0, 1.0)
            r, j = response_and_gain(mean[here], variance[here], drive, trial)
            new = np.abs(r).max(axis=1)
            better = new < norm[here]
            ok = here[better]
            rates[ok], residual[ok], jacobian[ok], norm[ok] = trial[better], r[better], j[better], new[better]
            accepted[todo[better]] = True
            fraction[todo[~better]] /= 3
        # No step lowers the residual: rounding has been reached, or a minimum that is no root.
        going[at[~accepted]] = False
        going[at[norm[at] < 1e-16]] = False
    return rates, norm < 1e-12


def matrices_of(equations: ClusterEquations, composition: NDArray[Any]) -> tuple[Array, Array, NDArray[np.intp]]:
    """Return the reduced matrices for many compositions, (n_states, n, n), and the group of each row."""
    n = np.atleast_2d(composition).astype(float)
    p, s, classes = equations.n_local, equations.n_shared, n.shape[1]
    rows = np.concatenate([np.tile(np.arange(p), classes), np.arange(p, p + s)])
    weight = np.concatenate([np.repeat(n, p, axis=1), np.ones((len(n), s))], axis=1)
    moments = equations.common[:, None, rows[:, None], rows] * weight[:, None, :]
    for k in range(classes):
        block = slice(k * p, (k + 1) * p)
        moments[:, :, block, block] += equations.own[:, None, :p, :p]
    return moments[0], moments[1], rows


def _solve_all(matrices: Array, right: Array) -> Array:
    """Solve many linear systems; a singular one is bent a little."""
    try:
        return np.asarray(np.linalg.solve(matrices, right[..., None])[..., 0], np.float64)
    except np.linalg.LinAlgError:
        bent = matrices - 1e-9 * np.eye(matrices.shape[-1])
        try:
            return np.asarray(np.linalg.solve(bent, right[..., None])[..., 0], np.float64)
        except np.linalg.LinAlgError:
            return np.einsum("...ab,...b->...a", np.linalg.pinv(bent), right)
