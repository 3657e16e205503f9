"""Trains with the rates and irregularity of cortical recordings, alone or in groups that change with time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._display import Drawn
from metastable._provenance import provenance
from metastable._random import Purpose, resolve_seed, stream
from metastable._validation import require_integer, require_number, require_pair
from metastable.spikes._renewal import gamma_train
from metastable.spikes._spike_data import SpikeData

# Within a step the rate is constant; an oscillation of 10 Hz has a hundred of them.
_STEP_MS = 1.0


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class PlantedGroups(Drawn):
    """Which neurons oscillate together, and when.

    Parameters
    ----------
    start_ms : ndarray, (n_epochs,), ms
        When each epoch begins; the last one ends with the recording.
    groups : ndarray of int, (n_epochs, n_neurons)
        Group of each neuron; all 0 where trains are independent.
    frequency_hz : ndarray, (n_epochs,)
        Of the oscillation; groups differ in its phase.
    """

    start_ms: NDArray[np.float64]
    groups: NDArray[np.int64]
    frequency_hz: NDArray[np.float64]

    def at(self, time_ms: float) -> NDArray[np.int64]:
        """Return the group of each neuron at a time, (n_neurons,)."""
        return self.groups[max(int(np.searchsorted(self.start_ms, time_ms, side="right")) - 1, 0)]


def cortex_like(
    *,
    n_neurons: int,
    duration_ms: float,
    n_groups: ArrayLike = 0,
    frequency_hz: ArrayLike = 0.8,
    share_moved: float = 0.2,
    depth: float = 0.8,
    log_interval: tuple[float, float] = (-1.47, 1.32),
    log_cv: tuple[float, float] = (0.62, 0.33),
    seed: int | None = None,
    index: int = 0,
) -> tuple[SpikeData, PlantedGroups]:
    """Draw gamma trains of log-normal rates, whose groups follow slow oscillations.

    Parameters
    ----------
    n_neurons : int
    duration_ms : float, ms
    n_groups : int or array_like of int, (n_epochs,)
        0 for independent trains.
    frequency_hz : float or array_like, (n_epochs,), Hz
        Of the oscillation in each epoch. Epochs are of equal length.
    share_moved : float
        Share of neurons that draw their group anew when an epoch begins. Groups stay equal in size: where their number
        changes, further neurons move.
    depth : float
        From 0 to 1: a group's rate goes up and down by this share of it.
    log_interval, log_cv : (float, float)
        Mean and standard deviation of the natural logarithms of the neurons' mean intervals in s, and of the
        coefficients of variation of their intervals.
    seed : int, optional
        None draws it.
    index : int
        Number of the set.

    Returns
    -------
    spikes : SpikeData
    truth : PlantedGroups

    Raises
    ------
    ValueError
        If a number is out of range, or the epochs of `n_groups` and `frequency_hz` differ.

    Notes
    -----
    Humphries 2011, appendix: the defaults are those of anesthetized visual cortex; awake sensory cortex has
    ``log_interval=(-0.057, 1.72)`` and ``log_cv=(-0.5, 0.5)``. The groups are an addition. Each train is a renewal
    process in equilibrium of a time that runs as fast as the rate of its group, ``1 + depth cos(2 pi (f t + k/n))`` for
    group k of n. Mean interval and coefficient of variation are those of this time.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes, truth = mst.spikes.cortex_like(
    ...     n_neurons=8, duration_ms=20_000, n_groups=[2, 3], frequency_hz=[0.4, 0.8], seed=1
    ... )
    >>> truth.start_ms, truth.at(15_000).max()
    (array([    0., 10000.]), np.int64(2))
    """
    n = require_integer("n_neurons", n_neurons, minimum=1)
    duration = require_number("duration_ms", duration_ms, above=0)
    numbers, frequencies = _epochs(n_groups, frequency_hz)
    moved = require_number("share_moved", share_moved, minimum=0, maximum=1)
    swing = require_number("depth", depth, minimum=0, maximum=1)
    (log_mean, log_spread), (cv_mean, cv_spread) = (
        require_pair("log_interval", log_interval),
        require_pair("log_cv", log_cv),
    )
    for name, spread in (("log_interval", log_spread), ("log_cv", cv_spread)):
        require_number(f"the standard deviation in {name}", spread, minimum=0)
    root = resolve_seed(seed)
    rng = stream(root, Purpose.TRAINS, require_integer("index", index, minimum=0))

    mean = 1000 * np.exp(rng.normal(log_mean, log_spread, size=n))
    shape = np.exp(rng.normal(cv_mean, cv_spread, size=n)) ** -2
    start = np.asarray(duration * np.arange(numbers.size) / numbers.size, np.float64)
    groups = _membership(numbers, n, moved, rng)
    grid = np.unique(np.concatenate([np.arange(0, duration, _STEP_MS), start, [duration]]))
    elapsed = _elapsed(grid, start, numbers, frequencies, swing)
    trains = []
    for i in range(n):
        # The time of this neuron is that of its group in each epoch.
        passed = [epoch[group] for epoch, group in zip(elapsed, groups[:, i].tolist(), strict=True)]
        own = np.concatenate([[0], np.cumsum(np.concatenate(passed))])
        trains.append(np.interp(gamma_train(own[-1], float(mean[i]), float(shape[i]), rng), own, grid))
    made = provenance(
        "spikes.cortex_like",
        n_neurons=n,
        duration_ms=duration,
        n_groups=numbers.tolist(),
        frequency_hz=frequencies.tolist(),
        share_moved=moved,
        depth=swing,
        log_interval=[log_mean, log_spread],
        log_cv=[cv_mean, cv_spread],
        seed=root,
        index=index,
    )
    time = np.concatenate(trains)
    inside = time < duration
    spikes = SpikeData(
        time_ms=time[inside],
        neuron=np.repeat(np.arange(n), [train.size for train in trains])[inside],
        n_neurons=n,
        t_stop_ms=duration,
        meta={"provenance": made},
    )
    return spikes, PlantedGroups(start_ms=start, groups=groups, frequency_hz=frequencies)


def _epochs(n_groups: ArrayLike, frequency_hz: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    counts, values = np.atleast_1d(np.asarray(n_groups)), np.atleast_1d(np.asarray(frequency_hz))
    if counts.ndim != 1 or values.ndim != 1 or not {counts.size, values.size} <= {1, max(counts.size, values.size)}:
        raise ValueError(
            "n_groups and frequency_hz must be one number or one for each epoch, "
            f"got shapes {counts.shape} and {values.shape}."
        )
    size = max(counts.size, values.size)
    groups = [require_integer("n_groups", k, minimum=0) for k in np.broadcast_to(counts, size).tolist()]
    hertz = [require_number("frequency_hz", f, minimum=0) for f in np.broadcast_to(values, size).tolist()]
    return np.array(groups, np.int64), np.array(hertz, np.float64)


def _membership(
    numbers: NDArray[np.int64], n_neurons: int, moved: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw groups that are as equal in size as they can be, (n_epochs, n_neurons)."""
    groups = np.empty((numbers.size, n_neurons), np.int64)
    own = np.full(n_neurons, -1)
    for epoch, number in enumerate(np.maximum(numbers, 1).tolist()):
        own[(rng.random(n_neurons) < moved) | (own >= number)] = -1
        sizes = np.bincount(np.arange(n_neurons) % number, minlength=number)
        # Where groups become more, each gives up as many as the new ones need.
        for group, size in enumerate(sizes.tolist()):
            own[rng.permutation(np.flatnonzero(own == group))[size:]] = -1
        missing = np.repeat(np.arange(number), sizes - np.bincount(own[own >= 0], minlength=number))
        own[own < 0] = rng.permutation(missing)
        groups[epoch] = own
    return groups


def _elapsed(
    grid: NDArray[np.float64],
    start: NDArray[np.float64],
    numbers: NDArray[np.int64],
    frequencies: NDArray[np.float64],
    depth: float,
) -> list[NDArray[np.float64]]:
    """Return for each epoch how much time of each group passes in every step of the grid, (n_groups, n_steps)."""
    elapsed = []
    for begin, end, number, hertz in zip(
        start, np.append(start[1:], grid[-1]), numbers.tolist(), frequencies.tolist(), strict=True
    ):
        steps = grid[np.searchsorted(grid, begin) : np.searchsorted(grid, end, side="left") + 1]
        phase = np.arange(max(number, 1))[:, None] / max(number, 1)
        rate = 1 + (depth if number else 0.0) * np.cos(2 * np.pi * (hertz * (steps[:-1] + steps[1:]) / 2000 + phase))
        elapsed.append(rate * np.diff(steps))
    return elapsed
