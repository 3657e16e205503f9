"""The climb on networks that take it through all its steps."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import block_diag

from metastable.communities import modularity
from metastable.communities._louvain import _best_move, _group_sums, _sum_rows, climb


def ring_of_cliques(n_cliques, size=4):
    c = block_diag(*[np.ones((size, size))] * n_cliques) - np.eye(n_cliques * size)
    for i in range(0, len(c), size):
        c[i, i - 1] = c[i - 1, i] = 1
    return c


def sparse(n, seed):
    rng = np.random.default_rng(seed)
    c = rng.gamma(0.3, size=(n, n))
    c *= c > np.quantile(c, 0.95)
    c += c.T
    np.fill_diagonal(c, 0)
    return c


@pytest.mark.parametrize(
    "c",
    [ring_of_cliques(60), sparse(130, 1), sparse(200, 2), np.diag(np.arange(1.0, 81)), np.ones((90, 90))],
    ids=["cliques", "sparse", "sparser", "loops only", "full"],
)
@pytest.mark.parametrize("seed", range(4))
def test_what_is_returned_is_the_modularity_of_the_groups(c, seed):
    # Many groups that join in several steps: groups of groups are numbered as the nodes are.
    labels, q = climb(c, np.arange(len(c)), 2, np.array([seed], np.uint64))
    assert sorted(set(labels.tolist())) == list(range(labels.max() + 1))
    assert q == pytest.approx(modularity(c, labels), abs=1e-12)


def test_cliques_are_never_cut():
    labels, q = climb(ring_of_cliques(60), np.arange(240), 2, np.array([3], np.uint64))
    assert (labels.reshape(60, 4) == labels.reshape(60, 4)[:, :1]).all()
    # One group for each clique: 6/7 - 1/60. Joining some is better: the resolution limit.
    assert q > 6 / 7 - 1 / 60


def test_loops_only_stay_alone():
    labels, _ = climb(np.diag(np.arange(1.0, 81)), np.arange(80), 0, np.array([1], np.uint64))
    assert labels.max() + 1 == 80


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n_groups", [2, 5, 9])
def test_the_best_move_is_the_best_of_all(seed, n_groups):
    rng = np.random.default_rng(seed)
    n = 9
    c = rng.random((n, n))
    c = c + c.T
    labels = rng.integers(0, n_groups, n)
    degree = c.sum(axis=1)
    total = degree.sum()
    free = rng.random(n) < 0.7
    expected = degree / total
    group_degree, size = _group_sums(degree, labels, n_groups + 1)
    gains, stay, targets = np.empty(n), np.empty(n), np.empty(n, np.int64)
    between = _sum_rows(c, labels, n_groups + 1)
    own = np.diag(c) - expected * degree
    node = _best_move(expected, own, labels, between, group_degree, size, free, gains, targets, stay)

    def change(i, target):
        moved = labels.copy()
        moved[i] = target
        return (modularity(c, moved) - modularity(c, labels)) * total / 2

    offers = {}
    for i in np.flatnonzero(free):
        for target in range(n_groups + 1):
            alone = size[labels[i]] == 1 and size[target] == 0
            if target != labels[i] and not alone:
                offers[i, target] = change(i, target)
    assert free[node]
    assert gains[node] == pytest.approx(max(offers.values()), abs=1e-12)
    assert change(node, targets[node]) == pytest.approx(gains[node], abs=1e-12)
