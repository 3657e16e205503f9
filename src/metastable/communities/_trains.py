"""The spike trains to be compared: neurons over all their trials, or the trials of one neuron."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_choice
from metastable.spikes import SpikeData


@dataclass(frozen=True, eq=False)
class Trains:
    """Spike times by train, in one or several stretches of equal length.

    Parameters
    ----------
    segments : tuple of (ndarray, ndarray)
        For each stretch the times, sorted by train and then time, and where each train begins, (n_trains + 1,).
    n_trains : int
    start_ms, stop_ms : float, ms
    """

    segments: tuple[tuple[NDArray[np.float64], NDArray[np.int64]], ...]
    n_trains: int
    start_ms: float
    stop_ms: float

    @staticmethod
    def of(spikes: SpikeData, *, rows: str) -> Trains:
        """Take the neurons of a recording as trains, with its trials as stretches, or its trials as trains.

        Parameters
        ----------
        spikes : SpikeData
        rows : {"neurons", "trials"}
            With ``"trials"`` the recording must be of one neuron.

        Returns
        -------
        Trains

        Raises
        ------
        ValueError
            If trials of several neurons are asked for.
        """
        if require_rows(spikes, rows) == "trials":
            segments = (_by_train(spikes.time_ms, spikes.trial, spikes.n_trials),)
            return Trains(segments, spikes.n_trials, spikes.t_start_ms, spikes.t_stop_ms)
        ends = spikes.trial_offsets
        segments = tuple(
            _by_train(spikes.time_ms[first:last], spikes.neuron[first:last], spikes.n_neurons)
            for first, last in pairwise(ends.tolist())
        )
        return Trains(segments, spikes.n_neurons, spikes.t_start_ms, spikes.t_stop_ms)

    @property
    def duration_ms(self) -> float:
        """Length of a stretch, ms."""
        return self.stop_ms - self.start_ms

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Number of spikes of each train, (n_trains,)."""
        return sum((np.diff(offsets) for _, offsets in self.segments), np.zeros(self.n_trains, np.int64))

    def intervals_ms(self) -> NDArray[np.float64]:
        """Return the interspike intervals of all trains and stretches, ms."""
        pieces = []
        for time, offsets in self.segments:
            within = np.ones(max(time.size - 1, 0), bool)
            inner = offsets[(offsets > 0) & (offsets < time.size)]
            within[inner - 1] = False
            pieces.append(np.diff(time)[within])
        return np.concatenate(pieces) if pieces else np.zeros(0)


def require_trials(spikes: SpikeData) -> None:
    """Raise a sentence unless there is a trial."""
    if not spikes.n_trials:
        raise ValueError("the recording has no trials, and at least one is needed; give a recording with n_trials=1.")


def require_rows(spikes: SpikeData, rows: str) -> str:
    """Return `rows` if the recording has such trains, or raise a sentence."""
    if require_choice("rows", rows, ("neurons", "trials")) == "trials" and spikes.n_neurons != 1:
        raise ValueError(
            f'rows="trials" compares the trials of one neuron, got {spikes.n_neurons} neurons; '
            "select one with spikes.select(neuron=...)."
        )
    return rows


def _by_train(
    time: NDArray[np.float64], train: NDArray[np.int32], n_trains: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    # A stable sort of integers is a radix sort, and spikes come in the order of time.
    order = np.argsort(train, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(train, minlength=n_trains))])
    return time[order], offsets
