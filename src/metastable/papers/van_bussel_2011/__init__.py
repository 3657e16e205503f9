"""Van Bussel, Kriener & Timme (2011): inferring synaptic connectivity from spatio-temporal spike patterns."""

from typing import Any

from metastable.papers._paper import Paper, Scale
from metastable.papers.van_bussel_2011 import (
    _certificate,
    _clustered,
    _exact,
    _jitter,
    _locking,
    _requirements,
    _sparse,
)

__all__ = ["PAPER"]

_QUICK = {
    "n_exact": 5,
    "n_accuracy": 3,
    "n_isis": list(range(1, 17)),
    "search_n": [20, 40, 80, 100],
    "densities": [0.1, 0.5],
    "n_search": 1,
    "n_locking": 3,
    "n_quality": 2,
    "n_whole": 10,
    "m": list(range(2, 51, 4)),
    "fewest_n": [20, 30, 40],
    "n_degrees": 6,
    "n_fewest": 2,
    "n_jitter": 3,
    "n_certificates": 34,
    # By number of neurons.
    "lengths_s": {"100": [2.0, 10.0], "200": [1.0, 2.0, 5.0, 10.0]},
    "n_clustered": 3,
}
_FULL = {
    "n_exact": 20,
    "n_accuracy": 10,
    "n_isis": list(range(1, 21)),
    "search_n": [20, 40, 80, 160, 250],
    "densities": [0.1, 0.3, 0.5],
    "n_search": 5,
    "n_locking": 10,
    "n_quality": 10,
    "n_whole": 50,
    "m": list(range(1, 51)),
    "fewest_n": list(range(20, 41)),
    "n_degrees": None,
    "n_fewest": 20,
    "n_jitter": 10,
    "n_certificates": 100,
    "lengths_s": {"100": [1.0, 2.0, 5.0, 10.0, 20.0], "200": [1.0, 2.0, 5.0, 10.0, 20.0], "400": [5.0, 10.0, 20.0]},
    "n_clustered": 5,
}


def _scale(name: str, what: str, numbers: dict[str, Any]) -> Scale:
    """Describe a scale by its numbers."""
    n_fewest = len(numbers["fewest_n"])
    description = (
        f"{what}: {numbers['n_exact']} networks of each kind (Figure 1), up to {numbers['search_n'][-1]} neurons "
        f"(Figure 2), {numbers['n_locking']} and {numbers['n_jitter']} networks (Figures 3 and 5), {n_fewest} sizes x "
        f"{numbers['n_degrees'] or 'all'} in-degrees x {numbers['n_fewest']} networks (Figure 4), "
        f"{numbers['n_clustered']} of each size with clusters"
    )
    return Scale(name, description, numbers)


PAPER = Paper(
    key="van-bussel-2011",
    citation="Van Bussel, Kriener & Timme (2011), Frontiers in Computational Neuroscience 5, 3",
    summary=(
        "Synapses from spike times. Between two spikes of a neuron whose parameters are known, its potential is known "
        "at both ends, which makes one linear equation for its incoming weights; enough intervals determine all of "
        "them, few suffice where connections are sparse, and intervals that were held out certify the result."
    ),
    scales={
        "quick": _scale("quick", "fewer networks than the paper", _QUICK),
        "full": _scale("full", "as in the paper, where it says", _FULL),
    },
    figures=(
        _exact.FIGURE_1,
        _requirements.FIGURE_2,
        _locking.FIGURE_3,
        _sparse.FIGURE_4,
        _jitter.FIGURE_5,
        _certificate.FIGURE_CERTIFICATE,
        _clustered.FIGURE_6,
    ),
)
