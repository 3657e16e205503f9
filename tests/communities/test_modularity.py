"""Modularity and the search for its maximum, against all partitions of small networks."""

from __future__ import annotations

import numpy as np
import pytest

from metastable import communities
from metastable.communities._louvain import climb


def random_similarity(n, seed, n_blocks=1):
    rng = np.random.default_rng(seed)
    c = rng.random((n, n)) + 0.5 * np.kron(np.eye(n_blocks), np.ones((n // n_blocks, n // n_blocks)))
    c = (c + c.T) / 2
    np.fill_diagonal(c, 0)
    return c


def partitions_of(n):
    """Yield all partitions of n nodes as restricted growth strings."""

    def extend(labels, highest):
        if len(labels) == n:
            yield np.array(labels)
            return
        for label in range(highest + 2):
            yield from extend([*labels, label], max(highest, label))

    yield from extend([0], 0)


def by_definition(c, labels):
    d, total = c.sum(axis=1), c.sum()
    same = labels[:, None] == labels
    return ((c - np.outer(d, d) / total) * same).sum() / total


@pytest.mark.parametrize("seed", range(12))
def test_the_best_of_all_partitions_is_found(seed):
    c = random_similarity(8, seed, n_blocks=1 + seed % 3 if 8 % (1 + seed % 3) == 0 else 1) ** (1 + seed % 4)
    best = max(by_definition(c, labels) for labels in partitions_of(8))
    found = communities.maximise_modularity(c, seed=seed)
    assert found.modularity == pytest.approx(best, abs=1e-12)
    assert communities.modularity(c, found.labels) == pytest.approx(best, abs=1e-12)
    assert found.trace == pytest.approx(best * c.sum(), abs=1e-11)


@pytest.mark.parametrize("seed", range(5))
def test_a_climb_ends_where_no_single_move_helps(seed):
    c = random_similarity(40, seed, n_blocks=4)
    labels, q = climb(c, np.arange(len(c)), 2, np.array([seed], np.uint64))
    assert q == pytest.approx(by_definition(c, labels), abs=1e-12)
    for node in range(40):
        for target in range(labels.max() + 2):
            moved = labels.copy()
            moved[node] = target
            assert by_definition(c, moved) <= q + 1e-12


@pytest.mark.parametrize("method", ["louvain", "kmeans"])
def test_blocks_are_found_and_named_by_size(method):
    truth = np.repeat([2, 0, 1], [5, 15, 9])
    c = np.where(truth[:, None] == truth, 1.0, 0.1)
    np.fill_diagonal(c, 0)
    found = communities.maximise_modularity(c, method=method, seed=1)
    np.testing.assert_array_equal(found.labels, truth)
    assert found.sizes.tolist() == [15, 9, 5]


@pytest.mark.parametrize("subspace", ["all", "leading"])
def test_kmeans_never_exceeds_the_best(subspace):
    c = random_similarity(60, 3, n_blocks=3)
    by_kmeans = communities.maximise_modularity(c, method="kmeans", subspace=subspace, seed=1)
    by_louvain = communities.maximise_modularity(c, seed=1)
    assert 0 < by_kmeans.modularity <= by_louvain.modularity + 1e-12
    assert communities.modularity(c, by_kmeans.labels) == pytest.approx(by_kmeans.modularity, abs=1e-12)


@pytest.mark.parametrize("method", ["louvain", "kmeans"])
def test_the_same_groups_for_any_threads_and_order(method):
    c = random_similarity(60, 5, n_blocks=3)
    found = communities.maximise_modularity(c, method=method, n_starts=5, seed=9, n_jobs=1)
    again = communities.maximise_modularity(c, method=method, n_starts=5, seed=9, n_jobs=4)
    np.testing.assert_array_equal(found.labels, again.labels)
    order = np.random.default_rng(0).permutation(60)
    listed = communities.maximise_modularity(c[np.ix_(order, order)], method=method, n_starts=5, seed=9)
    assert communities.normalized_mutual_information(listed.labels, found.labels[order]) == pytest.approx(1)


@pytest.mark.parametrize("c", [np.zeros((4, 4)), np.ones((4, 4)) - np.eye(4), np.zeros((0, 0)), np.ones((1, 1))])
@pytest.mark.parametrize("method", ["louvain", "kmeans"])
def test_networks_without_groups_have_none(c, method):
    found = communities.maximise_modularity(c, method=method, seed=0)
    assert found.n_groups == 1
    assert found.modularity == 0
    assert "no groups" in repr(found)


def test_nodes_without_weight_stay_alone():
    c = np.zeros((5, 5))
    c[0, 1] = c[1, 0] = c[2, 3] = c[3, 2] = 1
    found = communities.maximise_modularity(c, seed=0)
    assert found.modularity == pytest.approx(0.5)
    assert found.labels[0] == found.labels[1] != found.labels[2] == found.labels[3]


def test_rows_of_the_modularity_matrix_sum_to_zero():
    b = communities.modularity_matrix(random_similarity(30, 2))
    np.testing.assert_allclose(b.sum(axis=1), 0, atol=1e-12)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones((2, 3)), "square matrix, got shape"),
        ([[0, -1], [-1, 0]], "must not be negative, got -1"),
        ([[0, 1], [2, 0]], "must be symmetric"),
        ([[0, np.nan], [np.nan, 0]], "NaN or infinite"),
    ],
)
def test_bad_matrices_are_refused(matrix, message):
    for function in (communities.modularity_matrix, communities.maximise_modularity):
        with pytest.raises(ValueError, match=message):
            function(matrix)


def test_partitions_agree_and_differ():
    same = communities.normalized_mutual_information
    a = np.array([0, 0, 1, 1, 2, 2])
    assert same(a, a + 7) == pytest.approx(1)
    assert same(a, np.zeros(6, int)) == 0
    assert same(a, [0, 1, 0, 1, 0, 1]) == pytest.approx(0, abs=1e-12)
    assert same([0, 0, 1, 1, -1], [1, 1, 0, 0, 3]) == pytest.approx(1)
    assert communities.variation_of_information(a, a) == 0
    assert communities.variation_of_information(a, [0, 1, 0, 1, 0, 1]) == pytest.approx(np.log(6))
    with pytest.raises(ValueError, match=r"same nodes.*give one label for each node to both"):
        same([0, 1], [0, 1, 2])
