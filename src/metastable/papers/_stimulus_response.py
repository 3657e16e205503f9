"""A stimulus to some clusters: every measure inside and outside of them, in time, and before and during it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from metastable import figures, statistics
from metastable.papers._paper import Numbers, Results
from metastable.spikes import SpikeData

GROUPS = ("all", "inside", "outside")

# A number for each neuron, NaN where it fired too little.
Measure = Callable[[SpikeData], NDArray[np.float64]]


@dataclass(frozen=True)
class StimulusResponse:
    """The protocol: when the stimulus is on, from when its response counts as settled, windows, bins and ddof."""

    on_ms: float
    off_ms: float
    settled_ms: float
    window_ms: float
    step_ms: float
    bin_ms: float
    ddof: int

    def of(self, spikes: SpikeData, n_stimulated: int, measures: dict[str, Measure] | None = None) -> Numbers:
        """Measure trials in which the first clusters are stimulated.

        Fano factors (``fano_GROUP``) and rates (``rate_GROUP``) in time, and both, with further measures, before and
        during the stimulus (``NAME_PART_GROUP``), mean of the neurons that fired enough.
        """
        inside = spikes.membership[:, :n_stimulated].any(axis=1)
        members = {"all": np.ones_like(inside), "inside": inside, "outside": ~inside}
        in_time = statistics.fano_factor_in_time(spikes, window_ms=self.window_ms, step_ms=self.step_ms, ddof=self.ddof)
        profile = statistics.response_profile(
            spikes,
            event_ms=self.on_ms,
            before_ms=self.on_ms - spikes.t_start_ms,
            after_ms=spikes.t_stop_ms - self.on_ms,
            bin_ms=self.bin_ms,
            groups=members,
            response_ms=(self.settled_ms - self.on_ms, self.off_ms - self.on_ms),
        )
        numbers: Numbers = {
            "time_ms": in_time.time_ms,
            "rate_time_ms": profile.time_ms + self.on_ms,
            "n_trials": np.array(spikes.n_trials),
        }
        for row, group in enumerate(GROUPS):
            numbers[f"fano_{group}"] = in_time.mean(members[group])
            numbers[f"rate_{group}"] = profile.rate[row]
        parts = {"before": (spikes.t_start_ms, self.on_ms), "during": (self.settled_ms, self.off_ms)}
        for part, window in parts.items():
            selected = spikes.select(time_ms=window)
            for name, measure in {"fano": self._fano, "rate": statistics.firing_rates, **(measures or {})}.items():
                values = measure(selected)
                for group in GROUPS:
                    numbers[f"{name}_{part}_{group}"] = np.array(_mean(values[members[group]]))
        return numbers

    def _fano(self, spikes: SpikeData) -> NDArray[np.float64]:
        return statistics.fano_factor(spikes, window_ms=self.window_ms, estimator="mean_of_ratios", ddof=self.ddof)

    def draw(self, results: Results, key: str, top: Axes, bottom: Axes) -> None:
        """Draw Fano factors above rates of each group in time, the stimulus shaded."""
        numbers = results.first(key)
        for ax, quantity, time in ((top, "fano", "time_ms"), (bottom, "rate", "rate_time_ms")):
            figures.mark_window(ax, self.on_ms / 1000, self.off_ms / 1000)
            for group in GROUPS:
                figures.curve_with_spread(
                    numbers[time] / 1000,
                    results.stack(key, f"{quantity}_{group}"),
                    label=f"{group} E neurons" if group == "all" else f"{group} the stimulated clusters",
                    color=figures.COLORS[group],
                    ax=ax,
                )
        top.axhline(1, color="#999999", linewidth=0.6, zorder=0)
        bottom.set_xlabel("time (s)")


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
