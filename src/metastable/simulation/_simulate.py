"""One verb: simulate."""

from __future__ import annotations

import inspect
from typing import Any, overload

from numpy.typing import ArrayLike

from metastable._parallel import resolve_n_jobs
from metastable._random import resolve_seed
from metastable._validation import require_integer
from metastable.networks import (
    BinaryNetwork,
    FiniteSizeNetwork,
    LIFNetwork,
    PulseNetwork,
    Stimulus,
    WiredBinaryNetwork,
    WiredLIFNetwork,
    WiredPulseNetwork,
)
from metastable.simulation._binary_activity import BinaryActivity
from metastable.simulation._finite_size_activity import FiniteSizeActivity
from metastable.spikes import SpikeData


@overload
def simulate(
    network: LIFNetwork | WiredLIFNetwork,
    *,
    duration_ms: float,
    n_trials: int = 1,
    seed: int | None = None,
    network_index: int = 0,
    first_trial: int = 0,
    n_jobs: int | None = None,
    engine: str = "metastable",
    progress: bool | None = None,
    dt_ms: float = 0.1,
    stimulus: Stimulus | None = None,
    precision: str = "single",
) -> SpikeData: ...


@overload
def simulate(
    network: BinaryNetwork | WiredBinaryNetwork,
    *,
    duration_ms: float,
    n_trials: int = 1,
    seed: int | None = None,
    network_index: int = 0,
    first_trial: int = 0,
    n_jobs: int | None = None,
    engine: str = "metastable",
    progress: bool | None = None,
    sample_ms: float = 1.0,
    initial_rate: float = 0.1,
    record_spikes: bool = False,
) -> BinaryActivity: ...


@overload
def simulate(
    network: PulseNetwork | WiredPulseNetwork,
    *,
    duration_ms: float,
    n_trials: int = 1,
    seed: int | None = None,
    network_index: int = 0,
    first_trial: int = 0,
    n_jobs: int | None = None,
    engine: str = "metastable",
    progress: bool | None = None,
    drive_spread: float = 0.0,
    drives_mv: ArrayLike | None = None,
    initial_mv: ArrayLike | None = None,
    exit_tolerance_ms: float | None = None,
) -> SpikeData: ...


@overload
def simulate(
    network: FiniteSizeNetwork,
    *,
    duration_ms: float,
    n_trials: int = 1,
    seed: int | None = None,
    network_index: int = 0,
    first_trial: int = 0,
    n_jobs: int | None = None,
    engine: str = "metastable",
    progress: bool | None = None,
    initial_state: ArrayLike | None = None,
    record_potentials: bool = False,
) -> FiniteSizeActivity: ...


def simulate(
    network: LIFNetwork
    | WiredLIFNetwork
    | BinaryNetwork
    | WiredBinaryNetwork
    | PulseNetwork
    | WiredPulseNetwork
    | FiniteSizeNetwork,
    *,
    duration_ms: float,
    n_trials: int = 1,
    seed: int | None = None,
    network_index: int = 0,
    first_trial: int = 0,
    n_jobs: int | None = None,
    engine: str = "metastable",
    progress: bool | None = None,
    **options: Any,
) -> SpikeData | BinaryActivity | FiniteSizeActivity:
    """Simulate trials of one network.

    All trials share one wiring (and one set of biases); each starts from its own random state.

    Parameters
    ----------
    network : LIFNetwork, BinaryNetwork, PulseNetwork, or any of them wired, or FiniteSizeNetwork
        A specification, which is wired from `seed`, or a network that was wired before.
    duration_ms : float, ms
        Length of a trial, from 0; finite-size networks make one step in each ms. Nothing is discarded: use
        ``spikes.select(time_ms=...)`` or ``activity.discard(burn_in_ms)``.
    n_trials : int
        Number of trials.
    seed : int, optional
        Entropy of wiring, bias, initial states, updates and drives. None draws it and records it; with a wired network
        that was drawn it is that network's seed.
    network_index : int
        Which of the networks of this seed; not allowed with a wired network, which has one.
    first_trial : int
        Number of the first trial: trials 0-8 and 9-17 in two calls equal trials 0-17 in one.
    n_jobs : int, optional
        Threads; all cores by default. One simulates one trial; where there are more of them than trials, an LIF network
        of more than 16,000 neurons is divided among them as long as that is faster. Does not change the result.
    engine : {"metastable", "reference", "brian2", "nest"}
        ``"reference"`` is plain numpy with the same result, for small networks; ``"brian2"`` and ``"nest"`` run the
        same wiring, bias, initial states and stimulus of an LIF network in Brian2 and in NEST (extras of these names).
    progress : bool, optional
        Whether to show a progress bar; by default on a terminal.
    dt_ms : float, ms
        LIF networks: step of the forward Euler scheme; must divide the duration, refractory times and delays. 0.1 by
        default.
    stimulus : Stimulus, optional
        LIF networks: drive added to the bias.
    precision : {"single", "double"}
        LIF networks: floating-point type of the state. The dynamics are chaotic: both are equally right and differ
        spike by spike. Brian2 and NEST always compute in double precision.
    sample_ms : float, ms
        Binary networks: cluster rates are sampled this often, 1 ms by default; must divide the duration.
    initial_rate : float
        Binary networks: probability that a unit is active at the start, 0.1 by default.
    record_spikes : bool
        Binary networks: whether to record transitions from 0 to 1, in continuous time.
    drive_spread : float
        Pulse-coupled networks: each trial is a driving condition, with drives uniform within this fraction of the
        network's on either side; 0 by default.
    drives_mv : array_like, (n_trials, n_neurons), mV, optional
        Pulse-coupled networks: the drives RI of each trial, instead of the network's.
    initial_mv : float or array_like, (n_neurons,) or (n_trials, n_neurons), mV, optional
        Pulse-coupled networks: potentials at the start; by default random, uniform between reset and threshold.
    exit_tolerance_ms : float, ms, optional
        Pulse-coupled networks: end a trial once every neuron fires once per cycle and the longest and the shortest
        period of a cycle differ by no more than this; by default trials last `duration_ms`.
    initial_state : array_like of 0 and 1, (n_neurons,) or (n_trials, n_neurons), optional
        Finite-size networks: states at the start; by default every neuron is active with probability 1/2.
    record_potentials : bool
        Finite-size networks: whether to keep the membrane potentials, 8 bytes for each neuron and step.

    Returns
    -------
    SpikeData, BinaryActivity or FiniteSizeActivity
        With cluster and population labels, and in ``meta["provenance"]`` all that `rerun` needs.

    Raises
    ------
    TypeError
        If an option belongs to networks of another kind.
    ValueError
        If a time is not a multiple of the step, a stimulus names what the network does not have, or the spikes of a
        pulse-coupled network multiply without end.

    Notes
    -----
    LIF networks: times of spikes are the beginnings of the steps in which they were fired. A spike reaches its targets
    after the delay of the connection, at least one step.

    In double precision Brian2 gives the same spikes. NEST integrates exactly instead of by forward Euler, so that its
    potentials and currents relax more slowly by half a step in each time constant, and its spikes agree in their
    statistics only. NEST cannot act on a spike in the very next step: with a delay of one step, exponential synapses
    act one step late there (biexponential ones, whose current begins at 0, are corrected for it). NEST runs trials one
    after the other with `n_jobs` threads each, only on the main thread, and only while it holds no other network.

    Binary networks: one unit at a time is updated, from a population with probability proportional to its size over
    its time constant, uniformly among its units (Rost et al. 2018, eq. 1).

    Pulse-coupled networks: times are exact (``dt_ms`` is None). All spikes that arrive at one time are applied
    together; who is at or above threshold then fires at that very time, so that a spike that another spike caused has
    the same float as ``time + delay``. ``meta["drives_mv"][k]`` are the drives of the trial
    ``meta["first_trial"] + k``, ``meta["locked_ms"]`` when trials were ended by `exit_tolerance_ms` (None: not), and
    ``meta["period_spread_ms"]`` the spread of periods that had been reached.

    Finite-size networks: all neurons are updated together in every step (Fasoli & Panzeri 2019); the model has no unit
    of time, and a step counts as 1 ms.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.litwin_kumar_doiron_2012(r_ee=2.5, n_e=800, n_clusters=10)
    >>> spikes = mst.simulate(net, duration_ms=500, n_trials=2, seed=1)
    >>> spikes.n_neurons, spikes.n_trials, spikes.dt_ms
    (1000, 2, 0.1)
    >>> activity = mst.simulate(mst.networks.rost_2018(n_e=400, n_clusters=4), duration_ms=50, seed=1)
    >>> activity.cluster_rates["E"].shape
    (1, 4, 50)
    >>> pulses = mst.networks.van_bussel_2011(n_neurons=20)
    >>> spikes = mst.simulate(pulses, duration_ms=500, n_trials=3, drive_spread=0.05, seed=1)
    >>> len(spikes.meta["drives_mv"]), spikes.dt_ms is None
    (3, True)
    """
    run = _simulator_of(network)
    # Those with a default are the caller's; the others are what this function hands over.
    known = {
        name
        for name, parameter in inspect.signature(run).parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }
    for option in options:
        if option not in known:
            raise TypeError(f"simulate has no option {option!r} for a {type(network).__name__}; leave it out.")
    if isinstance(network, LIFNetwork | BinaryNetwork | PulseNetwork):
        seed = resolve_seed(seed)
        wired = network.wire(seed, network_index=network_index)
    elif require_integer("network_index", network_index) not in (0, getattr(network, "network_index", 0)):
        raise ValueError("network_index belongs to the wiring of a specification; leave it out for other networks.")
    else:
        wired = network
        # A network that was given weight by weight has no seed: fresh entropy then.
        seed = resolve_seed(getattr(wired, "seed", None) if seed is None else seed)
    resolve_n_jobs(n_jobs)
    first = require_integer("first_trial", first_trial, minimum=0)
    trials = range(first, first + require_integer("n_trials", n_trials, minimum=1))
    return run(
        wired,
        seed=seed,
        trials=trials,
        duration_ms=duration_ms,
        n_jobs=n_jobs,
        engine=engine,
        progress=progress,
        **options,
    )


@overload
def rerun(result: SpikeData, *, n_jobs: int | None = None) -> SpikeData: ...


@overload
def rerun(result: BinaryActivity, *, n_jobs: int | None = None) -> BinaryActivity: ...


@overload
def rerun(result: FiniteSizeActivity, *, n_jobs: int | None = None) -> FiniteSizeActivity: ...


def rerun(
    result: SpikeData | BinaryActivity | FiniteSizeActivity, *, n_jobs: int | None = None
) -> SpikeData | BinaryActivity | FiniteSizeActivity:
    """Simulate again what made a result, from its provenance alone.

    Parameters
    ----------
    result : SpikeData, BinaryActivity or FiniteSizeActivity
        Made by `simulate`, here or in a file; selections of it are simulated whole.
    n_jobs : int, optional
        As in `simulate`.

    Returns
    -------
    SpikeData, BinaryActivity or FiniteSizeActivity

    Raises
    ------
    ValueError
        If the result does not come from `simulate`, or its record is incomplete: of more than 100,000 synapses that
        were given by `WiredLIFNetwork.with_synapses` it holds a fingerprint only.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.litwin_kumar_doiron_2012(n_e=400, n_clusters=5)
    >>> spikes = mst.simulate(net, duration_ms=200, seed=3)
    >>> bool((mst.simulation.rerun(spikes).time_ms == spikes.time_ms).all())
    True
    """
    if not isinstance(result, SpikeData | BinaryActivity | FiniteSizeActivity):
        raise TypeError(
            "result must be SpikeData, BinaryActivity or FiniteSizeActivity, "
            f"got {type(result).__name__}; give what was made."
        )
    record = result.meta.get("provenance")
    if not isinstance(record, dict) or record.get("call") != "simulate":
        raise ValueError("this result carries no record of a simulation; only results of simulate can be run again.")
    try:
        parameters = dict(record["parameters"])
        kind = parameters.pop("kind", "lif")
        if kind == "pulse":
            from metastable.simulation._simulate_pulse import rerun_pulse

            return rerun_pulse(parameters, n_jobs)
        if kind == "finite-size":
            from metastable.simulation._simulate_finite_size import rerun_finite_size

            return rerun_finite_size(parameters, n_jobs)
        if kind == "binary":
            from metastable.simulation._simulate_binary import rerun_binary

            return rerun_binary(parameters, n_jobs)
        from metastable.simulation._simulate_lif import rerun_lif

        return rerun_lif(parameters, n_jobs)
    except (KeyError, TypeError) as error:
        raise ValueError(f"the record of this simulation is incomplete: {error}.") from None


def _simulator_of(network: Any) -> Any:
    if isinstance(network, LIFNetwork | WiredLIFNetwork):
        from metastable.simulation._simulate_lif import simulate_lif

        return simulate_lif
    if isinstance(network, BinaryNetwork | WiredBinaryNetwork):
        from metastable.simulation._simulate_binary import simulate_binary

        return simulate_binary
    if isinstance(network, PulseNetwork | WiredPulseNetwork):
        from metastable.simulation._simulate_pulse import simulate_pulse

        return simulate_pulse
    if isinstance(network, FiniteSizeNetwork):
        from metastable.simulation._simulate_finite_size import simulate_finite_size

        return simulate_finite_size
    raise TypeError(
        "network must be a LIFNetwork, a BinaryNetwork, a PulseNetwork, a wired one or a FiniteSizeNetwork, "
        f"got {type(network).__name__}."
    )
