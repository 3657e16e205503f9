"""What a report says, from its captions to its numbers, agrees with itself and with the recording."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.figure import Figure

import metastable as mst
from metastable.analysis import _raster, _states, _timescales
from metastable.analysis._raster import raster
from metastable.analysis._section import Number, Section
from metastable.analysis._states import states
from metastable.analysis._timescales import timescales
from metastable.analysis._variability import correlations, fano
from metastable.cli import main


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def value(section, name):
    return next(number.value for number in section.numbers if number.name == name)


def text(section, name):
    return next(number.text for number in section.numbers if number.name == name)


def poisson(n_neurons, n_spikes, n_trials=1, duration_ms=2000.0, **facts):
    rng = np.random.default_rng(1)
    return mst.SpikeData(
        time_ms=rng.uniform(0, duration_ms, n_spikes),
        neuron=rng.integers(0, n_neurons, n_spikes),
        trial=rng.integers(0, n_trials, n_spikes),
        n_neurons=n_neurons,
        n_trials=n_trials,
        t_stop_ms=duration_ms,
        **facts,
    )


# --------------------------------------------------------------------------- states


def switching(n_switches, n_trials=1):
    """Two groups of ten neurons, each active for a second now and then."""
    rng = np.random.default_rng(2)
    duration, times, neurons = 5000.0 * n_switches, [], []
    for neuron in range(20):
        times.append(rng.uniform(0, duration, 2 * 5 * n_switches))
        for k in range(n_switches):
            begin = 5000 * k + 1000 + 2000 * (neuron // 10)
            times.append(rng.uniform(begin, begin + 1000, 40))
        neurons.append(np.full(sum(map(len, times)) - sum(map(len, neurons)), neuron))
    return mst.SpikeData(
        time_ms=np.concatenate(times), neuron=np.concatenate(neurons), n_neurons=20, t_stop_ms=duration
    )


def test_few_states_have_a_number_and_no_mean_and_the_sentence_says_both():
    labels = np.repeat([0, 1], 10)
    few = states(switching(1), labels, np.nan)
    assert (value(few, "n_up_states"), value(few, "n_down_states")) == (2, 2)
    assert np.isnan([value(few, "mean_up_ms"), value(few, "mean_down_ms")]).all()
    assert few.missing == (
        "Only 2 active states ended within a trial, and a mean dwell time needs 5: none is given for active states.",
        "Only 2 inactive states ended within a trial, and a mean dwell time needs 5: none is given for inactive "
        "states.",
    )
    assert value(few, "active_fraction") == pytest.approx(0.2, abs=0.03)
    many = states(switching(6), labels, np.nan)
    assert value(many, "n_up_states") == 12
    assert value(many, "mean_up_ms") == pytest.approx(1000, rel=0.1)
    assert many.missing == ()
    found = many.results["states"]
    total = sum(each.up.total_ms for each in found)
    assert value(many, "mean_up_ms") == pytest.approx(total / sum(each.up.n_ended for each in found))


def test_one_state_and_none_are_said_as_such():
    one, none = (_states._too_few(np.ones(n), "active") for n in (1, 0))
    assert one.startswith("Only 1 active state ended")
    assert none.startswith("No active state ended")
    assert _states._too_few(np.ones(5), "active") == ""


def test_clusters_of_the_file_are_called_clusters():
    spikes = switching(2).with_labels(cluster=np.repeat([3, 7], 10))
    drawing = states(spikes, np.full(20, -1), np.nan).plot()
    assert [tick.get_text() for tick in drawing.axes[0].get_yticklabels()] == ["cluster 3", "cluster 7"]


# ----------------------------------------------------------------------- timescales


def test_an_untrusted_decay_has_neither_a_time_constant_nor_a_fall_time():
    found = timescales(poisson(20, 4000))
    for name in ("tau_ms", "fall_time_ms"):
        assert text(found, name) == "-"
    assert "neither a time constant nor a fall time is given" in found.missing[0]


def decay(curve, bin_ms):
    lag = np.arange(curve.size) * bin_ms
    found = mst.statistics.Autocovariance(
        lag_ms=lag, covariance=curve, per_neuron=curve[None], bin_ms=bin_ms, duration_ms=1000, subtract="trial_mean",
        normalisation="biased", unit="rate", n_silent=0, n_trials=1,
    )  # fmt: skip
    return found, mst.statistics.fit_time_constant(lag, curve, fit_from_ms=bin_ms)


def test_a_fall_within_one_bin_is_a_bound():
    found, fit = decay(np.array([20, 9, 3.2, 1.7, 0.8, 0.4, 0.2, 0.1, 0, 0]), 2.0)
    numbers, missing = _timescales._decay("", "lags to 18 ms", found, fit)
    assert np.isfinite(numbers[0].value)
    assert numbers[1].text == "below one bin of 2 ms"
    assert missing == ["The curve over lags to 18 ms falls to 1/e below one bin of 2 ms."]
    found, fit = decay(np.exp(-np.arange(10) / 40), 2.0)
    numbers, missing = _timescales._decay("", "lags to 18 ms", found, fit)
    assert numbers[1].text == "beyond these lags"
    assert missing == ["The curve over lags to 18 ms does not fall to 1/e."]


def test_too_few_pairs_of_spikes_have_no_curve():
    spikes = mst.SpikeData(time_ms=[1, 2], neuron=[0, 0], n_neurons=1, t_stop_ms=1000)
    found = timescales(spikes)
    assert found.plot() is None
    assert found.missing == ("A decay needs 100 pairs of spikes of one neuron in one trial, there is 1.",)


# --------------------------------------------------------------------------- raster


def colors(section):
    return {
        line.get_color(): line.get_xdata().size for line in section.plot().axes[0].lines if line.get_marker() == "|"
    }


def test_the_raster_colours_groups_and_leaves_others_grey_also_above_400_neurons():
    spikes = poisson(500, 5000)
    labels = np.full(500, -1)
    labels[:100], labels[100:150] = 0, 1
    found = raster(spikes, labels)
    assert "grey, at the top, are the 350 neurons not compared" in found.explanation
    counts = np.bincount(spikes.neuron, minlength=500)
    assert colors(found) == {
        mst.figures.group_color(0): counts[:100].sum(),
        mst.figures.group_color(1): counts[100:150].sum(),
        mst.figures.group_color(-1): counts[150:].sum(),
    }
    assert found.plot().axes[0].texts[-1].get_text() == "not\ncompared"
    labels[1:] = 0
    assert "grey" in (said := raster(spikes, np.r_[-1, labels[1:]]).explanation)
    assert "is the 1 neuron not compared" in said
    assert "grey" not in raster(spikes, np.zeros(500, int)).explanation


def test_without_groups_rows_are_in_the_order_that_the_caption_says():
    spikes = mst.SpikeData(time_ms=[1, 2, 3, 4], neuron=[2, 2, 1, 0], n_neurons=3, t_stop_ms=10)
    found = raster(spikes, np.full(3, -1))
    assert "neurons in the recording's order" in found.explanation
    assert found.plot().axes[0].lines[0].get_ydata().tolist() == [2, 2, 1, 0]
    named = raster(spikes.with_labels(cluster=[1, 0, -1]), np.full(3, -1))
    assert "by the clusters that the file names (grey, at the top: in none)" in named.explanation
    assert named.plot().axes[0].texts[-1].get_text() == "none"


def test_marks_are_thinned_evenly(monkeypatch):
    monkeypatch.setattr(_raster, "_MOST_MARKS", 1000)
    # Volleys of 100 neurons: every tenth spike in order would always be of the same neurons.
    neuron = np.tile(np.arange(100), 100)
    spikes = mst.SpikeData(time_ms=np.repeat(np.arange(100.0), 100), neuron=neuron, n_neurons=100, t_stop_ms=100)
    found = raster(spikes, np.full(100, -1))
    assert found.missing == ("The figure shows 1,000 of 10,000 spikes, chosen evenly.",)
    line = found.plot().axes[0].lines[0]
    assert abs(line.get_xdata().size - 1000) < 5
    per_neuron = np.bincount(line.get_ydata().astype(int), minlength=100)
    assert per_neuron.min() >= 7
    assert per_neuron.max() <= 13


def test_one_neuron_is_one_neuron():
    drawing = raster(poisson(1, 20), np.full(1, -1)).plot()
    assert drawing.axes[0].get_title(loc="left") == "1 neuron"
    assert set(drawing.axes[0].get_yticks()) <= {-1, 0, 1}


# --------------------------------------------------------------------- correlations


def test_the_legend_of_correlations_is_beside_the_data():
    drawing = correlations(poisson(8, 2000, cluster=[0] * 4 + [1] * 4), 1).plot()
    drawing.canvas.draw()
    ax = drawing.axes[0]
    legend = ax.get_legend().get_window_extent()
    assert legend.x0 >= ax.get_window_extent().x1
    assert legend.x1 <= drawing.bbox.x1
    heights = [patch.get_data()[0].max() for patch in ax.patches]
    assert ax.get_ylim()[1] >= max(heights)


def test_one_pair_has_no_spread():
    found = correlations(poisson(2, 400), 1)
    assert value(found, "correlation_n_pairs") == 1
    assert text(found, "correlation_sd") == text(found, "correlation_sd_shifted") == "-"


@pytest.mark.parametrize(("n_firing", "has", "does"), [(0, "none has", "none does"), (1, "one has", "only one does")])
def test_pairs_and_groups_say_how_many_neurons_fire(n_firing, has, does):
    spikes = poisson(n_firing, 50) if n_firing else poisson(2, 0)
    found = mst.analysis.analyse(spikes, seed=1)
    assert found["correlations"].missing == (f"Pairs need two neurons with 5 spikes, and {has}.",)
    assert found["groups"].missing == (f"Groups were not sought: they need 6 neurons that fire, and {does}.",)


def test_five_of_five_neurons_are_too_few_and_six_are_enough():
    assert mst.analysis.analyse(poisson(5, 400), seed=1)["groups"].missing == (
        "Groups were not sought: they need 6 neurons that fire, and only 5 do.",
    )
    assert mst.analysis.analyse(poisson(6, 400), seed=1).communities is not None


# ----------------------------------------------------------------------------- Fano


def test_fano_factors_are_of_neurons_with_enough_spikes():
    found = fano(mst.SpikeData(time_ms=np.arange(4), neuron=np.zeros(4, int), n_neurons=1, t_stop_ms=1000))
    assert found.missing == ("No neuron has 5 spikes: Fano factors of fewer are near 1 whatever the neurons do.",)
    # A clock, and many neurons of one spike, whose Fano factors are 1.
    time = np.r_[np.arange(0, 2000, 10), np.arange(50.0)]
    clock = mst.SpikeData(time_ms=time, neuron=np.r_[np.zeros(200, int), 1:51], n_neurons=51, t_stop_ms=2000)
    found = fano(clock)
    assert value(found, "n_neurons_with_fano_factor") == 1
    assert value(found, "fano_factor") == pytest.approx(0, abs=1e-9)
    assert found.results["neuron"].tolist() == [0]


def test_spikes_behind_the_last_window_are_no_counts():
    time = np.linspace(2050, 2090, 12)
    found = fano(mst.SpikeData(time_ms=time, neuron=np.zeros(12, int), n_neurons=1, n_trials=2, t_stop_ms=2099))
    assert found.plot() is None
    assert found.missing == ("All spikes lie behind the last whole window of 500 ms: no count can vary.",)


# ---------------------------------------------------------------------------- notes


def test_a_guessed_end_is_said_above_all(tmp_path):
    table = tmp_path / "trains.csv"
    table.write_text("neuron,time\n0,5\n1,20.25\n")
    sentence = (
        "The end of the recording is not in the file: the last spike, at 20.25 ms, is taken; --stop (t_stop_ms=) says "
        "where it ended."
    )
    found = mst.analysis.analyse(mst.spikes.read(table), seed=1)
    assert found.notes == (sentence,)
    assert found.to_dict()["notes"] == [sentence]
    page = found.save(tmp_path / "out").read_text()
    assert page.index("The end of the recording") < page.index("<section>")
    for given in (
        mst.spikes.read(table, t_stop_ms=100),
        mst.SpikeData(time_ms=[5], neuron=[0], n_neurons=1, t_stop_ms=6),
    ):
        assert mst.analysis.analyse(given, seed=1).notes == ()
    done = CliRunner().invoke(main, ["analyse", str(table), "-o", str(tmp_path / "o"), "--stop", "100"])
    assert "is not in the file" not in done.stdout
    table.write_text("neuron,time\n0,-5.5\n1,20.25\n")
    (negative,) = mst.analysis.analyse(mst.spikes.read(table), seed=1).notes
    assert "beginning and the end of the recording are not in the file: the first spike, at -5.5 ms" in negative


def test_spikes_that_the_reader_dropped_are_said(tmp_path):
    table = tmp_path / "trains.csv"
    table.write_text("neuron,time\n0,5\n0,5\n0,5\n1,20.25\n")
    assert mst.analysis.analyse(mst.spikes.read(table), seed=1).notes[1] == (
        "In the file, 2 spikes were listed twice and counted once."
    )
    other = mst.spikes.read(table).select(neuron=[1])
    assert "In the file, 2 spikes were listed twice and counted once." in mst.analysis.analyse(other, seed=1).notes


def test_seconds_taken_for_milliseconds_are_said():
    (note,) = mst.analysis.analyse(poisson(8, 600, duration_ms=9.5), seed=1).notes
    assert note.startswith("The mean rate is 7,895 spikes/s, more than neurons fire: the times look like seconds")


# -------------------------------------------------------------------------- display


def test_an_analysis_and_its_sections_display_and_draw_themselves():
    spikes, _ = mst.spikes.fellous_2004(n_groups=2, noise_level=1, seed=1)
    found = mst.analysis.analyse(spikes, title="a <b>", seed=1)
    shown = found._repr_html_()
    assert shown.startswith("<table>")
    assert "Analysis of a &lt;b&gt;" in shown
    for section in found.sections:
        assert section.title in shown
        assert all(number.label in shown and number.text in shown for number in section.numbers)
    assert "windows in time are used instead" in shown
    assert "data:image" not in shown
    part = found["fano"]._repr_html_()
    assert "<b>Variability of spike counts</b>" in part
    assert "windows in time are used instead" in part
    assert isinstance(found.plot(), Figure)
    assert found.plot().axes[1].get_ylabel() == "spikes/s\nper neuron"
    assert found.plot("groups").axes[0].get_title(loc="left").startswith("2 groups")
    with pytest.raises(KeyError, match="no section 'x'"):
        found.plot("x")


def test_numbers_read_as_a_person_writes_them():
    texts = [Number("n", "n", value, "ms").text for value in (12345, 12345.6, 0.01234, 1e-7, np.nan)]
    assert texts == ["12,345 ms", "12,346 ms", "0.0123 ms", "1e-07 ms", "-"]
    assert Number("n", "n", np.nan, "ms", "below 2 ms").text == "below 2 ms"
    assert repr(Section(name="n", title="T", missing=("No.",))) == "T\n  note: No."


def test_one_neuron_has_a_rate_and_no_quartiles():
    found = mst.analysis.analyse(poisson(1, 50), seed=1)["rates"]
    assert [number.label for number in found.numbers] == ["rate"]
