"""Connections between neurons with synaptic currents, whose intervals all make equations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from metastable._parallel import Monitor, run_jobs
from metastable._provenance import provenance
from metastable._validation import require_choice, require_instance, require_integer, require_truth
from metastable.networks import LIFNetwork, WiredLIFNetwork
from metastable.reconstruction._current_equations import CurrentEquations
from metastable.reconstruction._current_incoming import Posterior, solve_currents
from metastable.reconstruction._current_model import CurrentModel, as_current_model
from metastable.reconstruction._current_prior import WeightPrior
from metastable.reconstruction._incoming import Incoming
from metastable.reconstruction._recording import Recording
from metastable.reconstruction._scarce import solve_scarce
from metastable.spikes import SpikeData

Ints = NDArray[np.int64]

CURRENT_METHODS = ("auto", "least-squares", "ridge", "dale")
# The prior and the weights determine each other; short recordings need most passes, long ones two.
_MOST_PASSES = 12
# Share of a standard error by which weights may still move, root mean square.
_CONVERGED = 0.05


@dataclass(frozen=True, eq=False)
class CurrentSolution:
    """What was found for all neurons.

    Parameters
    ----------
    equations : CurrentEquations
    found : list of Incoming
    record : dict
        Provenance.
    """

    equations: CurrentEquations
    found: list[Incoming]
    record: dict[str, Any]


def reconstruct_currents(
    spikes: SpikeData,
    *,
    model: CurrentModel | LIFNetwork | WiredLIFNetwork,
    method: str,
    rows: str,
    n_rows: int | None,
    tolerance_ms: float,
    self_weights: bool,
    bias: bool,
    n_holdout: int,
    n_jobs: int | None,
    progress: bool | None,
) -> CurrentSolution:
    """Find the incoming weights of all neurons; see `metastable.reconstruction.reconstruct`."""
    _refuse_options(rows, n_rows, tolerance_ms, self_weights)
    require_integer("n_holdout", n_holdout, minimum=0)
    model = as_current_model(model, spikes, bias_unknown=require_truth("bias", bias))
    _require_recording(spikes, model)
    method = _method(method, model)
    equations = CurrentEquations(recording=Recording.of(spikes, model), model=model, bias=bias)
    _refuse_within_refractory(equations)
    equations.prepare()

    def jobs(job: Callable[[int, Monitor], Any], neurons: Iterable[int], label: str) -> list[Any]:
        neurons = list(neurons)
        return run_jobs(job, neurons, n_jobs=n_jobs, total=len(neurons), label=label, unit="neurons", progress=progress)

    def solve(name: str, before: list[Posterior] | None, prior: WeightPrior | None, final: bool) -> list[Posterior]:
        def job(i: int, monitor: Monitor) -> Posterior:
            result = solve_currents(
                equations,
                i,
                method=name,
                n_holdout=n_holdout,
                before=None if before is None else before[i],
                prior=prior,
                final=final,
            )
            monitor.advance(1)
            return result

        return jobs(job, range(model.n), "incoming weights")

    def each(step: Callable[[int], Any], neurons: Ints) -> list[Any]:
        def job(i: int, monitor: Monitor) -> Any:
            result = step(i)
            monitor.advance(1)
            return result

        return jobs(job, neurons.tolist(), "neurons with few intervals")

    # A single job would otherwise get all threads for its matrix products, and other rounding errors.
    with threadpool_limits(limits=1, user_api="blas"):
        if method == "least-squares":
            found, n_passes = solve(method, None, None, False), 1
            if model.dt_ms is not None:
                # What the first pass says of the height of each step weighs the equations of the second.
                found, n_passes = solve(method, found, None, False), 2
        else:
            span = float((model.threshold - model.reset).mean())
            found, prior, n_passes = _ridge(solve, WeightPrior.first(model.n, span), span)
            found, n_passes = solve("dale" if method == "dale" else "ridge", found, prior, True), n_passes + 1
            if method == "auto":
                found = solve_scarce(equations, found, prior, each)
    record = provenance(
        "reconstruction.reconstruct",
        model=model.to_dict(),
        method=method,
        bias=bias,
        n_holdout=n_holdout,
        n_passes=n_passes,
    )
    return CurrentSolution(equations, [each.found for each in found], record)


def _method(method: str, model: CurrentModel) -> str:
    require_choice("method for synaptic currents", method, CURRENT_METHODS)
    if model.dt_ms is None and method in ("ridge", "dale"):
        raise ValueError(
            f"method={method!r} weighs equations by the step of the time grid, and exact times have none; take "
            'method="least-squares".'
        )
    if method != "auto":
        return method
    return "least-squares" if model.dt_ms is None else "auto"


def _refuse_options(rows: str, n_rows: int | None, tolerance_ms: float, self_weights: bool) -> None:
    """Raise a sentence about options that are for neurons with pulses only."""
    if rows not in ("auto", "all") or n_rows is not None:
        raise ValueError(
            f"rows={rows!r} and n_rows={n_rows} choose among the intervals of neurons with pulses; with synaptic "
            "currents every interval counts, so leave both out."
        )
    if tolerance_ms:
        raise ValueError(
            f"tolerance_ms={tolerance_ms:g} is for jittered arrivals of pulses; with synaptic currents no arrival "
            "makes an interval unacceptable, so leave it out."
        )
    if require_truth("self_weights", self_weights):
        raise ValueError("self_weights are not sought with synaptic currents, but taken as 0; leave the option out.")


def _ridge(solve: Any, prior: WeightPrior, span: float) -> tuple[list[Posterior], WeightPrior, int]:
    """Estimate weights and prior in turn until the weights stay."""
    found, n_passes = solve("ridge", None, prior, False), 1
    while n_passes < _MOST_PASSES:
        last = np.array([each.found.weights for each in found])
        error = np.array([each.found.standard_error for each in found])
        prior = WeightPrior.of(last, error, span)
        found, n_passes = solve("ridge", found, prior, False), n_passes + 1
        moved = np.array([each.found.weights for each in found]) - last
        counted = np.isfinite(moved) & (error > 0)
        if not counted.any() or np.sqrt(np.mean((moved[counted] / error[counted]) ** 2)) < _CONVERGED:
            break
    return found, prior, n_passes


def _require_recording(spikes: SpikeData, model: CurrentModel) -> None:
    """Raise a sentence unless spikes and model fit together."""
    require_instance("spikes", spikes, SpikeData, do="build one from times and neurons")
    if spikes.n_neurons != model.n:
        raise ValueError(
            f"the recording has {spikes.n_neurons} neurons but the model {model.n}; give one model of all."
        )
    if spikes.dt_ms is None and model.dt_ms is not None:
        raise ValueError(
            f"the times lie on no grid but the model has one of {model.dt_ms:g} ms; give dt_ms to SpikeData, or none "
            "to CurrentModel."
        )
    if spikes.dt_ms is not None and (model.dt_ms is None or abs(spikes.dt_ms / model.dt_ms - 1) > 1e-9):
        own = "continuous time" if model.dt_ms is None else f"{model.dt_ms:g} ms"
        raise ValueError(
            f"the times lie on a grid of {spikes.dt_ms:g} ms but the model has {own}; give both the step of the "
            "simulation, dt_ms."
        )


def _refuse_within_refractory(equations: CurrentEquations) -> None:
    model = equations.model
    for i in range(model.n):
        start, end = equations.ends(i, equations.intervals(i))
        if (end <= start).any():
            raise ValueError(
                f"neuron {i} fires again within its refractory_ms of {model.refractory_ms[i]:g}; give a shorter one."
            )
