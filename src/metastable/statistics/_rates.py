"""Firing rates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_truth
from metastable.spikes import SpikeData
from metastable.statistics._checks import require_recording


def firing_rates(spikes: SpikeData, *, per_trial: bool = False) -> NDArray[np.float64]:
    """Compute the firing rate of each neuron.

    Parameters
    ----------
    spikes : SpikeData
    per_trial : bool
        Give each trial its own rate instead of the average over trials.

    Returns
    -------
    ndarray, (n_neurons,), spikes/s
        Or (n_trials, n_neurons) with `per_trial`. A silent neuron has rate 0.

    Raises
    ------
    ValueError
        If there are no neurons, no trials, or no duration.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[1, 2, 3], neuron=[0, 1, 1], trial=[0, 0, 1], n_trials=2,
    ...                        n_neurons=2, t_stop_ms=10)
    >>> mst.statistics.firing_rates(spikes)
    array([ 50., 100.])
    >>> mst.statistics.firing_rates(spikes, per_trial=True)
    array([[100., 100.],
           [  0., 100.]])
    """
    require_recording(spikes)
    seconds = spikes.duration_ms / 1000
    if require_truth("per_trial", per_trial):
        return spikes.spike_counts() / seconds
    return np.bincount(spikes.neuron, minlength=spikes.n_neurons) / (spikes.n_trials * seconds)


def mean_rate(spikes: SpikeData) -> float:
    """Compute the firing rate averaged over all neurons, silent ones included, and trials.

    Parameters
    ----------
    spikes : SpikeData
        Select a population first for its rate: ``mean_rate(spikes.select(population="E"))``.

    Returns
    -------
    float, spikes/s

    Raises
    ------
    ValueError
        If there are no neurons, no trials, or no duration.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[1, 2, 3], neuron=[0, 1, 1], n_neurons=3, t_stop_ms=1000)
    >>> mst.statistics.mean_rate(spikes)
    1.0
    """
    require_recording(spikes)
    return spikes.n_spikes / (spikes.n_neurons * spikes.n_trials) / (spikes.duration_ms / 1000)
