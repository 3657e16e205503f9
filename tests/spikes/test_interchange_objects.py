"""Recordings of other programs as they lie in memory."""

import dataclasses
import warnings

import numpy as np
import pytest

from metastable import SpikeData
from metastable.spikes import (
    from_brian2,
    from_neo,
    from_nest,
    from_pynapple,
    from_spikeinterface,
    read,
    to_neo,
    to_pynapple,
)


def recording(**facts):
    return SpikeData(
        **{
            "time_ms": [0.1, 0.2, 5, 0.3],
            "neuron": [0, 1, 1, 3],
            "trial": [0, 0, 2, 0],
            "n_neurons": 4,
            "n_trials": 4,
            "t_start_ms": -1.3,
            "t_stop_ms": 10.3,
            "dt_ms": 0.1,
            "cluster": [0, 1, -1, 1],
            "population": ["E", "Größe", "抑制", "E"],
            "neuron_id": [40, 5, 7, 3],
            "trial_id": [9, 10, 11, 3],
            **facts,
        }
    )


def assert_same(a, b, *, but=()):
    for field in dataclasses.fields(SpikeData):
        if field.name not in but:
            np.testing.assert_array_equal(getattr(a, field.name), getattr(b, field.name), err_msg=field.name)


# ------------------------------------------------------------------ Neo


def test_neo_sees_trials_and_trains():
    pytest.importorskip("neo")
    block = to_neo(recording())
    assert [len(segment.spiketrains) for segment in block.segments] == [4, 4, 4, 4]
    train = block.segments[2].spiketrains[1]
    assert train.annotations == {"neuron_id": 5, "population": "Größe", "cluster": 1}
    assert (float(train.t_start.rescale("ms")), float(train.t_stop.rescale("ms"))) == (-1.3, pytest.approx(10.3))
    np.testing.assert_allclose(train.rescale("s").magnitude, [0.005])
    assert float(train.sampling_rate.rescale("Hz")) == pytest.approx(10_000)


def test_foreign_trains_of_neo():
    neo = pytest.importorskip("neo")
    block = neo.Block()
    for start in (1.0, 4.0):
        segment = neo.Segment()
        for times in ([0.25, 0.5], []):
            segment.spiketrains.append(
                neo.SpikeTrain(start + np.array(times), units="s", t_start=start, t_stop=start + 1)
            )
        block.segments.append(segment)
    spikes = from_neo(block)
    assert (spikes.t_start_ms, spikes.t_stop_ms, spikes.n_trials, spikes.n_neurons) == (0, 1000, 2, 2)
    np.testing.assert_allclose(spikes.time_ms, [250, 500, 250, 500])
    listed = from_neo(list(block.segments))
    assert listed.n_trials == 2
    np.testing.assert_array_equal(listed.time_ms, spikes.time_ms)
    one = from_neo(list(block.segments[1].spiketrains))
    assert (one.t_start_ms, one.t_stop_ms, one.n_trials) == (4000, 5000, 1)
    assert from_neo(block.segments[0]).n_spikes == 2


def test_neo_neurons_by_name_where_segments_hold_others():
    neo = pytest.importorskip("neo")
    block = neo.Block()
    for ids in ([3, 8], [8]):
        trains = [neo.SpikeTrain([float(k)], units="ms", t_stop=10, neuron_id=k) for k in ids]
        block.segments.append(neo.Segment())
        block.segments[-1].spiketrains = trains
    spikes = from_neo(block)
    np.testing.assert_array_equal(spikes.neuron_id, [3, 8])
    np.testing.assert_array_equal(spikes.spike_counts(), [[1, 1], [0, 1]])
    for segment in block.segments:
        for train in segment.spiketrains:
            train.annotations.clear()
    with pytest.raises(ValueError, match=r"segments have \[1, 2\] trains, and nothing says whose they are"):
        from_neo(block)


@pytest.mark.parametrize("kind", [int, np.int64, np.uint16, str, np.str_])
def test_neo_neurons_by_numbers_and_names_of_any_type(kind):
    neo = pytest.importorskip("neo")
    segments = []
    for ids in ((30, 8, 100), (8, 100, 30)):
        segments.append(neo.Segment())
        segments[-1].spiketrains = [neo.SpikeTrain([k], units="ms", t_stop=200, neuron_id=kind(k)) for k in ids]
    spikes = from_neo(segments)
    names = spikes.meta["neuron_names"] if issubclass(kind, str) else spikes.neuron_id.tolist()
    assert [int(names[k]) for k in spikes.neuron] == spikes.time_ms.tolist()
    assert spikes.n_neurons == 3
    segments[1].spiketrains[0].annotations.clear()
    with pytest.raises(
        ValueError, match=r"1 of 6 trains have no annotation neuron_id and the others have one; annotate"
    ):
        from_neo(segments)
    segments[1].spiketrains[0].annotations["neuron_id"] = 0.5
    with pytest.raises(ValueError, match="must all be whole numbers below 2\\^63, or all be names, got"):
        from_neo(segments)


def test_neo_refuses():
    neo = pytest.importorskip("neo")
    with pytest.raises(
        TypeError, match="must be a Block, a Segment, or a list of SpikeTrains or of Segments, got 3; give"
    ):
        from_neo(3)
    with pytest.raises(ValueError, match="there are no spike trains"):
        from_neo(neo.Block())
    block = neo.Block()
    for stop in (10, 20):
        block.segments.append(neo.Segment())
        block.segments[-1].spiketrains = [neo.SpikeTrain([1.0], units="ms", t_stop=stop)]
    with pytest.raises(ValueError, match="of different lengths; cut them by time_slice"):
        from_neo(block)


# ------------------------------------------------------------------ pynapple


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"cluster": [[1, 1], [0, 0], [0, 1], [0, 0]]},
        {"cluster": None, "population": None},
        {"time_ms": [], "neuron": [], "trial": []},
        {"dt_ms": 1 / 30, "time_ms": np.array([0, 100, 29, 1]) / 30, "t_start_ms": 0, "t_stop_ms": 4},
    ],
    ids=["all", "overlapping", "bare", "no spikes", "30 kHz"],
)
def test_pynapple_round_trip(facts):
    pytest.importorskip("pynapple")
    spikes = recording(**facts)
    units, trials = to_pynapple(spikes)
    assert_same(from_pynapple(units, trials=trials, dt_ms=spikes.dt_ms), spikes, but=("meta",))


@pytest.mark.parametrize("dt_ms", [None, 0.01])
def test_pynapple_keeps_all_spikes(dt_ms):
    pytest.importorskip("pynapple")
    facts = {"n_neurons": 1, "n_trials": 2500, "t_stop_ms": 10_000}
    trial = np.repeat(np.arange(0, 2500, 50), 2)
    spikes = SpikeData(time_ms=np.full(100, 5000.0), neuron=np.zeros(100, int), trial=trial, dt_ms=dt_ms, **facts)
    units, trials = to_pynapple(spikes)
    back = from_pynapple(units, trials=trials, dt_ms=dt_ms)
    np.testing.assert_array_equal(back.trial, spikes.trial)
    np.testing.assert_allclose(back.time_ms, spikes.time_ms, atol=1e-5)


def test_pynapple_sees_trials_and_labels():
    pytest.importorskip("pynapple")
    units, trials = to_pynapple(recording())
    assert sorted(units.keys()) == [3, 5, 7, 40]
    assert units["population"][40] == "E"
    assert len(trials) == 4
    np.testing.assert_allclose(units.restrict(trials[2])[5].t, [5e-3 + 2 * 1.0116], atol=1e-9)
    assert [len(units[k].t) for k in (3, 5, 7, 40)] == [1, 2, 0, 1]


def test_foreign_pynapple():
    nap = pytest.importorskip("pynapple")
    units = nap.TsGroup({2: nap.Ts(np.array([0.5, 2.25, 7.0])), 1: nap.Ts(np.array([0.25, 2.5]))})
    whole = from_pynapple(units)
    np.testing.assert_allclose(whole.time_ms, [250, 500, 2250, 2500, 7000])
    cut = from_pynapple(units, trials=nap.IntervalSet([0, 2], [1, 3]))
    np.testing.assert_array_equal(cut.neuron_id, [1, 2])
    np.testing.assert_array_equal(cut.spike_counts(), [[1, 1], [1, 1]])
    np.testing.assert_allclose(cut.time_ms, [250, 500, 250, 500])
    with pytest.raises(ValueError, match="stops of trials differ by 500 ms; give trials that are equally long"):
        from_pynapple(units, trials=nap.IntervalSet([0, 2], [1, 3.5]))
    with pytest.raises(ValueError, match="times are not multiples of dt_ms=30"):
        from_pynapple(units, dt_ms=30)
    with pytest.raises(TypeError, match="units must be TsGroup, got int"):
        from_pynapple(3)
    with pytest.raises(ValueError, match="pynapple holds trials of some duration"):
        to_pynapple(SpikeData(time_ms=[], neuron=[], n_neurons=1, t_stop_ms=0))


# ------------------------------------------------------------------ NEST


def test_nest_events_of_several_recorders():
    events = [
        {"senders": np.array([5, 3]), "times": np.array([1.5, 0.1])},
        {"senders": np.array([9]), "times": np.array([0.7])},
    ]
    spikes = from_nest(events, neurons={"E": [3, 4, 5], "I": range(8, 10)}, dt_ms=0.1, t_stop_ms=10)
    np.testing.assert_array_equal(spikes.neuron_id, [3, 4, 5, 8, 9])
    np.testing.assert_array_equal(spikes.population, ["E", "E", "E", "I", "I"])
    np.testing.assert_array_equal(spikes.steps, [1, 7, 15])
    np.testing.assert_array_equal(spikes.neuron_id[spikes.neuron], [3, 9, 5])
    assert from_nest(events[0]).neuron_id.tolist() == [3, 5]
    with pytest.raises(ValueError, match="1 senders, the first 9, are not among neurons"):
        from_nest(events, neurons=[3, 4, 5])


def test_nest_times_in_steps():
    events = {"senders": [1, 1], "times": [3, 5], "offsets": [0.0, 0.025]}
    precise = from_nest(events, dt_ms=0.1)
    np.testing.assert_allclose(precise.time_ms, [0.3, 0.475])
    assert precise.dt_ms is None
    assert from_nest(events | {"offsets": [0.0, 0.0]}, dt_ms=0.1).steps.tolist() == [3, 5]
    with pytest.raises(ValueError, match="these times are in steps; give the resolution"):
        from_nest(events)
    for offsets in ([0.0], [0.0, 0.0, 0.0]):
        with pytest.raises(ValueError, match=f"events have 2 times and {len(offsets)} offsets, and must have one for"):
            from_nest(events | {"offsets": offsets}, dt_ms=0.1)


def test_nest_populations_and_types():
    events = {"senders": np.array([3], np.uint64), "times": np.array([0.5])}
    np.testing.assert_array_equal(from_nest(events, neurons=[4, 3]).neuron_id, [3, 4])
    assert from_nest(events, neurons={"E": [3, 3], "I": [4]}).population.tolist() == ["E", "I"]
    with pytest.raises(ValueError, match="neurons has 4 in more than one population; give each neuron to one"):
        from_nest(events, neurons={"E": [3, 4], "I": [4]})
    with pytest.raises(ValueError, match="neurons is a dict of no populations"):
        from_nest(events, neurons={})
    with pytest.raises(ValueError, match="column neuron of the NEST recording holds 9223372036854775808"):
        from_nest({"senders": np.array([2**63], np.uint64), "times": np.array([0.5])})


def test_nest_files(tmp_path):
    first, second = tmp_path / "spikes-12-0.dat", tmp_path / "spikes-12-1.dat"
    first.write_text("# NEST version: 3.8.0\n# RecordBackendASCII version: 2\nsender\ttime_ms\n2\t0.500\n4\t1.250\n")
    second.write_text("# NEST version: 3.8.0\n# RecordBackendASCII version: 2\nsender\ttime_ms\n")
    old = tmp_path / "old.gdf"
    old.write_text("2\t0.500\n4\t1.250\n")
    for spikes in (from_nest([first, str(second)]), read(first), read(old)):
        np.testing.assert_array_equal(spikes.time_ms, [0.5, 1.25])
        np.testing.assert_array_equal(spikes.neuron_id, [2, 4])
    steps = tmp_path / "steps.dat"
    steps.write_text("sender\ttime_step\ttime_offset\n2\t5\t0.000\n4\t13\t0.050\n")
    np.testing.assert_allclose(from_nest(steps, dt_ms=0.1).time_ms, [0.5, 1.25])
    with pytest.raises(ValueError, match="these times are in steps"):
        read(steps)


@pytest.mark.parametrize("text", ["time_ms\tsender\n1\t2\n", "2\t0.5\n4\n", "2\t0.5\t3\t4\n", "2\tx\n", "é"])
def test_nest_files_that_are_none(tmp_path, text):
    (tmp_path / "a.dat").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.dat (is not a|is damaged|has the columns)"):
        read(tmp_path / "a.dat")


def test_nest_refuses(tmp_path):
    with pytest.raises(TypeError, match="events must hold senders and times, or name a file, got int"):
        from_nest(3)
    with pytest.raises(ValueError, match="events is an empty list"):
        from_nest([])
    with pytest.raises(FileNotFoundError, match="there is no file"):
        from_nest(tmp_path / "none.dat")


# ------------------------------------------------------------------ Brian2


def test_brian2_monitors():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        brian2 = pytest.importorskip("brian2")
        brian2.prefs.codegen.target = "numpy"
        group = brian2.SpikeGeneratorGroup(5, [0, 3, 3], [0.1, 0.3, 2.9] * brian2.ms, dt=0.1 * brian2.ms)
        monitor = brian2.SpikeMonitor(group)
        brian2.Network(group, monitor).run(3 * brian2.ms)
    spikes = from_brian2(monitor)
    assert (spikes.n_neurons, spikes.dt_ms, spikes.t_stop_ms) == (5, 0.1, 3)
    np.testing.assert_array_equal(spikes.steps, [1, 3, 29])
    np.testing.assert_array_equal(spikes.neuron, [0, 3, 3])
    twice = from_brian2([monitor, monitor.get_states(["i", "t"])], n_neurons=5, dt_ms=0.1, t_stop_ms=3)
    np.testing.assert_array_equal(twice.spike_counts(), [[1, 0, 0, 2, 0]] * 2)


def test_brian2_trials_without_spikes():
    trials = [{"i": [0], "t": [0.001]}, {"i": [], "t": []}]
    spikes = from_brian2(trials, n_neurons=2, t_stop_ms=3)
    np.testing.assert_array_equal(spikes.spike_counts(), [[1, 0], [0, 0]])


def test_brian2_refuses():
    states = {"i": [0], "t": [0.001]}
    with pytest.raises(ValueError, match="the monitor does not know n_neurons; give n_neurons="):
        from_brian2(states)
    with pytest.raises(ValueError, match="the monitor does not know t_stop_ms"):
        from_brian2(states, n_neurons=3)
    with pytest.raises(TypeError, match="monitors must have i and t, got int"):
        from_brian2(3)
    with pytest.raises(TypeError, match="i must hold whole numbers"):
        from_brian2({"i": [0.5], "t": [0.1]}, n_neurons=3, t_stop_ms=3)
    with pytest.raises(ValueError, match="empty list; give one monitor for each trial"):
        from_brian2([])


# ------------------------------------------------------------------ SpikeInterface

FIELDS = [("sample_index", "int64"), ("unit_index", "int64"), ("segment_index", "int64")]


def test_spike_vectors():
    vector = np.array([(0, 2, 0), (31, 0, 0), (15, 0, 2)], dtype=FIELDS)
    spikes = from_spikeinterface(vector, sampling_hz=30_000, unit_ids=[4, 9, 2], n_segments=4, n_samples=3000)
    np.testing.assert_array_equal(spikes.steps, [0, 31, 15])
    np.testing.assert_array_equal(spikes.neuron_id, [4, 9, 2])
    np.testing.assert_array_equal(spikes.spike_counts(), [[1, 0, 1], [0, 0, 0], [1, 0, 0], [0, 0, 0]])
    assert spikes.t_stop_ms == pytest.approx(100)
    named = from_spikeinterface(vector, sampling_hz=24414.0625, unit_ids=["a", "b", "c"])
    assert (named.dt_ms, named.meta["neuron_names"]) == (None, ["a", "b", "c"])
    np.testing.assert_allclose(named.time_ms[:2], [0, 31 / 24.4140625])


def test_sortings_as_they_are():
    class Sorting:
        sampling_frequency, unit_ids = 10_000.0, np.array([7, 8])

        def to_spike_vector(self):
            return np.array([(10, 1, 0)], dtype=FIELDS)

        def get_num_segments(self):
            return 2

    spikes = from_spikeinterface(Sorting())
    assert (spikes.n_trials, spikes.dt_ms, spikes.time_ms.tolist()) == (2, 0.1, [1.0])
    np.testing.assert_array_equal(spikes.neuron_id, [7, 8])


def test_spike_vectors_refuse():
    vector = np.array([(0, 2, 0)], dtype=FIELDS)
    with pytest.raises(ValueError, match="does not state its sampling frequency; give sampling_hz="):
        from_spikeinterface(vector)
    with pytest.raises(TypeError, match="a spike vector with the fields sample_index, unit_index, segment_index"):
        from_spikeinterface(np.zeros(3), sampling_hz=1)
    with pytest.raises(ValueError, match=r"neuron runs from 2 to 2 but must lie in 0\.\.1"):
        from_spikeinterface(vector, sampling_hz=1000, unit_ids=[1, 2])
    with pytest.raises(ValueError, match="unit_ids must be names, or whole numbers below 2\\^63, got"):
        from_spikeinterface(vector, sampling_hz=1000, unit_ids=np.array([0, 1, 2**63], np.uint64))
