"""States of the reduced equations: compositions of clusters over classes, and their rates."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from metastable.meanfield._cluster_equations import ClusterEquations
from metastable.meanfield._newton import solve

Array = NDArray[np.float64]
State = tuple[tuple[int, ...], Array]


def distinct_states(equations: ClusterEquations, composition: NDArray[np.intp], start: Array) -> list[State]:
    """Solve from many starts and return the distinct states whose classes differ, classes by ascending rate."""
    p, n_classes = equations.n_local, composition.shape[1]
    rates, converged = solve(equations, composition, start)
    rates, composition = rates[converged], composition[converged]
    if not len(rates):
        return []
    local = rates[:, : n_classes * p].reshape(-1, n_classes, p)
    order = np.argsort(local[..., 0], axis=1, kind="stable")
    local = np.take_along_axis(local, order[..., None], axis=1)
    composition = np.take_along_axis(composition, order, axis=1)
    rates = np.concatenate([local.reshape(len(local), -1), rates[:, n_classes * p :]], axis=1)
    # Classes that differ by less are one state with fewer classes, which is found as such.
    differ = (np.abs(np.diff(local, axis=1)).max(axis=2) > 1e-9).all(axis=1)
    rates, composition = rates[differ], composition[differ]
    _, first = np.unique(np.concatenate([composition, np.rint(rates * 1e8)], axis=1), axis=0, return_index=True)
    found: list[State] = []
    for k in first:
        state = tuple(composition[k].tolist()), rates[k]
        # Rounding puts twins on both sides of a step.
        if not among(state, found):
            found.append(state)
    return found


def neighbours(states: list[State]) -> tuple[NDArray[np.intp], Array]:
    """Return the states with one cluster moved from one class to another, as starts."""
    compositions, starts = [], []
    for n, rates in states:
        for a, b in itertools.permutations(range(len(n)), 2):
            if n[a] > 1:
                compositions.append([k - (c == a) + (c == b) for c, k in enumerate(n)])
                starts.append(rates)
    if not starts:
        return np.zeros((0, len(states[0][0])), int), np.zeros((0, states[0][1].size))
    return np.array(compositions), np.array(starts)


def among(state: State, others: list[State]) -> bool:
    """Return whether a state is one of the others, to 1e-8."""
    return any(state[0] == n and np.abs(state[1] - rates).max() < 1e-8 for n, rates in others)
