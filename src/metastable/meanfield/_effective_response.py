"""Effective response function: one rate is fixed, the others follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from metastable._display import Drawn
from metastable._validation import require_integer
from metastable.meanfield._balance import balance_of, remarked
from metastable.meanfield._cluster_equations import ClusterEquations
from metastable.meanfield._fixed_point import FixedPoint, fixed_point
from metastable.meanfield._homogeneous_state import homogeneous_rates
from metastable.meanfield._mean_field import MeanField
from metastable.meanfield._newton import response_and_gain, solve
from metastable.networks import BinaryNetwork

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class EffectiveResponse(Drawn):
    """Response of one population to its own rate, with all others at rest around it.

    Parameters
    ----------
    focus : str
        The population whose rate is fixed.
    rate_in : ndarray, (n_points,)
        Fixed rates, from 0 to 1, some more of them near the homogeneous state.
    rate_out : ndarray, (n_points,)
        Response to them; NaN where the others have no state that continues the one at the homogeneous rate.
    other_rates : ndarray, (n_points, n_others)
    labels : tuple of str
        What the columns of `other_rates` are.
    fixed_points : tuple of FixedPoint
        Where the response is the rate itself, by ascending rate of the focus population, with their stability in the
        equations of all groups.
    focus_rates : ndarray, (n_fixed_points,)
        Rate of the focus population at each fixed point.
    status : str
        Between which rates the curve exists, and which condition of the balanced state fails, if one does.
    """

    focus: str
    rate_in: Array
    rate_out: Array
    other_rates: Array
    labels: tuple[str, ...]
    fixed_points: tuple[FixedPoint, ...]
    focus_rates: Array
    status: str

    def __repr__(self) -> str:
        states = ", ".join(
            f"{rate:.4f} {'stable' if point.stable else 'unstable'}"
            for rate, point in zip(self.focus_rates, self.fixed_points, strict=True)
        )
        return f"EffectiveResponse(of {self.focus}; fixed points {states}. {self.status})"


def effective_response(
    network: BinaryNetwork, *, focus: str = "E", n_active: int = 1, n_points: int = 400
) -> EffectiveResponse:
    """Return the response of a focus population to its own rate, all other rates being at rest with it.

    Parameters
    ----------
    network : BinaryNetwork
    focus : str
        Name of a population: the focus is that of the `n_active` clusters, or the whole population if it has no
        clusters; ``"E background"`` is the background of E.
    n_active : int
        Clusters that move together, apart from the others, which are equal among themselves.
    n_points : int
        Fixed rates, dense near 0 and 1.

    Returns
    -------
    EffectiveResponse

    Raises
    ------
    ValueError
        If there is no such population, or the network has no homogeneous state to begin with; the sentence then names
        the condition of the balanced state that fails, or says that the drive is too weak at this size.

    Notes
    -----
    Rost et al. 2018, eq. 35, after Mascaro & Amit 1999. The other rates are solved for by Newton's method, from the
    homogeneous state outwards, each from the one before. Where they lose their state in a fold the curve ends. The
    slope at a fixed point does not decide its stability in the full equations; the spectrum does.

    *Assumptions and approximations*: those of `MeanField`.

    Examples
    --------
    >>> import metastable as mst
    >>> mst.meanfield.effective_response(mst.networks.rost_2018(j_e_plus=2))
    EffectiveResponse(of E; fixed points 0.0305 stable, 0.2212 unstable, 0.8690 stable. The curve exists at all rates.)
    """
    equations, field, balance = ClusterEquations.of(network), MeanField.of(network), balance_of(network)
    q, p = equations.n_clusters, equations.n_local
    n_active = require_integer("n_active", n_active, minimum=1, maximum=max(q - 1, 1))
    n_points = require_integer("n_points", n_points, minimum=10)
    name, clustered = (focus.removesuffix(" background"), False) if focus.endswith(" background") else (focus, None)
    group = equations.group(name, clustered=clustered)
    composition = (n_active, q - n_active) if q > 1 else (q,)
    width = len(composition) * p + equations.n_shared
    index = group if group < p else group + (len(composition) - 1) * p
    middle = homogeneous_rates(equations)
    if middle is None:
        raise ValueError(
            f"only silence is left, and the effective response begins at another homogeneous state: {balance.silence}."
        )
    start = np.concatenate([np.tile(middle[:p], len(composition)), middle[p:]])

    reduced = equations.reduced(composition)
    others = np.arange(width) != index
    grid = ndtr(np.linspace(-6, 6, n_points - 2))
    # Near its meeting with the homogeneous state another one can be close to it.
    near = start[index] * (1 + np.outer([-1, 1], np.logspace(-6, -1, 20)).ravel())
    rate_in = np.unique(np.concatenate([[0.0], grid, near[near < 1], [1.0]]))
    rates = np.full((rate_in.size, width), np.nan)
    first = int(np.searchsorted(rate_in, start[index]))
    for steps in (range(first, rate_in.size), range(first - 1, -1, -1)):
        m = start
        for k in steps:
            found = _rest(reduced, m, index, float(rate_in[k]))
            if found is None:
                break
            m = rates[k] = found
    there = np.isfinite(rates[:, 0])
    rate_out = np.full(rate_in.size, np.nan)
    rate_out[there] = reduced.response(rates[there])[:, index]

    excess = rate_out - rate_in
    cross = np.flatnonzero(np.sign(excess[1:]) * np.sign(excess[:-1]) < 0)
    # The homogeneous state lies on the curve by construction, and both sides of it may be close.
    candidates = np.concatenate([start[None], rates[cross], rates[cross + 1]])
    solved, converged = solve(equations, np.tile(composition, (len(candidates), 1)), candidates)
    states: list[Array] = []
    for m in solved[converged]:
        on_curve = np.nanmin(np.abs(rates - m).max(axis=1)) < 0.05
        if on_curve and not any(np.abs(m - other).max() < 1e-9 for other in states):
            states.append(m)
    states.sort(key=lambda m: m[index])
    points = []
    for m in states:
        equal = q == 1 or np.abs(m[:p] - m[p : 2 * p]).max() < 1e-10
        n, values = ((q,), np.concatenate([m[:p], m[len(composition) * p :]])) if equal else (composition, m)
        points.append(fixed_point(equations, field, n, values))
    local, shared = equations.names[:p], equations.names[p:]
    names = [f"{name}{part}" for part in (" focus", " others")[: len(composition)] for name in local] + list(shared)
    curve = "at all rates" if there.all() else f"from {rate_in[there][0]:.4g} to {rate_in[there][-1]:.4g}"
    return EffectiveResponse(
        focus=focus,
        rate_in=rate_in,
        rate_out=rate_out,
        other_rates=rates[:, others],
        labels=tuple(label for label, keep in zip(names, others, strict=True) if keep),
        fixed_points=tuple(points),
        focus_rates=np.array([m[index] for m in states]),
        status=remarked(f"The curve exists {curve}.", balance),
    )


def _rest(reduced: MeanField, m: Array, index: int, value: float, *, depth: int = 0) -> Array | None:
    """Return the rates with one of them fixed and the others at rest, from a state close by; None if lost."""
    free = np.arange(m.size) != index
    new = m.copy()
    new[index] = value
    for _ in range(30):
        residual, jacobian = response_and_gain(reduced.mean, reduced.variance, reduced.drive, new)
        if np.abs(residual[free]).max() < 1e-14:
            break
        try:
            change = np.linalg.solve(jacobian[np.ix_(free, free)], -residual[free])
        except np.linalg.LinAlgError:
            return None
        new[free] = np.clip(new[free] + change, 0, 1)
        if np.abs(change).max() < 1e-13:
            break
    residual, _ = response_and_gain(reduced.mean, reduced.variance, reduced.drive, new)
    if np.abs(residual[free]).max() < 1e-12 and np.abs(new - m).max() < 0.2:
        return new
    if depth == 6:
        return None
    # Halfway first: the step was too long for Newton's method.
    half = _rest(reduced, m, index, 0.5 * (m[index] + value), depth=depth + 1)
    return None if half is None else _rest(reduced, half, index, value, depth=depth + 1)
