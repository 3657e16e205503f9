"""Write an LIF network out as a PyNEST script, for NEST's own processes, and read back what it recorded."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np

from metastable._files import whole_file
from metastable._random import resolve_seed
from metastable._validation import require_integer, require_number, require_path
from metastable.networks import LIFNetwork, Stimulus, WiredLIFNetwork
from metastable.simulation._nest_engine import require_drawn, require_whole_tics
from metastable.simulation._nest_model import NestModel
from metastable.simulation._nest_network import changes
from metastable.simulation._plan import SimulationPlan
from metastable.simulation._simulate_lif import as_spike_data
from metastable.spikes import SpikeData

_SCRIPT, _NETWORK, _SPECIFICATION, _STATE = "run_in_nest.py", "nest_network.py", "specification.json", "state.npz"


def write_nest_script(
    network: LIFNetwork | WiredLIFNetwork,
    directory: str | os.PathLike[str],
    *,
    duration_ms: float,
    n_trials: int = 1,
    seed: int | None = None,
    network_index: int = 0,
    first_trial: int = 0,
    dt_ms: float = 0.1,
    stimulus: Stimulus | None = None,
) -> Path:
    """Write a folder with a PyNEST script that simulates a network, for clusters and large networks.

    ``python run_in_nest.py`` gives the spikes of ``simulate(..., engine="nest")`` with the same arguments. With a NEST
    that was built with MPI, ``mpirun -n 4 python run_in_nest.py --threads 8`` shares neurons and their incoming
    synapses among processes on one machine or several; each writes the spikes of its neurons, and `read_nest_spikes`
    puts them together. The packages of NEST on PyPI are built without MPI; those of conda-forge have a variant with it
    (``conda install -c conda-forge "nest-simulator=*=mpi_openmpi*"``). NEST itself need not be installed to write.

    Parameters
    ----------
    network : LIFNetwork or WiredLIFNetwork
    directory : path_like
        Made if it does not exist; files of an earlier script in it are replaced, spikes removed.
    duration_ms : float, ms
    n_trials, seed, network_index, first_trial, dt_ms, stimulus
        As in `simulate`.

    Returns
    -------
    Path
        The script.

    Raises
    ------
    OSError
        If the folder cannot be written.
    ValueError
        As in `simulate`.

    Notes
    -----
    The folder holds the script; the code that builds the network; ``specification.json`` with the network, its wiring
    seed, and models, parameters, weights and delays for NEST; and ``state.npz`` with initial potentials and stimulus.
    Connections are not written: each process draws them from the seed, one bit for each pair of neurons (312 MB for
    50,000 neurons), and lists them for NEST some rows at a time; NEST keeps those whose target the process hosts.

    Examples
    --------
    >>> import metastable as mst, tempfile
    >>> net = mst.networks.litwin_kumar_doiron_2012(n_e=400, n_clusters=5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     script = mst.simulation.write_nest_script(net, folder, duration_ms=100, seed=1)
    ...     sorted(file.name for file in script.parent.iterdir())
    ['nest_network.py', 'run_in_nest.py', 'specification.json', 'state.npz']
    """
    if not isinstance(network, LIFNetwork | WiredLIFNetwork):
        raise TypeError(f"network must be a LIFNetwork, wired or not, got {type(network).__name__}.")
    if not isinstance(stimulus, Stimulus | None):
        raise TypeError(f"stimulus must be a Stimulus, got {type(stimulus).__name__}; see Stimulus.step.")
    folder = require_path("directory", directory)
    if isinstance(network, LIFNetwork):
        seed = resolve_seed(seed)
        wired = network.wire(seed, network_index=network_index)
    elif require_integer("network_index", network_index) not in (0, network.network_index):
        raise ValueError("network_index belongs to the wiring of a specification; leave it out for other networks.")
    else:
        wired, seed = network, resolve_seed(network.seed if seed is None else seed)
    first = require_integer("first_trial", first_trial, minimum=0)
    plan = SimulationPlan(
        wired=wired,
        seed=seed,
        duration_ms=require_number("duration_ms", duration_ms),
        dt_ms=require_number("dt_ms", dt_ms),
        trials=range(first, first + require_integer("n_trials", n_trials, minimum=1)),
        stimulus=Stimulus() if stimulus is None else stimulus,
        precision="double",
    )
    require_drawn(plan)
    require_whole_tics(plan.dt_ms)
    group, _ = plan.stimulus_groups
    courses = changes(plan.stimulus_values(0, plan.n_steps))
    specification = {
        "network": wired.network.to_dict(),
        "wiring_seed": wired.seed,
        "network_index": wired.network_index,
        "seed": plan.seed,
        "duration_ms": plan.duration_ms,
        "dt_ms": plan.dt_ms,
        "n_steps": plan.n_steps,
        "first_trial": first,
        "n_trials": len(plan.trials),
        "stimulus": plan.stimulus.to_dict(),
        "n_stimulus_groups": len(courses),
        "model": asdict(NestModel.of(plan)),
    }
    state = {"initial_v": np.array([plan.initial_v(trial) for trial in plan.trials]), "stimulus_group": group}
    for k, (step, amplitude) in enumerate(courses):
        state |= {f"stimulus_step_{k}": step, f"stimulus_amplitude_{k}": amplitude}

    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("spikes_*.npz"):
        old.unlink()
    with whole_file(folder / _SPECIFICATION) as file:
        file.write(json.dumps(specification, indent=1).encode())
    with whole_file(folder / _STATE) as file:
        np.savez(file, **state)
    here = Path(__file__).parent
    shutil.copyfile(here / "_nest_network.py", folder / _NETWORK)
    shutil.copyfile(here / "_nest_script.py", folder / _SCRIPT)
    return folder / _SCRIPT


def read_nest_spikes(directory: str | os.PathLike[str]) -> SpikeData:
    """Read the spikes that the script of `write_nest_script` recorded.

    Parameters
    ----------
    directory : path_like
        Where the script lies.

    Returns
    -------
    SpikeData
        As from ``simulate(..., engine="nest")``, with the same record of how it was made.

    Raises
    ------
    FileNotFoundError
        If there is no specification, or the script did not end in all of its processes.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.simulation.read_nest_spikes("my_run")  # doctest: +SKIP
    """
    folder = require_path("directory", directory)
    if not (folder / _SPECIFICATION).is_file():
        raise FileNotFoundError(f"there is no {_SPECIFICATION} in {folder}; write_nest_script makes such folders.")
    run = json.loads((folder / _SPECIFICATION).read_text())
    parts = [dict(np.load(file)) for file in sorted(folder.glob("spikes_*.npz"))]
    expected = int(parts[0]["n_processes"]) if parts else 1
    if len(parts) != expected:
        raise FileNotFoundError(
            f"{folder} has spikes of {len(parts)} of {expected} processes; run {_SCRIPT} to its end, with as many "
            "processes as before."
        )
    network = LIFNetwork.from_dict(run["network"])
    plan = SimulationPlan(
        wired=network.wire(run["wiring_seed"], network_index=run["network_index"]),
        seed=run["seed"],
        duration_ms=run["duration_ms"],
        dt_ms=run["dt_ms"],
        trials=range(run["first_trial"], run["first_trial"] + run["n_trials"]),
        stimulus=Stimulus.from_dict(run["stimulus"]),
        precision="double",
    )
    trials = []
    for k in range(run["n_trials"]):
        step = np.concatenate([part[f"step_{k}"] for part in parts])
        neuron = np.concatenate([part[f"neuron_{k}"] for part in parts])
        order = np.lexsort((neuron, step))
        trials.append((step[order], neuron[order]))
    return as_spike_data(plan, trials, "nest")
