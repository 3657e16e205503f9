"""Auto- and cross-covariances against loops over pairs and lags."""

import numpy as np
import pytest

import metastable as mst
from metastable import statistics as st

SUBTRACT = ["trial_mean", "psth", "overall_mean", "none"]


def _centred(spikes, bin_ms, subtract):
    counts = mst.spikes.bin_counts(spikes, bin_ms=bin_ms).astype(float)
    axes = {"trial_mean": 2, "psth": 0, "overall_mean": (0, 2)}
    return counts if subtract == "none" else counts - counts.mean(axis=axes[subtract], keepdims=True)


def _covariance(counts, i, j, lag, subtract, normalisation):
    """Return the covariance of one pair at one lag: j after i at positive lags."""
    n_trials, _, n_bins = counts.shape
    total = 0.0
    for trial in counts:
        for t in range(n_bins):
            if 0 <= t + lag < n_bins:
                total += trial[i, t] * trial[j, t + lag]
    unbiased = normalisation == "unbiased"
    n_trials -= unbiased and subtract == "psth"
    return total / n_trials / (n_bins - abs(lag) if unbiased else n_bins)


@pytest.mark.parametrize("subtract", SUBTRACT)
@pytest.mark.parametrize("normalisation", ["biased", "unbiased"])
def test_autocovariance_matches_loops(random_spikes, subtract, normalisation):
    spikes = random_spikes(1, n_neurons=5, n_spikes=80)
    options = {"subtract": subtract, "normalisation": normalisation}
    result = st.autocovariance(spikes, bin_ms=3.5, max_lag_ms=28, unit="count", **options)
    counts = _centred(spikes, 3.5, subtract)
    np.testing.assert_allclose(result.lag_ms, 3.5 * np.arange(9))
    for n in range(1, 5):
        expected = [_covariance(counts, n, n, lag, subtract, normalisation) for lag in range(9)]
        np.testing.assert_allclose(result.per_neuron[n], expected, atol=1e-13)
    assert np.isnan(result.per_neuron[0]).all()
    assert result.n_silent == 1
    assert result.duration_ms == 59.5
    np.testing.assert_allclose(result.covariance, result.per_neuron[1:].mean(axis=0))


@pytest.mark.parametrize("subtract", SUBTRACT)
@pytest.mark.parametrize("clusters", ["overlapping", "labels", None])
def test_cross_covariance_matches_loops(random_spikes, subtract, clusters):
    for seed, normalisation in ((21, "biased"), (22, "unbiased")):
        spikes = random_spikes(seed, n_neurons=7, clusters=clusters)
        options = {"subtract": subtract, "normalisation": normalisation}
        result = st.cross_covariance(spikes, bin_ms=4, max_lag_ms=16, unit="count", **options)
        counts = _centred(spikes, 4, subtract)
        member = spikes.membership
        kinds = {"all": [], "same_cluster": [], "different_cluster": []}
        for i in range(1, 7):
            for j in range(1, 7):
                if i == j:
                    continue
                value = [_covariance(counts, i, j, lag, subtract, normalisation) for lag in range(-4, 5)]
                kinds["all"].append(value)
                if (member[i] & member[j]).any():
                    kinds["same_cluster"].append(value)
                elif member[i].any() and member[j].any():
                    kinds["different_cluster"].append(value)
        np.testing.assert_allclose(result.lag_ms, 4.0 * np.arange(-4, 5))
        for name, values in kinds.items():
            found = result.all_pairs if name == "all" else getattr(result, name)
            assert result.n_pairs[name] == len(values) // 2
            if values:
                np.testing.assert_allclose(found, np.mean(values, axis=0), atol=1e-13)
            else:
                assert np.isnan(found).all()


def test_lags_up_to_the_whole_recording_do_not_wrap_around():
    spikes = mst.SpikeData(time_ms=[0, 9], neuron=[0, 1], n_neurons=2, t_stop_ms=10, cluster=[0, 0])
    options = {"bin_ms": 1, "max_lag_ms": 9, "subtract": "none", "unit": "count"}
    result = st.cross_covariance(spikes, **options)
    expected = np.zeros(19)
    expected[[0, -1]] = 1 / 20  # one coincidence in one of the two orders, over 10 bins
    np.testing.assert_allclose(result.same_cluster, expected, atol=1e-15)


def test_rates_do_not_depend_on_the_bin(poisson_spikes):
    spikes = poisson_spikes(3, n_neurons=20, n_trials=5, duration_ms=1000, rate=20)
    for call, name in ((st.autocovariance, "covariance"), (st.cross_covariance, "all_pairs")):
        counts = getattr(call(spikes, bin_ms=4, max_lag_ms=20, unit="count"), name)
        rates = getattr(call(spikes, bin_ms=4, max_lag_ms=20), name)
        np.testing.assert_allclose(rates, counts / 0.004**2)


def test_shared_rate_gives_its_variance():
    # Ten clusters; each trial each cluster has the rate 10 or 30 spikes/s. Nothing varies within a trial, so the
    # covariance about the overall mean is the variance of the rate, 100, at each lag.
    rng = np.random.default_rng(5)
    n_trials, n_clusters, size, duration = 40, 10, 10, 500
    rate = rng.choice([10.0, 30.0], (n_trials, n_clusters))
    counts = rng.poisson(np.repeat(rate, size, axis=1) * duration / 1000)
    trial, neuron = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
    spikes = mst.SpikeData(
        time_ms=0.1 * rng.integers(0, duration * 10, trial.size),
        neuron=neuron,
        trial=trial,
        n_neurons=100,
        n_trials=n_trials,
        t_stop_ms=duration,
        dt_ms=0.1,
        cluster=np.repeat(np.arange(10), 10),
    )
    options = {"bin_ms": 5, "max_lag_ms": 100, "normalisation": "unbiased"}
    result = st.cross_covariance(spikes, subtract="overall_mean", **options)
    # (rate - 20)^2 is always 100, less 1/40 for the mean of 40 trials. At one lag the spread over 60 seeds was measured
    # as 3.3 (same), 2.7 (different) and 2.5 (within a trial); 17 is five of the largest, far from 100.
    assert np.abs(result.same_cluster - 100 * (1 - 1 / n_trials)).max() < 17
    assert np.abs(result.different_cluster).max() < 17
    within = st.cross_covariance(spikes, subtract="trial_mean", **options)
    assert np.abs(within.same_cluster).max() < 17


def test_overlap_counts_a_pair_once():
    spikes = mst.SpikeData(time_ms=[1, 2, 3], neuron=[0, 1, 2], n_neurons=3, t_stop_ms=10)
    twice = spikes.with_labels(cluster=np.array([[1, 1], [1, 1], [0, 1]], bool))
    once = spikes.with_labels(cluster=[0, 0, 0])
    assert st.cross_covariance(twice, max_lag_ms=4).n_pairs["same_cluster"] == 3
    np.testing.assert_allclose(
        st.cross_covariance(twice, max_lag_ms=4).same_cluster,
        st.cross_covariance(once, max_lag_ms=4).same_cluster,
        atol=1e-10,
    )


@pytest.mark.parametrize("call", [st.autocovariance, st.cross_covariance])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bin_ms": 0}, "bin_ms must be above 0"),
        ({"bin_ms": 70}, "bin_ms=70 is longer than the recording of 60 ms"),
        ({"bin_ms": 2.2}, "bin_ms=2.2 is not a multiple of dt_ms=0.5"),
        ({"max_lag_ms": 11}, "max_lag_ms=11 must be a whole number of bins of 2 ms"),
        ({"max_lag_ms": -2}, "max_lag_ms must be at least 0"),
        ({}, "max_lag_ms=200 is not shorter than the recording of 60 ms; choose a smaller lag"),
        ({"subtract": "mean"}, "subtract must be one of 'trial_mean'"),
        ({"normalisation": "none"}, "normalisation must be one of 'biased', 'unbiased'"),
        ({"unit": "Hz"}, "unit must be one of 'rate', 'count'"),
    ],
)
def test_bad_options(random_spikes, call, options, message):
    with pytest.raises(ValueError, match=message):
        call(random_spikes(0), **options)


@pytest.mark.parametrize("call", [st.autocovariance, st.cross_covariance])
def test_nothing_to_compute(random_spikes, empty_recordings, call):
    spikes = random_spikes(0)
    with pytest.raises(ValueError, match="a covariance about the PSTH needs at least 2 trials, got 1"):
        call(spikes.select(trial=0), subtract="psth", max_lag_ms=10)
    with pytest.raises(ValueError, match="there are no spikes in this recording"):
        call(spikes.select(neuron=0), max_lag_ms=10)
    for empty, message in empty_recordings:
        with pytest.raises(ValueError, match=message):
            call(empty, max_lag_ms=10)


def test_one_active_neuron_has_no_pair(random_spikes):
    with pytest.raises(ValueError, match="1 of 2 neurons fired; a pair needs two"):
        st.cross_covariance(random_spikes(0).select(neuron=[0, 4]), max_lag_ms=10)


def test_options_are_shown(random_spikes):
    spikes = random_spikes(0)
    shown = repr(st.cross_covariance(spikes, max_lag_ms=10, subtract="psth"))
    for part in ("lags +-10 ms", "1 silent", "4 trials", "psth subtracted", "biased", "(spikes/s)^2"):
        assert part in shown
    assert "trial_mean subtracted" in repr(st.autocovariance(spikes, max_lag_ms=10, unit="count"))
