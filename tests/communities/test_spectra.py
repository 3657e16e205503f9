"""Power, coherence and phase against known processes and other estimators."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
from scipy.integrate import quad

import metastable as mst
from metastable import communities
from metastable import spikes as trains
from metastable.communities._coherence import _jackknife, coherency
from metastable.communities._tapers import Tapers


def recording(*times, duration_ms, n_trials=1, trials=None):
    return mst.SpikeData(
        time_ms=np.concatenate(times),
        neuron=np.repeat(np.arange(len(times)), [t.size for t in times]),
        trial=None if trials is None else np.concatenate(trials),
        n_neurons=len(times),
        n_trials=n_trials,
        t_stop_ms=duration_ms,
    )


def test_tapers_are_orthonormal_functions_of_time():
    tapers = Tapers(4.0, 9, 60)
    nodes, weights = np.polynomial.legendre.leggauss(300)
    values = tapers.at((nodes + 1) / 2)
    np.testing.assert_allclose(values * (weights / 2) @ values.T, np.eye(9), atol=2e-6)
    for taper, k in ((0, 1), (3, 8), (8, 60)):
        curve = lambda t, taper=taper, k=k: tapers.at(np.array([t]))[taper, 0] * np.exp(-2j * np.pi * k * t)  # noqa: E731
        direct = quad(curve, 0, 1, complex_func=True, limit=400)[0]
        assert tapers.transform[taper, k - 1] == pytest.approx(direct, abs=2e-5)


def test_coefficients_are_the_sum_over_spikes():
    rng = np.random.default_rng(2)
    # Several blocks of frequencies: the table of exponentials holds 2^20 of them.
    phase, tapers = np.sort(rng.random(6000)), Tapers(4.0, 3, 400)
    k = np.array([1, 174, 175, 176, 400])
    direct = tapers.at(phase) @ np.exp(-2j * np.pi * np.outer(phase, k)) - phase.size * tapers.transform[:, k - 1]
    np.testing.assert_allclose(tapers.coefficients(phase)[:, k - 1], direct, atol=1e-8)


def test_power_of_a_poisson_train_is_its_rate_and_intervals_cover_it():
    rng = np.random.default_rng(4)
    duration, rate, n = 20_000.0, 20.0, 60
    trains_ = [rng.uniform(0, duration, rng.poisson(rate * duration / 1000)) for _ in range(n)]
    found = communities.power_spectrum(recording(*trains_, duration_ms=duration), maximum_hz=20)
    assert found.frequency_hz[0] == 0.05
    assert found.frequency_hz[-1] == 20
    assert found.half_bandwidth_hz == 0.2
    assert found.dof == 18
    # Below the bandwidth the subtraction of the mean takes power away.
    power = found.power[:, found.frequency_hz > 0.4]
    # n trains x 20 s x 20 Hz independent coefficients.
    assert power.mean() == pytest.approx(rate, rel=5 / np.sqrt(n * 400))
    covered = (found.low < rate) & (rate < found.high)
    assert covered[:, found.frequency_hz > 0.4].mean() == pytest.approx(0.95, abs=0.01)
    np.testing.assert_allclose(found.rate, [t.size / 20 for t in trains_])
    assert "18 degrees of freedom" in repr(found)


def test_power_of_gamma_trains_is_that_of_renewal_theory():
    spikes = trains.gamma_trains(mean_ms=np.full(100, 100.0), cv=0.5, duration_ms=20_000, seed=3)
    found = communities.power_spectrum(spikes, n_tapers=7, maximum_hz=40)
    # S = rate Re((1 + phi)/(1 - phi)), phi the characteristic function of the intervals: gamma of shape 4, mean .1 s.
    phi = (1 + 2j * np.pi * found.frequency_hz * 0.1 / 4) ** -4
    expected = 10 * ((1 + phi) / (1 - phi)).real
    mine = found.frequency_hz > 0.4
    np.testing.assert_allclose(found.power.mean(axis=0)[mine], expected[mine], rtol=0.2)
    assert (found.power.mean(axis=0)[mine] / expected[mine]).mean() == pytest.approx(1, abs=0.01)


def test_trials_are_averaged_and_groups_are_merged():
    rng = np.random.default_rng(6)
    times, trial = rng.uniform(0, 1000, 300), rng.integers(0, 3, 300)
    spikes = mst.SpikeData(
        time_ms=times, neuron=rng.integers(0, 4, 300), trial=trial, n_neurons=4, n_trials=3, t_stop_ms=1000
    )
    found = communities.power_spectrum(spikes, [0, 0, 1, -1], maximum_hz=30)
    single = [communities.power_spectrum(spikes.select(trial=k), [0, 0, 1, -1], maximum_hz=30) for k in range(3)]
    np.testing.assert_allclose(found.power, np.mean([s.power for s in single], axis=0))
    assert found.dof == 3 * single[0].dof
    merged = mst.SpikeData(
        time_ms=spikes.time_ms[spikes.neuron < 2], neuron=np.zeros((spikes.neuron < 2).sum(), int),
        trial=spikes.trial[spikes.neuron < 2], n_neurons=1, n_trials=3, t_stop_ms=1000,
    )  # fmt: skip
    np.testing.assert_allclose(communities.power_spectrum(merged, maximum_hz=30).power[0], found.power[0])


def shared_trains(seed, *, duration_ms, own_hz, shared_hz, delay_ms=0.0):
    """Two Poisson trains with common spikes: their coherence is shared/(shared + own) at all frequencies."""
    rng = np.random.default_rng(seed)
    draw = lambda rate: rng.uniform(0, duration_ms - delay_ms, rng.poisson(rate * duration_ms / 1000))  # noqa: E731
    common = draw(shared_hz)
    return recording(np.r_[common, draw(own_hz)], np.r_[common + delay_ms, draw(own_hz)], duration_ms=duration_ms)


def test_coherence_and_phase_of_trains_with_common_delayed_spikes():
    found = [
        communities.coherence(
            shared_trains(seed, duration_ms=20_000, own_hz=10, shared_hz=20, delay_ms=15), [0, 1], maximum_hz=20
        )
        for seed in range(30)
    ]
    frequency, mine = found[0].frequency_hz, found[0].frequency_hz > 0.4
    phase = np.array([each.phase[0, 1] for each in found])[:, mine]
    off = np.angle(np.exp(1j * (phase - 2 * np.pi * frequency[mine] * 0.015)))
    # 30 x 50 independent values, each with a standard deviation of .26.
    assert abs(off.mean()) < 4 * 0.26 / np.sqrt(1500)
    error = np.array([each.phase_error[0, 1] for each in found])[:, mine]
    assert (np.abs(off) < error).mean() == pytest.approx(0.935, abs=0.015)
    low, high = (
        np.array([getattr(each, f"magnitude_{end}")[0, 1] for each in found])[:, mine] for end in ("low", "high")
    )
    # The coherence is 2/3.
    assert ((low < 2 / 3) & (high > 2 / 3)).mean() == pytest.approx(0.95, abs=0.015)
    magnitude = np.array([each.magnitude[0, 1] for each in found])[:, mine]
    # Bias of the transformed estimate, 1/(2m - 2); the share of common spikes varies by 3 % between recordings.
    assert np.arctanh(magnitude).mean() == pytest.approx(np.arctanh(2 / 3) + 1 / 16, abs=0.035)
    np.testing.assert_allclose(found[0].phase[1, 0], -found[0].phase[0, 1])
    np.testing.assert_allclose(found[0].magnitude[1, 0], found[0].magnitude[0, 1])


def test_independent_trains_exceed_the_threshold_as_often_as_it_says():
    shares = []
    for seed in range(30):
        spikes = shared_trains(seed, duration_ms=20_000, own_hz=30, shared_hz=0)
        found = communities.coherence(spikes, [0, 1], maximum_hz=20)
        shares.append(found.significant[0, 1][found.frequency_hz > 0.4].mean())
    # |C|^2 of 9 coefficients is beta(1, 8): .312 at .95.
    assert found.threshold == pytest.approx(np.sqrt(1 - 0.05 ** (1 / 8)))
    # 30 x 50 independent values.
    assert np.mean(shares) == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 1500))
    assert "threshold 0.559" in repr(found)


def test_coherence_of_a_long_recording_equals_that_of_welch():
    """Group activities in bins, scipy.signal's segments: another estimator with the same limit."""
    rng = np.random.default_rng(9)
    step, n_bins = 10.0, 60_000
    kernel = np.exp(-np.arange(0, 300, step) / 50)
    drive = np.convolve(rng.normal(size=n_bins), kernel)[:n_bins]
    drive /= drive.std()
    late = np.roll(drive, 4)
    times = []
    for signal in (drive, late):
        count = rng.poisson(40 * step / 1000 * np.exp(0.8 * signal - 0.32))
        times.append((np.repeat(np.arange(n_bins), count) + rng.random(count.sum())) * step)
    spikes = recording(*times, duration_ms=n_bins * step)
    # 60 trials of 10 s, for the same number of degrees of freedom as segments give.
    cut = [t // 10_000 for t in times]
    parts = recording(
        *(t % 10_000 for t in times), duration_ms=10_000, n_trials=60, trials=[c.astype(int) for c in cut]
    )
    found = communities.coherence(parts, [0, 1], maximum_hz=8)
    activity = communities.group_activity(spikes, [0, 1], sigma_ms=10, step_ms=step).activity
    frequency, theirs = scipy.signal.coherence(*activity, fs=1000 / step, nperseg=256, noverlap=128)
    _, cross = scipy.signal.csd(*activity, fs=1000 / step, nperseg=256, noverlap=128)
    mine = (frequency > 0.5) & (frequency < 7)
    ours = np.interp(frequency[mine], found.frequency_hz, found.magnitude[0, 1])
    np.testing.assert_allclose(ours, np.sqrt(theirs[mine]), atol=0.08)
    assert abs((ours - np.sqrt(theirs[mine])).mean()) < 0.02
    low = (frequency > 0.5) & (frequency < 4)
    phase = np.interp(frequency[low], found.frequency_hz, found.phase[0, 1])
    # scipy's cross spectrum is <X* Y>, ours <X Y*>.
    np.testing.assert_allclose(phase, -np.angle(cross[low]), atol=0.15)
    np.testing.assert_allclose(phase, 2 * np.pi * frequency[low] * 0.04, atol=0.15)


@pytest.mark.parametrize("magnitude", [0.3, 0.7, 0.9])
def test_intervals_cover_coherences_of_gaussian_coefficients(magnitude):
    rng = np.random.default_rng(11)
    z = rng.normal(size=(2, 9, 4000)) + 1j * rng.normal(size=(2, 9, 4000))
    pair = np.stack([z[0], magnitude * z[0] + np.sqrt(1 - magnitude**2) * z[1]])
    found = coherency(pair)
    low, high, _ = _jackknife(pair, found, 0.95)
    covered = (low[0, 1] <= magnitude) & (magnitude <= high[0, 1])
    assert covered.mean() == pytest.approx(0.95, abs=0.015)
    assert ((low[0, 1] <= np.abs(found[0, 1])) & (np.abs(found[0, 1]) <= high[0, 1])).all()


def test_a_jackknife_by_hand():
    rng = np.random.default_rng(12)
    pair = rng.normal(size=(2, 5, 1)) + 1j * rng.normal(size=(2, 5, 1))
    without = np.array([np.arctanh(abs(coherency(np.delete(pair, k, axis=1))[0, 1, 0])) for k in range(5)])
    deviation = np.sqrt(4 / 5 * ((without - without.mean()) ** 2).sum())
    centre = np.arctanh(abs(coherency(pair)[0, 1, 0]))
    low, high, _ = _jackknife(pair, coherency(pair), 0.9)
    # Student's t at .95 with 4 degrees of freedom.
    assert high[0, 1, 0] == pytest.approx(np.tanh(centre + 2.1318468 * deviation))
    assert low[0, 1, 0] == pytest.approx(max(0, np.tanh(centre - 2.1318468 * deviation)))


def test_equal_and_silent_groups():
    rng = np.random.default_rng(13)
    times = rng.uniform(0, 1000, 50)
    found = communities.coherence(recording(times, times, np.zeros(0), duration_ms=1000), [0, 1, 2], maximum_hz=20)
    np.testing.assert_allclose(found.magnitude[0, 1], 1)
    np.testing.assert_allclose(found.phase[0, 1], 0, atol=1e-7)
    assert np.isnan(found.magnitude[2]).all()
    assert np.isnan(found.magnitude_low[2]).all()
    assert not found.significant[2].any()
    assert not found.significant[0, 0].any()
    np.testing.assert_array_equal(found.magnitude_low[0, 0], 1)
    assert communities.power_spectrum(recording(times, np.zeros(0), duration_ms=1000)).power[1].max() == 0


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        ("coherence", {"n_tapers": 2}, "needs at least 3 tapers times trials, got 2 tapers and 1 trials"),
        ("coherence", {"level": 1}, "level must be below 1"),
        ("power_spectrum", {"level": 0}, "level must be above 0"),
        ("power_spectrum", {"maximum_hz": 0.5}, "maximum_hz=0.5 is below the lowest frequency of a recording of 1 s"),
        ("power_spectrum", {"time_bandwidth": 0.1}, "time_bandwidth must be at least 0.5"),
        ("power_spectrum", {"n_tapers": 0}, "n_tapers must be at least 1"),
    ],
)
def test_errors(function, options, message):
    spikes = recording(np.array([10.0, 500.0]), np.array([20.0]), duration_ms=1000)
    with pytest.raises(ValueError, match=message):
        getattr(communities, function)(spikes, [0, 1], **options)
