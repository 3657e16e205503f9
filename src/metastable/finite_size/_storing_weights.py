"""Weights of one neuron that store what it has to do after each of given states."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

Array = NDArray[np.float64]

# Of what is wanted: rounding of a well-conditioned solution is a thousand times below.
_RESIDUAL = 1e-9


def pseudoinverse_weights(inputs: Array, wanted: Array) -> tuple[Array, float]:
    """Return the smallest weights with ``inputs w = wanted`` and by how much they miss it, of the largest wanted."""
    if not inputs.shape[1]:
        return np.zeros(0), float(np.abs(wanted).max(initial=0) > 0)
    weights = np.asarray(np.linalg.lstsq(inputs, wanted, rcond=None)[0], np.float64)
    missed = np.abs(inputs @ weights - wanted).max(initial=0)
    return weights, float(missed / max(np.abs(wanted).max(initial=0), np.finfo(float).tiny))


def is_exact(residual: float) -> bool:
    """Return whether a residual is rounding."""
    return residual <= _RESIDUAL


def widest_margin(inputs: Array, sign: Array, needed: Array, least: float, largest_weight: float) -> Array | None:
    """Return bounded weights with the largest m such that ``sign (inputs w - needed) >= m >= least``, or None."""
    n = inputs.shape[1]
    bounds = [(-largest_weight, largest_weight)] * n + [(least, None)]
    return _solved(inputs, sign, needed, np.ones(len(sign)), 0.0, bounds, reward=-1.0)


def smallest_weights(inputs: Array, sign: Array, needed: Array, margin: float) -> Array | None:
    """Return the weights, the largest of which is smallest, with ``sign (inputs w - needed) >= margin``, or None."""
    n = inputs.shape[1]
    extra = np.concatenate([np.eye(n), -np.eye(n)])
    bounds = [(None, None)] * n + [(0.0, None)]
    return _solved(inputs, sign, needed, np.zeros(len(sign)), margin, bounds, reward=1.0, below_last=extra)


def _solved(
    inputs: Array,
    sign: Array,
    needed: Array,
    slope: Array,
    offset: float,
    bounds: list,
    *,
    reward: float,
    below_last: Array | None = None,
) -> Array | None:
    """Solve ``sign (inputs w - needed) >= slope x + offset``, and ``below_last w <= x``, for the best number x."""
    n = inputs.shape[1]
    rows = np.column_stack([-sign[:, None] * inputs, slope])
    limit = -sign * needed - offset
    if below_last is not None:
        rows = np.concatenate([rows, np.column_stack([below_last, -np.ones(len(below_last))])])
        limit = np.concatenate([limit, np.zeros(len(below_last))])
    cost = np.zeros(n + 1)
    cost[-1] = reward
    found = linprog(cost, A_ub=rows, b_ub=limit, bounds=bounds, method="highs")
    return np.asarray(found.x[:-1], np.float64) if found.status == 0 else None
