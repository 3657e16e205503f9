"""The inner loop of the synchronous binary engine, and the same in plain numpy."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from metastable.simulation._finite_size_plan import FiniteSizePlan


@njit(nogil=True, cache=True, error_model="numpy")
def advance(
    activity, potentials, noise, first_step, incoming, stimulus, threshold, mixing
):  # pragma: no cover - compiled
    """Write the states that follow ``activity[0]``, one for each row of noise.

    `incoming` is the transpose of the weights; `mixing` transposed too, and empty for independent noise; `potentials`
    is empty where they are not recorded.
    """
    n = threshold.size
    v = np.empty(n)
    for t in range(noise.shape[0]):
        row = min(first_step + t, stimulus.shape[0] - 1)
        v[:] = 0.0
        for j in range(n):
            if activity[t, j]:
                for i in range(n):
                    v[i] += incoming[j, i]
        for i in range(n):
            v[i] += stimulus[row, i]
        if mixing.shape[0]:
            for j in range(n):
                for i in range(n):
                    v[i] += noise[t, j] * mixing[j, i]
        else:
            for i in range(n):
                v[i] += noise[t, i]
        for i in range(n):
            activity[t + 1, i] = 1 if v[i] >= threshold[i] else 0
        if potentials.shape[0]:
            for i in range(n):
                potentials[t, i] = v[i]


def advance_plainly(
    plan: FiniteSizePlan,
    activity: NDArray[np.uint8],
    potentials: NDArray[np.float64],
    noise: NDArray[np.float64],
    first_step: int,
) -> None:
    """Do what `advance` does, one readable line at a time; terms are added in its order, so that rounding agrees."""
    network, mixing = plan.network, plan.mixing
    for t, z in enumerate(noise):
        v = np.zeros(network.n_neurons)
        for j in np.flatnonzero(activity[t]):
            v += network.weights[:, j]
        v += network.stimulus_at(first_step + t)
        for noise_of_j in [z] if mixing is None else z[:, None] * mixing.T:
            v += noise_of_j
        activity[t + 1] = v >= network.threshold
        if potentials.size:
            potentials[t] = v
