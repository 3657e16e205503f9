"""The figure of a result, whatever kind of result it is."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from metastable.figures._branches import branch
from metastable.figures._communities_raster import group_color
from metastable.figures._communities_recurrence import recurrence_map
from metastable.figures._communities_spectra import coherence_curve, group_traces, power_spectra
from metastable.figures._communities_timescales import modularity_by_timescale
from metastable.figures._communities_windows import window_overview
from metastable.figures._curves import distribution
from metastable.figures._multistability_overview import multistability_overview
from metastable.figures._raster import raster
from metastable.figures._reconstruction_overview import reconstruction_overview
from metastable.figures._style import COLORS, resolve_axes, style

# Lags and times beyond this are read in seconds.
_SECONDS_FROM_MS = 2000.0


def plot(result: Any, **options: Any) -> Axes | Figure:
    """Draw a result as it is most often looked at; ``result.plot()`` is the same.

    Parameters
    ----------
    result : object
        A recording, or a result of one of the rooms.
    **options
        Those of the function that draws it; ``ax=`` where it draws on Axes.

    Returns
    -------
    Axes or Figure

    Raises
    ------
    TypeError
        If there is no figure for this kind of result, or its figure has no such option.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[1, 2, 3], neuron=[0, 1, 1], n_neurons=2, t_stop_ms=4)
    >>> mst.figures.plot(spikes).get_xlabel(), spikes.plot().get_ylabel()
    ('time (s)', 'neuron')
    """
    for kind in type(result).__mro__:
        draw = _DRAWINGS.get((*kind.__module__.split(".")[1:2], kind.__name__))
        if draw is not None:
            _require_options(draw, options, type(result).__name__)
            with style():
                return draw(result, **options)
    known = ", ".join(sorted({name for _, name in _DRAWINGS}))
    raise TypeError(f"there is no figure of a {type(result).__name__}; there is one of {known}.")


def _require_options(draw: Callable[..., Any], options: dict[str, Any], kind: str) -> None:
    known = list(inspect.signature(draw).parameters)[1:]
    unknown = [name for name in options if name not in known]
    if unknown:
        raise TypeError(f"the figure of a {kind} has no option {unknown[0]!r}; choose among {', '.join(known)}.")


def _fano_factor(found: Any, *, ax: Axes | None = None) -> Axes:
    ax = resolve_axes(ax)
    value = found.fano_factor[np.isfinite(found.fano_factor).all(axis=1)]
    if len(value):
        low, middle, high = np.percentile(value, [25, 50, 75], axis=0)
        ax.fill_between(found.window_ms, low, high, color=COLORS["clustered"], alpha=0.15, linewidth=0)
        ax.plot(found.window_ms, middle, color=COLORS["clustered"], linewidth=0.8, label="median and quartiles")
    ax.plot(found.window_ms, found.mean(), color=COLORS["clustered"], marker="o", label="mean over neurons")
    ax.axhline(1, color="black", linewidth=0.8, linestyle="--")
    if found.window_ms.max() > 20 * found.window_ms.min():
        ax.set_xscale("log")
    ax.set(xlabel="counting window (ms)", ylabel="Fano factor", ylim=(0, None))
    ax.legend()
    return ax


def _count_correlations(found: Any, *, ax: Axes | None = None) -> Axes:
    ax = resolve_axes(ax)
    kinds = [("all pairs", found.all_pairs, COLORS["clustered"])]
    if found.same_cluster.n_pairs:
        kinds = [
            ("same cluster", found.same_cluster, COLORS["clustered"]),
            ("different clusters", found.different_cluster, COLORS["uniform"]),
        ]
    for name, part, color in kinds:
        if part.n_pairs:
            _correlations(part, label=f"{name}, mean {part.mean:.3g}", color=color, ax=ax)
    ax.legend()
    return ax


def _correlations(
    found: Any, *, label: str | None = None, color: str = COLORS["clustered"], ax: Axes | None = None
) -> Axes:
    ax = distribution(found.edges, found.histogram, mean=found.mean, label=label, color=color, ax=ax)
    # The few pairs in the far tails would leave the rest a spike in the middle.
    half = min(1.0, max(0.05, abs(found.mean) + 5 * found.sd, ax.get_xlim()[1] if len(ax.patches) > 1 else 0.0))
    ax.set(xlabel="correlation of a pair", xlim=(-half, half))
    ax.axvline(0, color="#999999", linewidth=0.6, zorder=0)
    return ax


def _autocovariance(found: Any, *, ax: Axes | None = None) -> Axes:
    return _covariances({"": (found.lag_ms[1:], found.covariance[1:], COLORS["clustered"])}, found.unit, ax)


def _cross_covariance(found: Any, *, ax: Axes | None = None) -> Axes:
    kinds = {
        "same cluster": (found.lag_ms, found.same_cluster, COLORS["clustered"]),
        "different clusters": (found.lag_ms, found.different_cluster, COLORS["uniform"]),
    }
    if not found.n_pairs["same_cluster"]:
        kinds = {"all pairs": (found.lag_ms, found.all_pairs, COLORS["clustered"])}
    return _covariances(kinds, found.unit, ax)


def _covariances(curves: dict[str, tuple[Any, Any, str]], unit: str, ax: Axes | None) -> Axes:
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


def _psth(found: Any, *, ax: Axes | None = None) -> Axes:
    ax = resolve_axes(ax)
    ax.plot(found.time_ms / 1000, found.rate.mean(axis=0), color=COLORS["clustered"])
    ax.set(xlabel="time (s)", ylabel="spikes/s per neuron", ylim=(0, None))
    return ax


def _cluster_states(found: Any, *, trial: int = 0, ax: Axes | None = None) -> Axes:
    ax = resolve_axes(ax)
    active = found.active[trial]
    seconds = active.shape[1] * found.sample_ms / 1000
    extent = (0, seconds, -0.5, len(active) - 0.5)
    ax.imshow(active, cmap="Greys", vmin=0, vmax=1.4, aspect="auto", origin="lower", extent=extent)
    ax.set(xlabel="time in the trial (s)", ylabel="cluster, dark where active")
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    return ax


def _bifurcation_diagram(found: Any, *, ax: Axes | None = None) -> Axes:
    ax = resolve_axes(ax)
    if found.homogeneous is not None:
        branch(found.homogeneous.parameter, found.homogeneous.up, found.homogeneous.stable, label="homogeneous", ax=ax)
    for number, each in enumerate(found.branches):
        label = f"{' + '.join(map(str, each.composition))} clusters"
        branch(each.parameter, each.up, each.stable, color=group_color(number), label=label, ax=ax)
    ax.set(xlabel="parameter", ylabel="rate of the highest clusters", ylim=(0, None))
    ax.legend()
    return ax


def _activity(found: Any, *, trial: int = 0, ax: Axes | None = None) -> Axes:
    ax = resolve_axes(ax)
    if not found.cluster_rates:
        raise ValueError("this network has no clusters whose rates could be drawn; plot population_rates yourself.")
    name, rates = next(iter(found.cluster_rates.items()))
    image = ax.imshow(
        rates[trial], cmap="Greys", vmin=0, aspect="auto", origin="lower",
        extent=(found.time_ms[0] / 1000, found.time_ms[-1] / 1000, -0.5, rates.shape[1] - 0.5),
    )  # fmt: skip
    ax.set(xlabel="time (s)", ylabel=f"cluster of {name}")
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.figure.colorbar(image, ax=ax, label="fraction active")
    return ax


_DRAWINGS: dict[tuple[str, ...], Callable[..., Axes | Figure]] = {
    ("spikes", "SpikeData"): raster,
    ("statistics", "FanoFactorByWindow"): _fano_factor,
    ("statistics", "CountCorrelations"): _count_correlations,
    ("statistics", "CorrelationDistribution"): _correlations,
    ("statistics", "Autocovariance"): _autocovariance,
    ("statistics", "CrossCovariance"): _cross_covariance,
    ("statistics", "PSTH"): _psth,
    ("statistics", "ClusterStates"): _cluster_states,
    ("communities", "Communities"): modularity_by_timescale,
    ("communities", "GroupActivity"): group_traces,
    ("communities", "SlidingWindows"): window_overview,
    ("communities", "PowerSpectrum"): power_spectra,
    ("communities", "Coherence"): coherence_curve,
    ("communities", "Recurrence"): recurrence_map,
    ("reconstruction", "Reconstruction"): reconstruction_overview,
    ("meanfield", "BifurcationDiagram"): _bifurcation_diagram,
    ("finite_size", "BifurcationDiagram"): multistability_overview,
    ("simulation", "BinaryActivity"): _activity,
}
