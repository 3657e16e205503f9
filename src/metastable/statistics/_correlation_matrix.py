"""Spike-count correlations of all pairs, with the estimators of the literature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_choice
from metastable.spikes import SpikeData, iterate_trial_counts
from metastable.statistics._checks import require_recording
from metastable.statistics._means import divide
from metastable.statistics._windows import Windows

ESTIMATORS = ("trialwise", "across_trials", "pooled", "concatenated")
SILENT = ("zero", "exclude_both_silent", "exclude_either_silent")

_ONE_REPEAT = ("pooled", "concatenated")
_COLUMNS_PER_PRODUCT = 2048
_PANEL_BYTES = 2**28


def correlation_matrix(
    spikes: SpikeData, *, window_ms: float = 50.0, estimator: str = "trialwise", silent: str = "zero"
) -> NDArray[np.float64]:
    """Compute the spike-count correlation of every pair of neurons.

    Parameters
    ----------
    spikes : SpikeData
    window_ms : float, ms
        Width of the counting windows, which tile the recording.
    estimator : {"trialwise", "across_trials", "pooled", "concatenated"}
        See Notes.
    silent : {"zero", "exclude_both_silent", "exclude_either_silent"}
        What a trial (a window, for "across_trials") contributes to a pair when the counts of one or both neurons do
        not vary in it, as when they are silent: a correlation of 0; nothing if both are silent, else 0; or nothing if
        either is. It has no meaning for "pooled" and "concatenated".

    Returns
    -------
    ndarray, (n_neurons, n_neurons)
        Symmetric, 1 on the diagonal. NaN in the rows of neurons whose counts never vary (silent ones), and for
        pairs of which every trial is left out. 200 MB for 5,000 neurons; `count_correlations` does without.

    Raises
    ------
    ValueError
        If the recording is empty, fewer than two windows fit, or there are too few trials.

    Notes
    -----
    * "trialwise": the Pearson correlation over the windows of one trial, averaged over trials.
      Litwin-Kumar & Doiron 2012, Figure 2d.
    * "across_trials": the Pearson correlation over trials of the counts in one window, averaged over windows ("noise
      correlation").
    * "pooled": the covariance about each trial's own mean, summed over trials, divided by the root of the variances
      summed over trials; trials weigh by their variance, which in clustered networks gives three times the first.
    * "concatenated": the Pearson correlation over all windows of all trials together; changes of the rate from trial
      to trial count as well.

    Elephant's ``correlation_coefficient`` of one trial is any of them but "across_trials".

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[1, 2, 3, 11, 21], neuron=[0, 1, 1, 2, 2], n_neurons=4, t_stop_ms=30)
    >>> mst.statistics.correlation_matrix(spikes, window_ms=10).round(3)
    array([[ 1.,  1., -1., nan],
           [ 1.,  1., -1., nan],
           [-1., -1.,  1., nan],
           [nan, nan, nan, nan]])
    """
    source = StandardisedCounts.of(spikes, window_ms, estimator, silent)
    matrix = np.empty((spikes.n_neurons, spikes.n_neurons))
    for start, block in source.iterate_blocks():
        stop = start + block.shape[0]
        matrix[start:stop, start:] = block
        matrix[start:, start:stop] = block.T
    active = source.active
    matrix[active, active] = 1.0
    return matrix


@dataclass(frozen=True, eq=False)
class StandardisedCounts:
    """Counts centred and scaled so that a product of two rows is a correlation, or a sum of them over repeats.

    A repeat is a trial ("trialwise"), a window ("across_trials"), or the whole recording ("pooled", "concatenated").
    """

    spikes: SpikeData
    windows: Windows
    estimator: str
    silent: str
    varies: NDArray[np.bool_]

    @staticmethod
    def of(spikes: SpikeData, window_ms: float, estimator: str, silent: str) -> StandardisedCounts:
        """Check the options and find in which repeats each neuron's counts vary."""
        require_choice("estimator", estimator, ESTIMATORS)
        require_choice("silent", silent, SILENT)
        if estimator in _ONE_REPEAT and silent != "zero":
            raise ValueError(
                f"silent={silent!r} has no meaning for estimator={estimator!r}, which has no trials to leave out; "
                "use 'trialwise' or 'across_trials', or leave silent as it is."
            )
        across = estimator == "across_trials"
        require_recording(spikes, n_trials=2 if across else 1, why="a correlation across trials")
        windows = Windows.of(spikes, window_ms)
        if windows.n_windows * (spikes.n_trials if estimator == "concatenated" else 1) < 2 and not across:
            raise ValueError(
                f"window_ms={windows.window_ms:g} gives one window in {spikes.duration_ms:g} ms, a correlation needs "
                "two; choose a shorter window."
            )
        source = StandardisedCounts(spikes, windows, estimator, silent, np.zeros((0, 0), bool))
        if estimator in _ONE_REPEAT:
            varies = (source._pooled_moments()[1] > 0)[:, None]
        else:
            varies = np.stack([_spread(counts) > 0 for counts in source._iterate_repeats()], axis=1)
        return StandardisedCounts(spikes, windows, estimator, silent, varies)

    @property
    def active(self) -> NDArray[np.bool_]:
        """Neurons whose counts vary in some repeat, (n_neurons,)."""
        return np.any(self.varies, axis=1)

    def iterate_blocks(self, rows: int = 256) -> Iterator[tuple[int, NDArray[np.float64]]]:
        """Yield the correlations of ``rows`` neurons with themselves and all later ones.

        Yields
        ------
        start : int
            First neuron of the block.
        block : ndarray, (at most rows, n_neurons - start)
        """
        n_neurons = self.spikes.n_neurons
        # One panel holds up to 5,800 neurons; beyond that the spikes are counted again for each panel.
        panel_rows = max(_PANEL_BYTES // (8 * n_neurons), 1)
        varies = self.varies.astype(np.float32)
        active = self.active
        for top in range(0, n_neurons, panel_rows):
            bottom = min(top + panel_rows, n_neurons)
            panel = np.zeros((bottom - top, n_neurons - top))
            for columns in self._iterate_columns():
                # The same array on both sides lets numpy compute one triangle only.
                later = columns[top:]
                panel += (later @ later.T) if bottom == n_neurons else columns[top:bottom] @ later.T
            for start in range(top, bottom, rows):
                stop = min(start + rows, bottom)
                block = panel[start - top : stop - top, start - top :]
                block = divide(block, self._n_counted(varies[start:stop], varies[start:]))
                block[~active[start:stop]] = np.nan
                block[:, ~active[start:]] = np.nan
                yield start, np.clip(block, -1.0, 1.0, out=block)

    def _n_counted(self, rows: NDArray[np.float32], columns: NDArray[np.float32]) -> NDArray | float:
        """Return how many repeats count for each pair."""
        n_repeats = self.varies.shape[1]
        if self.silent == "exclude_either_silent":
            return rows @ columns.T
        if self.silent == "exclude_both_silent":
            return n_repeats - (1 - rows) @ (1 - columns).T
        return float(n_repeats)

    def _iterate_repeats(self) -> Iterator[NDArray]:
        """Yield the counts of each repeat, (n_neurons, n_samples)."""
        if self.estimator != "across_trials":
            yield from iterate_trial_counts(self.spikes, bin_ms=self.windows.window_ms)
            return
        trials = iterate_trial_counts(self.spikes, bin_ms=self.windows.window_ms)
        # Windows run slowest here, so all trials are held: in the smallest integers, 30 MB for 5,000 x 100 x 60.
        stack = np.stack([counts.astype(np.min_scalar_type(counts.max())) for counts in trials], axis=-1)
        for window in range(self.windows.n_windows):
            yield stack[:, window].astype(np.int32)

    def _pooled_moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the mean of each neuron's counts and the sum of squares about the mean the estimator takes."""
        total = np.zeros(self.spikes.n_neurons, np.int64)
        squares = np.zeros(self.spikes.n_neurons, np.int64)
        within = np.zeros(self.spikes.n_neurons)
        n_windows = self.windows.n_windows
        for counts in self._iterate_repeats():
            total += counts.sum(axis=1)
            squares += np.square(counts, dtype=np.int64).sum(axis=1)
            within += _spread(counts) / n_windows
        n_samples = n_windows * self.spikes.n_trials
        if self.estimator == "concatenated":
            return total / n_samples, (n_samples * squares - total**2) / n_samples
        return total / n_samples, within

    def _iterate_standardised(self) -> Iterator[NDArray[np.float64]]:
        pooled = self.estimator in _ONE_REPEAT
        mean, norm = self._pooled_moments() if pooled else (np.zeros(0), np.zeros(0))
        for repeat, counts in enumerate(self._iterate_repeats()):
            centre = mean if self.estimator == "concatenated" else counts.mean(axis=1)
            square = norm if pooled else _spread(counts) / counts.shape[1]
            varies = self.varies[:, 0 if pooled else repeat]
            scale = np.divide(1.0, np.sqrt(square), out=np.zeros(varies.shape), where=varies)
            yield (counts - centre[:, None]) * scale[:, None]

    def _iterate_columns(self) -> Iterator[NDArray[np.float64]]:
        """Join repeats into matrices wide enough for a matrix product to pay."""
        gathered: list[NDArray[np.float64]] = []
        for part in self._iterate_standardised():
            gathered.append(part)
            if sum(piece.shape[1] for piece in gathered) >= _COLUMNS_PER_PRODUCT:
                yield np.concatenate(gathered, axis=1)
                gathered = []
        if gathered:
            yield np.concatenate(gathered, axis=1)


def _spread(counts: NDArray) -> NDArray[np.int64]:
    """Return n times the sum of squares about the mean, in integers: 0 exactly where counts do not vary."""
    total = counts.sum(axis=1, dtype=np.int64)
    return counts.shape[1] * np.square(counts, dtype=np.int64).sum(axis=1) - total**2
