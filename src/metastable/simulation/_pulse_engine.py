"""The event-driven pulse engine: arrays for the kernels, trials on threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable._parallel import Monitor, run_jobs
from metastable.networks._wired_pulse_network import periods
from metastable.simulation._pulse_kernel import FULL, LOCKED, PAUSED, advance_arrivals, advance_volleys
from metastable.simulation._pulse_plan import PulsePlan, PulseTrial

# Whole rows are read faster than listed targets are, from one synapse in this many on (benchmarks/pulse.py).
_DENSE = 0.15


def simulate_trials(plan: PulsePlan, *, n_jobs: int | None, progress: bool | None) -> list[PulseTrial]:
    """Simulate all trials of a plan on threads.

    Parameters
    ----------
    plan : PulsePlan
    n_jobs : int or None
        Number of threads.
    progress : bool or None
        Whether to show a progress bar; None for "on a terminal".

    Returns
    -------
    list of PulseTrial
    """
    synapses = Synapses.of(plan)

    def run(trial: int, monitor: Monitor) -> PulseTrial:
        return run_trial(plan, synapses, trial, monitor)

    total = plan.duration_ms * len(plan.trials)
    return run_jobs(run, plan.trials, n_jobs=n_jobs, total=total, label="simulating", progress=progress)


@dataclass(frozen=True, eq=False)
class Synapses:
    """Weights by presynaptic neuron, shared by all trials and never written.

    Parameters
    ----------
    one_delay : float or None
        The delay, where there is but one and all neurons have one time constant.
    rows : ndarray, (n_neurons, n_neurons) or (0, 0)
        Weights of dense networks with one delay.
    first_group : ndarray of int, (n_neurons + 1,)
        Where the groups of each presynaptic neuron begin: synapses with equal delay, in the order of delays.
    group_delay : ndarray, (n_groups,), ms
    first_synapse : ndarray of int, (n_groups + 1,)
        Where the synapses of each group begin.
    targets, weights : ndarray, (n_synapses,)
    """

    one_delay: float | None
    rows: NDArray[np.float64]
    first_group: NDArray[np.int64]
    group_delay: NDArray[np.float64]
    first_synapse: NDArray[np.int64]
    targets: NDArray[np.int32]
    weights: NDArray[np.float64]

    @staticmethod
    def of(plan: PulsePlan) -> Synapses:
        wired, n = plan.wired, plan.wired.n_neurons
        source, target = np.nonzero(wired.weights.T)
        delay = np.broadcast_to(wired.delay_ms, (n, n))[target, source]
        uniform = bool(np.all(wired.tau_ms == wired.tau_ms[0])) and not (delay.size and np.ptp(delay))
        order = np.lexsort((target, delay, source))
        source, target, delay = source[order], target[order], delay[order]
        new = np.ones(source.size, bool)
        new[1:] = (np.diff(source) != 0) | (np.diff(delay) != 0)
        begins = np.flatnonzero(new)
        return Synapses(
            # Without synapses any delay will do, as nothing ever arrives.
            one_delay=(float(delay[0]) if delay.size else 1.0) if uniform else None,
            rows=np.array(wired.weights.T, order="C")
            if uniform and source.size >= _DENSE * n * n
            else np.zeros((0, 0)),
            first_group=np.searchsorted(source[begins], np.arange(n + 1)),
            group_delay=delay[begins],
            first_synapse=np.append(begins, source.size),
            targets=target.astype(np.int32),
            weights=wired.weights[target, source],
        )


def run_trial(plan: PulsePlan, synapses: Synapses, trial: int, monitor: Monitor) -> PulseTrial:
    """Simulate one trial, window by window."""
    state = (_Volleys if synapses.one_delay is not None else _Arrivals)(plan, synapses, trial)
    fastest = plan.fastest_ms(trial)
    window_ms = plan.window_ms(fastest)
    tolerance = -1.0 if plan.exit_tolerance_ms is None else plan.exit_tolerance_ms
    start, status = 0.0, None
    while start < plan.duration_ms and status != LOCKED:
        stop = min(start + window_ms, plan.duration_ms)
        spikes_before = state.n_spikes
        while (status := state.advance(stop, tolerance)) in (FULL, PAUSED):
            monitor.advance(0)
            plan.require_calm(trial, start, float(state.clock[0]), state.n_spikes - spikes_before, fastest)
            if status == FULL:
                state.grow()
        monitor.advance((plan.duration_ms if status == LOCKED else stop) - start)
        start = stop
    n_spikes = state.n_spikes
    return PulseTrial(
        state.time_ms[:n_spikes],
        state.neuron[:n_spikes],
        float(state.clock[0]) if status == LOCKED else None,
        float(state.clock[2]),
    )


class _State:
    """What a trial has come to; the kernels write into its arrays."""

    def __init__(self, n: int) -> None:
        self.clock = np.array([0.0, 0.0, np.inf])
        self.count = np.zeros(6, np.int64)
        self.time_ms, self.neuron = np.empty(max(4096, 4 * n)), np.empty(max(4096, 4 * n), np.int32)
        self.jump = np.zeros(n)
        self.last, self.period, self.cycle_of = np.full(n, -np.inf), np.full(n, np.inf), np.full(n, -1)
        self.advance: Callable[[float, float], int] = lambda until, tolerance: FULL

    @property
    def n_spikes(self) -> int:
        return int(self.count[0])

    def grow(self) -> None:
        self.time_ms, self.neuron = _doubled(self.time_ms), _doubled(self.neuron)


class _Volleys(_State):
    """One delay and one time constant."""

    def __init__(self, plan: PulsePlan, synapses: Synapses, trial: int) -> None:
        super().__init__(plan.wired.n_neurons)
        drive, base, gap, start = _gaps(plan, trial)
        above = base > 0
        inverse = np.zeros(drive.size)
        inverse[above] = 1 / base[above]
        wall = np.where(above, 0.0, np.inf)
        scaled = np.empty(drive.size + 1)
        # One group for each neuron that has synapses: where these begin, for the others too.
        first = np.append(synapses.first_synapse, synapses.targets.size)[synapses.first_group]
        tau = float(plan.wired.tau_ms[0])

        def advance(until: float, tolerance: float) -> int:
            return advance_volleys(
                until, tolerance, self.clock, self.count, self.time_ms, self.neuron, gap, base, inverse, wall, scaled,
                scaled.view(np.int64), start, tau, synapses.one_delay, synapses.rows, first, synapses.targets,
                synapses.weights, self.jump, self.last, self.period, self.cycle_of,
            )  # fmt: skip

        self.advance = advance


class _Arrivals(_State):
    """Delays per connection, or time constants per neuron."""

    def __init__(self, plan: PulsePlan, synapses: Synapses, trial: int) -> None:
        n = plan.wired.n_neurons
        super().__init__(n)
        drive, base, gap, start = _gaps(plan, trial)
        tau, above = plan.wired.tau_ms, base > 0
        own_period = periods(tau, drive, plan.wired.threshold_mv, plan.wired.reset_mv)
        crossing = np.full(n, np.inf)
        crossing[above] = tau[above] * np.log(gap[above] / base[above])
        since, touched, touched_at = np.zeros(n), np.zeros(n, np.int64), np.full(n, -1)
        room = max(256, 4 * n)
        self.due, self.spike = np.empty(room), np.empty(room, np.int64)
        self.next_group = np.empty(self.time_ms.size, np.int64)

        def advance(until: float, tolerance: float) -> int:
            return advance_arrivals(
                until, tolerance, self.clock, self.count, self.time_ms, self.neuron, gap, since, crossing, base, start,
                tau, own_period, self.due, self.spike, self.next_group, synapses.first_group, synapses.group_delay,
                synapses.first_synapse, synapses.targets, synapses.weights, self.jump, touched, touched_at, self.last,
                self.period, self.cycle_of,
            )  # fmt: skip

        self.advance = advance

    def grow(self) -> None:
        n = self.last.size
        if self.count[0] + n > self.time_ms.size:
            super().grow()
            self.next_group = _doubled(self.next_group)
        if self.count[2] + n > self.due.size:
            self.due, self.spike = _doubled(self.due), _doubled(self.spike)


def _gaps(plan: PulsePlan, trial: int) -> tuple[NDArray[np.float64], ...]:
    """Return the drive, and how far below it threshold, initial potential and reset are."""
    drive = plan.drive(trial)
    base, start = drive - plan.wired.threshold_mv, drive - plan.wired.reset_mv
    return drive, base, drive - plan.initial_potential(trial), start


def _doubled(array: NDArray) -> NDArray:
    return np.concatenate([array, np.empty_like(array)])
