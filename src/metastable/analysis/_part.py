"""Parts of a recording that keep time and memory bounded, and sentences that say what was left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable.analysis._recording import fitting_width
from metastable.analysis._section import short
from metastable.spikes import SpikeData


def most_active(spikes: SpikeData, n_most: int) -> tuple[NDArray[np.intp], str]:
    """Return the indices of at most so many neurons, those with most spikes, and a sentence if some were left out.

    Of several populations each keeps its share: inhibitory neurons fire more, and would take all places.
    """
    if spikes.n_neurons <= n_most:
        return np.arange(spikes.n_neurons), ""
    counts = np.bincount(spikes.neuron, minlength=spikes.n_neurons)
    names = np.zeros(spikes.n_neurons, int)
    if spikes.population is not None:
        names = np.unique(spikes.population, return_inverse=True)[1]
    rank = np.empty(spikes.n_neurons)
    for name in np.unique(names):
        own = np.flatnonzero(names == name)
        rank[own[np.argsort(-counts[own], kind="stable")]] = np.arange(own.size) / own.size
    chosen = np.sort(np.argsort(rank, kind="stable")[:n_most])
    of_each = " of each population" if names.any() else ""
    return chosen, (
        f"{n_most:,} of {spikes.n_neurons:,} neurons are compared, the most active{of_each}, to keep the time short."
    )


def shortened(spikes: SpikeData, max_spikes: int) -> tuple[SpikeData, str]:
    """Return the first trials with spikes, or a part of one trial, with at most so many spikes, and a sentence.

    Where the first trials hold less than half of what there is room for, the next, which is too large to join them, is
    taken alone.
    """
    if spikes.n_spikes <= max_spikes:
        return spikes, ""
    counts = np.diff(spikes.trial_offsets)
    with_spikes = np.flatnonzero(counts)
    held = np.cumsum(counts[with_spikes])
    n_first = int(np.searchsorted(held, max_spikes, side="right"))
    if n_first and 2 * held[n_first - 1] >= max_spikes:
        which = "trial" if n_first == 1 else f"{n_first:,}"
        of_trials = f"{with_spikes.size:,} trials{' with spikes' * (with_spikes.size < spikes.n_trials)}"
        return spikes.select(trial=with_spikes[:n_first]), _only(f"the first {which} of {of_trials}", n_first > 1)
    part = spikes.select(trial=with_spikes[n_first : n_first + 1])
    which = f"one of {with_spikes.size:,}" if with_spikes.size > 1 else "the only one"
    name = f"trial {part.trial_id[0]}, {which} with spikes,"
    if part.n_spikes <= max_spikes:
        return part, _only(name, False)
    stop = float(part.time_ms[max_spikes])
    if stop > part.t_start_ms:
        part = part.select(time_ms=(part.t_start_ms, stop))
    of_trial = f" of {name}" if spikes.n_trials > 1 else ""
    return part, _only(f"the first {short(part.duration_ms / 1000)} s{of_trial}", True)


def _only(what: str, several: bool) -> str:
    return f"Only {what} {'are' if several else 'is'} compared, to keep the time short."


def without_silence(spikes: SpikeData) -> tuple[SpikeData, str]:
    """Return the stretch with all spikes, where it is less than a tenth of the recording, and a sentence."""
    if not spikes.n_spikes:
        return spikes, ""
    first, last = float(spikes.time_ms.min()), float(spikes.time_ms.max())
    margin = max((last - first) / 20, 1.0)
    begin = spikes.t_start_ms
    if first - margin > begin:
        begin += fitting_width(spikes, first - margin - begin)
    stop = begin + fitting_width(spikes, last + margin - begin)
    if not stop - begin < spikes.duration_ms / 10 or not begin <= first <= last < stop <= spikes.t_stop_ms:
        return spikes, ""
    part = spikes.select(time_ms=(begin, stop))
    return part, f"Only the {short(part.duration_ms / 1000)} s that hold all spikes are compared."


def in_bins(
    spikes: SpikeData, *, bin_ms: float, at_once: int, in_all: int, fewest_neurons: int
) -> tuple[SpikeData, str]:
    """Return a part that has at most so many bins of all neurons, in one trial and in all, and a sentence.

    The most active neurons are kept, as many as there is room for but not fewer than `fewest_neurons`; where these are
    too many for a whole trial, the stretch of time with most spikes; where there are too many trials, those with most
    spikes.
    """
    n_bins = spikes.duration_ms / bin_ms
    room = min(at_once / n_bins, in_all / (n_bins * spikes.n_trials))
    chosen, _ = most_active(spikes, max(fewest_neurons, int(room)))
    part, kept = spikes, []
    if chosen.size < spikes.n_neurons:
        part = spikes.select(neuron=chosen)
        kept.append(f"the {chosen.size:,} most active of {spikes.n_neurons:,} neurons")
    if n_bins * chosen.size > at_once:
        n_bins = at_once // chosen.size
        part = busiest_stretch(part, n_bins * bin_ms)
        kept.append(
            f"the {short(part.duration_ms / 1000)} s of {short(spikes.duration_ms / 1000)} s with most spikes, "
            f"from {short(part.t_start_ms / 1000)} s on"
        )
    n_trials = max(1, int(in_all / (n_bins * chosen.size)))
    if n_trials < spikes.n_trials:
        counts = np.diff(part.trial_offsets)
        n_trials = max(1, min(n_trials, int((counts > 0).sum())))
        part = part.select(trial=np.sort(np.argsort(-counts, kind="stable")[:n_trials]))
        kept.append(f"the {n_trials:,} of {spikes.n_trials:,} trials with most spikes")
    return part, f"Taken are {', '.join(kept)}, to keep memory and time small." if kept else ""


def busiest_stretch(spikes: SpikeData, longest_ms: float) -> SpikeData:
    """Return the stretch with most spikes among those that tile the recording."""
    width = fitting_width(spikes, longest_ms)
    tile, counts = np.unique(((spikes.time_ms - spikes.t_start_ms) // width).astype(np.int64), return_counts=True)
    begin = spikes.t_start_ms + (width * float(tile[counts.argmax()]) if tile.size else 0.0)
    # The last tile may be cut off by the end of the recording.
    begin = max(spikes.t_start_ms, min(begin, spikes.t_stop_ms - width))
    return spikes.select(time_ms=(begin, min(begin + width, spikes.t_stop_ms)))
