"""States of binary neurons and their numbers: neuron 0 is the lowest bit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def state_activity(n_neurons: int, start: int = 0, stop: int | None = None) -> NDArray[np.float64]:
    """Return who is active in the states of these numbers, by default of all, (stop - start, n_neurons)."""
    numbers = np.arange(start, 2**n_neurons if stop is None else stop)
    return (numbers[:, None] >> np.arange(n_neurons) & 1).astype(np.float64)
