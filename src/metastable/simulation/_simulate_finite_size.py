"""Simulate finite-size networks: check, run trials on threads, record provenance."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from metastable._parallel import Monitor, run_jobs
from metastable._provenance import provenance
from metastable._validation import require_choice, require_number, require_numbers, require_truth
from metastable.networks import FiniteSizeNetwork
from metastable.simulation._finite_size_activity import FiniteSizeActivity
from metastable.simulation._finite_size_kernel import advance, advance_plainly
from metastable.simulation._finite_size_plan import FiniteSizePlan

# Ctrl-C answers after a chunk, some 10 ms, and its noise stays in the cache.
_NUMBERS_PER_CHUNK = 500_000
# Short trials would cost more to hand out than to run.
_TRIALS_PER_JOB = 64


def simulate_finite_size(
    network: FiniteSizeNetwork,
    *,
    seed: int,
    trials: range,
    duration_ms: float,
    n_jobs: int | None,
    engine: str,
    progress: bool | None,
    initial_state: ArrayLike | None = None,
    record_potentials: bool = False,
) -> FiniteSizeActivity:
    """Simulate trials of one finite-size network; see `metastable.simulate`."""
    require_choice("engine", engine, ("metastable", "reference"))
    plan = FiniteSizePlan(
        network=network,
        seed=seed,
        duration_ms=require_number("duration_ms", duration_ms),
        trials=trials,
        given_initial_state=None if initial_state is None else require_numbers("initial_state", initial_state),
        record_potentials=require_truth("record_potentials", record_potentials),
    )
    activity, potentials = _run(plan, engine, n_jobs, progress)
    given = plan.given_initial_state
    return FiniteSizeActivity(
        activity=activity,
        potentials=potentials if plan.record_potentials else None,
        meta={
            "provenance": provenance(
                "simulate",
                kind="finite-size",
                network=network.to_dict(),
                seed=seed,
                duration_ms=plan.duration_ms,
                n_trials=len(trials),
                first_trial=trials.start,
                initial_state=None if given is None else given.astype(int).tolist(),
                record_potentials=plan.record_potentials,
                engine=engine,
            )
        },
    )


def rerun_finite_size(parameters: dict, n_jobs: int | None) -> FiniteSizeActivity:
    """Simulate again from the recorded parameters."""
    network = FiniteSizeNetwork.from_dict(parameters.pop("network"))
    first, n_trials = parameters.pop("first_trial"), parameters.pop("n_trials")
    trials = range(first, first + n_trials)
    return simulate_finite_size(network, trials=trials, n_jobs=n_jobs, progress=None, **parameters)


def _run(plan: FiniteSizePlan, engine: str, n_jobs: int | None, progress: bool | None) -> tuple[np.ndarray, np.ndarray]:
    network, n_trials, n = plan.network, len(plan.trials), plan.network.n_neurons
    activity = np.empty((n_trials, plan.n_steps + 1, n), np.uint8)
    potentials = np.empty((n_trials, plan.n_steps if plan.record_potentials else 0, n))
    incoming, stimulus = np.ascontiguousarray(network.weights.T), np.atleast_2d(network.stimulus)
    mixing = np.zeros((0, n)) if plan.mixing is None else np.ascontiguousarray(plan.mixing.T)
    steps = max(1, _NUMBERS_PER_CHUNK // n)

    def run(first: int, monitor: Monitor) -> None:
        for k in range(first, min(first + _TRIALS_PER_JOB, n_trials)):
            trial = plan.trials[k]
            activity[k, 0] = plan.initial_state(trial)
            rng = plan.noise_stream(trial)
            for start in range(0, plan.n_steps, steps):
                stop = min(start + steps, plan.n_steps)
                noise = plan.draw_noise(rng, stop - start)
                states, seen = activity[k, start : stop + 1], potentials[k, start:stop]
                if engine == "reference":
                    advance_plainly(plan, states, seen, noise, start)
                else:
                    advance(states, seen, noise, start, incoming, stimulus, network.threshold, mixing)
                monitor.advance(stop - start)

    total = plan.n_steps * n_trials
    jobs = range(0, n_trials, _TRIALS_PER_JOB)
    run_jobs(run, jobs, n_jobs=n_jobs, total=total, label="simulating", progress=progress)
    return activity, potentials
