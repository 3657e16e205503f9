"""A stimulus to some clusters makes counts less variable across trials (Litwin-Kumar & Doiron 2012, Figure 6)."""

import metastable as mst

network = mst.networks.litwin_kumar_doiron_2012(r_ee=2.5)
stimulus = mst.networks.Stimulus.step(0.07, start_ms=700, clusters=range(5))
spikes = mst.simulate(network, duration_ms=1400, n_trials=8, seed=1, stimulus=stimulus)
driven = spikes.select(cluster=range(5))
fano = mst.statistics.fano_factor_in_time(driven, window_ms=100, step_ms=50)
print(fano)
before, after = (driven.select(time_ms=window) for window in ((300, 700), (900, 1300)))
for name, part in (("before", before), ("after", after)):
    print(name, mst.statistics.fano_factor_by_window(part, windows_ms=[50, 100, 200], ddof=1))
