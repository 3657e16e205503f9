"""Figures of groups: what is drawn is what was found."""

from dataclasses import replace

import matplotlib.colors
import matplotlib.pyplot as plt
import numpy as np
import pytest

import metastable as mst
from metastable import communities, figures


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def recording():
    spikes, groups = mst.spikes.fellous_2004(n_groups=2, noise_level=1, seed=1)
    return spikes.select(neuron=range(40)), groups[:40]


@pytest.fixture(scope="module")
def windows(recording):
    return communities.sliding_windows(
        recording[0], width_ms=600, step_ms=200, sigmas_ms=[5], n_starts=2, seed=1, n_random=20
    )


def test_group_raster_sorts_by_group_and_then_by_value():
    spikes = mst.SpikeData(time_ms=[1, 2, 3, 4, 4.5], neuron=[0, 1, 2, 3, 4], n_neurons=5, t_stop_ms=5)
    ax = figures.group_raster(spikes, [1, 0, -1, 0, 1], order_by=[0.1, 0.2, 9, 0.7, np.nan])
    rows = {
        line.get_color(): dict(zip(line.get_xdata().tolist(), line.get_ydata().tolist(), strict=True))
        for line in ax.lines
        if line.get_marker() == "|"
    }
    assert rows == {
        figures.group_color(0): {0.002: 1, 0.004: 0},
        figures.group_color(1): {0.001: 2, 0.0045: 3},
        figures.group_color(-1): {0.003: 4},
    }
    assert [text.get_text() for text in ax.texts] == ["0", "1", "none"]


def test_group_raster_takes_the_number_of_spikes_by_default():
    spikes = mst.SpikeData(time_ms=[1, 2, 3], neuron=[0, 1, 1], n_neurons=2, t_stop_ms=5)
    assert figures.group_raster(spikes, [0, 0]).lines[0].get_ydata().tolist() == [1, 0, 0]
    with pytest.raises(ValueError, match=r"one value for each of 2 neurons, got shapes \(3,\) and \(2,\)"):
        figures.group_raster(spikes, [0, 0, 0])
    with pytest.raises(ValueError, match="trial must be at most 0"):
        figures.group_raster(spikes, [0, 0], trial=1)


def test_colours_of_groups_repeat():
    assert figures.group_color(len(figures.GROUP_COLORS) + 1) == figures.group_color(1)
    assert len(set(figures.GROUP_COLORS)) == 10


def test_modularity_shows_data_controls_and_the_chosen_timescale(recording):
    found = communities.detect(recording[0], sigmas_ms=[20, 4, 8], seed=1, n_starts=2)
    ax = figures.modularity_by_timescale(found)
    lines = {line.get_label(): line for line in ax.lines}
    np.testing.assert_allclose(lines["data"].get_xdata(), [4, 8, 20])
    np.testing.assert_allclose(lines["data"].get_ydata(), found.modularities[[1, 2, 0]])
    np.testing.assert_allclose(lines["20 controls"].get_ydata(), found.control_statistic.ravel())
    ring = next(line for line in ax.lines if line.get_markerfacecolor() == "none")
    assert ring.get_xdata() == [found.sigma_ms]
    assert ring.get_ydata() == [found.modularity]
    assert f"2 groups at {found.sigma_ms:.3g} ms" in ax.get_title(loc="left")
    assert found.status in [text.get_text() for text in ax.texts]


def test_modularity_without_groups_controls_or_trains(recording):
    untested = communities.detect(recording[0], sigmas_ms=[5], n_controls=0, seed=1)
    assert {line.get_label() for line in figures.modularity_by_timescale(untested).lines} >= {"data"}
    ax = figures.modularity_by_timescale(replace(untested, labels=np.full(40, -1)))
    assert ax.get_title(loc="left") == "no groups"
    assert len(ax.lines) == 1
    few = communities.detect(recording[0].select(neuron=range(3)), sigmas_ms=[5], seed=1)
    with pytest.raises(ValueError, match="no modularity to draw: only 3"):
        figures.modularity_by_timescale(few)


def test_eigenvalues_are_not_called_modularity(recording):
    found = communities.detect(recording[0], sigmas_ms=[5], method="spectral", n_starts=2, seed=1)
    assert figures.modularity_by_timescale(found).get_ylabel() == "largest eigenvalue beyond controls"


def test_windows_are_drawn_at_their_centres(windows):
    np.testing.assert_allclose(windows.centre_ms, [300, 500, 700])
    for quantity in ("delta_q", "sigma_ms", "n_groups", "p_value"):
        line = figures.window_curve(windows, quantity=quantity).lines[0]
        np.testing.assert_allclose(line.get_xdata(), [0.3, 0.5, 0.7])
        np.testing.assert_allclose(line.get_ydata(), getattr(windows, quantity))
    with pytest.raises(ValueError, match="quantity must be one of 'delta_q'"):
        figures.window_curve(windows, quantity="q")


def test_windows_without_groups_are_open_circles(windows):
    empty = replace(windows[1], labels=np.full(40, -1))
    ax = figures.window_curve(replace(windows, windows=(windows[0], empty, windows[2])))
    filled, opened = ax.lines[1:3]
    assert filled.get_xdata().tolist() == [0.3, 0.7]
    assert opened.get_xdata().tolist() == [0.5]
    assert opened.get_markerfacecolor() == "white"


def test_agreement_marks_the_reference(windows):
    ax = figures.window_agreement(windows)
    ring = next(line for line in ax.lines if line.get_markerfacecolor() == "none")
    assert ring.get_xdata() == [windows.centre_ms[windows.reference] / 1000]
    assert "95 % of random groups" in ax.texts[0].get_text()


def test_membership_has_the_colours_of_the_groups(windows):
    ax = figures.window_membership(windows, order=range(40))
    image = ax.images[0]
    np.testing.assert_array_equal(image.get_array(), windows.tracks.T)
    assert image.get_extent() == pytest.approx([0.2, 0.8, -0.5, 39.5])
    assert image.to_rgba(np.array([0, 1, -1])) == pytest.approx(
        np.array([matplotlib.colors.to_rgba(c) for c in (figures.group_color(0), figures.group_color(1), "white")]),
        abs=0.01,
    )
    # Sorted, the trains of a group of the reference are together.
    column = figures.window_membership(windows).images[0].get_array()[:, windows.reference]
    assert (np.diff(np.asarray(column)) != 0).sum() == windows.n_groups[windows.reference] - 1


def test_overview_fits_into_its_figure(windows):
    figure = figures.window_overview(windows)
    # A layout that collapses warns, and warnings are errors.
    figure.canvas.draw()
    bottoms = [ax.get_position().y0 for ax in figure.axes]
    assert bottoms == sorted(bottoms, reverse=True)


def test_spectra_and_coherence_are_those_of_the_groups(recording):
    spikes, groups = recording
    spectrum = communities.power_spectrum(spikes, groups, maximum_hz=30)
    ax = figures.power_spectra(spectrum)
    lines = [line for line in ax.lines if line.get_label().startswith("group")]
    np.testing.assert_allclose(lines[1].get_ydata(), spectrum.power[1] / spectrum.rate[1])
    ax = figures.power_spectra(replace(spectrum, rate=np.array([0, 3.0])), per_spike=False)
    assert [line.get_label() for line in ax.lines] == ["group 1"]
    np.testing.assert_allclose(ax.lines[0].get_ydata(), spectrum.power[1])

    found = communities.coherence(spikes, groups, maximum_hz=30, level=0.5)
    ax = figures.coherence_curve(found, pair=(1, 0))
    np.testing.assert_allclose(ax.lines[0].get_ydata(), found.magnitude[1, 0])
    assert ax.texts[0].get_text() == "50 % of independent groups"
    ax = figures.phase_curve(found)
    known = found.significant[0, 1]
    assert 0 < known.sum() < known.size
    np.testing.assert_allclose(ax.lines[0].get_xdata(), found.frequency_hz[known])
    with pytest.raises(ValueError, match="pair must be at most 1"):
        figures.phase_curve(found, pair=(0, 2))


def test_traces_and_recurrence(recording):
    spikes, groups = recording
    activity = communities.group_activity(spikes, groups, sigma_ms=10, step_ms=10)
    np.testing.assert_allclose(figures.group_traces(activity).lines[1].get_ydata(), activity.activity[1])
    np.testing.assert_allclose(
        figures.group_traces(activity, per_train=True).lines[0].get_ydata(), activity.per_train[0]
    )
    states = communities.recurrence(spikes, groups, group=1, sigma_ms=10, step_ms=20)
    ax = plt.figure().add_subplot()
    assert figures.recurrence_map(states, ax=ax) is ax
    assert ax.images[0].get_extent() == pytest.approx([-0.01, 0.99, -0.01, 0.99])
    np.testing.assert_allclose(ax.images[0].get_array(), states.similarity)
