"""One table: this engine, Brian2 C++ standalone and NEST on the same networks of 5,000 neurons, on one core and on two.

    python benchmarks/lif_peers.py [--quick]

Same wiring, bias and initial states in all three. Every row is a process of its own. Needs Linux (memory from /proc),
the extras ``brian2`` and ``nest`` and a C++ compiler; an engine that is missing is left out by name. Takes about ten
minutes, ``--quick`` half of that.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from lif import print_load, processor, resident_mb

NETWORKS = {
    "default": "litwin_kumar_doiron_2012()",
    "E/I-clustered": "nest_ei_clustered()",
}
ENGINES = ("metastable", "brian2", "nest")
MUST_BRIAN2, MUST_NEST, MUST_TWO = 6, 20, 1.7
N_TRIALS, N_TRIALS_GAIN, DURATION_MS = 2, 18, 3000

# Wiring, model and code are made anew in each process; what is compiled is compiled there, with an empty cache.
SCRIPT = """
import json, pathlib, sys, time
sys.path.insert(0, {folder!r})
from lif_peers import measure_here
made = measure_here({engine!r}, {network!r}, {n_jobs})
status = dict(line.split(":") for line in pathlib.Path("/proc/self/status").read_text().splitlines())
made["own_mb"] = int(status["VmHWM"].split()[0]) / 1024
print(json.dumps(made))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="every row once")
    repetitions = 1 if parser.parse_args().quick else 3
    print(f"{processor()}, {os.cpu_count()} cores; {N_TRIALS} trials of {DURATION_MS / 1000:g} s, dt .1 ms")
    print("wall time in s, median of the repetitions; memory: largest of the process with all its children")
    print_load("at the start")
    for label, network in NETWORKS.items():
        print(f"\n{label} network: {network}")
        print("    engine        cores  build  compile     run    sum  run/model  memory MB    spikes")
        rows: dict[tuple[str, int], list[dict]] = {}
        for _ in range(repetitions):
            for engine in ENGINES:
                for n_jobs in (1, 2):
                    made = measure(engine, network, n_jobs)
                    if made:
                        rows.setdefault((engine, n_jobs), []).append(made)
        for (engine, n_jobs), runs in rows.items():
            print_row(engine, n_jobs, runs)
        print_ratios(rows)
        print_gain(network)
    print()
    print_load("at the end")


def measure(engine: str, network: str, n_jobs: int) -> dict | None:
    """Run one row in a process of its own, with an empty cache of compiled code."""
    code = SCRIPT.format(folder=str(Path(__file__).resolve().parent), engine=engine, network=network, n_jobs=n_jobs)
    with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=output, env={**os.environ, "NUMBA_CACHE_DIR": cache}
        )
        all_mb = 0.0
        while process.poll() is None:
            all_mb = max(all_mb, resident_mb(process.pid))
            try:
                process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
        if process.returncode:
            print(f"    {engine} is left out: its process failed, see above")
            return None
        output.seek(0)
        made = json.loads(output.read().splitlines()[-1])
    return {**made, "mb": max(all_mb, made["own_mb"])}


# --------------------------------------------------------------- inside a process


def measure_here(engine: str, network: str, n_jobs: int) -> dict:
    """Build, compile and run; seconds of each."""
    import time

    import metastable as mst
    from metastable.networks import Stimulus
    from metastable.simulation._plan import SimulationPlan

    start = time.perf_counter()
    wired = eval(f"mst.networks.{network}", {"mst": mst}).wire(seed=1)
    wiring = time.perf_counter() - start
    plan = SimulationPlan(
        wired=wired,
        seed=1,
        duration_ms=DURATION_MS,
        dt_ms=0.1,
        trials=range(N_TRIALS),
        stimulus=Stimulus(),
        precision="single",
    )
    made = {"metastable": metastable_here, "brian2": brian2_here, "nest": nest_here}[engine](plan, n_jobs)
    return {**made, "build": made["build"] + wiring}


def metastable_here(plan, n_jobs: int) -> dict:
    import time
    from dataclasses import replace

    from metastable.simulation._lif_engine import simulate_trials

    start = time.perf_counter()
    simulate_trials(replace(plan, duration_ms=1.0, trials=range(1)), n_jobs=1, progress=False)
    compiled = time.perf_counter()
    trials = simulate_trials(plan, n_jobs=n_jobs, progress=False)
    done = time.perf_counter()
    return {
        "build": 0.0,
        "compile": compiled - start,
        "run": done - compiled,
        "spikes": sum(step.size for step, _ in trials),
    }


def brian2_here(plan, n_jobs: int) -> dict:
    import time

    from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

    from metastable._parallel import run_jobs
    from metastable.simulation._brian2_engine import standalone_program

    compile_source, compiling = CPPStandaloneDevice.compile_source, []

    def timed(*arguments, **options):
        start = time.perf_counter()
        compile_source(*arguments, **options)
        compiling.append(time.perf_counter() - start)

    CPPStandaloneDevice.compile_source = timed
    start = time.perf_counter()
    with standalone_program(plan, n_jobs=2) as program:
        built = time.perf_counter()
        results = run_jobs(
            lambda trial, monitor: program.run(plan.initial_v(trial), monitor),
            plan.trials,
            n_jobs=n_jobs,
            total=1.0,
            label="",
            progress=False,
        )
        done = time.perf_counter()
    return {
        "build": built - start - sum(compiling),
        "compile": sum(compiling),
        "run": done - built,
        "loop": sum(seconds for _, seconds in results),
        "spikes": sum(step.size for (step, _), _ in results),
    }


def nest_here(plan, n_jobs: int) -> dict:
    import time

    from metastable.simulation import _nest_engine

    built = []
    network_of = _nest_engine.NestNetwork

    def timed(*arguments):
        network = network_of(*arguments)
        built.append(time.perf_counter())
        return network

    _nest_engine.NestNetwork = timed
    start = time.perf_counter()
    trials = _nest_engine.simulate_trials(plan, n_jobs=n_jobs, progress=False)
    done = time.perf_counter()
    return {
        "build": built[0] - start,
        "compile": 0.0,
        "run": done - built[0],
        "spikes": sum(step.size for step, _ in trials),
    }


# ----------------------------------------------------------------------- printing


def median(runs: list[dict], key: str) -> float:
    return float(np.median([run[key] for run in runs]))


def print_row(engine: str, n_jobs: int, runs: list[dict]) -> None:
    parts = [median(runs, key) for key in ("build", "compile", "run")]
    model = median(runs, "run") / (N_TRIALS * DURATION_MS / 1000)
    print(f"    {engine:12}{n_jobs:7}{parts[0]:7.2f}{parts[1]:9.2f}{parts[2]:8.3f}{sum(parts):7.2f}", end="")
    print(f"{model:11.4f}{max(run['mb'] for run in runs):11.0f}{runs[0]['spikes']:10,}")


def print_ratios(rows: dict[tuple[str, int], list[dict]]) -> None:
    own = rows["metastable", 1]
    for engine, must in (("brian2", MUST_BRIAN2), ("nest", MUST_NEST)):
        if (engine, 1) not in rows:
            continue
        ratio = median(rows[engine, 1], "run") / median(own, "run")
        print(f"    run, one core: {ratio:.1f} x {engine}, must be at least {must}: {holds(ratio >= must)}")
        if engine == "brian2":
            loop = median(rows[engine, 1], "loop") / median(own, "run")
            print(f"    of which Brian2's loop over time alone (its processor time): {loop:.1f} x")
        whole = [sum(median(runs, key) for key in ("build", "compile", "run")) for runs in (rows[engine, 1], own)]
        print(f"    with build and compilation: {whole[0] / whole[1]:.1f} x {engine}")


def print_gain(network: str) -> None:
    """Print what a second core gains for many trials; two trials are over before threads have started."""
    import time

    import metastable as mst

    wired = eval(f"mst.networks.{network}", {"mst": mst}).wire(seed=1)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(5):
        for n_jobs, times in seconds.items():
            start = time.perf_counter()
            mst.simulate(wired, duration_ms=DURATION_MS, n_trials=N_TRIALS_GAIN, n_jobs=n_jobs, progress=False)
            times.append(time.perf_counter() - start)
    gain = min(seconds[1]) / min(seconds[2])
    print(f"    this engine on two cores, {N_TRIALS_GAIN} trials: {gain:.2f} x, must be ", end="")
    print(f"at least {MUST_TWO}: {holds(gain >= MUST_TWO)}")


def holds(truth: bool) -> str:
    return "holds" if truth else "MISSED"


if __name__ == "__main__":
    main()
