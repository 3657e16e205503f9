import itertools

import numpy as np
import pytest

import metastable as mst

cv, cv2 = mst.statistics.interval_cv, mst.statistics.interval_cv2


@pytest.fixture(scope="module")
def spikes():
    """Trains of very different regularity in several trials, with a silent neuron and one with a single interval."""
    rng = np.random.default_rng(5)
    time, neuron, trial = [], [], []
    for k in range(3):
        for i, shape in enumerate((0.5, 1.0, 4.0, 100.0)):
            t = np.cumsum(rng.gamma(shape, 20 / shape, 60))
            t = t[t < 1000]
            time.append(t)
            neuron.append(np.full(t.size, i))
            trial.append(np.full(t.size, k))
    time.append([3.0, 9.0])
    neuron.append([4, 4])
    trial.append([1, 1])
    return mst.SpikeData(
        time_ms=np.concatenate(time),
        neuron=np.concatenate(neuron),
        trial=np.concatenate(trial),
        n_neurons=6,
        n_trials=3,
        t_stop_ms=1000,
    )


def intervals(spikes, i):
    return [np.diff(spikes.time_ms[(spikes.neuron == i) & (spikes.trial == k)]) for k in range(spikes.n_trials)]


def test_cv_is_standard_deviation_over_mean(spikes):
    for ddof in (0, 1):
        found = cv(spikes, ddof=ddof)
        for i in range(4):
            pooled = np.concatenate(intervals(spikes, i))
            assert found[i] == pytest.approx(pooled.std(ddof=ddof) / pooled.mean(), rel=1e-12)
        assert np.isnan(found[4:]).all()


def test_cv2_takes_neighbours_within_a_trial(spikes):
    found = cv2(spikes)
    for i in range(4):
        terms = [2 * abs(b - a) / (a + b) for each in intervals(spikes, i) for a, b in itertools.pairwise(each)]
        assert found[i] == pytest.approx(np.mean(terms), rel=1e-12)
    assert np.isnan(found[4:]).all()


def test_a_clock_and_a_change_of_rate():
    # Twice as fast in the second half: regular all along, which only the pair across the change contradicts.
    time = np.concatenate([np.arange(0, 1000, 10.0), np.arange(1000, 2000, 5.0)])
    clock = mst.SpikeData(time_ms=time, neuron=np.zeros(time.size, int), n_neurons=1, t_stop_ms=2000)
    assert cv(clock)[0] == pytest.approx(1 / np.sqrt(8), rel=0.01)
    assert cv2(clock)[0] == pytest.approx(2 / 3 / (time.size - 2), rel=1e-12)


def test_a_poisson_process_has_one():
    rng = np.random.default_rng()
    time = np.sort(rng.uniform(0, 1e6, 100_000))
    train = mst.SpikeData(time_ms=time, neuron=np.zeros(time.size, int), n_neurons=1, t_stop_ms=1e6)
    # Standard errors .0032 and 1 / sqrt(3 n) with a correlation of neighbouring pairs: six of either.
    assert cv(train)[0] == pytest.approx(1, abs=0.02)
    assert cv2(train)[0] == pytest.approx(1, abs=0.02)


def test_too_few_intervals_and_refusals(spikes):
    assert np.isnan(cv(spikes, min_intervals=1000)).all()
    assert np.isnan(cv2(spikes, min_intervals=1000)).all()
    with pytest.raises(ValueError, match="min_intervals must be at least 2, got 1"):
        cv(spikes, min_intervals=1)
    with pytest.raises(ValueError, match="ddof=2 leaves no degree of freedom of 2 intervals"):
        cv(spikes, ddof=2)
    with pytest.raises(ValueError, match="the recording is empty"):
        cv2(mst.SpikeData(time_ms=[], neuron=[], n_neurons=0, t_stop_ms=10))


def test_local_cv2_pair_by_pair_against_a_loop():
    rng = np.random.default_rng(5)
    n = 300
    spikes = mst.SpikeData(
        time_ms=np.sort(rng.uniform(0, 100, n)),
        neuron=rng.integers(0, 7, n),
        trial=rng.integers(0, 3, n),
        n_neurons=8,
        n_trials=4,
        t_stop_ms=100,
    )
    expected = []
    for neuron in range(8):
        for trial in range(4):
            train = np.sort(spikes.time_ms[(spikes.neuron == neuron) & (spikes.trial == trial)])
            for before, spike, after in zip(train, train[1:], train[2:], strict=False):
                a, b = spike - before, after - spike
                expected.append((2 * abs(b - a) / (a + b), spike, neuron, trial))
    found = mst.statistics.local_cv2(spikes)
    np.testing.assert_allclose(
        np.array(expected).T, [found.value, found.time_ms, found.neuron, found.trial], rtol=1e-12
    )


def test_local_cv2_of_too_few_spikes_is_empty_and_says_so():
    spikes = mst.SpikeData(time_ms=[1, 2], neuron=[0, 0], n_neurons=1, t_stop_ms=10)
    assert repr(mst.statistics.local_cv2(spikes)) == "LocalCV2: 0 pairs of intervals"


def test_local_cv2_tells_means_over_pairs_from_means_over_neurons():
    spikes = mst.SpikeData(
        time_ms=[0, 10, 20, 30, 0.5, 10.5, 40.5], neuron=[0, 0, 0, 0, 2, 2, 2], n_neurons=4, t_stop_ms=50
    )
    pairs = mst.statistics.local_cv2(spikes)
    assert pairs.neuron_means.tolist() == [0, 1]
    said = "LocalCV2: 3 pairs of intervals of 2 neurons, mean over pairs 0.333, mean over neurons 0.500"
    assert repr(pairs) == said
    assert repr(mst.statistics.local_cv2(spikes.select(neuron=[2]))).startswith(
        "LocalCV2: 1 pair of intervals of 1 neuron"
    )


def test_spikes_at_one_time_are_equal_intervals():
    spikes = mst.SpikeData(time_ms=[0, 0, 0, 1], neuron=[0] * 4, n_neurons=1, t_stop_ms=10)
    np.testing.assert_array_equal(mst.statistics.local_cv2(spikes).value, [0, 2])
