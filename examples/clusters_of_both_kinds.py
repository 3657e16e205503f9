"""With inhibitory clusters too, many clusters switch, and firing stays irregular (Rostami et al. 2024)."""

import metastable as mst

network = mst.networks.schmitt_2023(scale=20)
spikes = mst.simulate(network, duration_ms=1000, seed=1).select(time_ms=(200, 1000), population="E")
rates = mst.statistics.cluster_rates(spikes, bin_ms=10, smoothing_ms=20)
print(mst.statistics.mean_rate(spikes), mst.statistics.local_cv2(spikes))
print(mst.statistics.cluster_states(rates, sample_ms=10))
