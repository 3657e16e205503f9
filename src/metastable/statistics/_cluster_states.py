"""Which clusters are active when: detection in rates from anywhere, dwell times, number of active clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._display import Drawn, counted
from metastable._validation import require_array, require_number, require_numbers, require_pair
from metastable.statistics._state_durations import StateDurations
from metastable.statistics._two_classes import two_classes


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ClusterStates(Drawn):
    """Active and inactive clusters in time.

    Parameters
    ----------
    active : ndarray of bool, (n_trials, n_clusters, n_samples)
        All False where no threshold was found.
    sample_ms : float, ms
        From one sample to the next.
    low, high : float, unit of the rates
        A cluster becomes active at or above `high`, inactive below `low`; one number where they are equal, NaN where
        none was found.
    min_duration_ms : float, ms
        Shorter states were given to their surroundings.
    status : str
        Where the threshold comes from, or why there is none, a sentence.
    """

    _shown = ("active", "sample_ms", "low", "high", "mean_active", "up", "down", "status")

    active: NDArray[np.bool_]
    sample_ms: float
    low: float
    high: float
    min_duration_ms: float
    status: str

    @property
    def found(self) -> bool:
        """Whether there was a threshold."""
        return bool(np.isfinite(self.high))

    @property
    def n_active(self) -> NDArray[np.int64]:
        """Number of active clusters in time, (n_trials, n_samples)."""
        return self.active.sum(axis=1)

    @property
    def occupancy(self) -> NDArray[np.float64]:
        """Fraction of time with k clusters active, k = 0 to n_clusters, (n_clusters + 1,); NaN without a threshold."""
        n_clusters = self.active.shape[1]
        if not self.found:
            return np.full(n_clusters + 1, np.nan)
        return np.bincount(self.n_active.ravel(), minlength=n_clusters + 1) / self.n_active.size

    @property
    def mean_active(self) -> float:
        """Number of active clusters, averaged over time and trials; NaN without a threshold."""
        return float(self.occupancy @ np.arange(self.occupancy.size))

    @property
    def transitions(self) -> NDArray[np.int64]:
        """How often the number of active clusters changed, (n_clusters + 1, n_clusters + 1), (from, to).

        Changes from one sample to the next within a trial; the diagonal is 0. Clusters that change within the same
        sample make one step of several.
        """
        size = self.active.shape[1] + 1
        before, after = self.n_active[:, :-1], self.n_active[:, 1:]
        changed = before != after
        flat = before[changed] * size + after[changed]
        return np.bincount(flat, minlength=size * size).reshape(size, size)

    @cached_property
    def up(self) -> StateDurations:
        """Durations of the active states."""
        return self._durations(True)

    @cached_property
    def down(self) -> StateDurations:
        """Durations of the inactive states."""
        return self._durations(False)

    def _durations(self, state: bool) -> StateDurations:
        if not self.found:
            return StateDurations.none()
        _, n_clusters, n_samples = self.active.shape
        row, start, stop = _runs(self.active.reshape(-1, n_samples) == state)
        return StateDurations(
            duration_ms=np.asarray((stop - start) * self.sample_ms, np.float64),
            started=start > 0,
            ended=stop < n_samples,
            trial=row // n_clusters,
            cluster=row % n_clusters,
            start_ms=np.asarray(start * self.sample_ms, np.float64),
        )

    def __repr__(self) -> str:
        n_trials, n_clusters, n_samples = self.active.shape
        sizes = ((n_trials, "trial"), (n_clusters, "cluster"), (n_samples, "sample"))
        size = f"{' x '.join(counted(number, what) for number, what in sizes)} of {self.sample_ms:g} ms"
        if not self.found:
            return f"ClusterStates({size}: {self.status})"
        ends = ", ".join(
            f"{counted(states.n_ended, f'{kind}-state')} ended"
            + (f", mean {states.mean_ms:.4g} ms" if states.n_ended else "")
            for kind, states in (("up", self.up), ("down", self.down))
        )
        return f"ClusterStates({size}: {self.mean_active:.3g} active on average, {ends}; {self.status})"


def cluster_states(
    rates: ArrayLike,
    *,
    sample_ms: float,
    threshold: float | Sequence[float] | None = None,
    min_duration_ms: float = 0.0,
) -> ClusterStates:
    """Find active and inactive clusters by a threshold on their rates.

    Parameters
    ----------
    rates : array_like, (n_trials, n_clusters, n_samples) or (n_clusters, n_samples)
        Rates of clusters in time, in any unit: of a binary network ``activity.cluster_rates["E"]``, of spikes
        ``cluster_rates(spikes, bin_ms=..., smoothing_ms=...)``; `smooth` smooths the former too.
    sample_ms : float, ms
        From one sample to the next.
    threshold : float, pair of float, or None
        One number: active at or above it. Two, ``(low, high)``: becomes active at or above `high` and stays so until
        it is below `low`, which keeps fluctuations about one threshold from cutting a state into pieces; a trial that
        begins between them begins active if it is nearer to `high`. None: two thresholds
        from the rates of all clusters, see Notes.
    min_duration_ms : float, ms
        States shorter than this are given to their surroundings: first gaps between active states are closed, then
        active states are removed. The first and the last state of a trial, whose length is unknown, are kept.

    Returns
    -------
    ClusterStates

    Raises
    ------
    ValueError
        If the rates are empty, of another shape or hold NaN, or the thresholds are in the wrong order.

    Notes
    -----
    *By default* the rates of all clusters are divided in two classes so that the variance between them is largest (Otsu
    1979, IEEE Trans. Syst. Man Cybern. 9, 62), and low and high are at one and two thirds of the way between the means
    of the classes. The variance between the classes must be above 3/4 of the whole: it is .64 for a normal density, .65
    for an exponential and .75 for a uniform one, which have one mode. Where it is not there is no threshold, and every
    number of the result is NaN. The rule needs no bandwidth, and does not mind that rates are fractions of few units.

    Examples
    --------
    >>> import numpy as np
    >>> import metastable as mst
    >>> rates = np.full((1, 2, 100), 5.0)
    >>> rates[0, 0, 30:50] = 40
    >>> states = mst.statistics.cluster_states(rates, sample_ms=10, threshold=20)
    >>> states.up.mean_ms, states.occupancy
    (200.0, array([0.8, 0.2, 0. ]))
    >>> states.down.ended, states.down.started
    (array([ True, False, False]), array([False,  True, False]))

    From the spikes of an LIF network, and from the rates of a binary one:

    >>> net = mst.networks.litwin_kumar_doiron_2012(n_e=1200, n_clusters=20)
    >>> spikes = mst.simulate(net, duration_ms=2000, seed=2).select(time_ms=(500, 2000))
    >>> rates = mst.statistics.cluster_rates(spikes, bin_ms=10, smoothing_ms=20)
    >>> mst.statistics.cluster_states(rates, sample_ms=10)
    ClusterStates(1 trial x 20 clusters x 150 samples of 10 ms: 2.67 active on average, 4 up-states ended, mean ...)
    >>> net = mst.networks.rost_2018(n_e=800, n_clusters=8, j_e_plus=4, r_j=0.75)
    >>> activity = mst.simulate(net, duration_ms=1500, seed=1).discard(500)
    >>> mst.statistics.cluster_states(activity.cluster_rates["E"], sample_ms=activity.sample_ms)
    ClusterStates(1 trial x 8 clusters x 1,000 samples of 1 ms: ...)
    """
    values = _as_rates(rates)
    sample_ms = require_number("sample_ms", sample_ms, above=0)
    min_duration_ms = require_number("min_duration_ms", min_duration_ms, minimum=0)
    if threshold is None:
        low, high, share = two_classes(values)
        status = (
            f"no threshold: two classes explain {share:.3f} of the variance of the rates, more than 0.75 is needed; "
            "give one, or smooth the rates"
            if np.isnan(low)
            else f"thresholds {low:.4g} and {high:.4g}, from two classes that explain {share:.3f} of the variance"
        )
    elif require_array("threshold", threshold).ndim == 0:
        low = high = require_number("threshold", threshold)
        status = f"threshold {low:g}, given"
    else:
        low, high = require_pair("threshold", threshold)
        if low > high:
            raise ValueError(f"threshold must be (low, high), got ({low:g}, {high:g}); swap them.")
        status = f"thresholds {low:g} and {high:g}, given"
    active = np.zeros(values.shape, bool)
    if np.isfinite(high):
        active = _latch(values, low, high)
        # Half a sample of slack: 30 ms are three samples of 10 ms whatever the rounding of the product.
        n_min = int(np.ceil(min_duration_ms / sample_ms - 0.5))
        rows = active.reshape(-1, values.shape[2])
        for state in (False, True):
            _absorb(rows, state, n_min)
    return ClusterStates(
        active=active, sample_ms=sample_ms, low=low, high=high, min_duration_ms=min_duration_ms, status=status
    )


def _as_rates(rates: ArrayLike) -> NDArray[np.float64]:
    values = require_numbers("rates", rates)
    if values.ndim == 2:
        values = values[None]
    if values.ndim != 3 or 0 in values.shape:
        raise ValueError(
            f"rates must have shape (n_trials, n_clusters, n_samples) without an empty axis, got {np.shape(rates)}."
        )
    bad = ~np.isfinite(values).all(axis=(0, 2))
    if bad.any():
        raise ValueError(
            f"rates of cluster {np.flatnonzero(bad)[0]} are not all finite; leave clusters without neurons out."
        )
    return values


def _latch(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.bool_]:
    """Return which samples are active: decided at or above `high` and below `low`, in between as before."""
    decided = (values >= high) | (values < low)
    decided[..., 0] = True
    state = values >= high
    state[..., 0] = values[..., 0] >= (low + high) / 2
    last = np.maximum.accumulate(np.where(decided, np.arange(values.shape[-1]), 0), axis=-1)
    return np.take_along_axis(state, last, axis=-1)


def _runs(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return row, start and stop of every run of True in the rows of a matrix."""
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    padded[:, 1:-1] = mask
    steps = np.diff(padded, axis=1)
    row, start = np.nonzero(steps == 1)
    return row, start, np.nonzero(steps == -1)[1]


def _absorb(rows: NDArray[np.bool_], state: bool, n_min: int) -> None:
    """Turn runs of `state` that are shorter than `n_min` samples and touch no edge into the other state, in place."""
    row, start, stop = _runs(rows == state)
    short = (stop - start < n_min) & (start > 0) & (stop < rows.shape[1])
    for r, a, b in zip(row[short], start[short], stop[short], strict=True):
        rows[r, a:b] = not state
