"""The inner loop of the clocked LIF engine."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numba import njit

from metastable.simulation._lif_vector import count_rows, count_word, fetch_rows, lowest_bit, update_block

# Words of a row of bits in a cache line, and how far ahead they are fetched: at 50,000 neurons, where rows come from
# main memory, a word of one of many rows then takes .7 instead of 3.4 ns.
_WORDS_PER_LINE, _WORDS_AHEAD = 8, 16


@lru_cache
def lif_kernel(kinetics: str) -> Callable[..., tuple[int, int]]:
    """Return the compiled loop for networks of these synaptic kinetics (`Kinetics.code`).

    Each step: release neurons whose refractory time is over, change the drive where the stimulus changed, count the
    spikes that arrive at each neuron, advance everything, fire. A refractory neuron holds V = -inf, which the update
    leaves as it is and which never crosses the threshold, so that no neuron needs a clock of its own. Counts are
    integers, so the order of arrival cannot matter.
    """

    @njit(nogil=True, cache=True, error_model="numpy")
    def advance(
        first_step,
        stop_step,
        state,
        counts,
        coefficients,
        population_of_block,
        bits,
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
    ):
        n_blocks = state.shape[0]
        n_populations = reset.size
        n_slots = history.shape[0]
        n = 0
        for step in range(first_step, stop_step):
            if n + 64 * n_blocks > spike_step.size:
                return step, n

            for p in range(n_populations):
                slot = (step - refractory_steps[p] - 1) % n_slots
                for a in range(history_offsets[slot, p], history_offsets[slot, p + 1]):
                    j = history[slot, a]
                    state[j >> 6, 0, j & 63] = reset[p]

            for g in range(current.size):
                value = stimulus[g, step - first_step]
                if value != current[g]:
                    current[g] = value
                    for a in range(group_offsets[g], group_offsets[g + 1]):
                        j = group_members[a]
                        state[j >> 6, 1, j & 63] = drive[j] + drive_per_amplitude[j] * value

            for c in range(connections.shape[0]):
                pre, start, stop, delay, source, source_in = connections[c]
                slot = (step - delay) % n_slots
                first, last = history_offsets[slot, pre], history_offsets[slot, pre + 1]
                if first == last:
                    continue
                fetch_rows(bits, history, slot, first, last, start)  # pyright: ignore[reportCallIssue]
                fetch_rows(bits, history, slot, first, last, start + _WORDS_PER_LINE)  # pyright: ignore[reportCallIssue]
                for b in range(start, stop):
                    if (b - start) % _WORDS_PER_LINE == 0:
                        fetch_rows(bits, history, slot, first, last, b + _WORDS_AHEAD)  # pyright: ignore[reportCallIssue]
                    count_rows(counts, b, source, bits, history, slot, first, last)  # pyright: ignore[reportCallIssue]
                if source_in >= 0:
                    for a in range(first, last):
                        j = history[slot, a]
                        m = mask_of[c, j]
                        for b in range(mask_range[m, 0], mask_range[m, 1]):
                            count_word(counts, b, source_in, bits[j, b] & masks[m, b])  # pyright: ignore[reportCallIssue]

            slot = step % n_slots
            fired_now = 0
            p = 0
            history_offsets[slot, 0] = 0
            for b in range(n_blocks):
                while population_of_block[b] > p:
                    p += 1
                    history_offsets[slot, p] = fired_now
                fired = update_block(state, counts, coefficients, b, p, kinetics)  # pyright: ignore[reportCallIssue]
                while fired:
                    lane = lowest_bit(fired)
                    fired &= fired - np.uint64(1)
                    state[b, 0, lane] = -np.inf
                    history[slot, fired_now] = 64 * b + lane
                    spike_step[n] = step
                    spike_position[n] = 64 * b + lane
                    fired_now += 1
                    n += 1
            history_offsets[slot, n_populations] = fired_now
        return stop_step, n

    return advance
