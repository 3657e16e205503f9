"""The loop: structure makes dynamics, dynamics make spikes, and from spikes the structure is read back."""

from typing import Any

from metastable.papers._paper import Paper, Scale
from metastable.papers.loop import _detection, _quenching, _states, _synapses

__all__ = ["PAPER"]

_QUICK = {
    "strengths": {
        "E": [1.0, 1.5, 1.75, 2.0, 2.25, 2.5, 2.75, 3.25],
        "E/I": [1.0, 3.0, 5.0, 6.5, 8.0, 12.0],
    },
    "n_detection": 3,
    "detection_ms": 20_000.0,
    "detection_neurons": 400,
    "lengths_ms": [2500.0, 5000.0, 10_000.0, 20_000.0, 40_000.0],
    "sizes": [50, 100, 200, 400, 1000, 2000],
    "n_synapses": 3,
    "synapse_n_e": 80,
    "synapse_s": 5.0,
    "synapse_r_ee": [1.0, 1.5, 2.0, 2.5, 3.0],
    "synapse_lengths_s": [1.0, 2.0, 5.0],
    "n_states": 4,
    "states_ms": 30_000.0,
    "passage_n_e": [2400, 3200, 4000, 5600],
    "exact_n_e": [16, 24, 32, 40, 48],
    "n_quenching": 3,
    "quenching_trials": 10,
}
_FULL = _QUICK | {
    "strengths": {
        "E": [1.0, 1.25, 1.5, 1.75, 2.0, 2.125, 2.25, 2.375, 2.5, 2.625, 2.75, 3.0, 3.25, 3.5],
        "E/I": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 12.0, 14.0],
    },
    "n_detection": 10,
    "detection_ms": 40_000.0,
    "detection_neurons": 1000,
    "lengths_ms": [2500.0, 5000.0, 10_000.0, 20_000.0, 40_000.0, 80_000.0, 160_000.0],
    "n_synapses": 10,
    "synapse_n_e": 160,
    "synapse_lengths_s": [1.0, 2.0, 5.0, 10.0],
    "n_states": 12,
    "states_ms": 60_000.0,
    "passage_n_e": [2400, 3200, 4000, 5600, 8000],
    "n_quenching": 10,
    "quenching_trials": 30,
}


def _scale(name: str, what: str, numbers: dict[str, Any]) -> Scale:
    """Describe a scale by its numbers."""
    description = (
        f"{what}: {numbers['n_detection']} networks x {numbers['detection_ms'] / 1000:g} s, "
        f"{numbers['detection_neurons']} neurons (detection), {numbers['n_synapses']} networks of "
        f"{numbers['synapse_n_e']} E neurons (synapses), {numbers['n_states']} networks x "
        f"{numbers['states_ms'] / 1000:g} s (states), {numbers['n_quenching']} networks x "
        f"{numbers['quenching_trials']} trials (quenching)"
    )
    return Scale(name, description, numbers)


PAPER = Paper(
    key="loop",
    citation="The loop: structure, dynamics, spikes, and structure again (not a published paper)",
    summary=(
        "Clustered networks are simulated and their clusters and synapses read back from the spikes alone. Where does "
        "detection begin, beside the transition of the dynamics? What do synapses tell that spikes do not? How long "
        "do clusters stay active, in theory and in networks, and what does a stimulus do to all of it?"
    ),
    scales={
        "quick": _scale("quick", "minutes", _QUICK),
        "full": _scale("full", "hours", _FULL),
    },
    figures=(_detection.FIGURE, _synapses.FIGURE, _states.FIGURE, _quenching.FIGURE),
)
