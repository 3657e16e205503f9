"""The potential that unit synapses cause, spike by spike in plain numpy; slow, for the tests of the kernel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def reference_trace(
    arrival: Array,
    moment: Array,
    *,
    tau_ms: float,
    tau_decay_ms: float,
    tau_rise_ms: float = 0.0,
    dt_ms: float | None = None,
) -> Array:
    """Return the potential at moments that a unit synapse with these arrivals causes, (n_moments,)."""
    age = moment[:, None] - arrival[None, :]
    each = _response(age, tau_ms, tau_decay_ms, dt_ms)
    if tau_rise_ms > 0:
        each = each - _response(age, tau_ms, tau_rise_ms, dt_ms)
    return each.sum(axis=1) / (tau_decay_ms - tau_rise_ms)


def _response(age: Array, tau: float, tau_synapse: float, dt: float | None) -> Array:
    """Return the potential at an age of a current that begins with 1 and decays."""
    if dt is None:
        old = np.maximum(age, 0.0)
        return (np.exp(-old / tau_synapse) - np.exp(-old / tau)) / (1 / tau - 1 / tau_synapse)
    # The step of the arrival is the first with a current.
    steps = np.maximum(np.rint(age / dt) + 1, 0.0)
    a, b = 1 - dt / tau, 1 - dt / tau_synapse
    return dt * (a**steps - b**steps) / (a - b)
