import numpy as np
import pytest

from metastable.papers import load
from metastable.papers._crossing import crossing


def test_every_figure_runs_at_a_small_scale(at_small_scale, tmp_path):
    """Numbers are checked in verification/; here, that every figure and claim comes out of its jobs."""
    numbers = {"n_networks": 2, "n_trials": 2, "stimulus_trials": 2, "duration_ms": 2000.0, "r_ee": [1.0, 2.0, 3.5]}
    report = at_small_scale("litwin-kumar-doiron-2012", numbers, tmp_path)
    assert [f.name for f in report.figures] == ["rasters", "statistics", "transition", "stimulus"]
    for figure in report.figures:
        assert figure.png.stat().st_size > 10_000
        assert figure.pdf.stat().st_size > 5_000
    by_statement = {c.statement: c for c in report.claims}
    # Rates of single networks spread by 2 to 3 %; two short trials of two networks tell 2.0 from 3.25 with certainty.
    assert by_statement["E rate, uniform"].mean == pytest.approx(2.02, abs=0.3)
    assert by_statement["E rate, clustered"].mean == pytest.approx(3.27, abs=0.6)
    assert all(len(c.values) == 2 for c in report.claims)
    # Notes name the scale that was run.
    drop = "Change of the mean Fano factor of all E neurons, clustered, 5 clusters stimulated"
    assert "before: 1500 to 2500 ms" in by_statement[drop].note
    assert by_statement[drop].note.endswith("; 2 trials.")
    tau = "Time constant of the same-cluster covariance, clustered (panel f)"
    assert "mean of 0.5 s of each trial" in by_statement[tau].note
    assert all(np.isfinite(c.mean) for c in report.claims if "Time constant" not in c.statement)


def test_scales_follow_the_protocol():
    full = load("litwin-kumar-doiron-2012").scales["full"].numbers
    assert (full["n_networks"], full["n_trials"], full["duration_ms"], full["burn_in_ms"]) == (12, 9, 3000, 1500)


def test_crossing_interpolates():
    x, y = np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.8, 1.2])
    assert crossing(x, y, 1.0) == pytest.approx(2.5)
    assert np.isnan(crossing(x, y, 2.0))
