"""Simulate pulse-coupled networks: check, wire, run, and record drives and provenance."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from metastable._provenance import provenance
from metastable._validation import require_choice, require_number
from metastable.networks import WiredPulseNetwork
from metastable.simulation._pulse_plan import PulsePlan, PulseTrial, as_given
from metastable.spikes import SpikeData


def simulate_pulse(
    wired: WiredPulseNetwork,
    *,
    seed: int,
    trials: range,
    duration_ms: float,
    n_jobs: int | None,
    engine: str,
    progress: bool | None,
    drive_spread: float = 0.0,
    drives_mv: ArrayLike | None = None,
    initial_mv: ArrayLike | None = None,
    exit_tolerance_ms: float | None = None,
) -> SpikeData:
    """Simulate trials of one pulse-coupled network; see `metastable.simulate`."""
    require_choice("engine", engine, ("metastable", "reference"))
    tolerance = exit_tolerance_ms
    plan = PulsePlan(
        wired=wired,
        seed=seed,
        duration_ms=require_number("duration_ms", duration_ms),
        trials=trials,
        drive_spread=require_number("drive_spread", drive_spread),
        given_drives_mv=as_given("drives_mv", drives_mv),
        given_initial_mv=as_given("initial_mv", initial_mv),
        exit_tolerance_ms=None if tolerance is None else require_number("exit_tolerance_ms", tolerance),
    )
    if engine == "reference":
        from metastable.simulation._pulse_reference import simulate_trial

        return _as_spike_data(plan, [simulate_trial(plan, trial) for trial in plan.trials], engine)
    from metastable.simulation._pulse_engine import simulate_trials

    return _as_spike_data(plan, simulate_trials(plan, n_jobs=n_jobs, progress=progress), engine)


def rerun_pulse(parameters: dict, n_jobs: int | None) -> SpikeData:
    """Simulate again from the recorded parameters."""
    wired = WiredPulseNetwork.from_dict(parameters.pop("wired"))
    first, n_trials = parameters.pop("first_trial"), parameters.pop("n_trials")
    return simulate_pulse(wired, trials=range(first, first + n_trials), n_jobs=n_jobs, progress=None, **parameters)


def _as_spike_data(plan: PulsePlan, trials: list[PulseTrial], engine: str) -> SpikeData:
    drives = plan.drives_mv.tolist()
    initial = plan.given_initial_mv
    return SpikeData(
        time_ms=np.concatenate([trial.time_ms for trial in trials]),
        neuron=np.concatenate([trial.neuron for trial in trials]),
        trial=np.repeat(np.arange(len(trials)), [trial.time_ms.size for trial in trials]),
        n_neurons=plan.wired.n_neurons,
        n_trials=len(trials),
        t_stop_ms=plan.duration_ms,
        trial_id=np.asarray(plan.trials),
        meta={
            # What reconstruction needs beside the spikes: row k belongs to the trial with the id first_trial + k.
            "first_trial": plan.trials.start,
            "drives_mv": drives,
            # None, as JSON knows no infinity: no two whole cycles were seen, or the trial ran to its end.
            "period_spread_ms": [t.period_spread_ms if np.isfinite(t.period_spread_ms) else None for t in trials],
            "locked_ms": [t.stop_ms for t in trials],
            "provenance": provenance(
                "simulate",
                kind="pulse",
                wired=plan.wired.to_dict(),
                seed=plan.seed,
                duration_ms=plan.duration_ms,
                n_trials=len(trials),
                first_trial=plan.trials.start,
                drive_spread=plan.drive_spread,
                drives_mv=None if plan.given_drives_mv is None else drives,
                initial_mv=None if initial is None else initial.tolist(),
                exit_tolerance_ms=plan.exit_tolerance_ms,
                engine=engine,
            ),
        },
    )
