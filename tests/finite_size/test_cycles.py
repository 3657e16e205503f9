import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metastable.finite_size import attractors, attractors_at, cycles
from metastable.networks import FiniteSizeNetwork

INF = math.inf


def t6():
    return FiniteSizeNetwork.homogeneous({"E": 4, "I": 4}, coupling=[[80, -70], [70, -34]], in_degree=7, threshold=1)


def step(net, state):
    return tuple(int(v) for v in net.drive(state) >= net.threshold)


def followed(net, stimulus):
    """All attractors at a stimulus, each from its lowest state on, by following every state of the network."""
    under, found = net.with_stimulus(stimulus), set()
    for state in itertools.product((0, 1), repeat=net.n_neurons):
        path = [state]
        while (after := step(under, path[-1])) not in path:
            path.append(after)
        cycle = path[path.index(after) :]
        k = cycle.index(min(cycle))
        found.add(tuple(cycle[k:] + cycle[:k]))
    return found


def listed(found, stimulus=None):
    chosen = found if stimulus is None else found.at(stimulus)
    out = set()
    for a in chosen:
        cycle = [tuple(row) for row in a.states.tolist()]
        k = cycle.index(min(cycle))
        out.add((tuple(cycle[k:] + cycle[:k]), *((tuple(a.lower), tuple(a.upper)) if stimulus is None else ())))
    return out if stimulus is None else {row[0] for row in out}


def random_network(seed, n=5, *, populations=2):
    rng = np.random.default_rng(seed)
    weights = rng.integers(-3, 4, (n, n)) * (rng.random((n, n)) < 0.8)
    sizes = {"E": n - 2, "I": 2} if populations == 2 else {"E": n}
    return FiniteSizeNetwork(weights=weights, threshold=rng.integers(-1, 2, n), sizes=sizes)


def test_two_excitatory_neurons_take_turns():
    net = FiniteSizeNetwork.homogeneous({"E": 2, "I": 1}, coupling=[[8, -6], [7, 0]], in_degree=2, threshold=1)
    expected = {
        (((0, 1, 0), (1, 0, 0)), (-3, -INF), (1, -2.5)),
        (((0, 1, 1), (1, 0, 1)), (0, -2.5), (4, INF)),
    }
    for method in ("auto", "counts", "depth-first", "arrangement"):
        assert listed(cycles(net, method=method)) == expected


def test_five_inhibitory_neurons_blink():
    found = cycles(FiniteSizeNetwork.homogeneous({"I": 5}, coupling=[[-3]], in_degree=1))
    assert listed(found) == {(((0,) * 5, (1,) * 5), (0,), (12,))}


@pytest.mark.parametrize("method", ["counts", "depth-first"])
def test_four_excitatory_and_four_inhibitory_neurons_have_85_attractors(method):
    found = attractors(t6(), method=method)
    assert found.number_by_period == {1: 32, 2: 50, 3: 2, 4: 1}
    assert found.total == 85
    assert len(found) == (20 if method == "counts" else 85)


@pytest.mark.parametrize("block", range(4))
def test_search_of_images_and_cells_agree_where_weights_tie(block):
    periods = set()
    for seed in range(50 * block, 50 * (block + 1)):
        net = random_network(seed, n=3 + seed % 3, populations=1 + seed % 2)
        one, other = (attractors(net, method=method) for method in ("depth-first", "arrangement"))
        assert listed(one) == listed(other)
        assert len(one) == len(listed(one))
        periods |= set(one.period.tolist())
    assert {1, 2, 3, 4} <= periods


@given(st.integers(0, 10**6), st.integers(-8, 8), st.integers(-8, 8), st.booleans())
def test_attractors_listed_at_a_stimulus_are_those_that_states_reach(seed, first, second, between):
    # On thresholds and between them.
    stimulus = [first + 0.5 * between, second + 0.5 * between]
    net = random_network(seed)
    expected = followed(net, stimulus)
    assert listed(attractors(net), stimulus) == expected
    assert listed(attractors_at(net, stimulus).attractors, stimulus) == expected


@given(st.integers(0, 10**6), st.floats(-4, 4), st.floats(-4, 4))
def test_so_it_is_with_real_weights(seed, first, second):
    rng = np.random.default_rng(seed)
    net = FiniteSizeNetwork(weights=rng.normal(size=(5, 5)), threshold=rng.normal(size=5), sizes={"E": 2, "I": 3})
    assert listed(attractors(net), [first, second]) == followed(net, [first, second])


@pytest.mark.parametrize("seed", range(60))
def test_counts_stand_for_all_neurons(seed):
    rng = np.random.default_rng(seed)
    sizes = {f"{a}": int(size) for a, size in enumerate(rng.integers(1, 5, int(rng.integers(1, 3))))}
    p = len(sizes)
    net = FiniteSizeNetwork.homogeneous(
        sizes, coupling=rng.integers(-4, 5, (p, p)), in_degree=int(rng.integers(1, 4)), threshold=rng.integers(-1, 2, p)
    )
    counted, every = attractors(net, method="counts"), attractors(net, method="depth-first")
    kinds = Counter()
    for a in counted:
        kinds[a.period, tuple(a.lower), tuple(a.upper), phases(a)] += a.multiplicity
    assert kinds == Counter((a.period, tuple(a.lower), tuple(a.upper), phases(a)) for a in every)
    # The one that stands for all is among them.
    assert listed(counted) <= listed(every)


def phases(attractor):
    """Active neurons in each step, from the least on."""
    counts = [tuple(row) for row in attractor.counts.tolist()]
    return min(tuple(counts[k:] + counts[:k]) for k in range(len(counts)))


def test_swaps_double_the_period_only_after_odd_numbers():
    # Numbers of half of the neurons return at once, the neurons after two steps; 2 and 4 of 6 need different stimuli.
    net = FiniteSizeNetwork.homogeneous({"A": 6}, coupling=[[2]], in_degree=1)
    found = cycles(net)
    by_counts = {phases(a): a.multiplicity for a in found}
    assert by_counts == {((3,), (3,)): 10}
    assert found[0].states.tolist() == [[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]]
    assert (found[0].lower[0], found[0].upper[0]) == (-6, -4)


def test_two_hundred_neurons_in_all_cycles():
    net = FiniteSizeNetwork.homogeneous(
        {"E": 100, "I": 100}, coupling=[[80, -70], [70, -34]], in_degree=199, threshold=1
    )
    found = attractors(net)
    # Half of one and half of the other population, in pairs for swaps.
    assert max(found.multiplicity) == math.comb(100, 50) ** 2 // 2
    rng = np.random.default_rng(1)
    for k in rng.choice(len(found), 40, replace=False).tolist():
        a = found[k]
        low, high = np.maximum(a.lower, -1e3), np.minimum(a.upper, 1e3)
        under = net.with_stimulus(low + (high - low) * rng.uniform(0.01, 0.99, 2))
        after = np.roll(a.states, -1, axis=0)
        assert np.array_equal(under.drive(a.states) >= under.threshold, after == 1)
        assert len({row.tobytes() for row in a.states}) == a.period


def test_cycles_are_those_attractors_that_are_not_stationary():
    net = random_network(11)
    assert listed(cycles(net)) == {row for row in listed(attractors(net)) if len(row[0]) > 1}
    assert "Stationary states are not among them" in cycles(net).status


def test_searches_in_parts_find_the_same(monkeypatch):
    monkeypatch.setattr("metastable.finite_size._cycle_search._SMALLEST_PART", 5)
    for seed in range(20):
        net = random_network(seed)
        assert listed(attractors(net, n_jobs=2)) == listed(attractors(net, method="arrangement"))


def test_basins_cover_all_states():
    net = random_network(5, n=6)
    found = attractors_at(net, [0.5, 0.5])
    assert found.basin_sizes.sum() == 64
    under = net.with_stimulus([0.5, 0.5])
    for number in range(64):
        state = tuple(number >> i & 1 for i in range(6))
        assert sum(v << i for i, v in enumerate(step(under, state))) == found.image[number]
        for _ in range(64):
            state = step(under, state)
        reached = found.attractors[int(found.basin[number])]
        assert list(state) in reached.states.tolist()
    assert repr(found).startswith("StateMap(at stimulus (0.5, 0.5)\n  period   basin  states")


def test_a_stimulus_within_rounding_of_a_threshold_reaches_it():
    net = FiniteSizeNetwork(weights=[[0.0]], threshold=0.3)
    assert attractors_at(net, [0.1 + 0.2]).image.tolist() == [1, 1]
    assert attractors_at(net, [0.3 - 1e-16]).image.tolist() == [1, 1]
    assert attractors_at(net, [0.2999]).image.tolist() == [0, 0]
    found = attractors(FiniteSizeNetwork(weights=[[0.0]], threshold=0.1))
    assert [a.description for a in found.at([1 - 0.9])] == ["1"]
    assert [a.exists_at([1 - 0.9]) for a in found] == [False, True]


def test_costs_are_named_before_they_arise():
    rng = np.random.default_rng(2)
    with pytest.raises(ValueError, match=r"images of the 2\^20 states of 20 neurons take 0\.35 GB, at most 18"):
        cycles(FiniteSizeNetwork(weights=rng.normal(size=(20, 20))))
    with pytest.raises(ValueError, match=r"method='depth-first' takes about .* steps, .*, and max_minutes is 0.0001"):
        attractors(FiniteSizeNetwork(weights=rng.normal(size=(8, 8)), sizes={"a": 4, "b": 4}), max_minutes=1e-4)
    with pytest.raises(ValueError, match=r"the 2\^30 states of 30 neurons take 8 GB, at most 24 .* knows no basins"):
        attractors_at(FiniteSizeNetwork(weights=np.zeros((30, 30))), [0])
    many = FiniteSizeNetwork.homogeneous(dict.fromkeys("abc", 300), coupling=np.ones((3, 3)))
    with pytest.raises(ValueError, match=r"counts of 3 populations have 2\.7e\+07 states, at most 5,000,000"):
        attractors(many)
    with pytest.raises(ValueError, match="stimulus must be 1 finite numbers, one for each population"):
        attractors_at(FiniteSizeNetwork(weights=[[1]]), [1, 2])


def test_sampled_cost_is_near_the_cost():
    from metastable.finite_size._cycle_search import _follow, estimated_steps
    from metastable.finite_size._image_table import images_of_states
    from metastable.finite_size._integer_thresholds import IntegerNetwork

    rng = np.random.default_rng(4)
    net = FiniteSizeNetwork(weights=rng.integers(-9, 10, (11, 11)), sizes={"E": 6, "I": 5})
    whole = IntegerNetwork.of(net)
    images = images_of_states(whole)
    taken = _follow(images.begin, images.part, images.first, whole.slack, np.arange(2**11), 10**6, 2**60)[3]
    assert estimated_steps(images, whole.slack, 1e12) == pytest.approx(taken, rel=0.5)


@given(st.integers(0, 10**6))
def test_a_threshold_summed_in_another_order_is_reached(seed):
    rng = np.random.default_rng(seed)
    weights, threshold = rng.normal(size=(5, 5)), rng.normal(size=5)
    net = FiniteSizeNetwork(weights=weights, threshold=threshold)
    state, i = rng.integers(0, 2, 5), int(rng.integers(5))
    needed = threshold[i]
    for j in rng.permutation(np.flatnonzero(state)):
        needed -= weights[i, j]
    image = int(attractors_at(net, needed).image[state @ 2 ** np.arange(5)])
    assert image >> i & 1


def test_nothing_is_listed_at_no_number():
    with pytest.raises(ValueError, match="stimulus holds NaN"):
        attractors(FiniteSizeNetwork(weights=[[0.0]])).at([np.nan])
