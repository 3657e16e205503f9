import numpy as np
import pytest

from metastable.finite_size import MultistabilityCut, attractors, bifurcation_diagram, stationary_states
from metastable.papers import load
from metastable.papers._paper import Results
from metastable.papers.fasoli_panzeri_2019 import _clusters, _correlations, _disorder, _mean_field, _sequences
from metastable.papers.fasoli_panzeri_2019._bifurcations import FIGURE_BIFURCATIONS, boxes_of, diagram_of, staircase_of
from metastable.papers.fasoli_panzeri_2019._protocol import (
    eight_neurons,
    exact_claim,
    four_neurons,
    packed,
    sample,
    standard_error,
    two_clusters,
    unpacked,
)

SMALL = {
    "n_runs": 2,
    "n_steps": 4_000,
    "n_stimuli": 3,
    # As many as at the full scale.
    "exact_n": [8, 12, 16, 24, 28, 32],
    "sampled_n": [[32, 1_000], [64, 500]],
    "n_playback": 500,
    "n_retention": 50,
    "n_sets": 1,
    "n_networks": 10,
    "n_wide": 200,
    "j_e_plus": [1.9],
    "n_copies": 40,
    "n_updates": 400,
    "n_wired": 2,
}


@pytest.fixture(scope="module")
def report(at_small_scale, tmp_path_factory):
    return at_small_scale("fasoli-panzeri-2019", SMALL, tmp_path_factory.mktemp("fasoli"))


def test_figures_run_at_a_small_scale(report):
    assert [figure.name for figure in report.figures] == [
        "bifurcations",
        "stationary-law",
        "correlations",
        "mean-field",
        "sequences",
        "disorder",
        "clusters",
    ]
    assert all(figure.png.stat().st_size > 10_000 for figure in report.figures)


def test_exact_claims_do_not_depend_on_samples(report):
    # Chance, and the power of N between sizes that are too small.
    sampled = ("standard errors", "Kolmogorov", "Power of N")
    exact = [c for c in report.claims if c.exact and c.interval and not any(word in c.statement for word in sampled)]
    assert len(exact) > 35
    for claim in exact:
        assert claim.verdict == "reproduced", claim.statement


def test_summary_says_where_the_numbers_come_from():
    paper = load("fasoli-panzeri-2019")
    assert "regression numbers of this project" in paper.summary
    quick, full = (paper.scales[name].numbers for name in ("quick", "full"))
    assert quick.keys() == full.keys()
    assert full["n_steps"] > quick["n_steps"]
    assert set(_mean_field._TARGETS) <= set(quick["exact_n"])


def test_exact_claims_check_all_digits():
    assert exact_claim("x", 0.123456784, 0.12345678, digits=8).verdict == "reproduced"
    wrong = exact_claim("x", 0.12345687, 0.12345678, digits=8)
    assert wrong.verdict == "deviates"
    assert wrong.note.startswith("Computed: 0.12345687.")


def test_claims_of_boxes_notice_a_wrong_one():
    numbers = [diagram_of(seed=1), boxes_of(seed=1), staircase_of(seed=1)]
    results = dict(zip(("4 E + 4 I", "2 E + 1 I", "5 I"), ([one] for one in numbers), strict=True))
    assert all(claim.verdict == "reproduced" for claim in FIGURE_BIFURCATIONS.claims(Results(results)))
    numbers[1]["same"][0] = False
    numbers[2]["upper"] = numbers[2]["upper"] + 0.1 * (numbers[2]["period"] == 1)
    wrong = [c.statement for c in FIGURE_BIFURCATIONS.claims(Results(results)) if c.verdict == "deviates"]
    assert len(wrong) == 2
    assert "boxes derived by hand" in wrong[0]
    assert wrong[1].startswith("Width of the stimuli of symmetry-broken")


def test_records_are_packed_and_unpacked():
    cut = bifurcation_diagram(eight_neurons()).cut(vary="I", at={"E": 4.0})
    again = unpacked(MultistabilityCut, packed(cut), tuples=["populations", "multiplicity"])
    assert (again.name, again.populations, again.multiplicity) == (cut.name, cut.populations, cut.multiplicity)
    np.testing.assert_array_equal(again.lowest, cut.lowest)


def test_samples_pair_potentials_with_the_activity_they_decide_on():
    activity, potentials = sample(four_neurons(), seed=3, index=1, n_steps=500)
    np.testing.assert_array_equal(activity, potentials >= 1)
    other, _ = sample(four_neurons(), seed=3, index=2, n_steps=500)
    assert (activity != other).any()


def test_sampled_correlation_is_that_of_pearson_for_two():
    x = np.random.default_rng(1).normal(size=(1000, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0.3], [0, 0, 1]])
    assert _correlations.sampled_correlation(x, [0, 1]) == pytest.approx(np.corrcoef(x.T)[0, 1])
    # Third central moments by hand, each over the mean of the absolute ones.
    c = x - x.mean(axis=0)
    scale = np.prod([(np.abs(c[:, k]) ** 3).mean() ** (1 / 3) for k in range(3)])
    assert _correlations.sampled_correlation(x, [0, 1, 2]) == pytest.approx(c.prod(axis=1).mean() / scale)
    x[:, 0] = 1
    assert np.isnan(_correlations.sampled_correlation(x, [0, 1]))


def test_standard_error_of_a_mean():
    assert standard_error([1.0, 2.0, 3.0]) == pytest.approx(1 / np.sqrt(3))


def test_cycle_has_different_states_with_half_of_the_neurons():
    states = _sequences.cycle(4)
    assert states.shape == (5, 12)
    assert len(np.unique(states, axis=0)) == 5
    assert (states.sum(axis=1) == 6).all()
    np.testing.assert_array_equal(_sequences._which(states[[3, 0]], states), [3, 0])
    assert _sequences._which(1 - states[:1], states)[0] == -1 or (1 - states[0]).tolist() in states.tolist()


def test_capacity_of_few_and_of_too_many():
    stored = _sequences.capacity_of(seed=1, index=0, n_patterns=[20, 35, 70])["stored"]
    np.testing.assert_array_equal(stored, [[1, 0, 0], [1, 1, 0]])


def test_counts_along_the_stimulus_are_those_at_each_stimulus():
    found = _disorder.counted_of(seed=2, start=3, stop=5)
    for k, counts in zip((3, 4), found["counts"], strict=True):
        network = _disorder._COUNTED.wire(2, network=k)
        states = stationary_states(network, method="brute-force")
        for m in (0, 30, 40, 65):
            stimulus = [_disorder._STIMULUS_E[m], _disorder._STIMULUS_I]
            assert counts[m] == len(states.at(stimulus))


def test_edges_are_those_of_the_listed_boxes(monkeypatch):
    monkeypatch.setattr(_disorder, "_WIDE", _disorder._random(40))
    one = _disorder.edges_of(seed=1, n_networks=3)
    assert (np.diff(one["lower"]) >= 0).all()
    # Excitation: all of E stay active at stimuli at which all could be silent too.
    assert (one["lower"] < one["upper"]).all()


def test_kolmogorov_distance_of_a_sample_from_its_law_and_from_another():
    x = np.linspace(0, 1, 101)
    sampled = np.sort(np.random.default_rng(1).random(500))
    assert _disorder._farthest(sampled, x, x) < 1.63
    assert _disorder._farthest(sampled, x, x**2) > 3


def test_weights_of_units_are_those_of_the_network():
    mean, variance, drive = _clusters._inputs(1.9)
    network = two_clusters(1.9)
    blocks = {
        (c.post, c.pre): (c.probability * c.weight, c.probability * (1 - c.probability) * c.weight**2)
        for c in network.connections
    }
    assert mean[0, 20] == pytest.approx(blocks["E", "I"][0])
    assert variance[20, 0] == pytest.approx(blocks["I", "E"][1])
    assert mean[0, 1] == pytest.approx(1.9 / 0.1 * mean[0, 9])
    assert 0.5 * (mean[0, 1] + mean[0, 9]) == pytest.approx(0.2 / np.sqrt(3.2))
    np.testing.assert_allclose(drive[[0, 20]], [network.population(p).drive - 1 for p in "EI"])
    assert attractors(eight_neurons()).total == 85
