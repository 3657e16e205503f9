"""The incoming weights of one neuron with synaptic currents, and what is known about them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from metastable.reconstruction._current_equations import CurrentEquations, CurrentRows
from metastable.reconstruction._current_prior import WeightPrior
from metastable.reconstruction._incoming import Incoming, places, unknown
from metastable.reconstruction._least_squares import Fit, least_squares
from metastable.reconstruction._row_choice import evenly
from metastable.reconstruction._sign_constrained import sign_constrained
from metastable.reconstruction._status import Status

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# Residuals that rounding explains, as a share of the distance from reset to threshold.
_ROUNDING = 1e-6
# Residuals above what the time grid explains, in standard deviations: of the equations that were used, of which there
# are hundreds, and of the few that were held out.
_MISFIT, _HELD_MISFIT = 1.5, 3.0
# Steps at the threshold are at least half and before anything is known three times as high as those of a neuron that
# rises from reset to threshold within a time constant.
_LOWEST_STEP, _FIRST_STEP = 0.5, 3.0
# Spread of what is added to the bias, in distances from reset to threshold: nothing is known of it.
_BIAS_SPREAD = 10.0


@dataclass(frozen=True, eq=False)
class Posterior:
    """What the equations of a neuron and the prior say.

    Parameters
    ----------
    found : Incoming
    x : ndarray, (n_columns,)
        The unknowns, 0 where undetermined.
    """

    found: Incoming
    x: Array


def solve_currents(
    equations: CurrentEquations,
    i: int,
    *,
    method: str,
    n_holdout: int,
    before: Posterior | None = None,
    prior: WeightPrior | None = None,
    final: bool = False,
) -> Posterior:
    """Find the incoming weights of a neuron.

    Parameters
    ----------
    equations : CurrentEquations
    i : int
    method : {"least-squares", "ridge", "dale"}
    n_holdout : int
    before : Posterior, optional
        An estimate, which tells the height of the last step of each interval.
    prior : WeightPrior, optional
        For all methods but least squares.
    final : bool
        Whether the intervals held out, having tested the estimate `before`, become equations too.

    Returns
    -------
    Posterior
    """
    nothing = np.zeros(equations.n_columns)
    if equations.recording.n_isis[i] == 0:
        return Posterior(unknown(equations, Status.QUIESCENT), nothing)
    intervals = equations.intervals(i)
    if not intervals.size:
        return Posterior(unknown(equations, Status.TOO_FEW_ACCEPTABLE), nothing)
    used, held = _split(intervals, 0 if final else n_holdout, equations.n_unknowns(i))
    rows, _ = scaled(equations, i, equations.rows(i, used), before)
    tested, test_noise = scaled(equations, i, equations.rows(i, held), before)
    if prior is None:
        return _least_squares(equations, i, rows, tested, test_noise)
    result = _regularised(equations, i, rows, tested, test_noise, prior, method)
    if not final or before is None:
        return result
    failed = before.found.status is Status.MODEL_MISMATCH
    status = Status.MODEL_MISMATCH if failed else result.found.status
    found = replace(result.found, status=status, holdout_residual_mv=before.found.holdout_residual_mv)
    return replace(result, found=found)


def _split(intervals: Ints, n_holdout: int, n_unknowns: int) -> tuple[Ints, Ints]:
    """Return the intervals to use and those to hold out, which never make the equations too few."""
    scarce = intervals.size - n_unknowns
    spare = min(n_holdout, scarce if scarce >= 0 else intervals.size // 5)
    held = evenly(intervals.size, spare)
    return np.delete(intervals, held), intervals[held]


def scaled(
    equations: CurrentEquations, i: int, rows: CurrentRows, before: Posterior | None
) -> tuple[CurrentRows, Array]:
    """Divide equations by the standard deviation of their error, which is returned; 1 in continuous time.

    The potential at the spike lies anywhere in the last step, so that the error of the mean of its ends is uniform.
    """
    model = equations.model
    if model.dt_ms is None:
        return rows, np.ones(rows.right.size)
    unit = model.dt_ms * (model.threshold[i] - model.reset[i]) / model.tau_ms[i]
    if before is None:
        height = np.full(rows.right.size, _FIRST_STEP * unit)
    else:
        height = np.maximum(rows.last_step @ before.x - rows.last_right, _LOWEST_STEP * unit)
    noise = height / np.sqrt(12)
    return CurrentRows(rows.matrix / noise[:, None], rows.right / noise, rows.last_step, rows.last_right), noise


def _least_squares(
    equations: CurrentEquations, i: int, rows: CurrentRows, tested: CurrentRows, test_noise: Array
) -> Posterior:
    fit = least_squares(rows.matrix, rows.right)
    residual = rows.right - rows.matrix @ fit.x
    surplus = residual.size - fit.rank
    sigma = float(np.sqrt(residual @ residual / surplus)) if surplus > 0 else np.nan
    # What is not known cannot be predicted either.
    closed = ~tested.matrix[:, ~fit.determined].any(axis=1)
    held = _largest((tested.right - tested.matrix @ fit.x)[closed] * test_noise[closed])
    exact = equations.model.dt_ms is None
    if exact:
        # Without a hold-out the equations test themselves, as far as there are more of them than unknowns.
        worst = float(np.abs(residual).max()) if np.isnan(held) and surplus > 0 else held
        wrong = worst > _ROUNDING * float(equations.model.threshold[i] - equations.model.reset[i])
    else:
        wrong = sigma > _MISFIT
        # Scaled equations have errors of 1, also where there are too few of them to show it.
        sigma = 1.0 if surplus <= 0 else sigma
    n_unknowns = equations.n_unknowns(i)
    # Inexact equations are to be more than unknowns: nothing else tells how far off these are.
    few = residual.size < n_unknowns + (not exact)
    # First of all: weights that fail their test are not known, whatever else is missing.
    if wrong:
        status = Status.MODEL_MISMATCH
    elif few:
        status = Status.TOO_FEW_ACCEPTABLE
    else:
        status = Status.OK if fit.rank == n_unknowns else Status.RANK_DEFICIENT
    return Posterior(_incoming(equations, i, fit, sigma, status, "least-squares", residual.size, held), fit.x)


def _regularised(
    equations: CurrentEquations,
    i: int,
    rows: CurrentRows,
    tested: CurrentRows,
    test_noise: Array,
    prior: WeightPrior,
    method: str,
) -> Posterior:
    """Find the most probable weights for a prior; errors of scaled equations have the standard deviation 1."""
    mean, variance, sign = by_column(equations, i, prior)
    live = np.abs(rows.matrix).max(axis=0, initial=0.0) > 0
    a, precision = rows.matrix[:, live], 1 / variance[live]
    gram = a.T @ a
    gram.ravel()[:: len(gram) + 1] += precision
    right = a.T @ rows.right + precision * mean[live]
    covariance = np.linalg.inv(gram)
    x = np.zeros(equations.n_columns)
    x[live] = sign_constrained(gram, right, sign[live]) if method == "dale" else covariance @ right
    residual = rows.right - rows.matrix @ x
    # Each unknown costs as much freedom as the equations, rather than the prior, determine it.
    freedom = residual.size - float(live.sum() - precision @ np.diagonal(covariance))
    misfit = np.sqrt(residual @ residual / max(freedom, 1.0))
    miss = tested.right - tested.matrix @ x
    b = tested.matrix[:, live]
    predicted = np.sqrt(1 + np.einsum("ij,ij->i", b @ covariance, b))
    wrong = misfit > _MISFIT or _rms(miss / predicted) > _HELD_MISFIT
    few = residual.size < equations.n_unknowns(i)
    status = Status.MODEL_MISMATCH if wrong else Status.TOO_FEW_ACCEPTABLE if few else Status.OK
    spread = np.full(x.size, np.nan)
    spread[live] = np.sqrt(np.diagonal(covariance))
    fit = Fit(x=x, determined=live, rank=min(residual.size, int(live.sum())), condition=np.nan, spread=spread)
    held = _largest(miss * test_noise)
    return Posterior(_incoming(equations, i, fit, 1.0, status, method, residual.size, held), x)


def by_column(equations: CurrentEquations, i: int, prior: WeightPrior) -> tuple[Array, Array, Array]:
    """Return the prior of each unknown; that of a sum of weights has the sums of means and variances."""
    column = equations.columns(i)
    used = column >= 0
    total = lambda values: np.bincount(column[used], values[used], equations.n_columns).astype(np.float64)  # noqa: E731
    mean, variance, sign = total(prior.mean), total(prior.variance), np.sign(total(prior.sign))
    if equations.bias:
        span = equations.model.threshold[i] - equations.model.reset[i]
        variance[-1] = (_BIAS_SPREAD * span) ** 2
    return mean, variance, sign


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2))) if values.size else 0.0


def _largest(misses: Array) -> float:
    return float(np.abs(misses).max()) if misses.size else np.nan


def _incoming(
    equations: CurrentEquations,
    i: int,
    fit: Fit,
    sigma: float,
    status: Status,
    method: str,
    n_rows: int,
    held: float,
) -> Incoming:
    weights, error, sums = places(equations, i, fit, sigma * fit.spread)
    return Incoming(
        weights=weights,
        standard_error=error,
        together_sum=sums,
        status=status,
        method=method,
        n_acceptable=equations.intervals(i).size,
        n_rows=n_rows,
        rank=fit.rank,
        condition=fit.condition,
        holdout_residual_mv=held,
        bias_mv=float(fit.x[-1]) if equations.bias and fit.determined[-1] else np.nan,
    )
