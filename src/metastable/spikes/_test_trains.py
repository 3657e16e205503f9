"""Spike trains with known structure, to test methods on."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._provenance import provenance
from metastable._random import Purpose, resolve_seed, stream
from metastable._validation import require_integer, require_number
from metastable.spikes._renewal import gamma_train
from metastable.spikes._spike_data import SpikeData

# Fellous et al. 2004: jitter in ms and extra spikes of noise levels 0 to 9.
JITTER_MS = (0.0, 1.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0)
EXTRA_SPIKES = (0, 2, 3, 4, 8, 11, 15, 20, 25, 35)
_TRAINS_PER_GROUP = 35
_LOSS = 0.15
_WINDOW_MS = 1000.0


def fellous_2004(
    *, n_groups: int, noise_level: int, seed: int | None = None, index: int = 0
) -> tuple[SpikeData, NDArray[np.int64]]:
    """Draw trains that share the events of their group, in random order.

    Parameters
    ----------
    n_groups : int
        Each of 35 trains and 4, 5 or 6 events in a second.
    noise_level : int
        0 to 9: standard deviation of the jitter from 0 to 50 ms, and from 0 to 35 spikes that belong to no event. Each
        spike is missing with a probability of .15.
    seed : int, optional
        None draws it.
    index : int
        Number of the set: each is drawn independently.

    Returns
    -------
    spikes : SpikeData
        Jittered spikes that would leave the second are lost.
    groups : ndarray of int, (35 n_groups,)
        Group of each train.

    Notes
    -----
    Fellous et al. 2004; Humphries 2011, synthetic data.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes, groups = mst.spikes.fellous_2004(n_groups=2, noise_level=0, seed=1)
    >>> spikes.n_neurons, np.bincount(groups)
    (70, array([35, 35]))
    """
    n = require_integer("n_groups", n_groups, minimum=1)
    level = require_integer("noise_level", noise_level, minimum=0, maximum=9)
    root = resolve_seed(seed)
    rng = stream(root, Purpose.TRAINS, require_integer("index", index, minimum=0), n, level)
    groups = rng.permutation(np.repeat(np.arange(n), _TRAINS_PER_GROUP))
    events = [rng.uniform(0, _WINDOW_MS, size=rng.integers(4, 6, endpoint=True)) for _ in range(n)]
    trains = []
    for group in groups:
        kept = events[group][rng.random(events[group].size) >= _LOSS]
        jittered = kept + rng.normal(0, JITTER_MS[level], size=kept.size)
        trains.append(np.concatenate([jittered, rng.uniform(0, _WINDOW_MS, size=EXTRA_SPIKES[level])]))
    made = provenance("spikes.fellous_2004", n_groups=n, noise_level=level, seed=root, index=index)
    return _recording(trains, _WINDOW_MS, made), groups


def gamma_trains(
    *, mean_ms: ArrayLike, cv: ArrayLike, duration_ms: float, seed: int | None = None, index: int = 0
) -> SpikeData:
    """Draw independent renewal trains with gamma intervals, in equilibrium.

    Parameters
    ----------
    mean_ms, cv : array_like, (n_neurons,), mean_ms in ms
        Mean and coefficient of variation of each neuron's intervals; one number serves all.
    duration_ms : float, ms
    seed : int, optional
        None draws it.
    index : int
        Number of the set.

    Returns
    -------
    SpikeData
        The first spike is drawn from the distribution of the time to the next spike, seen from any moment. If trains
        began with a spike, these would be a common onset, and so a group.

    Raises
    ------
    ValueError
        If a mean or a coefficient of variation is not positive, or their numbers differ.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.spikes.gamma_trains(mean_ms=[100, 200], cv=0.5, duration_ms=100_000, seed=1)
    >>> spikes.spike_counts() // 100
    array([[10,  5]])
    """
    duration = require_number("duration_ms", duration_ms, above=0)
    mean, spread = np.broadcast_arrays(np.atleast_1d(np.asarray(mean_ms, float)), np.asarray(cv, float))
    if mean.ndim != 1 or not (np.isfinite(mean) & np.isfinite(spread) & (mean > 0) & (spread > 0)).all():
        raise ValueError("mean_ms and cv must be positive numbers, one for all or one for each neuron.")
    root = resolve_seed(seed)
    rng = stream(root, Purpose.TRAINS, require_integer("index", index, minimum=0))
    trains = []
    for interval, ratio in zip(mean.tolist(), spread.tolist(), strict=True):
        trains.append(gamma_train(duration, interval, ratio**-2, rng))
    made = provenance(
        "spikes.gamma_trains", mean_ms=mean.tolist(), cv=spread.tolist(), duration_ms=duration, seed=root, index=index
    )
    return _recording(trains, duration, made)


def pacemaker(
    *,
    n_stimuli: int,
    n_patterns: int,
    period_ms: float = 2000.0,
    interval_ms: float = 250.0,
    cv: float = 0.05,
    pause_ms: float = 150.0,
    jitter_ms: float = 8.0,
    drift: float = 0.0,
    seed: int | None = None,
    index: int = 0,
) -> tuple[SpikeData, NDArray[np.float64], NDArray[np.int64]]:
    """Draw a regular neuron that a repeated stimulus resets in one or several ways.

    Parameters
    ----------
    n_stimuli : int
    n_patterns : int
        After each stimulus the neuron is silent for `pause_ms` and then fires after one of this many delays, equally
        spaced over an interval; 0 for a stimulus without effect.
    period_ms : float, ms
        From stimulus to stimulus.
    interval_ms : float, ms
        Mean interval between spikes.
    cv : float
        Coefficient of variation of the intervals.
    pause_ms : float, ms
    jitter_ms : float, ms
        Standard deviation of the first spike after the pause.
    drift : float
        By what share of itself the mean interval grows over the recording, linearly; `interval_ms` is that halfway.
    seed : int, optional
        None draws it.
    index : int
        Number of the set.

    Returns
    -------
    spikes : SpikeData
        One neuron, ``(n_stimuli + 1) * period_ms`` long.
    stimulus_ms : ndarray, (n_stimuli,), ms
    patterns : ndarray of int, (n_stimuli,)
        Which delay followed each stimulus; all 0 without effect.

    Notes
    -----
    Made after the dopaminergic neuron of Humphries 2011, figure 5: pacemaker firing at 4 spikes/s, a stimulus every
    2 s.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes, stimulus_ms, patterns = mst.spikes.pacemaker(n_stimuli=3, n_patterns=2, seed=1)
    >>> stimulus_ms, spikes.duration_ms
    (array([1000., 3000., 5000.]), 8000.0)
    """
    n = require_integer("n_stimuli", n_stimuli, minimum=1)
    n_kinds = require_integer("n_patterns", n_patterns, minimum=0)
    period = require_number("period_ms", period_ms, above=0)
    mean = require_number("interval_ms", interval_ms, above=0)
    shape = require_number("cv", cv, above=0) ** -2
    pause = require_number("pause_ms", pause_ms, minimum=0)
    jitter = require_number("jitter_ms", jitter_ms, minimum=0)
    growth = require_number("drift", drift)
    if abs(growth) >= 2:
        raise ValueError(f"drift={growth:g} leaves no positive interval at one end; choose one between -2 and 2.")
    root = resolve_seed(seed)
    rng = stream(root, Purpose.TRAINS, require_integer("index", index, minimum=0))
    stimulus = np.asarray(period * (np.arange(n) + 0.5), np.float64)
    patterns = rng.integers(max(n_kinds, 1), size=n)
    end = (n + 1) * period
    # The phase of the reset decides when firing goes on; without a reset it simply does.
    resets = stimulus if n_kinds else np.zeros(0)

    def interval(moment: float) -> float:
        return mean * (1 + growth * (moment / end - 0.5))

    times, now = [], rng.random() * interval(0)
    for k in range(resets.size + 1):
        until = resets[k] if k < resets.size else end
        while now < until:
            times.append(now)
            now += rng.gamma(shape, interval(now) / shape)
        if k < resets.size:
            delay = interval(float(resets[k])) * patterns[k] / n_kinds
            now = resets[k] + pause + delay + abs(rng.normal(0, jitter))
    made = provenance(
        "spikes.pacemaker",
        n_stimuli=n,
        n_patterns=n_kinds,
        period_ms=period,
        interval_ms=mean,
        cv=float(cv),
        pause_ms=pause,
        jitter_ms=jitter,
        drift=growth,
        seed=root,
        index=index,
    )
    return _recording([np.array(times)], end, made), stimulus, patterns


def _recording(trains: list[NDArray[np.float64]], duration: float, made: dict) -> SpikeData:
    time = np.concatenate(trains) if trains else np.zeros(0)
    neuron = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
    inside = (time >= 0) & (time < duration)
    return SpikeData(
        time_ms=time[inside],
        neuron=neuron[inside],
        n_neurons=len(trains),
        t_stop_ms=duration,
        meta={"provenance": made},
    )
