"""All fixed points of a clustered network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_choice, require_integer, require_number
from metastable.meanfield._balance import balance_of, remarked
from metastable.meanfield._closure import Resolution, require_closure, seeds, strips
from metastable.meanfield._cluster_equations import ClusterEquations
from metastable.meanfield._fixed_point import FixedPoints, fixed_point
from metastable.meanfield._homogeneous_state import homogeneous_roots
from metastable.meanfield._mean_field import MeanField
from metastable.meanfield._random_starts import states_from_random_starts
from metastable.meanfield._split_states import split_starts
from metastable.meanfield._states import State, among, distinct_states, neighbours
from metastable.networks import BinaryNetwork

Array = NDArray[np.float64]


def fixed_points(
    network: BinaryNetwork,
    *,
    method: str = "closure",
    resolution: float = 1.0,
    n_starts: int = 200,
    seed: int | None = None,
) -> FixedPoints:
    """Find the fixed points of a clustered network, stable and unstable.

    Parameters
    ----------
    network : BinaryNetwork
        With one or two clustered populations (of two, the second inhibitory), equal clusters, and up to two groups
        outside of clusters, counting the background.
    method : {"closure", "random_starts"}
        All of them by the closure of the sums over clusters, or the stable ones that are reached from random rates, as
        in the paper.
    resolution : float
        Factor of the number of samples of the search; the time grows with its square.
    n_starts : int
        Random initial rates, for ``method="random_starts"``.
    seed : int, optional
        Of the random rates; None draws new ones.

    Returns
    -------
    FixedPoints
        A sequence of `FixedPoint` by number of classes, then by composition, that prints as a table. States that differ
        only in the numbering of clusters are one. Its `status` says what may be missing, and which condition of the
        balanced state fails, if one does (see `balanced_rates`).

    Raises
    ------
    ValueError
        If the network is of another kind.

    Notes
    -----
    Every cluster sees the others only through the sums S of their rates. A fixed point is therefore a composition n_l
    of the Q clusters over the roots x_l(S) of one cluster's own equation that closes, ``sum_l n_l x_l(S) = S``. With
    one clustered population S is a number, with two a point (S_E, S_I). The search takes all compositions at once,
    on samples of S between the folds of the local roots, and polishes by Newton's method in the reduced equations.
    States in which all clusters are equal are found apart, by local roots of the homogeneous equations, and so are
    those of two classes that hardly differ, where they cross the homogeneous state, by dividing the difference out.

    What is guaranteed: each state returned satisfies the equations of all groups to 1e-12, and its stability is exact.
    Any number of active clusters and of classes is covered (a class for each local root). That none is missing holds
    up to the resolution: two states of one composition closer to each other than a sample of S (at 1, with Q clusters,
    about ``0.002 sqrt(S Q)`` for one population, ``0.013 sqrt(S Q)`` and a fortieth of the region of several roots for
    two), as they are within about 1e-4 of a fold of J_+, can be lost as a pair; regions of several local roots are lost
    if thinner than 0.1 in z. Each state found is also tried with one cluster moved to another class, until nothing is
    new.

    The silent state, ``m = 0``, is among them where the drive is below threshold, and so are the unstable states that
    separate it from the others. Networks of finite size have states also where the conditions of the limit of large
    networks, eqs. 19 and 20, fail.

    *Assumptions and approximations*: those of `MeanField`; given the rate of the excitatory population of a cluster
    and its surroundings, the inhibitory population has one rate.

    Examples
    --------
    >>> import metastable as mst
    >>> points = mst.meanfield.fixed_points(mst.networks.rost_2018(j_e_plus=4, r_j=0.75))
    >>> for point in points:
    ...     if point.stable:
    ...         print(point)
    FixedPoint(stable: 20 x E 0.0000 I 0.0000)
    FixedPoint(stable: 18 x E 0.0133 I 0.0251, 2 x E 0.2835 I 0.2497)
    FixedPoint(stable: 19 x E 0.0187 I 0.0290, 1 x E 0.3974 I 0.3408)
    >>> mst.meanfield.fixed_points(mst.networks.rost_2018())
    FixedPoints(
      active  state     growth (1/ms)  rates
           0  stable         -0.10000  20 x E 0.0000, I 0.0000
           0  unstable        0.78658  20 x E 0.0016, I 0.0000
           0  stable         -0.10000  20 x E 0.0295, I 0.0341
      2 of 3 fixed points are stable. Silence, m = 0, is one of them, absorbing because the drive is below threshold.
      All clusters receive the same, so that states are homogeneous, and these are all of them.)
    """
    require_choice("method", method, ("closure", "random_starts"))
    resolution = require_number("resolution", resolution, minimum=0.25, maximum=20)
    equations, field = ClusterEquations.of(network), MeanField.of(network)
    n_settled = 0
    if method == "closure":
        states = all_states(equations, resolution)
    else:
        n_starts = require_integer("n_starts", n_starts, minimum=1)
        states, n_settled = states_from_random_starts(equations, n_starts=n_starts, seed=seed)
    points = [fixed_point(equations, field, composition, rates) for composition, rates in states]
    points.sort(key=lambda point: (len(point.composition), point.composition, point.up))
    balance = balance_of(network)
    status = f"{sum(p.stable for p in points)} of {len(points)} fixed points are stable."
    if any(not p.rates.any() for p in points):
        status += " Silence, m = 0, is one of them, absorbing because the drive is below threshold."
        if len(points) == 1 and method == "closure":
            status = f"Only silence, m = 0, is left, which is absorbing: {balance.silence}."
    if method == "closure":
        status += f" {_guarantee(equations, resolution)}"
    else:
        status += f" {_reach(n_settled, n_starts)}"
    return FixedPoints(tuple(points), remarked(status, balance))


def _reach(n_settled: int, n_starts: int) -> str:
    """Say what random starts have found."""
    return f"They are those reached from {n_settled} of {n_starts} random starts: stable ones, and some may be missing."


def _guarantee(equations: ClusterEquations, resolution: float) -> str:
    """Say what it rests on that no state is missing."""
    if equations.n_clusters == 1 or not equations.own.any():
        return "All clusters receive the same, so that states are homogeneous, and these are all of them."
    plane = equations.n_local == 2
    sums = "the plane of both sums over clusters" if plane else "the one sum over clusters that all of them see"
    return (
        f"The search takes every composition on {sums}, at resolution {resolution:g}: only pairs of states closer than "
        "its samples, as beside a fold, can be missing."
    )


def all_states(equations: ClusterEquations, resolution: float = 1.0, *, max_classes: int | None = None) -> list[State]:
    """Return (composition, rates of the reduced equations) of all fixed points, classes by ascending rate."""
    require_closure(equations)
    states: list[State] = [((equations.n_clusters,), rates) for rates in homogeneous_roots(equations)]
    if equations.n_clusters == 1 or not equations.own.any():
        return states
    batches: dict[int, list[tuple[NDArray[np.intp], Array]]] = {}
    for strip in strips(equations, Resolution.scaled(resolution)):
        for composition, start in seeds(equations, strip, max_classes=max_classes):
            batches.setdefault(composition.shape[1], []).append((composition, start))
    for _, rates in list(states):
        if rates.any():
            batches.setdefault(2, []).append(split_starts(equations, rates))
    for parts in batches.values():
        composition, start = (np.concatenate(x) for x in zip(*parts, strict=True))
        new = found = distinct_states(equations, composition, start)
        while new:
            more = distinct_states(equations, *neighbours(new))
            new = [state for state in more if not among(state, found)]
            found = found + new
        states += found
    return states
