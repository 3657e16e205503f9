"""The npz files that pynapple saves, read without pynapple and without unpickling."""

import os
import pickle
import zipfile

import numpy as np
import pytest

from metastable import SpikeData
from metastable.spikes import read

WHOLE = {"type": np.array(["TsGroup"]), "t": [0.05, 0.1, 0.2], "index": [7, 3, 3], "keys": [3, 5, 7]}
WHOLE |= {"start": [0.0], "end": [1.0]}


def saved(tmp_path, **changes):
    content = {name: np.asarray(each) for name, each in (WHOLE | changes).items() if each is not None}
    np.savez(tmp_path / "a.npz", **content)
    return tmp_path / "a.npz"


@pytest.mark.filterwarnings("ignore:Some epochs have no duration")
def test_groups_as_pynapple_saves_them(tmp_path):
    nap = pytest.importorskip("pynapple")
    with np.errstate(all="ignore"):
        support = nap.IntervalSet(0, 1)
        trains = {3: nap.Ts(np.array([0.1, 1.0])), 5: nap.Ts(np.array([])), 7: nap.Ts(np.array([0.05]))}
        group = nap.TsGroup(trains, time_support=support, metadata={"population": np.array(["E", "I", "E"])})
        group.save(str(tmp_path / "a.npz"))
    spikes = read(tmp_path / "a.npz")
    np.testing.assert_array_equal(spikes.neuron_id, [3, 5, 7])
    np.testing.assert_array_equal(spikes.spike_counts(), [[2, 0, 1]])
    np.testing.assert_array_equal(spikes.time_ms, [50, 100, 1000])
    assert spikes.t_stop_ms == pytest.approx(1000)
    nap.Ts(np.array([0.1, 0.2])).save(str(tmp_path / "b.npz"))
    np.testing.assert_array_equal(read(tmp_path / "b.npz").time_ms, [100, 200])


class Trap:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_pickled_metadata_stays_closed(tmp_path):
    path = saved(tmp_path)
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }".ljust(117) + b"\n"
    member = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("_metadata.npy", member + pickle.dumps(Trap(str(tmp_path / "sprung"))))
    assert read(path).n_spikes == 3
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": np.array(["Tsd"])}, "holds 'Tsd' of pynapple, not spikes; save the TsGroup"),
        ({"index": [7, 3]}, "is damaged: it must have a neuron for each time"),
        ({"index": [7, 3, 4]}, "is damaged: it must have a neuron for each time"),
        (
            {"start": []},
            "is damaged: it must have a neuron for each time, and a time support around all; copy it again",
        ),
        ({"end": [np.nan]}, "is damaged: it must have"),
        ({"t": ["a", "b", "c"]}, "is damaged: it must have"),
        ({"t": [0.1, 0.2, np.nan]}, "is damaged: it must have"),
        ({"t": [0.1, 0.2, 5]}, "is damaged: it must have a neuron for each time, and a time support around"),
        ({"t": None}, "is damaged or not an npz file; copy it again"),
        ({"start": [3.0]}, "is damaged: it must have"),
    ],
)
def test_damaged_groups(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        read(saved(tmp_path, **changes))


def test_load_says_who_reads_it(tmp_path):
    with pytest.raises(ValueError, match=r"was written by pynapple; read it by metastable\.spikes\.read"):
        SpikeData.load(saved(tmp_path))
