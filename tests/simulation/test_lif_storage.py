"""Bits, lists and synapses with weights of their own: the same spikes wherever the same is computed."""

import itertools
import json

import numpy as np
import pytest
from scipy.sparse import csr_array

from metastable import SpikeData, simulate
from metastable.networks import Connection, LIFNetwork, Population, Stimulus, Synapse, _wired_lif_network
from metastable.simulation import _lif_arrays, rerun

PRECISIONS = ("single", "double")
SHORT = {"duration_ms": 60, "seed": 3, "n_jobs": 1}
VARIED = (
    "paper",
    "overlapping",
    "inhibitory clusters",
    "exponential",
    "one's rise is the other's decay",
    "three populations",
    "no refractoriness",
    "single neurons",
    "strong",
)


# ------------------------------------------------------------------ drawn connections


def test_lists_give_the_spikes_of_bits(network, same_spikes):
    bits, lists = (network.wire(3, storage=storage) for storage in ("bits", "lists"))
    assert lists.storage == "lists"
    same_spikes(simulate(lists, n_trials=2, **SHORT), simulate(bits, n_trials=2, **SHORT))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", ["paper", "overlapping", "three populations"])
def test_lists_give_the_spikes_of_the_reference(network_named, name, precision, same_spikes):
    lists = network_named(name).wire(3, storage="lists")
    stimulus = Stimulus.step(0.3, start_ms=10, clusters=[0, 2])
    options = {**SHORT, "precision": precision, "stimulus": stimulus}
    fast = simulate(lists, **options)
    same_spikes(fast, simulate(lists, engine="reference", **options))
    # The record does not say how connections were stored, because it does not matter.
    assert fast.meta == simulate(lists.network.wire(3), **options).meta
    same_spikes(rerun(fast), fast)


def test_counts_of_lists_go_beyond_one_byte(network_named, same_spikes):
    net = network_named("all at once")
    spikes = simulate(net.wire(3, storage="lists"), **SHORT)
    assert np.bincount(spikes.steps).max() >= 400
    same_spikes(spikes, simulate(net.wire(3, storage="bits"), **SHORT))


def test_too_many_neurons_for_one_count(network_named, monkeypatch):
    # Sums of weights have no such limit.
    monkeypatch.setattr(_lif_arrays, "_LARGEST_COUNT", 99)
    lists = network_named("unclustered").wire(1, storage="lists")
    with pytest.raises(ValueError, match=r"population E has 100 neurons but at most 99 spikes"):
        simulate(lists, duration_ms=1)
    assert simulate(lists.with_synapses(lists.weight_matrix()), duration_ms=50).n_spikes


# ------------------------------------------------------------------ synapses of their own


def varied(network, *, longest=40, seed=1):
    """A network whose synapses differ in weight and, up to this many steps, in delay."""
    wired = network.wire(3)
    rng = np.random.default_rng(seed)
    weights, delays = wired.weight_matrix(), wired.weight_matrix()
    weights.data *= rng.lognormal(sigma=0.4, size=weights.nnz)
    delays.data = 0.1 * rng.integers(1, longest + 1, delays.nnz)
    return wired.with_synapses(weights, delay_ms=delays)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", VARIED)
def test_synapses_give_the_spikes_of_the_reference(network_named, name, precision, same_spikes):
    wired = varied(network_named(name))
    options = {**SHORT, "precision": precision, "n_trials": 2, "stimulus": Stimulus.step(0.3, start_ms=20)}
    fast = simulate(wired, **options)
    same_spikes(fast, simulate(wired, engine="reference", **options))
    plain = simulate(wired.network.wire(3), **options)
    if wired.n_synapses:
        assert fast.n_spikes != plain.n_spikes or (fast.time_ms != plain.time_ms).any()


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", ["delays", "paper", "unconnected"])
def test_constant_weights_as_synapses(network_named, name, precision, same_spikes):
    # Delays are those of the connections. Sums are rounded otherwise than counts times weights.
    net = network_named(name)
    wired = net.wire(3).with_synapses(net.wire(3).weight_matrix())
    options = {**SHORT, "precision": precision}
    fast = simulate(wired, **options)
    same_spikes(fast, simulate(wired, engine="reference", **options))
    if precision == "double":
        same_spikes(fast, simulate(net.wire(3), **options))


def by_hand(weights, delay_steps, bias, tau, dt, n_steps):
    """One exponential synapse of 5 ms for all, refractory time 2 ms: a loop over everything, one number at a time."""
    n = len(bias)
    v, trace, last = [0.0] * n, [0.0] * n, [-1000] * n
    arriving = {}
    found = []
    for step in range(n_steps):
        for i in range(n):
            trace[i] = (1 - dt / 5) * trace[i] + arriving.pop((step, i), 0.0)
            if step - last[i] <= 20:
                v[i] = 0.0
                continue
            v[i] = (1 - dt / tau) * v[i] + (bias[i] * dt / tau + trace[i])
            if v[i] > 1:
                found.append((step, i))
                v[i], last[i] = 0.0, step
        for fired, j in found:
            if fired != step:
                continue
            for i in range(n):
                if weights[i][j]:
                    key = (step + delay_steps[i][j], i)
                    arriving[key] = arriving.get(key, 0.0) + weights[i][j] * (dt / 5)
    return found


@pytest.mark.parametrize("engine", ["metastable", "reference"])
def test_delays_against_a_loop_by_hand(engine):
    n, rng = 70, np.random.default_rng(2)
    weights = rng.normal(0.3, 0.6, (n, n)) * (rng.random((n, n)) < 0.4)
    np.fill_diagonal(weights, 0)
    steps = rng.integers(1, 130, (n, n))
    cell = Population(
        name="E",
        size=n,
        tau_m_ms=15,
        synapse=Synapse(tau_decay_ms=5),
        bias=(1.05, 1.4),
        refractory_ms=2,
        initial_v=(0, 0),
    )
    net = LIFNetwork(populations=(cell,), connections=())
    wired = net.wire(4).with_synapses(weights, delay_ms=steps * 0.1)
    spikes = simulate(wired, duration_ms=120, precision="double", engine=engine)
    expected = by_hand(weights.tolist(), steps.tolist(), wired.bias.tolist(), 15, 0.1, 1200)
    assert list(zip(spikes.steps.tolist(), spikes.neuron.tolist(), strict=True)) == expected
    assert len(expected) > 3 * n


@pytest.mark.parametrize("engine", ["metastable", "reference"])
def test_kinetics_belong_to_the_presynaptic_population(engine):
    # A and B have no connection in the network; a synapse from A to B decays as those of A do.
    def crossing(tau_a, tau_b):
        facts = {"tau_m_ms": 10.0, "refractory_ms": 1000.0}
        a = Population(name="A", size=1, bias=(2, 2), initial_v=(0, 0), synapse=Synapse(tau_decay_ms=tau_a), **facts)
        b = Population(
            name="B", size=1, bias=(0.5, 0.5), initial_v=(0.5, 0.5), synapse=Synapse(tau_decay_ms=tau_b), **facts
        )
        wired = LIFNetwork(populations=(a, b), connections=()).wire(1)
        wired = wired.with_synapses([[0, 0], [20, 0]], delay_ms=1.7)
        spikes = simulate(wired, duration_ms=60, precision="double", engine=engine)
        first, crossed = (spikes.select(neuron=k).steps.tolist() for k in range(2))
        assert crossed[0] >= first[0] + 17
        return crossed

    assert crossing(2, 7) == crossing(2, 9) != crossing(7, 2)


def test_order_of_sums_is_that_of_sending(same_spikes):
    # 1e8 + 1 - 1e8 is 0 or 1 in single precision: what is sent first is added first, then by presynaptic neurons.
    def fires(first, second, third, delays):
        source = {"tau_m_ms": 10, "synapse": Synapse(tau_decay_ms=5), "refractory_ms": 1000}
        cells = [Population(name="A", size=3, bias=(2, 2), initial_v=(0, 0), **source)]
        cells.append(Population(name="B", size=1, bias=(0, 0), initial_v=(0, 0), **{**source, "refractory_ms": 0}))
        weights = np.zeros((4, 4))
        weights[3, :3] = first, second, third
        wired = LIFNetwork(populations=tuple(cells), connections=()).wire(1)
        wired = wired.with_synapses(weights, delay_ms=0.1 * np.array([[1, 1, 1, 1]] * 3 + [[*delays, 1]]))
        fast, plain = (simulate(wired, duration_ms=20, engine=e) for e in ("metastable", "reference"))
        same_spikes(fast, plain)
        return fast.select(neuron=3).n_spikes > 0

    assert fires(2**30, -(2**30), 20, (1, 1, 1))
    assert not fires(2**30, 20, -(2**30), (1, 1, 1))
    assert not fires(20, 2**30, -(2**30), (1, 1, 1))


def test_chunks_do_not_show_in_the_sums_ahead(network_named, same_spikes, monkeypatch):
    from metastable.simulation import _lif_engine

    wired = varied(network_named("paper"), longest=90)
    whole = simulate(wired, **SHORT)
    monkeypatch.setattr(_lif_engine, "_STEPS_PER_CHUNK", 7)
    same_spikes(simulate(wired, **SHORT), whole)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_denormal_traces_with_synapses(network_named, precision, same_spikes, monkeypatch):
    from metastable.simulation import _lif_engine

    monkeypatch.setattr(_lif_engine, "_STEPS_PER_CHUNK", 70)
    stop = 400 if precision == "single" else 2300
    stimulus = Stimulus.step(2, start_ms=0, stop_ms=20) + Stimulus.step(2, start_ms=stop)
    options = {"duration_ms": stop + 40, "seed": 3, "precision": precision, "stimulus": stimulus}
    wired = varied(network_named("no drive"))
    same_spikes(simulate(wired, **options), simulate(wired, engine="reference", **options))
    # A weight near the smallest number keeps traces as they are.
    plan = {"network": wired, "tiny": wired.with_synapses(wired.weight_matrix() * 1e-30, delay_ms=1)}
    idle = {name: arrays_of(w, precision).denormals_are_idle for name, w in plan.items()}
    assert idle == {"network": True, "tiny": False}


def arrays_of(wired, precision):
    from metastable.simulation._plan import SimulationPlan

    return _lif_arrays.NetworkArrays.of(SimulationPlan(wired, 1, 10.0, 0.1, range(1), Stimulus(), precision))


def test_many_steps_ahead_need_wide_places(network_named, same_spikes, monkeypatch):
    wired = varied(network_named("unclustered"))
    narrow = simulate(wired, **SHORT)
    assert arrays_of(wired, "single").rows[0].dtype == np.int32
    monkeypatch.setattr(_lif_arrays, "_FARTHEST_INT32", 1000)
    assert arrays_of(wired, "single").rows[0].dtype == np.int64
    same_spikes(simulate(wired, **SHORT), narrow)


# ------------------------------------------------------------------ record and refusals


def test_run_again_with_few_synapses(tmp_path, network_named, same_spikes):
    spikes = simulate(varied(network_named("paper")), **SHORT)
    spikes.save(tmp_path / "a.npz")
    again = rerun(SpikeData.load(tmp_path / "a.npz"))
    same_spikes(again, spikes)
    assert json.dumps(again.meta) == json.dumps(spikes.meta)


def test_many_synapses_leave_a_fingerprint(network_named, monkeypatch):
    monkeypatch.setattr(_wired_lif_network, "_RECORDED", 100)
    wired = varied(network_named("paper"))
    records = [simulate(w, **SHORT).meta["provenance"]["parameters"]["synapses"] for w in (wired, wired)]
    assert records[0] == records[1]
    assert records[0]["n_synapses"] == wired.n_synapses
    other = simulate(varied(network_named("paper"), seed=2), **SHORT)
    assert other.meta["provenance"]["parameters"]["synapses"]["sha256"] != records[0]["sha256"]
    with pytest.raises(ValueError, match=r"only a fingerprint of its [\d,]+ synapses, sha256 .*; pass their weights"):
        rerun(other)


@pytest.mark.parametrize(
    ("delay", "options", "said"),
    [
        (0.25, {}, r"delay_ms of a synapse=0\.25 is not a multiple of dt_ms=0\.1; choose one that dt_ms divides"),
        (0.1, {"dt_ms": 0.2}, r"delay_ms of a synapse=0\.1 is not a multiple of dt_ms=0\.2"),
        (1e-9, {}, r"delay_ms of a synapse=1e-09 must be at least 1 step\(s\) of dt_ms=0\.1"),
    ],
)
@pytest.mark.parametrize("engine", ["metastable", "reference"])
def test_delays_lie_on_the_grid(network_named, delay, options, said, engine):
    wired = network_named("unclustered").wire(3)
    wired = wired.with_synapses(wired.weight_matrix(), delay_ms=delay)
    with pytest.raises(ValueError, match=said):
        simulate(wired, **{**SHORT, "engine": engine, **options})


def test_delays_of_the_network_do_not_bind_those_that_are_given():
    link = Connection(post="E", pre="E", probability=0.5, weight=0.1, delay_ms=0.25)
    cell = Population(name="E", size=40, tau_m_ms=15, synapse=Synapse(tau_decay_ms=5), bias=(1.1, 1.3))
    wired = LIFNetwork(populations=(cell,), connections=(link,)).wire(1)
    with pytest.raises(ValueError, match=r"delay_ms of E->E=0\.25"):
        simulate(wired, **SHORT)
    assert simulate(wired.with_synapses(wired.weight_matrix(), delay_ms=0.3), **SHORT).n_spikes


def test_a_synapse_each_way_between_all_populations(network_named, same_spikes):
    # Pairs of populations that the network does not connect, and rows that are empty.
    wired = network_named("unconnected").wire(3)
    weights = np.zeros((73, 73))
    for k, (i, j) in enumerate(itertools.product((0, 69, 70, 72), repeat=2)):
        weights[i, j] = 0 if i == j else 0.5 - 0.1 * k
    given = wired.with_synapses(csr_array(weights), delay_ms=1)
    fast, plain = (simulate(given, engine=e, **SHORT) for e in ("metastable", "reference"))
    same_spikes(fast, plain)
    assert fast.n_spikes != simulate(wired, **SHORT).n_spikes
