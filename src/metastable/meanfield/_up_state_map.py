"""Rates of the up-state over two parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._display import Drawn
from metastable._validation import require_integer, require_number
from metastable.meanfield._balance import Balance, remark_on_family
from metastable.meanfield._bifurcation_diagram import follow, trace_from_meetings
from metastable.meanfield._branch import Branch, StableRange
from metastable.meanfield._equation_family import EquationFamily
from metastable.meanfield._homogeneous_state import homogeneous_rates
from metastable.meanfield._newton import solve
from metastable.meanfield._states import distinct_states
from metastable.networks import BinaryNetwork

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class UpStateMap(Drawn):
    """Rate of the active clusters over two parameters.

    Parameters
    ----------
    x, y : ndarray, (n_x,), (n_y,)
        Values of the parameters.
    up : ndarray, (n_y, n_x)
        Rate of the first population of an active cluster; NaN where no such state is stable.
    down : ndarray, (n_y, n_x)
        The same of an inactive cluster.
    onset, loss : ndarray, (n_y,)
        Lowest and highest x with a stable state, solved for; NaN for none, `loss` is the end of x where it is stable
        there.
    homogeneous_loss : ndarray, (n_y,)
        Lowest x at which the homogeneous state is unstable; NaN if there is none in the range.
    status : str
        What the search covers, where only silence is homogeneous, and which conditions of the balanced state fail.
    """

    x: Array
    y: Array
    up: Array
    down: Array
    onset: Array
    loss: Array
    homogeneous_loss: Array
    status: str

    def __repr__(self) -> str:
        share = f"{np.isfinite(self.up).mean():.0%}"
        return f"UpStateMap({self.y.size} x {self.x.size} values, stable at {share} of them. {self.status})"


def up_state_map(
    family: Callable[[float, float], BinaryNetwork],
    *,
    x: ArrayLike,
    y: ArrayLike,
    n_active: int = 1,
    others_silent: bool = False,
    step: float = 0.06,
) -> UpStateMap:
    """Compute the rate of stable states with active clusters over two parameters.

    Parameters
    ----------
    family : callable
        Takes x and y, for instance J_E+ and R_J, and returns a network.
    x, y : array_like, ascending
        Values of the parameters, at least two of x.
    n_active : int
        Number of active clusters.
    others_silent : bool
        Whether states count in which everything but the active clusters is silent (`FixedPoint.others_silent`). They
        exist at strong clustering of inhibition, up to ``R_J = 1``, where clusters hardly hear each other; from the
        homogeneous state none is reached by raising the rate of a cluster.
    step : float
        Of the continuation in x, as in `continue_branch`.

    Returns
    -------
    UpStateMap

    Raises
    ------
    ValueError
        If x or y is not ascending, or the family refuses one of their values.

    Notes
    -----
    Rost et al. 2018, fig. 6f. For each y the branch of the state is followed in x from where it meets the homogeneous
    state, and so are states found at four values of x by Newton's method from active clusters of ten rates and others
    that are silent or calm. Where several states are stable, the one with the highest rate counts.

    *Assumptions and approximations*: those of `MeanField`. A state that neither meets the homogeneous state in the
    range nor is reached from these starts is missed.

    Examples
    --------
    >>> import metastable as mst
    >>> family = lambda j, r: mst.networks.rost_2018(j_e_plus=j, r_j=r)
    >>> found = mst.meanfield.up_state_map(family, x=[2, 4, 6], y=[0.5, 0.75])
    >>> found.up.round(2)
    array([[ nan, 0.96, 0.99],
           [ nan, 0.4 , 0.6 ]])
    """
    xs, ys = np.asarray(x, float), np.asarray(y, float)
    for name, values, least in (("x", xs, 2), ("y", ys, 1)):
        if values.ndim != 1 or values.size < least or (np.diff(values) <= 0).any():
            raise ValueError(f"{name} must hold {least} or more values in ascending order, got {values!r}.")
    step = require_number("step", step, above=0, maximum=0.5)
    up, down = np.full((2, ys.size, xs.size), np.nan)
    onset, loss, homogeneous_loss = np.full((3, ys.size), np.nan)
    judged: list[tuple[str, Balance]] = []
    silent: list[str] = []
    for row, value in enumerate(ys.tolist()):
        equations = EquationFamily.of(
            lambda v, value=value: family(v, value),
            float(xs[0]),
            float(xs[-1]),
            names=("x", "x"),
            beside=f" with y={value:g}",
        )
        judged += [(f"x={at:g}, y={value:g}", balance) for at, balance in equations.judged]
        q = equations.template.n_clusters
        k = require_integer("n_active", n_active, minimum=1, maximum=q - 1)
        homogeneous, branches, _ = trace_from_meetings(equations, {k}, step)
        if homogeneous is None:
            silent.append(f"Only silence is homogeneous at y={value:g}: {equations.judged[0][1].silence}.")
        else:
            ends = [r.stop for r in homogeneous.stable_ranges if r.stop_event == "stability"]
            homogeneous_loss[row] = min(ends, default=np.nan)
        branches += _from_starts(equations, branches, k, step)
        for branch in branches:
            for part in branch.stable_ranges:
                if part.n_active != k or (_silent_within(branch, part) and not others_silent):
                    continue
                onset[row] = np.fmin(onset[row], part.start)
                loss[row] = np.fmax(loss[row], part.stop)
                for column in np.flatnonzero((xs >= part.start - 1e-12) & (xs <= part.stop + 1e-12)):
                    for high, low in _rates_at(branch, float(xs[column]), k):
                        if not up[row, column] >= high:
                            up[row, column], down[row, column] = high, low
    status = "A state that neither meets the homogeneous one nor is reached from the starts would be missed."
    status = " ".join(part for part in (status, *silent[:1], remark_on_family(judged)) if part)
    return UpStateMap(xs, ys, up, down, onset, loss, homogeneous_loss, status)


def _from_starts(family: EquationFamily, branches: list[Branch], n_active: int, step: float) -> list[Branch]:
    """Return the branches that are reached at some values of x from states with active clusters of any rate.

    At strong clustering of inhibition there are states that never meet the homogeneous one: the other clusters are
    silent.
    """
    q, p = family.template.n_clusters, family.template.n_local
    found: list[Branch] = []
    for value in family.start + (family.stop - family.start) * np.array([0.1, 0.3, 0.6, 0.95]):
        now = family.at(float(value))
        middle = homogeneous_rates(now)
        rest = np.zeros((1, now.n_local + now.n_shared)) if middle is None else np.stack([0 * middle, 0.3 * middle])
        up = np.linspace(0.1, 1.0, 10)
        start = np.array([[*other[:p], *(p * [x]), *other[p:]] for x in up for other in rest])
        composition = (q - n_active, n_active)
        for n, rates in distinct_states(now, np.tile(composition, (len(start), 1)), start):
            full = now.expand(n, rates)
            if n != composition or (middle is not None and rates[p] < 0.5 * middle[0]):
                continue
            known = (point for branch in branches + found for point in branch.at(float(value)))
            if not any(point.composition == n and np.abs(point.rates - full).max() < 1e-6 for point in known):
                branch = follow(family, n, rates, float(value), {n_active}, step)
                found += [branch] if branch is not None else []
    return found


def _silent_within(branch: Branch, part: StableRange) -> bool:
    """Return whether everything but the active clusters is silent at the stable points of a range."""
    here = (branch.parameter >= part.start) & (branch.parameter <= part.stop) & branch.stable
    here &= branch.n_active == part.n_active
    others = np.concatenate([branch.down_rates, branch.shared_rates], axis=1)[here]
    return bool(others.size) and bool(others.max() < 1e-4)


def _rates_at(branch: Branch, value: float, n_active: int) -> list[tuple[float, float]]:
    """Return (up, down) of the stable pieces of a branch at one value of the parameter."""
    stable = branch.stable | np.array([event != "" for event in branch.event])
    left, right = branch.parameter[:-1], branch.parameter[1:]
    pieces = np.flatnonzero(
        (np.minimum(left, right) <= value + 1e-12)
        & (np.maximum(left, right) >= value - 1e-12)
        & stable[:-1]
        & stable[1:]
        & ((branch.n_active[:-1] == n_active) | (branch.n_active[1:] == n_active))
        & (branch.growth_rate[:-1] + branch.growth_rate[1:] < 0)
    )
    flat = np.concatenate([branch.class_rates.reshape(branch.parameter.size, -1), branch.shared_rates], axis=1)
    found = []
    for k in pieces.tolist():
        fraction = (value - left[k]) / (right[k] - left[k]) if right[k] != left[k] else 0.5
        start = flat[k] + fraction * (flat[k + 1] - flat[k])
        rates, converged = solve(branch.family.at(value), np.array([branch.composition]), start[None])
        local = rates[0, : branch.class_rates[0].size].reshape(len(branch.composition), -1)[:, 0]
        if converged[0]:
            found.append((float(local.max()), float(local.min())))
    return found
