"""Bits and lists hold the same connections; synapses that are given are held as they are."""

import dataclasses
import itertools

import numpy as np
import pytest
from scipy.sparse import coo_array, csr_array

from metastable import simulate
from metastable.networks import (
    ClusterLayout,
    Connection,
    LIFNetwork,
    Population,
    Synapse,
    litwin_kumar_doiron_2012,
    rost_2018,
)
from metastable.reconstruction import CurrentModel


def population(name, size, layout=None):
    return Population(
        name=name, size=size, tau_m_ms=10, synapse=Synapse(tau_decay_ms=2), bias=(1.0, 1.2), layout=layout
    )


def network_of(sizes, layouts=(None, None, None), p=0.2, **facts):
    """Populations A, B and C; no connections from B to C, and those between A and B listed out of order."""
    populations = [population(name, n, layout) for name, n, layout in zip("ABC", sizes, layouts, strict=False)]
    names = [q.name for q in populations]
    pairs = [pair for pair in itertools.product(reversed(names), names) if pair != ("C", "B")]
    connections = [
        Connection(
            post=post,
            pre=pre,
            probability=p,
            weight=0.1 + k,
            delay_ms=0.1 * (k + 1),
            **(facts if layouts[names.index(post)] is not None and layouts[names.index(pre)] is not None else {}),
        )
        for k, (post, pre) in enumerate(pairs)
    ]
    return LIFNetwork(populations=tuple(populations), connections=tuple(connections))


def overlapping():
    layouts = ClusterLayout.overlapping(650, 4, size=200), ClusterLayout.overlapping(70, 4, size=30), None
    return network_of((650, 70, 130), layouts, probability_ratio=2.0, j_plus=1.5)


NETWORKS = {
    "paper": lambda: litwin_kumar_doiron_2012(n_e=400, n_clusters=5),
    "overlapping": overlapping,
    "more rows than one stream": lambda: network_of((1100, 33, 513)),
    "whole words": lambda: network_of((128, 64, 64)),
    "single neurons": lambda: network_of((1, 1, 65), p=1.0),
    "sparse": lambda: network_of((300, 100, 77), p=0.004),
    "no synapses": lambda: network_of((64, 65), p=0.0),
    "no connections": lambda: dataclasses.replace(network_of((64, 65)), connections=()),
    "own probabilities": lambda: network_of(
        (200, 90), (ClusterLayout.equal(200, 4), None, None), probability_ratio=3.0, j_plus=0.0
    ),
}


@pytest.fixture(params=NETWORKS)
def net(request):
    return NETWORKS[request.param]()


def test_same_connections_in_both_forms(net):
    bits, lists = (net.wire(3, network_index=2, storage=storage) for storage in ("bits", "lists"))
    assert (bits.storage, lists.storage) == ("bits", "lists")
    for post, pre in itertools.product((p.name for p in net.populations), repeat=2):
        connected = lists.adjacency(post, pre)
        assert connected.dtype == bool
        np.testing.assert_array_equal(connected, bits.adjacency(post, pre))
    np.testing.assert_array_equal(lists.bias, bits.bias)
    np.testing.assert_array_equal(lists.position, bits.position)
    assert lists.words == bits.words
    assert lists.n_synapses == bits.n_synapses
    assert repr(lists) == repr(bits)
    for matrix in ("weight_matrix", "delay_matrix"):
        one, other = getattr(lists, matrix)(), getattr(bits, matrix)()
        assert one.nnz == other.nnz == lists.n_synapses
        np.testing.assert_array_equal(one.toarray(), other.toarray())
        np.testing.assert_array_equal(one.indices, other.indices)


def test_lists_are_sorted_and_cannot_be_written(net):
    rows = net.wire(3, storage="lists").rows
    inner = np.ones(rows.target.size, bool)
    inner[rows.start[:-1][np.diff(rows.start) > 0]] = False
    assert (np.diff(rows.target)[inner[1:]] > 0).all()
    for array in (rows.start, rows.target):
        assert not array.flags.writeable
    edges = np.array([0, 64, 100, 64 * rows.start.size])
    offsets = rows.offsets(edges)
    for row in range(0, rows.start.size - 1, 37):
        targets = rows.target[rows.start[row] : rows.start[row + 1]]
        assert (offsets[row] - rows.start[row]).tolist() == [(targets < edge).sum() for edge in edges]


@pytest.mark.parametrize(
    ("p", "sizes", "storage"),
    [
        (0.0150, (400, 100), "lists"),
        (0.0160, (400, 100), "bits"),
        (0.0310, (20000, 5000), "lists"),
        (0.0316, (20000, 5000), "bits"),
    ],
)
def test_form_is_chosen_by_density_and_size(p, sizes, storage, monkeypatch):
    from metastable.networks import _wired_lif_network

    # Drawing 25,000 neurons takes seconds; what is chosen shows in the class that is asked to collect them.
    chosen = {}
    for form in (_wired_lif_network.BitRows, _wired_lif_network.TargetLists):
        monkeypatch.setattr(form, "of", lambda *_, form=form: chosen.setdefault("form", form))
    network_of(sizes, p=p).wire(1)
    assert chosen["form"] is {"bits": _wired_lif_network.BitRows, "lists": _wired_lif_network.TargetLists}[storage]


def test_default_network_is_bits():
    assert litwin_kumar_doiron_2012(n_e=400, n_clusters=5).wire(1).storage == "bits"


def test_what_is_refused(net):
    with pytest.raises(ValueError, match="storage must be one of 'auto', 'bits', 'lists', got 'bytes'"):
        net.wire(1, storage="bytes")
    with pytest.raises(ValueError, match=r"stored as lists, not as bits; use adjacency or weight_matrix\."):
        _ = net.wire(1, storage="lists").bits
    with pytest.raises(TypeError, match="storage"):
        rost_2018(n_e=40, n_clusters=4).wire(1, storage="lists")


# ------------------------------------------------------------------ synapses that are given


@pytest.fixture
def wired():
    return network_of((70, 33, 20)).wire(3)


def random_weights(n, rng, density=0.2):
    weights = rng.normal(size=(n, n)) * (rng.random((n, n)) < density)
    np.fill_diagonal(weights, 0)
    # No connection of the network goes from B to C.
    weights[103:, 70:103] = 0
    return weights


@pytest.mark.parametrize("form", [np.asarray, csr_array, coo_array, lambda a: a.tolist(), lambda a: csr_array(a).T.T])
def test_given_synapses_are_what_was_given(wired, form):
    rng = np.random.default_rng(1)
    weights, delays = random_weights(123, rng), 0.1 * rng.integers(1, 30, (123, 123))
    given = wired.with_synapses(form(weights), delay_ms=form(delays))
    assert given.storage == "synapses"
    assert given.n_synapses == np.count_nonzero(weights)
    np.testing.assert_array_equal(given.weight_matrix().toarray(), weights)
    np.testing.assert_array_equal(given.delay_matrix().toarray(), np.where(weights, delays, 0))
    np.testing.assert_array_equal(given.adjacency("B", "A"), weights[70:103, :70] != 0)
    np.testing.assert_array_equal(given.adjacency("A", "C"), weights[:70, 103:] != 0)
    assert given.bias is wired.bias
    assert repr(given) == (
        f"WiredLIFNetwork: 123 neurons, {given.n_synapses:,} synapses with weights of their own, biases of seed 3, "
        "network 0"
    )
    for array in (given.rows.start, given.rows.target, given.rows.weight, given.rows.delay_ms):
        assert not array.flags.writeable


def test_given_arrays_are_copied(wired):
    weights = csr_array(random_weights(123, np.random.default_rng(1)))
    given = wired.with_synapses(weights)
    before = given.weight_matrix().toarray()
    weights.data[:] = 7
    np.testing.assert_array_equal(given.weight_matrix().toarray(), before)


def test_own_weights_keep_the_delays_of_connections(wired):
    given = wired.with_synapses(wired.weight_matrix())
    np.testing.assert_array_equal(given.weight_matrix().toarray(), wired.weight_matrix().toarray())
    np.testing.assert_array_equal(given.delay_matrix().toarray(), wired.delay_matrix().toarray())
    assert len(np.unique(given.delay_matrix().data)) == 8
    number = given.with_synapses(given.weight_matrix(), delay_ms=2)
    assert set(number.delay_matrix().data) == {2.0}


def test_entries_of_zero_are_no_synapses_and_doubles_add_up(wired):
    entries = coo_array(([1.0, 2.0, 0.0, 3.0, -3.0], ([0, 0, 4, 8, 8], [5, 5, 6, 9, 9])), shape=(123, 123))
    weights = wired.with_synapses(entries).weight_matrix()
    assert weights.nnz == 1
    assert weights[0, 5] == 3


def test_no_synapses_at_all(wired):
    given = wired.with_synapses(np.zeros((123, 123)), delay_ms=csr_array((123, 123)))
    assert given.n_synapses == given.weight_matrix().nnz == 0


def test_new_connections_need_a_delay(wired):
    weights = np.zeros((123, 123))
    weights[110, 75] = 1
    with pytest.raises(ValueError, match=r"weights\[110, 75\] connects B to C, .*no connection B->C .*give delay_ms\."):
        wired.with_synapses(weights)
    assert wired.with_synapses(weights, delay_ms=0.5).delay_matrix()[110, 75] == 0.5


def spoiled(i, j, value):
    weights = np.ones((123, 123)) - np.eye(123)
    weights[i, j] = value
    return weights


@pytest.mark.parametrize(
    ("weights", "delay", "error", "said"),
    [
        (np.zeros((123, 122)), 1, ValueError, r"weights must have shape \(123, 123\), \(post, pre\), got \(123, 122\)"),
        (csr_array((5, 5)), 1, ValueError, r"weights must have shape \(123, 123\), \(post, pre\), got \(5, 5\)"),
        (1.0, 1, ValueError, r"weights must have shape \(123, 123\), \(post, pre\), got \(\)"),
        ("many", 1, TypeError, "weights must hold numbers, got 'many'"),
        (spoiled(2, 9, np.nan), 1, ValueError, r"weights\[2, 9\] is nan; give finite numbers, and 0 for no synapse"),
        (csr_array(spoiled(2, 9, np.inf)), 1, ValueError, r"weights\[2, 9\] is inf; give finite numbers"),
        (spoiled(4, 4, 0.5), 1, ValueError, r"weights\[4, 4\] = 0\.5 connects a neuron to itself; set the diagonal to"),
        (spoiled(4, 5, 1), "late", TypeError, "delay_ms must be a number, got 'late'"),
        (spoiled(4, 5, 1), -1, ValueError, "delay_ms must be above 0, got -1"),
        (spoiled(4, 5, 1), np.ones(123), ValueError, r"delay_ms must have shape \(123, 123\), \(post, pre\), got"),
        (spoiled(4, 5, 1), spoiled(7, 8, -1), ValueError, r"delay_ms\[7, 8\] is -1; give a time above 0 to every syn"),
        (spoiled(4, 5, 1), spoiled(7, 8, np.nan), ValueError, r"delay_ms\[7, 8\] is nan; give a time above 0"),
        (spoiled(4, 5, 1), csr_array(spoiled(7, 8, 0)), ValueError, r"delay_ms\[7, 8\] is 0; give a time above 0"),
    ],
)
def test_synapses_that_are_refused(wired, weights, delay, error, said):
    with pytest.raises(error, match=said):
        wired.with_synapses(weights, delay_ms=delay)


# ------------------------------------------------------------------ elsewhere


@pytest.mark.parametrize("storage", ["bits", "lists"])
def test_parameters_for_reconstruction(storage):
    net = network_of((40, 20, 10))
    wired = net.wire(1, storage=storage)
    model = CurrentModel.of(wired, dt_ms=0.1)
    np.testing.assert_array_equal(model.bias, wired.bias)
    connected = wired.weight_matrix().toarray() != 0
    np.testing.assert_array_equal(model.delay_ms[connected], wired.delay_matrix().toarray()[connected])
    delays = 0.1 * np.random.default_rng(1).integers(2, 9, (70, 70))
    own = CurrentModel.of(wired.with_synapses(wired.weight_matrix(), delay_ms=delays), dt_ms=0.1)
    np.testing.assert_array_equal(own.delay_ms[connected], delays[connected])
    assert own.delay_ms.min() == delays[connected].min()
    same = CurrentModel.of(wired.with_synapses(wired.weight_matrix(), delay_ms=1.5))
    assert same.delay_ms.shape == ()
    assert same.delay_ms == 1.5


def test_delays_do_not_add_and_weights_do():
    wired = litwin_kumar_doiron_2012(n_e=80, n_clusters=4).wire(1)
    once = wired.weight_matrix().tocoo()
    row, column = (np.tile(side, 2) for side in once.coords)
    halves = coo_array((np.tile(once.data / 2, 2), (row, column)), shape=once.shape)
    delays = coo_array((np.full(row.size, 1.5), (row, column)), shape=once.shape)
    assert abs(wired.with_synapses(halves).weight_matrix() - wired.weight_matrix()).max() < 1e-15
    with pytest.raises(ValueError, match=f"delay_ms holds {once.nnz} pairs more than once, and delays do not add"):
        wired.with_synapses(halves, delay_ms=delays)


def test_adjacency_is_a_matrix_of_ones():
    wired = litwin_kumar_doiron_2012(n_e=80, n_clusters=4).wire(1)
    connected = wired.weight_matrix() != 0
    for given in (connected, connected.toarray()):
        assert set(wired.with_synapses(given).weight_matrix().data) == {1.0}


def test_delays_beyond_the_trial_take_no_memory():
    wired = litwin_kumar_doiron_2012(n_e=80, n_clusters=4).wire(1)
    late = wired.with_synapses(wired.weight_matrix(), delay_ms=1e9)
    made = [simulate(late, duration_ms=50, seed=1, engine=engine) for engine in ("metastable", "reference")]
    np.testing.assert_array_equal(made[0].time_ms, made[1].time_ms)
    np.testing.assert_array_equal(made[0].neuron, made[1].neuron)
    assert made[0].n_spikes


def test_weights_that_overflow_are_refused():
    wired = litwin_kumar_doiron_2012(n_e=80, n_clusters=4).wire(1)
    with pytest.raises(ValueError, match="more than single precision can hold; give smaller weights"):
        simulate(wired.with_synapses(1e300 * wired.weight_matrix()), duration_ms=1)
