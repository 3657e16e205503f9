import numpy as np
import pytest

from metastable.papers import load
from metastable.papers._paper import Results
from metastable.papers.rost_2018._diagrams import diagram_of
from metastable.papers.rost_2018._dwell_times import durations_of_chain, median_interval
from metastable.papers.rost_2018._variance import FIGURE_3, FIGURE_7B, at_the_peak, peak_claims
from metastable.papers.rost_2018._variance_measures import linear_noise_of, variance_of_chain

# The branches of Figures 4, 6 and 7a take minutes; `verification/rost_2018.py` runs them.
FIGURES = [
    "phase-planes",
    "architecture",
    "variance-e",
    "response",
    "variance-ei",
    "comparison",
    "dwell-times",
    "ei-clusters",
    "ei-clusters-stimulus",
]


def test_figures_run_at_a_small_scale(at_small_scale, tmp_path):
    numbers = {
        "variance_j_e": [1.0, 2.0],
        "variance_j_ei": [1.0, 4.0],
        "n_networks": 2,
        "n_trials": 1,
        "n_chain": 2,
        "n_comparison": 2,
        "n_dwell": 2,
        "n_dwell_chain": 2,
        "dwell_ms": 2000.0,
        "dwell_j_e": [4.0],
        "spiking_j_e": [3.7],
        "spiking_j_ei": [8.0],
        "n_spiking": 2,
        "spiking_trials": 2,
        "spiking_stimulus_trials": 2,
    }
    report = at_small_scale("rost-2018", numbers, tmp_path, figures=FIGURES)
    assert [figure.name for figure in report.figures] == FIGURES
    assert all(figure.png.stat().st_size > 10_000 for figure in report.figures)
    by_statement = {claim.statement: claim for claim in report.claims}
    for statement in (
        "r1, stable node to stable focus",
        "r2, stable to unstable focus",
        "r3, unstable focus to unstable node",
        "g = 0.8: the rate m_I runs to",
        "Fixed point of the effective response at J_+ = 2: middle, unstable",
        "Stable states with active clusters, E/I at 4",
        "sigma_m^2 at J_E+ = 2, E clusters: linear noise, stationary, nothing fitted",
        "sigma_m^2 at J_E+ = 3.5, E/I clusters: linear noise, stationary, nothing fitted",
        # Networks spread by .02 to .03 around .97 and .23, far from the limits of .85 and .4.
        "CV2, mean over neurons, E/I clusters, J_E+ = 8",
        "CV2 in active clusters, E clusters, J_E+ = 3.7",
    ):
        assert by_statement[statement].verdict == "reproduced", statement


def test_diagram_of_one_active_cluster():
    numbers = diagram_of(seed=0, parameter="j_e_plus", start=1.5, stop=3.0, n_active=1, network={})
    assert numbers["onset"][1] == pytest.approx(1.867, abs=5e-4)
    assert numbers["loss"][0] == pytest.approx(2.842, abs=5e-4)
    # Beyond its meeting with the homogeneous state the branch has one inactive cluster.
    assert set(numbers["n_active"]) <= {0, 1, 19}


def test_the_peak_is_that_of_the_mean():
    assert at_the_peak(np.array([[0.0, 3.0, 1.0], [4.0, 3.0, 1.0]])).tolist() == [3.0, 3.0]


def results_of_peaks(*, e, ei, whole_e, whole_ei):
    """Two networks whose variances (in units of 1e-3) peak at the second of three strengths."""

    def networks(settled, whole):
        return [
            {
                "j_e_plus": np.array([1.0, 2.0, 3.0]),
                "settled": np.array([0.0, settled + change, 0.0]) / 1000,
                "whole": np.array([0.0, whole + change, 0.0]) / 1000,
            }
            for change in (-0.01, 0.01)
        ]

    return Results({"networks": networks(ei, whole_ei), "E networks": networks(e, whole_e)})


def test_order_of_the_peaks_is_judged_in_each_window():
    settled, whole, by_burn_in = peak_claims(results_of_peaks(e=2.0, ei=4.0, whole_e=7.0, whole_ei=5.5))
    assert (settled.verdict, whole.verdict, by_burn_in.verdict) == ("reproduced", "deviates", "reproduced")
    assert [claim.mean for claim in (settled, whole, by_burn_in)] == pytest.approx([2.0, -1.5, 3.5])
    assert "ratio of the means 0.79 (reference 1.03)" in whole.note
    assert "last strength" not in whole.note


def test_order_that_does_not_depend_on_the_burn_in_is_no_evidence_that_it_does():
    *_, by_burn_in = peak_claims(results_of_peaks(e=2.0, ei=4.0, whole_e=5.0, whole_ei=8.0))
    assert by_burn_in.verdict == "deviates"


def test_a_peak_at_the_end_of_the_grid_is_named_as_such():
    results = results_of_peaks(e=2.0, ei=4.0, whole_e=7.0, whole_ei=5.0)
    for numbers in results.every("networks"):
        numbers["whole"][-1] = 0.006
    whole = peak_claims(results)[1]
    assert "6.00 at J_E+ = 3 (the last strength" in whole.note


def test_networks_of_figure_3_are_computed_once_for_both_figures():
    scale = load("rost-2018").scales["quick"]
    mine = [(job.function, job.parameters) for job in FIGURE_3.jobs(scale) if job.group == "networks"]
    theirs = [(job.function, job.parameters) for job in FIGURE_7B.jobs(scale) if job.group == "E networks"]
    assert mine == theirs
    assert len(mine) == scale.numbers["n_networks"]


def test_linear_noise_ends_at_the_loss_and_diverges_there():
    numbers = linear_noise_of(seed=0, r_j=0.0, stop=3.2, n_points=6, at=2.0)
    assert numbers["loss"] == pytest.approx(2.842, abs=5e-4)
    assert numbers["j_e_plus"][-1] < numbers["loss"]
    assert (np.diff(numbers["stationary"]) > 0).all()
    assert numbers["stationary"][-1] > 50 * numbers["at"]
    # A recording of finite length cannot vary as much.
    assert (numbers["in_window"] < numbers["stationary"]).all()


def test_chain_without_active_clusters_has_the_variance_of_linear_noise():
    numbers = variance_of_chain(seed=3, r_j=0.0, j_e_plus=1.4, n_trials=4)
    noise = linear_noise_of(seed=0, r_j=0.0, stop=3.2, n_points=2, at=1.4)["at"]
    assert numbers["settled"].shape == numbers["whole"].shape == (4,)
    assert numbers["settled"].mean() == pytest.approx(noise, rel=0.15)
    # The rates fall from 0.1, where they begin.
    assert numbers["whole"].mean() > numbers["settled"].mean()


def test_durations_of_the_chain_pool_its_trials():
    numbers = durations_of_chain(seed=1, j_e_plus=4.0, n_trials=2, duration_ms=3000.0)
    assert (int(numbers["n_trials"]), float(numbers["duration_ms"])) == (2, 3000.0)
    assert 100 < numbers["up_ms"] < 700
    assert numbers["down_ms"] > numbers["up_ms"]


def test_interval_of_the_median():
    # Third and tenth of twelve: P(fewer than 3 of 12 below the median) = 79/4096 on either side, coverage 96.1 %.
    assert median_interval([3, 1, 2, 12, 11, 10, 4, 5, 6, 7, 8, 9]) == (6.5, 3.0, 10.0)
    assert median_interval([6, 5, 4, 3, 2, 1]) == (3.5, 1.0, 6.0)


def test_five_values_have_no_interval():
    median, low, high = median_interval([1, 2, 3, 4, 5])
    assert median == 3
    assert np.isnan([low, high]).all()


def test_scales_say_what_they_compute():
    scales = load("rost-2018").scales
    assert "8 networks x 3 trials of 1.5 s" in scales["quick"].description
    assert all(scale.numbers["n_dwell"] >= 10 for scale in scales.values())
