import os
import signal
import threading
import time
from pathlib import Path

import pytest

from metastable.sweeps import Sweep, run

distributed = pytest.importorskip("distributed", reason="a cluster needs Dask (extra cluster)")
pytest.importorskip("h5netcdf", reason="labelled results need h5netcdf (extra sweeps)")

# What Dask says on the way out is not ours.
pytestmark = pytest.mark.filterwarnings("default")

SWEEP = Sweep(
    network={"preset": "litwin_kumar_doiron_2012", "n_e": 80, "n_clusters": 2},
    vary={"n_clusters": [2, 7], "r_ee": [1.0, 1.25, 1.5, 1.75, 2.0]},
    simulate={"duration_ms": 20},
    measure={"rate": {}, "slow": {"function": "my_measures:slow", "seconds": 0.15}},
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
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as cluster,
    ):
        yield cluster


def test_a_worker_is_killed_and_the_result_is_the_same(cluster, tmp_path):
    place = tmp_path / "cluster"

    def kill():
        while len(list((place / "jobs").glob("job-*.npz"))) < 5:
            time.sleep(0.01)
        os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    done = run(SWEEP, place, cluster=cluster.scheduler_address, progress=False)
    killer.join(10)
    assert not killer.is_alive()
    assert done.n_computed == 20
    assert len(done.failures) == 20
    assert all("do not fit into 7 equal clusters" in failure.error for failure in done.failures)
    here = run(SWEEP, tmp_path / "threads", progress=False)
    assert done.file.read_bytes() == here.file.read_bytes()


def test_workers_of_other_versions_are_refused(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr("metastable.sweeps._run.versions", lambda: {"version": "9", "source": "0", "libraries": {}})
    done = run(SWEEP, tmp_path, cluster=cluster.scheduler_address, progress=False)
    assert "a worker has other versions (version, source, libraries); install the same" in done.failures[0].error


def test_no_scheduler_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("metastable.sweeps._cluster._WAIT", "1 s")
    with pytest.raises(OSError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9 .*; start one with"):
        run(SWEEP, tmp_path, cluster="tcp://127.0.0.1:9", progress=False)


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


def test_workers_that_do_not_come_back_end_the_sweep(tmp_path, monkeypatch):
    monkeypatch.setattr("metastable.sweeps._cluster._LOOK_S", 0.2)
    monkeypatch.setattr("metastable.sweeps._cluster._ALONE_S", 1.0)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as alone:

        def take_away():
            while not list(tmp_path.glob("jobs/job-*.npz")):
                time.sleep(0.01)
            alone.scale(0)

        threading.Thread(target=take_away, daemon=True).start()
        with pytest.raises(
            OSError, match=r"all workers of the Dask scheduler at .* have gone; what is finished is kept"
        ):
            run(SWEEP, tmp_path, cluster=alone.scheduler_address, progress=False)
    assert list(tmp_path.glob("jobs/job-*.npz"))
