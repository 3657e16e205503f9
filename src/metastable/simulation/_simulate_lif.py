"""Simulate LIF networks: check, wire, run an engine, and record how the spikes were made."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable._provenance import provenance
from metastable._validation import require_choice, require_number
from metastable.networks import LIFNetwork, Stimulus, WiredLIFNetwork
from metastable.simulation._plan import SimulationPlan
from metastable.spikes import SpikeData

_ENGINES = ("metastable", "reference", "brian2", "nest")


def simulate_lif(
    wired: WiredLIFNetwork,
    *,
    seed: int,
    trials: range,
    duration_ms: float,
    n_jobs: int | None,
    engine: str,
    progress: bool | None,
    dt_ms: float = 0.1,
    stimulus: Stimulus | None = None,
    precision: str = "single",
) -> SpikeData:
    """Simulate trials of one LIF network; see `metastable.simulate`."""
    require_choice("engine", engine, _ENGINES)
    if not isinstance(stimulus, Stimulus | None):
        raise TypeError(f"stimulus must be a Stimulus, got {type(stimulus).__name__}; see Stimulus.step.")
    plan = SimulationPlan(
        wired=wired,
        seed=seed,
        duration_ms=require_number("duration_ms", duration_ms),
        dt_ms=require_number("dt_ms", dt_ms),
        trials=trials,
        stimulus=Stimulus() if stimulus is None else stimulus,
        # Brian2 and NEST always compute in double precision; the record must say what was done.
        precision="double" if engine in ("brian2", "nest") else precision,
    )
    return as_spike_data(plan, _run(plan, engine, n_jobs, progress), engine)


def rerun_lif(parameters: dict, n_jobs: int | None) -> SpikeData:
    """Simulate again from the recorded parameters."""
    network = LIFNetwork.from_dict(parameters.pop("network"))
    wired = network.wire(parameters.pop("wiring_seed"), network_index=parameters.pop("network_index"))
    if "synapses" in parameters:
        wired = wired.with_synapses_of(parameters.pop("synapses"))
    first, n_trials = parameters.pop("first_trial"), parameters.pop("n_trials")
    stimulus = Stimulus.from_dict(parameters.pop("stimulus"))
    trials = range(first, first + n_trials)
    return simulate_lif(wired, trials=trials, stimulus=stimulus, n_jobs=n_jobs, progress=None, **parameters)


def _run(plan: SimulationPlan, engine: str, n_jobs: int | None, progress: bool | None) -> list:
    if engine == "reference":
        from metastable.simulation._lif_reference import simulate_trial

        return [simulate_trial(plan, trial) for trial in plan.trials]
    if engine == "brian2":
        from metastable.simulation._brian2_engine import simulate_trials
    elif engine == "nest":
        from metastable.simulation._nest_engine import simulate_trials
    else:
        from metastable.simulation._lif_engine import simulate_trials
    return simulate_trials(plan, n_jobs=n_jobs, progress=progress)


def as_spike_data(plan: SimulationPlan, trials: list[tuple[NDArray, NDArray]], engine: str) -> SpikeData:
    """Put the (step, neuron) of each trial together, with labels and the record of how they were made."""
    wired = plan.wired
    given = wired.synapses_to_dict()
    steps = np.concatenate([step for step, _ in trials])
    return SpikeData(
        time_ms=steps * plan.dt_ms,
        neuron=np.concatenate([neuron for _, neuron in trials]),
        trial=np.repeat(np.arange(len(trials)), [step.size for step, _ in trials]),
        n_neurons=wired.network.n_neurons,
        n_trials=len(trials),
        t_stop_ms=plan.n_steps * plan.dt_ms,
        dt_ms=plan.dt_ms,
        cluster=wired.network.cluster,
        population=wired.network.population_names,
        trial_id=np.asarray(plan.trials),
        meta={
            "provenance": provenance(
                "simulate",
                network=wired.network.to_dict(),
                wiring_seed=wired.seed,
                network_index=wired.network_index,
                seed=plan.seed,
                duration_ms=plan.duration_ms,
                dt_ms=plan.dt_ms,
                n_trials=len(trials),
                first_trial=plan.trials.start,
                stimulus=plan.stimulus.to_dict(),
                engine=engine,
                precision=plan.precision,
                **({} if given is None else {"synapses": given}),
            )
        },
    )
