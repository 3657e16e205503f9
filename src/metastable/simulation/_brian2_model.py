"""A plan as objects of Brian2: groups of neurons, synapses, monitors.

In double precision its spikes are those of `_lif_reference`, step by step. Three places of Brian2's order of things
make that so:

* A step of Brian2 is: move all state variables, fire, deliver spikes. Euler's method reads every variable as it was
  before the step. A trace that Brian2 reads at step n has therefore decayed through n and holds what was delivered at
  the end of step n - 1: the trace that our scheme, which delivers first, has *updated* at step n. A spike fired at n
  with delay d must be delivered at the end of step n + d - 1, that is, with a Brian2 delay of d - 1 steps.
* Brian2 lets a neuron move at step n again if ``n - n_spike >= refractory``; ours is still held at equality. Brian2
  is given one step more.
* A neuron that is refractory neither moves nor fires in both.

What remains is rounding: Brian2 adds the weights of arriving spikes one by one, we multiply weights by counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from metastable.networks._connection_rows import SynapseLists
from metastable.simulation._plan import SimulationPlan, SynapticTraces


@dataclass(frozen=True)
class Brian2Model:
    """The objects of Brian2 that make up a plan; groups and monitors in the order of the populations."""

    network: Any
    groups: list[Any]
    monitors: list[Any]

    @staticmethod
    def of(plan: SimulationPlan, brian2: Any) -> Brian2Model:
        """Build the objects of a plan with the module brian2, on its active device."""
        traces = SynapticTraces.of(plan.wired)
        # One clock for all: objects with a dt of their own would each get a clock, and every step would compare them.
        clock = brian2.Clock(dt=plan.dt_ms * brian2.ms, name="metastable_clock*")
        groups = _neuron_groups(plan, traces, brian2, clock)
        synapses = _synapses(plan, traces, brian2, groups)
        monitors = [brian2.SpikeMonitor(group) for group in groups]
        return Brian2Model(brian2.Network(*groups, *synapses, *monitors), groups, monitors)


def _neuron_groups(plan: SimulationPlan, traces: SynapticTraces, brian2: Any, clock: Any) -> list[Any]:
    network, ms = plan.wired.network, brian2.ms
    stimulus_group, _ = plan.stimulus_groups
    groups = []
    for p in network.populations:
        sources = _presynaptic(plan, p.name)
        received = [k for k, signs in enumerate(traces.signs) if any(signs[source] for source in sources)]
        namespace = {
            "tau_m": p.tau_m_ms * ms,
            "v_threshold": p.threshold,
            "v_reset": p.reset,
            **{f"tau_{k}": traces.tau_ms[k] * ms for k in received},
        }
        columns = stimulus_group[network.neurons(p.name)]
        stimulated = bool((columns >= 0).any())
        drive = "mu + stimulus(t, stimulus_group)" if stimulated else "mu"
        equations = [
            "mu : 1 (constant)",
            f"dv/dt = {' + '.join([f'({drive} - v) / tau_m', *(f'x_{k}' for k in received)])} : 1 (unless refractory)",
            *(f"dx_{k}/dt = -x_{k} / tau_{k} : Hz" for k in received),
        ]
        if stimulated:
            equations.append("stimulus_group : integer (constant)")
            # The last column is for neurons that receive none.
            values = plan.stimulus_values(0, plan.n_steps).T
            values = np.concatenate([values, np.zeros((plan.n_steps, 1))], axis=1)
            namespace["stimulus"] = brian2.TimedArray(values, dt=plan.dt_ms * ms)
        group = brian2.NeuronGroup(
            p.size,
            "\n".join(equations),
            threshold="v > v_threshold",
            reset="v = v_reset",
            refractory=(plan.steps(p.refractory_ms) + 1) * plan.dt_ms * ms,
            method="euler",
            namespace=namespace,
            clock=clock,
        )
        group.mu = plan.wired.bias[network.neurons(p.name)]
        if stimulated:
            group.stimulus_group = np.where(columns >= 0, columns, values.shape[1] - 1)
        groups.append(group)
    return groups


def _presynaptic(plan: SimulationPlan, post: str) -> list[int]:
    """Return which populations may have synapses onto one."""
    network = plan.wired.network
    if isinstance(plan.wired.rows, SynapseLists):
        return list(range(len(network.populations)))
    index = {p.name: k for k, p in enumerate(network.populations)}
    return [index[c.pre] for c in network.connections if c.post == post]


def _synapses(plan: SimulationPlan, traces: SynapticTraces, brian2: Any, groups: list[Any]) -> list[Any]:
    if isinstance(plan.wired.rows, SynapseLists):
        return _given_synapses(plan, plan.wired.rows, traces, brian2, groups)
    network = plan.wired.network
    index = {p.name: k for k, p in enumerate(network.populations)}
    synapses = []
    for c in network.connections:
        block, pre = network.block(c.post, c.pre), index[c.pre]
        connected = plan.wired.adjacency(c.post, c.pre).T
        if block.j_in == block.j_out:
            parts = [(connected, block.j_out)]
        else:
            # Two objects with one weight each are faster in Brian2 than one object with a weight per synapse.
            shared = plan.wired.share_a_cluster(c.post, c.pre).T
            parts = [(connected & shared, block.j_in), (connected & ~shared, block.j_out)]
        effect = _effect(traces, pre)
        for part, weight in parts:
            # Sorted by presynaptic, then by postsynaptic neuron: the order in which Brian2 walks through memory.
            i, j = np.nonzero(part)
            if not i.size:
                continue
            pathway = brian2.Synapses(
                groups[pre],
                groups[index[c.post]],
                on_pre=effect,
                delay=(plan.steps(c.delay_ms) - 1) * plan.dt_ms * brian2.ms,
                namespace={"weight": weight * traces.amplitude[pre] / brian2.ms},
                clock=groups[pre].clock,
            )
            pathway.connect(i=i, j=j)
            synapses.append(pathway)
    return synapses


def _given_synapses(
    plan: SimulationPlan, rows: SynapseLists, traces: SynapticTraces, brian2: Any, groups: list[Any]
) -> list[Any]:
    wired, synapses = plan.wired, []
    for pre, p in enumerate(wired.network.populations):
        for post, q in enumerate(wired.network.populations):
            between = wired.positions(p.name), wired.positions(q.name)
            i, j = rows.pairs(*between)
            weight, delay_ms = rows.values(*between)
            if not i.size:
                continue
            pathway = brian2.Synapses(
                groups[pre], groups[post], model="weight : Hz", on_pre=_effect(traces, pre), clock=groups[pre].clock
            )
            pathway.connect(i=i, j=j)
            pathway.weight = weight * traces.amplitude[pre] / brian2.ms
            pathway.delay = (np.rint(delay_ms / plan.dt_ms) - 1) * plan.dt_ms * brian2.ms
            synapses.append(pathway)
    return synapses


def _effect(traces: SynapticTraces, pre: int) -> str:
    """Return what a spike of a population does to the traces of its targets."""
    return "\n".join(
        f"x_{k}_post {'+' if signs[pre] > 0 else '-'}= weight"
        for k, signs in enumerate(traces.signs)
        if signs[pre] != 0
    )
