import json
import math

import numpy as np
import pytest

from metastable.networks import BinaryNetwork, rost_2018

PAIRS = [(post, pre) for post in "EI" for pre in "EI"]
Q = 20


def a_and_b(net, post, pre):
    """Gain A and variance B of one connection, from its block alone."""
    block, n = net.block(post, pre), net.population(pre).size
    gain = n * (block.shared * block.p_in * block.j_in + (1 - block.shared) * block.p_out * block.j_out)
    return gain, block.p_out * (1 - block.p_out) * block.j_out**2 * n


# ------------------------------------------------------------------ the numbers of Table 1


@pytest.mark.parametrize(
    ("pair", "probability", "weight", "gain", "variance"),
    [
        ("EE", 0.2, 0.0353553, 28.2843, 0.8),
        ("EI", 0.5, -0.0678823, -33.9411, 1.152),
        ("IE", 0.5, 0.0223607, 44.7214, 0.5),
        ("II", 0.5, -0.0894427, -44.7214, 2.0),
    ],
)
def test_weights_of_the_paper(pair, probability, weight, gain, variance):
    net = rost_2018()
    block = net.block(*pair)
    assert (block.p_in, block.p_out) == (probability, probability)
    assert block.j_in == block.j_out == pytest.approx(weight, abs=5e-8)
    a, b = a_and_b(net, *pair)
    assert a == pytest.approx(gain, abs=5e-5)
    assert b == pytest.approx(variance, rel=1e-12)


def test_populations_of_the_paper():
    net = rost_2018()
    e, i = net.populations
    assert [(p.name, p.size, p.tau_ms, p.threshold) for p in (e, i)] == [("E", 4000, 10.0, 1.0), ("I", 1000, 5.0, 1.0)]
    assert e.drive - e.threshold == pytest.approx(-0.151472, abs=5e-7)
    assert i.drive - i.threshold == pytest.approx(-0.321177, abs=5e-7)
    assert e.drive / 0.03 == pytest.approx(28.2843, abs=5e-5)
    assert i.drive / 0.03 == pytest.approx(22.6274, abs=5e-5)
    assert e.layout.n_clusters == Q
    assert i.layout is None
    # 600 updates are 1 ms, two of three of them of excitatory units.
    assert e.size / e.tau_ms + i.size / i.tau_ms == 600


def test_the_balanced_rates():
    # The balanced rates of eqs. 17 and 18 follow from gains and drives alone: a check by other numbers of the paper.
    a = np.array([[a_and_b(rost_2018(), post, pre)[0] for pre in "EI"] for post in "EI"])
    drive = np.array([p.drive for p in rost_2018().populations])
    balanced = np.linalg.solve(a, -drive)
    assert balanced == pytest.approx([0.058926, 0.074105], abs=5e-7)


# ------------------------------------------------------------------ clusters


@pytest.mark.parametrize("j_plus", [1.0, 1.5, 2.0, 2.9, 7.3, 20.0])
def test_excitatory_clusters(j_plus):
    net, plain = rost_2018(j_e_plus=j_plus), rost_2018()
    j = plain.block("E", "E").j_in
    assert net.block("E", "E").j_in == pytest.approx(j * j_plus, rel=1e-14)
    assert net.block("E", "E").j_out == pytest.approx(j * (Q - j_plus) / (Q - 1), abs=1e-15)
    for pair in PAIRS[1:]:
        assert net.block(*pair) == plain.block(*pair)
    assert net.population("I").layout is None
    assert a_and_b(net, "E", "E")[0] == pytest.approx(28.2843, abs=5e-5)


def test_j_minus_to_the_digits():
    assert rost_2018(j_e_plus=2).block("E", "E").j_out / rost_2018().block("E", "E").j_out == pytest.approx(18 / 19)
    assert f"{rost_2018(j_e_plus=2).block('E', 'E').j_out:.6f}" == "0.033495"


@pytest.mark.parametrize(("j_plus", "r_j"), [(4, 0.75), (2.5, 0.1), (20, 1.0), (3, 1.0)])
def test_inhibitory_clusters(j_plus, r_j):
    net, plain = rost_2018(j_e_plus=j_plus, r_j=r_j), rost_2018()
    j_i = 1 + r_j * (j_plus - 1)
    for pair in PAIRS:
        factor = j_plus if pair == ("E", "E") else j_i
        j = plain.block(*pair).j_in
        assert net.block(*pair).j_in == pytest.approx(j * factor, rel=1e-14)
        assert net.block(*pair).j_out == pytest.approx(j * (Q - factor) / (Q - 1), abs=1e-14)
        assert net.block(*pair).shared == 1 / Q
    assert net.population("I").layout.n_clusters == Q


def test_r_j_of_the_paper():
    assert rost_2018(j_e_plus=4, r_j=0.75) == rost_2018(j_e_plus=4, j_i_plus=3.25)
    # J_I+ alone, as where the paper varies it at a fixed J_E+.
    only_i = rost_2018(j_e_plus=1, j_i_plus=1.3)
    assert only_i.block("E", "E") == rost_2018().block("E", "E")
    assert only_i.block("I", "E").j_in / only_i.block("I", "E").j_out == pytest.approx(1.3 * 19 / 18.7)


def test_without_strength_r_j_changes_nothing():
    assert rost_2018(r_j=0.75) == rost_2018()
    assert rost_2018(j_e_plus=3, r_j=0) == rost_2018(j_e_plus=3)


@pytest.mark.parametrize("ratio", [1.0, 2.0, 5.5])
def test_probability_clustering(ratio):
    net, plain = rost_2018(j_e_plus=ratio, clustering="probability"), rost_2018()
    block = net.block("E", "E")
    p_out = 0.2 * Q / (Q - 1 + ratio)
    assert (block.p_in, block.p_out) == pytest.approx((ratio * p_out, p_out), rel=1e-14)
    assert block.j_in == block.j_out == plain.block("E", "E").j_in
    for pair in PAIRS[1:]:
        assert net.block(*pair) == plain.block(*pair)


def test_background():
    net = rost_2018(j_e_plus=3, background=0.1)
    layout = net.population("E").layout
    assert (layout.sizes == 180).all()
    assert layout.background == pytest.approx(0.1)
    block = net.block("E", "E")
    # A choice that the paper leaves open: the weights of all pairs that share no cluster are lowered alike.
    f = 20 * 180**2 / 4000**2
    assert block.shared == pytest.approx(f, rel=1e-14)
    assert block.j_out / rost_2018().block("E", "E").j_in == pytest.approx((1 - 3 * f) / (1 - f), rel=1e-14)
    assert a_and_b(net, "E", "E")[0] == pytest.approx(28.2843, abs=5e-5)


# ------------------------------------------------------------------ any size


@pytest.mark.parametrize(("n_e", "n_i", "q", "g"), [(400, None, 4, 1.2), (4000, 2000, 50, 0.8), (63, 21, 7, 3.0)])
def test_any_size(n_e, n_i, q, g):
    net = rost_2018(n_e=n_e, n_i=n_i, n_clusters=q, g=g, j_e_plus=q / 2, r_j=0.5)
    n_i = n_e // 4 if n_i is None else n_i
    plain = net.uniform()
    root = math.sqrt(n_e)
    # From the definitions: excitation sqrt(p N_E) times theta, inhibition g times as much on E and as much on I.
    expected = {"EE": math.sqrt(0.2) * root, "EI": -g * math.sqrt(0.2) * root}
    expected |= {"IE": math.sqrt(0.5) * root, "II": -math.sqrt(0.5) * root}
    for pair, gain in expected.items():
        assert a_and_b(net, *pair)[0] == pytest.approx(gain)
        assert a_and_b(plain, *pair)[0] == pytest.approx(gain)
    assert net.population("I").size == n_i
    assert net.population("E").drive == pytest.approx(0.03 * math.sqrt(0.2) * root)
    assert net.population("I").drive == pytest.approx(0.8 * 0.03 * math.sqrt(0.2) * root)
    assert net.n_clusters == q


def test_g_acts_on_excitatory_units_only():
    one, other = rost_2018(g=0.8), rost_2018(g=1.6)
    assert other.block("E", "I").j_in == pytest.approx(2 * one.block("E", "I").j_in)
    for pair in ("EE", "IE", "II"):
        assert other.block(*pair) == one.block(*pair)


def test_m_x_and_tau_ratio():
    net = rost_2018(m_x=0.06, tau_ratio=2)
    for p, plain in zip(net.populations, rost_2018().populations, strict=True):
        assert p.drive == pytest.approx(2 * plain.drive, rel=1e-14)
    assert [p.tau_ms for p in net.populations] == [10, 20]


def test_numpy_numbers_lose_no_digits():
    # In single precision g would spoil the seventh digit of the weights.
    net = rost_2018(g=np.float32(1.5), m_x=np.float32(0.5), tau_ratio=np.float32(0.5), j_e_plus=np.int64(2))
    assert net == rost_2018(g=1.5, m_x=0.5, tau_ratio=0.5, j_e_plus=2)


@pytest.mark.parametrize("q", [1, 2, 3, 7, 49, 98, 103])
def test_decoupled_clusters(q):
    # The largest J_+ is allowed for every Q, though 1/Q is no binary fraction.
    net = rost_2018(n_e=2 * q, n_i=q, n_clusters=q, j_e_plus=q, r_j=1)
    if q > 1:
        for pair in PAIRS:
            assert abs(net.block(*pair).j_out) < 1e-14
            assert net.block(*pair).j_out * net.uniform().block(*pair).j_out >= 0


# ------------------------------------------------------------------ data and labels


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"j_e_plus": 2.9},
        {"j_e_plus": 4, "r_j": 0.75},
        {"j_e_plus": 3, "clustering": "probability"},
        {"j_e_plus": 3, "background": 0.1},
    ],
)
def test_dict_through_json(options):
    net = rost_2018(**options)
    again = BinaryNetwork.from_dict(json.loads(json.dumps(net.to_dict())))
    assert again == net
    assert repr(again) == repr(net)


def test_names():
    assert rost_2018().name == "Rost, Deger & Nawrot 2018, J_E+ = 1"
    assert rost_2018(j_e_plus=4, r_j=0.75).name == "Rost, Deger & Nawrot 2018, J_E+ = 4, J_I+ = 3.25"
    assert rost_2018(j_e_plus=3, clustering="probability").name == "Rost, Deger & Nawrot 2018, R_EE = 3"


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        (
            {"j_e_plus": 20.5},
            ValueError,
            r"j_e_plus=20\.5 is above the number of clusters 20, where J_- = \(Q - J_E\+\)/\(Q - 1\) .* is negative "
            r".* change sign; choose 1 to 20\.$",
        ),
        ({"j_e_plus": 0.9}, ValueError, r"j_e_plus must be at least 1, got 0\.9: with J_E\+ below 1 .*; choose 1"),
        ({"j_e_plus": None}, TypeError, "j_e_plus must be a number, got None"),
        (
            {"r_j": 1.01},
            ValueError,
            r"r_j must be at most 1, got 1\.01: by J_I\+ = .* more clustered than excitation",
        ),
        ({"r_j": -0.01}, ValueError, r"r_j must be at least 0, got -0\.01: by J_I\+ = .* weaker within clusters"),
        ({"j_i_plus": 20.1}, ValueError, r"j_i_plus=20\.1 .* J_- = \(Q - J_I\+\)/\(Q - 1\) .* is negative"),
        ({"j_i_plus": 0.5}, ValueError, r"j_i_plus must be at least 1, got 0\.5"),
        ({"j_e_plus": 3, "j_i_plus": 2, "r_j": 0.5}, ValueError, "j_i_plus and r_j both set .*; give one of them"),
        (
            {"n_clusters": 7},
            ValueError,
            r"4000 clustered neurons do not fit into 7 equal .* needs Q to divide .* of E; choose n_clusters=5 or 8\.$",
        ),
        (
            {"n_i": 1010, "j_e_plus": 2, "r_j": 0.5},
            ValueError,
            r"1010 clustered neurons do not fit .* needs Q to divide .* of I; choose n_clusters=5 or 10\.$",
        ),
        ({"n_clusters": 0}, ValueError, "n_clusters must be at least 1, got 0"),
        ({"n_e": 0}, ValueError, "n_e must be at least 1, got 0"),
        ({"n_e": 4000.0}, TypeError, r"n_e must be an integer, got 4000\.0"),
        ({"n_i": 0}, ValueError, "n_i must be at least 1, got 0"),
        ({"g": 0}, ValueError, "g must be above 0, got 0"),
        ({"g": "1.2"}, TypeError, r"g must be a number, got '1\.2'"),
        ({"m_x": "x"}, TypeError, "m_x must be a number, got 'x'"),
        ({"m_x": math.nan}, ValueError, "m_x must be finite, got nan"),
        ({"tau_ratio": 0}, ValueError, "tau_ratio must be above 0, got 0"),
        ({"tau_ratio": "x"}, TypeError, "tau_ratio must be a number, got 'x'"),
        ({"clustering": "both"}, ValueError, "clustering must be one of 'weight', 'probability', got 'both'"),
        ({"background": 1}, ValueError, "0 clustered neurons do not fit into 20 equal clusters.* a smaller background"),
        ({"background": 1.5}, ValueError, r"background must be at most 1, got 1\.5"),
        ({"background": 0.1, "j_e_plus": 3, "r_j": 0.5}, ValueError, "no background; leave r_j at 0"),
        (
            {"clustering": "probability", "j_e_plus": 3, "r_j": 0.5},
            ValueError,
            "inhibitory clusters go with clustering='weight' and no background; leave r_j at 0",
        ),
        (
            {"clustering": "probability", "j_e_plus": 7},
            ValueError,
            r"probability within clusters 1\.08, above 1; .* it may be at most 6\.333333\.$",
        ),
    ],
)
def test_one_clear_sentence(options, error, said):
    with pytest.raises(error, match=said):
        rost_2018(**options)


def test_q_need_not_divide_inhibition_without_clusters_of_it():
    assert rost_2018(n_i=1010, j_e_plus=2).population("I").layout is None
