"""Auto- and cross-covariances of spike trains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_choice
from metastable.spikes import SpikeData
from metastable.statistics._centred_counts import SUBTRACT, iterate_centred_counts
from metastable.statistics._checks import require_multiple, require_recording, require_width
from metastable.statistics._means import mean_of_finite
from metastable.statistics._pairs import MembershipClasses

NORMALISATIONS = ("unbiased", "biased")
UNITS = ("rate", "count")

_NEURONS_PER_TRANSFORM = 256


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Autocovariance:
    """Autocovariance of spike trains.

    Parameters
    ----------
    lag_ms : ndarray, (n_lags,), ms
        From 0 to the largest lag; an autocovariance is symmetric.
    covariance : ndarray, (n_lags,)
        Mean over the neurons that fired, (spikes/s)^2 or spikes^2 per bin^2.
    per_neuron : ndarray, (n_neurons, n_lags)
        NaN for silent neurons.
    bin_ms, duration_ms : float, ms
        Of a bin, and of the part of the recording that whole bins cover.
    subtract, normalisation, unit : str
        As in `autocovariance`.
    n_silent, n_trials : int
    """

    lag_ms: NDArray[np.float64]
    covariance: NDArray[np.float64]
    per_neuron: NDArray[np.float64]
    bin_ms: float
    duration_ms: float
    subtract: str
    normalisation: str
    unit: str
    n_silent: int
    n_trials: int

    def __repr__(self) -> str:
        return (
            f"Autocovariance(lags 0 to {self.lag_ms[-1]:g} ms in {self.bin_ms:g} ms bins, "
            f"{self.per_neuron.shape[0]} neurons, {self.n_silent} silent, {self.n_trials} trials, "
            f"{self.subtract} subtracted, {self.normalisation}, {_unit_text(self.unit)})"
        )


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class CrossCovariance:
    """Cross-covariance of spike trains, averaged over three kinds of pairs.

    Parameters
    ----------
    lag_ms : ndarray, (n_lags,), ms
        From minus to plus the largest lag. The mean takes each pair in both orders, so it is symmetric.
    all_pairs, same_cluster, different_cluster : ndarray, (n_lags,)
        In (spikes/s)^2 or spikes^2 per bin^2; NaN where there are no such pairs. A same-cluster pair shares at least one
        cluster, a different-cluster pair is of two clustered neurons that share none; pairs with a neuron of no
        cluster are in `all_pairs` only.
    n_pairs : dict of int
        Unordered pairs of neurons that fired, for "all", "same_cluster" and "different_cluster".
    bin_ms, duration_ms : float, ms
        Of a bin, and of the part of the recording that whole bins cover.
    subtract, normalisation, unit : str
        As in `cross_covariance`.
    n_neurons, n_silent, n_trials : int
    """

    lag_ms: NDArray[np.float64]
    all_pairs: NDArray[np.float64]
    same_cluster: NDArray[np.float64]
    different_cluster: NDArray[np.float64]
    n_pairs: dict[str, int]
    bin_ms: float
    duration_ms: float
    subtract: str
    normalisation: str
    unit: str
    n_neurons: int
    n_silent: int
    n_trials: int

    def __repr__(self) -> str:
        pairs = ", ".join(f"{count:,} {name}" for name, count in self.n_pairs.items())
        return (
            f"CrossCovariance(lags +-{self.lag_ms[-1]:g} ms in {self.bin_ms:g} ms bins, pairs {pairs}, "
            f"{self.n_neurons} neurons, {self.n_silent} silent, {self.n_trials} trials, {self.subtract} subtracted, "
            f"{self.normalisation}, {_unit_text(self.unit)})"
        )


def autocovariance(
    spikes: SpikeData,
    *,
    bin_ms: float = 2.0,
    max_lag_ms: float = 200.0,
    subtract: str = "trial_mean",
    normalisation: str = "unbiased",
    unit: str = "rate",
) -> Autocovariance:
    """Compute the autocovariance of each neuron's spike train, averaged over trials.

    Parameters
    ----------
    spikes : SpikeData
    bin_ms : float, ms
        Width of a bin.
    max_lag_ms : float, ms
        Largest lag, a multiple of `bin_ms`.
    subtract : {"trial_mean", "psth", "overall_mean", "none"}
        The mean that is taken off the counts: of the trial, of all trials in the same bin, of all trials and bins,
        or none (a correlogram).
    normalisation : {"unbiased", "biased"}
        See Notes.
    unit : {"rate", "count"}
        Covariance of rates, (spikes/s)^2, which does not depend on the bin; or of counts per bin.

    Returns
    -------
    Autocovariance

    Raises
    ------
    ValueError
        If a width does not fit the recording, "psth" is subtracted from a single trial, or there are no spikes.

    Notes
    -----
    With a the centred counts of one trial of B bins, the covariance at a lag of l bins is the sum over t of
    a(t) a(t + l), divided by B - l ("unbiased") or by B ("biased", which pulls long lags to 0 by the factor 1 - l/B).
    With "psth" and "unbiased" the average over K trials divides by K - 1, as a variance across trials does.
    The mean of a finite trial is itself random: "trial_mean" lowers a slow covariance at all lags, see
    `fit_time_constant`.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[0, 2, 4, 6], neuron=[0, 0, 0, 0], n_neurons=1, t_stop_ms=8)
    >>> result = mst.statistics.autocovariance(spikes, bin_ms=1, max_lag_ms=2, unit="count")
    >>> result.covariance.round(6)
    array([ 0.25, -0.25,  0.25])
    """
    options = _Options.of(spikes, bin_ms, max_lag_ms, subtract, normalisation, unit)
    power = np.zeros((spikes.n_neurons, options.n_fft // 2 + 1))
    for rows, spectra in options.iterate_neuron_spectra(spikes):
        power[rows] += np.abs(spectra) ** 2
    lags = options.n_lags
    per_neuron = np.empty((spikes.n_neurons, lags + 1))
    for start in range(0, spikes.n_neurons, _NEURONS_PER_TRANSFORM):
        rows = slice(start, start + _NEURONS_PER_TRANSFORM)
        per_neuron[rows] = np.fft.irfft(power[rows], options.n_fft)[:, : lags + 1] * options.scale(spikes)
    active = np.bincount(spikes.neuron, minlength=spikes.n_neurons) > 0
    per_neuron[~active] = np.nan
    return Autocovariance(
        lag_ms=options.bin_ms * np.arange(lags + 1),
        covariance=mean_of_finite(per_neuron, axis=0),
        per_neuron=per_neuron,
        bin_ms=options.bin_ms,
        duration_ms=options.n_bins * options.bin_ms,
        subtract=subtract,
        normalisation=normalisation,
        unit=unit,
        n_silent=int((~active).sum()),
        n_trials=spikes.n_trials,
    )


def cross_covariance(
    spikes: SpikeData,
    *,
    bin_ms: float = 2.0,
    max_lag_ms: float = 200.0,
    subtract: str = "trial_mean",
    normalisation: str = "unbiased",
    unit: str = "rate",
) -> CrossCovariance:
    """Compute the cross-covariance averaged over all, same-cluster and different-cluster pairs.

    Parameters
    ----------
    spikes : SpikeData
    bin_ms, max_lag_ms, subtract, normalisation, unit
        As in `autocovariance`.

    Returns
    -------
    CrossCovariance
        Without cluster labels only `all_pairs` has pairs.

    Raises
    ------
    ValueError
        If a width does not fit the recording, "psth" is subtracted from a single trial, or fewer than two neurons
        fired.

    Notes
    -----
    The mean over the n (n - 1) ordered pairs of n trains with Fourier transforms F is
    ``(|sum F|^2 - sum |F|^2) / (n (n - 1))``, transformed back: no pair is ever formed. With clusters that overlap
    the first term is a sum over classes of neurons of equal membership. The trains are padded with zeros by the
    largest lag, so nothing wraps around. Normalisation as in `autocovariance`.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[0, 4, 1, 5], neuron=[0, 0, 1, 1], n_neurons=2, t_stop_ms=8)
    >>> result = mst.statistics.cross_covariance(spikes, bin_ms=1, max_lag_ms=1, subtract="none",
    ...                                          normalisation="biased", unit="count")
    >>> result.all_pairs.round(6)  # two coincidences at +1 in one order, at -1 in the other, over 8 bins
    array([0.125, 0.   , 0.125])
    """
    options = _Options.of(spikes, bin_ms, max_lag_ms, subtract, normalisation, unit)
    classes = MembershipClasses.of(spikes.membership)
    active = np.bincount(spikes.neuron, minlength=spikes.n_neurons) > 0
    n_pairs = classes.count_pairs(active)
    if n_pairs["all"] == 0:
        raise ValueError(f"{int(active.sum())} of {spikes.n_neurons} neurons fired; a pair needs two.")

    sums: dict[str, NDArray[np.float64]] = {}
    for counts in iterate_centred_counts(
        spikes, classes.of_neuron, classes.n_classes, bin_ms=options.bin_ms, subtract=subtract
    ):
        trial = classes.sum_over_pairs(np.fft.rfft(counts, options.n_fft))
        sums = {name: sums.get(name, 0.0) + value for name, value in trial.items()}
    own_all, own_clustered = np.zeros((2, options.n_fft // 2 + 1))
    clustered = classes.clustered[classes.of_neuron]
    for rows, spectra in options.iterate_neuron_spectra(spikes):
        power = spectra.real**2 + spectra.imag**2
        own_all += power.sum(axis=0)
        own_clustered += clustered[rows] @ power

    total = {
        "all": sums["all"] - own_all,
        "same_cluster": sums["same_cluster"] - own_clustered,
        # Every clustered neuron shares a cluster with itself, so its own term cancels.
        "different_cluster": sums["clustered"] - sums["same_cluster"],
    }
    lags, scale = options.n_lags, options.scale(spikes)
    means = {}
    for name, value in total.items():
        half = np.fft.irfft(value, options.n_fft)[: lags + 1] * scale
        half = half / (2 * n_pairs[name]) if n_pairs[name] else np.full(lags + 1, np.nan)
        means[name] = np.concatenate([half[:0:-1], half])
    return CrossCovariance(
        lag_ms=options.bin_ms * np.arange(-lags, lags + 1),
        all_pairs=means["all"],
        same_cluster=means["same_cluster"],
        different_cluster=means["different_cluster"],
        n_pairs=n_pairs,
        bin_ms=options.bin_ms,
        duration_ms=options.n_bins * options.bin_ms,
        subtract=subtract,
        normalisation=normalisation,
        unit=unit,
        n_neurons=spikes.n_neurons,
        n_silent=int((~active).sum()),
        n_trials=spikes.n_trials,
    )


@dataclass(frozen=True)
class _Options:
    """The checked options of a covariance."""

    bin_ms: float
    n_bins: int
    n_lags: int
    n_fft: int
    subtract: str
    normalisation: str
    unit: str

    @staticmethod
    def of(
        spikes: SpikeData, bin_ms: float, max_lag_ms: float, subtract: str, normalisation: str, unit: str
    ) -> _Options:
        require_choice("subtract", subtract, SUBTRACT)
        require_choice("normalisation", normalisation, NORMALISATIONS)
        require_choice("unit", unit, UNITS)
        trials = 2 if subtract == "psth" else 1
        require_recording(spikes, n_trials=trials, why="a covariance about the PSTH")
        width = require_width("bin_ms", bin_ms, spikes)
        n_lags = require_multiple("max_lag_ms", max_lag_ms, width, minimum=0)
        n_bins = int(spikes.duration_ms / width * (1 + 1e-12))
        if n_lags >= n_bins:
            raise ValueError(
                f"max_lag_ms={max_lag_ms:g} is not shorter than the recording of {spikes.duration_ms:g} ms; "
                "choose a smaller lag."
            )
        if spikes.n_spikes == 0:
            raise ValueError("there are no spikes in this recording; nothing can be correlated.")
        from scipy.fft import next_fast_len

        n_fft = next_fast_len(n_bins + n_lags, real=True)
        return _Options(width, n_bins, n_lags, n_fft + n_fft % 2, subtract, normalisation, unit)

    def scale(self, spikes: SpikeData) -> NDArray[np.float64]:
        """Return the factor of each lag from a sum over bins and trials to a mean, (n_lags + 1,)."""
        # Unbiased by default: 1/B would pull the covariance at 200 ms of a 1,500 ms trial down by 13 %, and so
        # shorten every fitted time constant; the price, more noise at long lags, is small for averages over pairs.
        unbiased = self.normalisation == "unbiased"
        bins = self.n_bins - np.arange(self.n_lags + 1) if unbiased else self.n_bins
        trials = spikes.n_trials - (1 if unbiased and self.subtract == "psth" else 0)
        per_bin = (self.bin_ms / 1000) ** 2 if self.unit == "rate" else 1.0
        return np.ones(self.n_lags + 1) / bins / trials / per_bin

    def iterate_neuron_spectra(self, spikes: SpikeData) -> Iterator[tuple[slice, NDArray[np.complex128]]]:
        """Yield the Fourier transforms of blocks of neurons, trial after trial."""
        row = np.arange(spikes.n_neurons)
        for counts in iterate_centred_counts(
            spikes, row, spikes.n_neurons, bin_ms=self.bin_ms, subtract=self.subtract
        ):
            # Blocks small enough for the cache; a whole trial at once takes twice as long and 100 MB.
            for start in range(0, spikes.n_neurons, _NEURONS_PER_TRANSFORM):
                rows = slice(start, start + _NEURONS_PER_TRANSFORM)
                yield rows, np.fft.rfft(counts[rows], self.n_fft)


def _unit_text(unit: str) -> str:
    return "(spikes/s)^2" if unit == "rate" else "spikes^2 per bin^2"
