"""A recording made ready: spikes listed twice dropped, and widths of windows that fit it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from metastable.analysis._section import short
from metastable.spikes import SpikeData

_SHORTEST_MS = 5.0
# Counts of all neurons in all windows of one trial: some 40 bytes for each while a Fano factor is computed.
_MOST_COUNTS = 10_000_000
# Counts of all trials together, one after the other: some seconds for each width.
_MOST_COUNTS_IN_TRIALS = 300_000_000


def distinct(spikes: SpikeData) -> tuple[SpikeData, int]:
    """Return the recording with each spike once, and how many were listed again."""
    again = np.zeros(spikes.n_spikes, bool)
    # Sorted by trial, time and neuron: what is listed twice stands side by side.
    again[1:] = (np.diff(spikes.time_ms) == 0) & (np.diff(spikes.neuron) == 0) & (np.diff(spikes.trial) == 0)
    if not again.any():
        return spikes, 0
    once = {name: getattr(spikes, name)[~again] for name in ("time_ms", "neuron", "trial")}
    return replace(spikes, **once), int(again.sum())


def fitting_width(spikes: SpikeData, wanted_ms: float) -> float:
    """Return the width nearest to the one wanted that is a whole number of steps of the recording's grid, ms."""
    if spikes.dt_ms is None:
        return float(wanted_ms)
    return max(1, round(wanted_ms / spikes.dt_ms)) * spikes.dt_ms


def window_widths(spikes: SpikeData) -> tuple[list[float], str]:
    """Return widths of counting windows, ms, and a sentence if short ones were left out.

    Windows are long enough to be counted in bounded memory, and short enough to leave some of them, else there is no
    width: across trials two windows do; without trials the windows are the samples, and ten are the least.
    """
    longest = spikes.duration_ms / (2 if spikes.n_trials > 1 else 10)
    fitting = {fitting_width(spikes, width) for width in (*_round_widths(longest), longest)}
    widths = sorted(width for width in fitting if width <= longest * (1 + 1e-9))
    most = min(_MOST_COUNTS, _MOST_COUNTS_IN_TRIALS / spikes.n_trials)
    # The longest stays: a count of each neuron in ten windows takes no more than the neurons themselves.
    kept = [width for width in widths if spikes.n_neurons * spikes.duration_ms <= most * width] or widths[-1:]
    if len(kept) == len(widths):
        return kept, ""
    return kept, (
        f"Windows shorter than {short(kept[0])} ms are left out: counts of {spikes.n_neurons:,} "
        f"neuron{'s' * (spikes.n_neurons > 1)} in {short(spikes.duration_ms * spikes.n_trials / 1000)} s would take "
        "too much memory and time."
    )


def _round_widths(longest_ms: float) -> list[float]:
    decades = range(math.ceil(math.log10(max(longest_ms, 1.0))) + 1)
    widths = [digit * 10.0**decade for decade in decades for digit in (1, 2, 5)]
    return [width for width in widths if _SHORTEST_MS <= width <= longest_ms]


def counting_window(spikes: SpikeData, widths: list[float]) -> float:
    """Return the shortest of the widths in which a neuron that fires has a spike on average, at least 100 ms.

    Where windows hold much less than a spike, every count is 0 or 1, and any train looks like a Poisson process.
    """
    n_firing = np.unique(spikes.neuron).size
    interval = spikes.duration_ms * spikes.n_trials * n_firing / max(spikes.n_spikes, 1)
    return next((width for width in widths if width >= max(interval, 100.0) * (1 - 1e-9)), widths[-1])
