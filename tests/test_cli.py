import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner

import metastable as mst
from metastable.cli import main
from metastable.cli._main import _PAPERS

SMALL = ["--n-e", "400", "--n-clusters", "5", "--duration", "300"]


def run(*arguments, ok=True):
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    assert (result.exit_code == 0) == ok, result.output
    return result


def test_commands_are_listed():
    output = run("--help").output
    for command in ("reproduce", "papers", "simulate", "stats", "communities", "reconstruct", "sweep", "convert"):
        assert command in output


def test_papers_lists_what_reproduce_takes():
    listed = json.loads(run("papers", "--json").stdout)
    assert [paper["paper"] for paper in listed] == list(_PAPERS) == mst.papers.available()
    assert [f["name"] for f in listed[0]["figures"]] == ["rasters", "statistics", "transition", "stimulus"]
    assert "Litwin-Kumar & Doiron (2012)" in run("papers").output


def test_simulate_then_stats(tmp_path):
    file = tmp_path / "spikes.npz"
    facts = json.loads(run("simulate", *SMALL, "--trials", 2, "--seed", 4, "-o", file, "--json").stdout)
    spikes = mst.SpikeData.load(file)
    expected = mst.simulate(
        mst.networks.litwin_kumar_doiron_2012(n_e=400, n_clusters=5), duration_ms=300, n_trials=2, seed=4
    )
    assert (spikes.time_ms == expected.time_ms).all()
    assert facts["n_spikes"] == spikes.n_spikes
    assert facts["rate_hz"]["E"] == pytest.approx(spikes.select(population="E").n_spikes / 400 / 0.6)

    facts = json.loads(run("stats", file, "--population", "E", "--start", 100, "--json").stdout)
    part = spikes.select(population="E", time_ms=(100, 300))
    assert facts["rate_hz"] == pytest.approx(mst.statistics.mean_rate(part))
    assert facts["correlation_same_cluster"] == pytest.approx(
        mst.statistics.count_correlations(part, window_ms=50).same_cluster.mean
    )
    assert "fano_factor" in run("stats", file).output


def test_stats_of_one_trial_says_what_it_cannot_compute(tmp_path):
    run("simulate", *SMALL, "--seed", 4, "-o", tmp_path / "a.npz")
    facts = json.loads(run("stats", tmp_path / "a.npz", "--json").stdout)
    assert facts["fano_factor"] is None
    assert "needs at least 2 trials" in facts["fano_factor_estimator"]


def test_stats_of_silence_says_what_it_cannot_compute(tmp_path):
    mst.SpikeData(time_ms=[], neuron=[], n_neurons=3, n_trials=2, t_stop_ms=200).save(tmp_path / "a.npz")
    facts = json.loads(run("stats", tmp_path / "a.npz", "--json").stdout)
    assert (facts["rate_hz"], facts["fano_factor"], facts["correlation_all_pairs"]) == (0, None, None)
    assert "needs at least 2 neurons that fire" in facts["correlation_estimator"]


@pytest.mark.parametrize("ending", [".csv", ".mat", ".nwb", ".h5"])
def test_simulate_and_stats_take_every_format(tmp_path, ending):
    pytest.importorskip({".nwb": "pynwb", ".h5": "h5py"}.get(ending, "numpy"))
    same = [*SMALL, "--trials", 2, "--seed", 4, "-o"]
    run("simulate", *same, tmp_path / "a.npz")
    run("simulate", *same, tmp_path / f"a{ending}")
    facts, expected = (json.loads(run("stats", tmp_path / f"a{e}", "--json").stdout) for e in (ending, ".npz"))
    assert facts | {"file": ""} == expected | {"file": ""}


def test_stats_of_tables_of_other_programs(tmp_path):
    (tmp_path / "a.csv").write_text("neuron,time\n1,0.1\n2,0.5\n")
    facts = json.loads(run("stats", tmp_path / "a.csv", "--unit", "s", "--stop", 2000, "--json").stdout)
    assert facts["window_ms"] == [0, 2000]
    assert facts["rate_hz"] == 0.5
    assert "--trials is for NWB files" in run("stats", tmp_path / "a.csv", "--trials", ok=False).stderr
    assert "--variable='x' is for MATLAB files" in run("stats", tmp_path / "a.csv", "--variable", "x", ok=False).stderr


def test_stats_of_the_trials_of_a_session(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        file["units/id"], file["units/spike_times_index"] = [7, 9], [5, 8]
        file["units/spike_times"] = [0.1, 0.11, 0.2, 5.1, 5.3, 0.11, 0.12, 5.3]
        file["intervals/trials/id"] = [0, 1]
        file["intervals/trials/start_time"], file["intervals/trials/stop_time"] = [0.0, 5.0], [1.0, 5.5]
    result = run("stats", tmp_path / "a.nwb", "--trials", ok=False)
    assert "last 500 to 1000 ms; give --start, --stop" in result.stderr
    result = run("stats", tmp_path / "a.nwb", "--trials", "--start", 400, "--stop", 300, ok=False)
    assert "would last from 400 to 300 ms; give a later --stop" in result.stderr
    window = ["--start", 0, "--stop", 400]
    facts = json.loads(run("stats", tmp_path / "a.nwb", "--trials", *window, "--json").stdout)
    assert (facts["n_trials"], facts["n_neurons"], facts["window_ms"]) == (2, 2, [0, 400])
    assert json.loads(run("stats", tmp_path / "a.nwb", "--json").stdout)["n_trials"] == 1


def test_commands_select_from_files_that_state_their_window(tmp_path):
    pytest.importorskip("pynwb")
    rng = np.random.default_rng(1)
    spikes = mst.SpikeData(
        time_ms=rng.uniform(0, 500, 200),
        neuron=rng.integers(0, 8, 200),
        trial=rng.integers(0, 2, 200),
        n_neurons=8,
        n_trials=2,
        t_stop_ms=500,
    )
    file = tmp_path / "own.nwb"
    mst.spikes.write(spikes, file)
    window = ["--trials", "--start", 100]
    facts = json.loads(run("stats", file, *window, "--json").stdout)
    assert (facts["n_trials"], facts["window_ms"]) == (2, [100, 500])
    facts = json.loads(run("analyse", file, "-o", tmp_path / "a", *window, "--seed", 1, "--json").stdout)
    numbers = facts["sections"]["raster"]["numbers"]
    assert (numbers["n_trials"], numbers["duration_ms"]) == (2, 400)
    run("communities", file, "-o", tmp_path / "c", *window, "--controls", 0, "--seed", 1)
    given = json.loads((tmp_path / "c" / "groups.json").read_text())["input"]
    assert (given["trials"], given["window_ms"]) == (True, [100, 500])
    for options in (["--stop", 900], ["--trials", "--stop", 900]):
        said = run("stats", file, *options, ok=False).stderr
        assert "(--start, --stop)=(0, 900) is not a window inside the recording" in said
    said = run("convert", file, tmp_path / "b.npz", "--start", 100, ok=False).stderr
    assert "own.nwb states its window; leave out --start and --stop." in said


def test_analyse_reads_as_stats_does(tmp_path):
    (tmp_path / "a.csv").write_text("neuron,time\n1,1\n2,5\n")
    for options, sentence in (
        (["--trials"], "--trials is for NWB files"),
        (["--variable", "x"], "--variable='x' is for MATLAB files"),
    ):
        for command in ("analyse", "communities", "stats"):
            assert sentence in run(command, tmp_path / "a.csv", *options, ok=False).stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--window", "-5"], "--window must be above 0"),
        (["--window", "5000"], "--window=5000 is longer than the recording"),
        (["--correlation-window", "200"], "--correlation-window=200 gives one window"),
        (["--start", "200", "--stop", "100"], "(--start, --stop)=(200, 100) is not a window inside the recording"),
        (["--start", "200"], "empty (0 ms long); widen --start, --stop"),
        (["--ddof", "2"], "--ddof=2 leaves no degree of freedom"),
        (["--population", "X"], "--population 'X' is not in these spikes"),
    ],
)
def test_bad_windows_of_stats_are_one_sentence(tmp_path, arguments, sentence):
    spikes = mst.SpikeData(time_ms=[1, 2], neuron=[0, 1], n_neurons=3, n_trials=2, t_stop_ms=200)
    spikes.save(tmp_path / "a.npz")
    result = run("stats", tmp_path / "a.npz", *arguments, ok=False)
    assert sentence in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("option", ["--window", "--correlation-window"])
@pytest.mark.parametrize(
    ("width", "sentence"), [(0, "must be above 0"), (50000, "=50000 is longer than the recording")]
)
def test_windows_that_nothing_takes_are_refused_too(tmp_path, option, width, sentence):
    mst.SpikeData(time_ms=[1], neuron=[0], n_neurons=3, t_stop_ms=200).save(tmp_path / "a.npz")
    result = run("stats", tmp_path / "a.npz", option, width, ok=False)
    assert option in result.stderr
    assert sentence in result.stderr


def test_an_unknown_paper_is_answered_with_the_nearest():
    for given, near in (("litwin", "litwin-kumar-doiron-2012"), ("rost2018", "rost-2018")):
        stderr = run("reproduce", given, ok=False).stderr
        assert stderr.startswith(f"Error: reproduce does not know '{given}'; did you mean '{near}'? known are ")
        assert len(stderr.splitlines()) == 1


def test_a_reader_who_has_read_enough_is_no_error():
    # Read by nobody from the start, which `head` is only most of the time.
    reading, writing = os.pipe()
    os.close(reading)
    call = [sys.executable, "-c", "from metastable.cli import main; main()", "papers"]
    with os.fdopen(writing, "w") as pipe:
        ended = subprocess.run(call, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.stderr == ""


def test_stimulus_reaches_the_named_clusters(tmp_path):
    for name, extra in (("plain", []), ("driven", ["--stimulate", "0,1", "--onset", 100, "--amplitude", 2])):
        run("simulate", *SMALL, "--seed", 4, "-o", tmp_path / f"{name}.npz", *extra)
    plain, driven = (mst.SpikeData.load(tmp_path / f"{name}.npz") for name in ("plain", "driven"))
    early = {"time_ms": (0, 100)}
    assert (plain.select(**early).time_ms == driven.select(**early).time_ms).all()
    inside = {"time_ms": (100, 300), "cluster": [0, 1]}
    assert driven.select(**inside).n_spikes > 1.5 * plain.select(**inside).n_spikes


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--n-clusters", "7"], "do not fit into 7 equal clusters; choose --n-e and --n-clusters that divide"),
        (
            ["--r-ee", "40", "--n-clusters", "10"],
            "--r-ee=40 of E->E makes the probability within clusters 1.63, above 1",
        ),
        (["--r-ee", "nan"], "--r-ee must be finite"),
        (["--j-plus", "-1"], "--j-plus of E->E must be at least 0, got -1"),
        (["--clustering", "weight"], "--clustering='weight' needs --j-plus"),
        (["--n-e", "0"], "--n-e must be at least 1, got 0"),
        (["--duration", "300.05"], "--duration=300.05 is not a multiple of --dt=0.1"),
        (["--dt", "0.3"], "is not a multiple of --dt=0.3"),
        (["--trials", "0"], "--trials must be at least 1"),
        (["--stimulate", "99"], "--stimulate names cluster 99"),
        (["--stimulate", "-1"], "--stimulate must be at least 0"),
        (["--stimulate", "1", "--amplitude", "nan"], "--amplitude must be finite"),
        (["--stimulate", "1", "--onset", "9", "--offset", "5"], "--offset must lie after --onset, got 9 to 5 ms"),
        (["--stimulate", "a"], "must list clusters like 0,1,2"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(tmp_path, arguments, sentence):
    result = run("simulate", *SMALL, "--seed", 1, "-o", tmp_path / "x.npz", *arguments, ok=False)
    assert sentence in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_named_before_anything_is_simulated(tmp_path, monkeypatch):
    def simulated(*args, **kwargs):
        raise AssertionError

    monkeypatch.setattr("metastable.simulation.simulate", simulated)
    result = run("simulate", *SMALL, "-o", tmp_path / "no" / "x.npz", ok=False)
    assert "does not exist; make it first" in result.stderr
    assert "it is a folder; name a file in it" in run("simulate", *SMALL, "-o", tmp_path, ok=False).stderr
    assert (
        "x.dat has the ending '.dat', and what can be written"
        in run("simulate", *SMALL, "-o", tmp_path / "x.dat", ok=False).stderr
    )
    assert list(tmp_path.iterdir()) == []


def test_stats_of_a_foreign_file(tmp_path):
    (tmp_path / "a.npz").write_text("hello")
    assert "damaged or not an npz file" in run("stats", tmp_path / "a.npz", ok=False).stderr
    assert "there is no file" in run("stats", tmp_path / "b.npz", ok=False).stderr


def test_reproduce_into_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    result = run("reproduce", _PAPERS[0], "-o", tmp_path / "file", ok=False)
    assert "cannot write to" in result.stderr
    assert "no figure '9'" in run("reproduce", _PAPERS[0], "--figure", 9, "-o", tmp_path, ok=False).stderr


def test_interrupt_ends_cleanly(monkeypatch, tmp_path):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("metastable.papers.reproduce", interrupted)
    result = CliRunner().invoke(main, ["reproduce", _PAPERS[0], "-o", str(tmp_path)])
    assert result.exit_code == 130
    assert "the same command goes on from there" in result.output


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    spikes, _ = mst.spikes.fellous_2004(n_groups=3, noise_level=1, seed=1)
    path = tmp_path_factory.mktemp("recording") / "trains.csv"
    rows = zip(spikes.neuron.tolist(), spikes.time_ms.tolist(), strict=True)
    path.write_text("neuron,time\n" + "".join(f"{neuron},{time}\n" for neuron, time in rows))
    return path


def test_communities_writes_labels_facts_and_a_figure(recording, tmp_path):
    done = run("communities", recording, "-o", tmp_path / "out", "--sigma", "5", "--sigma", "10", "--seed", "3")
    assert "3 groups of 35, 35, 35 trains" in done.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "labels.csv",
        "groups.json",
        "groups.png",
        "groups.pdf",
    }
    table = (tmp_path / "out" / "labels.csv").read_text().splitlines()
    assert table[0] == "neuron,group"
    assert len(table) == 106
    facts = json.loads((tmp_path / "out" / "groups.json").read_text())
    assert facts["sizes"] == [35, 35, 35]
    assert facts["provenance"]["parameters"]["seed"] == 3


def test_communities_of_a_table_that_goes_on_after_its_last_spike(recording, tmp_path):
    options = ["-o", tmp_path / "out", "--sigma", "5", "--starts", "1", "--controls", "0"]
    run("communities", recording, *options, "--stop", "1500")
    assert json.loads((tmp_path / "out" / "groups.json").read_text())["input"]["window_ms"] == [0, 1500]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--sigma", "2000"], "in --sigma is not shorter than the recording"),
        (["--controls", "3"], "--controls=3 cannot give a p-value"),
        (["--unit", "s", "--start", "-5"], r"\(--start, --stop\)=\(-5,"),
        (["--trials-of", "400"], "--trials-of 400 is not in trains.csv"),
        (["--kind", "x"], "--kind must be one of"),
        (["--variable", "x"], "is for MATLAB files"),
    ],
)
def test_communities_refuses_and_writes_nothing(recording, tmp_path, options, said):
    done = run("communities", recording, "-o", tmp_path / "out", *options, ok=False)
    assert re.search(said, done.output)
    assert not (tmp_path / "out").exists()


def test_communities_notices_seconds(recording, tmp_path):
    neuron, time = np.loadtxt(recording, delimiter=",", skiprows=1).T
    rows = "".join(f"{n:.0f},{t / 1000}\n" for n, t in zip(neuron, time, strict=True))
    path = tmp_path / "seconds.csv"
    path.write_text("neuron,time\n" + rows)
    refused = run("communities", path, ok=False)
    assert "the times look like seconds; give --unit s" in refused.output
    assert [p.name for p in tmp_path.iterdir()] == ["seconds.csv"]
