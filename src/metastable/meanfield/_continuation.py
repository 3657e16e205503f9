"""Pseudo-arclength continuation of reduced states in one parameter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from metastable.meanfield._equation_family import EquationFamily

Array = NDArray[np.float64]

# Residual in the deflated equations; in those of the rates it is smaller.
_TOLERANCE = 1e-12


@dataclass(frozen=True)
class StateEquations:
    """Equations ``F(q, parameter) = 0`` of states with one composition.

    With two classes, the unknowns are the rates x of the first, the difference t of the excitatory rates, the ratio of
    the inhibitory difference to it, and the shared rates; the equation of the second class is the difference of both,
    divided by t. The homogeneous state, which solves the equations at ``t = 0`` for any parameter, is thus divided out:
    where all branches meet it a tracker passes through, and does not turn onto it.
    """

    family: EquationFamily
    composition: tuple[int, ...]

    @property
    def deflated(self) -> bool:
        """Whether the homogeneous state is divided out."""
        return len(self.composition) == 2

    def unknowns(self, rates: Array) -> Array:
        """Return q of the rates of the reduced equations."""
        p = self.family.template.n_local
        if not self.deflated:
            return rates.copy()
        x, up = rates[:p], rates[p : 2 * p]
        t = up[0] - x[0]
        return np.concatenate([x, [t], (up[1:] - x[1:]) / t, rates[2 * p :]])

    def rates(self, q: Array) -> Array:
        """Return the rates of the reduced equations, (..., n_rates)."""
        p = self.family.template.n_local
        if not self.deflated:
            return q
        x, t = q[..., :p], q[..., p : p + 1]
        w = np.concatenate([np.ones_like(t), q[..., p + 1 : 2 * p]], axis=-1)
        return np.concatenate([x, x + t * w, q[..., 2 * p :]], axis=-1)

    def evaluate(self, q: Array, parameter: float) -> tuple[Array, Array, Array]:
        """Return F, its Jacobian by q and its derivative by the parameter."""
        m = self.rates(q)
        phi, gain, slope = self._response(m, parameter)
        if not self.deflated:
            return phi - m, gain - np.eye(m.size), slope
        p, t = self.family.template.n_local, q[self.family.template.n_local]
        w = np.concatenate([[1.0], q[p + 1 : 2 * p]])
        dm = np.zeros((m.size, q.size))
        dm[:p, :p] = dm[p : 2 * p, :p] = np.eye(p)
        dm[p : 2 * p, p] = w
        dm[p + 1 : 2 * p, p + 1 : 2 * p] = t * np.eye(p - 1)
        dm[2 * p :, 2 * p :] = np.eye(m.size - 2 * p)
        change = gain @ dm
        first, second, rest = slice(0, p), slice(p, 2 * p), slice(2 * p, None)
        quotient = (phi[second] - phi[first]) / t
        residual = np.concatenate([phi[first] - m[first], quotient - w, phi[rest] - m[rest]])
        jacobian = change.copy()
        jacobian[first] -= dm[first]
        jacobian[second] = (change[second] - change[first]) / t
        jacobian[second, p] -= quotient / t
        jacobian[p + 1 : 2 * p, p + 1 : 2 * p] -= np.eye(p - 1)
        jacobian[rest] -= dm[rest]
        slope = np.concatenate([slope[first], (slope[second] - slope[first]) / t, slope[rest]])
        return residual, jacobian, slope

    def _response(self, m: Array, parameter: float) -> tuple[Array, Array, Array]:
        """Return Phi, its gain and its derivative by the parameter."""
        now = self.family.at(parameter).reduced(self.composition)
        by = self.family.slope(parameter).reduced(self.composition)
        mu = now.input_mean(m)
        s2 = np.maximum(now.input_variance(m), 1e-300)
        s = np.sqrt(s2)
        z = np.clip(mu / s, -38.0, 38.0)
        density = np.where(np.abs(z) < 37, np.exp(-0.5 * z**2) / (np.sqrt(2 * np.pi) * s), 0.0)
        half = np.where(density > 0, 0.5 * z / s, 0.0)
        gain = density[:, None] * (now.mean - half[:, None] * now.variance)
        return ndtr(z), gain, density * (by.input_mean(m) - half * by.input_variance(m))


@dataclass(frozen=True)
class Tracker:
    """Follow a curve of solutions ``F(q, parameter) = 0`` by its arclength.

    Parameters
    ----------
    equations : StateEquations
    scale : float
        Change of the parameter that counts as much as a change of 1 in a rate.
    step : float
        Largest step in arclength.
    """

    equations: StateEquations
    scale: float
    step: float

    def correct(self, u: Array, normal: Array, offset: float | None = None) -> Array | None:
        """Solve in the plane through u across `normal`, or with ``normal u = offset``; None if that fails."""
        offset = float(normal @ u) if offset is None else offset
        u = u.copy()
        for _ in range(12):
            residual, matrix = self._extended(u, normal)
            right = np.concatenate([residual, [normal @ u - offset]])
            try:
                change = np.linalg.solve(matrix, -right)
            except np.linalg.LinAlgError:
                return None
            if not np.isfinite(change).all() or np.abs(change).max() > 1.0:
                return None
            u += change
            if np.abs(change).max() < 1e-11:
                residual, _ = self._extended(u, normal)
                return u if np.abs(residual).max() < max(_TOLERANCE, 1e-15 / self._closeness(u)) else None
        return None

    def tangent(self, u: Array, towards: Array) -> Array:
        """Return the unit tangent of the curve that points along `towards`."""
        _, matrix = self._extended(u, towards)
        right = np.zeros(u.size)
        right[-1] = 1.0
        try:
            t = np.linalg.solve(matrix, right)
        except np.linalg.LinAlgError:
            return towards
        return t / np.linalg.norm(t)

    def follow(
        self, u: Array, direction: Array, inside: Callable[[Array], bool], *, max_points: int = 5000
    ) -> tuple[list[Array], list[Array]]:
        """Return points and tangents from u (not included) along `direction` until a point is not `inside` any more.

        The last point is the first outside.
        """
        points, tangents = [], []
        tangent = self.tangent(u, direction)
        first, ds = u, self.step / 8
        while len(points) < max_points:
            new = self.correct(u + ds * tangent, tangent)
            turned = None if new is None else self.tangent(new, tangent)
            # A sharp turn, a correction that is long for the step, or sudden silence may be a jump to another curve.
            if (
                new is None
                or turned is None
                or turned @ tangent < 0.95
                or _length(new - u - ds * tangent) > 0.2 * ds
                or self._silent(new) != self._silent(u)
            ):
                ds /= 2
                if ds < 1e-9:
                    break
                continue
            bend = float(turned @ tangent)
            u, tangent = new, turned
            points.append(u)
            tangents.append(tangent)
            if not inside(u):
                break
            if len(points) > 10 and _length(u - first) < 0.75 * ds and tangent @ direction > 0:
                break  # a closed curve
            ds = min(ds * (1.6 if bend > 0.995 else 1.0 if bend > 0.98 else 0.7), self.step)
        return points, tangents

    def _silent(self, u: Array) -> bool:
        return bool(self.equations.rates(u[:-1]).max(initial=0) < 1e-12)

    def _closeness(self, u: Array) -> float:
        # The divided difference carries the rounding of rates over t.
        return min(1.0, abs(u[self.equations.family.template.n_local])) if self.equations.deflated else 1.0

    def _extended(self, u: Array, row: Array) -> tuple[Array, Array]:
        residual, jacobian, slope = self.equations.evaluate(u[:-1], u[-1] * self.scale)
        matrix = np.empty((u.size, u.size))
        matrix[:-1, :-1], matrix[:-1, -1], matrix[-1] = jacobian, slope * self.scale, row
        return residual, matrix


def _length(u: Array) -> float:
    return float(np.sqrt(u @ u))
