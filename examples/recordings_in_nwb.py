"""Write trials to Neurodata Without Borders (needs metastable[nwb]), and measure on what is read back."""

import numpy as np

import metastable as mst

network = mst.networks.litwin_kumar_doiron_2012(r_ee=2.5)
spikes = mst.simulate(network, duration_ms=1500, n_trials=5, seed=1)
print(mst.spikes.write(spikes, "recording.nwb"))

# Trials, silent neurons, populations and clusters come back; files of others are cut into trials by trials=True.
recording = mst.spikes.read("recording.nwb").select(population="E", time_ms=(500, 1500))
fano = np.nanmean(mst.statistics.fano_factor(recording, window_ms=100))
print(f"{recording.n_neurons} neurons, {recording.n_trials} trials: Fano factor {fano:.2f}")
