"""Time the clocked LIF engine against Brian2 C++ standalone: same network, same wiring, same run of this script.

    python benchmarks/lif.py [--quick]

Needs Linux (it reads memory from /proc), the extra ``brian2`` and a C++ compiler. Takes about two minutes, with
``--quick`` less than one.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numba
import numpy as np

import metastable as mst
from metastable._parallel import Monitor
from metastable.networks import Stimulus
from metastable.simulation._brian2_engine import StandaloneProgram, standalone_program
from metastable.simulation._lif_arrays import NetworkArrays
from metastable.simulation._lif_engine import run_trial
from metastable.simulation._lif_kernel import lif_kernel
from metastable.simulation._plan import SimulationPlan

SEED = 1
DURATION_MS = 3000.0
N_TRIALS = 9
MUST_LOOP, MUST_WHOLE, AIM_MB = 3, 8, 400

# From a Python prompt to spikes, in a process of its own. Its ru_maxrss would include that of the process it was
# forked from; VmHWM does not.
SCRIPT = """
import json, pathlib
import metastable as mst
network = mst.networks.litwin_kumar_doiron_2012(r_ee=2.5)
spikes = mst.simulate(network, duration_ms={duration}, n_trials={trials}, seed={seed}, n_jobs=2, engine="{engine}")
status = dict(line.split(":") for line in pathlib.Path("/proc/self/status").read_text().splitlines())
print(json.dumps(dict(n_spikes=spikes.n_spikes, own_mb=int(status["VmHWM"].split()[0]) / 1024)))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    quick = parser.parse_args().quick

    print_machine()
    wired = mst.networks.litwin_kumar_doiron_2012(r_ee=2.5).wire(seed=SEED)
    print(f"{wired}; {DURATION_MS:g} ms per trial, dt 0.1 ms\n")
    loop = compare_run_loops(wired, repetitions=3 if quick else 9)
    print_floor(wired, loop)
    compare_whole_processes(repetitions=1 if quick else 3)
    print_load("at the end")


# ---------------------------------------------------------------------- run loop


def compare_run_loops(wired, *, repetitions: int) -> float:
    """Time one trial on one core, interleaved; return our shortest time of the kernel, s."""
    plans = {
        precision: SimulationPlan(
            wired=wired,
            seed=SEED,
            duration_ms=DURATION_MS,
            dt_ms=0.1,
            trials=range(repetitions),
            stimulus=Stimulus(),
            precision=precision,
        )
        for precision in ("single", "double")
    }
    rows: dict[str, list[float]] = {}

    def record(label: str, seconds: float) -> None:
        rows.setdefault(label, []).append(seconds)

    for plan in plans.values():
        time_kernel(plan, trial=0)
    with standalone_program(plans["double"]) as program:
        program.run(plans["double"].initial_v(0))
        same = True
        for trial in range(repetitions):
            theirs, loop_seconds, whole_seconds = time_brian2(program, trial)
            record("Brian2: loop over time", loop_seconds)
            record("Brian2: whole program, wall time", whole_seconds)
            for precision, plan in plans.items():
                ours, seconds = time_kernel(plan, trial)
                record(f"metastable: kernel, {precision} precision", seconds)
                if precision == "double":
                    same &= all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
            record("metastable: simulate, single, wall time", time_simulate(wired, trial))

    print(f"(a) one trial on one core, {repetitions} trials interleaved; processor time where not said otherwise")
    print(f"    {'':42}{'median s':>10}{'min s':>10}")
    for label, seconds in rows.items():
        print(f"    {label:42}{np.median(seconds):10.4f}{min(seconds):10.4f}")
    for precision in plans:
        mine = rows[f"metastable: kernel, {precision} precision"]
        print_ratio(f"run loop, {precision} precision", rows["Brian2: loop over time"], mine, MUST_LOOP)
    peer, mine = rows["Brian2: whole program, wall time"], rows["metastable: simulate, single, wall time"]
    print_ratio("one trial to SpikeData, all compiled", peer, mine)
    print(f"    spikes of Brian2 and of our double precision identical in all {repetitions} trials: {same}\n")
    return min(rows["metastable: kernel, single precision"])


def time_kernel(plan: SimulationPlan, trial: int) -> tuple[tuple, float]:
    """Run one trial and count the time inside the kernel."""
    arrays = NetworkArrays.of(plan)
    kernel = lif_kernel(arrays.kinetics.code, arrays.storage)
    seconds = 0.0

    def timed(*arguments):
        nonlocal seconds
        # Brian2 reports processor time too, which other processes on the machine disturb least.
        start = time.thread_time()
        result = kernel(*arguments)
        seconds += time.thread_time() - start
        return result

    spikes = run_trial(plan, arrays, timed, trial, Monitor(None))
    return spikes, seconds


def time_simulate(wired, trial: int) -> float:
    start = time.perf_counter()
    mst.simulate(wired, duration_ms=DURATION_MS, first_trial=trial, n_jobs=1, progress=False)
    return time.perf_counter() - start


def time_brian2(program: StandaloneProgram, trial: int) -> tuple[tuple, float, float]:
    start = time.perf_counter()
    spikes, loop_seconds = program.run(program.plan.initial_v(trial))
    return spikes, loop_seconds, time.perf_counter() - start


# ------------------------------------------------------------------------- floor


def print_floor(wired, kernel_seconds: float) -> None:
    """Compare a step with the time that moving its bytes takes."""
    n_steps = round(DURATION_MS / 0.1)
    plan = SimulationPlan(wired, SEED, DURATION_MS, 0.1, range(1), Stimulus())
    arrays = NetworkArrays.of(plan)
    n_positions = wired.bits.shape[0]
    n_traces, n_sources = len(arrays.kinetics.signs), len(arrays.kinetics.population_of_source)
    # V and traces are read and written, the drive is read; counts are read and cleared.
    update = n_positions * (4 * (2 * (1 + n_traces) + 1) + 2 * 2 * n_sources)
    spikes_per_step = time_kernel(plan, 0)[0][0].size / n_steps
    # One bit for each pair; the counts of all neurons are read and written.
    arrival = spikes_per_step * n_positions * (1 / 8 + 2 * 2)
    footprint = n_positions * (4 * (2 + n_traces) + 2 * n_sources)
    bandwidth = bandwidth_in_place(footprint)
    floor = (update + arrival) / bandwidth
    step = kernel_seconds / n_steps
    print("floor of a step in single precision: the time to move its bytes")
    print(f"    state and counts {footprint / 1e3:.0f} kB; moved in a step: update {update / 1e3:.0f} kB, ", end="")
    print(f"arrival of {spikes_per_step:.2f} spikes {arrival / 1e3:.0f} kB")
    print(f"    reading and writing {footprint / 1e3:.0f} kB in place: {bandwidth / 1e9:.0f} GB/s", end="")
    print(f" -> {floor * 1e6:.2f} us; a step takes {step * 1e6:.2f} us, {step / floor:.2f} x the floor\n")


def bandwidth_in_place(footprint: int, *, passes: int = 2000, rounds: int = 30) -> float:
    """Bytes per second read and written by the simplest loop that changes an array of this size in place.

    A step changes its state in place as well; a copy would be slower, since it also fetches what it overwrites.
    """

    @numba.njit
    def negate(values, passes):
        for _ in range(passes):
            for i in range(values.size):
                values[i] = -values[i]

    values = np.ones(footprint // 4, np.float32)
    negate(values, 1)
    best = np.inf
    for _ in range(rounds):
        start = time.perf_counter()
        negate(values, passes)
        best = min(best, (time.perf_counter() - start) / passes)
    return 2 * values.nbytes / best


# ----------------------------------------------------------- from prompt to spikes


def compare_whole_processes(*, repetitions: int) -> None:
    """Time a fresh Python process from its start to the spikes of all trials, interleaved."""
    cold, warm, peer = [], [], []
    for _ in range(repetitions):
        peer.append(time_process("brian2", os.environ.get("NUMBA_CACHE_DIR", "")))
        with tempfile.TemporaryDirectory() as cache:
            cold.append(time_process("metastable", cache))
            warm.extend(time_process("metastable", cache) for _ in range(2))
    print(
        f"(b) one network x {N_TRIALS} trials, from a fresh Python process to spikes: import, wiring, compilation, run;"
    )
    print("    two cores (Brian2: two compilers, then two programs at a time); wall time, processor time in all,")
    print("    peak memory of the Python process, and of it with all its children (looked at every 20 ms)")
    print(f"    {'':30}{'runs':>5}{'median s':>10}{'min s':>8}{'processor s':>13}", end="")
    print(f"{'own MB':>8}{'all MB':>8}{'spikes':>10}")
    for label, runs in {
        "Brian2 C++ standalone": peer,
        "metastable, cold numba cache": cold,
        "metastable, warm numba cache": warm,
    }.items():
        of = {key: [run[key] for run in runs] for key in runs[0]}
        print(f"    {label:30}{len(runs):5}{np.median(of['seconds']):10.2f}{min(of['seconds']):8.2f}", end="")
        print(f"{np.median(of['processor_seconds']):13.2f}", end="")
        print(f"{max(of['own_mb']):8.0f}{max(of['all_mb']):8.0f}{of['n_spikes'][0]:10,}")
    for label, runs, must in ("warm cache", warm, MUST_WHOLE), ("cold cache", cold, None):
        for key, kind in ("seconds", "wall"), ("processor_seconds", "processor"):
            times = ([run[key] for run in chosen] for chosen in (peer, runs))
            print_ratio(f"prompt to spikes, {label}, {kind} time", *times, must if kind == "wall" else None)
    peak = max(max(run["own_mb"], run["all_mb"]) for run in cold + warm)
    print(f"    our peak memory {peak:.0f} MB, aim below {AIM_MB} MB: {'holds' if peak < AIM_MB else 'MISSED'}")


def time_process(engine: str, cache: str) -> dict:
    code = SCRIPT.format(duration=DURATION_MS, trials=N_TRIALS, seed=SEED, engine=engine)
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache} if cache else dict(os.environ)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=output)
        all_mb = 0.0
        while process.poll() is None:
            all_mb = max(all_mb, resident_mb(process.pid))
            time.sleep(0.02)
        seconds = time.perf_counter() - start
        output.seek(0)
        said = output.read()
    if process.returncode:
        raise RuntimeError(f"the process with engine={engine!r} failed, see above.")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    measured = {"seconds": seconds, "processor_seconds": processor_seconds, "all_mb": all_mb}
    return measured | json.loads(said.splitlines()[-1])


def resident_mb(pid: int) -> float:
    """Memory of a process and its descendants; pages that several share count for each."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:  # It has ended meanwhile.
        return 0.0
    return pages * resource.getpagesize() / 2**20 + sum(map(resident_mb, children))


# ----------------------------------------------------------------------- printing


def print_machine() -> None:
    import brian2

    versions = f"metastable {mst.__version__}, Brian2 {brian2.__version__}, numba {numba.__version__}"
    print(f"{versions}, numpy {np.__version__}, Python {platform.python_version()}")
    flags = [f for f in brian2.prefs.codegen.cpp.extra_compile_args_gcc if f.startswith(("-O", "-f", "-m"))]
    print(f"{processor()}, {os.cpu_count()} cores; Brian2 compiles with {' '.join(flags)}")
    print_load("at the start")


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def print_load(when: str) -> None:
    print(f"load {when}: {', '.join(f'{load:.2f}' for load in os.getloadavg())} (1, 5, 15 min)")


def print_ratio(what: str, peer: list[float], mine: list[float], must: float | None = None) -> None:
    median, shortest = np.median(peer) / np.median(mine), min(peer) / min(mine)
    verdict = "" if must is None else f"; must be at least {must} x: {'holds' if median >= must else 'MISSED'}"
    print(f"    {what}: {median:.1f} x by medians, {shortest:.1f} x by minima{verdict}")


if __name__ == "__main__":
    main()
