"""The clocked LIF engine: arrays for the kernel, trials on threads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable._parallel import Monitor, run_jobs
from metastable.simulation._aligned import aligned_zeros
from metastable.simulation._lif_kernel import lif_kernel
from metastable.simulation._lif_vector import LANES, Kinetics
from metastable.simulation._plan import SimulationPlan, SynapticTraces

# Long enough that Python between chunks costs nothing, short enough that Ctrl-C answers at once.
_STEPS_PER_CHUNK = 2000
_LARGEST_COUNT = np.iinfo(np.uint16).max
# Above the smallest normal number of single precision, 1e-38, by more than its relative precision squared.
_NEGLIGIBLE = 1e-20

Spikes = tuple[NDArray[np.int64], NDArray[np.int32]]


def simulate_trials(plan: SimulationPlan, *, n_jobs: int | None, progress: bool | None) -> list[Spikes]:
    """Simulate all trials of a plan.

    Parameters
    ----------
    plan : SimulationPlan
    n_jobs : int or None
        Number of threads.
    progress : bool or None
        Whether to show a progress bar; None for "on a terminal".

    Returns
    -------
    list of (step, neuron)
        For each trial the step and the neuron of each spike, sorted.
    """
    arrays = _NetworkArrays.of(plan)
    kernel = lif_kernel(arrays.kinetics.code)

    def run(trial: int, monitor: Monitor) -> Spikes:
        return _run_trial(plan, arrays, kernel, trial, monitor)

    total = plan.duration_ms * len(plan.trials)
    return run_jobs(run, plan.trials, n_jobs=n_jobs, total=total, label="simulating", progress=progress)


@dataclass(frozen=True, eq=False)
class _NetworkArrays:
    """What the kernel reads and never writes, shared by all trials."""

    kinetics: Kinetics
    coefficients: NDArray
    population_of_block: NDArray[np.int64]
    connections: NDArray[np.int64]
    mask_of: NDArray[np.int32]
    masks: NDArray[np.uint64]
    mask_range: NDArray[np.int64]
    reset: NDArray
    refractory_steps: NDArray[np.int64]
    drive: NDArray
    drive_per_amplitude: NDArray
    group_members: NDArray[np.int64]
    group_offsets: NDArray[np.int64]

    @property
    def denormals_are_idle(self) -> bool:
        """Whether denormal synaptic traces can be set to 0 without moving a spike.

        In a silent network traces decay to denormal numbers and stay there, and many processors compute with those
        several times slower. A denormal number changes a sum only if the rest is nearly as small, by cancellation or in
        rest at 0. Where all weights, drives and thresholds are far larger, that is far from threshold, and the next
        input rounds the difference away.
        """
        scales = np.concatenate([self.coefficients.ravel(), self.drive, self.drive_per_amplitude, self.reset])
        return bool(self.coefficients[:, 1].all() and np.abs(scales[scales != 0]).min() > _NEGLIGIBLE)

    @staticmethod
    def of(plan: SimulationPlan) -> _NetworkArrays:
        wired, real = plan.wired, plan.real
        populations = wired.network.populations
        for p in populations:
            if p.size > _LARGEST_COUNT:
                raise ValueError(
                    f"population {p.name} has {p.size} neurons but at most {_LARGEST_COUNT} spikes of one population "
                    "can arrive in one step; divide it into several populations."
                )
        index = {p.name: i for i, p in enumerate(populations)}
        n_words = wired.bits.shape[1]

        # Two counts for each presynaptic population: all arriving spikes, and those from neurons that share a cluster.
        clustered = {c.pre for c in wired.network.connections if c.clustered}
        sources = [
            (p.name, inside) for p in populations for inside in (False, True) if not inside or p.name in clustered
        ]
        traces = SynapticTraces.of(wired)
        kinetics = Kinetics(traces.signs, tuple(index[name] for name, _ in sources))

        n_traces = len(traces.tau_ms)
        coefficients = np.zeros((len(populations), 2 + n_traces + len(sources)), real)
        coefficients[:, 0] = [1 - plan.dt_ms / p.tau_m_ms for p in populations]
        coefficients[:, 1] = [p.threshold for p in populations]
        coefficients[:, 2 : 2 + n_traces] = 1 - plan.dt_ms / np.array(traces.tau_ms)
        connections, mask_of, masks = [], [], [np.zeros((1, n_words), np.uint64)]
        for c in wired.network.connections:
            block = wired.network.block(c.post, c.pre)
            scale = plan.dt_ms * traces.amplitude[index[c.pre]]
            source = sources.index((c.pre, False))
            coefficients[index[c.post], 2 + n_traces + source] = scale * block.j_out
            of_position = np.zeros(wired.bits.shape[0], np.int32)
            source_in = -1
            if block.j_in != block.j_out:
                source_in = sources.index((c.pre, True))
                coefficients[index[c.post], 2 + n_traces + source_in] = scale * (block.j_in - block.j_out)
                pattern, local = wired.cluster_masks(c.post, c.pre)
                wide = np.zeros((len(local), n_words), np.uint64)
                wide[:, wired.words[c.post]] = local
                of_position[wired.position[wired.network.neurons(c.pre)]] = pattern + sum(map(len, masks))
                masks.append(wide)
            words = wired.words[c.post]
            delay = plan.steps(c.delay_ms)
            connections.append((index[c.pre], words.start, words.stop, delay, source, source_in))
            mask_of.append(of_position)
        all_masks = np.concatenate(masks)

        group, _ = plan.stimulus_groups
        order = np.argsort(group, kind="stable")[np.count_nonzero(group < 0) :]
        n_groups = group.max(initial=-1) + 1
        return _NetworkArrays(
            kinetics=kinetics,
            coefficients=coefficients,
            population_of_block=np.repeat(
                np.arange(len(populations)), [wired.words[p.name].stop - wired.words[p.name].start for p in populations]
            ),
            connections=np.array(connections, np.int64).reshape(-1, 6),
            mask_of=np.array(mask_of, np.int32).reshape(-1, wired.bits.shape[0]),
            masks=all_masks,
            mask_range=np.array([_hull(row) for row in all_masks], np.int64),
            reset=np.array([p.reset for p in populations], real),
            refractory_steps=np.array([plan.steps(p.refractory_ms) for p in populations]),
            drive=_at_positions(plan, plan.drive),
            drive_per_amplitude=_at_positions(plan, plan.drive_per_amplitude),
            group_members=wired.position[order],
            group_offsets=np.searchsorted(group[order], np.arange(n_groups + 1)),
        )


def _run_trial(plan: SimulationPlan, arrays: _NetworkArrays, kernel, trial: int, monitor: Monitor) -> Spikes:
    wired = plan.wired
    n_positions, n_blocks = wired.bits.shape
    n_populations = arrays.reset.size
    n_traces = len(arrays.kinetics.signs)
    state = aligned_zeros((n_blocks, 2 + n_traces, LANES), plan.real)
    # Padding behaves like a neuron that stays refractory for ever.
    state[:, 0] = _at_positions(plan, plan.initial_v(trial), fill=-np.inf).reshape(n_blocks, LANES)
    state[:, 1] = arrays.drive.reshape(n_blocks, LANES)
    traces, flush = state[:, 2:], arrays.denormals_are_idle
    counts = aligned_zeros((n_blocks, len(arrays.kinetics.population_of_source), LANES), np.uint16)
    n_slots = int(max(arrays.refractory_steps.max() + 2, arrays.connections[:, 3].max(initial=1) + 1))
    history = np.zeros((n_slots, n_positions), np.int32)
    history_offsets = np.zeros((n_slots, n_populations + 1), np.int64)
    current = np.zeros(arrays.group_offsets.size - 1, plan.real)
    spike_step = np.empty(4 * n_positions, np.int64)
    spike_position = np.empty(4 * n_positions, np.int32)

    neuron_at = np.full(n_positions, -1, np.int32)
    neuron_at[wired.position] = np.arange(wired.network.n_neurons)
    steps, neurons = [], []
    step = 0
    while step < plan.n_steps:
        stop = min(step + _STEPS_PER_CHUNK, plan.n_steps)
        if flush:
            traces[np.abs(traces) < np.finfo(plan.real).tiny] = 0
        reached, n = kernel(
            step,
            stop,
            state,
            counts,
            arrays.coefficients,
            arrays.population_of_block,
            wired.bits,
            arrays.connections,
            arrays.mask_of,
            arrays.masks,
            arrays.mask_range,
            arrays.reset,
            arrays.refractory_steps,
            history,
            history_offsets,
            arrays.drive,
            arrays.drive_per_amplitude,
            arrays.group_members,
            arrays.group_offsets,
            plan.stimulus_values(step, stop),
            current,
            spike_step,
            spike_position,
        )
        steps.append(spike_step[:n].copy())
        neurons.append(neuron_at[spike_position[:n]])
        monitor.advance((reached - step) * plan.dt_ms)
        step = reached
    return np.concatenate(steps), np.concatenate(neurons)


def _at_positions(plan: SimulationPlan, values: NDArray, *, fill: float = 0.0) -> NDArray:
    padded = np.full(plan.wired.bits.shape[0], fill, values.dtype)
    padded[plan.wired.position] = values
    return padded


def _hull(mask: NDArray[np.uint64]) -> tuple[int, int]:
    used = np.flatnonzero(mask)
    return (int(used[0]), int(used[-1]) + 1) if used.size else (0, 0)
