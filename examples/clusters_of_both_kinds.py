"""With inhibitory clusters too, clusters switch, and firing stays irregular (Rostami et al. 2024)."""

import metastable as mst

network = mst.networks.rostami_2024(j_e_plus=8, r_j=0.75)
spikes = mst.simulate(network, duration_ms=2000, seed=1).select(time_ms=(500, 2000), population="E")
print(f"{mst.statistics.mean_rate(spikes):.2f} spikes/s")
print(mst.statistics.local_cv2(spikes))
spikes.plot().figure.savefig("raster.png")
