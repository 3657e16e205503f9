"""A recording with its trains in an order that does not depend on how they are listed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable.spikes import SpikeData


def canonical(spikes: SpikeData, *, rows: str) -> tuple[SpikeData, NDArray[np.int64]]:
    """Drop silent trains and sort the others by what they contain.

    Parameters
    ----------
    spikes : SpikeData
    rows : {"neurons", "trials"}

    Returns
    -------
    spikes : SpikeData
        With trains 0, 1, ... and no labels. All random numbers drawn for it are the same however the trains of the
        recording were listed.
    source : ndarray of int, (n_trains,)
        Which train of the recording each one is.
    """
    train, segment = (spikes.neuron, spikes.trial) if rows == "neurons" else (spikes.trial, spikes.neuron)
    n_trains = spikes.n_neurons if rows == "neurons" else spikes.n_trials
    order = np.argsort(train, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(train, minlength=n_trains))])
    content = np.column_stack([segment[order].astype(np.float64), spikes.time_ms[order]])
    keys = {
        k: (int(offsets[k + 1] - offsets[k]), content[offsets[k] : offsets[k + 1]].tobytes())
        for k in range(n_trains)
        if offsets[k + 1] > offsets[k]
    }
    source = np.array(sorted(keys, key=keys.__getitem__), np.int64)
    new = np.full(n_trains, -1, np.int32)
    new[source] = np.arange(source.size)
    same = np.zeros_like(new[train])
    return (
        SpikeData(
            time_ms=spikes.time_ms,
            neuron=new[train] if rows == "neurons" else same,
            trial=spikes.trial if rows == "neurons" else new[train],
            n_neurons=source.size if rows == "neurons" else 1,
            n_trials=spikes.n_trials if rows == "neurons" else source.size,
            t_start_ms=spikes.t_start_ms,
            t_stop_ms=spikes.t_stop_ms,
            dt_ms=spikes.dt_ms,
        ),
        source,
    )
