"""Time the event-driven pulse engine against plain code for the same spikes, in one run of this script.

    python benchmarks/pulse.py [--quick]

Takes about a minute. A synaptic event is the arrival of one spike at one synapse. Processor time of one core: other
processes on the machine disturb it least.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import time
from collections import deque

import numba
import numpy as np
from numba import njit

import metastable as mst
from metastable._parallel import Monitor
from metastable.networks import PulseNetwork, WiredPulseNetwork
from metastable.simulation._pulse_engine import Synapses, run_trial
from metastable.simulation._pulse_plan import PulsePlan
from metastable.simulation._pulse_reference import simulate_trial

SEED = 1
MUST_PER_SECOND = 60e6
MIXED = {"weight_distribution": "normal", "weight_mv": -1.0, "sign_flip": 0.5, "row_sum_mv": 0.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer sizes and repetitions")
    quick = parser.parse_args().quick
    print(f"metastable {mst.__version__}, numba {numba.__version__}, numpy {np.__version__}, ", end="")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}")
    print(
        "million synaptic events/s, best of the repetitions; same: largest difference of spike times from the engine's"
    )
    rows = [
        ("one delay, all to all", {"fraction": 1.0}),
        ("one delay, a quarter connected", {"fraction": 0.25}),
        ("one delay, 5 % connected", {"fraction": 0.05}),
        ("a tau per neuron, a quarter connected", {"fraction": 0.25, "tau_spread": 0.1}),
        ("a delay per connection, a quarter connected", {"fraction": 0.25, "delay_spread": 0.5}),
    ]
    for n in (50, 1000) if quick else (50, 200, 1000, 2000):
        print(f"{n} neurons")
        for label, options in rows:
            compare(label, n, repetitions=3 if quick else 7, **options)


def compare(label: str, n: int, *, fraction: float, repetitions: int, **spread: float) -> None:
    """Simulate one network by the engine, by the literal reference and by an event loop of numpy vectors."""
    in_degree = max(2, round(fraction * (n - 1)))
    # Total weights that do not grow with the network: sizes differ in the work per spike, not in the dynamics.
    facts = {**MIXED, "weight_mv": -10.0 / in_degree}
    wired = PulseNetwork(n_neurons=n, in_degree=in_degree, **facts, **spread).wire(SEED)
    long, short = plan_of(wired, 60e6 / in_degree / n * 22), plan_of(wired, max(30.0, 20_000 / n))
    synapses = Synapses.of(long)
    out_degree = (wired.weights != 0).sum(axis=0)

    def engine(plan: PulsePlan):
        return run_trial(plan, synapses, 0, Monitor(None))

    ours, _ = best(lambda: engine(long), out_degree, repetitions)
    exact = engine(short)
    line = f"  {label:45}{ours:8.1f}"
    peers = {"literal": lambda: simulate_trial(short, 0)}
    if not spread:
        peers["numpy loop"] = lambda: numpy_loop(short)
    for name, run in peers.items():
        speed, other = best(run, out_degree, 1)
        line += f"   {name} {speed:.3f} ({ours / speed:,.0f} x, same {difference(exact, other, n):.0e} ms)"
    if not spread:
        floor = floor_of(n, in_degree) / 1e6
        line += f"   floor {floor:.0f} ({floor / ours:.1f} x)"
        if n == 1000 and fraction == 1.0:
            line += f"; must {MUST_PER_SECOND / 1e6:g}: {'holds' if ours * 1e6 >= MUST_PER_SECOND else 'MISSED'}"
    print(line, flush=True)


def plan_of(wired: WiredPulseNetwork, duration_ms: float) -> PulsePlan:
    return PulsePlan(wired, SEED, duration_ms, range(1), 0.01, None, None, None)


def best(run, out_degree: np.ndarray, repetitions: int):
    result = run() if repetitions > 1 else None  # Compiles, too.
    seconds = math.inf
    for _ in range(repetitions):
        start = time.thread_time()
        result = run()
        seconds = min(seconds, time.thread_time() - start)
    return out_degree[result.neuron].sum() / seconds / 1e6, result


def difference(a, b, n: int) -> float:
    """Return the largest difference of spike times, or infinity where neurons differ."""
    largest = 0.0
    for i in range(n):
        mine, other = a.time_ms[a.neuron == i], b.time_ms[b.neuron == i]
        if mine.size != other.size:
            return math.inf
        largest = max(largest, float(np.abs(mine - other).max(initial=0)))
    return largest


def numpy_loop(plan: PulsePlan):
    """Run the same algorithm with numpy vectors in a Python loop, for one delay and one time constant."""
    wired = plan.wired
    tau, delay, rows = float(wired.tau_ms[0]), wired.delay_ms, np.ascontiguousarray(wired.weights.T)
    drive = plan.drive(0)
    base, start = drive - wired.threshold_mv, drive - wired.reset_mv
    gap, now, origin = drive - plan.initial_potential(0), 0.0, 0.0
    flying: deque[tuple[float, int]] = deque()
    times, neurons = [], []
    while True:
        scaled = gap / base
        lowest = scaled.min()
        crossing = max(now, origin + tau * math.log(lowest)) if lowest > 0 else now
        arrives = bool(flying) and flying[0][0] <= crossing
        t = flying[0][0] if arrives else crossing
        if t >= plan.duration_ms:
            break
        now = t
        if now - origin > 30 * tau:
            gap *= math.exp(-(now - origin) / tau)
            origin = now
            scaled = gap / base
            lowest = scaled.min()
        growth = math.exp((now - origin) / tau)
        if arrives:
            while flying and flying[0][0] == now:
                gap -= rows[flying.popleft()[1]] * growth
            firing = np.flatnonzero(gap <= base * growth)
        else:
            firing = np.flatnonzero(scaled <= lowest)
        gap[firing] = start[firing] * growth
        for i in firing:
            times.append(now)
            neurons.append(i)
            flying.append((now + delay, int(i)))
    from metastable.simulation._pulse_plan import PulseTrial

    return PulseTrial(np.array(times), np.array(neurons, np.int32), None, math.inf)


@njit(nogil=True)
def multiply_add(rows, targets, gap, repetitions):
    """One multiply-add per synapse and nothing else."""
    n_rows = rows.shape[0]
    for k in range(repetitions):
        row = rows[(k * 7919) % n_rows]
        if targets.shape[1] == 0:
            for i in range(row.size):
                gap[i] -= row[i] * 1e-9
        else:
            at = targets[(k * 7919) % n_rows]
            for s in range(row.size):
                gap[at[s]] -= row[s] * 1e-9


def floor_of(n: int, in_degree: int) -> float:
    """Return multiply-adds per second for rows of weights in random order: 8 bytes each, or 12 with a target's number.

    For networks that the engine keeps as whole rows, the zeros are counted as work that brings nothing.
    """
    rng = np.random.default_rng(SEED)
    dense = in_degree >= 0.15 * n
    rows = rng.random((n, n if dense else in_degree))
    targets = np.zeros((n, 0), np.int32) if dense else rng.integers(0, n, rows.shape).astype(np.int32)
    gap, repetitions = np.ones(n), max(1000, int(2e7 / rows.shape[1]))
    multiply_add(rows, targets, gap, 10)
    seconds = math.inf
    for _ in range(5):
        start = time.thread_time()
        multiply_add(rows, targets, gap, repetitions)
        seconds = min(seconds, time.thread_time() - start)
    return repetitions * in_degree / seconds


if __name__ == "__main__":
    main()
