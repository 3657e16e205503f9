"""Files of every format: what is written comes back, also to the format's own library."""

import dataclasses
import json
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import loadmat

import metastable as mst
from metastable import SpikeData, _files
from metastable.spikes import _hdf5, from_neo, read, to_neo, write

ENDINGS = (".npz", ".csv", ".tsv", ".mat", ".nwb", ".h5")
NEEDED = {".nwb": "pynwb", ".h5": "h5py"}


def recording(**facts):
    return SpikeData(
        **{
            "time_ms": [0.1, 0.2, 5, 0.3, 0.3],
            "neuron": [0, 1, 1, 3, 3],
            "trial": [0, 0, 2, 0, 0],
            "n_neurons": 4,
            "n_trials": 4,
            "t_start_ms": -1.3,
            "t_stop_ms": 10.3,
            "dt_ms": 0.1,
            "cluster": [0, 1, -1, 1],
            "population": ["E", "Größe", "抑制", "E"],
            "neuron_id": [2**40, -5, 7, 3],
            "trial_id": [9, 10, 11, 3],
            "meta": {"ключ": ["ü", 1, 2.5, None, True, {"a": []}], "third": 1 / 3, "big": 2**62},
            **facts,
        }
    )


def assert_same(a, b, *, but=()):
    for field in dataclasses.fields(SpikeData):
        x, y = getattr(a, field.name), getattr(b, field.name)
        assert type(x) is type(y), field.name
        if field.name in but:
            continue
        if isinstance(x, np.ndarray):
            assert x.dtype.kind == y.dtype.kind, field.name
            np.testing.assert_array_equal(x, y, err_msg=field.name)
        else:
            assert x == y, field.name


@st.composite
def recordings(draw, min_trials=0, min_steps=0):
    n_neurons, n_trials = draw(st.integers(0, 4)), draw(st.integers(min_trials, 3))
    dt = draw(st.sampled_from([None, 0.1, 0.25, 1 / 30, 0.7, 3.0]))
    step = 0.1 if dt is None else dt
    first, n_steps = draw(st.integers(-50, 50)), draw(st.integers(min_steps, 200))
    n_spikes = draw(st.integers(0, 12)) if n_neurons and n_trials and n_steps else 0
    several = lambda of: draw(st.lists(of, min_size=n_spikes, max_size=n_spikes))  # noqa: E731
    time = (first + np.array(several(st.integers(0, max(n_steps - 1, 0))), float)) * step
    if dt is None and n_spikes:
        time = np.clip(
            time + np.array(several(st.floats(0, 0.09))), first * step, np.nextafter((first + n_steps) * step, -9e9)
        )
    each = lambda of: draw(st.lists(of, min_size=n_neurons, max_size=n_neurons))  # noqa: E731
    kind = draw(st.sampled_from(["none", "labels", "matrix"]))
    width = draw(st.integers(1, 3))
    matrix = np.array([[draw(st.booleans()) for _ in range(width)] for _ in range(n_neurons)], bool).reshape(-1, width)
    return SpikeData(
        time_ms=time,
        neuron=several(st.integers(0, max(n_neurons - 1, 0))),
        trial=several(st.integers(0, max(n_trials - 1, 0))),
        n_neurons=n_neurons,
        n_trials=n_trials,
        t_start_ms=first * step,
        t_stop_ms=(first + n_steps) * step,
        dt_ms=dt,
        cluster={"none": None, "labels": np.array(each(st.integers(-1, 3)), int), "matrix": matrix}[kind],
        population=draw(st.none() | st.just(each(st.text("EI é抑/.", max_size=3)))),
        neuron_id=np.array(each(st.integers(-(2**40), 2**40)), int),
        trial_id=np.array(draw(st.lists(st.integers(-9, 2**40), min_size=n_trials, max_size=n_trials)), int),
        meta=draw(st.dictionaries(st.text(max_size=3), st.floats(allow_nan=False) | st.text(max_size=3), max_size=2)),
    )


def there_and_back(spikes, ending):
    with tempfile.TemporaryDirectory() as folder:
        written = write(spikes, Path(folder) / f"a{ending}")
        return read(written.path), written


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"cluster": [[1, 1], [0, 0], [0, 1], [0, 0]]},
        {"cluster": None, "population": None, "meta": {}, "neuron_id": None, "trial_id": None},
        {"time_ms": [], "neuron": [], "trial": []},
        {"neuron_id": [3, 3, 3, 3], "trial_id": [1, 1, 2, 2]},
        {"population": ["a/b", ".", "", "a"]},
        {"population": ["All", "All", "All", "a"]},
        {"dt_ms": 1 / 30, "time_ms": np.array([0, 100, 29, 1, 7]) / 30, "t_start_ms": 0, "t_stop_ms": 4},
        {"n_trials": 1, "trial": None, "trial_id": [5]},
        {
            **{name: [] for name in ("time_ms", "neuron", "trial", "population", "neuron_id")},
            "n_neurons": 0,
            "cluster": np.zeros((0, 2), bool),
        },
        {"cluster": np.zeros((4, 0), bool)},
        {"population": ["\ud800", "a\0b", "b", ""]},
        {"t_start_ms": -0.0, "time_ms": [-0.0, 0.2, 5, 0.3, 0.3]},
    ],
    ids=[
        *["all", "overlapping", "bare", "no spikes", "same names", "odd names", "All", "30 kHz", "one trial"],
        *["nobody", "no clusters", "not in UTF-8", "no zero below"],
    ],
)
def test_nothing_is_lost(ending, facts):
    pytest.importorskip(NEEDED.get(ending, "numpy"))
    spikes = recording(**facts)
    back, written = there_and_back(spikes, ending)
    assert_same(back, spikes)
    assert written.lost == ()
    np.testing.assert_array_equal(np.signbit(back.time_ms), np.signbit(spikes.time_ms))
    assert np.signbit(back.t_start_ms) == np.signbit(spikes.t_start_ms)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "facts",
    [
        {"n_trials": 2500, "trial": np.arange(0, 2500, 50), "t_stop_ms": 10_000, "dt_ms": 0.01},
        {"t_stop_ms": 3.6e6, "dt_ms": 0.001},
        {"t_stop_ms": 3.6e9, "n_trials": 3, "trial": np.arange(50) % 3},
    ],
    ids=["many trials", "one trial", "exact times"],
)
def test_sessions_of_more_steps_than_32_bits_hold(ending, facts):
    pytest.importorskip(NEEDED.get(ending, "numpy"))
    spikes = SpikeData(**{"time_ms": np.full(50, 5000.0), "neuron": np.zeros(50, int), "n_neurons": 1} | facts)
    back, written = there_and_back(spikes, ending)
    assert_same(back, spikes)
    assert written.lost == ()


@pytest.mark.parametrize("ending", [".nwb", ".h5"])
@pytest.mark.parametrize(
    "facts",
    [
        {"t_stop_ms": 1e9, "dt_ms": 1e-6, "n_trials": 2000},
        {"t_stop_ms": 1e19, "time_ms": [0.5, np.nextafter(1e19, 0)]},
        {"t_stop_ms": 4e8, "dt_ms": 1e-6},
    ],
)
def test_sessions_that_floats_cannot_tell_apart(tmp_path, ending, facts):
    pytest.importorskip(NEEDED.get(ending, "numpy"))
    spikes = SpikeData(
        **{"time_ms": [0.5, 1], "neuron": [0, 0], "trial": [0, 29], "n_neurons": 1, "n_trials": 30} | facts
    )
    with pytest.raises(
        ValueError, match=r"trials of .* ms, one after the other, are too long for floats .*; write \.npz"
    ):
        write(spikes, tmp_path / f"a{ending}")
    assert list(tmp_path.iterdir()) == []
    back, _ = there_and_back(spikes, ".csv")
    assert_same(back, spikes)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kind", ["volleys", "no clusters"])
def test_what_shrinks_to_nothing_can_be_read(ending, kind, monkeypatch):
    pytest.importorskip(NEEDED.get(ending, "numpy"))
    monkeypatch.setattr(_files, "_ALWAYS_ALLOWED", 2**16)
    spikes = SpikeData(time_ms=[], neuron=[], n_neurons=400, t_stop_ms=9, cluster=np.zeros((400, 800), bool))
    if kind == "volleys":
        time, neuron = np.repeat(np.arange(300.0), 1000), np.tile(np.arange(1000), 300)
        spikes = SpikeData(time_ms=time, neuron=neuron, n_neurons=1000, t_stop_ms=300)
    back, _ = there_and_back(spikes, ending)
    assert_same(back, spikes)


def test_headers_that_hdf5_would_not_give_back(tmp_path, monkeypatch):
    pytest.importorskip("h5py")
    monkeypatch.setattr(_hdf5, "_LONGEST_TEXT", 100)
    with pytest.raises(ValueError, match=r"a\.h5 cannot hold these spikes: labels and meta take \d+ characters, more"):
        write(recording(), tmp_path / "a.h5")


@pytest.mark.parametrize("ending", ENDINGS)
def test_any_recording(ending):
    pytest.importorskip(NEEDED.get(ending, "numpy"))

    @settings(max_examples=12 if ending == ".nwb" else 50)
    @given(recordings())
    def check(spikes):
        back, written = there_and_back(spikes, ending)
        if not written.lost:
            assert_same(back, spikes)
            return
        # Only times on no grid may be rounded, which can change the order of two that were almost the same.
        assert spikes.dt_ms is None
        assert ending in (".nwb", ".h5")
        assert_same(back, spikes, but=("time_ms", "neuron"))
        np.testing.assert_allclose(back.time_ms, spikes.time_ms, rtol=0, atol=1e-10)
        np.testing.assert_array_equal(back.spike_counts(), spikes.spike_counts())

    check()


@given(recordings())
def test_any_recording_in_neo(spikes):
    pytest.importorskip("neo")
    assert_same(from_neo(to_neo(spikes)), spikes)


def test_what_is_lost_is_said(tmp_path):
    pytest.importorskip("pynwb")
    spikes = recording(dt_ms=None, time_ms=[0.1, 1 / 3, np.pi, 0.3, np.e], trial=[3, 3, 3, 3, 3])
    said = str(write(spikes, tmp_path / "a.nwb"))
    assert said.startswith("5 spikes of 4 neurons in 4 trials as NWB written to ")
    assert re.search(r"; lost: the last digits of exact times \(rounded by up to \de-1\d ms\)$", said)
    assert str(write(spikes, tmp_path / "a.csv")).endswith("a.csv; nothing lost")


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_cannot_be_written_leaves_the_old_file(tmp_path, ending):
    pytest.importorskip(NEEDED.get(ending, "numpy"))
    path = tmp_path / f"a{ending}"
    path.write_text("kept")
    with pytest.raises(TypeError, match=r"meta must be JSON-ready to be written: .*; give plain numbers"):
        write(recording(meta={"x": object()}), path)
    deep: list = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(TypeError, match=r"meta must be JSON-ready to be written: maximum recursion depth"):
        write(recording(meta={"x": deep}), path)
    assert [p.read_text() for p in tmp_path.iterdir()] == ["kept"]
    with pytest.raises(FileNotFoundError, match="make it first"):
        write(recording(), tmp_path / "none" / f"a{ending}")


@pytest.mark.parametrize("ending", [".nwb", ".h5", ".mat"])
def test_a_failure_halfway_leaves_nothing(tmp_path, ending, monkeypatch):
    pytest.importorskip(NEEDED.get(ending, "numpy"))
    what = {".nwb": "pynwb.NWBHDF5IO.write", ".h5": "h5py.Group.create_dataset", ".mat": "scipy.io.savemat"}[ending]

    def fail(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr(what, fail)
    with pytest.raises(OSError, match="No space left"):
        write(recording(), tmp_path / f"a{ending}")
    assert list(tmp_path.iterdir()) == []


def test_endings(tmp_path):
    with pytest.raises(ValueError, match=r"a\.dat has the ending '\.dat', and what can be written is \.npz, \.csv"):
        write(recording(), tmp_path / "a.dat")
    with pytest.raises(TypeError, match="spikes must be SpikeData, got int"):
        write(3, tmp_path / "a.csv")


@pytest.mark.parametrize("ending", ENDINGS)
def test_own_files_state_their_window(tmp_path, ending):
    pytest.importorskip(NEEDED.get(ending, "numpy"))
    write(recording(), tmp_path / f"a{ending}")
    with pytest.raises(ValueError, match="states its window; use select"):
        read(tmp_path / f"a{ending}", t_stop_ms=3)


@pytest.mark.parametrize(("old", "new"), [("\n7,", "\n8,"), ('n_spikes": 5', 'n_spikes": 4')])
def test_edited_tables_are_noticed(tmp_path, old, new):
    path = write(recording(neuron=[0, 1, 1, 2, 2]), tmp_path / "a.csv").path
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ValueError, match=r"is damaged: (a neuron of its spikes is not in its header|it says 4 spikes)"):
        read(path)


# ------------------------------------------------------------------ as the libraries of the formats see it


def trains(spikes, trial):
    part = spikes.select(trial=trial)
    return [part.time_ms[part.neuron == k] for k in range(part.n_neurons)]


def test_nwb_is_valid_and_pynwb_reads_it(tmp_path):
    pynwb = pytest.importorskip("pynwb")
    spikes = recording(cluster=[[1, 1], [0, 0], [0, 1], [0, 0]])
    write(spikes, tmp_path / "a.nwb")
    assert not pynwb.validate(path=str(tmp_path / "a.nwb"))
    with pynwb.NWBHDF5IO(str(tmp_path / "a.nwb"), "r") as io:
        file = io.read()
        units, trials = file.units.to_dataframe(), file.trials.to_dataframe()
        assert file.units.resolution == pytest.approx(1e-4)
    assert units.index.tolist() == spikes.neuron_id.tolist()
    assert units.population.tolist() == spikes.population.tolist()
    np.testing.assert_array_equal(np.stack(units.cluster), spikes.cluster)
    assert trials.index.tolist() == spikes.trial_id.tolist()
    np.testing.assert_allclose(trials.stop_time - trials.start_time, 0.0116)
    for k, row in enumerate(trials.itertuples()):
        for times, expected in zip(units.spike_times, trains(spikes, k), strict=True):
            inside = times[(times >= row.start_time) & (times < row.stop_time)]
            np.testing.assert_allclose((inside - row.zero_time) * 1000, expected, atol=1e-9)


@pytest.mark.parametrize("facts", [{"n_neurons": 0}, {"n_trials": 0}, {"n_neurons": 3}])
def test_nwb_of_nobody_is_valid(tmp_path, facts):
    pynwb = pytest.importorskip("pynwb")
    spikes = SpikeData(time_ms=[], neuron=[], **{"n_neurons": 2, "n_trials": 2, "t_stop_ms": 1} | facts)
    write(spikes, tmp_path / "a.nwb")
    assert not pynwb.validate(path=str(tmp_path / "a.nwb"))
    assert_same(read(tmp_path / "a.nwb"), spikes)


@pytest.fixture
def foreign_nwb(tmp_path):
    pynwb = pytest.importorskip("pynwb")
    from datetime import UTC, datetime

    def make(*, stops=(1.0, 2.5), resolution=None):
        content = pynwb.NWBFile("a test", "test", datetime(2026, 1, 1, tzinfo=UTC))
        for number, times in ((4, [0.25, 0.5, 1.25, 1.75]), (9, []), (2, [1.5 + 1 / 30000])):
            content.add_unit(spike_times=times, id=number)
        content.units.resolution = resolution
        for start, stop in zip((0.0, 1.5), stops, strict=True):
            content.add_trial(start_time=start, stop_time=stop)
        with pynwb.NWBHDF5IO(str(tmp_path / "a.nwb"), "w") as io:
            io.write(content)
        return tmp_path / "a.nwb"

    return make


def test_foreign_nwb_as_one_session_or_in_trials(foreign_nwb):
    path = foreign_nwb()
    whole = read(path)
    assert (whole.n_trials, whole.n_spikes, whole.dt_ms) == (1, 5, None)
    np.testing.assert_array_equal(whole.neuron_id, [2, 4, 9])
    cut = read(path, trials=True)
    assert (cut.n_trials, cut.t_start_ms, cut.t_stop_ms) == (2, 0, 1000)
    np.testing.assert_array_equal(cut.spike_counts(), [[0, 2, 0], [1, 1, 0]])
    np.testing.assert_allclose(cut.time_ms, [250, 500, 1 / 30, 250], atol=1e-9)
    around = read(path, trials=True, t_start_ms=-300, t_stop_ms=100)
    np.testing.assert_array_equal(around.spike_counts(), [[0, 0, 0], [1, 1, 0]])
    assert around.time_ms[0] == -250


def test_foreign_nwb_trials_of_different_lengths_need_a_window(foreign_nwb):
    path = foreign_nwb(stops=(1.0, 2.0))
    with pytest.raises(ValueError, match="last 500 to 1000 ms; give t_start_ms and t_stop_ms"):
        read(path, trials=True)
    assert read(path, trials=True, t_start_ms=0, t_stop_ms=500).n_spikes == 3


@pytest.mark.parametrize(
    ("resolution", "dt_ms"),
    [
        (1 / 30000, 1 / 30),
        (np.float64(np.float32(1 / 30000)), 1 / 30),
        (1e-3, None),
        (1 / 24414.0625, None),
        (-1.0, None),
    ],
)
def test_foreign_nwb_resolution_is_a_grid_where_times_are_on_it(foreign_nwb, resolution, dt_ms):
    spikes = read(foreign_nwb(resolution=resolution))
    assert spikes.dt_ms == dt_ms
    np.testing.assert_allclose(np.sort(spikes.time_ms), [250, 500, 1250, 1500 + 1 / 30, 1750], rtol=1e-12)


def test_sonata_by_its_specification(tmp_path):
    h5py = pytest.importorskip("h5py")
    spikes = recording(population=["E", "I", "E", "E"])
    write(spikes, tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        assert file.attrs["magic"] == 0x0A7A
        assert file.attrs["version"].tolist() == [0, 1]
        assert set(file["spikes"]) == {"E", "I"}
        group = file["spikes/E"]
        assert h5py.check_enum_dtype(group.attrs.get_id("sorting").dtype) == {"none": 0, "by_id": 1, "by_time": 2}
        assert group.attrs["sorting"] == 2
        assert group["timestamps"].attrs["units"] == "milliseconds"
        assert group["node_ids"].dtype == np.uint64
        # Neurons 0, 2 and 3 are nodes 0, 1 and 2 of E.
        assert group["node_ids"][()].tolist() == [0, 2, 2]
        np.testing.assert_allclose(group["timestamps"][()], [0.1, 0.3, 0.3])
        # The third trial begins two trials and two pauses of a second later.
        np.testing.assert_allclose(file["spikes/I/timestamps"][()], [0.2, 5 + 2 * 1011.6])


def test_foreign_sonata(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, unit, times in (("V1", "s", [0.5, 0.25]), ("LGN", "milliseconds", [10.0, 20.0])):
            file[f"spikes/{name}/timestamps"], file[f"spikes/{name}/node_ids"] = times, np.array([7, 2], np.uint64)
            file[f"spikes/{name}/timestamps"].attrs["units"] = unit
    spikes = read(tmp_path / "a.h5", t_stop_ms=600)
    np.testing.assert_array_equal(spikes.time_ms, [10, 20, 250, 500])
    np.testing.assert_array_equal(spikes.neuron_id[spikes.neuron], [7, 2, 2, 7])
    np.testing.assert_array_equal(spikes.population, ["LGN", "LGN", "V1", "V1"])
    assert (spikes.n_neurons, spikes.t_stop_ms) == (4, 600)


def test_matlab_scripts_find_spks(tmp_path):
    write(recording(), tmp_path / "a.mat")
    content = loadmat(tmp_path / "a.mat")
    np.testing.assert_allclose(content["spks"][0], [2**40, 0.0001, 9])
    assert json.loads(str(content["metastable"][0]))["dt_ms"] == 0.1
    write(recording(n_trials=1, trial=None, trial_id=None), tmp_path / "a.mat")
    assert loadmat(tmp_path / "a.mat")["spks"].shape == (5, 2)


def test_csv_is_a_plain_table_after_its_comment(tmp_path):
    spikes = recording()
    write(spikes, tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0].startswith('# {"format": "metastable-spikes"')
    assert lines[1:4] == ["neuron,time_ms,trial", "1099511627776,0.1,9", "-5,0.2,9"]
    neuron, time, trial = np.loadtxt(tmp_path / "a.csv", delimiter=",", skiprows=2).T
    np.testing.assert_array_equal(neuron, spikes.neuron_id[spikes.neuron])
    np.testing.assert_allclose(time, spikes.time_ms, atol=1e-12)
    np.testing.assert_array_equal(trial, spikes.trial_id[spikes.trial])


def test_options_are_for_their_formats(tmp_path):
    write(recording(), tmp_path / "a.csv")
    with pytest.raises(ValueError, match="trials=True is for NWB files"):
        read(tmp_path / "a.csv", trials=True)
    write(recording(), tmp_path / "a.mat")
    with pytest.raises(ValueError, match="states the unit of its times; leave out unit='s'"):
        read(tmp_path / "a.mat", unit="s")


def test_a_simulation_survives_every_format(tmp_path):
    pytest.importorskip("pynwb")
    network = mst.networks.litwin_kumar_doiron_2012(n_e=400, n_clusters=5)
    spikes = mst.simulate(network, duration_ms=200, n_trials=2, seed=1)
    as_json = json.loads(json.dumps(spikes.meta))
    for ending in ENDINGS:
        back = read(write(spikes, tmp_path / f"a{ending}").path)
        assert_same(back, spikes, but=("meta",))
        assert back.meta == as_json
