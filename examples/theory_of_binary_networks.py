"""All states of a clustered binary network, how they depend on clustering, and the simulation beside them."""

import metastable as mst

network = mst.networks.rost_2018(n_e=800, n_clusters=4, j_e_plus=2.9)
print(mst.meanfield.fixed_points(network))
diagram = mst.meanfield.bifurcation_diagram(
    lambda j: mst.networks.rost_2018(n_e=800, n_clusters=4, j_e_plus=j), start=1.5, stop=4, n_active=1
)
print(diagram)
diagram.plot().figure.savefig("states.png")
mst.simulate(network, duration_ms=1000, seed=1).plot().figure.savefig("activity.png")
