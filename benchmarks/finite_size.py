"""Time the exact methods for finite-size networks, print how the cost grows and where each stops being sensible.

    python benchmarks/finite_size.py [--quick]

Processor time of one thread, after compilation; "ends at" is the size that would take ten minutes, by the growth that
was measured, where no limit of memory comes before.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import time
from collections.abc import Callable
from functools import partial

import numpy as np

import metastable as mst
from metastable.networks import FiniteSizeNetwork

SEED = 1
TEN_MINUTES = 600.0
T6 = {"coupling": [[80, -70], [70, -34]], "threshold": 1}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave out the largest sizes")
    quick = parser.parse_args().quick
    print(f"metastable {mst.__version__}, numpy {np.__version__}, load {os.getloadavg()[0]:.1f}")
    bifurcations(quick)
    exact_statistics(quick)
    storage_and_disorder(quick)
    cluster_counts(quick)


def exact_statistics(quick: bool) -> None:
    """Time the stationary law of networks with noise: of all states, without the matrix, and of counts."""
    room = mst.finite_size
    print("\nstationary law with noise\nmethod                       size   seconds      must  states")
    for net in (noisy(6), noisy(6, correlation=0.3)):
        room.stationary_distribution(net)
    timed(
        "dense matrix and solution",
        (10, 11, 12),
        lambda n: room.stationary_distribution(noisy(n), method="dense"),
        law="8^n, memory 4^n",
        refused_above=13,
    )
    timed(
        "elimination (GTH)",
        (10, 11, 12),
        lambda n: room.stationary_distribution(noisy(n), method="gth"),
        law="8^n, memory 4^n",
        refused_above=13,
    )
    timed(
        "one step, matrix-free",
        (13, 14, 15) if quick else (13, 14, 15, 16, 17),
        lambda n: room.evolve(noisy(n), [0] * n, n_steps=1)[1],
        law="4^n, memory 2^(3n/2)",
        refused_above=18,
    )
    timed(
        "iteration to the end",
        (12, 13) if quick else (12, 13, 14, 15),
        lambda n: room.stationary_distribution(noisy(n), method="iterative"),
        law="4^n times some tens of steps",
        refused_above=18,
    )
    timed(
        "lumped chain",
        (32, 64, 128) if quick else (32, 64, 128, 256),
        lambda n: room.lumped_chain(two_populations(n)).stationary,
        must={128: 6},
        law="(n/2)^4, memory (n/2)^3",
        refused_above=630,
        power=True,
    )


def noisy(n: int, **options: float) -> FiniteSizeNetwork:
    weights = np.random.default_rng(SEED).normal(size=(n, n))
    return FiniteSizeNetwork(weights=weights, sigma=1, **options)


def two_populations(n: int) -> FiniteSizeNetwork:
    return FiniteSizeNetwork.homogeneous(
        {"E": n // 2, "I": n // 2}, coupling=[[9, -7], [8, -4]], threshold=1, sigma=1.5, stimulus=[0.4, 0.1]
    )


def bifurcations(quick: bool) -> None:
    """Time the searches for attractors of the noiseless network."""
    states = partial(mst.finite_size.stationary_states, n_jobs=1)
    attractors = partial(mst.finite_size.attractors, n_jobs=1)
    for net in (t6(4), random_network(6)):
        attractors(net)
        for method in ("brute-force", "branch-and-bound"):
            states(net, method=method)
    print("\nattractors of the noiseless network\nmethod                       size   seconds      must  attractors")
    timed(
        "brute force",
        (20, 24) if quick else (20, 24, 28),
        lambda n: states(random_network(n), method="brute-force"),
        must={28: 12},
        law="2^n",
        refused_above=34,
    )
    timed(
        "branch and bound, dense",
        (20, 24, 28) if quick else (20, 24, 28, 32, 36),
        lambda n: states(random_network(n)),
        law="what the weights make of it",
    )
    for inputs, must in ((2, {}), (4, {60: 2}), (6, {})):
        timed(
            f"branch and bound, {inputs} inputs",
            (30, 40, 50, 60),
            lambda n, k=inputs: states(random_network(n, inputs=k)),
            must=must,
            law="what the weights make of it",
        )
    timed(
        "cycles, search of images",
        (8, 10, 12) if quick else (8, 10, 12, 14),
        lambda n: attractors(random_network(n)),
        law="2^n first states, what the weights make of each",
        refused_above=18,
    )
    timed(
        "cycles, counts",
        (50, 100, 200, 400),
        lambda n: attractors(t6(n // 2)),
        must={200: 4},
        law="(n/2 + 1)^2 counts",
        refused_above=4470,
        power=True,
    )


def storage_and_disorder(quick: bool) -> None:
    """Time permanents, expected numbers of stationary states, and the storage of transitions."""
    finite, rng = mst.finite_size, np.random.default_rng(SEED)
    print("\nstorage and quenched disorder, best of three\nwhat                                          ms      must")

    def line(name: str, run: Callable[[], object], must_ms: float = np.inf) -> None:
        run()
        taken = []
        for _ in range(3):
            start = time.process_time()
            run()
            taken.append(1e3 * (time.process_time() - start))
        bound = f"{must_ms:.0f}" if np.isfinite(must_ms) else ""
        print(f"{name:<40} {min(taken):>10.3f}  {bound:>6}{'' if min(taken) < must_ms else '  MISSED'}", flush=True)

    for n in (20, 24) if quick else (20, 24, 26):
        matrix = rng.random((n, n))
        line(f"permanent, {n} rows", lambda matrix=matrix: finite.permanent(matrix))
        if n == 20:
            whole = rng.integers(0, 2, (n, n))
            line(f"permanent, {n} rows of integers", lambda whole=whole: finite.permanent(whole))
    print("    n 2^(n-1): x 2 a row, above 32 rows refused")
    for counts, must in (([60, 60], 1.0), ([40, 40, 40], 1.0), ([30, 30, 30, 30], np.inf)):
        blocks = rng.random((len(counts), len(counts)))
        name = f"block permanent, {' + '.join(map(str, counts))}"
        line(name, lambda blocks=blocks, counts=counts: finite.block_permanent(blocks, counts, counts), must)
    print("    n prod_c (k_c + 1) over all kinds but one, refused above 1e10 ns")
    for half in (50, 200, 800):
        disorder = mst.networks.DisorderedNetwork(
            sizes={"E": half, "I": half}, mean=[[8, -6], [7, -5]], sd=1, threshold=1
        )
        name = f"expected stationary states, {2 * half} neurons"
        line(name, lambda d=disorder: finite.expected_stationary_states(d), 20.0 if half == 200 else np.inf)
    print("    prod_a (N_a + 1), refused above 1e7 combinations")
    for half in (4, 6) if quick else (4, 6, 8, 10):
        disorder = mst.networks.DisorderedNetwork(sizes={"E": half, "I": half}, mean=0, sd=1, probability=0.5)
        name = f"and their variance, {2 * half} neurons"
        line(name, lambda d=disorder: finite.expected_stationary_states(d, variance=True))
    print("    prod_a (N_a + 1)^3, refused above 5e6 combinations")
    before, after = rng.integers(0, 2, (2, 35, 30))
    for p in (29, 35):
        store = partial(finite.store_transitions, before[:p], after[:p], margin=1, sigma=1, threshold=1)
        line(f"{p} transitions in 30 neurons", store)


def cluster_counts(quick: bool) -> None:
    """Time the asynchronous chain of cluster counts: law, three relaxation times, switching between two cores."""
    print("\nasynchronous chain of counts, two clusters of n E and n/2 I units: law, relaxation, switching")
    print("method                       size   seconds      must  states")
    solved_chain(4, "direct")
    methods = {"gth": (6, 8), "direct": (8, 10, 14), "iterative": (14, 18, 20) if quick else (14, 18, 20, 24, 30)}
    for method, sizes in methods.items():
        timed(
            method,
            sizes,
            partial(solved_chain, method=method),
            # 15,000 states in 15 seconds.
            must={14: 15} if method != "gth" else None,
            law={"gth": "n^12, memory n^8", "direct": "n^9, memory n^6"}.get(
                method, "n^4 times the iterations, memory n^4"
            ),
            refused_above={"gth": 11, "direct": 25, "iterative": 36}[method],
            power=True,
        )


def solved_chain(n: int, method: str) -> np.ndarray:
    net = mst.networks.rost_2018(n_e=2 * n, n_i=n, n_clusters=2, j_e_plus=1.9, m_x=0.3)
    e, i = net.populations
    # Without clusters of I units there would be three counts in the place of four.
    i = dataclasses.replace(i, layout=mst.networks.ClusterLayout.equal(n, 2))
    net = dataclasses.replace(net, populations=(e, i))
    chain = mst.finite_size.cluster_chain(net, noise_sd=0.3, method=method)
    chain.relaxation_times_ms(3)
    difference = chain.count("E", 0) - chain.count("E", 1)
    chain.switching(difference >= n / 2, difference <= -n / 2)
    return chain.stationary


def t6(half: int) -> FiniteSizeNetwork:
    return FiniteSizeNetwork.homogeneous({"E": half, "I": half}, **T6)


def random_network(n: int, *, inputs: int | None = None) -> FiniteSizeNetwork:
    """Draw integer weights, three quarters of the neurons in one population; all or some inputs of each."""
    rng = np.random.default_rng((SEED, n))
    weights = rng.integers(-9, 10, (n, n)).astype(float)
    np.fill_diagonal(weights, 0)
    if inputs is not None:
        for i, row in enumerate(weights):
            others = np.delete(np.arange(n), i)
            row[rng.choice(others, n - 1 - inputs, replace=False)] = 0
    return FiniteSizeNetwork(weights=weights, threshold=1, sizes={"E": n - n // 4, "I": n // 4})


def timed(
    name: str,
    sizes: tuple[int, ...],
    run: Callable[[int], mst.finite_size.Attractors],
    *,
    law: str,
    must: dict[int, float] | None = None,
    refused_above: int = 62,
    power: bool = False,
) -> None:
    """Print a line for each size, and where the first and the last point."""
    taken: list[tuple[int, float]] = []
    for n in sizes:
        start = time.process_time()
        found = run(n)
        taken.append((n, time.process_time() - start))
        limit = (must or {}).get(n, np.inf)
        verdict = "" if taken[-1][1] < limit else "  MISSED"
        bound = f"{limit:.0f}" if np.isfinite(limit) else ""
        print(f"{name:<26} {n:>6}  {taken[-1][1]:>8.3f}  {bound:>8}  {len(found):>10,}{verdict}", flush=True)
    (n, seconds), (m, more) = taken[0], taken[-1]
    if power:
        rate = np.log(more / seconds) / np.log(m / n)
        grows, end = f"as n^{rate:.1f}", m * (TEN_MINUTES / more) ** (1 / rate)
    else:
        rate = (more / seconds) ** (1 / (m - n))
        grows, end = f"x {rate:.2f} a neuron", m + np.log(TEN_MINUTES / more) / np.log(rate)
    stops = f"ends at {end:.0f}" if end < refused_above else f"refused above {refused_above:,}"
    print(f"    {law}: {grows}; {stops}")


if __name__ == "__main__":
    main()
