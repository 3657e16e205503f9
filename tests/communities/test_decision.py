"""Decisions over several timescales."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from metastable.communities._decision import DECISIONS, least_p_value, p_value, scores


def sets(elements):
    return st.tuples(st.integers(2, 21), st.integers(1, 5)).flatmap(
        lambda shape: arrays(np.float64, shape, elements=elements)
    )


# Few different values, so that there are ties, or any.
ANY = st.one_of(sets(st.integers(0, 3).map(float)), sets(st.floats(0, 1, width=32)))


@given(every=ANY)
@pytest.mark.parametrize("decision", ["max-z", "max-rank"])
def test_of_all_sets_few_have_small_p_values(decision, every):
    # Each set in turn is taken for the data. That at most a share alpha of them has p <= alpha makes the test exact.
    p = np.array([p_value(every[k], np.delete(every, k, axis=0), decision=decision) for k in range(len(every))])
    n = len(every)
    for alpha in np.arange(1, n + 1) / n:
        assert (p <= alpha + 1e-9).sum() <= round(alpha * n)
    assert p.min() >= 1 / n - 1e-12
    assert p.max() <= 1


@given(every=ANY, order=st.randoms())
@pytest.mark.parametrize("decision", DECISIONS)
def test_the_order_of_controls_and_the_unit_do_not_matter(decision, every, order):
    data, controls = every[0], every[1:]
    shuffled = list(controls)
    order.shuffle(shuffled)
    expected = p_value(data, controls, decision=decision)
    assert p_value(data, np.array(shuffled), decision=decision) == expected
    # Powers of two, so that no rounding makes or breaks a tie.
    assert p_value(4 * data, 4 * controls, decision=decision) == expected


@given(every=ANY, n_more=st.integers(0, 3))
@pytest.mark.parametrize("decision", ["max-z", "max-rank"])
def test_a_bound_after_some_controls_holds_after_all(decision, every, n_more):
    data, controls = every[0], every[1:]
    some = controls[: max(1, len(controls) - n_more)]
    assert least_p_value(data, some, n_controls=len(controls)) <= p_value(data, controls, decision=decision) + 1e-12


def test_data_beyond_all_controls_have_the_least_p_value():
    controls = np.random.default_rng(1).random((20, 3))
    data = np.array([0.5, 2.0, 0.5])
    assert p_value(data, controls, decision="max-z") == pytest.approx(1 / 21)
    # Every timescale has a set of highest rank: with three of them up to three sets, and ranks say no more.
    assert 1 / 21 <= p_value(data, controls, decision="max-rank") <= 3 / 21 + 1e-12
    assert scores(data, controls, decision="delta-q")[0].argmax() == 1


def test_equal_sets_are_no_news():
    for decision in DECISIONS:
        assert p_value(np.ones(2), np.ones((19, 2)), decision=decision) == 1
