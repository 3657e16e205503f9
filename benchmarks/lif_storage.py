"""Time the forms in which the LIF engine keeps connections, and one network on two threads, in one run of this script.

    python benchmarks/lif_storage.py [--quick]

Takes some minutes on an idle machine, with ``--quick`` less than one, and 4 GB of memory.
"""

from __future__ import annotations

import argparse
import os
import time

import numpy as np

import metastable as mst
from metastable._parallel import Monitor
from metastable.networks import Connection, LIFNetwork, Population, Stimulus, Synapse, WiredLIFNetwork
from metastable.simulation._lif_arrays import NetworkArrays
from metastable.simulation._lif_engine import run_trial
from metastable.simulation._lif_kernel import lif_kernel
from metastable.simulation._plan import SimulationPlan

SIZES = (1000, 5000, 20000, 50000)
DENSITIES = (0.005, 0.01, 1 / 64, 1 / 32, 0.05, 0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, sizes up to 20,000")
    quick = parser.parse_args().quick
    sizes = SIZES[:3] if quick else SIZES
    compare_forms(sizes, repetitions=3 if quick else 7)
    compare_threads(sizes, repetitions=3 if quick else 7)
    print(f"load at the end: {', '.join(f'{load:.2f}' for load in os.getloadavg())} (1, 5, 15 min)")


def compare_forms(sizes, *, repetitions: int) -> None:
    """Print what the arrival of one spike at all of its targets costs."""
    print("arrival of one spike, us (shortest of interleaved runs), and memory of the connections, MB")
    print(f"    {'neurons':>8}{'density':>9}{'bits':>9}{'lists':>9}{'synapses':>9}{'bits MB':>10}{'lists MB':>10}")
    for n in sizes:
        for density in DENSITIES:
            if n * n * density > 5e7:
                continue
            bits, lists = (unaffected(n, density).wire(1, storage=form) for form in ("bits", "lists"))
            forms = {
                "none": unaffected(n, 0.0).wire(1),
                "bits": bits,
                "lists": lists,
                "synapses": lists.with_synapses(lists.weight_matrix()),
            }
            seconds, n_spikes = time_trials(
                {k: (w, 1) for k, w in forms.items()}, repetitions, duration_ms=max(50, 2e5 / n)
            )
            cost = [(seconds[k] - seconds["none"]) / n_spikes * 1e6 for k in ("bits", "lists", "synapses")]
            size = bits.bits.nbytes / 1e6, (lists.rows.target.nbytes + lists.rows.start.nbytes) / 1e6
            print(f"    {n:8,}{density:9.4f}{cost[0]:9.3f}{cost[1]:9.3f}{cost[2]:9.3f}{size[0]:10.2f}{size[1]:10.2f}")


def compare_threads(sizes, *, repetitions: int) -> None:
    """Print the time of a step on one thread and on two, of the network of the paper at several sizes."""
    print("one step of litwin_kumar_doiron_2012 on one thread and on two, us (shortest of interleaved runs)")
    for n in sizes:
        wired = mst.networks.litwin_kumar_doiron_2012(n_e=n * 4 // 5).wire(1)
        duration_ms = max(100, 1e6 / n)
        seconds, _ = time_trials({k: (wired, k) for k in (1, 2)}, repetitions, duration_ms=duration_ms)
        one, two = (seconds[k] / (duration_ms / 0.1) * 1e6 for k in (1, 2))
        print(f"    {n:8,}{one:9.2f}{two:9.2f}   {one / two:.2f} x")


def unaffected(n: int, density: float) -> LIFNetwork:
    """Neurons that fire at 15 spikes/s whatever arrives, so that densities compare at the same spikes."""
    cell = Population(name="E", size=n, tau_m_ms=15, synapse=Synapse(tau_decay_ms=3, tau_rise_ms=1), bias=(1.01, 1.02))
    link = Connection(post="E", pre="E", probability=density, weight=1e-9)
    return LIFNetwork(populations=(cell,), connections=(link,))


def time_trials(
    cases: dict[object, tuple[WiredLIFNetwork, int]], repetitions: int, *, duration_ms: float
) -> tuple[dict[object, float], int]:
    """Return the shortest time of each wired network on a number of threads, and its number of spikes."""
    prepared = {}
    for name, (wired, n_threads) in cases.items():
        plan = SimulationPlan(wired, 1, duration_ms, 0.1, range(1), Stimulus())
        arrays = NetworkArrays.of(plan, n_threads)
        prepared[name] = plan, arrays, lif_kernel(arrays.kinetics.code, arrays.storage)
    best = dict.fromkeys(cases, np.inf)
    n_spikes = 0
    # The first round compiles.
    for _ in range(repetitions + 1):
        for name, (plan, arrays, kernel) in prepared.items():
            start = time.perf_counter()
            steps, _ = run_trial(plan, arrays, kernel, 0, Monitor(None))
            best[name] = min(best[name], time.perf_counter() - start)
            n_spikes = steps.size
    return best, n_spikes


if __name__ == "__main__":
    main()
