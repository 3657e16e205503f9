import matplotlib.colors
import matplotlib.pyplot as plt
import numpy as np
import pytest

import metastable as mst


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_raster_sorts_neurons_by_cluster_and_puts_unclustered_ones_last():
    spikes = mst.SpikeData(time_ms=[1, 2, 3, 4], neuron=[0, 1, 2, 3], n_neurons=4, t_stop_ms=5, cluster=[1, -1, 0, 1])
    line = mst.figures.raster(spikes).lines[0]
    assert line.get_ydata().tolist() == [1, 3, 0, 2]
    assert line.get_xdata().tolist() == [0.001, 0.002, 0.003, 0.004]


def test_raster_shows_one_trial_and_refuses_others():
    spikes = mst.SpikeData(time_ms=[1, 2], neuron=[0, 0], trial=[0, 1], n_neurons=1, n_trials=2, t_stop_ms=5)
    assert mst.figures.raster(spikes, trial=1).lines[0].get_xdata().tolist() == [0.002]
    with pytest.raises(ValueError, match="trial must be at most 1"):
        mst.figures.raster(spikes, trial=2)


def test_curve_ignores_missing_networks():
    ax = mst.figures.curve_with_spread([0, 1], [[1, np.nan], [3, 5]])
    assert ax.lines[0].get_ydata().tolist() == [2, 5]
    with pytest.raises(ValueError, match="values must have shape"):
        mst.figures.curve_with_spread([0, 1, 2], [[1, 2]])


def test_distribution_is_a_density_and_the_second_does_not_cut_the_first():
    ax = mst.figures.distribution([0, 1, 3], [6, 2])
    top = ax.get_ylim()[1]
    mst.figures.distribution([0, 1, 3], [1, 7], ax=ax)
    assert ax.patches[0].get_data().values.tolist() == [0.75, 0.125]
    assert ax.get_ylim()[1] >= top


def test_given_axes_are_returned():
    ax = plt.figure().add_subplot()
    assert mst.figures.curve_with_spread([0, 1], [[1, 2]], ax=ax) is ax


def test_shades_cover_the_rows_of_their_clusters():
    rates = [[0.0, 1.0, 0.5], [1.0, 0.0, 0.0]]
    ax = mst.figures.cluster_shades([501, 502, 503], rates, cluster_size=200, color="#ff0000")
    image = ax.images[0]
    assert image.get_extent() == pytest.approx([0.5, 0.503, -0.5, 399.5])
    assert image.origin == "lower"
    # White at 0, half of the colour at 1.
    assert image.to_rgba(np.array([0.0, 1.0]))[:, :3].ravel() == pytest.approx([1, 1, 1, 1, 0.5, 0.5], abs=0.01)


@pytest.mark.parametrize(("time", "rates"), [([1, 2], [[0, 1, 1]]), ([1], [[0]]), ([1, 2], [0, 1])])
def test_shades_refuse_rates_that_do_not_fit(time, rates):
    with pytest.raises(ValueError, match=r"rates must have shape \(n_clusters, n_samples\)"):
        mst.figures.cluster_shades(time, rates, cluster_size=10)


def test_nullclines_have_the_colours_of_the_legend():
    x = np.linspace(0, 1, 20)
    flow = np.stack(np.broadcast_arrays(0.4 - x, (0.6 - x)[:, None]))
    ax = mst.figures.phase_plane(x, x, flow)
    drawn = [matplotlib.colors.to_hex(c.get_edgecolor()[0]) for c in ax.collections[1:]]
    assert tuple(drawn) == mst.figures.NULLCLINES
