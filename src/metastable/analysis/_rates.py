"""How often neurons fire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from metastable import figures, statistics
from metastable.analysis._section import TITLES, Number, Section
from metastable.spikes import SpikeData


def rates(spikes: SpikeData) -> Section:
    """Measure how often the neurons fire."""
    rate = statistics.firing_rates(spikes)
    populations = [] if spikes.population is None else sorted(set(spikes.population.tolist()))
    by_name = {name: rate[spikes.population == name] for name in populations} if len(populations) > 1 else {}
    several = spikes.n_neurons > 1
    numbers = [Number("mean_rate_hz", "mean rate" if several else "rate", float(rate.mean()), "spikes/s")]
    if several:
        quartiles = np.percentile(rate, [25, 50, 75])
        numbers += [
            Number("median_rate_hz", "median rate", float(quartiles[1]), "spikes/s"),
            Number("lower_quartile_rate_hz", "a quarter of the neurons is below", float(quartiles[0]), "spikes/s"),
            Number("upper_quartile_rate_hz", "a quarter is above", float(quartiles[2]), "spikes/s"),
            Number("largest_rate_hz", "largest rate", float(rate.max()), "spikes/s"),
        ]
    for name, own in by_name.items():
        numbers.append(Number(f"mean_rate_{name}_hz", f"mean rate of {name}", float(own.mean()), "spikes/s"))
    missing = [] if several else ["One neuron has a rate, but there is no distribution of rates to draw."]
    if several and not spikes.n_spikes:
        missing.append("All rates are 0, so that there is nothing to draw.")
    return Section(
        name="rates",
        title=TITLES["rates"],
        explanation=(
            "The histogram counts neurons by their firing rate: spikes per second, averaged over all trials. In most "
            "recordings many neurons fire little and a few fire much, so that the mean lies above the median."
        ),
        numbers=tuple(numbers),
        missing=tuple(missing),
        results={"rate_hz": rate, "by_population": by_name},
        draw=_draw if several and spikes.n_spikes else None,
    )


def _draw(results: Mapping[str, Any]) -> Figure:
    rate, by_name = results["rate_hz"], results["by_population"]
    edges = np.linspace(0, float(rate.max()), 31)
    with figures.style():
        drawing = figures.new_figure(3.6, 2.6)
        ax = drawing.add_subplot()
        for number, (name, own) in enumerate((by_name or {"": rate}).items()):
            color = figures.group_color(number) if by_name else figures.COLORS["uniform"]
            ax.hist(own, edges.tolist(), histtype="stepfilled", alpha=0.6, color=color, label=name or None)
        ax.axvline(rate.mean(), color="black", linewidth=0.9, linestyle="--", label="mean of all")
        ax.set(xlabel="rate (spikes/s)", ylabel="neurons", xlim=(0, 1.04 * edges[-1]))
        ax.yaxis.set_major_locator(MaxNLocator(integer=True))
        ax.legend()
        figures.titled(ax, "Rates")
    return drawing
