"""The protocol all figures share: trials of one network, burn-in discarded, excitatory neurons only."""

from __future__ import annotations

from metastable.networks import Stimulus, litwin_kumar_doiron_2012
from metastable.simulation import simulate
from metastable.spikes import SpikeData


def excitatory_spikes(
    *,
    seed: int,
    r_ee: float,
    network_index: int,
    n_trials: int,
    duration_ms: float,
    burn_in_ms: float,
    stimulus: Stimulus | None = None,
) -> SpikeData:
    """Simulate the trials of one network, on one thread because jobs already run beside each other."""
    spikes = simulate(
        litwin_kumar_doiron_2012(r_ee=r_ee),
        duration_ms=duration_ms,
        n_trials=n_trials,
        seed=seed,
        network_index=network_index,
        stimulus=stimulus,
        n_jobs=1,
        progress=False,
    )
    return spikes.select(time_ms=(burn_in_ms, duration_ms), population="E")
