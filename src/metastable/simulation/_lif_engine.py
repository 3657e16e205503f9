"""The clocked LIF engine: trials on threads, and a large network on several of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable._memory import require_memory
from metastable._parallel import Monitor, available_cores, resolve_n_jobs, run_jobs
from metastable.simulation._aligned import aligned_zeros
from metastable.simulation._lif_arrays import NetworkArrays, at_positions
from metastable.simulation._lif_kernel import lif_kernel
from metastable.simulation._lif_vector import LANES
from metastable.simulation._plan import SimulationPlan
from metastable.simulation._spin_barrier import leave_open, new_gate
from metastable.simulation._thread_pace import ThreadPace

# Long enough that Python between chunks costs nothing, short enough that Ctrl-C answers at once.
_STEPS_PER_CHUNK = 2000
# With fewer blocks of 64 neurons a thread waits longer for the others in each step than it saves.
_FEWEST_BLOCKS = 128

Spikes = tuple[NDArray[np.int64], NDArray[np.int32]]


def simulate_trials(plan: SimulationPlan, *, n_jobs: int | None, progress: bool | None) -> list[Spikes]:
    """Simulate all trials of a plan.

    Parameters
    ----------
    plan : SimulationPlan
    n_jobs : int or None
        Number of threads. One simulates one trial; where more threads are asked for than there are trials, large
        networks are divided among them.
    progress : bool or None
        Whether to show a progress bar; None for "on a terminal".

    Returns
    -------
    list of (step, neuron)
        For each trial the step and the neuron of each spike, sorted.
    """
    arrays = NetworkArrays.of(plan, _threads_per_trial(plan, n_jobs))
    kernel = lif_kernel(arrays.kinetics.code, arrays.storage)

    def run(trial: int, monitor: Monitor) -> Spikes:
        return run_trial(plan, arrays, kernel, trial, monitor)

    total = plan.duration_ms * len(plan.trials)
    return run_jobs(run, plan.trials, n_jobs=n_jobs, total=total, label="simulating", progress=progress)


def _threads_per_trial(plan: SimulationPlan, n_jobs: int | None) -> int:
    # Threads that meet in every step must run at the same time, so never more of them than cores.
    n_threads = min(resolve_n_jobs(n_jobs), available_cores())
    n_blocks = max(words.stop for words in plan.wired.words.values())
    return max(1, min(n_threads // len(plan.trials), n_blocks // _FEWEST_BLOCKS))


def run_trial(
    plan: SimulationPlan, arrays: NetworkArrays, kernel: Callable[..., tuple[int, int]], trial: int, monitor: Monitor
) -> Spikes:
    """Simulate one trial; of a network in parts on a thread for each or, where that is faster, on one."""
    state = _TrialState.of(plan, arrays, trial)
    neuron_at = np.full(LANES * arrays.n_blocks, -1, np.int32)
    neuron_at[plan.wired.position] = np.arange(plan.wired.network.n_neurons)
    traces, flush = state.neurons[:, 2:], arrays.denormals_are_idle
    pace = ThreadPace(arrays.n_parts)
    steps, neurons = [], []
    step = 0
    with ThreadPoolExecutor(max_workers=max(1, arrays.n_parts - 1)) as helpers:
        while step < plan.n_steps:
            n_threads, n_steps = pace.next_chunk(_STEPS_PER_CHUNK)
            stop = min(step + n_steps, plan.n_steps)
            if flush:
                traces[np.abs(traces) < np.finfo(plan.real).tiny] = 0
            stimulus = plan.stimulus_values(step, stop)
            start = time.perf_counter()
            reached, spike_step, spike_position = _advance(
                kernel, arrays, state, step, stop, stimulus, n_threads, helpers
            )
            pace.took(n_threads, (time.perf_counter() - start) / (reached - step))
            steps.append(spike_step)
            neurons.append(neuron_at[spike_position])
            monitor.advance((reached - step) * plan.dt_ms)
            step = reached
    return np.concatenate(steps), np.concatenate(neurons)


@dataclass(frozen=True, eq=False)
class _TrialState:
    """What the kernel writes. Threads write to parts of their own, save for `gate` and `full`."""

    neurons: NDArray
    arrivals: NDArray
    history: NDArray[np.int32]
    history_offsets: NDArray[np.int64]
    current: NDArray
    spikes: tuple[Spikes, ...]
    gate: NDArray[np.int64]
    full: NDArray[np.int64]

    @staticmethod
    def of(plan: SimulationPlan, arrays: NetworkArrays, trial: int) -> _TrialState:
        wired, n_blocks = plan.wired, arrays.n_blocks
        n_sources = len(arrays.kinetics.population_of_source)
        collected = plan.real if arrays.storage == "synapses" else np.uint16
        bytes_per_position = arrays.n_ahead * n_sources * np.dtype(collected).itemsize + 4 * arrays.n_slots
        require_memory(
            LANES * n_blocks * bytes_per_position,
            what=f"delays of up to {max(arrays.n_ahead, arrays.n_slots) * plan.dt_ms:g} ms",
            do="give shorter delays, or a longer dt_ms",
        )
        neurons = aligned_zeros((n_blocks, 2 + len(arrays.kinetics.signs), LANES), plan.real)
        # Padding behaves like a neuron that stays refractory for ever.
        neurons[:, 0] = at_positions(wired, plan.initial_v(trial), fill=-np.inf).reshape(n_blocks, LANES)
        neurons[:, 1] = arrays.drive.reshape(n_blocks, LANES)
        # The first thread may have to take them all.
        buffers = [4 * LANES * (n_blocks if k == 0 else size) for k, size in enumerate(np.diff(arrays.edges).tolist())]
        return _TrialState(
            neurons=neurons,
            arrivals=aligned_zeros((arrays.n_ahead * n_blocks, n_sources, LANES), collected),
            history=np.zeros((arrays.n_slots, LANES * n_blocks), np.int32),
            history_offsets=np.zeros((arrays.n_parts, arrays.n_slots, arrays.reset.size + 1), np.int64),
            current=np.zeros((arrays.n_parts, arrays.group_offsets.shape[1] - 1), plan.real),
            spikes=tuple((np.empty(size, np.int64), np.empty(size, np.int32)) for size in buffers),
            gate=new_gate(),
            full=aligned_zeros((8,), np.int64),
        )


def _advance(
    kernel: Callable[..., tuple[int, int]],
    arrays: NetworkArrays,
    state: _TrialState,
    step: int,
    stop: int,
    stimulus: NDArray,
    n_threads: int,
    helpers: ThreadPoolExecutor,
) -> tuple[int, NDArray[np.int64], NDArray[np.int32]]:
    """Advance all parts, on a thread for each or on one; return the step they reached and their spikes, sorted."""
    state.gate[:] = 0
    state.full[:] = 0
    per_thread = arrays.n_parts // n_threads

    def run(k: int) -> tuple[int, int]:
        try:
            return kernel(
                step,
                stop,
                k * per_thread,
                (k + 1) * per_thread,
                arrays.edges,
                state.neurons,
                state.arrivals,
                arrays.coefficients,
                arrays.population_of_block,
                arrays.rows,
                arrays.connections,
                arrays.mask_of,
                arrays.masks,
                arrays.mask_range,
                arrays.reset,
                arrays.refractory_steps,
                state.history,
                state.history_offsets,
                arrays.drive,
                arrays.drive_per_amplitude,
                arrays.group_members,
                arrays.group_offsets,
                stimulus,
                state.current,
                *state.spikes[k],
                state.gate,
                state.full,
            )
        except BaseException:
            leave_open(state.gate)
            raise

    futures = []
    try:
        for k in range(1, n_threads):
            futures.append(helpers.submit(run, k))
    except BaseException:
        leave_open(state.gate)
        raise
    ends = [run(0), *(future.result() for future in futures)]
    recorded = [(at[:n], position[:n]) for (_, n), (at, position) in zip(ends, state.spikes, strict=False)]
    reached = ends[0][0]
    if n_threads == 1:
        return reached, recorded[0][0].copy(), recorded[0][1]
    steps = np.concatenate([at for at, _ in recorded])
    positions = np.concatenate([position for _, position in recorded])
    # Parts follow each other in the order of positions, so that stable sorting by steps sorts by both.
    order = np.argsort(steps, kind="stable")
    return reached, steps[order], positions[order]
