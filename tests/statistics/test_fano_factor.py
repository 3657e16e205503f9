"""Fano factors against loops, and against what is known of Poisson neurons."""

import numpy as np
import pytest

import metastable as mst
from metastable import statistics as st

ESTIMATORS = ["mean_of_ratios", "ratio_of_sums", "pooled"]


def _brute_force(counts, estimator, ddof):
    """Return the Fano factor of one neuron from its counts, (n_trials, n_windows)."""
    if counts.sum() == 0:
        return np.nan
    if estimator == "pooled":
        return counts.var(ddof=ddof) / counts.mean()
    windows = [(c.var(ddof=ddof), c.mean()) for c in counts.T]
    if estimator == "mean_of_ratios":
        return np.mean([v / m for v, m in windows if m > 0])
    return sum(v for v, _ in windows) / sum(m for _, m in windows)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("dt_ms", [0.5, None])
def test_matches_loops(random_spikes, estimator, ddof, dt_ms):
    for seed in range(4):
        spikes = random_spikes(seed, dt_ms=dt_ms)
        counts = mst.spikes.bin_counts(spikes, bin_ms=7)
        expected = [_brute_force(counts[:, n], estimator, ddof) for n in range(spikes.n_neurons)]
        result = st.fano_factor(spikes, window_ms=7, estimator=estimator, ddof=ddof)
        np.testing.assert_allclose(result, expected, rtol=1e-13)
        assert np.isnan(result[0])
        assert not np.isnan(result[2])


@pytest.mark.parametrize("ddof", [0, 1])
def test_in_time_matches_loops(random_spikes, ddof):
    spikes = random_spikes(5)
    result = st.fano_factor_in_time(spikes, window_ms=15, step_ms=2.5, ddof=ddof)
    assert result.fano_factor.shape == (9, 19)
    for k, centre in enumerate(result.time_ms):
        counts = spikes.select(time_ms=(centre - 7.5, centre + 7.5)).spike_counts()
        expected = [_brute_force(counts[:, [n]], "mean_of_ratios", ddof) for n in range(9)]
        np.testing.assert_allclose(result.fano_factor[:, k], expected)
    columns = [c[~np.isnan(c)] for c in result.fano_factor.T]
    np.testing.assert_allclose(result.mean(), [c.mean() if c.size else np.nan for c in columns])
    np.testing.assert_allclose(result.mean([3]), result.fano_factor[3])


def test_sliding_windows_average_those_in_time(random_spikes):
    spikes = random_spikes(6)
    in_time = st.fano_factor_in_time(spikes, window_ms=10, step_ms=5).fano_factor[2]
    sliding = st.fano_factor(spikes, window_ms=10, step_ms=5)[2]
    assert sliding == pytest.approx(in_time[~np.isnan(in_time)].mean())


def test_one_spike_in_nine_trials_gives_eight_ninths():
    spikes = mst.SpikeData(time_ms=[120.0], neuron=[0], trial=[4], n_trials=9, n_neurons=1, t_stop_ms=300)
    for estimator in ("mean_of_ratios", "ratio_of_sums"):
        assert st.fano_factor(spikes, estimator=estimator)[0] == pytest.approx(8 / 9, abs=1e-15)
    assert st.fano_factor(spikes, ddof=1)[0] == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize("estimator", ["mean_of_ratios", "ratio_of_sums"])
def test_poisson_is_one_but_for_the_degree_of_freedom(poisson_spikes, estimator):
    spikes = poisson_spikes(1, n_neurons=400, n_trials=9, duration_ms=1500, rate=10)
    for ddof, expected in ((0, 8 / 9), (1, 1.0)):
        fano = st.fano_factor(spikes, window_ms=100, estimator=estimator, ddof=ddof)
        # Neurons are independent, so the error of their mean is the spread over neurons / 20; five of them.
        error = fano.std() / 20
        assert 0.001 < error < 0.02
        assert abs(fano.mean() - expected) < 5 * error


def test_by_window_collects_fano_factors(random_spikes):
    spikes = random_spikes(2)
    result = st.fano_factor_by_window(spikes, windows_ms=[5, 12, 60])
    assert result.estimator == "ratio_of_sums"
    for k, width in enumerate((5, 12, 60)):
        column = st.fano_factor(spikes, window_ms=width, estimator="ratio_of_sums")
        np.testing.assert_array_equal(result.fano_factor[:, k], column)
        assert result.mean()[k] == pytest.approx(np.nanmean(column))
    assert "12 ms" in repr(result)
    assert "ratio_of_sums" in repr(result)


def test_order_of_trials_changes_no_bit(random_spikes):
    spikes = random_spikes(3)
    reversed_trials = mst.SpikeData(
        time_ms=spikes.time_ms,
        neuron=spikes.neuron,
        trial=spikes.n_trials - 1 - spikes.trial,
        n_neurons=9,
        n_trials=4,
        t_start_ms=20,
        t_stop_ms=80,
        dt_ms=0.5,
    )
    for estimator in ESTIMATORS:
        np.testing.assert_array_equal(
            st.fano_factor(spikes, window_ms=6, estimator=estimator),
            st.fano_factor(reversed_trials, window_ms=6, estimator=estimator),
        )


def test_silent_recording_is_nan_without_a_warning():
    spikes = mst.SpikeData(time_ms=[], neuron=[], n_neurons=2, n_trials=3, t_stop_ms=100)
    for estimator in ESTIMATORS:
        assert np.isnan(st.fano_factor(spikes, window_ms=10, estimator=estimator)).all()
    assert np.isnan(st.fano_factor_in_time(spikes, window_ms=10).mean()).all()
    assert np.isnan(st.fano_factor_by_window(spikes, windows_ms=[10]).mean()).all()


def test_whole_recording_and_single_trial():
    spikes = mst.SpikeData(time_ms=[1, 2, 15], neuron=[0, 0, 0], trial=[0, 0, 1], n_trials=2, n_neurons=1, t_stop_ms=20)
    assert st.fano_factor(spikes, window_ms=None)[0] == pytest.approx(0.25 / 1.5)
    one = spikes.select(trial=0)
    assert st.fano_factor(one, window_ms=10, estimator="pooled")[0] == pytest.approx(1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimator": "mean"}, "estimator must be one of 'mean_of_ratios', 'ratio_of_sums', 'pooled', got 'mean'"),
        ({"window_ms": -1}, "window_ms must be above 0, got -1"),
        ({"window_ms": 61}, "window_ms=61 is longer than the recording of 60 ms"),
        ({"window_ms": 10, "ddof": 4}, "ddof=4 leaves no degree of freedom of 4 trials; choose a smaller ddof"),
        ({"window_ms": 30, "ddof": 8, "estimator": "pooled"}, "ddof=8 leaves no degree of freedom of 8 counts"),
        ({"window_ms": 10, "ddof": -1}, "ddof must be at least 0"),
    ],
)
def test_bad_options(random_spikes, options, message):
    with pytest.raises(ValueError, match=message):
        st.fano_factor(random_spikes(0), **options)


def test_one_trial_has_no_variance_across_trials(random_spikes):
    one = random_spikes(0).select(trial=0)
    for call in (st.fano_factor, st.fano_factor_in_time, st.fano_factor_by_window):
        with pytest.raises(ValueError, match="a variance across trials needs at least 2 trials, got 1"):
            call(one)


def test_empty_recordings_get_a_sentence(empty_recordings):
    for spikes, message in empty_recordings:
        for call in (st.fano_factor, st.fano_factor_in_time, st.fano_factor_by_window):
            with pytest.raises(ValueError, match=message):
                call(spikes)


def test_no_windows(random_spikes):
    with pytest.raises(ValueError, match="give at least one"):
        st.fano_factor_by_window(random_spikes(0), windows_ms=[])


def test_windows_and_neurons_that_are_none(random_spikes):
    spikes = random_spikes(2)
    with pytest.raises(TypeError, match="windows_ms must hold numbers, got '10'"):
        st.fano_factor_by_window(spikes, windows_ms="10")
    for result in (
        st.fano_factor_by_window(spikes, windows_ms=[10]),
        st.fano_factor_in_time(spikes, window_ms=10),
    ):
        with pytest.raises(ValueError, match=r"neuron runs from 9 to 9 but must lie in 0\.\.8; choose among these"):
            result.mean(9)
        with pytest.raises(TypeError, match="neuron must hold integers, got 'a'"):
            result.mean("a")
