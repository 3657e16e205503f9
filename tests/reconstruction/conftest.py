"""A literal event-driven simulator of pulse-coupled neurons, independent of the package's."""

import heapq
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from numba import njit

import metastable as mst


@dataclass(frozen=True, kw_only=True)
class Network:
    """Everything that a simulation needs, under the names that `NeuronModel.of` expects."""

    weights: np.ndarray
    drive_mv: np.ndarray
    tau_ms: np.ndarray | float = 20.0
    threshold_mv: np.ndarray | float = 20.0
    reset_mv: np.ndarray | float = 0.0
    delay_ms: np.ndarray | float = 2.0


def run(network, *, duration_ms, seed=0, initial=None):
    """Return the spikes of a network, one trial per row of its drive."""
    n = len(network.weights)
    drives = np.atleast_2d(network.drive_mv)
    full = lambda value: np.broadcast_to(np.asarray(value, float), (n,)).copy()  # noqa: E731
    threshold, reset = full(network.threshold_mv), full(network.reset_mv)
    delay = np.broadcast_to(np.asarray(network.delay_ms, float), (n, n)).copy()
    rng = np.random.default_rng(seed)
    start = reset + rng.random(n) * (threshold - reset) if initial is None else full(initial)
    time, neuron, trial = [], [], []
    for k, drive in enumerate(drives):
        t, j = _simulate(
            np.ascontiguousarray(network.weights, float),
            delay,
            full(network.tau_ms),
            np.ascontiguousarray(drive, float),
            threshold,
            reset,
            start.copy(),
            float(duration_ms),
        )
        time.append(t)
        neuron.append(j)
        trial.append(np.full(len(t), k))
    return mst.SpikeData(
        time_ms=np.concatenate(time),
        neuron=np.concatenate(neuron),
        trial=np.concatenate(trial),
        n_neurons=n,
        n_trials=len(drives),
        t_stop_ms=duration_ms,
    )


@njit(cache=True)
def _simulate(weights, delay, tau, drive, threshold, reset, v, stop):
    n = v.size
    times, who = [0.0], [0]
    queue = [(np.inf, 0, 0.0)]
    now = 0.0
    while True:
        # The next spike that needs no arrival.
        soonest, first = np.inf, -1
        for i in range(n):
            if drive[i] > threshold[i]:
                wait = tau[i] * np.log((drive[i] - v[i]) / (drive[i] - threshold[i]))
                if wait < soonest:
                    soonest, first = wait, i
        event = min(now + soonest, queue[0][0])
        if not event < stop:
            return np.array(times[1:]), np.array(who[1:])
        arrives = queue[0][0] == event
        for i in range(n):
            v[i] = drive[i] + (v[i] - drive[i]) * np.exp((now - event) / tau[i])
        now = event
        if arrives:
            while queue[0][0] == event:
                _, j, d = heapq.heappop(queue)
                for i in range(n):
                    if delay[i, j] == d:
                        v[i] += weights[i, j]
        for i in range(n):
            if v[i] >= threshold[i] or (i == first and not arrives):
                v[i] = reset[i]
                times.append(now)
                who.append(i)
                for d in np.unique(delay[:, i]):
                    heapq.heappush(queue, (now + d, i, d))


def random_network(n, *, seed, density=0.5, strength=4.0, spread=0.2, drive=31.64, excitatory=0.5, **parameters):
    """Draw mixed weights, normal in size, balanced on average, without self-connections."""
    rng = np.random.default_rng(seed)
    size = np.abs(rng.normal(size=(n, n))) * strength / np.sqrt(density * n)
    sign = np.where(rng.random((n, n)) < excitatory, 1, -1)
    weights = size * sign * (rng.random((n, n)) < density)
    np.fill_diagonal(weights, 0)
    return Network(weights=weights, drive_mv=drive * (1 + spread * (rng.random(n) - 0.5)), **parameters)


def inhibitory_network(n, *, n_drives, seed, per_neuron, total=-5.0, spread=0.01, drive=30.0, **parameters):
    """Draw weights with equal row sums, which phase-lock, and a drive per trial."""
    rng = np.random.default_rng(seed)
    weights = np.zeros((n, n))
    for i in range(n):
        pre = rng.permutation(np.delete(np.arange(n), i))[:per_neuron]
        weights[i, pre] = -np.abs(rng.normal(1, 0.3, per_neuron))
    weights *= total / weights.sum(axis=1, keepdims=True)
    return Network(weights=weights, drive_mv=drive * (1 + spread * (rng.random((n_drives, n)) - 0.5)), **parameters)


def error(found, network):
    """Return the largest error of all known weights; NaN if any is unknown."""
    return float(np.abs(found.weights - network.weights).max())


def constant_network(weights, **parameters):
    """Return a network of given weights."""
    return Network(weights=np.asarray(weights, float), **parameters)


@pytest.fixture(scope="session")
def literal():
    """Return the literal simulator, its networks, and the largest error of a reconstruction."""
    return SimpleNamespace(
        run=run,
        network=constant_network,
        random_network=random_network,
        inhibitory_network=inhibitory_network,
        error=error,
    )
