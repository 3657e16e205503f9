"""Peak memory and time of recordings that are long, large, or said to last absurdly long."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import metastable as mst
from metastable.analysis import _irregularity, _part, _recording

MEASURE = """
import json, re, sys
from pathlib import Path
import numpy as np
import metastable as mst
rng = np.random.default_rng(1)
n_spikes, n_neurons, last_ms, stop_ms = json.loads(sys.argv[1])
spikes = mst.SpikeData(
    time_ms=rng.uniform(0, last_ms, n_spikes), neuron=rng.integers(0, n_neurons, n_spikes), n_neurons=n_neurons,
    t_stop_ms=stop_ms,
)
if len(sys.argv) > 2:
    # Only what counts in windows and bins; the search for groups is bounded by its spikes.
    from metastable.analysis import _analyse
    _analyse.find_groups = lambda spikes, *rest: (np.arange(0), spikes.select(neuron=[]), None, ["left out."])
found = mst.analysis.analyse(spikes, seed=1, n_jobs=1)
for section in found.sections:
    section.plot()
# Not ru_maxrss, in which a child inherits what the process that started it had.
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
print(json.dumps({"peak": peak / 1e3, "missing": found.missing}))
"""


def measured(*recording, parts=()):
    if not Path("/proc/self/status").exists():
        pytest.skip("there is no /proc/self/status to tell the peak memory of a process")
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, json.dumps(recording), *parts], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_absurd_end_takes_neither_memory_nor_time():
    found = measured(400, 10, 900.0, 1e9)
    assert found["peak"] < 900
    assert any("The last spike is at" in sentence and "1,000,000,000 ms" in sentence for sentence in found["missing"])
    assert any("Windows shorter than 1,000 ms are left out" in sentence for sentence in found["missing"])
    assert not any("llocate" in sentence for sentence in found["missing"])


def test_an_hour_of_a_thousand_neurons_takes_what_its_spikes_take():
    # As many neurons and windows as at 5 spikes/s, and a tenth of the spikes, which alone take seconds to draw.
    found = measured(1_800_000, 1000, 3.6e6, 3.6e6, parts=("windows",))
    assert found["peak"] < 900
    assert any("Windows shorter than 500 ms are left out" in sentence for sentence in found["missing"])
    assert any("200,000 of 1,800,000 spikes" in sentence for sentence in found["missing"])
    assert not any("llocate" in sentence for sentence in found["missing"])


def poisson(n_spikes, **facts):
    rng = np.random.default_rng(1)
    facts = {"n_neurons": 200, "n_trials": 1, "t_stop_ms": 1000.0} | facts
    return mst.SpikeData(
        time_ms=rng.uniform(0, facts["t_stop_ms"], n_spikes),
        neuron=rng.integers(0, facts["n_neurons"], n_spikes),
        trial=rng.integers(0, facts["n_trials"], n_spikes),
        **facts,
    )


def test_widths_are_left_out_by_neurons_windows_and_trials():
    hour = {"n_neurons": 1000, "t_stop_ms": 3.6e6}
    widths, sentence = _recording.window_widths(poisson(10, **hour))
    assert widths[0] == 500
    assert "500 ms are left out: counts of 1,000 neurons in 3,600 s" in sentence
    assert widths[-3:] == [100_000, 200_000, 360_000]
    widths, _ = _recording.window_widths(poisson(10, n_neurons=1000, n_trials=100_000))
    assert widths == [500]
    widths, sentence = _recording.window_widths(poisson(10, n_neurons=1, t_stop_ms=1e9))
    assert widths[0] == 100
    assert "counts of 1 neuron in 1,000,000 s" in sentence


def test_bins_are_bounded_by_neurons_then_time_then_trials():
    bounds = {"bin_ms": 1.0, "at_once": 20_000, "in_all": 100_000, "fewest_neurons": 10}
    spikes = poisson(5000)
    part, sentence = _part.in_bins(spikes, **bounds)
    assert (part.n_neurons, part.duration_ms) == (20, 1000)
    assert sentence == "Taken are the 20 most active of 200 neurons, to keep memory and time small."
    part, sentence = _part.in_bins(poisson(5000, t_stop_ms=8000.0), **bounds)
    assert (part.n_neurons, part.duration_ms) == (10, 2000)
    assert "the 2 s of 8 s with most spikes, from" in sentence
    part, sentence = _part.in_bins(poisson(50_000, n_trials=50), **bounds)
    assert (part.n_neurons, part.n_trials, part.duration_ms) == (10, 10, 1000)
    assert "the 10 of 50 trials with most spikes" in sentence
    assert _part.in_bins(poisson(50, n_neurons=10), **bounds)[1] == ""


def test_trials_without_spikes_are_not_taken():
    late = poisson(5000, n_trials=50)
    spikes = mst.SpikeData(
        time_ms=late.time_ms, neuron=late.neuron, trial=late.trial + 150, n_neurons=200, n_trials=200, t_stop_ms=1000
    )
    part, _ = _part.in_bins(spikes, bin_ms=1.0, at_once=20_000, in_all=100_000, fewest_neurons=10)
    counts = np.diff(spikes.select(neuron=part.neuron_id).trial_offsets)
    assert part.n_trials == 10
    assert (np.diff(part.trial_id) > 0).all()
    assert np.diff(part.trial_offsets).sum() == np.sort(counts)[-10:].sum()
    part, sentence = _part.in_bins(spikes, bin_ms=1.0, at_once=20_000, in_all=1_000_000, fewest_neurons=10)
    assert (part.n_trials, part.trial_id[0]) == (50, 150)
    assert "the 50 of 200 trials with most spikes" in sentence


def test_the_busiest_stretch_is_whole_and_on_the_grid():
    time = np.concatenate([[0.0], np.arange(9100, 9990, 10)])
    spikes = mst.SpikeData(time_ms=time, neuron=np.zeros(time.size, int), n_neurons=1, t_stop_ms=10_000, dt_ms=0.1)
    part = _part.busiest_stretch(spikes, 3000.04)
    assert (part.t_start_ms, part.t_stop_ms, part.n_spikes) == (7000, 10_000, time.size - 1)
    assert _part.busiest_stretch(spikes.select(time_ms=(1, 9000)), 500).n_spikes == 0


def test_silence_around_the_spikes_is_not_compared():
    time = 5000 + np.arange(0, 100, 10.0)
    for dt_ms in (None, 0.1):
        spikes = mst.SpikeData(time_ms=time, neuron=np.zeros(10, int), n_neurons=1, t_stop_ms=1e6, dt_ms=dt_ms)
        part, sentence = _part.without_silence(spikes)
        assert part.n_spikes == 10
        assert part.duration_ms == pytest.approx(99, abs=0.2)
        assert sentence == f"Only the {part.duration_ms / 1000:.3g} s that hold all spikes are compared."
    assert _part.without_silence(poisson(50))[1] == ""
    assert _part.without_silence(poisson(0))[1] == ""


def test_short_timescales_of_long_recordings_are_left_out(monkeypatch):
    monkeypatch.setattr("metastable.analysis._groups._MOST_SAMPLES", 100_000)
    found = mst.analysis.analyse(poisson(600, n_neurons=10, t_stop_ms=20_000.0), seed=1)["groups"]
    assert found.results["groups"].sigmas_ms.min() == pytest.approx(4)
    assert "Timescales below 4 ms are not compared, to keep the time short." in found.missing


def test_irregularity_of_blocks_of_neurons_is_that_of_all(monkeypatch):
    spikes = poisson(3000)
    whole = _irregularity._cv_and_cv2(spikes, 10)
    monkeypatch.setattr(_irregularity, "_MOST_SPIKES_AT_ONCE", 500)
    sizes = []
    cv = mst.statistics.interval_cv

    def counted(part, **given):
        sizes.append(part.n_spikes)
        return cv(part, **given)

    monkeypatch.setattr(mst.statistics, "interval_cv", counted)
    for one, other in zip(whole, _irregularity._cv_and_cv2(spikes, 10), strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(sizes) == 6
    assert max(sizes) < 700
