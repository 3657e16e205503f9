"""Generated trains against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import cumulative_trapezoid
from scipy.stats import gamma, kstest

from metastable import spikes as trains


def first_spikes(spikes, duration):
    first = np.full(spikes.n_neurons, duration)
    np.minimum.at(first, spikes.neuron, spikes.time_ms)
    return first


def time_to_next_spike(mean, shape):
    """Distribution of the time from any moment to the next event of a gamma process: (1 - F)/mean, cumulated."""
    t = np.linspace(0, 30 * mean, 200_001)
    cumulated = cumulative_trapezoid(gamma.sf(t, shape, scale=mean / shape) / mean, t, initial=0)
    return lambda x: np.interp(x, t, cumulated)


# Seeds are fixed; drawn anew, each of these tests would fail once in a thousand runs.
ALPHA = 1e-3


@pytest.mark.parametrize("cv", [0.3, 1.0, 1.7])
def test_gamma_trains_are_in_equilibrium(cv):
    spikes = trains.gamma_trains(mean_ms=np.full(3000, 100.0), cv=cv, duration_ms=5000, seed=3)
    theory = time_to_next_spike(100.0, cv**-2)
    assert kstest(first_spikes(spikes, 5000.0), theory).pvalue > ALPHA
    # The test can fail: trains that begin with a spike have intervals there.
    wrong = gamma.rvs(cv**-2, scale=100 * cv**2, size=3000, random_state=1)
    assert cv == 1.0 or kstest(wrong, theory).pvalue < ALPHA


def test_gamma_trains_have_their_mean_and_cv():
    spikes = trains.gamma_trains(mean_ms=[50.0, 200.0], cv=[0.5, 1.5], duration_ms=2_000_000, seed=1)
    for k, (mean, cv) in enumerate([(50.0, 0.5), (200.0, 1.5)]):
        intervals = np.diff(spikes.time_ms[spikes.neuron == k])
        # Five standard errors of the mean of independent intervals; of their spread somewhat less than that.
        assert intervals.mean() == pytest.approx(mean, abs=5 * mean * cv / np.sqrt(intervals.size))
        assert intervals.std() / intervals.mean() == pytest.approx(cv, rel=0.05)


def test_cortex_like_trains_without_groups_are_gamma_trains_in_equilibrium():
    spikes, truth = trains.cortex_like(
        n_neurons=3000, duration_ms=5000, log_interval=(np.log(0.1), 0.0), log_cv=(np.log(0.6), 0.0), seed=5
    )
    assert kstest(first_spikes(spikes, 5000.0), time_to_next_spike(100.0, 0.6**-2)).pvalue > ALPHA
    assert not truth.groups.any()


def test_cortex_like_rates_are_log_normal():
    spikes, _ = trains.cortex_like(
        n_neurons=800, duration_ms=400_000, log_interval=(-1.0, 0.5), log_cv=(-0.5, 0), seed=2
    )
    logs = np.log(400 / spikes.spike_counts()[0])
    # Counts of some thousand spikes with CV .6 spread the logarithms by about .02, against .5 between neurons.
    assert kstest(logs, "norm", args=(-1.0, 0.5)).pvalue > ALPHA


def test_cortex_like_groups_follow_their_oscillation():
    spikes, truth = trains.cortex_like(
        n_neurons=200,
        duration_ms=100_000,
        n_groups=[2, 4],
        frequency_hz=[0.5, 1.5],
        depth=0.6,
        log_interval=(np.log(0.05), 0.0),
        log_cv=(0.0, 0.0),
        seed=4,
    )
    np.testing.assert_array_equal(truth.start_ms, [0, 50_000])
    for epoch, (number, hertz) in enumerate([(2, 0.5), (4, 1.5)]):
        part = spikes.select(time_ms=(50_000.0 * epoch, 50_000.0 * (epoch + 1)))
        for group in range(number):
            mine = truth.at(50_000.0 * epoch)[part.neuron] == group
            wave = np.exp(-2j * np.pi * hertz * part.time_ms[mine] / 1000).mean()
            # Of a rate 1 + d cos(2 pi (f t + k/n)) the mean phase factor is d/2 exp(2 pi i k/n).
            expected = 0.3 * np.exp(2j * np.pi * group / number)
            assert abs(wave - expected) < 5 / np.sqrt(mine.sum())


def test_groups_stay_equal_and_most_neurons_stay():
    _, truth = trains.cortex_like(n_neurons=60, duration_ms=4000, n_groups=[2, 2, 3, 0], share_moved=0.1, seed=1)
    assert [np.bincount(row).tolist() for row in truth.groups] == [[30, 30], [30, 30], [20, 20, 20], [60]]
    assert (truth.groups[0] == truth.groups[1]).mean() > 0.75
    np.testing.assert_array_equal(truth.at(2500), truth.groups[2])
    np.testing.assert_array_equal(truth.at(0), truth.groups[0])
    _, same = trains.cortex_like(n_neurons=60, duration_ms=4000, n_groups=[2, 2], share_moved=0, seed=1)
    np.testing.assert_array_equal(same.groups[0], same.groups[1])


def test_the_same_seed_gives_the_same_trains_and_another_index_does_not():
    options = {"n_neurons": 5, "duration_ms": 3000, "n_groups": 2, "seed": 1}
    first, again = (trains.cortex_like(**options)[0] for _ in range(2))
    np.testing.assert_array_equal(first.time_ms, again.time_ms)
    assert not np.array_equal(first.time_ms, trains.cortex_like(**options, index=1)[0].time_ms)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_groups": [1, 2, 3], "frequency_hz": [1.0, 2.0]}, r"one number or one for each epoch, got shapes \(3,\)"),
        ({"depth": 1.5}, "depth must be at most 1, got 1.5"),
        ({"log_cv": (0, -1)}, "the standard deviation in log_cv must be at least 0"),
        ({"n_groups": -1}, "n_groups must be at least 0"),
    ],
)
def test_errors_of_cortex_like(options, message):
    with pytest.raises(ValueError, match=message):
        trains.cortex_like(n_neurons=3, duration_ms=100, seed=1, **options)


def test_fellous_trains_follow_their_noise_level():
    counts = []
    for index in range(40):
        spikes, groups = trains.fellous_2004(n_groups=2, noise_level=4, seed=1, index=index)
        assert np.bincount(groups).tolist() == [35, 35]
        counts.append(spikes.spike_counts()[0])
    # 8 extra spikes and .85 of 5 events; the events of 80 groups spread by .8 each, jitter takes about a hundredth.
    assert np.mean(counts) == pytest.approx(8 + 0.85 * 5, abs=0.35)


def test_pacemaker_drifts_by_its_share():
    spikes, _, _ = trains.pacemaker(n_stimuli=200, n_patterns=0, drift=0.5, cv=0.05, seed=1)
    intervals, middle = np.diff(spikes.time_ms), spikes.time_ms[:-1] / spikes.t_stop_ms
    slope, start = np.polyfit(middle, intervals, 1)
    assert start == pytest.approx(250 * 0.75, rel=0.02)
    assert slope == pytest.approx(250 * 0.5, rel=0.05)
    # Without a drift nothing changes.
    steady = trains.pacemaker(n_stimuli=5, n_patterns=1, seed=1)[0]
    np.testing.assert_array_equal(
        steady.time_ms, trains.pacemaker(n_stimuli=5, n_patterns=1, drift=0, seed=1)[0].time_ms
    )


def test_a_drift_that_leaves_no_interval_is_refused():
    with pytest.raises(ValueError, match="drift=2 leaves no positive interval at one end"):
        trains.pacemaker(n_stimuli=5, n_patterns=1, drift=2, seed=1)
