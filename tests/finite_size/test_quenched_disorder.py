import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from metastable.finite_size import (
    bifurcation_points,
    existence_probability,
    expected_stationary_states,
    stationary_states,
)
from metastable.networks import DisorderedNetwork


def phi(x):
    return 0.5 * math.erfc(-x / math.sqrt(2))


def random_disorder(seed, *, fixed=False, largest=3):
    rng = np.random.default_rng(seed)
    sizes = {"E": int(rng.integers(1, largest + 1)), "I": int(rng.integers(1, largest + 1))}
    return DisorderedNetwork(
        sizes=sizes,
        mean=rng.integers(-3, 4, (2, 2)),
        sd=np.zeros((2, 2)) if fixed else rng.choice([0.0, 0.5, 2.0], (2, 2)),
        probability=rng.choice([0.0, 0.25, 0.5, 1.0], (2, 2)),
        in_degree=1,
        threshold=rng.integers(-1, 3, 2),
        stimulus=rng.integers(-1, 3, 2),
    )


def populations(disorder):
    return [a for a, size in enumerate(disorder.sizes.values()) for _ in range(size)]


def chance_of_being_active(disorder, state, i):
    """Sum over all sets of connections onto one neuron."""
    of = populations(disorder)
    a = of[i]
    needed = float(disorder.threshold[a] - disorder.stimulus[a])
    inputs = [of[j] for j in range(len(of)) if state[j] and j != i]
    total = 0.0
    for there in itertools.product((0, 1), repeat=len(inputs)):
        p, mean, variance = 1.0, 0.0, 0.0
        for b, connected in zip(inputs, there, strict=True):
            p *= disorder.probability[a, b] if connected else 1 - disorder.probability[a, b]
            if connected:
                mean += disorder.mean[a, b] / disorder.in_degree[a]
                variance += (disorder.sd[a, b] / disorder.in_degree[a]) ** 2
        total += p * (phi((mean - needed) / math.sqrt(variance)) if variance else float(mean >= needed))
    return total


def expected_by_states(disorder):
    total = 0.0
    for state in itertools.product((0, 1), repeat=disorder.n_neurons):
        p = 1.0
        for i, active in enumerate(state):
            f = chance_of_being_active(disorder, state, i)
            p *= f if active else 1 - f
        total += p
    return total


@given(st.integers(0, 10**6))
@settings(max_examples=30)
def test_the_sum_over_counts_is_the_sum_over_states(seed):
    disorder = random_disorder(seed)
    assert expected_stationary_states(disorder).expected == pytest.approx(expected_by_states(disorder), rel=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3, 8, 20])
def test_symmetric_weights_without_stimulus(n):
    disorder = DisorderedNetwork(sizes={"E": n}, mean=0, sd=1.3)
    assert expected_stationary_states(disorder).expected == pytest.approx(1 + (n - 1) / 2**n, rel=1e-12)


@given(st.integers(0, 10**6))
@settings(max_examples=15)
def test_sparse_fixed_weights_are_averaged_over_all_graphs(seed):
    """Mean and variance by enumeration of every network, states by definition in whole numbers: ties are everywhere."""
    disorder = random_disorder(seed, fixed=True, largest=2)
    of, n = populations(disorder), disorder.n_neurons
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    p = {(i, j): float(disorder.probability[of[i], of[j]]) for i, j in pairs}
    open_ = [pair for pair in pairs if 0 < p[pair] < 1]
    if len(open_) > 8:
        return
    first = second = 0.0
    for there in itertools.product((0, 1), repeat=len(open_)):
        weight = {pair: int(p[pair] == 1) for pair in pairs} | dict(zip(open_, there, strict=True))
        chance = math.prod(p[pair] if one else 1 - p[pair] for pair, one in zip(open_, there, strict=True))
        number = 0
        for state in itertools.product((0, 1), repeat=n):
            after = tuple(
                int(
                    sum(int(disorder.mean[of[i], of[j]]) * weight[i, j] * state[j] for j in range(n) if j != i)
                    + int(disorder.stimulus[of[i]])
                    >= int(disorder.threshold[of[i]])
                )
                for i in range(n)
            )
            number += after == state
        first += chance * number
        second += chance * number**2
    found = expected_stationary_states(disorder, variance=True)
    assert found.expected == pytest.approx(first, rel=1e-11)
    assert found.variance == pytest.approx(second - first**2, rel=1e-9, abs=1e-11)


def test_the_variance_of_two_neurons_by_bivariate_normals_of_scipy():
    disorder = DisorderedNetwork(
        sizes={"E": 2, "I": 1}, mean=[[2, -1], [1, 0]], sd=[[1, 0.5], [2, 1]], in_degree=1, threshold=0.3, stimulus=0.1
    )
    of = populations(disorder)
    total = 0.0
    for s, t in itertools.product(itertools.product((0, 1), repeat=3), repeat=2):
        p = 1.0
        for i in range(3):
            a = of[i]
            mean = [sum(disorder.mean[a, of[j]] for j in range(3) if j != i and x[j]) - 0.2 for x in (s, t)]
            cov = np.array(
                [
                    [sum(disorder.sd[a, of[j]] ** 2 for j in range(3) if j != i and x[j] and y[j]) for x in (s, t)]
                    for y in (s, t)
                ]
            )
            sign = np.array([1 if s[i] else -1, 1 if t[i] else -1])
            # A little noise of its own makes certain inputs a density too.
            law = multivariate_normal(np.zeros(2), cov * np.outer(sign, sign) + 1e-13 * np.eye(2), allow_singular=True)
            p *= float(law.cdf(sign * np.array(mean)))
        total += p
    found = expected_stationary_states(disorder, variance=True)
    assert found.variance + found.expected**2 == pytest.approx(total, abs=1e-5)


def test_mean_variance_and_occupancy_against_drawn_networks():
    disorder = DisorderedNetwork(
        sizes={"E": 3, "I": 3},
        mean=[[3, -2], [1, -4]],
        sd=[[2, 1], [0, 3]],
        probability=[[0.4, 0.7], [1, 0.6]],
        in_degree=1,
        threshold=1,
        stimulus=[0.5, 1.5],
    )
    found = expected_stationary_states(disorder, variance=True)
    trials, active, number = 1000, np.zeros(2), []
    states = np.array(list(itertools.product((0, 1), repeat=6)))
    for k in range(trials):
        net = disorder.wire(seed=11, network=k)
        after = states @ net.weights.T + net.stimulus - net.threshold >= 0
        stationary = states[(after == states).all(axis=1)]
        number.append(len(stationary))
        active += [stationary[:, :3].sum(), stationary[:, 3:].sum()]
    number = np.array(number)
    assert abs(number.mean() - found.expected) < 3 * number.std() / math.sqrt(trials)
    squares = (number - number.mean()) ** 2
    assert abs(number.var() - found.variance) < 3 * squares.std() / math.sqrt(trials)
    assert found.standard_deviation == math.sqrt(found.variance)
    assert active / 3 / number.sum() == pytest.approx(found.activity, abs=3 * 0.5 / math.sqrt(number.sum()))
    assert found.occupancy.sum() == pytest.approx(1)


def test_many_neurons_and_numbers_beyond_floats():
    # Without weights a population right at threshold is active, and every other stimulus leaves one state as well.
    none = DisorderedNetwork(sizes={"E": 150, "I": 150}, mean=0, sd=0)
    assert expected_stationary_states(none).expected == pytest.approx(1)
    # Each of two balanced groups has its half active in any arrangement: C(1200, 600) states, beyond 1e308.
    halves = DisorderedNetwork(sizes={"I": 1200}, mean=-1, sd=0, in_degree=1, threshold=-599.5)
    found = expected_stationary_states(halves)
    assert found.log_expected == pytest.approx(math.log(math.comb(1200, 600)), rel=1e-12)
    assert found.expected == math.inf
    assert found.activity == pytest.approx(0.5)


def wired_edges(disorder, state, seed, trials):
    of = np.array(populations(disorder))
    lower, upper = np.full((trials, 2), -np.inf), np.full((trials, 2), np.inf)
    for k in range(trials):
        net = disorder.wire(seed=seed, network=k)
        needed = net.threshold - net.weights @ state
        for a in range(2):
            mine = of == a
            lower[k, a] = max(needed[mine & (state == 1)], default=-np.inf)
            upper[k, a] = min(needed[mine & (state == 0)], default=np.inf)
    return lower, upper


@pytest.mark.parametrize("probability", [1.0, 0.4])
@pytest.mark.parametrize("sd", [0.0, 1.5])
def test_edges_and_existence_against_drawn_networks(probability, sd):
    disorder = DisorderedNetwork(
        sizes={"E": 4, "I": 3}, mean=[[2, -3], [1, -2]], sd=sd, probability=probability, in_degree=1, threshold=[1, 0]
    )
    state, trials = np.array([1, 1, 0, 0, 1, 0, 0]), 800
    lower, upper = wired_edges(disorder, state, 21, trials)
    edges = bifurcation_points(disorder, [2, 1])
    for a, one in enumerate(edges):
        for x in (-2.0, 0.0, 1.0, 2.5):
            for values, law in ((lower, one.lower_cdf), (upper, one.upper_cdf)):
                p = float(law(x))
                assert abs((values[:, a] <= x + 1e-9).mean() - p) <= 3.5 * math.sqrt(p * (1 - p) / trials) + 1e-9
    p = existence_probability(disorder, [2, 1])
    exists = (lower < upper - 1e-9).all(axis=1).mean()
    assert abs(exists - p) <= 3.5 * math.sqrt(p * (1 - p) / trials) + 1e-9
    (together,) = bifurcation_points(disorder, [2, 1], together=True)
    q = together.existence_probability()
    both = (lower.max(axis=1) < upper.min(axis=1) - 1e-9).mean()
    assert abs(both - q) <= 3.5 * math.sqrt(q * (1 - q) / trials) + 1e-9
    for x in (0.0, 1.0):
        p = float(together.lower_cdf(x))
        assert abs((lower.max(axis=1) <= x + 1e-9).mean() - p) <= 3.5 * math.sqrt(p * (1 - p) / trials) + 1e-9


def test_existence_of_sparse_fixed_weights_by_sums_over_atoms():
    """Stimuli that are needed are whole numbers: the sum over them, with ties that do not count."""
    p, n_active, n_silent = 0.3, 3, 2
    disorder = DisorderedNetwork(sizes={"E": 5}, mean=2, sd=0, probability=p, in_degree=1)

    def law(active):
        return {-2 * k: math.comb(active, k) * p**k * (1 - p) ** (active - k) for k in range(active + 1)}

    exact = 0.0
    for low in itertools.product(law(n_active - 1).items(), repeat=n_active):
        for high in itertools.product(law(n_active).items(), repeat=n_silent):
            if max(x for x, _ in low) < min(x for x, _ in high):
                exact += math.prod(q for _, q in (*low, *high))
    assert existence_probability(disorder, [n_active]) == pytest.approx(exact, rel=1e-12)
    assert 0.001 < exact < 0.5


def test_existence_of_dense_weights_by_quadrature():
    disorder = DisorderedNetwork(sizes={"E": 7}, mean=-1, sd=1, in_degree=1)
    n = 3
    x = np.linspace(-30, 30, 60001)
    below = np.array([phi((v - (n - 1)) / math.sqrt(n - 1)) for v in x]) ** n
    above = np.array([phi((n - v) / math.sqrt(n)) for v in x]) ** (7 - n)
    exact = float(np.sum(np.diff(below) * 0.5 * (above[1:] + above[:-1])))
    assert existence_probability(disorder, [n]) == pytest.approx(exact, rel=1e-4)
    assert existence_probability(disorder, [n], tolerance=1e-6) == pytest.approx(exact, rel=1e-6)


def test_a_state_exists_where_its_box_is():
    disorder = DisorderedNetwork(sizes={"E": 2, "I": 2}, mean=[[2, -3], [1, -2]], sd=1, in_degree=1, threshold=1)
    trials, found = 100, 0
    for k in range(trials):
        states = [tuple(one.states[0].tolist()) for one in stationary_states(disorder.wire(seed=4, network=k))]
        found += (1, 0, 1, 0) in states
    p = existence_probability(disorder, [1, 1])
    assert abs(found / trials - p) < 3.5 * math.sqrt(p * (1 - p) / trials)


def test_sums_that_reach_threshold_but_for_rounding():
    assert 3 * 0.1 > 0.3
    disorder = DisorderedNetwork(sizes={"I": 4}, mean=-0.1, sd=0, in_degree=1, threshold=-0.3)
    (edges,) = bifurcation_points(disorder, [4])
    assert float(edges.lower_cdf(0.0)) == 1
    assert float(edges.lower_cdf(-1e-9)) == 0
    whole = DisorderedNetwork(sizes={"I": 4}, mean=-1, sd=0, in_degree=1, threshold=-3)
    found = np.exp(expected_stationary_states(disorder).log_by_count)
    assert found.tolist() == np.exp(expected_stationary_states(whole).log_by_count).tolist() == [0, 0, 0, 0, 1]


def test_ranks_beyond_the_first():
    disorder = DisorderedNetwork(sizes={"E": 5}, mean=-1, sd=1, probability=0.5, in_degree=1)
    (edges,) = bifurcation_points(disorder, [3])
    f = float(edges.active[0].cdf(1.0))
    assert float(edges.lower_cdf(1.0)) == pytest.approx(f**3)
    assert float(edges.lower_cdf(1.0, rank=2)) == pytest.approx(f**3 + 3 * f**2 * (1 - f))
    g = float(edges.silent[0].cdf(1.0))
    assert float(edges.upper_cdf(1.0)) == pytest.approx(1 - (1 - g) ** 2)
    assert float(edges.upper_cdf(1.0, rank=2)) == pytest.approx(g**2)
    (full,) = bifurcation_points(disorder, [5])
    assert float(full.upper_cdf(100.0)) == 0
    assert full.existence_probability() == 1
    (empty,) = bifurcation_points(disorder, [0])
    assert float(empty.lower_cdf(-100.0)) == 1


def test_edges_of_many_neurons_approach_gumbel():
    errors = []
    for n in (10, 100, 10_000):
        disorder = DisorderedNetwork(sizes={"E": 2 * n}, mean=-1, sd=1)
        (edges,) = bifurcation_points(disorder, [n])
        x = np.linspace(*(edges.active[0].quantile(q ** (1 / n)) for q in (0.02, 0.98)), 60)
        y = np.linspace(*(edges.silent[0].quantile(1 - q ** (1 / n)) for q in (0.98, 0.02)), 60)
        # Powers, not ranks: these go through n variables.
        exact = [edges.active[0].cdf(x) ** n, 1 - edges.silent[0].sf(y) ** n]
        limit = [edges.lower_gumbel(x), edges.upper_gumbel(y)]
        errors.append(max(np.abs(a - b).max() for a, b in zip(exact, limit, strict=True)))
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.02


def test_gumbel_constants_are_quantiles_of_the_normal_law():
    disorder = DisorderedNetwork(sizes={"E": 40}, mean=0, sd=1, in_degree=1)
    (edges,) = bifurcation_points(disorder, [20])
    # At a = F^-1(1 - 1/n) the limit is exp(-1), at a + b = F^-1(1 - 1/(en)) it is exp(-1/e).
    scale = math.sqrt(19)
    for tail, value in ((1 / 20, math.exp(-1)), (1 / (20 * math.e), math.exp(-1 / math.e))):
        low, high = 0.0, 10.0
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (middle, high) if phi(-middle) > tail else (low, middle)
        assert float(edges.lower_gumbel(scale * low)) == pytest.approx(value, rel=1e-9)
        assert float(edges.upper_gumbel(-math.sqrt(20) * low)) == pytest.approx(1 - value, rel=1e-9)


def test_refusals():
    disorder = DisorderedNetwork(sizes={"E": 3, "I": 2}, mean=0, sd=1, probability=[[0.1, 1], [1, 1]])
    with pytest.raises(TypeError, match="network must be DisorderedNetwork, got FiniteSizeNetwork; build one with"):
        expected_stationary_states(disorder.wire(seed=1))
    large = DisorderedNetwork(sizes={"E": 4000, "I": 4000}, mean=0, sd=1)
    with pytest.raises(ValueError, match=r"1.6e\+07 combinations of active neurons, which take 1.9 seconds and 1.6 GB"):
        expected_stationary_states(large)
    some = DisorderedNetwork(sizes={"E": 50, "I": 50}, mean=0, sd=1)
    with pytest.raises(
        ValueError, match=r"takes 1.8e\+10 probabilities of pairs of states, 70 minutes and 1.8e\+03 GB"
    ):
        expected_stationary_states(some, variance=True)
    with pytest.raises(TypeError, match="variance must be True or False"):
        expected_stationary_states(disorder, variance="yes")
    with pytest.raises(ValueError, match=r"counts must be 2 numbers of active neurons \(E, I\), got 1"):
        bifurcation_points(disorder, [1])
    with pytest.raises(ValueError, match="counts of I must be at most 2, got 3"):
        bifurcation_points(disorder, [1, 3])
    with pytest.raises(ValueError, match="tolerance must be at least 1e-06, got 1e-12"):
        existence_probability(disorder, [1, 1], tolerance=1e-12)
    edges = bifurcation_points(disorder, [2, 1])
    with pytest.raises(ValueError, match="rank must be at most 2, got 3"):
        edges[0].lower_cdf(0.0, rank=3)
    with pytest.raises(ValueError, match="population 'I' has one active neuron, and no limit of many"):
        edges[1].lower_gumbel(0.0)
    fixed = DisorderedNetwork(sizes={"E": 6}, mean=1, sd=0)
    with pytest.raises(ValueError, match=r"active neurons of 'E' need has an atom at -0.4, where the extreme one"):
        bifurcation_points(fixed, [3])[0].lower_gumbel(0.0)
    nobody = DisorderedNetwork(sizes={"I": 2}, mean=-1, sd=0, in_degree=1, threshold=[0.5], stimulus=[0.5])
    assert expected_stationary_states(nobody).expected == 2
    with pytest.raises(ValueError, match="no network has a stationary state at this stimulus"):
        _ = expected_stationary_states(
            DisorderedNetwork(sizes={"E": 1, "I": 1}, mean=[[0, -1], [1, 0]], sd=0, in_degree=1, threshold=[0, 1])
        ).occupancy
