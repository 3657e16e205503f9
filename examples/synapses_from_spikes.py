"""Find who is connected to whom, and how strongly, from spikes alone (Van Bussel, Kriener & Timme 2011)."""

import metastable as mst

wired = mst.networks.van_bussel_2011(kind="mixed", n_neurons=20).wire(seed=1)
spikes = mst.simulate(wired, duration_ms=2000, n_trials=20, drive_spread=0.025, seed=1)
found = mst.reconstruction.reconstruct(spikes, model=wired)
print(found)
print(mst.reconstruction.score(found.weights, wired.weights))
found.plot().savefig("synapses.png")
