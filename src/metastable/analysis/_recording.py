"""A recording made ready: spikes listed twice dropped, widths that fit it, parts that keep the work bounded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable.spikes import SpikeData

_WIDTHS_MS = (5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10000.0)


def distinct(spikes: SpikeData) -> tuple[SpikeData, int]:
    """Return the recording with each spike once, and how many were listed again."""
    order = np.lexsort((spikes.time_ms, spikes.neuron, spikes.trial))
    trial, neuron, time = spikes.trial[order], spikes.neuron[order], spikes.time_ms[order]
    again = np.zeros(spikes.n_spikes, bool)
    again[1:] = (np.diff(trial) == 0) & (np.diff(neuron) == 0) & (np.diff(time) == 0)
    if not again.any():
        return spikes, 0
    keep = order[~again]
    once = SpikeData(
        time_ms=spikes.time_ms[keep],
        neuron=spikes.neuron[keep],
        trial=spikes.trial[keep],
        n_neurons=spikes.n_neurons,
        n_trials=spikes.n_trials,
        t_start_ms=spikes.t_start_ms,
        t_stop_ms=spikes.t_stop_ms,
        dt_ms=spikes.dt_ms,
        cluster=spikes.cluster,
        population=spikes.population,
        neuron_id=spikes.neuron_id,
        trial_id=spikes.trial_id,
        meta=spikes.meta,
    )
    return once, int(again.sum())


def fitting_width(spikes: SpikeData, wanted_ms: float) -> float:
    """Return the width nearest to the one wanted that is a whole number of steps of the recording's grid, ms."""
    if spikes.dt_ms is None:
        return float(wanted_ms)
    return max(1, round(wanted_ms / spikes.dt_ms)) * spikes.dt_ms


def window_widths(spikes: SpikeData) -> list[float]:
    """Return widths of counting windows that leave enough of them, ms; none for recordings of a few steps.

    Across trials two windows do; without trials the windows are the samples, and ten are the least.
    """
    longest = spikes.duration_ms / (2 if spikes.n_trials > 1 else 10)
    widths = {fitting_width(spikes, width) for width in (*_WIDTHS_MS, longest) if width <= longest}
    return sorted(width for width in widths if width <= longest * (1 + 1e-9))


def counting_window(spikes: SpikeData, widths: list[float]) -> float:
    """Return the shortest of the widths in which a neuron that fires has a spike on average, at least 100 ms.

    Where windows hold much less than a spike, every count is 0 or 1, and any train looks like a Poisson process.
    """
    n_firing = np.unique(spikes.neuron).size
    interval = spikes.duration_ms * spikes.n_trials * n_firing / max(spikes.n_spikes, 1)
    return next((width for width in widths if width >= max(interval, 100.0) * (1 - 1e-9)), widths[-1])


def most_active(spikes: SpikeData, n_most: int) -> tuple[NDArray[np.intp], str]:
    """Return the indices of at most so many neurons, those with most spikes, and a sentence if some were left out.

    Of several populations each keeps its share: inhibitory neurons fire more, and would take all places.
    """
    if spikes.n_neurons <= n_most:
        return np.arange(spikes.n_neurons), ""
    counts = np.bincount(spikes.neuron, minlength=spikes.n_neurons)
    names = np.zeros(spikes.n_neurons, int)
    if spikes.population is not None:
        names = np.unique(spikes.population, return_inverse=True)[1]
    rank = np.empty(spikes.n_neurons)
    for name in np.unique(names):
        own = np.flatnonzero(names == name)
        rank[own[np.argsort(-counts[own], kind="stable")]] = np.arange(own.size) / own.size
    chosen = np.sort(np.argsort(rank, kind="stable")[:n_most])
    of_each = " of each population" if names.any() else ""
    return chosen, (
        f"{n_most:,} of {spikes.n_neurons:,} neurons are compared, the most active{of_each}, to keep the time short."
    )


def shortened(spikes: SpikeData, max_spikes: int) -> tuple[SpikeData, str]:
    """Return the first trials, or the first part of the first trial, with at most so many spikes, and a sentence."""
    if spikes.n_spikes <= max_spikes:
        return spikes, ""
    n_trials = int(np.searchsorted(spikes.trial_offsets, max_spikes, side="right")) - 1
    if n_trials >= 1:
        part = spikes.select(trial=range(n_trials))
        return part, f"Only the first {n_trials} of {spikes.n_trials} trials are compared, to keep the time short."
    first = spikes.select(trial=[0])
    stop = float(first.time_ms[max_spikes])
    if stop <= spikes.t_start_ms:
        return first, ""
    return first.select(time_ms=(spikes.t_start_ms, stop)), (
        f"Only the first {(stop - spikes.t_start_ms) / 1000:.3g} s of the first trial are compared, "
        "to keep the time short."
    )
