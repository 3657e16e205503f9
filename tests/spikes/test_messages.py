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


def test_what_cannot_be_drawn(spikes):
    with pytest.raises(TypeError, match="SpikeData has no option 'foo'; choose among trial, color, size, ax"):
        spikes.plot(foo=1)
    empty = mst.SpikeData(time_ms=[], neuron=[], n_neurons=1, n_trials=0, t_stop_ms=1)
    with pytest.raises(ValueError, match="there is no trial to draw, n_trials is 0; give a recording of one or more"):
        empty.plot()
