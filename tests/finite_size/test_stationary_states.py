import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import metastable as mst
from metastable.finite_size import attractors, stationary_states
from metastable.networks import FiniteSizeNetwork

METHODS = ("branch-and-bound", "brute-force", "arrangement")
INF = math.inf


def states_and_boxes(found):
    return [
        ("".join(map(str, a.states[0])), *zip(a.lower.tolist(), a.upper.tolist(), strict=True)) for a in sorted_(found)
    ]


def sorted_(found):
    return sorted(found, key=lambda a: a.states.tolist())


def random_integers(seed, *, largest=3, n_populations=None):
    """Weights of few values, so that many sums are equal; autapses and empty rows too."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 7))
    populations = n_populations or int(rng.integers(1, min(n, 2) + 1))
    weights = (rng.integers(-largest, largest + 1, (n, n)) * (rng.random((n, n)) < 0.8)).tolist()
    first = int(rng.integers(1, n)) if populations == 2 else n
    sizes = {"E": first, "I": n - first} if populations == 2 else {"E": n}
    return weights, rng.integers(-1, 2, n).tolist(), sizes


def by_definition(weights, threshold, sizes):
    """All stationary states with boxes, in whole numbers or fractions of Python."""
    rows, found = list(zip(weights, threshold, strict=True)), []
    for state in itertools.product((0, 1), repeat=len(rows)):
        needed = [t - sum(w for w, a in zip(row, state, strict=True) if a) for row, t in rows]
        box, start = [], 0
        for size in sizes.values():
            part = range(start, start + size)
            low = max((needed[i] for i in part if state[i]), default=-INF)
            high = min((needed[i] for i in part if not state[i]), default=INF)
            box.append((low, high))
            start += size
        if all(low < high for low, high in box):
            found.append(("".join(map(str, state)), *box))
    return found


def test_two_excitatory_neurons_and_an_inhibitory_one():
    net = FiniteSizeNetwork.homogeneous({"E": 2, "I": 1}, coupling=[[8, -6], [7, 0]], in_degree=2, threshold=1)
    for method in ("auto", "counts", *METHODS):
        assert states_and_boxes(stationary_states(net, method=method)) == [
            ("000", (-INF, 1), (-INF, 1)),
            ("001", (-INF, 4), (1, INF)),
            ("110", (-3, INF), (-INF, -6)),
            ("111", (0, INF), (-6, INF)),
        ]


def test_five_inhibitory_neurons_make_a_staircase():
    net = FiniteSizeNetwork.homogeneous({"I": 5}, coupling=[[-3]], in_degree=1)
    found = stationary_states(net)
    assert found.multiplicity == (1, 5, 10, 10, 5, 1)
    assert found.lower[:, 0].tolist() == [-INF, 0, 3, 6, 9, 12]
    assert found.upper[:, 0].tolist() == [0, 3, 6, 9, 12, INF]
    assert found.total == 32
    for method in METHODS:
        one_by_one = stationary_states(net, method=method)
        assert len(one_by_one) == 32
        for a in one_by_one:
            active = int(a.states.sum())
            assert (a.lower[0], a.upper[0]) == (found.lower[active, 0], found.upper[active, 0])


@pytest.mark.parametrize("block", range(10))
def test_all_methods_and_the_definition_agree_where_weights_tie(block):
    n_found = 0
    for seed in range(25 * block, 25 * (block + 1)):
        weights, threshold, sizes = random_integers(seed)
        net = FiniteSizeNetwork(weights=weights, threshold=threshold, sizes=sizes)
        expected = by_definition(weights, threshold, sizes)
        for method in METHODS:
            assert states_and_boxes(stationary_states(net, method=method)) == expected, (seed, method)
        n_found += len(expected)
    assert n_found > 25


@pytest.mark.parametrize("scale", [1 / 7, 0.1, 1e-3, 80 / 199, 1 / 3])
def test_fractions_are_exact(scale):
    # In floats the order of summing 0.1 and 0.2 decides whether 0.3 is reached.
    for seed in range(25):
        weights, threshold, sizes = random_integers(seed)
        net = FiniteSizeNetwork(weights=np.array(weights) * scale, threshold=np.array(threshold) * scale, sizes=sizes)
        expected = by_definition(weights, threshold, sizes)
        for method in METHODS[:2]:
            found = states_and_boxes(stationary_states(net, method=method))
            assert [row[0] for row in found] == [row[0] for row in expected]
            assert np.ravel([row[1:] for row in found]) == pytest.approx(
                np.ravel([row[1:] for row in expected]) * scale, rel=1e-14, abs=1e-300
            )


def test_fractions_of_different_denominators_tie():
    # 1/2 + 1/3 and 5/6, 1/10 + 1/5 and 3/10.
    values = [Fraction(a, b) for a, b in ((1, 2), (1, 3), (5, 6), (1, 10), (1, 5), (3, 10))]
    rng = np.random.default_rng(6)
    for _ in range(40):
        weights = [[int(rng.integers(-1, 2)) * values[k] for k in rng.integers(0, 6, 5)] for _ in range(5)]
        net = FiniteSizeNetwork(weights=[[float(w) for w in row] for row in weights], sizes={"E": 3, "I": 2})
        expected = by_definition(weights, [0] * 5, net.sizes)
        for method in METHODS[:2]:
            found = states_and_boxes(stationary_states(net, method=method))
            # Each bound is the float nearest to the fraction.
            assert found == [(row[0], *(tuple(map(float, box)) for box in row[1:])) for row in expected]


@pytest.mark.parametrize("scale", [math.sqrt(2), math.pi * 1e6, math.e * 1e-7])
def test_rounding_makes_no_slivers(scale):
    # No fractions now: sums that are equal on paper differ in their last digit.
    for seed in range(25):
        weights, threshold, sizes = random_integers(seed, largest=9)
        net = FiniteSizeNetwork(
            weights=np.array(weights) * scale / 3, threshold=np.array(threshold) * scale / 3, sizes=sizes
        )
        expected = by_definition(weights, threshold, sizes)
        for method in METHODS[: 3 if seed < 5 else 2]:
            found = stationary_states(net, method=method)
            assert [row[0] for row in states_and_boxes(found)] == [row[0] for row in expected]
            if np.any(weights):
                assert "thinner than" in found.status


@given(st.integers(0, 10**6), st.floats(-5, 5), st.floats(-5, 5))
def test_states_listed_at_a_stimulus_are_those_that_stay(seed, first, second):
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(6, 6))
    net = FiniteSizeNetwork(weights=weights, threshold=rng.normal(size=6), sizes={"E": 4, "I": 2})
    under = net.with_stimulus([first, second])
    staying = {
        state
        for state in itertools.product((0, 1), repeat=6)
        if ((under.drive(state) >= under.threshold) == np.array(state)).all()
    }
    listed = stationary_states(net).at([first, second])
    assert {tuple(a.states[0].tolist()) for a in listed} == staying


def test_noise_and_own_stimulus_are_put_aside():
    weights, threshold, sizes = random_integers(3)
    bare = FiniteSizeNetwork(weights=weights, threshold=threshold, sizes=sizes)
    n = len(threshold)
    noisy = FiniteSizeNetwork(
        weights=weights, threshold=threshold, sizes=sizes, sigma=0.3, stimulus=np.arange(n), correlation=np.eye(n)
    )
    assert states_and_boxes(stationary_states(bare)) == states_and_boxes(stationary_states(noisy))


def test_larger_networks_agree_between_searches():
    rng = np.random.default_rng(8)
    for degree in (3, 15):
        weights = np.where(rng.random((16, 16)) < degree / 16, rng.integers(-4, 5, (16, 16)), 0)
        net = FiniteSizeNetwork(weights=weights, threshold=1, sizes={"E": 11, "I": 5})
        searches = [states_and_boxes(stationary_states(net, method=m)) for m in METHODS[:2]]
        assert searches[0] == searches[1]
        assert len(searches[0]) > 10


def test_searches_in_parts_find_the_same(monkeypatch):
    # Parts are for large networks; here they are of small ones, on two threads.
    nets = [random_integers(seed) for seed in range(20)]
    nets = [FiniteSizeNetwork(weights=w, threshold=t, sizes=s) for w, t, s in nets if len(t) > 3]
    whole = [states_and_boxes(stationary_states(net, method="brute-force")) for net in nets]
    monkeypatch.setattr("metastable.finite_size._branch_and_bound._UNDIVIDED", 1)
    monkeypatch.setattr("metastable.finite_size._branch_and_bound._N_GIVEN", 3)
    monkeypatch.setattr("metastable.finite_size._brute_force._LARGEST_PART", 2)
    for net, expected in zip(nets, whole, strict=True):
        for method in METHODS[:2]:
            assert states_and_boxes(stationary_states(net, method=method, n_jobs=2)) == expected


@pytest.mark.parametrize("weight", [2.0, -2.0])
def test_long_rings_have_the_states_that_a_thought_finds(weight):
    n = 60
    ring = np.roll(np.eye(n), 1, axis=0) * weight
    shuffle = np.random.default_rng(1).permutation(n)
    net = FiniteSizeNetwork(weights=ring[np.ix_(shuffle, shuffle)], threshold=1)
    found = stationary_states(net)
    boxes = sorted((int(a.states.sum()), float(a.lower[0]), float(a.upper[0])) for a in found)
    # Excitation: all or none, for both between. Inhibition: every second one between all and none.
    expected = [(0, -INF, 1), (60, -1, INF)] if weight > 0 else [(0, -INF, 1), (30, 1, 3), (30, 1, 3), (60, 3, INF)]
    assert boxes == expected


def test_symmetry_breaks_only_by_inhibition():
    # Width of broken states is the weight between two; excitation makes hysteresis of width w (n - 1).
    found = stationary_states(FiniteSizeNetwork.homogeneous({"E": 30}, coupling=[[2.5]], in_degree=1))
    assert len(found) == 2
    assert found.upper[0, 0] - found.lower[1, 0] == 2.5 * 29
    found = stationary_states(FiniteSizeNetwork.homogeneous({"I": 30}, coupling=[[-2.5]], in_degree=1))
    assert len(found) == 31
    assert (found.upper - found.lower)[1:-1].tolist() == [[2.5]] * 29


def test_costs_are_named_before_they_arise():
    rng = np.random.default_rng(1)
    dense = FiniteSizeNetwork(weights=rng.normal(size=(60, 60)))
    with pytest.raises(ValueError, match=r"takes about 1\.2e\+18 steps for the 2\^60 states, .* years.*branch-and"):
        stationary_states(dense, method="brute-force")
    with pytest.raises(ValueError, match=r"method='branch-and-bound' takes about .* steps, .*or raise max_minutes"):
        stationary_states(dense)
    with pytest.raises(ValueError, match=r"method='arrangement' takes about .*use another method"):
        stationary_states(
            FiniteSizeNetwork(weights=rng.normal(size=(12, 12)), sizes={"a": 6, "b": 6}), method=METHODS[2]
        )
    with pytest.raises(ValueError, match="states of 63 neurons have no number in 64 bits, at most 62"):
        stationary_states(FiniteSizeNetwork(weights=rng.normal(size=(63, 63))))
    with pytest.raises(ValueError, match="more than 1,000,000 attractors, too many to list"):
        stationary_states(FiniteSizeNetwork(weights=2.0 * np.eye(22), sizes={f"{i}": 1 for i in range(22)}))


def test_unfit_arguments_are_refused():
    net = FiniteSizeNetwork(weights=[[0, 1], [2, 0]])
    with pytest.raises(ValueError, match="method must be one of 'auto', 'counts'"):
        stationary_states(net, method="fast")
    with pytest.raises(ValueError, match='method="counts" needs equal neurons in each population'):
        stationary_states(net, method="counts")
    with pytest.raises(TypeError, match="network must be FiniteSizeNetwork, got ndarray; build one"):
        attractors(np.eye(3))
    with pytest.raises(ValueError, match="stimulus must have shape"):
        stationary_states(net).at([1, 2])
    with pytest.raises(ValueError, match="max_minutes must be above 0"):
        stationary_states(net, max_minutes=0)


def test_estimated_steps_are_near_the_steps_taken():
    from metastable.finite_size._branch_and_bound import estimated_steps
    from metastable.finite_size._integer_thresholds import IntegerNetwork

    # Without any weights and with a population each nothing is ever pruned: 2 + 4 + ... decisions.
    net = FiniteSizeNetwork(weights=np.zeros((10, 10)), sizes={f"{i}": 1 for i in range(10)})
    assert estimated_steps(IntegerNetwork.of(net)) == 2**11 - 2
    assert len(stationary_states(net)) == 1024
    # With one population every second neuron that differs ends the search: a decision each, two at the end.
    net = FiniteSizeNetwork(weights=np.zeros((10, 10)))
    assert estimated_steps(IntegerNetwork.of(net)) == 2 + 2 * 2 * 9


def test_long_lists_print_short():
    net = FiniteSizeNetwork.homogeneous({"I": 60}, coupling=[[-3]], in_degree=1)
    text = repr(stationary_states(net))
    assert "... and 21 more" in text
    assert "1.15e+18 stationary states" in text
    assert mst.finite_size.stationary_states is stationary_states
