import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import metastable as mst
from metastable.sweeps import Sweep, load, run
from metastable.sweeps._folder import hold

pytest.importorskip("xarray", reason="labelled results need xarray (extra sweeps)")
pytest.importorskip("h5netcdf", reason="labelled results need h5netcdf (extra sweeps)")

HERE = Path(__file__).parent
SMALL = {"preset": "litwin_kumar_doiron_2012", "n_e": 80, "n_clusters": 2}
FAST = Sweep(
    network=SMALL,
    vary={"r_ee": [1.0, 1.5], "size": {"n_e": [40, 80], "n_i": [10, 20]}},
    simulate={"duration_ms": 20},
    measure={"rate": {}, "firing_rates": {}},
    n_networks=2,
)
# Mean fields are not needed to test what is kept.
FRAGILE = Sweep(network=SMALL, vary={"r_ee": [1.0, 1.5, 2.0]}, measure={"one": "my_measures:delicate"}, folder=HERE)


def files(folder):
    return {path.name: path.stat().st_mtime_ns for path in (folder / "jobs").iterdir()}


def test_results_are_labelled(tmp_path):
    done = run(FAST, tmp_path / "made" / "here", progress=False)
    data = done.data
    assert (done.n_computed, done.n_reused, done.failures) == (8, 0, [])
    assert dict(data.sizes) == {"r_ee": 2, "size": 2, "network": 2, "firing_rates_neuron": 100}
    assert data.n_e.dims == ("size",)
    assert data.r_ee.values.tolist() == [1, 1.5]
    assert data.rate.attrs["units"] == "spikes/s"
    net = mst.networks.litwin_kumar_doiron_2012(r_ee=1.5, n_e=40, n_i=10, n_clusters=2)
    spikes = mst.simulate(net, duration_ms=20, seed=1, network_index=1)
    point = data.sel(r_ee=1.5, network=1).isel(size=0)
    assert float(point.rate) == mst.statistics.mean_rate(spikes)
    # Filled up to the longest.
    assert (point.firing_rates.values[:50] == mst.statistics.firing_rates(spikes)).all()
    assert np.isnan(point.firing_rates.values[50:]).all()
    assert (data.finished == 1).all()
    record = json.loads(data.attrs["provenance"])
    assert record["call"] == "sweep"
    assert record["parameters"] == FAST.to_dict()
    assert load(tmp_path / "made" / "here").identical(load(done.file))
    assert "8 jobs computed, 0 found from before" in repr(done)


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_threads_and_interruptions_do_not_change_a_bit(tmp_path, n_jobs):
    whole = run(FAST, tmp_path / "whole", n_jobs=2, progress=False)
    place = tmp_path / "parts"
    run(FAST, place, n_jobs=n_jobs, progress=False)
    for file in sorted((place / "jobs").iterdir())[::2]:
        file.unlink()
    before = files(place)
    again = run(FAST, place, n_jobs=n_jobs, progress=False)
    assert (again.n_computed, again.n_reused) == (4, 4)
    assert before.items() <= files(place).items()
    assert again.file.read_bytes() == whole.file.read_bytes()


def test_a_damaged_job_is_run_again_and_damaged_results_are_written_again(tmp_path):
    whole = run(FAST, tmp_path, progress=False).file.read_bytes()
    file = next((tmp_path / "jobs").iterdir())
    file.write_bytes(file.read_bytes()[:50])
    (tmp_path / "results.nc").write_bytes(b"no")
    with pytest.raises(ValueError, match=r"results.nc is damaged or not a netCDF file"):
        load(tmp_path)
    again = run(FAST, tmp_path, progress=False)
    assert (again.n_computed, again.n_reused) == (1, 7)
    assert again.file.read_bytes() == whole


def test_a_failed_job_is_reported_and_tried_again(tmp_path, monkeypatch):
    sweep = Sweep(network=SMALL, vary={"n_clusters": [2, 7, 4]}, simulate={"duration_ms": 20}, measure={"rate": {}})
    done = run(sweep, tmp_path / "a", progress=False)
    (failure,) = done.failures
    assert failure.job == "n_clusters=7, seed 1, network 0"
    assert "do not fit into 7 equal clusters" in failure.error
    assert done.data.finished.values.ravel().tolist() == [1, 0, 1]
    assert np.isnan(done.data.rate.values.ravel()).tolist() == [False, True, False]
    assert "failed jobs: 1; the same again tries them once more" in repr(done)

    monkeypatch.setenv("SWEEP_TEST_FRAGILE", "1")
    assert len(run(FRAGILE, tmp_path / "b", progress=False).failures) == 3
    monkeypatch.delenv("SWEEP_TEST_FRAGILE")
    again = run(FRAGILE, tmp_path / "b", progress=False)
    assert (again.n_computed, again.failures) == (3, [])
    assert again.file.read_bytes() == run(FRAGILE, tmp_path / "c", progress=False).file.read_bytes()


def test_another_sweep_is_refused_and_says_what_has_changed(tmp_path):
    run(FRAGILE, tmp_path, progress=False)
    before = files(tmp_path)
    longer = replace(FRAGILE, vary={"r_ee": [1.0, 1.5, 2.0, 2.5]}, network=SMALL | {"n_i": 20}, n_networks=2)
    with pytest.raises(ValueError, match="results of another sweep") as raised:
        run(longer, tmp_path, progress=False)
    for part in (
        "network.n_i is new",
        "vary.r_ee was [1.0, 1.5, 2.0] and is [1.0, 1.5, 2.0, 2.5]",
        "n_networks was 1 and is 2",
        "Give --extend to keep the jobs that both have in common, --fresh to start anew",
    ):
        assert part in str(raised.value)
    assert files(tmp_path) == before


def test_another_version_is_refused(tmp_path, monkeypatch):
    run(FRAGILE, tmp_path, progress=False)
    other = {"version": "0.0.1", "source": "0", "libraries": {"numpy": "1.0"}}
    monkeypatch.setattr("metastable.sweeps._folder.versions", lambda: other)
    with pytest.raises(ValueError, match=r"the source code of metastable has changed; .*numpy was .* and is '1.0'"):
        run(FRAGILE, tmp_path, progress=False)


def test_extend_keeps_what_both_have_in_common(tmp_path):
    run(FRAGILE, tmp_path, progress=False)
    longer = replace(FRAGILE, vary={"r_ee": [1.0, 1.25, 1.5, 2.0]}, n_networks=2)
    done = run(longer, tmp_path, extend=True, progress=False)
    assert (done.n_computed, done.n_reused) == (5, 3)
    shorter = replace(FRAGILE, vary={"r_ee": [1.25]})
    done = run(shorter, tmp_path, extend=True, progress=False)
    assert (done.n_computed, done.n_reused, dict(done.data.sizes)) == (0, 1, {"r_ee": 1, "network": 1})


@pytest.mark.parametrize(
    ("before", "after", "n_common"),
    [
        # With 5 values it holds 1.5, so that 1, 2 and 3 become 1.0, 2.0 and 3.0.
        ({"start": 1, "stop": 3, "count": 3}, {"start": 1, "stop": 3, "count": 5}, 3),
        ([1, 2], [1.0, 2.0, 2.5], 2),
        ([1.0, 2.5], [1, 2, 2.5], 2),
    ],
)
def test_whole_numbers_are_the_same_jobs_as_integers_and_as_floats(tmp_path, before, after, n_common):
    measure = {"rate": {}, "mine": {"function": "my_measures:burstiness", "threshold": 5}}
    first = replace(FAST, vary={"r_ee": before}, n_networks=1, measure=measure, folder=HERE)
    run(first, tmp_path / "a", progress=False)
    table = {"function": "my_measures:burstiness", "threshold": 5.0}
    longer = replace(first, vary={"r_ee": after}, measure=measure | {"mine": table}, simulate={"duration_ms": 20.0})
    done = run(longer, tmp_path / "a", extend=True, progress=False)
    assert (done.n_reused, done.n_computed) == (n_common, longer.n_jobs - n_common)
    values = after if isinstance(after, list) else [1, 1.5, 2, 2.5, 3]
    assert done.data.r_ee.values.tolist() == values
    whole = run(longer, tmp_path / "whole", progress=False)
    assert whole.n_computed == len(values)
    assert done.file.read_bytes() == whole.file.read_bytes()


def test_fresh_starts_anew(tmp_path):
    run(FRAGILE, tmp_path, progress=False)
    other = replace(FRAGILE, vary={"r_ee": [1.0]})
    assert run(other, tmp_path, fresh=True, progress=False).n_computed == 1
    assert len(files(tmp_path)) == 1


def test_a_foreign_folder_is_left_alone(tmp_path):
    (tmp_path / "results.nc").write_text("mine")
    with pytest.raises(ValueError, match="holds files that no sweep has written"):
        run(FRAGILE, tmp_path, fresh=True, progress=False)
    assert (tmp_path / "results.nc").read_text() == "mine"


def test_two_processes_do_not_share_a_folder(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from metastable.sweeps._folder import hold\n"
        "with hold(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(OSError, match=f"is in use by process {holder.pid} on .*; wait until it has finished"):
            run(FRAGILE, tmp_path, progress=False)
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    # The lock of a killed process is gone.
    assert run(FRAGILE, tmp_path, progress=False).n_computed == 3


def test_a_full_disk_is_one_sentence_and_keeps_what_is_done(tmp_path, monkeypatch):
    real, calls = os.fsync, []

    def fsync(handle):
        calls.append(handle)
        # One for each file: the description, then two jobs.
        if len(calls) > 3:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr("os.fsync", fsync)
    with pytest.raises(OSError, match="No space left on device; what has finished is kept, mend this and run the same"):
        run(FRAGILE, tmp_path, n_jobs=1, progress=False)
    assert len(files(tmp_path)) == 2
    monkeypatch.undo()
    assert run(FRAGILE, tmp_path, progress=False).n_reused == 2


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"cannot write to .*file: File exists; choose another folder with -o"):
        run(FRAGILE, tmp_path / "file", progress=False)
    with pytest.raises(ValueError, match="does not say where results go; give run a folder"):
        run(FRAGILE, progress=False)


def test_loading_what_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no sweep"):
        load(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load(tmp_path / "results.nc")
    run(FRAGILE, tmp_path, progress=False)
    (tmp_path / "results.nc").unlink()
    with pytest.raises(FileNotFoundError, match="has 3 finished jobs but did not come to its end; run it again"):
        load(tmp_path)


def test_what_a_killed_process_was_writing_is_swept_up(tmp_path):
    run(FRAGILE, tmp_path, progress=False)
    (tmp_path / "jobs" / ".job-1.npz.12.part").write_text("x")
    run(FRAGILE, tmp_path, progress=False)
    assert not list(tmp_path.rglob("*.part"))


def test_arrays_of_different_lengths(tmp_path):
    sweep = Sweep(
        network=SMALL, simulate={"duration_ms": 5}, measure={"some": "my_measures:ragged"}, seed=[1, 2, 3, 4, 5, 6],
        folder=HERE,
    )  # fmt: skip
    some = run(sweep, tmp_path, progress=False).data.some
    assert some.dims == ("seed", "network", "some_0")
    lengths = (~np.isnan(some.values)).sum(axis=-1).ravel()
    assert set(lengths.tolist()) <= {1, 2, 3}
    assert some.sizes["some_0"] == lengths.max()


def test_seeds_that_no_integer_of_the_file_can_hold(tmp_path):
    sweep = replace(FRAGILE, seed=[2**70, 1], vary={})
    assert run(sweep, tmp_path, progress=False).data.seed.values.tolist() == [str(2**70), "1"]


@pytest.fixture
def held_file(gate, tmp_path):
    """Describe a sweep of 24 jobs that wait for the gate."""
    (tmp_path / "my_measures.py").write_text((HERE / "my_measures.py").read_text())
    file = tmp_path / "held.toml"
    file.write_text(f"""
        n_networks = 4
        [network]
        preset = "litwin_kumar_doiron_2012"
        n_e = 80
        n_clusters = 2
        [vary]
        r_ee = {{ start = 1, stop = 2, count = 6 }}
        [simulate]
        duration_ms = 20
        [measure]
        rate = {{}}
        held = {{ function = "my_measures:held", folder = '{gate.folder}' }}
    """)
    return file


def command(file, place):
    code = "from metastable.cli import main; main()"
    return [sys.executable, "-c", code, "sweep", str(file), "-o", str(place), "--jobs", "2"]


@pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")
def test_killed_again_and_again_nothing_is_lost_or_done_twice(held_file, gate, tmp_path):
    place = tmp_path / "killed"
    for n_jobs in (1, 8, 15):
        # Some more than are waited for, that it is killed at work; too few to come to the end.
        gate.take_back()
        gate.let_go(n_jobs + 3 - gate.finished(place))
        process = subprocess.Popen(command(held_file, place), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            gate.wait_until(lambda: gate.finished(place) >= n_jobs)  # noqa: B023 (called within its turn of the loop)
        finally:
            process.kill()
        assert process.wait() == -signal.SIGKILL
        before = files(place)
    kept = [name for name in before if name.startswith("job-")]
    assert 15 <= len(kept) <= 18
    gate.open()
    sweep = Sweep.read(held_file)
    done = run(sweep, place, n_jobs=2, progress=False)
    assert (done.n_computed, done.n_reused) == (24 - len(kept), len(kept))
    assert {name: before[name] for name in kept}.items() <= files(place).items()
    assert len(files(place)) == 24
    assert done.file.read_bytes() == run(sweep, tmp_path / "whole", n_jobs=1, progress=False).file.read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")
def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(held_file, gate, tmp_path):
    place = tmp_path / "stopped"
    gate.let_go(3)
    process = subprocess.Popen(command(held_file, place), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        gate.wait_until(lambda: gate.finished(place) == 3 and len(gate.held()) == 2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    # The two that were running have come to their end, and no other has begun.
    assert gate.finished(place) == 5
    assert "5 finished jobs are kept; the same command goes on from there." in err
    assert "Traceback" not in out + err
    gate.open()
    assert run(Sweep.read(held_file), place, progress=False).n_reused == 5


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_ctrl_c_ends_a_simulation_within_a_job(tmp_path, monkeypatch):
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread only")
    endless = Sweep(network=SMALL, simulate={"duration_ms": 1e7}, measure={"rate": {}})
    main = threading.main_thread().ident
    assert main is not None
    begun, sent = threading.Event(), []

    def simulate(*args, **options):
        begun.set()
        return mst.simulate(*args, **options)

    def interrupt():
        if begun.wait(60):
            sent.append(time.monotonic())
            signal.pthread_kill(main, signal.SIGINT)

    monkeypatch.setattr("metastable.sweeps._recording.simulate", simulate)
    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        run(endless, tmp_path, progress=False)
    assert time.monotonic() - sent[0] < 60


def test_the_folder_is_free_after_a_run(tmp_path):
    run(FRAGILE, tmp_path, progress=False)
    with hold(tmp_path):
        pass


def test_measures_whose_names_begin_alike_keep_their_records(tmp_path):
    sweep = replace(FAST, vary={"r_ee": [1.5]}, measure={"rate": {}, "rate_i": {"function": "rate", "population": "I"}})
    data = run(sweep, tmp_path / "a", progress=False).data
    assert json.loads(data.rate_i.attrs["measure"])["population"] == "I"
    assert data.rate_i.attrs["long_name"] == "mean firing rate, I"
    assert data.rate_i.attrs["units"] == data.rate.attrs["units"] == "spikes/s"
    assert (data.rate_i != data.rate).all()


def test_measures_that_give_the_same_name_fail_instead_of_overwriting_each_other(tmp_path):
    measure = {"rate": "my_measures:part_i", "rate_i": {"function": "rate", "population": "I"}}
    done = run(replace(FAST, vary={"r_ee": [1.5]}, measure=measure, folder=HERE), tmp_path / "a", progress=False)
    assert len(done.failures) == 2
    assert "measure.rate_i gives rate_i, which another measure gives too; rename one of them" in repr(done)
