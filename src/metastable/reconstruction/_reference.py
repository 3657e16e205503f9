"""Acceptable intervals and equations in plain numpy, as they stand in the paper; slow, for the tests of the kernels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


def reference_acceptable(
    time: Array, neuron: Ints, column: Ints, delay: Array, t0: float, t1: float, tolerance: float
) -> bool:
    """Say whether an interval is acceptable, given the spikes of its trial (eqs. 7 and 7')."""
    arrival = (time + delay[neuron])[column[neuron] >= 0]
    at_end = (np.abs(arrival - t1) <= tolerance).any()
    at_beginning = tolerance > 0 and (np.abs(arrival - t0) <= tolerance).any()
    return not (at_end or at_beginning)


def reference_row(
    time: Array, neuron: Ints, column: Ints, delay: Array, tau_ms: float, t0: float, t1: float, n_columns: int
) -> Array:
    """Return the row of an interval, given the spikes of its trial (eq. 8)."""
    arrival, target = time + delay[neuron], column[neuron]
    # Of neurons that always fire together each arrival counts once.
    within = (arrival > t0) & (arrival < t1) & (target == neuron)
    row = np.zeros(n_columns)
    np.add.at(row, target[within], np.exp(-(t1 - arrival[within]) / tau_ms))
    return row
