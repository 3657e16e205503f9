"""The inner loop of the clocked LIF engine."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numba import njit

from metastable.simulation._lif_vector import count_rows, count_word, fetch_rows, lowest_bit, update_block
from metastable.simulation._spin_barrier import meet

# Words of a row of bits in a cache line, and how far ahead they are fetched: at 50,000 neurons, where rows come from
# main memory, a word of one of many rows then takes .7 instead of 3.4 ns.
_WORDS_PER_LINE, _WORDS_AHEAD = 8, 16


@lru_cache
def lif_kernel(kinetics: str, storage: str) -> Callable[..., tuple[int, int]]:
    """Return the compiled loop for networks of these synaptic kinetics (`Kinetics.code`) and this storage.

    Each step: release neurons whose refractory time is over, change the drive where the stimulus changed, collect the
    spikes that arrive at each neuron, advance everything, fire. A refractory neuron holds V = -inf, which the update
    leaves as it is and which never crosses the threshold, so that no neuron needs a clock of its own.

    What arrives are counts for ``"bits"`` and ``"lists"``, integers, so that the order of arrival cannot matter. For
    ``"synapses"`` they are sums of weights: a spike is delivered in the step after it was fired, into the sums of the
    step of its arrival, and spikes are delivered in the order of steps and then of neurons. That order is part of the
    result, since sums are rounded.

    A network may be cut into parts, ranges of blocks. One thread advances all of them, or each of several threads an
    equal number: it delivers to them and nobody else does. Threads meet once a step: every delay is at least one step,
    so the next step needs only what was fired before the meeting. Whoever delivers, each neuron gets the same spikes in
    the same order.
    """

    @njit(nogil=True, cache=True, error_model="numpy")
    def advance(
        first_step,
        stop_step,
        first_part,
        stop_part,
        edges,
        state,
        arrivals,
        coefficients,
        population_of_block,
        rows,
        connections,
        mask_of,
        masks,
        mask_range,
        reset,
        refractory_steps,
        history,
        history_offsets,
        drive,
        drive_per_amplitude,
        group_members,
        group_offsets,
        stimulus,
        current,
        spike_step,
        spike_position,
        gate,
        full,
    ):
        n_blocks = state.shape[0]
        n_populations = reset.size
        n_parts = history_offsets.shape[0]
        n_slots = history.shape[0]
        n_sources = arrivals.shape[1]
        n_ahead = arrivals.shape[0] // n_blocks
        cells = arrivals.reshape(arrivals.size)
        n = 0
        for step in range(first_step, stop_step):
            now = step % n_ahead * n_blocks
            for part in range(first_part, stop_part):
                first_block, stop_block = edges[part], edges[part + 1]
                for p in range(n_populations):
                    slot = (step - refractory_steps[p] - 1) % n_slots
                    for a in range(history_offsets[part, slot, p], history_offsets[part, slot, p + 1]):
                        j = history[slot, a]
                        state[j >> 6, 0, j & 63] = reset[p]

                for g in range(current.shape[1]):
                    value = stimulus[g, step - first_step]
                    if value != current[part, g]:
                        current[part, g] = value
                        for a in range(group_offsets[part, g], group_offsets[part, g + 1]):
                            j = group_members[a]
                            state[j >> 6, 1, j & 63] = drive[j] + drive_per_amplitude[j] * value

                for c in range(connections.shape[1]):
                    pre, start, stop, delay, source, source_in = connections[part, c]
                    if start == stop:
                        continue
                    slot = (step - delay) % n_slots
                    for fired_by in range(n_parts):
                        first, last = history_offsets[fired_by, slot, pre], history_offsets[fired_by, slot, pre + 1]
                        if first == last:
                            continue
                        if storage == "bits":
                            bits = rows[0]
                            fetch_rows(bits, history, slot, first, last, start)  # pyright: ignore[reportCallIssue]
                            fetch_rows(bits, history, slot, first, last, start + _WORDS_PER_LINE)  # pyright: ignore[reportCallIssue]
                            for b in range(start, stop):
                                if (b - start) % _WORDS_PER_LINE == 0:
                                    ahead = b + _WORDS_AHEAD
                                    fetch_rows(bits, history, slot, first, last, ahead)  # pyright: ignore[reportCallIssue]
                                count_rows(arrivals, b, source, bits, history, slot, first, last)  # pyright: ignore[reportCallIssue]
                        for a in range(first, last):
                            j = history[slot, a]
                            if storage == "bits":
                                if source_in >= 0:
                                    m = mask_of[c, j]
                                    for b in range(max(start, mask_range[m, 0]), min(stop, mask_range[m, 1])):
                                        word = rows[0][j, b] & masks[m, b]
                                        count_word(arrivals, b, source_in, word)  # pyright: ignore[reportCallIssue]
                            elif storage == "lists":
                                target, offsets = rows
                                for s in range(offsets[j, start], offsets[j, stop]):
                                    t = np.uint64(target[s])
                                    cells[_cell(t, source, n_sources)] += np.uint16(1)
                                if source_in >= 0:
                                    m = mask_of[c, j]
                                    s = _first_from(64 * mask_range[m, 0], target, offsets[j, start], offsets[j, stop])
                                    while s < offsets[j, stop] and target[s] < 64 * mask_range[m, 1]:
                                        t = np.uint64(target[s])
                                        shares = masks[m, t >> np.uint64(6)] >> (t & np.uint64(63)) & np.uint64(1)
                                        cells[_cell(t, source_in, n_sources)] += np.uint16(shares)
                                        s += 1
                            else:
                                ahead, weight, offsets = rows
                                base = (now * n_sources + source) * 64
                                for s in range(offsets[j, start], offsets[j, stop]):
                                    cell = base + ahead[s]
                                    if cell >= cells.size:
                                        cell -= cells.size
                                    cells[np.uint64(cell)] += weight[s]

                slot = step % n_slots
                fired_now = 64 * first_block
                p = 0
                history_offsets[part, slot, 0] = fired_now
                for b in range(first_block, stop_block):
                    while population_of_block[b] > p:
                        p += 1
                        history_offsets[part, slot, p] = fired_now
                    fired = update_block(state, arrivals, coefficients, now + b, b, p, kinetics)  # pyright: ignore[reportCallIssue]
                    while fired:
                        lane = lowest_bit(fired)
                        fired &= fired - np.uint64(1)
                        state[b, 0, lane] = -np.inf
                        history[slot, fired_now] = 64 * b + lane
                        spike_step[n] = step
                        spike_position[n] = 64 * b + lane
                        fired_now += 1
                        n += 1
                while p < n_populations:
                    p += 1
                    history_offsets[part, slot, p] = fired_now

            # All leave after the same step. A thread that is ahead by one step writes into the other half of `full`.
            if n + 64 * (edges[stop_part] - edges[first_part]) > spike_step.size:
                full[step & 1] = 1
            if stop_part - first_part < n_parts:
                meet(gate, n_parts // (stop_part - first_part) * (step + 1 - first_step))
            if full[step & 1]:
                return step + 1, n
        return stop_step, n

    return advance


@njit(nogil=True, error_model="numpy")
def _cell(target, source, n_sources):
    """Return where the count of a source at a target is, in ``counts[block, source, lane]`` made flat."""
    # Unsigned, because an index that could be negative would be tested for it.
    return (target >> np.uint64(6)) * np.uint64(64 * n_sources) + np.uint64(64 * source) + (target & np.uint64(63))


@njit(nogil=True, error_model="numpy")
def _first_from(position, target, start, stop):
    """Return the first index in ``target[start:stop]`` that holds `position` or a later one."""
    while start < stop:
        middle = (start + stop) // 2
        if target[middle] < position:
            start = middle + 1
        else:
            stop = middle
    return start
