"""An LIF network in NEST, built once from a `NestModel` and run trial by trial.

It is read as part of the package and, copied into a folder by `write_nest_script`, beside the script that runs there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable.networks import WiredLIFNetwork
from metastable.networks._connection_rows import WORD

# Targets of this many pairs at most are listed at a time, 16 bytes for each.
_PAIRS_AT_A_TIME = 8_000_000
_SILENT_THRESHOLD = 1e300


class NestNetwork:
    """Neurons, synapses, stimulus and recorder in the kernel of NEST, which must be empty before.

    NEST cannot set synaptic currents and refractory times, so a trial begins with steps at whose end they are 0: with a
    threshold that no neuron reaches and time constants of synapses a hundred times shorter than a step. They also let
    the stimulus, which reaches V one step after it is sent, begin with the trial.

    Parameters
    ----------
    nest : module
    wired : WiredLIFNetwork
        Under MPI all processes list all connections, and NEST keeps those whose target a process hosts.
    model : dict
        A `NestModel`, as plain data.
    dt_ms : float, ms
    stimulus_group : ndarray of int, (n_neurons,)
        -1 for neurons that receive none.
    """

    def __init__(
        self, nest: Any, wired: WiredLIFNetwork, model: dict[str, Any], dt_ms: float, stimulus_group: NDArray[np.int64]
    ) -> None:
        self._nest, self._model, self._dt_ms = nest, model, dt_ms
        network = wired.network
        self.neurons = nest.Create(model["neuron_model"], network.n_neurons)
        self._populations = [self.neurons[network.neurons(p.name)] for p in network.populations]
        for nodes, parameters in zip(self._populations, model["parameters"], strict=True):
            nodes.set(parameters)
        self.neurons.set({"I_e": wired.bias})
        self._connect(wired)

        self._generators = []
        for k in range(int(stimulus_group.max(initial=-1)) + 1):
            generator = nest.Create("step_current_generator")
            nest.Connect(generator, self.neurons[np.flatnonzero(stimulus_group == k)], syn_spec={"delay": dt_ms})
            self._generators.append(generator)
        self.recorder = nest.Create("spike_recorder", params={"time_in_steps": True})
        nest.Connect(self.neurons, self.recorder, syn_spec={"delay": dt_ms})

        delays = [path["delay_steps"] for path in model["pathways"]]
        refractory = [round(p["t_ref"] / dt_ms) for p in model["parameters"]]
        self._quiet_steps = max([*delays, *refractory]) + 12
        self._now = 0

    def _connect(self, wired: WiredLIFNetwork) -> None:
        for number, path in enumerate(self._model["pathways"]):
            names = []
            for receptor, weight in zip(path["receptors"], path["weights"], strict=True):
                # One model of synapse for all with the same weight: half the memory of a weight for each.
                name = f"metastable_{number}_{receptor}"
                common = {"weight": weight, "delay": path["delay_steps"] * self._dt_ms, "receptor_type": receptor}
                self._nest.CopyModel("static_synapse_hom_w", name, common)
                names.append(name)
            for pre, post in connected_pairs(wired, path["post"], path["pre"], path["within"]):
                # NEST numbers its nodes from 1, in the order in which they were made.
                for name in names if pre.size else ():
                    self._nest.Connect(pre + 1, post + 1, "one_to_one", {"synapse_model": name})

    def run_trial(
        self,
        initial_v: NDArray[np.floating],
        n_steps: int,
        stimulus: list[tuple[NDArray[np.int64], NDArray[np.float64]]],
        report: Callable[[int], None],
        steps_at_a_time: int,
    ) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Run one trial; it does not depend on those before.

        Parameters
        ----------
        initial_v : ndarray, (n_neurons,)
        n_steps : int
        stimulus : list of (step, amplitude)
            For each group the steps at which its stimulus changes, counted from the beginning of the trial, and the
            values from there on.
        report : callable
            Called with the number of steps done, now and then; what it raises ends the trial.
        steps_at_a_time : int
            How often "now and then" is.

        Returns
        -------
        step, neuron : ndarray, (n_spikes,)
            Steps counted from 0, sorted. Under MPI, those of the neurons of this process.
        """
        nest = self._nest
        start = self._now + self._quiet_steps
        for generator, (step, amplitude) in zip(self._generators, stimulus, strict=True):
            # The value from t on reaches targets one step later, in time for what V does in the step from t + dt on.
            times = (start + step - 1) * self._dt_ms
            generator.set({"amplitude_times": times, "amplitude_values": amplitude})
        for nodes, parameters in zip(self._populations, self._model["parameters"], strict=True):
            short = {
                key: np.full(np.shape(value), self._dt_ms / 100).tolist()
                for key, value in parameters.items()
                if key.startswith("tau_syn")
            }
            nodes.set({"V_th": _SILENT_THRESHOLD, **short})
        with nest.RunManager():
            nest.Run(self._quiet_steps * self._dt_ms)
        self._now = start

        for nodes, parameters in zip(self._populations, self._model["parameters"], strict=True):
            nodes.set({key: value for key, value in parameters.items() if key == "V_th" or key.startswith("tau_syn")})
        self.neurons.set({"V_m": initial_v})
        self.recorder.n_events = 0
        with nest.RunManager():
            for done in range(0, n_steps, steps_at_a_time):
                steps = min(steps_at_a_time, n_steps - done)
                nest.Run(steps * self._dt_ms)
                self._now += steps
                report(steps)
        events = self.recorder.events
        step = np.asarray(events["times"], np.int64) - start - 1
        neuron = np.asarray(events["senders"], np.int32) - 1
        order = np.lexsort((neuron, step))
        return step[order], neuron[order]


def connected_pairs(
    wired: WiredLIFNetwork, post: str, pre: str, within: bool | None
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """List who is connected, some rows of the wiring at a time.

    Parameters
    ----------
    wired : WiredLIFNetwork
    post, pre : str
        Populations.
    within : bool or None
        Only pairs that share a cluster, only those that do not, or all.

    Yields
    ------
    pre, post : ndarray of int, (n_pairs,)
        Numbers of neurons in the network.
    """
    network = wired.network
    sources, targets = network.neurons(pre), network.neurons(post)
    pattern, masks = wired.cluster_masks(post, pre)
    rows, columns = wired.positions(pre), wired.positions(post)
    n_rows = max(1, _PAIRS_AT_A_TIME // network.population(post).size)
    for start in range(0, network.population(pre).size, n_rows):
        stop = min(start + n_rows, network.population(pre).size)
        row, column = wired.rows.pairs(slice(rows.start + start, rows.start + stop), columns)
        if within is not None:
            word = masks[pattern[start + row], column // WORD]
            chosen = (word >> (column % WORD).astype(np.uint64) & np.uint64(1)).astype(bool) == within
            row, column = row[chosen], column[chosen]
        yield row + (sources.start + start), column + targets.start


def changes(values: NDArray[np.floating]) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Return, for each row of values per step, the steps at which they change and the values from there on.

    A last change, to 0 after the last step, keeps one trial's stimulus from the next.
    """
    found = []
    for row in values:
        padded = np.concatenate([[0.0], row, [0.0]])
        step = np.flatnonzero(np.diff(padded))
        found.append((step, padded[step + 1]))
    return found
