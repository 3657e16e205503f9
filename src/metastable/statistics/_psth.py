"""Rates in time: of each neuron averaged over trials, of a population, of clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn, counted
from metastable.spikes import SpikeData, bin_indices
from metastable.statistics._centred_counts import iterate_row_counts
from metastable.statistics._checks import require_clusters, require_recording, require_width
from metastable.statistics._means import divide
from metastable.statistics._pairs import MembershipClasses
from metastable.statistics._smoothing import smooth
from metastable.statistics._windows import Windows


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class PSTH(Drawn):
    """Peri-stimulus time histograms: the rate of each neuron in time, averaged over trials.

    Parameters
    ----------
    time_ms : ndarray, (n_bins,), ms
        Centres of the bins.
    rate : ndarray, (n_neurons, n_bins), spikes/s
    bin_ms : float, ms
    smoothing_ms : float or None, ms
    n_trials : int
    """

    time_ms: NDArray[np.float64]
    rate: NDArray[np.float64]
    bin_ms: float
    smoothing_ms: float | None
    n_trials: int

    def __repr__(self) -> str:
        n_neurons, n_bins = self.rate.shape
        smoothed = "" if self.smoothing_ms is None else f", smoothed {self.smoothing_ms:g} ms"
        size = f"{counted(n_neurons, 'neuron')} x {counted(n_bins, 'bin')} of {self.bin_ms:g} ms"
        return f"PSTH({size}, {counted(self.n_trials, 'trial')}{smoothed})"


def bin_centres(spikes: SpikeData, *, bin_ms: float) -> NDArray[np.float64]:
    """Return the middle of each whole bin of a recording.

    Parameters
    ----------
    spikes : SpikeData
    bin_ms : float, ms
        Width of a bin.

    Returns
    -------
    ndarray, (n_bins,), ms

    Raises
    ------
    ValueError
        If the bin does not fit the recording.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[1], neuron=[0], n_neurons=1, t_stop_ms=10)
    >>> mst.statistics.bin_centres(spikes, bin_ms=5)
    array([2.5, 7.5])
    """
    require_recording(spikes)
    return Windows.of(spikes, require_width("bin_ms", bin_ms, spikes)).centres_ms(spikes)


def psth(spikes: SpikeData, *, bin_ms: float = 10.0, smoothing_ms: float | None = None) -> PSTH:
    """Compute the rate of each neuron in time, averaged over trials.

    Parameters
    ----------
    spikes : SpikeData
    bin_ms : float, ms
        Width of a bin.
    smoothing_ms : float, ms, optional
        Standard deviation of a Gaussian to smooth with.

    Returns
    -------
    PSTH

    Raises
    ------
    ValueError
        If the recording is empty or the bin does not fit it.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[1, 2, 7], neuron=[0, 0, 1], trial=[0, 1, 1], n_trials=2,
    ...                        n_neurons=2, t_stop_ms=10)
    >>> result = mst.statistics.psth(spikes, bin_ms=5)
    >>> result.time_ms, result.rate
    (array([2.5, 7.5]), array([[200.,   0.],
           [  0., 100.]]))
    """
    time = bin_centres(spikes, bin_ms=bin_ms)
    index, n_bins = bin_indices(spikes, bin_ms=bin_ms)
    flat = spikes.neuron.astype(np.int64) * (n_bins + 1) + index
    counts = np.bincount(flat, minlength=spikes.n_neurons * (n_bins + 1)).reshape(spikes.n_neurons, n_bins + 1)
    rate = counts[:, :n_bins] / (spikes.n_trials * bin_ms / 1000)
    return PSTH(
        time_ms=time,
        rate=smooth(rate, sample_ms=bin_ms, smoothing_ms=smoothing_ms),
        bin_ms=float(bin_ms),
        smoothing_ms=smoothing_ms,
        n_trials=spikes.n_trials,
    )


def population_rate(
    spikes: SpikeData, *, bin_ms: float = 10.0, smoothing_ms: float | None = None
) -> NDArray[np.float64]:
    """Compute the rate in time of each trial, averaged over neurons.

    Parameters
    ----------
    spikes : SpikeData
        Select a population first for its rate.
    bin_ms : float, ms
        Width of a bin; `bin_centres` gives their times.
    smoothing_ms : float, ms, optional
        Standard deviation of a Gaussian to smooth with.

    Returns
    -------
    ndarray, (n_trials, n_bins), spikes/s

    Raises
    ------
    ValueError
        If the recording is empty or the bin does not fit it.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[1, 2, 7], neuron=[0, 0, 1], n_neurons=2, t_stop_ms=10)
    >>> mst.statistics.population_rate(spikes, bin_ms=5)
    array([[200., 100.]])
    """
    require_recording(spikes)
    require_width("bin_ms", bin_ms, spikes)
    row = np.zeros(spikes.n_neurons, np.int64)
    counts = np.stack([trial[0] for trial in iterate_row_counts(spikes, row, 1, bin_ms=bin_ms)])
    rate = counts / (spikes.n_neurons * bin_ms / 1000)
    return smooth(rate, sample_ms=bin_ms, smoothing_ms=smoothing_ms)


def cluster_rates(spikes: SpikeData, *, bin_ms: float = 10.0, smoothing_ms: float | None = None) -> NDArray[np.float64]:
    """Compute the rate in time of each cluster in each trial, averaged over its neurons.

    Parameters
    ----------
    spikes : SpikeData
        With cluster labels; a neuron in several clusters counts in each. Select a population first where several have
        clusters: ``spikes.select(population="E")``.
    bin_ms : float, ms
        Width of a bin; `bin_centres` gives their times.
    smoothing_ms : float, ms, optional
        Standard deviation of a Gaussian to smooth with; near the edges of the recording the part of the Gaussian
        inside it is used.

    Returns
    -------
    ndarray, (n_trials, n_clusters, n_bins), spikes/s
        NaN for a cluster without neurons.

    Raises
    ------
    ValueError
        If the recording is empty, the bin does not fit it, or there are no clusters.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[1, 2, 7], neuron=[0, 1, 2], n_neurons=3, t_stop_ms=10, cluster=[0, 0, 1])
    >>> mst.statistics.cluster_rates(spikes, bin_ms=5)
    array([[[200.,   0.],
            [  0., 200.]]])
    """
    require_recording(spikes)
    require_clusters(spikes)
    require_width("bin_ms", bin_ms, spikes)
    classes = MembershipClasses.of(spikes.membership)
    member = classes.membership.T.astype(np.float64)
    sizes = spikes.membership.sum(axis=0)[:, None] * (bin_ms / 1000)
    rows = iterate_row_counts(spikes, classes.of_neuron, classes.n_classes, bin_ms=bin_ms)
    rate = np.stack([divide(member @ counts, sizes) for counts in rows])
    return smooth(rate, sample_ms=bin_ms, smoothing_ms=smoothing_ms)
