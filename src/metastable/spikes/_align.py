"""Trials cut from a recording around events."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from metastable._validation import require_pair
from metastable.spikes._spike_data import SpikeData


def align(spikes: SpikeData, *, events_ms: ArrayLike, window_ms: tuple[float, float]) -> SpikeData:
    """Cut an uninterrupted recording into trials, one for each event.

    Parameters
    ----------
    spikes : SpikeData
        A single trial.
    events_ms : array_like, (n_events,), ms
        In any order; windows may overlap.
    window_ms : (float, float), ms
        What belongs to a trial, from and to, relative to its event.

    Returns
    -------
    SpikeData
        One trial for each event, in the order given, with times relative to it. On the grid of the recording where all
        events are, with exact times otherwise.

    Raises
    ------
    ValueError
        If the recording has several trials, there are no events, or a window is empty or leaves the recording.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[1, 12, 23], neuron=[0, 0, 0], n_neurons=1, t_stop_ms=30)
    >>> mst.spikes.align(spikes, events_ms=[0, 10, 20], window_ms=(0, 10)).time_ms
    array([1., 2., 3.])
    """
    if spikes.n_trials != 1:
        raise ValueError(
            f"events are times of one uninterrupted trial, got {spikes.n_trials} trials; select one of them."
        )
    begin, end = require_pair("window_ms", window_ms)
    events = np.asarray(events_ms)
    if events.ndim != 1 or not events.size or events.dtype.kind not in "iuf":
        raise ValueError(f"events_ms must be a list of one or more times, got {events_ms!r}.")
    if not np.isfinite(events).all():
        raise ValueError("events_ms holds NaN or infinite values; leave those events out.")
    if begin >= end:
        raise ValueError(f"window_ms must be (from, to) with from < to, got ({begin:g}, {end:g}).")
    outside = (events + begin < spikes.t_start_ms) | (events + end > spikes.t_stop_ms)
    if outside.any():
        raise ValueError(
            f"the window ({begin:g}, {end:g}) ms around {outside.sum()} of {events.size} events, the first at "
            f"{events[outside][0]:g} ms, leaves the recording [{spikes.t_start_ms:g}, {spikes.t_stop_ms:g}) ms; "
            "leave these events out or shorten the window."
        )
    first = np.searchsorted(spikes.time_ms, events + begin, side="left")
    last = np.searchsorted(spikes.time_ms, events + end, side="left")
    sizes = last - first
    trial = np.repeat(np.arange(events.size), sizes)
    place = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(first, sizes)
    on_grid = spikes.dt_ms is not None and bool(
        np.allclose(
            np.rint(np.append(events, [begin, end]) / spikes.dt_ms) * spikes.dt_ms,
            np.append(events, [begin, end]),
            rtol=0,
            atol=1e-6 * spikes.dt_ms,
        )
    )
    # The subtraction may round a spike onto the end, or below the start.
    time = np.clip(spikes.time_ms[place] - events[trial], begin, np.nextafter(end, -np.inf))
    return replace(
        spikes,
        time_ms=spikes.time_ms[place] - events[trial] if on_grid else time,
        neuron=spikes.neuron[place],
        trial=trial,
        n_trials=events.size,
        t_start_ms=begin,
        t_stop_ms=end,
        dt_ms=spikes.dt_ms if on_grid else None,
        trial_id=None,
    )
