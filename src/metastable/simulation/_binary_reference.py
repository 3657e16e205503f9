"""The asynchronous binary network in plain numpy: slow, short, and the definition of what the kernel must do."""

from __future__ import annotations

import numpy as np

from metastable.simulation._binary_engine import BinaryTrial
from metastable.simulation._binary_plan import BinaryPlan


def simulate_trial(plan: BinaryPlan, trial: int) -> BinaryTrial:
    """Simulate one trial.

    Each random word chooses a population by its upper half and one of its units by its lower half; the unit becomes
    active if its weighted input and drive exceed its threshold, else inactive.

    Parameters
    ----------
    plan : BinaryPlan
    trial : int

    Returns
    -------
    BinaryTrial
    """
    network = plan.wired.network
    weights = plan.wired.weight_matrix().toarray()
    first = np.array([network.neurons(p.name).start for p in network.populations])
    active = plan.initial_state(trial)
    group, parts = plan.groups
    words = plan.update_stream(trial).integers(0, 2**64, size=int(plan.updates_before[-1]), dtype=np.uint64)

    samples, updates, units = [], [], []
    for start, stop in zip(plan.updates_before[:-1], plan.updates_before[1:], strict=True):
        for u in range(start, stop):
            word = int(words[u])
            p = int(np.searchsorted(plan.population_threshold, word >> 32, side="right"))
            population = network.populations[p]
            i = first[p] + ((word & 0xFFFFFFFF) * population.size >> 32)
            field = weights[i] @ active + population.drive - population.threshold
            if field > 0 and not active[i]:
                updates.append(u)
                units.append(i)
            active[i] = field > 0
        samples.append(np.bincount(group[active], minlength=parts[-1][2]))
    return BinaryTrial(np.array(samples, np.int32), np.array(updates, np.int64), np.array(units, np.int32))
