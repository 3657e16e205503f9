"""Counts of active neurons against the chain of all states."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from metastable.finite_size import exact_statistics, groupwise_correlation, lumped_chain, transition_matrix
from metastable.finite_size._lumped_chain import chain_of_counts
from metastable.networks import FiniteSizeNetwork

seeds = st.integers(0, 10**6)


def homogeneous(seed, sizes=None, **options):
    rng = np.random.default_rng(seed)
    if sizes is None:
        sizes = [{"E": 3, "I": 2}, {"E": 1, "I": 4}, {"A": 4}, {"A": 1, "B": 2, "C": 2}][seed % 4]
    n = len(sizes)
    facts = {
        "coupling": rng.normal(0, 5, (n, n)),
        "threshold": rng.normal(0, 1, n),
        "stimulus": rng.normal(0, 1, n),
        "sigma": rng.uniform(0.5, 2, n),
    }
    return FiniteSizeNetwork.homogeneous(sizes, **{**facts, **options})


def lumped_by_summation(net, matrix):
    """Sum the full chain over all states with equal counts; the first population runs fastest."""
    n, sizes = net.n_neurons, list(net.sizes.values())
    first = np.cumsum([0, *sizes])
    number = []
    for state in range(2**n):
        bits = [state >> i & 1 for i in range(n)]
        counts = [sum(bits[a:b]) for a, b in itertools.pairwise(first)]
        place, total = 1, 0
        for count, size in zip(counts, sizes, strict=True):
            total += place * count
            place *= size + 1
        number.append(total)
    number = np.array(number)
    lumped = np.zeros((place, place))
    spread = np.zeros((place, 2**n))
    for state in range(2**n):
        spread[number[state]] += matrix[state]
    for c in range(place):
        columns = spread[:, number == c]
        # From every state with the same counts the next counts have the same law.
        np.testing.assert_allclose(columns, columns[:, :1] * np.ones(columns.shape[1]), atol=2e-15)
        lumped[:, c] = columns[:, 0]
    return lumped, number


@settings(max_examples=24)
@given(seeds, st.sampled_from([{}, {"correlation": 0.4}, {"noise": ("t", 5)}, {"noise": "uniform"}]))
def test_it_is_the_full_chain(seed, options):
    net = homogeneous(seed, **options)
    lumped, number = lumped_by_summation(net, transition_matrix(net))
    counts, chain = chain_of_counts(net)
    np.testing.assert_allclose(chain.matrix().T, lumped, rtol=0, atol=2e-15)
    for state in range(2**net.n_neurons):
        bits = np.array([state >> i & 1 for i in range(net.n_neurons)])
        expected = [bits[net.population == a].sum() for a in range(len(net.sizes))]
        assert counts[number[state]].tolist() == expected
    law = np.random.default_rng(seed).random(len(counts))
    np.testing.assert_allclose(chain.forward(law), lumped @ law, atol=1e-14)


@settings(max_examples=12)
@given(seeds, st.sampled_from([{}, {"correlation": 0.4}, {"sigma": [0, 1.5]}]))
def test_statistics_are_those_of_the_full_chain(seed, options):
    net = homogeneous(seed, sizes={"E": 3, "I": 2}, **options)
    if "sigma" in options and seed % 2:
        net = homogeneous(seed, sizes={"E": 3, "I": 2}, correlation=0.3)
    try:
        exact = exact_statistics(net)
    except ValueError:
        # Without noise of E, more than one state may remain for ever.
        with pytest.raises(ValueError, match="depends on where it starts"):
            lumped_chain(net)
        return
    found = lumped_chain(net)
    np.testing.assert_allclose(found.mean, exact.mean[[0, 3]], atol=1e-13)
    expected = exact.covariance[np.ix_([0, 3], [1, 4])]
    np.testing.assert_allclose(found.covariance, expected, atol=1e-13)
    fraction = np.kron(np.eye(2), np.ones(3))[:, [0, 1, 2, 3, 4]] / np.array([[3], [2]])
    np.testing.assert_allclose(found.count_covariance, fraction @ exact.covariance @ fraction.T, atol=1e-13)
    np.testing.assert_allclose(found.potential_mean, exact.potential_mean[[0, 3]], atol=1e-12)
    for group, neurons in (
        ({"E": 2}, [0, 1]),
        ({"I": 2}, [3, 4]),
        ({"E": 1, "I": 1}, [2, 3]),
        ({"E": 2, "I": 1}, [0, 1, 3]),
        ({"E": 3, "I": 2}, [0, 1, 2, 3, 4]),
    ):
        for of in ("activity", "potential"):
            full = groupwise_correlation(exact, neurons, of=of)
            assert found.groupwise_correlation(group, of=of) == pytest.approx(full, rel=1e-9, abs=1e-12, nan_ok=True)


def test_regression_numbers(regression):
    small = lumped_chain(regression.t1())
    assert [round(m, 8) for m in small.mean] == [0.23529875, 0.38475898]
    assert round(small.groupwise_correlation({"E": 2}), 8) == 0.19598382
    assert round(small.groupwise_correlation({"E": 2, "I": 1}), 8) == 0.05300501
    assert round(small.groupwise_correlation({"E": 2}, of="potential"), 8) == 0.50092571
    assert round(small.groupwise_correlation({"E": 2, "I": 1}, of="potential"), 8) == -0.04667558
    means = {n: lumped_chain(regression.t3(n)).mean[0] for n in (8, 16, 32, 64, 128)}
    assert {n: round(m, 5) for n, m in means.items()} == {
        8: 0.27715,
        16: 0.3209,
        32: 0.35508,
        64: 0.37785,
        128: 0.39134,
    }


def test_methods_agree(regression):
    net = regression.t3(32)
    law = lumped_chain(net).stationary
    for method in ("dense", "iterative"):
        np.testing.assert_allclose(lumped_chain(net, method=method).stationary, law, atol=1e-13)


def test_unconnected_neurons_are_binomial_and_independent():
    net = FiniteSizeNetwork.homogeneous(
        {"A": 60, "B": 70}, coupling=np.zeros((2, 2)), sigma=1, threshold=[0.3, -1], noise="logistic"
    )
    found = lumped_chain(net)
    p = stats.logistic.sf(np.array([0.3, -1]) * stats.logistic.std())
    np.testing.assert_allclose(found.mean, p, rtol=1e-12)
    law = found.stationary.reshape(71, 61)
    expected = np.outer(stats.binom.pmf(np.arange(71), 70, p[1]), stats.binom.pmf(np.arange(61), 60, p[0]))
    np.testing.assert_allclose(law, expected, atol=1e-15)
    np.testing.assert_allclose(found.covariance, 0, atol=1e-14)


def test_common_noise_among_many_neurons_does_not_average_out():
    # Without connections the neurons share but the noise: two of them are both active with an orthant probability.
    rho = 0.5
    net = FiniteSizeNetwork.homogeneous({"A": 40}, coupling=[[0]], sigma=1, correlation=rho)
    covariance = np.arcsin(rho) / (2 * np.pi)
    np.testing.assert_allclose(lumped_chain(net).covariance, [[covariance]], rtol=1e-12)


def test_a_single_neuron_has_no_pair():
    found = lumped_chain(homogeneous(1, sizes={"A": 1, "B": 3}))
    assert np.isnan(found.covariance[0, 0])
    assert np.isfinite(found.covariance[0, 1])


def test_it_prints_what_it_is(regression):
    assert repr(lumped_chain(regression.t3(8))) == (
        "LumpedChain of homogeneous finite-size network, 8 neurons, 25 states\n  mean activity: E 0.2772, I 0.4174"
    )


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (lambda: FiniteSizeNetwork(weights=[[0, 1], [2, 0]], sigma=1), "are a chain of their own only if the neurons"),
        (lambda: homogeneous(0, sigma=0), "sigma is 0, and where a network without noise ends"),
        (lambda: homogeneous(0, sizes={"A": 3}, correlation=-0.2), "correlation=-0.2 leaves neurons no noise"),
        (lambda: homogeneous(0, sizes={"A": 3}, correlation=1), "correlation=1 leaves neurons no noise"),
        (lambda: homogeneous(0, sizes={"A": 900, "B": 900}), r"1,800 neurons have 811,801 states .* 6.6e\+11"),
    ],
)
def test_refusals(net, message):
    with pytest.raises(ValueError, match=message):
        lumped_chain(net())


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ({"X": 2}, r"group must name populations of \['E', 'I'\]"),
        ({"E": 1}, "group must have at least two neurons"),
        ({"E": 9}, r"group\['E'\] must be at most 4, got 9"),
        ([0, 1], "group must name populations"),
    ],
)
def test_refusals_of_groups(regression, group, message):
    with pytest.raises(ValueError, match=message):
        lumped_chain(regression.t3(8)).groupwise_correlation(group)
