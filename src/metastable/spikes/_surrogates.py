"""Surrogates: the same trains without what relates them to each other.

Each kind moves the spikes of one train, a neuron in a trial, and knows nothing of the others. Times are counted from
the start of the trial, in whole steps where there is a grid, so that surrogates stay on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._provenance import provenance
from metastable._random import Purpose, resolve_seed, stream
from metastable._validation import require_integer, require_number
from metastable.spikes._spike_data import SpikeData

# Moves the sorted times of a train of some length; the generator is that of the surrogate.
_Move = Callable[[NDArray, Any, np.random.Generator], NDArray]


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

    def move(time: NDArray, duration: Any, rng: np.random.Generator) -> NDArray:
        intervals = rng.permutation(np.diff(time))
        return _anywhere(rng, duration - (time[-1] - time[0])) + np.concatenate([[0], np.cumsum(intervals)])

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

    def move(time: NDArray, duration: Any, rng: np.random.Generator) -> NDArray:
        return (time + _anywhere(rng, duration)) % duration

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

    def move(time: NDArray, duration: Any, rng: np.random.Generator) -> NDArray:
        if spikes.dt_ms is not None:
            steps = int(width / spikes.dt_ms * (1 + 1e-12))
            time = time + rng.integers(-steps, steps, size=time.size, endpoint=True)
            return _reflected(time, duration - 1)
        return _reflected(time + rng.uniform(-width, width, size=time.size), duration)

    return _surrogate(spikes, move, "jitter_spikes", seed, index, width_ms=width)


def _surrogate(
    spikes: SpikeData, move: _Move, call: str, seed: int | None, index: int, **parameters: float
) -> SpikeData:
    root = resolve_seed(seed)
    rng = stream(root, Purpose.SURROGATES, require_integer("index", index, minimum=0))
    on_grid = spikes.dt_ms is not None
    unit = spikes.dt_ms or 1.0
    begin = round(spikes.t_start_ms / unit) if on_grid else spikes.t_start_ms
    duration = round(spikes.duration_ms / unit) if on_grid else spikes.duration_ms
    moved = np.empty(spikes.n_spikes, np.int64 if on_grid else np.float64)
    source = spikes.steps if on_grid else spikes.time_ms
    for mine in _trains(spikes):
        moved[mine] = move(source[mine] - begin, duration, rng)
    time = np.asarray((moved + begin) * unit, np.float64)
    if not on_grid:
        # A sum of intervals may miss the length of the trial by its rounding.
        np.clip(time, spikes.t_start_ms, np.nextafter(spikes.t_stop_ms, -np.inf), out=time)
    made = provenance(call, seed=root, index=index, **parameters)
    if "provenance" in spikes.meta:
        made["source"] = spikes.meta["provenance"]
    return SpikeData(
        time_ms=time,
        neuron=spikes.neuron,
        trial=spikes.trial,
        n_neurons=spikes.n_neurons,
        n_trials=spikes.n_trials,
        t_start_ms=spikes.t_start_ms,
        t_stop_ms=spikes.t_stop_ms,
        dt_ms=spikes.dt_ms,
        cluster=spikes.cluster,
        population=spikes.population,
        neuron_id=spikes.neuron_id,
        trial_id=spikes.trial_id,
        meta={**spikes.meta, "provenance": made},
    )


def _trains(spikes: SpikeData) -> Iterator[NDArray[np.intp]]:
    """Yield the places of each train's spikes, in the order of trials and neurons."""
    key = spikes.trial.astype(np.int64) * spikes.n_neurons + spikes.neuron
    order = np.argsort(key, kind="stable")
    ends = np.flatnonzero(np.diff(key[order], append=-1)) + 1
    begin = 0
    for end in ends.tolist():
        yield order[begin:end]
        begin = end


def _anywhere(rng: np.random.Generator, free: Any) -> Any:
    """Draw a time below `free`, or 0 where nothing is free."""
    if isinstance(free, int | np.integer):
        return rng.integers(max(int(free), 1))
    return rng.uniform(0, max(free, 0.0))


def _reflected(time: NDArray, last: Any) -> NDArray:
    time = np.abs(time)
    return np.where(time > last, 2 * last - time, time)
