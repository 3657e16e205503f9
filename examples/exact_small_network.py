"""A small network of binary neurons, without approximation: all attractors over a stimulus, and exact statistics."""

import metastable as mst

network = mst.networks.FiniteSizeNetwork.homogeneous({"E": 4, "I": 4}, coupling=[[6, -4], [7, -3]], sigma=1.0)
print(network)
print(mst.finite_size.exact_statistics(network))
diagram = mst.finite_size.bifurcation_diagram(network)
print(diagram)
diagram.plot().savefig("attractors.png")
