from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metastable.spikes import SpikeData, bin_counts, bin_indices, iterate_trial_counts

decimal_steps = st.sampled_from(["0.1", "0.05", "0.025", "0.01", "0.3", "0.7", "1", "2.5", "0.001"])


def one_train(time_ms, **facts):
    return SpikeData(time_ms=time_ms, neuron=np.zeros(len(time_ms), int), n_neurons=1, **facts)


@given(dt=decimal_steps, bin_steps=st.integers(1, 40), first=st.integers(-500, 5000), n=st.integers(40, 400))
def test_grid_agrees_with_rational_arithmetic(dt, bin_steps, first, n):
    # A spike on every step of the grid: every bin edge is hit, and so is each step beside it.
    exact = Fraction(dt)
    spikes = one_train(
        [float((first + k) * exact) for k in range(n)],
        t_start_ms=float(first * exact),
        t_stop_ms=float((first + n) * exact),
        dt_ms=float(dt),
    )
    index, n_bins = bin_indices(spikes, bin_ms=float(bin_steps * exact))
    assert n_bins == n * exact // (bin_steps * exact)
    np.testing.assert_array_equal(index, [min(k * exact // (bin_steps * exact), n_bins) for k in range(n)])


@given(dt=decimal_steps, bin_steps=st.integers(1, 9), start=st.integers(0, 150), stop=st.integers(151, 300))
def test_selected_window_is_binned_from_its_own_start(dt, bin_steps, start, stop):
    exact = Fraction(dt)
    spikes = one_train([float(k * exact) for k in range(300)], t_stop_ms=float(300 * exact), dt_ms=float(dt))
    part = spikes.select(time_ms=(float(start * exact), float(stop * exact)))
    # The edges are the very floats of the spikes on these steps.
    assert part.n_spikes == stop - start
    assert part.t_start_ms == spikes.time_ms[start] == part.time_ms[0]
    assert stop == 300 or part.t_stop_ms == spikes.time_ms[stop]
    bin_steps = min(bin_steps, stop - start)
    index, n_bins = bin_indices(part, bin_ms=float(bin_steps * exact))
    assert n_bins == (stop - start) // bin_steps
    np.testing.assert_array_equal(index, np.minimum(np.arange(stop - start) // bin_steps, n_bins))
    # Binning the whole and then cutting out the window gives the same counts where the bins coincide.
    if start % bin_steps == 0 and n_bins:
        whole = bin_counts(spikes, bin_ms=float(bin_steps * exact))[0, 0]
        np.testing.assert_array_equal(
            bin_counts(part, bin_ms=float(bin_steps * exact))[0, 0], whole[start // bin_steps :][:n_bins]
        )


@given(
    width=st.floats(0.01, 50, allow_nan=False),
    n_bins=st.integers(1, 60),
    rest=st.sampled_from([0, 0.25, 0.999]),
    inside=st.lists(st.floats(0, 1, exclude_max=True), max_size=5),
)
def test_exact_times_are_decided_by_the_edges(width, n_bins, rest, inside):
    t_stop = (n_bins + rest) * width
    edges = np.array([float(k * Fraction(width)) for k in range(n_bins + 1)])
    beside = [np.nextafter(edges, -np.inf), np.nextafter(edges, np.inf)]
    times = np.concatenate([edges, *beside, np.array(inside) * t_stop])
    times = np.sort(times[(times >= 0) & (times < t_stop)])
    index, n = bin_indices(one_train(times, t_stop_ms=t_stop), bin_ms=width)
    assert n == n_bins
    np.testing.assert_array_equal(index, [np.flatnonzero(edges <= t)[-1] for t in times])
    # Only a spike on an edge that floats cannot write may differ from rational arithmetic: it counts as on the edge.
    away = ~np.isin(times, edges)
    np.testing.assert_array_equal(index[away], [Fraction(t) // Fraction(width) for t in times[away]])


@given(t_start=st.floats(-1e4, 1e4), width=st.floats(0.01, 50), n_bins=st.integers(1, 60))
def test_exact_times_on_the_edges_of_a_shifted_window(t_start, width, n_bins):
    edges = t_start + width * np.arange(n_bins + 1)
    spikes = one_train(edges[:-1], t_start_ms=t_start, t_stop_ms=edges[-1] + width / 2)
    index, n = bin_indices(spikes, bin_ms=width)
    assert n == n_bins
    np.testing.assert_array_equal(index, np.arange(n_bins))
    before = one_train(np.nextafter(edges[1:], -np.inf), t_start_ms=t_start, t_stop_ms=edges[-1] + width / 2)
    np.testing.assert_array_equal(bin_indices(before, bin_ms=width)[0], np.arange(n_bins))


def test_a_whole_number_of_bins_in_spite_of_rounding():
    # 0.3 < 3 * 0.1 in floats; the window still holds three bins.
    assert bin_indices(one_train([0.2999], t_stop_ms=0.3), bin_ms=0.1)[1] == 3
    index, n_bins = bin_indices(one_train([0.0, 2.9], t_stop_ms=3, dt_ms=0.1), bin_ms=0.1)
    assert (index.tolist(), n_bins) == ([0, 29], 30)


def test_incomplete_last_bin_is_not_counted():
    for dt in (None, 1.0):
        spikes = one_train([0, 3, 6, 7, 9], t_stop_ms=10, dt_ms=dt)
        index, n_bins = bin_indices(spikes, bin_ms=3)
        assert (index.tolist(), n_bins) == ([0, 1, 2, 2, 3], 3)
        assert bin_counts(spikes, bin_ms=3).tolist() == [[[1, 1, 2]]]


@given(data=st.data())
def test_counts_against_a_loop(data):
    n_neurons, n_trials = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    event = st.tuples(st.integers(0, 49), st.integers(0, n_neurons - 1), st.integers(0, n_trials - 1))
    events = data.draw(st.lists(event, max_size=30))
    step, neuron, trial = np.array(events, dtype=int).reshape(-1, 3).T
    spikes = SpikeData(
        time_ms=step * 0.1, neuron=neuron, trial=trial, n_neurons=n_neurons, n_trials=n_trials, t_stop_ms=5, dt_ms=0.1
    )
    bin_steps = data.draw(st.integers(1, 50))
    expected = np.zeros((n_trials, n_neurons, 50 // bin_steps), int)
    for k, i, r in events:
        if k // bin_steps < expected.shape[2]:
            expected[r, i, k // bin_steps] += 1
    counts = bin_counts(spikes, bin_ms=bin_steps / 10)
    assert counts.dtype == np.int32
    np.testing.assert_array_equal(counts, expected)
    np.testing.assert_array_equal(np.array(list(iterate_trial_counts(spikes, bin_ms=bin_steps / 10))), expected)


@pytest.mark.parametrize("dt", [None, 0.1])
def test_nothing_to_count(dt):
    silent = SpikeData(time_ms=[], neuron=[], n_neurons=2, n_trials=3, t_stop_ms=10, dt_ms=dt)
    assert bin_counts(silent, bin_ms=2).tolist() == [[[0] * 5] * 2] * 3
    nobody = SpikeData(time_ms=[], neuron=[], n_neurons=0, n_trials=2, t_stop_ms=10, dt_ms=dt)
    assert bin_counts(nobody, bin_ms=2).shape == (2, 0, 5)
    never = SpikeData(time_ms=[], neuron=[], n_neurons=2, n_trials=0, t_stop_ms=10, dt_ms=dt)
    assert bin_counts(never, bin_ms=2).shape == (0, 2, 5)
    assert bin_counts(never, bin_ms=2).dtype == np.int32


@pytest.mark.parametrize("dt", [None, 0.1])
@pytest.mark.parametrize(
    ("bin_ms", "said"),
    [
        (0, "bin_ms must be above 0, got 0"),
        (-1, "bin_ms must be above 0, got -1"),
        (np.nan, "bin_ms must be finite, got nan"),
        (10.1, r"bin_ms=10\.1 is longer than the recording of 10 ms; choose a shorter one"),
    ],
)
@pytest.mark.parametrize("function", [bin_indices, bin_counts, lambda *a, **k: list(iterate_trial_counts(*a, **k))])
def test_widths_that_are_refused(dt, bin_ms, said, function):
    with pytest.raises(ValueError, match=said):
        function(one_train([1.0], t_stop_ms=10, dt_ms=dt), bin_ms=bin_ms)


def test_only_spikes_are_binned():
    for function in (bin_counts, bin_indices, lambda *a, **k: list(iterate_trial_counts(*a, **k))):
        with pytest.raises(TypeError, match=r"spikes must be SpikeData, got list; build metastable\.SpikeData"):
            function([1.0, 2.0], bin_ms=1)


def test_width_off_the_grid():
    with pytest.raises(ValueError, match=r"bin_ms=0\.25 is not a multiple of dt_ms=0\.1; choose one that"):
        bin_indices(one_train([1.0], t_stop_ms=10, dt_ms=0.1), bin_ms=0.25)


def test_an_empty_window_has_no_bins():
    with pytest.raises(ValueError, match="longer than the recording of 0 ms"):
        bin_indices(one_train([], t_stop_ms=0), bin_ms=1)


def test_the_longest_recordings_keep_their_bins():
    # An hour and more at 0.1 ms: float division would put one spike in thousands on the wrong side.
    steps = np.arange(36_000_000, 36_000_000 + 30_000, 3)
    spikes = one_train(steps * 0.1, t_stop_ms=3_700_000, dt_ms=0.1)
    index, _ = bin_indices(spikes, bin_ms=0.3)
    np.testing.assert_array_equal(index, steps // 3)


def test_a_bin_as_long_as_a_recording_far_from_zero():
    spikes = SpikeData(time_ms=[999999.7], neuron=[0], n_neurons=1, t_start_ms=999999.7, t_stop_ms=1000000.4, dt_ms=0.7)
    assert bin_counts(spikes, bin_ms=0.7).tolist() == [[[1]]]
    with pytest.raises(ValueError, match=r"bin_ms=1.4 is longer than the recording of 0.7 ms"):
        bin_counts(spikes, bin_ms=1.4)
