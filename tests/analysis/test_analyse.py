import json
from html.parser import HTMLParser

import numpy as np
import pytest
from click.testing import CliRunner

import metastable as mst
from metastable.analysis import _part, _recording
from metastable.cli import main

SECTIONS = ["raster", "rates", "fano", "correlations", "irregularity", "timescales", "groups", "states"]


def recording(time=(), neuron=(), trial=None, **facts):
    facts = {"n_neurons": 1, "t_stop_ms": 1000} | facts
    return mst.SpikeData(time_ms=time, neuron=neuron, trial=trial, **facts)


def value(section, name):
    return next(number.value for number in section.numbers if number.name == name)


def poisson(n_neurons, n_trials, n_spikes, duration_ms=2000.0, **facts):
    rng = np.random.default_rng(1)
    return recording(
        rng.uniform(0, duration_ms, n_spikes),
        rng.integers(0, n_neurons, n_spikes),
        rng.integers(0, n_trials, n_spikes),
        n_neurons=n_neurons,
        n_trials=n_trials,
        t_stop_ms=duration_ms,
        **facts,
    )


TINY = {
    "silence": recording(),
    "one spike": recording([5], [0]),
    "one spike of two neurons": recording([5], [0], n_neurons=2),
    "two spikes": recording([5, 9], [0, 0]),
    "two spikes at one time": recording([5, 5], [0, 1], n_neurons=2),
    "one spike three times": recording([5, 5, 5], [0, 0, 0]),
    "one neuron": poisson(1, 1, 50),
    "one neuron, trials": poisson(1, 3, 50),
    "two trials, one empty": recording([5, 6, 7], [0, 1, 0], [1, 1, 1], n_neurons=2, n_trials=2),
    "clock": recording(np.arange(0, 1000, 10), np.zeros(100, int)),
    "synchrony": recording(np.repeat(np.arange(0, 1000, 50), 8), np.tile(np.arange(8), 20), n_neurons=8),
    "one step": recording([0], [0], dt_ms=1, t_stop_ms=1),
    "coarse grid": recording([0, 7, 14], [0, 0, 0], dt_ms=7, t_stop_ms=21),
    "fine grid": recording(np.arange(300) / 10, np.arange(300) % 9, n_neurons=9, dt_ms=1 / 30, t_stop_ms=30),
    "negative times": recording([-50, -20, 30], [0, 1, 0], n_neurons=2, t_start_ms=-100),
    "microseconds": recording([0.1, 0.2], [0, 1], n_neurons=2, t_stop_ms=0.5),
    "too fast for neurons": poisson(8, 1, 9000, duration_ms=1000.0),
    "no neurons": recording(n_neurons=0),
    "no trials": recording(n_trials=0),
    "no duration": recording(t_stop_ms=0),
    "names that repeat": poisson(8, 2, 400, neuron_id=[4] * 8),
    "labels": poisson(12, 2, 400, cluster=[0] * 4 + [2] * 4 + [-1] * 4, population=["E"] * 8 + ["I"] * 4),
    "overlapping labels": poisson(8, 1, 400, cluster=np.ones((8, 2), bool)),
}


@pytest.mark.parametrize("name", TINY)
def test_no_recording_is_refused(name, tmp_path):
    found = mst.analysis.analyse(TINY[name], seed=1)
    page = found.save(tmp_path / "out").read_text()
    numbers = json.loads((tmp_path / "out" / "report.json").read_text())
    if name.startswith("no "):
        assert "The recording is empty" in found.missing[0]
        return
    assert [section.name for section in found.sections] == SECTIONS == list(numbers["sections"])
    for section in found.sections:
        # Whoever finds no figure finds the reason.
        assert section.draw is not None or section.missing
        assert all(sentence.endswith((".", "!")) and sentence in repr(found) for sentence in section.missing)
    assert page.count("data:image/png") == sum(section.draw is not None for section in found.sections)


class Balance(HTMLParser):
    open: list[str]

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)
        assert all(not (value or "").startswith(("http", "file")) for name, value in attrs if name in ("src", "href"))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_one_well_formed_file_with_names_escaped(tmp_path):
    spikes, _ = mst.spikes.fellous_2004(n_groups=2, noise_level=1, seed=1)
    found = mst.analysis.analyse(spikes, title="a <b> & c", seed=1)
    page = found.save(tmp_path).read_text()
    parser = Balance()
    parser.open = []
    parser.feed(page)
    assert parser.open == []
    assert "<title>a &lt;b&gt; &amp; c</title>" in page


def test_planted_groups_are_found_and_their_states_followed():
    spikes, truth = mst.spikes.fellous_2004(n_groups=3, noise_level=1, seed=1)
    found = mst.analysis.analyse(spikes, seed=1)
    assert found["groups"].results["groups"] is found.communities
    assert mst.communities.normalized_mutual_information(found.communities.labels, truth) == 1
    assert value(found["groups"], "p_value") <= 0.05
    assert value(found["states"], "n_groups_with_two_states") == 3
    assert value(found["states"], "mean_up_ms") < value(found["states"], "mean_down_ms")


def test_a_poisson_recording_is_plain():
    found = mst.analysis.analyse(poisson(40, 6, 9600, duration_ms=4000.0), seed=1)
    assert value(found["rates"], "mean_rate_hz") == pytest.approx(10)
    assert value(found["fano"], "fano_factor") == pytest.approx(1, abs=0.15)
    assert value(found["irregularity"], "cv") == pytest.approx(1, abs=0.06)
    assert value(found["irregularity"], "cv2") == pytest.approx(1, abs=0.06)
    assert value(found["correlations"], "correlation") == pytest.approx(0, abs=0.02)
    assert value(found["groups"], "n_groups") == 0
    assert np.isnan(value(found["timescales"], "tau_ms"))


def test_a_slow_rate_has_its_timescale():
    rng = np.random.default_rng(2)
    step, tau, n_neurons, n = 5.0, 300.0, 30, 40_000
    noise = rng.standard_normal((n_neurons, n))
    drive = np.zeros((n_neurons, n))
    keep = np.exp(-step / tau)
    for k in range(1, n):
        drive[:, k] = keep * drive[:, k - 1] + np.sqrt(1 - keep**2) * noise[:, k]
    neuron, bins = np.nonzero(rng.random(drive.shape) < np.clip(0.1 * (1 + drive), 0, 1))
    spikes = recording(bins * step, neuron, n_neurons=n_neurons, t_stop_ms=n * step)
    assert value(mst.analysis.analyse(spikes, seed=1)["timescales"], "slow_tau_ms") == pytest.approx(tau, rel=0.25)


def test_trials_and_time_take_each_others_place_and_the_report_says_so():
    spikes = poisson(20, 4, 1600)
    many, one = (mst.analysis.analyse(part, seed=1)["fano"] for part in (spikes, spikes.select(trial=[0])))
    assert many.results["by_window"].estimator == "ratio_of_sums"
    assert many.missing == ()
    assert one.results["by_window"].estimator == "pooled"
    assert "windows in time are used instead" in one.missing[0]
    assert "one trial" in one.explanation


def test_spikes_listed_twice_are_counted_once():
    found = mst.analysis.analyse(recording([1, 1, 5], [0, 0, 0]), seed=1)
    assert value(found["raster"], "n_spikes") == 2
    assert found.notes == ("1 spike was listed twice and counted once.",)
    assert found.missing[0] == found.notes[0]


def test_the_same_seed_gives_the_same_report(tmp_path):
    spikes = poisson(12, 2, 600)
    pages = [mst.analysis.analyse(spikes, seed=3, n_jobs=n).save(tmp_path / str(n)).read_bytes() for n in (1, 2)]
    assert pages[0] == pages[1]


def test_large_recordings_are_cut_to_what_is_said():
    spikes = poisson(900, 6, 240_000, population=["E"] * 600 + ["I"] * 300)
    chosen, sentence = _part.most_active(spikes, 300)
    assert chosen.size == 300
    assert (chosen < 600).sum() == 200
    assert "300 of 900 neurons are compared, the most active of each population" in sentence
    counts = np.bincount(spikes.neuron)
    left = np.setdiff1d(np.arange(600), chosen)
    assert counts[left].max() <= counts[chosen[chosen < 600]].min()
    part, sentence = _part.shortened(spikes, 100_000)
    assert part.n_trials == 2
    assert "first 2 of 6 trials" in sentence
    part, sentence = _part.shortened(spikes.select(trial=[0]), 10_000)
    assert part.n_spikes == 10_000
    assert sentence == "Only the first 0.501 s are compared, to keep the time short."
    assert _part.most_active(spikes, 900)[1] == _part.shortened(spikes, 240_000)[1] == ""


def test_large_recordings_are_cut_within_trials_that_have_spikes():
    def counts(*per_trial):
        trial = np.repeat(np.arange(len(per_trial)), per_trial)
        rng = np.random.default_rng(1)
        return mst.SpikeData(
            time_ms=rng.uniform(0, 1000, trial.size),
            neuron=rng.integers(0, 20, trial.size),
            trial=trial,
            n_neurons=20,
            n_trials=len(per_trial),
            trial_id=100 + np.arange(len(per_trial)),
            t_stop_ms=1000,
        )

    for per_trial, ids, n_spikes, said in (
        ((0, 30, 0, 40, 50), [101, 103], 70, "the first 2 of 3 trials with spikes are"),
        ((0, 90, 50), [101], 90, "the first trial of 2 trials with spikes is"),
        ((1, 0, 2, 98, 70), [103], 98, "trial 103, one of 4 with spikes, is"),
        ((0, 1, 1000), [102], 100, "the first 0.11 s of trial 102, one of 2 with spikes, are"),
        ((0, 1000), [101], 100, "the first 0.11 s of trial 101, the only one with spikes, are"),
    ):
        part, sentence = _part.shortened(counts(*per_trial), 100)
        assert (part.trial_id.tolist(), part.n_spikes) == (ids, n_spikes)
        assert sentence == f"Only {said} compared, to keep the time short."


def test_an_empty_first_trial_does_not_blank_sections(monkeypatch):
    monkeypatch.setattr("metastable.analysis._groups._MOST_SPIKES", 2000)
    monkeypatch.setattr("metastable.analysis._variability._MOST_SPIKES", 2000)
    monkeypatch.setattr("metastable.analysis._timescales._MOST_BINS", 20 * 100 * 2)
    late = poisson(20, 1, 6000)
    spikes = mst.SpikeData(
        time_ms=np.append(late.time_ms, 5.0),
        neuron=np.append(late.neuron, 0),
        trial=np.append(np.full(late.n_spikes, 7), 3),
        n_neurons=20,
        n_trials=8,
        t_stop_ms=late.t_stop_ms,
    )
    found = mst.analysis.analyse(spikes, seed=1)
    assert found.communities is not None
    assert value(found["correlations"], "correlation_n_pairs") == 190
    said = " ".join(found.missing)
    assert "of trial 7, one of 2 with spikes, are compared" in said
    assert "trials with most spikes, to keep memory" in said
    assert "there are no spikes" not in said
    assert found["timescales"].results["fits"]


def test_what_is_lacking_in_a_part_is_said_to_be_of_a_part(monkeypatch):
    monkeypatch.setattr("metastable.analysis._groups._MOST_SPIKES", 4)
    monkeypatch.setattr("metastable.analysis._variability._MOST_SPIKES", 4)
    spikes = recording([*np.arange(4.0), *np.arange(4.0, 20)], [0] * 4 + list(range(8)) * 2, n_neurons=8)
    for section in ("groups", "correlations"):
        first, second = mst.analysis.analyse(spikes, seed=1)[section].missing
        assert first.startswith("Only the first 0.004 s are compared")
        assert "need" in second


def test_one_step_far_from_zero_is_reported(tmp_path):
    spikes = mst.SpikeData(
        time_ms=[999999.7], neuron=[0], n_neurons=1, t_start_ms=999999.7, t_stop_ms=1000000.4, dt_ms=0.7
    )
    assert mst.analysis.analyse(spikes, seed=1).save(tmp_path).is_file()


def test_windows_fit_the_grid():
    spikes = poisson(2, 1, 20, duration_ms=2100.0)
    on_grid = mst.SpikeData(time_ms=[0], neuron=[0], n_neurons=1, dt_ms=7, t_stop_ms=2100)
    assert _recording.window_widths(spikes)[0] == [5, 10, 20, 50, 100, 200, 210]
    assert all(width % 7 == 0 for width in _recording.window_widths(on_grid)[0])


def test_nothing_is_left_behind_when_a_figure_fails(tmp_path, monkeypatch):
    found = mst.analysis.analyse(poisson(8, 1, 200), seed=1)

    def fail(*args, **kwargs):
        raise RuntimeError("no ink")

    monkeypatch.setattr("metastable.figures.group_raster", fail)
    with pytest.raises(RuntimeError, match="no ink"):
        found.save(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_only_recordings_are_analysed():
    with pytest.raises(TypeError, match="spikes must be SpikeData, got list"):
        mst.analysis.analyse([1, 2])
    found = mst.analysis.analyse(recording(), seed=1)
    with pytest.raises(KeyError, match="no section 'x'; there are raster"):
        found["x"]


def run(*arguments, ok=True):
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    assert (result.exit_code == 0) == ok, result.output
    return result


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "trains.csv"
    path.write_text("neuron,time\n" + "".join(f"{k % 3},{k * 7.5}\n" for k in range(60)))
    return path


def test_command_writes_a_report_beside_the_file(table):
    printed = run("analyse", table, "--seed", 1).stdout
    folder = table.with_name("trains.csv-analysis")
    assert {path.name for path in folder.iterdir()} == {"report.html", "report.json"}
    assert "Analysis of trains.csv" in printed
    assert str(folder / "report.html") in printed


def test_command_selects_and_prints_json(table, tmp_path):
    facts = json.loads(run("analyse", table, "-o", tmp_path / "o", "--start", 100, "--stop", 600, "--json").stdout)
    assert facts["sections"]["raster"]["numbers"]["duration_ms"] == 500
    assert facts == json.loads((tmp_path / "o" / "report.json").read_text())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--start", 500, "--stop", 100], r"(--start, --stop)=(500, 100) is not a window"),
        (["--population", "E"], "--population 'E' is not in these spikes"),
    ],
)
def test_command_refuses_in_one_sentence_and_writes_nothing(table, tmp_path, options, sentence):
    result = run("analyse", table, "-o", tmp_path / "o", *options, ok=False)
    assert sentence in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "o").exists()


def test_command_refuses_a_file_as_folder_before_it_reads(table, tmp_path):
    (tmp_path / "o").write_text("")
    assert "it is a file" in run("analyse", tmp_path / "none.csv", "-o", tmp_path / "o", ok=False).stderr
