"""States in which all clusters have the same rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from metastable._display import Drawn
from metastable.meanfield._balance import balance_of, remarked
from metastable.meanfield._closure import shared_roots
from metastable.meanfield._cluster_equations import ClusterEquations
from metastable.meanfield._fixed_point import FixedPoint, fixed_point
from metastable.meanfield._local_roots import local_roots
from metastable.meanfield._mean_field import MeanField
from metastable.meanfield._newton import solve
from metastable.networks import BinaryNetwork

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class HomogeneousState(Drawn):
    """The homogeneous state of a network, and what else exists with all clusters equal.

    Parameters
    ----------
    point : FixedPoint
        The state itself.
    others : tuple of FixedPoint
        All other fixed points with equal clusters, silence among them, by ascending rate.
    status : str
        What was found, and which condition of the balanced state fails, if one does (see `balanced_rates`).
    """

    point: FixedPoint
    others: tuple[FixedPoint, ...]
    status: str

    @property
    def population_rates(self) -> Array:
        """Rates of the populations, excitatory first; a background follows as a population of its own."""
        return np.concatenate([self.point.class_rates[0], self.point.shared_rates])

    @property
    def labels(self) -> tuple[str, ...]:
        """What the entries of `population_rates` are."""
        return self.point.labels

    @property
    def rates(self) -> Array:
        """Rates of all groups of ``MeanField.of(network)``, (n_groups,)."""
        return self.point.rates

    @property
    def stable(self) -> bool:
        """Whether it is stable in the equations of all groups."""
        return self.point.stable

    @property
    def eigenvalues(self) -> NDArray[np.complex128]:
        """Eigenvalues of all groups by descending real part, (n_groups,), 1/ms."""
        return self.point.eigenvalues

    def __repr__(self) -> str:
        rates = ", ".join(f"{name} {rate:.6f}" for name, rate in zip(self.labels, self.population_rates, strict=True))
        return f"HomogeneousState({'stable' if self.stable else 'unstable'}: {rates}. {self.status})"


def homogeneous_state(network: BinaryNetwork) -> HomogeneousState:
    """Find the state in which all clusters have the same rates: that of the balanced network.

    Parameters
    ----------
    network : BinaryNetwork

    Returns
    -------
    HomogeneousState
        The state of lowest rates that is neither silence nor a saddle of the homogeneous equations, stable or not. If
        there is none, the silent state, and `status` says why.

    Raises
    ------
    ValueError
        If the clusters are not equal.

    Notes
    -----
    Rost et al. 2018, eq. 13, all of whose solutions are found. Where the drive is below threshold silence, ``m = 0``,
    is a stable solution, and by the index theorem a saddle lies between it and the balanced state. States of finite
    size exist where the conditions of the limit, eqs. 19 and 20, fail: with g < 1 the rates run to saturation.

    *Assumptions and approximations*: those of `MeanField`.

    Examples
    --------
    >>> import metastable as mst
    >>> state = mst.meanfield.homogeneous_state(mst.networks.rost_2018(j_e_plus=2))
    >>> state.stable, state.population_rates.round(4)
    (True, array([0.0305, 0.0351]))
    """
    equations, field = ClusterEquations.of(network), MeanField.of(network)
    q = equations.reduced([equations.n_clusters])
    roots = sorted(homogeneous_roots(equations), key=lambda m: m[0])
    points = [fixed_point(equations, field, (equations.n_clusters,), m) for m in roots]
    chosen, balance = homogeneous_rates(equations, roots), balance_of(network)
    if chosen is None:
        index = int(np.argmin([m.sum() for m in roots]))
        status = f"Only silence is left, which is absorbing: {balance.silence}."
    else:
        index = next(k for k, m in enumerate(roots) if m is chosen)
        silent = any(m.max() < 1e-12 for m in roots)
        status = f"{len(roots)} states have equal clusters" if len(roots) > 1 else "No other state has equal clusters"
        status += "; silence is one of them, absorbing because the drive is below threshold." if silent else "."
        status = remarked(status, balance)
    if np.abs(q.response(roots[index]) - roots[index]).max() > 1e-10:
        raise ValueError("the homogeneous equations could not be solved to 1e-10; the network is out of range.")
    return HomogeneousState(points[index], tuple(p for k, p in enumerate(points) if k != index), status)


def homogeneous_rates(equations: ClusterEquations, roots: list[Array] | None = None) -> Array | None:
    """Return the root that is the homogeneous state: the lowest that is neither silent nor a saddle; None for none."""
    q = equations.reduced([equations.n_clusters])
    roots = homogeneous_roots(equations) if roots is None else roots
    for m in sorted(roots, key=lambda m: m[0]):
        # The sign of the determinant does not depend on the time constants: an oscillating state counts.
        if m.max() > 1e-12 and np.linalg.det(np.eye(q.n_groups) - q.gain(m)) > 0:
            return m
    return None


def homogeneous_roots(equations: ClusterEquations, *, n_grid: int = 1000) -> list[Array]:
    """Return all solutions with equal clusters, (n_local + n_shared,) each."""
    q, p = equations.n_clusters, equations.n_local
    reduced = equations.reduced([q])
    n = reduced.n_groups
    if n <= 2:
        table = local_roots(reduced.mean, reduced.variance, reduced.drive[None], np.zeros((1, n)), n_grid=n_grid)
        start = table[0][np.isfinite(table[0]).all(axis=1)]
    elif p == 1 and equations.n_shared == 2:
        start = _crossings(equations, n_grid)
    else:
        # No closed form: many starts on a lattice that is dense near silence.
        axis = np.array([0.0, 0.001, 0.01, 0.04, 0.2, 0.6, 0.95])
        start = np.stack([m.ravel() for m in np.meshgrid(*[axis] * n)], axis=1)
    rates, converged = solve(equations, np.full((len(start), 1), q), start)
    found: list[Array] = []
    for m in rates[converged]:
        if m.max() < 1e-30:
            m = np.zeros(n)  # silence, approached by way of denormal numbers
        if not any(np.abs(m - other).max() < 1e-9 for other in found):
            found.append(m)
    return found


def _crossings(equations: ClusterEquations, n_grid: int) -> Array:
    """Return starts where the rate of the clusters agrees with the response to it, the shared groups being at rest."""
    e = ndtr(np.linspace(-8, 8, n_grid))
    q = equations.n_clusters
    table = shared_roots(equations, q * e[:, None])
    starts = []
    for sheet in range(table.shape[1]):
        state = np.column_stack([e, table[:, sheet]])
        there = np.asarray(np.isfinite(state).all(axis=1))
        excess = np.full(n_grid, np.nan)
        excess[there] = (equations.reduced([q]).response(state[there]) - state[there])[:, 0]
        crossing = np.flatnonzero(np.diff(excess > 0) & there[1:] & there[:-1])
        starts += [state[k] for k in crossing] + [state[k + 1] for k in crossing]
    return np.array([np.zeros(1 + equations.n_shared), *starts])
