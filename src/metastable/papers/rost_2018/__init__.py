"""Rost, Deger & Nawrot (2018): winnerless competition in clustered balanced networks with inhibitory assemblies."""

from typing import Any

from metastable.papers._paper import Paper, Scale
from metastable.papers.rost_2018 import (
    _architecture,
    _comparison,
    _dwell_times,
    _inhibition,
    _phase_planes,
    _response,
    _spiking,
    _spiking_stimulus,
    _states,
    _variance,
)

__all__ = ["PAPER"]

_STRENGTHS = {
    "variance_j_e": [
        1.0,
        1.4,
        1.7,
        1.9,
        1.95,
        2.0,
        2.05,
        2.1,
        2.15,
        2.2,
        2.25,
        2.3,
        2.4,
        2.5,
        2.6,
        2.7,
        2.8,
        2.9,
        3.0,
        3.2,
    ],
    "variance_j_ei": [
        1.0,
        2.0,
        2.5,
        3.0,
        3.25,
        3.5,
        3.75,
        4.0,
        4.5,
        5.0,
        5.5,
        6.0,
        7.0,
        8.0,
        9.0,
        10.0,
        12.0,
        14.0,
        17.0,
        20.0,
    ],
    "dwell_j_e": [3.5, 3.7, 4.0],
    "spiking_j_e": [1.0, 2.0, 2.5, 3.0, 3.25, 3.5, 3.7, 4.0, 4.5, 5.0],
    "spiking_j_ei": [1.0, 3.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 12.0, 14.0],
}

_QUICK = {
    **_STRENGTHS,
    "n_networks": 8,
    "n_trials": 3,
    "n_chain": 16,
    "n_comparison": 20,
    "n_dwell": 12,
    "n_dwell_chain": 6,
    "dwell_ms": 15000.0,
    "n_spiking": 4,
    "spiking_trials": 6,
    "spiking_stimulus_trials": 12,
}
_FULL = {
    **_STRENGTHS,
    "n_networks": 20,
    "n_trials": 20,
    "n_chain": 60,
    "n_comparison": 100,
    "n_dwell": 20,
    "n_dwell_chain": 12,
    "dwell_ms": 60000.0,
    "n_spiking": 12,
    "spiking_trials": 20,
    "spiking_stimulus_trials": 40,
}


def _scale(name: str, what: str, numbers: dict[str, Any]) -> Scale:
    """Describe a scale by its numbers."""
    description = (
        f"{what}: {numbers['n_networks']} networks x {numbers['n_trials']} trials of 1.5 s and {numbers['n_chain']} "
        f"trials of the chain (Figures 3, 7), {numbers['n_comparison']} networks (Figure 8), {numbers['n_dwell']} "
        f"networks x {numbers['dwell_ms'] / 1000:g} s (Figure 9), {numbers['n_spiking']} spiking networks"
    )
    return Scale(name, description, numbers)


PAPER = Paper(
    key="rost-2018",
    citation="Rost, Deger & Nawrot (2018), Biological Cybernetics 112, 81-98",
    summary=(
        "Balanced networks of binary neurons whose excitatory clusters compete. With clustered excitation alone the "
        "winner saturates; with inhibition clustered too, clusters of moderate rates take turns. Mean field, all its "
        "fixed points, finite-size theory and simulation."
    ),
    scales={
        "quick": _scale("quick", "fewer and shorter than the paper", _QUICK),
        "full": _scale("full", "as in the paper, where it has the figure", _FULL),
    },
    figures=(
        _phase_planes.FIGURE_1,
        _architecture.FIGURE,
        _variance.FIGURE_3,
        _states.FIGURE_4,
        _response.FIGURE_5,
        _inhibition.FIGURE_6,
        _states.FIGURE_7A,
        _variance.FIGURE_7B,
        _comparison.FIGURE_8,
        _dwell_times.FIGURE_9,
        _spiking.FIGURE,
        _spiking_stimulus.FIGURE,
    ),
)
