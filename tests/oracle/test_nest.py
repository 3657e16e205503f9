"""NEST and our engine: the same spikes where NEST is made to do forward Euler, and exact integration where it is not.

With time constants and weights chosen so that NEST's exact map is forward Euler (`NestModel.of(plan, "euler")`), both
give the same spikes over the whole run, step by step. That covers all that the two ways of integration share: wiring,
ports, weights, delays, stimulus, refractoriness, initial states. What differs between them, the numbers given to NEST,
is compared with formulas.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
import threading

import numpy as np
import pytest

import metastable as mst
from metastable.networks import ClusterLayout, Connection, LIFNetwork, Population, Stimulus, Synapse
from metastable.simulation import _nest_engine
from metastable.simulation._nest_model import NestModel
from metastable.simulation._nest_network import connected_pairs
from metastable.simulation._plan import SimulationPlan


@pytest.fixture(scope="module", autouse=True)
def nest():
    os.environ.setdefault("PYNEST_QUIET", "1")
    return pytest.importorskip("nest", reason="NEST is not installed")


@pytest.fixture(scope="module")
def network() -> LIFNetwork:
    return mst.networks.litwin_kumar_doiron_2012(n_e=400, n_clusters=5)


def _plan(network, *, duration_ms=250.0, n_trials=1, stimulus=None, dt_ms=0.1) -> SimulationPlan:
    wired = network if hasattr(network, "bits") else network.wire(3)
    stimulus = Stimulus() if stimulus is None else stimulus
    return SimulationPlan(wired, 3, duration_ms, dt_ms, range(n_trials), stimulus, "double")


def _nest_trials(plan, scheme="euler", n_jobs=1):
    return _nest_engine.simulate_trials(plan, n_jobs=n_jobs, progress=False, scheme=scheme)


def _assert_same_spikes(network, *, same_as=None, **options):
    """Compare NEST with our spikes of the same network, or of another specification with the same wiring."""
    plan = _plan(network, **options)
    run = {"duration_ms": plan.duration_ms, "dt_ms": plan.dt_ms, "stimulus": plan.stimulus}
    wired = plan.wired if same_as is None else same_as.wire(3)
    ours = mst.simulate(wired, n_trials=len(plan.trials), precision="double", **run)
    assert ours.n_spikes > plan.wired.network.n_neurons * len(plan.trials)
    assert set(ours.population[ours.neuron]) == {p.name for p in plan.wired.network.populations}
    for k, (step, neuron) in enumerate(_nest_trials(plan)):
        np.testing.assert_array_equal(step, ours.steps[ours.trial == k])
        np.testing.assert_array_equal(neuron, ours.neuron[ours.trial == k])


def _with(network, delay_ms=None, **synapses):
    populations = tuple(
        dataclasses.replace(p, synapse=synapses[p.name]) if p.name in synapses else p for p in network.populations
    )
    connections = network.connections
    if delay_ms is not None:
        connections = tuple(dataclasses.replace(c, delay_ms=delay_ms) for c in connections)
    return dataclasses.replace(network, populations=populations, connections=connections)


def _pair(*, synapse, delay_ms=0.1, weight=0.2, bias=(2.0, 0.0), **facts) -> LIFNetwork:
    """Neuron 0 is driven and acts on neuron 1."""
    own = {"initial_v": (0.0, 0.0), "synapse": synapse, "size": 1, **facts}
    return LIFNetwork(
        populations=(
            Population(name="a", tau_m_ms=15, bias=(bias[0], bias[0]), **own),
            Population(name="b", tau_m_ms=10, bias=(bias[1], bias[1]), **own),
        ),
        connections=(Connection(post="b", pre="a", probability=1.0, weight=weight, delay_ms=delay_ms),),
    )


def _potentials(network, n_steps, scheme="exact"):
    """Return V of neuron 1 after each step, (n_steps,), and the steps of the spikes of neuron 0."""
    plan = _plan(network, duration_ms=n_steps * 0.1)
    seen = []
    with _nest_engine._empty_kernel(plan.dt_ms, 1) as nest:
        model = dataclasses.asdict(NestModel.of(plan, scheme))
        group, _ = plan.stimulus_groups
        built = _nest_engine.NestNetwork(nest, plan.wired, model, plan.dt_ms, group)
        step, neuron = built.run_trial(
            plan.initial_v(0), n_steps, [], lambda _: seen.append(built.neurons[1].get("V_m")), 1
        )
    return np.array(seen), step[neuron == 0]


class TestSameSpikesWithEulersTimeConstants:
    def test_default_parameters_and_several_trials(self, network):
        _assert_same_spikes(network, n_trials=2)

    def test_weight_clustering(self):
        _assert_same_spikes(
            mst.networks.litwin_kumar_doiron_2012(clustering="weight", j_plus=2.5, n_e=400, n_clusters=5)
        )

    def test_delays_of_several_steps_differ_between_connections(self, network):
        delay_ms = {("E", "E"): 0.7, ("I", "E"): 0.1, ("E", "I"): 0.2, ("I", "I"): 1.5}
        connections = tuple(dataclasses.replace(c, delay_ms=delay_ms[c.post, c.pre]) for c in network.connections)
        _assert_same_spikes(dataclasses.replace(network, connections=connections))

    def test_all_delays_longer_than_a_step(self, network):
        # NEST then communicates every 6 steps; a trial of 2501 steps ends within such a slice.
        _assert_same_spikes(_with(network, delay_ms=0.7), duration_ms=250.1, n_trials=3)

    def test_exponential_synapses(self, network):
        exponential = _with(network, delay_ms=0.2, E=Synapse(tau_decay_ms=3), I=Synapse(tau_decay_ms=2))
        assert NestModel.of(_plan(exponential)).neuron_model == "iaf_psc_exp"
        _assert_same_spikes(exponential)

    def test_exponential_synapses_with_one_step_of_delay_act_one_step_late(self, network):
        synapses = {"E": Synapse(tau_decay_ms=3), "I": Synapse(tau_decay_ms=2)}
        _assert_same_spikes(_with(network, 0.1, **synapses), same_as=_with(network, 0.2, **synapses))

    def test_two_exponentials_of_one_sign_need_ports(self, network):
        common = {"size": 80, "tau_m_ms": 15.0, "bias": (1.1, 1.6)}
        mixed = LIFNetwork(
            populations=(
                Population(name="fast", synapse=Synapse(tau_decay_ms=2), **common),
                Population(name="slow", synapse=Synapse(tau_decay_ms=6), **common),
            ),
            connections=tuple(
                Connection(post=post, pre=pre, probability=0.3, weight=0.04, delay_ms=0.3)
                for post in ("fast", "slow")
                for pre in ("fast", "slow")
            ),
        )
        assert NestModel.of(_plan(mixed)).neuron_model == "iaf_psc_exp_multisynapse"
        _assert_same_spikes(mixed)

    def test_traces_that_share_a_time_constant(self, network):
        mixed = _with(network, delay_ms=0.2, E=Synapse(tau_decay_ms=5, tau_rise_ms=2), I=Synapse(tau_decay_ms=2))
        _assert_same_spikes(mixed)

    def test_a_synapse_as_slow_as_the_membrane(self, network):
        _assert_same_spikes(_with(network, E=Synapse(tau_decay_ms=15, tau_rise_ms=10)))

    def test_stimulus(self, network):
        stimulus = (
            Stimulus.step(0.15, start_ms=0, stop_ms=150, clusters=[0, 2])
            + Stimulus.ramp(-0.1, start_ms=20, stop_ms=200, hold_until_ms=250, population="I")
            + Stimulus.array([0.3, -0.1, 0.2], dt_ms=0.1, start_ms=100, clusters=[2, 3])
        )
        _assert_same_spikes(network, stimulus=stimulus, n_trials=2)

    @pytest.mark.parametrize("refractory_ms", [0.0, 0.25, 2.0])
    def test_refractory_time_and_step(self, network, refractory_ms):
        populations = tuple(dataclasses.replace(p, refractory_ms=refractory_ms) for p in network.populations)
        changed = _with(dataclasses.replace(network, populations=populations), delay_ms=0.25)
        _assert_same_spikes(changed, dt_ms=0.05, duration_ms=100.0)

    def test_three_populations_with_gaps_overlaps_and_millivolts(self):
        common = {"threshold": 15.0, "reset": -1.0, "initial_v": (0.0, 16.0)}
        e = {"tau_m_ms": 20, "bias": (17, 18), "layout": ClusterLayout.overlapping(300, 6, size=80)}
        pv = {"tau_m_ms": 10, "bias": (16, 17), "layout": ClusterLayout.equal(100, 6, background=0.04)}
        network = LIFNetwork(
            populations=(
                Population(name="E", size=300, synapse=Synapse(tau_decay_ms=3), **e, **common),
                Population(
                    name="PV",
                    size=100,
                    synapse=Synapse(tau_decay_ms=2, tau_rise_ms=0.5),
                    refractory_ms=1.0,
                    **pv,
                    **common,
                ),
                Population(
                    name="input", size=70, tau_m_ms=15, bias=(15.5, 20), synapse=Synapse(tau_decay_ms=1), **common
                ),
            ),
            connections=(
                Connection(
                    post="E",
                    pre="E",
                    probability=0.2,
                    weight=1.5,
                    probability_ratio=2,
                    j_plus=1.5,
                    j_minus=None,
                    delay_ms=0.2,
                ),
                Connection(post="PV", pre="E", probability=0.5, weight=1.0, j_plus=1.5, delay_ms=0.8),
                Connection(post="E", pre="PV", probability=0.5, weight=-2.5, j_plus=1.3, j_minus=0.9),
                Connection(post="E", pre="input", probability=0.3, weight=1.0, delay_ms=0.2),
                # A connection that happens to have no synapses.
                Connection(post="PV", pre="input", probability=0.0, weight=1.0),
            ),
        )
        _assert_same_spikes(network, stimulus=Stimulus.step(2.0, start_ms=60, stop_ms=120, clusters=[1, 5]))


class TestExactIntegration:
    def test_a_lone_neuron_fires_when_the_formula_says(self):
        # From 0 to the threshold in tau log(mu / (mu - 1)), then again 5 ms and as long later.
        lone = _pair(synapse=Synapse(tau_decay_ms=3), weight=0.0)
        _, fired = _potentials(lone, 1000)
        rise = 15 * np.log(2)
        # A crossing within step n, from n dt to (n + 1) dt, is stamped n.
        first = np.floor(rise / 0.1)
        period = np.ceil(rise / 0.1) + 50
        np.testing.assert_array_equal(fired, first + period * np.arange(fired.size))
        assert fired.size == 6
        ours = mst.simulate(lone.wire(3), duration_ms=100, precision="double").steps
        assert 0 <= fired[0] - ours[0] <= 1

    @pytest.mark.parametrize("synapse", [Synapse(tau_decay_ms=3), Synapse(tau_decay_ms=3, tau_rise_ms=1)])
    def test_shape_of_a_potential(self, synapse):
        """V of a neuron after the only spike that reaches it, against the integral of its equation."""
        delay_ms, weight = 0.5, 0.7
        seen, fired = _potentials(_pair(synapse=synapse, delay_ms=delay_ms, weight=weight, bias=(1.2, 0.0)), 450)
        assert fired.size == 1
        time = np.arange(1, 451) * 0.1 - (fired[0] * 0.1 + delay_ms)
        shape = _response(time, 10.0, synapse)
        np.testing.assert_allclose(seen, weight * shape, rtol=1e-9, atol=1e-13)
        # It begins in the step that our scheme moves first.
        ours = np.array(list(_euler_response(synapse, 450 - fired[0] - 5)))
        assert np.abs(seen[fired[0] + 5 :] - weight * ours).max() < 0.02 * weight * shape.max()
        begins = fired[0] + 5
        assert seen[begins] > 0
        assert (seen[:begins] == 0).all()

    def test_a_biexponential_potential_with_one_step_of_delay(self):
        synapse = Synapse(tau_decay_ms=3, tau_rise_ms=1)
        seen, fired = _potentials(_pair(synapse=synapse, weight=0.7, bias=(1.2, 0.0)), 550)
        time = np.arange(1, 551) * 0.1 - (fired[0] + 1) * 0.1
        shape = 0.7 * _response(time, 10.0, synapse)
        # What is lost is what the current does within its first step, dt^2 / (2 tau_rise tau_decay) of the weight.
        np.testing.assert_allclose(seen, shape, rtol=0, atol=1.05 * 0.7 * 0.1**2 / 6)
        # Its area, to which rates are most sensitive, is exact.
        assert seen.sum() == pytest.approx(shape.sum(), rel=1e-4)

    def test_rate_of_a_small_network(self, network):
        # 5 networks of each; the difference between engines must be small beside the rate and beside their spread.
        rates = np.empty((2, 5, 2))
        for k in range(5):
            wired = network.wire(3, network_index=k)
            for e, engine in enumerate(("metastable", "nest")):
                spikes = mst.simulate(wired, duration_ms=1000, n_trials=4, engine=engine, n_jobs=1)
                rates[e, k] = [mst.statistics.mean_rate(spikes.select(population=p)) for p in "EI"]
        np.testing.assert_allclose(rates[1].mean(axis=0), rates[0].mean(axis=0), rtol=0.1)


def _response(time, tau_m, synapse):
    """Integral of exp(-(t - u)/tau_m) F(u) from 0 to t."""
    after = np.maximum(time, 0.0)

    def part(tau):
        return (np.exp(-after / tau_m) - np.exp(-after / tau)) / (1 / tau - 1 / tau_m)

    rise = synapse.tau_rise_ms
    if rise is None:
        return part(synapse.tau_decay_ms) / synapse.tau_decay_ms
    return (part(synapse.tau_decay_ms) - part(rise)) / (synapse.tau_decay_ms - rise)


def _euler_response(synapse, n_steps):
    decay, rise = synapse.tau_decay_ms, synapse.tau_rise_ms
    amplitude = 0.1 / (decay - (rise or 0.0))
    v, slow, fast = 0.0, amplitude, amplitude if rise else 0.0
    for _ in range(n_steps):
        v = v * (1 - 0.1 / 10) + slow - fast
        yield v
        slow, fast = slow * (1 - 0.1 / decay), fast * (1 - 0.1 / rise) if rise else 0.0


def test_wiring_is_that_of_the_bits(nest):
    network = mst.networks.litwin_kumar_doiron_2012(n_e=120, n_clusters=3)
    plan = _plan(network)
    model = NestModel.of(plan)
    with _nest_engine._empty_kernel(0.1, 2) as kernel:
        kernel.keep_source_table = True
        group, _ = plan.stimulus_groups
        built = _nest_engine.NestNetwork(kernel, plan.wired, dataclasses.asdict(model), 0.1, group)
        found = kernel.GetConnections(built.neurons, built.neurons).get(
            ["source", "target", "receptor", "synapse_model", "delay"]
        )
        weight = {name: kernel.GetDefaults(name)["weight"] for name in set(found["synapse_model"])}
    expected = plan.wired.weight_matrix()
    post, pre = np.array(found["target"]) - 1, np.array(found["source"]) - 1
    receptor = np.array(found["receptor"])
    current = np.array([weight[name] for name in found["synapse_model"]])
    # Ports are in the order of the time constants, here 1, 2 and 3 ms: the rise time has a port for both populations.
    excitatory = pre < 120
    assert set(receptor[excitatory]) == {1, 3}
    assert set(receptor[~excitatory]) == {1, 2}
    assert set(found["delay"]) == {0.1}
    for port, decays in ((1, False), (3, True), (2, True)):
        chosen = receptor == port
        dense = np.zeros(expected.shape)
        np.add.at(dense, (post[chosen], pre[chosen]), 1)
        connected = expected.toarray() != 0
        if port != 1:
            connected[:, (np.arange(150) < 120) == (port == 2)] = False
        np.testing.assert_array_equal(dense, connected)
        per_weight = current[chosen] / expected[post[chosen], pre[chosen]]
        assert (np.sign(per_weight) == (1 if decays else -1)).all()
        # One number for each pair of populations.
        for target in (post[chosen] < 120, post[chosen] >= 120):
            for source in (excitatory[chosen], ~excitatory[chosen]):
                values = per_weight[target & source]
                assert values.size == 0 or np.ptp(values) < 1e-8


def test_pairs_in_chunks_are_the_same_pairs(network, monkeypatch):
    wired = network.wire(1)
    for within in (None, True, False):
        whole = np.concatenate([np.stack(p) for p in connected_pairs(wired, "E", "E", within)], axis=1)
        with monkeypatch.context() as patch:
            patch.setattr("metastable.simulation._nest_network._PAIRS_AT_A_TIME", 30_000)
            parts = [np.stack(p) for p in connected_pairs(wired, "E", "E", within)]
        assert len(parts) > 3
        np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)
        shared = wired.share_a_cluster("E", "E")[whole[1], whole[0]]
        assert within is None or (shared == within).all()


def test_threads_and_trials_before_do_not_change_a_bit(network):
    slow = _with(network, delay_ms=0.7)
    for chosen in (network, slow):
        stimulus = Stimulus.step(0.2, start_ms=100.1, clusters=[1])
        options = {"duration_ms": 150.3, "seed": 3, "stimulus": stimulus, "engine": "nest"}
        whole = mst.simulate(chosen, n_trials=3, n_jobs=1, **options)
        assert whole.n_spikes > 1000
        for first, n_trials, n_jobs in ((0, 3, 2), (2, 1, 1), (1, 2, 2)):
            part = mst.simulate(chosen, n_trials=n_trials, first_trial=first, n_jobs=n_jobs, **options)
            same = whole.select(trial=range(first, first + n_trials))
            for name in ("steps", "neuron", "trial", "trial_id"):
                np.testing.assert_array_equal(getattr(part, name), getattr(same, name))


def test_record_and_rerun(network):
    spikes = mst.simulate(network, duration_ms=50, seed=2, engine="nest", n_jobs=1)
    made = spikes.meta["provenance"]["parameters"]
    assert (made["engine"], made["precision"]) == ("nest", "double")
    again = mst.simulation.rerun(spikes, n_jobs=2)
    np.testing.assert_array_equal(again.steps, spikes.steps)
    np.testing.assert_array_equal(again.neuron, spikes.neuron)


def test_what_it_leaves_behind(nest, network, capfd, monkeypatch):
    nest.ResetKernel()
    nest.set(resolution=0.25, rng_seed=12)
    capfd.readouterr()
    before = _state(nest)
    mst.simulate(network, duration_ms=10, seed=1, engine="nest", n_jobs=2)
    assert _state(nest) == before
    monkeypatch.setattr(_nest_engine, "NestNetwork", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        mst.simulate(network, duration_ms=10, seed=1, engine="nest")
    assert _state(nest) == before
    out, err = capfd.readouterr()
    assert out == err == ""
    nest.ResetKernel()


def test_ctrl_c_ends_within_a_slice_and_leaves_an_empty_kernel(nest, network, monkeypatch):
    slices = []

    def interrupt(self, amount):
        slices.append(amount)
        if len(slices) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("metastable._parallel.Monitor.advance", interrupt)
    with pytest.raises(KeyboardInterrupt):
        mst.simulate(network, duration_ms=5000, seed=1, engine="nest", n_jobs=1)
    assert sum(slices) < 500
    assert nest.network_size == 0
    monkeypatch.undo()
    assert mst.simulate(network, duration_ms=50, seed=1, engine="nest", n_jobs=1).n_spikes > 0


def test_a_network_of_the_program_is_left_alone(nest, network):
    nest.ResetKernel()
    nest.Create("iaf_psc_exp", 3)
    try:
        with pytest.raises(RuntimeError, match=r"NEST holds 3 nodes of this program.*call nest.ResetKernel\(\)"):
            mst.simulate(network, duration_ms=10, seed=1, engine="nest")
        assert nest.network_size == 3
    finally:
        nest.ResetKernel()


def test_only_the_main_thread(network):
    said = []

    def run():
        try:
            mst.simulate(network, duration_ms=10, seed=1, engine="nest")
        except RuntimeError as error:
            said.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert said == [
        "NEST ends the process when it is used on two threads; call simulate(engine='nest') on the main thread."
    ]


def test_steps_that_nest_cannot_make(network):
    with pytest.raises(ValueError, match=r"a multiple of 0\.001 ms, got 0\.0125; choose another step"):
        mst.simulate(network, duration_ms=10, seed=1, engine="nest", dt_ms=0.0125)


def test_missing_nest_names_the_extra(network, monkeypatch):
    monkeypatch.setitem(sys.modules, "nest", None)
    with pytest.raises(ImportError, match=r'nest-simulator; install it with: pip install "metastable\[nest\]"'):
        mst.simulate(network, duration_ms=10, seed=1, engine="nest")


def _state(nest):
    return (
        nest.network_size,
        nest.resolution,
        nest.rng_seed,
        nest.local_num_threads,
        nest.verbosity,
        nest.biological_time,
        signal.getsignal(signal.SIGINT),
        sys.excepthook,
        dict(os.environ),
        np.geterr(),
    )


def test_synapses_that_were_given_one_by_one_are_refused():
    wired = mst.networks.litwin_kumar_doiron_2012(n_e=80, n_clusters=4).wire(seed=1)
    given = wired.with_synapses(wired.weight_matrix())
    with pytest.raises(ValueError, match=r"engine='nest' runs networks whose connections were drawn.*choose engine"):
        mst.simulate(given, duration_ms=1, engine="nest", progress=False)


def test_lists_are_connected_as_bits_are():
    network = mst.networks.litwin_kumar_doiron_2012(n_e=80, n_clusters=4)
    made = [
        mst.simulate(network.wire(seed=1, storage=storage), duration_ms=50, engine="nest", progress=False)
        for storage in ("bits", "lists")
    ]
    np.testing.assert_array_equal(made[0].time_ms, made[1].time_ms)
    np.testing.assert_array_equal(made[0].neuron, made[1].neuron)


def test_synapses_that_would_not_fit_are_refused(monkeypatch):
    wired = mst.networks.litwin_kumar_doiron_2012(n_e=80, n_clusters=4).wire(seed=1)
    monkeypatch.setattr("metastable._memory.available_bytes", lambda: 100_000)
    with pytest.raises(MemoryError, match=r"synapses in NEST would take .*write_nest_script"):
        mst.simulate(wired, duration_ms=1, engine="nest", progress=False)
