"""A time constant or a delay that is not known, found by the equations that were held out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from threadpoolctl import threadpool_limits

from metastable._display import Drawn
from metastable._parallel import Monitor, run_jobs
from metastable._validation import require_choice, require_integer, require_number, require_numbers
from metastable.reconstruction._equations import Equations
from metastable.reconstruction._incoming import SubthresholdError, solve
from metastable.reconstruction._neuron_model import NeuronModel
from metastable.reconstruction._recording import Recording, require_recording
from metastable.reconstruction._row_choice import RowChoice
from metastable.spikes import SpikeData

Array = NDArray[np.float64]

# Spikes looked at for a delay; coincidences of that many stand far above chance.
_MOST_SPIKES = 20_000


@dataclass(frozen=True, eq=False, repr=False)
class Scan(Drawn):
    """Residuals at values of a parameter.

    Parameters
    ----------
    parameter : str
    values : ndarray, (n_values,), ms
    residual_mv : ndarray, (n_values,), mV
        Median over neurons of the hold-out residual; infinite where nothing could be solved.
    best, best_residual_mv : float
        Where it is least, and how small.
    """

    _prints_a_table = True

    parameter: str
    values: Array
    residual_mv: Array
    best: float
    best_residual_mv: float

    def __repr__(self) -> str:
        others = np.sort(self.residual_mv)[1:2]
        beside = f", next of the values {others[0]:.2g} mV" if others.size else ""
        return f"Scan({self.parameter} {self.best:.9g}, hold-out residual {self.best_residual_mv:.2g} mV{beside})"


def scan(
    spikes: SpikeData,
    *,
    model: NeuronModel,
    parameter: str,
    values: ArrayLike | None = None,
    n_neurons: int = 8,
    refine: bool = True,
    tolerance_ms: float = 0.0,
    bias: bool = False,
    n_jobs: int | None = None,
    progress: bool | None = None,
) -> Scan:
    """Find a time constant or delay that all neurons share, by how well held-out intervals are predicted.

    Parameters
    ----------
    spikes : SpikeData
    model : NeuronModel
        The other parameters.
    parameter : {"tau_ms", "delay_ms"}
    values : array_like, (n_values,), ms, optional
        To try. For a delay by default those of `delay_candidates`: the residual is a needle that a grid misses.
    n_neurons : int
        Neurons that are solved at each value, spread over the network.
    refine : bool
        Whether to search on between the neighbours of the best time constant.
    tolerance_ms, bias
        As in `reconstruct`.
    n_jobs : int, optional
        Threads; all cores by default. Does not change the result.
    progress : bool, optional
        Whether to show a progress bar; by default on a terminal.

    Returns
    -------
    Scan

    Raises
    ------
    ValueError
        If there is nothing to try.

    Examples
    --------
    >>> import metastable as mst
    >>> model = mst.reconstruction.NeuronModel(tau_ms=20, drive_mv=[30, 26], threshold_mv=20, reset_mv=0, delay_ms=2)
    >>> trains = mst.SpikeData(time_ms=[5, 26, 47], neuron=[0, 0, 0], n_neurons=2, t_stop_ms=60)
    >>> mst.reconstruction.scan(trains, model=model, parameter="tau_ms", values=[])
    Traceback (most recent call last):
    ValueError: values is empty; give some to try.
    """
    require_choice("parameter", parameter, ("tau_ms", "delay_ms"))
    require_integer("n_neurons", n_neurons, minimum=1)
    require_recording(spikes, model, tolerance_ms=tolerance_ms)
    if values is None and parameter == "tau_ms":
        raise ValueError("values must be given for tau_ms; take a range of plausible time constants.")
    tried = delay_candidates(spikes) if values is None else require_numbers("values", values)
    if tried.ndim != 1 or not tried.size:
        raise ValueError("values is empty; give some to try.")
    choice = RowChoice(rows="all" if tolerance_ms > 0 else "spread", n_rows=None, oversampling=1.15, n_holdout=8)

    def residual(value: float) -> float:
        changed = replace(model, **{parameter: value})
        equations = Equations(
            recording=Recording.of(spikes, changed), model=changed, tolerance_ms=tolerance_ms, bias=bias
        )
        chosen = np.unique(np.linspace(0, model.n - 1, n_neurons).astype(int))
        return float(np.median([_residual(equations, int(i), choice) for i in chosen]))

    def job(value: float, monitor: Monitor) -> float:
        result = residual(value)
        monitor.advance(1)
        return result

    # As in `reconstruct`: the same rounding errors for any number of jobs.
    with threadpool_limits(limits=1, user_api="blas"):
        at = run_jobs(
            job, tried.tolist(), n_jobs=n_jobs, total=tried.size, label=parameter, unit="values", progress=progress
        )
    residuals = np.array(at)
    k = int(residuals.argmin())
    best, least = float(tried[k]), float(residuals[k])
    if refine and parameter == "tau_ms" and tried.size > 2 and 0 < least < np.inf:
        ordered = np.sort(tried)
        place = int(np.searchsorted(ordered, best))
        low, high = ordered[max(place - 1, 0)], ordered[min(place + 1, tried.size - 1)]
        # The search is as exact as half the digits of its variable: the second, for what is missing, finds the others.
        for reach in (np.inf, 1e-6 * best):
            bounds = max(low - best, -reach), min(high - best, reach)
            with threadpool_limits(limits=1, user_api="blas"):
                found: Any = minimize_scalar(
                    lambda missing, start=best: residual(start + missing),
                    bounds=bounds,
                    method="bounded",
                    options={"xatol": 1e-15 * best, "maxiter": 200},
                )
            if found.fun < least:
                best, least = best + float(found.x), float(found.fun)
    return Scan(parameter=parameter, values=tried, residual_mv=residuals, best=best, best_residual_mv=least)


def delay_candidates(
    spikes: SpikeData, *, longest_ms: float = 20.0, resolution_ms: float = 1e-7, n_candidates: int = 5
) -> Array:
    """Return differences of spike times that recur too exactly for chance: delays of spikes that cause spikes.

    Parameters
    ----------
    spikes : SpikeData
    longest_ms : float, ms
        Longest delay.
    resolution_ms : float, ms
        Differences closer than this are the same; the times must be at least as exact.
    n_candidates : int
        At most as many.

    Returns
    -------
    ndarray, (n_candidates,), ms
        Peaks of the cross-correlogram of all pairs, the highest first, rounded to nine decimals: a delay must be the
        very float that the spikes were made with.

    Raises
    ------
    ValueError
        If no difference recurs: then no spike is caused by another, and delays cannot be seen.

    Examples
    --------
    >>> import metastable as mst
    >>> trains = mst.SpikeData(time_ms=[1, 3.5, 10.2, 12.7], neuron=[0, 1, 0, 1], n_neurons=2, t_stop_ms=20)
    >>> mst.reconstruction.delay_candidates(trains, n_candidates=1)
    array([2.5])
    """
    require_number("longest_ms", longest_ms, above=0)
    require_number("resolution_ms", resolution_ms, above=0)
    require_integer("n_candidates", n_candidates, minimum=1)
    time, trial = spikes.time_ms[:_MOST_SPIKES], spikes.trial[:_MOST_SPIKES]
    neuron = spikes.neuron[:_MOST_SPIKES]
    differences = []
    for lag in range(1, time.size):
        gap = time[lag:] - time[:-lag]
        near = (gap <= longest_ms) & (trial[lag:] == trial[:-lag])
        if not near.any():
            break
        differences.append(gap[near & (gap > resolution_ms) & (neuron[lag:] != neuron[:-lag])])
    sorted_gaps = np.sort(np.concatenate(differences)) if differences else np.zeros(0)
    edges = np.flatnonzero(np.diff(sorted_gaps, prepend=-np.inf) > resolution_ms)
    sizes = np.diff(np.append(edges, sorted_gaps.size))
    order = np.argsort(-sizes, kind="stable")
    peaks = order[sizes[order] > 1][:n_candidates]
    if not peaks.size:
        raise ValueError(
            f"no difference of spike times up to {longest_ms:g} ms recurs to within {resolution_ms:g} ms: no spike "
            "seems to cause another; give the values to try."
        )
    middle = edges[peaks] + sizes[peaks] // 2
    return np.round(sorted_gaps[middle], 9)


def _residual(equations: Equations, i: int, choice: RowChoice) -> float:
    try:
        found = solve(equations, i, method="least-squares", choice=choice)
    except SubthresholdError:
        return np.inf
    return found.holdout_residual_mv if np.isfinite(found.holdout_residual_mv) else np.inf
