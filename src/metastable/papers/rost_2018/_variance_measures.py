"""Variance of the cluster rates, sigma_m^2: of simulated networks, of the annealed chain, and from linear noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable import meanfield
from metastable.networks import rost_2018
from metastable.papers._paper import Numbers
from metastable.papers.rost_2018._protocol import activity_of
from metastable.simulation import simulate

BURN_IN_MS = 500.0
MEASURED_MS = 1000.0
END_MS = BURN_IN_MS + MEASURED_MS
# The two windows of a trial in which sigma_m^2 is measured; the paper does not say whether it discards anything.
WINDOWS = {
    "settled": f"{BURN_IN_MS:g}-{END_MS:g} ms",
    "whole": f"0-{MEASURED_MS:g} ms, nothing discarded",
}


def _variances(rates: NDArray[np.float64]) -> Numbers:
    """Return sigma_m^2 of each trial in both windows, from rates (n_trials, n_clusters, n_samples) of 1 ms."""
    parts = {"settled": rates[..., round(BURN_IN_MS) :], "whole": rates[..., : round(MEASURED_MS)]}
    return {name: part.var(axis=-1).mean(axis=-1) for name, part in parts.items()}


def variance_of_network(*, seed: int, r_j: float, network_index: int, j_e_plus: list[float], n_trials: int) -> Numbers:
    """Simulate one wiring at several cluster strengths; return sigma_m^2 in both windows of a trial.

    sigma_m^2 is the variance over time of each excitatory cluster's rate, averaged over clusters and trials.
    """
    wired = rost_2018().wire(seed, network_index=network_index)
    found = []
    for strength in j_e_plus:
        activity = simulate(
            wired.with_weights_of(rost_2018(j_e_plus=strength, r_j=r_j)),
            duration_ms=END_MS,
            n_trials=n_trials,
            seed=seed,
            n_jobs=1,
            progress=False,
        )
        found.append(_variances(activity.cluster_rates["E"]))
    means = {name: np.array([numbers[name].mean() for numbers in found]) for name in WINDOWS}
    return {"j_e_plus": np.array(j_e_plus), "n_trials": np.array(n_trials), **means}


def variance_of_chain(*, seed: int, r_j: float, j_e_plus: float, n_trials: int) -> Numbers:
    """Run the annealed chain as a network is simulated; return sigma_m^2 of each trial in both windows."""
    chain = meanfield.cluster_chain(
        rost_2018(j_e_plus=j_e_plus, r_j=r_j),
        duration_ms=END_MS,
        burn_in_ms=0.0,
        n_trials=n_trials,
        seed=seed,
        n_jobs=1,
        progress=False,
    )
    return _variances(chain.cluster_rates["E"])


def linear_noise_of(*, seed: int, r_j: float, stop: float, n_points: int, at: float) -> Numbers:
    """Compute sigma_m^2 about the homogeneous state up to its loss: stationary, and expected of the measured window.

    ``at`` holds the stationary one at one strength.
    """

    def noise(j_e_plus: float, duration_ms: float | None = None) -> meanfield.LinearNoise:
        return meanfield.linear_noise(rost_2018(j_e_plus=j_e_plus, r_j=r_j), duration_ms=duration_ms)

    stable, loss = 1.0, stop
    while loss - stable > 1e-5:
        middle = (stable + loss) / 2
        stable, loss = (middle, loss) if np.isfinite(noise(middle).slowest_ms) else (stable, middle)
    # Dense towards the loss, where the stationary variance diverges; nearer to it the variance in a window, a
    # difference of two that diverge, loses its digits.
    grid = stable - (stable - 1) * np.linspace(1, 0.1, n_points) ** 3
    return {
        "j_e_plus": grid,
        "loss": np.array(loss),
        "stationary": np.array([noise(j).cluster_mean("E") for j in grid]),
        "in_window": np.array([noise(j, MEASURED_MS).cluster_mean("E") for j in grid]),
        "at": np.array(noise(at).cluster_mean("E")),
    }


def trial_of(*, seed: int, j_e_plus: float, r_j: float) -> Numbers:
    """Simulate one trial; keep the onsets of excitatory units and the rates of their clusters after the burn-in."""
    activity = activity_of(
        seed=seed, j_e_plus=j_e_plus, r_j=r_j, network_index=0, duration_ms=END_MS, record_spikes=True
    ).discard(BURN_IN_MS)
    assert activity.spikes is not None
    shown = activity.spikes.select(population="E")
    assert shown.cluster is not None
    return {
        "time_ms": shown.time_ms,
        "neuron": shown.neuron,
        "cluster": shown.cluster,
        "sample_ms": activity.time_ms,
        "rates": activity.cluster_rates["E"][0],
    }
