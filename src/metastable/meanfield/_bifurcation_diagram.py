"""All branches of fixed points over a parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn
from metastable._validation import require_integer, require_number
from metastable.meanfield._branch import Branch, StableRange
from metastable.meanfield._cluster_equations import ClusterEquations
from metastable.meanfield._equation_family import EquationFamily
from metastable.meanfield._fixed_point import FixedPoint
from metastable.meanfield._fixed_points import all_states
from metastable.meanfield._homogeneous_state import homogeneous_rates
from metastable.meanfield._newton import solve
from metastable.meanfield._spectrum import difference_blocks
from metastable.meanfield._trace import find_root, trace
from metastable.networks import BinaryNetwork

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class BifurcationDiagram(Drawn):
    """Branches of the homogeneous state and of states with active clusters.

    Parameters
    ----------
    homogeneous : Branch or None
        The homogeneous state; None if there is only silence.
    branches : tuple of Branch
        States with two classes of clusters, and stable ones with more.
    meetings : ndarray
        Values of the parameter at which branches meet the homogeneous state, where its stability against clusters
        changes.
    start, stop : float
        Range of the parameter.
    status : str
        What the search covers, and which conditions of the balanced state fail in the range, if one does.
    """

    _prints_a_table = True

    homogeneous: Branch | None
    branches: tuple[Branch, ...]
    meetings: Array
    start: float
    stop: float
    status: str

    @property
    def stable_ranges(self) -> list[StableRange]:
        """Ranges of the parameter in which each state is stable, by number of active clusters (0: homogeneous)."""
        every = [self.homogeneous, *self.branches] if self.homogeneous else list(self.branches)
        found = sorted(r for branch in every for r in branch.stable_ranges)
        # Both halves of a symmetric branch, 10 active of 20, are one state.
        return [
            r
            for k, r in enumerate(found)
            if not k or r.n_active != found[k - 1].n_active or abs(r.start - found[k - 1].start) > 1e-7
        ]

    def onset(self, n_active: int) -> float:
        """Return the lowest parameter at which a state with so many active clusters is stable; NaN for none."""
        return min((r.start for r in self.stable_ranges if r.n_active == n_active), default=np.nan)

    def loss(self, n_active: int) -> float:
        """Return the highest parameter at which a state with so many active clusters is stable; NaN for none."""
        return max((r.stop for r in self.stable_ranges if r.n_active == n_active), default=np.nan)

    def existence(self, n_active: int) -> tuple[float, float]:
        """Return the range of the parameter in which states with so many active clusters exist, stable or not."""
        values = [branch.parameter[branch.n_active == n_active] for branch in self.branches]
        values = np.concatenate([np.zeros(0), *values])
        return (float(values.min()), float(values.max())) if values.size else (np.nan, np.nan)

    def at(self, value: float) -> list[FixedPoint]:
        """Return the fixed points of all branches at one value of the parameter."""
        every = [self.homogeneous, *self.branches] if self.homogeneous else list(self.branches)
        points: list[FixedPoint] = []
        for point in (point for branch in every for point in branch.at(value)):
            if not any(
                point.composition == other.composition and np.abs(point.rates - other.rates).max() < 1e-8
                for other in points
            ):
                points.append(point)
        return sorted(points, key=lambda point: (len(point.composition), point.composition, point.up))

    def __repr__(self) -> str:
        lines = [f"BifurcationDiagram({len(self.branches)} branches from {self.start:g} to {self.stop:g}; stable:"]
        lines += [f"  {r.n_active or 'none'} active: {r.start:.6f} to {r.stop:.6f}" for r in self.stable_ranges]
        return "\n".join([*lines, f"  {self.status})"])


def bifurcation_diagram(
    family: Callable[[float], BinaryNetwork],
    *,
    start: float,
    stop: float,
    n_active: int | Iterable[int] | None = None,
    step: float = 0.05,
    n_anchors: int = 3,
) -> BifurcationDiagram:
    """Follow all states of a family of networks: the homogeneous one, and those with k active clusters.

    Parameters
    ----------
    family : callable
        Takes the parameter (J_E+, J_I+, R_J, g, ...) and returns a network.
    start, stop : float
        Range of the parameter.
    n_active : int or iterable of int, optional
        Numbers of active clusters to follow; None for all.
    step : float
        Largest step in rates; a quarter of the range counts as a rate of 1.
    n_anchors : int
        Values of the parameter at which all fixed points are searched, so that branches that never meet the
        homogeneous state are found; 0 for none.

    Returns
    -------
    BifurcationDiagram

    Raises
    ------
    ValueError
        If the range is empty, the family refuses a value of it, the equations are not smooth in the parameter, or
        `n_active` is out of range.

    Notes
    -----
    All k-branches meet the homogeneous state where it loses its stability against clusters; from there each is traced
    in both directions by `continue_branch`. The silent state and the unstable states beside it are left out (they are
    among `fixed_points`): states whose rates are on average below a tenth of those of the homogeneous state.

    What is guaranteed: states on the branches are exact; a closed branch that lies between two anchors and never meets
    the homogeneous state is missed.

    *Assumptions and approximations*: those of `MeanField`.

    Examples
    --------
    >>> import metastable as mst
    >>> family = lambda j: mst.networks.rost_2018(j_e_plus=j)
    >>> diagram = mst.meanfield.bifurcation_diagram(family, start=1, stop=3, n_active=1)
    >>> round(diagram.onset(1), 3), round(diagram.loss(0), 3)
    (1.867, 2.842)
    """
    require_number("step", step, above=0, maximum=0.5)
    n_anchors = require_integer("n_anchors", n_anchors, minimum=0)
    equations = EquationFamily.of(family, start, stop)
    q = equations.template.n_clusters
    wanted = _wanted(n_active, q)
    homogeneous, branches, meetings = trace_from_meetings(equations, wanted, step)
    for value in start + (stop - start) * (np.arange(n_anchors) + 0.9) / max(n_anchors, 1):
        now = equations.at(float(value))
        floor = 0.1 * _mean_rate(now, homogeneous.at(float(value))) if homogeneous else 0.0
        known = [(point.composition, point.rates) for branch in branches for point in branch.at(float(value))]
        for composition, rates in all_states(now, 0.6, max_classes=2):
            full = now.expand(composition, rates)
            if len(composition) == 1 or sum(composition[1:]) not in wanted or full.mean() < floor:
                continue
            if any(n == composition and np.abs(full - other).max() < 1e-6 for n, other in known):
                continue
            branch = follow(equations, composition, rates, float(value), wanted, step)
            if branch is not None:
                branches.append(branch)
                known += [(point.composition, point.rates) for point in branch.at(float(value))]
    return BifurcationDiagram(homogeneous, tuple(branches), meetings, start, stop, _status(equations, homogeneous))


def _status(family: EquationFamily, homogeneous: Branch | None) -> str:
    """Say what the branches rest on, or why there is no homogeneous one, and which conditions fail."""
    if homogeneous is None:
        return f"Only silence is homogeneous, as at {family.start:g}: {family.judged[0][1].silence}."
    parts = (
        "States on the branches are exact; a closed branch between the values searched would be missed.",
        family.remark,
    )
    return " ".join(part for part in parts if part)


def trace_from_meetings(
    family: EquationFamily, wanted: set[int], step: float
) -> tuple[Branch | None, list[Branch], Array]:
    """Return the homogeneous branch, the branches of `wanted` numbers that meet it, and where they do."""
    p, q = family.template.n_local, family.template.n_clusters
    homogeneous = _homogeneous_branch(family, step)
    if homogeneous is None or not family.template.own.any():
        return homogeneous, [], np.zeros(0)
    branches: list[Branch] = []
    meetings = _meetings(family, homogeneous)
    for value, m, direction in meetings:
        for k in range(1, q // 2 + 1):
            # The branch of k active clusters is, beyond the homogeneous state, that of q - k.
            for active in sorted({k, q - k} & wanted)[:1]:
                t = 2e-3
                x = m[:p] - active / q * t * direction
                start = np.concatenate([x, x + t * direction, m[p:]])
                branch = follow(family, (q - active, active), start, value, wanted, step)
                if branch is not None and not any(_same(branch, other) for other in branches):
                    branches.append(branch)
    return homogeneous, branches, np.array([value for value, _, _ in meetings])


def follow(
    family: EquationFamily, composition: tuple[int, ...], rates: Array, at: float, wanted: set[int], step: float
) -> Branch | None:
    """Trace a state as long as its number of active clusters is wanted; None if it cannot be held."""
    q, p = family.template.n_clusters, family.template.n_local

    def inside(m: Array) -> bool:
        local = m[: len(composition) * p].reshape(-1, p)[:, 0]
        return q - composition[int(local.argmin())] in wanted

    try:
        return trace(family, composition, rates, at, step=step, inside=inside)
    except ValueError:
        return None


def _same(one: Branch, other: Branch) -> bool:
    """Return whether two branches are the same curve, traced from different meetings."""
    if sorted(one.composition) != sorted(other.composition):
        return False
    k = int(one.up.argmax())
    return any(
        abs(point.up - one.up[k]) < 1e-6 and abs(point.down - one.down[k]) < 1e-6
        for point in other.at(float(one.parameter[k]))
    )


def _wanted(n_active: int | Iterable[int] | None, q: int) -> set[int]:
    if n_active is None:
        return set(range(1, q))
    numbers = list(n_active) if isinstance(n_active, Iterable) else [n_active]
    return {require_integer("n_active", k, minimum=1, maximum=q - 1) for k in numbers}


def _mean_rate(equations: ClusterEquations, points: list[FixedPoint]) -> float:
    return max((float(point.rates.mean()) for point in points), default=0.0)


def _homogeneous_branch(family: EquationFamily, step: float) -> Branch | None:
    q = family.template.n_clusters
    for fraction in (0.0, 1.0, 0.5, 0.25, 0.75):
        value = family.start + fraction * (family.stop - family.start)
        rates = homogeneous_rates(family.at(value))
        if rates is not None:
            return trace(family, (q,), rates, value, step=step)
    return None


def _meetings(family: EquationFamily, branch: Branch) -> list[tuple[float, Array, Array]]:
    """Return (parameter, homogeneous rates, direction) where one cluster can leave the others without a force."""
    q = family.template.n_clusters
    # At a change of stability itself rounding decides the sign.
    keep = np.array([event != "stability" for event in branch.event])
    parameter = branch.parameter[keep]
    flat = np.concatenate([branch.class_rates[:, 0], branch.shared_rates], axis=1)[keep]

    def rates(value: float, k: int) -> Array:
        left, right = parameter[k : k + 2]
        near = flat[k] + (value - left) / (right - left) * (flat[k + 1] - flat[k])
        return solve(family.at(value), np.array([[q]]), near[None])[0][0]

    def singular(value: float, k: int) -> float:
        return float(np.linalg.det(difference_blocks(family.at(value), [q], rates(value, k))[0]))

    signs = [
        np.linalg.det(difference_blocks(family.at(value), [q], m)[0]) for value, m in zip(parameter, flat, strict=True)
    ]
    found = []
    for k in np.flatnonzero(np.sign(signs[1:]) * np.sign(signs[:-1]) < 0).tolist():
        ends = parameter[k : k + 2]
        value = find_root(lambda v, k=k: singular(v, k), *ends)
        m = rates(value, k)
        _, _, vectors = np.linalg.svd(difference_blocks(family.at(value), [q], m)[0])
        found.append((value, m, vectors[-1] / vectors[-1][0]))
    return found
