import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from metastable.sweeps import Estimate, Sweep, estimate, run

pytest.importorskip("xarray", reason="labelled results need xarray (extra sweeps)")
pytest.importorskip("h5netcdf", reason="labelled results need h5netcdf (extra sweeps)")

HERE = Path(__file__).parent
SMALL = {"preset": "litwin_kumar_doiron_2012", "n_e": 80, "n_clusters": 2}
FAST = Sweep(
    network=SMALL, vary={"r_ee": [1.0, 1.5], "n_trials": [1, 3]}, simulate={"duration_ms": 20}, measure={"rate": {}},
    n_networks=2,
)  # fmt: skip
# Jobs that sleep as long as the axis says.
SLEEPY = Sweep(
    network=SMALL | {"preset": "my_measures:sleepy", "seconds": 0},
    vary={"seconds": [0.05, 0.0, 0.4]},
    measure={"slow": "my_measures:sleep"},
    folder=HERE,
)


def test_between_the_cheapest_and_the_dearest_job():
    found = estimate(SLEEPY, n_jobs=1)
    assert found.cheapest == "seconds=0.0, seed 1, network 0"
    assert found.dearest == "seconds=0.4, seed 1, network 0"
    assert found.cheapest_s < 0.4 <= found.dearest_s
    assert found.seconds == (3 * found.cheapest_s, 3 * found.dearest_s)
    assert (found.n_timed, found.stopped, found.failures) == (2, False, ())
    first, second, *jobs = repr(found).splitlines()
    assert first.startswith("3 jobs; about 0 spikes and ")
    assert second.startswith("between ")
    assert second.endswith(" on 1 thread, by the 2 jobs that were timed:")
    assert [job.partition(" for ")[2] for job in jobs] == [found.cheapest, found.dearest]
    assert "<pre>3 jobs" in found._repr_html_()


def test_nothing_is_written_and_all_is_counted(tmp_path):
    found = estimate(FAST, tmp_path / "none", n_jobs=2)
    assert (found.n_jobs, found.n_finished, found.n_threads) == (8, 0, 2)
    assert found.to_dict()["seconds"] == [4 * found.cheapest_s, 4 * found.dearest_s]
    assert list(tmp_path.iterdir()) == []
    done = run(FAST, tmp_path / "none", progress=False)
    size = sum(file.stat().st_size for file in (tmp_path / "none" / "jobs").iterdir())
    assert 0.5 < found.n_bytes / (size + done.data.nbytes) < 2
    assert repr(estimate(FAST, tmp_path / "none")) == "8 jobs, all of them finished"


def test_what_has_finished_is_known_from_its_file(tmp_path):
    run(replace(SLEEPY, vary={"seconds": [0.4]}), tmp_path, progress=False)
    began = time.monotonic()
    found = estimate(replace(SLEEPY, vary={"seconds": [0.0, 0.4]}), tmp_path, n_jobs=1)
    assert (found.n_finished, found.n_timed, found.dearest) == (1, 2, "seconds=0.4, seed 1, network 0")
    assert found.dearest_s >= 0.4
    # From its file: it was not run again.
    assert found.seconds == (found.cheapest_s, found.dearest_s)
    assert time.monotonic() - began < 60


def test_a_long_job_after_the_first_is_stopped(monkeypatch):
    monkeypatch.setattr("metastable.sweeps._estimate._BUDGET_S", 3.0)
    endless = replace(FAST, vary={"simulate.duration_ms": [20, 1e7]}, n_networks=1)
    done = []
    timer = threading.Timer(300, lambda: done.append("late"))
    timer.start()
    found = estimate(endless, n_jobs=1)
    timer.cancel()
    assert not done
    assert found.stopped
    assert found.dearest == "simulate.duration_ms=10000000.0, seed 1, network 0"
    assert 0 < found.dearest_s <= 3
    assert "and more than " in repr(found)
    assert "  more than " in repr(found)


def test_also_the_first_job_is_stopped(monkeypatch):
    monkeypatch.setattr("metastable.sweeps._estimate._FIRST_S", 2.0)
    began = time.monotonic()
    found = estimate(replace(FAST, vary={"simulate.duration_ms": [1e9, 2e9]}, n_networks=1), n_jobs=1)
    assert time.monotonic() - began < 60
    assert (found.stopped, found.n_known, found.n_timed) == (True, 0, 1)
    first, second, third = repr(found).splitlines()
    assert first == "2 jobs; no job has ended, so that sizes are not known"
    assert second == "more than 4 s on 1 thread, by the one job that was timed:"
    assert third == "  more than 2 s for simulate.duration_ms=1000000000.0, seed 1, network 0"


def test_spikes_are_told_to_two_digits():
    found = Estimate(n_jobs=2, n_finished=0, n_threads=1, n_known=1, n_timed=1, n_spikes=9_931_248, cheapest_s=1.0)
    assert repr(found).startswith("2 jobs; about 9,900,000 spikes and ")


def test_jobs_that_fail_are_told_and_others_are_timed():
    found = estimate(replace(FAST, vary={"n_clusters": [2, 7]}))
    assert [failure.job for failure in found.failures] == [f"n_clusters=7, seed 1, network {k}" for k in (0, 1)]
    assert found.cheapest.startswith("n_clusters=2")
    assert "2 more were to be timed and failed:\n  n_clusters=7" in repr(found)
    broken = Sweep(network=SMALL, measure={"words": "my_measures:nothing"}, folder=HERE)
    with pytest.raises(
        ValueError, match="all jobs that were to be timed failed; the first is seed 1, network 0: TypeErr"
    ):
        estimate(broken)


def test_a_billion_jobs_are_estimated_but_not_run(tmp_path):
    values = {"start": 1.0, "stop": 2.0, "count": 1000}
    huge = replace(FAST, vary={"r_ee": values, "simulate.duration_ms": [20, 21]}, n_networks=500_000)
    found = estimate(huge, tmp_path)
    assert found.n_jobs == 1_000_000_000
    assert "these are more than the 1,000,000 jobs that a sweep may have" in repr(found)
    with pytest.raises(
        ValueError, match="the sweep has 1,000,000,000 jobs, each a file, and may have at most 1,000,000"
    ):
        run(huge, tmp_path / "none")
    assert not (tmp_path / "none").exists()
