"""States in which all clusters are nearly alike.

Where the homogeneous state turns unstable to differences between clusters, states with two classes cross it. Close to
the crossing their classes differ by less than any sample of the search by closure, and Newton's method falls into the
homogeneous state beside them. Here the difference of the classes is given, the other equations are solved, and what is
left of the last one is divided by the difference: a function that is smooth through the homogeneous state and does not
vanish there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable.meanfield._cluster_equations import ClusterEquations
from metastable.meanfield._newton import matrices_of, response_and_gain

Array = NDArray[np.float64]

# Differences of the first rate between the classes; a state is seen between two of them.
_DIFFERENCES = np.geomspace(1e-7, 0.03, 40)


def split_starts(equations: ClusterEquations, homogeneous: Array) -> tuple[NDArray[np.intp], Array]:
    """Return starts for the states of two classes near a homogeneous one.

    Parameters
    ----------
    equations : ClusterEquations
    homogeneous : ndarray, (n_local + n_shared,)

    Returns
    -------
    composition : ndarray of int, (n_starts, 2)
    start : ndarray, (n_starts, 2 * n_local + n_shared)
        Closer to the state than to the homogeneous one.
    """
    q, p = equations.n_clusters, equations.n_local
    difference = np.concatenate([-_DIFFERENCES[::-1], _DIFFERENCES])
    # Exchanging the classes changes the sign of the difference: half of the compositions are all.
    first = np.arange(1, q // 2 + 1)
    n = np.stack([first, q - first], axis=1)
    composition = np.repeat(n, difference.size, axis=0)
    given = np.tile(difference, first.size)
    rates, left, solved = _solve(equations, composition, given, homogeneous)
    shape = first.size, difference.size
    rates, left, solved = rates.reshape(*shape, -1), left.reshape(shape), solved.reshape(shape)
    crossing = solved[:, 1:] & solved[:, :-1] & (np.sign(left[:, 1:]) != np.sign(left[:, :-1]))
    which, place = np.nonzero(crossing)
    a, b = left[which, place], left[which, place + 1]
    fraction = (a / (a - b))[:, None]
    start = rates[which, place] + fraction * (rates[which, place + 1] - rates[which, place])
    return n[which], start.reshape(-1, 2 * p + equations.n_shared)


def _solve(
    equations: ClusterEquations, composition: NDArray[np.intp], given: Array, homogeneous: Array
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Solve all equations but that for the difference of the first rates, which is given.

    Returns
    -------
    rates : ndarray, (n_states, 2 * n_local + n_shared)
    left : ndarray, (n_states,)
        The remaining equation divided by the difference.
    solved : ndarray of bool, (n_states,)
    """
    p = equations.n_local
    mean, variance, rows = matrices_of(equations, composition)
    drive = equations.drive[rows]
    x, y = homogeneous[:p], homogeneous[p:]
    rates = np.tile(np.concatenate([x, x, y]), (len(given), 1))
    share = composition / composition.sum(axis=1, keepdims=True)
    rates[:, 0] += share[:, 1] * given
    rates[:, p] -= share[:, 0] * given
    n = rates.shape[1]
    # The sum over classes in place of the first equation, so that the two first ones are not solved apart.
    combine = np.tile(np.eye(n), (len(given), 1, 1))
    combine[:, 0, 0], combine[:, 0, p] = share.T
    pinned = np.zeros(n)
    pinned[0], pinned[p] = 1.0, -1.0
    for _ in range(8):
        residual, jacobian = response_and_gain(mean, variance, drive, rates)
        residual, jacobian = np.einsum("sab,sb->sa", combine, residual), combine @ jacobian
        residual[:, p] = rates[:, 0] - rates[:, p] - given
        jacobian[:, p] = pinned
        with np.errstate(all="ignore"):
            step = np.linalg.solve(jacobian + 1e-300 * np.eye(n), -residual[..., None])[..., 0]
        rates = np.clip(rates + np.nan_to_num(step), 0.0, 1.0)
    residual, _ = response_and_gain(mean, variance, drive, rates)
    left = (residual[:, 0] - residual[:, p]) / given
    residual = np.einsum("sab,sb->sa", combine, residual)
    residual[:, p] = rates[:, 0] - rates[:, p] - given
    return rates, left, np.abs(residual).max(axis=1) < 1e-13
