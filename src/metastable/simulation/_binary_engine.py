"""The asynchronous binary engine: arrays for the kernel, trials on threads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable._parallel import Monitor, run_jobs
from metastable.simulation._aligned import aligned_zeros
from metastable.simulation._binary_kernel import WIDTH, advance
from metastable.simulation._binary_plan import BinaryPlan

# Ctrl-C answers after a chunk, some 10 ms; its random words are 8 bytes an update, and onsets twice that.
_UPDATES_PER_CHUNK = 300_000


@dataclass(frozen=True, eq=False)
class BinaryTrial:
    """What a trial leaves: active units per group and sample, and the update and unit of each onset.

    Parameters
    ----------
    counts : ndarray of int, (n_samples, n_groups)
    onset_update, onset_unit : ndarray of int, (n_onsets,)
        Empty unless spikes are recorded.
    """

    counts: NDArray[np.int32]
    onset_update: NDArray[np.int64]
    onset_unit: NDArray[np.int32]


def simulate_trials(plan: BinaryPlan, *, n_jobs: int | None, progress: bool | None) -> list[BinaryTrial]:
    """Simulate all trials of a plan on threads.

    Parameters
    ----------
    plan : BinaryPlan
    n_jobs : int or None
        Number of threads.
    progress : bool or None
        Whether to show a progress bar; None for "on a terminal".

    Returns
    -------
    list of BinaryTrial
    """
    arrays = _NetworkArrays.of(plan)

    def run(trial: int, monitor: Monitor) -> BinaryTrial:
        return _run_trial(plan, arrays, trial, monitor)

    total = plan.duration_ms * len(plan.trials)
    return run_jobs(run, plan.trials, n_jobs=n_jobs, total=total, label="simulating", progress=progress)


@dataclass(frozen=True, eq=False)
class _NetworkArrays:
    """What the kernel reads and never writes, shared by all trials.

    The bits of the wiring are laid out anew: each population, and so each row, begins on a cache line and fills whole
    vectors of 512 bits.
    """

    position: NDArray[np.int64]
    bits: NDArray[np.uint64]
    threshold: NDArray[np.uint64]
    first_position: NDArray[np.int64]
    size: NDArray[np.int64]
    constant: NDArray[np.float64]
    connection_range: NDArray[np.int64]
    vector_range: NDArray[np.int64]
    weight: NDArray[np.float64]
    weight_within: NDArray[np.float64]
    mask_of: NDArray[np.int32]
    masks: NDArray[np.uint64]
    mask_range: NDArray[np.int64]
    group_of: NDArray[np.int64]

    @staticmethod
    def of(plan: BinaryPlan) -> _NetworkArrays:
        wired = plan.wired
        populations = wired.network.populations
        vectors, first = {}, 0
        for p in populations:
            stop = first + -(-p.size // (64 * WIDTH))
            vectors[p.name] = (first, stop)
            first = stop
        n_words = WIDTH * first
        n_positions = 64 * n_words
        position = np.concatenate([np.arange(p.size) + 64 * WIDTH * vectors[p.name][0] for p in populations])
        bits = aligned_zeros((n_positions, n_words), np.uint64)
        for p in populations:
            old = wired.words[p.name]
            start = WIDTH * vectors[p.name][0]
            bits[position, start : start + old.stop - old.start] = wired.bits[wired.position, old]

        vector_range, weight, weight_within, mask_of = [], [], [], []
        masks: list[NDArray[np.uint64]] = []
        connection_range = [0]
        for post in populations:
            for c in (c for c in wired.network.connections if c.post == post.name):
                block = wired.network.block(c.post, c.pre)
                of_position = np.full(n_positions, -1, np.int32)
                if block.j_in != block.j_out:
                    pattern, local = wired.cluster_masks(c.post, c.pre)
                    wide = np.zeros((len(local), n_words), np.uint64)
                    start = WIDTH * vectors[c.pre][0]
                    wide[:, start : start + local.shape[1]] = local
                    of_position[position[wired.network.neurons(c.post)]] = pattern + len(masks)
                    masks.extend(wide)
                vector_range.append(vectors[c.pre])
                weight.append(block.j_out)
                weight_within.append(block.j_in - block.j_out)
                mask_of.append(of_position)
            connection_range.append(len(weight))
        all_masks = aligned_zeros((len(masks), n_words), np.uint64)
        all_masks[:] = np.array(masks, np.uint64).reshape(-1, n_words)
        group_of = np.zeros(n_positions, np.int64)
        group_of[position] = plan.groups[0]
        return _NetworkArrays(
            position=position,
            bits=bits,
            threshold=plan.population_threshold,
            first_position=np.array([64 * WIDTH * vectors[p.name][0] for p in populations]),
            size=np.array([p.size for p in populations]),
            constant=np.array([p.drive - p.threshold for p in populations]),
            connection_range=np.array(connection_range),
            vector_range=np.array(vector_range, np.int64).reshape(-1, 2),
            weight=np.array(weight, np.float64),
            weight_within=np.array(weight_within, np.float64),
            mask_of=np.array(mask_of, np.int32).reshape(-1, n_positions),
            masks=all_masks,
            mask_range=np.array([_vectors_used(row) for row in all_masks], np.int64).reshape(-1, 2),
            group_of=group_of,
        )


def _run_trial(plan: BinaryPlan, arrays: _NetworkArrays, trial: int, monitor: Monitor) -> BinaryTrial:
    n_positions, n_words = arrays.bits.shape
    initial = plan.initial_state(trial)
    at_position = np.zeros(n_positions, np.uint8)
    at_position[arrays.position] = initial
    state = aligned_zeros((n_words,), np.uint64)
    state[:] = np.packbits(at_position, bitorder="little").view(np.uint64)
    group, parts = plan.groups
    counts = np.bincount(group[initial], minlength=parts[-1][2]).astype(np.int32)
    unit_at = np.full(n_positions, -1, np.int32)
    unit_at[arrays.position] = np.arange(arrays.position.size)

    # The kernel counts at the ends of chunks too, so that a chunk need not hold a whole sampling interval.
    total = int(plan.updates_before[-1])
    marks = np.union1d(plan.updates_before, np.arange(0, total, _UPDATES_PER_CHUNK))
    counted = np.zeros((marks.size, counts.size), np.int32)
    counted[0] = counts
    source = plan.update_stream(trial)
    updates, units = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)]
    for start in range(0, total, _UPDATES_PER_CHUNK):
        stop = min(start + _UPDATES_PER_CHUNK, total)
        first, last = np.searchsorted(marks, (start, stop))
        words = source.integers(0, 2**64, size=stop - start, dtype=np.uint64)
        room = words.size if plan.record_spikes else 0
        onset_update, onset_position = np.empty(room, np.int64), np.empty(room, np.int64)
        n = advance(
            words,
            np.diff(marks[first : last + 1]),
            state,
            counts,
            counted[first + 1 : last + 1],
            arrays.bits,
            arrays.threshold,
            arrays.first_position,
            arrays.size,
            arrays.constant,
            arrays.connection_range,
            arrays.vector_range,
            arrays.weight,
            arrays.weight_within,
            arrays.mask_of,
            arrays.masks,
            arrays.mask_range,
            arrays.group_of,
            onset_update,
            onset_position,
            plan.record_spikes,
        )
        updates.append(start + onset_update[:n])
        units.append(unit_at[onset_position[:n]])
        monitor.advance((stop - start) / plan.updates_per_ms)
    samples = counted[np.searchsorted(marks, plan.updates_before[1:])]
    return BinaryTrial(samples, np.concatenate(updates), np.concatenate(units))


def _vectors_used(mask: NDArray[np.uint64]) -> tuple[int, int]:
    used = np.flatnonzero(mask.reshape(-1, WIDTH).any(axis=1))
    return (int(used[0]), int(used[-1]) + 1) if used.size else (0, 0)
