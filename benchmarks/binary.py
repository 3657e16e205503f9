"""Time the binary engine against plain push-on-flip code: same wiring, same updates, same run of this script.

    python benchmarks/binary.py [--quick]

Takes about a minute, with ``--quick`` half of it. Processor time where not said otherwise: other processes on the
machine disturb it least.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import numpy as np
from numba import njit

import metastable as mst
from metastable._parallel import Monitor
from metastable.networks import rost_2018
from metastable.simulation import _binary_engine
from metastable.simulation._binary_engine import _NetworkArrays, _run_trial
from metastable.simulation._binary_kernel import choose_unit
from metastable.simulation._binary_plan import BinaryPlan

SEED = 1
MUST_PER_SECOND, MUST_FIGURE_S = 25e6, 60
NETWORKS = {
    "E clusters, J_E+ = 2": {"j_e_plus": 2},
    "E and I clusters, J_E+ = 4, R_J = 3/4": {"j_e_plus": 4, "r_j": 0.75},
}

# From a Python prompt to rates, in a process of its own.
SCRIPT = """
import time
start = time.perf_counter(); import metastable as mst
network = mst.networks.rost_2018(j_e_plus=2); wired = network.wire({seed}); ready = time.perf_counter()
mst.simulate(wired, duration_ms=1); first = time.perf_counter()
mst.simulate(wired, duration_ms=1); second = time.perf_counter()
print(ready - start, (first - ready) - (second - first), second - first)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    quick = parser.parse_args().quick
    print(f"metastable {mst.__version__}, numba {numba.__version__}, numpy {np.__version__}, ", end="")
    print(f"Python {platform.python_version()}\n{processor()}, {os.cpu_count()} cores")
    print_load("at the start")
    print("(a) one trial on one core; million updates/s; repetitions interleaved")
    for label, options in NETWORKS.items():
        compare(label, rost_2018(**options).wire(SEED), repetitions=5 if quick else 15)
    print_compilation(repetitions=1 if quick else 3)
    print_figure_3(n_networks=6 if quick else 20)
    print_load("at the end")


# -------------------------------------------------------------------- updates per second


def compare(label: str, wired, *, repetitions: int) -> None:
    """Run the same updates with both implementations; the peer runs a tenth of the time."""
    long, short = (plan_of(wired, duration) for duration in (2000.0, 200.0))
    push = PushOnFlip(long)
    arrays = _NetworkArrays.of(long)
    n_long, n_short = int(long.updates_before[-1]), int(short.updates_before[-1])
    whole = time_kernel(long, arrays, 0)[0].counts
    same = np.array_equal(push.run(long, 0)[0], whole)  # Compiles, too.
    read_rows(np.zeros(1, np.uint64), arrays.threshold, arrays.first_position, arrays.size, arrays.bits)
    rows: dict[str, list[float]] = {}
    for trial in range(repetitions):
        start = time.thread_time()
        _run_trial(long, arrays, trial, Monitor(None))
        rows.setdefault("metastable: trial with its random numbers", []).append(
            n_long / (time.thread_time() - start) / 1e6
        )
        rows.setdefault("metastable: kernel", []).append(n_long / time_kernel(long, arrays, trial)[1] / 1e6)
        counts, seconds = push.run(short, trial)
        same &= np.array_equal(counts, time_kernel(short, arrays, trial)[0].counts)
        rows.setdefault("push on flip: kernel", []).append(n_short / seconds / 1e6)
        rows.setdefault("floor: reading the row of each unit", []).append(
            n_long / time_reading(long, arrays, trial) / 1e6
        )
    row_bytes = arrays.bits.shape[1] * 8
    masks = f"{arrays.masks.nbytes / 1e3:.0f} kB of masks"
    print(f"    {label}: rows of {row_bytes} B, {arrays.bits.nbytes / 1e6:.1f} MB in all, {masks}; ", end="")
    print(f"push: {push.n_bytes / 1e6:.0f} MB, {push.flips_per_update(long):.3f} flips an update")
    print(f"      {'':44}{'median':>8}{'max':>8}{'min':>8}")
    for name, speeds in rows.items():
        print(f"      {name:44}{np.median(speeds):8.2f}{max(speeds):8.2f}{min(speeds):8.2f}")
    ours, kernel = rows["metastable: trial with its random numbers"], rows["metastable: kernel"]
    peer, floor = rows["push on flip: kernel"], rows["floor: reading the row of each unit"]
    median, best = np.median(kernel) / np.median(peer), max(kernel) / max(peer)
    print(f"      kernel against push on flip: {median:.1f} x by medians, {best:.1f} x by the best of each")
    print(f"      kernel {np.median(floor) / np.median(kernel):.2f} x the floor, ", end="")
    print(f"{row_bytes * np.median(floor) * 1e6 / 1e9:.0f} GB/s of rows read at the floor")
    print(f"      a trial must reach {MUST_PER_SECOND / 1e6:g} million updates/s on a core of its own: ", end="")
    # On a shared machine the median tells about the neighbours: the load is printed above and below.
    for kind, speed in (("median", np.median(ours)), ("best", max(ours))):
        print(f"{kind} {speed:.1f} {'holds' if speed * 1e6 >= MUST_PER_SECOND else 'MISSED'}", end="  ")
    print()
    print(f"      counts of every cluster at every ms identical in all trials: {same}\n")
    if not same:
        raise SystemExit("the two implementations differ.")


def plan_of(wired, duration_ms: float) -> BinaryPlan:
    return BinaryPlan(
        wired=wired,
        seed=SEED,
        duration_ms=duration_ms,
        sample_ms=1.0,
        trials=range(1),
        initial_rate=0.1,
        record_spikes=False,
    )


def time_kernel(plan: BinaryPlan, arrays: _NetworkArrays, trial: int):
    """Run one trial and count the time inside the kernel."""
    kernel, seconds = _binary_engine.advance, 0.0

    def timed(*arguments):
        nonlocal seconds
        start = time.thread_time()
        result = kernel(*arguments)
        seconds += time.thread_time() - start
        return result

    _binary_engine.advance = timed
    try:
        return _run_trial(plan, arrays, trial, Monitor(None)), seconds
    finally:
        _binary_engine.advance = kernel


class PushOnFlip:
    """The usual way: the field of each unit is stored, and a unit that flips changes the fields of its targets."""

    def __init__(self, plan: BinaryPlan) -> None:
        network = plan.wired.network
        self.weights = plan.wired.weight_matrix()
        by_source = self.weights.tocsc()
        self.first, self.targets, self.weight = by_source.indptr, by_source.indices, by_source.data
        self.constant = np.concatenate([np.full(p.size, p.drive - p.threshold) for p in network.populations])
        self.first_unit = np.array([network.neurons(p.name).start for p in network.populations])
        self.size = np.array([p.size for p in network.populations])
        self.group = plan.groups[0]
        self.n_bytes = self.first.nbytes + self.targets.nbytes + self.weight.nbytes

    def run(self, plan: BinaryPlan, trial: int) -> tuple[np.ndarray, float]:
        """Return the counts of the groups at each sample, and the processor time of the loop."""
        active = plan.initial_state(trial)
        field = self.constant + self.weights @ active
        counts = np.bincount(self.group[active], minlength=plan.groups[1][-1][2]).astype(np.int32)
        words = plan.update_stream(trial).integers(0, 2**64, size=int(plan.updates_before[-1]), dtype=np.uint64)
        samples = np.zeros((plan.n_samples, counts.size), np.int32)
        arguments = words, np.diff(plan.updates_before), active.astype(np.uint8), field, counts, samples
        network = (
            plan.population_threshold,
            self.first_unit,
            self.size,
            self.first,
            self.targets,
            self.weight,
            self.group,
        )
        start = time.thread_time()
        self.n_flips = push_on_flip(*arguments, *network)
        self.n_updates = words.size
        return samples, time.thread_time() - start

    def flips_per_update(self, plan: BinaryPlan) -> float:
        """Return the flips per update in trial 0."""
        self.run(plan, 0)
        return self.n_flips / self.n_updates


@njit(nogil=True, error_model="numpy")
def push_on_flip(
    words, n_updates, active, field, counts, samples, threshold, first_unit, size, first, targets, weight, group
):
    n_flips = 0
    u = 0
    for s in range(samples.shape[0]):
        for _ in range(n_updates[s]):
            _, j = choose_unit(words[u], threshold, first_unit, size)
            on = field[j] > 0
            if on != active[j]:
                active[j] = on
                sign = 1.0 if on else -1.0
                counts[group[j]] += 1 if on else -1
                for k in range(first[j], first[j + 1]):
                    field[targets[k]] += sign * weight[k]
                n_flips += 1
            u += 1
        for g in range(counts.size):
            samples[s, g] = counts[g]
    return n_flips


# ------------------------------------------------------------------------- floor


@njit(nogil=True, error_model="numpy")
def read_rows(words, threshold, first_position, size, bits):
    """Choose the unit of each word and read its row, with the least arithmetic that still reads all of it."""
    total = np.uint64(0)
    for u in range(words.size):
        _, j = choose_unit(words[u], threshold, first_position, size)
        for k in range(bits.shape[1]):
            total ^= bits[j, k]
    return total


def time_reading(plan: BinaryPlan, arrays: _NetworkArrays, trial: int) -> float:
    words = plan.update_stream(trial).integers(0, 2**64, size=int(plan.updates_before[-1]), dtype=np.uint64)
    start = time.thread_time()
    read_rows(words, arrays.threshold, arrays.first_position, arrays.size, arrays.bits)
    return time.thread_time() - start


# ------------------------------------------------------------------ compilation, a figure


def print_compilation(*, repetitions: int) -> None:
    cold, warm = [], []
    for _ in range(repetitions):
        with tempfile.TemporaryDirectory() as cache:
            for times in (cold, warm):
                done = subprocess.run(
                    [sys.executable, "-c", SCRIPT.format(seed=SEED)],
                    env={**os.environ, "NUMBA_CACHE_DIR": cache},
                    capture_output=True,
                    text=True,
                    check=True,
                )
                times.append([float(value) for value in done.stdout.split()])
    print(
        "(b) a fresh process, median wall time, s: import and wiring, then what the first call takes beyond the second"
    )
    for label, times in (("cold", cold), ("warm", warm)):
        ready, compiling, _ = np.median(times, axis=0)
        what = "compile" if label == "cold" else "load"
        print(f"      {label} numba cache: import and wiring {ready:.2f}, {what} {compiling:.2f}")
    print()


def print_figure_3(*, n_networks: int) -> None:
    """Time a figure of 20 networks x 20 values of J_+ x 1500 ms on two threads."""
    strengths, duration = np.linspace(1, 2.9, 20), 1500.0

    def network(index: int) -> list[float]:
        wired = rost_2018().wire(SEED, network_index=index)
        runs = [
            mst.simulate(wired.with_weights_of(rost_2018(j_e_plus=j)), duration_ms=duration, n_jobs=1, progress=False)
            for j in strengths
        ]
        return [run.discard(500).cluster_rates["E"].var(axis=-1).mean() for run in runs]

    wall, processor_time = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(2) as pool:
        variances = np.array(list(pool.map(network, range(n_networks))))
    factor = 20 / n_networks
    wall, processor_time = factor * (time.perf_counter() - wall), factor * (time.process_time() - processor_time)
    peak = variances.mean(axis=0).argmax()
    n = 20 * strengths.size * duration * 600
    scaled = "" if factor == 1 else f" ({n_networks} networks run, times scaled)"
    print(f"(c) Figure 3: 20 networks x {strengths.size} values of J_+ x {duration:g} ms, wiring included{scaled}")
    print(f"      {n / 1e6:.0f} million updates on two threads: {wall:.1f} s wall time, ", end="")
    print(f"{processor_time:.1f} s processor time")
    print(f"      {n / processor_time / 1e6:.1f} million updates/s of processor time; ", end="")
    print(f"the paper's 20 trials of 1000 ms: {processor_time / duration * 20_000 / 2:.0f} s on two free cores")
    print(f"      sigma_m^2 is largest, {variances.mean(axis=0)[peak]:.5f}, at J_+ = {strengths[peak]:.2f}")
    holds = "holds" if wall < MUST_FIGURE_S else "MISSED"
    print(f"      must take less than {MUST_FIGURE_S} s on two cores: {holds}")


# ----------------------------------------------------------------------- printing


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def print_load(when: str) -> None:
    print(f"load {when}: {', '.join(f'{load:.2f}' for load in os.getloadavg())} (1, 5, 15 min)")


if __name__ == "__main__":
    main()
