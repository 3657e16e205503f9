"""What the package promises as a whole."""

import importlib
import subprocess
import sys

import pytest

import metastable as mst


def test_import_opens_no_heavy_room():
    code = (
        "import sys, metastable, metastable.cli;"
        "heavy = {'numba', 'llvmlite', 'matplotlib', 'scipy', 'brian2', 'tqdm', 'xarray', 'dask'};"
        "heavy |= {'numpy', 'h5py', 'pynwb', 'neo', 'pynapple', 'spikeinterface'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("arguments", [["--help"], ["convert", "--help"], ["stats", "--help"], ["--version"]])
def test_help_pays_for_no_library(arguments):
    # That it takes less than half a second cannot be tested on a machine that others use; what makes it so can.
    code = (
        "import sys\nfrom metastable.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit as done:\n    assert not done.code\n"
        "heavy = {'numpy', 'numba', 'llvmlite', 'matplotlib', 'scipy', 'h5py', 'xarray', 'pandas', 'dask', 'tqdm'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert done.stdout.startswith(("Usage:", "-c, version"))


@pytest.mark.parametrize("room", ["spikes", "networks"])
def test_structure_and_spikes_need_no_simulator(room):
    code = (
        f"import sys, metastable.{room}; print(sorted({{'numba', 'matplotlib', 'scipy', 'h5py'}} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "module",
    [
        "metastable",
        *(f"metastable.{room}" for room in ("spikes", "networks", "simulation", "statistics", "communities", "sweeps")),
    ],
)
def test_all_is_a_promise_that_is_kept(module):
    module = importlib.import_module(module)
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert set(module.__all__) <= set(dir(module))


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="module 'metastable' has no attribute 'Simulate'"):
        _ = mst.Simulate


def test_rooms_and_names_are_the_same_objects():
    assert mst.simulate is mst.simulation.simulate
    assert mst.SpikeData is mst.spikes.SpikeData
