import dataclasses
import json

import numpy as np
import pytest

from metastable.networks import BinaryNetwork, BinaryPopulation, ClusterLayout, Connection, rost_2018


def population(name="E", size=60, layout=None, **facts):
    return BinaryPopulation(name=name, size=size, layout=layout, **{"tau_ms": 10, **facts})


def network(layout=None, **facts):
    connection = Connection(post="E", pre="E", **{"probability": 0.2, "weight": 0.1, **facts})
    return BinaryNetwork(populations=(population(layout=layout),), connections=(connection,))


LAYOUTS = {
    "equal": ClusterLayout.equal(60, 5),
    "unequal": ClusterLayout.unequal([5, 10, 30], n_neurons=60),
    "overlapping": ClusterLayout.overlapping(60, 7, size=13),
    "background": ClusterLayout.equal(60, 4, background=0.4),
}


# ------------------------------------------------------------------ data


@pytest.mark.parametrize("layout", [None, *LAYOUTS.values()], ids=["none", *LAYOUTS])
def test_dict_through_json(layout):
    net = network(layout, **({"probability_ratio": 1.5, "j_plus": 1.3, "j_minus": None} if layout else {}))
    again = BinaryNetwork.from_dict(json.loads(json.dumps(net.to_dict())))
    assert again == net
    assert repr(again) == repr(net)
    assert isinstance(again.populations[0], BinaryPopulation)


def test_numpy_numbers_are_json_ready():
    net = BinaryNetwork(
        populations=[
            population(size=np.int64(8), tau_ms=np.float32(2.5), threshold=np.int32(2), drive=np.float64(0.5)),
        ],
        connections=[Connection(post="E", pre="E", probability=np.float32(0.5), weight=np.float32(0.5))],
    )
    assert BinaryNetwork.from_dict(json.loads(json.dumps(net.to_dict()))) == net
    assert isinstance(net.populations, tuple)


def test_defaults():
    p = BinaryPopulation(name="E", size=3, tau_ms=1)
    assert (p.threshold, p.drive, p.layout) == (1.0, 0.0, None)


def test_uniform_network_keeps_labels_and_loses_clustering():
    net = network(LAYOUTS["equal"], probability_ratio=2, j_plus=1.5, j_minus=None)
    plain = net.uniform()
    assert isinstance(plain, BinaryNetwork)
    np.testing.assert_array_equal(plain.cluster, net.cluster)
    block = plain.block("E", "E")
    assert (block.p_in, block.p_out, block.j_in, block.j_out) == (0.2, 0.2, 0.1, 0.1)
    assert plain.name.endswith(", uniform")
    assert plain.populations == net.populations


def test_labels():
    net = rost_2018(n_e=40, n_clusters=4, j_e_plus=2)
    assert net.cluster.tolist() == [c for c in range(4) for _ in range(10)] + [-1] * 10
    assert rost_2018(n_e=40, n_i=8, n_clusters=4, j_e_plus=2, r_j=1).cluster[40:].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert net.population_names.tolist() == ["E"] * 40 + ["I"] * 10


def test_summary():
    net = rost_2018(j_e_plus=4, r_j=0.75)
    text = net.summary()
    assert repr(net) == text
    assert "Rost, Deger & Nawrot 2018, J_E+ = 4, J_I+ = 3.25: 5,000 binary units" in text
    assert "E    4,000 units  tau 10 ms  threshold 1  drive 0.8485  20 clusters" in text
    assert "E->E   p 0.2000 J +0.02977  within a cluster p 0.2000 J +0.14142" in text
    plain = rost_2018().summary()
    assert "I    1,000 units  tau 5 ms  threshold 1  drive 0.6788  no clusters" in plain
    assert "within a cluster" not in plain


# ------------------------------------------------------------------ wiring


def test_rows_are_postsynaptic():
    # Everybody in B hears everybody in A, and nobody else hears anybody.
    net = BinaryNetwork(
        populations=(population("A", 70), population("B", 30)),
        connections=(Connection(post="B", pre="A", probability=1, weight=2.0),),
    )
    wired = net.wire(1)
    assert wired.n_synapses == 70 * 30
    assert wired.adjacency("B", "A").all()
    assert not wired.adjacency("A", "B").any()
    weights = wired.weight_matrix().toarray()
    np.testing.assert_array_equal(weights, np.kron([[0, 0], [2, 0]], np.ones((70, 70)))[:100, :100])
    # Bits of a row: sources of the unit at that position.
    first = wired.words["B"].start * 64
    assert np.bitwise_count(wired.bits[first]).sum() == 70
    assert not wired.bits[:first].any()


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_weight_matrix(layout):
    net = network(layout, probability=0.5, probability_ratio=1.2, j_plus=1.7, j_minus=0.4)
    wired = net.wire(3)
    weights, connected = wired.weight_matrix().toarray(), wired.adjacency("E", "E")
    share = np.array([[bool((a & b).any()) for b in layout.membership] for a in layout.membership])
    np.testing.assert_array_equal(weights[connected & share], 0.1 * 1.7)
    np.testing.assert_array_equal(weights[connected & ~share], 0.1 * 0.4)
    assert not weights[~connected].any()
    assert not np.diagonal(connected).any()
    assert abs(connected.mean() / 0.5 - 1) < 0.1


def test_each_network_has_its_own_wiring():
    net = rost_2018(n_e=200, n_clusters=4)
    first, again, second, other = net.wire(1), net.wire(1), net.wire(1, network_index=1), net.wire(2)
    np.testing.assert_array_equal(first.bits, again.bits)
    assert (first.bits != second.bits).any()
    assert (first.bits != other.bits).any()


@pytest.mark.parametrize(
    "options",
    [
        {"j_e_plus": 3},
        {"j_e_plus": 4, "r_j": 0.75},
        {"j_e_plus": 4, "j_i_plus": 2},
        {"g": 2.0},
        {"m_x": 0.1},
        {"tau_ratio": 2},
    ],
    ids=str,
)
def test_one_wiring_serves_other_weights(options):
    net, other = (rost_2018(n_e=400, n_clusters=4, **o) for o in ({"j_e_plus": 2}, options))
    wired = net.wire(7, network_index=2)
    changed = wired.with_weights_of(other)
    assert changed.network is other
    assert changed.bits is wired.bits
    assert (changed.seed, changed.network_index) == (7, 2)
    np.testing.assert_array_equal(changed.bits, other.wire(7, network_index=2).bits)
    np.testing.assert_array_equal(
        changed.weight_matrix().toarray(), other.wire(7, network_index=2).weight_matrix().toarray()
    )
    # There and back, also between networks with and without inhibitory clusters.
    assert changed.with_weights_of(net).network == net


@pytest.mark.parametrize(
    "options",
    [
        {"n_e": 800},
        {"n_i": 80},
        {"clustering": "probability", "j_e_plus": 2},
    ],
    ids=str,
)
def test_one_wiring_does_not_serve_other_connections(options):
    wired = rost_2018(n_e=400, n_clusters=4).wire(1)
    with pytest.raises(ValueError, match="so these connections are not its own; wire it instead"):
        wired.with_weights_of(rost_2018(**{"n_e": 400, "n_clusters": 4, **options}))


def test_one_wiring_does_not_serve_other_clusters_of_probability():
    wired = rost_2018(n_e=400, n_clusters=4, clustering="probability", j_e_plus=2).wire(1)
    # As many pairs share a cluster as before, so the probabilities are the same; the pairs are others.
    layout = ClusterLayout.from_membership(np.tile(np.eye(4, dtype=bool), (100, 1)))
    first, second = wired.network.populations
    other = dataclasses.replace(wired.network, populations=(dataclasses.replace(first, layout=layout), second))
    assert other.block("E", "E") == wired.network.block("E", "E")
    with pytest.raises(ValueError, match="other sizes, layouts or connection probabilities"):
        wired.with_weights_of(other)
    with pytest.raises(ValueError, match="wire it instead"):
        wired.with_weights_of(dataclasses.replace(wired.network, connections=wired.network.connections[::-1]))


@pytest.mark.parametrize("facts", [{"probability": 0.3}, {"probability_ratio": 2.0}])
def test_one_wiring_does_not_serve_other_probabilities(facts):
    wired = network(LAYOUTS["equal"], probability_ratio=facts.get("probability_ratio", 1) + 0.5).wire(1)
    with pytest.raises(ValueError, match="wire it instead"):
        wired.with_weights_of(network(LAYOUTS["equal"], **facts))
    plain = network(probability=0.2).wire(1)
    with pytest.raises(ValueError, match="wire it instead"):
        plain.with_weights_of(network(probability=0.3))


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"size": 0}, ValueError, "size of E must be at least 1, got 0"),
        ({"size": 2.0}, TypeError, r"size of E must be an integer, got 2\.0"),
        ({"tau_ms": 0}, ValueError, "tau_ms of E must be above 0, got 0"),
        ({"tau_ms": "10"}, TypeError, "tau_ms of E must be a number, got '10'"),
        ({"threshold": np.nan}, ValueError, "threshold of E must be finite, got nan"),
        ({"drive": np.inf}, ValueError, "drive of E must be finite, got inf"),
        ({"drive": True}, TypeError, "drive of E must be a number, got True"),
        (
            {"layout": ClusterLayout.equal(4, 2)},
            ValueError,
            "layout of E is for 4 units but the population has 60; give both the same number",
        ),
    ],
)
def test_populations_that_are_refused(change, error, said):
    with pytest.raises(error, match=said):
        population(**change)


def test_networks_that_are_refused():
    e = population()
    to = Connection(post="E", pre="E", probability=0.1, weight=1)
    with pytest.raises(ValueError, match=r"at least one, with distinct names, got \['E', 'E'\]"):
        BinaryNetwork(populations=(e, e), connections=())
    with pytest.raises(ValueError, match="at most one connection for each pair of populations"):
        BinaryNetwork(populations=(e,), connections=(to, to))
    with pytest.raises(ValueError, match=r"there is no population 'X'; known are \['E'\]"):
        BinaryNetwork(populations=(e,), connections=(dataclasses.replace(to, post="X"),))
    with pytest.raises(ValueError, match="E->E is clustered but one of its populations has no cluster layout"):
        network(j_plus=2)
    with pytest.raises(ValueError, match="needs a negative weight between clusters to keep the mean"):
        network(LAYOUTS["equal"], j_plus=6, j_minus=None)
    with pytest.raises(ValueError, match="there is no connection from 'E' to 'I'"):
        rost_2018().__class__(populations=rost_2018().populations, connections=()).block("I", "E")
    with pytest.raises(ValueError, match="network_index must be at least 0"):
        network().wire(1, network_index=-1)
    with pytest.raises(ValueError, match="seed must be at least 0"):
        network().wire(-1)
