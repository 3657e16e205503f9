from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metastable._validation import (
    require_array,
    require_choice,
    require_indices,
    require_instance,
    require_integer,
    require_list,
    require_membership,
    require_number,
    require_numbers,
    require_pair,
    require_path,
    require_steps,
    require_truth,
)


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3)])
def test_integers(value):
    assert require_integer("n", value, minimum=3, maximum=3) == 3
    assert type(require_integer("n", value)) is int


@pytest.mark.parametrize("value", [True, np.True_, 3.0, "3", None, [3], np.float64(3), np.array([3, 4])])
def test_not_an_integer(value):
    with pytest.raises(TypeError, match=r"^n must be an integer, got .*\.$"):
        require_integer("n", value)


@pytest.mark.parametrize(("value", "said"), [(2, "at least 3, got 2"), (6, "at most 5, got 6")])
def test_integer_out_of_range(value, said):
    with pytest.raises(ValueError, match=rf"^n must be {said}"):
        require_integer("n", value, minimum=3, maximum=5)


@pytest.mark.parametrize("value", [3, 3.0, np.float32(3), np.int64(3), np.array(3.0), Fraction(3), Decimal(3)])
def test_numbers(value):
    assert require_number("x", value) == 3.0
    assert type(require_number("x", value)) is float


@pytest.mark.parametrize("value", [True, np.False_, "3", b"3", None, [3.0], np.array([3.0]), 1j, 10**400])
def test_not_a_number(value):
    with pytest.raises(TypeError, match=r"^x must be a number, got "):
        require_number("x", value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite(value):
    with pytest.raises(ValueError, match=r"^x must be finite, got "):
        require_number("x", value)


def test_number_out_of_range():
    assert require_number("x", 0, minimum=0) == 0
    with pytest.raises(ValueError, match=r"^x must be above 0, got 0"):
        require_number("x", 0, above=0)
    with pytest.raises(ValueError, match=r"^x must be at least 0, got -0\.1"):
        require_number("x", -0.1, minimum=0)
    with pytest.raises(ValueError, match=r"^x must be at most 1, got 1\.1"):
        require_number("x", 1.1, maximum=1)


@pytest.mark.parametrize("value", [1, None, (1,), (1, 2, 3)])
def test_not_a_pair(value):
    with pytest.raises(TypeError, match=r"^w must be two numbers, \(from, to\), got "):
        require_pair("w", value)


def test_pair():
    assert require_pair("w", [1, np.float32(2)]) == (1.0, 2.0)
    with pytest.raises(TypeError, match=r"^w must be a number, got 'a'"):
        require_pair("w", "ab")


def test_choice():
    assert require_choice("c", "b", ("a", "b")) == "b"
    with pytest.raises(ValueError, match=r"^c must be one of 'a', 'b', got 'B'\."):
        require_choice("c", "B", ("a", "b"))


decimal_steps = st.sampled_from(["0.1", "0.05", "0.025", "0.01", "0.3", "0.7", "1", "2.5"])


@given(dt=decimal_steps, steps=st.integers(0, 40_000_000))
def test_decimal_multiples_are_whole(dt, steps):
    assert require_steps("t", float(Fraction(dt) * steps), float(dt)) == steps
    assert require_steps("t", steps * float(dt), float(dt)) == steps


@given(dt=decimal_steps, steps=st.integers(0, 1_000_000), off=st.sampled_from([0.001, 0.1, 0.5, 0.9, 0.999]))
def test_other_times_are_not(dt, steps, off):
    with pytest.raises(ValueError, match=r"^t=.* is not a multiple of dt_ms=.*; choose one that dt_ms divides\.$"):
        require_steps("t", (steps + off) * float(dt), float(dt))


def test_fewest_steps():
    assert require_steps("t", 0, 0.1) == 0
    with pytest.raises(ValueError, match=r"^t=0 must be at least 1 step\(s\) of dt_ms=0\.1"):
        require_steps("t", 0, 0.1, minimum=1)
    with pytest.raises(ValueError, match=r"^t must be at least 0, got -1"):
        require_steps("t", -1, 0.1)


def test_truth():
    assert require_truth("t", np.True_) is True
    for value in ("no", 0, 1, None, [], np.array([])):
        with pytest.raises(TypeError, match=r"^t must be True or False, got "):
            require_truth("t", value)


def test_arrays():
    np.testing.assert_array_equal(require_numbers("a", [1, Fraction(1, 2)]), [1, 0.5])
    assert require_numbers("a", [np.nan, np.inf]).dtype == np.float64
    assert require_numbers("a", []).shape == (0,)
    for value in ("1", ["1"], [True], [None], [1j], {}, object(), {1}, np.array(["2020"], "datetime64[Y]")):
        with pytest.raises(TypeError, match=r"^a must hold numbers, got "):
            require_numbers("a", value)
    for function in (require_array, require_numbers):
        with pytest.raises(
            ValueError, match=r"^a must not hold lists of different lengths, got \[\[1\], \[2, 3\]\]\.$"
        ):
            function("a", [[1], [2, 3]])


def test_lists():
    assert require_list("l", range(2)) == require_list("l", np.arange(2)) == [0, 1]
    for value in (5, None, "ab", b"ab", {1: 2}, {1}, np.array(3)):
        with pytest.raises(TypeError, match=r"^l must be a list, got "):
            require_list("l", value)


def test_membership():
    assert require_membership("m", [[1, 0.0]]).tolist() == [[True, False]]
    for value in ([[1, 2]], [["a"]], [[np.nan]], [[None]]):
        with pytest.raises(ValueError, match=r"^m must hold True and False, or 1 and 0, got "):
            require_membership("m", value)
    with pytest.raises(ValueError, match=r"^m must have shape \(n_neurons, n_clusters\), got \(2,\)"):
        require_membership("m", [1, 0])


def test_indices():
    assert require_indices("i", 2, 3).tolist() == [2]
    assert require_indices("i", [2, 0], 3).tolist() == [2, 0]
    assert require_indices("i", [True, False, True], 3).tolist() == [0, 2]
    assert require_indices("i", [], 0).tolist() == []
    for value, said in (
        (3, r"i runs from 3 to 3 but must lie in 0\.\.2"),
        ([-1], r"i runs from -1 to -1 but must lie in 0\.\.2"),
        ([True], r"the i mask has shape \(1,\) but there are 3"),
        ([1.0], r"i must hold integers, got \[1\.0\]"),
        (None, "i must hold integers, got None"),
        ([[1]], "i must be one index, a list of indices or a mask"),
    ):
        with pytest.raises((TypeError, ValueError), match=said):
            require_indices("i", value, 3)


def test_kinds_and_paths(tmp_path):
    require_instance("d", {}, dict, do="give one")
    with pytest.raises(TypeError, match=r"^d must be dict, got list; give one\.$"):
        require_instance("d", [], dict, do="give one")
    assert require_path("p", str(tmp_path)) == require_path("p", tmp_path) == tmp_path
    for value in (None, 1, True, ["a"]):
        with pytest.raises(TypeError, match=r"^p must be the path of a file, got "):
            require_path("p", value)


def test_long_values_are_shown_on_one_short_line():
    for value in (np.zeros((50, 50)), list(range(10**4)), "x" * 999):
        with pytest.raises(TypeError) as caught:
            require_number("x", value)
        assert len(str(caught.value)) < 120
        assert "\n" not in str(caught.value)
