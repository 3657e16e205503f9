import sys

import numpy as np
import pytest

from metastable.papers import load
from metastable.papers._paper import Results
from metastable.papers._weight_communities import agreement_with_clusters
from metastable.papers.van_bussel_2011 import _clustered, _peers
from metastable.papers.van_bussel_2011._certificate import certificate_of
from metastable.papers.van_bussel_2011._jitter import jitter_of, jittered
from metastable.papers.van_bussel_2011._locking import FIGURE_3
from metastable.papers.van_bussel_2011._protocol import largest_error, log10, record, slope, wired_network
from metastable.papers.van_bussel_2011._requirements import _needed, accuracy_of
from metastable.papers.van_bussel_2011._sparse import _degrees, _exact_from, fewest_of
from metastable.spikes import SpikeData

SMALL = {
    "n_exact": 1,
    "n_accuracy": 1,
    "n_isis": [1, 2, 3, 8, 16],
    "search_n": [20, 40],
    "densities": [0.5],
    "n_search": 1,
    "n_locking": 1,
    "n_quality": 1,
    "n_whole": 1,
    "m": [10, 34, 50],
    "fewest_n": [20, 30],
    "n_degrees": 3,
    "n_fewest": 1,
    "n_jitter": 1,
    "n_certificates": 4,
    "lengths_s": {"100": [1.0], "200": [2.0]},
    "n_clustered": 1,
}
# The clustered network takes most of the time; what it is made of is tested by itself.
FIGURES = ["exact", "requirements", "locking", "sparse", "jitter", "certificate"]


def test_figures_run_at_a_small_scale(at_small_scale, tmp_path):
    report = at_small_scale("van-bussel-2011", SMALL, tmp_path, figures=FIGURES)
    assert [figure.name for figure in report.figures] == FIGURES
    assert all(figure.png.stat().st_size > 10_000 for figure in report.figures)
    by_statement = {claim.statement: claim for claim in report.claims}
    for statement in (
        "Largest error of a known weight, homogeneous inhibitory networks of 20, log10 of mV",
        "Largest error of a known weight, mixed signs networks of 20, log10 of mV",
        "Slope of the largest error against the jitter, double logarithmic, min-scan",
        "Equations from which on all weights are within 5 %, N = 50, K = 12",
        "Share of networks whose hold-out residual is within a decade of the largest error of a weight",
    ):
        assert by_statement[statement].verdict == "reproduced", statement


def test_scales_follow_the_paper():
    full = load("van-bussel-2011").scales["full"].numbers
    assert full["fewest_n"] == list(range(20, 41))
    assert full["n_fewest"] == 20
    assert full["m"] == list(range(1, 51))
    assert full["lengths_s"]["200"] == [1, 2, 5, 10, 20]
    quick = load("van-bussel-2011").scales["quick"].numbers
    assert 3 * quick["n_certificates"] >= 100


def test_slope_of_a_line_and_of_nothing():
    x = 10.0 ** np.arange(5)
    assert slope(x, 3 * x**2, np.ones(5, bool)) == pytest.approx((2, 4))
    assert np.isnan(slope(x, x, np.arange(5) < 1)).all()
    np.testing.assert_allclose(log10([100, 0, -1]), [2, np.nan, np.nan])


def test_unknown_weights_count_as_no_connection():
    assert largest_error([[0, np.nan], [1, 0]], [[0, -3], [1.5, 0]]) == 3
    assert largest_error([[0, np.nan], [1, 0]], [[0, 0], [1.5, 0]]) == 0.5


def test_intervals_needed_are_those_from_which_on_all_is_accurate():
    n_isis = np.array([1, 2, 4, 8])
    assert _needed({"n_isis": n_isis, "error": np.array([1, 1e-12, 1, 1e-12])}) == 8
    assert _needed({"n_isis": n_isis, "error": np.full(4, 1e-12)}) == 1
    assert np.isnan(_needed({"n_isis": n_isis, "error": np.ones(4)}))


@pytest.mark.parametrize("source", ["drives", "contiguous", "spaced"])
def test_segments_of_every_source_are_exact(source):
    numbers = accuracy_of(seed=1, source=source, index=0, n_isis=[1, 16])
    assert numbers["error"][0] > 0.1
    assert numbers["error"][1] < 1e-8


def results_of_locking(error):
    tolerance = 10.0 ** np.arange(-1, -15, -1.0)
    numbers = {"tolerance_ms": tolerance, "error": error(tolerance), "n_spikes": np.full(14, 60.0)}
    return Results({"locking": [numbers]})


def test_claims_of_locking_judge_the_line_above_the_floor():
    linear, decades, floor, _ = FIGURE_3.claims(results_of_locking(lambda x: np.maximum(3 * x, 1e-10)))
    assert (linear.verdict, decades.verdict, floor.verdict) == ("reproduced",) * 3
    assert linear.mean == pytest.approx(1)
    assert decades.mean == pytest.approx(8, abs=1)
    steep, *_ = FIGURE_3.claims(results_of_locking(lambda x: np.maximum(3 * x**2, 1e-16)))
    assert steep.mean == pytest.approx(2)


def test_fewest_equations_grow_with_the_connections():
    few, many = (fewest_of(seed=1, n=20, k=k, index=0)["m"] for k in (1, 10))
    assert 2 < few < many <= 20


def test_in_degrees_of_both_scales():
    assert _degrees(5, None) == [1, 2, 3, 4]
    assert _degrees(40, 6)[::5] == [1, 39]


def test_exact_from_is_the_last_change():
    q = np.ones((4, 4))
    q[2, 1] = 0.9
    assert _exact_from({"m": np.array([10, 20, 30, 40]), "quality": q}) == 30


def test_jitter_displaces_every_spike_by_at_most_its_amplitude():
    spikes = record(wired_network(seed=1, index=0), seed=1, duration_ms=300, n_trials=2, spread=0.025)
    moved = jittered(spikes, 1e-3, seed=1)
    assert moved.n_spikes == spikes.n_spikes
    shift = np.sort(moved.time_ms) - np.sort(spikes.time_ms)
    assert 0 < np.abs(shift).max() <= 1e-3


def test_more_intervals_are_more_exact_under_jitter():
    scan, least = jitter_of(seed=1, index=0, amplitude_ms=[1e-5])["error"][:, 0]
    assert 1e-7 < least < scan / 5


def test_certificates_of_wrong_models_are_large():
    numbers = certificate_of(seed=1, case="wrong time constant", index=0)
    assert numbers["residual"] > 1e-9
    assert 0.1 < numbers["residual"] / numbers["error"] < 10


@pytest.fixture
def driven():
    """Neuron 1 fires 2 ms after each spike of neuron 0 and often besides; neuron 2 is on its own."""
    rng = np.random.default_rng(4)
    first, own, third = (np.sort(rng.uniform(0, 19_990, n)) for n in (400, 200, 400))
    time = np.concatenate([first, first + 2.0, own, third])
    neuron = np.repeat([0, 1, 1, 2], [400, 400, 200, 400])
    return SpikeData(time_ms=time, neuron=neuron, n_neurons=3, t_stop_ms=20_000)


def test_correlogram_sees_who_follows_whom(driven):
    found = _peers.cross_correlogram(driven)
    np.fill_diagonal(found, 0)
    assert np.unravel_index(found.argmax(), found.shape) == (1, 0)
    assert found[1, 0] > 10
    others = np.delete(found.ravel(), 3)
    assert np.abs(others).max() < 4


def test_glm_sees_who_follows_whom(driven):
    pytest.importorskip("sklearn")
    found = _peers.poisson_glm(driven)
    np.fill_diagonal(found, 0)
    assert np.unravel_index(found.argmax(), found.shape) == (1, 0)
    assert np.abs(np.delete(found.ravel(), 3)).max() < found[1, 0] / 2


def test_without_scikit_learn_the_glm_is_left_out_and_the_claim_says_so(driven, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    assert _peers.poisson_glm(driven) is None
    results = Results(
        {
            "200 10": [
                {
                    f"{m} {name}": np.array(np.nan if m == "glm" else 0.9)
                    for m in _clustered.METHODS
                    for name in ("auc", "rand", "rand linked", "correlation")
                }
            ]
        }
    )
    claim = _clustered._claim_of_peer(results, "glm")
    assert "scikit-learn is not installed" in claim.note
    assert claim.verdict == "reported"


def test_clusters_are_the_communities_of_positive_weights():
    cluster = np.repeat([0, 1], 10)
    weights = np.where(cluster[:, None] == cluster, 1.0, -0.2)
    linked, n_spikes = np.ones(20, bool), np.full(20, 9)
    assert agreement_with_clusters(np.pad(weights, (0, 5)), cluster, linked, n_spikes, seed=1) == (1, 1)
    assert agreement_with_clusters(-np.ones((20, 20)), cluster, linked, n_spikes, seed=1) == (0, 0)


def test_silent_neurons_join_the_community_that_fires_least():
    cluster = np.repeat([0, 1], 10)
    weights = np.where(cluster[:, None] == cluster, 1.0, 0.0)
    linked = np.arange(20) < 15
    weights[~linked] = weights[:, ~linked] = np.nan
    for quiet, agreement in ((1, 1), (0, 0)):
        n_spikes = np.where(linked, np.where(cluster == quiet, 20, 90), 0)
        everyone, of_linked = agreement_with_clusters(weights, cluster, linked, n_spikes, seed=1)
        assert of_linked == 1
        assert (everyone == 1) == agreement


def test_clustered_network_is_found_and_drawn():
    numbers = [_clustered.connections_of(seed=1, n=100, seconds=s, index=0) for s in (1.0, 2.0)]
    assert numbers[1]["reconstruction auc"] > numbers[1]["correlogram auc"] + 0.1
    # The same numbers under the name of the size that claims are about.
    results = Results({f"{_clustered.SIZE} {s}": [n] for s, n in zip((1, 2), numbers, strict=True)})
    assert [claim.each for claim in _clustered.FIGURE_6.claims(results)][-1] == "recording"
    drawing = _clustered.FIGURE_6.draw(results)
    drawing.canvas.draw()
    assert len(drawing.axes) == 5
