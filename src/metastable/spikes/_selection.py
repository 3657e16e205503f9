"""Which part of a recording is meant: a window, trials, and neurons by index, cluster and population."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._validation import require_instance, require_pair
from metastable.spikes._arrays import as_selection
from metastable.spikes._grid import snapped_edge

if TYPE_CHECKING:
    from metastable.spikes._spike_data import SpikeData


def select(
    spikes: SpikeData,
    *,
    time_ms: tuple[float, float] | None,
    trial: ArrayLike | None,
    neuron: ArrayLike | None,
    cluster: ArrayLike | None,
    population: str | None,
) -> SpikeData:
    """Select; see `SpikeData.select`."""
    start, stop = _window(spikes, time_ms)
    trials = as_selection("trial", trial, spikes.n_trials)
    neurons = _neurons(spikes, neuron, cluster, population)

    new_trial = np.full(spikes.n_trials, -1, np.int32)
    new_trial[trials] = np.arange(trials.size)
    new_neuron = np.full(spikes.n_neurons, -1, np.int32)
    new_neuron[neurons] = np.arange(neurons.size)
    keep = (spikes.time_ms >= start) & (spikes.time_ms < stop)
    keep &= (new_trial[spikes.trial] >= 0) & (new_neuron[spikes.neuron] >= 0)
    return replace(
        spikes,
        time_ms=spikes.time_ms[keep],
        neuron=new_neuron[spikes.neuron[keep]],
        trial=new_trial[spikes.trial[keep]],
        n_neurons=neurons.size,
        n_trials=trials.size,
        t_start_ms=start,
        t_stop_ms=stop,
        cluster=None if spikes.cluster is None else spikes.cluster[neurons],
        population=None if spikes.population is None else spikes.population[neurons],
        neuron_id=spikes.neuron_id[neurons],
        trial_id=spikes.trial_id[trials],
    )


def _window(spikes: SpikeData, time_ms: tuple[float, float] | None) -> tuple[float, float]:
    if time_ms is None:
        return spikes.t_start_ms, spikes.t_stop_ms
    start, stop = require_pair("time_ms", time_ms)
    if spikes.dt_ms is not None:
        # Snapped before the comparison: 2.1 is three steps of 0.7, although 3 * 0.7 < 2.1 in floats.
        start, stop = (snapped_edge("time_ms", t, spikes.dt_ms) for t in (start, stop))
    if not spikes.t_start_ms <= start <= stop <= spikes.t_stop_ms:
        raise ValueError(
            f"time_ms=({start:g}, {stop:g}) is not a window inside the recording, "
            f"[{spikes.t_start_ms:g}, {spikes.t_stop_ms:g}) ms; choose one inside."
        )
    return start, stop


def _neurons(
    spikes: SpikeData, neuron: ArrayLike | None, cluster: ArrayLike | None, population: str | None
) -> NDArray[np.intp]:
    keep = np.zeros(spikes.n_neurons, bool)
    keep[as_selection("neuron", neuron, spikes.n_neurons)] = True
    if cluster is not None:
        if spikes.cluster is None:
            raise ValueError("these spikes have no cluster labels; give cluster= when building them.")
        wanted = as_selection("cluster", cluster, spikes.n_clusters)
        keep &= spikes.membership[:, wanted].any(axis=1)
    if population is not None:
        require_instance("population", population, str, do="give one name")
        if spikes.population is None:
            raise ValueError(
                f"population {population!r} is not in these spikes, whose neurons have no populations; label them by "
                "with_labels, or leave it out."
            )
        if population not in spikes.population:
            known = ", ".join(map(repr, sorted(set(spikes.population.tolist()))))
            raise ValueError(f"population {population!r} is not in these spikes; choose one of {known}.")
        keep &= spikes.population == population
    return np.flatnonzero(keep)
