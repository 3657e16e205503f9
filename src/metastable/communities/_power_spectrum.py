"""Multitaper power spectra of spike trains and groups of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from metastable._display import Drawn
from metastable._validation import require_number
from metastable.communities._labels import require_labels
from metastable.communities._tapers import tapered_coefficients
from metastable.spikes import SpikeData

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class PowerSpectrum(Drawn):
    """Power spectra with confidence intervals.

    Parameters
    ----------
    frequency_hz : ndarray, (n_frequencies,), Hz
    power : ndarray, (n_rows, n_frequencies), spikes/s
        That of a Poisson train is its rate at all frequencies.
    low, high : ndarray, (n_rows, n_frequencies), spikes/s
        Bounds of the confidence intervals.
    rate : ndarray, (n_rows,), spikes/s
        What the power tends to at high frequencies.
    half_bandwidth_hz : float, Hz
        Peaks are blurred by this much to either side.
    dof : int
        Degrees of freedom: two for each taper and trial.
    level : float
        Of the confidence intervals.
    """

    frequency_hz: Array
    power: Array
    low: Array
    high: Array
    rate: Array
    half_bandwidth_hz: float
    dof: int
    level: float

    def __repr__(self) -> str:
        n_rows, n_frequencies = self.power.shape
        return (
            f"PowerSpectrum({n_rows} spectra at {n_frequencies} frequencies from {self.frequency_hz[0]:.3g} to "
            f"{self.frequency_hz[-1]:.3g} Hz, half bandwidth {self.half_bandwidth_hz:.3g} Hz, "
            f"{self.dof} degrees of freedom)"
        )


def power_spectrum(
    spikes: SpikeData,
    labels: ArrayLike | None = None,
    *,
    time_bandwidth: float = 4.0,
    n_tapers: int = 9,
    maximum_hz: float = 10.0,
    level: float = 0.95,
) -> PowerSpectrum:
    """Estimate the power spectra of spike trains, or of all spikes of each group.

    Parameters
    ----------
    spikes : SpikeData
        Trials are averaged.
    labels : array_like of int, (n_neurons,), optional
        Group of each neuron, -1 for none; by default each neuron is by itself.
    time_bandwidth : float
        Product TW of duration and half bandwidth.
    n_tapers : int
        The paper takes 9 with TW = 4. Up to 2 TW - 1 = 7 tapers keep their power within the bandwidth; the last of the
        9 lets half of it leak out, which buys degrees of freedom.
    maximum_hz : float, Hz
        Highest frequency; the others are multiples of one over the duration of a trial.
    level : float
        Of the confidence intervals.

    Returns
    -------
    PowerSpectrum

    Raises
    ------
    ValueError
        If labels do not fit, there are no trials, or there is no frequency up to `maximum_hz`.

    Notes
    -----
    Tapers at the spike times minus the mean rate times the taper's Fourier transform: Jarvis & Mitra 2001; Chronux
    ``mtspectrumpt``. Confidence intervals from the chi-square distribution of Gaussian coefficients.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.spikes.gamma_trains(mean_ms=[100, 50], cv=1, duration_ms=60_000, seed=1)
    >>> found = mst.communities.power_spectrum(spikes, maximum_hz=50)
    >>> (found.power.mean(axis=1) / found.rate).round(1)  # Poisson trains
    array([1., 1.])
    """
    row = np.arange(spikes.n_neurons) if labels is None else require_labels(labels, spikes.n_neurons)
    share = require_level(level)
    frequency, coefficients = tapered_coefficients(
        spikes, row, time_bandwidth=time_bandwidth, n_tapers=n_tapers, maximum_hz=maximum_hz
    )
    power = (coefficients.real**2 + coefficients.imag**2).mean(axis=1)
    dof = 2 * coefficients.shape[1]
    seconds = spikes.duration_ms / 1000
    own = row[spikes.neuron]
    return PowerSpectrum(
        frequency_hz=frequency,
        power=power,
        low=power * dof / chi2.ppf((1 + share) / 2, dof),
        high=power * dof / chi2.ppf((1 - share) / 2, dof),
        rate=np.bincount(own[own >= 0], minlength=len(power)) / (seconds * spikes.n_trials),
        half_bandwidth_hz=time_bandwidth / seconds,
        dof=dof,
        level=share,
    )


def require_level(level: float) -> float:
    """Return a level of confidence between 0 and 1, or raise a sentence about it."""
    share = require_number("level", level, above=0)
    if share >= 1:
        raise ValueError(f"level must be below 1, such as 0.95, got {share:g}.")
    return share
