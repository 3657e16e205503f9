"""Litwin-Kumar & Doiron (2012): slow dynamics and high variability in balanced networks with clustered connections."""

from typing import Any

from metastable.papers._paper import Paper, Scale
from metastable.papers.litwin_kumar_doiron_2012 import _rasters, _statistics, _stimulus, _transition

__all__ = ["PAPER"]

_COMMON = {
    "n_trials": 9,
    "duration_ms": 3000.0,
    "burn_in_ms": 1500.0,
    "stimulus_trials": 20,
    "windows_ms": [25.0, 50.0, 75.0, 100.0, 125.0, 150.0, 175.0, 200.0],
}

_QUICK = {**_COMMON, "n_networks": 4, "r_ee": [1.0, 1.5, 1.75, 2.0, 2.25, 2.5, 2.75, 3.0, 3.5, 4.0]}
_FULL = {
    **_COMMON,
    "n_networks": 12,
    "r_ee": [1.0, 1.25, 1.5, 1.75, 2.0, 2.125, 2.25, 2.375, 2.5, 2.75, 3.0, 3.5, 4.0],
}


def _scale(name: str, what: str, numbers: dict[str, Any]) -> Scale:
    """Describe a scale by its numbers."""
    description = (
        f"{what}{numbers['n_networks']} networks of each kind, {numbers['n_trials']} trials of "
        f"{numbers['duration_ms'] / 1000:g} s (stimulus: {numbers['stimulus_trials']} of {_stimulus.END_MS / 1000:g} "
        f"s), the first {numbers['burn_in_ms'] / 1000:g} s discarded"
    )
    return Scale(name, description, numbers)


PAPER = Paper(
    key="litwin-kumar-doiron-2012",
    citation="Litwin-Kumar & Doiron (2012), Nature Neuroscience 15, 1498-1505",
    summary=(
        "A balanced network of 4,000 excitatory and 1,000 inhibitory integrate-and-fire neurons. Excitatory neurons in "
        "50 clusters are connected more often and more strongly within a cluster; the clusters then switch between low "
        "and high activity, and spike counts become variable from trial to trial until a stimulus quenches them."
    ),
    scales={
        "quick": _scale("quick", "", _QUICK),
        "full": _scale("full", "the paper's protocol: ", _FULL),
    },
    figures=(_rasters.FIGURE, _statistics.FIGURE, _transition.FIGURE, _stimulus.FIGURE),
)
