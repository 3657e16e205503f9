"""Is a correlation more than chance? Shift each train by a random time, and look again."""

import metastable as mst

spikes, groups = mst.spikes.fellous_2004(n_groups=3, noise_level=2, seed=1)
spikes = spikes.with_labels(cluster=groups)
print("measured", mst.statistics.count_correlations(spikes, window_ms=20))
print("shifted", mst.statistics.count_correlations(mst.spikes.shift_trains(spikes, seed=2), window_ms=20))
