"""The loop over spikes that follows the potentials which unit synapses cause.

The same in plain numpy is in `_current_reference`.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def fill_traces(
    out, moment, moment_offsets, time, neuron, trial_offsets, lag, lag_of, kind_of, rate, coefficient, span
):
    """Write the potential that unit synapses from each neuron have caused until each moment, (n_moments, n).

    A synapse's response to one spike is a sum of three exponentials with the rates ``rate[kind]`` and the factors
    ``coefficient[kind]``. Each neuron's three sums are kept as they would be at a common reference time, so that a
    spike costs three additions and a moment three products per neuron, whatever has happened before. The reference
    moves on by `span`, which keeps exponents small. ``lag[lag_of]`` is the delay; -1 leaves a neuron out.
    """
    n, n_kinds = lag_of.size, len(rate)
    over_span = np.exp(-span * rate)
    since = np.zeros((n_kinds, 3))
    position = np.zeros(lag.size, np.int64)
    for trial in range(trial_offsets.size - 1):
        position[:] = trial_offsets[trial]
        stop = trial_offsets[trial + 1]
        state = np.zeros((3, n))
        reference = 0.0
        m = moment_offsets[trial]
        while m < moment_offsets[trial + 1]:
            until = min(moment[m], reference + span)
            for c in range(lag.size):
                k = position[c]
                while k < stop and time[k] + lag[c] <= until:
                    j = neuron[k]
                    if lag_of[j] == c:
                        kind = kind_of[j]
                        age = time[k] + lag[c] - reference
                        for e in range(3):
                            if coefficient[kind, e] != 0:
                                state[e, j] += coefficient[kind, e] * np.exp(age * rate[kind, e])
                    k += 1
                position[c] = k
            if moment[m] > until:
                reference += span
                for e in range(3):
                    for j in range(n):
                        state[e, j] *= over_span[kind_of[j], e]
                continue
            for kind in range(n_kinds):
                for e in range(3):
                    since[kind, e] = np.exp((reference - moment[m]) * rate[kind, e])
            for j in range(n):
                kind = kind_of[j]
                out[m, j] = state[0, j] * since[kind, 0] + state[1, j] * since[kind, 1] + state[2, j] * since[kind, 2]
            m += 1
