"""The chain of cluster counts against the 2^N states of its units, dense linear algebra, and two simulations."""

import dataclasses
import functools
import itertools
import math

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.special import ndtr
from scipy.stats import binom
from threadpoolctl import threadpool_limits

import metastable as mst
from metastable.finite_size import cluster_chain
from metastable.networks import BinaryNetwork, BinaryPopulation, ClusterLayout, Connection


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    # Small matrices: waking threads for them costs more than it gives.
    with threadpool_limits(1):
        yield


def t11(*, inhibitory_clusters):
    """8 E + 4 I per cluster, J_E+ = 1.9, R_J = 0, g = 1.2, m_X = .3, tau = (1, .5)."""
    net = mst.networks.rost_2018(n_e=16, n_i=8, n_clusters=2, j_e_plus=1.9, m_x=0.3)
    e, i = net.populations
    layout = ClusterLayout.equal(8, 2) if inhibitory_clusters else None
    populations = dataclasses.replace(e, tau_ms=1.0), dataclasses.replace(i, tau_ms=0.5, layout=layout)
    return dataclasses.replace(net, populations=populations)


def random_network(seed, *, n_clusters=2, equal=False):
    """Three to nine units in clusters of any sizes, a background, probability and weight clustering."""
    rng = np.random.default_rng(seed)
    sizes = [2] * n_clusters if equal else rng.integers(1, 3, n_clusters).tolist()
    n_e = sum(sizes) + int(rng.integers(0, 3))
    n_i = n_clusters if equal else int(rng.integers(1, 3))
    layout_e = ClusterLayout.unequal(sizes, n_neurons=n_e)
    layout_i = ClusterLayout.equal(n_i, n_clusters) if equal else None
    populations = (
        BinaryPopulation(name="E", size=n_e, tau_ms=10, threshold=1, drive=rng.uniform(0, 2), layout=layout_e),
        BinaryPopulation(name="I", size=n_i, tau_ms=4, threshold=0.5, drive=rng.uniform(0, 2), layout=layout_i),
    )
    inside = {"j_plus": 2.0, "j_minus": 0.4} if equal else {}
    connections = (
        Connection(post="E", pre="E", probability=0.5, weight=rng.uniform(0.2, 1), j_plus=1.5, probability_ratio=1.2),
        Connection(post="I", pre="E", probability=0.3, weight=rng.uniform(0.2, 1), **inside),
        Connection(post="E", pre="I", probability=0.6, weight=-rng.uniform(0.2, 1), **inside),
    )
    return BinaryNetwork(populations=populations, connections=connections)


def units_of(network):
    """Population, cluster and tau of every unit."""
    units = []
    for p in network.populations:
        for u in range(p.size):
            member = np.flatnonzero(p.layout.membership[u]) if p.layout is not None else np.array([])
            units.append((p, int(member[0]) if member.size else -1))
    return units


def chain_of_units(network, noise_sd):
    """Return all 2^N states and their generator: every unit is set anew at rate 1/tau, from the others' activity."""
    units = units_of(network)
    n = len(units)
    present = {(c.post, c.pre) for c in network.connections}
    states = np.array(list(itertools.product((0, 1), repeat=n)))
    where = {tuple(s): k for k, s in enumerate(states.tolist())}
    generator = np.zeros((2**n, 2**n))
    for k, state in enumerate(states.tolist()):
        for i, (post, cluster) in enumerate(units):
            mean, variance = post.drive - post.threshold, noise_sd**2
            for j, (pre, other) in enumerate(units):
                if j == i or not state[j] or (post.name, pre.name) not in present:
                    continue
                block = network.block(post.name, pre.name)
                same = cluster == other != -1
                p, weight = (block.p_in, block.j_in) if same else (block.p_out, block.j_out)
                mean += p * weight
                variance += p * weight**2 - (p * weight) ** 2
            chance = 0.5 * math.erfc(-mean / math.sqrt(2 * variance))
            flipped = [*state[:i], 1 - state[i], *state[i + 1 :]]
            generator[k, where[tuple(flipped)]] = (chance if not state[i] else 1 - chance) / post.tau_ms
    np.fill_diagonal(generator, -generator.sum(axis=1))
    return states, generator


def stationary(generator):
    equations = np.vstack([generator.T, np.ones(len(generator))])
    return np.linalg.lstsq(equations, np.append(np.zeros(len(generator)), 1.0), rcond=None)[0]


def counts_in(network, chain, states):
    """Return what the columns of chain.counts are in states of units, (n_unit_states, n_groups)."""
    units = units_of(network)
    groups = [[i for i, (p, c) in enumerate(units) if (p.name, c) == label] for label in chain.labels]
    return np.stack([states[:, members].sum(axis=1) for members in groups], axis=1)


def same_state(chain, counts):
    """Return for each row of counts the state of a chain of distinct clusters, found by comparing."""
    return np.array([np.flatnonzero((chain.counts == row).all(axis=1))[0] for row in counts])


@pytest.mark.parametrize(
    ("inhibitory_clusters", "n_states", "clusters"), [(True, 2025, "distinct"), (False, 729, "tagged")]
)
def test_regression_numbers(inhibitory_clusters, n_states, clusters):
    chain = cluster_chain(t11(inhibitory_clusters=inhibitory_clusters), noise_sd=0.3, clusters=clusters)
    assert chain.n_states == n_states
    assert f"{chain.relaxation_times_ms(2)[1]:.4f}" == "3.7983"
    difference = 2 * chain.count("E", 0) - chain.count("E")
    found = chain.switching(difference >= 4, difference <= -4)
    assert f"{found.rate_ab:.6f}" == f"{found.rate_ba:.6f}" == "0.050102"


@pytest.mark.parametrize("seed", range(6))
def test_counts_lump_the_states_of_units(seed):
    net = random_network(seed)
    chain = cluster_chain(net, noise_sd=0.4)
    assert chain.n_states == np.prod(chain.sizes + 1)
    states, generator = chain_of_units(net, 0.4)
    state = same_state(chain, counts_in(net, chain, states))
    law = stationary(generator)
    np.testing.assert_allclose(np.bincount(state, law), chain.stationary, atol=1e-13)
    # The law in time, from a state of units.
    in_time = np.bincount(state, expm(7.0 * generator)[5])
    np.testing.assert_allclose(in_time, expm(7.0 * chain.generator.toarray())[state[5]], atol=1e-12)


@functools.cache
def three_clusters():
    """2 E and 1 I in each: network, states of units, generator, law, eigenvalues."""
    net = next(n for n in (random_network(s, n_clusters=3, equal=True) for s in range(99)) if n.n_neurons == 9)
    states, generator = chain_of_units(net, 1.0)
    return net, states, generator, stationary(generator), np.linalg.eigvals(generator)


@pytest.mark.parametrize("clusters", ["distinct", "tagged", "unordered"])
def test_lumping_over_clusters_is_exact(clusters):
    net, states, generator, law, modes = three_clusters()
    chain = cluster_chain(net, noise_sd=1.0, clusters=clusters)
    # 0 to 2 active E and 0 to 1 active I: six values of a cluster.
    n_states = {"distinct": 6**3, "tagged": 6 * math.comb(7, 2), "unordered": math.comb(8, 3)}[clusters]
    assert chain.n_states == n_states

    e_counts = np.stack([states[:, 2 * c : 2 * c + 2].sum(axis=1) for c in range(3)], axis=1)
    i_counts = states[:, -3:].sum(axis=1)
    for cluster in range(3):
        np.testing.assert_allclose(chain.count_law("E", cluster), np.bincount(e_counts[:, cluster], law), atol=1e-13)
    np.testing.assert_allclose(chain.count_law("I", None), np.bincount(i_counts, law), atol=1e-13)
    np.testing.assert_allclose(chain.n_active_law(0.5), np.bincount((e_counts >= 1).sum(axis=1), law), atol=1e-13)
    np.testing.assert_allclose(chain.n_active_law(1.0), np.bincount((e_counts >= 2).sum(axis=1), law), atol=1e-13)
    assert chain.mean_rate("I") == pytest.approx(i_counts @ law / 3, abs=1e-13)

    # Time to silence, and to three active clusters: symmetric, so that no lumping changes it.
    for target_units, target in (
        (states.sum(axis=1) == 0, chain.counts.sum(axis=1) == 0),
        ((e_counts >= 1).all(axis=1), chain.n_active(0.5) == 3),
    ):
        outside = ~target_units
        times = np.zeros(len(states))
        times[outside] = np.linalg.solve(generator[np.ix_(outside, outside)], -np.ones(outside.sum()))
        found = chain.mean_first_passage_ms(target)
        # By the stationary law and at the extremes.
        assert chain.stationary @ found == pytest.approx(law @ times, rel=1e-10)
        assert found.max() == pytest.approx(times.max(), rel=1e-10)

    # Modes of the lumped chain are modes of the units; the slowest of all need clusters told apart.
    for value in chain.eigenvalues(5):
        assert np.abs(modes - value).min() < 1e-9
    # Clusters that differ in one way: of cluster 0 and of two clusters alike these are kept.
    if clusters != "unordered":
        first = np.stack([e_counts[:, 0] >= 2, e_counts[:, 0] <= 0])
        expected_rate = transition_rate(generator, law, *first)
        rate = chain.switching(chain.count("E", 0) >= 2, chain.count("E", 0) <= 0).rate_ab
        assert rate == pytest.approx(expected_rate, rel=1e-10)


def transition_rate(generator, law, a, b):
    """Return the rate of switches from a to b with the time-reversed chain and both committors, state by state."""
    reversed_chain = (law[None, :] / law[:, None]) * generator.T
    np.fill_diagonal(reversed_chain, np.diagonal(generator))
    forward, backward = b.astype(float), a.astype(float)
    free = ~(a | b)
    for chain, committor in ((generator, forward), (reversed_chain, backward)):
        committor[free] = np.linalg.solve(chain[np.ix_(free, free)], -(chain[free] @ committor))
    # Net reactive current out of every state of A, by the pairwise formula.
    current = law[:, None] * backward[:, None] * generator * forward[None, :]
    return current[np.ix_(a, ~a)].sum() / (law @ backward)


@pytest.mark.parametrize("method", ["gth", "direct", "iterative"])
def test_switching_against_dense_algebra(method):
    net = random_network(8)
    chain = cluster_chain(net, noise_sd=0.3, method=method)
    generator = chain.generator.toarray()
    law = stationary(generator)
    np.testing.assert_allclose(chain.stationary, law, atol=1e-12)
    a, b = chain.count("E") >= chain.count("E").max() - 1, chain.count("E") == 0
    found = chain.switching(a, b)
    assert found.rate_ab == pytest.approx(transition_rate(generator, law, a, b), rel=1e-9)
    assert found.rate_ba == pytest.approx(transition_rate(generator, law, b, a), rel=1e-9)
    # Dwell times come from first passages, rates from committors: they are each other's inverse.
    assert found.dwell_a_ms * found.rate_ab == pytest.approx(1, rel=1e-9)
    assert found.dwell_b_ms * found.rate_ba == pytest.approx(1, rel=1e-9)
    back = chain.switching(b, a)
    np.testing.assert_allclose(back.forward, 1 - found.forward, atol=1e-10)
    # Of the rarest states the iteration knows the probability, but not its parts.
    weight = law if method == "iterative" else 1
    np.testing.assert_allclose(weight * back.backward, weight * (1 - found.backward), atol=1e-9)
    assert back.dwell_a_cv == pytest.approx(found.dwell_b_cv, rel=1e-8)


def test_dwell_times_of_one_unit_are_exponential():
    # A unit without input is set anew at rate 1/tau, to 1 with probability Phi(drive - threshold over noise).
    unit = BinaryPopulation(name="E", size=1, tau_ms=8, threshold=1, drive=1.2)
    chain = cluster_chain(BinaryNetwork(populations=(unit,), connections=()), noise_sd=0.5)
    on = 0.5 * math.erfc(-0.4 / math.sqrt(2))
    found = chain.switching(chain.count("E") == 1, chain.count("E") == 0)
    assert (found.dwell_a_ms, found.dwell_b_ms) == pytest.approx((8 / (1 - on), 8 / on), rel=1e-13)
    assert (found.dwell_a_cv, found.dwell_b_cv) == pytest.approx((1, 1), rel=1e-7)
    assert found.share_a == pytest.approx(on, rel=1e-13)
    np.testing.assert_allclose(chain.relaxation_times_ms(2), [np.inf, 8], rtol=1e-13)


@pytest.mark.parametrize("method", ["direct", "iterative"])
def test_units_without_connections_are_binomial(method):
    # Silence has probability 10^-265, and is no place to start the equations from.
    unit = BinaryPopulation(name="E", size=120, tau_ms=10, drive=3.5, layout=ClusterLayout.equal(120, 2))
    chain = cluster_chain(BinaryNetwork(populations=(unit,), connections=()), noise_sd=1, method=method)
    on = 0.5 * math.erfc(-2.5 / math.sqrt(2))
    np.testing.assert_allclose(chain.count_law("E", 1), binom.pmf(np.arange(61), 60, on), atol=1e-13)
    silent = float(chain.stationary[chain.count("E") == 0][0])
    if method == "direct":
        assert math.log(silent) == pytest.approx(120 * math.log(0.5 * math.erfc(2.5 / math.sqrt(2))), rel=1e-12)
    np.testing.assert_allclose(chain.relaxation_times_ms(3), [np.inf, 10, 10], rtol=1e-9)


@pytest.mark.parametrize(("n_clusters", "slowest"), [(2, 40), (3, 15)])
def test_methods_agree_beyond_small_chains(n_clusters, slowest):
    n_e, n_i, j_e_plus = {2: (24, 8, 1.9), 3: (24, 3, 2.2)}[n_clusters]
    net = mst.networks.rost_2018(n_e=n_e, n_i=n_i, n_clusters=n_clusters, j_e_plus=j_e_plus, m_x=0.3)
    found = {m: cluster_chain(net, noise_sd=0.3, clusters="tagged", method=m) for m in ("gth", "direct", "iterative")}
    exact = found["gth"]
    assert exact.n_states == {2: 13**2 * 9, 3: 9 * math.comb(10, 2) * 4}[n_clusters]
    times = exact.relaxation_times_ms(4)
    assert times[1] > slowest
    size = n_e // n_clusters
    up, down = exact.count("E", 0) >= 0.7 * size, exact.count("E", 0) <= 0.2 * size
    rates = exact.switching(up, down)
    for chain in found.values():
        np.testing.assert_allclose(chain.stationary, exact.stationary, atol=1e-10)
        np.testing.assert_allclose(chain.relaxation_times_ms(4), times, rtol=1e-8)
        assert chain.switching(up, down).rate_ab == pytest.approx(rates.rate_ab, rel=1e-8)
        assert not chain.stationary.flags.writeable
    # Modes of switching are the slowest, and go with the tag.
    alike = cluster_chain(net, noise_sd=0.3, clusters="unordered")
    assert alike.relaxation_times_ms(2)[1] < 0.7 * times[1]
    np.testing.assert_allclose(alike.n_active_law(0.5), exact.n_active_law(0.5), atol=1e-12)
    np.testing.assert_allclose(alike.count_law(), exact.count_law("E", n_clusters - 1), atol=1e-12)


def test_against_updates_of_units():
    # T11 as a simulation of units in 1,000 copies, 2,000 updates each: a unit is chosen with probability ~ 1/tau.
    rng = np.random.default_rng(11)
    copies, updates, per_time = 1000, 2000, 16 / 1 + 8 / 0.5
    j_ee, j_ie = 1 / math.sqrt(0.2 * 16), 1 / math.sqrt(0.5 * 16)
    j_ei, j_ii = -1.2 * j_ee * 0.2 * 16 / (0.5 * 8), -j_ie * 16 / 8
    j_ex = math.sqrt(0.2 * 16)
    unit = np.arange(24)
    post_e, pre_e = (unit < 16)[:, None], (unit < 16)[None, :]
    same = (unit[:, None] // 8 == unit[None, :] // 8) & post_e & pre_e
    weight = np.where(post_e, np.where(pre_e, j_ee * np.where(same, 1.9, 0.1), j_ei), np.where(pre_e, j_ie, j_ii))
    p = np.where(post_e & pre_e, 0.2, 0.5)
    mean, variance = p * weight, p * (1 - p) * weight**2
    np.fill_diagonal(mean, 0)
    np.fill_diagonal(variance, 0)
    drive = np.where(unit < 16, j_ex * 0.3 - 1, 0.8 * j_ex * 0.3 - 1)
    state = (rng.random((copies, 24)) < 0.3).astype(np.float64)
    row, last = np.arange(copies), np.zeros(copies)
    switches, rate, squares, held = np.zeros(copies), np.zeros(copies), np.zeros(copies), 0
    for update in range(updates):
        # E and I are chosen equally often: 16 at rate 1, 8 at rate 2.
        chosen = np.where(rng.random(copies) < 0.5, rng.integers(0, 16, copies), rng.integers(16, 24, copies))
        mu = (mean[chosen] * state).sum(axis=1) + drive[chosen]
        s2 = (variance[chosen] * state).sum(axis=1) + 0.3**2
        state[row, chosen] = rng.random(copies) < ndtr(mu / np.sqrt(s2))
        first, second = state[:, :8].sum(axis=1), state[:, 8:16].sum(axis=1)
        core = np.where(first - second >= 4, 1, np.where(second - first >= 4, -1, 0))
        if update >= 500:
            switches += core * last == -1
            rate += first + second
            squares += (first - second) ** 2
            held += 1
        last = np.where(core == 0, last, core)

    chain = cluster_chain(t11(inhibitory_clusters=False), noise_sd=0.3)
    difference = chain.count("E", 0) - chain.count("E", 1)
    expected = chain.switching(difference >= 4, difference <= -4)
    for sampled, exact in (
        (switches / (held / per_time), 2 * expected.flux),
        (rate / held, chain.stationary @ chain.count("E")),
        (squares / held, chain.stationary @ difference**2),
    ):
        error = sampled.std() / math.sqrt(copies)
        assert error < 0.03 * exact
        assert abs(sampled.mean() - exact) < 4 * error


def test_against_simulate_where_wiring_has_no_disorder():
    # All pairs connected: no quenched disorder, and the annealed chain with hardly any noise is the simulated network.
    # No sum of these weights and drives comes nearer to threshold than five times the noise.
    layout = ClusterLayout.equal(8, 2)
    net = BinaryNetwork(
        populations=(
            BinaryPopulation(name="E", size=8, tau_ms=10, threshold=1, drive=1.55, layout=layout),
            BinaryPopulation(name="I", size=4, tau_ms=5, threshold=1, drive=0.5),
        ),
        connections=(
            Connection(post="E", pre="E", probability=1, weight=0.31, j_plus=1.6, j_minus=None),
            Connection(post="I", pre="E", probability=1, weight=0.23),
            Connection(post="E", pre="I", probability=1, weight=-0.97),
            Connection(post="I", pre="I", probability=1, weight=-0.15),
        ),
    )
    chain = cluster_chain(net, noise_sd=0.005)
    activity = mst.simulate(net, duration_ms=2100, n_trials=60, seed=5, n_jobs=1).discard(100)
    rates = activity.cluster_rates["E"]
    first, second = np.rint(4 * rates).astype(int).swapaxes(0, 1)
    inhibition = np.rint(4 * activity.population_rates["I"]).astype(int)
    compared = 0
    for e1, e2, i in itertools.product(range(5), repeat=3):
        exact = chain.stationary[
            (chain.count("E", 0) == e1) & (chain.count("E", 1) == e2) & (chain.count("I") == i)
        ].sum()
        sampled = ((first == e1) & (second == e2) & (inhibition == i)).mean(axis=1)
        if exact < 1e-3:
            assert sampled.mean() < 3e-3
            continue
        compared += 1
        assert abs(sampled.mean() - exact) < 4.5 * sampled.std() / math.sqrt(60)
    assert compared > 20


def test_refusals():
    net = mst.networks.rost_2018(n_e=16, n_i=8, n_clusters=2, j_e_plus=1.9, m_x=0.3)
    with pytest.raises(ValueError, match=r"noise_sd must be above 0, got 0: without noise .* it absorbs; give"):
        cluster_chain(net, noise_sd=0)
    with pytest.raises(
        ValueError, match=r"states fall into \d+ sets between which rates are below the smallest number"
    ):
        cluster_chain(net, noise_sd=1e-3)
    with pytest.raises(TypeError, match="network must be BinaryNetwork, got FiniteSizeNetwork"):
        cluster_chain(mst.networks.FiniteSizeNetwork(weights=[[0, 1], [1, 0]], sigma=1), noise_sd=1)
    with pytest.raises(ValueError, match=r"clusters must be one of 'distinct', .* got 'sorted'"):
        cluster_chain(net, noise_sd=1, clusters="sorted")
    large = mst.networks.rost_2018(n_e=4000, n_clusters=20)
    with pytest.raises(
        ValueError, match=r"about 10\^49 states, .* GiB and .*; at most 500,000 .* use clusters=.tagged. or"
    ):
        cluster_chain(large, noise_sd=0.3)
    with pytest.raises(ValueError, match=r"have 9,261 states, and method='gth' would take about 1.3 GiB and 1.5 min"):
        cluster_chain(mst.networks.rost_2018(n_e=40, n_i=20, n_clusters=2), noise_sd=0.3, method="gth")
    uneven = BinaryPopulation(name="E", size=5, tau_ms=10, layout=ClusterLayout.unequal([1, 2, 2]))
    uneven = BinaryNetwork(populations=(uneven,), connections=())
    with pytest.raises(ValueError, match=r"cluster 1 has {'E': 2} but cluster 0 has {'E': 1}, and only equal clusters"):
        cluster_chain(uneven, noise_sd=0.3, clusters="unordered")
    # The tagged cluster may have a size of its own.
    assert cluster_chain(uneven, noise_sd=0.3, clusters="tagged").n_states == 2 * math.comb(4, 2)
    shared = BinaryPopulation(name="E", size=6, tau_ms=10, layout=ClusterLayout.overlapping(6, 2, size=4))
    with pytest.raises(ValueError, match="the clusters of E overlap, but counts need every unit in one cluster"):
        cluster_chain(BinaryNetwork(populations=(shared,), connections=()), noise_sd=1)

    chain = cluster_chain(net, noise_sd=0.3, clusters="unordered")
    with pytest.raises(ValueError, match='does not tell cluster 0 from the others; use clusters="tagged"'):
        chain.count("E", 0)
    with pytest.raises(ValueError, match=r"E has no cluster 2; choose one of \[0, 1\]"):
        chain.count_law("E", 2)
    with pytest.raises(ValueError, match="I has no clusters"):
        chain.n_active(0.5, "I")
    with pytest.raises(ValueError, match="target holds no state"):
        chain.mean_first_passage_ms(chain.count("E") > 16)
    with pytest.raises(ValueError, match="a must hold True or False for each of the 405 states, got 3"):
        chain.switching(3, chain.count("E") > 3)
    with pytest.raises(ValueError, match="the cores share"):
        chain.switching(chain.count("E") > 2, chain.count("E") > 3)
    with pytest.raises(ValueError, match="n_modes must be at most 50"):
        chain.eigenvalues(51)


def test_says_that_it_is_annealed_and_how_it_was_made():
    net = mst.networks.rost_2018(n_e=8, n_i=4, n_clusters=2, j_e_plus=1.9, m_x=0.3)
    chain = cluster_chain(net, noise_sd=0.3, clusters="tagged")
    assert "annealed" in chain.status
    assert chain.status in repr(chain)
    recorded = chain.meta["provenance"]["parameters"]
    again = cluster_chain(BinaryNetwork.from_dict(recorded.pop("network")), **recorded)
    np.testing.assert_array_equal(again.stationary, chain.stationary)
