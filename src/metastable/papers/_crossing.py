"""Where a measured curve rises through a level."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def crossing(x: NDArray[np.float64], y: NDArray[np.float64], level: float) -> float:
    """Return where y(x), linear between points, first rises through a level; NaN if it does not.

    Examples
    --------
    >>> import numpy as np
    >>> crossing(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.0]), 0.25)
    1.25
    """
    for left in range(len(x) - 1):
        if y[left] <= level < y[left + 1]:
            return float(x[left] + (level - y[left]) / (y[left + 1] - y[left]) * (x[left + 1] - x[left]))
    return float("nan")
