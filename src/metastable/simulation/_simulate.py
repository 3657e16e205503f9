"""One verb: simulate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable._parallel import resolve_n_jobs
from metastable._provenance import provenance
from metastable._random import resolve_seed
from metastable._validation import require_choice, require_integer, require_number
from metastable.networks import LIFNetwork, Stimulus, WiredLIFNetwork
from metastable.simulation._plan import SimulationPlan
from metastable.spikes import SpikeData

_ENGINES = ("metastable", "reference", "brian2")


def simulate(
    network: LIFNetwork | WiredLIFNetwork,
    *,
    duration_ms: float,
    n_trials: int = 1,
    seed: int | None = None,
    dt_ms: float = 0.1,
    stimulus: Stimulus | None = None,
    network_index: int = 0,
    first_trial: int = 0,
    n_jobs: int | None = None,
    engine: str = "metastable",
    precision: str = "single",
    progress: bool | None = None,
) -> SpikeData:
    """Simulate trials of one network.

    All trials share one wiring and one set of biases; each starts from its own random membrane potentials.

    Parameters
    ----------
    network : LIFNetwork or WiredLIFNetwork
        A specification, which is wired from `seed`, or a network that was wired before.
    duration_ms : float, ms
        Length of a trial, from 0; a multiple of `dt_ms`. Nothing is discarded: use ``spikes.select(time_ms=...)``.
    n_trials : int
        Number of trials.
    seed : int, optional
        Entropy of wiring, bias and initial states. None draws it and records it; with a wired network it is that
        network's seed.
    dt_ms : float, ms
        Step of the forward Euler scheme; must divide the duration, refractory times and delays.
    stimulus : Stimulus, optional
        Drive added to the bias.
    network_index : int
        Which of the networks of this seed; not allowed with a wired network, which has one.
    first_trial : int
        Number of the first trial: trials 0-8 and 9-17 in two calls equal trials 0-17 in one.
    n_jobs : int, optional
        Threads, one trial each; all cores by default. Does not change the result.
    engine : {"metastable", "reference", "brian2"}
        ``"reference"`` is plain numpy with the same spikes, for small networks; ``"brian2"`` runs the same wiring,
        bias and initial states in Brian2 (extra ``brian2``).
    precision : {"single", "double"}
        Floating-point type of the state. The dynamics are chaotic: both are equally right and differ spike by spike.
    progress : bool, optional
        Whether to show a progress bar; by default on a terminal.

    Returns
    -------
    SpikeData
        With cluster and population labels, and in ``meta["provenance"]`` all that `rerun` needs.

    Raises
    ------
    ValueError
        If a time is not a multiple of the step, or a stimulus names what the network does not have.

    Notes
    -----
    Times of spikes are the beginnings of the steps in which they were fired. A spike reaches its targets after the
    delay of the connection, at least one step.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.litwin_kumar_doiron_2012(r_ee=2.5, n_e=800, n_clusters=10)
    >>> spikes = mst.simulate(net, duration_ms=500, n_trials=2, seed=1)
    >>> spikes.n_neurons, spikes.n_trials, spikes.dt_ms
    (1000, 2, 0.1)
    """
    require_choice("engine", engine, _ENGINES)
    if isinstance(network, WiredLIFNetwork):
        if network_index not in (0, network.network_index):
            raise ValueError(
                "network_index belongs to the wiring of a specification; leave it out for a wired network."
            )
        wired = network
        seed = wired.seed if seed is None else resolve_seed(seed)
    elif isinstance(network, LIFNetwork):
        seed = resolve_seed(seed)
        wired = network.wire(seed, network_index=network_index)
    else:
        raise TypeError(f"network must be a LIFNetwork or a wired one, got {type(network).__name__}.")
    if not isinstance(stimulus, Stimulus | None):
        raise TypeError(f"stimulus must be a Stimulus, got {type(stimulus).__name__}; see Stimulus.step.")
    resolve_n_jobs(n_jobs)
    first = require_integer("first_trial", first_trial, minimum=0)
    plan = SimulationPlan(
        wired=wired,
        seed=seed,
        duration_ms=require_number("duration_ms", duration_ms),
        dt_ms=require_number("dt_ms", dt_ms),
        trials=range(first, first + require_integer("n_trials", n_trials, minimum=1)),
        stimulus=Stimulus() if stimulus is None else stimulus,
        # Brian2 always computes in double precision; the record must say what was done.
        precision="double" if engine == "brian2" else precision,
    )
    return _as_spike_data(plan, _run(plan, engine, n_jobs, progress), engine)


def rerun(spikes: SpikeData, *, n_jobs: int | None = None) -> SpikeData:
    """Simulate again what made these spikes, from their provenance alone.

    Parameters
    ----------
    spikes : SpikeData
        Made by `simulate`, here or in a file; selections of it are simulated whole.
    n_jobs : int, optional
        As in `simulate`.

    Returns
    -------
    SpikeData

    Raises
    ------
    ValueError
        If the spikes do not come from `simulate`.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.litwin_kumar_doiron_2012(n_e=400, n_clusters=5)
    >>> spikes = mst.simulate(net, duration_ms=200, seed=3)
    >>> bool((mst.simulation.rerun(spikes).time_ms == spikes.time_ms).all())
    True
    """
    record = spikes.meta.get("provenance", {})
    if record.get("call") != "simulate":
        raise ValueError("these spikes carry no record of a simulation; only results of simulate can be run again.")
    try:
        parameters = dict(record["parameters"])
        network = LIFNetwork.from_dict(parameters.pop("network"))
        stimulus = Stimulus.from_dict(parameters.pop("stimulus"))
        wiring = {"seed": parameters.pop("wiring_seed"), "network_index": parameters.pop("network_index")}
    except KeyError as error:
        raise ValueError(f"the record of this simulation is incomplete: {error} is missing.") from None
    return simulate(network.wire(**wiring), stimulus=stimulus, n_jobs=n_jobs, **parameters)


def _run(plan: SimulationPlan, engine: str, n_jobs: int | None, progress: bool | None) -> list:
    if engine == "reference":
        from metastable.simulation._lif_reference import simulate_trial

        return [simulate_trial(plan, trial) for trial in plan.trials]
    if engine == "brian2":
        from metastable.simulation._brian2_engine import simulate_trials
    else:
        from metastable.simulation._lif_engine import simulate_trials
    return simulate_trials(plan, n_jobs=n_jobs, progress=progress)


def _as_spike_data(plan: SimulationPlan, trials: list[tuple[NDArray, NDArray]], engine: str) -> SpikeData:
    wired = plan.wired
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
            )
        },
    )
