"""A recording arranged for reconstruction: intervals by neuron, neurons that always fire together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_instance, require_number
from metastable.reconstruction._current_model import CurrentModel
from metastable.reconstruction._neuron_model import NeuronModel
from metastable.spikes import SpikeData

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# A mean interval outside of this range of time constants has been given in another unit: within a fiftieth of a time
# constant next to nothing happens, and of an arrival forty ago nothing is left.
_SHORTEST_ISI, _LONGEST_ISI = 2e-2, 500.0


@dataclass(frozen=True, eq=False)
class Recording:
    """Spikes and their intervals.

    Parameters
    ----------
    spikes : SpikeData
    time_ms, trial : ndarray, (n_spikes,)
        Of all spikes by neuron, then trial, then time.
    begins : ndarray of int, (n_intervals,)
        Where in these the intervals of all neurons begin; each ends with the next spike.
    first, last : ndarray of int, (n_intervals,)
        Where in `spikes` the intervals of all neurons begin and end, in the same order.
    offsets : ndarray of int, (n + 1,)
        Where the intervals of each neuron begin.
    n_isis : ndarray of int, (n,)
        How many each neuron has, with those left out because arrivals in them may stem from before the recording.
    """

    spikes: SpikeData
    time_ms: Array
    trial: NDArray[np.int32]
    begins: Ints
    first: Ints
    last: Ints
    offsets: Ints
    n_isis: Ints

    @classmethod
    def of(cls, spikes: SpikeData, model: NeuronModel | CurrentModel) -> Recording:
        """Arrange a recording, or refuse it in one sentence."""
        by_neuron = _by_neuron(spikes)
        # Taken from all over the recording once, and read in their order from then on.
        time, trial = spikes.time_ms[by_neuron], spikes.trial[by_neuron]
        neuron = np.repeat(np.arange(model.n), np.bincount(spikes.neuron, minlength=model.n))
        begins = np.flatnonzero((neuron[1:] == neuron[:-1]) & (trial[1:] == trial[:-1]))
        gap = time[begins + 1] - time[begins]
        _refuse_duplicates(spikes, by_neuron[begins[gap == 0]])
        _refuse_seconds(model, gap)
        n_isis = np.bincount(neuron[begins], minlength=model.n)
        begins = begins[time[begins] >= spikes.t_start_ms + model.settle_ms[neuron[begins]]]
        return cls(
            spikes=spikes,
            time_ms=time,
            trial=trial,
            begins=begins,
            first=by_neuron[begins],
            last=by_neuron[begins + 1],
            offsets=np.concatenate([[0], np.bincount(neuron[begins], minlength=model.n).cumsum()]),
            n_isis=n_isis,
        )

    @cached_property
    def counts(self) -> Ints:
        """Number of spikes of each neuron in each trial, (n_trials, n)."""
        return self.spikes.spike_counts()

    @cached_property
    def fires(self) -> NDArray[np.bool_]:
        """Which neurons fire at all, (n,)."""
        return self.counts.sum(axis=0) > 0

    @cached_property
    def together(self) -> tuple[tuple[int, ...], ...]:
        """Groups of neurons whose spike trains are the same, float by float."""
        time, trial = self.time_ms, self.trial
        edges = np.concatenate([[0], self.counts.sum(axis=0).cumsum()])
        groups: dict[bytes, list[int]] = {}
        for i, (start, stop) in enumerate(pairwise(edges.tolist())):
            if stop > start:
                groups.setdefault(time[start:stop].tobytes() + trial[start:stop].tobytes(), []).append(i)
        return tuple(tuple(members) for members in groups.values() if len(members) > 1)


def require_recording(spikes: SpikeData, model: NeuronModel, *, tolerance_ms: float) -> None:
    """Raise a sentence unless spikes, model and tolerance fit together."""
    require_instance("spikes", spikes, SpikeData, do="build one from times and neurons")
    require_number("tolerance_ms", tolerance_ms, minimum=0)
    if spikes.n_neurons != model.n:
        raise ValueError(
            f"the recording has {spikes.n_neurons} neurons but the model {model.n}; give one model of all."
        )
    if model.n_drives is not None and model.n_drives != spikes.n_trials:
        raise ValueError(
            f"the recording has {spikes.n_trials} trials but drive_mv is for {model.n_drives}; give one row per trial."
        )
    if spikes.dt_ms is not None and tolerance_ms < spikes.dt_ms:
        raise ValueError(
            f"the times lie on a grid of {spikes.dt_ms:g} ms and are not exact; give tolerance_ms={spikes.dt_ms:g} or "
            "more, or exact times."
        )


def _by_neuron(spikes: SpikeData) -> Ints:
    # Sixteen bits are sorted by radix, many times faster.
    key = spikes.neuron.astype(np.uint16) if spikes.n_neurons < 1 << 16 else spikes.neuron
    return np.argsort(key, kind="stable")


def _refuse_duplicates(spikes: SpikeData, doubled: Ints) -> None:
    if doubled.size:
        k = doubled[0]
        raise ValueError(
            f"neuron {spikes.neuron[k]} has two spikes at {spikes.time_ms[k]:g} ms of trial {spikes.trial[k]}; "
            "remove duplicates."
        )


def _refuse_seconds(model: NeuronModel | CurrentModel, gap: Array) -> None:
    if not gap.size:
        return
    mean, tau = float(gap.mean()), float(model.tau_ms.mean())
    if not _SHORTEST_ISI < mean / tau < _LONGEST_ISI:
        raise ValueError(
            f"the mean interval is {mean:.3g} ms at a time constant of {tau:.3g} ms: one of them looks like seconds; "
            "give both in ms."
        )
