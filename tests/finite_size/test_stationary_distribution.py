"""The stationary law and its relaxation, against exact fractions, least squares and simulation."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metastable import simulate
from metastable.finite_size import evolve, exact_statistics, relaxation, stationary_distribution, transition_matrix
from metastable.finite_size._gth import gth
from metastable.networks import FiniteSizeNetwork

seeds = st.integers(0, 10**6)


def exact_law(probabilities):
    """Gaussian elimination with fractions; rows sum to 1 after the diagonal is set."""
    n = len(probabilities)
    p = [[Fraction(float(x)) for x in row] for row in probabilities]
    for i in range(n):
        p[i][i] = 1 - sum(p[i][j] for j in range(n) if j != i)
    rows = [[p[j][i] - (i == j) for j in range(n)] + [Fraction(0)] for i in range(n)]
    rows[-1] = [Fraction(1)] * (n + 1)
    for i in range(n):
        pivot = next(k for k in range(i, n) if rows[k][i] != 0)
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for k in range(n):
            if k != i and rows[k][i]:
                rows[k] = [x - rows[k][i] * y for x, y in zip(rows[k], rows[i], strict=True)]
    return [row[-1] for row in rows]


@given(seeds)
def test_elimination_keeps_all_digits_of_the_smallest_probability(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 8))
    p = 10.0 ** rng.uniform(-25, 0, (n, n)) / n
    exact = exact_law(p)
    np.testing.assert_allclose(gth(p), [float(x) for x in exact], rtol=1e-14)


def test_elimination_by_panels():
    rng = np.random.default_rng(1)
    for n in (47, 48, 49, 50, 130):
        p = rng.random((n, n)) ** 8
        p /= p.sum(axis=1, keepdims=True)
        law = gth(p)
        np.testing.assert_allclose(law @ p, law, rtol=1e-12)


def test_low_noise_needs_elimination():
    # Both active or both silent: at sigma = .12 it changes once in 10^32 steps.
    bistable = {"weights": [[0, 2], [2, 0]], "threshold": 1}
    for sigma in (0.12, 0.2):
        net = FiniteSizeNetwork(**bistable, sigma=sigma, stimulus=[0.002, 0])
        exact = np.array([float(x) for x in exact_law(transition_matrix(net).T)])
        np.testing.assert_allclose(stationary_distribution(net), exact, rtol=1e-13)
    dense = stationary_distribution(net, method="dense")
    assert np.abs(dense / exact - 1).max() > 1e-12
    with pytest.raises(ValueError, match='singular to rounding; use method="gth"'):
        stationary_distribution(FiniteSizeNetwork(**bistable, sigma=0.12), method="dense")


@given(seeds, st.sampled_from([0.0, 0.4]))
def test_all_methods_agree(brute, seed, rho):
    net = brute.network(seed, correlation=rho)
    law = stationary_distribution(net)
    np.testing.assert_allclose(law, brute.law(transition_matrix(net)), atol=1e-12)
    for method in ("dense", "gth", "iterative"):
        np.testing.assert_allclose(stationary_distribution(net, method=method), law, atol=1e-12)


def test_iteration_of_a_slow_network():
    # Two assemblies that change places once in some thousand steps: more than plain steps would wait for.
    weights = 2.0 * np.kron(np.eye(2), np.ones((5, 5))) / 5
    net = FiniteSizeNetwork(weights=weights, threshold=1, sigma=0.4, stimulus=np.repeat([0, 0.05], 5))
    assert relaxation(net, n_modes=2).times[1] > 300
    np.testing.assert_allclose(
        stationary_distribution(net, method="iterative"), stationary_distribution(net, method="gth"), atol=1e-12
    )


def test_iteration_is_the_choice_for_many_neurons():
    # 12 neurons, half of which receive nothing: those are independent of all, and of known rate.
    rng = np.random.default_rng(2)
    weights = np.zeros((12, 12))
    weights[:6, :6] = rng.normal(size=(6, 6))
    net = FiniteSizeNetwork(weights=weights, sigma=1, stimulus=np.repeat([0.2, 0.0], 6))
    part = FiniteSizeNetwork(weights=weights[:6, :6], sigma=1, stimulus=0.2)
    expected = np.kron(np.full(64, 1 / 64), stationary_distribution(part))
    np.testing.assert_allclose(stationary_distribution(net), expected, rtol=1e-10)


def test_a_neuron_without_noise_may_make_it_turn():
    # Neuron 0 changes in every step; the law in time turns for ever, the stationary one is unique.
    net = FiniteSizeNetwork(weights=[[-2, 0], [1, 0]], threshold=[-1, 0.3], sigma=[0, 1])
    law = stationary_distribution(net)
    np.testing.assert_allclose(law, brute_two(net), atol=1e-14)
    for method in ("dense", "iterative"):
        np.testing.assert_allclose(stationary_distribution(net, method=method), law, atol=1e-12)
    assert relaxation(net, n_modes=2).periods[1] == pytest.approx(2)
    assert np.isinf(relaxation(net, n_modes=2).times[1])


def brute_two(net):
    matrix = transition_matrix(net)
    return np.linalg.matrix_power((matrix + np.eye(4)) / 2, 2000)[:, 0]


def test_states_that_are_left_for_ever_have_probability_zero():
    # Bounded noise keeps an active neuron active; a silent one becomes active sooner or later.
    net = FiniteSizeNetwork(weights=[[3]], threshold=1, sigma=1, noise="uniform")
    for method in ("gth", "dense"):
        np.testing.assert_allclose(stationary_distribution(net, method=method), [0, 1], atol=1e-15)
    np.testing.assert_allclose(stationary_distribution(net, method="iterative"), [0, 1], atol=1e-9)


def test_regression_numbers(regression):
    law = stationary_distribution(regression.t1())
    assert round(law[0], 8) == 0.35963634
    np.testing.assert_array_equal(stationary_distribution(regression.t1(), method="gth"), law)


def test_a_changing_stimulus_acts_as_in_the_end(brute):
    rows = np.random.default_rng(3).normal(size=(3, 3))
    net = brute.network(4, n=3, stimulus=rows)
    np.testing.assert_allclose(stationary_distribution(net), stationary_distribution(net.with_stimulus(rows[-1])))


def test_simulation_visits_states_as_often_as_it_should(regression):
    net, n_steps = regression.t1(), 200_000
    exact = exact_statistics(net)
    states = simulate(net, duration_ms=n_steps, seed=4).states[0, 100:]
    seen = np.bincount(states, minlength=16) / states.size
    # The variance of a mean over time, from the exact autocovariance of being in each state.
    law, matrix, spread = exact.stationary, transition_matrix(net), np.zeros(16)
    power = np.eye(16)
    for lag in range(200):
        spread += (1 if lag == 0 else 2) * (law * np.diag(power) - law**2)
        power = matrix @ power
    assert (np.abs(seen - law) < 4 * np.sqrt(spread / states.size)).all()


@given(seeds)
def test_relaxation(brute, seed):
    net = brute.network(seed)
    found = relaxation(net, n_modes=2)
    size = np.sort(np.abs(np.linalg.eigvals(brute.matrix(net))))[::-1]
    np.testing.assert_allclose(np.abs(found.eigenvalues), size[:2], atol=1e-9)
    assert found.times[0] == np.inf
    assert found.times[1] == pytest.approx(-1 / np.log(size[1]) if size[1] > 1e-14 else 0, rel=1e-5, abs=0.1)


def test_relaxation_without_the_matrix_finds_modes_that_break_symmetry():
    # Equal neurons that excite themselves: differences between them last longest, and there are N - 1 of these modes.
    net = FiniteSizeNetwork(weights=3 * np.eye(9) - 0.1, threshold=1.5, sigma=0.8)
    found = relaxation(net, n_modes=4)
    values = np.linalg.eigvals(transition_matrix(net))
    np.testing.assert_allclose(np.sort(found.eigenvalues.real)[::-1], np.sort(values.real)[::-1][:4], atol=1e-10)


def test_the_law_in_time_comes_to_the_stationary_one_as_the_slowest_mode_says(regression):
    net = regression.t1()
    law, found = stationary_distribution(net), relaxation(net, n_modes=2)
    distance = np.abs(evolve(net, [1, 1, 1, 1], n_steps=40) - law).sum(axis=1)
    assert distance[40] < 1e-6 * distance[0]
    slope = np.polyfit(np.arange(10, 30), np.log(distance[10:30]), 1)[0]
    assert slope == pytest.approx(-1 / found.times[1], rel=0.1)


def test_it_prints_what_it_is(regression):
    assert repr(relaxation(regression.t1(), n_modes=3)).startswith("Relaxation(")


@pytest.mark.parametrize(
    ("options", "call", "message"),
    [
        ({"sigma": 0}, {}, "sigma is 0, and where a network without noise ends depends on where it starts"),
        ({"sigma": [0, 0, 1]}, {}, "ends in one of 4 sets of states between which no noise leads"),
        ({"sigma": [0, 0, 1]}, {"method": "iterative"}, "leaves some sets of states less than once in 10"),
        ({"sigma": 1}, {"method": "power"}, "method must be one of 'auto', 'dense', 'gth', 'iterative', got 'power'"),
    ],
)
def test_refusals(options, call, message):
    # Neurons that keep their state.
    net = FiniteSizeNetwork(weights=2 * np.eye(3), threshold=1, **options)
    with pytest.raises(ValueError, match=message):
        stationary_distribution(net, **call)


def test_refusal_of_what_does_not_fit():
    for n, method, message in ((14, "gth", "would take 2 GiB"), (19, "auto", "multiplications")):
        with pytest.raises(ValueError, match=message):
            stationary_distribution(FiniteSizeNetwork(weights=np.zeros((n, n)), sigma=1), method=method)
    with pytest.raises(ValueError, match="does not relax"):
        relaxation(FiniteSizeNetwork(weights=np.zeros((2, 2))))


def test_small_networks_have_all_their_modes():
    found = relaxation(FiniteSizeNetwork(weights=[[0.0]], sigma=1))
    np.testing.assert_allclose(found.eigenvalues, [1, 0], atol=1e-15)
