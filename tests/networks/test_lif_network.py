import dataclasses
import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metastable.networks import ClusterLayout, Connection, LIFNetwork, Population, Synapse

SYNAPSE = Synapse(tau_decay_ms=3, tau_rise_ms=1)


def population(name="E", size=60, layout=None, **facts):
    return Population(
        name=name, size=size, layout=layout, **{"tau_m_ms": 15, "synapse": SYNAPSE, "bias": (1, 1), **facts}
    )


def network(layout, i_layout=None, **facts):
    """One clustered connection E->E; with a layout on I also one from I to E."""
    populations = [population(layout=layout, size=layout.n_neurons if layout else 60)]
    connections = [Connection(post="E", pre="E", **{"probability": 0.2, "weight": 0.1, **facts})]
    if i_layout is not None:
        populations.append(population("I", i_layout.n_neurons, i_layout))
        connections.append(Connection(post="E", pre="I", **{"probability": 0.5, "weight": -0.1, **facts}))
    return LIFNetwork(populations=populations, connections=connections)


LAYOUTS = {
    "equal": ClusterLayout.equal(60, 5),
    "unequal": ClusterLayout.unequal([5, 10, 30], n_neurons=60),
    "overlapping": ClusterLayout.overlapping(60, 7, size=13),
    "background": ClusterLayout.equal(60, 4, background=0.4),
    "any": ClusterLayout.from_membership(np.random.default_rng(1).random((60, 5)) < 0.3),
}


def shared_pairs(post, pre):
    """Brute force, independent of the package's own counting."""
    return np.array([[bool((a & b).any()) for b in pre.membership] for a in post.membership])


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("ratio", [0.3, 1, 1.7, 2.5])
def test_mean_probability_is_kept(layout, ratio):
    block = network(layout, probability_ratio=ratio).block("E", "E")
    share = shared_pairs(layout, layout)
    assert np.where(share, block.p_in, block.p_out).mean() == pytest.approx(0.2, rel=1e-12)
    assert block.mean_probability == pytest.approx(0.2, rel=1e-12)
    if ratio != 1:
        assert block.p_in / block.p_out == pytest.approx(ratio)
        assert block.shared == share.mean()


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("ratio", [0.5, 1, 2.0])
@pytest.mark.parametrize("j_plus", [0.0, 0.5, 1.5])
def test_mean_weight_is_kept_without_j_minus(layout, ratio, j_plus):
    block = network(layout, probability_ratio=ratio, j_plus=j_plus, j_minus=None).block("E", "E")
    share = shared_pairs(layout, layout)
    weight = np.where(share, block.p_in * block.j_in, block.p_out * block.j_out)
    assert block.j_in == pytest.approx(0.1 * j_plus)
    assert weight.mean() == pytest.approx(0.2 * 0.1, rel=1e-12)
    assert block.mean_weight == pytest.approx(0.2 * 0.1, rel=1e-12)


@given(q=st.integers(2, 30), j_plus=st.floats(0, 2))
def test_j_minus_of_equal_clusters(q, j_plus):
    block = network(ClusterLayout.equal(4 * q, q), j_plus=j_plus, j_minus=None).block("E", "E")
    assert block.j_out == pytest.approx(0.1 * (q - j_plus) / (q - 1))


def test_explicit_j_minus():
    block = network(LAYOUTS["equal"], j_plus=2, j_minus=0.25).block("E", "E")
    assert (block.j_in, block.j_out) == pytest.approx((0.2, 0.025))


def test_between_two_clustered_populations():
    post, pre = LAYOUTS["unequal"], ClusterLayout.overlapping(24, 3, size=9)
    net = network(post, pre, probability_ratio=1.5, j_plus=1.2, j_minus=None)
    block = net.block("E", "I")
    share = shared_pairs(post, pre)
    assert np.where(share, block.p_in, block.p_out).mean() == pytest.approx(0.5)
    weight = np.where(share, block.p_in * block.j_in, block.p_out * block.j_out)
    assert weight.mean() == pytest.approx(-0.05)


@given(
    layout=st.sampled_from(list(LAYOUTS.values())),
    probability=st.floats(0.05, 0.95),
    excess=st.floats(1.001, 50),
    below=st.booleans(),
)
def test_the_limit_in_the_sentence_is_the_limit(layout, probability, excess, below):
    """The printed limit is accepted, a millionth beyond it is refused with the same limit."""

    def limit_of(ratio):
        try:
            network(layout, probability=probability, probability_ratio=ratio)
        except ValueError as error:
            words = "between clusters .* must be at least" if below else "within clusters .* may be at most"
            return float(re.search(rf"makes the probability {words} ([\d.e-]+)\.$", str(error)).group(1))
        return None

    start = 0.0 if below else 1e9
    limit = limit_of(start)
    if limit is None:
        # Nothing can exceed 1: fewer pairs are shared than connected (or the other way round).
        share = shared_pairs(layout, layout).mean()
        assert probability <= 1 - share if below else probability <= share + 1e-9
        return
    assert limit_of(limit) is None
    beyond = limit - 2e-6 * excess if below else limit + 2e-6 * excess
    if beyond >= 0:
        assert limit_of(beyond) == limit
    block = network(layout, probability=probability, probability_ratio=limit).block("E", "E")
    assert max(block.p_in, block.p_out) == pytest.approx(1, abs=2e-6)
    assert max(block.p_in, block.p_out) <= 1


def test_r_ee_too_large_says_how_much_is_possible():
    with pytest.raises(
        ValueError,
        match=r"^probability_ratio=20 of E->E makes the probability within clusters 1\.19, above 1; with this layout "
        r"and mean probability 0\.2 it may be at most 11\.588235\.$",
    ):
        network(ClusterLayout.equal(60, 7, background=1 / 15), probability_ratio=20)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_the_limit_of_j_plus(layout):
    with pytest.raises(ValueError, match="needs a negative weight between clusters to keep the mean; ") as caught:
        network(layout, j_plus=1000, j_minus=None)
    limit = float(re.search(r"at most ([\d.]+)\.$", str(caught.value)).group(1))
    assert 0 <= network(layout, j_plus=limit, j_minus=None).block("E", "E").j_out < 1e-6
    with pytest.raises(ValueError, match="needs a negative weight"):
        network(layout, j_plus=limit + 2e-6, j_minus=None)


def test_one_cluster_of_everybody():
    layout = ClusterLayout.equal(60, 1)
    assert network(layout, probability_ratio=3).block("E", "E").p_in == pytest.approx(0.2)
    with pytest.raises(ValueError, match=r"probability between clusters inf, above 1; .* at least 0\.2"):
        network(layout, probability_ratio=0)


# ------------------------------------------------------------------ populations, labels


def test_labels_of_several_populations():
    net = network(LAYOUTS["unequal"], ClusterLayout.unequal([2, 2, 2], n_neurons=8))
    assert net.n_neurons == 68
    assert net.n_clusters == 3
    assert net.neurons("I") == slice(60, 68)
    expected = np.concatenate([np.repeat([0, 1, 2, -1], [5, 10, 30, 15]), np.repeat([0, 1, 2, -1], 2)])
    np.testing.assert_array_equal(net.cluster, expected)
    np.testing.assert_array_equal(net.membership, expected[:, None] == np.arange(3))
    assert net.population_names.tolist() == ["E"] * 60 + ["I"] * 8


def test_labels_where_clusters_overlap_or_are_missing():
    assert network(LAYOUTS["overlapping"]).cluster.dtype == bool
    assert network(None).cluster is None
    assert network(None).membership.shape == (60, 0)
    mixed = LIFNetwork(populations=(population(), population("I", 8, ClusterLayout.equal(8, 2))), connections=())
    assert mixed.cluster.tolist() == [-1] * 60 + [0] * 4 + [1] * 4


def test_uniform_network_keeps_labels_and_loses_clustering():
    net = network(LAYOUTS["equal"], LAYOUTS["equal"], probability_ratio=2, j_plus=1.5, j_minus=None)
    plain = net.uniform()
    np.testing.assert_array_equal(plain.cluster, net.cluster)
    for post, pre, p, j in (("E", "E", 0.2, 0.1), ("E", "I", 0.5, -0.1)):
        block = plain.block(post, pre)
        assert (block.p_in, block.p_out, block.j_in, block.j_out) == (p, p, j, j)
    assert plain.name.endswith(", uniform")


# ------------------------------------------------------------------ JSON


@pytest.mark.parametrize("layout", [None, *LAYOUTS.values()], ids=["none", *LAYOUTS])
def test_dict_through_json(layout):
    facts = {"probability_ratio": 1.5, "j_plus": 1.3, "j_minus": None, "delay_ms": 0.7} if layout else {}
    net = network(layout, layout, **facts)
    again = LIFNetwork.from_dict(json.loads(json.dumps(net.to_dict())))
    assert again == net
    assert repr(again) == repr(net)


def test_numpy_numbers_are_json_ready():
    net = LIFNetwork(
        populations=(
            Population(
                name="E",
                size=np.int64(8),
                tau_m_ms=np.float32(10),
                synapse=Synapse(tau_decay_ms=np.float32(3), tau_rise_ms=np.int32(1)),
                bias=np.array([1.0, 1.5]),
                threshold=np.int64(1),
                reset=np.float32(0),
                refractory_ms=np.float32(5),
                initial_v=np.float32([0, 1]),
                layout=ClusterLayout(np.int64(8), np.array([[[0, 4]], [[4, 8]]])),
            ),
        ),
        connections=(
            Connection(
                post="E",
                pre="E",
                probability=np.float32(0.5),
                weight=np.float32(0.5),
                probability_ratio=np.float32(1.5),
                j_plus=np.int64(1),
                j_minus=np.float32(1),
                delay_ms=np.float32(0.5),
            ),
        ),
    )
    assert LIFNetwork.from_dict(json.loads(json.dumps(net.to_dict()))) == net


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"size": 0}, ValueError, "size of E must be at least 1, got 0"),
        ({"size": 2.0}, TypeError, r"size of E must be an integer, got 2\.0"),
        ({"size": True}, TypeError, "size of E must be an integer, got True"),
        ({"tau_m_ms": 0}, ValueError, "tau_m_ms of E must be above 0"),
        ({"tau_m_ms": "15"}, TypeError, "tau_m_ms of E must be a number, got '15'"),
        ({"tau_m_ms": True}, TypeError, "tau_m_ms of E must be a number, got True"),
        ({"refractory_ms": -1}, ValueError, "refractory_ms of E must be at least 0, got -1"),
        ({"threshold": 0}, ValueError, "reset=0 of E must lie below threshold=0"),
        ({"threshold": np.nan}, ValueError, "threshold of E must be finite"),
        ({"reset": -np.inf}, ValueError, "reset of E must be finite"),
        ({"bias": 1.0}, TypeError, r"bias of E must be two numbers, \(from, to\), got 1\.0"),
        ({"bias": (1,)}, TypeError, "bias of E must be two numbers"),
        ({"bias": (1.2, 1.1)}, ValueError, r"bias of E must run from low to high, got \(1\.2, 1\.1\)"),
        ({"initial_v": (1, 0)}, ValueError, "initial_v of E must run from low to high"),
        ({"layout": ClusterLayout.equal(4, 2)}, ValueError, "layout of E is for 4 neurons but the population has 60"),
    ],
)
def test_populations_that_are_refused(change, error, said):
    with pytest.raises(error, match=said):
        population(**change)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"probability": 1.1}, ValueError, r"probability of E->E must be at most 1, got 1\.1"),
        ({"probability": -0.1}, ValueError, "probability of E->E must be at least 0"),
        ({"weight": None}, TypeError, "weight of E->E must be a number, got None"),
        ({"probability_ratio": -1}, ValueError, "probability_ratio of E->E must be at least 0"),
        ({"j_plus": -1}, ValueError, "j_plus of E->E must be at least 0"),
        ({"j_minus": -1}, ValueError, "j_minus of E->E must be at least 0"),
        ({"delay_ms": 0}, ValueError, "delay_ms of E->E must be above 0"),
        ({"delay_ms": np.inf}, ValueError, "delay_ms of E->E must be finite"),
    ],
)
def test_connections_that_are_refused(change, error, said):
    with pytest.raises(error, match=said):
        network(LAYOUTS["equal"], **change)


@pytest.mark.parametrize(
    ("rise", "decay", "said"),
    [
        (3, 3, r"tau_rise_ms=3 must be below tau_decay_ms=3; leave it out for an exponential synapse"),
        (4, 3, "tau_rise_ms=4 must be below tau_decay_ms=3"),
        (0, 3, "tau_rise_ms must be above 0"),
        (None, 0, "tau_decay_ms must be above 0"),
    ],
)
def test_synapses_that_are_refused(rise, decay, said):
    with pytest.raises(ValueError, match=said):
        Synapse(tau_decay_ms=decay, tau_rise_ms=rise)


def test_networks_that_are_refused():
    e = population()
    to = Connection(post="E", pre="E", probability=0.1, weight=1)
    with pytest.raises(ValueError, match=r"at least one, with distinct names, got \[\]"):
        LIFNetwork(populations=(), connections=())
    with pytest.raises(ValueError, match=r"with distinct names, got \['E', 'E'\]"):
        LIFNetwork(populations=(e, e), connections=())
    with pytest.raises(ValueError, match="at most one connection for each pair of populations"):
        LIFNetwork(populations=(e,), connections=(to, to))
    with pytest.raises(ValueError, match=r"there is no population 'X'; known are \['E'\]"):
        LIFNetwork(populations=(e,), connections=(dataclasses.replace(to, pre="X"),))
    with pytest.raises(ValueError, match="E->E is clustered but one of its populations has no cluster layout"):
        LIFNetwork(populations=(e,), connections=(dataclasses.replace(to, j_plus=2),))
    with pytest.raises(ValueError, match="same number of clusters, got 5 and 3"):
        network(LAYOUTS["equal"], LAYOUTS["unequal"], j_plus=2)
    net = LIFNetwork(populations=(e,), connections=())
    with pytest.raises(ValueError, match="there is no connection from 'E' to 'E'"):
        net.block("E", "E")
    with pytest.raises(ValueError, match="there is no population 'I'"):
        net.neurons("I")


# ------------------------------------------------------------------ printing


def test_summary():
    net = network(LAYOUTS["equal"], LAYOUTS["equal"], probability_ratio=2, j_plus=1.5)
    text = net.summary()
    assert repr(net) == text
    block = net.block("E", "E")
    assert f"mean p 0.2000  about {0.2 * 60 * 60:,.0f} synapses" in text
    assert f"within a cluster p {block.p_in:.4f} J {block.j_in:+.5f}" in text
    change = 100 * (block.mean_weight / (0.2 * 0.1) - 1)
    assert f"mean E->E drive {60 * block.mean_weight:.4f} (weight onto one neuron), {change:+.1f} %" in text


@pytest.mark.parametrize("facts", [{"weight": 0}, {"probability": 0}])
def test_summary_of_a_network_without_drive(facts):
    assert "mean E->E drive 0.0000 (weight onto one neuron)" in network(LAYOUTS["equal"], j_plus=2, **facts).summary()
