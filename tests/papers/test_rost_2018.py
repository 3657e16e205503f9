import dataclasses

import numpy as np
import pytest

from metastable.papers import load
from metastable.papers._paper import Scale
from metastable.papers._reproduce import reproduce_paper
from metastable.papers.rost_2018._diagrams import diagram_of
from metastable.papers.rost_2018._variance import at_the_peak

# The branches of Figures 4, 6 and 7a take minutes; `verification/rost_2018.py` runs them.
FIGURES = ["phase-planes", "architecture", "variance-e", "response", "variance-ei", "comparison", "dwell-times"]


def test_figures_run_at_a_small_scale(tmp_path):
    paper = load("rost-2018")
    numbers = {
        "variance_j_e": [1.0, 2.0],
        "variance_j_ei": [1.0, 4.0],
        "n_networks": 2,
        "n_trials": 1,
        "n_comparison": 2,
        "n_dwell": 2,
        "dwell_ms": 2000.0,
        "dwell_j_e": [4.0],
    }
    paper = dataclasses.replace(paper, scales={"quick": Scale("quick", "small", numbers)})
    report = reproduce_paper(
        paper,
        scale="quick",
        seed=1,
        output=tmp_path,
        figures=FIGURES,
        n_jobs=2,
        fresh=False,
        progress=False,
        say=lambda text: None,
    )
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
