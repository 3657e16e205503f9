"""Brian2 and our engine give the same spikes, step by step, in double precision.

The two add weights in a different order, so potentials differ in the last bits. That does not grow: spikes lie on a
grid, a difference is forgotten at the next reset, and it matters only where a potential comes within 1e-15 of the
threshold. Hence equality over the whole run and no tolerance.
"""

from __future__ import annotations

import dataclasses
import signal
import sys

import numpy as np
import pytest

import metastable as mst
from metastable.networks import ClusterLayout, Connection, LIFNetwork, Population, Stimulus, Synapse
from metastable.simulation import _brian2_engine, _brian2_model

# Brian2 2.9 calls what newer versions of pyparsing and setuptools deprecate; where the blame falls differs.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")


@pytest.fixture(scope="module", autouse=True)
def brian2():
    if np.lib.NumpyVersion(np.__version__) >= "2.4.0":
        pytest.skip("Brian2 2.9 cannot be imported with numpy 2.4 or newer")
    return pytest.importorskip("brian2", reason="Brian2 is not installed")


@pytest.fixture(scope="module")
def network() -> LIFNetwork:
    return mst.networks.litwin_kumar_doiron_2012(n_e=400, n_clusters=5)


def _assert_same_spikes(network, *, duration_ms=250.0, n_trials=1, **options):
    ours = mst.simulate(network, duration_ms=duration_ms, n_trials=n_trials, seed=3, precision="double", **options)
    theirs = mst.simulate(network, duration_ms=duration_ms, n_trials=n_trials, seed=3, engine="brian2", **options)
    assert ours.n_spikes > network.n_neurons * n_trials
    assert set(ours.population[ours.neuron]) == {p.name for p in network.populations}
    for name in ("trial", "steps", "neuron"):
        np.testing.assert_array_equal(getattr(theirs, name), getattr(ours, name))
    return ours


def _with_synapse(network, **synapses):
    populations = tuple(
        dataclasses.replace(p, synapse=synapses[p.name]) if p.name in synapses else p for p in network.populations
    )
    return dataclasses.replace(network, populations=populations)


def test_default_parameters_and_several_trials(network):
    spikes = _assert_same_spikes(network, n_trials=2)
    first, second = (spikes.steps[spikes.trial == k] for k in range(2))
    assert not np.array_equal(first, second)


def test_weight_clustering(network):
    weights = mst.networks.litwin_kumar_doiron_2012(clustering="weight", j_plus=2.5, n_e=400, n_clusters=5)
    _assert_same_spikes(weights)


def test_delays_of_several_steps_differ_between_connections(network):
    delay_ms = {("E", "E"): 0.7, ("I", "E"): 0.1, ("E", "I"): 0.2, ("I", "I"): 1.5}
    connections = tuple(dataclasses.replace(c, delay_ms=delay_ms[c.post, c.pre]) for c in network.connections)
    _assert_same_spikes(dataclasses.replace(network, connections=connections))


def test_exponential_synapses(network):
    exponential = _with_synapse(network, E=Synapse(tau_decay_ms=3), I=Synapse(tau_decay_ms=2))
    _assert_same_spikes(exponential)


def test_traces_that_share_a_time_constant(network):
    # The rise time of one population is the decay time of the other: one trace with both signs.
    mixed = _with_synapse(network, E=Synapse(tau_decay_ms=5, tau_rise_ms=2), I=Synapse(tau_decay_ms=2))
    _assert_same_spikes(mixed)


def test_stimulus(network):
    stimulus = (
        Stimulus.step(0.15, start_ms=50, stop_ms=150, clusters=[0, 2])
        + Stimulus.ramp(-0.1, start_ms=20, stop_ms=200, hold_until_ms=220, population="I")
        + Stimulus.array([0.3, -0.1, 0.2], dt_ms=10, start_ms=100, clusters=[2, 3])
    )
    driven = _assert_same_spikes(network, stimulus=stimulus)
    plain = mst.simulate(network, duration_ms=250, seed=3, precision="double")
    assert not np.array_equal(driven.steps, plain.steps)


def test_stimulus_of_one_population_only(network):
    _assert_same_spikes(network, stimulus=Stimulus.step(0.1, start_ms=100, population="I"))


@pytest.mark.parametrize("refractory_ms", [0.0, 0.25, 2.0])
def test_refractory_time_and_step(network, refractory_ms):
    populations = tuple(dataclasses.replace(p, refractory_ms=refractory_ms) for p in network.populations)
    connections = tuple(dataclasses.replace(c, delay_ms=0.25) for c in network.connections)
    changed = dataclasses.replace(network, populations=populations, connections=connections)
    _assert_same_spikes(changed, dt_ms=0.05, duration_ms=100.0)


def test_three_populations_with_gaps_overlaps_and_a_reset_of_their_own():
    layout = ClusterLayout.overlapping(300, 6, size=80)
    inhibitory = ClusterLayout.equal(100, 6, background=0.04)
    common = {"threshold": 15.0, "reset": -1.0, "initial_v": (0.0, 16.0)}
    network = LIFNetwork(
        populations=(
            Population(
                name="E", size=300, tau_m_ms=20, bias=(17, 18), synapse=Synapse(tau_decay_ms=3), layout=layout, **common
            ),
            Population(
                name="PV",
                size=100,
                tau_m_ms=10,
                bias=(16, 17),
                synapse=Synapse(tau_decay_ms=2, tau_rise_ms=0.5),
                layout=inhibitory,
                refractory_ms=1.0,
                **common,
            ),
            Population(name="input", size=70, tau_m_ms=15, bias=(15.5, 20), synapse=Synapse(tau_decay_ms=1), **common),
        ),
        connections=(
            Connection(post="E", pre="E", probability=0.2, weight=1.5, probability_ratio=2, j_plus=1.5, j_minus=None),
            Connection(post="PV", pre="E", probability=0.5, weight=1.0, j_plus=1.5, delay_ms=0.8),
            Connection(post="E", pre="PV", probability=0.5, weight=-2.5, j_plus=1.3, j_minus=0.9),
            Connection(post="E", pre="input", probability=0.3, weight=1.0),
            # A connection that happens to have no synapses.
            Connection(post="PV", pre="input", probability=0.0, weight=1.0),
        ),
    )
    _assert_same_spikes(network, stimulus=Stimulus.step(2.0, start_ms=60, stop_ms=120, clusters=[1, 5]))


def test_lists(network):
    sparse = dataclasses.replace(
        network,
        connections=tuple(
            dataclasses.replace(c, probability_ratio=1, probability=0.01, weight=12 * c.weight)
            for c in network.connections
        ),
    )
    assert sparse.wire(3).storage == "lists"
    _assert_same_spikes(sparse)


def test_synapses_with_weights_and_delays_of_their_own(network):
    wired = _with_synapse(network, I=Synapse(tau_decay_ms=4)).wire(3)
    weights, delays = wired.weight_matrix(), wired.weight_matrix()
    rng = np.random.default_rng(1)
    weights.data *= rng.lognormal(sigma=0.4, size=weights.nnz)
    delays.data = 0.1 * rng.integers(1, 30, delays.nnz)
    given = wired.with_synapses(weights, delay_ms=delays)
    options = {"duration_ms": 200.0, "n_trials": 2, "seed": 5, "stimulus": Stimulus.step(0.1, start_ms=100)}
    ours = mst.simulate(given, precision="double", **options)
    theirs = mst.simulate(given, engine="brian2", **options)
    assert ours.n_spikes > 2 * network.n_neurons
    for name in ("trial", "steps", "neuron"):
        np.testing.assert_array_equal(getattr(theirs, name), getattr(ours, name))


def test_synapses_between_populations_that_the_network_does_not_connect(network):
    alone = dataclasses.replace(network, connections=())
    weights = np.zeros((500, 500))
    weights[400:, :400] = np.random.default_rng(1).random((100, 400)) < 0.1
    given = alone.wire(3).with_synapses(0.2 * weights, delay_ms=1)
    ours = mst.simulate(given, duration_ms=100, precision="double")
    theirs = mst.simulate(given, duration_ms=100, engine="brian2")
    np.testing.assert_array_equal(theirs.steps, ours.steps)
    np.testing.assert_array_equal(theirs.neuron, ours.neuron)
    assert ours.n_spikes != mst.simulate(alone.wire(3), duration_ms=100, precision="double").n_spikes


@pytest.mark.skipif(not _brian2_engine._has_compiler(), reason="no C++ compiler and make for Brian2 standalone")
def test_standalone_program_and_the_process_it_leaves_behind(brian2, network, monkeypatch):
    monkeypatch.setattr(_brian2_engine, "_STEPS_WORTH_COMPILING", 0)
    before = _state(brian2)
    _assert_same_spikes(network, n_trials=3, n_jobs=2, stimulus=Stimulus.step(0.1, start_ms=100, clusters=[1]))
    assert _state(brian2) == before
    # A second time, in the other target, and with objects of Brian2 that were made before.
    group = brian2.NeuronGroup(1, "v : 1")
    monkeypatch.undo()
    _assert_same_spikes(network, duration_ms=50.0)
    group.v = 2
    assert group.v[0] == 2


def test_errors_leave_brian2_as_it_was(brian2, network, monkeypatch):
    before = _state(brian2)
    monkeypatch.setattr(_brian2_engine, "_STEPS_WORTH_COMPILING", 0)
    monkeypatch.setattr(_brian2_engine, "_has_compiler", lambda: True)
    monkeypatch.setattr(_brian2_model, "_synapses", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        mst.simulate(network, duration_ms=10, seed=1, engine="brian2")
    assert _state(brian2) == before
    monkeypatch.undo()
    _assert_same_spikes(network, duration_ms=50.0)


def test_a_device_that_is_in_use_is_left_alone(brian2, network):
    brian2.set_device("cpp_standalone", build_on_run=False)
    try:
        with pytest.raises(RuntimeError, match="go back to the runtime device"):
            mst.simulate(network, duration_ms=10, seed=1, engine="brian2")
        assert brian2.get_device() is brian2.all_devices["cpp_standalone"]
    finally:
        _devices().reset_device()


def test_missing_brian2_names_the_extra(network, monkeypatch):
    monkeypatch.setitem(sys.modules, "brian2", None)
    with pytest.raises(ImportError, match=r'pip install "metastable\[brian2\]"'):
        mst.simulate(network, duration_ms=10, seed=1, engine="brian2")


def _devices():
    # Written as an attribute, brian2.devices.device is the active device and not the module.
    return sys.modules["brian2.devices.device"]


def _state(brian2):
    return (
        brian2.get_device(),
        len(_devices().previous_devices),
        brian2.prefs.codegen.target,
        brian2.prefs.devices.cpp_standalone.extra_make_args_unix,
        float(brian2.defaultclock.dt),
        brian2.prefs.core.stop_on_keyboard_interrupt,
        brian2.prefs.core.default_float_dtype,
        sys.excepthook,
        signal.getsignal(signal.SIGINT),
    )
