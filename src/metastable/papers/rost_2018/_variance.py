"""Figures 3 and 7b: variance of the cluster rates against the strength of the clusters, simulated and from theory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import sem

from metastable import figures
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Results, Scale
from metastable.papers.rost_2018._variance_figure import VarianceFigure
from metastable.papers.rost_2018._variance_measures import BURN_IN_MS, MEASURED_MS, WINDOWS

_UNIT = "x 10^-3"


def at_the_peak(variances: NDArray) -> NDArray:
    """Return each network's variance at the strength where their mean is largest, (n_networks,)."""
    return variances[:, variances.mean(axis=0).argmax()]


def peak_of(results: Results, group: str, window: str) -> tuple[NDArray, float, bool]:
    """Return each network's variance at the peak of the mean in units of 1e-3, where it is, and if it ends the grid."""
    variances, strength = 1000 * results.stack(group, window), results.first(group)["j_e_plus"]
    at = int(variances.mean(axis=0).argmax())
    return at_the_peak(variances), float(strength[at]), at == len(strength) - 1


def peak_claims(results: Results) -> list[Claim]:
    """Confront the peaks of both architectures, wired alike, in both windows: which is higher hangs on the burn-in."""
    claims, differences = [], {}
    for window, (ei_number, e_number) in _REFERENCE_PEAKS.items():
        ei, at_ei, last = peak_of(results, "networks", window)
        e, at_e, _ = peak_of(results, "E networks", window)
        differences[window] = ei - e
        end = " (the last strength, at which E clusters are decoupled)" if last else ""
        claims.append(
            Claim(
                f"Peak of sigma_m^2 with E/I clusters minus that with E clusters, {WINDOWS[window]}",
                f"above 0 (reference {ei_number:g} - {e_number:g} = {ei_number - e_number:.1f})",
                (0, np.inf),
                differences[window],
                _UNIT,
                note=(
                    f"Same wirings. E/I: {ei.mean():.2f} at J_E+ = {at_ei:g}{end}; E: {e.mean():.2f} at {at_e:g}; "
                    f"ratio of the means {ei.mean() / e.mean():.2f} (reference {ei_number / e_number:.2f}). "
                    f"{_ORDER_NOTE[window]}"
                ),
            )
        )
    (a, b), (c, d) = _REFERENCE_PEAKS.values()
    return [
        *claims,
        Claim(
            f"The same difference, {WINDOWS['settled']}, minus that for {WINDOWS['whole']}",
            f"above 0 (reference {(a - b) - (c - d):.1f})",
            (0, np.inf),
            differences["settled"] - differences["whole"],
            _UNIT,
            note=(
                "Above 0: the order of the peaks depends on the burn-in; discarding the first "
                f"{BURN_IN_MS:g} ms favours E/I clusters."
            ),
        ),
    ]


# Reference numbers of the peaks with E/I and with E clusters, in units of 1e-3.
_REFERENCE_PEAKS = {"settled": (4.2, 2.2), "whole": (6.6, 6.4)}
_ORDER_NOTE = {
    "settled": "The paper, which states no burn-in, finds a substantially higher peak with E/I clusters.",
    "whole": (
        "The window holds the transient from the random initial state to the first winner, which adds more where "
        "winners saturate; the substantially higher peak of the paper needs a burn-in."
    ),
}


def _reference_claims(figure: VarianceFigure, results: Results) -> list[Claim]:
    """Claims on sigma_m^2 where the spec gives a number for linear noise and simulation."""
    at, number = figure.reference
    name = f"sigma_m^2 at J_E+ = {at:g}, {figure.architecture} clusters"
    claims = [
        Claim(
            f"{name}: linear noise, stationary, nothing fitted",
            f"{number:g} (reference)",
            (0.975 * number, 1.025 * number),
            1000 * results.first("linear noise")["at"][None],
            _UNIT,
            exact=True,
        )
    ]
    column = np.flatnonzero(results.first("networks")["j_e_plus"] == at)
    if column.size:
        simulated = 1000 * results.stack("networks", "settled")[:, column[0]]
        chain = 1000 * results.every("chain")[column[0]]["settled"]
        claims.append(
            Claim(
                f"{name}: simulated, {WINDOWS['settled']}",
                f"{number:g} (reference)",
                (0.85 * number, 1.15 * number),
                simulated,
                _UNIT,
                note=f"The annealed chain has {chain.mean():.2f} with a standard error of {sem(chain):.2f}.",
            )
        )
    return claims


def _claims_e(results: Results) -> list[Claim]:
    strength = results.first("networks")["j_e_plus"]
    settled = 1000 * results.stack("networks", "settled")
    # The peak of the mean over networks, and the jump as the steepest rise of that mean.
    peak, at, _ = peak_of(results, "networks", "settled")
    peak_of_whole, at_whole, _ = peak_of(results, "networks", "whole")
    jump = strength[np.diff(settled.mean(axis=0)).argmax()]
    return [
        Claim(
            "J+ before the steepest rise of the mean sigma_m^2",
            "around 2 (reference 2.05-2.1)",
            (2.0, 2.1),
            np.array([jump]),
            exact=True,
        ),
        Claim("J+ at the peak of the mean sigma_m^2", "near 2.15", (2.1, 2.2), np.array([at]), exact=True),
        Claim(f"Peak of sigma_m^2, E clusters, {WINDOWS['settled']}", "2.2 (reference)", (1.6, 2.8), peak, _UNIT),
        Claim(
            f"Peak of sigma_m^2, E clusters, {WINDOWS['whole']}",
            "6.4 (reference)",
            None,
            peak_of_whole,
            _UNIT,
            note=f"At J+ = {at_whole:g}.",
        ),
        Claim(
            f"sigma_m^2 at the largest J+ over its peak, {WINDOWS['settled']}",
            "falls quickly",
            (0, 0.5),
            settled[:, -1] / peak.mean(),
        ),
        *_reference_claims(E_FIGURE, results),
    ]


_THEORY_CAPTION = (
    "Theory without a fitted parameter: linear noise about the homogeneous state, for a window of "
    f"{MEASURED_MS:g} ms and stationary, which diverges where that state is lost; the annealed chain (connections "
    "drawn anew at every update) needs no state and starts as the simulation does, without its fixed wiring. Below: "
    f"onsets (transitions from 0 to 1) of the excitatory units of one trial, {WINDOWS['settled']}, sorted by cluster, "
    "on shades of their cluster's rate: units of a saturated cluster stay on and have no onsets."
)

E_FIGURE = VarianceFigure(
    "E", "variance_j_e", (1.0, 2.0, 2.2, 2.8), figures.COLORS["clustered"], (2.0, 0.31), ((0.04, 0.95), (0.04, 0.95))
)

FIGURE_3 = Figure(
    name="variance-e",
    title="Variance of cluster rates in E-clustered networks (Figure 3)",
    caption=(
        "sigma_m^2, the variance over time of the rate of a cluster; it grows where clusters switch and falls where "
        f"one wins. {_THEORY_CAPTION}"
    ),
    jobs=E_FIGURE.jobs,
    draw=E_FIGURE.draw,
    claims=_claims_e,
)


def _jobs_ei(scale: Scale) -> list[Job]:
    # The networks of Figure 3 again, for the comparison of the peaks; they are computed once.
    return [*EI_FIGURE.jobs(scale), *E_FIGURE.networks(scale, "E networks")]


def _claims_ei(results: Results) -> list[Claim]:
    settled, at, _ = peak_of(results, "networks", "settled")
    whole, at_whole, last = peak_of(results, "networks", "whole")
    return [
        Claim(
            f"J_E+ at the peak of sigma_m^2, E/I clusters, {WINDOWS['settled']}",
            "above that of E clusters",
            (peak_of(results, "E networks", "settled")[1], np.inf),
            np.array([at]),
            exact=True,
        ),
        Claim(f"Peak of sigma_m^2, E/I clusters, {WINDOWS['settled']}", "4.2 (reference)", (3.2, 5.2), settled, _UNIT),
        Claim(
            f"Peak of sigma_m^2, E/I clusters, {WINDOWS['whole']}",
            "6.6 (reference)",
            None,
            whole,
            _UNIT,
            note=f"At J_E+ = {at_whole:g}{', the last strength: there is no stronger clustering' if last else ''}.",
        ),
        *peak_claims(results),
        *_reference_claims(EI_FIGURE, results),
    ]


EI_FIGURE = VarianceFigure(
    "E/I", "variance_j_ei", (1.0, 4.0, 8.0, 20.0), figures.COLORS["outside"], (3.5, 2.0), ((0.5, 0.95), (0.5, 0.15))
)

FIGURE_7B = Figure(
    name="variance-ei",
    title="Variance of cluster rates in E/I-clustered networks (Figure 7b)",
    caption=(
        "As Figure 3, with R_J = 3/4. The range of cluster strengths in which clusters switch is wide, up to the "
        f"complete decoupling of the excitatory clusters at J_E+ = 20. {_THEORY_CAPTION}"
    ),
    jobs=_jobs_ei,
    draw=EI_FIGURE.draw,
    claims=_claims_ei,
)
