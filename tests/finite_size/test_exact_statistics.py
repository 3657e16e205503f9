"""Means, covariances, lags, groups and information, against sums written out and numerical integration."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from metastable import simulate
from metastable.finite_size import (
    exact_statistics,
    groupwise_correlation,
    joint_cumulant,
    mutual_information,
    potential_density,
    transition_matrix,
)
from metastable.finite_size._noise_moments import absolute_moment
from metastable.networks import FiniteSizeNetwork

seeds = st.integers(0, 10**6)
noises = st.sampled_from(["gaussian", ("t", 9), "laplace", "uniform"])


def test_t1(regression):
    exact = exact_statistics(regression.t1())
    assert [round(m, 8) for m in exact.mean] == [0.23529875, 0.23529875, 0.38475898, 0.38475898]
    assert round(exact.correlation[0, 1], 8) == 0.19598382
    assert round(groupwise_correlation(exact, [0, 1, 2]), 8) == 0.05300501
    assert round(exact.potential_correlation[0, 1], 8) == 0.50092571
    assert round(groupwise_correlation(exact, [0, 1, 2], of="potential"), 8) == -0.04667558
    assert round(exact.stationary[0], 8) == 0.35963634


def test_t10_two_neurons_without_autapses_are_independent(regression):
    exact = exact_statistics(regression.t10())
    assert [round(m, 8) for m in exact.mean] == [0.41488167, 0.49827515]
    assert abs(exact.correlation[0, 1]) < 1e-14
    assert mutual_information(exact, 0, 1) < 1e-13


@given(seeds)
def test_two_neurons_without_autapses_in_closed_form(seed):
    # Each is driven by the other one step before: m_0 and m_1 solve two linear equations.
    rng = np.random.default_rng(seed)
    w01, w10, i0, i1 = rng.normal(0, 2, 4)
    net = FiniteSizeNetwork(weights=[[0, w01], [w10, 0]], stimulus=[i0, i1], sigma=[0.8, 1.2])
    p0, p1 = (stats.norm.cdf(np.array([i, i + w]) / s) for i, w, s in ((i0, w01, 0.8), (i1, w10, 1.2)))
    m = np.linalg.solve([[1, -(p0[1] - p0[0])], [-(p1[1] - p1[0]), 1]], [p0[0], p1[0]])
    exact = exact_statistics(net)
    np.testing.assert_allclose(exact.mean, m, rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(exact.stationary, np.outer([1 - m[1], m[1]], [1 - m[0], m[0]]).ravel(), atol=1e-14)


@given(seeds, st.sampled_from([0.0, 0.4]), st.integers(0, 3))
def test_activity(brute, seed, rho, lag):
    net = brute.network(seed, correlation=rho)
    exact = exact_statistics(net)
    matrix, states = transition_matrix(net), np.array(brute.states(net.n_neurons))
    law, power = brute.law(matrix), np.linalg.matrix_power(matrix, lag)
    mean = sum(p * state for p, state in zip(law, states, strict=True))
    product = sum(
        law[s] * power[t, s] * np.outer(states[t], states[s]) for s, t in itertools.product(range(len(law)), repeat=2)
    )
    np.testing.assert_allclose(exact.mean, mean, atol=1e-12)
    np.testing.assert_allclose(exact.lagged_covariance(lag), product - np.outer(mean, mean), atol=1e-12)
    if lag == 0:
        np.testing.assert_allclose(exact.covariance, product - np.outer(mean, mean), atol=1e-12)


@settings(max_examples=8)
@given(seeds, noises, st.integers(1, 3))
def test_lagged_potentials_by_all_paths(brute, seed, noise, lag):
    net = brute.network(seed, n=2, noise=noise, sigma=[0, 1.5] if seed % 5 == 0 else [0.7, 1.5])
    if seed % 5 == 0 and len(np.unique(np.linalg.matrix_power(transition_matrix(net), 500).round(9), axis=1).T) > 1:
        return
    exact, matrix, states = exact_statistics(net), transition_matrix(net), brute.states(2)
    mean = np.array([[brute.mean_potential(net, s, i) for i in range(2)] for s in states])
    centre = exact.stationary @ mean
    power = np.linalg.matrix_power(matrix, lag - 1)
    expected = np.zeros((2, 2))
    for s, (t, after), j in itertools.product(range(4), enumerate(states), range(2)):
        # E[(V_j - <V_j>); A' = after | A = before]: neuron j by integration, the other by its probability.
        other = 1 - j
        chance_other = matrix[[t for t, x in enumerate(states) if x[other] == after[other]], s].sum()
        above = brute.upper_mean(net, j, net.threshold[j] - mean[s, j]) if net.sigma[j] else 0.0
        own = (above if after[j] else -above) * chance_other + (mean[s, j] - centre[j]) * matrix[t, s]
        expected[:, j] += exact.stationary[s] * own * (power[:, t] @ mean)
    np.testing.assert_allclose(exact.lagged_covariance(lag, of="potential"), expected, atol=1e-8)
    np.testing.assert_array_equal(exact.lagged_covariance(0, of="potential"), exact.potential_covariance)


@pytest.mark.parametrize("rho", [0.5, np.array([[1, 0.6, -0.2], [0.6, 1, 0.1], [-0.2, 0.1, 1]])])
def test_potentials_of_a_simulation_with_common_noise(brute, rho):
    net = brute.network(21, n=3, correlation=rho)
    exact = exact_statistics(net)
    runs = simulate(net, duration_ms=1_100, n_trials=200, seed=3, record_potentials=True).potentials[:, 100:]
    centred = runs - exact.potential_mean
    for lag in range(3):
        # Trials are independent, and tell the spread of their mean.
        each = np.einsum("kti,ktj->kij", centred[:, lag:], centred[:, : 1000 - lag]) / (1000 - lag)
        error = each.std(axis=0, ddof=1) / np.sqrt(200)
        assert (np.abs(each.mean(axis=0) - exact.lagged_covariance(lag, of="potential")) < 4.5 * error).all()
    each = centred.prod(axis=2).mean(axis=1)
    assert abs(each.mean() - joint_cumulant(exact, [0, 1, 2], of="potential")) < 4.5 * each.std() / np.sqrt(200)
    assert np.abs(exact.lagged_covariance(1, of="potential")).max() > 0.05


@settings(max_examples=15)
@given(seeds, noises, st.sampled_from([2, 3]))
def test_groupwise_correlation_by_integration(brute, seed, noise, order):
    net = brute.network(seed, n=3, noise=noise)
    exact, group = exact_statistics(net), [2, 0, 1][:order]
    law, states = exact.stationary, brute.states(3)
    m = [sum(p * s[i] for p, s in zip(law, states, strict=True)) for i in range(3)]
    top = sum(p * math.prod(s[i] - m[i] for i in group) for p, s in zip(law, states, strict=True))
    down = [sum(p * abs(s[i] - m[i]) ** order for p, s in zip(law, states, strict=True)) for i in group]
    assert groupwise_correlation(exact, group) == pytest.approx(top / math.prod(down) ** (1 / order), abs=1e-12)
    mu = [[brute.mean_potential(net, s, i) for i in range(3)] for s in states]
    v = [sum(p * x[i] for p, x in zip(law, mu, strict=True)) for i in range(3)]
    top = sum(p * math.prod(x[i] - v[i] for i in group) for p, x in zip(law, mu, strict=True))
    z = np.linspace(-12, 12, 40_001) if noise != "uniform" else (np.arange(40_000) + 0.5) / 40_000 * 2 - 1
    frozen = (stats.norm if noise == "gaussian" else getattr(stats, noise if isinstance(noise, str) else noise[0]))(
        *([] if isinstance(noise, str) else noise[1:])
    )
    x = z * (np.sqrt(3) if noise == "uniform" else 1)
    weight = frozen.std() * frozen.pdf(frozen.mean() + frozen.std() * x) if noise != "uniform" else np.ones(x.size)
    weight = weight / weight.sum()
    down = [
        sum(p * (weight @ np.abs(y[i] - v[i] + net.sigma[i] * x) ** order) for p, y in zip(law, mu, strict=True))
        for i in group
    ]
    expected = top / math.prod(down) ** (1 / order)
    assert groupwise_correlation(exact, group, of="potential") == pytest.approx(expected, abs=1e-5)


@given(seeds)
def test_order_two_is_pearson(brute, seed):
    net = brute.network(seed, n=3, correlation=0.3)
    exact = exact_statistics(net)
    for i, j in itertools.combinations(range(3), 2):
        assert groupwise_correlation(exact, [i, j]) == pytest.approx(exact.correlation[i, j], abs=1e-10)
        pearson = exact.potential_correlation[i, j]
        assert groupwise_correlation(exact, [i, j], of="potential") == pytest.approx(pearson, abs=1e-13)


@given(seeds)
def test_order_four_of_potentials_by_pairings(brute, seed):
    net = brute.network(seed, n=4, correlation=0.35)
    exact = exact_statistics(net)
    mu = np.array([[brute.mean_potential(net, s, i) for i in range(4)] for s in brute.states(4)])
    d, c = mu - exact.stationary @ mu, 0.35 * np.outer(net.sigma, net.sigma)
    pairs = [(0, 1, 2, 3), (0, 2, 1, 3), (0, 3, 1, 2)]
    one = sum(c[i, j] * d[:, k] * d[:, m] + c[k, m] * d[:, i] * d[:, j] for i, j, k, m in pairs)
    moment = exact.stationary @ (d.prod(axis=1) + one + sum(c[i, j] * c[k, m] for i, j, k, m in pairs))
    # E x^4 of a normal variable.
    fourth = exact.stationary @ (d**4 + 6 * d**2 * net.sigma**2 + 3 * net.sigma**4)
    found = groupwise_correlation(exact, [0, 1, 2, 3], of="potential")
    assert found == pytest.approx(moment / fourth.prod() ** 0.25, rel=1e-10, abs=1e-12)
    cov = d.T @ (exact.stationary[:, None] * d) + c
    cumulant = moment - sum(cov[i, j] * cov[k, m] for i, j, k, m in pairs)
    assert joint_cumulant(exact, [0, 1, 2, 3], of="potential") == pytest.approx(cumulant, abs=1e-10)


def test_absolute_moments_of_far_states():
    # A neuron that is 200 sigma from its mean: odd orders, where 1F1 is no polynomial.
    net = FiniteSizeNetwork(weights=[[0, 40], [0, 0]], sigma=[0.1, 1], stimulus=0)
    spread = 0.5 * sum(
        integrate.quad(lambda x, c=c: abs(c + 0.1 * x) ** 3 * stats.norm.pdf(x), -9, 9)[0] for c in (-20, 20)
    )
    exact = exact_statistics(net)
    np.testing.assert_allclose(exact.mean, [stats.norm.cdf(0) / 2 + 0.5, 0.5], atol=1e-12)
    distance = exact.mean_potentials[:, 0] - exact.potential_mean[0]
    assert exact.stationary @ absolute_moment(net, distance, 0.1, 3) == pytest.approx(spread, rel=1e-10)


def test_cumulants_of_independent_parts_vanish():
    rng = np.random.default_rng(4)
    weights = np.zeros((5, 5))
    weights[:2, :2], weights[2:, 2:] = rng.normal(0, 2, (2, 2)), rng.normal(0, 2, (3, 3))
    exact = exact_statistics(FiniteSizeNetwork(weights=weights, sigma=0.8))
    for of in ("activity", "potential"):
        assert abs(joint_cumulant(exact, range(5), of=of)) < 1e-13
        assert abs(joint_cumulant(exact, [2, 3, 4], of=of)) > 1e-4
        assert abs(groupwise_correlation(exact, range(5), of=of)) > 1e-6
    # Third order is the central moment itself.
    centred = (exact.states - exact.mean)[:, 2:].prod(axis=1)
    assert joint_cumulant(exact, [2, 3, 4]) == pytest.approx(exact.stationary @ centred, abs=1e-15)
    assert joint_cumulant(exact, [3]) == exact.mean[3]
    assert joint_cumulant(exact, [3], of="potential") == exact.potential_mean[3]
    assert mutual_information(exact, [0, 1], [2, 3, 4], lag=3) < 1e-12


def test_gaussian_potentials_have_no_cumulants_above_the_second():
    # Six of them: three pairs enter with the factor 2! of their partition.
    exact = exact_statistics(FiniteSizeNetwork(weights=np.zeros((6, 6)), sigma=1, correlation=0.4))
    assert exact.potential_covariance[0, 1] == pytest.approx(0.4)
    assert abs(joint_cumulant(exact, range(6), of="potential")) < 1e-12


def entropy(law):
    return -sum(p * math.log2(p) for p in law if p > 0)


@given(seeds, st.integers(0, 2))
def test_mutual_information(brute, seed, lag):
    net = brute.network(seed, n=3)
    matrix, states = brute.matrix(net), brute.states(3)
    law, power = brute.law(brute.matrix(net)).clip(0), np.linalg.matrix_power(matrix, lag)
    joint, x, y = {}, {}, {}
    for (s, before), (t, after) in itertools.product(enumerate(states), repeat=2):
        p = law[s] * power[t, s]
        for table, key in ((joint, (after[2], after[0], before[1])), (x, (after[2], after[0])), (y, before[1])):
            table[key] = table.get(key, 0.0) + p
    expected = entropy(x.values()) + entropy(y.values()) - entropy(joint.values())
    assert mutual_information(net, [0, 2], 1, lag=lag) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("options", [{}, {"noise": ("t", 5)}, {"correlation": 0.5}])
def test_potential_density(brute, options):
    net = brute.network(8, n=3, **options)
    exact = exact_statistics(net)
    v = np.linspace(-40, 40, 80_001)
    density = potential_density(exact, v, neurons=1)
    assert np.trapezoid(density, v) == pytest.approx(1, abs=1e-4 if "noise" in options else 1e-9)
    assert np.trapezoid(density * v, v) == pytest.approx(exact.potential_mean[1], abs=1e-3)
    # Its mass above threshold is the probability of being active.
    above = v >= net.threshold[1]
    assert np.trapezoid(density[above], v[above]) == pytest.approx(exact.mean[1], abs=1e-3)
    # Of two neurons, the marginal and the orthant.
    w = np.linspace(-25, 25, 1001)
    grid = np.stack(np.meshgrid(v[::800], w, indexing="ij"), axis=-1)
    marginal = np.trapezoid(potential_density(exact, grid, neurons=[1, 2]), w, axis=1)
    np.testing.assert_allclose(marginal, density[::800], atol=1e-4)
    one = potential_density(exact, [0.3, -0.2], neurons=[1, 2])
    assert one.shape == ()
    states, rho = brute.states(3), float(options.get("correlation", 0))
    if "noise" not in options:
        cov = np.array([[1, rho], [rho, 1]]) * np.outer(net.sigma[1:], net.sigma[1:])
        expected = sum(
            p * stats.multivariate_normal.pdf([0.3, -0.2], [brute.mean_potential(net, s, i) for i in (1, 2)], cov)
            for p, s in zip(exact.stationary, states, strict=True)
        )
        assert float(one) == pytest.approx(expected, rel=1e-12)


def test_neurons_that_never_change(brute):
    net = FiniteSizeNetwork(weights=[[0, 1], [0, 0]], threshold=[0, 1], sigma=[1, 0])
    exact = exact_statistics(net)
    assert np.isnan(exact.correlation[0, 1])
    assert np.isnan(groupwise_correlation(exact, [0, 1]))
    assert np.isnan(groupwise_correlation(exact, [0, 1], of="potential"))
    assert "activity undefined" in repr(exact)


def test_it_prints_what_it_is(regression):
    text = repr(exact_statistics(regression.t1()))
    assert "4 neurons\n  most probable states: 0000 0.3596" in text
    assert "mean activity: E 0.2353, I 0.3848" in text
    assert "mean activity: 0.5\n" in repr(exact_statistics(FiniteSizeNetwork(weights=np.zeros((2, 2)), sigma=1)))
    assert "pairs" not in repr(exact_statistics(FiniteSizeNetwork(weights=[[1]], sigma=1)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda e: groupwise_correlation(e, [0]), r"neurons must be at least 2 different ones, got \[0\]"),
        (lambda e: groupwise_correlation(e, [0, 0]), "neurons must be at least 2 different ones"),
        (lambda e: groupwise_correlation(e, [0, 9]), "neurons runs from 0 to 9"),
        (lambda e: groupwise_correlation(e, [0, 1], of="rate"), "of must be one of 'activity', 'potential'"),
        (lambda e: joint_cumulant(e, []), "neurons must be at least 1 different ones"),
        (lambda e: mutual_information(e, [], 1), "first must be different neurons, at least one"),
        (lambda e: mutual_information(e, 0, [1, 1]), "second must be different neurons"),
        (lambda e: e.lagged_covariance(-1), "lag must be at least 0"),
        (lambda e: potential_density(e, [0.0], neurons=3), "sigma of neuron 3 is 0, so that its potential has no"),
        (lambda e: potential_density(e, [0.0], neurons=[0, 1]), r"potentials must have shape \(\.\.\., 2\)"),
        (lambda e: potential_density(e, [0.0, 0.0], neurons=[1, 1]), "neurons must be different ones"),
    ],
)
def test_refusals(call, message):
    net = FiniteSizeNetwork(weights=np.zeros((4, 4)), sigma=[1, 1, 1, 0])
    with pytest.raises(ValueError, match=message):
        call(exact_statistics(net))


def test_refusals_of_other_noise():
    one = exact_statistics(FiniteSizeNetwork(weights=np.zeros((2, 2)), sigma=1, correlation=1))
    with pytest.raises(ValueError, match="is perfectly correlated, so that their potentials have no joint density"):
        potential_density(one, [0.0, 0.0], neurons=[0, 1])
    with pytest.raises(ValueError, match="lagged covariances of potentials need noise that at most two common"):
        one.lagged_covariance(1, of="potential")
    heavy = exact_statistics(FiniteSizeNetwork(weights=np.zeros((4, 4)), sigma=1, noise=("t", 4)))
    with pytest.raises(ValueError, match="has no finite moment of order 4"):
        groupwise_correlation(heavy, range(4), of="potential")
    many = exact_statistics(FiniteSizeNetwork(weights=np.zeros((11, 11)), sigma=1))
    with pytest.raises(ValueError, match="a cumulant of 11 neurons has too many partitions"):
        joint_cumulant(many, range(11))


def test_odd_moments_of_other_noise_at_kinks_and_far_away():
    net = FiniteSizeNetwork(weights=[[0, 1], [1, 0]], sigma=1, noise="laplace")
    scale = 1 / math.sqrt(2)
    distance = np.array([-2.03, -0.7, 0.0, 0.41, 1.3])
    # E|d + xi| of Laplace noise in closed form.
    closed = np.abs(distance) + scale * np.exp(-np.abs(distance) / scale)
    np.testing.assert_allclose(absolute_moment(net, distance, 1.0, 1), closed, rtol=1e-12)
    # At low noise bounds are far apart: a fine grid between them would not fit.
    far = FiniteSizeNetwork(weights=[[0, 1], [1, 0]], sigma=1, noise=("t", 9))
    found = absolute_moment(far, np.array([-1.0, 1e-8, 1.0]), 1e-8, 1)
    np.testing.assert_allclose(found[[0, 2]], 1, rtol=1e-12)
