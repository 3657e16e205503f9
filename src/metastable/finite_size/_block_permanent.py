"""The permanent of a large matrix of few distinct rows and columns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from metastable._validation import require_array, require_integer, require_list, require_numbers
from metastable.finite_size._search_cost import as_float, duration

Array = NDArray[np.float64]

_MOST_STEPS = 1e10
# Of one coefficient, in floating point and as an integer of any size.
_NANOSECONDS, _NANOSECONDS_INTEGER = 0.7, 150.0
_BALANCING = 20


def block_permanent(blocks: ArrayLike, rows: ArrayLike, columns: ArrayLike) -> float | int:
    """Compute the permanent of a matrix in which rows and columns repeat.

    Parameters
    ----------
    blocks : array_like, (n_row_kinds, n_column_kinds)
        Integers give an integer, to the last digit.
    rows : array_like of int, (n_row_kinds,)
        How often each row is repeated.
    columns : array_like of int, (n_column_kinds,)
        How often each column is; as many in total.

    Returns
    -------
    float or int
        Permanent of the matrix ``blocks`` with repeated rows and columns.

    Raises
    ------
    ValueError
        If shapes do not fit, a number is NaN, or the cost, which is named, is too large.

    Notes
    -----
    Fasoli & Panzeri 2019: ``prod_c k_c!`` times the coefficient of ``prod_c x_c^k_c`` in ``prod_r (sum_c a_rc
    x_c)^m_r``; row kinds and column kinds change places where that is cheaper, and the most frequent column needs no
    variable. About ``n prod_c (k_c + 1)`` steps over the other columns, instead of 2^n. Numbers of one sign are never
    subtracted, and the result is then good to all digits.

    Examples
    --------
    >>> import metastable as mst
    >>> mst.finite_size.block_permanent([[1, 1]], [10], [4, 6])
    3628800
    >>> mst.finite_size.block_permanent([[0.5, 0.25], [0.5, 0.75]], [1, 1], [1, 1])
    0.5
    """
    given = require_array("blocks", blocks)
    if given.ndim != 2 or not given.size:
        raise ValueError(f"blocks must have shape (n_row_kinds, n_column_kinds), got {given.shape}.")
    exact = given.dtype.kind in "iub"
    values: Any = given.astype(object) + 0 if exact else require_numbers("blocks", blocks)
    if not exact and not np.isfinite(values).all():
        raise ValueError("blocks holds NaN or infinite values; give finite ones.")
    m, k = _multiplicities("rows", rows, given.shape[0]), _multiplicities("columns", columns, given.shape[1])
    if sum(m) != sum(k):
        raise ValueError(f"rows add up to {sum(m)} and columns to {sum(k)}; a permanent is of a square matrix.")
    # A kind that never occurs is no row and no column.
    kept_rows, kept_columns = [i for i, v in enumerate(m) if v], [j for j, v in enumerate(k) if v]
    if not kept_rows:
        return 1 if exact else 1.0
    values = values[np.ix_(kept_rows, kept_columns)]
    m, k = [m[i] for i in kept_rows], [k[j] for j in kept_columns]
    if _n_coefficients(m) < _n_coefficients(k):
        values, m, k = values.T, k, m
    _require_affordable(sum(m), k, _NANOSECONDS_INTEGER if exact else _NANOSECONDS)
    # The most frequent column comes first: its variable is 1.
    order = sorted(range(len(k)), key=lambda j: -k[j])
    values, k = values[:, order], [k[j] for j in order]
    return _of_integers(values, m, k) if exact else _of_floats(np.array(values, np.float64), m, k)


def _multiplicities(name: str, values: ArrayLike, count: int) -> list[int]:
    given = [require_integer(f"{name}[{i}]", v, minimum=0) for i, v in enumerate(require_list(name, values))]
    if len(given) != count:
        raise ValueError(f"{name} must be {count} numbers, one for each kind in blocks, got {len(given)}.")
    return given


def _n_coefficients(multiplicities: list[int]) -> int:
    return math.prod(v + 1 for v in sorted(multiplicities)[:-1])


def _require_affordable(n: int, columns: list[int], nanoseconds: float) -> None:
    steps = as_float(n * _n_coefficients(columns) * len(columns))
    if steps * nanoseconds > _MOST_STEPS:
        raise ValueError(
            f"the permanent of {n} rows in {len(columns)} blocks takes about {steps:.2g} steps, "
            f"{duration(steps * nanoseconds * 1e-9)}; at most {_MOST_STEPS / nanoseconds:.2g} are allowed: merge "
            "rows or columns that are nearly equal."
        )


def _of_integers(blocks: NDArray, rows: list[int], columns: list[int]) -> int:
    """Multiply the linear forms out, one after the other, in integers of any size."""
    # An axis of length 1 where all columns are equal: numpy has no arrays of integers without an axis.
    shape = tuple(k + 1 for k in columns[1:]) or (1,)
    power = np.zeros(shape, object)
    power[(0,) * len(shape)] = 1
    for form, times in zip(blocks, rows, strict=True):
        for _ in range(times):
            after = power * form[0]
            for axis, factor in enumerate(form[1:]):
                moved = np.moveaxis(after, axis, 0)
                moved[1:] += np.moveaxis(power, axis, 0)[:-1] * factor
            power = after
    return int(power[(-1,) * len(shape)]) * math.prod(math.factorial(k) for k in columns)


def _of_floats(blocks: Array, rows: list[int], columns: list[int]) -> float:
    if not (blocks.any(axis=1).all() and blocks.any(axis=0).all()):
        return 0.0
    m, k = np.array(rows), np.array(columns)
    row_shift, column_shift = _balance(np.abs(blocks), m, k)
    balanced = np.ldexp(blocks, -(row_shift[:, None] + column_shift))
    coefficient, exponent = _coefficient(balanced, m, k[1:].copy())
    value, shift = math.frexp(float(coefficient))
    shift += int(exponent) + int(row_shift @ m) + int(column_shift @ k)
    for count in columns:
        ways = math.factorial(count)
        # A factorial beyond the largest float still has a leading part and an exponent.
        surplus = max(ways.bit_length() - 64, 0)
        value, more = math.frexp(value * float(ways >> surplus))
        shift += more + surplus
    try:
        return math.ldexp(value, shift)
    except OverflowError:
        raise ValueError(
            f"the permanent is about 2^{shift}, beyond the largest float; divide blocks by a number s, which divides "
            "the permanent by s^n, or give integers."
        ) from None


def _balance(size: Array, rows: NDArray, columns: NDArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return powers of two that bring the sums of rows and columns near to 1 (Sinkhorn), against underflow."""
    largest = np.frexp(size.max(axis=1))[1]
    size = np.ldexp(size, -largest[:, None])
    column = 1 / size.max(axis=0)
    for _ in range(_BALANCING):
        row = 1 / (size @ (columns * column))
        column = 1 / ((rows * row) @ size)
    return largest - np.rint(np.log2(row)).astype(np.int64), -np.rint(np.log2(column)).astype(np.int64)


@njit(nogil=True, cache=True)
def _coefficient(blocks, rows, degrees):
    """Return the coefficient of ``prod_c x_c^degrees_c`` in the product of linear forms, and a power of two.

    The first column has no variable; the last one runs along the inner loop.
    """
    n_variables = degrees.size
    inner = degrees[-1] + 1 if n_variables else 1
    n_outer = 1
    stride = np.ones(max(n_variables, 1), np.int64)
    for c in range(n_variables - 2, -1, -1):
        stride[c] = inner * n_outer
        n_outer *= degrees[c] + 1
    now, after = np.zeros(n_outer * inner), np.zeros(n_outer * inner)
    now[0] = 1.0
    exponent = 0
    digit = np.zeros(max(n_variables, 1), np.int64)
    for r in range(rows.size):
        for _ in range(rows[r]):
            digit[:] = 0
            largest = 0.0
            for o in range(n_outer):
                base = o * inner
                for i in range(inner):
                    after[base + i] = blocks[r, 0] * now[base + i]
                if n_variables:
                    factor = blocks[r, n_variables]
                    for i in range(1, inner):
                        after[base + i] += factor * now[base + i - 1]
                for c in range(n_variables - 1):
                    if digit[c]:
                        factor, before = blocks[r, c + 1], base - stride[c]
                        for i in range(inner):
                            after[base + i] += factor * now[before + i]
                for i in range(inner):
                    largest = max(largest, abs(after[base + i]))
                for c in range(n_variables - 2, -1, -1):
                    digit[c] += 1
                    if digit[c] <= degrees[c]:
                        break
                    digit[c] = 0
            now, after = after, now
            if largest > 1e60:
                now *= 2.0**-150
                exponent += 150
            elif 0.0 < largest < 1e-60:
                now *= 2.0**150
                exponent -= 150
    return now[-1], exponent
