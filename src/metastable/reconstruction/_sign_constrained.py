"""Least squares with signs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Exchanges of whole blocks that do not lower the number of wrong entries, before entries are exchanged one by one.
_PATIENCE = 3
# Entries that are 0 up to rounding do not count as wrong. What rounding is depends on the condition: with every entry
# that is exchanged alone the limit grows, so that no such entry can be exchanged for ever.
_ROUNDING, _GROWTH = 1e-12, 1.1


def sign_constrained(gram: Array, right: Array, sign: Array) -> Array:
    """Minimise x' gram x / 2 - right' x, where the entries of x have the given signs or are 0.

    Parameters
    ----------
    gram : ndarray, (n, n)
        Positive definite.
    right : ndarray, (n,)
    sign : ndarray, (n,)
        1, -1, or 0 for an entry that is free.

    Returns
    -------
    ndarray, (n,)
        The only minimum.

    Notes
    -----
    Block principal pivoting (Portugal, Judice & Vicente 1994): solve for the entries that are not held at 0, hold those
    with a wrong sign, let go those that would grow with the right one, and so on. Exchanges of whole blocks nearly
    always end after about ten systems; if the number of wrong entries does not fall, the last of them is exchanged
    alone, which cannot cycle.
    """
    flip = np.where(sign == 0, 1.0, sign)
    bound = sign != 0
    held = np.zeros(right.size, bool)
    fewest, patience = right.size + 1, _PATIENCE
    length = np.sqrt(np.diagonal(gram))
    small = _ROUNDING * float(np.abs(right / length).max(initial=0.0))
    while True:
        x = np.zeros(right.size)
        x[~held] = np.linalg.solve(gram[np.ix_(~held, ~held)], right[~held])
        gain = right - gram @ x
        wrong = bound & np.where(held, gain * flip > small * length, x * flip < -small / length)
        n_wrong = int(wrong.sum())
        if not n_wrong:
            return np.where(bound & (x * flip < 0), 0.0, x)
        if n_wrong < fewest:
            fewest, patience = n_wrong, _PATIENCE
        elif patience:
            patience -= 1
        else:
            wrong[: np.flatnonzero(wrong)[-1]] = False
            small *= _GROWTH
        held ^= wrong
