"""Windows over time: groups that change, tracking, agreement with a reference."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

import metastable as mst
from metastable import communities
from metastable import spikes as trains
from metastable.communities._chance_agreement import chance_agreement
from metastable.communities._group_tracking import track_groups

nmi = communities.normalized_mutual_information
OPTIONS = {"width_ms": 1000, "sigmas_ms": [5, 10], "n_starts": 4, "seed": 1}


@pytest.fixture(scope="module")
def changing():
    """Two seconds with groups of their own, and a third without any."""
    first, before = trains.fellous_2004(n_groups=3, noise_level=1, seed=1)
    second, after = trains.fellous_2004(n_groups=3, noise_level=1, seed=2)
    rng = np.random.default_rng(1)
    spikes = mst.SpikeData(
        time_ms=np.concatenate([first.time_ms, second.time_ms + 1000, rng.uniform(2000, 3000, 800)]),
        neuron=np.concatenate([first.neuron, second.neuron, rng.integers(0, 105, 800)]),
        n_neurons=105,
        t_stop_ms=3000,
    )
    return spikes.select(neuron=range(60)), before[:60], after[:60]


@pytest.fixture(scope="module")
def found(changing):
    return communities.sliding_windows(changing[0], step_ms=500, **OPTIONS, n_jobs=2)


def test_windows_find_groups_that_change_and_keep_those_without(changing, found):
    _, before, after = changing
    np.testing.assert_array_equal(found.start_ms, [0, 500, 1000, 1500, 2000])
    np.testing.assert_array_equal(found.stop_ms, found.start_ms + 1000)
    assert nmi(found.labels[0], before) == 1
    assert nmi(found.labels[2], after) == 1
    assert len(found) == 5
    assert found.n_groups[-1] == 0
    assert np.isnan(found.sigma_ms[-1])
    assert np.isnan(found.agreement[-1])
    assert np.isnan(found.chance_bound[-1])
    assert found.p_value[-1] > 0.05 >= found.p_value[0]
    assert (found.tracks[-1] == -1).all()


def test_groups_of_different_trains_are_different_groups(found):
    assert not set(found.tracks[0]) & set(found.tracks[2])
    assert found.n_tracks >= 6
    table = repr(found).splitlines()
    assert len(table) == 2 + 5
    assert "5 windows of 1 s, 4 with groups" in table[0]


def test_the_reference_is_the_window_of_largest_delta_q(changing, found):
    with_groups = np.where(found.n_groups > 0, found.delta_q, -np.inf)
    assert found.reference == with_groups.argmax()
    assert found.agreement[found.reference] == 1
    for k in range(4):
        assert found.agreement[k] == pytest.approx(nmi(found.labels[k], found.labels[found.reference]))
    # Groups of the first second say nothing about those of the second one.
    chosen = communities.sliding_windows(changing[0], step_ms=1000, **OPTIONS, reference=0, n_random=200)
    assert chosen.reference == 0
    assert chosen.agreement[1] < 2 * chosen.chance_bound[1]
    assert chosen.chance_mean[1] < chosen.chance_bound[1] < 0.1
    assert chosen.chance.shape == (3, 200)


def test_the_result_does_not_depend_on_threads(changing, found):
    again = communities.sliding_windows(changing[0], step_ms=500, **OPTIONS, n_jobs=1)
    np.testing.assert_array_equal(again.tracks, found.tracks)
    np.testing.assert_array_equal(again.chance, found.chance)
    for one, other in zip(again.windows, found.windows, strict=True):
        np.testing.assert_array_equal(one.control_statistic, other.control_statistic)


def test_controls_of_windows_are_independent(found):
    # All are computed: delta Q is comparable between windows.
    assert {each.control_statistic.shape for each in found.windows} == {(20, 2)}
    seeds = [each.provenance["parameters"]["seed"] for each in found.windows]
    assert len(set(seeds)) == 5


def test_a_window_can_be_found_again_from_its_record(changing, found):
    record = found[2].provenance["parameters"]
    part = changing[0].select(time_ms=(found.start_ms[2], found.stop_ms[2]))
    again = communities.detect(part, sigmas_ms=record["sigmas_ms"], n_starts=4, seed=record["seed"], early_stop=False)
    np.testing.assert_array_equal(again.labels, found.labels[2])


def test_nothing_anywhere():
    spikes = trains.gamma_trains(mean_ms=np.full(30, 200.0), cv=1, duration_ms=2000, seed=3)
    found = communities.sliding_windows(spikes, width_ms=1000, step_ms=1000, sigmas_ms=[20], seed=1, early_stop=True)
    assert found.reference is None
    assert np.isnan(found.agreement).all()
    assert found.n_tracks == 0
    assert "0 with groups" in repr(found)


def test_timescales_are_those_of_the_whole_recording_and_sparse_windows_do_no_harm():
    # In the last second each train has one spike: no interval to take a timescale from.
    spikes, _ = trains.fellous_2004(n_groups=2, noise_level=1, seed=1)
    rng = np.random.default_rng(2)
    sparse = mst.SpikeData(
        time_ms=np.concatenate([spikes.time_ms, rng.uniform(1000, 2000, 70)]),
        neuron=np.concatenate([spikes.neuron, np.arange(70)]),
        n_neurons=70,
        t_stop_ms=2000,
    )
    found = communities.sliding_windows(sparse, width_ms=1000, step_ms=1000, n_controls=0, seed=1, n_random=10)
    expected = communities.isi_timescales(sparse)
    for each in found.windows:
        np.testing.assert_array_equal(each.sigmas_ms, expected)
    # Without controls the largest modularity is the reference.
    assert found.reference == np.argmax([each.modularity for each in found.windows])


def test_trials_can_be_grouped_in_windows():
    spikes, _ = trains.fellous_2004(n_groups=2, noise_level=1, seed=1)
    as_trials = mst.SpikeData(
        time_ms=spikes.time_ms, neuron=np.zeros_like(spikes.neuron), trial=spikes.neuron, n_neurons=1, n_trials=70,
        t_stop_ms=1000,
    )  # fmt: skip
    options = {"width_ms": 700, "step_ms": 300, "sigmas_ms": [5], "seed": 1, "n_random": 10, "n_starts": 4}
    found = communities.sliding_windows(as_trials, rows="trials", **options)
    np.testing.assert_array_equal(found.tracks, communities.sliding_windows(spikes, **options).tracks)


def test_decimal_steps_reach_the_end():
    spikes = mst.SpikeData(time_ms=[], neuron=[], n_neurons=1, t_stop_ms=0.7)
    found = communities.sliding_windows(spikes, width_ms=0.1, step_ms=0.1, sigmas_ms=[0.01], seed=1, n_random=1)
    assert len(found) == 7
    assert found.stop_ms[-1] <= 0.7


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"width_ms": 5000},
            "the recording of 3000 ms is shorter than a window of width_ms=5000; choose",
        ),
        ({"step_ms": 0}, "step_ms must be above 0"),
        ({"reference": 9}, "reference must be at most 2"),
        ({"reference": 2}, r"window 2 has no groups to compare with; those that have are \[0, 1\]"),
        ({"least_overlap": 0}, "least_overlap must be above 0"),
        ({"upper": 2}, "upper must be at most 1"),
        ({"n_random": 0}, "n_random must be at least 1"),
        ({"kind": "best"}, "kind must be one of"),
    ],
)
def test_errors(changing, options, message):
    with pytest.raises(ValueError, match=message):
        communities.sliding_windows(changing[0], **{**OPTIONS, "step_ms": 1000, **options})


def test_unknown_options_are_refused_first(changing):
    with pytest.raises(TypeError, match=r"no option 'window_ms'; did you mean 'width_ms'\? its options are width_ms, "):
        communities.sliding_windows(changing[0], window_ms=700)
    with pytest.raises(TypeError, match=r"no option 'foo'; its options are .*, and those of detect, sigmas_ms, kind, "):
        communities.sliding_windows(changing[0], width_ms=1000, step_ms=1000, foo=3)


def test_tracking_by_hand():
    labels = np.array(
        [
            [0, 0, 0, 1, 1, 1, 2, 2],
            [1, 1, 1, 0, 0, 0, 2, 2],  # the same, numbered otherwise
            [-1] * 8,  # nothing: skipped
            [0, 0, 1, 1, 1, 1, -1, 2],  # one moves, one is silent: 2 of 3, 3 of 4, 1 of 1
            [0, 1, 0, 1, 0, 1, 0, 1],  # 1 of 5 and 2 of 6 overlap: all new
        ]
    )
    np.testing.assert_array_equal(
        track_groups(labels, least_overlap=0.5),
        [[0, 0, 0, 1, 1, 1, 2, 2], [0, 0, 0, 1, 1, 1, 2, 2], [-1] * 8, [0, 0, 1, 1, 1, 1, -1, 2], [3, 4] * 4],
    )
    # Asked for more, the first group is a new one.
    np.testing.assert_array_equal(track_groups(labels, least_overlap=0.7)[3], [3, 3, 1, 1, 1, 1, -1, 2])


@pytest.mark.parametrize("seed", range(5))
def test_tracking_takes_the_pairs_of_largest_overlap(seed):
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 4, 40), rng.integers(0, 4, 40)
    overlap = np.array(
        [
            [((second == a) & (first == b)).sum() / ((second == a) | (first == b)).sum() for b in range(4)]
            for a in range(4)
        ]
    )
    best = max(permutations(range(4)), key=lambda p: overlap[range(4), p].sum())
    tracks = track_groups(np.array([first, second]), least_overlap=1e-9)
    np.testing.assert_array_equal(tracks[1], np.array(best)[second])


def test_a_good_pair_is_not_given_up_for_two_poor_ones():
    # 0-0 overlaps by .6; 0-1 and 1-0 by .4 each, which is more together but below the threshold.
    first = np.array([0] * 10 + [1] * 6)
    second = np.array([0] * 8 + [1] * 2 + [1] * 4 + [0] * 2)
    assert track_groups(np.array([first, second]), least_overlap=0.5)[1, 0] == 0


def test_chance_agreement_keeps_sizes_and_matches_its_expectation():
    rng = np.random.default_rng(1)
    own, other = np.repeat([0, 1, -1], [3, 3, 2]), np.array([0, 0, 1, 1, 0, 1, 1, 0])
    found = chance_agreement(own, other, n_random=4000, rng=rng)
    exact = [nmi(np.array(p), other[:6]) for p in set(permutations(own[:6].tolist()))]
    # Mean over all 20 arrangements.
    assert found.mean() == pytest.approx(np.mean(exact), abs=4 * np.std(exact) / np.sqrt(4000))
    # Groups of one train each agree however they are drawn, as long as sizes are kept.
    np.testing.assert_allclose(chance_agreement(np.arange(5), np.arange(5), n_random=20, rng=rng), 1)
