"""Replace the weights of a network by any others, one for each synapse, and simulate what that changes."""

import numpy as np

import metastable as mst

wired = mst.networks.litwin_kumar_doiron_2012(n_e=400, n_clusters=5).wire(seed=1)
weights = wired.weight_matrix()
weights.data *= np.random.default_rng(1).lognormal(-0.125, 0.5, weights.data.size)  # mean 1, long tail
for name, network in (("constant weights", wired), ("lognormal weights", wired.with_synapses(weights))):
    print(name, mst.statistics.mean_rate(mst.simulate(network, duration_ms=500, seed=1)), "spikes/s")
