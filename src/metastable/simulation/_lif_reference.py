"""The clocked LIF network in plain numpy: slow, short, and the definition of what the kernel must do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable.networks._connection_rows import SynapseLists
from metastable.simulation._plan import SimulationPlan, SynapticTraces


def simulate_trial(plan: SimulationPlan, trial: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Simulate one trial.

    Forward Euler, in this order at each step: spikes fired one delay ago arrive; synaptic traces decay and take them
    up; potentials that are not refractory move; those above threshold fire and are held at reset for the refractory
    time. What arrives from a population is a weight times a count of spikes, or, where each synapse has a weight of
    its own, a sum of weights in the order of the steps in which they were sent, and then of presynaptic neurons.

    Parameters
    ----------
    plan : SimulationPlan
    trial : int

    Returns
    -------
    step : ndarray of int, (n_spikes,)
    neuron : ndarray of int, (n_spikes,)
    """
    wired, real, dt = plan.wired, plan.real, plan.dt_ms
    network = wired.network
    per_neuron = lambda values: np.repeat(values, [p.size for p in network.populations])  # noqa: E731

    traces = SynapticTraces.of(wired)
    decay_v = per_neuron([1 - dt / p.tau_m_ms for p in network.populations]).astype(real)
    decay = [real(1 - dt / tau) for tau in traces.tau_ms]
    threshold = per_neuron([p.threshold for p in network.populations]).astype(real)
    reset = per_neuron([p.reset for p in network.populations]).astype(real)
    refractory_steps = per_neuron([plan.steps(p.refractory_ms) for p in network.populations])
    own = isinstance(wired.rows, SynapseLists)
    arrivals = _SumsOfWeights(plan) if own else _WeightedCounts(plan)

    v = plan.initial_v(trial)
    trace = [np.zeros(network.n_neurons, real) for _ in traces.tau_ms]
    last_spike = np.full(network.n_neurons, -(10**9))
    group, _ = plan.stimulus_groups
    stimulus = np.concatenate([plan.stimulus_values(0, plan.n_steps), np.zeros((1, plan.n_steps), real)])
    fired_at: list[NDArray[np.bool_]] = []
    for step in range(plan.n_steps):
        arriving = arrivals.at(step, fired_at)
        drive = plan.drive + plan.drive_per_amplitude * stimulus[group, step]
        change = drive
        for k, signs in enumerate(traces.signs):
            trace[k] = decay[k] * trace[k]
            for sign, spikes in zip(signs, arriving, strict=True):
                trace[k] = trace[k] + spikes if sign > 0 else trace[k] - spikes if sign < 0 else trace[k]
            change = change + trace[k]

        free = step - last_spike > refractory_steps
        v = np.where(free, decay_v * v + change, reset).astype(real)
        fired = free & (v > threshold)
        v[fired] = reset[fired]
        last_spike[fired] = step
        fired_at.append(fired)
    step, neuron = np.nonzero(np.array(fired_at))
    return step, neuron.astype(np.int32)


class _WeightedCounts:
    """What arrives where the synapses of a connection share one weight, or two."""

    def __init__(self, plan: SimulationPlan) -> None:
        self._plan = plan
        self._amplitude = SynapticTraces.of(plan.wired).amplitude
        self._connected, self._shared = {}, {}
        for c in plan.wired.network.connections:
            connected = plan.wired.adjacency(c.post, c.pre)
            self._connected[c.post, c.pre] = connected
            self._shared[c.post, c.pre] = connected & plan.wired.share_a_cluster(c.post, c.pre)

    def at(self, step: int, fired_at: list[NDArray[np.bool_]]) -> list[NDArray[np.floating]]:
        """Return what arrives from each population at all neurons in a step, given who fired in those before."""
        plan, network, real = self._plan, self._plan.wired.network, self._plan.real
        arriving = [np.zeros(network.n_neurons, real) for _ in network.populations]
        for c in network.connections:
            if step < plan.steps(c.delay_ms):
                continue
            fired = fired_at[step - plan.steps(c.delay_ms)][network.neurons(c.pre)]
            pre = [p.name for p in network.populations].index(c.pre)
            block, scale = network.block(c.post, c.pre), plan.dt_ms * self._amplitude[pre]
            n_all = self._connected[c.post, c.pre][:, fired].sum(axis=1).astype(real)
            n_in = self._shared[c.post, c.pre][:, fired].sum(axis=1).astype(real)
            both = real(scale * block.j_out) * n_all + real(scale * (block.j_in - block.j_out)) * n_in
            arriving[pre][network.neurons(c.post)] = both
        return arriving


class _SumsOfWeights:
    """What arrives where every synapse has a weight and a delay."""

    def __init__(self, plan: SimulationPlan) -> None:
        wired, n = plan.wired, plan.wired.network.n_neurons
        assert isinstance(wired.rows, SynapseLists)
        self._rows, self._position = wired.rows, wired.position
        self._weight, self._delay = plan.synapse_weights, plan.synapse_steps
        self._neuron_at = np.zeros(wired.rows.start.size - 1, np.int64)
        self._neuron_at[wired.position] = np.arange(n)
        names = [p.name for p in wired.network.populations]
        self._population = np.repeat(np.arange(len(names)), [p.size for p in wired.network.populations])
        self._ahead = np.zeros((self._delay.max(initial=1), len(names), n), plan.real)

    def at(self, step: int, fired_at: list[NDArray[np.bool_]]) -> list[NDArray[np.floating]]:
        """Return what arrives from each population at all neurons in a step, given who fired in those before."""
        n_ahead = len(self._ahead)
        for j in np.flatnonzero(fired_at[-1]) if fired_at else ():
            synapses = slice(*self._rows.start[self._position[j] : self._position[j] + 2])
            arrival = (step - 1 + self._delay[synapses]) % n_ahead
            target = self._neuron_at[self._rows.target[synapses]]
            self._ahead[arrival, self._population[j], target] += self._weight[synapses]
        arriving = list(self._ahead[step % n_ahead].copy())
        self._ahead[step % n_ahead] = 0
        return arriving
