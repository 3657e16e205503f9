"""Windows that tile or slide over a recording, and the exact spike counts in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_number, require_steps
from metastable.spikes import SpikeData, iterate_trial_counts
from metastable.statistics._checks import require_width


@dataclass(frozen=True)
class Windows:
    """Windows ``[t_start + k step, t_start + k step + window)`` that lie wholly inside a recording."""

    window_ms: float
    step_ms: float
    n_windows: int

    @staticmethod
    def of(spikes: SpikeData, window_ms: Any, step_ms: Any = None) -> Windows:
        """Lay windows over a recording; without a step they tile it."""
        window = spikes.duration_ms if window_ms is None else require_width("window_ms", window_ms, spikes)
        step = window if step_ms is None else require_number("step_ms", step_ms, above=0)
        if spikes.dt_ms is not None:
            total, width = (
                require_steps("window_ms", t, spikes.dt_ms, minimum=1) for t in (spikes.duration_ms, window)
            )
            stride = require_steps("step_ms", step, spikes.dt_ms, minimum=1)
            return Windows(window, step, (total - width) // stride + 1)
        # Tiling windows are bins, counted as `bin_indices` counts them.
        if step == window:
            return Windows(window, step, int(spikes.duration_ms / window * (1 + 1e-12)))
        return Windows(window, step, int((spikes.duration_ms - window) / step * (1 + 1e-12) + 1e-12) + 1)

    def centres_ms(self, spikes: SpikeData) -> NDArray[np.float64]:
        """Return the middle of each window, ms."""
        return spikes.t_start_ms + self.window_ms / 2 + self.step_ms * np.arange(self.n_windows, dtype=np.float64)

    def iterate_counts(self, spikes: SpikeData) -> Iterator[NDArray[np.int32]]:
        """Count the spikes of each neuron in each window, one trial at a time, (n_neurons, n_windows)."""
        if self.step_ms == self.window_ms:
            yield from iterate_trial_counts(spikes, bin_ms=self.window_ms)
            return
        first, last = self._first_and_last(spikes)
        # Spikes in no window (a gap between windows, or the end of the recording) have first > last.
        kept = first <= last
        rows = self.n_windows + 1
        flat_first = spikes.neuron.astype(np.int64) * rows + first
        flat_after = spikes.neuron.astype(np.int64) * rows + last + 1
        size = spikes.n_neurons * rows
        for begin, end in zip(spikes.trial_offsets[:-1], spikes.trial_offsets[1:], strict=True):
            keep = kept[begin:end]
            # A spike enters at its first window and leaves after its last: the running sum is the count.
            change = np.bincount(flat_first[begin:end][keep], minlength=size)
            change -= np.bincount(flat_after[begin:end][keep], minlength=size)
            change = change.reshape(spikes.n_neurons, rows)[:, : self.n_windows]
            yield np.cumsum(change, axis=1, dtype=np.int32)

    def _first_and_last(self, spikes: SpikeData) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the first and the last window that each spike falls into."""
        if spikes.dt_ms is not None:
            width, stride = (require_steps("window_ms", t, spikes.dt_ms) for t in (self.window_ms, self.step_ms))
            step = spikes.steps - round(spikes.t_start_ms / spikes.dt_ms)
            first, last = (step - width) // stride + 1, step // stride
        else:
            starts = spikes.t_start_ms + self.step_ms * np.arange(self.n_windows)
            # Where the step divides the window an end is the start of a later window: the same float, so that
            # a spike on that edge leaves the one exactly when it enters the other.
            ratio = self.window_ms / self.step_ms
            if abs(ratio - round(ratio)) < 1e-9 * ratio:
                stops = spikes.t_start_ms + self.step_ms * (np.arange(self.n_windows) + round(ratio))
            else:
                stops = starts + self.window_ms
            first = np.searchsorted(stops, spikes.time_ms, side="right")
            last = np.searchsorted(starts, spikes.time_ms, side="right") - 1
        return np.maximum(first, 0), np.minimum(last, self.n_windows - 1)
