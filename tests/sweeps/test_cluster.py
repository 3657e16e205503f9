import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from metastable.sweeps import Sweep, run

distributed = pytest.importorskip("distributed", reason="a cluster needs Dask (extra cluster)")
psutil = pytest.importorskip("psutil", reason="comes with Dask")
pytest.importorskip("h5netcdf", reason="labelled results need h5netcdf (extra sweeps)")

# What Dask says on the way out is not ours.
pytestmark = pytest.mark.filterwarnings("default")

FAST = Sweep(
    network={"preset": "litwin_kumar_doiron_2012", "n_e": 80, "n_clusters": 2},
    simulate={"duration_ms": 20},
    measure={"rate": {}},
)


def held_sweep(gate):
    return Sweep(
        network={"preset": "litwin_kumar_doiron_2012", "n_e": 80, "n_clusters": 2},
        vary={"n_clusters": [2, 7], "r_ee": [1.0, 1.25, 1.5, 1.75, 2.0]},
        simulate={"duration_ms": 20},
        measure={"rate": {}, "held": gate.measure},
        n_networks=4,
        folder=Path(__file__).parent,
    )


@pytest.fixture(scope="module")
def cluster():
    import dask

    # Two deaths tell as much as four.
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
        ) as cluster,
    ):
        yield cluster


def test_a_worker_is_killed_and_the_result_is_the_same(cluster, gate, tmp_path):
    place, sweep, killed = tmp_path / "cluster", held_sweep(gate), []
    gate.let_go(5)

    def kill():
        try:
            gate.wait_until(lambda: gate.finished(place) == 5 and gate.held())
            killed.append(gate.held()[0])
            os.kill(killed[0], signal.SIGKILL)
            gate.wait_until(lambda: not psutil.pid_exists(killed[0]))
        finally:
            gate.open()

    with ThreadPoolExecutor(1) as pool:
        killer = pool.submit(kill)
        done = run(sweep, place, cluster=cluster.scheduler_address, progress=False)
        killer.result()
    # It died with a job in its hands, which another has done.
    assert gate.held() == killed
    assert done.n_computed == 20
    assert len(done.failures) == 20
    assert all("do not fit into 7 equal clusters" in failure.error for failure in done.failures)
    here = run(sweep, tmp_path / "threads", progress=False)
    assert done.file.read_bytes() == here.file.read_bytes()


def test_workers_of_other_versions_are_refused(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr("metastable.sweeps._run.versions", lambda: {"version": "9", "source": "0", "libraries": {}})
    done = run(FAST, tmp_path, cluster=cluster.scheduler_address, progress=False)
    assert "a worker has other versions (version, source, libraries); install the same" in done.failures[0].error


def test_no_scheduler_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("metastable.sweeps._cluster._WAIT", "1 s")
    with pytest.raises(OSError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9 .*; start one with"):
        run(FAST, tmp_path, cluster="tcp://127.0.0.1:9", progress=False)


def test_a_job_that_kills_its_workers_fails_alone_and_says_so(cluster, tmp_path):
    sweep = Sweep(
        network={"preset": "litwin_kumar_doiron_2012", "n_e": 80},
        vary={"n_clusters": [2, 4, 5, 8, 10]},
        measure={"lethal": "my_measures:lethal"},
        folder=Path(__file__).parent,
    )
    done = run(sweep, tmp_path, cluster=cluster.scheduler_address, progress=False)
    assert [failure.job for failure in done.failures] == ["n_clusters=4, seed 1, network 0"]
    assert all("every worker that ran it died, as for lack of memory" in failure.error for failure in done.failures)
    assert done.n_computed == 4


def test_workers_that_do_not_come_back_end_the_sweep(gate, tmp_path, monkeypatch):
    monkeypatch.setattr("metastable.sweeps._cluster._LOOK_S", 0.2)
    monkeypatch.setattr("metastable.sweeps._cluster._ALONE_S", 1.0)
    place, sweep = tmp_path / "place", held_sweep(gate)
    gate.let_go(3)
    with distributed.LocalCluster(n_workers=0, processes=True, dashboard_address=":0", silence_logs=50) as alone:
        # Without a nanny, which would start another.
        command = [sys.executable, "-m", "distributed.cli.dask_worker", alone.scheduler_address]
        worker = subprocess.Popen(
            [*command, "--no-nanny", "--nthreads", "1", "--no-dashboard"], stderr=subprocess.DEVNULL, cwd=tmp_path
        )

        def kill():
            # The next job is held for good: without the worker the sweep cannot come to its end.
            try:
                gate.wait_until(lambda: gate.finished(place) == 3 and gate.held())
            finally:
                worker.kill()

        try:
            gate.wait_until(lambda: alone.scheduler.workers)
            with ThreadPoolExecutor(1) as pool:
                killer = pool.submit(kill)
                with pytest.raises(
                    OSError, match=r"all workers of the Dask scheduler at .* have gone; what is finished"
                ):
                    run(sweep, place, cluster=alone.scheduler_address, progress=False)
                killer.result()
        finally:
            worker.kill()
            worker.wait()
    assert gate.held() == [worker.pid]
    gate.open()
    again = run(sweep, place, progress=False)
    assert (again.n_reused, again.n_computed) == (3, 17)
