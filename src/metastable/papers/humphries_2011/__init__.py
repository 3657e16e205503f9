"""Humphries (2011): spike-train communities, finding groups of similar spike trains."""

from typing import Any

from metastable.papers._paper import Paper, Scale
from metastable.papers.humphries_2011 import (
    _ensembles,
    _network,
    _recordings,
    _responses,
    _scaling,
    _synthetic,
    _windows,
)

__all__ = ["PAPER"]

_QUICK = {
    # Sets by number of planted groups.
    "n_louvain": {"2": 3, "3": 4, "5": 3},
    "n_kmeans": {"3": 3},
    "n_random": 1000,
    "n_sessions": 3,
    "n_starts": 5,
    "n_recordings": 2,
    "duration_ms": {"V2-like": 120_000.0, "V1-like": 120_000.0},
    "n_widths": 10,
    "n_window_starts": 5,
    "n_clusters": 20,
    "per_cluster": 20,
    "n_networks": 2,
    "n_network_starts": 5,
    "n_neurons": [50, 100, 200, 400, 800],
    "largest_kmeans": 200,
    "n_scaling_sets": 3,
    "n_fixed": 100,
    "rate_widths": [1.0, 1.2, 1.4, 1.6, 1.8, 2.0],
}
_FULL = {
    "n_louvain": {"2": 30, "3": 30, "5": 30},
    # A minute for each set of five groups, of which there are two kinds at ten levels.
    "n_kmeans": {"2": 30, "3": 30, "5": 3},
    "n_random": 1000,
    "n_sessions": 10,
    "n_starts": 20,
    "n_recordings": 4,
    "duration_ms": {"V2-like": 299_000.0, "V1-like": 120_000.0},
    "n_widths": 10,
    "n_window_starts": 20,
    "n_clusters": 20,
    "per_cluster": 80,
    "n_networks": 3,
    "n_network_starts": 20,
    "n_neurons": [50, 100, 200, 400, 700, 1000],
    "largest_kmeans": 200,
    "n_scaling_sets": 20,
    "n_fixed": 200,
    "rate_widths": [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0],
}


def _scale(name: str, what: str, numbers: dict[str, Any]) -> Scale:
    """Describe a scale by its numbers."""
    description = (
        f"{what}: {numbers['n_louvain']['3']} sets at each noise level (Figure 4), {numbers['n_sessions']} sessions "
        f"(Figure 5), {numbers['n_recordings']} recordings of {numbers['duration_ms']['V2-like'] / 1000:g} s (Figures "
        f"6 to 8), {numbers['n_networks']} networks (Figure 9), {numbers['n_scaling_sets']} sets of up to "
        f"{numbers['n_neurons'][-1]} trains (Figure 10)"
    )
    return Scale(name, description, numbers)


PAPER = Paper(
    key="humphries-2011",
    citation="Humphries (2011), Journal of Neuroscience 31, 2321-2336",
    summary=(
        "Groups of similar spike trains, as communities of a network whose links are similarities: the largest "
        "modularity decides how many groups there are, shuffled trains whether there are any. On generated trains with "
        "known groups, a simulated network, and unstructured trains; on recordings with --data."
    ),
    scales={
        "quick": _scale("quick", "fewer and shorter than the paper", _QUICK),
        "full": _scale("full", "as in the paper, where it says", _FULL),
    },
    figures=(
        _synthetic.FIGURE_3,
        _synthetic.FIGURE_4,
        _responses.FIGURE_5,
        _windows.FIGURE_6,
        _ensembles.FIGURE_7,
        _ensembles.FIGURE_7_PAIRS,
        _network.FIGURE_9,
        _scaling.FIGURE_10,
        _recordings.FIGURE,
    ),
)
