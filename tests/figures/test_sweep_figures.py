"""Figures of sweeps: what is drawn for one axis, two, three, none, and where jobs have failed."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

import metastable as mst
from metastable.figures._sweep import _written
from metastable.sweeps import Sweep, run

pytest.importorskip("xarray", reason="labelled results need xarray (extra sweeps)")
pytest.importorskip("h5netcdf", reason="labelled results need h5netcdf (extra sweeps)")

HERE = Path(__file__).parent.parent / "sweeps"


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    yield
    plt.close("all")


def swept(folder, vary, **changes):
    given = {
        "network": {"preset": "litwin_kumar_doiron_2012", "n_e": 80, "n_clusters": 2},
        "measure": {"size": "my_measures:size", "pair": "my_measures:pair"},
        "folder": HERE,
        "n_networks": 2,
    }
    return run(Sweep(**given | changes, vary=vary), folder, progress=False)


def test_one_axis_is_a_curve_in_the_order_of_its_values(tmp_path):
    done = swept(tmp_path, {"n_e": [160, 40, 80], "r_ee": [1.5]})
    ax = done.plot()
    (line,) = ax.lines
    assert line.get_xdata().tolist() == [40, 80, 160]
    means = done.data["size"].isel(r_ee=0).mean("network").sel(n_e=[40, 80, 160])
    assert line.get_ydata() == pytest.approx(means.values)
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left")) == ("n_e", "size", "r_ee = 1.5")


def test_two_axes_are_an_image_with_what_failed_left_out(tmp_path):
    done = swept(tmp_path, {"n_clusters": [2, 7], "r_ee": [1.0, 1.5, 2.0]})
    ax = done.plot(measure="size")
    (mesh,) = ax.collections
    table = np.ma.filled(mesh.get_array(), np.nan)
    assert table.shape == (3, 2)
    assert np.isnan(table).tolist() == [[False, True]] * 3
    assert ax.get_title(loc="left") == "6 of 12 jobs failed"
    # Along one of them the other is lines.
    ax = mst.figures.sweep_overview(done.data, along="r_ee")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["n_clusters = 2", "n_clusters = 7"]


def test_three_axes_are_panels_with_one_scale(tmp_path):
    done = swept(tmp_path, {"n_e": [40, 80], "n_clusters": [2, 4], "r_ee": [1.0, 1.5]}, seed=[1, 2])
    figure = done.plot()
    panels = [ax for ax in figure.axes if ax.get_title(loc="left")]
    assert [ax.get_title(loc="left") for ax in panels] == ["r_ee = 1", "r_ee = 1.5"]
    limits = {ax.collections[0].get_clim() for ax in panels}
    assert len(limits) == 1
    with pytest.raises(ValueError, match="there are 2 panels, for the values of r_ee; leave ax out"):
        done.plot(ax=plt.figure().add_subplot())


def test_parameters_that_change_together_are_words(tmp_path):
    done = swept(tmp_path, {"both": {"n_e": [40, 80], "n_i": [10, 20]}})
    ax = done.plot()
    assert ax.get_xlabel() == "n_e, n_i"
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["40, 10", "80, 20"]


def test_more_lines_than_can_be_told_apart_are_noted(tmp_path):
    done = swept(tmp_path, {"r_ee": [1.0, 1.5], "n_i": list(range(10, 20)), "n_clusters": [2]})
    ax = done.plot(along="r_ee")
    assert len(ax.lines) == 6
    assert ax.get_title(loc="left") == "n_clusters = 2, 6 of 10 values of n_i are shown"
    # An image shows all of them, and so do six lines.
    assert done.plot().get_title(loc="left") == "n_clusters = 2"
    few = done.data.isel(n_i=slice(6))
    assert mst.figures.sweep_overview(few, along="r_ee").get_title(loc="left") == "n_clusters = 2"
    panels = swept(tmp_path / "b", {"r_ee": [1.0, 1.5], "n_i": list(range(10, 20)), "n_clusters": [2, 4]})
    assert panels.plot(along="r_ee").get_suptitle() == "6 of 10 values of n_i are shown"


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([12345, 12346, 12347], ["12345", "12346", "12347"]),
        ([1, 9_999_999, 10_000_000], ["1", "9999999", "1e+07"]),
        ([1.0, 1.5, 0.123456], ["1", "1.5", "0.1235"]),
        ([0.123451, 0.123452], ["0.123451", "0.123452"]),
        ([20_000_001, 20_000_002], ["20000001", "20000002"]),
        ([2**60, 2**60 + 1], [str(2**60), str(2**60 + 1)]),
        # What is the same may look the same.
        ([0.5, 0.5], ["0.5", "0.5"]),
        (["E", "I"], ["E", "I"]),
    ],
)
def test_labels_of_different_values_differ(values, labels):
    assert _written(values) == labels


def test_ticks_and_lines_are_labelled_in_full(tmp_path):
    values = [1.00001, 1.00002, 1.00003]
    done = swept(tmp_path, {"n_clusters": [2, 4], "r_ee": values})
    expected = [f"{value}" for value in values]
    assert [tick.get_text() for tick in done.plot().get_yticklabels()] == expected
    legend = done.plot(along="n_clusters").get_legend()
    assert [text.get_text() for text in legend.get_texts()] == [f"r_ee = {value}" for value in expected]


def test_one_point_is_its_networks(tmp_path):
    done = swept(tmp_path, {})
    assert done.plot().lines[0].get_ydata().tolist() == done.data["size"].values.ravel().tolist()


def test_what_cannot_be_drawn_is_one_sentence(tmp_path):
    done = swept(tmp_path, {"n_e": [40, 80], "r_ee": np.linspace(1, 2, 7).tolist()})
    for options, sentence in (
        ({"measure": "rate"}, "measure must be one of size, pair, got 'rate'"),
        ({"measure": "pair"}, "pair is an array for each job, along pair_0; give a measure that is one number"),
        ({"along": "n_i"}, "along must be one of n_e, r_ee, got 'n_i'"),
    ):
        with pytest.raises(ValueError, match=sentence):
            done.plot(**options)
    failed = swept(tmp_path / "failed", {"r_ee": [1.0]}, measure={"words": "my_measures:nothing"})
    with pytest.raises(ValueError, match="no job has finished, so that there is nothing to draw"):
        failed.plot()
