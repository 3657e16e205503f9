"""Transition probabilities against loops, numerical integration and closed forms."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from metastable.finite_size import evolve, transition_matrix
from metastable.finite_size._common_noise import CommonNoise
from metastable.finite_size._orthants import orthant_probabilities
from metastable.finite_size._transitions import chain_of
from metastable.networks import FiniteSizeNetwork

seeds = st.integers(0, 10**6)


@settings(max_examples=20)
@given(seeds, st.sampled_from(["gaussian", ("t", 5), "laplace", ("gamma", 2), "uniform"]))
def test_independent_noise(brute, seed, noise):
    net = brute.network(seed, noise=noise)
    matrix = transition_matrix(net)
    np.testing.assert_allclose(matrix, brute.matrix(net), rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(matrix.sum(axis=0), 1, rtol=0, atol=1e-14)


@given(seeds)
def test_without_noise_it_is_the_map(brute, seed):
    # Small integers: neurons that are exactly at threshold occur, and count as active.
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    whole = {"weights": rng.integers(-2, 3, (n, n)), "threshold": rng.integers(-1, 2, n)}
    net = FiniteSizeNetwork(**whole, sigma=rng.integers(0, 2, n) * (seed % 2))
    np.testing.assert_allclose(transition_matrix(net), brute.matrix(net), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("rho", [0.3, 0.9, 0.99])
@pytest.mark.parametrize("n", [2, 4])
def test_equal_correlations_against_a_fine_sum_over_the_common_noise(brute, n, rho):
    net = brute.network(11, n=n, sigma=1.3, correlation=rho)
    z = np.linspace(-12, 12, 20_001)
    weight = stats.norm.pdf(z) / stats.norm.pdf(z).sum()
    states, expected = brute.states(n), np.zeros((2**n, 2**n))
    for s, before in enumerate(states):
        b = [(brute.mean_potential(net, before, i) - net.threshold[i]) / 1.3 for i in range(n)]
        p = [stats.norm.cdf((x + np.sqrt(rho) * z) / np.sqrt(1 - rho)) for x in b]
        for t, after in enumerate(states):
            expected[t, s] = weight @ np.prod([p[i] if after[i] else 1 - p[i] for i in range(n)], axis=0)
    np.testing.assert_allclose(transition_matrix(net), expected, rtol=0, atol=2e-15)


@given(seeds)
def test_one_noise_for_all(brute, seed):
    net = brute.network(seed, correlation=1)
    n = net.n_neurons
    if n == 1:
        return
    for s, before in enumerate(brute.states(n)):
        # Neuron i is active if the noise is at least this.
        need = [(net.threshold[i] - brute.mean_potential(net, before, i)) / net.sigma[i] for i in range(n)]
        for t, after in enumerate(brute.states(n)):
            low = max((need[i] for i in range(n) if after[i]), default=-np.inf)
            high = min((need[i] for i in range(n) if not after[i]), default=np.inf)
            expected = max(0.0, stats.norm.cdf(high) - stats.norm.cdf(low))
            assert transition_matrix(net)[t, s] == pytest.approx(expected, abs=1e-15)


def random_correlation(seed, n, *, own=0.0):
    factors = np.random.default_rng(seed).normal(size=(n, n))
    matrix = factors @ factors.T
    matrix /= np.sqrt(np.outer(np.diag(matrix), np.diag(matrix)))
    matrix = (1 - own) * (matrix + matrix.T) / 2
    np.fill_diagonal(matrix, 1)
    return matrix


@pytest.mark.parametrize("n", [2, 3])
def test_any_correlations_of_two_and_three_neurons_in_the_middle(n):
    # Orthants of a centred normal law have a closed form.
    matrix = random_correlation(3, n, own=0.3)
    net = FiniteSizeNetwork(weights=np.zeros((n, n)), sigma=2, correlation=matrix)
    angles = sum(np.arcsin(matrix[i, j]) for i, j in itertools.combinations(range(n), 2))
    np.testing.assert_allclose(transition_matrix(net)[-1], 2.0**-n + angles / (2 ** (n - 1) * np.pi), atol=1e-15)


def test_orthants_and_common_factors_agree():
    matrix = random_correlation(5, 3, own=0.3)
    margin = np.random.default_rng(1).normal(size=(4, 3))
    common = CommonNoise.of(matrix, 3)
    orthants = orthant_probabilities(margin, matrix)
    for row, b in enumerate(margin):
        p = stats.norm.cdf((b + common.common) / common.own)
        for s in range(8):
            active = [bool(s >> i & 1) for i in range(3)]
            assert orthants[row, s] == pytest.approx(common.weights @ np.where(active, p, 1 - p).prod(axis=1), abs=5e-5)


def test_orthants_of_five_neurons_against_scipy():
    matrix = random_correlation(8, 5)
    assert CommonNoise.of(matrix, 5) is None
    net = FiniteSizeNetwork(weights=np.eye(5), threshold=[0.5, 0, 1, -0.5, 0], sigma=1, correlation=matrix)
    law = transition_matrix(net)[:, 9]
    np.testing.assert_allclose(law.sum(), 1, atol=1e-14)
    mean = np.array([1, 0, 0, 1, 0]) - net.threshold
    # All active, and others by their signs.
    for state in (31, 9, 6):
        sign = np.array([1 if state >> i & 1 else -1 for i in range(5)])
        expected = stats.multivariate_normal.cdf(sign * mean, cov=matrix * np.outer(sign, sign), rng=1)
        assert law[state] == pytest.approx(expected, abs=3e-5)


def test_orthants_of_singular_noise():
    # The third neuron has the noise of the first, the fourth that of the second turned round.
    link = np.kron([[1, 1], [1, 1]], np.eye(2))
    link[1, 3] = link[3, 1] = -1
    net = FiniteSizeNetwork(weights=np.zeros((4, 4)), sigma=1, correlation=link)
    expected = np.zeros(16)
    expected[[0b1000, 0b0101 + 0b1000, 0b0010, 0b0111]] = 0.25
    np.testing.assert_allclose(transition_matrix(net)[:, 0], expected, atol=1e-6)


@given(seeds, st.sampled_from([0.0, 0.4]))
def test_steps_of_a_law_are_those_of_the_matrix(brute, seed, rho):
    net = brute.network(seed, n=4, correlation=rho)
    chain, matrix = chain_of(net, 0), transition_matrix(net)
    rng = np.random.default_rng(seed)
    law, values = rng.random(16), rng.normal(size=16)
    np.testing.assert_allclose(chain.forward(law), matrix @ law, atol=1e-14)
    np.testing.assert_allclose(chain.backward(values), values @ matrix, atol=1e-14)


def test_blocks_and_factors_made_anew_do_not_matter(brute, monkeypatch):
    net = brute.network(2, n=6, correlation=0.2)
    law = np.random.default_rng(1).random(64)
    expected = chain_of(net, 0).forward(law)
    monkeypatch.setattr("metastable.finite_size._chain._BLOCK_BYTES", 1000)
    monkeypatch.setattr("metastable.finite_size._chain._KEPT_BYTES", 0)
    chain = chain_of(net, 0)
    np.testing.assert_allclose(chain.forward(law), expected, atol=1e-14)
    np.testing.assert_allclose(chain.matrix().T @ law, expected, atol=1e-14)


def test_law_in_time_under_a_changing_stimulus(brute):
    stimulus = np.random.default_rng(3).normal(size=(4, 3))
    net = brute.network(4, n=3, stimulus=stimulus)
    laws = evolve(net, [1, 0, 1], n_steps=6, first_step=1)
    expected = np.eye(8)[5]
    for t, law in enumerate(laws):
        np.testing.assert_allclose(law, expected, atol=1e-14)
        expected = brute.matrix(net, 1 + t) @ expected
    np.testing.assert_allclose(evolve(net, laws[2], n_steps=2, first_step=3)[2], laws[4], atol=1e-14)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda net: transition_matrix(net(14)), ValueError, r"16,384 states would take 2 GiB .* at most 8,192 states"),
        (lambda net: evolve(net(19), [0] * 19, n_steps=1), ValueError, r"4\^19 multiplications, 27 seconds"),
        (lambda net: transition_matrix(net(8, correlation=random_correlation(1, 8))), ValueError, "orthant"),
        (lambda net: transition_matrix(net(3), -1), ValueError, "step must be at least 0"),
        (lambda net: transition_matrix(np.eye(2)), TypeError, "network must be a FiniteSizeNetwork, got ndarray"),
        (lambda net: evolve(net(3), [0, 1], n_steps=1), ValueError, r"initial must be a state, shape \(3,\), or a law"),
        (lambda net: evolve(net(3), [0, 1, 0.5], n_steps=1), ValueError, "initial must hold 0 and 1"),
        (lambda net: evolve(net(2), [0.5, 0, 0, 0], n_steps=1), ValueError, "probabilities that sum to 1"),
        (lambda net: evolve(net(12), [0] * 12, n_steps=200_000), ValueError, "200,000 steps .* would take 6.1 GiB"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call(lambda n, **options: FiniteSizeNetwork(weights=np.zeros((n, n)), sigma=1, **options))
