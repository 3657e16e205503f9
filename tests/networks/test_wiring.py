import dataclasses
import itertools

import numpy as np
import pytest

from metastable.networks import ClusterLayout, Connection, LIFNetwork, Population, Synapse, litwin_kumar_doiron_2012
from metastable.networks._cluster_layout import share_a_cluster
from metastable.networks._wiring import WORD, _bernoulli_words, _cluster_masks

# Bits are independent, so a count of n bits is binomial and nearly normal. The seeds are fixed: a bound of 4.5 standard
# deviations says how unlucky a seed would have to be (1 in 150,000), and still sees a probability wrong by 1 % or less.
Z = 4.5


def z_of_count(count, n, p):
    return (count - n * p) / np.sqrt(n * p * (1 - p))


def z_of_variance(values, variance):
    """How far an observed variance of independent binomial counts is off, in its own standard deviations."""
    # Excess kurtosis of the binomial is below 1/variance and negligible for these counts.
    return (values.var(ddof=1) / variance - 1) / np.sqrt(2 / (values.size - 1))


def population(name, size, layout=None):
    return Population(
        name=name, size=size, tau_m_ms=10, synapse=Synapse(tau_decay_ms=2), bias=(1.0, 1.2), layout=layout
    )


def connect(post, pre, **facts):
    return Connection(post=post, pre=pre, **{"probability": 0.3, "weight": 0.1, **facts})


def layout_of(kind, n, q):
    return {
        "equal": lambda: (
            ClusterLayout.equal(n - n % q, q) if n % q == 0 else ClusterLayout.unequal([n // q] * q, n_neurons=n)
        ),
        "unequal": lambda: ClusterLayout.unequal([n // 20, n // 10, n // 3], n_neurons=n),
        "overlapping": lambda: ClusterLayout.overlapping(n, q, size=n // q + n // 10),
        "background": lambda: ClusterLayout.unequal([n // (2 * q)] * q, n_neurons=n),
        "any": lambda: ClusterLayout.from_membership(np.random.default_rng(3).random((n, q)) < 0.3),
    }[kind]()


def clustered(kind, **facts):
    e, i = layout_of(kind, 650, 3), layout_of(kind, 210, 3)
    return LIFNetwork(
        populations=(population("E", 650, e), population("I", 210, i), population("U", 129)),
        connections=(
            connect("E", "E", probability=0.2, probability_ratio=2, **facts),
            connect("I", "E", probability=0.5, probability_ratio=1.6),
            connect("E", "I", probability=0.4, probability_ratio=0.5),
            connect("I", "I", probability=0.1, probability_ratio=4),
            connect("E", "U", probability=0.7),
        ),
    )


@pytest.mark.parametrize("kind", ["equal", "unequal", "overlapping", "background", "any"])
def test_frequencies_in_each_block(kind):
    net = clustered(kind)
    wired = net.wire(11)
    for c in net.connections:
        block = net.block(c.post, c.pre)
        connected = wired.adjacency(c.post, c.pre)
        post, pre = net.population(c.post).layout, net.population(c.pre).layout
        if post is None or pre is None:
            inside = np.zeros(connected.shape, bool)
        else:
            inside = np.array([[bool((a & b).any()) for b in pre.membership] for a in post.membership])
        others = ~np.eye(*connected.shape, dtype=bool) if c.post == c.pre else np.ones(connected.shape, bool)
        for where, p in ((inside & others, block.p_in), (~inside & others, block.p_out)):
            if where.any():
                assert abs(z_of_count(connected[where].sum(), where.sum(), p)) < Z, (c.post, c.pre, p)
        if c.clustered:
            assert block.p_in != block.p_out
            assert inside.any()
            assert not inside.all()


def test_nobody_connects_to_itself():
    net = LIFNetwork(
        populations=(population("A", 100), population("B", 65)),
        connections=tuple(connect(post, pre, probability=1.0) for post in "AB" for pre in "AB"),
    )
    wired = net.wire(1)
    for post, pre in itertools.product("AB", repeat=2):
        connected = wired.adjacency(post, pre)
        np.testing.assert_array_equal(connected, ~np.eye(*connected.shape, dtype=bool) if post == pre else True)
    assert wired.n_synapses == 165**2 - 165


@pytest.mark.parametrize("sizes", [(1, 1), (64, 64), (63, 65), (128, 1), (130, 64)])
def test_padding_stays_empty(sizes):
    net = LIFNetwork(
        populations=tuple(population(name, size) for name, size in zip("AB", sizes, strict=True)),
        connections=tuple(connect(post, pre, probability=1.0) for post in "AB" for pre in "AB"),
    )
    wired = net.wire(1)
    n_words = sum(-(-size // WORD) for size in sizes)
    assert wired.bits.shape == (n_words * WORD, n_words)
    bits = np.unpackbits(wired.bits.view(np.uint8), axis=1, bitorder="little").astype(bool)
    real = np.zeros(n_words * WORD, bool)
    real[wired.position] = True
    assert real.sum() == sum(sizes)
    assert not bits[~real].any()
    assert not bits[:, ~real].any()
    assert bits.sum() == wired.n_synapses == sum(sizes) ** 2 - sum(sizes)


def test_unconnected_populations_have_no_synapses():
    net = clustered("equal")
    wired = net.wire(1)
    for post, pre in (("U", "E"), ("U", "U"), ("I", "U")):
        assert not wired.adjacency(post, pre).any()


def test_bits_are_independent():
    # In-degrees and out-degrees vary as binomials do; neighbouring rows, bits and words have nothing in common.
    n, p = 1500, 0.3
    net = LIFNetwork(
        populations=(population("A", n), population("B", n)), connections=(connect("A", "B", probability=p),)
    )
    connected = net.wire(5).adjacency("A", "B")
    for axis in (0, 1):
        assert abs(z_of_variance(connected.sum(axis=axis), n * p * (1 - p))) < Z
    both = 2 * p * (1 - p)
    for axis, lag in ((0, 1), (0, 64), (0, 32), (1, 1), (1, 512), (1, 64)):
        # The rows of one stream are 512 long; 64 bits are one word.
        a, b = (np.take(connected, range(*ends), axis=axis) for ends in ((0, n - lag), (lag, n)))
        assert abs(z_of_count((a != b).sum(), a.size, both)) < Z, (axis, lag)


def test_bits_within_clusters_are_independent():
    layout = ClusterLayout.overlapping(1024, 4, size=512)
    net = LIFNetwork(
        populations=(population("A", 1024, layout),),
        connections=(connect("A", "A", probability=0.4, probability_ratio=2),),
    )
    block = net.block("A", "A")
    connected = net.wire(6).adjacency("A", "A")
    share = share_a_cluster(layout, layout)
    p = np.where(share, block.p_in, block.p_out)
    for axis in (0, 1):
        variance = (p * (1 - p)).sum(axis=axis)
        expected = p.sum(axis=axis) - p.diagonal()
        z = (connected.sum(axis=axis) - expected) / np.sqrt(variance)
        assert abs(z_of_variance(z, 1)) < Z
    # Rows of the same pattern in the same block of rows share a call of the generator; they must not share bits.
    same = share[:, :-1] & share[:, 1:]
    differ = (connected[:, :-1] != connected[:, 1:])[same]
    assert abs(z_of_count(differ.sum(), differ.size, 2 * block.p_in * (1 - block.p_in))) < Z


def test_connections_of_different_blocks_differ():
    net = LIFNetwork(
        populations=(population("A", 512), population("B", 512)),
        connections=tuple(connect(post, pre, probability=0.5) for post in "AB" for pre in "AB"),
    )
    wired = net.wire(1)
    blocks = [wired.adjacency(post, pre) for post in "AB" for pre in "AB"]
    a_from_b, b_from_a = blocks[1:3]
    for one, other in [*itertools.combinations(blocks, 2), (a_from_b.T, b_from_a)]:
        assert abs(z_of_count((one != other).sum(), one.size, 0.5)) < Z


# ------------------------------------------------------------------ seeds


def test_same_seed_same_wiring():
    net = clustered("overlapping")
    one, two = net.wire(4, network_index=2), net.wire(4, network_index=2)
    np.testing.assert_array_equal(one.bits, two.bits)
    np.testing.assert_array_equal(one.bias, two.bias)


def test_other_seed_or_network_other_wiring():
    net = clustered("equal")
    wirings = [net.wire(4), net.wire(5), net.wire(4, network_index=1)]
    for a, b in itertools.combinations(wirings, 2):
        x, y = a.adjacency("E", "U"), b.adjacency("E", "U")
        assert abs(z_of_count((x != y).sum(), x.size, 2 * 0.7 * 0.3)) < Z
        assert (a.bias != b.bias).all()


def test_weights_do_not_change_the_wiring():
    # A sweep over weights compares networks on the same connections and biases.
    plain, strong = clustered("equal").wire(3), clustered("equal", j_plus=2).wire(3)
    np.testing.assert_array_equal(plain.bits, strong.bits)
    np.testing.assert_array_equal(plain.bias, strong.bias)


def test_no_seed_draws_one_that_can_be_used_again():
    net = clustered("equal")
    drawn = net.wire()
    assert drawn.seed != net.wire().seed
    np.testing.assert_array_equal(net.wire(drawn.seed).bits, drawn.bits)


def test_bias():
    net = clustered("equal")
    populations = [
        dataclasses.replace(p, bias=b) for p, b in zip(net.populations, [(1, 2), (3, 3), (-1, 0)], strict=True)
    ]
    bias = dataclasses.replace(net, populations=populations).wire(1).bias
    e, i, u = (bias[net.neurons(name)] for name in "EIU")
    # Mean and extremes of 650 uniform draws: sd of the mean 1/sqrt(12 * 650), gaps to the ends of order 1/650.
    assert abs(e.mean() - 1.5) < Z / np.sqrt(12 * 650)
    assert 1 <= e.min() < 1.02
    assert 1.98 < e.max() <= 2
    assert (i == 3).all()
    assert -1 <= u.min() < u.max() <= 0


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"seed": -1}, ValueError, "seed must be at least 0"),
        ({"seed": 1.5}, TypeError, "seed must be an integer"),
        ({"seed": 1, "network_index": -1}, ValueError, "network_index must be at least 0"),
        ({"seed": 1, "network_index": True}, TypeError, "network_index must be an integer"),
    ],
)
def test_what_is_refused(options, error, said):
    with pytest.raises(error, match=said):
        clustered("equal").wire(**options)


# ------------------------------------------------------------------ views


def test_wired_arrays_cannot_be_written():
    wired = clustered("equal").wire(1)
    for array in (wired.bits, wired.bias):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_adjacency_reads_the_documented_bits():
    wired = clustered("any").wire(8)
    net = wired.network
    for post, pre in (("E", "I"), ("I", "E"), ("E", "U")):
        connected = wired.adjacency(post, pre)
        for k, j in ((0, 0), (63, 1), (64, 5), (209, 100), (130, 128)):
            row = wired.position[net.neurons(pre).start + j]
            bit = wired.position[net.neurons(post).start + k]
            assert connected[k, j] == bool(int(wired.bits[row, bit // 64]) >> int(bit % 64) & 1)


@pytest.mark.parametrize("kind", ["equal", "overlapping", "any"])
def test_weight_matrix_against_a_loop(kind):
    e = layout_of(kind, 70, 3)
    net = LIFNetwork(
        populations=(population("E", 70, e), population("I", 20)),
        connections=(
            connect("E", "E", probability=0.4, probability_ratio=1.5, weight=0.2, j_plus=2, j_minus=0.5),
            connect("E", "I", weight=-0.7),
            connect("I", "E", weight=0.3),
        ),
    )
    wired = net.wire(2)
    block = net.block("E", "E")
    expected = np.zeros((90, 90))
    for i, j in itertools.product(range(90), repeat=2):
        post, pre = "EI"[i >= 70], "EI"[j >= 70]
        if post == pre == "I" or not wired.adjacency(post, pre)[i % 70, j % 70]:
            continue
        if post == pre:
            shared = any(e.membership[i, c] and e.membership[j, c] for c in range(3))
            expected[i, j] = block.j_in if shared else block.j_out
        else:
            expected[i, j] = -0.7 if pre == "I" else 0.3
    weights = wired.weight_matrix()
    np.testing.assert_array_equal(weights.toarray(), expected)
    assert weights.nnz == wired.n_synapses
    assert weights.format == "csr"


def test_repr():
    wired = clustered("equal").wire(3, network_index=5)
    assert repr(wired) == f"WiredLIFNetwork: 989 neurons, {wired.n_synapses:,} synapses, seed 3, network 5"


def test_default_network_has_its_seven_million_synapses():
    net = litwin_kumar_doiron_2012()
    wired = net.wire(1)
    # Self-connections are left out of E->E and I->I.
    n, p = np.array([4000 * 3999, 4000 * 1000, 4000 * 1000, 1000 * 999]), np.array([0.2, 0.5, 0.5, 0.5])
    variance = (n * p * (1 - p)).sum()
    # A neuron shares clusters with itself: the mean without the diagonal is lower by (p_in - p_out) on 4000 pairs.
    block = net.block("E", "E")
    expected = (n * p).sum() - 4000 * (block.p_in - 0.2)
    assert abs(wired.n_synapses - expected) < Z * np.sqrt(variance)


# ------------------------------------------------------------------ parts


class TruthTable:
    """A generator whose k-th draw is the k-th column of the truth table of `n` variables, as bits."""

    def __init__(self, n):
        self.n, self.k = n, 0

    def integers(self, low, high, *, size, dtype):
        assert (low, high, dtype) == (0, 2**64, np.uint64)
        bits = np.arange(2**self.n) >> self.k & 1
        self.k += 1
        return np.packbits(bits.astype(np.uint8), bitorder="little").view(np.uint64).reshape(size).copy()


@pytest.mark.parametrize("n", [6, 8, 10])
def test_bernoulli_words_are_exact(n):
    # All combinations of n random bits, each once: the number of ones must be p of them, not about p.
    total = 2**n
    for k in range(1, total):
        words = _bernoulli_words(TruthTable(n), k / total, (total // 64,))
        assert np.bitwise_count(words).sum() == k


def test_bernoulli_words_without_chance():
    assert not _bernoulli_words(None, 0, (3, 2)).any()
    assert (_bernoulli_words(None, 1, (3, 2)) == ~np.uint64(0)).all()
    # Below the resolution of 2^-33, on either side.
    assert not _bernoulli_words(None, 1e-11, (3, 2)).any()
    assert (_bernoulli_words(None, 1 - 1e-11, (3, 2)) == ~np.uint64(0)).all()


@pytest.mark.parametrize("p", [0.001, 0.194175, 0.2, 1 / 3, 0.485437, 0.999])
def test_bernoulli_words_of_any_probability(p):
    words = _bernoulli_words(np.random.default_rng(1), p, (20_000,))
    assert abs(z_of_count(np.bitwise_count(words).sum(), 64 * words.size, p)) < Z
    for bit in (0, 31, 32, 63):
        ones = (words >> np.uint64(bit) & np.uint64(1)).sum()
        assert abs(z_of_count(ones, words.size, p)) < Z


@pytest.mark.parametrize("kind", ["equal", "unequal", "overlapping", "background", "any"])
def test_cluster_masks_against_all_pairs(kind):
    post, pre = layout_of(kind, 150, 3), layout_of(kind, 66, 3)
    pattern, masks = _cluster_masks(population("B", 66, pre), population("A", 150, post))
    bits = np.unpackbits(masks.view(np.uint8), axis=1, bitorder="little").astype(bool)
    np.testing.assert_array_equal(bits[pattern][:, :150], share_a_cluster(post, pre).T)
    assert not bits[:, 150:].any()
    pattern, masks = _cluster_masks(population("B", 66, None), population("A", 150, post))
    assert not masks[pattern].any()
