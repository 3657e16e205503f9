"""Multitaper Fourier coefficients of spike trains as point processes.

Tapers are evaluated at the spikes themselves, and the mean rate is taken out with the Fourier transform of each taper,
as Chronux does (Jarvis & Mitra 2001): no bins, so no aliasing and no highest frequency.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.signal.windows import dpss

from metastable._validation import require_integer, require_number
from metastable.communities._trains import require_trials
from metastable.spikes import SpikeData

Array = NDArray[np.float64]

# Points of a taper: with cubic interpolation its values are good to 1e-6. Frequencies need several points a period.
_LEAST_POINTS, _POINTS_PER_PERIOD = 4096, 8
# Exponentials in a table: they stay within some 16 MB.
_TABLE = 2**20


class Tapers:
    """Discrete prolate spheroidal sequences as functions of time, and their Fourier transforms.

    Parameters
    ----------
    time_bandwidth : float
        Product TW of the duration and the half bandwidth.
    n_tapers : int
    n_frequencies : int
        How many multiples of 1/T are wanted, from 1/T.
    """

    def __init__(self, time_bandwidth: float, n_tapers: int, n_frequencies: int) -> None:
        wanted = max(_LEAST_POINTS, _POINTS_PER_PERIOD * n_frequencies)
        n_points = 2 ** int(np.ceil(np.log2(wanted)))
        curves = _sequences(n_points, time_bandwidth, n_tapers)
        self._curve = CubicSpline((np.arange(n_points) + 0.5) / n_points, curves, axis=1)
        # Points lie in the middle of their steps.
        number = np.arange(1, n_frequencies + 1)
        self.transform = np.fft.rfft(curves, axis=1)[:, number] * np.exp(-1j * np.pi * number / n_points) / n_points
        self.number = number

    def at(self, phase: Array) -> Array:
        """Return the tapers at shares of the duration from 0 to 1, (n_tapers, n); their squares integrate to 1."""
        return self._curve(phase)

    def coefficients(self, phase: Array) -> NDArray[np.complex128]:
        """Return the Fourier coefficients of a train without its mean, (n_tapers, n_frequencies)."""
        weight = self.at(phase)
        total = -phase.size * self.transform
        # exp(-2 pi i (k + j) t) is a product: a table of the second factor serves all blocks of frequencies.
        step = min(self.number.size, max(1, _TABLE // max(phase.size, 1)))
        table = np.exp(-2j * np.pi * np.outer(phase, np.arange(step)))
        for begin in range(0, self.number.size, step):
            first = weight * np.exp(-2j * np.pi * self.number[begin] * phase)
            part = total[:, begin : begin + step]
            part += first @ table[:, : part.shape[1]]
        return total


@lru_cache(maxsize=8)
def _sequences(n_points: int, time_bandwidth: float, n_tapers: int) -> Array:
    return dpss(n_points, time_bandwidth, n_tapers) * np.sqrt(n_points)


def tapered_coefficients(
    spikes: SpikeData, row: NDArray[np.int64], *, time_bandwidth: float, n_tapers: int, maximum_hz: float
) -> tuple[Array, NDArray[np.complex128]]:
    """Return the Fourier coefficients of rows of trains, one for each taper and trial.

    Parameters
    ----------
    spikes : SpikeData
    row : ndarray of int, (n_neurons,)
        Row that a neuron's spikes are counted in, -1 for none.
    time_bandwidth, n_tapers, maximum_hz
        As in `power_spectrum`.

    Returns
    -------
    frequency_hz : ndarray, (n_frequencies,), Hz
    coefficients : ndarray, (n_rows, n_trials * n_tapers, n_frequencies)
        The mean of their squares is the power in spikes/s: that of a Poisson train is its rate.
    """
    require_trials(spikes)
    product = require_number("time_bandwidth", time_bandwidth, minimum=0.5)
    n = require_integer("n_tapers", n_tapers, minimum=1)
    highest = require_number("maximum_hz", maximum_hz, above=0)
    seconds = spikes.duration_ms / 1000
    n_frequencies = int(np.floor(highest * seconds + 1e-9))
    if n_frequencies < 1:
        raise ValueError(
            f"maximum_hz={highest:g} is below the lowest frequency of a recording of {seconds:g} s, 1/{seconds:g} Hz; "
            "choose a higher one, and check that the times are in ms."
        )
    tapers = Tapers(product, n, n_frequencies)
    n_rows = int(row.max(initial=-1)) + 1
    coefficients = np.zeros((n_rows, spikes.n_trials * n, n_frequencies), np.complex128)
    phase, own = (spikes.time_ms - spikes.t_start_ms) / spikes.duration_ms, row[spikes.neuron]
    for trial in range(spikes.n_trials):
        part = slice(spikes.trial_offsets[trial], spikes.trial_offsets[trial + 1])
        for k in range(n_rows):
            found = tapers.coefficients(phase[part][own[part] == k])
            coefficients[k, trial * n : (trial + 1) * n] = found / np.sqrt(seconds)
    return tapers.number / seconds, coefficients
