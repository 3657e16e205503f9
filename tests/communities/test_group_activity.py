"""Activity of groups, states that recur, membership of trains."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

import metastable as mst
from metastable import communities


@pytest.fixture(scope="module")
def spikes():
    rng = np.random.default_rng(3)
    return mst.SpikeData(
        time_ms=rng.uniform(100, 300, 90),
        neuron=rng.integers(0, 6, 90),
        trial=rng.integers(0, 2, 90),
        n_neurons=7,
        n_trials=2,
        t_start_ms=100,
        t_stop_ms=300,
    )


LABELS = np.array([1, 0, -1, 1, 0, 0, 1])


def test_activity_is_the_sum_of_normal_densities(spikes):
    found = communities.group_activity(spikes, LABELS, sigma_ms=7, step_ms=3.7, trial=1)
    assert found.time_ms[0] == 100
    assert found.time_ms[-1] < 300 <= found.time_ms[-1] + 3.7
    for group in (0, 1):
        mine = (spikes.trial == 1) & (LABELS[spikes.neuron] == group)
        expected = 1000 * norm.pdf(found.time_ms[:, None], spikes.time_ms[mine], 7).sum(axis=1)
        np.testing.assert_allclose(found.activity[group], expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.per_train, found.activity / 3)
    assert "2 groups of 3, 3 trains" in repr(found)


def test_values_do_not_depend_on_the_step(spikes):
    coarse = communities.group_activity(spikes, LABELS, sigma_ms=2, step_ms=20)
    fine = communities.group_activity(spikes, LABELS, sigma_ms=2, step_ms=1)
    np.testing.assert_array_equal(coarse.activity, fine.activity[:, ::20])


def test_a_constant_rate_stays_constant_when_edges_are_renormalised():
    regular = mst.SpikeData(time_ms=np.arange(0.5, 1000), neuron=np.zeros(1000, int), n_neurons=1, t_stop_ms=1000)
    flat = communities.group_activity(regular, [0], sigma_ms=30, step_ms=10, edges="renormalise")
    np.testing.assert_allclose(flat.activity, 1000, rtol=1e-3)
    cut = communities.group_activity(regular, [0], sigma_ms=30, step_ms=10)
    assert cut.activity[0, 0] == pytest.approx(500, rel=1e-3)


def test_a_group_without_trains_is_silent(spikes):
    found = communities.group_activity(spikes, np.where(LABELS == 1, 2, LABELS), sigma_ms=5, step_ms=5)
    assert found.sizes.tolist() == [3, 0, 3]
    assert not found.activity[1].any()
    assert not found.per_train[1].any()


@pytest.mark.parametrize(
    ("labels", "options", "message"),
    [
        ([0, 1], {}, "the group of each of the 7 trains, got shape \\(2,\\)"),
        ([-1] * 7, {}, "put no train into a group"),
        (LABELS, {"step_ms": 500}, "longer than the recording of 200 ms"),
        (LABELS, {"sigma_ms": 0}, "sigma_ms must be above 0"),
        (LABELS, {"edges": "wrap"}, "edges must be one of 'truncate', 'renormalise'"),
        (LABELS, {"trial": 2}, "trial must be at most 1"),
    ],
)
def test_errors_of_activity(spikes, labels, options, message):
    with pytest.raises(ValueError, match=message):
        communities.group_activity(spikes, labels, **{"sigma_ms": 5, "step_ms": 5, **options})


def test_labels_must_be_integers(spikes):
    with pytest.raises(TypeError, match="labels must be integers"):
        communities.group_activity(spikes, LABELS / 2, sigma_ms=5, step_ms=5)


def test_recurrence_is_the_cosine_of_states(spikes):
    found = communities.recurrence(spikes, LABELS, group=0, sigma_ms=20, step_ms=10)
    states = np.array(
        [
            norm.pdf(found.time_ms[:, None], spikes.time_ms[(spikes.trial == 0) & (spikes.neuron == k)], 20).sum(axis=1)
            for k in (1, 4, 5)
        ]
    )
    states /= np.linalg.norm(states, axis=0)
    np.testing.assert_allclose(found.similarity, states.T @ states, atol=1e-10)
    np.testing.assert_allclose(np.diag(found.similarity), 1)
    assert found.n_trains == 3
    everything = communities.recurrence(spikes, sigma_ms=20, step_ms=10)
    assert everything.n_trains == 7
    assert "7 trains at 20 times" in repr(everything)


def test_silence_has_no_state():
    one = mst.SpikeData(time_ms=[10], neuron=[0], n_neurons=2, t_stop_ms=1000)
    found = communities.recurrence(one, sigma_ms=2, step_ms=10)
    assert found.similarity[1, 1] == 1
    assert np.isnan(found.similarity[50]).all()
    empty = communities.recurrence(
        mst.SpikeData(time_ms=[], neuron=[], n_neurons=2, t_stop_ms=9), sigma_ms=2, step_ms=3
    )
    assert "mean similarity nan" in repr(empty)


@pytest.mark.parametrize(
    ("labels", "group", "message"),
    [
        (LABELS, None, "labels and group belong together"),
        (None, 1, "labels and group belong together"),
        (LABELS, 2, "group must be at most 1"),
        (2 * LABELS, 1, r"group 1 has no trains; the groups that have are \[0 2\]"),
    ],
)
def test_errors_of_recurrence(spikes, labels, group, message):
    with pytest.raises(ValueError, match=message):
        communities.recurrence(spikes, labels, group=group, sigma_ms=5, step_ms=5)


def random_similarity(n=12, seed=1):
    rng = np.random.default_rng(seed)
    c = rng.random((n, n))
    return (c + c.T) / 2


def test_membership_by_loops():
    c, labels = random_similarity(), np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, -1])
    found = communities.group_membership(c, labels)
    grouped = np.flatnonzero(labels >= 0)
    for i in range(12):
        others = [j for j in grouped if j != i]
        weight = {j: sum(c[j, k] for k in grouped if k != j) for j in others}
        total = sum(c[i, j] for j in others)
        for g in range(3):
            inside = [j for j in others if labels[j] == g]
            expected = total * sum(weight[j] for j in inside) / sum(weight.values())
            assert found.excess[i, g] == pytest.approx(sum(c[i, j] for j in inside) / expected - 1)
    assert np.isnan(found.own[-1])
    assert np.isnan(found.margin[-1])
    assert not found.core[-1]
    assert "core members" in repr(found)


def test_core_members_are_those_of_planted_groups_and_a_bridge_is_none():
    labels = np.repeat([0, 1, 2], 8)
    c = np.where(labels[:, None] == labels, 0.8, 0.2)
    # Train 0 is as similar to group 1 as to its own.
    c[0, labels == 1] = c[labels == 1, 0] = 0.8
    found = communities.group_membership(c, labels)
    assert not found.core[0]
    assert found.core[1:].all()
    assert abs(found.margin[0]) < 0.2 < found.margin[1]
    # The diagonal plays no part.
    np.fill_diagonal(c, 5)
    np.testing.assert_allclose(communities.group_membership(c, labels).excess, found.excess)


def test_trains_without_similarity_and_single_members_belong_nowhere():
    c, labels = random_similarity(8), np.array([0, 0, 0, 1, 1, 1, 2, 0])
    c[-1] = c[:, -1] = 0
    found = communities.group_membership(c, labels)
    assert np.isnan(found.excess[-1]).all()
    assert np.isnan(found.own[6])
    assert not found.core[[6, 7]].any()
    everything = communities.group_membership(c, np.zeros(8, int))
    np.testing.assert_allclose(everything.excess[:-1], 0, atol=1e-12)
    assert np.isnan(everything.margin).all()


def test_errors_of_membership():
    with pytest.raises(ValueError, match="must not be negative"):
        communities.group_membership(-random_similarity(), np.zeros(12, int))
    with pytest.raises(ValueError, match="the group of each of the 12 trains"):
        communities.group_membership(random_similarity(), [0, 1])


def test_recordings_without_trials_say_so():
    spikes = mst.SpikeData(time_ms=[], neuron=[], n_neurons=2, n_trials=0, t_stop_ms=1000)
    for found in (
        lambda: mst.communities.group_activity(spikes, [0, 1], sigma_ms=5, step_ms=10),
        lambda: mst.communities.recurrence(spikes, sigma_ms=5, step_ms=10),
        lambda: mst.communities.power_spectrum(spikes),
        lambda: mst.communities.coherence(spikes, [0, 1]),
    ):
        with pytest.raises(ValueError, match="the recording has no trials, and at least one is needed"):
            found()
