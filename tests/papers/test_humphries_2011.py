import os
from pathlib import Path

import numpy as np
import pytest

from metastable.communities import detect, sliding_windows
from metastable.papers import load, reproduce
from metastable.papers._paper import Results
from metastable.papers.humphries_2011._protocol import (
    from_groups,
    from_spikes,
    from_windows,
    to_groups,
    to_spikes,
    to_windows,
    widths_ms,
    within_two_errors,
)
from metastable.papers.humphries_2011._responses import _in_order
from metastable.papers.humphries_2011._synthetic import (
    FIGURE_4,
    GROUPS,
    LEVELS,
    REFERENCE,
    best_agreement,
    chance_of,
    groups_of,
)
from metastable.spikes import cortex_like, fellous_2004

DATA = Path(os.environ.get("METASTABLE_DATA", Path(__file__).parents[3] / "shared" / "data"))

SMALL = {
    "n_louvain": {"2": 1, "3": 2, "5": 1},
    "n_kmeans": {"3": 0},
    "n_random": 50,
    "n_sessions": 1,
    "n_starts": 2,
    "n_recordings": 1,
    "duration_ms": {"V2-like": 60_000.0, "V1-like": 60_000.0},
    "n_widths": 2,
    "n_window_starts": 2,
    "n_clusters": 4,
    "per_cluster": 5,
    "n_networks": 1,
    "n_network_starts": 2,
    "n_neurons": [20, 40],
    "largest_kmeans": 20,
    "n_scaling_sets": 2,
    "n_fixed": 20,
    "rate_widths": [1.0, 2.0],
}
# The noise levels take most of the time; their claims are tested by themselves.
FIGURES = ["example", "responses", "windows", "ensembles", "coherence", "network", "scaling"]


@pytest.fixture
def run(at_small_scale, tmp_path):
    return lambda figures, data=None, **numbers: at_small_scale(
        "humphries-2011", SMALL | numbers, tmp_path, figures=figures, data=data
    )


def test_figures_run_at_a_small_scale(run):
    report = run(FIGURES)
    assert [figure.name for figure in report.figures] == FIGURES
    assert all(figure.png.stat().st_size > 10_000 for figure in report.figures)
    by_statement = {claim.statement: claim for claim in report.claims}
    for statement in (
        "Largest agreement (NMI) with the planted groups over 7 timescales, binless",
        "Groups of responses, resets",
        "Groups of responses, no response",
        "Share of windows with groups, V2-like",
    ):
        assert by_statement[statement].verdict == "reproduced", statement
    # Figures of recordings are left out where there are none.
    assert "recordings" not in [figure.name for figure in report.figures]


def test_scales_follow_the_paper():
    full = load("humphries-2011").scales["full"].numbers
    assert full["n_louvain"] == {"2": 30, "3": 30, "5": 30}
    assert full["n_kmeans"]["3"] == 30
    assert full["duration_ms"]["V2-like"] == 299_000
    assert full["n_neurons"][-1] == 1000
    assert (full["n_scaling_sets"], len(full["rate_widths"])) == (20, 11)
    assert widths_ms(10)[0] == pytest.approx(28.87, abs=0.01)


def test_agreement_by_noise_level():
    low, high = (
        groups_of(seed=1, n_groups=3, noise_level=level, index=0, kind="cosine", method="louvain") for level in (1, 9)
    )
    assert low["nmi"].max() == 1
    assert high["nmi"].max() < 0.3
    assert low["partitions"].shape == (7, 105)
    assert chance_of(seed=1, n_groups=3, n_random=1000)["nmi"].mean() == pytest.approx(0.018, abs=0.001)


def noise_results(shift):
    """Two sets whose mean agreement is that of the reference, shifted."""
    groups = {f"chance {n}": [{"nmi": np.array([0.01, 0.02, 0.03])}] for n in GROUPS}
    for (method, kind), (targets, _) in REFERENCE.items():
        for n in GROUPS:
            for level in LEVELS:
                groups[f"{method} {kind} {n} {level}"] = [
                    {"nmi": np.array([0.0, targets[level] + shift + d])} for d in (-0.01, 0.01)
                ]
    return Results(groups)


def test_claims_of_noise_compare_with_the_reference():
    results = noise_results(0.0)
    assert best_agreement(results, "kmeans", "binned", 5).shape == (2, 10)
    claims = [claim for claim in FIGURE_4.claims(results) if "(reference)" in claim.paper]
    assert len(claims) == 40
    assert {claim.verdict for claim in claims} == {"reproduced"}
    shifted = [claim for claim in FIGURE_4.claims(noise_results(0.3)) if "(reference)" in claim.paper]
    assert {claim.verdict for claim in shifted} == {"deviates"}


def test_two_standard_errors():
    values = np.array([0.4, 0.6])
    low, high = within_two_errors(0.5, values, n_target=2, rounding=0.0)
    assert (high - low) / 2 == pytest.approx(2 * np.sqrt(0.02) * 1.0)
    # Sets without a spread leave the rounding of the target.
    assert within_two_errors(1.0, [1.0, 1.0], n_target=20) == pytest.approx((0.995, 1.005))
    floor = within_two_errors(1.0, [1.0, 1.0], n_target=2, rounding=0.0, least_spread=0.1)
    assert floor == pytest.approx((0.8, 1.2))


def test_order_of_groups_in_time():
    assert _in_order(np.repeat([0, 1], 20)) == pytest.approx(1)
    assert abs(_in_order(np.random.default_rng(1).integers(2, size=5000))) < 0.05
    assert np.isnan(_in_order(np.full(5, -1)))


def test_groups_windows_and_spikes_survive_storage():
    spikes, _ = fellous_2004(n_groups=2, noise_level=1, seed=1)
    np.testing.assert_array_equal(to_spikes(from_spikes(spikes)).time_ms, spikes.time_ms)
    found = detect(spikes, sigmas_ms=[5, 10], n_starts=2, seed=1)
    again = to_groups(from_groups(found))
    assert repr(again) == repr(found)
    trains, _ = cortex_like(n_neurons=10, duration_ms=3000, seed=1)
    windows = sliding_windows(trains, width_ms=1000, step_ms=500, sigmas_ms=[50], n_starts=2, n_random=20, seed=1)
    assert repr(to_windows(from_windows(windows))) == repr(windows)


def test_recordings_are_read_where_there_are_any(run):
    if not (DATA / "Jan1312da04spks.mat").exists():
        pytest.skip(f"no recordings in {DATA}; set METASTABLE_DATA to their folder")
    report = run(["recordings"], DATA, n_window_starts=1)
    assert [figure.name for figure in report.figures] == ["recordings"]
    best = [claim for claim in report.claims if "best known" in claim.paper]
    assert len(best) == 4
    assert {claim.verdict for claim in best} == {"reproduced"}


def test_errors_about_recordings(run, tmp_path):
    with pytest.raises(ValueError, match="figure 'recordings' is of recordings; give their folder as data"):
        run(["recordings"])
    with pytest.raises(ValueError, match=r"holds none of the recordings Feb1312da06spks\.mat"):
        run(["recordings"], tmp_path)
    with pytest.raises(ValueError, match="data must be a folder"):
        run(["recordings"], tmp_path / "missing")
    with pytest.raises(ValueError, match="rost-2018 has no figure of recordings; leave data out"):
        reproduce("rost-2018", data=tmp_path, output=tmp_path)
