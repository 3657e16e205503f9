"""The loops over spikes: which intervals are acceptable, and the rows of the equations.

The same in plain numpy is in `_reference`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

# Beyond the limits of a window, so that rounding of its edges loses no spike; each is then compared exactly.
_MARGIN_MS = 1e-6


@njit(nogil=True, cache=True)
def mark_acceptable(acceptable, time, neuron, trial_offsets, column, delay, span, trial, t0, t1, tolerance):
    """Mark the intervals at whose end, within the tolerance, nothing arrives; with a tolerance also at their beginning.

    `column` is the unknown that the arrivals of a neuron belong to, -1 for arrivals that do nothing; `span` the
    shortest and the longest delay.
    """
    for m in range(t0.size):
        start, stop = trial_offsets[trial[m]], trial_offsets[trial[m] + 1]
        acceptable[m] = not _arrives(time, neuron, start, stop, column, delay, span, t1[m], tolerance)
        if tolerance > 0 and acceptable[m]:
            acceptable[m] = not _arrives(time, neuron, start, stop, column, delay, span, t0[m], tolerance)


@njit(nogil=True, cache=True)
def fill_rows(
    theta, time, neuron, trial_offsets, power, block, origin_ms, block_ms, rate, column, delay, span, trial, t0, t1
):
    """Add up what is left at the end of each interval of the arrivals within it, without the factor exp(delay rate).

    `power` is exp((t - reference) rate) with the reference at the beginning of the spike's `block`: one exponential
    per row and block instead of one per arrival.
    """
    for m in range(t0.size):
        start, stop = trial_offsets[trial[m]], trial_offsets[trial[m] + 1]
        k = start + np.searchsorted(time[start:stop], t0[m] - span[1] - _MARGIN_MS)
        latest = t1[m] - span[0] + _MARGIN_MS
        current = -1
        scale = 0.0
        while k < stop and time[k] <= latest:
            j = neuron[k]
            arrival = time[k] + delay[j]
            if column[j] >= 0 and arrival > t0[m] and arrival < t1[m]:
                if block[k] != current:
                    current = block[k]
                    scale = math.exp((origin_ms + current * block_ms - t1[m]) * rate)
                theta[m, column[j]] += power[k] * scale
            k += 1


@njit(nogil=True, cache=True)
def _arrives(time, neuron, start, stop, column, delay, span, moment, tolerance):
    k = start + np.searchsorted(time[start:stop], moment - span[1] - tolerance - _MARGIN_MS)
    latest = moment - span[0] + tolerance + _MARGIN_MS
    while k < stop and time[k] <= latest:
        j = neuron[k]
        if column[j] >= 0 and abs(time[k] + delay[j] - moment) <= tolerance:
            return True
        k += 1
    return False
