"""How spike counts vary from trial to trial, or in time, and how much neurons share of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from matplotlib.ticker import MaxNLocator

from metastable import figures, statistics
from metastable.analysis._part import most_active, shortened
from metastable.analysis._recording import counting_window, fitting_width, window_widths
from metastable.analysis._section import TITLES, Number, Section, short
from metastable.spikes import SpikeData, shift_trains
from metastable.statistics import CorrelationDistribution, CountCorrelations

# The Fano factor of a neuron of one spike is 1 whatever the neuron is.
_ENOUGH_SPIKES = 5
# The pairs of so many neurons are half a million; shifted trains take some 100 bytes for each spike.
_MOST_CORRELATED, _MOST_SPIKES = 1000, 2_000_000
# Of -1 to 1; drawn are wider bins, which hold several of these.
_N_BINS = 2400
# Pairs of four neurons are no distribution.
_FEWEST_DRAWN = 10


def fano(spikes: SpikeData) -> Section:
    """Measure the variance of counts over their mean."""
    counts = np.bincount(spikes.neuron, minlength=spikes.n_neurons)
    if counts.max() < _ENOUGH_SPIKES:
        return _lacking(
            f"No neuron has {_ENOUGH_SPIKES} spikes: Fano factors of fewer are near 1 whatever the neurons do."
        )
    neuron = np.flatnonzero(counts >= _ENOUGH_SPIKES)
    part = spikes if neuron.size == spikes.n_neurons else spikes.select(neuron=neuron)
    widths, left_out = window_widths(part)
    if not widths:
        return _lacking("The recording has too few steps for several windows, and a variance needs several counts.")
    trials = spikes.n_trials > 1
    found = statistics.fano_factor_by_window(
        part, windows_ms=widths, estimator="ratio_of_sums" if trials else "pooled", ddof=1
    )
    window = counting_window(part, widths)
    value = found.fano_factor[:, widths.index(window)]
    defined = value[np.isfinite(value)]
    if not defined.size:
        return _lacking(f"All spikes lie behind the last whole window of {short(window)} ms: no count can vary.")
    if trials:
        explanation = (
            "The Fano factor is the variance of a neuron's spike count across trials, over its mean, in windows of "
            "each width: 1 for a Poisson process (dashed), less for a clock. Values above 1 that grow with the window "
            "mean that the rate itself differs from trial to trial, as it does when clusters switch."
        )
        missing = []
    else:
        explanation = (
            "With one trial the counts of successive windows in time take the place of trials: variance over mean, 1 "
            "for a Poisson process of constant rate (dashed). Every change of the rate in time counts as variability "
            "here, a response to a stimulus or a slow drift too, so that the values are larger than across trials."
        )
        missing = ["The variance across trials needs two trials; windows in time are used instead."]
    return Section(
        name="fano",
        title=TITLES["fano"],
        explanation=explanation,
        numbers=(
            Number("fano_factor", f"mean Fano factor, {short(window)} ms windows", float(defined.mean())),
            Number("fano_factor_median", "its median over neurons", float(np.median(defined))),
            Number("fano_factor_window_ms", "window", window, "ms"),
            Number("n_neurons_with_fano_factor", f"neurons with {_ENOUGH_SPIKES} spikes or more", int(defined.size)),
        ),
        missing=tuple([*missing, left_out] if left_out else missing),
        results={"by_window": found, "fano_factor": value, "window_ms": window, "neuron": neuron},
        draw=_draw_fano,
    )


def _lacking(sentence: str) -> Section:
    return Section(name="fano", title=TITLES["fano"], missing=(sentence,))


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
        right.set_xlim(0, 1.04 * top)
        right.yaxis.set_major_locator(MaxNLocator(integer=True))
        figures.titled(right, f"At {short(window)} ms")
    return drawing


def correlations(spikes: SpikeData, seed: int) -> Section:
    """Measure how much counts of two neurons vary together, against trains that were shifted in time."""
    title = TITLES["correlations"]
    chosen, fewer = most_active(spikes, _MOST_CORRELATED)
    part, shorter = shortened(spikes.select(neuron=chosen), _MOST_SPIKES)
    counts = np.bincount(part.neuron, minlength=part.n_neurons)
    n_enough = int((counts >= _ENOUGH_SPIKES).sum())
    if n_enough < 2:
        lacking = f"Pairs need two neurons with {_ENOUGH_SPIKES} spikes, and {'one has' if n_enough else 'none has'}."
        return Section(name="correlations", title=title, missing=(shorter, lacking) if shorter else (lacking,))
    widths, _ = window_widths(part)
    if not widths:
        lacking = "The recording has too few steps for several windows, and a correlation needs several counts."
        return Section(name="correlations", title=title, missing=(lacking,))
    # Twenty windows in each trial, where that is possible: a correlation of fewer counts is noise.
    window = min(counting_window(part, widths), max(widths[0], fitting_width(part, part.duration_ms / 20)))
    found = statistics.count_correlations(part, window_ms=window, n_bins=_N_BINS)
    control = None
    missing = [sentence for sentence in (fewer, shorter) if sentence]
    try:
        control = statistics.count_correlations(shift_trains(part, seed=seed), window_ms=window, n_bins=_N_BINS)
    except ValueError as error:
        missing.append(f"There is no comparison with shifted trains: {error}")
    numbers = [
        Number("correlation", f"mean correlation of pairs, {short(window)} ms windows", found.all_pairs.mean),
        Number("correlation_sd", "its standard deviation over pairs", _sd(found.all_pairs)),
        Number("correlation_n_pairs", "pairs", found.all_pairs.n_pairs),
    ]
    if control is not None:
        numbers += [
            Number("correlation_shifted", "mean after shifting each train", control.all_pairs.mean),
            Number("correlation_sd_shifted", "standard deviation after shifting each train", _sd(control.all_pairs)),
        ]
    if found.all_pairs.n_pairs < _FEWEST_DRAWN:
        missing.append(f"Fewer than {_FEWEST_DRAWN} pairs are not drawn.")
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
        draw=_draw_correlations if found.all_pairs.n_pairs >= _FEWEST_DRAWN else None,
    )


def _draw_correlations(results: Mapping[str, Any]) -> Figure:
    bins = _bins_together(results["correlations"].all_pairs)
    found = _coarsened(results["correlations"], bins)
    control = None if results["shifted"] is None else _coarsened(results["shifted"], bins)
    with figures.style():
        drawing = figures.new_figure(5.6, 2.6)
        ax = drawing.add_subplot()
        if control is not None:
            shares = control.all_pairs
            ax.stairs(shares.density, shares.edges, fill=True, color="#bbbbbb", label="shifted trains")
        figures.plot(found, ax=ax)
        _fit(ax, [found.all_pairs, found.same_cluster, *([control.all_pairs] if control is not None else [])])
        # Beside the axes: densities may fill any corner of them.
        ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1), borderaxespad=0)
        figures.titled(ax, "Pairs", f"{short(found.window_ms)} ms windows, {found.estimator}")
    return drawing


def _bins_together(pairs: CorrelationDistribution) -> int:
    """Return how many bins make one of a width that suits the spread of the pairs (Scott 1979)."""
    wanted = 3.49 * pairs.sd * pairs.n_pairs ** (-1 / 3) / (2 / _N_BINS)
    divisors = np.flatnonzero(_N_BINS % np.arange(1, _N_BINS // 20 + 1) == 0) + 1
    return int(divisors[np.searchsorted(divisors, wanted, side="right") - 1]) if wanted > 1 else 1


def _coarsened(found: CountCorrelations, n_together: int) -> CountCorrelations:
    def coarser(pairs: CorrelationDistribution) -> CorrelationDistribution:
        histogram = pairs.histogram.reshape(-1, n_together).sum(axis=1)
        return replace(pairs, histogram=histogram, edges=pairs.edges[::n_together])

    kinds = ("all_pairs", "same_cluster", "different_cluster")
    return replace(found, **{kind: coarser(getattr(found, kind)) for kind in kinds})


def _fit(ax: Axes, kinds: list[CorrelationDistribution]) -> None:
    """Show the whole of each distribution, a few pairs far out excepted."""
    half = max((abs(kind.mean) + 5 * kind.sd for kind in kinds if kind.n_pairs), default=1.0)
    half = min(1.0, max(half, 0.05))
    top = max((float(patch.get_data()[0].max()) for patch in ax.patches if isinstance(patch, StepPatch)), default=1)
    ax.set(xlim=(-half, half), ylim=(0, 1.08 * top))


def _sd(pairs: CorrelationDistribution) -> float:
    return pairs.sd if pairs.n_pairs > 1 else float("nan")
