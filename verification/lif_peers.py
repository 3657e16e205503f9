"""Compare the clocked LIF engine with Brian2 and NEST statistically, network by network.

    python verification/lif_peers.py [--quick] [--networks 12] [--trials 6] [--engines metastable brian2 nest]

Needs the extras ``brian2`` and ``nest``; takes about 25 minutes on two cores, half of it Brian2's compiler, and less
with ``--quick`` (10 networks, fewer and shorter trials, means only). Ends with status 1 if engines differ or if the
tests miss an engine that is wrong.

Two clustered networks: Litwin-Kumar & Doiron (2012) with 2,000 neurons (biexponential synapses), and 1,000 neurons in
clusters of E and I neurons with exponential synapses. All engines run the same wirings, each with trials (initial
states) of its own: with the same ones Brian2 gives our very spikes in double precision (`tests/oracle/test_brian2.py`),
and NEST does so with time constants of forward Euler (`tests/oracle/test_nest.py`). As it is used, NEST integrates
exactly and gives exponential synapses with a delay of one step a second one; our engine counts in single precision.
Whether that changes what people measure is the question here.

Means over neurons or pairs are compared by paired t tests, one value for each network and engine. Distributions over
neurons are compared by their Kolmogorov-Smirnov distance, averaged over networks; its null distribution is that of
trials permuted between the two engines within each network, because neurons of one cluster switch together and are no
independent samples. The p-values of all tests between right engines are corrected together (Holm).

Tests that find nothing must be able to find something: our engine with all weights 10 % up and with a delay of 1 ms
instead of .1 ms goes through the same tests, and must be found different at the same corrected level.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ttest_rel

import metastable as mst
from metastable.networks import LIFNetwork, WiredLIFNetwork

SETTLED_MS = 1000.0
FANO_MS, CORRELATION_MS = 100.0, 50.0
LEVEL = 0.05
MEANS = ("E rate (spikes/s)", "I rate (spikes/s)", "Fano factor, E", "correlation within clusters", "between clusters")
DISTRIBUTIONS = ("E rates over neurons", "Fano factors over neurons")


def _reweighted(network: LIFNetwork, factor: float) -> LIFNetwork:
    connections = tuple(dataclasses.replace(c, weight=factor * c.weight) for c in network.connections)
    return dataclasses.replace(network, connections=connections)


def _delayed(network: LIFNetwork, delay_ms: float) -> LIFNetwork:
    connections = tuple(dataclasses.replace(c, delay_ms=delay_ms) for c in network.connections)
    return dataclasses.replace(network, connections=connections)


NETWORKS: dict[str, LIFNetwork] = {
    "probability clusters, biexponential": mst.networks.litwin_kumar_doiron_2012(
        r_ee=2.5, j_plus=1.6, n_e=1600, n_clusters=20
    ),
    "E/I weight clusters, exponential": mst.networks.clustered_ei_lif(n_e=800, n_clusters=8, j_e_plus=3.0),
}
# Neither weights nor delays enter the drawing of connections: a wrong network has the same wiring.
WRONG: dict[str, Callable[[LIFNetwork], LIFNetwork]] = {
    "weights + 10 %": lambda network: _reweighted(network, 1.1),
    "delay 1 ms": lambda network: _delayed(network, 1.0),
}


@dataclass(frozen=True)
class Recording:
    """What one engine makes of one network.

    Parameters
    ----------
    means : ndarray, (n_means,)
        In the order of `MEANS`.
    rates : ndarray, (n_trials, n_excitatory), spikes/s
    counts : ndarray, (n_trials, n_excitatory, n_windows)
        Spike counts in windows of `FANO_MS`.
    """

    means: NDArray[np.float64]
    rates: NDArray[np.float64]
    counts: NDArray[np.float64]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="10 networks, 4 trials of 2 s; no distributions")
    parser.add_argument("--networks", type=int, default=12, help="wirings of each network")
    parser.add_argument("--trials", type=int, default=6, help="trials of each engine on each wiring")
    parser.add_argument("--duration-ms", type=float, default=3000.0)
    parser.add_argument("--permutations", type=int, default=1999)
    parser.add_argument("--engines", nargs="+", default=["metastable", "brian2", "nest"])
    parser.add_argument("--only", choices=list(NETWORKS), help="one of the two networks")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.networks, chosen.trials, chosen.duration_ms, chosen.permutations = 10, 4, 2000.0, 0

    right, wrong = [], []
    for name, network in NETWORKS.items():
        if chosen.only in (None, name):
            recordings = run_all(name, network, chosen)
            print_means(recordings)
            rng = np.random.default_rng(chosen.seed)
            for a, b in itertools.combinations(chosen.engines, 2):
                right += compare(name, recordings, a, b, chosen.permutations, rng)
            for b in WRONG:
                wrong += compare(name, recordings, chosen.engines[0], b, chosen.permutations, rng)
    return print_verdict(right, wrong)


def run_all(name: str, network: LIFNetwork, chosen: argparse.Namespace) -> dict[str, list[Recording]]:
    print(
        f"\n{name}: {network.n_neurons:,} neurons, {chosen.networks} wirings, {chosen.trials} trials of each engine on "
    )
    print(
        f"each, {SETTLED_MS:g} to {chosen.duration_ms:g} ms, Fano factor in {FANO_MS:g} ms windows (ddof 0), ", end=""
    )
    print(f"correlation in {CORRELATION_MS:g} ms windows")
    recordings: dict[str, list[Recording]] = {}
    for number, variant in enumerate([*chosen.engines, *WRONG]):
        specification = WRONG[variant](network) if variant in WRONG else network
        engine = "metastable" if variant in WRONG else variant
        begun = time.perf_counter()
        recordings[variant] = [
            record(specification.wire(chosen.seed, network_index=index), engine, number, chosen)
            for index in range(chosen.networks)
        ]
        print(f"  {variant:16}{time.perf_counter() - begun:7.1f} s", flush=True)
    return recordings


def record(wired: WiredLIFNetwork, engine: str, number: int, chosen: argparse.Namespace) -> Recording:
    spikes = mst.simulate(
        wired,
        duration_ms=chosen.duration_ms,
        n_trials=chosen.trials,
        first_trial=number * chosen.trials,
        engine=engine,
        # Networks as small as these make threads of NEST wait for each other.
        n_jobs=1 if engine == "nest" else None,
    ).select(time_ms=(SETTLED_MS, chosen.duration_ms))
    excitatory = spikes.select(population="E")
    counts = mst.spikes.bin_counts(excitatory, bin_ms=FANO_MS).astype(float)
    found = mst.statistics.count_correlations(excitatory, window_ms=CORRELATION_MS)
    means = [
        mst.statistics.mean_rate(excitatory),
        mst.statistics.mean_rate(spikes.select(population="I")),
        np.nanmean(mst.statistics.fano_factor(excitatory, window_ms=FANO_MS)),
        found.same_cluster.mean,
        found.different_cluster.mean,
    ]
    return Recording(np.array(means), counts.sum(axis=2) / excitatory.duration_ms * 1000, counts)


@dataclass(frozen=True)
class Test:
    """One comparison of two engines on one network.

    Parameters
    ----------
    network, engine, other, what : str
    difference : float
        Of `other` from `engine`; for distributions, their distance beyond what permuted trials have.
    relative : float
        The difference over the value of `engine`.
    effect : float
        The difference in standard deviations: of the differences between networks, or of permuted distances.
    p_value : float
    """

    network: str
    engine: str
    other: str
    what: str
    difference: float
    relative: float
    effect: float
    p_value: float


def compare(
    network: str,
    recordings: dict[str, list[Recording]],
    engine: str,
    other: str,
    n_permutations: int,
    rng: np.random.Generator,
) -> list[Test]:
    mine, theirs = recordings[engine], recordings[other]
    a, b = (np.array([r.means for r in part]) for part in (mine, theirs))
    difference = b - a
    tests = []
    for k, what in enumerate(MEANS):
        d = difference[:, k]
        effect, relative = d.mean() / d.std(ddof=1), d.mean() / a[:, k].mean()
        tests.append(Test(network, engine, other, what, d.mean(), relative, effect, ttest_rel(b[:, k], a[:, k]).pvalue))
    if n_permutations:
        distances = np.mean(
            [ks_distances(*pair, n_permutations, rng) for pair in zip(mine, theirs, strict=True)], axis=0
        )
        for what, (observed, *permuted) in zip(DISTRIBUTIONS, distances, strict=True):
            p_value = (1 + np.sum(np.array(permuted) >= observed - 1e-12)) / (1 + n_permutations)
            beyond = observed - np.mean(permuted)
            tests.append(Test(network, engine, other, what, beyond, np.nan, beyond / np.std(permuted), float(p_value)))
    return tests


def ks_distances(
    mine: Recording, theirs: Recording, n_permutations: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Distances of the distributions over neurons of one network, (2, 1 + n_permutations), the observed one first."""
    n_trials = len(mine.counts)
    rates, counts = (np.concatenate(pair) for pair in ((mine.rates, theirs.rates), (mine.counts, theirs.counts)))
    distances = np.empty((2, 1 + n_permutations))
    for k in range(1 + n_permutations):
        order = np.arange(2 * n_trials) if k == 0 else rng.permutation(2 * n_trials)
        first, second = order[:n_trials], order[n_trials:]
        distances[0, k] = _ks(rates[first].mean(axis=0), rates[second].mean(axis=0))
        distances[1, k] = _ks(_fano(counts[first]), _fano(counts[second]))
    return distances


def _fano(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fano factor of each neuron that fires: mean over windows of variance over mean across trials."""
    mean = counts.mean(axis=0)
    variance = (counts**2).mean(axis=0) - mean**2
    fires = mean > 0
    ratio = np.divide(variance, mean, out=np.zeros_like(mean), where=fires)
    n_windows = fires.sum(axis=1)
    return ratio.sum(axis=1)[n_windows > 0] / n_windows[n_windows > 0]


def _ks(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    a, b = np.sort(a), np.sort(b)
    both = np.concatenate([a, b])
    below = [np.searchsorted(part, both, side="right") / part.size for part in (a, b)]
    return float(np.abs(below[0] - below[1]).max())


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    order = np.argsort(p_values)
    stepped = p_values[order] * np.arange(p_values.size, 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(stepped))
    return adjusted


def print_means(recordings: dict[str, list[Recording]]) -> None:
    print(f"  {'mean +- spread between networks':34}" + "".join(f"{name:>20}" for name in recordings))
    for k, what in enumerate(MEANS):
        values = ([r.means[k] for r in part] for part in recordings.values())
        print(f"  {what:34}" + "".join(f"{np.mean(v):>11.4f} +-{np.std(v, ddof=1):7.4f}" for v in values))


def print_verdict(right: list[Test], wrong: list[Test]) -> int:
    adjusted = holm(np.array([t.p_value for t in right]))
    print(f"\n{len(right)} tests between right engines, Holm-corrected together")
    print_tests(right, adjusted)
    # Each wrong engine at the level that a right one would have to pass: corrected for as many tests.
    found = np.minimum(1.0, np.array([t.p_value for t in wrong]) * len(right))
    print(f"\nengines that are wrong on purpose, p-values times {len(right)}")
    print_tests(wrong, found)

    differ = {(t.network, t.engine, t.other) for t, p in zip(right, adjusted, strict=True) if p < LEVEL}
    caught = {(t.network, t.other) for t, p in zip(wrong, found, strict=True) if p < LEVEL}
    missed = {(t.network, t.other) for t in wrong} - caught
    for network, engine, other in sorted(differ):
        print(f"DIFFERENT: {engine} and {other} on {network}")
    for network, other in sorted(missed):
        print(f"MISSED: {other} on {network}; these tests are too weak")
    if not differ and not missed:
        print("the engines agree, and the tests find every engine that is wrong on purpose")
    return 1 if differ or missed else 0


def print_tests(tests: list[Test], adjusted: NDArray[np.float64]) -> None:
    head = f"  {'':28}{'difference':>12}{'relative':>10}{'effect':>8}{'p':>10}{'adjusted':>10}"
    for (network, engine, other), group in itertools.groupby(
        zip(tests, adjusted, strict=True), key=lambda pair: (pair[0].network, pair[0].engine, pair[0].other)
    ):
        print(f"{network}: {other} - {engine}\n{head}")
        for t, p in group:
            relative = "" if np.isnan(t.relative) else f"{100 * t.relative:+.1f} %"
            print(f"  {t.what:28}{t.difference:+12.4f}{relative:>10}{t.effect:+8.2f}{t.p_value:10.4f}{p:10.4f}")


if __name__ == "__main__":
    sys.exit(main())
