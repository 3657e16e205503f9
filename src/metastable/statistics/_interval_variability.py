"""Irregularity of inter-spike intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_integer
from metastable.spikes import SpikeData
from metastable.statistics._checks import require_ddof, require_recording

Array = NDArray[np.float64]


def interval_cv(spikes: SpikeData, *, ddof: int = 0, min_intervals: int = 2) -> Array:
    """Compute the coefficient of variation of the inter-spike intervals of each neuron.

    Parameters
    ----------
    spikes : SpikeData
        Intervals of all trials are taken together; none reaches from one trial to the next.
    ddof : int
        The variance is divided by the number of intervals less `ddof`.
    min_intervals : int
        Neurons with fewer intervals are NaN.

    Returns
    -------
    ndarray, (n_neurons,)
        Standard deviation over mean: 1 for a Poisson process, 0 for a clock. Rates that change in time raise it, which
        `interval_cv2` does not show.

    Raises
    ------
    ValueError
        If the recording is empty, `min_intervals` is below 2, or `ddof` leaves no degree of freedom.

    Notes
    -----
    A window of T can only hold intervals shorter than T, so that short recordings of slow neurons look too regular.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[0, 1, 4, 5, 8], neuron=[0] * 5, n_neurons=2, t_stop_ms=10)
    >>> mst.statistics.interval_cv(spikes)
    array([0.5, nan])
    """
    least = _least(spikes, min_intervals)
    require_ddof(ddof, least, "intervals")
    gap, neuron, _ = _intervals(spikes)
    count = np.bincount(neuron, minlength=spikes.n_neurons)
    enough = count >= least
    mean = _over(np.bincount(neuron, gap, spikes.n_neurons), count, enough)
    # Deviations first: the difference of two large sums would lose the variance of a clock.
    squares = np.bincount(neuron, (gap - mean[neuron]) ** 2, spikes.n_neurons)
    return np.sqrt(_over(squares, count - ddof, enough)) / mean


def interval_cv2(spikes: SpikeData, *, min_intervals: int = 2) -> Array:
    """Compute how much neighbouring inter-spike intervals of each neuron differ, whatever its rate does slowly.

    Parameters
    ----------
    spikes : SpikeData
        Pairs of intervals of all trials are taken together; none reaches from one trial to the next.
    min_intervals : int
        Neurons with fewer intervals, or without two neighbouring ones, are NaN.

    Returns
    -------
    ndarray, (n_neurons,)
        Mean of ``2 |b - a| / (b + a)`` over neighbouring intervals a and b: 1 for a Poisson process, 0 for a clock.

    Raises
    ------
    ValueError
        If the recording is empty, or `min_intervals` is below 2.

    Notes
    -----
    Holt, Softky, Koch & Douglas 1996.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[0, 1, 4, 5, 8], neuron=[0] * 5, n_neurons=2, t_stop_ms=10)
    >>> mst.statistics.interval_cv2(spikes)
    array([ 1., nan])
    """
    least = _least(spikes, min_intervals)
    gap, neuron, trial = _intervals(spikes)
    same = (neuron[1:] == neuron[:-1]) & (trial[1:] == trial[:-1])
    first, second, of = gap[:-1][same], gap[1:][same], neuron[1:][same]
    n_pairs = np.bincount(of, minlength=spikes.n_neurons)
    enough = (np.bincount(neuron, minlength=spikes.n_neurons) >= least) & (n_pairs > 0)
    total = np.bincount(of, 2 * np.abs(second - first) / (second + first), spikes.n_neurons)
    return _over(total, n_pairs, enough)


def _least(spikes: SpikeData, min_intervals: int) -> int:
    require_recording(spikes)
    return require_integer("min_intervals", min_intervals, minimum=2)


def _intervals(spikes: SpikeData) -> tuple[Array, NDArray[np.int32], NDArray[np.int32]]:
    """Return all intervals, by neuron, then trial, then time, and whose they are."""
    order = np.lexsort((spikes.time_ms, spikes.trial, spikes.neuron))
    neuron, trial = spikes.neuron[order], spikes.trial[order]
    same = (neuron[1:] == neuron[:-1]) & (trial[1:] == trial[:-1])
    return np.diff(spikes.time_ms[order])[same], neuron[1:][same], trial[1:][same]


def _over(total: NDArray[Any], count: NDArray[np.int64], enough: NDArray[np.bool_]) -> Array:
    return np.divide(total, count, out=np.full(total.size, np.nan), where=enough)
