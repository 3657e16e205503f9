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
def mark_touched(touched, time, trial_offsets, delay, tolerance):
    """Mark the spikes at whose time, within the tolerance, anything arrives anywhere over the one delay of all."""
    for trial in range(trial_offsets.size - 1):
        k, stop = trial_offsets[trial], trial_offsets[trial + 1]
        for m in range(k, stop):
            while k < stop and time[k] + delay < time[m] and abs(time[k] + delay - time[m]) > tolerance:
                k += 1
            touched[m] = k < stop and abs(time[k] + delay - time[m]) <= tolerance


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
    """Add up what is left at the end of each interval of the arrivals within it.

    `power` is exp((t - reference) rate) with the reference at the beginning of the spike's `block`: one exponential
    per row and block instead of one per arrival. Nearly all of the time is one addition per arrival; what is the same
    for all arrivals of a row waits until its end.
    """
    factor = np.zeros(theta.shape[1])
    for j in range(column.size):
        if column[j] == j:
            factor[j] = math.exp(delay[j] * rate)
    for m in range(t0.size):
        start, stop = trial_offsets[trial[m]], trial_offsets[trial[m] + 1]
        within = time[start:stop]
        k = start + np.searchsorted(within, t0[m] - span[1] - _MARGIN_MS)
        end = start + np.searchsorted(within, t1[m] - span[0] + _MARGIN_MS)
        row = theta[m]
        # At both ends there may be spikes that arrive within the interval or not, depending on their delay.
        while k < end and time[k] <= t0[m] - span[0] + _MARGIN_MS:
            _add_if_within(row, k, time, neuron, power, block, origin_ms, block_ms, rate, delay, t0[m], t1[m])
            k += 1
        while k < end and time[end - 1] >= t1[m] - span[1] - _MARGIN_MS:
            end -= 1
            _add_if_within(row, end, time, neuron, power, block, origin_ms, block_ms, rate, delay, t0[m], t1[m])
        while k < end:
            current, stop = block[k], end
            if block[end - 1] != current:
                stop = k + np.searchsorted(block[k:end], current + 1)
            scale = math.exp((origin_ms + current * block_ms - t1[m]) * rate)
            # Unsigned numbers spare the test for negative ones, a third of the time.
            for within_block in range(np.uint64(k), np.uint64(stop)):
                row[np.uint64(neuron[within_block])] += power[within_block] * scale
            k = stop
        row *= factor


@njit(nogil=True, cache=True)
def _add_if_within(row, k, time, neuron, power, block, origin_ms, block_ms, rate, delay, t0, t1):
    if t0 < time[k] + delay[neuron[k]] < t1:
        row[neuron[k]] += power[k] * math.exp((origin_ms + block[k] * block_ms - t1) * rate)


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
