"""PSTH, population and cluster rates, responses to an event."""

import numpy as np
import pytest

import metastable as mst
from metastable import statistics as st


@pytest.mark.parametrize("dt_ms", [0.5, None])
def test_rates_in_time_match_binned_counts(random_spikes, dt_ms):
    spikes = random_spikes(1, dt_ms=dt_ms)
    counts = mst.spikes.bin_counts(spikes, bin_ms=7)
    result = st.psth(spikes, bin_ms=7)
    np.testing.assert_allclose(result.rate, counts.mean(axis=0) / 0.007)
    np.testing.assert_allclose(result.time_ms, 23.5 + 7 * np.arange(8))
    np.testing.assert_allclose(st.population_rate(spikes, bin_ms=7), counts.mean(axis=1) / 0.007)
    member = spikes.membership
    rates = st.cluster_rates(spikes, bin_ms=7)
    assert rates.shape == (4, 3, 8)
    for c in range(3):
        np.testing.assert_allclose(rates[:, c], counts[:, member[:, c]].mean(axis=1) / 0.007)
    assert repr(result) == "PSTH(9 neurons x 8 bins of 7 ms, 4 trials)"


def test_a_cluster_without_neurons_is_nan():
    spikes = mst.SpikeData(time_ms=[1], neuron=[0], n_neurons=2, t_stop_ms=4, cluster=[2, 2])
    rates = st.cluster_rates(spikes, bin_ms=2)
    assert np.isnan(rates[0, :2]).all()
    np.testing.assert_allclose(rates[0, 2], [250, 0])


def test_smoothing_keeps_a_constant_rate_and_spreads_a_peak():
    time = np.arange(0.5, 100)
    spikes = mst.SpikeData(time_ms=time, neuron=np.zeros(100, int), n_neurons=1, t_stop_ms=100, cluster=[0])
    np.testing.assert_allclose(st.cluster_rates(spikes, bin_ms=1, smoothing_ms=10), 1000, rtol=1e-12)
    np.testing.assert_allclose(st.population_rate(spikes, bin_ms=1, smoothing_ms=10), 1000, rtol=1e-12)
    one = mst.SpikeData(time_ms=[50.5], neuron=[0], n_neurons=1, t_stop_ms=101)
    smoothed = st.psth(one, bin_ms=1, smoothing_ms=5)
    expected = 1000 * np.exp(-((smoothed.time_ms - 50.5) ** 2) / 50) / (5 * np.sqrt(2 * np.pi))
    # The Gaussian is cut at 4 standard deviations.
    np.testing.assert_allclose(smoothed.rate[0], expected, atol=0.1)
    assert "smoothed 5 ms" in repr(smoothed)


@pytest.mark.parametrize("sigma", [0.01, 0.8, 3.0, 1e30])
def test_smoothing_against_a_loop(sigma):
    rates = np.random.default_rng(2).random((2, 3, 11))
    smoothed = st.smooth(rates, sample_ms=0.5, smoothing_ms=sigma * 0.5)
    for t in range(11):
        distance = np.abs(np.arange(11) - t)
        weight = np.where(distance <= int(min(4 * sigma + 0.5, 11)), np.exp(-((distance / sigma) ** 2) / 2), 0)
        np.testing.assert_allclose(smoothed[..., t], (rates * weight).sum(axis=-1) / weight.sum())
    np.testing.assert_array_equal(st.smooth(rates, sample_ms=1, smoothing_ms=None), rates)
    for empty in (3.0, np.zeros((2, 0))):
        with pytest.raises(ValueError, match="rates must have samples along their last axis"):
            st.smooth(empty, sample_ms=1, smoothing_ms=1)


def _around(spikes, event, before, after, width):
    part = spikes.select(time_ms=(event - before, event + after))
    return mst.spikes.bin_counts(part, bin_ms=width)


def test_response_matches_loops(random_spikes):
    spikes = random_spikes(3)
    options = {"before_ms": 10, "after_ms": 15, "bin_ms": 5}
    counts = np.concatenate([_around(spikes, event, 10, 15, 5) for event in (35, 60)])
    result = st.response_profile(spikes, event_ms=[35, 60], groups="neuron", **options)
    rate = counts / 0.005
    np.testing.assert_allclose(result.rate, rate.mean(axis=0))
    np.testing.assert_allclose(result.sem, rate.std(axis=0, ddof=1) / np.sqrt(8), atol=1e-11)
    np.testing.assert_allclose(result.baseline, rate.mean(axis=0)[:, :2].mean(axis=1))
    np.testing.assert_allclose(result.response, rate.mean(axis=0)[:, 2:].mean(axis=1) - result.baseline, atol=1e-12)
    np.testing.assert_allclose(result.change, result.rate - result.baseline[:, None])
    np.testing.assert_allclose(result.time_ms, [-7.5, -2.5, 2.5, 7.5, 12.5])
    assert result.n_repetitions == 8
    assert result.groups[:2] == ("neuron 0", "neuron 1")

    mask = np.arange(9) >= 6
    groups = {"first": [1, 2], "last": mask}
    named = st.response_profile(
        spikes, event_ms=[35, 60], groups=groups, baseline_ms=(-5, 0), response_ms=(0, 5), **options
    )
    group_rate = np.stack([rate[:, [1, 2]].mean(axis=1), rate[:, mask].mean(axis=1)], axis=1)
    np.testing.assert_allclose(named.rate, group_rate.mean(axis=0))
    np.testing.assert_allclose(named.sem, group_rate.std(axis=0, ddof=1) / np.sqrt(8), atol=1e-11)
    np.testing.assert_allclose(named.baseline, named.rate[:, 1])
    np.testing.assert_allclose(named.response, named.rate[:, 2] - named.rate[:, 1])
    clusters = st.response_profile(spikes, event_ms=[35, 60], **options)
    member = spikes.membership
    for c in range(3):
        np.testing.assert_allclose(clusters.rate[c], rate[:, member[:, c]].mean(axis=(0, 1)))
    assert "cluster 0" in repr(clusters)
    assert "1 more groups" in repr(result)


def test_response_of_populations(random_spikes):
    spikes = random_spikes(3)
    options = {"event_ms": 50, "before_ms": 10, "after_ms": 10, "bin_ms": 5, "groups": "population"}
    assert st.response_profile(spikes, **options).groups == ("all",)
    labelled = spikes.with_labels(population=["E"] * 5 + ["I"] * 4)
    result = st.response_profile(labelled, **options)
    assert result.groups == ("E", "I")
    expected = st.response_profile(spikes, **(options | {"groups": {"I": np.arange(5, 9)}}))
    np.testing.assert_array_equal(result.rate[1], expected.rate[0])


def test_a_single_repetition_has_no_error(random_spikes):
    one = random_spikes(3).select(trial=0)
    result = st.response_profile(one, event_ms=40, before_ms=10, after_ms=10, bin_ms=5)
    assert np.isnan(result.sem).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"event_ms": 25}, "the event at 25 ms with 10 ms before and 10 ms after it leaves the recording"),
        ({"event_ms": []}, "event_ms must be a time or a list"),
        ({"before_ms": 7}, "before_ms=7 must be a whole number of bins of 5 ms, at least 1"),
        ({"after_ms": 0}, "after_ms must be above 0, got 0"),
        ({"bin_ms": -1}, "bin_ms must be above 0"),
        ({"groups": "E"}, "groups must be one of 'population', 'cluster', 'neuron', or a dict"),
        ({"groups": {}}, "groups is an empty dict"),
        ({"groups": np.zeros((2, 2))}, "groups must be one of 'population', 'cluster', 'neuron', or a dict"),
        ({"groups": {"a": [9]}}, r"group 'a' runs from 9 to 9 but must lie in 0\.\.8"),
        ({"groups": {"a": [True]}}, r"the group 'a' mask has shape \(1,\) but there are 9"),
        ({"groups": {"a": ["b"]}}, r"group 'a' must hold integers, got \['b'\]"),
        ({"event_ms": "40"}, "event_ms must hold numbers, got '40'"),
        ({"baseline_ms": 5}, r"baseline_ms must be two numbers, \(from, to\), got 5"),
        ({"before_ms": 1e30}, "before_ms=1e.30 is longer than the recording of 60 ms"),
        ({"baseline_ms": (-3, 0)}, "must be made of whole bins of 5 ms"),
        ({"baseline_ms": (-15, 0)}, "is not an interval inside -10 to 10 ms"),
        ({"response_ms": (5, 5)}, "is not an interval inside"),
    ],
)
def test_bad_options(random_spikes, options, message):
    defaults = {"event_ms": 40, "before_ms": 10, "after_ms": 10, "bin_ms": 5}
    with pytest.raises((ValueError, TypeError), match=message):
        st.response_profile(random_spikes(0), **(defaults | options))


def test_no_clusters_and_no_recording(random_spikes, empty_recordings):
    plain = random_spikes(0, clusters=None)
    with pytest.raises(ValueError, match="these spikes have no cluster labels"):
        st.cluster_rates(plain)
    with pytest.raises(ValueError, match="these spikes have no cluster labels"):
        st.response_profile(plain, event_ms=40, before_ms=10, after_ms=10, bin_ms=5)
    for call in (st.psth, st.population_rate, st.cluster_rates):
        with pytest.raises(ValueError, match="smoothing_ms must be above 0"):
            call(random_spikes(0), bin_ms=5, smoothing_ms=0)
        with pytest.raises(ValueError, match="bin_ms=100 is longer than the recording of 60 ms"):
            call(random_spikes(0), bin_ms=100)
        for empty, message in empty_recordings:
            with pytest.raises(ValueError, match=message):
                call(empty)
