"""Compare the clocked LIF engine with Brian2 statistically, on the full network of Litwin-Kumar & Doiron (2012).

    python verification/against_brian2.py [--networks 4] [--trials 9] [--r-ee 2.5]

Needs the extra ``brian2`` and a C++ compiler. Takes about five minutes.

In double precision Brian2 and our engine give the same spikes (`tests/oracle/test_brian2.py`), which is checked here on
one trial of each network. What people run is single precision, and its dynamics are another path of the same chaos.
So both engines run trials of their own, ours in single precision, on the same networks.

Under the hypothesis that the engines do not differ, the trials of one network are exchangeable between them, and a
permutation of trials gives exact p-values. Tests that take neurons as independent would not: neurons of one cluster
switch together.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp

import metastable as mst
from metastable import SpikeData

DURATION_MS, SETTLED_MS = 3000.0, 1500.0
WINDOW_MS = 100.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=4, help="number of networks")
    parser.add_argument("--trials", type=int, default=9, help="trials of each engine on each network")
    parser.add_argument("--r-ee", type=float, default=2.5, help="ratio of connection probabilities; 1 for uniform")
    parser.add_argument("--permutations", type=int, default=199)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()

    network = mst.networks.litwin_kumar_doiron_2012(r_ee=chosen.r_ee)
    print(f"{network.name}: {chosen.networks} network(s), {chosen.trials} trials of each engine on each, ", end="")
    print(f"{SETTLED_MS:g} to {DURATION_MS:g} ms, Fano factor in {WINDOW_MS:g} ms windows, ddof 0")
    recordings = [run_both(network, index, chosen.trials, chosen.seed) for index in range(chosen.networks)]
    print_table(recordings, chosen.trials, chosen.permutations, np.random.default_rng(chosen.seed))


def run_both(network, index: int, n_trials: int, seed: int) -> SpikeData:
    """Simulate one network; the first half of the trials are ours, the others Brian2's."""
    wired = network.wire(seed, network_index=index)
    ours = mst.simulate(wired, duration_ms=DURATION_MS, n_trials=n_trials)
    theirs = mst.simulate(wired, duration_ms=DURATION_MS, n_trials=n_trials, first_trial=n_trials, engine="brian2")
    again = mst.simulate(wired, duration_ms=DURATION_MS, first_trial=n_trials, precision="double")
    first = theirs.select(trial=0)
    same = np.array_equal(again.steps, first.steps) and np.array_equal(again.neuron, first.neuron)
    print(f"  network {index}: {ours.n_spikes:,} and {theirs.n_spikes:,} spikes; ", end="")
    print(f"{first.n_spikes:,} of one trial in double precision {'identical' if same else 'DIFFERENT'}", flush=True)
    both = SpikeData(
        time_ms=np.concatenate([ours.time_ms, theirs.time_ms]),
        neuron=np.concatenate([ours.neuron, theirs.neuron]),
        trial=np.concatenate([ours.trial, theirs.trial + n_trials]),
        n_neurons=ours.n_neurons,
        n_trials=2 * n_trials,
        t_stop_ms=DURATION_MS,
        dt_ms=ours.dt_ms,
        population=ours.population,
    )
    return both.select(time_ms=(SETTLED_MS, DURATION_MS))


def print_table(recordings: list[SpikeData], n_trials: int, n_permutations: int, rng: np.random.Generator) -> None:
    observed = np.mean([differences(spikes, np.arange(n_trials)) for spikes in recordings], axis=0)
    at_least = np.zeros_like(observed)
    for _ in range(n_permutations):
        shuffled = [differences(spikes, rng.permutation(2 * n_trials)[:n_trials]) for spikes in recordings]
        at_least += np.abs(np.mean(shuffled, axis=0)) >= np.abs(observed) - 1e-12
    p_value = (1 + at_least) / (1 + n_permutations)

    means = np.array(
        [[summary(s, np.arange(n_trials)), summary(s, np.arange(n_trials, 2 * n_trials))] for s in recordings]
    )
    spread = means.std(axis=0)
    print(
        f"\n{'mean over networks +- spread between them':44}{'metastable':>17}{'Brian2':>17}{'difference':>12}{'p':>8}"
    )
    for k, name in enumerate(NAMES):
        mine, theirs = (f"{means[:, e, k].mean():.3f} +- {spread[e, k]:.3f}" for e in range(2))
        print(f"{name:44}{mine:>17}{theirs:>17}{observed[k]:+12.4f}{p_value[k]:8.3f}")
    for k, name in enumerate(DISTANCES, start=len(NAMES)):
        print(f"{name:44}{'':34}{observed[k]:12.4f}{p_value[k]:8.3f}")
    print(
        f"p: share of {n_permutations} permutations of trials between the engines with a difference at least as large"
    )


NAMES = ("E rate (spikes/s)", "I rate (spikes/s)", "Fano factor, E", "spread of E rates over neurons (spikes/s)")
DISTANCES = ("distribution of E rates, KS distance", "distribution of Fano factors, KS distance")


def rates_and_fano(spikes: SpikeData, trials: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    part = spikes.select(trial=np.sort(trials))
    rates = mst.statistics.firing_rates(part)
    fano = mst.statistics.fano_factor(part.select(population="E"), window_ms=WINDOW_MS)
    excitatory = part.population == "E"
    return rates[excitatory], rates[~excitatory], fano[np.isfinite(fano)]


def summary(spikes: SpikeData, trials: NDArray) -> list[float]:
    e, i, fano = rates_and_fano(spikes, trials)
    return [e.mean(), i.mean(), fano.mean(), e.std()]


def differences(spikes: SpikeData, trials: NDArray) -> NDArray[np.float64]:
    """Compare these trials with all others: differences of the means, then distances of the distributions."""
    others = np.setdiff1d(np.arange(spikes.n_trials), trials)
    ours, theirs = rates_and_fano(spikes, trials), rates_and_fano(spikes, others)
    distances = [ks_2samp(ours[k], theirs[k], method="asymp").statistic for k in (0, 2)]
    return np.array([*np.subtract(summary(spikes, others), summary(spikes, trials)), *distances])


if __name__ == "__main__":
    main()
