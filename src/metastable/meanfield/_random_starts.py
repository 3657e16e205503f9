"""Stable fixed points as the paper samples them: from random initial rates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from metastable._random import Purpose, resolve_seed, stream
from metastable.meanfield._cluster_equations import ClusterEquations
from metastable.meanfield._spectrum import block_spectrum
from metastable.meanfield._states import State, among, distinct_states

Array = NDArray[np.float64]


def states_from_random_starts(
    equations: ClusterEquations, *, n_starts: int, seed: int | None
) -> tuple[list[State], int]:
    """Return (composition, rates of the reduced equations) of the fixed points reached, and how many starts did.

    Notes
    -----
    Rost et al. 2018, section 3.1: rates drawn between 0 and 1, the equations of all groups integrated, the fixed point
    then solved for; here by Newton's method in place of Nelder-Mead. Clusters whose rates have come within 1e-4 of each
    other make a class. Misses every unstable state, and stable ones with small basins: what rests close to an unstable
    state at the end is still on its way.
    """
    q, p = equations.n_clusters, equations.n_local
    entropy = resolve_seed(seed)
    start = [stream(entropy, Purpose.INITIAL_STATE, 0, k).random(q * p + equations.n_shared) for k in range(n_starts)]
    local, shared = integrate(equations, np.array(start))
    states: list[State] = []
    n_settled = 0
    for x, y in zip(local, shared, strict=True):
        x = x[np.argsort(x[:, 0], kind="stable")]
        classes = np.concatenate([[0], np.cumsum(np.abs(np.diff(x, axis=0)).max(axis=1) > 1e-4)])
        n = np.bincount(classes)
        rates = np.concatenate([np.stack([x[classes == c].mean(axis=0) for c in range(n.size)]).ravel(), y])
        for state in distinct_states(equations, n[None], rates[None]):
            stable = block_spectrum(equations, *state)[0].real < 0
            # A state that was still far from rest when the integration ended is not one that was reached.
            if stable and np.abs(state[1] - rates).max() < 0.01:
                n_settled += 1
                if not among(state, states):
                    states.append(state)
    return states, n_settled


def integrate(
    equations: ClusterEquations, rates: Array, *, duration_ms: float = 1000.0, dt_ms: float = 0.25
) -> tuple[Array, Array]:
    """Integrate the equations of all groups from many states by Euler's method.

    Parameters
    ----------
    equations : ClusterEquations
    rates : ndarray, (n_states, n_clusters * n_local + n_shared)
        Cluster after cluster, then the shared groups.
    duration_ms, dt_ms : float, ms

    Returns
    -------
    local : ndarray, (n_states, n_clusters, n_local)
    shared : ndarray, (n_states, n_shared)
    """
    q, p = equations.n_clusters, equations.n_local
    x, y = rates[:, : q * p].reshape(-1, q, p), rates[:, q * p :]
    own, common = equations.own[:, :p, :p], equations.common
    step = np.minimum(dt_ms / equations.tau_ms, 1.0)
    for _ in range(round(duration_ms / dt_ms)):
        around = np.concatenate([x.sum(axis=1), y], axis=1)
        mu, s2 = around @ common[0].T + equations.drive, around @ common[1].T
        mu_x, s2_x = mu[:, None, :p] + x @ own[0].T, s2[:, None, :p] + x @ own[1].T
        x = x + step[:p] * (_response(mu_x, s2_x) - x)
        y = y + step[p:] * (_response(mu[:, p:], s2[:, p:]) - y)
    return x, y


def _response(mu: Array, s2: Array) -> Array:
    return ndtr(np.clip(mu / np.sqrt(np.maximum(s2, 1e-300)), -40, 40))
