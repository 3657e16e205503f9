"""Durations of states, some of them cut off by the edges of a recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._display import Drawn
from metastable._validation import require_indices, require_number


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class StateDurations(Drawn):
    """Durations of all states of one kind.

    Parameters
    ----------
    duration_ms : ndarray, (n_states,), ms
        What was seen of each: samples times their distance.
    started, ended : ndarray of bool, (n_states,)
        Whether its beginning and its end were seen; the first state of a trial has no beginning, the last no end.
    trial, cluster : ndarray of int, (n_states,)
    start_ms : ndarray, (n_states,), ms
        From the beginning of the trial.

    Notes
    -----
    The mean is that of exponential durations, by maximum likelihood: the whole time over the number of ends. It is
    right with states that are cut off at either edge, where the mean of the complete ones is too short.

    *Assumptions and approximations*: states end at a constant rate, independently of each other; the mean needs this
    only for the states that are cut off, the interval for all.
    """

    _shown = ("n_states", "n_ended", "mean_ms", "mean_complete_ms", "duration_ms")

    duration_ms: NDArray[np.float64]
    started: NDArray[np.bool_]
    ended: NDArray[np.bool_]
    trial: NDArray[np.int64]
    cluster: NDArray[np.int64]
    start_ms: NDArray[np.float64]

    @staticmethod
    def none() -> StateDurations:
        """Return the durations of no states."""
        number, truth, index = np.zeros(0), np.zeros(0, bool), np.zeros(0, np.int64)
        return StateDurations(
            duration_ms=number, started=truth, ended=truth, trial=index, cluster=index, start_ms=number
        )

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Which states were seen from beginning to end, (n_states,)."""
        return self.started & self.ended

    @property
    def n_states(self) -> int:
        """Number of states, those at the edges included."""
        return self.duration_ms.size

    @property
    def n_ended(self) -> int:
        """Number of states whose end was seen."""
        return int(self.ended.sum())

    @property
    def total_ms(self) -> float:
        """Time in these states, ms."""
        return float(self.duration_ms.sum())

    @property
    def mean_ms(self) -> float:
        """Mean duration, ms: the whole time over the number of ends; NaN where no end was seen."""
        return self.total_ms / self.n_ended if self.n_ended else float("nan")

    @property
    def mean_complete_ms(self) -> float:
        """Mean of the complete states, ms: too short where many are cut off; NaN without a complete one."""
        return float(self.duration_ms[self.complete].mean()) if self.complete.any() else float("nan")

    def interval_ms(self, level: float = 0.95) -> tuple[float, float]:
        """Return a confidence interval of the mean duration.

        Parameters
        ----------
        level : float
            Confidence, between 0 and 1.

        Returns
        -------
        (float, float), ms
            Without any end the upper bound is infinite; NaN where there is no state.

        Notes
        -----
        The number of ends in a given time is a Poisson number: its exact interval (Garwood 1936, Biometrika 28, 437) by
        quantiles of the gamma distribution.

        Examples
        --------
        >>> import numpy as np
        >>> import metastable as mst
        >>> rates = np.tile(np.repeat([0.0, 1.0, 0.0], [300, 400, 300]), (1, 4, 1))
        >>> up = mst.statistics.cluster_states(rates, sample_ms=1, threshold=0.5).up
        >>> up.mean_ms, [round(bound) for bound in up.interval_ms()]
        (400.0, [156, 1468])
        """
        from scipy.stats import gamma

        level = require_number("level", level, above=0, maximum=1)
        if level == 1:
            raise ValueError("level must be below 1, got 1.")
        if not self.n_states:
            return float("nan"), float("nan")
        tail = (1 - level) / 2
        most = gamma.ppf(1 - tail, self.n_ended + 1)
        least = gamma.ppf(tail, self.n_ended) if self.n_ended else 0.0
        return float(self.total_ms / most), float(self.total_ms / least) if least else float("inf")

    def select(self, chosen: ArrayLike) -> StateDurations:
        """Return some of the states, by a mask or by indices: ``up.select(up.cluster == 3)``."""
        index = require_indices("chosen", chosen, self.n_states)
        return StateDurations(**{name: getattr(self, name)[index] for name in self.__dataclass_fields__})

    def __repr__(self) -> str:
        if not self.n_states:
            return "StateDurations(no states)"
        low, high = self.interval_ms()
        seen = f"{self.n_states} states, {self.n_ended} ended, {int(self.complete.sum())} complete"
        if not self.n_ended:
            return f"StateDurations({seen}: mean not known, 95 % above {low:.4g} ms)"
        return f"StateDurations({seen}: mean {self.mean_ms:.4g} ms, 95 % {low:.4g} to {high:.4g} ms)"
