"""The spikes themselves, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from metastable import figures, statistics
from metastable.analysis._recording import fitting_width
from metastable.analysis._section import TITLES, Number, Section
from metastable.spikes import SpikeData

# More rows than this are thinner than a line: drawn as dots.
_MOST_LINES = 400
# More marks than this cover each other.
_MOST_MARKS = 200_000
_N_BINS = 200
_POINTS_PER_LABEL = 8.0


def raster(spikes: SpikeData, labels: NDArray[np.int64]) -> Section:
    """Show the spikes, sorted by the groups that were found, or else by the clusters that the file names."""
    trial = int(np.diff(spikes.trial_offsets).argmax())
    n_marks = int(np.diff(spikes.trial_offsets)[trial])
    shown, order = _order(spikes, labels)
    missing = []
    if not spikes.n_spikes:
        missing.append("There is no spike, so that there is nothing to draw or to measure.")
    if n_marks > _MOST_MARKS:
        missing.append(f"The figure shows {_MOST_MARKS:,} of {n_marks:,} spikes, chosen evenly.")
    return Section(
        name="raster",
        title=TITLES["raster"],
        explanation=(
            f"Each row is a neuron and each mark a spike, neurons {order}; the curve beneath is the rate of an average "
            "neuron. Vertical stripes are moments when many neurons fire together, horizontal bands are neurons that "
            "fire more than others."
        ),
        numbers=(
            Number("n_neurons", "neurons", spikes.n_neurons),
            Number("n_trials", "trials", spikes.n_trials),
            Number("duration_ms", "length of a trial", spikes.duration_ms, "ms"),
            Number("n_spikes", "spikes", spikes.n_spikes),
            Number("n_silent", "neurons without a spike", spikes.n_neurons - np.unique(spikes.neuron).size),
            Number("n_empty_trials", "trials without a spike", int((np.diff(spikes.trial_offsets) == 0).sum())),
        ),
        missing=tuple(missing),
        results={"spikes": spikes, "labels": labels, "shown": shown, "trial": trial},
        draw=_draw if spikes.n_spikes else None,
    )


def _order(spikes: SpikeData, labels: NDArray[np.int64]) -> tuple[NDArray[np.int64] | None, str]:
    """Return the labels that rows are sorted by, or None for the recording's order, and the order in words."""
    n_others = int((labels < 0).sum())
    if n_others < labels.size:
        order = "sorted and coloured by the groups found below"
        grey = f"grey, at the top, {'is the 1 neuron' if n_others == 1 else f'are the {n_others:,} neurons'}"
        return labels, f"{order} ({grey} not compared for them)" if n_others else order
    cluster = spikes.cluster
    if cluster is not None and cluster.ndim == 1 and (cluster >= 0).any():
        order = "sorted and coloured by the clusters that the file names"
        return cluster, f"{order} (grey, at the top: in none)" if (cluster < 0).any() else order
    return None, "in the recording's order"


def _draw(results: Mapping[str, Any]) -> Figure:
    spikes, shown, trial = (results[name] for name in ("spikes", "shown", "trial"))
    grouped = shown is results["labels"]
    note = "" if spikes.n_trials == 1 else f"trial {spikes.trial_id[trial]}, the one with most spikes"
    part = spikes.select(trial=[trial])
    with figures.style():
        drawing = figures.new_figure(7.2, 4.4)
        top, below = drawing.subplots(2, 1, height_ratios=(3, 1), sharex=True)
        _rows(part, shown, top)
        for text in top.texts:
            if grouped and text.get_text() == "none":
                text.set_text("not\ncompared")
        figures.titled(top, f"{spikes.n_neurons:,} neuron{'s' * (spikes.n_neurons > 1)}", note)
        width = fitting_width(part, part.duration_ms / _N_BINS)
        rate = statistics.population_rate(part, bin_ms=width)[0]
        time = statistics.bin_centres(part, bin_ms=width) / 1000
        below.fill_between(time, rate, step="mid", color=figures.COLORS["uniform"], linewidth=0)
        below.set(xlabel="time (s)", ylabel="spikes/s\nper neuron", ylim=(0, None))
    return drawing


def _rows(spikes: SpikeData, labels: NDArray[np.int64] | None, ax: Axes) -> None:
    size = None if spikes.n_neurons <= _MOST_LINES else 0.6
    if spikes.n_spikes > _MOST_MARKS:
        # Multiples of the golden ratio are even over any stretch, and fall into step with no rhythm of the neurons.
        kept = np.arange(spikes.n_spikes) * ((5**0.5 - 1) / 2) % 1 < _MOST_MARKS / spikes.n_spikes
        spikes = replace(spikes, **{name: getattr(spikes, name)[kept] for name in ("time_ms", "neuron", "trial")})
    if labels is None:
        in_order = -np.arange(spikes.n_neurons)
        figures.group_raster(spikes, np.zeros(spikes.n_neurons, int), order_by=in_order, size=size, ax=ax)
        ax.lines[0].set_color("#333333")
        ax.texts[0].remove()
    else:
        counts = np.bincount(spikes.neuron, minlength=spikes.n_neurons)
        # Neurons in no group stay as the recording has them: its populations and clusters are side by side.
        order_by = np.where(labels < 0, -np.arange(spikes.n_neurons), counts)
        figures.group_raster(spikes, labels, order_by=order_by, size=size, ax=ax)
        _unclutter(ax, spikes.n_neurons)
    ax.set(xlabel="", ylabel="neuron" if labels is None else "neuron, sorted")
    ax.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def _unclutter(ax: Axes, n_rows: int) -> None:
    """Remove the names of groups that are so small that names would cover each other."""
    height = 72 * ax.get_window_extent().height / ax.figure.dpi / n_rows
    last = -np.inf
    for text in list(ax.texts):
        row = text.xy[1]  # pyright: ignore[reportAttributeAccessIssue]  # annotations have a place
        if (row - last) * height < _POINTS_PER_LABEL:
            text.remove()
        else:
            last = row
