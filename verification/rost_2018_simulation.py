"""Compare simulations of the binary networks of Rost, Deger & Nawrot (2018) with the numbers they must show.

Run ``python verification/rost_2018_simulation.py [--networks N]`` (two minutes with 20). It prints means over networks
with their standard errors, and ends with status 1 if a number lies further from its reference than four standard
errors (of both, where that of the reference is known) and the rounding of its last digit, or a maximum elsewhere.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import metastable as mst
from metastable._parallel import Monitor, run_jobs
from metastable.networks import rost_2018
from metastable.simulation import BinaryActivity

SEED = 2018
BURN_IN_MS, MEASURED_MS, N_TRIALS = 500.0, 1000.0, 5
# A cluster counts as active above this rate, between its up-state (.87 and .40) and the others (.03 and .01).
ACTIVE = {"E": 0.5, "E/I": 0.2}
E_GRID = (1.0, 1.5, 1.8, 1.9, 1.95, 2.0, 2.05, 2.1, 2.15, 2.2, 2.3, 2.5, 2.9)
EI_GRID = (1.0, 2.0, 3.0, 3.5, 3.75, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 16.0, 20.0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=20, help="how many networks")
    n_networks = parser.parse_args().networks
    start = time.perf_counter()
    print(f"{n_networks} networks x {N_TRIALS} trials, seed {SEED}; mean over networks +- its standard error")
    results = [
        *check_rates(n_networks),
        *check_variances(n_networks),
        *check_states(n_networks),
    ]
    failures = [result for result in results if result]
    print(f"\n{time.perf_counter() - start:.0f} s")
    print("\n".join(failures) or "everything as expected")
    return 1 if failures else 0


# ------------------------------------------------------------------------- parts


def check_rates(n_networks: int) -> list[str]:
    """Rates of the homogeneous network."""

    def measure(activity: BinaryActivity) -> list[float]:
        return [activity.population_rates[name].mean() for name in "EI"]

    rates = over_networks(lambda index: measure(simulate(index, j_e_plus=1.0).discard(BURN_IN_MS)), n_networks)
    print("\nrates of the homogeneous network, first 500 ms discarded")
    # The finite-N fixed point (.029536, .034100) is another number: theory neglects what the units have in common.
    references = (("E", 0.0281, 5e-5), ("I", 0.0331, 5e-5))
    return [compare(f"rate of {name}", values, *ref) for (name, *ref), values in zip(references, rates.T, strict=True)]


def check_variances(n_networks: int) -> list[str]:
    """Both kinds of clusters, and which of the peaks is higher."""
    e, of_e = check_variance("E", 0.0, E_GRID, n_networks)
    ei, of_ei = check_variance("E/I", 0.75, EI_GRID, n_networks)
    print("\nthe claim that inhibitory clusters raise the peak of sigma_m^2: E/I over E")
    ratios = of_ei.mean(axis=0) / of_e.mean(axis=0)
    return [*e, *ei, inside("from 500 ms", ratios[0], 1.3, 2.7), inside("from 0 ms", ratios[1], 0.6, 1.1)]


def check_variance(
    kind: str, r_j: float, grid: tuple[float, ...], n_networks: int
) -> tuple[list[str], NDArray[np.float64]]:
    """sigma_m^2 against the strength of the clusters, with and without burn-in; failures, and the peaks."""

    def measure(index: int) -> list[list[float]]:
        rates = [simulate(index, j_e_plus=j, r_j=r_j).cluster_rates["E"] for j in grid]
        skip = round(BURN_IN_MS)
        # 1000 ms in both cases: the longer a recording, the larger its variance.
        return [[v[..., window].var(axis=-1).mean() for v in rates] for window in (slice(skip, None), slice(-skip))]

    values = over_networks(measure, n_networks)
    mean, error = values.mean(axis=0), standard_error(values)
    print(f"\nsigma_m^2 over {MEASURED_MS:g} ms, {kind} clusters{f', R_J = {r_j:g}' if r_j else ''}")
    print(f"  {'J_E+':>5}  {'from 500 ms':>22}  {'from 0 ms':>22}")
    for k, j in enumerate(grid):
        settled, whole = (f"{mean[w, k]:.5f} +- {error[w, k]:.6f}" for w in (0, 1))
        print(f"  {j:5.2f}  {settled:>22}  {whole:>22}")
    strengths = np.array(grid)
    at, steepest = mean[0].argmax(), (np.diff(mean[0]) / np.diff(strengths)).argmax()
    print(
        f"  largest at {strengths[at]:.2f}; rises most steeply from {strengths[steepest]} to {strengths[steepest + 1]}"
    )
    of_peak = np.stack([values[:, w, mean[w].argmax()] for w in (0, 1)], axis=1)
    settled, whole = {"E": (0.0022, 0.0064), "E/I": (0.0042, 0.0066)}[kind]
    results = [compare(f"{kind}: peak, from 500 ms", of_peak[:, 0], settled, 5e-5, of_one_set=True)]
    # Decides nothing: the reference does not say how long it recorded, and with the start the variance of E/I clusters
    # depends on that: .0055 over 1000 ms, .0060 over 2000 ms. The ratio of the peaks is what the claim is about.
    compare(f"{kind}: peak, from 0 ms (for information)", of_peak[:, 1], whole, 5e-5, of_one_set=True)
    if kind == "E":
        at_two = values[:, 0, grid.index(2.0)]
        results.append(compare("E: J_E+ = 2, from 500 ms", at_two, 0.00031, 5e-6))
        results.append(inside("E: J_+ of the peak", strengths[at], 2.1, 2.2))
        results.append(inside("E: J_+ where the jump begins", strengths[steepest], 2.0, 2.1))
        results.append(inside("E: at 2.9 over the peak", mean[0, -1] / mean[0, at], 0, 0.5))
    return results, of_peak


def check_states(n_networks: int) -> list[str]:
    """How many clusters are active, and how far their rates go."""

    def measure(activity: BinaryActivity, active: float) -> list[float]:
        rates = activity.discard(BURN_IN_MS).cluster_rates["E"]
        number, largest = (rates > active).sum(axis=1), rates.max(axis=1)
        return [*[(number == k).mean() for k in range(5)], (largest > 0.7).mean(), largest.max()]

    results = []
    for kind, j, r_j in (("E", 2.9, 0.0), ("E/I", 4.0, 0.75)):
        values = over_networks(
            lambda index, kind=kind, j=j, r_j=r_j: measure(simulate(index, j_e_plus=j, r_j=r_j), ACTIVE[kind]),
            n_networks,
        )
        print(f"\n{kind} clusters at J_E+ = {j:g}: fraction of samples with k clusters above {ACTIVE[kind]:g}")
        for k, (mean, error) in enumerate(zip(values.mean(axis=0)[:5], standard_error(values)[:5], strict=True)):
            print(f"  k = {k}  {mean:.4f} +- {error:.4f}")
        print(f"  largest rate of all {values[:, 6].max():.3f}")
        if kind == "E":
            results.append(compare("E at 2.9: one active cluster", values[:, 1], 0.72, 0.005, of_one_set=True))
        else:
            results.append(compare("E/I at 4: some rate above .7", values[:, 5], 0.003, 0.0005, of_one_set=True))
    return results


# ----------------------------------------------------------------------- helpers


def simulate(index: int, **options: float) -> BinaryActivity:
    """Simulate all trials of one network in this thread."""
    return mst.simulate(
        rost_2018(**options),
        duration_ms=BURN_IN_MS + MEASURED_MS,
        n_trials=N_TRIALS,
        seed=SEED,
        network_index=index,
        n_jobs=1,
        progress=False,
    )


def over_networks(measure: Callable[[int], object], n_networks: int) -> NDArray[np.float64]:
    """Measure each network, on threads; networks along the first axis."""

    def job(index: int, monitor: Monitor) -> object:
        monitor.advance(1)
        return measure(index)

    results = run_jobs(job, range(n_networks), n_jobs=None, total=n_networks, label="networks", progress=False)
    return np.array(results)


def standard_error(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values.std(axis=0, ddof=1) / np.sqrt(len(values))


def compare(
    what: str, values: NDArray[np.float64], reference: float, rounding: float, *, of_one_set: bool = False
) -> str:
    """Print a mean beside its reference; return a sentence if they differ.

    A reference `of_one_set` was measured in as many networks: it has an error of its own, taken to be as large.
    """
    mean, error = values.mean(), float(standard_error(values))
    error_of_both = error * np.sqrt(2) if of_one_set else error
    beyond = max(0.0, abs(mean - reference) - rounding)
    z = beyond / error_of_both
    print(f"  {what}: {mean:.5f} +- {error:.6f}, reference {reference:g}: {z:.1f} standard errors beyond its rounding")
    return "" if z < 4 else f"{what}: {mean:.5f}, {z:.1f} standard errors from {reference:g}"


def inside(what: str, value: float, low: float, high: float) -> str:
    """Print a value beside its range; return a sentence if it lies outside."""
    print(f"  {what}: {value:.2f}, expected {low:g} to {high:g}")
    return "" if low - 1e-9 <= value <= high + 1e-9 else f"{what}: {value:.2f} is not within {low:g} to {high:g}"


if __name__ == "__main__":
    sys.exit(main())
