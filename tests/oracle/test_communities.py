"""Distances, agreement and modularity against Elephant, scikit-learn, networkx and igraph."""

from __future__ import annotations

import random

import numpy as np
import pytest

import metastable as mst
from metastable import communities


@pytest.fixture(scope="module")
def spikes():
    rng = np.random.default_rng(8)
    return mst.SpikeData(time_ms=rng.uniform(0, 1000, 120), neuron=rng.integers(0, 6, 120), n_neurons=7, t_stop_ms=1000)


@pytest.fixture(scope="module")
def neo_trains(spikes):
    neo, pq = pytest.importorskip("neo"), pytest.importorskip("quantities")
    return [
        neo.SpikeTrain(spikes.time_ms[spikes.neuron == k] * pq.ms, t_stop=1000 * pq.ms) for k in range(spikes.n_neurons)
    ]


def test_distances_equal_those_of_elephant(spikes, neo_trains):
    pq = pytest.importorskip("quantities")
    elephant = pytest.importorskip("elephant.spike_train_dissimilarity")
    theirs = elephant.van_rossum_distance(neo_trains, time_constant=30 * pq.ms, sort=True)
    np.testing.assert_allclose(communities.van_rossum_distance(spikes, tau_ms=30), theirs, atol=1e-6)
    theirs = elephant.victor_purpura_distance(neo_trains, cost_factor=40 * pq.Hz)
    np.testing.assert_allclose(communities.victor_purpura_distance(spikes, cost_per_ms=0.04), theirs, atol=1e-10)


def random_partitions(seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 4, 50), rng.integers(0, 6, 50)


@pytest.mark.parametrize("seed", range(5))
def test_agreement_equals_that_of_scikit_learn(seed):
    metrics = pytest.importorskip("sklearn.metrics")
    a, b = random_partitions(seed)
    ours = communities.normalized_mutual_information(a, b)
    assert ours == pytest.approx(metrics.normalized_mutual_info_score(a, b), abs=1e-12)
    mutual = metrics.mutual_info_score(a, b)
    both = metrics.mutual_info_score(a, a) + metrics.mutual_info_score(b, b)
    assert communities.variation_of_information(a, b) == pytest.approx(both - 2 * mutual, abs=1e-12)
    rand = metrics.adjusted_rand_score(a, b)
    assert communities.adjusted_rand_index(a, b) == pytest.approx(rand, abs=1e-12)
    # Nodes in no group are left out.
    some = np.where(np.arange(50) < 10, -1, a)
    rand = metrics.adjusted_rand_score(a[10:], b[10:])
    assert communities.adjusted_rand_index(some, b) == pytest.approx(rand, abs=1e-12)


@pytest.mark.parametrize(
    ("a", "b"), [([0, 0, 0], [1, 1, 1]), ([0, 1, 2], [2, 0, 1]), ([0, 0, 0], [0, 1, 2]), ([0, 0, 1], [1, 1, 1])]
)
def test_rand_index_of_partitions_that_divide_nothing(a, b):
    metrics = pytest.importorskip("sklearn.metrics")
    assert communities.adjusted_rand_index(a, b) == pytest.approx(metrics.adjusted_rand_score(a, b), abs=1e-12)


def random_similarity(n, n_blocks, contrast, seed):
    rng = np.random.default_rng(seed)
    block = rng.integers(0, n_blocks, n)
    c = rng.gamma(2.0, size=(n, n)) * (1 + contrast * (block[:, None] == block))
    c = (c + c.T) / 2
    np.fill_diagonal(c, 0)
    return c


@pytest.mark.parametrize("seed", range(5))
def test_modularity_equals_that_of_networkx(seed):
    networkx = pytest.importorskip("networkx")
    c, (labels, _) = random_similarity(50, 4, 0.5, seed), random_partitions(seed)
    graph = networkx.from_numpy_array(c)
    groups = [set(np.flatnonzero(labels == k).tolist()) for k in np.unique(labels)]
    assert communities.modularity(c, labels) == pytest.approx(networkx.community.modularity(graph, groups), abs=1e-12)


@pytest.mark.parametrize(("n", "n_blocks", "contrast"), [(50, 1, 0), (50, 5, 0.5), (150, 1, 0), (150, 8, 0.3)])
def test_no_smaller_modularity_than_leiden_with_as_many_starts(n, n_blocks, contrast):
    igraph = pytest.importorskip("igraph")
    random.seed(1)  # igraph draws from Python's generator
    c = random_similarity(n, n_blocks, contrast, seed=n + n_blocks)
    graph = igraph.Graph.Weighted_Adjacency(c, mode="undirected", loops=False)
    theirs = max(
        communities.modularity(c, graph.community_leiden("modularity", weights="weight", n_iterations=-1).membership)
        for _ in range(20)
    )
    assert communities.maximise_modularity(c, n_starts=20, seed=1).modularity >= theirs - 1e-12
