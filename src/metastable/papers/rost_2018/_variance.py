"""Figures 3 and 7b: variance of the cluster rates against the strength of the clusters, simulated and from theory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from scipy.stats import sem

from metastable import figures, meanfield
from metastable.networks import rost_2018
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.rost_2018._protocol import ARCHITECTURES, activity_of
from metastable.simulation import simulate
from metastable.spikes import SpikeData

_BURN_IN_MS = 500.0
_MEASURED_MS = 1000.0
_END_MS = _BURN_IN_MS + _MEASURED_MS
# The two windows of a trial in which sigma_m^2 is measured; the paper does not say whether it discards anything.
_WINDOWS = {
    "settled": f"{_BURN_IN_MS:g}-{_END_MS:g} ms",
    "whole": f"0-{_MEASURED_MS:g} ms, nothing discarded",
}
_TITLES = {
    "settled": f"{_WINDOWS['settled']}, first {_BURN_IN_MS:g} ms discarded",
    "whole": _WINDOWS["whole"],
}
_UNIT = "x 10^-3"


def _variances(rates: NDArray[np.float64]) -> Numbers:
    """Return sigma_m^2 of each trial in both windows, from rates (n_trials, n_clusters, n_samples) of 1 ms."""
    parts = {"settled": rates[..., round(_BURN_IN_MS) :], "whole": rates[..., : round(_MEASURED_MS)]}
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
            duration_ms=_END_MS,
            n_trials=n_trials,
            seed=seed,
            n_jobs=1,
            progress=False,
        )
        found.append(_variances(activity.cluster_rates["E"]))
    means = {name: np.array([numbers[name].mean() for numbers in found]) for name in _WINDOWS}
    return {"j_e_plus": np.array(j_e_plus), "n_trials": np.array(n_trials), **means}


def variance_of_chain(*, seed: int, r_j: float, j_e_plus: float, n_trials: int) -> Numbers:
    """Run the annealed chain as a network is simulated; return sigma_m^2 of each trial in both windows."""
    chain = meanfield.cluster_chain(
        rost_2018(j_e_plus=j_e_plus, r_j=r_j),
        duration_ms=_END_MS,
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
        "in_window": np.array([noise(j, _MEASURED_MS).cluster_mean("E") for j in grid]),
        "at": np.array(noise(at).cluster_mean("E")),
    }


def trial_of(*, seed: int, j_e_plus: float, r_j: float) -> Numbers:
    """Simulate one trial; keep the onsets of excitatory units and the rates of their clusters after the burn-in."""
    activity = activity_of(
        seed=seed, j_e_plus=j_e_plus, r_j=r_j, network_index=0, duration_ms=_END_MS, record_spikes=True
    ).discard(_BURN_IN_MS)
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


@dataclass(frozen=True)
class VarianceFigure:
    """The variance of one architecture: strengths simulated and shown as rasters, and one for which there is a number.

    `reference` is that strength and the number in units of 1e-3, from linear noise and from a simulation alike;
    `notes` are the places of the notes on the peaks in both panels, fractions of the axes.
    """

    architecture: str
    grid: str
    shown: tuple[float, ...]
    color: str
    reference: tuple[float, float]
    notes: tuple[tuple[float, float], tuple[float, float]]

    def networks(self, scale: Scale, group: str) -> list[Job]:
        """List the simulated networks alone."""
        shared = {
            "r_j": ARCHITECTURES[self.architecture],
            "j_e_plus": scale.numbers[self.grid],
            "n_trials": scale.numbers["n_trials"],
        }
        return [
            Job(group, variance_of_network, {"network_index": index, **shared})
            for index in range(scale.numbers["n_networks"])
        ]

    def jobs(self, scale: Scale) -> list[Job]:
        """List the networks, then theory, then the rasters."""
        r_j, grid = ARCHITECTURES[self.architecture], scale.numbers[self.grid]
        chain = {"r_j": r_j, "n_trials": scale.numbers["n_chain"]}
        noise = {"r_j": r_j, "stop": grid[-1], "n_points": 24, "at": self.reference[0]}
        return [
            *self.networks(scale, "networks"),
            *(Job("chain", variance_of_chain, {"j_e_plus": j, **chain}) for j in grid),
            Job("linear noise", linear_noise_of, noise),
            *(Job(f"{j:g}", trial_of, {"j_e_plus": j, "r_j": r_j}) for j in self.shown),
        ]

    def draw(self, results: Results):
        """Draw simulation and theory for both windows above sample rasters."""
        with figures.style():
            drawing = figures.new_figure(7.2, 6.0)
            grid = drawing.add_gridspec(2, 4, height_ratios=[1.3, 1])
            for column, window in enumerate(_WINDOWS):
                ax = drawing.add_subplot(grid[0, 2 * column : 2 * column + 2])
                self._draw_variance(ax, results, window, self.notes[column])
                n_trials = int(results.first("networks")["n_trials"])
                estimator = f"{self.architecture} clusters; variance over time, mean of clusters and {n_trials} trials"
                figures.titled(ax, f"{'ab'[column]}  {_TITLES[window]}", estimator)
            drawing.axes[1].set_ylabel("")
            drawing.legend(handles=self._legend(results), loc="outside lower center", ncols=3)
            for column, j in enumerate(self.shown):
                ax = drawing.add_subplot(grid[1, column])
                self._draw_raster(ax, results.first(f"{j:g}"))
                figures.titled(ax, f"{'cdef'[column]}  $J_{{E+}}={j:g}$")
                if column:
                    ax.set(ylabel="", yticklabels=[])
        return drawing

    def _draw_variance(self, ax: Axes, results: Results, window: str, note: tuple[float, float]) -> None:
        strength, noise = results.first("networks")["j_e_plus"], results.first("linear noise")
        simulated = 1000 * results.stack("networks", window)
        chain = 1000 * results.stack("chain", window)
        figures.curve_with_spread(strength, simulated, color=self.color, marker="o", ax=ax)
        middle, error = chain.mean(axis=1), sem(chain, axis=1)
        ax.errorbar(strength, middle, error, capsize=1.5, **_CHAIN)
        if window == "settled":
            # The transient from the random initial state is no fluctuation about a stable state.
            ax.plot(noise["j_e_plus"], 1000 * noise["in_window"], **_IN_WINDOW)
            ax.plot(noise["j_e_plus"], 1000 * noise["stationary"], **_STATIONARY)
        ax.axvline(float(noise["loss"]), **_LOSS)
        mean = simulated.mean(axis=0)
        peak = mean.argmax()
        where = f"simulation: largest mean {mean[peak]:.1f}\nat $J_{{E+}}={strength[peak]:g}$"
        if peak == len(strength) - 1:
            where += ", the last strength"
        ax.text(*note, where, transform=ax.transAxes, va="top", fontsize=6)
        top = (mean + (simulated.std(axis=0, ddof=1) if len(simulated) > 1 else 0)).max()
        ax.set(
            xlabel="cluster strength $J_{E+}$",
            ylabel="$\\sigma_m^2\\times10^3$",
            ylim=(0, 1.1 * max(top, (middle + error).max())),
            xlim=(strength[0] - 0.02 * np.ptp(strength), strength[-1] + 0.02 * np.ptp(strength)),
        )

    def _legend(self, results: Results) -> list[Line2D]:
        n_networks = len(results.every("networks"))
        n_chain = results.first("chain")["whole"].size
        lines: list[tuple[dict[str, Any], str]] = [
            (
                {"color": self.color, "marker": "o"},
                f"simulation: {n_networks} networks, band: s.d.",
            ),
            (_CHAIN, f"annealed chain: {n_chain} trials, bars: s.e.m."),
            (_LOSS, "homogeneous state lost"),
            (_IN_WINDOW, f"linear noise in {_MEASURED_MS:g} ms (a)"),
            (_STATIONARY, "linear noise, stationary (a)"),
        ]
        return [Line2D([], [], label=label, **line) for line, label in lines]

    def _draw_raster(self, ax: Axes, numbers: Numbers) -> None:
        n_units = numbers["cluster"].size
        spikes = SpikeData(
            time_ms=numbers["time_ms"],
            neuron=numbers["neuron"],
            n_neurons=n_units,
            cluster=numbers["cluster"],
            t_start_ms=_BURN_IN_MS,
            t_stop_ms=_END_MS,
        )
        size = n_units // len(numbers["rates"])
        figures.cluster_shades(numbers["sample_ms"], numbers["rates"], cluster_size=size, color=self.color, ax=ax)
        figures.raster(spikes, color=self.color, size=0.5, ax=ax)


_CHAIN = {"color": "black", "linewidth": 1.0}
_IN_WINDOW = {"color": "#d68910", "linestyle": "--", "linewidth": 1.2}
_STATIONARY = {"color": "#d68910", "linestyle": ":", "linewidth": 1.2}
_LOSS = {"color": "#999999", "linewidth": 0.7}


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
                f"Peak of sigma_m^2 with E/I clusters minus that with E clusters, {_WINDOWS[window]}",
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
            f"The same difference, {_WINDOWS['settled']}, minus that for {_WINDOWS['whole']}",
            f"above 0 (reference {(a - b) - (c - d):.1f})",
            (0, np.inf),
            differences["settled"] - differences["whole"],
            _UNIT,
            note=(
                "Above 0: the order of the peaks depends on the burn-in; discarding the first "
                f"{_BURN_IN_MS:g} ms favours E/I clusters."
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
                f"{name}: simulated, {_WINDOWS['settled']}",
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
        Claim(f"Peak of sigma_m^2, E clusters, {_WINDOWS['settled']}", "2.2 (reference)", (1.6, 2.8), peak, _UNIT),
        Claim(
            f"Peak of sigma_m^2, E clusters, {_WINDOWS['whole']}",
            "6.4 (reference)",
            None,
            peak_of_whole,
            _UNIT,
            note=f"At J+ = {at_whole:g}.",
        ),
        Claim(
            f"sigma_m^2 at the largest J+ over its peak, {_WINDOWS['settled']}",
            "falls quickly",
            (0, 0.5),
            settled[:, -1] / peak.mean(),
        ),
        *_reference_claims(E_FIGURE, results),
    ]


_THEORY_CAPTION = (
    "Theory without a fitted parameter: linear noise about the homogeneous state, for a window of "
    f"{_MEASURED_MS:g} ms and stationary, which diverges where that state is lost; the annealed chain (connections "
    "drawn anew at every update) needs no state and starts as the simulation does, without its fixed wiring. Below: "
    f"onsets (transitions from 0 to 1) of the excitatory units of one trial, {_WINDOWS['settled']}, sorted by cluster, "
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
            f"J_E+ at the peak of sigma_m^2, E/I clusters, {_WINDOWS['settled']}",
            "above that of E clusters",
            (peak_of(results, "E networks", "settled")[1], np.inf),
            np.array([at]),
            exact=True,
        ),
        Claim(f"Peak of sigma_m^2, E/I clusters, {_WINDOWS['settled']}", "4.2 (reference)", (3.2, 5.2), settled, _UNIT),
        Claim(
            f"Peak of sigma_m^2, E/I clusters, {_WINDOWS['whole']}",
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
