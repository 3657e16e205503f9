"""Small random recordings with everything that can go wrong in them."""

import numpy as np
import pytest

import metastable as mst


def _random_spikes(
    seed,
    *,
    n_neurons=9,
    n_trials=4,
    duration_ms=60.0,
    t_start_ms=20.0,
    dt_ms=0.5,
    clusters="overlapping",
    n_spikes=220,
):
    """Neuron 0 never fires, neuron 1 is silent in the first trial; trial 1 is nearly empty."""
    rng = np.random.default_rng(seed)
    neuron = rng.integers(1, n_neurons, n_spikes)
    trial = rng.integers(0, n_trials, n_spikes)
    keep = ~((trial == 1) & (rng.random(n_spikes) < 0.9)) & ~((neuron == 1) & (trial == 0))
    neuron, trial = neuron[keep], trial[keep]
    n_steps = round(duration_ms / 0.5)
    # The rate falls along the trial, so that a PSTH differs from the mean of a trial.
    time = t_start_ms + 0.5 * np.floor(n_steps * rng.random(neuron.size) ** 1.5)
    if dt_ms is None:
        time = np.minimum(time + rng.random(time.size) * 0.4, t_start_ms + duration_ms - 1e-6)
    cluster = None
    if clusters == "overlapping":
        cluster = rng.random((n_neurons, 3)) < 0.4
        cluster[2] = False
        cluster[3] = True
    elif clusters == "labels":
        cluster = rng.integers(-1, 3, n_neurons)
    return mst.SpikeData(
        time_ms=time,
        neuron=neuron,
        trial=trial,
        n_neurons=n_neurons,
        n_trials=n_trials,
        t_start_ms=t_start_ms,
        t_stop_ms=t_start_ms + duration_ms,
        dt_ms=dt_ms,
        cluster=cluster,
    )


@pytest.fixture(scope="session")
def random_spikes():
    return _random_spikes


@pytest.fixture(scope="session")
def poisson_spikes():
    """Independent Poisson neurons of one rate, on a grid of 0.1 ms."""

    def make(seed, *, n_neurons, n_trials, duration_ms, rate, cluster=None):
        rng = np.random.default_rng(seed)
        n_spikes = rng.poisson(n_neurons * n_trials * duration_ms / 1000 * rate)
        return mst.SpikeData(
            time_ms=0.1 * rng.integers(0, round(duration_ms / 0.1), n_spikes),
            neuron=rng.integers(0, n_neurons, n_spikes),
            trial=rng.integers(0, n_trials, n_spikes),
            n_neurons=n_neurons,
            n_trials=n_trials,
            t_stop_ms=duration_ms,
            dt_ms=0.1,
            cluster=cluster,
        )

    return make


@pytest.fixture(scope="session")
def empty_recordings():
    """Recordings in which nothing can be computed, and what is said about them."""
    none = {"time_ms": [], "neuron": []}
    return [
        (mst.SpikeData(**none, n_neurons=0, t_stop_ms=10), r"empty \(0 neurons, 1 trials\)"),
        (mst.SpikeData(**none, n_neurons=2, n_trials=0, t_stop_ms=10), r"empty \(2 neurons, 0 trials\)"),
        (mst.SpikeData(**none, n_neurons=2, n_trials=3, t_stop_ms=0), r"empty \(0 ms long\)"),
    ]
