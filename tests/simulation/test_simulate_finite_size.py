"""Synchronous binary neurons: the kernel against plain numpy and against what is known of one step."""

import json

import numpy as np
import pytest
from scipy import stats

from metastable import simulate
from metastable._files import save_arrays
from metastable.networks import FiniteSizeNetwork
from metastable.simulation import FiniteSizeActivity, rerun

RNG = np.random.default_rng(5)
WEIGHTS = RNG.normal(0, 2, (5, 5))
FACTORS = RNG.normal(size=(5, 3))
MATRIX = FACTORS @ FACTORS.T + np.eye(5)
MATRIX = np.round(MATRIX / np.sqrt(np.outer(np.diag(MATRIX), np.diag(MATRIX))), 3)
NETWORKS = {
    "gaussian": {"sigma": [0.5, 1, 2, 0.7, 0.1]},
    "no noise": {"stimulus": [1, 0.5, 0, -1, 2]},
    "some without noise": {"sigma": [1, 0, 0, 1, 0]},
    "equal correlations": {"sigma": 1, "correlation": 0.4},
    "negative correlations": {"sigma": 1, "correlation": -0.25},
    "one noise for all": {"sigma": [1, 2, 3, 4, 5], "correlation": 1},
    "any correlations": {"sigma": [1, 2, 3, 4, 5], "correlation": MATRIX},
    "heavy tails": {"sigma": 1, "noise": ("t", 9)},
    "stimulus in time": {"sigma": 0.3, "stimulus": RNG.normal(0, 2, (7, 5))},
}


def network_named(name):
    return FiniteSizeNetwork(weights=WEIGHTS, threshold=[0, 0.2, 0.4, -0.3, 0.5], **NETWORKS[name])


def same(a, b):
    np.testing.assert_array_equal(a.activity, b.activity)
    assert (a.potentials is None) == (b.potentials is None)
    if a.potentials is not None:
        np.testing.assert_array_equal(a.potentials, b.potentials)


@pytest.mark.parametrize("name", NETWORKS)
def test_kernel_and_plain_numpy_agree_bit_by_bit(name):
    net = network_named(name)
    run = {"duration_ms": 40, "n_trials": 3, "seed": 2, "record_potentials": True}
    fast = simulate(net, **run)
    same(fast, simulate(net, engine="reference", **run))
    assert fast.activity.shape == (3, 41, 5)
    assert fast.activity.dtype == np.uint8
    # The potential decides on the next state, and follows from the last by the equation.
    np.testing.assert_array_equal(fast.activity[:, 1:], fast.potentials >= net.threshold)
    noise = fast.potentials - np.stack([net.drive(fast.activity[:, t], step=t) for t in range(40)], axis=1)
    assert (np.abs(noise).max(axis=(0, 1)) < 1e-12).tolist() == (net.sigma == 0).tolist()


def test_same_result_for_any_number_of_threads_and_split_of_trials():
    net = network_named("any correlations")
    run = {"duration_ms": 30, "seed": 7, "record_potentials": True}
    whole = simulate(net, n_trials=150, n_jobs=1, **run)
    same(whole, simulate(net, n_trials=150, n_jobs=2, **run))
    parts = [simulate(net, first_trial=first, n_trials=75, **run) for first in (0, 75)]
    np.testing.assert_array_equal(whole.activity, np.concatenate([part.activity for part in parts]))
    assert len(np.unique(whole.potentials[:, 0, 0])) == 150


def test_chunks_do_not_change_gaussian_noise(monkeypatch):
    net = network_named("stimulus in time")
    whole = simulate(net, duration_ms=60, seed=1)
    monkeypatch.setattr("metastable.simulation._simulate_finite_size._NUMBERS_PER_CHUNK", 35)
    same(whole, simulate(net, duration_ms=60, seed=1))


@pytest.mark.parametrize("name", NETWORKS)
def test_noise_has_its_law_and_covariance(name):
    net = network_named(name)
    start = [1, 0, 1, 1, 0]
    n = 4000
    one = simulate(net, duration_ms=1, n_trials=n, seed=3, initial_state=start, record_potentials=True)
    noise = one.potentials[:, 0] - net.drive(start)
    law = stats.t(9, scale=np.sqrt(7 / 9)) if name == "heavy tails" else stats.norm()
    for i in np.flatnonzero(net.sigma):
        assert stats.kstest(noise[:, i] / net.sigma[i], law.cdf).pvalue > 1e-4
    spread = np.sqrt((net.covariance**2 + np.outer(net.sigma**2, net.sigma**2)) / n)
    # The fourth moment of the t law is 4.2 instead of 3.
    assert (np.abs(np.cov(noise.T) - net.covariance) <= (5 if name != "heavy tails" else 8) * spread + 1e-12).all()


def test_random_initial_states_are_fair_and_given_ones_are_kept():
    net = network_named("gaussian")
    drawn = simulate(net, duration_ms=1, n_trials=4000, seed=3).activity[:, 0]
    assert (np.abs(drawn.mean(axis=0) - 0.5) < 5 * 0.5 / np.sqrt(4000)).all()
    rows = RNG.integers(0, 2, (6, 5))
    given = simulate(net, duration_ms=1, n_trials=6, first_trial=3, seed=3, initial_state=rows)
    np.testing.assert_array_equal(given.activity[:, 0], rows)


def test_a_neuron_at_its_threshold_is_active():
    # A ring without noise: each neuron hands its state on, exactly at threshold.
    ring = FiniteSizeNetwork(weights=np.roll(np.eye(4), 1, axis=0), threshold=1)
    activity = simulate(ring, duration_ms=8, seed=1, initial_state=[1, 0, 0, 0])
    assert activity.states.tolist() == [[1, 2, 4, 8, 1, 2, 4, 8, 1]]


@pytest.mark.parametrize("options", [{}, {"record_potentials": True, "initial_state": [0, 1, 0, 1, 1]}])
def test_files_and_rerun(tmp_path, options):
    net = network_named("equal correlations")
    made = simulate(net, duration_ms=20, n_trials=2, first_trial=4, seed=9, **options)
    made.save(tmp_path / "a.npz")
    read = FiniteSizeActivity.load(tmp_path / "a.npz")
    same(made, read)
    assert json.dumps(made.meta) == json.dumps(read.meta)
    again = rerun(read, n_jobs=1)
    same(made, again)
    assert json.dumps(again.meta) == json.dumps(read.meta)


def test_foreign_and_damaged_files_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", x=1)
    save_arrays(tmp_path / "b.npz", {"format": "other"}, {})
    for name in "ab":
        with pytest.raises(ValueError, match="is an npz file but not one of finite-size activity"):
            FiniteSizeActivity.load(tmp_path / f"{name}.npz")
    save_arrays(tmp_path / "c.npz", {"format": "metastable-finite-size-activity", "meta": {}}, {})
    with pytest.raises(ValueError, match="is damaged"):
        FiniteSizeActivity.load(tmp_path / "c.npz")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"duration_ms": 2.5}, "duration_ms must be whole and at least 1, as a step is 1 ms, got 2.5"),
        ({"duration_ms": 0}, "duration_ms must be whole and at least 1"),
        ({"initial_state": [0, 1]}, r"initial_state must have shape \(5,\) or \(1, 5\), got \(2,\)"),
        ({"initial_state": [0, 1, 2, 0, 0]}, "initial_state must hold 0 and 1"),
        ({"engine": "brian2"}, "engine must be one of"),
        ({"network_index": 1}, "network_index belongs to the wiring"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(ValueError, match=message):
        simulate(network_named("gaussian"), **{"duration_ms": 5, "seed": 1, **options})


def test_options_of_other_networks_are_refused():
    with pytest.raises(TypeError, match="simulate has no option 'sample_ms' for a FiniteSizeNetwork"):
        simulate(network_named("gaussian"), duration_ms=5, sample_ms=1)


def test_it_prints_what_it_is():
    made = simulate(network_named("gaussian"), duration_ms=5, seed=1, record_potentials=True)
    assert repr(made).startswith(
        "FiniteSizeActivity: 1 trial, 5 neurons, 5 steps, potentials recorded\n  mean activity"
    )


def test_states_of_many_neurons_have_no_numbers():
    with pytest.raises(ValueError, match="the states of 63 neurons have no 64-bit numbers"):
        _ = FiniteSizeActivity(activity=np.zeros((1, 2, 63), np.uint8)).states


def test_arrays_are_read_only():
    found = FiniteSizeActivity(activity=np.zeros((1, 2, 3), np.uint8), potentials=np.zeros((1, 1, 3)))
    for array in (found.activity, found.potentials):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 1
