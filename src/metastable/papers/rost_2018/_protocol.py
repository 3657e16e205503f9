"""What the figures of Rost et al. (2018) share: names of the architectures, and one simulated network."""

from __future__ import annotations

from metastable.networks import rost_2018
from metastable.simulation import BinaryActivity, simulate

# Architecture: the relative inhibitory clustering R_J.
ARCHITECTURES = {"E": 0.0, "E/I": 0.75}


def activity_of(
    *,
    seed: int,
    j_e_plus: float,
    r_j: float,
    network_index: int,
    duration_ms: float,
    n_trials: int = 1,
    record_spikes: bool = False,
) -> BinaryActivity:
    """Simulate trials of one network, on one thread because jobs already run beside each other."""
    return simulate(
        rost_2018(j_e_plus=j_e_plus, r_j=r_j),
        duration_ms=duration_ms,
        n_trials=n_trials,
        seed=seed,
        network_index=network_index,
        record_spikes=record_spikes,
        n_jobs=1,
        progress=False,
    )
