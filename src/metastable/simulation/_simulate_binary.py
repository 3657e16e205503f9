"""Simulate binary networks: check, wire, run, and turn counts into rates."""

from __future__ import annotations

import numpy as np

from metastable._provenance import provenance
from metastable._validation import require_choice, require_number, require_truth
from metastable.networks import BinaryNetwork, WiredBinaryNetwork
from metastable.simulation._binary_activity import BinaryActivity
from metastable.simulation._binary_engine import BinaryTrial
from metastable.simulation._binary_plan import BinaryPlan
from metastable.spikes import SpikeData


def simulate_binary(
    wired: WiredBinaryNetwork,
    *,
    seed: int,
    trials: range,
    duration_ms: float,
    n_jobs: int | None,
    engine: str,
    progress: bool | None,
    sample_ms: float = 1.0,
    initial_rate: float = 0.1,
    record_spikes: bool = False,
) -> BinaryActivity:
    """Simulate trials of one binary network; see `metastable.simulate`."""
    require_choice("engine", engine, ("metastable", "reference"))
    plan = BinaryPlan(
        wired=wired,
        seed=seed,
        duration_ms=require_number("duration_ms", duration_ms),
        sample_ms=require_number("sample_ms", sample_ms),
        trials=trials,
        initial_rate=require_number("initial_rate", initial_rate),
        record_spikes=require_truth("record_spikes", record_spikes),
    )
    if engine == "reference":
        from metastable.simulation._binary_reference import simulate_trial

        return _as_activity(plan, [simulate_trial(plan, trial) for trial in plan.trials], engine)
    from metastable.simulation._binary_engine import simulate_trials

    return _as_activity(plan, simulate_trials(plan, n_jobs=n_jobs, progress=progress), engine)


def rerun_binary(parameters: dict, n_jobs: int | None) -> BinaryActivity:
    """Simulate again from the recorded parameters."""
    network = BinaryNetwork.from_dict(parameters.pop("network"))
    wired = network.wire(parameters.pop("wiring_seed"), network_index=parameters.pop("network_index"))
    first, n_trials = parameters.pop("first_trial"), parameters.pop("n_trials")
    return simulate_binary(wired, trials=range(first, first + n_trials), n_jobs=n_jobs, progress=None, **parameters)


def _as_activity(plan: BinaryPlan, trials: list[BinaryTrial], engine: str) -> BinaryActivity:
    network = plan.wired.network
    counts = np.stack([trial.counts for trial in trials]).swapaxes(1, 2)
    cluster_rates, population_rates = {}, {}
    for name, start, stop in plan.groups[1]:
        population = network.population(name)
        mine = counts[:, start:stop]
        population_rates[name] = mine.sum(axis=1) / population.size
        if population.layout is not None and population.layout.n_clusters:
            # Groups are membership patterns; a cluster is the sum of those that contain it.
            members = population.layout.patterns[0].T.astype(np.int64)
            cluster_rates[name] = (members @ mine) / population.layout.sizes[:, None]
    return BinaryActivity(
        cluster_rates=cluster_rates,
        population_rates=population_rates,
        time_ms=np.linspace(plan.sample_ms, plan.duration_ms, plan.n_samples),
        sample_ms=plan.sample_ms,
        spikes=_as_spike_data(plan, trials) if plan.record_spikes else None,
        meta={
            "provenance": provenance(
                "simulate",
                kind="binary",
                network=network.to_dict(),
                wiring_seed=plan.wired.seed,
                network_index=plan.wired.network_index,
                seed=plan.seed,
                duration_ms=plan.duration_ms,
                sample_ms=plan.sample_ms,
                n_trials=len(trials),
                first_trial=plan.trials.start,
                initial_rate=plan.initial_rate,
                record_spikes=plan.record_spikes,
                engine=engine,
            )
        },
    )


def _as_spike_data(plan: BinaryPlan, trials: list[BinaryTrial]) -> SpikeData:
    """Transitions from 0 to 1 in continuous time: update u happens at u divided by the rate of updates."""
    network = plan.wired.network
    updates = np.concatenate([trial.onset_update for trial in trials])
    return SpikeData(
        time_ms=updates / plan.updates_per_ms,
        neuron=np.concatenate([trial.onset_unit for trial in trials]),
        trial=np.repeat(np.arange(len(trials)), [trial.onset_update.size for trial in trials]),
        n_neurons=network.n_neurons,
        n_trials=len(trials),
        t_stop_ms=plan.duration_ms,
        cluster=network.cluster,
        population=network.population_names,
        trial_id=np.asarray(plan.trials),
    )
