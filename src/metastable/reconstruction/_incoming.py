"""The incoming weights of one neuron, and what is known about them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from metastable.reconstruction._current_equations import CurrentEquations
from metastable.reconstruction._equations import Equations
from metastable.reconstruction._least_squares import Fit, least_squares, row_rank
from metastable.reconstruction._row_choice import RowChoice, min_scan
from metastable.reconstruction._sparse import ROUNDING, basis_pursuit, exchangeable, orthogonal_matching_pursuit
from metastable.reconstruction._status import Status

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# Exact times and parameters leave residuals of 1e-13 to 1e-9 mV; a time constant wrong by 1e-4 leaves 1e-3.
_MISMATCH = 1e-6
# Timing errors of half the tolerance, amplified by weights that were fitted to such times.
_AMPLIFICATION = 20.0


class SubthresholdError(ValueError):
    """A neuron whose drive lies below threshold fires without an arrival."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Incoming:
    """What was found for one neuron; names as in `Reconstruction`."""

    weights: Array
    standard_error: Array
    together_sum: Array
    status: Status
    method: str
    n_acceptable: int = 0
    n_rows: int = 0
    rank: int = 0
    condition: float = np.nan
    holdout_residual_mv: float = np.nan
    bias_mv: float = np.nan
    search_length: float = np.nan


def solve(equations: Equations, i: int, *, method: str, choice: RowChoice) -> Incoming:
    """Find the incoming weights of a neuron by the general method.

    Parameters
    ----------
    equations : Equations
    i : int
    method : {"auto", "least-squares", "basis-pursuit", "matching-pursuit"}
    choice : RowChoice

    Returns
    -------
    Incoming
    """
    if equations.recording.n_isis[i] == 0:
        return unknown(equations, Status.QUIESCENT)
    intervals = equations.intervals(i)
    marked = equations.acceptable(i, intervals)
    acceptable = intervals[marked]
    if not acceptable.size:
        by_chance = _chance_of_arrival(equations) > 0.5
        few = by_chance or not intervals.size
        return unknown(equations, Status.TOO_FEW_ACCEPTABLE if few else Status.ALL_SPIKE_INDUCED)
    refuse_subthreshold(equations, i, acceptable)
    n_unknowns = equations.n_unknowns(i)
    search_length = np.nan
    if choice.rows == "min-scan":
        theta, b, used, search_length = min_scan(equations, i, marked, n_segments=choice.n_rows or n_unknowns)
        held = choice.split(equations, choice.everything(acceptable, used), 0)[1]
    else:
        used, held = choice.split(equations, acceptable, n_unknowns)
        theta, b = equations.rows(i, used)
    # Of a time constant, by which the times of an arrival and of a spike may be wrong together.
    noise = float(equations.tolerance_ms / equations.model.tau_ms[i])
    pursuit = method in ("basis-pursuit", "matching-pursuit") or (method == "auto" and len(b) < n_unknowns)
    # Where nobody else fires, there is nothing to pursue.
    if pursuit and n_unknowns:
        fit, name, proven = _sparse_fit(theta, _input(equations, i, b), method)
    else:
        fit, name, proven = least_squares(theta, b, noise=noise), "least-squares", True
        if choice.rows == "spread" and choice.n_rows is None and fit.rank < n_unknowns <= len(b):
            theta, b = equations.rows(i, choice.everything(acceptable, held))
            fit = least_squares(theta, b, noise=noise)
        if method == "auto" and fit.rank < n_unknowns:
            sparse = _sparse_fit(theta, _input(equations, i, b), method)
            if sparse[2]:
                fit, name, proven = sparse
    found = assemble(
        equations,
        i,
        fit,
        held,
        residual=b - theta @ fit.x,
        n_acceptable=acceptable.size,
        n_unknowns=n_unknowns,
        method=name,
    )
    return replace(found, search_length=search_length, status=found.status if proven else Status.TOO_FEW_ACCEPTABLE)


def assemble(
    equations: Equations,
    i: int,
    fit: Fit,
    held: Ints,
    *,
    residual: Array,
    n_acceptable: int,
    n_unknowns: int,
    method: str,
) -> Incoming:
    """Test a solution on intervals that were held out and give every weight, or NaN, its place."""
    n_rows = residual.size
    surplus = n_rows - fit.rank
    sigma = float(np.sqrt(residual @ residual / surplus)) if surplus > 0 else np.nan
    held_residual = np.nan
    if held.size:
        held_theta, held_b = equations.rows(i, held)
        # What is not known cannot be predicted either.
        open_columns = held_theta[:, ~fit.determined].any(axis=1)
        misses = np.abs(held_theta @ fit.x - held_b)[~open_columns]
        held_residual = float(misses.max()) if misses.size else np.nan
    weights, error, sums = places(equations, i, fit, sigma * fit.spread)
    # Without a hold-out the equations test themselves, as far as there are more of them than unknowns.
    tested = float(np.abs(residual).max()) if np.isnan(held_residual) and surplus > 0 else held_residual
    # First of all: weights that fail their test are not known, whatever else is missing.
    if tested > mismatch_limit(equations, i) or _fires_from_reset(equations, i, weights):
        status = Status.MODEL_MISMATCH
    elif fit.rank < n_unknowns and method == "least-squares":
        status = Status.TOO_FEW_ACCEPTABLE if n_rows < n_unknowns else Status.RANK_DEFICIENT
    elif fit.determined.sum() < n_unknowns:
        status = Status.RANK_DEFICIENT
    else:
        status = Status.OK
    return Incoming(
        weights=weights,
        standard_error=error,
        together_sum=sums,
        status=status,
        method=method,
        n_acceptable=n_acceptable,
        n_rows=n_rows,
        rank=fit.rank,
        condition=fit.condition,
        holdout_residual_mv=held_residual,
        bias_mv=float(fit.x[-1]) if equations.bias and fit.determined[-1] else np.nan,
    )


def unknown(equations: Equations | CurrentEquations, status: Status) -> Incoming:
    """Return a neuron of which nothing is known."""
    n = equations.model.n
    return Incoming(
        weights=np.full(n, np.nan),
        standard_error=np.full(n, np.nan),
        together_sum=np.full(len(equations.recording.together), np.nan),
        status=status,
        method="none",
    )


def mismatch_limit(equations: Equations, i: int) -> float:
    """Return the largest residual that rounding and the tolerated timing errors explain, mV."""
    model = equations.model
    span = float(model.threshold_mv[i] - model.reset_mv[i])
    slope = float((model.drive_mv[..., i] - model.reset_mv[i]).max() / model.tau_ms[i])
    return _MISMATCH * span + _AMPLIFICATION * slope * equations.tolerance_ms


def refuse_subthreshold(equations: Equations, i: int, acceptable: Ints) -> None:
    """Raise a sentence if a neuron fires by itself although its drive does not reach the threshold."""
    if equations.bias:
        return
    drive, threshold = equations.drive(i, equations.ends(acceptable)[0]), equations.model.threshold_mv[i]
    if (drive <= threshold).any():
        raise SubthresholdError(
            f"neuron {i} fires without an arriving spike although its drive_mv of {drive.min():g} does not exceed its "
            f"threshold of {threshold:g} mV; correct drive_mv or delay_ms, or take the bias as unknown."
        )


def _sparse_fit(theta: Array, b: Array, method: str) -> tuple[Fit, str, bool]:
    """Return a sparse solution, how it was found, and whether it proves itself."""
    rank, live = row_rank(theta), np.abs(theta).max(axis=0, initial=0.0) > 0
    if method == "basis-pursuit":
        x, name = basis_pursuit(theta, b), method
        exact = np.abs(theta @ x - b).max() <= ROUNDING * np.abs(b).max()
        proven = bool(exact and 2 * np.count_nonzero(x) < rank)
    else:
        x, name = orthogonal_matching_pursuit(theta, b), "matching-pursuit"
        proven = x is not None
        if x is None:
            x, live = np.zeros(theta.shape[1]), np.zeros_like(live)
    if proven:
        live &= ~exchangeable(theta, x)
    return Fit(x=x, determined=live, rank=rank, condition=np.nan, spread=np.full(x.size, np.nan)), name, proven


def _input(equations: Equations, i: int, b: Array) -> Array:
    """Return the right side, or zeros if it is nothing but rounding errors: those of a neuron without input."""
    span = equations.model.threshold_mv[i] - equations.model.reset_mv[i]
    return b if np.abs(b).max(initial=0.0) > ROUNDING * span else np.zeros_like(b)


def places(equations: Equations | CurrentEquations, i: int, fit: Fit, error: Array) -> tuple[Array, Array, Array]:
    """Return weights, their errors and sums of weights: an unknown is one weight, or the sum of several, else NaN."""
    column = equations.columns(i)
    n = column.size
    members = np.bincount(column[column >= 0], minlength=n)
    alone = (column >= 0) & (members[column] == 1) & fit.determined[column]
    weights, errors = np.full(n, np.nan), np.full(n, np.nan)
    weights[alone], errors[alone] = fit.x[column[alone]], error[column[alone]]
    if not equations.self_weights:
        weights[i], errors[i] = 0.0, 0.0
    together = equations.recording.together
    sums = np.full(len(together), np.nan)
    for g, group in enumerate(together):
        shared = np.unique(column[list(group)])
        shared = shared[shared >= 0]
        if fit.determined[shared].all():
            sums[g] = fit.x[shared].sum()
    return weights, errors, sums


def _fires_from_reset(equations: Equations, i: int, weights: Array) -> bool:
    span = equations.model.threshold_mv[i] - equations.model.reset_mv[i]
    return bool(np.nanmax(weights, initial=-np.inf) >= span)


def _chance_of_arrival(equations: Equations) -> float:
    """Return how many arrivals a window of the tolerance around both ends of an interval holds by chance."""
    spikes = equations.recording.spikes
    return 4 * equations.tolerance_ms * spikes.n_spikes / (spikes.n_trials * spikes.duration_ms)
