"""Phase plane of two populations: nullclines, flow and trajectories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp
from scipy.special import ndtr

from metastable._display import Drawn
from metastable._validation import require_integer, require_number
from metastable.meanfield._balance import balance_of, remarked
from metastable.meanfield._balanced_rates import two_population_matrices
from metastable.meanfield._cluster_equations import ClusterEquations
from metastable.meanfield._mean_field import MeanField
from metastable.networks import BinaryNetwork

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Nullclines(Drawn):
    """Curves on which one population is at rest, as (m_E, m_I).

    Parameters
    ----------
    excitatory, inhibitory : ndarray, (2, n)
        ``m_E = Phi_E`` by ascending m_E, ``m_I = Phi_I`` by ascending m_I; NaN where the curve leaves the unit square.
    status : str
        Which condition of the balanced state holds or fails (see `balanced_rates`).
    """

    excitatory: Array
    inhibitory: Array
    status: str

    def __repr__(self) -> str:
        return f"Nullclines({self.excitatory.shape[1]} points each. {self.status})"


@dataclass(frozen=True, eq=False, repr=False)
class Flow(Drawn):
    """Derivatives on a lattice of the phase plane.

    Parameters
    ----------
    m_e, m_i : ndarray, (n_i, n_e)
        Rates, as ``numpy.meshgrid`` gives them.
    dm_e, dm_i : ndarray, (n_i, n_e), 1/ms
    nullclines : Nullclines
        Where one of the derivatives vanishes, which the lattice need not show.
    status : str
        Which condition of the balanced state holds or fails (see `balanced_rates`).
    """

    m_e: Array
    m_i: Array
    dm_e: Array
    dm_i: Array
    nullclines: Nullclines
    status: str

    def __repr__(self) -> str:
        return f"Flow({self.m_e.shape[0]} x {self.m_e.shape[1]} points. {self.status})"


@dataclass(frozen=True, eq=False, repr=False)
class Trajectory(Drawn):
    """Rates in time.

    Parameters
    ----------
    time_ms : ndarray, (n_times,), ms
    rates : ndarray, (n_times, n_rates)
    labels : tuple of str
        What the columns of `rates` are.
    status : str
        Whether the rates have come to rest, or fallen silent, and which condition of the balanced state fails, if one
        does (see `balanced_rates`).
    """

    time_ms: Array
    rates: Array
    labels: tuple[str, ...]
    status: str

    def __repr__(self) -> str:
        names = f"{', '.join(self.labels[:4])}{', ...' * (len(self.labels) > 4)}"
        return f"Trajectory({self.time_ms[-1]:g} ms, {names}. {self.status})"


def nullclines(network: BinaryNetwork, *, n_points: int = 400) -> Nullclines:
    """Return the nullclines of the excitatory and the inhibitory rate.

    Parameters
    ----------
    network : BinaryNetwork
        With one excitatory and one inhibitory population; clusters are equal here.
    n_points : int
        Points on each curve, dense near rates of 0 and 1.

    Returns
    -------
    Nullclines

    Raises
    ------
    ValueError
        If the network has other populations.

    Notes
    -----
    Rost et al. 2018, fig. 1. With ``z = Phi^-1(m_a)`` the equation ``mu_a = z s_a`` is quadratic in the other rate, so
    the curves are exact at each point.

    *Assumptions and approximations*: those of `MeanField`.

    Examples
    --------
    >>> import metastable as mst
    >>> lines = mst.meanfield.nullclines(mst.networks.rost_2018())
    >>> lines.excitatory.shape
    (2, 400)
    """
    a, b = two_population_matrices(network)
    n_points = require_integer("n_points", n_points, minimum=2)
    drive = np.array([p.drive - p.threshold for p in network.populations])
    z = np.linspace(-8, 8, n_points)
    own = ndtr(z)
    curves = []
    for row in (0, 1):
        other = 1 - row
        c, d = a[row, row] * own + drive[row], b[row, row] * own
        solved = _other_rate(a[row, other], b[row, other], c, d, z)
        solved = np.where((solved >= 0) & (solved <= 1), solved, np.nan)
        pair = np.empty((2, n_points))
        pair[row], pair[other] = own, solved
        curves.append(pair)
    return Nullclines(curves[0], curves[1], balance_of(network).sentence)


def _other_rate(a: float, b: float, c: Array, d: Array, z: Array) -> Array:
    """Solve ``a m + c = z sqrt(b m + d)`` for m."""
    inside = z**2 * b**2 + 4 * a**2 * d - 4 * a * b * c
    m = (z**2 * b - 2 * a * c + np.sign(a) * z * np.sqrt(np.maximum(inside, 0))) / (2 * a**2)
    # Squaring adds solutions of the other sign.
    right = (inside >= 0) & (b * m + d >= 0) & (np.sign(a * m + c) * np.sign(z) >= 0)
    return np.where(right, m, np.nan)


def flow(network: BinaryNetwork, *, m_e: ArrayLike | None = None, m_i: ArrayLike | None = None) -> Flow:
    """Return the derivatives of both rates on a lattice.

    Parameters
    ----------
    network : BinaryNetwork
        With one excitatory and one inhibitory population; clusters are equal here.
    m_e, m_i : array_like, optional
        Rates at which to evaluate; by default 20 values from 0 to 1.

    Returns
    -------
    Flow

    Raises
    ------
    ValueError
        If the network has other populations, or a rate is negative.

    Notes
    -----
    Rost et al. 2018, eq. 9.

    *Assumptions and approximations*: those of `MeanField`.

    Examples
    --------
    >>> import metastable as mst
    >>> arrows = mst.meanfield.flow(mst.networks.rost_2018(), m_e=[0.1, 0.2], m_i=[0.1, 0.2, 0.3])
    >>> arrows
    Flow(3 x 2 points. Condition 20 holds (g = 1.2 > 1 and J_EX/J_IX = 1.25 > 0.7589).)
    """
    two_population_matrices(network)
    lattice = np.linspace(0, 1, 20)
    e, i = (np.atleast_1d(lattice if m is None else np.asarray(m, float)) for m in (m_e, m_i))
    if min(e.min(), i.min()) < 0 or max(e.max(), i.max()) > 1:
        raise ValueError("rates must lie between 0 and 1.")
    grid_e, grid_i = np.meshgrid(e, i)
    change = _homogeneous(network).derivative(np.stack([grid_e, grid_i], axis=-1))
    return Flow(grid_e, grid_i, change[..., 0], change[..., 1], nullclines(network), balance_of(network).sentence)


def trajectory(network: BinaryNetwork, m0: ArrayLike, *, duration_ms: float = 500.0, dt_ms: float = 0.5) -> Trajectory:
    """Integrate the mean-field equations.

    Parameters
    ----------
    network : BinaryNetwork
    m0 : array_like, (n_populations,) or (n_groups,)
        Initial rates: of the populations, with all clusters equal (a background counts as a population of its own,
        after those in clusters), or of all groups of ``MeanField.of(network)``.
    duration_ms, dt_ms : float, ms
        Length, and distance of the times returned.

    Returns
    -------
    Trajectory

    Raises
    ------
    ValueError
        If `m0` has another length or is not within 0 to 1.

    Notes
    -----
    Rost et al. 2018, eq. 9, by an explicit Runge-Kutta method of order 8 with a relative error of 1e-8.

    *Assumptions and approximations*: those of `MeanField`.

    Examples
    --------
    >>> import metastable as mst
    >>> path = mst.meanfield.trajectory(mst.networks.rost_2018(g=0.8), [0.1, 0.1])
    >>> path.rates[-1].round(3)
    array([1.   , 0.939])
    """
    start = np.asarray(m0, float)
    duration_ms = require_number("duration_ms", duration_ms, above=0)
    dt_ms = require_number("dt_ms", dt_ms, above=0, maximum=duration_ms)
    try:
        field = _homogeneous(network)
    except ValueError:  # clusters that are not equal have no equations of populations
        field = None
    full = MeanField.of(network)
    if start.ndim != 1 or start.size not in {full.n_groups, field.n_groups if field else full.n_groups}:
        few = f"{field.n_groups} (populations) or " if field else ""
        raise ValueError(f"m0 must have {few}{full.n_groups} rates (all groups), got shape {start.shape}.")
    if not ((start >= 0) & (start <= 1)).all():
        raise ValueError("the rates of m0 must lie between 0 and 1.")
    equations = full if field is None or start.size == full.n_groups else field
    times = np.arange(0, duration_ms + 0.5 * dt_ms, dt_ms)
    solution = solve_ivp(
        lambda _t, m: equations.derivative(np.clip(m, 0, 1)),
        (0, times[-1]),
        start,
        method="DOP853",
        t_eval=times,
        rtol=1e-8,
        atol=1e-11,
        max_step=float(equations.tau_ms.min()),
    )
    labels = tuple(f"{name}{cluster}" if cluster >= 0 else name for name, cluster in equations.labels)
    if equations is field:
        labels = tuple(name for name, _ in equations.labels)
    last = np.clip(solution.y[:, -1], 0, 1)
    change = np.abs(equations.derivative(last)).max()
    status = "The rates come to rest." if change < 1e-6 else f"At the end rates still change, by {change:.2g} per ms."
    if last.max() < 1e-6 and not equations.response(np.zeros(last.size)).any():
        status = "The rates fall silent, for good because the drive is below threshold."
    return Trajectory(solution.t, solution.y.T, labels, remarked(status, balance_of(network)))


def _homogeneous(network: BinaryNetwork) -> MeanField:
    equations = ClusterEquations.of(network)
    return equations.reduced([equations.n_clusters])
