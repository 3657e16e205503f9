"""The drawing of Figures 3 and 7b: variance from simulation and theory, above sample rasters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from scipy.stats import sem

from metastable import figures
from metastable.papers._paper import Job, Numbers, Results, Scale
from metastable.papers.rost_2018._protocol import ARCHITECTURES
from metastable.papers.rost_2018._variance_measures import (
    BURN_IN_MS,
    END_MS,
    MEASURED_MS,
    WINDOWS,
    linear_noise_of,
    trial_of,
    variance_of_chain,
    variance_of_network,
)
from metastable.spikes import SpikeData

_TITLES = {
    "settled": f"{WINDOWS['settled']}, first {BURN_IN_MS:g} ms discarded",
    "whole": WINDOWS["whole"],
}
_CHAIN = {"color": "black", "linewidth": 1.0}
_IN_WINDOW = {"color": "#d68910", "linestyle": "--", "linewidth": 1.2}
_STATIONARY = {"color": "#d68910", "linestyle": ":", "linewidth": 1.2}
_LOSS = {"color": "#999999", "linewidth": 0.7}


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
            for column, window in enumerate(WINDOWS):
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
            (_IN_WINDOW, f"linear noise in {MEASURED_MS:g} ms (a)"),
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
            t_start_ms=BURN_IN_MS,
            t_stop_ms=END_MS,
        )
        size = n_units // len(numbers["rates"])
        figures.cluster_shades(numbers["sample_ms"], numbers["rates"], cluster_size=size, color=self.color, ax=ax)
        figures.raster(spikes, color=self.color, size=0.5, ax=ax)
