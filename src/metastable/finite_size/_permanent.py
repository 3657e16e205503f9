"""The permanent of a matrix: the sum over all ways to give each row a column of its own."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from metastable._validation import require_array, require_numbers
from metastable.finite_size._search_cost import as_float, duration

_LARGEST = 32
# Of one multiplication, in floating point and modulo a prime.
_NANOSECONDS, _NANOSECONDS_MODULAR = 0.5, 4.0
_LARGEST_PRIME = 2**31 - 1


def permanent(matrix: ArrayLike) -> float | int:
    """Compute the permanent of a square matrix.

    Parameters
    ----------
    matrix : array_like, (n, n)
        Of at most 32 rows. Integers give an integer, to the last digit.

    Returns
    -------
    float or int
        ``sum over permutations s of prod_i a[i, s(i)]``; 1 for an empty matrix.

    Raises
    ------
    ValueError
        If the matrix is not square, holds NaN, or is too large: the cost is named.

    Notes
    -----
    Balasubramanian-Bax-Franklin-Glynn: ``2^(1-n) sum_d prod_k d_k prod_j sum_i d_i a_ij`` over signs d with
    ``d_0 = 1``, in the order of a Gray code, n 2^(n-1) multiplications. Integers are computed modulo as many primes as
    their largest possible permanent needs, each about ten times the work. Floating-point terms cancel: the error is at
    most about n 1e-16 times the product of the column sums of ``|a|``, with rows scaled to a largest entry of 1. Where
    rows or columns repeat `block_permanent` is much faster, and cancels nothing if no entry is negative.

    Examples
    --------
    >>> import numpy as np
    >>> import metastable as mst
    >>> mst.finite_size.permanent(np.ones((10, 10), int))
    3628800
    >>> mst.finite_size.permanent([[0.5, 0.25], [0.5, 0.75]])
    0.5
    """
    array = require_array("matrix", matrix)
    # An empty list is a matrix without rows.
    if array.shape == (0,):
        array = array.reshape(0, 0)
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise ValueError(f"matrix must be square, got shape {array.shape}.")
    n, exact = len(array), array.dtype.kind in "iub"
    values = array if exact else require_numbers("matrix", matrix).reshape(n, n)
    if not exact and not np.isfinite(values).all():
        raise ValueError("matrix holds NaN or infinite values; give finite ones.")
    if n > _LARGEST:
        # About as many primes as the largest possible permanent has pieces of 31 bits: finding them takes a while.
        bits = n * math.log2(max(np.abs(values.astype(np.float64)).sum(axis=1).max(), 2))
        nanoseconds = _NANOSECONDS_MODULAR * (bits // 31 + 1) if exact else _NANOSECONDS
        seconds = as_float(n * 2 ** (n - 1)) * nanoseconds * 1e-9
        raise ValueError(
            f"the permanent of {n} rows takes 2^{n - 1} products of {n} numbers, {duration(seconds)}; at most "
            f"{_LARGEST} rows are allowed: use block_permanent where rows or columns repeat."
        )
    if n == 0:
        return 1 if exact else 1.0
    return _by_residues(values, _primes_for(values)) if exact else _in_floats(values)


def _in_floats(matrix: NDArray[np.float64]) -> float:
    # Powers of two are exact, and keep the products of many large or small rows within range.
    largest = np.abs(matrix).max(axis=1)
    if not largest.all():
        return 0.0
    exponent = np.frexp(largest)[1]
    value, shift = math.frexp(float(_glynn(np.ldexp(matrix, -exponent[:, None]))))
    shift += int(exponent.sum()) + 1 - len(matrix)
    try:
        return math.ldexp(value, shift)
    except OverflowError:
        raise ValueError(
            f"the permanent is about 2^{shift}, beyond the largest float; divide the matrix by a number s, which "
            "divides the permanent by s^n."
        ) from None


@njit(nogil=True, cache=True, fastmath={"reassoc"})
def _glynn(matrix):
    n = len(matrix)
    sums = np.zeros(n)
    for i in range(n):
        sums += matrix[i]
    plus, total = np.ones(n, np.bool_), 0.0
    for step in range(np.int64(1) << (n - 1)):
        if step:
            flipped, rest = 1, step
            while not rest & 1:
                rest >>= 1
                flipped += 1
            twice = -2.0 if plus[flipped] else 2.0
            plus[flipped] = not plus[flipped]
            for j in range(n):
                sums[j] += twice * matrix[flipped, j]
        product = 1.0
        for j in range(n):
            product *= sums[j]
        total += -product if step & 1 else product
    return total


def _primes_for(matrix: NDArray) -> list[int]:
    """Return primes whose product exceeds twice the modulus of any permanent of such rows and columns."""
    whole = [[abs(int(v)) for v in row] for row in matrix.tolist()]
    rows = math.prod(sum(row) for row in whole)
    bound = min(rows, math.prod(sum(column) for column in zip(*whole, strict=True)))
    primes, product, candidate = [], 1, _LARGEST_PRIME
    while product <= 2 * bound:
        if all(candidate % d for d in range(3, math.isqrt(candidate) + 1, 2)):
            primes.append(candidate)
            product *= candidate
        candidate -= 2
    return primes


def _by_residues(matrix: NDArray, primes: list[int]) -> int:
    value, modulus = 0, 1
    for prime in primes:
        reduced = np.array([[int(v) % prime for v in row] for row in matrix.tolist()], np.int64)
        residue = int(_glynn_modulo(reduced, prime)) * pow(2, 1 - len(matrix), prime)
        # Chinese remainders: the one number below the new modulus that leaves the old rest and the new one.
        value += modulus * ((residue - value) * pow(modulus, -1, prime) % prime)
        modulus *= prime
    return value - modulus if 2 * value > modulus else value


@njit(nogil=True, cache=True)
def _glynn_modulo(matrix, prime):
    n = len(matrix)
    sums = np.zeros(n, np.int64)
    for i in range(n):
        sums += matrix[i]
    sums %= prime
    twice = 2 * matrix % prime
    plus, total = np.ones(n, np.bool_), np.int64(0)
    for step in range(np.int64(1) << (n - 1)):
        if step:
            flipped, rest = 1, step
            while not rest & 1:
                rest >>= 1
                flipped += 1
            for j in range(n):
                change = prime - twice[flipped, j] if plus[flipped] else twice[flipped, j]
                moved = sums[j] + change
                sums[j] = moved - prime if moved >= prime else moved
            plus[flipped] = not plus[flipped]
        product = np.uint64(1)
        for j in range(n):
            product = product * np.uint64(sums[j]) % np.uint64(prime)
        total += prime - np.int64(product) if step & 1 else np.int64(product)
        if total >= prime:
            total -= prime
    return total % prime
