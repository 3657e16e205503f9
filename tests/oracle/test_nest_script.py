"""The script that runs a network in NEST outside of this package gives the spikes of the engine."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys

import numpy as np
import pytest

import metastable as mst
from metastable.networks import Stimulus

NETWORK = mst.networks.litwin_kumar_doiron_2012(n_e=400, n_clusters=5)
OPTIONS = {"duration_ms": 150.0, "n_trials": 2, "first_trial": 3, "seed": 5, "network_index": 1}
needs_nest = pytest.mark.skipif(importlib.util.find_spec("nest") is None, reason="NEST is not installed")


def _run(script, *arguments):
    done = subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, cwd=script.parent)
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_nest
@pytest.mark.parametrize("threads", ["1", "2"])
def test_one_process_gives_the_spikes_of_the_engine(tmp_path, monkeypatch, threads):
    monkeypatch.setenv("PYNEST_QUIET", "1")
    stimulus = Stimulus.step(0.2, start_ms=50, clusters=[1, 3]) + Stimulus.step(0.1, start_ms=80, population="I")
    script = mst.simulation.write_nest_script(NETWORK, tmp_path / "run", stimulus=stimulus, **OPTIONS)
    assert "trial 2 of 2" in _run(script, "--threads", threads)
    theirs = mst.simulation.read_nest_spikes(script.parent)
    ours = mst.simulate(NETWORK, engine="nest", stimulus=stimulus, n_jobs=1, **OPTIONS)
    assert ours.n_spikes > 1000
    for name in ("time_ms", "neuron", "trial", "trial_id", "population", "cluster"):
        np.testing.assert_array_equal(getattr(theirs, name), getattr(ours, name))
    assert theirs.meta == ours.meta


def test_writing_needs_no_nest_and_no_machine_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nest", None)
    script = mst.simulation.write_nest_script(NETWORK.wire(5, network_index=1), tmp_path, duration_ms=20)
    run = json.loads((tmp_path / "specification.json").read_text())
    assert (run["wiring_seed"], run["network_index"], run["seed"], run["n_steps"]) == (5, 1, 5, 200)
    for file in tmp_path.iterdir():
        assert os.fsencode(tmp_path) not in file.read_bytes()
    assert script == tmp_path / "run_in_nest.py"


def test_processes_are_put_together(tmp_path):
    """Two files as two MPI processes would leave them; there may be no NEST with MPI here."""
    mst.simulation.write_nest_script(NETWORK, tmp_path, duration_ms=20, seed=1)
    spikes = {"step_0": np.array([4, 9]), "neuron_0": np.array([7, 3], np.int32), "n_processes": 2}
    np.savez(tmp_path / "spikes_0.npz", **spikes)
    with pytest.raises(FileNotFoundError, match=r"has spikes of 1 of 2 processes; run run_in_nest\.py to its end"):
        mst.simulation.read_nest_spikes(tmp_path)
    np.savez(tmp_path / "spikes_1.npz", **(spikes | {"step_0": np.array([4, 5]), "neuron_0": np.array([2, 2])}))
    found = mst.simulation.read_nest_spikes(tmp_path)
    assert found.steps.tolist() == [4, 4, 5, 9]
    assert found.neuron.tolist() == [2, 7, 2, 3]
    # Written again, the folder must not mix new numbers with old spikes.
    mst.simulation.write_nest_script(NETWORK, tmp_path, duration_ms=30, seed=1)
    with pytest.raises(FileNotFoundError, match="has spikes of 0 of 1 processes"):
        mst.simulation.read_nest_spikes(tmp_path)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"duration_ms": 20.05}, ValueError, "duration_ms"),
        ({"dt_ms": 0.0125}, ValueError, "a multiple of 0.001 ms"),
        ({"stimulus": 0.1}, TypeError, "stimulus must be a Stimulus, got float"),
        ({"n_trials": 0}, ValueError, "n_trials must be at least 1"),
    ],
)
def test_one_clear_sentence(tmp_path, options, error, said):
    with pytest.raises(error, match=said):
        mst.simulation.write_nest_script(NETWORK, tmp_path / "run", **{"duration_ms": 20, "seed": 1, **options})
    assert not (tmp_path / "run").exists()


def test_other_folders_and_networks_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no specification.json in .*; write_nest_script makes"):
        mst.simulation.read_nest_spikes(tmp_path)
    with pytest.raises(TypeError, match="network must be a LIFNetwork, wired or not, got BinaryNetwork"):
        mst.simulation.write_nest_script(mst.networks.rost_2018(), tmp_path, duration_ms=20)
    with pytest.raises(ValueError, match="network_index belongs to the wiring of a specification"):
        mst.simulation.write_nest_script(NETWORK.wire(5), tmp_path, duration_ms=20, network_index=1)
