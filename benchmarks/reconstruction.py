"""Time reconstruction from 20 to 1,000 neurons beside the floor of elimination, 2/3 N^4 operations on this machine.

    python benchmarks/reconstruction.py [--quick]

A quarter of an hour, mostly simulation and N = 1,000; ``--quick`` ends at N = 250. Wall and processor time of all
threads: on a busy machine the second, divided by the cores, is the one to go by.
"""

from __future__ import annotations

import argparse
import os
import time

import numpy as np
from threadpoolctl import threadpool_limits

import metastable as mst
from metastable._parallel import available_cores

SEED = 1
SIZES = (20, 50, 100, 250, 500, 1000)
METHOD = {"general": "least-squares", "phase-locked": "phase-locked", "short": "matching-pursuit"}
# Wall time and error that must hold on two free cores.
MUST = {
    ("general", 20): (np.inf, 1e-11),
    ("general", 250): (1.0, 1e-9),
    ("general", 500): (6.0, np.inf),
    ("general", 1000): (40.0, np.inf),
    ("phase-locked", 1000): (2.0, 1e-9),
    ("short", 500): (np.inf, 1e-6),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="end at N = 250")
    sizes = SIZES[:4] if parser.parse_args().quick else SIZES
    print(f"metastable {mst.__version__}, numpy {np.__version__}, {available_cores()} cores")
    print("method            N  wall (s)  cpu (s)  floor cpu (s)  cpu/floor  worst error  hold-out (mV)  load")
    # Compiles the loops over spikes.
    reconstruct_once(general(20))
    reconstruct_once(phase_locked(20))
    for n in sizes:
        report("general", n, *general(n))
    for n in sizes[1:]:
        report("phase-locked", n, *phase_locked(n))
    if 500 in sizes:
        report("short", 500, *short(500), rows="one-per-trial")


def general(n: int) -> tuple[mst.SpikeData, object]:
    """Simulate one run of a network with both signs, long enough for 1.15 equations per unknown of every neuron."""
    wired = mst.networks.van_bussel_2011(figure="1", kind="mixed", n_neurons=n).wire(SEED)
    duration = 4000 + 115.0 * n
    return mst.simulate(wired, duration_ms=duration, seed=SEED, drive_spread=0.1), wired


def short(n: int) -> tuple[mst.SpikeData, object]:
    """Simulate as many driving conditions as a fifth of the neurons: too few equations, but few connections too."""
    wired = mst.networks.van_bussel_2011(figure="4A", n_neurons=n, in_degree=10).wire(SEED)
    return mst.simulate(wired, duration_ms=300, n_trials=n // 5, seed=SEED, drive_spread=0.005, initial_mv=0), wired


def phase_locked(n: int) -> tuple[mst.SpikeData, object]:
    """Simulate four periods of an inhibitory network under ten drives more than neurons."""
    wired = mst.networks.van_bussel_2011(figure="1", kind="inhibitory", n_neurons=n).wire(SEED)
    trials = n + 10
    return mst.simulate(wired, duration_ms=260, n_trials=trials, seed=SEED, drive_spread=0.01, initial_mv=0), wired


def reconstruct_once(
    data: tuple[mst.SpikeData, object], **options: str
) -> tuple[mst.reconstruction.Reconstruction, float, float]:
    spikes, wired = data
    model = mst.reconstruction.NeuronModel.of(wired, drive_mv=spikes.meta["drives_mv"])
    start, used = time.perf_counter(), time.process_time()
    found = mst.reconstruction.reconstruct(spikes, model=model, progress=False, **options)
    return found, time.perf_counter() - start, time.process_time() - used


def report(name: str, n: int, spikes: mst.SpikeData, wired: object, **options: str) -> None:
    found, wall, cpu = reconstruct_once((spikes, wired), **options)
    floor = n * elimination(n)
    error = np.abs(found.weights - wired.weights).max()
    within, below = MUST.get((name, n), (np.inf, np.inf))
    verdict = "" if wall < within and error < below else f"  MISSED: {within:g} s, {below:g} mV"
    print(
        f"{name:<13} {n:>5}  {wall:>8.3f}  {cpu:>7.3f}  {floor:>13.3f}  {cpu / floor:>9.2f}  {error:>11.1e}  "
        f"{np.nanmax(found.holdout_residual_mv):>13.1e}  {os.getloadavg()[0]:.1f}{verdict}",
        flush=True,
    )
    if set(found.method) != {METHOD[name]} or np.isnan(error):
        print(found)


def elimination(n: int) -> float:
    """Return the processor time of one elimination of a square system, 2/3 n^3 operations, on one thread."""
    rng = np.random.default_rng(SEED)
    a, b = rng.normal(size=(n, n)), rng.normal(size=(n, 1))
    repeat = max(3, int(2e8 / n**3))
    with threadpool_limits(limits=1, user_api="blas"):
        np.linalg.solve(a, b)
        start = time.process_time()
        for _ in range(repeat):
            np.linalg.solve(a, b)
        return (time.process_time() - start) / repeat


if __name__ == "__main__":
    main()
