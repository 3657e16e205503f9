"""Figures of reconstructions: what is drawn is what was found."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

import metastable as mst
from metastable import figures
from metastable.reconstruction import Status, reconstruct


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def found():
    wired = mst.networks.van_bussel_2011(n_neurons=10).wire(seed=1)
    trains = mst.simulate(wired, duration_ms=500, n_trials=10, drive_spread=0.025, seed=1)
    return reconstruct(trains, model=wired)


def test_matrix_is_centred_at_zero_and_leaves_open_what_is_not_known():
    ax = figures.weight_matrix([[0, 1.5, np.nan], [-2, 0, 1], [0, 0, 0]])
    image = ax.images[0]
    assert image.get_clim() == (-2, 2)
    drawn = image.get_array()
    assert drawn.mask.tolist() == [[False, False, True], [False] * 3, [False] * 3]
    assert drawn[1, 0] == -2
    assert ax.patch.get_hatch()
    assert [each.get_ylabel() for each in ax.figure.axes] == ["postsynaptic neuron", "weight (mV)"]
    white = image.to_rgba(np.array([[0.0]]))[0, 0, :3]
    assert white == pytest.approx(1, abs=0.04)


def test_matrix_of_a_reconstruction_with_a_given_scale(found):
    ax = figures.weight_matrix(found, limit=3, colorbar=False)
    np.testing.assert_array_equal(ax.images[0].get_array(), found.weights)
    assert ax.images[0].get_clim() == (-3, 3)
    assert len(ax.figure.axes) == 1


def test_matrix_of_nothing_known_still_has_a_scale():
    assert figures.weight_matrix(np.full((2, 2), np.nan)).images[0].get_clim() == (-1, 1)
    with pytest.raises(ValueError, match=r"weights must have shape \(n_post, n_pre\), got \(3,\)"):
        figures.weight_matrix([1, 2, 3])


def test_residuals_have_the_colour_of_their_status(found):
    status = (Status.MODEL_MISMATCH, Status.QUIESCENT, *found.status[2:])
    values = found.holdout_residual_mv.copy()
    values[0], values[1] = 0.1, np.nan
    ax = figures.residuals(replace(found, status=status, holdout_residual_mv=values))
    points = {line.get_label(): line for line in ax.lines if line.get_xdata().size}
    assert points["model mismatch: 1"].get_ydata().tolist() == [0.1]
    assert points["model mismatch: 1"].get_color() == figures.STATUS_COLORS[Status.MODEL_MISMATCH]
    cross = points["quiescent: 1"]
    assert (cross.get_marker(), cross.get_xdata().tolist()) == ("x", [1])
    np.testing.assert_array_equal(points["ok: 8"].get_ydata(), values[2:])
    assert ax.get_yscale() == "log"
    assert len(ax.get_legend().get_texts()) == 3


def test_residuals_where_there_are_none(found):
    none = replace(found, status=(Status.QUIESCENT,) * 10, holdout_residual_mv=np.full(10, np.nan))
    assert figures.residuals(none).get_yticks().size == 0


def test_every_status_has_a_colour():
    assert set(figures.STATUS_COLORS) == set(Status)


def test_certificates_by_kind():
    ax = figures.certificate_plot([1e-12, 1e-3, np.nan, 2e-3], [2e-12, 5e-4, 1, 1e-3], kind=["a", "b", "a", "b"])
    points = {line.get_label(): line for line in ax.lines}
    assert points["a"].get_xdata().tolist() == [1e-12]
    assert points["b"].get_ydata().tolist() == [5e-4, 1e-3]
    assert ax.get_xlim() == ax.get_ylim()
    assert figures.certificate_plot([1.0], [1.0]).get_legend() is None
    assert figures.certificate_plot([np.nan], [1.0], kind=["a"]).get_xscale() == "log"
    with pytest.raises(ValueError, match=r"one entry for each network, got shapes \(2,\), \(1,\)"):
        figures.certificate_plot([1, 2], [1])


def test_overview_says_what_is_not_known(found):
    drawing = figures.reconstruction_overview(found, n_edges=20)
    drawing.canvas.draw()
    assert drawing.axes[0].get_title(loc="left") == "20 connections"
    weights = found.weights.copy()
    weights[0] = np.nan
    drawing = figures.reconstruction_overview(replace(found, weights=weights))
    assert drawing.axes[0].get_title(loc="left") == "Weights"
    assert "10 of 100 not known, hatched" in [text.get_text() for text in drawing.axes[0].texts]
