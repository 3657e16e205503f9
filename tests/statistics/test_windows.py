"""Windows that slide: every spike in exactly the windows that contain it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import metastable as mst
from metastable.statistics._windows import Windows


def _brute_force(time, neuron, n_neurons, starts, window):
    counts = np.zeros((n_neurons, len(starts)), int)
    for t, n in zip(time, neuron, strict=True):
        for k, start in enumerate(starts):
            counts[n, k] += start <= t < start + window
    return counts


@given(
    steps=st.lists(st.integers(0, 99), max_size=40),
    window=st.integers(1, 100),
    step=st.integers(1, 120),
    origin=st.integers(-50, 50),
)
def test_grid_counts_match_comparisons_in_integers(steps, window, step, origin):
    spikes = mst.SpikeData(
        time_ms=0.1 * (np.array(steps, int) + origin),
        neuron=np.arange(len(steps)) % 3,
        n_neurons=3,
        t_start_ms=0.1 * origin,
        t_stop_ms=0.1 * (origin + 100),
        dt_ms=0.1,
    )
    windows = Windows.of(spikes, 0.1 * window, 0.1 * step)
    starts = np.arange(0, 100 - window + 1, step)
    assert windows.n_windows == len(starts)
    (counts,) = windows.iterate_counts(spikes)
    expected = _brute_force(spikes.steps - origin, spikes.neuron, 3, starts, window)
    np.testing.assert_array_equal(counts, expected)


@given(quarters=st.lists(st.integers(0, 399), max_size=40), window=st.integers(1, 400), step=st.integers(1, 450))
def test_exact_times_match_comparisons(quarters, window, step):
    # Quarters of a ms are exact in binary, so the comparison has no rounding of its own.
    time = 0.25 * np.sort(np.array(quarters, int))
    spikes = mst.SpikeData(time_ms=time, neuron=np.arange(time.size) % 2, n_neurons=2, t_stop_ms=100, n_trials=2)
    windows = Windows.of(spikes, 0.25 * window, 0.25 * step)
    starts = 0.25 * np.arange(0, 400 - window + 1, step)
    assert windows.n_windows == len(starts)
    first, second = windows.iterate_counts(spikes)
    np.testing.assert_array_equal(first, _brute_force(spikes.time_ms, spikes.neuron, 2, starts, 0.25 * window))
    assert not second.any()


def test_decimal_edges_of_exact_times_are_one_float():
    # 3 x 0.1 != 0.3: the end of one window and the start of another must still be the same edge.
    spikes = mst.SpikeData(time_ms=0.1 * np.arange(10), neuron=np.zeros(10, int), n_neurons=1, t_stop_ms=1.0)
    (counts,) = Windows.of(spikes, 0.3, 0.1).iterate_counts(spikes)
    np.testing.assert_array_equal(counts, np.full((1, 8), 3))


def test_centres():
    spikes = mst.SpikeData(time_ms=[], neuron=[], n_neurons=1, t_start_ms=100, t_stop_ms=200)
    np.testing.assert_allclose(Windows.of(spikes, 40, 20).centres_ms(spikes), [120, 140, 160, 180])
    np.testing.assert_allclose(mst.statistics.bin_centres(spikes, bin_ms=40), [120, 160])


@pytest.mark.parametrize(
    ("window", "step", "message"),
    [
        (-5, None, "window_ms must be above 0, got -5"),
        (0, None, "window_ms must be above 0"),
        (101, None, "window_ms=101 is longer than the recording of 100 ms; choose a shorter one"),
        (10, 0, "step_ms must be above 0"),
        (10.05, None, "window_ms=10.05 is not a multiple of dt_ms=0.1"),
        (10, 0.05, "step_ms=0.05 is not a multiple of dt_ms=0.1"),
        (float("nan"), None, "window_ms must be finite"),
    ],
)
def test_bad_windows(window, step, message):
    spikes = mst.SpikeData(time_ms=[1], neuron=[0], n_neurons=1, t_stop_ms=100, dt_ms=0.1)
    with pytest.raises(ValueError, match=message):
        Windows.of(spikes, window, step)
