import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metastable.networks import ClusterLayout
from metastable.networks._cluster_layout import share_a_cluster, shared_fraction


@st.composite
def memberships(draw, n_clusters=None):
    """Any assignment without an empty cluster: overlaps, gaps and background included."""
    n, q = draw(st.integers(1, 40)), n_clusters or draw(st.integers(1, 6))
    matrix = np.zeros((n, q), bool)
    for c in range(q):
        matrix[sorted(draw(st.sets(st.integers(0, n - 1), min_size=1))), c] = True
    return matrix


def test_equal():
    layout = ClusterLayout.equal(12, 3)
    assert layout.clusters == (((0, 4),), ((4, 8),), ((8, 12),))
    assert layout.sizes.tolist() == [4, 4, 4]
    assert (layout.n_clusters, layout.overlaps, layout.background) == (3, False, 0.0)
    np.testing.assert_array_equal(layout.membership.argmax(axis=1), np.repeat([0, 1, 2], 4))


def test_background_is_the_last_neurons():
    layout = ClusterLayout.equal(100, 4, background=0.2)
    assert layout.sizes.tolist() == [20] * 4
    assert layout.background == pytest.approx(0.2)
    assert not layout.membership[80:].any()
    assert layout.membership[:80].sum(axis=1).tolist() == [1] * 80


def test_unequal():
    layout = ClusterLayout.unequal([3, 1, 5], n_neurons=12)
    assert layout.sizes.tolist() == [3, 1, 5]
    assert layout.background == 0.25
    assert ClusterLayout.unequal([3, 1, 5]).n_neurons == 9
    assert ClusterLayout.unequal([3, 1, 5]).background == 0


@given(n=st.integers(1, 60), q=st.integers(1, 80), share=st.floats(0, 1))
def test_overlapping_against_a_loop(n, q, share):
    size = max(1, round(n * share))
    layout = ClusterLayout.overlapping(n, q, size=size)
    expected = np.zeros((n, q), bool)
    for c in range(q):
        for k in range(size):
            expected[(round(c * n / q) + k) % n, c] = True
    np.testing.assert_array_equal(layout.membership, expected)
    assert layout.sizes.tolist() == [size] * q
    assert layout.overlaps == (expected.sum(axis=1) > 1).any()


@given(matrix=memberships())
def test_any_membership_survives(matrix):
    layout = ClusterLayout.from_membership(matrix)
    np.testing.assert_array_equal(layout.membership, matrix)
    np.testing.assert_array_equal(layout.sizes, matrix.sum(axis=0))
    rows, of_neuron = layout.patterns
    np.testing.assert_array_equal(rows[of_neuron], matrix)
    assert len(np.unique(rows, axis=0)) == len(rows)
    data = json.loads(json.dumps(asdict(layout)))
    again = ClusterLayout(data["n_neurons"], data["clusters"])
    assert again == layout
    assert hash(again) == hash(layout)


@given(data=st.data(), q=st.integers(1, 5))
def test_shared_fraction_against_all_pairs(data, q):
    a, b = (data.draw(memberships(n_clusters=q)) for _ in range(2))
    brute = np.array([[bool((x & y).any()) for y in b] for x in a])
    post, pre = ClusterLayout.from_membership(a), ClusterLayout.from_membership(b)
    assert shared_fraction(post, pre) == brute.sum() / brute.size
    np.testing.assert_array_equal(share_a_cluster(post, pre), brute)


def test_shared_fraction_of_what_is_not_clustered():
    layout = ClusterLayout.equal(4, 2)
    assert shared_fraction(None, layout) == shared_fraction(layout, None) == shared_fraction(None, None) == 0
    assert not share_a_cluster(None, layout).any()
    with pytest.raises(ValueError, match="same number of clusters, got 2 and 4; give both layouts the same number"):
        shared_fraction(layout, ClusterLayout.equal(4, 4))


@pytest.mark.parametrize(
    ("build", "error", "said"),
    [
        (
            lambda: ClusterLayout.equal(10, 3),
            ValueError,
            "10 clustered neurons do not fit into 3 equal clusters; choose",
        ),
        (lambda: ClusterLayout.equal(3, 4), ValueError, "3 clustered neurons do not fit into 4 equal clusters"),
        (lambda: ClusterLayout.equal(10, 2, background=1), ValueError, "0 clustered neurons do not fit"),
        (lambda: ClusterLayout.equal(10, 2, background=1.1), ValueError, "background must be at most 1"),
        (lambda: ClusterLayout.equal(10, 0), ValueError, "n_clusters must be at least 1, got 0"),
        (lambda: ClusterLayout.equal(10, True), TypeError, "n_clusters must be an integer, got True"),
        (lambda: ClusterLayout.equal(10.0, 2), TypeError, r"n_neurons must be an integer, got 10\.0"),
        (
            lambda: ClusterLayout.unequal([4, 4], n_neurons=7),
            ValueError,
            "clusters of 8 neurons in all do not fit into 7",
        ),
        (lambda: ClusterLayout.unequal([4, 0]), ValueError, "sizes must be at least 1, got 0"),
        (lambda: ClusterLayout.unequal([]), ValueError, "sizes must name at least one cluster, got none"),
        (lambda: ClusterLayout.overlapping(5, 2, size=6), ValueError, "a cluster of 6 neurons does not fit into 5"),
        (lambda: ClusterLayout.from_membership([1, 0]), ValueError, r"membership must have shape \(n_neurons, n_clu"),
        (lambda: ClusterLayout.from_membership([[1, 0]]), ValueError, "cluster 1 has no neurons; leave it out"),
        (lambda: ClusterLayout.from_membership(np.zeros((3, 0))), ValueError, "a layout needs at least one cluster"),
        (lambda: ClusterLayout(5, ()), ValueError, "a layout needs at least one cluster; leave the layout out"),
        (
            lambda: ClusterLayout(5, (((0, 6),),)),
            ValueError,
            "cluster 0 reaches from neuron 0 to 5 but the population has",
        ),
        (lambda: ClusterLayout(5, (((-1, 3),),)), ValueError, "cluster 0 reaches from neuron -1 to 2"),
        (lambda: ClusterLayout(5, (((0, 2), (1, 3)),)), ValueError, "cluster 0 must be ascending, disjoint"),
        (lambda: ClusterLayout(5, (((2, 2),),)), ValueError, "cluster 0 must be ascending, disjoint, non-empty runs"),
        (
            lambda: ClusterLayout(5, (((0, 2.5),),)),
            TypeError,
            r"clusters must list the runs .* got \(\(\(0, 2\.5\),\),\); see",
        ),
        (lambda: ClusterLayout(5, (((0, True),),)), TypeError, "clusters must list the runs"),
        (lambda: ClusterLayout(5, [1, 2]), TypeError, r"clusters must list the runs .* got \[1, 2\]; see"),
        (lambda: ClusterLayout(5, "ab"), TypeError, "clusters must list the runs"),
        (lambda: ClusterLayout.unequal(5), TypeError, r"^sizes must be a list, got 5\.$"),
        (lambda: ClusterLayout.unequal({3: 4}), TypeError, r"^sizes must be a list, got \{3: 4\}\.$"),
        (lambda: ClusterLayout.unequal("34"), TypeError, "sizes must be a list, got '34'"),
        (lambda: ClusterLayout.from_membership([[1, 0], [1]]), ValueError, "must not hold lists of different lengths"),
        (
            lambda: ClusterLayout.from_membership([[1, 2]]),
            ValueError,
            "membership must hold True and False, or 1 and 0",
        ),
        (lambda: ClusterLayout.from_membership([["a"]]), ValueError, "membership must hold True and False, or 1 and 0"),
        (lambda: ClusterLayout.from_dict([1]), TypeError, "data must be dict, got list; give what dataclasses.asdict"),
    ],
)
def test_what_is_refused(build, error, said):
    with pytest.raises(error, match=said):
        build()


def test_arrays_cannot_be_written():
    layout = ClusterLayout.equal(4, 2)
    for array in (layout.membership, *layout.patterns):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]


def test_repr():
    assert repr(ClusterLayout.equal(100, 4)) == "ClusterLayout(100 neurons in 4 clusters of 25)"
    assert (
        repr(ClusterLayout.unequal([3, 1], n_neurons=8))
        == "ClusterLayout(8 neurons in 2 clusters of 1 to 3, 50% background)"
    )
    assert "of 6, overlapping" in repr(ClusterLayout.overlapping(10, 2, size=6))


@pytest.mark.parametrize(
    "layout",
    [
        ClusterLayout.equal(100, 4),
        ClusterLayout.equal(100, 4, background=0.2),
        ClusterLayout.unequal([3, 5, 7], n_neurons=20),
        ClusterLayout.overlapping(50, 5, size=20),
        ClusterLayout.equal(10, 1),
    ],
)
def test_patterns_are_the_sorted_distinct_rows(layout):
    """Wiring draws patterns in this order, so it must never change."""
    rows, of_neuron = np.unique(layout.membership, axis=0, return_inverse=True)
    np.testing.assert_array_equal(layout.patterns[0], rows)
    np.testing.assert_array_equal(layout.patterns[1], of_neuron.reshape(-1))
