"""The clocked LIF network in plain numpy: slow, short, and the definition of what the kernel must do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable.simulation._plan import SimulationPlan, SynapticTraces


def simulate_trial(plan: SimulationPlan, trial: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Simulate one trial.

    Forward Euler, in this order at each step: spikes fired one delay ago arrive; synaptic traces decay and take them
    up; potentials that are not refractory move; those above threshold fire and are held at reset for the refractory
    time.

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
    part = {p.name: network.neurons(p.name) for p in network.populations}
    per_neuron = lambda values: np.repeat(values, [p.size for p in network.populations])  # noqa: E731

    traces = SynapticTraces.of(wired)
    decay_v = per_neuron([1 - dt / p.tau_m_ms for p in network.populations]).astype(real)
    decay = [real(1 - dt / tau) for tau in traces.tau_ms]
    threshold = per_neuron([p.threshold for p in network.populations]).astype(real)
    reset = per_neuron([p.reset for p in network.populations]).astype(real)
    refractory_steps = per_neuron([plan.steps(p.refractory_ms) for p in network.populations])
    adjacency, shared = {}, {}
    for c in network.connections:
        connected = wired.adjacency(c.post, c.pre)
        adjacency[c.post, c.pre] = connected
        shared[c.post, c.pre] = connected & wired.share_a_cluster(c.post, c.pre)

    v = plan.initial_v(trial)
    trace = [np.zeros(network.n_neurons, real) for _ in traces.tau_ms]
    last_spike = np.full(network.n_neurons, -(10**9))
    group, _ = plan.stimulus_groups
    stimulus = np.concatenate([plan.stimulus_values(0, plan.n_steps), np.zeros((1, plan.n_steps), real)])
    fired_at: list[NDArray[np.bool_]] = []
    for step in range(plan.n_steps):
        arriving = [np.zeros(network.n_neurons, real) for _ in network.populations]
        for c in network.connections:
            if step < plan.steps(c.delay_ms):
                continue
            fired = fired_at[step - plan.steps(c.delay_ms)][part[c.pre]]
            pre = [p.name for p in network.populations].index(c.pre)
            block, scale = network.block(c.post, c.pre), dt * traces.amplitude[pre]
            n_all = adjacency[c.post, c.pre][:, fired].sum(axis=1).astype(real)
            n_in = shared[c.post, c.pre][:, fired].sum(axis=1).astype(real)
            both = real(scale * block.j_out) * n_all + real(scale * (block.j_in - block.j_out)) * n_in
            arriving[pre][part[c.post]] = both

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
