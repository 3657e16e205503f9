import dataclasses
import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metastable import SpikeData

ARRAYS = ("time_ms", "neuron", "trial", "neuron_id", "trial_id", "cluster", "population")


def make(time_ms=(1.0, 2.0), neuron=(0, 1), **facts):
    return SpikeData(time_ms=time_ms, neuron=neuron, **{"n_neurons": 3, "t_stop_ms": 10, **facts})


def same(a, b):
    for field in dataclasses.fields(SpikeData):
        x, y = getattr(a, field.name), getattr(b, field.name)
        assert type(x) is type(y), field.name
        if isinstance(x, np.ndarray):
            assert x.dtype == y.dtype
            np.testing.assert_array_equal(x, y)
        else:
            assert x == y, field.name
    return True


@given(
    events=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 2)), max_size=9),
    dt=st.sampled_from([None, 0.1]),
)
def test_any_order_gives_the_same_sorted_data(events, dt):
    # Equal times, equal spikes, empty trials and silent neurons are all among the examples.
    def build(rows):
        step, neuron, trial = np.array(rows, int).reshape(-1, 3).T
        return SpikeData(time_ms=step / 10, neuron=neuron, trial=trial, n_neurons=4, n_trials=3, t_stop_ms=10, dt_ms=dt)

    spikes = build(events)
    assert same(spikes, build(events[::-1]))
    ordered = sorted((trial, step, neuron) for step, neuron, trial in events)
    assert list(zip(spikes.trial, np.rint(spikes.time_ms * 10), spikes.neuron, strict=True)) == ordered
    offsets = [sum(r < trial for r, _, _ in ordered) for trial in range(4)]
    assert spikes.trial_offsets.tolist() == offsets
    expected = np.zeros((3, 4), int)
    for trial, _, neuron in ordered:
        expected[trial, neuron] += 1
    np.testing.assert_array_equal(spikes.spike_counts(), expected)


def test_silent_neurons_empty_trials_and_nothing_at_all():
    spikes = SpikeData(time_ms=[5.0], neuron=[2], trial=[1], n_neurons=4, n_trials=3, t_stop_ms=10)
    assert spikes.spike_counts().tolist() == [[0] * 4, [0, 0, 1, 0], [0] * 4]
    for n_neurons, n_trials in ((4, 3), (0, 3), (4, 0), (0, 0)):
        empty = SpikeData(time_ms=[], neuron=[], trial=[], n_neurons=n_neurons, n_trials=n_trials, t_stop_ms=10)
        assert empty.n_spikes == 0
        assert empty.spike_counts().shape == (n_trials, n_neurons)
        assert empty.trial_offsets.tolist() == [0] * (n_trials + 1)
        assert empty.membership.shape == (n_neurons, 0)
        assert "0 spikes" in repr(empty)
        assert same(empty.select(time_ms=(0, 10)), empty)


def test_types_of_what_is_kept():
    spikes = make(np.float32([1, 2]), np.uint8([0, 1]), trial=np.int64([0, 0]), n_neurons=np.int64(3))
    assert [getattr(spikes, n).dtype for n in ARRAYS[:5]] == [np.float64, np.int32, np.int32, np.int64, np.int64]
    assert type(spikes.n_neurons) is int
    assert type(spikes.t_stop_ms) is float


def test_arrays_cannot_be_written():
    spikes = make(dt_ms=0.1, cluster=[0, 1, -1], population=["E", "E", "I"])
    overlapping = make(cluster=np.ones((3, 2), bool))
    held = [getattr(spikes, name) for name in (*ARRAYS, "steps", "trial_offsets", "membership")]
    for array in [*held, overlapping.cluster, overlapping.membership, make().membership]:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = array.copy()
    with pytest.raises(dataclasses.FrozenInstanceError):
        spikes.n_neurons = 5


def test_the_callers_arrays_stay_the_callers():
    given_ = {
        "time_ms": np.array([1.0, 2.0]),
        "neuron": np.array([0, 1], np.int32),
        "trial": np.array([0, 0], np.int32),
        "cluster": np.array([0, 1, 1], np.int32),
        "population": np.array(["E", "E", "I"]),
        "neuron_id": np.array([7, 8, 9]),
        "trial_id": np.array([4]),
        "meta": {"who": "me"},
    }
    spikes = SpikeData(**given_, n_neurons=3, t_stop_ms=10)
    copy = pickle.loads(pickle.dumps(spikes))
    matrix = np.zeros((3, 2), bool)
    overlapping = make(cluster=matrix)
    for name, value in given_.items():
        if name != "meta":
            value[...] = value[::-1].copy() if name == "population" else value + 1
    given_["meta"]["who"] = "you"
    matrix[...] = True
    assert same(spikes, copy)
    assert not overlapping.membership.any()


def test_times_on_a_grid_become_exact_multiples():
    steps = np.arange(0, 100_000, 7)
    for given_ in (steps / 10, (steps / 10).astype(np.float32), steps * 0.1 + 1e-5):
        spikes = make(given_, np.zeros(steps.size, int), t_stop_ms=10_000, dt_ms=0.1)
        np.testing.assert_array_equal(spikes.steps, steps)
        np.testing.assert_array_equal(spikes.time_ms, steps * 0.1)
    spikes = make([0.3], [0], t_start_ms=0.3, t_stop_ms=2.1, dt_ms=0.1)
    assert (spikes.t_start_ms, spikes.t_stop_ms) == (3 * 0.1, 21 * 0.1)
    before = make([-0.3, 0.0], [0, 0], t_start_ms=-0.3, dt_ms=0.1)
    assert before.steps.tolist() == [-3, 0]


def test_exact_times_have_no_steps():
    with pytest.raises(ValueError, match="exact times and no grid; give dt_ms"):
        _ = make().steps


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"time_ms": [np.nan, 1.0]}, ValueError, "NaN or infinite values; remove those spikes"),
        ({"time_ms": [np.inf, 1.0]}, ValueError, "NaN or infinite values; remove those spikes"),
        ({"time_ms": [-0.1, 1.0]}, ValueError, r"from -0\.1 to 1 ms leave the recorded window \[0, 10\) ms; widen"),
        ({"time_ms": [1.0, 10.0]}, ValueError, r"from 1 to 10 ms leave the recorded window \[0, 10\) ms; widen"),
        ({"time_ms": [1.0, 9.99999], "dt_ms": 0.1}, ValueError, "leave the recorded window"),
        ({"time_ms": [1.0, 2.05], "dt_ms": 0.1}, ValueError, r"1 spike times are not multiples of dt_ms=0\.1"),
        ({"time_ms": [1.0, 2.0002], "dt_ms": 0.1}, ValueError, r"1 spike times are not multiples of dt_ms=0\.1"),
        ({"time_ms": np.float32([1.0, 2.0002]), "dt_ms": 0.1}, ValueError, "1 spike times are not multiples"),
        ({"time_ms": np.float32([1.0, 1e6 + 0.25]), "t_stop_ms": 2e6, "dt_ms": 0.1}, ValueError, "are not multiples"),
        ({"time_ms": ["1", "2"]}, TypeError, r"time_ms must hold numbers, got \['1', '2'\]"),
        ({"time_ms": [True, False]}, TypeError, "time_ms must hold numbers"),
        ({"time_ms": [1.0, None]}, TypeError, "time_ms must hold numbers"),
        ({"time_ms": [1j, 2j]}, TypeError, "time_ms must hold numbers"),
        ({"time_ms": [[1.0], [2.0, 3.0]]}, ValueError, "time_ms must not hold lists of different lengths"),
        ({"neuron": [[0], [1, 2]]}, ValueError, "neuron must not hold lists of different lengths"),
        ({"meta": [1]}, TypeError, "meta must be dict, got list; give a dict of facts"),
        ({"population": [1, 2, 3]}, TypeError, r"population must hold names, got \[1, 2, 3\]"),
        ({"cluster": [[1, 2]] * 3}, ValueError, "cluster must hold True and False, or 1 and 0"),
        ({"time_ms": [1.0]}, ValueError, r"equally long, got shapes \(1,\), \(2,\) and \(1,\)"),
        ({"time_ms": [[1.0, 2.0]]}, ValueError, "must be one-dimensional"),
        ({"neuron": [0, 3]}, ValueError, r"neuron runs from 0 to 3 but must lie in 0\.\.2; check n_neurons=3"),
        ({"neuron": [-1, 0]}, ValueError, "neuron runs from -1 to 0"),
        ({"neuron": [0.0, 1.0]}, TypeError, "neuron must hold integers, got values of type float64"),
        ({"neuron": [True, False]}, TypeError, "neuron must hold integers, got values of type bool"),
        ({"trial": [0, 1]}, ValueError, r"trial runs from 0 to 1 but must lie in 0\.\.0; check n_trials=1"),
        ({"n_trials": 0}, ValueError, "2 spikes were given but n_trials is 0"),
        ({"n_trials": -1}, ValueError, "n_trials must be at least 0, got -1"),
        ({"n_neurons": 2.0}, TypeError, r"n_neurons must be an integer, got 2\.0"),
        ({"n_neurons": True}, TypeError, "n_neurons must be an integer, got True"),
        ({"t_start_ms": 11}, ValueError, "t_stop_ms=10 lies before t_start_ms=11"),
        ({"t_stop_ms": np.inf}, ValueError, "t_stop_ms must be finite"),
        ({"dt_ms": 0}, ValueError, "dt_ms must be above 0, got 0"),
        ({"dt_ms": 0.3}, ValueError, "t_stop_ms=10 is not a multiple of dt_ms=0.3"),
        ({"cluster": [0, 1]}, ValueError, r"cluster must have one row for each of 3 neurons, got shape \(2,\)"),
        ({"cluster": [0, 1, -2]}, ValueError, r"at least -1 \(no cluster\), got -2"),
        ({"cluster": [0.0, 1.0, 2.0]}, TypeError, "cluster must hold integers"),
        ({"population": ["E"]}, ValueError, r"population must name each of 3 neurons, got shape \(1,\)"),
        ({"neuron_id": [1, 2]}, ValueError, r"neuron_id must have 3 entries, got shape \(2,\)"),
        ({"neuron_id": [1.5, 2, 3]}, TypeError, "neuron_id must hold integers, got values of type float64"),
        ({"trial_id": ["a"]}, TypeError, "trial_id must hold integers"),
    ],
)
def test_what_is_refused(change, error, said):
    with pytest.raises(error, match=said):
        make(**change)


# ------------------------------------------------------------------ clusters and populations


def test_labels_and_membership():
    labels = make(cluster=[1, -1, 0])
    assert labels.n_clusters == 2
    assert labels.membership.tolist() == [[False, True], [False, False], [True, False]]
    matrix = make(cluster=[[1, 1, 0], [0, 0, 0], [0, 1, 0]])
    assert matrix.n_clusters == 3
    assert matrix.membership.dtype == bool
    assert matrix.membership.tolist() == [[True, True, False], [False] * 3, [False, True, False]]
    assert make().n_clusters == 0
    assert make(cluster=[-1, -1, -1]).n_clusters == 0
    nobody = SpikeData(time_ms=[], neuron=[], n_neurons=0, t_stop_ms=1, cluster=np.zeros((0, 4), bool))
    assert (nobody.n_clusters, nobody.membership.shape) == (4, (0, 4))


def test_with_labels():
    spikes = make(cluster=[0, 0, 1], population=["E", "E", "I"], meta={"a": 1})
    other = spikes.with_labels(cluster=[1, 0, -1])
    assert other.cluster.tolist() == [1, 0, -1]
    assert other.population.tolist() == ["E", "E", "I"]
    assert same(other.with_labels(cluster=[0, 0, 1]), spikes)
    with pytest.raises(ValueError, match="one row for each of 3 neurons"):
        spikes.with_labels(cluster=[1])


# ------------------------------------------------------------------ selection


def recording(layout, dt):
    rng = np.random.default_rng(1)
    n = 400
    membership = rng.random((12, 4)) < 0.3
    labels = np.where(membership.any(axis=1), membership.argmax(axis=1), -1)
    return SpikeData(
        time_ms=rng.integers(-50, 150, n) * 0.1 if dt else rng.uniform(-5, 15, n),
        neuron=rng.integers(0, 11, n),
        trial=rng.integers(0, 4, n),
        n_neurons=12,
        n_trials=5,
        t_start_ms=-5,
        t_stop_ms=15,
        dt_ms=dt,
        cluster={"matrix": membership, "labels": labels, "none": None}[layout],
        population=rng.choice(["E", "I", "äußere"], 12),
        neuron_id=100 + np.arange(12),
        trial_id=[3, 1, 4, 15, 9],
        meta={"kept": True},
    )


def subset(draw, count):
    chosen = draw(st.none() | st.lists(st.integers(0, count - 1), unique=True).map(sorted))
    if chosen is None or draw(st.booleans()):
        return chosen, range(count) if chosen is None else chosen
    mask = np.zeros(count, bool)
    mask[chosen] = True
    return mask, chosen


@given(data=st.data(), layout=st.sampled_from(["matrix", "labels", "none"]), dt=st.sampled_from([None, 0.1]))
def test_selection_against_a_loop(data, layout, dt):
    spikes = recording(layout, dt)
    trial, trials = subset(data.draw, 5)
    neuron, neurons = subset(data.draw, 12)
    cluster = None
    if layout != "none":
        cluster = data.draw(st.none() | st.lists(st.integers(0, 3), unique=True).map(sorted) | st.integers(0, 3))
        if cluster is not None:
            wanted = np.atleast_1d(cluster).astype(int)
            neurons = [i for i in neurons if any(spikes.membership[i, c] for c in wanted)]
    population = data.draw(st.none() | st.sampled_from(["E", "I", "äußere"]))
    if population is not None:
        neurons = [i for i in neurons if spikes.population[i] == population]
    window = data.draw(st.none() | st.tuples(st.integers(-50, 150), st.integers(-50, 150)).map(sorted))
    start, stop = (-5, 15) if window is None else (window[0] / 10, window[1] / 10)

    part = spikes.select(
        time_ms=None if window is None else (start, stop),
        trial=trial,
        neuron=neuron,
        cluster=cluster,
        population=population,
    )
    low, high = (round(start * 10), round(stop * 10)) if dt else (start, stop)
    clock = spikes.steps if dt else spikes.time_ms
    expected = [
        (list(trials).index(r), t, list(neurons).index(i))
        for r, t, k, i in zip(spikes.trial, spikes.time_ms, clock, spikes.neuron, strict=True)
        if r in trials and i in neurons and low <= k < high
    ]
    assert list(zip(part.trial, part.time_ms, part.neuron, strict=True)) == expected
    assert (part.n_neurons, part.n_trials) == (len(neurons), len(trials))
    assert part.neuron_id.tolist() == [100 + i for i in neurons]
    assert part.trial_id.tolist() == [[3, 1, 4, 15, 9][r] for r in trials]
    assert (part.t_start_ms, part.t_stop_ms) == pytest.approx((start, stop))
    assert part.population.tolist() == [spikes.population[i] for i in neurons]
    assert part.meta == {"kept": True}
    assert part.dt_ms == dt
    if layout != "none":
        np.testing.assert_array_equal(part.cluster, spikes.cluster[list(neurons)])
    if layout == "matrix":
        assert part.n_clusters == 4


def test_selecting_twice_keeps_the_first_names():
    spikes = recording("labels", 0.1)
    twice = spikes.select(neuron=[2, 5, 7], trial=[1, 3]).select(neuron=[1, 2], trial=1)
    assert twice.neuron_id.tolist() == [105, 107]
    assert twice.trial_id.tolist() == [15]
    assert same(twice, spikes.select(neuron=[5, 7], trial=3))


@pytest.mark.parametrize("dt", [0.1, 0.3, 0.7, 0.05])
def test_the_whole_window_can_always_be_selected(dt):
    # 3 * 0.7 < 2.1 in floats: the window as a person writes it must still be inside the recording.
    for n in range(1, 60):
        stop = round(n * dt, 9)
        spikes = make([0.0], [0], t_stop_ms=stop, dt_ms=dt)
        assert spikes.select(time_ms=(0, stop)).t_stop_ms == spikes.t_stop_ms
        assert spikes.select(time_ms=(stop, stop)).n_spikes == 0


@pytest.mark.parametrize(
    ("criteria", "error", "said"),
    [
        ({"time_ms": (-1, 5)}, ValueError, r"time_ms=\(-1, 5\) is not a window inside the recording, \[0, 10\) ms"),
        ({"time_ms": (5, 11)}, ValueError, "is not a window inside the recording"),
        ({"time_ms": (5, 4)}, ValueError, "is not a window inside the recording"),
        ({"time_ms": (0.05, 4)}, ValueError, r"time_ms=0\.05 is not a multiple of dt_ms=0\.1"),
        ({"time_ms": (0, np.nan)}, ValueError, "time_ms must be finite"),
        ({"time_ms": 5}, TypeError, "time_ms must be two numbers"),
        ({"time_ms": (1, 2, 3)}, TypeError, "time_ms must be two numbers"),
        ({"population": ["E", "I"]}, TypeError, "population must be str, got list; give one name"),
        ({"neuron": [[0], [1, 2]]}, ValueError, "neuron must not hold lists of different lengths"),
        ({"trial": 1}, ValueError, r"trial runs from 1 to 1 but must lie in 0\.\.0"),
        ({"neuron": [2, 1]}, ValueError, "neuron must list each index once in increasing order"),
        ({"neuron": [1, 1]}, ValueError, "neuron must list each index once in increasing order"),
        ({"neuron": [-1]}, ValueError, "neuron runs from -1 to -1"),
        ({"neuron": 1.0}, TypeError, "neuron must hold integers"),
        ({"neuron": [True]}, ValueError, r"the neuron mask has shape \(1,\) but there are 3"),
        (
            {"neuron": [[0, 1]]},
            ValueError,
            r"neuron must be one index, a list .* got shape \(1, 2\)",
        ),
        ({"cluster": 2}, ValueError, "cluster runs from 2 to 2"),
        ({"population": "X"}, ValueError, r"population 'X' is not in these spikes; choose one of 'E', 'I'"),
    ],
)
def test_selections_that_are_refused(criteria, error, said):
    with pytest.raises(error, match=said):
        make(dt_ms=0.1, cluster=[0, 1, -1], population=["E", "E", "I"]).select(**criteria)


def test_labels_that_are_missing():
    with pytest.raises(ValueError, match="these spikes have no cluster labels; give cluster="):
        make().select(cluster=0)
    with pytest.raises(
        ValueError, match=r"population 'E' is not in these spikes, whose neurons have no populations; label them"
    ):
        make().select(population="E")


# ------------------------------------------------------------------ printing


def test_repr_says_what_is_there():
    text = repr(
        make(dt_ms=0.1, cluster=[0, 1, -1], population=["E", "E", "I"], n_trials=2, t_start_ms=-5, t_stop_ms=1995)
    )
    assert text.splitlines() == [
        "SpikeData: 2 spikes, 3 neurons x 2 trials, mean rate 0.167 spikes/s",
        "  window [-5, 1995) ms, dt 0.1 ms",
        "  populations E 2, I 1",
        "  2 clusters, 1 neurons in none",
    ]
    assert "exact times" in repr(make())
    assert "no duration" in repr(SpikeData(time_ms=[], neuron=[], n_neurons=1, t_stop_ms=0))
    made = {"provenance": {"software": "metastable", "version": "9.9", "call": "simulate"}}
    assert repr(make(meta=made)).splitlines()[-1] == "  made by metastable 9.9 simulate"
    assert json.loads(json.dumps(make(meta=made).meta)) == made


def test_numbers_that_do_not_fit():
    facts = {"time_ms": [1.0], "neuron": [0], "n_neurons": 1, "t_stop_ms": 2}
    with pytest.raises(
        ValueError, match=r"neuron_id must lie below 2\^63, got 9223372036854775808; number them from 0"
    ):
        SpikeData(**facts, neuron_id=np.array([2**63], np.uint64))
    with pytest.raises(ValueError, match=r"n_neurons must be at most 2\.14748e\+09"):
        SpikeData(**facts | {"neuron": [2**32], "n_neurons": 2**33})
    with pytest.raises(ValueError, match=r"t_stop_ms=1e\+300 is more than 2\^53 steps of dt_ms=1e-300"):
        SpikeData(**facts | {"t_stop_ms": 1e300, "dt_ms": 1e-300})


@pytest.mark.parametrize("dt_ms", [None, 0.1])
def test_there_is_one_zero(dt_ms):
    spikes = SpikeData(time_ms=[-0.0], neuron=[0], n_neurons=1, t_start_ms=-0.0, t_stop_ms=2, dt_ms=dt_ms)
    assert not np.signbit([spikes.time_ms[0], spikes.t_start_ms]).any()
