"""The pulse-coupled network in plain numpy: slow, short, and the definition of what the kernels must do."""

from __future__ import annotations

import heapq
import math

import numpy as np

from metastable.simulation._pulse_plan import PulsePlan, PulseTrial


def simulate_trial(plan: PulsePlan, trial: int) -> PulseTrial:
    """Simulate one trial.

    From event to event every potential follows Van Bussel et al. 2011, eq. 5. An event is the arrival of all spikes
    that are due at one time, after which neurons at or above threshold fire at that very time, or the next crossing of
    a threshold by drive alone. Arrivals come first where both fall together.

    Parameters
    ----------
    plan : PulsePlan
    trial : int

    Returns
    -------
    PulseTrial
    """
    wired = plan.wired
    n, tau, reset, threshold = wired.n_neurons, wired.tau_ms, wired.reset_mv, wired.threshold_mv
    drive, v = plan.drive(trial), plan.initial_potential(trial)
    delay = np.broadcast_to(wired.delay_ms, (n, n))
    above = np.flatnonzero(drive > threshold)
    fastest = plan.fastest_ms(trial)
    window_start, spikes_before = 0.0, 0

    now, time, neuron = 0.0, [], []
    arrivals: list[tuple[float, int, int, int]] = []  # (time, number of the spike, from, to)
    last, period = np.full(n, -math.inf), np.full(n, math.inf)
    in_cycle, spread, stop = set(), math.inf, None
    while stop is None:
        crossing = np.full(n, np.inf)
        ahead = np.maximum((drive[above] - v[above]) / (drive[above] - threshold[above]), 1)
        crossing[above] = now + tau[above] * np.log(ahead)
        next_arrival = arrivals[0][0] if arrivals else math.inf
        t = min(next_arrival, float(crossing.min()))
        if t >= plan.duration_ms:
            break
        # Eq. 5 from this event to the next; a sum of jumps is taken before it is added, as spikes arrive together.
        v = drive + (v - drive) * np.exp(-(t - now) / tau)
        now = t
        if next_arrival == now:
            jump = np.zeros(n)
            while arrivals and arrivals[0][0] == now:
                _, _, source, target = heapq.heappop(arrivals)
                jump[target] += wired.weights[target, source]
            v += jump
            fires = v >= threshold
        else:
            fires = crossing == now
        complete = False
        for i in np.flatnonzero(fires):
            v[i] = reset[i]
            for target in np.flatnonzero(wired.weights[:, i]):
                heapq.heappush(arrivals, (now + float(delay[target, i]), len(time), int(i), int(target)))
            time.append(now)
            neuron.append(int(i))
            period[i], last[i] = now - last[i], now
            # A cycle: everybody fires once before anybody does so twice.
            in_cycle = {i} if i in in_cycle else in_cycle | {i}
            if len(in_cycle) == n:
                complete, in_cycle = True, set()
        if complete and np.isfinite(period).all():
            spread = float(period.max() - period.min())
            if plan.exit_tolerance_ms is not None and spread <= plan.exit_tolerance_ms:
                stop = now
        plan.require_calm(trial, window_start, now, len(time) - spikes_before, fastest)
        if now >= window_start + plan.window_ms(fastest):
            window_start, spikes_before = now, len(time)
    return PulseTrial(np.array(time, np.float64), np.array(neuron, np.int32), stop, spread)
