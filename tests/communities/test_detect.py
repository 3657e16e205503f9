"""Groups and no groups, controls, decisions."""

from __future__ import annotations

import json

import numpy as np
import pytest

import metastable as mst
from metastable import communities
from metastable import spikes as trains
from metastable.communities._decision import least_p_value, p_value, scores

nmi = communities.normalized_mutual_information


@pytest.fixture(scope="module")
def fellous():
    return trains.fellous_2004(n_groups=3, noise_level=2, seed=4)


@pytest.mark.parametrize(
    "options",
    [{}, {"method": "spectral"}, {"kind": "hamming"}, {"kind": "van_rossum"}],
)
def test_planted_groups_are_found(fellous, options):
    spikes, truth = fellous
    found = communities.detect(spikes, sigmas_ms=[5, 10], seed=1, **options)
    assert found.significant
    assert found.p_value == pytest.approx(1 / 21)
    assert found.sizes.tolist() == [35, 35, 35]
    assert nmi(found.labels, truth) > 0.95
    assert found.delta_q > 0


def test_kmeans_finds_them_in_pieces(fellous):
    # Unweighted eigenvectors put the paper's optimiser off: it divides groups further than the largest modularity does.
    spikes, _ = fellous
    found = communities.detect(spikes, sigmas_ms=[10], method="kmeans", n_starts=3, seed=1)
    assert found.significant
    assert found.n_groups >= 3
    assert found.modularity < communities.detect(spikes, sigmas_ms=[10], n_controls=0, seed=1).modularity


def test_independent_trains_have_no_groups():
    spikes = trains.gamma_trains(mean_ms=np.full(40, 400.0), cv=1, duration_ms=5000, seed=11)
    found = communities.detect(spikes, sigmas_ms=[20, 50], seed=1, early_stop=False, n_controls=39)
    assert found.p_value > 0.05
    assert found.n_groups == 0
    assert (found.labels == -1).all()
    # What a person would have taken for groups is still there to be looked at.
    assert found.at(20).max() >= 1
    assert "no groups" in repr(found)


def test_an_early_stop_changes_no_decision_and_saves_controls():
    spikes = trains.gamma_trains(mean_ms=np.full(40, 400.0), cv=1, duration_ms=5000, seed=11)
    stopped = communities.detect(spikes, sigmas_ms=[20, 50], seed=1)
    full = communities.detect(spikes, sigmas_ms=[20, 50], seed=1, early_stop=False)
    assert stopped.significant is full.significant is False
    assert len(stopped.control_statistic) < len(full.control_statistic) == 20
    assert stopped.p_value <= full.p_value
    np.testing.assert_array_equal(stopped.control_statistic, full.control_statistic[: len(stopped.control_statistic)])


def test_the_result_does_not_depend_on_threads_or_on_the_order_of_neurons(fellous):
    spikes, _ = fellous
    found = communities.detect(spikes, sigmas_ms=[5, 10], seed=3, n_jobs=1)
    again = communities.detect(spikes, sigmas_ms=[5, 10], seed=3, n_jobs=3)
    np.testing.assert_array_equal(found.labels, again.labels)
    np.testing.assert_array_equal(found.control_statistic, again.control_statistic)
    order = np.random.default_rng(1).permutation(105)
    listed = mst.SpikeData(
        time_ms=spikes.time_ms, neuron=order[spikes.neuron], n_neurons=105, t_stop_ms=spikes.t_stop_ms
    )
    renamed = communities.detect(listed, sigmas_ms=[5, 10], seed=3)
    np.testing.assert_array_equal(renamed.control_statistic, found.control_statistic)
    assert nmi(renamed.labels[order], found.labels) == 1


def test_silent_and_few_trains():
    spikes, _ = trains.fellous_2004(n_groups=2, noise_level=0, seed=1)
    with_silent = mst.SpikeData(time_ms=spikes.time_ms, neuron=2 * spikes.neuron, n_neurons=140, t_stop_ms=1000)
    found = communities.detect(with_silent, sigmas_ms=[10], seed=1)
    assert (found.labels[1::2] == -1).all()
    assert (found.labels[::2] >= 0).all()
    few = communities.detect(spikes.select(neuron=range(5)), seed=1)
    assert few.n_groups == 0
    assert "only 5 of 5 trains have spikes" in few.status
    none = communities.detect(mst.SpikeData(time_ms=[], neuron=[], n_neurons=9, t_stop_ms=10), sigmas_ms=[2], seed=1)
    assert "only 0 of 9 trains" in none.status


def test_responses_to_a_stimulus():
    spikes, stimulus, patterns = trains.pacemaker(n_stimuli=60, n_patterns=2, seed=2)
    found = communities.detect_responses(spikes, stimulus_ms=stimulus, sigmas_ms=[20, 40], seed=1)
    assert found.n_groups == 2
    assert nmi(found.labels, patterns) > 0.9
    spikes, stimulus, _ = trains.pacemaker(n_stimuli=60, n_patterns=0, seed=2)
    assert communities.detect_responses(spikes, stimulus_ms=stimulus, sigmas_ms=[20, 40], seed=1).n_groups == 0


def test_decisions_by_hand():
    data, controls = np.array([3.0, 1.0]), np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 2.0]])
    np.testing.assert_allclose(scores(data, controls, decision="delta-q")[0], [1, -1])
    np.testing.assert_array_equal(scores(data, controls, decision="max-rank")[0], [4, 3])
    z = scores(data, controls, decision="max-z")
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(z.std(axis=0), 1)
    # The highest of the first scale belongs to the data, of the second to a control: both are extreme.
    assert p_value(data, controls, decision="max-rank") == 0.5
    assert p_value(data, controls, decision="max-z") == 0.5
    assert least_p_value(data, controls, n_controls=3) == 0.25
    assert least_p_value(np.array([0.5, 0.5]), controls, n_controls=3) == 0.75


def test_p_values_are_exact_for_exchangeable_sets():
    # Of 20 sets in random order each is equally often the most extreme: at most 1 in 20 at .05.
    rng = np.random.default_rng(5)
    for decision in ("max-z", "max-rank"):
        p = []
        for _ in range(400):
            sets = rng.normal(size=(20, 4)) @ rng.normal(size=(4, 4))
            p.append(p_value(sets[0], sets[1:], decision=decision))
        # Binomial(400, .05) has a standard deviation of 4.4 around 20.
        assert np.sum(np.array(p) <= 0.05 + 1e-12) < 20 + 5 * 4.4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_controls": 10}, "cannot give a p-value of 0.05 or less; take at least 19"),
        ({"sigmas_ms": [2000]}, "not shorter than the recording of 1000 ms"),
        ({"sigmas_ms": "auto"}, "sigmas_ms must be one of 'isi'"),
        ({"surrogate": "jitter_spikes"}, "jitter_ms belongs to"),
        ({"jitter_ms": 3}, "jitter_ms belongs to"),
        ({"decision": "best"}, "decision must be one of"),
        ({"method": "spectral", "n_controls": 0}, "needs two or more"),
        ({"rows": "trials"}, "select one with"),
    ],
)
def test_errors(fellous, options, message):
    with pytest.raises(ValueError, match=message):
        communities.detect(fellous[0], seed=1, **options)


def test_seconds_given_as_milliseconds_are_noticed(fellous):
    spikes, _ = fellous
    seconds = mst.SpikeData(time_ms=spikes.time_ms / 1000, neuron=spikes.neuron, n_neurons=105, t_stop_ms=1)
    with pytest.raises(ValueError, match="the times look like seconds"):
        communities.detect(seconds, seed=1)


def test_timescales_follow_the_intervals():
    spikes = mst.SpikeData(time_ms=[0, 10, 30, 60, 100], neuron=[0] * 5, n_neurons=1, t_stop_ms=200)
    found = communities.isi_timescales(spikes, n_timescales=3, percentiles=(0, 100))
    np.testing.assert_allclose(found * np.sqrt(12), [10, 25, 40])
    with pytest.raises(ValueError, match="no train has two spikes"):
        communities.isi_timescales(spikes.select(time_ms=(0, 5)))


@pytest.mark.parametrize("kind", ["hamming", "cosine"])
def test_silent_trials_of_controls_count_as_little_as_those_of_the_data(kind):
    found = []
    for seed in range(6):
        spikes = trains.gamma_trains(mean_ms=[1500.0], cv=1, duration_ms=80_000, seed=seed)
        options = {"stimulus_ms": np.arange(40) * 2000.0, "sigmas_ms": [30, 100], "seed": 1}
        found.append(communities.detect_responses(spikes, kind=kind, **options).n_groups)
    # At a level of .05 four of six are found once in 10,000 times; all six were when silence counted as similar.
    assert np.count_nonzero(found) < 4


def test_a_single_common_group_is_no_division():
    rng = np.random.default_rng(2)
    events = rng.uniform(0, 1000, 5)
    spikes = mst.SpikeData(
        time_ms=np.concatenate([events + rng.normal(0, 1, 5) for _ in range(30)]).clip(0, 999),
        neuron=np.repeat(np.arange(30), 5),
        n_neurons=30,
        t_stop_ms=1000,
    )
    found = communities.detect(spikes, sigmas_ms=[5], method="spectral", seed=1)
    assert found.n_groups == 0
    assert "no division has a positive modularity" in found.status


def test_facts_are_plain_whatever_numbers_were_given(fellous):
    found = communities.detect(
        fellous[0],
        sigmas_ms=np.array([5.0]),
        n_starts=np.int64(2),
        n_controls=np.int64(19),
        alpha=np.float32(0.06),
        seed=1,
    )
    assert json.loads(json.dumps(found.to_dict()))["n_groups"] == 3
