"""The linear equations that the intervals of neurons with synaptic currents make for their incoming weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from metastable.reconstruction._current_kernels import fill_traces
from metastable.reconstruction._current_model import CurrentModel
from metastable.reconstruction._recording import Recording

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# Largest exponent between a spike and the reference of its exponentials: exp(30) is a harmless number, and the rounding
# of the exponent costs one digit.
_SPAN = 30.0


@dataclass(frozen=True, eq=False)
class CurrentRows:
    """Equations of some intervals of a neuron, ``matrix @ unknowns = right``.

    Parameters
    ----------
    matrix : ndarray, (n_intervals, n_columns)
    right : ndarray, (n_intervals,)
    last_step, last_right : ndarray
        What the unknowns add to the potential in the step that crosses the threshold, and what else does, negative:
        ``last_step @ unknowns - last_right`` is the height of that step. Empty in continuous time.
    """

    matrix: Array
    right: Array
    last_step: Array
    last_right: Array


@dataclass(frozen=True, eq=False)
class CurrentEquations:
    """Equations of all neurons of a recording.

    Parameters
    ----------
    recording : Recording
    model : CurrentModel
    bias : bool
        Whether the bias is known up to a constant only, which is one more unknown.

    Notes
    -----
    The potential leaves its reset value V_R at s0, a refractory time after the spike at t0, and is known again at the
    spike at t1. With D = t1 - s0 and P_j(t) the potential that unit synapses from neuron j would have caused until then
    without any reset,

        sum_j a_ij (P_j(t1) - exp(-D / tau) P_j(s0)) = V_T - V_R exp(-D / tau) - mu (1 - exp(-D / tau)):

    without the reset the potential obeys a linear equation, of which V and a_ij P_j are two solutions, so that their
    difference decays from s0 on. On the grid of the forward Euler method the same holds with (1 - dt / tau)^D in the
    place of exp(-D / tau), except that the potential at the step n1 of the spike lies above V_T, by up to the height of
    the last step, and that at n1 - 1 below. `rows` returns the mean of the equations at both, the error of which lies
    between minus and plus one half of that height.
    """

    recording: Recording
    model: CurrentModel
    bias: bool = False

    # As in the equations of pulse-coupled neurons: a neuron's own spikes shape its potential by the reset alone.
    self_weights = False

    def prepare(self) -> None:
        """Make what all neurons share; otherwise the first that needs it does, on each thread."""
        _ = (
            self.recording.fires,
            self.recording.together,
            self._moments,
            self.recording.spikes.trial_offsets,
            self._kind,
        )

    @property
    def n_columns(self) -> int:
        """Number of columns: one per neuron, one for the bias."""
        return self.model.n + self.bias

    def columns(self, i: int) -> Ints:
        """Return the column of each presynaptic neuron, (n,); -1 where there is no connection.

        Neurons that always fire together, over equal delays and with equal synapses, share a column.
        """
        column = np.arange(self.model.n)
        column[i] = -1
        delay, kind = self._delays(i), self._kind
        for members in self.recording.together:
            first: dict[tuple[float, int], int] = {}
            for j in members:
                if column[j] >= 0:
                    column[j] = first.setdefault((float(delay[j]), int(kind[j])), j)
        return column

    def n_unknowns(self, i: int) -> int:
        """Return how many unknowns appear in the recording at all."""
        column = self.columns(i)
        return np.unique(column[self.recording.fires & (column >= 0)]).size + self.bias

    def intervals(self, i: int) -> Ints:
        """Return the numbers of a neuron's intervals in the recording."""
        return np.arange(self.recording.offsets[i], self.recording.offsets[i + 1])

    def potential_rows(self, i: int, intervals: Ints, potential: Array, *, before: int = 0) -> tuple[Array, Array]:
        """Return the equations of intervals for a given potential at their end.

        Parameters
        ----------
        i : int
        intervals : ndarray of int
        potential : ndarray, (n_intervals,)
            Exact potential at the end, before the reset.
        before : int
            Steps before the spike at which that is.

        Returns
        -------
        matrix : ndarray, (n_intervals, n_columns)
        right : ndarray, (n_intervals,)
        """
        start, end = self.ends(i, intervals)
        traces = self._traces(i, self._trial(intervals), np.stack([start, end - before], axis=1))
        return self._finish(i, start, end - before, traces[:, 0], traces[:, 1], potential)

    def rows(self, i: int, intervals: Ints) -> CurrentRows:
        """Return the equations of intervals, with the potential at their end at threshold."""
        threshold = np.full(intervals.size, self.model.threshold[i])
        if self.model.dt_ms is None:
            matrix, right = self.potential_rows(i, intervals, threshold)
            return CurrentRows(matrix, right, np.zeros((0, self.n_columns)), np.zeros(0))
        start, end = self.ends(i, intervals)
        traces = self._traces(i, self._trial(intervals), np.stack([start, end - 1, end], axis=1))
        matrix, right = self._finish(i, start, end, traces[:, 0], traces[:, 2], threshold)
        below, right_below = self._finish(i, start, end - 1, traces[:, 0], traces[:, 1], threshold)
        step, step_right = matrix - below, right - right_below
        matrix += below
        matrix *= 0.5
        return CurrentRows(matrix, (right + right_below) / 2, step, step_right)

    def arrivals(self, i: int, x: Array, trial: int, n_steps: int) -> tuple[Ints, Ints, Array]:
        """Return steps and neurons of the spikes of a trial, and what arrives by each kind of synapse in each step.

        Parameters
        ----------
        i : int
        x : ndarray, (n_columns,)
            The unknowns.
        trial : int
        n_steps : int

        Returns
        -------
        step, neuron : ndarray of int, (n_spikes,)
        arriving : ndarray, (n_kinds, n_steps)
        """
        spikes, column = self.recording.spikes, self.columns(i)
        of = slice(*spikes.trial_offsets[trial : trial + 2])
        step, neuron = self._moments[of].astype(np.int64), spikes.neuron[of].astype(np.int64)
        # Of neurons that always fire together one stands for all.
        weight = np.where(column == np.arange(column.size), x[column], 0.0)
        lag = np.rint(self._delays(i) / self._unit).astype(np.int64)
        at = step + lag[neuron]
        here = at < n_steps
        place = self._kind[neuron[here]] * n_steps + at[here]
        n_kinds = len(self._synapses[0])
        arriving = np.bincount(place, weight[neuron[here]], n_kinds * n_steps).astype(np.float64)
        return step, neuron, arriving.reshape(n_kinds, n_steps)

    def silence_rows(self, i: int, trial: Ints, start: Array, moment: Array) -> tuple[Array, Array]:
        """Return the inequalities ``matrix @ unknowns < right`` of moments at which a neuron does not fire.

        Parameters
        ----------
        i : int
        trial : ndarray of int, (n_moments,)
        start : ndarray, (n_moments,)
            When the potential left its reset value, as `ends` returns it.
        moment : ndarray, (n_moments,)
            Moments in between, in the same unit.

        Returns
        -------
        matrix : ndarray, (n_moments, n_columns)
        right : ndarray, (n_moments,)
        """
        # The loop over spikes goes through a trial once, and moments of one interval share its start.
        both = np.stack([np.tile(trial, 2), np.concatenate([start, moment])], axis=1)
        distinct, of = np.unique(both, axis=0, return_inverse=True)
        traces = self._traces(i, distinct[:, 0].astype(np.int64), distinct[:, 1:].astype(np.float64))[:, 0]
        at_start, at_moment = traces[of.reshape(2, -1)]
        return self._finish(i, start, moment, at_start, at_moment, np.full(start.size, self.model.threshold[i]))

    def ends(self, i: int, intervals: Ints) -> tuple[Array, Array]:
        """Return when the potential leaves the reset value and when it reaches threshold, in ms or steps."""
        moments = self._moments
        start = moments[self.recording.first[intervals]] + self.model.refractory_ms[i] / self._unit
        return np.rint(start) if self.model.dt_ms is not None else start, moments[self.recording.last[intervals]]

    @property
    def _unit(self) -> float:
        return 1.0 if self.model.dt_ms is None else self.model.dt_ms

    @cached_property
    def _moments(self) -> Array:
        """Times since the beginning of the recording: ms, or whole steps, which are exact."""
        spikes = self.recording.spikes
        since = spikes.time_ms - spikes.t_start_ms
        return since if self.model.dt_ms is None else np.rint(since / self.model.dt_ms)

    @cached_property
    def _synapses(self) -> tuple[Array, Ints]:
        times = np.stack([self.model.tau_decay_ms, self.model.tau_rise_ms], axis=1)
        kinds, kind = np.unique(times, axis=0, return_inverse=True)
        return kinds, kind.reshape(-1)

    @property
    def _kind(self) -> Ints:
        return self._synapses[1]

    def _delays(self, i: int) -> Array:
        delay = self.model.delay_ms
        return np.full(self.model.n, float(delay)) if delay.ndim == 0 else delay[i]

    def _rate(self, tau_ms: Array) -> Array:
        """Return the rates of exponentials, per ms or per step; 0 for a time constant of 0, which is not there."""
        rate = np.zeros(tau_ms.shape)
        there = tau_ms > 0
        dt = self.model.dt_ms
        rate[there] = 1 / tau_ms[there] if dt is None else -np.log1p(-dt / tau_ms[there])
        return rate

    def responses(self, i: int) -> tuple[Array, Array]:
        """Return the rates and the factors of the exponentials of each kind of synapse, (n_kinds, 3)."""
        kinds, _ = self._synapses
        tau, dt = float(self.model.tau_ms[i]), self.model.dt_ms
        taus = np.column_stack([np.full(len(kinds), tau), kinds])
        factor = np.zeros(taus.shape)
        for e, sign in ((1, 1.0), (2, -1.0)):
            there = taus[:, e] > 0
            synapse = taus[there, e]
            # A current that begins with 1: the difference of two exponentials, on a grid from the first step on.
            scale = sign / (kinds[there, 0] - kinds[there, 1])
            if dt is None:
                height = scale / (1 / tau - 1 / synapse)
                factor[there, e], factor[there, 0] = height, factor[there, 0] - height
            else:
                a, b = 1 - dt / tau, 1 - dt / synapse
                height = scale * dt / (a - b)
                factor[there, e], factor[there, 0] = -height * b, factor[there, 0] + height * a
        return self._rate(taus), factor

    def _trial(self, intervals: Ints) -> Ints:
        return self.recording.spikes.trial[self.recording.first[intervals]].astype(np.int64)

    def _traces(self, i: int, trial: Ints, moments: Array) -> Array:
        """Return the potentials of unit synapses at moments of trials, both sorted, (n_rows, n_per_row, n)."""
        recording, column = self.recording, self.columns(i)
        offsets = np.searchsorted(trial, np.arange(recording.spikes.n_trials + 1)) * moments.shape[1]
        lag, lag_of = np.unique(self._delays(i) / self._unit, return_inverse=True)
        lag_of = np.where(column == np.arange(column.size), lag_of.reshape(-1), -1)
        if self.model.dt_ms is not None:
            lag = np.rint(lag)
        rate, factor = self.responses(i)
        out = np.empty((moments.size, self.model.n))
        fill_traces(
            out,
            moments.reshape(-1),
            offsets,
            self._moments,
            recording.spikes.neuron,
            recording.spikes.trial_offsets,
            lag,
            lag_of,
            self._kind,
            rate,
            factor,
            _SPAN / rate.max(),
        )
        return out.reshape(*moments.shape, self.model.n)

    def _finish(
        self, i: int, start: Array, end: Array, at_start: Array, at_end: Array, potential: Array
    ) -> tuple[Array, Array]:
        left = -self._rate(self.model.tau_ms[i : i + 1])[0] * (end - start)
        matrix = np.zeros((start.size, self.n_columns))
        np.multiply(at_start, -np.exp(left)[:, None], out=matrix[:, : self.model.n])
        matrix[:, : self.model.n] += at_end
        if self.bias:
            matrix[:, -1] = -np.expm1(left)
        return matrix, potential - self.model.reset[i] * np.exp(left) + self.model.bias[i] * np.expm1(left)
