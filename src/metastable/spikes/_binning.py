"""Exact binning of spikes into equal bins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_instance, require_number, require_steps
from metastable.spikes._spike_data import SpikeData


def require_width(name: str, width_ms: Any, spikes: SpikeData) -> float:
    """Return the width of a bin or window, ms, if it is positive, on the grid and inside the recording."""
    width = require_number(name, width_ms, above=0)
    # Far from 0 the difference of the edges misses the whole number of steps that it is.
    slack = spikes.duration_ms * 1e-12 if spikes.dt_ms is None else spikes.dt_ms / 2
    if width > spikes.duration_ms + slack:
        raise ValueError(
            f"{name}={width:g} is longer than the recording of {spikes.duration_ms:g} ms; choose a shorter one."
        )
    if spikes.dt_ms is not None:
        require_steps(name, width, spikes.dt_ms, minimum=1)
    return width


def bin_indices(spikes: SpikeData, *, bin_ms: float) -> tuple[NDArray[np.int64], int]:
    """Find the bin of every spike.

    Bins are ``[t_start + k bin, t_start + (k+1) bin)``. On a grid the index is an integer division of steps;
    for exact times it is decided by comparison with the edges ``t_start + k * bin``, never by a division.

    Parameters
    ----------
    spikes : SpikeData
    bin_ms : float, ms
        Width of a bin; on a grid a multiple of ``dt_ms``.

    Returns
    -------
    index : ndarray of int, (n_spikes,)
        Bin of each spike; ``n_bins`` for spikes in the incomplete bin at the end, which is not counted.
    n_bins : int
        Number of whole bins in the window.

    Raises
    ------
    ValueError
        If the width is not positive, longer than the recording, or not a multiple of the grid.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[0.0, 0.3, 0.9], neuron=[0, 0, 0], n_neurons=1, t_stop_ms=1, dt_ms=0.1)
    >>> mst.spikes.bin_indices(spikes, bin_ms=0.3)
    (array([0, 1, 3]), 3)
    """
    require_instance("spikes", spikes, SpikeData, do="build metastable.SpikeData")
    width = require_width("bin_ms", bin_ms, spikes)
    if spikes.dt_ms is not None:
        steps = require_steps("bin_ms", width, spikes.dt_ms, minimum=1)
        first = round(spikes.t_start_ms / spikes.dt_ms)
        n_bins = round(spikes.duration_ms / spikes.dt_ms) // steps
        return np.minimum((spikes.steps - first) // steps, n_bins), n_bins
    n_bins = int(spikes.duration_ms / width * (1 + 1e-12))
    edges = spikes.t_start_ms + width * np.arange(n_bins + 1)
    edges[-1] = min(edges[-1], spikes.t_stop_ms)
    return np.searchsorted(edges, spikes.time_ms, side="right") - 1, n_bins


def bin_counts(spikes: SpikeData, *, bin_ms: float) -> NDArray[np.int32]:
    """Count the spikes of each neuron in each bin of each trial.

    Parameters
    ----------
    spikes : SpikeData
    bin_ms : float, ms
        Width of a bin.

    Returns
    -------
    ndarray of int, (n_trials, n_neurons, n_bins)
        Held whole in memory; `iterate_trial_counts` gives one trial at a time.

    Raises
    ------
    ValueError
        As in `bin_indices`.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[0, 5, 6], neuron=[0, 1, 1], n_neurons=2, t_stop_ms=10)
    >>> mst.spikes.bin_counts(spikes, bin_ms=5)
    array([[[1, 0],
            [0, 2]]], dtype=int32)
    """
    counts = list(iterate_trial_counts(spikes, bin_ms=bin_ms))
    if not counts:
        return np.zeros((0, spikes.n_neurons, bin_indices(spikes, bin_ms=bin_ms)[1]), np.int32)
    return np.stack(counts)


def iterate_trial_counts(spikes: SpikeData, *, bin_ms: float) -> Iterator[NDArray[np.int32]]:
    """Count the spikes of each neuron in each bin, one trial at a time.

    Parameters
    ----------
    spikes : SpikeData
    bin_ms : float, ms
        Width of a bin.

    Yields
    ------
    ndarray of int, (n_neurons, n_bins)

    Raises
    ------
    ValueError
        As in `bin_indices`.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[0, 5, 6], neuron=[0, 1, 1], n_neurons=2, t_stop_ms=10)
    >>> [counts.sum(axis=1).tolist() for counts in mst.spikes.iterate_trial_counts(spikes, bin_ms=5)]
    [[1, 2]]
    """
    index, n_bins = bin_indices(spikes, bin_ms=bin_ms)
    offsets = spikes.trial_offsets
    for trial in range(spikes.n_trials):
        part = slice(offsets[trial], offsets[trial + 1])
        # One extra column takes the spikes of the incomplete last bin, so that no mask is needed.
        flat = spikes.neuron[part].astype(np.int64) * (n_bins + 1) + index[part]
        counts = np.bincount(flat, minlength=spikes.n_neurons * (n_bins + 1))
        yield counts.reshape(spikes.n_neurons, n_bins + 1)[:, :n_bins].astype(np.int32)
