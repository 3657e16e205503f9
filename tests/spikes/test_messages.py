"""What is said about files: what was given, what is allowed, what to do, and no names of classes."""

import re

import numpy as np
import pytest

import metastable as mst
from metastable.spikes import read, write

ENDINGS = (".npz", ".csv", ".mat", ".nwb", ".h5")


@pytest.fixture
def spikes():
    times = np.arange(40) * 0.5
    return mst.SpikeData(time_ms=times, neuron=np.arange(40) % 4, trial=np.arange(40) % 2, n_neurons=4, n_trials=2,
                         t_stop_ms=20, population=list("EEEI"))  # fmt: skip


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("part", [0.0, 0.3, 0.9])
def test_files_that_were_cut_say_what_to_do(tmp_path, spikes, ending, part):
    pytest.importorskip({".nwb": "pynwb", ".h5": "h5py"}.get(ending, "numpy"))
    path = write(spikes, tmp_path / f"a{ending}").path
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the message is what is tested, below)
        read(path)
    said = str(caught.value)
    assert "Error" not in said
    assert "BadZip" not in said
    assert re.search(r"; .*(again|give|save|must hold|it must have)[^;]*\.$", said), said


def test_headers_that_do_not_fit(tmp_path, spikes):
    path = write(spikes, tmp_path / "a.csv").path
    text = path.read_text()
    for old, new, said in (
        ('"n_neurons": 4', '"n_neurons": 3', "cluster|neuron|population"),
        ('"n_spikes": 40', '"n_spikes": 41', "it says 41 spikes but holds 40, so was cut or edited"),
        ('"t_stop_ms": 20.0, ', "", "its header lacks 't_stop_ms'"),
    ):
        path.write_text(text.replace(old, new))
        with pytest.raises(ValueError, match=rf"a.csv is damaged: .*({said}).*; copy it again, or write it again\.$"):
            read(path)
    path.write_text(text.replace('"format_version": 1', '"format_version": 2'))
    with pytest.raises(ValueError, match=r"^a.csv has format version 2, newer than 1; update metastable\.$"):
        read(path)


def test_units_that_are_missing(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        file["acquisition/x"] = 1
    with pytest.raises(ValueError, match=r"a.nwb holds no units, the table of sorted neurons; give a file of sorted"):
        read(tmp_path / "a.nwb")
    with h5py.File(tmp_path / "a.nwb", "a") as file:
        file["units/id"] = [1, 2]
    with pytest.raises(ValueError, match="has a table of units without their spike times; give a file of sorted"):
        read(tmp_path / "a.nwb")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(IsADirectoryError, match=r"cannot read .*: it is a folder; name a file in it"):
        read(tmp_path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_full_disk_leaves_the_old_file(tmp_path, spikes, ending):
    resource = pytest.importorskip("resource")
    pytest.importorskip({".nwb": "pynwb", ".h5": "h5py"}.get(ending, "numpy"))
    path = write(spikes, tmp_path / f"a{ending}").path
    before = path.read_bytes()
    larger = spikes.with_labels(population=[f"{k}" * 99 for k in range(4)])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, limits[1]))
    try:
        with pytest.raises(OSError, match=r"cannot write .*: File too large; make room or choose another place"):
            write(larger, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [before]


def test_samples_are_no_seconds(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        file["units/id"], file["units/spike_times_index"] = [1, 2], [1, 3]
        file["units/spike_times"] = [300, 600, 900]
    with pytest.raises(ValueError, match="holds whole numbers, samples perhaps, and must hold seconds; divide them"):
        read(tmp_path / "a.nwb")


def test_trials_without_an_end(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        file["units/id"], file["units/spike_times_index"], file["units/spike_times"] = [1], [2], [0.1, 0.2]
        file["intervals/trials/id"] = [0, 1, 2]
        file["intervals/trials/start_time"] = [0.0, 1.0, 2.0]
        file["intervals/trials/stop_time"] = [1.0, np.nan, np.nan]
    with pytest.raises(ValueError, match=r"2 of 3 trials of a\.nwb have no start or no stop; leave out trials=True"):
        read(tmp_path / "a.nwb", trials=True)


def test_ragged_trains_of_matlab_7_3(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        cells = file.create_dataset("spks", (1, 2), h5py.ref_dtype)
        for k, times in enumerate(([0.1], [0.2, 0.3])):
            cells[0, k] = file.create_dataset(f"#refs#/{k}", data=times).ref
    with (tmp_path / "a.mat").open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    with pytest.raises(ValueError, match=r"spks of a.mat is a cell array, .* save one row for each spike, with neuron"):
        read(tmp_path / "a.mat")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Neuron;Zeit_ms\n1;2\n", "has the columns 'neuron, zeit_ms'; it must have neuron, .*; rename them"),
        ("1,2,3,4\n", "has 4 columns without names; it must have neuron, one of time"),
        ("neuron,time\n1,2\n".encode("utf-16"), "a.csv is not a text file in UTF-8; save it as CSV in this encoding"),
        ("neuron,time,é\n".encode("latin-1"), "a.csv is not a text file in UTF-8"),
    ],
)
def test_tables_as_people_have_them(tmp_path, text, message):
    (tmp_path / "a.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=message):
        read(tmp_path / "a.csv")


@pytest.mark.parametrize("name", ["Time (ms)", "time [s]", "TIME_MS", "time(ms)"])
@pytest.mark.parametrize(("mark", "start", "end"), [(";", "\ufeff", "\r\n"), (",", "", "\r"), ("\t", "", "\n")])
def test_names_marks_and_ends_of_lines(tmp_path, name, mark, start, end):
    lines = [mark.join(["trial", name, "Neuron"]), mark.join(["0", "0.5", "3"]), mark.join(["1", "0.25", "4"]), ""]
    (tmp_path / "a.csv").write_bytes((start + end.join(lines)).encode())
    found = read(tmp_path / "a.csv")
    np.testing.assert_array_equal(found.time_ms, np.array([0.5, 0.25]) * (1000 if "s]" in name else 1))
    np.testing.assert_array_equal(found.neuron_id, [3, 4])
