"""Statistics of spike trains: over windows, lags, time, neurons and pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from metastable._display import counted
from metastable.figures._communities_raster import group_color
from metastable.figures._curves import distribution, mark_window
from metastable.figures._style import COLORS, legend_below, resolve_axes, titled
from metastable.statistics import (
    PSTH,
    Autocovariance,
    CorrelationDistribution,
    CountCorrelations,
    CrossCovariance,
    FanoFactorByWindow,
    FanoFactorInTime,
    LocalCV2,
    ResponseProfile,
    TimeConstant,
)

# Lags beyond this are read in seconds.
_SECONDS_FROM_MS = 2000.0
# More groups than this are told apart by no legend.
_MOST_NAMED = 12


def fano_factor_by_window(found: FanoFactorByWindow, *, ax: Axes | None = None) -> Axes:
    """Draw Fano factors over the width of windows: mean, median and quartiles over neurons."""
    ax = _over_neurons(found.window_ms, found.fano_factor, found.mean(), ax)
    if found.window_ms.max() > 20 * found.window_ms.min():
        ax.set_xscale("log")
    ax.set(xlabel="counting window (ms)", ylabel="Fano factor")
    trials = counted(found.n_trials, "trial")
    return titled(ax, "Fano factor", f"{found.estimator.replace('_', ' ')}, ddof {found.ddof}, {trials}")


def fano_factor_in_time(found: FanoFactorInTime, *, ax: Axes | None = None) -> Axes:
    """Draw Fano factors along a trial: mean, median and quartiles over neurons."""
    ax = _over_neurons(found.time_ms / 1000, found.fano_factor, found.mean(), ax)
    ax.set(xlabel="time (s)", ylabel="Fano factor")
    trials = counted(found.n_trials, "trial")
    return titled(
        ax, "Fano factor", f"across {trials}, windows of {found.window_ms:g} ms centred at time, ddof {found.ddof}"
    )


def _over_neurons(x: Any, values: Any, mean: Any, ax: Axes | None) -> Axes:
    if not np.isfinite(values).any():
        raise ValueError("no neuron has a Fano factor, for all are silent; there is nothing to draw.")
    color = COLORS["clustered"]
    ax = resolve_axes(ax)
    defined = values[np.isfinite(values).all(axis=1)]
    if len(defined) > 1:
        low, middle, high = np.percentile(defined, [25, 50, 75], axis=0)
        ax.fill_between(x, low, high, color=color, alpha=0.15, linewidth=0)
        ax.plot(x, middle, color=color, linewidth=0.8, label="median and quartiles")
    ax.plot(x, mean, color=color, marker="o", label="mean over neurons")
    ax.axhline(1, color="black", linewidth=0.8, linestyle="--")
    # Room for the legend above the curves.
    ax.set_ylim(0, 1.25 * max(1.0, ax.get_ylim()[1]))
    ax.legend(loc="upper left", ncols=2)
    return ax


def count_correlations(found: CountCorrelations, *, ax: Axes | None = None) -> Axes:
    """Draw how correlations are distributed over pairs of the same cluster and of different ones."""
    ax = resolve_axes(ax)
    kinds = [("all pairs", found.all_pairs, COLORS["clustered"])]
    if found.same_cluster.n_pairs:
        kinds = [
            ("same cluster", found.same_cluster, COLORS["clustered"]),
            ("different clusters", found.different_cluster, COLORS["uniform"]),
        ]
    for name, part, color in kinds:
        if part.n_pairs:
            correlations(part, label=f"{name}, mean {part.mean:.3g}", color=color, ax=ax)
    if not ax.patches:
        raise ValueError("no pair has a correlation, for counts that never vary have none; take longer windows.")
    legend_below(ax)
    return titled(
        ax, "Correlations of counts", f"windows of {found.window_ms:g} ms, {counted(found.n_trials, 'trial')}"
    )


def correlations(
    found: CorrelationDistribution,
    *,
    label: str | None = None,
    color: str = COLORS["clustered"],
    ax: Axes | None = None,
) -> Axes:
    """Draw how correlations are distributed over pairs."""
    if not found.n_pairs:
        raise ValueError("there is no pair whose correlation could be drawn; counts that never vary have none.")
    ax = distribution(found.edges, found.histogram, mean=found.mean, label=label, color=color, ax=ax)
    # The few pairs in the far tails would leave the rest a spike in the middle.
    half = min(1.0, max(0.05, abs(found.mean) + 5 * found.sd, ax.get_xlim()[1] if len(ax.patches) > 1 else 0.0))
    ax.set(xlabel="correlation of a pair", xlim=(-half, half))
    ax.axvline(0, color="#999999", linewidth=0.6, zorder=0)
    return ax


def autocovariance(found: Autocovariance, *, ax: Axes | None = None) -> Axes:
    """Draw an autocovariance from the first bin on; the variance at lag 0 would hide the rest."""
    ax = _covariances({"": (found.lag_ms[1:], found.covariance[1:], COLORS["clustered"])}, found.unit, ax)
    return titled(ax, "Autocovariance", f"without lag 0; bins of {found.bin_ms:g} ms, {found.normalisation}")


def cross_covariance(found: CrossCovariance, *, ax: Axes | None = None) -> Axes:
    """Draw the mean cross-covariance of pairs of the same cluster and of different ones."""
    kinds = {
        "same cluster": (found.lag_ms, found.same_cluster, COLORS["clustered"]),
        "different clusters": (found.lag_ms, found.different_cluster, COLORS["uniform"]),
    }
    if not found.n_pairs["same_cluster"]:
        kinds = {"all pairs": (found.lag_ms, found.all_pairs, COLORS["clustered"])}
    ax = _covariances(kinds, found.unit, ax)
    return titled(ax, "Cross-covariance", f"bins of {found.bin_ms:g} ms, {found.normalisation}")


def _covariances(curves: dict[str, tuple[Any, Any, str]], unit: str, ax: Axes | None) -> Axes:
    if not any(np.isfinite(value).any() for _, value, _ in curves.values()):
        raise ValueError("there is no covariance to draw; the trains are silent, or too few.")
    ax = resolve_axes(ax)
    seconds = max(np.abs(lag).max() for lag, _, _ in curves.values()) > _SECONDS_FROM_MS
    for name, (lag, value, color) in curves.items():
        ax.plot(lag / 1000 if seconds else lag, value, color=color, label=name or None)
    ax.axhline(0, color="#999999", linewidth=0.6, zorder=0)
    in_rates = unit == "rate"
    ax.set(
        xlabel=f"lag ({'s' if seconds else 'ms'})", ylabel=f"covariance ({'(spikes/s)²' if in_rates else 'spikes²'})"
    )
    if any(curves):
        ax.legend()
    return ax


def time_constant(found: TimeConstant, *, ax: Axes | None = None) -> Axes:
    """Draw a fitted decay; on the Axes of its autocovariance the two lie over each other."""
    if not found.lag_ms.size or not np.isfinite(found.fitted).any():
        raise ValueError(f"there is no fitted curve to draw: {found.status}")
    tau = f"{found.tau_ms:.3g} ms" if np.isfinite(found.tau_ms) else "not determined"
    ax = resolve_axes(ax)
    fresh = not ax.has_data()
    little = f", explains little ($R^2$ {found.r_squared:.2f})" if found.explains_little and not fresh else ""
    # An autocovariance that was drawn before may have its lags in seconds.
    scale = 1000 if ax.get_xlabel() == "lag (s)" else 1
    if fresh:
        ax.plot(found.lag_ms, found.covariance, color=COLORS["clustered"], label="fitted covariance")
    ax.plot(found.lag_ms / scale, found.fitted, color="black", linestyle="--", label=f"fit, tau {tau}{little}")
    if found.offset:
        ax.axhline(found.offset, color="#999999", linewidth=0.7, linestyle=":")
    ax.legend()
    if fresh:
        ax.set(xlabel="lag (ms)", ylabel="covariance")
        # Room for the legend above the curves.
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + 0.25 * (high - low))
        fit = f"exponential over {found.fit_from_ms:g} to {found.fit_to_ms:g} ms"
        note = ": explains less than half of the variance" if found.explains_little else ""
        titled(ax, f"Time constant {tau}", f"{fit}, $R^2$ {found.r_squared:.3f}{note}")
    return ax


def psth(found: PSTH, *, ax: Axes | None = None) -> Axes:
    """Draw the rate in time, mean over neurons."""
    if not len(found.rate):
        raise ValueError("there are no neurons whose rate could be drawn.")
    ax = resolve_axes(ax)
    ax.plot(found.time_ms / 1000, found.rate.mean(axis=0), color=COLORS["clustered"])
    ax.set(xlabel="time (s)", ylabel="rate (spikes/s per neuron)", ylim=(0, None))
    smoothed = "" if found.smoothing_ms is None else f", Gaussian of {found.smoothing_ms:g} ms"
    note = f"mean over {counted(len(found.rate), 'neuron')} and {counted(found.n_trials, 'trial')}"
    return titled(ax, "Rate", f"{note}; bins of {found.bin_ms:g} ms{smoothed}")


def response_profile(found: ResponseProfile, *, ax: Axes | None = None) -> Axes:
    """Draw the rates of groups around an event with their standard errors; of many groups their mean stands out."""
    if not np.isfinite(found.rate).any():
        raise ValueError("no group has neurons whose rate could be drawn; give others as groups.")
    ax = resolve_axes(ax)
    few = len(found.groups) <= _MOST_NAMED
    for number, (name, rate, sem) in enumerate(zip(found.groups, found.rate, found.sem, strict=True)):
        color = group_color(number) if few else COLORS["uniform"]
        if few and np.isfinite(sem).any():
            ax.fill_between(found.time_ms, rate - sem, rate + sem, color=color, alpha=0.15, linewidth=0)
        ax.plot(found.time_ms, rate, color=color, linewidth=1 if few else 0.4, alpha=1 if few else 0.5, label=name)
    ax.axvline(0, color="black", linewidth=0.8, linestyle="--")
    mark_window(ax, *found.response_ms)
    ax.set(xlabel="time from the event (ms)", ylabel="rate (spikes/s per neuron)", ylim=(0, None))
    ax.set_xlim(found.time_ms[0] - found.bin_ms / 2, found.time_ms[-1] + found.bin_ms / 2)
    what = "mean and s.e." if few and found.n_repetitions > 1 else "mean"
    note = f"{what} over {counted(found.n_repetitions, 'repetition')}"
    if few:
        legend_below(ax, ncols=min(len(found.groups), 4))
        note = f"{note}, bins of {found.bin_ms:g} ms"
    else:
        known = found.rate[np.isfinite(found.rate).all(axis=1)]
        ax.plot(found.time_ms, known.mean(axis=0), color=COLORS["clustered"], linewidth=1.6)
        note = f"{note}; red: mean of {len(known):,} groups"
    return titled(ax, "Response", f"{note}; shaded: response")


def local_cv2(found: LocalCV2, *, ax: Axes | None = None) -> Axes:
    """Draw how the CV2 is distributed over neurons, mean over the pairs of intervals of each."""
    if not found.value.size:
        raise ValueError("there is no CV2 to draw; a train needs three spikes for a pair of intervals.")
    means = found.neuron_means
    counts, edges = np.histogram(means, bins=40, range=(0, 2))
    ax = distribution(edges, counts, mean=float(means.mean()), color=COLORS["clustered"], ax=ax)
    ax.axvline(1, color="black", linewidth=0.8, linestyle="--")
    ax.set(xlabel="CV2 of a neuron, mean over its pairs of intervals", xlim=(0, 2))
    over_neurons = f"{counted(means.size, 'neuron')}: mean {means.mean():.3f} (triangle)"
    return titled(ax, "Irregularity", f"{over_neurons}; mean over all pairs {found.value.mean():.3f}; dashed: Poisson")
