from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metastable._validation import (
    require_choice,
    require_integer,
    require_number,
    require_pair,
    require_steps,
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
