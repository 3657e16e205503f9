"""The figure of every result: that there is one, what it says, and what it does without data."""

import inspect

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import metastable as mst
from metastable.figures._plot import _DRAWINGS, drawing_of
from metastable.figures._style import _NOTE


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def spike_data(**given):
    return mst.SpikeData(**{"time_ms": [], "neuron": [], "n_neurons": 3, "t_stop_ms": 1000, **given})


def panels(drawing):
    axes = [drawing] if isinstance(drawing, Axes) else drawing.axes
    return [ax for ax in axes if ax.get_label() != "<colorbar>"]


def test_there_is_an_example_of_every_figure(every_result):
    assert {key for key in _DRAWINGS if key not in every_result} <= {("sweeps", "SweepResult")}


@pytest.mark.parametrize("key", [key for key in _DRAWINGS if key[0] != "sweeps"], ids=".".join)
def test_results_draw_themselves(every_result, key):
    drawing = every_result[key].plot()
    assert isinstance(drawing, Axes | Figure)
    drawing.figure.canvas.draw()
    for ax in panels(drawing):
        assert ax.lines or ax.images or ax.patches or ax.collections
    assert panels(drawing)[-1].get_xlabel()
    assert all(ax.get_ylabel() for ax in panels(drawing))
    if isinstance(drawing, Axes):
        assert drawing.get_title(loc="left")
    for ax in panels(drawing):
        notes = [text for text in ax.texts if text.get_gid() == _NOTE]
        for text in (ax._left_title, ax.xaxis.label, ax.yaxis.label, *notes):
            if text.get_text():
                box, whole = text.get_window_extent(), drawing.figure.bbox
                assert min(box.x0, box.y0) >= -1, text
                assert box.x1 <= whole.x1 + 1, text
                assert box.y1 <= whole.y1 + 1, text


def test_options_reach_the_drawing(every_result):
    ax = plt.figure().add_subplot()
    assert every_result["spikes", "SpikeData"].plot(trial=1, ax=ax) is ax
    assert ax.texts[0].get_text().startswith("trial 1 of 2")
    fano = every_result["statistics", "FanoFactorByWindow"]
    assert mst.figures.plot(fano, ax=ax) is ax


def test_an_unknown_option_names_those_there_are(every_result):
    spikes = every_result["spikes", "SpikeData"]
    with pytest.raises(TypeError, match="the figure of a SpikeData has no option 'foo'; its options: trial, color,"):
        spikes.plot(foo=1)
    with pytest.raises(TypeError, match="a SlidingWindows has no option 'ax'; its options: none"):
        every_result["communities", "SlidingWindows"].plot(ax=None)
    with pytest.raises(TypeError, match="ax must be Axes of matplotlib, got str; leave it out for a new figure"):
        spikes.plot(ax="left")


def test_what_has_no_figure_says_so(every_result):
    with pytest.raises(TypeError, match="there is no figure of a Score; there is one of Attractor, Attractors"):
        mst.figures.plot(every_result["reconstruction", "Score"])
    with pytest.raises(TypeError, match="there is no figure of a int"):
        mst.figures.plot(3)
    assert drawing_of(int) is None


def test_options_of_captioned_drawings_are_those_of_the_drawing():
    assert list(inspect.signature(drawing_of(mst.SpikeData)).parameters) == ["spikes", "trial", "color", "size", "ax"]


def test_a_recording_without_spikes_is_an_empty_raster():
    ax = spike_data().plot()
    assert ax.get_xlim() == (0, 1)
    assert spike_data(t_stop_ms=0).plot().get_xlim() == (0, 0.001)


@pytest.mark.parametrize("given", [{"n_neurons": 0}, {"n_trials": 0}])
def test_a_recording_without_neurons_or_trials_says_so(given):
    with pytest.raises(ValueError, match="a raster needs one of each"):
        spike_data(**given).plot()
    with pytest.raises(ValueError, match="a raster needs one of each"):
        mst.figures.group_raster(spike_data(**given), [0] * given.get("n_neurons", 3))


def test_a_new_title_replaces_the_note():
    ax = spike_data().plot()
    mst.figures.titled(ax, "a  Spikes", "of a panel")
    assert [text.get_text() for text in ax.texts] == ["of a panel"]


def test_fano_factors_in_time_show_mean_and_quartiles(every_result):
    found = every_result["statistics", "FanoFactorInTime"]
    ax = found.plot()
    assert [text.get_text() for text in ax.get_legend().texts] == ["median and quartiles", "mean over neurons"]
    np.testing.assert_allclose(ax.lines[1].get_ydata(), found.mean())
    np.testing.assert_allclose(ax.lines[1].get_xdata(), found.time_ms / 1000)


def test_cv2_is_averaged_within_each_neuron():
    spikes = spike_data(time_ms=[0, 10, 20, 30, 0.5, 10.5, 40.5], neuron=[0, 0, 0, 0, 1, 1, 1])
    ax = mst.statistics.local_cv2(spikes).plot()
    counts, edges = ax.patches[0].get_data()[:2]
    assert edges[:-1][counts > 0].tolist() == [0, 1]
    assert ax.texts[0].get_text() == "2 neurons: mean 0.500 (triangle); mean over all pairs 0.333; dashed: Poisson"
    with pytest.raises(ValueError, match="there is no CV2 to draw; a train needs three spikes"):
        mst.statistics.local_cv2(spike_data()).plot()


def test_durations_end_where_states_were_seen_to_end():
    active = np.zeros((1, 2, 100), bool)
    active[0, 0, 10:30] = True
    active[0, 1, 60:] = True
    up = mst.statistics.cluster_states(active.astype(float), sample_ms=1, threshold=0.5).up
    ax = up.plot()
    x, y = ax.lines[0].get_xdata(), ax.lines[0].get_ydata()
    assert x.tolist() == [0, 20, 40]
    # The second state has no end: half of the states last longer than all that was seen.
    assert y.tolist() == [1, 0.5, 0.5]
    with pytest.raises(ValueError, match="no state was seen to end"):
        mst.statistics.cluster_states(np.ones((1, 2, 9)), sample_ms=1, threshold=0.5).up.plot()


def test_a_fit_lies_over_its_autocovariance(every_result):
    autocovariance = every_result["statistics", "Autocovariance"]
    fit = every_result["statistics", "TimeConstant"]
    ax = fit.plot(ax=autocovariance.plot())
    assert ax.get_title(loc="left") == "Autocovariance"
    assert ax.get_legend().texts[0].get_text() == "fit, tau 30 ms"
    assert fit.plot().get_title(loc="left") == "Time constant 30 ms"


def test_a_fit_alone_lies_over_what_was_fitted_and_says_where_it_explains_little():
    lag_ms = np.arange(0, 201, 5.0)
    covariance = 0.3 * np.exp(-lag_ms / 60) + np.random.default_rng(1).normal(0, 1, lag_ms.size)
    fit = mst.statistics.fit_time_constant(lag_ms, covariance)
    assert fit.r_squared < 0.1
    ax = fit.plot()
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), covariance[2:])
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), fit.fitted)
    assert ax.texts[0].get_text().endswith("$R^2$ 0.014: explains less than half of the variance")
    autocovariance = plt.figure().add_subplot()
    autocovariance.plot(lag_ms, covariance)
    fit.plot(ax=autocovariance)
    assert autocovariance.get_legend().texts[0].get_text().endswith("explains little ($R^2$ 0.01)")


def test_nullclines_of_a_flow_cross_at_the_fixed_point():
    network = mst.networks.rost_2018(j_e_plus=1)
    ax = mst.meanfield.flow(network).plot()
    (e, i), (e_of_i, i_of_i) = (line.get_data() for line in ax.lines)
    point = mst.meanfield.homogeneous_state(network).point
    m_e, m_i = point.class_rates[0, 0], point.shared_rates[0]
    assert m_e == pytest.approx(0.0295, abs=5e-5)
    # On both curves: their distance changes its sign there, and nowhere else away from silence and saturation.
    order = np.argsort(e_of_i[np.isfinite(e_of_i)])
    other = np.interp(e, e_of_i[np.isfinite(e_of_i)][order], i_of_i[np.isfinite(e_of_i)][order])
    inside = np.isfinite(i) & (e > 0.005) & (e < 0.99)
    gap, at = (i - other)[inside], e[inside]
    (k,) = np.flatnonzero(np.diff(np.sign(gap)))
    crossing = at[k] - gap[k] * (at[k + 1] - at[k]) / (gap[k + 1] - gap[k])
    assert crossing == pytest.approx(m_e, abs=2e-4)
    assert np.interp(crossing, e, i) == pytest.approx(m_i, abs=2e-4)


def test_a_flow_of_a_single_rate_spans_no_plane():
    flow = mst.meanfield.flow(mst.networks.rost_2018(), m_e=[0.1], m_i=[0.1, 0.2])
    with pytest.raises(ValueError, match="1 x 2 rates span no plane; give at least two of each"):
        flow.plot()


def test_many_power_spectra_are_median_and_quartiles():
    rng = np.random.default_rng(1)
    spikes = spike_data(time_ms=rng.uniform(0, 1000, 900), neuron=rng.integers(0, 11, 900), n_neurons=12)
    found = mst.communities.power_spectrum(spikes, maximum_hz=30)
    ax = found.plot()
    each = found.power[:11] / found.rate[:11, None]
    assert len(ax.lines) == 11 + 2
    np.testing.assert_allclose(ax.lines[11].get_ydata(), np.median(each, axis=0))
    assert {line.get_color() for line in ax.lines[:11]} == {"#bbbbbb"}
    assert sorted(text.get_text() for text in ax.get_legend().texts) == ["median", "quartiles"]
    assert ax.texts[0].get_text().startswith("grey: each of 11; ")
    few = mst.communities.power_spectrum(spikes.select(neuron=range(10)), maximum_hz=30).plot()
    assert len(few.lines) == 10 + 1


def test_the_first_cluster_does_not_lie_on_the_axis():
    ax = mst.statistics.cluster_states(np.eye(3), sample_ms=1, threshold=0.5).plot()
    low, high = ax.get_ylim()
    assert low < -0.9 < -0.5 < 2.5 < 2.9 < high
    assert [tick for tick in ax.get_yticks() if low <= tick <= high] == [0, 1, 2]


def test_the_legend_of_correlations_lies_beneath_them(every_result):
    ax = every_result["statistics", "CountCorrelations"].plot()
    ax.figure.canvas.draw()
    assert ax.get_legend().get_window_extent().y1 < ax.bbox.y0


def test_dots_of_a_raster_are_seen_and_stay_apart():
    rng = np.random.default_rng(1)

    def size(n_spikes, n_neurons):
        given = {"time_ms": rng.uniform(0, 1000, n_spikes), "neuron": rng.integers(0, n_neurons, n_spikes)}
        return spike_data(**given, n_neurons=n_neurons).plot().lines[0].get_markersize()

    assert size(100, 20) == 2.5
    assert 0.35 < size(20_000, 5000) < size(3000, 5000) < 2.5
    assert size(100_000, 5000) == size(1000, 2) == 0.35
    assert spike_data().plot(size=3).lines[0].get_markersize() == 3


def test_fixed_points_are_filled_where_stable(every_result):
    points = every_result["meanfield", "FixedPoints"]
    ax = points.plot()
    filled = [line.get_markerfacecolor() != "white" for line in ax.lines]
    assert filled == [point.stable for point in points]


def test_a_fixed_point_has_a_bar_for_each_class(every_result):
    points = every_result["meanfield", "FixedPoints"]
    point = next(p for p in points if p.n_active == 1)
    ax = point.plot()
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["19 x E", "1 x E", "I"]
    assert [bar.get_height() for bar in ax.patches] == [*point.class_rates[:, 0], point.shared_rates[0]]


def test_expected_and_wired_weights_agree():
    network = mst.networks.litwin_kumar_doiron_2012(n_e=400, n_clusters=5, r_ee=2.5)
    expected = network.plot(resolution=100).collections[0].get_array()
    wired = network.wire(seed=1).plot(resolution=100).collections[0].get_array()
    assert expected.shape == wired.shape == (100, 100)
    within = np.kron(np.eye(5, dtype=bool), np.ones((16, 16), bool))
    for part in (within, ~within):
        found, truth = wired[:80, :80][part].mean(), expected[:80, :80][part].mean()
        assert abs(found / truth - 1) < 0.05
    assert expected[0, 1] > expected[0, 40] > 0 > expected[0, 90]


def test_overlapping_clusters_have_expected_weights():
    layout = mst.networks.ClusterLayout.overlapping(100, 4, size=40)
    network = mst.networks.BinaryNetwork(
        populations=(mst.networks.BinaryPopulation(name="E", size=100, tau_ms=10, layout=layout),),
        connections=(mst.networks.Connection(post="E", pre="E", probability=0.2, weight=1.0, j_plus=2.0),),
    )
    table = network.plot().collections[0].get_array()
    shared = network.membership.astype(int) @ network.membership.T.astype(int) > 0
    assert (table[shared] == table.max()).all()
    assert len(np.unique(table)) == 2


def test_weights_of_a_wiring_are_themselves_where_there_is_room():
    wired = mst.networks.rost_2018(n_e=80, n_clusters=2, j_e_plus=1.5).wire(seed=1)
    table = wired.plot().collections[0].get_array()
    np.testing.assert_array_equal(table, wired.weight_matrix().toarray())


def test_binary_networks_without_clusters_show_their_populations():
    population = mst.networks.BinaryPopulation(name="E", size=50, tau_ms=10)
    network = mst.networks.BinaryNetwork(
        populations=(population,),
        connections=(mst.networks.Connection(post="E", pre="E", probability=0.2, weight=0.1),),
    )
    activity = mst.simulate(network, duration_ms=20, seed=1)
    ax = activity.plot()
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), activity.population_rates["E"][0])


def test_activity_is_shown_from_step_to_step(every_result):
    activity = every_result["simulation", "FiniteSizeActivity"]
    image = activity.plot(start=5, stop=15).images[0]
    np.testing.assert_array_equal(image.get_array(), activity.activity[0, 5:15].T)
    with pytest.raises(ValueError, match="stop must be at least 6"):
        activity.plot(start=5, stop=5)


def test_windows_without_groups_show_how_near_they_came():
    rng = np.random.default_rng(1)
    spikes = mst.SpikeData(
        time_ms=rng.uniform(0, 2000, 400), neuron=rng.integers(0, 10, 400), n_neurons=10, t_stop_ms=2000
    )
    windows = mst.communities.sliding_windows(spikes, width_ms=1000, step_ms=500, sigmas_ms=[20], seed=1)
    assert not windows.n_groups.any()
    (ax,) = windows.plot().axes
    assert ax.get_title(loc="left") == "No groups in any window"
    silent = mst.communities.sliding_windows(spike_data(), width_ms=500, step_ms=250, sigmas_ms=[20], seed=1)
    with pytest.raises(ValueError, match="nothing to draw in any window: only 0 of 3 trains have spikes"):
        silent.plot()


def test_a_single_population_has_branches_in_place_of_a_plane():
    network = mst.networks.FiniteSizeNetwork(weights=[[0.0]])
    diagram = mst.finite_size.bifurcation_diagram(network)
    for result in (diagram, diagram.attractors, diagram.cut()):
        ax = result.plot()
        assert ax.get_title(loc="left") == "Branches"
        assert ax.get_xlabel() == "stimulus"
    with pytest.raises(ValueError, match=r"cut_at=77\.0 is for several populations, and this is one; leave it out"):
        diagram.plot(cut_at=77.0)


def test_three_populations_ask_for_the_stimulus_of_the_third():
    network = mst.networks.FiniteSizeNetwork.homogeneous({"E": 1, "I": 1, "S": 1}, coupling=np.ones((3, 3)))
    diagram = mst.finite_size.bifurcation_diagram(network)
    with pytest.raises(ValueError, match="at must hold the stimulus of 'S'"):
        diagram.plot()
    assert diagram.plot(at={"S": 0.0}).axes
    with pytest.raises(ValueError, match="more than two populations have no one picture; take multistability_plane"):
        diagram.attractors.plot()


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (
            lambda: mst.statistics.fano_factor_in_time(spike_data(n_trials=2)),
            "no neuron has a Fano factor, for all are",
        ),
        (lambda: mst.meanfield.dwell_times(mst.networks.rost_2018()), "there are no dwell times to draw: There is no"),
        (
            lambda: mst.meanfield.linear_noise(mst.networks.rost_2018(n_e=400, n_clusters=4)),
            "there is no covariance to draw: There is no homogeneous state with activity",
        ),
        (
            lambda: mst.communities.coherence(spike_data(time_ms=[1, 9], neuron=[0, 1]), [0, 0, 0]),
            "a pair needs two groups, and there is 1; give labels of more",
        ),
    ],
)
def test_what_has_nothing_to_draw_says_why(result, message):
    with pytest.raises(ValueError, match=message):
        result().plot()


def test_trajectories_lie_in_the_phase_plane(every_result):
    path, lines = every_result["meanfield", "Trajectory"], every_result["meanfield", "Nullclines"]
    ax = path.plot(plane=True, ax=lines.plot())
    assert ax.get_title(loc="left") == "Nullclines"
    assert ax.lines[-2].get_xdata().tolist() == path.rates[:, 0].tolist()


def test_changes_at_the_same_ratio_have_one_name():
    ax = mst.figures.stability_curves([0.5, 1], [[-1, -1], [1, 2]], [0.7, np.inf, 0.7])
    assert [text.get_text() for text in ax.texts] == ["$r_1$, $r_3$"]


def test_branches_of_one_composition_have_one_name(every_result):
    diagram = every_result["meanfield", "BifurcationDiagram"]
    names = [text.get_text() for text in diagram.plot().get_legend().texts]
    assert len(diagram.branches) == 2
    assert names == ["homogeneous", "19 + 1 clusters"]


def test_many_groups_of_a_response_are_thin_around_their_mean():
    rng = np.random.default_rng(1)
    spikes = spike_data(time_ms=rng.uniform(0, 1000, 900), neuron=rng.integers(0, 30, 900), n_neurons=30)
    found = mst.statistics.response_profile(spikes, event_ms=500, before_ms=100, after_ms=100, groups="neuron")
    ax = found.plot()
    assert ax.get_legend() is None
    np.testing.assert_allclose(ax.lines[-1].get_ydata(), found.rate.mean(axis=0))


def test_both_edges_are_drawn_over_the_same_stimuli():
    network = mst.networks.DisorderedNetwork(sizes={"E": 4, "I": 4}, mean=[[8, -6], [7, -5]], sd=1, threshold=1)
    (found,) = mst.finite_size.bifurcation_points(network, [2, 1], together=True)
    lower, upper = found.plot().lines
    assert lower.get_xdata().tolist() == upper.get_xdata().tolist()
    np.testing.assert_array_equal(upper.get_ydata(), found.upper_cdf(upper.get_xdata()))
    assert lower.get_ydata()[0] < 1e-3 < 1 - 1e-3 < lower.get_ydata()[-1]
