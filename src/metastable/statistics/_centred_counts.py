"""Counts of neurons, or of classes of neurons, with a mean subtracted, one trial at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from metastable.spikes import SpikeData, bin_indices

SUBTRACT = ("trial_mean", "psth", "overall_mean", "none")


def iterate_row_counts(
    spikes: SpikeData, row: NDArray[np.int64], n_rows: int, *, bin_ms: float
) -> Iterator[NDArray[np.float64]]:
    """Count the spikes of each row of neurons in each bin, one trial at a time, (n_rows, n_bins).

    Parameters
    ----------
    row : ndarray of int, (n_neurons,)
        The row that each neuron's spikes are counted in.
    """
    index, n_bins = bin_indices(spikes, bin_ms=bin_ms)
    row_of_spike = row[spikes.neuron] * (n_bins + 1)
    for begin, end in zip(spikes.trial_offsets[:-1], spikes.trial_offsets[1:], strict=True):
        flat = row_of_spike[begin:end] + index[begin:end]
        counts = np.bincount(flat, minlength=n_rows * (n_bins + 1)).reshape(n_rows, n_bins + 1)
        yield counts[:, :n_bins].astype(np.float64)


def iterate_centred_counts(
    spikes: SpikeData, row: NDArray[np.int64], n_rows: int, *, bin_ms: float, subtract: str
) -> Iterator[NDArray[np.float64]]:
    """Count as `iterate_row_counts` and subtract the mean that `subtract` names."""
    mean = np.zeros((n_rows, 1))
    if subtract in ("psth", "overall_mean"):
        for counts in iterate_row_counts(spikes, row, n_rows, bin_ms=bin_ms):
            mean = mean + counts / spikes.n_trials
        if subtract == "overall_mean":
            mean = mean.mean(axis=1, keepdims=True)
    for counts in iterate_row_counts(spikes, row, n_rows, bin_ms=bin_ms):
        counts -= counts.mean(axis=1, keepdims=True) if subtract == "trial_mean" else mean
        yield counts
