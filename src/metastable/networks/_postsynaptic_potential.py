"""The potential that one presynaptic spike causes in a leaky membrane."""

from __future__ import annotations

import math

import numpy as np

# Closer time constants than this are taken as equal: their difference would cancel to fewer digits than the limit has.
_EQUAL = 1e-6


def psp_peak(tau_m_ms: float, tau_decay_ms: float, tau_rise_ms: float | None) -> float:
    """Return the peak of the potential after a current of unit area; see `Synapse.psp_peak`."""
    if tau_rise_ms is None:
        r = tau_decay_ms / tau_m_ms
        return math.exp(-1) if abs(r - 1) < _EQUAL else r ** (r / (1 - r))
    from scipy.optimize import minimize_scalar

    # A single hump, which peaks before all three time constants have passed one after the other.
    end = tau_m_ms + tau_decay_ms + tau_rise_ms
    found = minimize_scalar(
        lambda t: -_biexponential(t, tau_m_ms, tau_decay_ms, tau_rise_ms),
        bounds=(0, end),
        method="bounded",
        options={"xatol": 1e-9 * end},
    )
    return -float(found.fun)


def _biexponential(t: float, tau_m: float, tau_decay: float, tau_rise: float) -> float:
    total = tau_decay * _exponential(t, tau_m, tau_decay) - tau_rise * _exponential(t, tau_m, tau_rise)
    return total / (tau_decay - tau_rise)


def _exponential(t: float, tau_m: float, tau_s: float) -> float:
    """Return the potential at a time after a current ``exp(-t/tau_s)/tau_s``."""
    if abs(tau_s / tau_m - 1) < _EQUAL:
        return t / tau_m * np.exp(-t / tau_m)
    return tau_m / (tau_m - tau_s) * (np.exp(-t / tau_m) - np.exp(-t / tau_s))
