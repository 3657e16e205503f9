"""One branch of fixed points over a parameter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn
from metastable.meanfield._equation_family import EquationFamily
from metastable.meanfield._fixed_point import FixedPoint, fixed_point
from metastable.meanfield._newton import solve

Array = NDArray[np.float64]


class StableRange(NamedTuple):
    """Values of the parameter between which a state is stable, and why it ends at each."""

    n_active: int
    start: float
    stop: float
    start_event: str
    stop_event: str


@dataclass(frozen=True, eq=False, repr=False)
class Branch(Drawn):
    """Fixed points of one composition along a curve in the parameter, in the order of the curve.

    Folds, changes of stability and crossings of the homogeneous state are points of the arrays.

    Parameters
    ----------
    composition : tuple of int
        Clusters in each class.
    parameter : ndarray, (n_points,)
    class_rates : ndarray, (n_points, n_classes, n_populations)
        Rates of a cluster of each class; a class stays in its column when the order of rates changes.
    shared_rates : ndarray, (n_points, n_shared)
    growth_rate : ndarray, (n_points,), 1/ms
        Largest real part of the eigenvalues of all groups; stable where negative.
    event : tuple of str
        For each point ``""``, ``"fold"``, ``"stability"``, ``"homogeneous"`` or ``"end"`` of the range.
    labels : tuple of str
        What the last axis of `class_rates` and then of `shared_rates` is.
    family : EquationFamily
        The equations of which these are fixed points.
    """

    _shown = ("composition", "labels", "parameter", "up", "down", "growth_rate", "status")

    composition: tuple[int, ...]
    parameter: Array
    class_rates: Array
    shared_rates: Array
    growth_rate: Array
    event: tuple[str, ...]
    labels: tuple[str, ...]
    family: EquationFamily

    @property
    def up(self) -> Array:
        """Rate of the first population in the highest class, (n_points,)."""
        return self.class_rates[..., 0].max(axis=1)

    @property
    def down(self) -> Array:
        """Rate of the first population in the lowest class, (n_points,)."""
        return self.class_rates[..., 0].min(axis=1)

    @property
    def up_rates(self) -> Array:
        """Rates of all populations in the highest class, (n_points, n_populations)."""
        return np.take_along_axis(self.class_rates, self._class(np.argmax), axis=1)[:, 0]

    @property
    def down_rates(self) -> Array:
        """Rates of all populations in the lowest class, (n_points, n_populations)."""
        return np.take_along_axis(self.class_rates, self._class(np.argmin), axis=1)[:, 0]

    @property
    def stable(self) -> NDArray[np.bool_]:
        """Whether each point is stable in the equations of all groups; at a change it is 0 growth, not stable."""
        return self.growth_rate < 0

    @property
    def n_active(self) -> NDArray[np.intp]:
        """Number of clusters above the lowest class at each point; 0 for a homogeneous state."""
        if len(self.composition) == 1:
            return np.zeros(self.parameter.size, int)
        lowest = self.class_rates[..., 0].argmin(axis=1)
        return sum(self.composition) - np.array(self.composition)[lowest]

    @property
    def status(self) -> str:
        """Where the branch ends, and which conditions of the balanced state fail in the range, as sentences."""
        if max(self.class_rates.max(initial=0), self.shared_rates.max(initial=0)) < 1e-12:
            status = "The silent state, absorbing where it is stable."
        elif self.event[0] == self.event[-1] == "end":
            status = "Followed to the ends of the range."
        else:
            status = "Followed until it closes, falls silent or leaves the rates between 0 and 1."
        return " ".join(part for part in (status, self.family.remark) if part)

    @property
    def stable_ranges(self) -> list[StableRange]:
        """Ranges of the parameter in which states of this branch are stable, by number of active clusters."""
        marked = np.array([e != "" for e in self.event])
        stable = self.stable & ~marked
        found, active = [], self.n_active
        edges = np.flatnonzero(np.diff(np.concatenate([[False], stable, [False]]).astype(int)))
        for first, last in edges.reshape(-1, 2).tolist():
            ends = [max(first - 1, 0), min(last, stable.size - 1)]
            ends.sort(key=lambda k: self.parameter[k])
            a, b = ends
            found.append(
                StableRange(
                    int(active[first]), float(self.parameter[a]), float(self.parameter[b]), self.event[a], self.event[b]
                )
            )
        # A range that was cut at an event inside of it is one range.
        merged: list[StableRange] = []
        for one in sorted(found):
            if merged and merged[-1].n_active == one.n_active and merged[-1].stop == one.start:
                one = StableRange(one.n_active, merged[-1].start, one.stop, merged.pop().start_event, one.stop_event)
            merged.append(one)
        return merged

    def at(self, value: float) -> list[FixedPoint]:
        """Return the fixed points of this branch at one value of the parameter."""
        left, right = self.parameter[:-1], self.parameter[1:]
        cross = np.flatnonzero((left - value) * (right - value) <= 0)  # the ends of the range are exact
        points: list[FixedPoint] = []
        if not cross.size:
            return points
        fraction = np.where(
            right[cross] != left[cross], (value - left[cross]) / np.where(right == left, 1, right - left)[cross], 0.5
        )
        flat = np.concatenate([self.class_rates.reshape(self.parameter.size, -1), self.shared_rates], axis=1)
        start = flat[cross] + fraction[:, None] * (flat[cross + 1] - flat[cross])
        equations = self.family.at(value)
        rates, converged = solve(equations, np.tile(self.composition, (cross.size, 1)), start)
        for m in rates[converged]:
            classes = m[: len(self.composition) * equations.n_local].reshape(len(self.composition), -1)
            # Beside the homogeneous state Newton's method may fall into it, and classes then are one.
            if len(classes) > 1 and np.ptp(classes, axis=0).max() < 1e-9:
                continue
            point = fixed_point(equations, None, self.composition, m)
            if not any(np.abs(point.rates - other.rates).max() < 1e-8 for other in points):
                points.append(point)
        return points

    def _class(self, choose: Callable[..., NDArray[np.intp]]) -> NDArray[np.intp]:
        return choose(self.class_rates[..., 0], axis=1)[:, None, None]

    def __repr__(self) -> str:
        ranges = ", ".join(f"{r.start:.4f} to {r.stop:.4f}" for r in self.stable_ranges) or "nowhere"
        return (
            f"Branch({' + '.join(map(str, self.composition))} clusters, {self.parameter.size} points from "
            f"{self.parameter.min():.4f} to {self.parameter.max():.4f}, stable {ranges}. {self.status})"
        )
