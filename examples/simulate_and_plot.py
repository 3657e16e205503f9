"""Simulate a clustered network and draw its spikes: clusters switch between low and high activity."""

import metastable as mst

network = mst.networks.litwin_kumar_doiron_2012(r_ee=2.5)
spikes = mst.simulate(network, duration_ms=1500, seed=4)
print(network)
print(spikes)
spikes.select(population="E").plot().figure.savefig("raster.png")
