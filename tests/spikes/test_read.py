"""Files of other programs, whole and broken."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import savemat

import metastable as mst
from metastable.spikes import read


@pytest.fixture
def file(tmp_path):
    def write(text, name="a.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(
    "text",
    [
        "neuron,time\n4,30\n2,10\n4,20\n",
        "time_ms,neuron\n30,4\n10,2\n20,4\n",
        "time_s;neuron\n.03;4\n.01;2\n.02;4\n",
        "4,30\n2,10\n4,20\n",
        "4 30\n2 10\n4 20\n",
        "# a comment\nneuron\ttime\n4\t30\n2\t10\n\n4\t20\n4\t20\n",
    ],
)
def test_tables_of_several_forms(file, text):
    spikes = read(file(text))
    np.testing.assert_allclose(spikes.time_ms, [10, 20, 30])
    np.testing.assert_array_equal(spikes.neuron, [0, 1, 1])
    np.testing.assert_array_equal(spikes.neuron_id, [2, 4])
    assert (spikes.t_start_ms, spikes.t_stop_ms, spikes.n_trials) == (0, 31, 1)
    assert spikes.meta["n_duplicates"] == text.count("4\t20") // 2


def test_trials_names_and_negative_times(file):
    spikes = read(file("neuron,time_s,trial\nleft,-0.5,3\nright,0.25,7\nleft,0.25,7\n"))
    assert spikes.meta["neuron_names"] == ["left", "right"]
    np.testing.assert_array_equal(spikes.trial_id, [3, 7])
    np.testing.assert_array_equal(spikes.spike_counts(), [[1, 0], [1, 1]])
    assert (spikes.t_start_ms, spikes.t_stop_ms) == (-500, 251)
    given = read(file("neuron,time\n1,3\n"), t_start_ms=-10, t_stop_ms=20)
    assert (given.t_start_ms, given.t_stop_ms) == (-10, 20)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("neuron,when\n1,2\n", "it must have neuron, one of time"),
        ("neuron,time\n1,2\n1,\n", "missing or infinite values, the first in line 3"),
        ("neuron,time\n1,nan\n", "missing or infinite"),
        (
            "neuron;time\n1;0,5\n",
            "holds .0,5. in line 2 \\(a decimal comma: replace it by a point\\); it must hold numbers",
        ),
        ("neuron,time\n1,two\n", "time of a.csv holds 'two' in line 2; it must hold numbers"),
        ("neuron,time\n1.5,2\n", "neuron of a.csv holds 1.5 in line 2"),
        ("neuron,time,trial\n1,2\n", "has 2 cells for 3 columns"),
        ("# by hand\n\nneuron,time_ms\n7,12\n7,12,345\n", "line 5 of a.csv has 3 cells for 2 columns"),
        ("neuron,time\n", "holds no spikes"),
        ("neuron,time\n1e17,3\n", "beyond 2\\^53"),
    ],
)
def test_broken_tables_are_refused(file, text, message):
    with pytest.raises(ValueError, match=message):
        read(file(text))


def test_names_of_columns_in_a_comment(file):
    spikes = read(file("# by numpy.savetxt\n# time_s neuron\n0.5 7\n0.25 3\n"))
    np.testing.assert_array_equal(spikes.time_ms, [250, 500])
    np.testing.assert_array_equal(spikes.neuron_id, [3, 7])
    other = read(file("# a remark, of two parts\n7,0.5\n"))
    assert (other.neuron_id, other.time_ms) == ([7], [0.5])


def test_units_are_stated_once(file):
    assert read(file("neuron,time\n1,0.5\n"), unit="s").time_ms == [500]
    with pytest.raises(ValueError, match="says that its times are in s"):
        read(file("neuron,time_s\n1,0.5\n"), unit="ms")
    with pytest.raises(ValueError, match="unit must be one of 'ms', 's'"):
        read(file("neuron,time\n1,0.5\n"), unit="h")


def test_files_that_are_none(tmp_path, file):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        read(tmp_path / "none.csv")
    with pytest.raises(ValueError, match=r"'.xyz', which is none of .npz, .csv"):
        read(file("1", "a.xyz"))
    with pytest.raises(ValueError, match="damaged or not a MATLAB file"):
        read(file("hello, this is text and nothing that MATLAB would have written", "a.mat"))
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(ValueError, match="not a text file"):
        read(tmp_path / "b.csv")


def test_matlab_tables_are_in_seconds(tmp_path):
    savemat(tmp_path / "a.mat", {"spks": [[2, 0.5], [1, 0.25]], "other": np.zeros((2, 5))})
    spikes = read(tmp_path / "a.mat")
    np.testing.assert_allclose(spikes.time_ms, [250, 500])
    np.testing.assert_array_equal(spikes.neuron_id[spikes.neuron], [1, 2])
    assert read(tmp_path / "a.mat", unit="ms").t_stop_ms == 1
    with pytest.raises(ValueError, match="no variable 'x'; give one of other, spks as variable"):
        read(tmp_path / "a.mat", variable="x")
    with pytest.raises(ValueError, match=r"must be a table .* got shape \(2, 5\)"):
        read(tmp_path / "a.mat", variable="other")


def test_matlab_files_of_version_7_3(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as content:
        content["spks"] = np.array([[2, 0.5], [1, 0.25], [1, 0.75]]).T
    with (tmp_path / "a.mat").open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    np.testing.assert_allclose(read(tmp_path / "a.mat").time_ms, [250, 500, 750])


def test_npz_files_are_the_package_s_own(tmp_path):
    spikes = mst.SpikeData(time_ms=[1.0], neuron=[0], n_neurons=2, t_stop_ms=4)
    spikes.save(tmp_path / "a.npz")
    assert read(tmp_path / "a.npz").n_neurons == 2
    with pytest.raises(ValueError, match="states the unit of its times"):
        read(tmp_path / "a.npz", unit="s")
    with pytest.raises(ValueError, match="states its window"):
        read(tmp_path / "a.npz", t_stop_ms=3)


@pytest.mark.filterwarnings("ignore")
def test_nwb_units(tmp_path):
    pynwb = pytest.importorskip("pynwb")
    from datetime import UTC, datetime

    content = pynwb.NWBFile("a test", "test", datetime(2026, 1, 1, tzinfo=UTC))
    for times in ([0.5, 0.75], [], [0.25]):
        content.add_unit(spike_times=times)
    with pynwb.NWBHDF5IO(str(tmp_path / "a.nwb"), "w") as io:
        io.write(content)
    spikes = read(tmp_path / "a.nwb")
    np.testing.assert_allclose(spikes.time_ms, [250, 500, 750])
    np.testing.assert_array_equal(spikes.spike_counts(), [[2, 0, 1]])


def test_long_numbers_stay_what_they_are(file):
    rows = "".join(f"{9007199254740992 + k},{k}\n" for k in range(5))
    assert read(file("neuron,time\n" + rows)).n_neurons == 5
