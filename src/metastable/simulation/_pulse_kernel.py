"""The inner loops of the event-driven pulse engine.

All of it stands in one file because numba's compiled copy on disk is renewed when this file changes, and not when one
that it imports does.

Both kernels stop before an event for which there may be no room, and continue where they were when called again:
`clock` holds the time of the last event, the origin of the scaled state and the spread of the last periods; `count` the
number of spikes, the next spike to arrive, the number of entries of the queue, the current cycle and the number of
neurons that fired in it, and the number of the event.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

REACHED, FULL, LOCKED, PAUSED = range(4)
# e^30 leaves ten more decades before squares overflow; rebasing costs one pass over the neurons.
_REBASE = 30.0
_BLOCK = 64
# Arrivals after which the caller is asked whether to go on: a tenth of a second.
_PAUSE = 1_000_000


@njit(nogil=True, cache=True, error_model="numpy")
def _smallest(gap, inverse, wall, scaled, bits):
    """Write the scaled gaps, and after them the smallest, which is returned; `bits` is their memory as integers.

    Positive floats are ordered as their bits are, and only of integers does LLVM find the minimum in vectors. Whoever
    has a gap below 0 has fired when it arose.
    """
    for i in range(gap.size):
        scaled[i] = gap[i] * inverse[i] + wall[i]
    lowest = bits[0]
    for i in range(gap.size):
        lowest = min(lowest, bits[i])
    bits[gap.size] = lowest
    return scaled[gap.size]


@njit(nogil=True, cache=True, error_model="numpy")
def _record(i, now, times, neurons, count, last, period, cycle_of):
    """Record a spike; return whether it completes a cycle, in which everybody fires once."""
    n_spikes = count[0]
    times[n_spikes] = now
    neurons[n_spikes] = i
    count[0] = n_spikes + 1
    period[i] = now - last[i]
    last[i] = now
    if cycle_of[i] == count[3]:
        count[3] += 1
        count[4] = 0
    cycle_of[i] = count[3]
    count[4] += 1
    if count[4] == last.size:
        count[3] += 1
        count[4] = 0
        return True
    return False


@njit(nogil=True, cache=True, error_model="numpy")
def _spread(period):
    low, high = np.inf, 0.0
    for i in range(period.size):
        low = min(low, period[i])
        high = max(high, period[i])
    return high - low if high < np.inf else np.inf


@njit(nogil=True, cache=True, error_model="numpy")
def advance_volleys(
    until,
    tolerance,
    clock,
    count,
    times,
    neurons,
    gap,
    base,
    inverse,
    wall,
    scaled,
    bits,
    start,
    tau,
    delay,
    rows,
    first,
    targets,
    weights,
    jump,
    last,
    period,
    cycle_of,
):
    """Advance a network with one delay and one time constant.

    The state is ``gap = (RI - V) e^{(t - origin)/tau}``, constant between events: an arrival subtracts
    ``a e^{(t - origin)/tau}``, and the next spike by drive alone is where ``gap / (RI - V_T)`` is smallest. `inverse`
    is ``1/(RI - V_T)``, and 0 for neurons whose drive is below threshold, which `wall`, infinite for them, keeps out.
    With one delay the spikes in flight are the last ones fired, in order: no queue is needed but a place in `times`.

    `rows` holds the weights by presynaptic neuron; where it is empty, `first`, `targets` and `weights` list them.
    """
    n = gap.size
    dense = rows.shape[0] > 0
    now, origin = clock[0], clock[1]
    lowest = _smallest(gap, inverse, wall, scaled, bits)
    while True:
        crossing = max(now, origin + tau * math.log(lowest))
        arrival = np.inf
        if count[1] < count[0]:
            arrival = times[count[1]] + delay
        arrives = arrival <= crossing
        t = arrival if arrives else crossing
        if t >= until:
            clock[0], clock[1] = now, origin
            return REACHED
        if count[0] + n > times.size:
            clock[0], clock[1] = now, origin
            return FULL
        now = t
        if now - origin > _REBASE * tau:
            shrink = math.exp(-(now - origin) / tau)
            for i in range(n):
                gap[i] *= shrink
            origin = now
            lowest = _smallest(gap, inverse, wall, scaled, bits)
        growth = math.exp((now - origin) / tau)
        n_firing = 0
        if arrives:
            head = count[1]
            stop = head + 1
            while stop < count[0] and times[stop] + delay == now:
                stop += 1
            count[1] = stop
            if dense:
                if stop == head + 1:
                    row = rows[neurons[head]]
                    for i in range(n):
                        gap[i] -= row[i] * growth
                else:
                    # Jumps that come together are summed in mV: integer weights then meet a threshold exactly.
                    jump[:] = 0.0
                    for k in range(head, stop):
                        row = rows[neurons[k]]
                        for i in range(n):
                            jump[i] += row[i]
                    for i in range(n):
                        gap[i] -= jump[i] * growth
                for i in range(n):
                    n_firing += gap[i] <= base[i] * growth
                if n_firing == 0:
                    lowest = _smallest(gap, inverse, wall, scaled, bits)
            else:
                for k in range(head, stop):
                    j = neurons[k]
                    for s in range(first[j], first[j + 1]):
                        jump[targets[s]] += weights[s]
                risen, fallen = False, lowest
                for k in range(head, stop):
                    j = neurons[k]
                    for s in range(first[j], first[j + 1]):
                        i = targets[s]
                        risen |= scaled[i] <= lowest
                        # The second spike of a volley onto the same neuron finds the jump already taken.
                        gap[i] -= jump[i] * growth
                        jump[i] = 0.0
                        n_firing += gap[i] <= base[i] * growth
                        scaled[i] = gap[i] * inverse[i] + wall[i]
                        fallen = min(fallen, scaled[i])
                if n_firing == 0:
                    lowest = _smallest(gap, inverse, wall, scaled, bits) if risen else fallen
            if n_firing == 0:
                continue
        complete = False
        # Most blocks have nobody who fires; to count is faster, in vectors, than to ask one after the other.
        for begin in range(0, n, _BLOCK):
            end = min(begin + _BLOCK, n)
            n_firing = 0
            if arrives:
                for i in range(begin, end):
                    n_firing += gap[i] <= base[i] * growth
            else:
                for i in range(begin, end):
                    n_firing += scaled[i] <= lowest
            if n_firing == 0:
                continue
            for i in range(begin, end):
                if gap[i] <= base[i] * growth if arrives else scaled[i] <= lowest:
                    complete |= _record(i, now, times, neurons, count, last, period, cycle_of)
                    gap[i] = start[i] * growth
        lowest = _smallest(gap, inverse, wall, scaled, bits)
        if complete:
            clock[2] = _spread(period)
            if clock[2] <= tolerance:
                clock[0], clock[1] = now, origin
                return LOCKED


@njit(nogil=True, cache=True, error_model="numpy")
def _sift_down(due, spike, n_queued, time, number):
    """Put an entry in the place of the first one of the heap."""
    k = 0
    while True:
        child = 2 * k + 1
        if child >= n_queued:
            break
        if child + 1 < n_queued and due[child + 1] < due[child]:
            child += 1
        if due[child] >= time:
            break
        due[k], spike[k] = due[child], spike[child]
        k = child
    due[k], spike[k] = time, number


@njit(nogil=True, cache=True, error_model="numpy")
def _push(due, spike, n_queued, time, number):
    """Add an entry to the heap."""
    k = n_queued
    while k > 0:
        parent = (k - 1) // 2
        if due[parent] <= time:
            break
        due[k], spike[k] = due[parent], spike[parent]
        k = parent
    due[k], spike[k] = time, number


@njit(nogil=True, cache=True, error_model="numpy")
def advance_arrivals(
    until,
    tolerance,
    clock,
    count,
    times,
    neurons,
    gap,
    since,
    crossing,
    base,
    start,
    tau,
    own_period,
    due,
    spike,
    next_group,
    first_group,
    group_delay,
    first_synapse,
    targets,
    weights,
    jump,
    touched,
    touched_at,
    last,
    period,
    cycle_of,
):
    """Advance a network whose connections have delays, or whose neurons have time constants, of their own.

    The state of a neuron is ``gap = RI - V`` at the time `since` of its last event, and the time `crossing` at which it
    would fire by drive alone. A spike in flight is one entry of the heap `due`, `spike`: the synapses of a neuron are
    sorted into groups of equal delay, and the spike moves on from group to group. `next_group` goes with `times`.
    """
    n = gap.size
    now = clock[0]
    soonest = np.min(crossing)
    n_arrived = 0
    while True:
        arrival = due[0] if count[2] > 0 else np.inf
        t = max(now, soonest)
        arrives = arrival <= t
        if arrives:
            t = arrival
        if t >= until:
            clock[0] = now
            return REACHED
        if count[0] + n > times.size or count[2] + n > due.size:
            clock[0] = now
            return FULL
        if n_arrived > _PAUSE:
            clock[0] = now
            return PAUSED
        now = t
        complete = False
        count[5] += 1
        n_touched = 0
        if arrives:
            while count[2] > 0 and due[0] == now:
                k = spike[0]
                g = next_group[k]
                n_arrived += first_synapse[g + 1] - first_synapse[g]
                for s in range(first_synapse[g], first_synapse[g + 1]):
                    i = targets[s]
                    if touched_at[i] == count[5]:
                        jump[i] += weights[s]
                    else:
                        touched_at[i] = count[5]
                        jump[i] = weights[s]
                        touched[n_touched] = i
                        n_touched += 1
                if g + 1 < first_group[neurons[k] + 1]:
                    next_group[k] = g + 1
                    _sift_down(due, spike, count[2], times[k] + group_delay[g + 1], k)
                else:
                    count[2] -= 1
                    _sift_down(due, spike, count[2], due[count[2]], spike[count[2]])
        else:
            for i in range(n):
                if crossing[i] <= now:
                    touched[n_touched] = i
                    n_touched += 1
        risen, fallen = False, soonest
        for k in range(n_touched):
            i = touched[k]
            risen |= crossing[i] <= soonest
            fires = not arrives
            if arrives:
                gap[i] = gap[i] * math.exp((since[i] - now) / tau[i]) - jump[i]
                since[i] = now
                fires = gap[i] <= base[i]
                if base[i] > 0 and not fires:
                    crossing[i] = now + tau[i] * math.log(gap[i] / base[i])
            if fires:
                complete |= _record(i, now, times, neurons, count, last, period, cycle_of)
                gap[i] = start[i]
                since[i] = now
                crossing[i] = now + own_period[i]
                g = first_group[i]
                if g < first_group[i + 1]:
                    next_group[count[0] - 1] = g
                    _push(due, spike, count[2], now + group_delay[g], count[0] - 1)
                    count[2] += 1
            fallen = min(fallen, crossing[i])
        # The minimum is searched anew only if one of those that had it has changed.
        soonest = np.min(crossing) if risen else fallen
        if complete:
            clock[2] = _spread(period)
            if clock[2] <= tolerance:
                clock[0] = now
                return LOCKED
