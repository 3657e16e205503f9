"""Time groups of spike trains beside igraph's Leiden and the paper's K-means; compare the modularities they reach.

    python benchmarks/communities.py [--data DIR] [--quick] [--part a|b|c|d ...]

Some minutes; ``--quick`` takes fewer repetitions and smaller sets. Wall and processor time: on a busy machine the
second is the one to go by. DIR holds fellous_test_data.mat and the Aplysia recordings ``*spks.mat``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import metastable as mst
from metastable._parallel import available_cores
from metastable.communities._gaussian_overlaps import _REACH

Array = NDArray[np.float64]

SEED = 1
SIGMA_MS, DURATION_MS = 144.0, 50_000.0
MUST_S, MUST_WITH_CONTROLS_S, MUST_LARGE_S, MUST_LARGE_GB = 0.5, 6.0, 60.0, 4.0
# Of the same recordings, but on a grid of time: another matrix, so that the third digit may differ.
BEST_KNOWN = {"Fellous 4.45": 0.497318, "Fellous 8.81": 0.351342, "Fellous 13.17": 0.247663, "Jan1312da04": 0.356420}

# In a process of its own, whose peak of memory is that of this work.
LARGE = """
import json, resource, sys, time
sys.path.insert(0, {folder!r})
import communities as b
spikes = b.cortex_like({n}, scale={scale})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start, used = time.perf_counter(), time.process_time()
found = b.mst.communities.detect(spikes, sigmas_ms=[b.SIGMA_MS], n_controls=0, seed=b.SEED, progress=False)
print(json.dumps([time.perf_counter() - start, time.process_time() - used, found.modularity, spikes.n_spikes,
    before / 2**20, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with the real recordings")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, smaller sets")
    parser.add_argument("--part", nargs="*", default=list("abcd"), choices=list("abcd"))
    options = parser.parse_args()
    print(f"metastable {mst.__version__}, numpy {np.__version__}, {available_cores()} cores, ", end="")
    print(f"BLAS threads {os.environ.get('OPENBLAS_NUM_THREADS', 'as they are')}")
    parts: dict[str, Callable[..., None]] = {"a": time_detection, "b": compare_sets, "c": meet_leiden, "d": count_work}
    for part in options.part:
        load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
        print(f"\n({part}) {parts[part].__doc__.splitlines()[0]}  load {load}", flush=True)
        parts[part](data=options.data, quick=options.quick)


# ------------------------------------------------------------------------- spikes


def cortex_like(n: int, *, scale: float, duration_ms: float = DURATION_MS) -> mst.SpikeData:
    """Draw unstructured gamma trains as in anaesthetised cortex; `scale` multiplies all mean intervals.

    The published distribution of mean intervals has a mean rate of about 10 spikes/s; with 2 it is 5.5.
    """
    rng = np.random.default_rng(SEED)
    mean_ms, cv = scale * 1000 * rng.lognormal(-1.47, 1.32, n), rng.lognormal(0.62, 0.33, n)
    return mst.spikes.gamma_trains(mean_ms=mean_ms, cv=cv, duration_ms=duration_ms, seed=SEED)


def recordings(folder: Path | None) -> dict[str, Array]:
    """Return the similarity matrices of the real recordings, or say why not."""
    if folder is None:
        print("  real recordings left out: no --data DIR given")
        return {}
    try:
        from scipy.io import loadmat
    except ImportError as error:
        print(f"  real recordings left out: {error.name} is not installed")
        return {}
    matrices = {}
    fellous = folder / "fellous_test_data.mat"
    if fellous.exists():
        spikes = read(loadmat(fellous)["spks"], duration_ms=1000.0)
        for sigma in (4.45, 8.81, 13.17):
            matrices[f"Fellous {sigma}"] = mst.communities.similarity_matrix(spikes, sigma_ms=sigma)
    else:
        print(f"  {fellous} is missing")
    aplysia = sorted(folder.glob("*spks.mat"))
    if not aplysia:
        print(f"  no Aplysia recordings (*spks.mat) in {folder}")
    for file in aplysia:
        spikes = read(loadmat(file)["spks"])
        name = file.stem.removesuffix("spks")
        matrices[name] = mst.communities.similarity_matrix(spikes, sigma_ms=1000.0, kind="correlation")
    return matrices


def read(table: Array, *, duration_ms: float | None = None) -> mst.SpikeData:
    """Make a recording of rows (train from 1, time in s); without a duration it ends after the last spike."""
    time_ms = table[:, 1] * 1000
    stop = float(np.nextafter(time_ms.max(), np.inf)) if duration_ms is None else duration_ms
    start = 0.0 if duration_ms is not None else float(time_ms.min())
    neuron = np.unique(table[:, 0], return_inverse=True)[1]
    return mst.SpikeData(
        time_ms=time_ms, neuron=neuron, n_neurons=int(neuron.max()) + 1, t_start_ms=start, t_stop_ms=stop
    )


def blocks(n: int, n_blocks: int, contrast: float, seed: int) -> Array:
    """Draw symmetric gamma noise, stronger within blocks."""
    rng = np.random.default_rng([seed, n, n_blocks])
    block = rng.integers(0, n_blocks, n)
    c = rng.gamma(2.0, size=(n, n)) * (1 + contrast * (block[:, None] == block))
    c = (c + c.T) / 2
    np.fill_diagonal(c, 0)
    return c


# -------------------------------------------------------------------------- peers


def leiden(c: Array, n_starts: int) -> tuple[float, int] | None:
    """Return the largest modularity of igraph's Leiden, and its number of groups; None without igraph."""
    try:
        import igraph
    except ImportError as error:
        print(f"  Leiden left out: {error.name} is not installed")
        return None
    random.seed(SEED)  # igraph draws from Python's generator
    graph = igraph.Graph.Weighted_Adjacency(c, mode="undirected", loops=False)
    best, n_groups = -1.0, 0
    for _ in range(n_starts):
        labels = graph.community_leiden("modularity", weights="weight", n_iterations=-1).membership
        q = mst.communities.modularity(c, labels)
        if q > best:
            best, n_groups = q, max(labels) + 1
    return best, n_groups


def starts_of_leiden(n: int, *, quick: bool) -> int:
    """Return how many starts there is time for."""
    return 2 if quick and n > 400 else 20


def measured(call: Callable[[], Any], repetitions: int = 1) -> tuple[Any, float, float]:
    """Return a result and the least wall and processor time, s."""
    wall, used = [], []
    result = None
    for _ in range(repetitions):
        start, cpu = time.perf_counter(), time.process_time()
        result = call()
        wall.append(time.perf_counter() - start)
        used.append(time.process_time() - cpu)
    return result, min(wall), min(used)


def line(label: str, wall: float, used: float, text: str = "") -> None:
    print(f"    {label:46}{wall:9.3f} s wall {used:9.3f} s processor  {text}", flush=True)


# -------------------------------------------------------------------------- parts


def time_detection(*, data: Path | None, quick: bool) -> None:
    """From spikes to groups: independent gamma trains of 50 s, sigma 144 ms."""
    n, repetitions = 1000, 2 if quick else 5
    for scale in (2.0, 1.0):
        spikes = cortex_like(n, scale=scale)
        print(f"  {n:,} trains, {spikes.n_spikes:,} spikes ({spikes.n_spikes / n / DURATION_MS * 1000:.1f} spikes/s)")

        def search(spikes: mst.SpikeData = spikes) -> mst.communities.Partition:
            c = mst.communities.similarity_matrix(spikes, sigma_ms=SIGMA_MS)
            return mst.communities.maximise_modularity(c, seed=SEED)

        def test(spikes: mst.SpikeData = spikes) -> mst.communities.Communities:
            return mst.communities.detect(spikes, sigmas_ms=[SIGMA_MS], seed=SEED, early_stop=False, progress=False)

        search()  # Compiles.
        c, wall, used = measured(lambda s=spikes: mst.communities.similarity_matrix(s, sigma_ms=SIGMA_MS), repetitions)
        line("similarity", wall, used)
        found, louvain, louvain_used = measured(
            lambda c=c: mst.communities.maximise_modularity(c, seed=SEED), repetitions
        )
        line("20 starts", louvain, louvain_used, f"Q/2m {found.modularity:.6f}, {found.n_groups} groups")
        _, wall, used = measured(search, repetitions)
        verdict(wall, used, MUST_S, "both")
        _, wall, used = measured(test)
        verdict(wall, used, MUST_WITH_CONTROLS_S, "both, and 20 controls at the same budget")
        if scale == 2.0:
            time_peers(c, found.modularity, louvain, louvain_used, quick=quick)
    large(1000 if quick else 5000)


def time_peers(c: Array, q: float, wall: float, used: float, *, quick: bool) -> None:
    """Run the peers on the same matrix; all numbers of starts are brought to 20."""
    n_starts = starts_of_leiden(len(c), quick=quick)
    theirs, seconds, cpu = measured(lambda: leiden(c, n_starts))
    if theirs is not None:
        per_start = 20 / n_starts
        line(f"igraph's Leiden, {n_starts} starts", seconds, cpu, f"Q/2m {theirs[0]:.6f}, {theirs[1]} groups")
        print(
            f"      for 20 starts {seconds * per_start:.1f} s: {seconds * per_start / wall:.0f} x ours by wall, ",
            end="",
        )
        print(f"{cpu * per_start / used:.0f} x by processor time; ours minus theirs: {q - theirs[0]:+.6f}")
    few = 1
    found, seconds, cpu = measured(
        lambda: mst.communities.maximise_modularity(c, method="kmeans", n_starts=few, seed=SEED)
    )
    text = f"Q/2m {found.modularity:.6f}, {found.n_groups} groups"
    line(f"the paper's K-means, all numbers of groups, {few} of 20", seconds, cpu, text)
    print(
        f"      for 20 repeats {seconds * 20 / few:.0f} s: {seconds * 20 / few / wall:.0f} x ours by wall", flush=True
    )


def large(n: int) -> None:
    script = LARGE.format(folder=str(Path(__file__).parent), n=n, scale=2.0)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    wall, used, q, n_spikes, before, peak = json.loads(done.stdout)
    print(f"  {n:,} trains, {n_spikes:,} spikes, no controls, a process of its own")
    line("similarity and 20 starts", wall, used, f"Q/2m {q:.6f}")
    print(f"      peak of memory {peak:.2f} GB ({before:.2f} GB with the spikes; ", end="")
    print(f"one matrix is {n * n * 8 / 2**30:.2f} GB); ", end="")
    print("holds" if wall < MUST_LARGE_S and peak < MUST_LARGE_GB else "MISSED", end="")
    print(f": less than {MUST_LARGE_S:g} s and {MUST_LARGE_GB:g} GB")


def verdict(wall: float, used: float, limit: float, label: str) -> None:
    holds = "holds" if wall < limit else f"MISSED here; {used / 2:.2f} s on two free cores"
    line(label, wall, used, f"less than {limit:g} s on two quiet cores: {holds}")


def compare_sets(*, data: Path | None, quick: bool) -> None:
    """Q/2m by optimiser; the best known values belong to matrices of spikes on a grid of time."""
    sets = recordings(data)
    n = 300 if quick else 1000
    sets[f"unstructured, {n}"] = mst.communities.similarity_matrix(cortex_like(n, scale=1.0), sigma_ms=SIGMA_MS)
    header = ("Louvain x 20", "K-means all", "leading K-1", "Leiden", "best known")
    print(f"    {'':22}" + "".join(f"{name:>16}" for name in header))
    for name, c in sets.items():
        # K-means in a thousand dimensions: a few repeats of each number of groups are what there is time for.
        repeats = 20 if len(c) <= 200 else 1
        found = [
            mst.communities.maximise_modularity(c, seed=SEED),
            mst.communities.maximise_modularity(c, method="kmeans", n_starts=repeats, seed=SEED),
            mst.communities.maximise_modularity(c, method="kmeans", subspace="leading", n_starts=repeats, seed=SEED),
        ]
        cells = [f"{each.modularity:.6f} ({each.n_groups})" for each in found]
        theirs = leiden(c, starts_of_leiden(len(c), quick=quick))
        cells.append("-" if theirs is None else f"{theirs[0]:.6f} ({theirs[1]})")
        cells.append(f"{BEST_KNOWN[name]:.6f}" if name in BEST_KNOWN else "-")
        print(f"    {name:22}" + "".join(f"{cell:>16}" for cell in cells), flush=True)
    print("    in brackets: groups; above 200 nodes K-means has one repeat")


def meet_leiden(*, data: Path | None, quick: bool) -> None:
    """Wins, ties and losses against Leiden with as many starts."""
    leiden(np.ones((2, 2)), 1)  # Imports.
    sets = {}
    for n in (50, 75, 100, 150, 200, 300, 400) if quick else (50, 75, 100, 150, 200, 300, 400, 700, 1000):
        for n_blocks, contrast in ((1, 0.0), (max(3, n // 30), 0.3)):
            sets[f"gamma noise, {n} nodes, {n_blocks} blocks"] = blocks(n, n_blocks, contrast, SEED)
    for level in (2, 5, 8):
        spikes, _ = mst.spikes.fellous_2004(n_groups=3, noise_level=level, seed=SEED)
        sets[f"trains, 3 groups, noise {level}"] = mst.communities.similarity_matrix(spikes, sigma_ms=10)
    for n in (60, 200, 400):
        spikes = cortex_like(n, scale=1.0, duration_ms=10_000.0)
        sets[f"independent trains, {n}"] = mst.communities.similarity_matrix(spikes, sigma_ms=SIGMA_MS)
    if not quick:
        spikes = cortex_like(1000, scale=2.0)
        sets["independent trains, 1000, 50 s"] = mst.communities.similarity_matrix(spikes, sigma_ms=SIGMA_MS)
    outcome = {"win": 0, "tie": 0, "loss": 0}
    ratios = []
    for name, c in sets.items():
        n_starts = starts_of_leiden(len(c), quick=quick)
        theirs, _, their_s = measured(lambda c=c, k=n_starts: leiden(c, k))
        if theirs is None:
            return
        ours, _, our_s = measured(lambda c=c, k=n_starts: mst.communities.maximise_modularity(c, n_starts=k, seed=SEED))
        difference = ours.modularity - theirs[0]
        result = "tie" if abs(difference) < 1e-10 else "win" if difference > 0 else "loss"
        outcome[result] += 1
        ratios.append(their_s / our_s)
        print(f"    {name:36} {n_starts:3} starts   ours {ours.modularity:.6f}  Leiden {theirs[0]:.6f}  ", end="")
        print(f"{result:4}  {their_s / our_s:6.1f} x the processor time", flush=True)
    print(f"    {len(sets)} matrices: " + ", ".join(f"{name} {count}" for name, count in outcome.items()), end="; ")
    print(f"Leiden takes {min(ratios):.1f} to {max(ratios):.0f} x the processor time, median {np.median(ratios):.0f} x")


def count_work(*, data: Path | None, quick: bool) -> None:
    """How far from the floor: operations and bytes that have to be, and what is measured on one thread."""
    script = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import communities; communities.floor()"
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    print(done.stdout, end="")


def floor() -> None:
    """Compare with a plain product of matrices and plain reading; BLAS must have one thread."""
    n = 1000
    spikes = cortex_like(n, scale=2.0)
    c, _, used = measured(lambda: mst.communities.similarity_matrix(spikes, sigma_ms=SIGMA_MS), 5)
    columns = 2 * (DURATION_MS / SIGMA_MS + 2 * _REACH) + 96
    # Half of the matrix, a product and a sum; 40 samples of each spike in the window and near it.
    products, spreading = n * n * columns, spikes.n_spikes * 40 * 4
    a = np.random.default_rng(0).random((n, 2000))
    from scipy.linalg.blas import dsyrk

    _, _, seconds = measured(lambda: dsyrk(1.0, a.T, trans=1), 5)
    peak = n * n * 2000 / seconds
    print(
        f"    similarity: {products / 1e9:.2f} GFLOP of products, {spreading / 1e9:.2f} of spreading; BLAS alone ",
        end="",
    )
    print(f"does {peak / 1e9:.0f} GFLOP/s here: floor {products / peak:.3f} s, measured {used:.3f} s, ", end="")
    print(f"{used / (products / peak):.1f} x")
    from metastable.communities._louvain import _MANY_GROUPS, _gather_nodes, _sum_rows

    degree = c.sum(axis=1)

    def first_pass() -> int:
        state = np.array([SEED], np.uint64)
        return _gather_nodes(c, degree, degree.sum(), np.arange(n), n, state)

    first_pass()
    n_groups, _, used = measured(first_pass, 20)
    _, _, reading = measured(lambda: _sum_rows(c, np.zeros(n, np.int64), 1), 20)
    print(
        f"    first pass of a start: every row once, {c.nbytes / 1e6:.0f} MB, {n * n / 1e6:.0f} million additions; ",
        end="",
    )
    print(f"reading and adding alone {1000 * reading:.2f} ms ({c.nbytes / reading / 1e9:.0f} GB/s), ", end="")
    print(
        f"measured {1000 * used:.2f} ms, {used / reading:.1f} x (to {n_groups} groups, at most {_MANY_GROUPS} wanted)"
    )
    _, _, used = measured(lambda: mst.communities.maximise_modularity(c, seed=SEED, n_jobs=1), 3)
    print(f"    a whole start: {50 * used:.2f} ms, {used / 20 / reading:.0f} readings of the matrix")
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"    peak of memory of this process {peak_gb:.2f} GB")


if __name__ == "__main__":
    main()
