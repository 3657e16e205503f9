"""The specialised method for volleys: one factorisation for all neurons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg as sl
from numpy.typing import NDArray

from metastable._parallel import Monitor, run_jobs
from metastable.reconstruction._equations import Equations
from metastable.reconstruction._incoming import Incoming, assemble, refuse_subthreshold
from metastable.reconstruction._lapack import invert_lower
from metastable.reconstruction._least_squares import Fit
from metastable.reconstruction._row_choice import evenly

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Volleys:
    """The last volley of each trial in which every neuron fires once between the arrivals of the volley before.

    Parameters
    ----------
    trial : ndarray of int, (n_drives,)
        Trials that have one.
    before, last : ndarray, (n_drives, n), ms
        Spike times of the last two volleys.
    """

    trial: Ints
    before: Array
    last: Array


def find_volleys(equations: Equations) -> Volleys:
    """Look for a whole volley within the last interval of all neurons, drive by drive.

    Returns
    -------
    Volleys
        Trials that fail the check are not among them.

    Notes
    -----
    With the spikes of three successive volleys, t'' < t' < t of each neuron, the arrivals of the first must be over
    when the second begins, those of the second fall after its last and before the first of the third spike, and those
    of the third after its last. Where delays differ, the shortest and longest are taken for all.
    """
    recording, n = equations.recording, equations.model.n
    spikes, counts = recording.spikes, recording.counts
    shortest, longest = _delay_range(equations)
    time = recording.time_ms
    first = np.concatenate([[0], counts.T.ravel().cumsum()[:-1]]).reshape(n, spikes.n_trials).T
    enough = np.flatnonzero((counts >= 3).all(axis=1))
    ends = time[first[enough] + counts[enough] - 1]
    # The neuron that ends first has its last spike in the last volley that is complete.
    limit = np.full(spikes.n_trials, -np.inf)
    limit[enough] = ends.min(axis=1, initial=np.inf) + shortest
    early = spikes.time_ms <= limit[spikes.trial]
    flat = spikes.trial[early].astype(np.int64) * n + spikes.neuron[early]
    position = np.bincount(flat, minlength=spikes.n_trials * n).reshape(-1, n)
    enough = np.flatnonzero((position >= 3).all(axis=1))
    at = first[enough] + position[enough] - 1
    oldest, before, last = time[at - 2], time[at - 1], time[at]
    locked = (
        (oldest.max(axis=1) + longest <= before.min(axis=1))
        & (before.max(axis=1) < before.min(axis=1) + shortest)
        & (before.max(axis=1) + longest < last.min(axis=1))
        & (last.max(axis=1) < last.min(axis=1) + shortest)
    )
    return Volleys(trial=enough[locked], before=before[locked], last=last[locked])


def solve_volleys(
    equations: Equations,
    volleys: Volleys,
    *,
    periodic: bool,
    n_holdout: int,
    n_jobs: int | None,
    progress: bool | None,
) -> list[Incoming] | None:
    """Find all weights from one volley per drive.

    Parameters
    ----------
    equations : Equations
    volleys : Volleys
    periodic : bool
        Whether arrivals are put where they would be if the last volley had repeated itself, as in the paper, and not
        where they were.
    n_holdout, n_jobs, progress
        As in `reconstruct`.

    Returns
    -------
    list of Incoming, or None
        None if the drives are too few or too much alike.

    Notes
    -----
    The matrix of neuron i is diag(exp(-t_i / tau)) Theta_0 diag(exp(delay_i / tau)) with Theta_0 = exp(t'_j / tau), the
    same for all: the outer factors go to the right side and to the solution.
    """
    model, n = equations.model, equations.model.n
    if len(volleys.trial) < n:
        return None
    rate = 1 / model.tau_ms[0]
    # Drives beyond the unknowns are held out, as far as there are any.
    kept = np.ones(len(volleys.trial), bool)
    spare = min(n_holdout, kept.size - n)
    kept[evenly(kept.size, spare)] = False
    trial, before, last = volleys.trial[kept], volleys.before[kept], volleys.last[kept]
    sent = last - (last - before).mean(axis=1, keepdims=True) if periodic else before
    reference = before.min(axis=1, keepdims=True)
    theta = np.exp((sent - reference) * rate)
    drive = model.drive_mv if model.drive_mv.ndim == 1 else model.drive_mv[trial]
    exponent = (before - last) * rate
    b = model.threshold_mv - model.reset_mv * np.exp(exponent) + drive * np.expm1(exponent)
    q, r = np.linalg.qr(theta)
    size = np.abs(np.diagonal(r))
    if size.min() <= max(theta.shape) * np.finfo(float).eps * size.max():
        return None
    right = np.exp((last - reference) * rate) * b
    x = np.zeros((n, n))
    for _ in range(2):
        x += sl.solve_triangular(r, q.T @ (right - theta @ x), check_finite=False)
    residual = right - theta @ x
    inverse = invert_lower(np.ascontiguousarray(r.T))
    spread = np.sqrt(np.einsum("ij,ij->j", inverse, inverse))
    length = np.sqrt(np.einsum("ij,ij->j", theta, theta))
    condition = float(np.sqrt(n) * np.linalg.norm(spread * length))

    def job(i: int, monitor: Monitor) -> Incoming:
        factor = np.exp(-equations.delays(i) * rate)
        weights = x[:, i] * factor
        if not equations.self_weights:
            weights[i] = 0.0
        n_acceptable, held = _hold_out(equations, volleys, kept, i, n_holdout)
        monitor.advance(1)
        return assemble(
            equations,
            i,
            Fit(x=weights, determined=np.ones(n, bool), rank=n, condition=condition, spread=spread * factor),
            held,
            residual=residual[:, i],
            n_acceptable=n_acceptable,
            n_unknowns=equations.n_unknowns(i),
            method="periodic" if periodic else "phase-locked",
        )

    return run_jobs(job, range(n), n_jobs=n_jobs, total=n, label="certificates", unit="neurons", progress=progress)


def _hold_out(
    equations: Equations, volleys: Volleys, kept: NDArray[np.bool_], i: int, n_holdout: int
) -> tuple[int, Ints]:
    """Return how many intervals are acceptable, and those to test on: of drives held out, or of earlier volleys."""
    intervals = equations.intervals(i)
    acceptable = intervals[equations.acceptable(i, intervals)]
    refuse_subthreshold(equations, i, acceptable)
    trial, _, end = equations.ends(acceptable)
    if kept.all():
        used_end = np.full(equations.recording.spikes.n_trials, np.nan)
        used_end[volleys.trial] = volleys.last[:, i]
        free = acceptable[end != used_end[trial]]
    else:
        free = acceptable[np.isin(trial, volleys.trial[~kept])]
    return acceptable.size, free[evenly(free.size, n_holdout)]


def _delay_range(equations: Equations) -> tuple[float, float]:
    delay = equations.model.delay_ms
    if delay.ndim and not equations.self_weights:
        # Nobody cares for the delay of a connection that does not exist.
        delay = delay[~np.eye(len(delay), dtype=bool)]
    return float(delay.min()), float(delay.max())
