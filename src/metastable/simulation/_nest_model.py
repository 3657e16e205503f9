"""The numbers with which NEST computes an LIF network: neuron parameters, receptor ports, weights and delays.

NEST moves a neuron from the end of one step to the end of the next by a linear map with constant factors,
``V <- P22 V + sum_k P21_k I_k + P20 I_e`` and ``I_k <- P11_k I_k + arriving weights``, in this order, and then compares
V with the threshold. Our scheme is a map of the same form, so there are two ways to fill in the factors:

* ``"exact"`` gives NEST the time constants of the specification; it integrates the equations exactly where forward
  Euler has an error of first order in the step. This is what NEST is asked for by default, as a peer.
* ``"euler"`` gives NEST the time constants ``-dt/log(1 - dt/tau)``, with which its exact map *is* forward Euler, and
  weights to match. The spikes are then ours, step by step: the proof that nothing but integration differs.

Two conventions differ. A spike that we fire at step n is stamped n dt here and (n + 1) dt in NEST. And its effect on V
begins at step n + d here (d: delay in steps), but at n + d + 1 in NEST, where arriving spikes are added after V has
moved. NEST is therefore given the delay d - 1. It has no delay of 0: for d = 1 it is given 1, and each exponential
arrives as it is one step after its beginning. A biexponential current begins at 0, so all that is lost is what it does
within its first step: nothing at all with forward Euler, and a share dt^2 / (2 tau_rise tau_decay) of its area, .2 %,
with exact integration, which is given back by scaling. A current that is a single exponential and has a delay of one
step can only be given one step late.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from metastable.networks import Population
from metastable.simulation._plan import SimulationPlan, SynapticTraces

# Sums of at most this many arriving weights are exact (see _on_a_grid).
_ARRIVING_BITS = 20


@dataclass(frozen=True)
class Pathway:
    """Synapses with one weight, from one population to another.

    Parameters
    ----------
    post, pre : str
    within : bool or None
        Whether the pairs share a cluster or do not; None for all pairs.
    delay_steps : int
        Delay for NEST.
    receptors : tuple of int
        Ports that a spike reaches, one synapse each.
    weights : tuple of float, pA
        Jump of the current of each port.
    """

    post: str
    pre: str
    within: bool | None
    delay_steps: int
    receptors: tuple[int, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True)
class NestModel:
    """What NEST is told about populations and synapses.

    V is in units of the specification. With the capacitance equal to the membrane time constant, the resistance is 1,
    and bias and stimulus are currents as they stand.

    Parameters
    ----------
    neuron_model : str
        ``"iaf_psc_exp"`` where each sign of the weights has one exponential of its own, half the synapses of
        ``"iaf_psc_exp_multisynapse"``, which has a port for each exponential.
    parameters : tuple of dict
        Of the neurons of each population.
    pathways : tuple of Pathway
    """

    neuron_model: str
    parameters: tuple[dict[str, float | list[float]], ...]
    pathways: tuple[Pathway, ...]

    @staticmethod
    def of(plan: SimulationPlan, scheme: str = "exact") -> NestModel:
        """Translate a plan.

        Parameters
        ----------
        plan : SimulationPlan
        scheme : {"exact", "euler"}

        Returns
        -------
        NestModel
        """
        network = plan.wired.network
        traces = SynapticTraces.of(plan.wired)
        tau_by_sign = _one_exponential_per_sign(plan, traces)
        tau_of = {p.name: _time_constant(p.tau_m_ms, plan.dt_ms, scheme) for p in network.populations}
        parameters = []
        for p in network.populations:
            own: dict[str, float | list[float]] = {
                "E_L": 0.0,
                "C_m": tau_of[p.name],
                "tau_m": tau_of[p.name],
                "t_ref": plan.steps(p.refractory_ms) * plan.dt_ms,
                "V_reset": p.reset,
                # NEST fires at the threshold, we above it.
                "V_th": math.nextafter(p.threshold, math.inf),
            }
            if tau_by_sign is None:
                ports = [_time_constant(tau, plan.dt_ms, scheme) for tau in traces.tau_ms]
                # NEST refuses a port with the time constant of the membrane, and is accurate right beside it.
                own["tau_syn"] = [math.nextafter(t, math.inf) if t == tau_of[p.name] else t for t in ports]
            else:
                own["tau_syn_ex"], own["tau_syn_in"] = (_time_constant(t, plan.dt_ms, scheme) for t in tau_by_sign)
            parameters.append(own)

        index = {p.name: k for k, p in enumerate(network.populations)}
        pathways = []
        for c in network.connections:
            block, pre = network.block(c.post, c.pre), index[c.pre]
            steps = plan.steps(c.delay_ms)
            signs = {k: column[pre] for k, column in enumerate(traces.signs) if column[pre]}
            jumps = _unit_jumps(plan, network.population(c.post), network.population(c.pre), scheme, steps)
            ports = tuple(k + 1 for k in signs) if tau_by_sign is None else (0,)
            parts = [(None, block.j_in)]
            if block.j_in != block.j_out:
                parts = [(True, block.j_in), (False, block.j_out)]
            for within, j in parts:
                weights = tuple(j * sign * jumps[traces.tau_ms[k]] for k, sign in signs.items())
                pathways.append(Pathway(c.post, c.pre, within, max(steps - 1, 1), ports, weights))
        model = "iaf_psc_exp_multisynapse" if tau_by_sign is None else "iaf_psc_exp"
        return NestModel(model, tuple(parameters), _on_a_grid(pathways))


def _time_constant(tau_ms: float, dt_ms: float, scheme: str) -> float:
    return tau_ms if scheme == "exact" else -dt_ms / math.log1p(-dt_ms / tau_ms)


def _one_exponential_per_sign(plan: SimulationPlan, traces: SynapticTraces) -> tuple[float, float] | None:
    """Return the time constants of positive and negative weights, ms, if each sign has but one; None otherwise."""
    network = plan.wired.network
    if any(p.synapse.tau_rise_ms is not None for p in network.populations):
        return None
    found: dict[bool, set[float]] = {True: set(), False: set()}
    for c in network.connections:
        found[c.weight >= 0].add(network.population(c.pre).synapse.tau_decay_ms)
    if max(map(len, found.values())) > 1:
        return None
    positive, negative = (next(iter(found[sign]), traces.tau_ms[0]) for sign in (True, False))
    return positive, negative


def _unit_jumps(
    plan: SimulationPlan, post: Population, pre: Population, scheme: str, delay_steps: int
) -> dict[float, float]:
    """Return the jump of the current of each exponential, pA, for a synapse of weight 1, by time constant."""
    dt, synapse = plan.dt_ms, pre.synapse
    decay, rise = synapse.tau_decay_ms, synapse.tau_rise_ms
    amplitude = 1 / (decay - (rise or 0.0))
    jumps = {}
    for tau in (decay,) if rise is None else (decay, rise):
        if scheme == "exact":
            jumps[tau] = post.tau_m_ms * amplitude
        else:
            tau_m, tau_syn = (_time_constant(t, dt, scheme) for t in (post.tau_m_ms, tau))
            jumps[tau] = dt * amplitude / _response(dt, tau_m, tau_syn)
    if delay_steps > 1 or (rise is None and scheme == "euler"):
        return jumps
    aged = {tau: math.exp(-dt / _time_constant(tau, dt, scheme)) for tau in jumps}
    if scheme == "exact":
        area = amplitude * (decay * aged[decay] - (0.0 if rise is None else rise * aged[rise]))
        aged = {tau: factor / area for tau, factor in aged.items()}
    return {tau: jump * aged[tau] for tau, jump in jumps.items()}


def _response(dt: float, tau_m: float, tau_syn: float) -> float:
    """Return what a current that decays from 1 pA adds to V within one step, for a capacitance tau_m."""
    difference = dt / tau_m - dt / tau_syn
    share = math.expm1(difference) / difference if difference else 1.0
    return dt / tau_m * math.exp(-dt / tau_m) * share


def _on_a_grid(pathways: list[Pathway]) -> tuple[Pathway, ...]:
    """Round all weights to multiples of a power of two, so small (1e-10 of the largest) that their sums are exact.

    The order in which NEST adds arriving weights depends on the number of threads; exact sums do not.
    """
    largest = max((abs(w) for p in pathways for w in p.weights), default=0.0)
    if largest == 0:
        return tuple(pathways)
    unit = 2.0 ** (math.frexp(largest)[1] + _ARRIVING_BITS - 53)
    rounded = []
    for p in pathways:
        weights = tuple(float(np.rint(w / unit) * unit) for w in p.weights)
        rounded.append(Pathway(p.post, p.pre, p.within, p.delay_steps, p.receptors, weights))
    return tuple(rounded)
