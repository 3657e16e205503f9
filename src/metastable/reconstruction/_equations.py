"""The linear equations that acceptable intervals make for the incoming weights of a neuron."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from metastable.reconstruction._kernels import fill_rows, mark_acceptable, mark_touched
from metastable.reconstruction._neuron_model import NeuronModel
from metastable.reconstruction._recording import Recording

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# Time constants per block of spikes that share the reference of their exponentials: exp(16) is a harmless number, and
# t - reference has few digits before the point, so that it is exact to about 1e-14 ms.
_BLOCK = 16.0


@dataclass(frozen=True, eq=False)
class Equations:
    """Equations of all neurons of a recording.

    Parameters
    ----------
    recording : Recording
    model : NeuronModel
    tolerance_ms : float, ms
        Arrivals this close to an interval's ends make it unacceptable; 0 for exact times.
    self_weights : bool
        Whether neurons may have connections to themselves.
    bias : bool
        Whether the drive is known up to a constant only.

    Notes
    -----
    For the interval (t0, t1) of neuron i, D = t1 - t0 (Van Bussel et al. 2011, eqs. 8 and 9):

        sum_j a_ij sum_k exp(-(t1 - t_jk - delay_ij) / tau) = V_T - V_R exp(-D / tau) - R I (1 - exp(-D / tau)),

    where the inner sum is over arrivals in t0 < t_jk + delay_ij < t1. Arrivals at t0 are wiped out by the reset.
    """

    recording: Recording
    model: NeuronModel
    tolerance_ms: float = 0.0
    self_weights: bool = False
    bias: bool = False

    def prepare(self) -> None:
        """Make what all neurons share; otherwise the first that needs it does, on each thread."""
        _ = self.recording.fires, self.recording.together, self._touched, self._shared

    @property
    def n_columns(self) -> int:
        """Number of columns: one per neuron, one for the bias."""
        return self.model.n + self.bias

    def columns(self, i: int) -> Ints:
        """Return the column of each presynaptic neuron, (n,); -1 where there is no connection.

        Neurons that always fire together, over equal delays, share the column of the first, whose unknown is the sum of
        their weights: each arrival counts once.
        """
        column = np.arange(self.model.n)
        if not self.self_weights:
            column[i] = -1
        delay = self.delays(i)
        for members in self.recording.together:
            first: dict[float, int] = {}
            for j in members:
                if column[j] >= 0:
                    column[j] = first.setdefault(float(delay[j]), j)
        return column

    def delays(self, i: int) -> Array:
        """Return the delays of the connections to a neuron, (n,)."""
        delay = self.model.delay_ms
        return np.full(self.model.n, float(delay)) if delay.ndim == 0 else delay[i]

    def n_unknowns(self, i: int) -> int:
        """Return how many unknowns appear in the recording at all."""
        column = self.columns(i)
        return np.unique(column[self.recording.fires & (column >= 0)]).size + self.bias

    def intervals(self, i: int) -> Ints:
        """Return the numbers of a neuron's intervals in the recording."""
        return np.arange(self.recording.offsets[i], self.recording.offsets[i + 1])

    def acceptable(self, i: int, intervals: Ints) -> NDArray[np.bool_]:
        """Say which of a neuron's intervals end without an arrival (eqs. 7 and 7')."""
        marks = np.ones(intervals.size, bool)
        recording, spikes, delay = self.recording, self.recording.spikes, self.delays(i)
        doubtful = np.arange(intervals.size)
        if self._touched is not None:
            # Most spikes touch no arrival at all; whether it is one at this neuron is only asked of the others.
            touched = self._touched[recording.last[intervals]]
            if self.tolerance_ms > 0:
                touched |= self._touched[recording.first[intervals]]
            doubtful = np.flatnonzero(touched)
        asked = np.zeros(doubtful.size, bool)
        mark_acceptable(
            asked,
            spikes.time_ms,
            spikes.neuron,
            spikes.trial_offsets,
            self.columns(i),
            delay,
            _span(delay),
            *self.ends(intervals[doubtful]),
            self.tolerance_ms,
        )
        marks[doubtful] = asked
        return marks

    def ends(self, intervals: Ints) -> tuple[NDArray[np.int32], Array, Array]:
        """Return the trial, the beginning and the end of intervals."""
        recording, begins = self.recording, self.recording.begins[intervals]
        return recording.trial[begins], recording.time_ms[begins], recording.time_ms[begins + 1]

    def drive(self, i: int, trial: NDArray[np.int32]) -> Array:
        """Return the drive of a neuron in trials, mV."""
        drive = self.model.drive_mv
        return np.full(trial.size, drive[i]) if drive.ndim == 1 else drive[trial, i]

    def rows(self, i: int, intervals: Ints) -> tuple[Array, Array]:
        """Return the matrix, (n_intervals, n_columns), and the right side of the equations of intervals."""
        spikes, delay = self.recording.spikes, self.delays(i)
        rate = 1 / self.model.tau_ms[i]
        power, block, block_ms = self._powers(rate)
        trial, t0, t1 = self.ends(intervals)
        theta = np.zeros((intervals.size, self.n_columns))
        fill_rows(
            theta,
            spikes.time_ms,
            spikes.neuron,
            spikes.trial_offsets,
            power,
            block,
            spikes.t_start_ms,
            block_ms,
            rate,
            self.columns(i),
            delay,
            _span(delay),
            trial,
            t0,
            t1,
        )
        return self._finish(i, theta, trial, (t0 - t1) * rate)

    def _finish(self, i: int, theta: Array, trial: NDArray[np.int32], exponent: Array) -> tuple[Array, Array]:
        approach = np.expm1(exponent)
        b = self.model.threshold_mv[i] - self.model.reset_mv[i] * np.exp(exponent) + self.drive(i, trial) * approach
        if self.bias:
            theta[:, -1] = -approach
        return theta, b

    def _powers(self, rate: float) -> tuple[Array, NDArray[np.int32], float]:
        if not self._same_tau:
            return self._exponentials(rate)
        return self._shared

    @cached_property
    def _touched(self) -> NDArray[np.bool_] | None:
        """Which spikes any arrival coincides with; None where delays differ."""
        if self.model.delay_ms.ndim:
            return None
        spikes = self.recording.spikes
        touched = np.zeros(spikes.n_spikes, bool)
        mark_touched(touched, spikes.time_ms, spikes.trial_offsets, float(self.model.delay_ms), self.tolerance_ms)
        return touched

    @cached_property
    def _same_tau(self) -> bool:
        return bool((self.model.tau_ms == self.model.tau_ms[0]).all())

    @cached_property
    def _shared(self) -> tuple[Array, NDArray[np.int32], float]:
        return self._exponentials(1 / self.model.tau_ms[0])

    def _exponentials(self, rate: float) -> tuple[Array, NDArray[np.int32], float]:
        spikes, block_ms = self.recording.spikes, _BLOCK / rate
        block = ((spikes.time_ms - spikes.t_start_ms) / block_ms).astype(np.int32)
        reference = spikes.t_start_ms + block * block_ms
        return np.exp((spikes.time_ms - reference) * rate), block, block_ms


def _span(delay: Array) -> Array:
    return np.array([delay.min(), delay.max()])
