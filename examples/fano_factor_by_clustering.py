"""Counts vary more from trial to trial the stronger the clustering (Litwin-Kumar & Doiron 2012, Figure 4)."""

import numpy as np

import metastable as mst

for r_ee in (1.0, 2.0, 2.8):
    network = mst.networks.litwin_kumar_doiron_2012(n_e=2000, n_clusters=25, r_ee=r_ee)
    spikes = mst.simulate(network, duration_ms=1000, n_trials=4, seed=1).select(time_ms=(200, 1000), population="E")
    print(f"R_EE {r_ee}: Fano factor {np.nanmean(mst.statistics.fano_factor(spikes, window_ms=100, ddof=1)):.2f}")
