"""The annealed chain: the kernel against plain Python, both against the transition matrix of a tiny network."""

import itertools

import numpy as np
import pytest
from scipy.special import ndtr

import metastable as mst
from metastable.meanfield import MeanField, cluster_chain

TINY = {"n_e": 8, "n_i": 3, "n_clusters": 2, "j_e_plus": 1.4, "m_x": 0.9}


@pytest.mark.parametrize(
    "options",
    [
        {"j_e_plus": 1.5},
        {"j_e_plus": 1.5, "r_j": 0.5},
        {"j_e_plus": 1.5, "background": 0.2},
        {"j_e_plus": 1.5, "clustering": "probability", "tau_ratio": 1.7},
    ],
)
def test_kernel_and_plain_python_have_the_same_trajectory(options):
    net = mst.networks.rost_2018(n_e=80, n_clusters=4, m_x=0.2, **options)
    run = {"duration_ms": 30, "burn_in_ms": 4, "sample_ms": 0.5, "n_trials": 2, "seed": 3, "initial_rate": 0.3}
    fast, plain = cluster_chain(net, **run), cluster_chain(net, engine="reference", **run)
    np.testing.assert_array_equal(fast.rates, plain.rates)
    assert fast.rates.shape == (2, MeanField.of(net).n_groups, 52)
    assert (np.abs(np.diff(fast.rates)) > 0).any(axis=2).all()


def transition_matrix(theory):
    """Probabilities of one update, all states of the counts enumerated, written without MeanField's methods."""
    states = list(itertools.product(*(range(n + 1) for n in theory.size)))
    number = {state: i for i, state in enumerate(states)}
    matrix = np.zeros((len(states), len(states)))
    chosen = theory.size / theory.tau_ms / (theory.size / theory.tau_ms).sum()
    for state in states:
        m = np.array(state) / theory.size
        for g, n in enumerate(theory.size):
            mu, s2 = theory.mean[g] @ m + theory.drive[g], theory.variance[g] @ m
            phi = ndtr(mu / np.sqrt(s2)) if s2 > 0 else float(mu > 0)
            for active, share in ((1, state[g] / n), (0, 1 - state[g] / n)):
                for after, chance in ((1, phi), (0, 1 - phi)):
                    target = list(state)
                    target[g] += after - active
                    if share * chance:
                        matrix[number[state], number[tuple(target)]] += chosen[g] * share * chance
    return states, matrix


@pytest.mark.parametrize("options", [{}, {"r_j": 0.8, "n_i": 2}])
def test_occupancy_of_a_tiny_network_is_that_of_its_transition_matrix(options):
    net = mst.networks.rost_2018(**{**TINY, **options})
    theory = MeanField.of(net)
    states, matrix = transition_matrix(theory)
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    system = np.vstack([matrix.T - np.eye(len(states)), np.ones(len(states))])
    stationary = np.linalg.lstsq(system, np.eye(len(states) + 1)[-1], rcond=None)[0]
    n_trials = 60
    chain = cluster_chain(net, duration_ms=2200, burn_in_ms=200, sample_ms=2, n_trials=n_trials, seed=8)
    counts = np.round(chain.rates * theory.size[:, None]).astype(int)
    index = np.ravel_multi_index(tuple(counts.swapaxes(0, 1)), tuple(theory.size + 1))
    shares = np.stack([np.bincount(row, minlength=len(states)) / row.size for row in index])
    often = stationary > 0.01
    assert often.sum() >= 10
    z = (shares.mean(axis=0) - stationary)[often] / (shares.std(axis=0, ddof=1)[often] / np.sqrt(n_trials))
    assert np.abs(z).max() < 4.5
    # Not only the right shares but the right pace: the covariance of the first count over 10 ms.
    pace = np.linalg.matrix_power(matrix, int(10 * (theory.size / theory.tau_ms).sum()))
    first = np.array(states)[:, 0]
    products = (counts[:, 0, :-5] * counts[:, 0, 5:]).mean(axis=1)
    expected = stationary @ (first * (pace @ first))
    assert abs(products.mean() - expected) < 4.5 * products.std(ddof=1) / np.sqrt(n_trials)


def test_a_unit_is_updated_once_in_its_time_constant():
    # A drive that sets every unit to 1: what is still 0 has not been updated yet.
    net = mst.networks.rost_2018(m_x=50, tau_ratio=0.3)
    chain = cluster_chain(net, duration_ms=6, burn_in_ms=0, initial_rate=0, seed=2)
    left = [1 - chain.cluster_rates["E"][0].mean(axis=0), 1 - chain.rates[0, -1]]
    for share, tau_ms, n in zip(left, (10.0, 3.0), (4000, 1000), strict=True):
        expected = np.exp(-chain.time_ms / tau_ms)
        assert (np.abs(share - expected) < 4.5 * np.sqrt(expected * (1 - expected) / n)).all()


def test_silence_is_absorbing_where_the_drive_is_below_threshold():
    net = mst.networks.rost_2018(n_e=400, n_clusters=4)
    chain = cluster_chain(net, duration_ms=50, burn_in_ms=0, initial_rate=0, seed=1)
    assert not chain.rates.any()
    driven = cluster_chain(mst.networks.rost_2018(**TINY), duration_ms=50, burn_in_ms=0, initial_rate=0, seed=1)
    assert driven.rates.any()


def test_trials_have_streams_of_their_own():
    net = mst.networks.rost_2018(**TINY)
    run = {"duration_ms": 20, "burn_in_ms": 0, "seed": 5}
    three = cluster_chain(net, n_trials=3, n_jobs=1, **run)
    np.testing.assert_array_equal(three.rates, cluster_chain(net, n_trials=3, n_jobs=2, **run).rates)
    np.testing.assert_array_equal(three.rates[:1], cluster_chain(net, **run).rates)
    assert (three.rates[0] != three.rates[1]).any()
    late = cluster_chain(net, n_trials=3, **{**run, "burn_in_ms": 5})
    np.testing.assert_array_equal(late.rates, three.rates[..., 5:])
    assert late.time_ms[0] == 6
    # Chunks are an affair of memory only.
    long = cluster_chain(net, **{**run, "duration_ms": 450})
    np.testing.assert_array_equal(long.rates[..., :20], three.rates[:1])
    assert three.meta["provenance"]["parameters"]["seed"] == 5


def test_variance_is_over_time_and_averaged_over_clusters():
    net = mst.networks.rost_2018(n_e=80, n_clusters=4, r_j=0.5, j_e_plus=1.5, m_x=0.2)
    chain = cluster_chain(net, duration_ms=100, burn_in_ms=50, n_trials=2, seed=1)
    for name in "EI":
        rates = chain.cluster_rates[name]
        assert rates.shape == (2, 4, 50)
        np.testing.assert_allclose(chain.rate_variance(name), [np.mean([r.var() for r in trial]) for trial in rates])
    np.testing.assert_array_equal(np.concatenate(list(chain.cluster_rates.values()), axis=1), chain.rates)
    assert "2 trials x 8 groups x 50 samples of 1 ms after 50 ms of burn-in" in repr(chain)
    with pytest.raises(ValueError, match="no population 'X'"):
        chain.rate_variance("X")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"duration_ms": 10.5}, "duration_ms=10.5 is not a multiple"),
        ({"burn_in_ms": 0.3}, "burn_in_ms=0.3 is not a multiple"),
        ({"burn_in_ms": 100}, "burn_in_ms=100 leaves nothing of duration_ms=100; lower it"),
        ({"sample_ms": 0}, "sample_ms must be above 0"),
        ({"initial_rate": 2}, "initial_rate must be at most 1"),
        ({"engine": "brian2"}, "engine must be one of 'metastable', 'reference'"),
        ({"n_trials": 0}, "n_trials must be at least 1"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        cluster_chain(mst.networks.rost_2018(**TINY), **{"duration_ms": 100, "burn_in_ms": 0, **options})


def test_other_networks_are_refused():
    with pytest.raises(TypeError, match="network must be a BinaryNetwork, got LIFNetwork"):
        cluster_chain(mst.networks.litwin_kumar_doiron_2012(), duration_ms=10)
