"""Run the network of this folder in NEST and write its spikes beside it.

    python run_in_nest.py [--threads T]
    mpirun -n 4 python run_in_nest.py [--threads T]     with a NEST that was built with MPI

``specification.json`` and ``state.npz`` say what to run; metastable, which must be importable, draws the same wiring
again from its seed, and `nest_network.py` connects it. Each process writes the spikes of its own neurons to
``spikes_<rank>.npz``; ``metastable.simulation.read_nest_spikes`` puts them together. Any number of processes and
threads gives the same spikes. Change what you like: recorders, devices, models of neurons.
"""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from metastable.networks import LIFNetwork


def main() -> None:
    parser = argparse.ArgumentParser(description="Run the network of this folder in NEST.")
    parser.add_argument("--threads", type=int, default=1, help="threads of each process")
    threads = parser.parse_args().threads

    nest: Any = importlib.import_module("nest")
    # The copy beside this script, which may have been changed; not that of the package.
    nest_network: Any = importlib.import_module("nest_network")

    folder = Path(__file__).resolve().parent
    run = json.loads((folder / "specification.json").read_text())
    state = np.load(folder / "state.npz")
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.set(resolution=run["dt_ms"], local_num_threads=threads, keep_source_table=False)

    wired = LIFNetwork.from_dict(run["network"]).wire(run["wiring_seed"], network_index=run["network_index"])
    network = nest_network.NestNetwork(nest, wired, run["model"], run["dt_ms"], state["stimulus_group"])
    last = run["n_stimulus_groups"]
    stimulus = [(state[f"stimulus_step_{k}"], state[f"stimulus_amplitude_{k}"]) for k in range(last)]
    spikes = {}
    for k, initial_v in enumerate(state["initial_v"]):
        step, neuron = network.run_trial(initial_v, run["n_steps"], stimulus, lambda _steps: None, run["n_steps"])
        spikes |= {f"step_{k}": step, f"neuron_{k}": neuron}
        if nest.Rank() == 0:
            print(f"trial {k + 1} of {len(state['initial_v'])}", flush=True)
    np.savez(folder / f"spikes_{nest.Rank()}.npz", n_processes=nest.NumProcesses(), **spikes)


if __name__ == "__main__":
    main()
