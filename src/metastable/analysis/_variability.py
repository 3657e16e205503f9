"""How spike counts vary from trial to trial, or in time, and how much neurons share of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from metastable import figures, statistics
from metastable.analysis._recording import counting_window, fitting_width, most_active, window_widths
from metastable.analysis._section import Number, Section
from metastable.spikes import SpikeData, shift_trains

# The pairs of so many neurons are half a million.
_MOST_CORRELATED = 1000


def fano(spikes: SpikeData) -> Section:
    """Measure the variance of counts over their mean."""
    title = "Variability of spike counts"
    widths = window_widths(spikes)
    if not widths or not spikes.n_spikes:
        return Section(name="fano", title=title, missing=("Without spikes in several windows no count can vary.",))
    trials = spikes.n_trials > 1
    found = statistics.fano_factor_by_window(
        spikes, windows_ms=widths, estimator="ratio_of_sums" if trials else "pooled", ddof=1
    )
    window = counting_window(spikes, widths)
    value = found.fano_factor[:, widths.index(window)]
    defined = value[np.isfinite(value)]
    if trials:
        explanation = (
            "The Fano factor is the variance of a neuron's spike count across trials, over its mean, in windows of "
            "each width: 1 for a Poisson process (dashed), less for a clock. Values above 1 that grow with the window "
            "mean that the rate itself differs from trial to trial, as it does when clusters switch."
        )
        missing = ()
    else:
        explanation = (
            "With one trial the counts of successive windows in time take the place of trials: variance over mean, 1 "
            "for a Poisson process of constant rate (dashed). Every change of the rate in time counts as variability "
            "here, a response to a stimulus or a slow drift too, so that the values are larger than across trials."
        )
        missing = ("The variance across trials needs two trials; windows in time are used instead.",)
    return Section(
        name="fano",
        title=title,
        explanation=explanation,
        numbers=(
            Number("fano_factor", f"mean Fano factor, {window:g} ms windows", _mean(defined)),
            Number("fano_factor_median", "its median over neurons", float(np.median(defined))),
            Number("fano_factor_window_ms", "window", window, "ms"),
            Number("n_neurons_with_fano_factor", "neurons that fired", int(defined.size)),
        ),
        missing=missing,
        results={"by_window": found, "fano_factor": value, "window_ms": window},
        draw=_draw_fano,
    )


def _draw_fano(results: Mapping[str, Any]) -> Figure:
    found, value, window = (results[name] for name in ("by_window", "fano_factor", "window_ms"))
    with figures.style():
        drawing = figures.new_figure(7.2, 2.6)
        left, right = drawing.subplots(1, 2)
        figures.plot(found, ax=left)
        figures.titled(left, "By window", f"{found.estimator}, ddof {found.ddof}")
        defined = value[np.isfinite(value)]
        top = max(2.0, float(np.percentile(defined, 99)))
        # What lies beyond is in the last bar, and the label says so.
        right.hist(np.minimum(defined, top), np.linspace(0, top, 31).tolist(), color=figures.COLORS["uniform"])
        right.axvline(1, color="black", linewidth=0.8, linestyle="--")
        beyond = int((defined > top).sum())
        right.set(xlabel="Fano factor" + (f" ({beyond} beyond in the last bar)" if beyond else ""), ylabel="neurons")
        figures.titled(right, f"At {window:g} ms")
    return drawing


def correlations(spikes: SpikeData, seed: int) -> Section:
    """Measure how much counts of two neurons vary together, against trains that were shifted in time."""
    title = "Correlations of spike counts"
    chosen, left_out = most_active(spikes, _MOST_CORRELATED)
    part = spikes.select(neuron=chosen)
    widths = window_widths(part)
    if not widths or np.unique(part.neuron).size < 2:
        return Section(name="correlations", title=title, missing=("Pairs need two neurons that fire.",))
    # Twenty windows in each trial, where that is possible: a correlation of fewer counts is noise.
    window = min(counting_window(part, widths), max(widths[0], fitting_width(part, part.duration_ms / 20)))
    found = statistics.count_correlations(part, window_ms=window, n_bins=200)
    control = None
    missing = [left_out] if left_out else []
    try:
        control = statistics.count_correlations(shift_trains(part, seed=seed), window_ms=window, n_bins=200)
    except ValueError as error:
        missing.append(f"There is no comparison with shifted trains: {error}")
    numbers = [
        Number("correlation", f"mean correlation of pairs, {window:g} ms windows", found.all_pairs.mean),
        Number("correlation_sd", "its standard deviation over pairs", found.all_pairs.sd),
        Number("correlation_n_pairs", "pairs", found.all_pairs.n_pairs),
    ]
    if control is not None:
        numbers.append(Number("correlation_sd_shifted", "the same after shifting each train", control.all_pairs.sd))
    if found.same_cluster.n_pairs:
        name = "pairs of the same cluster, labels of the file"
        numbers.append(Number("correlation_same_cluster", name, found.same_cluster.mean))
    return Section(
        name="correlations",
        title=title,
        explanation=(
            "The correlation of two neurons is 1 if their counts rise and fall together from window to window within "
            "a trial, 0 if they have nothing to do with each other. Grey is what chance makes: the same trains, each "
            "shifted by a random time; what is wider or has more weight on the right is shared between neurons."
        ),
        numbers=tuple(numbers),
        missing=tuple(missing),
        results={"correlations": found, "shifted": control},
        draw=_draw_correlations,
    )


def _draw_correlations(results: Mapping[str, Any]) -> Figure:
    found, control = results["correlations"], results["shifted"]
    with figures.style():
        drawing = figures.new_figure(4.2, 2.6)
        ax = drawing.add_subplot()
        if control is not None:
            shares = control.all_pairs
            ax.stairs(shares.density, shares.edges, fill=True, color="#bbbbbb", label="shifted trains")
        figures.plot(found, ax=ax)
        figures.titled(ax, "Pairs", f"{found.window_ms:g} ms windows, {found.estimator}")
    return drawing


def _mean(values: Any) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
