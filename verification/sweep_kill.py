"""Kill sweeps, and the workers of a cluster, and compare with a sweep that nobody killed.

Run ``python verification/sweep_kill.py [NETWORKS KILLS]``; it takes some minutes and ends with status 1 if something
was lost, doubled or differs. A sweep of 200 jobs, or 20 for each of so many networks, is killed (SIGKILL) at 20 random
moments, or so many, and started again each time; a Dask cluster of two worker processes loses one of them. Some jobs
give a matrix where the others give a number, and are left out of the results in the same way each time.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import metastable as mst

N_NETWORKS, N_KILLS = map(int, sys.argv[1:] or ("10", "20"))
# A kill comes within this time after so many new jobs, or while the program still starts.
MOST_JOBS, LONGEST_S = 16, 1.0
SWEEP = f"""
seed = [1, 2]
n_networks = {N_NETWORKS}
n_trials = 4
[network]
preset = "litwin_kumar_doiron_2012"
n_e = 800
n_clusters = 10
[vary]
r_ee = {{ start = 1, stop = 3, count = 10 }}
[simulate]
duration_ms = 3000
[select]
burn_in_ms = 500
population = "E"
[measure]
rate = {{}}
firing_rates = {{}}
fano_factor = {{}}
count_correlations = {{}}
cluster_states = {{ smoothing_ms = 20 }}
odd = "odd:odd"
"""
MEASURE = """
def odd(spikes, *, network):
    return [[1.0, 2.0]] if spikes.n_spikes % 7 == 0 else 1.0
"""


def main() -> int:
    generator = np.random.default_rng()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        file = folder / "sweep.toml"
        file.write_text(SWEEP)
        (folder / "odd.py").write_text(MEASURE)
        started = time.perf_counter()
        _finish(file, folder / "whole")
        whole_s = time.perf_counter() - started
        n_jobs = mst.sweeps.Sweep.read(file).n_jobs
        print(f"uninterrupted: {n_jobs} jobs in {whole_s:.1f} s")
        faults = _killed(file, folder, generator) + _cluster(file, folder)
    print("\n".join(faults) or "nothing lost, nothing doubled, nothing differs")
    return 1 if faults else 0


def _killed(file: Path, folder: Path, generator: np.random.Generator) -> list[str]:
    """Kill the command at random moments until it has been killed often enough, then let it end."""
    faults, place = [], folder / "killed"
    finished: dict[str, tuple[int, int]] = {}
    counts = []
    while len(counts) < N_KILLS:
        process = subprocess.Popen(_command(file, place), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        n_wanted = len(finished) + generator.integers(MOST_JOBS)
        while len(_stamps(place)) < n_wanted and process.poll() is None:
            time.sleep(0.002)
        time.sleep(generator.uniform(0, LONGEST_S))
        process.send_signal(signal.SIGKILL)
        ended = process.wait()
        faults += _changed(finished, place)
        finished = _stamps(place)
        counts.append(len(finished))
        if ended != -signal.SIGKILL:
            # It was faster than the killer; the rest is killed while it finds everything finished.
            print(f"  finished after {len(counts) - 1} kills")
    last = _finish(file, place)
    faults += _changed(finished, place)
    n_jobs = len(_stamps(place))
    print(f"killed {N_KILLS} times, with so many jobs finished: {counts}")
    print("\n".join(f"  {line}" for line in last.stdout.splitlines()[:2]))
    if n_jobs != mst.sweeps.Sweep.read(file).n_jobs:
        faults.append(f"{n_jobs} files of jobs")
    if list(place.rglob("*.part")):
        faults.append("unfinished files were left behind")
    return faults + _differences(folder / "whole", place)


def _cluster(file: Path, folder: Path) -> list[str]:
    """Kill one of two workers in the middle."""
    from distributed import LocalCluster

    place = folder / "cluster"
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        before = {worker.pid for worker in cluster.workers.values()}
        process = subprocess.Popen(
            [*_command(file, place), "--cluster", cluster.scheduler_address], stdout=subprocess.DEVNULL
        )
        while len(_stamps(place)) < 4 * N_NETWORKS:
            time.sleep(0.05)
            if process.poll() is not None:
                return ["the sweep ended before a worker could be killed"]
        os.kill(min(before), signal.SIGKILL)
        n_killed_at = len(_stamps(place))
        status = process.wait()
    print(f"cluster: one of two workers killed after {n_killed_at} jobs, the sweep ended with status {status}")
    faults = [] if status in (0, 1) else [f"the sweep on a cluster ended with status {status}"]
    return faults + _differences(folder / "whole", place)


def _finish(file: Path, place: Path) -> subprocess.CompletedProcess[str]:
    """Run the sweep to its end, with status 1 as some jobs are left out."""
    done = subprocess.run(_command(file, place), capture_output=True, text=True)
    if done.returncode not in (0, 1) or "failed jobs" in done.stdout or "Error" in done.stderr:
        raise RuntimeError(done.stdout + done.stderr)
    return done


def _command(file: Path, place: Path) -> list[str]:
    return [sys.executable, "-c", "from metastable.cli import main; main()", "sweep", str(file), "-o", str(place)]


def _stamps(place: Path) -> dict[str, tuple[int, int]]:
    """Return which file a job has and when it was written: both change if it is written again."""
    found = {}
    for file in (place / "jobs").glob("job-*.npz"):
        status = file.stat()
        found[file.name] = (status.st_ino, status.st_mtime_ns)
    return found


def _changed(before: dict[str, tuple[int, int]], place: Path) -> list[str]:
    after = _stamps(place)
    lost = [f"{name} was lost" for name in before if name not in after]
    return lost + [f"{name} was computed twice" for name in before if name in after and after[name] != before[name]]


def _differences(whole: Path, other: Path) -> list[str]:
    """Compare arrays and attributes bit by bit, and the files themselves."""
    one, two = mst.sweeps.load(whole), mst.sweeps.load(other)
    found = [] if one.identical(two) else ["arrays or attributes differ"]
    for name in one.variables:
        if name in two.variables and one[name].values.tobytes() != two[name].values.tobytes():
            found.append(f"{name} differs")
    digests = [hashlib.sha256((place / "results.nc").read_bytes()).hexdigest() for place in (whole, other)]
    print(f"  files {'equal' if digests[0] == digests[1] else 'differ'} byte by byte")
    return [f"{other.name}: {fault}" for fault in found]


if __name__ == "__main__":
    sys.exit(main())
