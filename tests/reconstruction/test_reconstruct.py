"""Reconstruction of whole networks beyond the plain case."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metastable as mst
from metastable.reconstruction import NeuronModel, Status, delay_candidates, reconstruct, scan


def test_neurons_and_delays_may_all_differ(literal):
    rng = np.random.default_rng(1)
    n = 10
    network = literal.random_network(
        n,
        seed=12,
        tau_ms=rng.uniform(15, 30, n),
        threshold_mv=rng.uniform(18, 22, n),
        reset_mv=rng.uniform(-3, 3, n),
        delay_ms=rng.uniform(0.5, 9, (n, n)),
    )
    found = reconstruct(literal.run(network, duration_ms=2500), model=NeuronModel.of(network), progress=False)
    assert set(found.status) == {Status.OK}
    assert literal.error(found, network) < 1e-9


@settings(max_examples=25)
@given(st.data())
def test_small_networks_of_all_kinds(literal, data):
    n = data.draw(st.integers(2, 6))
    seed = data.draw(st.integers(0, 10**6))
    delays = data.draw(st.sampled_from(["one", "each"]))
    rng = np.random.default_rng(seed)
    network = literal.random_network(
        n,
        seed=seed,
        density=data.draw(st.sampled_from([0.3, 1.0])),
        strength=data.draw(st.sampled_from([0.5, 4.0])),
        excitatory=data.draw(st.sampled_from([0.0, 0.5])),
        delay_ms=1.5 if delays == "one" else rng.uniform(0.5, 5, (n, n)),
    )
    found = reconstruct(
        literal.run(network, duration_ms=2000, seed=seed), model=NeuronModel.of(network), progress=False
    )
    ok = found.with_status(Status.OK)
    # Those of which too little was seen say so; what is called known is exact, and certified.
    known = np.isfinite(found.weights)
    assert np.abs(found.weights - network.weights)[known].max(initial=0) < 1e-7
    assert known[ok].all()
    assert np.nanmax(found.holdout_residual_mv, initial=0) < 1e-8
    assert not found.with_status(Status.MODEL_MISMATCH).size


def test_the_number_of_jobs_does_not_change_a_digit(literal):
    network = literal.random_network(30, seed=13)
    spikes = literal.run(network, duration_ms=2500)
    one, two = (reconstruct(spikes, model=NeuronModel.of(network), n_jobs=k, progress=False) for k in (1, 2))
    np.testing.assert_array_equal(one.weights, two.weights)
    np.testing.assert_array_equal(one.standard_error, two.standard_error)
    assert one.to_dict() == two.to_dict()


def test_an_unknown_bias_is_found(literal):
    network = literal.random_network(10, seed=14)
    spikes = literal.run(network, duration_ms=2500)
    bias = np.linspace(-2, 3, 10)
    model = NeuronModel(tau_ms=20, drive_mv=network.drive_mv - bias, threshold_mv=20, reset_mv=0, delay_ms=2)
    found = reconstruct(spikes, model=model, bias=True, progress=False)
    assert set(found.status) == {Status.OK}
    assert literal.error(found, network) < 1e-8
    np.testing.assert_allclose(found.bias_mv, bias, atol=1e-8)
    without = reconstruct(spikes, model=NeuronModel.of(network), progress=False)
    assert np.isnan(without.bias_mv).all()


def test_self_weights_are_unknowns_if_asked_for(literal):
    network = literal.random_network(8, seed=15)
    np.fill_diagonal(network.weights, np.linspace(-3, 3, 8))
    spikes = literal.run(network, duration_ms=2500)
    found = reconstruct(spikes, model=NeuronModel.of(network), self_weights=True, progress=False)
    assert literal.error(found, network) < 1e-9
    blind = reconstruct(spikes, model=NeuronModel.of(network), progress=False)
    assert set(blind.status) == {Status.MODEL_MISMATCH}


def jittered(spikes, delta, seed):
    shift = np.random.default_rng(seed).uniform(-delta, delta, spikes.n_spikes)
    return mst.SpikeData(
        time_ms=spikes.time_ms + shift,
        neuron=spikes.neuron,
        n_neurons=spikes.n_neurons,
        t_start_ms=-1.0,
        t_stop_ms=spikes.t_stop_ms + 1,
    )


def test_errors_grow_with_jitter_and_the_residual_tells(literal):
    network = literal.random_network(10, seed=16, density=1.0)
    exact = literal.run(network, duration_ms=4000)
    model = NeuronModel.of(network)
    for delta in (1e-6, 1e-4, 1e-2):
        spikes = jittered(exact, delta, 1)
        found = reconstruct(spikes, model=model, tolerance_ms=2 * delta, progress=False)
        assert set(found.status) == {Status.OK}
        assert (found.n_rows > 30).all()
        # Over 20 jitters the largest of 90 errors is 0.56 to 1.29 delta, the largest residual 1.1 to 1.9 delta.
        assert 0.25 * delta < literal.error(found, network) < 3 * delta
        assert 0.5 * delta < found.holdout_residual_mv.max() < 4 * delta
        # The standard error is the size of the error: 0.91 to 1.30 of it.
        off = ~np.eye(10, dtype=bool)
        z = (found.weights - network.weights)[off] / found.standard_error[off]
        assert 0.6 < np.sqrt(np.mean(z**2)) < 1.8
        # Taken for exact, such times are no solution.
        assert found.holdout_residual_mv.max() > 1e-7
        if delta > 1e-5:
            taken = reconstruct(spikes, model=model, progress=False)
            assert Status.OK not in taken.status


def test_scan_finds_the_time_constant(literal):
    network = literal.random_network(8, seed=17, density=1.0)
    spikes = literal.run(network, duration_ms=1500)
    model = NeuronModel(tau_ms=25, drive_mv=network.drive_mv, threshold_mv=20, reset_mv=0, delay_ms=2)
    found = scan(spikes, model=model, parameter="tau_ms", values=np.linspace(15, 25, 11) + 0.3, progress=False)
    assert found.best == pytest.approx(20, rel=1e-12)
    assert found.best_residual_mv < 1e-9 < 1e-3 < found.residual_mv.min()
    coarse = scan(spikes, model=model, parameter="tau_ms", values=[18.0, 21.0, 24.0], refine=False, progress=False)
    assert coarse.best == 21.0
    assert coarse.best_residual_mv == coarse.residual_mv[1]
    assert repr(coarse).startswith("Scan(tau_ms 21, hold-out residual")


def test_scan_finds_the_needle_of_the_delay(literal):
    network = literal.random_network(8, seed=18, density=1.0, strength=8.0, delay_ms=2.7)
    spikes = literal.run(network, duration_ms=1500)
    model = NeuronModel(tau_ms=20, drive_mv=network.drive_mv, threshold_mv=20, reset_mv=0, delay_ms=1)
    assert 2.7 in delay_candidates(spikes)
    assert scan(spikes, model=model, parameter="delay_ms", progress=False).best == 2.7
    near = scan(spikes, model=model, parameter="delay_ms", values=[2.7 * 0.995, 2.7, 2.7 * 1.005], progress=False)
    assert near.residual_mv[1] < 1e-9
    assert near.residual_mv[[0, 2]].min() > 1e-3


def test_a_network_of_the_package_brings_its_drives():
    wired = mst.networks.van_bussel_2011(n_neurons=10, kind="mixed", strength=0.4).wire(1)
    spikes = mst.simulate(wired, duration_ms=1000, n_trials=6, seed=1, drive_spread=0.1, progress=False)
    found = reconstruct(spikes, model=wired, progress=False)
    assert set(found.status) == {Status.OK}
    assert np.abs(found.weights - wired.weights).max() < 1e-9
