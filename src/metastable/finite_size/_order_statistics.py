"""Order statistics of independent variables that are not identically distributed."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._validation import require_integer, require_list, require_numbers
from metastable.finite_size._search_cost import duration

Array = NDArray[np.float64]

_MOST_STEPS = 1e10
_NANOSECONDS = 1.0


def order_statistic_cdf(cdf: ArrayLike, *, rank: int, multiplicity: ArrayLike | None = None) -> Array:
    """Compute the distribution function of the variable of a rank among independent ones.

    Parameters
    ----------
    cdf : array_like, (n_kinds, ...)
        Distribution functions of the kinds of variables at some points.
    rank : int
        1 for the smallest variable, their number for the largest.
    multiplicity : array_like of int, (n_kinds,), optional
        How many variables there are of each kind; by default 1.

    Returns
    -------
    ndarray, (...)
        ``P(X_(rank) <= x)`` at these points.

    Raises
    ------
    ValueError
        If numbers are no probabilities, the rank is not one, or the cost, which is named, is too large.

    Notes
    -----
    Bapat & Beg 1989; Fasoli & Panzeri 2019: ``sum_{m >= rank} per[F, ..., F, 1 - F, ..., 1 - F] / (m! (n - m)!)`` with
    m columns F. These permanents over their factorials are the coefficients of x^m in ``prod_i (1 - F_i + F_i x)``,
    which is multiplied out once for all of them: n^2 steps a point.

    Examples
    --------
    Of two fair and one loaded coin, at least two show 0:

    >>> import metastable as mst
    >>> mst.finite_size.order_statistic_cdf([0.5, 0.2], rank=2, multiplicity=[2, 1])
    array(0.35)
    """
    chance = require_numbers("cdf", cdf)
    if chance.ndim == 0 or not chance.size:
        raise ValueError(f"cdf must have shape (n_kinds, ...), got {chance.shape}.")
    if not ((chance >= 0) & (chance <= 1)).all():
        raise ValueError("cdf must hold probabilities, from 0 to 1 and not NaN; check its values.")
    given = [1] * len(chance) if multiplicity is None else require_list("multiplicity", multiplicity)
    times = [require_integer(f"multiplicity[{i}]", v, minimum=0) for i, v in enumerate(given)]
    if len(times) != len(chance):
        raise ValueError(f"multiplicity must be {len(chance)} numbers, one for each kind, got {len(times)}.")
    return rank_distribution(chance, 1 - chance, times, rank)


def rank_distribution(below: Array, above: Array, times: list[int], rank: int) -> Array:
    """Return ``P(X_(rank) <= x)`` from the probabilities of each kind to lie below and above, (n_kinds, ...)."""
    n = sum(times)
    require_integer("rank", rank, minimum=1, maximum=n)
    steps = float(n) ** 2 * below[0].size
    if steps > _MOST_STEPS:
        raise ValueError(
            f"the order statistics of {n} variables at {below[0].size} points take {steps:.2g} steps, "
            f"{duration(steps * _NANOSECONDS * 1e-9)}; at most {_MOST_STEPS:.2g} are allowed: take fewer points."
        )
    law = np.zeros((n + 1, *below.shape[1:]))
    law[0] = 1
    for f, g, count in zip(below, above, times, strict=True):
        for _ in range(count):
            law[1:] = law[1:] * g + law[:-1] * f
            law[0] *= g
    return np.asarray(np.minimum(law[rank:].sum(axis=0), 1))
