"""A LIF network as arrays: what the kernel reads and never writes, shared by all trials."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from metastable.networks import WiredLIFNetwork
from metastable.networks._connection_rows import BitRows, SynapseLists, TargetLists
from metastable.simulation._lif_vector import LANES, Kinetics
from metastable.simulation._plan import SimulationPlan, SynapticTraces

_LARGEST_COUNT = np.iinfo(np.uint16).max
_FARTHEST_INT32 = np.iinfo(np.int32).max
# Above the smallest normal number of single precision, 1e-38, by more than its relative precision squared.
_NEGLIGIBLE = 1e-20


@dataclass(frozen=True, eq=False)
class NetworkArrays:
    """The arrays of one network, cut into parts: ranges of blocks, and what of the network ends in them."""

    kinetics: Kinetics
    storage: str
    rows: tuple[NDArray, ...]
    coefficients: NDArray
    population_of_block: NDArray[np.int64]
    mask_of: NDArray[np.int32]
    masks: NDArray[np.uint64]
    mask_range: NDArray[np.int64]
    reset: NDArray
    refractory_steps: NDArray[np.int64]
    drive: NDArray
    drive_per_amplitude: NDArray
    # Part k are the blocks from edges[k] to edges[k + 1]; connections and stimulated neurons, part by part.
    edges: NDArray[np.int64]
    connections: NDArray[np.int64]
    group_members: NDArray[np.int64]
    group_offsets: NDArray[np.int64]
    # For how many steps ahead arrivals are collected, and for how many back spikes are kept.
    n_ahead: int
    n_slots: int

    @property
    def n_parts(self) -> int:
        """Number of parts."""
        return self.edges.size - 1

    @property
    def n_blocks(self) -> int:
        """Number of blocks of 64 positions."""
        return self.population_of_block.size

    @cached_property
    def denormals_are_idle(self) -> bool:
        """Whether denormal synaptic traces can be set to 0 without moving a spike.

        In a silent network traces decay to denormal numbers and stay there, and many processors compute with those
        several times slower. A denormal number changes a sum only if the rest is nearly as small, by cancellation or in
        rest at 0. Where all weights, drives and thresholds are far larger, that is far from threshold, and the next
        input rounds the difference away.
        """
        weights = self.rows[1] if self.storage == "synapses" else np.zeros(0)
        scales = (self.coefficients.ravel(), weights, self.drive, self.drive_per_amplitude, self.reset)
        smallest = min(np.abs(a[a != 0]).min(initial=np.inf) for a in scales)
        return bool(self.coefficients[:, 1].all() and smallest > _NEGLIGIBLE)

    @staticmethod
    def of(plan: SimulationPlan, n_parts: int = 1) -> NetworkArrays:
        """Lay out the network of a plan for some number of threads."""
        wired, real = plan.wired, plan.real
        populations = wired.network.populations
        synapses = _given(plan) if isinstance(wired.rows, SynapseLists) else _drawn(plan)
        traces = SynapticTraces.of(wired)
        index = {p.name: i for i, p in enumerate(populations)}
        kinetics = Kinetics(traces.signs, tuple(index[name] for name, _ in synapses.sources))

        n_traces = len(traces.tau_ms)
        coefficients = np.zeros((len(populations), 2 + n_traces + len(synapses.sources)), real)
        coefficients[:, 0] = [1 - plan.dt_ms / p.tau_m_ms for p in populations]
        coefficients[:, 1] = [p.threshold for p in populations]
        coefficients[:, 2 : 2 + n_traces] = 1 - plan.dt_ms / np.array(traces.tau_ms)
        coefficients[:, 2 + n_traces :] = synapses.weights

        sizes = [wired.words[p.name].stop - wired.words[p.name].start for p in populations]
        cuts = np.linspace(0, sum(sizes), n_parts + 1).round().astype(int)
        ends = [np.clip(synapses.connections[:, 1:3], *cut) for cut in pairwise(cuts)]
        if isinstance(wired.rows, BitRows):
            rows = (wired.rows.bits,)
        else:
            # Where a connection or a part ends, the lists are cut: ends become columns of the table of cuts.
            edges = np.unique(np.concatenate([cuts, *(e.ravel() for e in ends)]))
            ends = [np.searchsorted(edges, e) for e in ends]
            offsets = wired.rows.offsets(LANES * edges)
            rows = (*_lists(plan, len(synapses.sources)), offsets)

        members, group_offsets = _stimulated(plan, cuts)
        refractory_steps = np.array([plan.steps(p.refractory_ms) for p in populations])
        return NetworkArrays(
            kinetics=kinetics,
            storage=wired.storage,
            rows=rows,
            coefficients=coefficients,
            population_of_block=np.repeat(np.arange(len(populations)), sizes),
            mask_of=synapses.mask_of,
            masks=synapses.masks,
            mask_range=np.array([_hull(row) for row in synapses.masks], np.int64),
            reset=np.array([p.reset for p in populations], real),
            refractory_steps=refractory_steps,
            drive=at_positions(wired, plan.drive),
            drive_per_amplitude=at_positions(wired, plan.drive_per_amplitude),
            edges=cuts,
            connections=np.array([_with_ends(synapses.connections, e) for e in ends]),
            group_members=members,
            group_offsets=group_offsets,
            n_ahead=int(plan.synapse_steps.max(initial=1)) if isinstance(wired.rows, SynapseLists) else 1,
            n_slots=int(max(refractory_steps.max() + 2, synapses.connections[:, 3].max(initial=1) + 1)),
        )


@dataclass(frozen=True, eq=False)
class _Synapses:
    """Connections as the kernel walks through them.

    Parameters
    ----------
    sources : list of (str, bool)
        What is collected for each neuron: arrivals from a population, all of them or those within clusters.
    weights : ndarray, (n_populations, n_sources)
        Factor of each count at neurons of each population.
    connections : ndarray of int, (n_connections, 6)
        Presynaptic population, first and last block reached, delay in steps, and the sources for all arrivals and for
        those within clusters (-1 for none).
    mask_of : ndarray of int, (n_connections, n_positions)
        Mask of each presynaptic neuron.
    masks : ndarray of uint64, (n_masks, n_blocks)
        Neurons that share a cluster, as bits.
    """

    sources: list[tuple[str, bool]]
    weights: NDArray[np.float64]
    connections: NDArray[np.int64]
    mask_of: NDArray[np.int32]
    masks: NDArray[np.uint64]


def _drawn(plan: SimulationPlan) -> _Synapses:
    """Arrange connections with a weight for each block."""
    wired = plan.wired
    populations = wired.network.populations
    for p in populations:
        if p.size > _LARGEST_COUNT:
            raise ValueError(
                f"population {p.name} has {p.size} neurons but at most {_LARGEST_COUNT} spikes of one population "
                "can arrive in one step; divide it into several populations."
            )
    index = {p.name: i for i, p in enumerate(populations)}
    n_blocks = _n_blocks(wired)
    # Two counts for each presynaptic population: all arriving spikes, and those from neurons that share a cluster.
    clustered = {c.pre for c in wired.network.connections if c.clustered}
    sources = [(p.name, inside) for p in populations for inside in (False, True) if not inside or p.name in clustered]
    traces = SynapticTraces.of(wired)
    weights = np.zeros((len(populations), len(sources)))
    connections, mask_of, masks = [], [], [np.zeros((1, n_blocks), np.uint64)]
    for c in wired.network.connections:
        block = wired.network.block(c.post, c.pre)
        scale = plan.dt_ms * traces.amplitude[index[c.pre]]
        source, source_in = sources.index((c.pre, False)), -1
        weights[index[c.post], source] = scale * block.j_out
        of_position = np.zeros(LANES * n_blocks, np.int32)
        if block.j_in != block.j_out:
            source_in = sources.index((c.pre, True))
            weights[index[c.post], source_in] = scale * (block.j_in - block.j_out)
            pattern, local = wired.cluster_masks(c.post, c.pre)
            wide = np.zeros((len(local), n_blocks), np.uint64)
            wide[:, wired.words[c.post]] = local
            of_position[wired.positions(c.pre)] = pattern + sum(map(len, masks))
            masks.append(wide)
        words = wired.words[c.post]
        connections.append((index[c.pre], words.start, words.stop, plan.steps(c.delay_ms), source, source_in))
        mask_of.append(of_position)
    return _Synapses(
        sources,
        weights,
        np.array(connections, np.int64).reshape(-1, 6),
        np.array(mask_of, np.int32).reshape(-1, LANES * n_blocks),
        np.concatenate(masks),
    )


def _given(plan: SimulationPlan) -> _Synapses:
    """Arrange synapses that have a weight and a delay each: one list for all targets of a neuron."""
    populations, n_blocks = plan.wired.network.populations, _n_blocks(plan.wired)
    # A spike leaves the history in the step after it was fired; its delays begin to count there.
    connections = [(p, 0, n_blocks, 1, p, -1) for p in range(len(populations))]
    none = np.zeros((0, LANES * n_blocks), np.int32), np.zeros((1, n_blocks), np.uint64)
    weights = np.zeros((len(populations), len(populations)))
    return _Synapses([(p.name, False) for p in populations], weights, np.array(connections, np.int64), *none)


def _lists(plan: SimulationPlan, n_sources: int) -> tuple[NDArray, ...]:
    """Return the lists of targets, or where in the sums of later steps each synapse adds which weight."""
    rows = plan.wired.rows
    assert isinstance(rows, TargetLists)
    if not isinstance(rows, SynapseLists):
        return (rows.target,)
    size = LANES * n_sources * _n_blocks(plan.wired)
    n_ahead = int(plan.synapse_steps.max(initial=1))
    narrow = n_ahead * size <= _FARTHEST_INT32
    ahead = (plan.synapse_steps - 1) * size + rows.target // LANES * (LANES * n_sources) + rows.target % LANES
    return ahead.astype(np.int32 if narrow else np.int64), plan.synapse_weights


def _with_ends(connections: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.column_stack([connections[:, 0], ends, connections[:, 3:]])


def _stimulated(plan: SimulationPlan, cuts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions that receive a stimulus, part by part and group by group, and where groups begin."""
    group, _ = plan.stimulus_groups
    n_groups = group.max(initial=-1) + 1
    part = np.searchsorted(cuts, plan.wired.position // LANES, side="right") - 1
    order = np.lexsort((group, part))
    order = order[group[order] >= 0]
    place = part[order] * n_groups + group[order]
    begins = np.searchsorted(place, np.arange((cuts.size - 1) * n_groups + 1))
    offsets = begins[np.arange(cuts.size - 1)[:, None] * n_groups + np.arange(n_groups + 1)]
    return plan.wired.position[order], offsets


def at_positions(wired: WiredLIFNetwork, values: NDArray, *, fill: float = 0.0) -> NDArray:
    """Return values of neurons at their positions, (n_positions,), with others in between."""
    padded = np.full(LANES * _n_blocks(wired), fill, values.dtype)
    padded[wired.position] = values
    return padded


def _n_blocks(wired: WiredLIFNetwork) -> int:
    return max(words.stop for words in wired.words.values())


def _hull(mask: NDArray[np.uint64]) -> tuple[int, int]:
    used = np.flatnonzero(mask)
    return (int(used[0]), int(used[-1]) + 1) if used.size else (0, 0)
