"""The asynchronous binary network in plain numpy: slow, short, and the definition of what the kernel must do."""

from __future__ import annotations

import numpy as np

from metastable.simulation._binary_engine import BinaryTrial
from metastable.simulation._binary_plan import BinaryPlan


def simulate_trial(plan: BinaryPlan, trial: int) -> BinaryTrial:
    """Simulate one trial.

    Each random word chooses a population by its upper half and one of its units by its lower half; the unit becomes
    active if its weighted input and drive exceed its threshold, else inactive. Weights multiply counts of active
    sources: added one by one, they round differently, which decides where input and threshold are equal.

    Parameters
    ----------
    plan : BinaryPlan
    trial : int

    Returns
    -------
    BinaryTrial
    """
    wired, network = plan.wired, plan.wired.network
    first = np.array([network.neurons(p.name).start for p in network.populations])
    connections = {p.name: [c.pre for c in network.connections if c.post == p.name] for p in network.populations}
    pairs = [(c.post, c.pre) for c in network.connections]
    connected = {pair: wired.adjacency(*pair) for pair in pairs}
    within = {pair: connected[pair] & wired.share_a_cluster(*pair) for pair in pairs}
    block = {pair: network.block(*pair) for pair in pairs}
    active = plan.initial_state(trial)
    group, parts = plan.groups
    words = plan.update_stream(trial).integers(0, 2**64, size=int(plan.updates_before[-1]), dtype=np.uint64)

    samples, updates, units = [], [], []
    for start, stop in zip(plan.updates_before[:-1], plan.updates_before[1:], strict=True):
        for u in range(start, stop):
            word = int(words[u])
            p = int(np.searchsorted(plan.population_threshold, word >> 32, side="right"))
            population = network.populations[p]
            unit = (word & 0xFFFFFFFF) * population.size >> 32
            field = population.drive - population.threshold
            for pre in connections[population.name]:
                pair, sources = (population.name, pre), active[network.neurons(pre)]
                j_in, j_out = block[pair].j_in, block[pair].j_out
                field += j_out * np.count_nonzero(connected[pair][unit] & sources)
                if j_in != j_out:
                    field += (j_in - j_out) * np.count_nonzero(within[pair][unit] & sources)
            i = first[p] + unit
            if field > 0 and not active[i]:
                updates.append(u)
                units.append(i)
            active[i] = field > 0
        samples.append(np.bincount(group[active], minlength=parts[-1][2]))
    return BinaryTrial(np.array(samples, np.int32), np.array(updates, np.int64), np.array(units, np.int32))
