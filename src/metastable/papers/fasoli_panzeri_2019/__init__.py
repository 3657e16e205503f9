"""Fasoli & Panzeri (2019): small networks of binary neurons, exactly, at any number of neurons."""

from typing import Any

from metastable.papers._paper import Paper, Scale
from metastable.papers.fasoli_panzeri_2019 import (
    _bifurcations,
    _clusters,
    _correlations,
    _disorder,
    _mean_field,
    _sequences,
    _stationary_law,
)

__all__ = ["PAPER"]

_QUICK = {
    "n_runs": 5,
    "n_steps": 100_000,
    "n_stimuli": 8,
    "exact_n": [8, 16, 32, 64, 128],
    # Number of neurons, steps.
    "sampled_n": [[32, 40_000], [128, 20_000], [512, 6_000]],
    "n_playback": 20_000,
    "n_retention": 2_000,
    "n_sets": 10,
    "n_networks": 400,
    "n_wide": 2_000,
    "j_e_plus": [1.0, 1.3, 1.6, 1.9],
    "n_copies": 400,
    "n_updates": 4_000,
    "n_wired": 10,
}
_FULL = {
    "n_runs": 10,
    "n_steps": 1_000_000,
    "n_stimuli": 15,
    "exact_n": [8, 16, 32, 64, 128, 192],
    "sampled_n": [[32, 400_000], [128, 200_000], [512, 50_000], [1024, 20_000]],
    "n_playback": 200_000,
    "n_retention": 20_000,
    "n_sets": 50,
    "n_networks": 4_000,
    "n_wide": 20_000,
    "j_e_plus": [1.0, 1.15, 1.3, 1.45, 1.6, 1.75, 1.9],
    "n_copies": 2_000,
    "n_updates": 10_000,
    "n_wired": 40,
}


def _scale(name: str, what: str, numbers: dict[str, Any]) -> Scale:
    """Describe a scale by its numbers."""
    description = (
        f"{what}: exact up to N = {numbers['exact_n'][-1]}; {numbers['n_runs']} runs of {numbers['n_steps']:,} steps, "
        f"up to N = {numbers['sampled_n'][-1][0]}; {numbers['n_networks']:,} random networks of 10 neurons and "
        f"{numbers['n_wide']:,} of 80; {numbers['n_sets']} sets of patterns; {numbers['n_copies']:,} copies of clusters"
    )
    return Scale(name, description, numbers)


PAPER = Paper(
    key="fasoli-panzeri-2019",
    citation="Fasoli & Panzeri (2019), arXiv 1904.12798 (a review), and the papers it reviews",
    summary=(
        "Small networks of synchronous binary neurons without a limit of many: stationary laws and correlations, "
        "bifurcations, stored sequences, random weights, and how all of it nears the mean field. The mathematics "
        "is this project's own derivation; the tables of parameters of the papers were not at hand, so that the "
        "numbers are regression numbers of this project, each beside an independent algorithm or a simulation."
    ),
    scales={
        "quick": _scale("quick", "small samples beside exact numbers", _QUICK),
        "full": _scale("full", "large samples beside exact numbers", _FULL),
    },
    figures=(
        _bifurcations.FIGURE_BIFURCATIONS,
        _stationary_law.FIGURE_LAW,
        _correlations.FIGURE_CORRELATIONS,
        _mean_field.FIGURE_MEAN_FIELD,
        _sequences.FIGURE_SEQUENCES,
        _disorder.FIGURE_DISORDER,
        _clusters.FIGURE_CLUSTERS,
    ),
)
