"""The same spikes give Elephant and this package the same numbers."""

import numpy as np
import pytest

import metastable as mst
from metastable import statistics as st

elephant = pytest.importorskip("elephant", reason="Elephant is not installed: pip install metastable[test]")
neo = pytest.importorskip("neo", reason="Neo is not installed: pip install metastable[test]")
pq = pytest.importorskip("quantities", reason="quantities is not installed: pip install metastable[test]")

from elephant.conversion import BinnedSpikeTrain  # noqa: E402
from elephant.spike_train_correlation import (  # noqa: E402
    correlation_coefficient,
    covariance,
    cross_correlation_histogram,
)
from elephant.statistics import cv, cv2, fanofactor, mean_firing_rate, time_histogram  # noqa: E402

# Elephant and its libraries warn of what is theirs; here only its numbers matter.
pytestmark = pytest.mark.filterwarnings("ignore")

N_NEURONS, N_TRIALS, DURATION = 12, 6, 600.0


@pytest.fixture(scope="module")
def spikes():
    """Correlated neurons on a grid of 0.1 ms, one of them silent, two clusters."""
    rng = np.random.default_rng(8)
    time, neuron, trial = [], [], []
    for k in range(N_TRIALS):
        slow = np.repeat(rng.choice([5.0, 60.0], (2, 6)), 1000, axis=1)
        for n in range(1, N_NEURONS):
            step = np.flatnonzero(rng.random(6000) < slow[n % 2] * 1e-4)
            time.append(step * 0.1)
            neuron.append(np.full(step.size, n))
            trial.append(np.full(step.size, k))
    return mst.SpikeData(
        time_ms=np.concatenate(time),
        neuron=np.concatenate(neuron),
        trial=np.concatenate(trial),
        n_neurons=N_NEURONS,
        n_trials=N_TRIALS,
        t_stop_ms=DURATION,
        dt_ms=0.1,
        cluster=np.arange(N_NEURONS) % 2,
    )


def _train(spikes, neuron, trial):
    part = spikes.select(neuron=neuron, trial=trial)
    # Times a hundredth of a step later: Elephant bins by division, and a spike on an edge may fall on either side.
    return neo.SpikeTrain(part.time_ms + 0.001, units="ms", t_start=0 * pq.ms, t_stop=DURATION * pq.ms)


@pytest.fixture(scope="module")
def trains(spikes):
    return [[_train(spikes, n, k) for n in range(N_NEURONS)] for k in range(N_TRIALS)]


def _binned(trains, bin_ms):
    return BinnedSpikeTrain(trains, bin_size=bin_ms * pq.ms, t_start=0 * pq.ms, t_stop=DURATION * pq.ms, tolerance=None)


def test_rates(spikes, trains):
    expected = [[mean_firing_rate(t).rescale("1/s").item() for t in trial] for trial in trains]
    np.testing.assert_allclose(st.firing_rates(spikes, per_trial=True), expected, rtol=1e-12)
    np.testing.assert_allclose(st.firing_rates(spikes), np.mean(expected, axis=0), rtol=1e-12)


def test_fano_factor_of_whole_trains(spikes, trains):
    expected = [fanofactor([trial[n] for trial in trains]) for n in range(N_NEURONS)]
    for estimator in ("mean_of_ratios", "ratio_of_sums", "pooled"):
        result = st.fano_factor(spikes, window_ms=None, estimator=estimator)
        np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_fano_factor_in_windows(spikes, trains):
    sliced = [
        [[trial[n].time_slice(t * pq.ms, (t + 100) * pq.ms) for trial in trains] for t in range(0, 600, 100)]
        for n in range(N_NEURONS)
    ]
    expected = np.array([[fanofactor(window) for window in neuron] for neuron in sliced])
    np.testing.assert_allclose(st.fano_factor_in_time(spikes, window_ms=100).fano_factor, expected, rtol=1e-12)
    np.testing.assert_allclose(st.fano_factor(spikes, window_ms=100)[1:], np.nanmean(expected[1:], axis=1), rtol=1e-12)
    pooled = [fanofactor([train for window in neuron for train in window]) for neuron in sliced]
    np.testing.assert_allclose(st.fano_factor(spikes, window_ms=100, estimator="pooled"), pooled, rtol=1e-12)


def test_correlation(spikes, trains):
    with np.errstate(all="ignore"):  # Elephant divides by the spread of silent neurons
        each = np.array([correlation_coefficient(_binned(trial, 50)) for trial in trains])
    assert np.isnan(each[:, 0]).all()
    for k in range(N_TRIALS):
        one = st.correlation_matrix(spikes.select(trial=k), window_ms=50)
        np.testing.assert_allclose(one, each[k], atol=1e-12)
    matrix = st.correlation_matrix(spikes, window_ms=50)
    np.testing.assert_allclose(matrix[1:, 1:], each[:, 1:, 1:].mean(axis=0), atol=1e-12)
    pairs = [each[:, i, j].mean() for i in range(1, N_NEURONS) for j in range(1, i) if (i - j) % 2 == 0]
    result = st.count_correlations(spikes, window_ms=50)
    assert result.same_cluster.n_pairs == len(pairs)
    assert result.same_cluster.mean == pytest.approx(np.mean(pairs), abs=1e-12)
    assert result.same_cluster.mean > 0.1
    assert result.n_silent == 1


def test_covariance_at_lag_zero(spikes, trains):
    """Elephant's covariance has ddof = 1."""
    n_bins = 60
    each = np.mean([covariance(_binned(trial[1:], 10)) for trial in trains], axis=0) * (n_bins - 1) / n_bins
    options = {"bin_ms": 10, "max_lag_ms": 0, "unit": "count"}
    auto = st.autocovariance(spikes, **options)
    np.testing.assert_allclose(auto.per_neuron[1:, 0], np.diag(each), rtol=1e-12)
    off = ~np.eye(N_NEURONS - 1, dtype=bool)
    cross = st.cross_covariance(spikes, **options)
    assert cross.all_pairs[0] == pytest.approx(each[off].mean(), rel=1e-10)


@pytest.mark.parametrize("normalisation", ["biased", "unbiased"])
def test_cross_correlogram_and_covariance(spikes, trains, normalisation):
    bin_ms, n_lags, n_bins = 2, 100, 300
    lag = np.arange(-n_lags, n_lags + 1)
    raw = np.zeros((N_NEURONS, N_NEURONS, lag.size))
    means = np.zeros_like(raw)
    for trial in trains:
        binned = [_binned([t], bin_ms) for t in trial]
        counts = [b.to_array()[0].astype(float) for b in binned]
        for i in range(1, N_NEURONS):
            for j in range(1, N_NEURONS):
                histogram = cross_correlation_histogram(
                    binned[i], binned[j], window=[-n_lags, n_lags], border_correction=normalisation == "unbiased"
                )[0]
                raw[i, j] += histogram.magnitude.ravel() / n_bins / N_TRIALS
                # What subtracting the means of the trial takes off, per lag, from sums over the overlap.
                for k, shift in enumerate(lag):
                    x = counts[i][max(0, -shift) : n_bins - max(0, shift)]
                    y = counts[j][max(0, shift) : n_bins + min(0, shift)]
                    mx, my = counts[i].mean(), counts[j].mean()
                    loss = mx * y.sum() + my * x.sum() - x.size * mx * my
                    means[i, j, k] += loss / (x.size if normalisation == "unbiased" else n_bins) / N_TRIALS
    options = {"bin_ms": bin_ms, "max_lag_ms": 200, "unit": "count", "normalisation": normalisation}
    same = [(i, j) for i in range(1, N_NEURONS) for j in range(1, N_NEURONS) if i != j and (i - j) % 2 == 0]
    for subtract, expected in (("none", raw), ("trial_mean", raw - means)):
        cross = st.cross_covariance(spikes, subtract=subtract, **options)
        np.testing.assert_allclose(cross.same_cluster, np.mean([expected[p] for p in same], axis=0), atol=1e-12)
        auto = st.autocovariance(spikes, subtract=subtract, **options)
        for n in range(1, N_NEURONS):
            np.testing.assert_allclose(auto.per_neuron[n], expected[n, n, n_lags:], atol=1e-12)
    # What was compared is no round zero.
    assert cross.same_cluster[n_lags] > 1e-3


def test_positive_lag_means_j_after_i():
    """One pair seen alone: the mean over both orders of the correlogram is Elephant's and its mirror image."""
    spikes = mst.SpikeData(time_ms=[100, 300, 104, 304], neuron=[0, 0, 1, 1], n_neurons=2, t_stop_ms=600, dt_ms=0.1)
    i, j = (_binned([_train(spikes, n, 0)], 2) for n in range(2))
    histogram = cross_correlation_histogram(i, j, window=[-5, 5])[0].magnitude.ravel()
    assert histogram[5 + 2] == 2
    ours = st.cross_covariance(spikes, max_lag_ms=10, subtract="none", unit="count").all_pairs * 300
    np.testing.assert_allclose(ours, (histogram + histogram[::-1]) / 2, atol=1e-12)


def test_psth(spikes, trains):
    result = st.psth(spikes, bin_ms=20)
    for n in range(N_NEURONS):
        across_trials = [trial[n] for trial in trains]
        histogram = time_histogram(across_trials, bin_size=20 * pq.ms, output="rate")
        np.testing.assert_allclose(result.rate[n], histogram.rescale("1/s").magnitude.ravel(), rtol=1e-12)
    population = [
        time_histogram(trial, bin_size=20 * pq.ms, output="rate").rescale("1/s").magnitude.ravel() for trial in trains
    ]
    np.testing.assert_allclose(st.population_rate(spikes, bin_ms=20), population, rtol=1e-12)


def test_variability_of_intervals():
    rng = np.random.default_rng(3)
    for shape in (0.3, 1.0, 9.0):
        interval = rng.gamma(shape, 10 / shape, 200)
        time = np.concatenate([[0], interval.cumsum()])
        train = mst.SpikeData(time_ms=time, neuron=np.zeros(time.size, int), n_neurons=1, t_stop_ms=1e5)
        assert st.interval_cv(train)[0] == pytest.approx(cv(interval), rel=1e-10)
        assert st.interval_cv2(train)[0] == pytest.approx(cv2(interval), rel=1e-10)
