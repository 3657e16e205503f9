"""Stationary law by elimination without a subtraction: every probability, however small, to full relative precision."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Columns eliminated together, so that most of the work is a product of matrices.
_PANEL = 48


def gth(probabilities: Array) -> Array:
    """Return the stationary law of an irreducible chain, (n,), from transition probabilities of rows to columns.

    Notes
    -----
    Grassmann, Taksar & Heyman 1985: states are taken out one after the other, the last first, and the chain is watched
    on those that are left. ``1 - P_kk`` is summed from the other entries of its row, so that numbers are only added,
    multiplied and divided. As in elimination by blocks, the update of the states not yet reached waits until a panel is
    complete.
    """
    p = np.array(probabilities, np.float64, order="C")
    high = len(p)
    while high > 1:
        low = max(1, high - _PANEL)
        for k in range(high - 1, low - 1, -1):
            p[:k, k] /= p[k, :k].sum()
            p[low:k, :k] += p[low:k, k, None] * p[k, :k]
            p[:low, low:k] += p[:low, k, None] * p[k, low:k]
        p[:low, :low] += p[:low, low:high] @ p[low:high, :low]
        high = low
    law = np.ones(len(p))
    for k in range(1, len(p)):
        law[k] = law[:k] @ p[:k, k]
    return law / law.sum()
