"""Distances between spike trains: van Rossum 2001, Victor & Purpura 1996."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable._parallel import Monitor, resolve_n_jobs, run_jobs
from metastable._validation import require_number
from metastable.communities._exponential_overlaps import exponential_overlaps
from metastable.communities._trains import Trains
from metastable.communities._victor_purpura import victor_purpura_rows
from metastable.spikes import SpikeData

Array = NDArray[np.float64]


def van_rossum_distance(spikes: SpikeData, *, tau_ms: float, rows: str = "neurons") -> Array:
    """Return the van Rossum distances of all pairs of trains.

    Parameters
    ----------
    spikes : SpikeData
    tau_ms : float, ms
        Time constant of the exponential on each spike.
    rows : {"neurons", "trials"}
        As in `similarity_matrix`.

    Returns
    -------
    ndarray, (n_trains, n_trains)
        Normalised so that a single spike is 1 away from an empty train. Over several trials the squares add.

    Raises
    ------
    ValueError
        If the time constant is not positive.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[5], neuron=[0], n_neurons=2, t_stop_ms=10)
    >>> mst.communities.van_rossum_distance(spikes, tau_ms=3)
    array([[0., 1.],
           [1., 0.]])
    """
    overlaps = _exponential(Trains.of(spikes, rows=rows), require_number("tau_ms", tau_ms, above=0))
    own = np.diag(overlaps)
    return np.sqrt(np.maximum(own[:, None] + own - 2 * overlaps, 0))


def victor_purpura_distance(
    spikes: SpikeData, *, cost_per_ms: float, rows: str = "neurons", n_jobs: int | None = None
) -> Array:
    """Return the Victor-Purpura distances of all pairs of trains.

    Parameters
    ----------
    spikes : SpikeData
    cost_per_ms : float, 1/ms
        Of moving a spike; adding or removing one costs 1.
    rows : {"neurons", "trials"}
        As in `similarity_matrix`.
    n_jobs : int, optional
        Threads; all cores by default.

    Returns
    -------
    ndarray, (n_trains, n_trains)
        Over several trials the distances add.

    Raises
    ------
    ValueError
        If the cost is negative.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[5, 7], neuron=[0, 1], n_neurons=2, t_stop_ms=10)
    >>> mst.communities.victor_purpura_distance(spikes, cost_per_ms=0.25)
    array([[0. , 0.5],
           [0.5, 0. ]])
    """
    cost = require_number("cost_per_ms", cost_per_ms, minimum=0)
    return _victor_purpura(Trains.of(spikes, rows=rows), cost, n_jobs)


def van_rossum_similarity(trains: Trains, tau: float) -> Array:
    """Return ``1 - D^2/(|f|^2 + |g|^2)`` of all pairs, 0 for two empty trains."""
    overlaps = _exponential(trains, tau)
    own = np.diag(overlaps)
    largest = own[:, None] + own
    return 2 * overlaps / np.where(largest > 0, largest, 1)


def victor_purpura_similarity(trains: Trains, cost: float, n_jobs: int | None) -> Array:
    """Return ``1 - D/(n + n')`` of all pairs, 0 for two empty trains."""
    largest = trains.counts[:, None] + trains.counts
    return np.where(largest > 0, 1 - _victor_purpura(trains, cost, n_jobs) / np.maximum(largest, 1), 0)


def _exponential(trains: Trains, tau: float) -> Array:
    overlaps = np.zeros((trains.n_trains, trains.n_trains))
    for time, offsets in trains.segments:
        train = np.repeat(np.arange(trains.n_trains), np.diff(offsets))
        order = np.argsort(time, kind="stable")
        overlaps += exponential_overlaps(time[order], train[order], trains.n_trains, tau)
    return overlaps


def _victor_purpura(trains: Trains, cost: float, n_jobs: int | None) -> Array:
    total = np.zeros((trains.n_trains, trains.n_trains))
    # Early rows are the longest: dealt out in turn, all threads get the same work.
    n_parts = 4 * resolve_n_jobs(n_jobs)
    for time, offsets in trains.segments:
        distance = np.zeros_like(total)

        def fill(part: int, monitor: Monitor, time=time, offsets=offsets, distance=distance) -> None:
            victor_purpura_rows(time, offsets, cost, np.arange(part, trains.n_trains, n_parts), distance)
            monitor.advance(1)

        run_jobs(fill, range(n_parts), n_jobs=n_jobs, total=n_parts, label="comparing", unit="parts", progress=False)
        total += distance + distance.T
    return total
