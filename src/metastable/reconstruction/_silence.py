"""When a neuron that does not fire comes closest to its threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from metastable.reconstruction._current_equations import CurrentEquations

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# At most one moment of each window of this length: neighbouring ones say the same. As long before a spike there is
# none, because the equation of the spike says more.
_WINDOW_MS = 2.0
# Membrane time constants after which nothing is left of the unknown potential at the beginning: 5e-5 of it.
_FORGOTTEN = 10.0


@dataclass(frozen=True, eq=False)
class Moments:
    """Steps at which a neuron does not fire, sorted.

    Parameters
    ----------
    trial : ndarray of int, (n_moments,)
    start, moment : ndarray, (n_moments,), steps
        When its potential left the reset value, and the moment.
    """

    trial: Ints
    start: Array
    moment: Array

    @classmethod
    def none(cls) -> Moments:
        """Return no moment."""
        return cls(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))

    def __len__(self) -> int:
        return self.moment.size


def add_closest(equations: CurrentEquations, i: int, x: Array, moments: Moments, n_more: int) -> tuple[Moments, Ints]:
    """Add the moments at which an estimate brings the potential of a neuron closest to threshold, or above it.

    Parameters
    ----------
    equations : CurrentEquations
        On a time grid.
    i : int
    x : ndarray, (n_columns,)
        The unknowns.
    moments : Moments
        To be kept.
    n_more : int
        How many to add at most.

    Returns
    -------
    Moments
    ndarray of int
        Where among these the ones kept are.
    """
    assert equations.model.dt_ms is not None
    width = max(round(_WINDOW_MS / equations.model.dt_ms), 1)
    trials, starts, at, heights = [moments.trial], [moments.start], [moments.moment], [np.full(len(moments), np.inf)]
    for trial in range(equations.recording.spikes.n_trials):
        potential, start = follow(equations, i, x, trial)
        n_windows = potential.size // width
        windows = potential[: n_windows * width].reshape(n_windows, width)
        best = windows.argmax(axis=1)
        height = windows[np.arange(n_windows), best]
        height[(moments.moment[moments.trial == trial] // width).astype(np.int64)] = -np.inf
        here = np.flatnonzero(np.isfinite(height))
        step = here * width + best[here]
        trials.append(np.full(here.size, trial))
        starts.append(start[step])
        at.append(step.astype(np.float64))
        heights.append(height[here])
    trial, start, moment, height = (np.concatenate(each) for each in (trials, starts, at, heights))
    highest = np.argsort(-height, kind="stable")[: len(moments) + n_more]
    order = highest[np.lexsort((moment[highest], trial[highest]))]
    return Moments(trial[order], start[order], moment[order]), np.flatnonzero(order < len(moments))


def follow(equations: CurrentEquations, i: int, x: Array, trial: int) -> tuple[Array, Array]:
    """Return the potential of a neuron by an estimate of its weights, step by step of a trial.

    Parameters
    ----------
    equations : CurrentEquations
    i : int
    x : ndarray, (n_columns,)
    trial : int

    Returns
    -------
    potential : ndarray, (n_steps,)
        Minus infinity where it is not free, not known, or about to cause a spike.
    start : ndarray, (n_steps,)
        When it last left its reset value.

    Notes
    -----
    The sum over presynaptic neurons comes before the filters, which makes this as cheap as a few passes through the
    recording, whereas the same from `CurrentEquations.silence_rows` costs one per neuron.
    """
    model, spikes = equations.model, equations.recording.spikes
    assert model.dt_ms is not None
    n_steps = round(spikes.duration_ms / model.dt_ms)
    step, neuron, arrivals = equations.arrivals(i, x, trial, n_steps)
    rates, factors = equations.responses(i)
    free = np.zeros(n_steps)
    for of_kind, rate, factor in zip(arrivals, rates, factors, strict=True):
        for e in np.flatnonzero(factor):
            free += lfilter(factor[e : e + 1], [1.0, -np.exp(-rate[e])], of_kind)
    own = step[neuron == i].astype(np.float64)
    left_reset = np.concatenate([[0.0], own + np.rint(model.refractory_ms[i] / model.dt_ms)])
    now = np.arange(n_steps, dtype=np.float64)
    last = np.searchsorted(own, now)
    start = left_reset[last]
    faded = np.exp(-rates[0, 0] * np.maximum(now - start, 0.0))
    at_start = free[np.minimum(start, n_steps - 1).astype(np.int64)]
    drive = model.bias[i] + (x[-1] if equations.bias else 0.0)
    potential = free - faded * at_start + drive * (1 - faded) + model.reset[i] * faded
    until = np.append(own, np.inf)[last]
    known = now * model.dt_ms >= model.settle_ms[i] + _FORGOTTEN * model.tau_ms[i]
    potential[~known | (now <= start) | (until - now < _WINDOW_MS / model.dt_ms)] = -np.inf
    return potential, start
