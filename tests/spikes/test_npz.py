import dataclasses
import json
import os
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest

from metastable import SpikeData
from metastable.spikes import load_npz, save_npz

DAMAGED = "is damaged"
FOREIGN = "is an npz file but not one of spikes written by metastable"


def recording(**facts):
    return SpikeData(
        **{
            "time_ms": [0.1, 0.2, 5],
            "neuron": [0, 1, 1],
            "trial": [0, 0, 2],
            "n_neurons": 3,
            "n_trials": 3,
            "t_start_ms": -1.3,
            "t_stop_ms": 10.3,
            "dt_ms": 0.1,
            "cluster": [0, 1, -1],
            "population": ["E", "Größe", "抑制"],
            "neuron_id": [2**40, -5, 7],
            "trial_id": [9, 10, 11],
            "meta": {"ключ": ["ü", 1, 2.5, None, True, {"a": []}], "small": 5e-324, "third": 1 / 3, "big": 2**62},
            **facts,
        }
    )


def assert_same(a, b):
    for field in dataclasses.fields(SpikeData):
        x, y = getattr(a, field.name), getattr(b, field.name)
        assert type(x) is type(y), field.name
        if isinstance(x, np.ndarray):
            assert x.dtype == y.dtype, field.name
            np.testing.assert_array_equal(x, y)
        else:
            assert x == y, field.name


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"cluster": [[1, 1], [0, 0], [0, 1]]},
        {"cluster": None, "population": None, "meta": {}},
        {"dt_ms": None, "time_ms": [0.1, 1 / 3, 5e-324]},
        {"time_ms": [], "neuron": [], "trial": []},
    ],
    ids=["all", "overlapping", "bare", "exact times", "no spikes"],
)
def test_round_trip(tmp_path, facts):
    spikes = recording(**facts)
    save_npz(spikes, tmp_path / "a.npz")
    assert_same(load_npz(tmp_path / "a.npz"), spikes)


@pytest.mark.parametrize(("n_neurons", "n_trials"), [(0, 2), (2, 0), (0, 0)])
@pytest.mark.parametrize("overlapping", [False, True])
def test_round_trip_of_nobody_and_never(tmp_path, n_neurons, n_trials, overlapping):
    spikes = SpikeData(
        time_ms=[],
        neuron=[],
        n_neurons=n_neurons,
        n_trials=n_trials,
        t_stop_ms=1,
        cluster=np.zeros((n_neurons, 3), bool) if overlapping else np.zeros(n_neurons, int),
        population=["E"] * n_neurons,
    )
    spikes.save(str(tmp_path / "a"))
    assert_same(SpikeData.load(str(tmp_path / "a")), spikes)


def test_file_is_plain_arrays_and_json(tmp_path):
    save_npz(recording(), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        header = json.loads(str(archive["header"]))
        assert not any(archive[name].dtype.hasobject for name in archive.files)
        assert {*header["arrays"], "header"} == set(archive.files)
    assert header["format"] == "metastable-spikes"
    assert header["format_version"] == 1


def test_same_spikes_same_content(tmp_path):
    for name in ("a", "b"):
        save_npz(recording(), tmp_path / name)
    with zipfile.ZipFile(tmp_path / "a") as a, zipfile.ZipFile(tmp_path / "b") as b:
        assert {i.filename: i.CRC for i in a.infolist()} == {i.filename: i.CRC for i in b.infolist()}


@pytest.mark.skipif(os.name != "posix", reason="permission bits of POSIX")
def test_permissions_of_an_ordinary_new_file(tmp_path):
    (tmp_path / "plain").touch()
    save_npz(recording(), tmp_path / "a.npz")
    assert stat.S_IMODE((tmp_path / "a.npz").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


# ------------------------------------------------------------------ files that cannot be read


def test_a_file_cut_anywhere(tmp_path):
    path = tmp_path / "a.npz"
    save_npz(recording(), path)
    whole = path.read_bytes()
    for length in [*range(0, len(whole), 37), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=DAMAGED):
            load_npz(path)


def try_to_load(path):
    try:
        return load_npz(path), ""
    except ValueError as error:
        return None, str(error)


def test_a_changed_byte_is_noticed_or_harmless(tmp_path):
    path = tmp_path / "a.npz"
    spikes = recording()
    save_npz(spikes, path)
    whole = path.read_bytes()
    # Each byte of the directory at the end, where a changed bit can claim encryption, another version or another
    # length, and a sample of the rest, which checksums guard.
    directory = whole.index(b"PK\x01\x02")
    for at in [*range(0, directory, 9), *range(directory, len(whole))]:
        changed = bytes([whole[at] ^ (64 if at % 2 else 255)])
        path.write_bytes(whole[:at] + changed + whole[at + 1 :])
        loaded, said = try_to_load(path)
        if loaded is None:
            assert DAMAGED in said or FOREIGN in said
        else:
            assert_same(loaded, spikes)


def rewrite(path, *, header=None, drop=(), **arrays):
    with np.load(path) as archive:
        content = {name: archive[name] for name in archive.files if name not in drop}
    if header is not None:
        content["header"] = np.array(json.dumps({**json.loads(str(content["header"])), **header}))
    np.savez(path, **{**content, **arrays})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"header": {"format": "other"}}, FOREIGN),
        ({"header": {"format_version": 2}}, "has format version 2, newer than 1; update metastable"),
        ({"header": {"format_version": "1"}}, FOREIGN),
        ({"header": {"n_neurons": 1}}, "is damaged: neuron runs from 0 to 1"),
        ({"header": {"t_stop_ms": None}}, "is damaged: t_stop_ms must be a number"),
        ({"header": {"meta": 3}}, DAMAGED),
        ({"drop": ("trial",)}, r"is damaged: the arrays \['trial'\] are not as its header says"),
        ({"drop": ("cluster",)}, r"is damaged: the arrays \['cluster'\] are not as its header says"),
        ({"drop": ("header",)}, FOREIGN),
        ({"extra": np.zeros(3)}, r"is damaged: the arrays \['extra'\] are not as its header says"),
        ({"time_ms": np.array([np.nan, 0.2, 5])}, "is damaged: time_ms holds NaN"),
        ({"time_ms": np.array([0.1])}, "is damaged: time_ms, neuron and trial must be"),
        ({"time_ms": np.array([{}, {}, {}])}, DAMAGED),
    ],
)
def test_content_that_does_not_fit(tmp_path, change, said):
    path = tmp_path / "a.npz"
    save_npz(recording(), path)
    rewrite(path, **change)
    with pytest.raises(ValueError, match=said) as caught:
        load_npz(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("header", ["no json", "[]", "3", "null", '{"format": "metastable-spikes"}'])
def test_foreign_header(tmp_path, header):
    np.savez(tmp_path / "a.npz", header=np.array(header))
    with pytest.raises(ValueError, match=FOREIGN):
        load_npz(tmp_path / "a.npz")


def test_other_files(tmp_path):
    foreign, text, empty, npy, pickled = (tmp_path / name for name in ("f.npz", "t.npz", "e.npz", "n.npz", "p.npz"))
    np.savez(foreign, x=np.arange(3))
    text.write_text("t,neuron\n1,2\n")
    empty.touch()
    with npy.open("wb") as file:
        np.save(file, np.arange(3))
    np.savez(pickled, header=np.array([object()]))
    with pytest.raises(ValueError, match=FOREIGN):
        load_npz(foreign)
    for path in (text, empty, npy, pickled):
        with pytest.raises(ValueError, match=f"{path.name} is damaged or not an npz file"):
            load_npz(path)


@pytest.mark.parametrize("path", ["", "missing.npz", "missing/a.npz", "file/a.npz"])
def test_nothing_to_read(tmp_path, path):
    (tmp_path / "file").touch()
    with pytest.raises(FileNotFoundError, match=r"there is no file .*; check the path"):
        load_npz(tmp_path / path)


# ------------------------------------------------------------------ files that cannot be written


@pytest.mark.parametrize("folder", ["missing", "missing/deeper", "file"])
def test_no_folder_to_write_into(tmp_path, folder):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(FileNotFoundError, match=r"cannot write a\.npz: the folder .* does not exist; make it first"):
        save_npz(recording(), tmp_path / folder / "a.npz")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "kept"


def test_target_is_a_folder(tmp_path):
    (tmp_path / "a.npz").mkdir()
    with pytest.raises(IsADirectoryError, match="it is a folder; name a file in it"):
        save_npz(recording(), tmp_path / "a.npz")
    assert [p.name for p in tmp_path.rglob("*")] == ["a.npz"]


def test_folder_that_cannot_be_written(tmp_path, monkeypatch):
    # Root may write everywhere, so the system's refusal is played.
    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(OSError, match=r"cannot write .*a\.npz: Permission denied; choose a folder that can be written"):
        save_npz(recording(), tmp_path / "a.npz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="the wording of POSIX")
def test_a_name_the_file_system_refuses(tmp_path):
    with pytest.raises(OSError, match="File name too long"):
        save_npz(recording(), tmp_path / ("a" * 300))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failing", [(np, "savez_compressed"), (Path, "replace")])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_existing_file_survives_a_failure(tmp_path, monkeypatch, failing, error):
    path = tmp_path / "a.npz"
    save_npz(recording(), path)
    before = path.read_bytes()

    def fail(*arguments, **options):
        if failing[1] == "savez_compressed":
            arguments[0].write(b"half a file")
        raise error

    monkeypatch.setattr(*failing, fail)
    with pytest.raises(type(error)):
        save_npz(recording(meta={}), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_meta_that_is_not_json(tmp_path):
    path = tmp_path / "a.npz"
    path.write_text("kept")
    with pytest.raises(TypeError, match=r"meta must be JSON-ready to be written: .*int64.*; give plain numbers"):
        save_npz(recording(meta={"n": np.int64(3)}), path)
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]
    assert path.read_text() == "kept"


def test_what_is_no_path_and_no_spikes(tmp_path):
    for call in (SpikeData.load, SpikeData(time_ms=[], neuron=[], n_neurons=1, t_stop_ms=1).save):
        with pytest.raises(TypeError, match="path must be the path of a file, got None"):
            call(None)
    with pytest.raises(TypeError, match="spikes must be SpikeData, got list"):
        save_npz([1.0], tmp_path / "a.npz")


def test_provenance_of_others_is_not_described():
    spikes = SpikeData(time_ms=[], neuron=[], n_neurons=1, t_stop_ms=1, meta={"provenance": {"by": "hand"}})
    assert "made by" not in repr(spikes)


def test_an_existing_file_is_replaced(tmp_path):
    path = tmp_path / "a.npz"
    save_npz(recording(), path)
    save_npz(recording(meta={"second": 2}), path)
    assert load_npz(path).meta == {"second": 2}
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]
