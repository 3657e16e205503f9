"""The spikes themselves, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from metastable import figures, statistics
from metastable.analysis._recording import fitting_width
from metastable.analysis._section import Number, Section
from metastable.spikes import SpikeData

# More rows than this are thinner than a dot: drawn as points.
_MOST_LINES = 400


def raster(spikes: SpikeData, labels: NDArray[np.int64], n_repeated: int) -> Section:
    """Show the spikes, sorted by the groups that were found."""
    trial = int(np.bincount(spikes.trial, minlength=1).argmax()) if spikes.n_spikes else 0
    width = fitting_width(spikes, spikes.duration_ms / 200)
    counts = spikes.spike_counts()
    missing = []
    if n_repeated:
        missing.append(f"{n_repeated:,} spikes were listed twice and are counted once.")
    if not spikes.n_spikes:
        missing.append("There is no spike, so that there is nothing to draw or to measure.")
    sorted_by = "sorted and coloured by the groups found below" if (labels >= 0).any() else "in the recording's order"
    return Section(
        name="raster",
        title="The spikes",
        explanation=(
            f"Each row is a neuron and each mark a spike, neurons {sorted_by}; the curve beneath is the rate of an "
            "average neuron. Vertical stripes are moments when many neurons fire together, horizontal bands are "
            "neurons that fire more than others."
        ),
        numbers=(
            Number("n_neurons", "neurons", spikes.n_neurons),
            Number("n_trials", "trials", spikes.n_trials),
            Number("duration_ms", "length of a trial", spikes.duration_ms, "ms"),
            Number("n_spikes", "spikes", spikes.n_spikes),
            Number("n_silent", "neurons without a spike", int((counts.sum(axis=0) == 0).sum())),
            Number("n_empty_trials", "trials without a spike", int((counts.sum(axis=1) == 0).sum())),
        ),
        missing=tuple(missing),
        results={"spikes": spikes, "labels": labels, "trial": trial, "bin_ms": width},
        draw=_draw_raster if spikes.n_spikes else None,
    )


def _draw_raster(results: Mapping[str, Any]) -> Figure:
    spikes, labels, trial, width = (results[name] for name in ("spikes", "labels", "trial", "bin_ms"))
    grouped = bool((labels >= 0).any())
    with figures.style():
        drawing = figures.new_figure(7.2, 4.4)
        top, below = drawing.subplots(2, 1, height_ratios=(3, 1), sharex=True)
        if spikes.n_neurons <= _MOST_LINES:
            figures.group_raster(spikes, labels, trial=trial, ax=top)
            if not grouped:
                for text in list(top.texts):
                    text.remove()
        else:
            known = spikes.with_labels(cluster=labels) if grouped else spikes
            figures.raster(known, trial=trial, ax=top, size=0.5)
        top.set(xlabel="", ylabel="neuron, by group" if grouped else "neuron")
        note = "" if spikes.n_trials == 1 else f"trial {spikes.trial_id[trial]}, the one with most spikes"
        figures.titled(top, f"{spikes.n_neurons:,} neurons", note)
        rate = statistics.population_rate(spikes, bin_ms=width)[trial]
        time = statistics.bin_centres(spikes, bin_ms=width) / 1000
        below.fill_between(time, rate, step="mid", color="#5d6d7e", linewidth=0)
        below.set(xlabel="time (s)", ylabel="spikes/s\nper neuron", ylim=(0, None))
    return drawing


def rates(spikes: SpikeData) -> Section:
    """Measure how often the neurons fire."""
    rate = statistics.firing_rates(spikes)
    populations = [] if spikes.population is None else sorted(set(spikes.population.tolist()))
    by_name = {name: rate[spikes.population == name] for name in populations} if len(populations) > 1 else {}
    quartiles = np.percentile(rate, [25, 50, 75])
    numbers = [
        Number("mean_rate_hz", "mean rate", float(rate.mean()), "spikes/s"),
        Number("median_rate_hz", "median rate", float(quartiles[1]), "spikes/s"),
        Number("lower_quartile_rate_hz", "a quarter of the neurons is below", float(quartiles[0]), "spikes/s"),
        Number("upper_quartile_rate_hz", "a quarter is above", float(quartiles[2]), "spikes/s"),
        Number("largest_rate_hz", "largest rate", float(rate.max()), "spikes/s"),
    ]
    for name, own in by_name.items():
        numbers.append(Number(f"mean_rate_{name}_hz", f"mean rate of {name}", float(own.mean()), "spikes/s"))
    missing = [] if spikes.n_neurons > 1 else ["One neuron has a rate, but there is no distribution of rates to draw."]
    return Section(
        name="rates",
        title="Firing rates",
        explanation=(
            "The histogram counts neurons by their firing rate: spikes per second, averaged over all trials. In most "
            "recordings many neurons fire little and a few fire much, so that the mean lies above the median."
        ),
        numbers=tuple(numbers),
        missing=tuple(missing),
        results={"rate_hz": rate, "by_population": by_name},
        draw=_draw_rates if spikes.n_neurons > 1 and spikes.n_spikes else None,
    )


def _draw_rates(results: Mapping[str, Any]) -> Figure:
    rate, by_name = results["rate_hz"], results["by_population"]
    edges = np.linspace(0, max(float(rate.max()), 1e-9), 31)
    with figures.style():
        drawing = figures.new_figure(3.6, 2.6)
        ax = drawing.add_subplot()
        for number, (name, own) in enumerate((by_name or {"": rate}).items()):
            color = figures.group_color(number) if by_name else figures.COLORS["uniform"]
            ax.hist(own, edges.tolist(), histtype="stepfilled", alpha=0.6, color=color, label=name or None)
        ax.axvline(rate.mean(), color="black", linewidth=0.9, linestyle="--", label="mean of all")
        ax.set(xlabel="rate (spikes/s)", ylabel="neurons", xlim=(0, edges[-1]))
        ax.legend()
        figures.titled(ax, "Rates")
    return drawing
