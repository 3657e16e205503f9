"""The response to an event: rates before and after it, against their baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._display import Drawn, counted
from metastable._validation import require_indices, require_numbers, require_pair, shown
from metastable.spikes import SpikeData
from metastable.statistics._centred_counts import iterate_row_counts
from metastable.statistics._checks import (
    require_clusters,
    require_multiple,
    require_recording,
    require_width,
)
from metastable.statistics._means import divide

GROUPS = ("population", "cluster", "neuron")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ResponseProfile(Drawn):
    """Rates of groups of neurons around an event, averaged over its repetitions.

    Parameters
    ----------
    time_ms : ndarray, (n_bins,), ms
        Centres of the bins, relative to the event.
    rate : ndarray, (n_groups, n_bins), spikes/s
        Mean over the neurons of a group and over repetitions; NaN for a group without neurons.
    sem : ndarray, (n_groups, n_bins), spikes/s
        Standard error of `rate` over repetitions; NaN with a single one.
    baseline : ndarray, (n_groups,), spikes/s
        Mean rate in `baseline_ms`.
    response : ndarray, (n_groups,), spikes/s
        Mean rate in `response_ms` minus the baseline.
    groups : tuple of str
    bin_ms : float, ms
    baseline_ms, response_ms : (float, float), ms
        Relative to the event.
    n_repetitions : int
        Trials times events.
    """

    time_ms: NDArray[np.float64]
    rate: NDArray[np.float64]
    sem: NDArray[np.float64]
    baseline: NDArray[np.float64]
    response: NDArray[np.float64]
    groups: tuple[str, ...]
    bin_ms: float
    baseline_ms: tuple[float, float]
    response_ms: tuple[float, float]
    n_repetitions: int

    @property
    def change(self) -> NDArray[np.float64]:
        """Rate minus baseline, (n_groups, n_bins), spikes/s."""
        return self.rate - self.baseline[:, None]

    def __repr__(self) -> str:
        shown = [
            f"  {name}: {before:.3g} -> {before + change:.3g} spikes/s"
            for name, before, change in zip(self.groups[:8], self.baseline, self.response, strict=False)
        ]
        if len(self.groups) > 8:
            shown.append(f"  ... {len(self.groups) - 8} more groups")
        head = (
            f"ResponseProfile({counted(len(self.groups), 'group')} x {counted(self.time_ms.size, 'bin')} of "
            f"{self.bin_ms:g} ms, {counted(self.n_repetitions, 'repetition')}, "
            f"baseline {self.baseline_ms[0]:g} to {self.baseline_ms[1]:g} ms, "
            f"response {self.response_ms[0]:g} to {self.response_ms[1]:g} ms)"
        )
        return "\n".join([head, *shown])


def response_profile(
    spikes: SpikeData,
    *,
    event_ms: ArrayLike,
    before_ms: float = 500.0,
    after_ms: float = 1000.0,
    bin_ms: float = 20.0,
    groups: str | Mapping[str, ArrayLike] = "cluster",
    baseline_ms: tuple[float, float] | None = None,
    response_ms: tuple[float, float] | None = None,
) -> ResponseProfile:
    """Compute the rates of groups of neurons around an event, such as the onset of a stimulus.

    Parameters
    ----------
    spikes : SpikeData
    event_ms : float or array_like, ms
        When the event happens, the same in each trial; several times are several repetitions.
    before_ms, after_ms : float, ms
        How much is shown around the event, each a multiple of `bin_ms`, inside the recording.
    bin_ms : float, ms
        Width of a bin; an edge lies on the event.
    groups : {"cluster", "neuron", "population"} or dict
        What is averaged: each cluster, each neuron alone, each population (all neurons where none is named), or named
        groups as indices or masks of neurons, for instance ``{"stimulated": np.arange(400)}``.
    baseline_ms, response_ms : (float, float), ms, optional
        Intervals of whole bins relative to the event; by default all before it and all after it.

    Returns
    -------
    ResponseProfile

    Raises
    ------
    ValueError
        If an interval leaves the recording or is not made of whole bins, or labels are missing.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[5, 12, 14, 17], neuron=[0, 0, 1, 0], n_neurons=3, t_stop_ms=20,
    ...                        cluster=[0, 0, 1])
    >>> profile = mst.statistics.response_profile(spikes, event_ms=10, before_ms=10, after_ms=10, bin_ms=5)
    >>> profile
    ResponseProfile(2 groups x 4 bins of 5 ms, 1 repetition, baseline -10 to 0 ms, response 0 to 10 ms)
      cluster 0: 50 -> 150 spikes/s
      cluster 1: 0 -> 0 spikes/s
    >>> profile.change[0]
    array([-50.,  50., 150.,  50.])
    """
    require_recording(spikes)
    names, member = _resolve_groups(spikes, groups)
    width = require_width("bin_ms", bin_ms, spikes)
    n_before = require_multiple("before_ms", require_width("before_ms", before_ms, spikes), width, minimum=1)
    n_after = require_multiple("after_ms", require_width("after_ms", after_ms, spikes), width, minimum=1)
    baseline_bins = _interval("baseline_ms", baseline_ms, (-n_before, 0), n_before, n_after, width)
    response_bins = _interval("response_ms", response_ms, (0, n_after), n_before, n_after, width)

    events = np.atleast_1d(require_numbers("event_ms", event_ms))
    if events.ndim != 1 or events.size == 0:
        raise ValueError(f"event_ms must be a time or a list of times in ms, got {shown(event_ms)}.")
    # Sums over repetitions of whole numbers: exact, and memory does not grow with the number of trials.
    total, squares = np.zeros((2, len(names), n_before + n_after))
    n_repetitions = events.size * spikes.n_trials
    for event in events:
        for counts in _iterate_counts_around(spikes, float(event), n_before * width, n_after * width, width):
            count = counts if member is None else member @ counts
            total += count
            squares += count**2
    sizes = np.ones(len(names)) if member is None else member.sum(axis=1)
    neuron_seconds = sizes[:, None] * (width / 1000)
    rate = divide(total, n_repetitions * neuron_seconds)
    # Variance over n - 1 of the counts, over n for the mean: NaN with a single repetition.
    spread = divide(n_repetitions * squares - total**2, n_repetitions**2 * (n_repetitions - 1))
    sem = divide(np.sqrt(spread), neuron_seconds)
    baseline = rate[:, slice(*baseline_bins)].mean(axis=1)
    in_ms = lambda bins: ((bins[0] - n_before) * width, (bins[1] - n_before) * width)  # noqa: E731
    return ResponseProfile(
        time_ms=width * (np.arange(-n_before, n_after, dtype=np.float64) + 0.5),
        rate=rate,
        sem=sem,
        baseline=baseline,
        response=rate[:, slice(*response_bins)].mean(axis=1) - baseline,
        groups=names,
        bin_ms=width,
        baseline_ms=in_ms(baseline_bins),
        response_ms=in_ms(response_bins),
        n_repetitions=n_repetitions,
    )


def _iterate_counts_around(
    spikes: SpikeData, event_ms: float, before_ms: float, after_ms: float, bin_ms: float
) -> Iterator[NDArray[np.float64]]:
    """Count the spikes of each neuron in each bin around one event, one trial at a time."""
    start, stop = event_ms - before_ms, event_ms + after_ms
    if not spikes.t_start_ms - 1e-9 <= start < stop <= spikes.t_stop_ms + 1e-9:
        raise ValueError(
            f"the event at {event_ms:g} ms with {before_ms:g} ms before and {after_ms:g} ms after it leaves the "
            f"recording, [{spikes.t_start_ms:g}, {spikes.t_stop_ms:g}) ms; choose a smaller before_ms or after_ms."
        )
    around = spikes.select(time_ms=(max(start, spikes.t_start_ms), min(stop, spikes.t_stop_ms)))
    yield from iterate_row_counts(around, np.arange(around.n_neurons), around.n_neurons, bin_ms=bin_ms)


def _resolve_groups(
    spikes: SpikeData, groups: str | Mapping[str, ArrayLike]
) -> tuple[tuple[str, ...], NDArray[np.float64] | None]:
    """Return the names of the groups and who is in them, (n_groups, n_neurons); None for each neuron alone."""
    if isinstance(groups, Mapping):
        if not groups:
            raise ValueError("groups is an empty dict; name at least one group of neurons.")
        member = np.zeros((len(groups), spikes.n_neurons))
        for row, (name, neurons) in enumerate(groups.items()):
            member[row, require_indices(f"group {name!r}", neurons, spikes.n_neurons)] = 1
        return tuple(map(str, groups)), member
    if not isinstance(groups, str) or groups not in GROUPS:
        allowed = ", ".join(map(repr, GROUPS))
        raise ValueError(f"groups must be one of {allowed}, or a dict of neurons, got {shown(groups)}.")
    if groups == "cluster":
        require_clusters(spikes)
        return tuple(f"cluster {c}" for c in range(spikes.n_clusters)), spikes.membership.T.astype(np.float64)
    if groups == "neuron":
        return tuple(f"neuron {n}" for n in spikes.neuron_id), None
    if spikes.population is None:
        return ("all",), np.ones((1, spikes.n_neurons))
    names = sorted(set(spikes.population.tolist()))
    return tuple(names), np.stack([spikes.population == name for name in names]).astype(np.float64)


def _interval(
    name: str,
    interval_ms: tuple[float, float] | None,
    default: tuple[int, int],
    n_before: int,
    n_after: int,
    bin_ms: float,
) -> tuple[int, int]:
    """Return the first and the last + 1 bin of an interval relative to the event."""
    if interval_ms is None:
        return default[0] + n_before, default[1] + n_before
    bins = []
    for edge in require_pair(name, interval_ms):
        number = edge / bin_ms
        if abs(number - round(number)) > 1e-6:
            raise ValueError(f"{name}={interval_ms} must be made of whole bins of {bin_ms:g} ms; move its edges.")
        bins.append(round(number) + n_before)
    if not 0 <= bins[0] < bins[1] <= n_before + n_after:
        raise ValueError(
            f"{name}={interval_ms} is not an interval inside -{n_before * bin_ms:g} to {n_after * bin_ms:g} ms of the "
            "event; move its edges."
        )
    return bins[0], bins[1]
