import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metastable.finite_size import block_permanent, order_statistic_cdf, permanent


def by_permutations(matrix):
    n = len(matrix)
    return sum(math.prod(matrix[i][s[i]] for i in range(n)) for s in itertools.permutations(range(n)))


def by_columns(matrix):
    """Expansion over sets of used columns, in whole numbers of Python and without a subtraction."""
    n = len(matrix)
    ways = {0: 1}
    for row in matrix:
        after = {}
        for used, value in ways.items():
            for j in range(n):
                if not used >> j & 1:
                    after[used | 1 << j] = after.get(used | 1 << j, 0) + value * row[j]
        ways = after
    return ways.get((1 << n) - 1, 0) if n else 1


def whole_matrices(largest, size):
    return st.integers(0, size).flatmap(
        lambda n: st.lists(st.lists(st.integers(-largest, largest), min_size=n, max_size=n), min_size=n, max_size=n)
    )


def test_known_permanents():
    assert permanent(np.ones((10, 10), int)) == 3628800
    assert permanent(np.ones((10, 10))) == 3628800
    # Permutations without a fixed point.
    assert permanent(np.ones((8, 8), int) - np.eye(8, dtype=int)) == 14833
    assert block_permanent([[1]], [10], [10]) == 3628800
    assert block_permanent([[1.0, 1.0], [1.0, 1.0]], [3, 7], [6, 4]) == pytest.approx(3628800, rel=1e-14)


@given(whole_matrices(3, 6))
def test_integers_are_exact(matrix):
    found = permanent(np.array(matrix, int).reshape(len(matrix), len(matrix)))
    assert type(found) is int
    assert found == by_permutations(matrix) == by_columns(matrix)


@given(whole_matrices(2**62, 4))
def test_large_integers_are_exact(matrix):
    assert permanent(np.array(matrix, np.int64).reshape(len(matrix), len(matrix))) == by_permutations(matrix)


def test_an_integer_beyond_64_bits():
    rng = np.random.default_rng(1)
    matrix = rng.integers(-99, 100, (13, 13))
    found = permanent(matrix)
    assert found == by_columns(matrix.tolist())
    assert abs(found) > 2**53
    assert permanent(np.ones((21, 21), int)) == math.factorial(21) > 2**64


@given(st.integers(0, 10**6), st.integers(1, 7))
def test_floats_agree_with_fractions(seed, n):
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(n, n)) * 2.0 ** rng.integers(-300 // n, 300 // n, (n, 1))
    exact = by_columns([[Fraction(v) for v in row] for row in matrix.tolist()])
    size = math.prod(float(v) for v in np.abs(matrix).sum(axis=1))
    assert abs(permanent(matrix) - float(exact)) < 1e-14 * size


def test_rows_of_any_size_do_not_overflow():
    assert permanent(np.diag([1e200, 1e200, 1e-200, 1e-200])) == pytest.approx(1, rel=1e-12)
    assert permanent([[0.0, 0.0], [1.0, 2.0]]) == 0
    assert permanent([]) == 1.0
    assert permanent(np.zeros((0, 0), int)) == 1


@given(st.integers(0, 10**6))
def test_blocks_agree_with_the_whole_matrix(seed):
    rng = np.random.default_rng(seed)
    n_rows, n_columns = rng.integers(1, 5, 2)
    rows = rng.integers(0, 4, n_rows)
    columns = np.bincount(rng.integers(0, n_columns, rows.sum()), minlength=n_columns)
    blocks = rng.integers(-3, 4, (n_rows, n_columns))
    whole = np.repeat(np.repeat(blocks, rows, axis=0), columns, axis=1)
    exact = block_permanent(blocks, rows, columns)
    assert type(exact) is int
    assert exact == by_columns(whole.tolist())
    scale = max(by_columns(np.abs(whole).tolist()), 1)
    assert abs(block_permanent(blocks.astype(float), rows, columns) - exact) < 1e-13 * scale
    chances = rng.random((n_rows, n_columns))
    whole = np.repeat(np.repeat(chances, rows, axis=0), columns, axis=1)
    assert block_permanent(chances, rows, columns) == pytest.approx(float(by_columns(whole.tolist())), rel=1e-12)


def test_large_blocks_in_floats_agree_with_integers():
    rng = np.random.default_rng(3)
    for counts in ([60, 60], [40, 50, 30], [10, 80, 10, 20]):
        blocks = rng.integers(0, 5, (len(counts), len(counts)))
        rows = rng.permutation(counts)
        exact = block_permanent(blocks, rows, counts)
        assert block_permanent(blocks.astype(float), rows, counts) == pytest.approx(exact, rel=1e-12)


def test_blocks_of_very_different_size_do_not_underflow():
    # 40 columns of 1e-12 are a factor of 1e-480, between the largest and the smallest float only with 150!.
    found = block_permanent([[1.0, 1e-12], [1.0, 1e-12]], [100, 50], [110, 40])
    assert math.log10(found) == pytest.approx(math.log10(math.factorial(150)) - 480, abs=1e-10)


def test_refusals_of_permanents():
    with pytest.raises(ValueError, match=r"matrix must be square, got shape \(2, 3\)"):
        permanent(np.ones((2, 3)))
    with pytest.raises(ValueError, match="matrix holds NaN or infinite values; give finite ones"):
        permanent([[np.nan, 1], [1, 1]])
    with pytest.raises(ValueError, match=r"40 rows takes 2\^39 products of 40 numbers, 3.1 hours; at most 32 rows"):
        permanent(np.ones((40, 40)))
    with pytest.raises(ValueError, match="beyond the largest float; divide the matrix"):
        permanent(np.diag([1e200, 1e200]))
    with pytest.raises(ValueError, match="rows add up to 3 and columns to 4; a permanent is of a square matrix"):
        block_permanent([[1, 2]], [3], [2, 2])
    with pytest.raises(ValueError, match="columns must be 2 numbers, one for each kind in blocks, got 3"):
        block_permanent([[1, 2]], [3], [1, 1, 1])
    with pytest.raises(ValueError, match=r"rows\[0\] must be at least 0, got -1"):
        block_permanent([[1]], [-1], [-1])
    with pytest.raises(ValueError, match="blocks holds NaN"):
        block_permanent([[np.nan]], [1], [1])
    with pytest.raises(ValueError, match="beyond the largest float; divide blocks by a number s"):
        block_permanent([[1.0]], [200], [200])
    with pytest.raises(ValueError, match=r"takes about .* steps, .* (hours|days|minutes); at most .* merge"):
        block_permanent(np.ones((6, 6)), [60] * 6, [60] * 6)


def by_subsets(chances, rank):
    n = len(chances)
    law = 0.0
    for below in itertools.product((0, 1), repeat=n):
        if sum(below) >= rank:
            law += math.prod(p if b else 1 - p for p, b in zip(chances, below, strict=True))
    return law


@given(st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.75, 1.0]), min_size=1, max_size=6), st.data())
def test_order_statistics_are_sums_of_permanents(chances, data):
    n = len(chances)
    rank = data.draw(st.integers(1, n))
    found = float(order_statistic_cdf(chances, rank=rank))
    assert found == pytest.approx(by_subsets(chances, rank), abs=1e-14)
    f = np.array(chances)
    terms = [
        permanent(np.column_stack([*[f] * m, *[1 - f] * (n - m)])) / math.factorial(m) / math.factorial(n - m)
        for m in range(rank, n + 1)
    ]
    assert found == pytest.approx(sum(terms), abs=1e-13)


def test_order_statistics_of_repeated_kinds_and_many_points():
    cdf = np.array([[0.1, 0.4, 0.9], [0.3, 0.3, 1.0]])
    repeated = order_statistic_cdf(cdf, rank=4, multiplicity=[2, 3])
    one_by_one = order_statistic_cdf(np.repeat(cdf, [2, 3], axis=0), rank=4)
    assert np.allclose(repeated, one_by_one, rtol=1e-14)
    assert np.allclose(order_statistic_cdf(cdf, rank=2), cdf.prod(axis=0))
    assert np.allclose(order_statistic_cdf(cdf, rank=1), 1 - (1 - cdf).prod(axis=0))


def test_refusals_of_order_statistics():
    with pytest.raises(ValueError, match="cdf must hold probabilities, from 0 to 1 and not NaN"):
        order_statistic_cdf([0.5, np.nan], rank=1)
    with pytest.raises(ValueError, match="rank must be at most 2, got 3"):
        order_statistic_cdf([0.5, 0.2], rank=3)
    with pytest.raises(ValueError, match="multiplicity must be 2 numbers, one for each kind, got 1"):
        order_statistic_cdf([0.5, 0.2], rank=1, multiplicity=[2])
