"""Recordings of other people, where they are at hand: read, and carried through every format."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat

from metastable.spikes import read, write

DATA = Path(os.environ.get("METASTABLE_DATA", Path(__file__).parents[3] / "shared" / "data"))
SIZES = {
    "Feb1312da06spks.mat": (17_059, 125),
    "Jan1312da04spks.mat": (12_503, 102),
    "Jan1912da02spks.mat": (11_864, 102),
    "fellous_test_data.mat": (621, 105),
}


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("ending", [".npz", ".csv", ".mat", ".nwb", ".h5"])
def test_matlab_recordings_survive_every_format(tmp_path, name, ending):
    pytest.importorskip({".nwb": "pynwb", ".h5": "h5py"}.get(ending, "numpy"))
    if not (DATA / name).is_file():
        pytest.skip(f"no recordings in {DATA}; set METASTABLE_DATA to their folder")
    spikes = read(DATA / name)
    assert (spikes.n_spikes, spikes.n_neurons) == SIZES[name]
    table = loadmat(DATA / name)["spks"]
    counts = [np.sum(table[:, 0] == neuron) for neuron in spikes.neuron_id]
    assert spikes.spike_counts()[0].sum() + spikes.meta["n_duplicates"] == np.sum(counts)
    back = read(write(spikes, tmp_path / f"a{ending}").path)
    np.testing.assert_array_equal(back.neuron_id[back.neuron], spikes.neuron_id[spikes.neuron])
    np.testing.assert_allclose(back.time_ms, spikes.time_ms, rtol=0, atol=1e-10)
    assert back.meta == spikes.meta
