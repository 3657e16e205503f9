"""The Fano factor of spike counts, per neuron, with the estimators of the literature."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._display import Drawn, counted
from metastable._validation import require_choice, require_indices, require_numbers, shown
from metastable.spikes import SpikeData
from metastable.statistics._checks import require_ddof, require_recording
from metastable.statistics._means import divide, mean_of_finite
from metastable.statistics._windows import Windows

ESTIMATORS = ("mean_of_ratios", "ratio_of_sums", "pooled")


def fano_factor(
    spikes: SpikeData,
    *,
    window_ms: float | None = 100.0,
    estimator: str = "mean_of_ratios",
    ddof: int = 0,
    step_ms: float | None = None,
) -> NDArray[np.float64]:
    """Compute the Fano factor of each neuron's spike counts.

    Parameters
    ----------
    spikes : SpikeData
    window_ms : float or None, ms
        Width of the counting windows; None takes the whole recording as one window.
    estimator : {"mean_of_ratios", "ratio_of_sums", "pooled"}
        See Notes.
    ddof : int
        Degrees of freedom taken from the variance.
    step_ms : float, ms, optional
        From one window to the next; by default windows tile the recording.

    Returns
    -------
    ndarray, (n_neurons,)
        NaN for a neuron without spikes in any window.

    Raises
    ------
    ValueError
        If the window does not fit the recording, there are fewer than two trials (except for "pooled"), or `ddof` is
        not below the number of samples.

    Notes
    -----
    With ``n_k(w)`` the count in window w of trial k, and Var and E taken over trials:

    * "mean_of_ratios": the mean over windows of Var n(w) / E n(w). Windows in which the neuron is silent in all
      trials are left out. Litwin-Kumar & Doiron 2012, Figure 2b.
    * "ratio_of_sums": the sum over windows of Var n(w) divided by the sum of E n(w); every spike weighs the same.
      Litwin-Kumar & Doiron 2012, Figure 2g: the paper uses two estimators.
    * "pooled": variance over mean of all counts of all windows and trials together. Changes of the rate in time
      count as variability; the only one for a single trial.

    Elephant's ``fanofactor`` of one neuron's trials is any of them with ``window_ms=None``.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[5.0], neuron=[0], trial=[3], n_trials=9, n_neurons=2, t_stop_ms=100)
    >>> mst.statistics.fano_factor(spikes, window_ms=100)
    array([0.88888889,        nan])
    """
    windows = _check(spikes, window_ms, estimator, ddof, step_ms)
    n_trials = spikes.n_trials
    total, squares = sum_over_trials(windows.iterate_counts(spikes), spikes.n_neurons, windows.n_windows)
    if estimator == "pooled":
        return fano_from_sums(total.sum(axis=1), squares.sum(axis=1), n_trials * windows.n_windows, ddof)
    if estimator == "mean_of_ratios":
        return mean_of_finite(fano_from_sums(total, squares, n_trials, ddof), axis=1)
    # Var = (n Q - S^2) / (n (n - ddof)) and E = S / n, so that the n cancels in the ratio of the sums.
    spread = (n_trials * squares - total**2).sum(axis=1)
    return divide(spread, (n_trials - ddof) * total.sum(axis=1))


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class FanoFactorByWindow(Drawn):
    """Fano factors of each neuron for several window widths.

    Parameters
    ----------
    window_ms : ndarray, (n_windows,), ms
    fano_factor : ndarray, (n_neurons, n_windows)
        NaN where a neuron is silent.
    estimator : str
    ddof : int
    n_trials : int
    """

    window_ms: NDArray[np.float64]
    fano_factor: NDArray[np.float64]
    estimator: str
    ddof: int
    n_trials: int

    def mean(self, neuron: ArrayLike | None = None) -> NDArray[np.float64]:
        """Average over the neurons that fired, all or those of an index or mask, (n_windows,)."""
        return mean_over_neurons(self.fano_factor, neuron)

    def __repr__(self) -> str:
        pairs = ", ".join(f"{w:g} ms: {f:.3g}" for w, f in zip(self.window_ms, self.mean(), strict=True))
        return (
            f"FanoFactorByWindow({pairs}; mean over {counted(len(self.fano_factor), 'neuron')}, "
            f"{counted(self.n_trials, 'trial')}, {self.estimator}, ddof {self.ddof})"
        )


def fano_factor_by_window(
    spikes: SpikeData,
    *,
    windows_ms: Sequence[float] | NDArray = (25.0, 50.0, 75.0, 100.0, 125.0, 150.0, 175.0, 200.0),
    estimator: str = "ratio_of_sums",
    ddof: int = 0,
) -> FanoFactorByWindow:
    """Compute the Fano factor of each neuron for several window widths.

    Parameters
    ----------
    spikes : SpikeData
    windows_ms : sequence of float, ms
        Widths; each set of windows tiles the recording.
    estimator : {"ratio_of_sums", "mean_of_ratios", "pooled"}
        As in `fano_factor`. The default is that of Litwin-Kumar & Doiron 2012, Figure 2g.
    ddof : int
        Degrees of freedom taken from the variance.

    Returns
    -------
    FanoFactorByWindow

    Raises
    ------
    ValueError
        As in `fano_factor`.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[5.0], neuron=[0], trial=[3], n_trials=9, n_neurons=2, t_stop_ms=200)
    >>> mst.statistics.fano_factor_by_window(spikes, windows_ms=[50, 100])
    FanoFactorByWindow(50 ms: 0.889, 100 ms: 0.889; mean over 2 neurons, 9 trials, ratio_of_sums, ddof 0)
    """
    widths = np.atleast_1d(require_numbers("windows_ms", windows_ms))
    if widths.ndim != 1 or widths.size == 0:
        raise ValueError(f"windows_ms must be a list of widths in ms, got {shown(windows_ms)}; give at least one.")
    for width in widths:
        _check(spikes, width, estimator, ddof, None)
    columns = [fano_factor(spikes, window_ms=width, estimator=estimator, ddof=ddof) for width in widths]
    return FanoFactorByWindow(
        window_ms=widths,
        fano_factor=np.stack(columns, axis=1),
        estimator=estimator,
        ddof=ddof,
        n_trials=spikes.n_trials,
    )


def mean_over_neurons(fano_factor: NDArray[np.float64], neuron: ArrayLike | None) -> NDArray[np.float64]:
    """Average over the neurons that fired, all or those of an index or mask."""
    chosen = slice(None) if neuron is None else require_indices("neuron", neuron, fano_factor.shape[0])
    return mean_of_finite(fano_factor[chosen], axis=0)


def sum_over_trials(
    counts: Iterator[NDArray[np.int32]], n_neurons: int, n_windows: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the sums over trials of the counts and of their squares: integers, so exact in any order."""
    total = np.zeros((n_neurons, n_windows), np.int64)
    squares = np.zeros((n_neurons, n_windows), np.int64)
    for count in counts:
        total += count
        squares += np.square(count, dtype=np.int64)
    return total, squares


def fano_from_sums(total: NDArray, squares: NDArray, n_samples: int, ddof: int) -> NDArray[np.float64]:
    """Return variance over mean from the sums of counts and of squares, NaN where there are no spikes."""
    # ddof = 0 is the default because the histograms of Litwin-Kumar & Doiron 2012 (9 trials) stop at exactly 8/9,
    # the value of a single spike with ddof = 0; ddof = 1 would give 1 there and raises every value by n/(n-1).
    return divide(n_samples * squares - total**2, (n_samples - ddof) * total)


def _check(spikes: SpikeData, window_ms: object, estimator: str, ddof: int, step_ms: object) -> Windows:
    require_choice("estimator", estimator, ESTIMATORS)
    pooled = estimator == "pooled"
    require_recording(spikes, n_trials=1 if pooled else 2, why="a variance across trials")
    windows = Windows.of(spikes, window_ms, step_ms)
    require_ddof(ddof, spikes.n_trials * (windows.n_windows if pooled else 1), "counts" if pooled else "trials")
    return windows
