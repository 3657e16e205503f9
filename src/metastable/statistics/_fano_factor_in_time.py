"""The Fano factor resolved in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._display import Drawn, counted
from metastable.spikes import SpikeData
from metastable.statistics._checks import require_ddof, require_recording
from metastable.statistics._fano_factor import fano_from_sums, mean_over_neurons, sum_over_trials
from metastable.statistics._windows import Windows


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class FanoFactorInTime(Drawn):
    """Fano factors of each neuron in windows along a trial.

    Parameters
    ----------
    time_ms : ndarray, (n_times,), ms
        Centres of the windows.
    fano_factor : ndarray, (n_neurons, n_times)
        Variance over mean of the counts across trials; NaN where a neuron is silent in all of them.
    window_ms, step_ms : float, ms
    ddof : int
    n_trials : int
    """

    time_ms: NDArray[np.float64]
    fano_factor: NDArray[np.float64]
    window_ms: float
    step_ms: float
    ddof: int
    n_trials: int

    def mean(self, neuron: ArrayLike | None = None) -> NDArray[np.float64]:
        """Average over the neurons that fired in the window, all or those of an index or mask, (n_times,)."""
        return mean_over_neurons(self.fano_factor, neuron)

    def __repr__(self) -> str:
        n_neurons, n_times = self.fano_factor.shape
        return (
            f"FanoFactorInTime({counted(n_neurons, 'neuron')} x {counted(n_times, 'window')} of {self.window_ms:g} ms "
            f"every {self.step_ms:g} ms, centres {self.time_ms[0]:g} to {self.time_ms[-1]:g} ms, "
            f"{counted(self.n_trials, 'trial')}, ddof {self.ddof})"
        )


def fano_factor_in_time(
    spikes: SpikeData, *, window_ms: float = 100.0, step_ms: float | None = None, ddof: int = 0
) -> FanoFactorInTime:
    """Compute the Fano factor of each neuron across trials, in windows along the trial.

    Parameters
    ----------
    spikes : SpikeData
    window_ms : float, ms
        Width of the counting window.
    step_ms : float, ms, optional
        From one window to the next; smaller than the window they overlap, by default they tile.
    ddof : int
        Degrees of freedom taken from the variance across trials.

    Returns
    -------
    FanoFactorInTime

    Raises
    ------
    ValueError
        If the window does not fit the recording, there are fewer than two trials, or `ddof` is not below their number.

    Notes
    -----
    A window belongs to its centre, so the effect of a stimulus begins half a window before its onset. Sums over trials
    are kept as integers; memory grows with neurons x windows, not with trials.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[5.0, 5.0, 30.0], neuron=[0, 0, 0], trial=[0, 1, 1], n_trials=2,
    ...                        n_neurons=1, t_stop_ms=40)
    >>> result = mst.statistics.fano_factor_in_time(spikes, window_ms=20, step_ms=10)
    >>> result
    FanoFactorInTime(1 neuron x 3 windows of 20 ms every 10 ms, centres 10 to 30 ms, 2 trials, ddof 0)
    >>> result.fano_factor
    array([[0. , nan, 0.5]])
    """
    require_recording(spikes, n_trials=2, why="a variance across trials")
    windows = Windows.of(spikes, window_ms, step_ms)
    ddof = require_ddof(ddof, spikes.n_trials, "trials")
    total, squares = sum_over_trials(windows.iterate_counts(spikes), spikes.n_neurons, windows.n_windows)
    return FanoFactorInTime(
        time_ms=windows.centres_ms(spikes),
        fano_factor=fano_from_sums(total, squares, spikes.n_trials, ddof),
        window_ms=windows.window_ms,
        step_ms=windows.step_ms,
        ddof=ddof,
        n_trials=spikes.n_trials,
    )
