"""How regular the intervals between spikes are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from metastable import figures, statistics
from metastable.analysis._section import TITLES, Number, Section
from metastable.spikes import SpikeData

# The CV of fewer intervals is mostly chance; two is what it takes at all.
_ENOUGH_INTERVALS = 10
# Some 50 bytes for each spike while intervals are sorted.
_MOST_SPIKES_AT_ONCE = 2_000_000


def irregularity(spikes: SpikeData) -> Section:
    """Measure CV and CV2 of the inter-spike intervals."""
    least, missing = _ENOUGH_INTERVALS, []
    cv, cv2 = _cv_and_cv2(spikes, least)
    if not np.isfinite(cv).any():
        least = 2
        cv, cv2 = _cv_and_cv2(spikes, least)
        missing.append(
            f"No neuron has {_ENOUGH_INTERVALS} intervals; those with {least} are taken, whose values are uncertain "
            "and too small."
            if np.isfinite(cv).any()
            else f"No neuron has {least} intervals between spikes of one trial: too few spikes."
        )
    known, both = np.isfinite(cv), np.isfinite(cv) & np.isfinite(cv2)
    numbers = (
        Number("cv", "mean CV of intervals", float(cv[known].mean()) if known.any() else np.nan),
        Number("cv2", "mean CV2 of neighbouring intervals", float(cv2[both].mean()) if both.any() else np.nan),
        Number("n_neurons_with_cv", f"neurons with {least} intervals or more", int(known.sum())),
    )
    return Section(
        name="irregularity",
        title=TITLES["irregularity"],
        explanation=(
            "CV is the standard deviation of the intervals between spikes over their mean, CV2 compares each interval "
            "only with the next: both are 0 for a clock and 1 for a Poisson process (dashed). Neurons far to the right "
            "of the diagonal change their rate slowly: their intervals differ over the recording, neighbours do not."
        ),
        numbers=numbers,
        missing=tuple(missing),
        results={"cv": cv, "cv2": cv2},
        draw=_draw if both.any() else None,
    )


def _cv_and_cv2(spikes: SpikeData, least: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return CV and CV2 of each neuron, computed for so many neurons at a time that memory is bounded."""
    n_blocks = min(spikes.n_neurons, -(-spikes.n_spikes // _MOST_SPIKES_AT_ONCE)) or 1
    blocks = np.array_split(np.arange(spikes.n_neurons), n_blocks)
    # Lazily: one block of spikes is held at a time.
    parts = (spikes if n_blocks == 1 else spikes.select(neuron=block) for block in blocks)
    both = [
        (
            statistics.interval_cv(part, min_intervals=least),
            statistics.interval_cv2(part, min_intervals=least),
        )
        for part in parts
    ]
    return np.concatenate([cv for cv, _ in both]), np.concatenate([cv2 for _, cv2 in both])


def _draw(results: Mapping[str, Any]) -> Figure:
    cv, cv2 = results["cv"], results["cv2"]
    with figures.style():
        drawing = figures.new_figure(3.4, 3.0)
        ax = drawing.add_subplot()
        ax.plot(cv, cv2, linestyle="none", marker="o", markersize=3, markeredgewidth=0, alpha=0.5, color="#2471a3")
        top = 1.05 * max(2.0, float(np.nanmax(cv)))
        ax.plot([0, 2.1], [0, 2.1], color="#bbbbbb", linewidth=0.8, zorder=0)
        ax.axvline(1, color="black", linewidth=0.6, linestyle="--", zorder=0)
        ax.axhline(1, color="black", linewidth=0.6, linestyle="--", zorder=0)
        ax.set(xlabel="CV of all intervals", ylabel="CV2 of neighbouring intervals", xlim=(0, top), ylim=(0, 2.05))
        figures.titled(ax, "One dot, one neuron")
    return drawing
