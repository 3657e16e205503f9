"""What surrogates keep, and what they do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import metastable as mst
from metastable.spikes import align, jitter_spikes, shift_trains, shuffle_intervals

KINDS = {
    "shuffle": shuffle_intervals,
    "shift": shift_trains,
    "jitter": lambda spikes, **options: jitter_spikes(spikes, width_ms=1.5, **options),
}


@st.composite
def recordings(draw, *, grid=None):
    """Draw up to three neurons and trials, silent ones and equal times among them, on a grid of 0.1 ms or off it."""
    on_grid = draw(st.booleans()) if grid is None else grid
    n_neurons, n_trials = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    start = draw(st.sampled_from([0, -40, 30, 10**7])) / 10
    n = draw(st.integers(0, 20))
    step = draw(st.lists(st.integers(0, 199), min_size=n, max_size=n))
    within = [0.0] * n if on_grid else draw(st.lists(st.floats(0, 0.99), min_size=n, max_size=n))
    index = lambda count: draw(st.lists(st.integers(0, count - 1), min_size=n, max_size=n))  # noqa: E731
    return mst.SpikeData(
        time_ms=[start + (k + part) / 10 for k, part in zip(step, within, strict=True)],
        neuron=index(n_neurons),
        trial=index(n_trials),
        n_neurons=n_neurons,
        n_trials=n_trials,
        t_start_ms=start,
        t_stop_ms=start + 20,
        dt_ms=0.1 if on_grid else None,
        meta={"subject": "a"},
    )


def trains(spikes):
    return [
        spikes.time_ms[(spikes.neuron == n) & (spikes.trial == k)]
        for k in range(spikes.n_trials)
        for n in range(spikes.n_neurons)
    ]


@pytest.mark.parametrize("kind", KINDS)
@given(spikes=recordings(), seed=st.integers(0, 2**40))
def test_every_train_keeps_its_spikes_within_the_trial(kind, spikes, seed):
    made = KINDS[kind](spikes, seed=seed)
    assert (made.t_start_ms, made.t_stop_ms, made.dt_ms) == (spikes.t_start_ms, spikes.t_stop_ms, spikes.dt_ms)
    assert [t.size for t in trains(made)] == [t.size for t in trains(spikes)]
    # SpikeData refuses times outside the trial or off the grid; here they are compared with the grid of the data.
    if spikes.dt_ms is not None:
        np.testing.assert_array_equal(made.time_ms, made.steps * spikes.dt_ms)
    assert made.meta["subject"] == "a"
    assert set(made.meta) == {"subject", "provenance"}


@given(spikes=recordings(), seed=st.integers(0, 2**40))
def test_shuffled_trains_have_the_same_intervals(spikes, seed):
    made = shuffle_intervals(spikes, seed=seed)
    tolerance = 1e-12 * 20 + 4 * np.spacing(abs(spikes.t_stop_ms))
    for before, after in zip(trains(spikes), trains(made), strict=True):
        np.testing.assert_allclose(np.sort(np.diff(after)), np.sort(np.diff(before)), rtol=0, atol=tolerance)
    if spikes.dt_ms is not None:
        own = [np.sort(np.diff(np.rint(t / 0.1))) for t in trains(spikes)]
        for before, after in zip(own, trains(made), strict=True):
            np.testing.assert_array_equal(np.sort(np.diff(np.rint(after / 0.1))), before)


@given(spikes=recordings(), seed=st.integers(0, 2**40))
def test_shifted_trains_keep_their_order_on_the_circle(spikes, seed):
    made = shift_trains(spikes, seed=seed)
    for before, after in zip(trains(spikes), trains(made), strict=True):
        if before.size:
            circle = lambda t: np.diff(t, append=t[0] + 20)  # noqa: E731
            wanted, found = circle(before), circle(after)
            turns = [np.abs(np.roll(found, k) - wanted).max() for k in range(before.size)]
            assert min(turns) <= 1e-9


@given(spikes=recordings(), seed=st.integers(0, 2**40))
def test_jittered_spikes_stay_near(spikes, seed):
    made = jitter_spikes(spikes, width_ms=1.5, seed=seed)
    for before, after in zip(trains(spikes), trains(made), strict=True):
        # Moved one by one by at most a width, spikes in order of time move by at most a width too.
        assert np.abs(before - after).max(initial=0) <= 1.5 + 1e-9


@pytest.mark.parametrize("kind", KINDS)
@given(spikes=recordings(), seed=st.integers(0, 2**40))
def test_a_seed_gives_one_surrogate_and_an_index_another(kind, spikes, seed):
    made, again = (KINDS[kind](spikes, seed=seed, index=3) for _ in range(2))
    np.testing.assert_array_equal(made.time_ms, again.time_ms)
    np.testing.assert_array_equal(made.neuron, again.neuron)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dt_ms", [None, 0.5])
def test_surrogates_of_other_numbers_and_seeds_differ(kind, dt_ms):
    spikes = mst.SpikeData(time_ms=[2, 3, 5, 9, 13, 20.5], neuron=[0] * 6, n_neurons=1, t_stop_ms=40, dt_ms=dt_ms)
    made = [KINDS[kind](spikes, seed=s, index=k).time_ms.tolist() for s in range(3) for k in range(3)]
    assert len({tuple(times) for times in made}) > 6


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dt_ms", [None, 0.5])
def test_identical_trains_part(kind, dt_ms):
    # What one train does says nothing about another: neurons and trials that fire together do so no more.
    times = np.array([2, 3, 5, 9, 13, 20.5])
    spikes = mst.SpikeData(
        time_ms=np.tile(times, 400),
        neuron=np.repeat(np.arange(400) // 2, 6),
        trial=np.repeat(np.arange(400) % 2, 6),
        n_neurons=200,
        n_trials=2,
        t_stop_ms=40,
        dt_ms=dt_ms,
    )
    made = KINDS[kind](spikes, seed=1)
    first = np.array([train[0] for train in trains(made)]).reshape(2, 200)
    assert first.std() > 0.3
    # Standard error of a correlation of 200 pairs: .07.
    assert abs(np.corrcoef(first)[0, 1]) < 0.3
    assert abs(np.corrcoef(first[:, ::2].ravel(), first[:, 1::2].ravel())[0, 1]) < 0.3


def test_shuffled_intervals_come_in_every_order_equally_often():
    n = 6000
    spikes = mst.SpikeData(
        time_ms=np.tile([1.0, 2, 4, 8], n), neuron=np.repeat(np.arange(n), 4), n_neurons=n, t_stop_ms=10
    )
    made = shuffle_intervals(spikes, seed=2)
    time = np.array(trains(made))
    orders, counts = np.unique(np.diff(time).round(9), axis=0, return_counts=True)
    assert len(orders) == 6
    # Binomial(6000, 1/6): 1000 +- 29.
    assert np.abs(counts - 1000).max() < 5 * 29
    # The first spike lies anywhere in the 3 ms that are free: mean 1.5, standard error .011.
    assert time[:, 0].min() >= 0
    assert time[:, 0].max() < 3
    assert time[:, 0].mean() == pytest.approx(1.5, abs=0.06)


def test_a_train_as_long_as_its_trial_cannot_shift_by_a_step():
    spikes = mst.SpikeData(time_ms=[0, 3, 9], neuron=[0, 0, 0], n_neurons=1, t_stop_ms=10, dt_ms=1)
    firsts = {shuffle_intervals(spikes, seed=seed).time_ms[0] for seed in range(20)}
    assert firsts == {0.0}


def test_silence_stays_silent():
    spikes = mst.SpikeData(time_ms=[], neuron=[], n_neurons=2, n_trials=3, t_stop_ms=10)
    for make in KINDS.values():
        made = make(spikes, seed=1)
        assert (made.n_spikes, made.n_neurons, made.n_trials) == (0, 2, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: jitter_spikes(s, width_ms=30), "longer than a trial of 20 ms"),
        (lambda s: jitter_spikes(s, width_ms=0), "width_ms"),
        (lambda s: shuffle_intervals(s, seed=-1), "seed"),
        (lambda s: shift_trains(s, index=-1), "index"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call(mst.SpikeData(time_ms=[1], neuron=[0], n_neurons=1, t_stop_ms=20))


# -------------------------------------------------------------------------- align


@given(
    steps=st.lists(st.integers(0, 999), max_size=40),
    events=st.lists(st.integers(100, 800), min_size=1, max_size=6),
    on_grid=st.booleans(),
)
def test_trials_hold_the_spikes_of_their_windows(steps, events, on_grid):
    spikes = mst.SpikeData(
        time_ms=np.array(steps) / 10,
        neuron=[k % 2 for k in steps],
        n_neurons=2,
        t_stop_ms=100,
        dt_ms=0.1 if on_grid else None,
    )
    cut = align(spikes, events_ms=np.array(events) / 10, window_ms=(-5, 20))
    assert cut.dt_ms == spikes.dt_ms
    assert (cut.n_trials, cut.t_start_ms, cut.t_stop_ms) == (len(events), -5, 20)
    for trial, event in enumerate(events):
        for neuron in range(2):
            # In whole steps: a spike on the end belongs to the next.
            mine = sorted(k - event for k in steps if k % 2 == neuron and -50 <= k - event < 200)
            found = cut.time_ms[(cut.trial == trial) & (cut.neuron == neuron)]
            if on_grid:
                assert np.rint(found * 10).astype(int).tolist() == mine
            else:
                inner = [k for k in mine if k > -50]
                assert [k for k in np.rint(found * 10).astype(int).tolist() if -50 < k < 200] == inner


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"events_ms": [5, 95]}, r"1 of 2 events, the first at 95 ms, leaves the recording \[0, 100\)"),
        ({"events_ms": []}, "one or more times"),
        ({"events_ms": [np.nan]}, "NaN or infinite"),
        ({"window_ms": (4, 4)}, "from < to"),
    ],
)
def test_windows_that_make_no_sense(options, message):
    spikes = mst.SpikeData(time_ms=[1.0], neuron=[0], n_neurons=1, t_stop_ms=100)
    with pytest.raises(ValueError, match=message):
        align(spikes, **{"events_ms": [10], "window_ms": (0, 10), **options})


def test_only_an_uninterrupted_recording_is_cut():
    spikes = mst.SpikeData(time_ms=[1.0], neuron=[0], n_neurons=1, n_trials=2, t_stop_ms=100)
    with pytest.raises(ValueError, match="one uninterrupted trial, got 2 trials"):
        align(spikes, events_ms=[10], window_ms=(0, 10))
