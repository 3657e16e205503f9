"""Checks that every statistic shares: is there a recording, are there trials, does the window fit."""

from __future__ import annotations

from typing import Any

from metastable._validation import require_instance, require_integer, require_number
from metastable.spikes import SpikeData
from metastable.spikes._binning import require_width as require_width


def require_recording(spikes: SpikeData, *, n_trials: int = 1, why: str = "") -> None:
    """Raise a sentence unless there are neurons, a duration and at least `n_trials` trials."""
    require_instance("spikes", spikes, SpikeData, do="build metastable.SpikeData")
    if spikes.n_neurons == 0 or spikes.n_trials == 0:
        raise ValueError(
            f"the recording is empty ({spikes.n_neurons} neurons, {spikes.n_trials} trials); "
            "give one with at least one neuron and one trial."
        )
    if spikes.duration_ms <= 0:
        raise ValueError("the recording is empty (0 ms long); widen t_start_ms and t_stop_ms.")
    if spikes.n_trials < n_trials:
        raise ValueError(f"{why} needs at least {n_trials} trials, got {spikes.n_trials}; record more trials.")


def require_ddof(ddof: Any, n_samples: int, samples: str) -> int:
    """Return `ddof` if that many degrees of freedom can be taken from `n_samples`."""
    number = require_integer("ddof", ddof, minimum=0)
    if number >= n_samples:
        raise ValueError(f"ddof={number} leaves no degree of freedom of {n_samples} {samples}; choose a smaller ddof.")
    return number


def require_clusters(spikes: SpikeData) -> None:
    """Raise a sentence unless some neuron has a cluster."""
    if spikes.n_clusters == 0:
        raise ValueError("these spikes have no cluster labels; add them with spikes.with_labels(cluster=...).")


def require_multiple(name: str, value_ms: Any, bin_ms: float, *, minimum: int) -> int:
    """Return how many bins `value_ms` is, or raise a sentence if it is not a whole number of them."""
    value = require_number(name, value_ms, minimum=0)
    n_bins = round(value / bin_ms)
    if abs(value - n_bins * bin_ms) > 1e-6 * bin_ms or n_bins < minimum:
        raise ValueError(
            f"{name}={value:g} must be a whole number of bins of {bin_ms:g} ms, at least {minimum}; change one of them."
        )
    return n_bins
