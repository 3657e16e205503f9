"""Irregularity of inter-spike intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn, counted
from metastable._validation import require_integer
from metastable.spikes import SpikeData
from metastable.statistics._checks import require_ddof, require_recording

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class LocalCV2(Drawn):
    """CV2 of pairs of neighbouring inter-spike intervals.

    Parameters
    ----------
    value : ndarray of float, (n_pairs,)
        0 for equal intervals, near 2 for very different ones, 1 in the mean for a Poisson process.
    time_ms : ndarray of float, (n_pairs,), ms
        The spike between the intervals.
    neuron, trial : ndarray of int, (n_pairs,)
        Whose it is.
    """

    value: Array
    time_ms: Array
    neuron: NDArray[np.int32]
    trial: NDArray[np.int32]

    @property
    def neuron_means(self) -> Array:
        """Mean over the pairs of each neuron that has one, ascending by neuron."""
        pairs = np.bincount(self.neuron)
        return np.bincount(self.neuron, self.value)[pairs > 0] / pairs[pairs > 0]

    def __repr__(self) -> str:
        number = f"{self.value.size:,} pair{'' if self.value.size == 1 else 's'} of intervals"
        if not self.value.size:
            return f"LocalCV2: {number}"
        means = self.neuron_means
        # Neurons that fire much have most of the pairs.
        return (
            f"LocalCV2: {number} of {counted(means.size, 'neuron')}, mean over pairs {self.value.mean():.3f}, "
            f"mean over neurons {means.mean():.3f}"
        )


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
    pairs = local_cv2(spikes)
    n_pairs = np.bincount(pairs.neuron, minlength=spikes.n_neurons)
    _, neuron, _ = _intervals(spikes)
    enough = (np.bincount(neuron, minlength=spikes.n_neurons) >= least) & (n_pairs > 0)
    return _over(np.bincount(pairs.neuron, pairs.value, spikes.n_neurons), n_pairs, enough)


def local_cv2(spikes: SpikeData) -> LocalCV2:
    """Compute CV2 of every pair of neighbouring inter-spike intervals, with the spike between them.

    What is irregular when: means over neurons, over times, or over states of a cluster are the caller's.

    Parameters
    ----------
    spikes : SpikeData
        No interval reaches from one trial to the next.

    Returns
    -------
    LocalCV2
        Sorted by neuron, then trial, then time.

    Raises
    ------
    ValueError
        If the recording is empty.

    Notes
    -----
    ``2 |b - a| / (b + a)`` of the intervals a and b before and after a spike (Holt, Softky, Koch & Douglas 1996).

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[0, 1, 4, 7], neuron=[0] * 4, n_neurons=1, t_stop_ms=10)
    >>> mst.statistics.local_cv2(spikes).value
    array([1., 0.])
    """
    require_recording(spikes)
    order, same = _trains(spikes)
    gap = np.diff(spikes.time_ms[order])
    middle = np.flatnonzero(same[:-1] & same[1:]) + 1
    before, after = gap[middle - 1], gap[middle]
    at = order[middle]
    both = before + after
    # Spikes at one time are equal intervals of length 0.
    value = np.divide(2 * np.abs(after - before), both, out=np.zeros(both.size), where=both > 0)
    return LocalCV2(
        value=value,
        time_ms=spikes.time_ms[at],
        neuron=spikes.neuron[at],
        trial=spikes.trial[at],
    )


def _least(spikes: SpikeData, min_intervals: int) -> int:
    require_recording(spikes)
    return require_integer("min_intervals", min_intervals, minimum=2)


def _intervals(spikes: SpikeData) -> tuple[Array, NDArray[np.int32], NDArray[np.int32]]:
    """Return all intervals, by neuron, then trial, then time, and whose they are."""
    order, same = _trains(spikes)
    return np.diff(spikes.time_ms[order])[same], spikes.neuron[order][1:][same], spikes.trial[order][1:][same]


def _trains(spikes: SpikeData) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return the order of spikes by neuron, trial and time, and which of them has the next in the same train."""
    # Spikes come by trial and time, and a stable sort of small integers takes a tenth of the time of one by all three.
    order = np.argsort(spikes.neuron.astype(np.min_scalar_type(max(spikes.n_neurons - 1, 0))), kind="stable")
    neuron, trial = spikes.neuron[order], spikes.trial[order]
    return order, (neuron[1:] == neuron[:-1]) & (trial[1:] == trial[:-1])


def _over(total: NDArray[Any], count: NDArray[np.int64], enough: NDArray[np.bool_]) -> Array:
    return np.divide(total, count, out=np.full(total.size, np.nan), where=enough)
