"""Surrogates: the same trains without what relates them to each other.

Each kind moves the spikes of one train, a neuron in a trial, and knows nothing of the others. Times are counted from
the start of the trial in whole steps: those of the grid, so that surrogates stay on it, or for exact times steps as
fine as a float resolves the end of the trial. Sums of whole steps are exact, so that all trains are moved at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from metastable._provenance import provenance
from metastable._random import Purpose, resolve_seed, stream
from metastable._validation import require_integer, require_number
from metastable.spikes._spike_data import SpikeData

Steps = NDArray[np.int64]


@dataclass(frozen=True)
class _Trains:
    """Spikes in whole steps from the start of their trial, sorted by train and then by time.

    Parameters
    ----------
    step : ndarray of int, (n_spikes,)
    train : ndarray of int, (n_spikes,)
        Trains with spikes are numbered from 0.
    begin : ndarray of int, (n_trains,)
        Place of the first spike of each.
    duration : int
        Length of a trial.
    """

    step: Steps
    train: Steps
    begin: Steps
    duration: int


# Moves all spikes, train by train; the generator is that of the surrogate. Spikes may leave the order of time.
_Move = Callable[[_Trains, np.random.Generator], Steps]


def shuffle_intervals(spikes: SpikeData, *, seed: int | None = None, index: int = 0) -> SpikeData:
    """Put the interspike intervals of each train into random order.

    Parameters
    ----------
    spikes : SpikeData
    seed : int, optional
        None draws it.
    index : int
        Number of the surrogate: each is drawn independently.

    Returns
    -------
    SpikeData
        Each neuron has in each trial the same number of spikes and the same intervals; the train as a whole lies
        anywhere between the edges of the trial.

    Raises
    ------
    ValueError
        If `seed` or `index` is negative.

    Notes
    -----
    Humphries 2011: both moments of the intervals stay. Correlations between trains go, and with them those from one
    interval to the next and slow changes of the rate.

    Examples
    --------
    >>> import metastable as mst
    >>> import numpy as np
    >>> spikes = mst.SpikeData(time_ms=[1, 2, 4, 8], neuron=[0, 0, 0, 0], n_neurons=1, t_stop_ms=9)
    >>> shuffled = mst.spikes.shuffle_intervals(spikes, seed=1)
    >>> np.sort(np.diff(shuffled.time_ms)).round(9)
    array([1., 2., 4.])
    """

    def move(trains: _Trains, rng: np.random.Generator) -> Steps:
        interval = np.diff(trains.step, prepend=0)
        later = np.ones(interval.size, bool)
        later[trains.begin] = False
        # Random numbers sorted within each train: a random order.
        order = np.argsort(trains.train[later] + rng.random(int(later.sum())))
        interval[later] = interval[later][order]
        # Sums over all trains may run over, but their differences do not.
        sums = np.cumsum(interval)
        span = np.append(trains.step[trains.begin[1:] - 1], trains.step[-1:]) - trains.step[trains.begin]
        first = rng.integers(trains.duration - span)
        return sums + (first - sums[trains.begin])[trains.train]

    return _surrogate(spikes, move, "shuffle_intervals", seed, index)


def shift_trains(spikes: SpikeData, *, seed: int | None = None, index: int = 0) -> SpikeData:
    """Shift each train by a random time, circularly.

    Parameters
    ----------
    spikes : SpikeData
    seed : int, optional
        None draws it.
    index : int
        Number of the surrogate.

    Returns
    -------
    SpikeData
        What leaves the trial at its end comes in at its beginning: each train keeps its order and its slow changes.

    Raises
    ------
    ValueError
        If `seed` or `index` is negative.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[1, 2, 4], neuron=[0, 0, 1], n_neurons=2, t_stop_ms=8)
    >>> mst.spikes.shift_trains(spikes, seed=1).spike_counts()
    array([[2, 1]])
    """

    def move(trains: _Trains, rng: np.random.Generator) -> Steps:
        shift = rng.integers(trains.duration, size=trains.begin.size)
        return (trains.step + shift[trains.train]) % trains.duration

    return _surrogate(spikes, move, "shift_trains", seed, index)


def jitter_spikes(spikes: SpikeData, *, width_ms: float, seed: int | None = None, index: int = 0) -> SpikeData:
    """Move each spike by a random time.

    Parameters
    ----------
    spikes : SpikeData
    width_ms : float, ms
        Each spike moves by up to this much either way, uniformly; what is slower than this stays.
    seed : int, optional
        None draws it.
    index : int
        Number of the surrogate.

    Returns
    -------
    SpikeData
        Spikes that would leave the trial are reflected at its edge.

    Raises
    ------
    ValueError
        If the width is not positive or longer than a trial, or `seed` or `index` is negative.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[5.0], neuron=[0], n_neurons=1, t_stop_ms=10)
    >>> bool(abs(mst.spikes.jitter_spikes(spikes, width_ms=1, seed=1).time_ms[0] - 5) <= 1)
    True
    """
    width = require_number("width_ms", width_ms, above=0)
    if width > spikes.duration_ms:
        raise ValueError(
            f"width_ms={width:g} is longer than a trial of {spikes.duration_ms:g} ms; choose a shorter one."
        )

    unit = _step_ms(spikes)

    def move(trains: _Trains, rng: np.random.Generator) -> Steps:
        most = int(width / unit * (1 + 1e-12))
        moved = np.abs(trains.step + rng.integers(-most, most, size=trains.step.size, endpoint=True))
        last = trains.duration - 1
        return np.where(moved > last, 2 * last - moved, moved)

    return _surrogate(spikes, move, "jitter_spikes", seed, index, width_ms=width)


def _surrogate(
    spikes: SpikeData, move: _Move, call: str, seed: int | None, index: int, **parameters: float
) -> SpikeData:
    root = resolve_seed(seed)
    rng = stream(root, Purpose.SURROGATES, require_integer("index", index, minimum=0))
    unit = _step_ms(spikes)
    on_grid = spikes.dt_ms is not None
    start = round(spikes.t_start_ms / unit) if on_grid else spikes.t_start_ms
    key = spikes.trial.astype(np.int64) * spikes.n_neurons + spikes.neuron
    order = np.argsort(key, kind="stable")
    begin = np.flatnonzero(np.diff(key[order], prepend=-1))
    sizes = np.diff(begin, append=key.size)
    step = np.asarray(spikes.steps - start if on_grid else np.floor((spikes.time_ms - start) / unit), np.int64)
    duration = round(spikes.duration_ms / unit) if on_grid else math.ceil(spikes.duration_ms / unit)
    trains = _Trains(step[order], np.repeat(np.arange(begin.size), sizes), begin, duration)
    moved = move(trains, rng) if key.size else trains.step
    if on_grid:
        time = np.asarray((moved + start) * unit, np.float64)
    else:
        # The start of the trial may be far from 0, where floats are coarse.
        time = np.asarray(moved * unit + start, np.float64)
        np.clip(time, start, np.nextafter(spikes.t_stop_ms, -np.inf), out=time)
    made = provenance(call, seed=root, index=index, **parameters)
    if "provenance" in spikes.meta:
        made["source"] = spikes.meta["provenance"]
    return replace(
        spikes,
        time_ms=time,
        neuron=spikes.neuron[order],
        trial=spikes.trial[order],
        meta={**spikes.meta, "provenance": made},
    )


def _step_ms(spikes: SpikeData) -> float:
    """Return the grid's step, or for exact times a power of two that divides a trial into 2^52 steps or more."""
    return spikes.dt_ms or 2.0 ** (math.frexp(spikes.duration_ms)[1] - 53)
