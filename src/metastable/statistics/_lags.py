"""What auto- and cross-covariances share: bins, lags, normalisation and Fourier transforms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_choice
from metastable.spikes import SpikeData
from metastable.statistics._centred_counts import SUBTRACT, iterate_centred_counts
from metastable.statistics._checks import require_multiple, require_recording, require_width
from metastable.statistics._windows import Windows

NORMALISATIONS = ("biased", "unbiased")
UNITS = ("rate", "count")
NEURONS_PER_TRANSFORM = 256


@dataclass(frozen=True)
class LagOptions:
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
    ) -> LagOptions:
        require_choice("subtract", subtract, SUBTRACT)
        require_choice("normalisation", normalisation, NORMALISATIONS)
        require_choice("unit", unit, UNITS)
        trials = 2 if subtract == "psth" else 1
        require_recording(spikes, n_trials=trials, why="a covariance about the PSTH")
        width = require_width("bin_ms", bin_ms, spikes)
        n_lags = require_multiple("max_lag_ms", max_lag_ms, width, minimum=0)
        n_bins = Windows.of(spikes, width).n_windows
        if n_lags >= n_bins:
            raise ValueError(
                f"max_lag_ms={max_lag_ms:g} is not shorter than the recording of {spikes.duration_ms:g} ms; "
                "choose a smaller lag."
            )
        if spikes.n_spikes == 0:
            raise ValueError("there are no spikes in this recording; nothing can be correlated.")
        from scipy.fft import next_fast_len

        # Twice a fast length: even, as the inverse real transform expects.
        n_fft = 2 * int(next_fast_len((n_bins + n_lags + 1) // 2))  # pyright: ignore[reportArgumentType]
        return LagOptions(width, n_bins, n_lags, n_fft, subtract, normalisation, unit)

    def scale(self, spikes: SpikeData) -> NDArray[np.float64]:
        """Return the factor of each lag from a sum over bins and trials to a mean, (n_lags + 1,)."""
        # Biased by default, as sample covariances and correlograms without border correction are; it gives back the
        # 160 +- 18 ms of the reference run of Litwin-Kumar & Doiron 2012, 1/(B - l) about 20 ms more.
        unbiased = self.normalisation == "unbiased"
        bins = self.n_bins - np.arange(self.n_lags + 1) if unbiased else self.n_bins
        trials = spikes.n_trials - (1 if unbiased and self.subtract == "psth" else 0)
        per_bin = (self.bin_ms / 1000) ** 2 if self.unit == "rate" else 1.0
        return np.ones(self.n_lags + 1) / bins / trials / per_bin

    def iterate_neuron_spectra(self, spikes: SpikeData) -> Iterator[tuple[slice, NDArray[np.complex128]]]:
        """Yield the Fourier transforms of blocks of neurons, trial after trial."""
        row = np.arange(spikes.n_neurons)
        for counts in iterate_centred_counts(spikes, row, spikes.n_neurons, bin_ms=self.bin_ms, subtract=self.subtract):
            # Blocks small enough for the cache; a whole trial at once takes twice as long and 100 MB.
            for start in range(0, spikes.n_neurons, NEURONS_PER_TRANSFORM):
                rows = slice(start, start + NEURONS_PER_TRANSFORM)
                yield rows, np.fft.rfft(counts[rows], self.n_fft)


def unit_text(unit: str) -> str:
    return "(spikes/s)^2" if unit == "rate" else "spikes^2 per bin^2"
