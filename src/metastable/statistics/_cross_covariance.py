"""Cross-covariances of spike trains, averaged over kinds of pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn, counted
from metastable.spikes import SpikeData
from metastable.statistics._centred_counts import iterate_centred_counts
from metastable.statistics._lags import LagOptions, unit_text
from metastable.statistics._pairs import MembershipClasses


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class CrossCovariance(Drawn):
    """Cross-covariance of spike trains, averaged over three kinds of pairs.

    Parameters
    ----------
    lag_ms : ndarray, (n_lags,), ms
        From minus to plus the largest lag. The mean takes each pair in both orders, so it is symmetric.
    all_pairs, same_cluster, different_cluster : ndarray, (n_lags,)
        In (spikes/s)^2 or spikes^2 per bin^2; NaN where there are no such pairs. A same-cluster pair shares at least
        one cluster, a different-cluster pair is of two clustered neurons that share none; pairs with a neuron of no
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
            f"{counted(self.n_neurons, 'neuron')}, {self.n_silent:,} silent, {counted(self.n_trials, 'trial')}, "
            f"{self.subtract} subtracted, {self.normalisation}, {unit_text(self.unit)})"
        )


def cross_covariance(
    spikes: SpikeData,
    *,
    bin_ms: float = 2.0,
    max_lag_ms: float = 200.0,
    subtract: str = "trial_mean",
    normalisation: str = "biased",
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
    >>> result = mst.statistics.cross_covariance(spikes, bin_ms=1, max_lag_ms=1, subtract="none", unit="count")
    >>> result.all_pairs.round(6)  # two coincidences at +1 in one order, at -1 in the other, over 8 bins
    array([0.125, 0.   , 0.125])
    """
    lagged = LagOptions.of(spikes, bin_ms, max_lag_ms, subtract, normalisation, unit)
    classes = MembershipClasses.of(spikes.membership)
    active = np.bincount(spikes.neuron, minlength=spikes.n_neurons) > 0
    n_pairs = classes.count_pairs(active)
    if n_pairs["all"] == 0:
        raise ValueError(f"{int(active.sum())} of {spikes.n_neurons} neurons fired; a pair needs two.")

    sums: dict[str, NDArray[np.float64]] = {}
    for counts in iterate_centred_counts(
        spikes, classes.of_neuron, classes.n_classes, bin_ms=lagged.bin_ms, subtract=subtract
    ):
        trial = classes.sum_over_pairs(np.fft.rfft(counts, lagged.n_fft))
        sums = {name: sums.get(name, 0.0) + value for name, value in trial.items()}
    own_all, own_clustered = np.zeros((2, lagged.n_fft // 2 + 1))
    clustered = classes.clustered[classes.of_neuron]
    for rows, spectra in lagged.iterate_neuron_spectra(spikes):
        power = spectra.real**2 + spectra.imag**2
        own_all += power.sum(axis=0)
        own_clustered += clustered[rows] @ power

    total = {
        "all": sums["all"] - own_all,
        "same_cluster": sums["same_cluster"] - own_clustered,
        # Every clustered neuron shares a cluster with itself, so its own term cancels.
        "different_cluster": sums["clustered"] - sums["same_cluster"],
    }
    lags, scale = lagged.n_lags, lagged.scale(spikes)
    means = {}
    for name, value in total.items():
        half = np.fft.irfft(value, lagged.n_fft)[: lags + 1] * scale
        half = half / (2 * n_pairs[name]) if n_pairs[name] else np.full(lags + 1, np.nan)
        means[name] = np.concatenate([half[:0:-1], half])
    return CrossCovariance(
        lag_ms=lagged.bin_ms * np.arange(-lags, lags + 1, dtype=np.float64),
        all_pairs=means["all"],
        same_cluster=means["same_cluster"],
        different_cluster=means["different_cluster"],
        n_pairs=n_pairs,
        bin_ms=lagged.bin_ms,
        duration_ms=lagged.n_bins * lagged.bin_ms,
        subtract=subtract,
        normalisation=normalisation,
        unit=unit,
        n_neurons=spikes.n_neurons,
        n_silent=int((~active).sum()),
        n_trials=spikes.n_trials,
    )
