"""Time wiring and running of the scalable E/I-clustered network from 1,000 to 50,000 neurons, and fit the cost terms.

    python benchmarks/lif_scaling.py [--quick] [--figure FILE]

Each size in a process of its own, whose peak memory is then known. Takes about two minutes, ``--quick`` one (it ends at
20,000 neurons). Linux only (memory from /proc).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from lif import print_load, processor

from metastable import figures

SCALES = (10, 20, 50, 100, 200, 500)
MODEL_MS = {10: 3000, 20: 3000, 50: 3000, 100: 2000, 200: 1000, 500: 1000}
MUST_WIRING_S, MUST_MB, MUST_RATIO, AIM_RATIO = 15, 2000, 2.0, 1.0
# Wall time over model time of the same network (Schmitt et al. 2023), 5,000 and 50,000 neurons.
PUBLISHED = {
    "NEST, 24 threads": {5000: 0.46, 50_000: 7.7},
    "GeNN, GPU": {5000: 0.14, 50_000: 0.53},
}

SCRIPT = """
import json, pathlib, time
import metastable as mst
network = mst.networks.schmitt_2023(scale={scale})
mst.simulate(mst.networks.schmitt_2023(scale=2), duration_ms=5, n_jobs=1, progress=False)
mst.simulate(mst.networks.schmitt_2023(scale=2), duration_ms=5, n_jobs=2, progress=False)
start = time.perf_counter()
wired = network.wire(seed=1)
made = dict(n=network.n_neurons, wiring_s=time.perf_counter() - start, synapses=wired.n_synapses)
made["run_s"] = dict()
for n_jobs in (1, 2):
    times = []
    for _ in range({repetitions}):
        start = time.perf_counter()
        spikes = mst.simulate(wired, duration_ms={ms}, n_jobs=n_jobs, progress=False)
        times.append(time.perf_counter() - start)
    made["run_s"][n_jobs] = min(times)
made["spikes"] = spikes.n_spikes
status = dict(line.split(":") for line in pathlib.Path("/proc/self/status").read_text().splitlines())
made["peak_mb"] = int(status["VmHWM"].split()[0]) / 1024
print(json.dumps(made))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="up to 20,000 neurons, each timed once")
    parser.add_argument("--figure", type=Path, help="where to draw the curve")
    options = parser.parse_args()
    scales = SCALES[:-1] if options.quick else SCALES

    print(f"{processor()}; Schmitt et al. 2023, 20 clusters, J_E+ = 10, R_J = .75, dt .1 ms, one trial")
    print_load("at the start")
    print("\n  neurons     synapses  wiring s  peak MB  spikes/s  run/model, 1 thread  2 threads")
    rows = [measure(scale, repetitions=1 if options.quick else 3) for scale in scales]
    model = cost_terms(rows)
    print_model(model, rows)
    print_published(rows)
    print_verdicts(rows[-1])
    print_load("at the end")
    if options.figure:
        draw(rows, model).savefig(options.figure, dpi=150)


def measure(scale: int, *, repetitions: int) -> dict:
    ms = MODEL_MS[scale]
    code = SCRIPT.format(scale=scale, ms=ms, repetitions=repetitions)
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    row = json.loads(said.splitlines()[-1])
    row["ratio"] = {int(n_jobs): 1000 * seconds / ms for n_jobs, seconds in row["run_s"].items()}
    row["rate"] = 1000 * row["spikes"] / row["n"] / ms
    print(f"{row['n']:9,}{row['synapses']:13,}{row['wiring_s']:10.2f}{row['peak_mb']:9.0f}{row['rate']:10.2f}", end="")
    print(f"{row['ratio'][1]:21.3f}{row['ratio'][2]:11.3f}", flush=True)
    return row


# -------------------------------------------------------------------------- model


def terms(rows: list[dict]) -> np.ndarray:
    """Return steps, updated neurons and pairs looked at in one second of model time, (n_rows, 3)."""
    n = np.array([row["n"] for row in rows], float)
    rate = np.array([row["rate"] for row in rows])
    return np.stack([np.full(n.size, 1e4), 1e4 * n, rate * n * n], axis=1)


def cost_terms(rows: list[dict]) -> np.ndarray:
    """Fit seconds of each term to the run on one thread: relative errors, no term below 0."""
    from scipy.optimize import nnls

    ratio = np.array([row["ratio"][1] for row in rows])
    scaled = terms(rows) / ratio[:, None]
    size = np.abs(scaled).max(axis=0)
    return nnls(scaled / size, np.ones(len(rows)))[0] / size


def print_model(model: np.ndarray, rows: list[dict]) -> None:
    step, update, pair = model
    print("\nfitted cost on one thread (relative least squares, no term below 0):")
    print(f"    {step * 1e6:.2f} us a step + {update * 1e12:.0f} ps a neuron and step + {pair * 1e12:.2f} ps a pair of")
    print("    spike and neuron, that is, a bit of its row")
    fitted = terms(rows) @ model
    misses = fitted / [row["ratio"][1] for row in rows] - 1
    print(f"    largest miss {100 * np.abs(misses).max():.0f} %", end="")
    last = terms(rows[-1:])[0] * model
    print(f"; at {rows[-1]['n']:,} neurons steps, update, arrival: ", end="")
    print(", ".join(f"{100 * share:.0f} %" for share in last / last.sum()))


def print_published(rows: list[dict]) -> None:
    print("\nwall time over model time beside published numbers, of other machines:")
    print(f"    {'':28}{'5,000':>10}{'50,000':>10}")
    for label, values in PUBLISHED.items():
        print(f"    {label:28}{values[5000]:10.2f}{values[50_000]:10.2f}")
    for n_jobs in (1, 2):
        own = {row["n"]: f"{row['ratio'][n_jobs]:.3f}" for row in rows}
        label = f"this engine, {n_jobs} thread{'s' if n_jobs > 1 else ''}"
        print(f"    {label:28}{own.get(5000, '-'):>10}{own.get(50_000, '-'):>10}")


def print_verdicts(row: dict) -> None:
    if row["n"] < 50_000:
        return
    print(f"\nat {row['n']:,} neurons:")
    for what, value, must in (
        ("wiring, s", row["wiring_s"], MUST_WIRING_S),
        ("peak memory, MB", row["peak_mb"], MUST_MB),
        ("run over model time, 1 thread", row["ratio"][1], MUST_RATIO),
        ("run over model time, 2 threads (aim)", row["ratio"][2], AIM_RATIO),
    ):
        print(f"    {what}: {value:.3g}, must be below {must:g}: {'holds' if value < must else 'MISSED'}")


# ------------------------------------------------------------------------- figure


def draw(rows: list[dict], model: np.ndarray):
    n = np.array([row["n"] for row in rows])
    with figures.style():
        drawing = figures.new_figure(7.2, 2.8)
        left, right = drawing.subplots(1, 2)
        for n_jobs, color in ((1, "clustered"), (2, "inside")):
            ratio = [row["ratio"][n_jobs] for row in rows]
            label = f"{n_jobs} thread{'s' if n_jobs > 1 else ''}"
            left.plot(n, ratio, marker="o", color=figures.COLORS[color], label=label)
        left.plot(n, terms(rows) @ model, color="#999999", linewidth=0.8, label="fit, 1 thread")
        for (label, values), marker in zip(PUBLISHED.items(), "sD", strict=True):
            left.plot(*zip(*values.items(), strict=True), marker, color="#555555", markersize=4, label=label)
        left.axhline(1, color="#999999", linewidth=0.6, linestyle=":")
        left.set(xscale="log", yscale="log", xlabel="neurons", ylabel="wall time / model time")
        left.legend(fontsize=6.5)
        figures.titled(left, "a  Run", "Schmitt et al. (2023); black: published, other machines")
        right.plot(n, [row["wiring_s"] for row in rows], marker="o", color=figures.COLORS["clustered"])
        right.set(xscale="log", yscale="log", xlabel="neurons", ylabel="wiring (s)")
        memory = right.twinx()
        memory.plot(n, [row["peak_mb"] for row in rows], marker="s", color=figures.COLORS["outside"])
        memory.set(ylabel="peak memory (MB), squares", ylim=(0, None))
        memory.spines["right"].set_visible(True)
        figures.titled(right, "b  Wiring and memory", "one bit for each pair")
    return drawing


if __name__ == "__main__":
    main()
