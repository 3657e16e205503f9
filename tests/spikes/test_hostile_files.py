"""Files that are damaged, foreign, or made to do harm: refused in a sentence, and nothing else happens."""

import io
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from metastable import SpikeData
from metastable.spikes import read, write
from metastable.spikes._mat_file import read_mat


def test_a_sample_of_the_fuzz():
    pytest.importorskip("pynwb")
    script = Path(__file__).parents[2] / "verification" / "fuzz_files.py"
    if not script.is_file():
        pytest.skip("verification/ is not part of this copy")
    command = [sys.executable, str(script), "--files", "60", "--seed", "3"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[9].split()[:2] == ["all", "60"]


@pytest.fixture
def spikes():
    return SpikeData(time_ms=[1.0, 2.0], neuron=[0, 1], n_neurons=3, t_stop_ms=4, population=["E", "E", "I"])


# ------------------------------------------------------------------ npz


class Trap:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def rewritten(path, name, member):
    with zipfile.ZipFile(path) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    members[name] = member
    with zipfile.ZipFile(path, "w") as archive:
        for each, content in members.items():
            archive.writestr(each, content)


def npy(header, content=b""):
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content


def test_pickles_are_not_opened(tmp_path, spikes):
    trap = str(tmp_path / "sprung")
    write(spikes, tmp_path / "a.npz")
    objects = npy("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", pickle.dumps(Trap(trap)))
    rewritten(tmp_path / "a.npz", "time_ms.npy", objects)
    with pytest.raises(ValueError, match="is damaged or not an npz file of plain arrays"):
        read(tmp_path / "a.npz")
    (tmp_path / "b.npz").write_bytes(pickle.dumps(Trap(trap)))
    with pytest.raises(ValueError, match="is damaged or not an npz file"):
        read(tmp_path / "b.npz")
    assert not Path(trap).exists()


@pytest.mark.parametrize("shape", ["(1000000000000000,)", "(-1,)", "(2, 4611686018427387904)", "(3,)"])
def test_shapes_that_the_archive_does_not_hold(tmp_path, spikes, shape):
    write(spikes, tmp_path / "a.npz")
    member = npy(f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}", bytes(16))
    rewritten(tmp_path / "a.npz", "time_ms.npy", member)
    with pytest.raises(ValueError, match="is damaged or not an npz file of plain arrays"):
        read(tmp_path / "a.npz")


def test_archives_that_grow_without_measure(tmp_path, spikes):
    write(spikes, tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.npz", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.npy", bytes(2**27))
    with pytest.raises(ValueError, match=r"a\.npz is damaged: it has [\d,]+ bytes and says that it holds 134,\d+,\d+"):
        read(tmp_path / "a.npz")


# ------------------------------------------------------------------ CSV


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("neuron,time\n1,2\0\n", "a.csv is not a text file in UTF-8; save"),
        (f"neuron,time\n1,2\n{'a' * 100},3\n", "neuron of a.csv holds a cell of over 64 characters"),
        (f"neuron,time\n{'a' * 200_000},3\n", r"is not a table: field larger than field limit \(131072\)"),
        ("neuron,time_s\n1,1e305\n", "goes from 1e\\+308 to 1e\\+308 ms, more than a thousand years; check its unit"),
        ("neuron,time\n1,1e18\n", "goes from 1e\\+18 to 1e\\+18 ms, more than a thousand years"),
        ("neuron,neuron,time\n1,1,2\n", "perhaps trial, each once"),
        ('# {"format": "metastable-spikes", "n_neurons": 1e9}\nneuron,time_ms\n', "is damaged: "),
    ],
)
def test_tables_that_are_none(tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        read(tmp_path / "a.csv")


def test_long_numbers_are_read_where_no_cell_is_kept_as_text(tmp_path):
    (tmp_path / "a.csv").write_text(f"neuron,time\n1,0.{'3' * 100}\n")
    assert read(tmp_path / "a.csv").time_ms.tolist() == [1 / 3]


# ------------------------------------------------------------------ MATLAB


@pytest.mark.parametrize("format", ["4", "5"])
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"])
def test_matlab_numbers_as_scipy_reads_them(tmp_path, format, compressed, dtype):
    if format == "4" and dtype in ("i1", "u4", "i8", "u8"):
        pytest.skip("version 4 has no such numbers")
    table = np.array([[1, 2], [3, 100], [5, 6]], dtype)
    content = {"spks": table, "text": "hello", "t": {"a": 1} if format == "5" else 3, "z": np.array([[1 + 2j]])}
    savemat(tmp_path / "a.mat", content, format=format, do_compression=compressed and format == "5")
    ours = read_mat(tmp_path / "a.mat", ("spks", "t", "z"))
    expected = loadmat(tmp_path / "a.mat")
    np.testing.assert_array_equal(ours["spks"], expected["spks"])
    assert ours["spks"].dtype == expected["spks"].dtype
    assert list(ours) == list(content)
    assert ours["z"] is None
    assert read(tmp_path / "a.mat").n_spikes == 3


def test_matlab_of_the_other_order_of_bytes(tmp_path):
    def element(kind, content):
        return struct.pack(">II", kind, len(content)) + content.ljust(-(-len(content) // 8) * 8, b"\0")

    values = np.array([[1, 2], [0.5, 0.25]], ">f8").tobytes()
    body = element(6, struct.pack(">II", 6, 0)) + element(5, struct.pack(">ii", 2, 2)) + element(1, b"spks")
    body += element(9, values)
    (tmp_path / "a.mat").write_bytes(b"MATLAB 5.0".ljust(124) + struct.pack(">H", 0x100) + b"MI" + element(14, body))
    spikes = read(tmp_path / "a.mat")
    np.testing.assert_array_equal(spikes.neuron_id[spikes.neuron], [2, 1])
    np.testing.assert_array_equal(spikes.time_ms, [250, 500])


def test_matlab_cells_and_objects_are_no_tables(tmp_path):
    cells = np.empty((1, 2), object)
    cells[0, 0] = cells[0, 1] = np.zeros((3, 3))
    for value in (cells, {"a": 1}, "text", np.array([[1j, 2]])):
        savemat(tmp_path / "a.mat", {"spks": value})
        with pytest.raises(
            ValueError, match=r"spks of a\.mat is a cell array, .* and must be a table of real numbers; save one row"
        ):
            read(tmp_path / "a.mat")


def test_matlab_types_that_do_not_exist(tmp_path):
    # scipy looks them up outside of its table, which can end the process.
    buffer = io.BytesIO()
    savemat(buffer, {"spks": np.zeros((3, 3))})
    content = bytearray(buffer.getvalue())
    at = content.index(struct.pack("<II", 9, 72))
    content[at : at + 4] = struct.pack("<I", 0x5A0)
    (tmp_path / "a.mat").write_bytes(content)
    with pytest.raises(ValueError, match="is damaged or not a MATLAB file; save it again"):
        read(tmp_path / "a.mat")


# ------------------------------------------------------------------ HDF5


def strange_floats(h5py, file, name):
    # A type that no computer has: what h5py says about it does not name the file.
    kind = h5py.h5t.IEEE_F64LE.copy()
    kind.set_ebias(70_000)
    h5py.h5d.create(file.id, name.encode(), kind, h5py.h5s.create_simple((10,)))


@pytest.fixture
def sonata(tmp_path):
    h5py = pytest.importorskip("h5py")

    def make(put):
        with h5py.File(tmp_path / "a.h5", "w") as file:
            file["spikes/E/node_ids"] = np.zeros(10, np.uint64)
            put(h5py, file, "spikes/E/timestamps")
        return tmp_path / "a.h5"

    return make


@pytest.mark.parametrize(
    ("put", "message"),
    [
        (
            lambda h5py, file, name: file.create_dataset(name, shape=(10**14,), dtype="f8", chunks=(1024,)),
            r"is damaged: it has [\d,]+ bytes and says that it holds 800,000,000,000,000",
        ),
        (
            lambda h5py, file, name: file.create_dataset(name, shape=(10**6,), dtype="f8"),
            r"has shape \(1000000,\) but no values in the file",
        ),
        (
            lambda h5py, file, name: file.create_dataset(name, (10,), "f8", external=[("/etc/passwd", 0, 80)]),
            r"lie outside a\.h5; copy them into the file",
        ),
        (
            lambda h5py, file, name: file.__setitem__(name, h5py.ExternalLink("/etc/passwd", "/x")),
            "is a link to another place; copy its content",
        ),
        (lambda h5py, file, name: file.__setitem__(name, h5py.SoftLink("/spikes")), "is a link to another place"),
        (lambda h5py, file, name: file.create_group(name), "must hold values, got a group"),
        (lambda h5py, file, name: file.__setitem__(name, ["a"] * 10), "must hold numbers, got object"),
        (
            lambda h5py, file, name: file.__setitem__(name, np.zeros((10, 1))),
            r"must be one list of numbers, got shape \(10, 1\)",
        ),
        (lambda h5py, file, name: None, "has no spikes/E/timestamps"),
        (lambda h5py, file, name: strange_floats(h5py, file, name), r"a\.h5 is damaged: Insufficient precision"),
    ],
)
def test_datasets_that_claim_or_point(sonata, put, message):
    with pytest.raises(ValueError, match=message):
        read(sonata(put))


def test_heaps_without_an_end(tmp_path, spikes):
    # HDF5 itself would walk over a gap of length 0 for ever.
    pytest.importorskip("h5py")
    write(spikes, tmp_path / "a.h5")
    content = bytearray((tmp_path / "a.h5").read_bytes())
    at = content.index(b"GCOL")
    end = at + int.from_bytes(content[at + 8 : at + 16], "little")
    content[at + 16 : end] = bytes(end - at - 16)
    (tmp_path / "a.h5").write_bytes(content)
    with pytest.raises(ValueError, match="a heap of texts in it has no end"):
        read(tmp_path / "a.h5")


@pytest.mark.parametrize("name", ["a.h5", "a.nwb", "a.mat"])
def test_hdf5_of_another_kind(tmp_path, name):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / name, "w", userblock_size=512) as file:
        file["x"] = 1
    if name == "a.mat":
        with (tmp_path / name).open("r+b") as raw:
            raw.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    with pytest.raises(
        ValueError, match=r"is no SONATA file|holds no units, the table of sorted neurons; give|has no variable 'spks'"
    ):
        read(tmp_path / name)
