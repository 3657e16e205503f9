"""Compare the clocked LIF engine with Brian2 and NEST statistically, network by network.

    python verification/lif_peers.py [--quick] [--networks 12] [--trials 6] [--engines metastable brian2 nest]

Needs the extras ``brian2`` and ``nest``; takes about 25 minutes on two cores, half of it Brian2's compiler, and less
with ``--quick`` (10 networks, fewer and shorter trials). Ends with status 1 if engines differ or if the
tests miss an engine that is wrong.

Two clustered networks: Litwin-Kumar & Doiron (2012) with 2,000 neurons (biexponential synapses), and 1,000 neurons in
clusters of E and I neurons with exponential synapses. All engines run the same wirings, each with trials (initial
states) of its own: with the same ones Brian2 gives our very spikes in double precision (`tests/oracle/test_brian2.py`),
and NEST does so with time constants of forward Euler (`tests/oracle/test_nest.py`). As it is used, NEST integrates
exactly and gives exponential synapses with a delay of one step a second one; our engine counts in single precision.
Whether that changes what people measure is the question here.

Under the hypothesis that engines do not differ, the trials on one wiring are exchangeable between them, so trials are
permuted between two engines within each wiring: for the means over neurons or pairs, and for the Kolmogorov-Smirnov
distances of distributions over neurons, all averaged over wirings. Tests that take neurons as independent would not do:
neurons of one cluster switch together. The p-values of all tests between right engines are corrected together (Holm).
Engines differ if a corrected p-value is below .05 and, for a mean, the difference is above 2 %: the error of forward
Euler is real and not a difference of models. With a step of .02 ms instead of .1 our own engine has rates that are
.55 +- .13 % (E) and .37 +- .10 % (I) higher in the second network, as NEST has.

Tests that find nothing must be able to find something: our engine with all weights 10 % up and with a delay of 1 ms
instead of .1 ms goes through the same tests, and must be found different by the same rule.
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

import metastable as mst
from metastable.networks import LIFNetwork, WiredLIFNetwork

SETTLED_MS = 1000.0
FANO_MS, CORRELATION_MS = 100.0, 50.0
LEVEL, MARGIN = 0.05, 0.02
MEANS = ("E rate (spikes/s)", "I rate (spikes/s)", "correlation within clusters", "between clusters", "Fano factor, E")
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
    scalars : ndarray, (n_trials, 4)
        Those of `MEANS` that are defined trial by trial: all but the Fano factor. Correlations are those of
        pairs of neurons whose counts vary in the trial.
    rates : ndarray, (n_trials, n_excitatory), spikes/s
    counts : ndarray, (n_trials, n_excitatory, n_windows)
        Spike counts in windows of `FANO_MS`.
    """

    scalars: NDArray[np.float64]
    rates: NDArray[np.float64]
    counts: NDArray[np.float64]

    @property
    def means(self) -> list[float]:
        """The values of `MEANS`."""
        return [*self.scalars.mean(axis=0), _fano(self.counts).mean()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="10 networks, 4 trials of 2 s, 999 permutations")
    parser.add_argument("--networks", type=int, default=12, help="wirings of each network")
    parser.add_argument("--trials", type=int, default=6, help="trials of each engine on each wiring")
    parser.add_argument("--duration-ms", type=float, default=3000.0)
    parser.add_argument("--permutations", type=int, default=1999)
    parser.add_argument("--engines", nargs="+", default=["metastable", "brian2", "nest"])
    parser.add_argument("--only", choices=list(NETWORKS), help="one of the two networks")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.networks, chosen.trials, chosen.duration_ms, chosen.permutations = 10, 4, 2000.0, 999

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
    scalars = []
    for trial in range(chosen.trials):
        one = spikes.select(trial=trial)
        found = mst.statistics.count_correlations(one.select(population="E"), window_ms=CORRELATION_MS)
        rates = [mst.statistics.mean_rate(one.select(population=p)) for p in "EI"]
        scalars.append([*rates, found.same_cluster.mean, found.different_cluster.mean])
    return Recording(np.array(scalars), counts.sum(axis=2) / excitatory.duration_ms * 1000, counts)


@dataclass(frozen=True)
class Test:
    """One comparison of two engines on one network.

    Parameters
    ----------
    network, engine, other, what : str
    difference : float
        Of `other` from `engine`; for distributions, their distance.
    relative : float
        The difference over the value of `engine`; NaN for distributions.
    effect : float
        How many standard deviations of permuted trials it lies from their mean.
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
    found = np.mean([permuted(*pair, n_permutations, rng) for pair in zip(mine, theirs, strict=True)], axis=0)
    reference = np.mean([r.means for r in mine], axis=0)
    tests = []
    for k, what in enumerate(MEANS + DISTRIBUTIONS):
        observed, chance = found[k, 0], found[k, 1:]
        p_value = (1 + np.sum(np.abs(chance) >= abs(observed) - 1e-12)) / (1 + n_permutations)
        relative = observed / reference[k] if k < len(MEANS) else np.nan
        effect = (observed - chance.mean()) / chance.std()
        tests.append(Test(network, engine, other, what, observed, relative, effect, float(p_value)))
    return tests


def permuted(mine: Recording, theirs: Recording, n_permutations: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Differences and distances on one wiring, (n_tests, 1 + n_permutations), those observed first."""
    n_trials = len(mine.counts)
    scalars, rates, counts = (
        np.concatenate([getattr(mine, name), getattr(theirs, name)]) for name in ("scalars", "rates", "counts")
    )
    found = np.empty((len(MEANS) + len(DISTRIBUTIONS), 1 + n_permutations))
    for k in range(1 + n_permutations):
        order = np.arange(2 * n_trials) if k == 0 else rng.permutation(2 * n_trials)
        a, b = order[:n_trials], order[n_trials:]
        fano = [_fano(counts[part]) for part in (a, b)]
        found[:4, k] = scalars[b].mean(axis=0) - scalars[a].mean(axis=0)
        found[4, k] = fano[1].mean() - fano[0].mean()
        found[5, k] = _ks(rates[a].mean(axis=0), rates[b].mean(axis=0))
        found[6, k] = _ks(*fano)
    return found


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

    differ = {(t.network, t.engine, t.other) for t, p in zip(right, adjusted, strict=True) if _counts(t, p)}
    caught = {(t.network, t.other) for t, p in zip(wrong, found, strict=True) if _counts(t, p)}
    missed = {(t.network, t.other) for t in wrong} - caught
    for network, engine, other in sorted(differ):
        print(f"DIFFERENT: {engine} and {other} on {network}")
    for network, other in sorted(missed):
        print(f"MISSED: {other} on {network}; these tests are too weak")
    if not differ and not missed:
        print("the engines agree, and the tests find every engine that is wrong on purpose")
    return 1 if differ or missed else 0


def _counts(test: Test, adjusted: float) -> bool:
    return adjusted < LEVEL and not abs(test.relative) <= MARGIN


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
