"""Autocovariances of spike trains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn, counted
from metastable.spikes import SpikeData
from metastable.statistics._lags import NEURONS_PER_TRANSFORM, LagOptions, unit_text
from metastable.statistics._means import mean_of_finite


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Autocovariance(Drawn):
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
            f"{counted(len(self.per_neuron), 'neuron')}, {self.n_silent:,} silent, {counted(self.n_trials, 'trial')}, "
            f"{self.subtract} subtracted, {self.normalisation}, {unit_text(self.unit)})"
        )


def autocovariance(
    spikes: SpikeData,
    *,
    bin_ms: float = 2.0,
    max_lag_ms: float = 200.0,
    subtract: str = "trial_mean",
    normalisation: str = "biased",
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
    normalisation : {"biased", "unbiased"}
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
    a(t) a(t + l), divided by B ("biased": the usual sample covariance, smaller by the factor 1 - l/B) or by B - l
    ("unbiased"). The average over K trials divides by K, with "psth" and "unbiased" by K - 1, as a variance across
    trials does. The mean of a finite trial is itself random: "trial_mean" lowers a slow covariance at all lags under
    either normalisation, see `fit_time_constant`.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[0, 2, 4, 6], neuron=[0, 0, 0, 0], n_neurons=1, t_stop_ms=8)
    >>> result = mst.statistics.autocovariance(spikes, bin_ms=1, max_lag_ms=2, unit="count")
    >>> result.covariance.round(6)
    array([ 0.25   , -0.21875,  0.1875 ])
    """
    lagged = LagOptions.of(spikes, bin_ms, max_lag_ms, subtract, normalisation, unit)
    power = np.zeros((spikes.n_neurons, lagged.n_fft // 2 + 1))
    for rows, spectra in lagged.iterate_neuron_spectra(spikes):
        power[rows] += spectra.real**2 + spectra.imag**2
    lags = lagged.n_lags
    per_neuron = np.empty((spikes.n_neurons, lags + 1))
    for start in range(0, spikes.n_neurons, NEURONS_PER_TRANSFORM):
        rows = slice(start, start + NEURONS_PER_TRANSFORM)
        per_neuron[rows] = np.fft.irfft(power[rows], lagged.n_fft)[:, : lags + 1] * lagged.scale(spikes)
    active = np.bincount(spikes.neuron, minlength=spikes.n_neurons) > 0
    per_neuron[~active] = np.nan
    return Autocovariance(
        lag_ms=lagged.bin_ms * np.arange(lags + 1, dtype=np.float64),
        covariance=mean_of_finite(per_neuron, axis=0),
        per_neuron=per_neuron,
        bin_ms=lagged.bin_ms,
        duration_ms=lagged.n_bins * lagged.bin_ms,
        subtract=subtract,
        normalisation=normalisation,
        unit=unit,
        n_silent=int((~active).sum()),
        n_trials=spikes.n_trials,
    )
