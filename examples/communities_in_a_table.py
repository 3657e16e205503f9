"""Write a CSV of neuron and time as any program would, and find groups of neurons in it, or that there are none."""

from pathlib import Path

import metastable as mst

trains, planted = mst.spikes.fellous_2004(n_groups=3, noise_level=2, seed=1)
lines = (f"{neuron},{time}\n" for neuron, time in zip(trains.neuron, trains.time_ms, strict=True))
Path("trains.csv").write_text("neuron,time_ms\n" + "".join(lines))

groups = mst.communities.detect(mst.spikes.read("trains.csv"), seed=2)
print(groups, mst.communities.normalized_mutual_information(groups.labels, planted))
groups.plot().figure.savefig("groups.png")
