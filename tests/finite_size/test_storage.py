import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from metastable.finite_size import stationary_distribution, store_transitions, transition_matrix


def normal_cdf(x):
    return 0.5 * math.erfc(-x / math.sqrt(2))


def probability(net, before, after):
    """Of one transition, neuron by neuron."""
    result = 1.0
    for i in range(net.n_neurons):
        mean = sum(float(net.weights[i, k]) for k in range(net.n_neurons) if before[k]) + float(net.stimulus[i])
        above = (mean - float(net.threshold[i])) / float(net.sigma[i])
        result *= normal_cdf(above if after[i] else -above)
    return result


def distinct_states(rng, count, n):
    codes = rng.choice(np.arange(1, 2**n), count, replace=False)
    return (codes[:, None] >> np.arange(n) & 1).astype(int)


@given(st.integers(0, 10**6))
def test_independent_transitions_are_kept_with_exactly_the_same_probability(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 11))
    before = distinct_states(rng, int(rng.integers(1, n)), n)
    after = rng.integers(0, 2, before.shape)
    sigma, threshold, stimulus = rng.uniform(0.1, 1, n), rng.uniform(0.5, 2, n), rng.uniform(-1, 0.4, n)
    margin = float(rng.uniform(0.5, 3))
    assume(all(np.linalg.matrix_rank(np.delete(before, j, axis=1)) == len(before) for j in range(n)))
    found = store_transitions(before, after, margin=margin, sigma=sigma, threshold=threshold, stimulus=stimulus)
    assert found.method == "pseudoinverse"
    assert found.residual < 1e-9
    assert not np.diagonal(found.network.weights).any()
    assert found.retention == pytest.approx(normal_cdf(margin) ** n, rel=1e-7)
    for x, y, kept in zip(before, after, found.retention, strict=True):
        assert probability(found.network, x, y) == pytest.approx(kept, rel=1e-9)


def test_29_transitions_in_30_neurons_are_the_most_for_equal_margins():
    rng = np.random.default_rng(5)
    before, after = rng.integers(0, 2, (2, 30, 30))
    given_ = {"margin": 1.5, "sigma": 0.2, "threshold": 1}
    found = store_transitions(before[:29], after[:29], method="pseudoinverse", **given_)
    assert found.retention == pytest.approx(normal_cdf(1.5) ** 30, rel=1e-9)
    with pytest.raises(ValueError, match=r"the 30 transitions have no weights .* its inputs have rank 29; store fewer"):
        store_transitions(before, after, method="pseudoinverse", **given_)


def test_a_rank_deficient_set_is_not_stored_in_silence():
    # The fourth state is the sum of two others minus the third, and what follows them is not.
    before = [[1, 1, 0, 0, 1, 0], [0, 0, 1, 1, 1, 0], [1, 0, 1, 0, 1, 0], [0, 1, 0, 1, 1, 0]]
    after = [[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0]]
    with pytest.raises(ValueError, match="rank 3; store fewer or other states"):
        store_transitions(before, after, margin=1, sigma=1, threshold=1, method="pseudoinverse")
    assert store_transitions(before, after, margin=1, sigma=1, threshold=1).method == "maximum-margin"


def test_35_transitions_in_30_neurons_are_stored_by_the_programme_and_45_are_not():
    # Of random sets of 35 all can be stored, of 45 about a half, of 50 nearly none; these 45 cannot.
    rng = np.random.default_rng(1)
    before, after = rng.integers(0, 2, (2, 45, 30))
    given_ = {"margin": 1.5, "sigma": 0.2, "threshold": 1}
    found = store_transitions(before[:35], after[:35], **given_)
    assert found.method == "maximum-margin"
    assert found.margin == pytest.approx(1.5, rel=1e-7)
    assert (found.retention >= normal_cdf(1.5) ** 30 * (1 - 1e-9)).all()
    with pytest.raises(ValueError, match="45 transitions cannot be stored in 30 neurons: no weights of neuron"):
        store_transitions(before, after, **given_)


def test_as_many_are_separable_as_can_be_counted():
    # Cover 1965: of the 2^p ways to mark p points in d dimensions 2 sum_{k<d} C(p - 1, k) are separable.
    rng = np.random.default_rng(7)
    n, p, trials = 21, 46, 40
    one_neuron = np.zeros((n, n), bool)
    one_neuron[0, 1:] = True
    stored = 0
    for _ in range(trials):
        before, after = rng.integers(0, 2, (2, p, n))
        # The others have no weights, and are silent by their thresholds.
        after[:, 1:] = 0
        threshold = np.r_[0.0, np.full(n - 1, 5.0)]
        try:
            store_transitions(
                before, after, margin=1, sigma=1, threshold=threshold, connected=one_neuron, method="maximum-margin"
            )
            stored += 1
        except ValueError:
            pass
    share = 2 * sum(math.comb(p - 1, k) for k in range(n - 1)) / 2**p
    assert 0.1 < share < 0.9
    assert abs(stored - share * trials) < 3 * math.sqrt(share * (1 - share) * trials)


def test_bounded_weights_have_the_widest_margin():
    # One input each: the margin of a bound of 2 is (2 - 1) / 0.5 for active, 1 / 0.5 for silent neurons.
    found = store_transitions(
        [[1, 0], [0, 1]],
        margin=0.1,
        sigma=0.5,
        stimulus=[-1, -1],
        method="maximum-margin",
        largest_weight=2,
        connected=np.ones((2, 2)),
    )
    assert found.margins.min() == pytest.approx(2, rel=1e-9)
    assert np.abs(found.network.weights).max() <= 2
    free = store_transitions(
        [[1, 0], [0, 1]], margin=1, sigma=0.5, stimulus=-1, method="maximum-margin", connected=np.ones((2, 2))
    )
    # As small as the margin allows: 1 + 0.5.
    assert np.abs(free.network.weights).max() == pytest.approx(1.5, rel=1e-9)
    with pytest.raises(ValueError, match="with weights up to 1: no weights of neuron 0"):
        store_transitions(
            [[1, 0], [0, 1]],
            margin=1,
            sigma=0.5,
            stimulus=-1,
            method="maximum-margin",
            largest_weight=1,
            connected=np.ones((2, 2)),
        )


def test_no_wider_margin_fits_into_bounded_weights():
    rng = np.random.default_rng(6)
    before, after = rng.integers(0, 2, (2, 5, 9))
    given_ = {"sigma": 0.5, "threshold": 1, "method": "maximum-margin", "largest_weight": 3}
    found = store_transitions(before, after, margin=0.01, **given_)
    assert found.margin > 0.2
    assert store_transitions(before, after, margin=0.999 * found.margin, **given_)
    with pytest.raises(ValueError, match="with weights up to 3: no weights"):
        store_transitions(before, after, margin=1.001 * found.margin, **given_)


def test_a_stored_cycle_turns_near_the_roots_of_unity():
    rng = np.random.default_rng(4)
    cycle = distinct_states(rng, 3, 7)
    found = store_transitions(cycle, np.roll(cycle, -1, axis=0), margin=4.5, sigma=0.3, threshold=1)
    values = found.eigenvalues(7)
    whole = np.linalg.eigvals(transition_matrix(found.network))
    for k in range(3):
        root = np.exp(2j * np.pi * k / 3)
        assert np.abs(values - root).min() < 1e-3
        assert np.abs(whole - root).min() < 1e-3
    assert found.dwell_steps == pytest.approx(1, abs=1e-3)
    codes = cycle @ 2 ** np.arange(7)
    assert found.stationary_mass == pytest.approx(stationary_distribution(found.network)[codes].sum(), rel=1e-12)


def test_dwell_times_of_patterns():
    rng = np.random.default_rng(2)
    patterns = distinct_states(rng, 3, 8)
    found = store_transitions(patterns, margin=2, sigma=0.3, threshold=1)
    matrix = transition_matrix(found.network)
    codes = patterns @ 2 ** np.arange(8)
    assert found.dwell_steps == pytest.approx(1 / (1 - matrix[codes, codes]), rel=1e-9)
    assert found.retention == pytest.approx(matrix[codes, codes], rel=1e-9)
    # Where 1 - P(X|X) would round to 0: the n tails add up.
    deep = store_transitions(patterns, margin=10, sigma=0.3, threshold=1)
    assert deep.dwell_steps == pytest.approx(1 / (8 * normal_cdf(-10)), rel=1e-9)


def attractors_by_definition(net):
    """Cycles of the noiseless map, as sets of words."""
    n, follows = net.n_neurons, {}
    for state in itertools.product((0, 1), repeat=n):
        needed = net.threshold - net.stimulus - net.weights @ np.array(state)
        # Combinations of stored states are at threshold up to rounding.
        follows[state] = tuple(int(v <= 1e-9) for v in needed)
    found = set()
    for state in follows:
        for _ in range(2**n):
            state = follows[state]
        cycle, at = [state], follows[state]
        while at != state:
            cycle.append(at)
            at = follows[at]
        found.add(frozenset(cycle))
    return found


@given(st.integers(0, 10**6))
def test_what_is_stored_by_accident_is_all_that_is_not_stored(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 6))
    before = distinct_states(rng, 2, n)
    # Patterns, a cycle, or transitions that need not return.
    after = (before, before[::-1], distinct_states(rng, 2, n))[int(rng.integers(3))]
    threshold = rng.choice([0.75, 1.0], n)
    try:
        found = store_transitions(before, after, margin=2, sigma=0.125, threshold=threshold, stimulus=rng.random(n) / 4)
    except ValueError:
        return
    whole = attractors_by_definition(found.network)
    follows = {tuple(x): tuple(y) for x, y in zip(before.tolist(), after.tolist(), strict=True)}
    stored = {cycle for cycle in whole if all(follows.get(state) in cycle for state in cycle)}
    accidental = {frozenset(map(tuple, one.states.tolist())) for one in found.accidental}
    assert accidental == whole - stored
    assert len(accidental) == len(found.accidental)
    assert (found.stored_basin > 0) == bool(stored)
    assert (found.stored_basin == 1) == (not accidental)


def test_a_cycle_that_runs_through_a_stored_transition_is_not_stored():
    # Of the way around only the first half was asked for.
    returns = store_transitions([[1, 0], [0, 1]], [[0, 1], [1, 0]], margin=3, sigma=0.1, threshold=0.5)
    half = replace(returns, before=returns.before[:1], after=returns.after[:1], margins=returns.margins[:1])
    cycles = [one.states.tolist() for one in half.accidental if one.period == 2]
    assert sorted(map(sorted, cycles)) == [[[0, 1], [1, 0]]]
    assert [one.period for one in returns.accidental] == [1, 1]


def test_stored_twice_is_stored_once():
    states = [[1, 0, 1, 0], [0, 1, 1, 0], [1, 0, 1, 0]]
    found = store_transitions(states, margin=3, sigma=0.2, threshold=0.5)
    assert found.retention[0] == found.retention[2]
    assert found.stationary_mass <= 1


def test_the_summary_says_what_is_kept():
    found = store_transitions([[1, 1, 0, 1], [0, 1, 1, 1]], margin=3, sigma=0.2, threshold=1)
    text = repr(found)
    assert text.startswith("Storage(2 transitions, 2 of them patterns in 4 neurons, pseudoinverse\n  margin 3 ")
    assert "retention 0.9946  dwell 185" in text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"before": [[1, 0, 1], [1, 0, 1]], "after": [[1, 0, 1], [0, 0, 1]]}, "transitions 0 and 1 lead from the same"),
        ({"before": [[0.5, 1, 0]]}, "before must hold 0 and 1 only"),
        ({"before": [[np.nan, 1, 0]]}, "before must hold 0 and 1 only"),
        ({"before": [1, 0, 1]}, r"before must have shape \(n_transitions, n\), got \(3,\)"),
        ({"after": [[1, 0]]}, r"after must have the shape of before, \(2, 3\), got \(1, 2\)"),
        ({"sigma": 0}, "sigma must be above 0 for every neuron, the margin is in units of it"),
        ({"sigma": np.nan}, "sigma holds NaN"),
        ({"margin": 0}, "margin must be above 0, got 0"),
        ({"threshold": [1, 2]}, r"threshold must be one number or have shape \(3,\), got \(2,\)"),
        ({"stimulus": np.zeros((2, 3))}, r"stimulus must be one number or have shape \(3,\), got \(2, 3\)"),
        ({"method": "hebb"}, "method must be one of 'auto', 'pseudoinverse', 'maximum-margin', got 'hebb'"),
        ({"connected": np.ones((2, 3))}, r"connected must hold True and False, shape \(3, 3\), got shape \(2, 3\)"),
        (
            {"before": np.random.default_rng(1).integers(0, 2, (1500, 1000)), "method": "maximum-margin"},
            r"the 1000 linear programmes for 1500 transitions would take .* hours, at most 10 minutes are allowed",
        ),
        # Nobody is active to make anybody active.
        (
            {"before": [[0, 0, 0]], "after": [[1, 0, 0]]},
            "1 transitions cannot be stored in 3 neurons: no weights of ne",
        ),
    ],
)
def test_refusals(changes, message):
    given_ = {"before": [[1, 0, 1], [0, 1, 1]], "margin": 1, "sigma": 1, "threshold": 1}
    arguments = {**given_, **changes}
    with pytest.raises(ValueError, match=message):
        store_transitions(arguments.pop("before"), arguments.pop("after", None), **arguments)


@pytest.mark.parametrize(("sigma", "method"), [(1e-8, "auto"), (1e-10, "auto"), (1e-10, "pseudoinverse")])
def test_margins_below_rounding_are_not_lost_in_silence(sigma, method):
    # The first two states add up to the last two, but what follows does not: neurons miss their equations by margins.
    x = [[1, 1, 0, 0, 0, 1], [0, 0, 1, 1, 0, 1], [1, 0, 1, 0, 0, 1], [0, 1, 0, 1, 0, 1]]
    y = [[1] * 6, [1] * 6, [0] * 6, [1] * 6]
    assert store_transitions(x, y, margin=3, sigma=1e-3, threshold=1).margin > 2.999
    with pytest.raises(ValueError, match=r"lost in the rounding|no weights with exactly this margin"):
        store_transitions(x, y, margin=3, sigma=sigma, threshold=1, method=method)
