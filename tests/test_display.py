"""How results print, what notebooks show of them, and that they draw themselves."""

import importlib
import inspect
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import metastable as mst
from metastable._display import Displayed, described
from metastable.networks import litwin_kumar_doiron_2012, rost_2018, van_bussel_2011

ROOMS = ("communities", "finite_size", "meanfield", "networks", "reconstruction", "simulation", "spikes", "statistics")
# Parameters of a network print as the call that makes them; Status is an enumeration, PlantedGroups a plain record.
PLAIN = {
    *("Synapse", "Population", "BinaryPopulation", "Block", "Connection", "ClusterLayout", "Stimulus"),
    *("StableRange", "Status", "PlantedGroups"),
}


@pytest.fixture(scope="module")
def results():
    spikes = mst.simulate(litwin_kumar_doiron_2012(n_e=400, n_clusters=5), duration_ms=400, n_trials=2, seed=1)
    trains, labels = mst.spikes.fellous_2004(n_groups=2, noise_level=1, seed=1)
    binary = rost_2018(n_e=400, n_clusters=4, j_e_plus=2.9)
    small = mst.networks.FiniteSizeNetwork.homogeneous({"E": 2, "I": 2}, coupling=[[6, -4], [7, -3]], sigma=1.0)
    rates = mst.statistics.cluster_rates(spikes.select(population="E"), bin_ms=10, smoothing_ms=20)
    wired = van_bussel_2011(n_neurons=10).wire(seed=1)
    driven = mst.simulate(wired, duration_ms=500, n_trials=10, drive_spread=0.05, seed=1)
    diagram = mst.meanfield.bifurcation_diagram(
        lambda j: rost_2018(n_e=400, n_clusters=4, j_e_plus=j), start=2, stop=3, n_active=1
    )
    return {
        "spikes": spikes,
        "fano": mst.statistics.fano_factor_by_window(spikes),
        "correlations": mst.statistics.count_correlations(spikes),
        "distribution": mst.statistics.count_correlations(spikes).all_pairs,
        "autocovariance": mst.statistics.autocovariance(spikes, max_lag_ms=100),
        "covariance": mst.statistics.cross_covariance(spikes, max_lag_ms=100),
        "psth": mst.statistics.psth(spikes),
        "states": mst.statistics.cluster_states(rates, sample_ms=10),
        "groups": mst.communities.detect(trains, sigmas_ms=[5, 10], seed=1),
        "group activity": mst.communities.group_activity(trains, labels, sigma_ms=10, step_ms=5),
        "synapses": mst.reconstruction.reconstruct(driven, model=wired),
        "diagram": diagram,
        "attractors": mst.finite_size.bifurcation_diagram(small),
        "binary activity": mst.simulate(binary, duration_ms=50, seed=1),
        "network": binary,
        "small network": small,
        "pulse network": wired.network,
        "wired": wired,
        "wired binary": binary.wire(seed=1),
        "fixed points": mst.meanfield.fixed_points(binary),
        "cv2": mst.statistics.local_cv2(spikes),
        "score": mst.reconstruction.score(wired.weights, wired.weights),
    }


DRAWN = (
    "spikes", "fano", "correlations", "distribution", "autocovariance", "covariance", "psth", "states", "groups",
    "group activity", "synapses", "diagram", "attractors", "binary activity",
)  # fmt: skip


def test_every_public_result_displays_itself():
    for room in ROOMS:
        module = importlib.import_module(f"metastable.{room}")
        for name in module.__all__:
            kind = getattr(module, name)
            if inspect.isclass(kind) and name not in PLAIN:
                assert issubclass(kind, Displayed), f"{room}.{name}"
                # One that dataclasses write prints all its arrays; a score is five numbers.
                assert not hasattr(kind.__repr__, "__wrapped__") or name == "Score", f"{room}.{name}"


def test_results_print_in_a_few_lines_and_as_html(results):
    for name, result in results.items():
        assert len(repr(result).splitlines()) <= 40, name
        html = result._repr_html_()
        assert ("<table>" in html) or ("<pre>" in html), name
        assert "array([" not in html, name
        assert "<metastable" not in repr(result), name


def test_rows_are_chosen_and_escaped(results):
    html = results["spikes"]._repr_html_()
    assert "<b>SpikeData</b>" in html
    assert ">n_neurons<" in html
    assert "provenance" not in html
    network = mst.networks.FiniteSizeNetwork(weights=[[0.0]], name="<script>")
    assert "<script>" not in network._repr_html_()


@pytest.mark.parametrize("name", DRAWN)
def test_results_draw_themselves(results, name):
    drawing = results[name].plot()
    assert isinstance(drawing, Axes | Figure)
    axes = [drawing] if isinstance(drawing, Axes) else drawing.axes
    assert any(ax.lines or ax.images or ax.patches or ax.collections for ax in axes)
    assert all(ax.get_xlabel() for ax in axes[:1])


def test_options_reach_the_drawing(results):
    ax = plt.figure().add_subplot()
    assert results["spikes"].plot(trial=1, ax=ax) is ax
    assert mst.figures.plot(results["fano"], ax=ax) is ax


def test_what_has_no_figure_says_so(results):
    with pytest.raises(TypeError, match="there is no figure of a LocalCV2; there is one of Autocovariance"):
        results["cv2"].plot()
    with pytest.raises(TypeError, match="there is no figure of a int"):
        mst.figures.plot(3)


def test_long_values_are_described_in_a_line():
    assert described(np.zeros((30, 4))) == "30 x 4, 0 to 0"
    assert described(np.array([1.0, np.nan] * 9)) == "18, 1 to 1, 9 not defined"
    assert described(np.arange(20) > 4) == "20, 15 true"
    assert described(True) == "yes"
    assert described({"E": np.zeros(40)}) == "E: 40, 0 to 0"
    assert len(described(list(range(1000)))) == 90


def test_results_import_no_figure():
    code = (
        "import sys, metastable as mst;"
        "s = mst.SpikeData(time_ms=[1], neuron=[0], n_neurons=1, t_stop_ms=2); repr(s); s._repr_html_();"
        "print('matplotlib' in sys.modules); s.plot(); print('matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
