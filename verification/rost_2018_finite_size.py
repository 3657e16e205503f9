"""Compare the finite-size theory of Rost et al. (2018) with simulations, with confidence intervals over networks.

Run ``python verification/rost_2018_finite_size.py [N_NETWORKS]`` (12 by default, at least 10; one to two minutes). Two
tables: the variance of cluster rates from linear noise, the annealed chain and simulation; mean dwell times from
first-passage times, the chain and simulation, with one detection rule, whose thresholds are those of the theory. Ends
with status 1 if a ratio leaves its band.

Medians over networks: the wiring favours some clusters, in some networks so much that one of them is active nearly all
the time, and a mean over networks is that of the one or two most extreme. The theory has no such differences, so that
it is first compared with the chain, which has none either, and then with the median network.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy.stats import binom

import metastable as mst

BURN_IN_MS = 500.0
# j_e_plus, r_j; bands of the ratios of linear noise (None where there is none) and chain to the simulated median.
VARIANCES = [
    (1.5, 0.0, (0.85, 1.15), (0.85, 1.15)),
    (2.0, 0.0, (0.85, 1.15), (0.85, 1.15)),
    (2.5, 0.75, (0.75, 1.10), (0.80, 1.15)),
    (3.5, 0.75, (0.50, 1.10), (0.75, 1.35)),
    (4.0, 0.75, None, (0.75, 1.5)),
]
# j_e_plus at r_j = .75; bands for active and inactive times: first passage to chain, first passage to simulation.
DWELL_TIMES = [
    (3.5, ((0.85, 1.40), (0.70, 1.20)), ((0.6, 1.6), (0.4, 1.2))),
    (3.7, ((0.80, 1.20), (0.60, 1.00)), ((0.5, 1.4), (0.3, 1.1))),
    (4.0, ((0.80, 1.20), (0.75, 1.15)), ((0.4, 1.4), (0.3, 1.2))),
]


def interval(values) -> tuple[float, float, float]:
    """Return the median and its 95 % confidence interval by order statistics, which assumes no distribution."""
    ordered = np.sort(np.asarray(values, float))
    rank = int(binom.ppf(0.025, ordered.size, 0.5)) - 1
    return float(np.median(ordered)), float(ordered[rank]), float(ordered[-1 - rank])


def simulated_rates(network, n_networks: int, duration_ms: float):
    for index in range(n_networks):
        activity = mst.simulate(network, duration_ms=duration_ms, seed=2018, network_index=index)
        yield activity.discard(BURN_IN_MS).cluster_rates["E"]


def mean_dwell(rates, threshold) -> tuple[float, float]:
    states = mst.statistics.cluster_states(rates, sample_ms=1, threshold=threshold)
    return states.up.mean_ms, states.down.mean_ms


def main() -> int:
    n_networks = max(10, int(sys.argv[1])) if len(sys.argv) > 1 else 12
    failures = []

    def judge(what: str, ratio: float, band: tuple[float, float]) -> None:
        if not band[0] <= ratio <= band[1]:
            failures.append(f"{what}: ratio {ratio:.2f}, expected {band[0]:g} to {band[1]:g}")

    duration = 5500.0
    print(
        f"sigma_m^2 of E clusters, {n_networks} networks of {duration:g} ms, burn-in {BURN_IN_MS:g} ms; "
        "medians, 95 % intervals"
    )
    print(f"{'J_E+':>5} {'R_J':>5} {'linear noise':>13} {'chain':>31} {'simulation':>31}")
    for j_e_plus, r_j, linear_band, chain_band in VARIANCES:
        network = mst.networks.rost_2018(j_e_plus=j_e_plus, r_j=r_j)
        noise = mst.meanfield.linear_noise(network, duration_ms=duration - BURN_IN_MS).cluster_mean("E")
        chain = interval(
            mst.meanfield.cluster_chain(
                network, duration_ms=duration, burn_in_ms=BURN_IN_MS, n_trials=n_networks, seed=1
            ).rate_variance("E")
        )
        found = interval([r.var(axis=2).mean() for r in simulated_rates(network, n_networks, duration)])
        print(
            f"{j_e_plus:5g} {r_j:5g} {noise:13.6f}"
            + "".join(" {:11.6f} ({:.5f}, {:.5f})".format(*v) for v in (chain, found))
        )
        if linear_band is not None:
            judge(f"sigma_m^2, linear noise, J_E+ {j_e_plus:g}, R_J {r_j:g}", noise / found[0], linear_band)
        judge(f"sigma_m^2, chain, J_E+ {j_e_plus:g}, R_J {r_j:g}", chain[0] / found[0], chain_band)

    duration = 20_500.0
    print(f"\nmean dwell times in ms, R_J = .75, {n_networks} networks of {duration:g} ms; medians, 95 % intervals")
    print(f"{'J_E+':>5} {'thresholds':>13} {'':>9} {'passage':>8} {'chain':>22} {'simulation':>22}")
    for j_e_plus, to_chain, to_simulation in DWELL_TIMES:
        network = mst.networks.rost_2018(j_e_plus=j_e_plus, r_j=0.75)
        theory = mst.meanfield.dwell_times(network)
        threshold = (theory.low, theory.high)
        chain = mst.meanfield.cluster_chain(
            network, duration_ms=duration, burn_in_ms=BURN_IN_MS, n_trials=n_networks, seed=1
        )
        from_chain = np.array([mean_dwell(trial, threshold) for trial in chain.cluster_rates["E"]])
        simulated = np.array([mean_dwell(r, threshold) for r in simulated_rates(network, n_networks, duration)])
        for i, (kind, passage) in enumerate((("active", theory.up_ms), ("inactive", theory.down_ms))):
            a, b = interval(from_chain[:, i]), interval(simulated[:, i])
            print(
                f"{j_e_plus:5g} ({theory.low:.3f},{theory.high:.3f}) {kind:>9} {passage:8.0f}"
                + "".join(" {:7.0f} ({:5.0f}, {:5.0f})".format(*v) for v in (a, b))
                + f"  networks {simulated[:, i].min():.0f} to {simulated[:, i].max():.0f}"
            )
            judge(f"{kind} time, first passage to chain, J_E+ {j_e_plus:g}", passage / a[0], to_chain[i])
            judge(f"{kind} time, first passage to simulation, J_E+ {j_e_plus:g}", passage / b[0], to_simulation[i])

    print("\n".join(failures) or "everything as expected")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
