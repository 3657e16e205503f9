import math

import numpy as np
import pytest

from metastable.networks import ClusterLayout, litwin_kumar_doiron_2012


def test_parameters_of_the_paper():
    net = litwin_kumar_doiron_2012()
    e, i = net.populations
    assert (e.name, e.size, e.tau_m_ms, e.bias) == ("E", 4000, 15, (1.1, 1.2))
    assert (i.name, i.size, i.tau_m_ms, i.bias) == ("I", 1000, 10, (1.0, 1.05))
    assert (e.synapse.tau_rise_ms, e.synapse.tau_decay_ms) == (1, 3)
    assert (i.synapse.tau_rise_ms, i.synapse.tau_decay_ms) == (1, 2)
    for p in (e, i):
        assert (p.threshold, p.reset, p.refractory_ms, p.initial_v) == (1, 0, 5, (0, 1))
    assert i.layout is None
    assert e.layout == ClusterLayout.equal(4000, 50)
    assert {c.delay_ms for c in net.connections} == {0.1}


def test_numbers_of_the_specification():
    net = litwin_kumar_doiron_2012(r_ee=2.5)
    ee = net.block("E", "E")
    assert (round(ee.p_out, 6), round(ee.p_in, 6)) == (0.194175, 0.485437)
    assert ee.p_out == pytest.approx(800 / (80 * 1.5 + 4000))
    assert round(ee.j_out, 6) == 0.023570
    assert ee.j_in / ee.j_out == pytest.approx(1.9)
    weights = {pair: round(net.block(*pair).j_out, 6) for pair in (("I", "E"), ("E", "I"), ("I", "I"))}
    assert weights == {("I", "E"): 0.014142, ("E", "I"): -0.045255, ("I", "I"): -0.056569}
    for pair in weights:
        block = net.block(*pair)
        assert (block.p_in, block.p_out) == (0.5, 0.5)
        assert block.j_in == block.j_out
    growth = ee.mean_weight / net.uniform().block("E", "E").mean_weight
    assert f"{100 * (growth - 1):+.1f} %" == "+4.4 %"
    assert "+4.4 % against the uniform network" in net.summary()


@pytest.mark.parametrize("r_ee", [1, 1.5, 2.0, 3.0, 4.0])
def test_probabilities_follow_r_ee(r_ee):
    block = litwin_kumar_doiron_2012(r_ee=r_ee).block("E", "E")
    p_out = 800 / (80 * (r_ee - 1) + 4000)
    assert (block.p_out, block.p_in) == pytest.approx((p_out, r_ee * p_out))
    assert block.mean_probability == pytest.approx(0.2)


def test_uniform_network_drops_the_factor():
    block = litwin_kumar_doiron_2012(r_ee=1).block("E", "E")
    assert block.p_in == block.p_out == pytest.approx(0.2)
    assert block.j_in == block.j_out
    assert litwin_kumar_doiron_2012(r_ee=1, j_plus=1.9).block("E", "E").j_in == pytest.approx(1.9 * block.j_in)


def test_rounded_weights():
    net = litwin_kumar_doiron_2012(weights="rounded")
    weights = [net.block(*pair).j_out for pair in (("E", "E"), ("I", "E"), ("E", "I"), ("I", "I"))]
    assert weights == [0.024, 0.014, -0.045, -0.057]
    assert net.block("E", "E").j_in == pytest.approx(1.9 * 0.024)
    assert "rounded weights" in net.name


@pytest.mark.parametrize("weights", ["exact", "rounded"])
@pytest.mark.parametrize("n_e", [400, 1000, 8000])
def test_weights_scale_with_the_root_of_the_size(weights, n_e):
    net = litwin_kumar_doiron_2012(n_e=n_e, weights=weights)
    default = litwin_kumar_doiron_2012(weights=weights)
    assert net.population("I").size == n_e // 4
    for c in default.connections:
        mine, theirs = net.block(c.post, c.pre), default.block(c.post, c.pre)
        assert mine.j_out == pytest.approx(theirs.j_out * math.sqrt(4000 / n_e))
        assert (mine.p_in, mine.p_out) == pytest.approx((theirs.p_in, theirs.p_out))


def test_weight_clustering():
    net = litwin_kumar_doiron_2012(clustering="weight", j_plus=3)
    block = net.block("E", "E")
    assert block.p_in == block.p_out == pytest.approx(0.2)
    plain = 10 / (15 * math.sqrt(800))
    assert (block.j_in, block.j_out) == pytest.approx((3 * plain, plain * (50 - 3) / 49))
    assert block.mean_weight == pytest.approx(0.2 * plain)
    assert "J+ = 3" in net.name


@pytest.mark.parametrize(
    "layout",
    [
        ClusterLayout.unequal([40, 60, 100]),
        ClusterLayout.overlapping(200, 5, size=60),
        ClusterLayout.equal(200, 5, background=0.25),
        ClusterLayout.from_membership(np.arange(200)[:, None] % 4 == np.arange(4)),
    ],
)
def test_other_layouts(layout):
    net = litwin_kumar_doiron_2012(r_ee=2, n_e=200, layout=layout)
    assert net.population("E").layout is layout
    assert net.block("E", "E").mean_probability == pytest.approx(0.2)


def test_small_networks_have_an_inhibitory_neuron():
    assert litwin_kumar_doiron_2012(n_e=3, n_clusters=3).population("I").size == 1
    assert litwin_kumar_doiron_2012(n_e=40, n_i=7, n_clusters=2).population("I").size == 7


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"r_ee": 0}, ValueError, "r_ee must be above 0"),
        ({"r_ee": "2.5"}, TypeError, "r_ee must be a number, got '2.5'"),
        (
            {"r_ee": 6},
            ValueError,
            r"within clusters 1\.09, above 1; .* mean probability 0\.2 it may be at most 5\.444444",
        ),
        ({"n_e": 4001}, ValueError, "4001 clustered neurons do not fit into 50 equal clusters"),
        ({"n_e": True}, TypeError, "n_e must be an integer"),
        ({"n_i": 0}, ValueError, "n_i must be at least 1"),
        ({"weights": "round"}, ValueError, "weights must be one of 'exact', 'rounded', got 'round'"),
        ({"clustering": "both"}, ValueError, "clustering must be one of 'probability', 'weight'"),
        ({"clustering": "weight"}, ValueError, "clustering='weight' needs j_plus"),
        ({"clustering": "weight", "j_plus": 2, "r_ee": 3}, ValueError, "keeps probabilities uniform, got r_ee=3"),
        ({"clustering": "weight", "j_plus": 51}, ValueError, "it may be at most 50"),
        ({"j_plus": -1}, ValueError, "j_plus of E->E must be at least 0"),
        (
            {"layout": ClusterLayout.equal(100, 2)},
            ValueError,
            "layout of E is for 100 neurons but the population has 4000",
        ),
    ],
)
def test_what_is_refused(options, error, said):
    with pytest.raises(error, match=said):
        litwin_kumar_doiron_2012(**options)
