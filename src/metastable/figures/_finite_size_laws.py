"""Exact laws of finite networks: states, counts, edges and modes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from metastable._validation import require_choice, require_integer
from metastable.figures._style import COLORS, integer_ticks, of_populations, resolve_axes, titled
from metastable.finite_size import (
    BifurcationPoints,
    ClusterCountChain,
    ExactStatistics,
    ExpectedStationaryStates,
    LumpedChain,
    NeededStimulus,
    Relaxation,
)

Array = NDArray[np.float64]

_BARS = "#aeb6bf"
_EDGES = (("lower_cdf", "lower edge", COLORS["outside"]), ("upper_cdf", "upper edge", COLORS["inside"]))


def stationary_law(found: ExactStatistics, *, n_states: int = 24, ax: Axes | None = None) -> Axes:
    """Draw the probabilities of the most probable states as words of 0 and 1."""
    n_states = require_integer("n_states", n_states, minimum=1)
    ax = resolve_axes(ax)
    order = np.argsort(-found.stationary, kind="stable")[:n_states]
    order = order[found.stationary[order] > 0]
    words = ["".join("01"[int(active)] for active in found.states[k]) for k in order]
    ax.bar(np.arange(order.size), found.stationary[order], color=_BARS)
    ax.set_xticks(np.arange(order.size), words, rotation=90, fontsize=6)
    populations = of_populations(found.network.sizes)
    ax.set(xlabel=f"state ({populations})", ylabel="probability")
    n_all, shown = found.stationary.size, float(found.stationary[order].sum())
    which = f"all {n_all} states" if order.size == n_all else f"{order.size} of {n_all:,} states, together {shown:.4g}"
    return titled(ax, "Stationary law", f"exact; {which}")


def count_laws(found: LumpedChain, *, ax: Axes | None = None) -> Axes:
    """Draw the stationary law of the number of active neurons of each population."""
    ax = resolve_axes(ax)
    for number, (name, size) in enumerate(found.network.sizes.items()):
        law = np.bincount(found.counts[:, number], found.stationary, size + 1)
        color = COLORS["outside"] if name.startswith("I") else list(COLORS.values())[number % 4]
        ax.plot(
            np.arange(size + 1),
            law,
            marker="o" if size < 50 else "",
            color=color,
            label=f"{name or 'neurons'}, of {size}",
        )
    ax.set(xlabel="active neurons", ylabel="probability", ylim=(0, None))
    integer_ticks(ax.xaxis)
    ax.legend()
    return titled(ax, "Stationary law of counts", "exact")


def cluster_count_law(
    found: ClusterCountChain, *, population: str | None = None, cluster: int | None = 0, ax: Axes | None = None
) -> Axes:
    """Draw the stationary law of the number of active units of a cluster, of population "E" or the first."""
    clustered = tuple(dict.fromkeys(name for name, c in found.labels if c >= 0))
    names = tuple(dict.fromkeys(name for name, _ in found.labels))
    name = (clustered or names)[0] if population is None else require_choice("population", population, names)
    if name not in clustered:
        cluster = None
    law = found.count_law(name, cluster)
    ax = resolve_axes(ax)
    ax.bar(np.arange(law.size), law, color=_BARS)
    which = f"all of {name}" if cluster is None else f"cluster {cluster} of {name}"
    ax.set(xlabel=f"active units, {which}", ylabel="stationary probability")
    integer_ticks(ax.xaxis)
    return titled(ax, "Stationary law", f"exact, {found.n_states:,} states, noise {found.noise_sd:g}")


def edge_laws(found: BifurcationPoints, *, ax: Axes | None = None) -> Axes:
    """Draw the laws of the edges between which a state is stationary, over networks."""
    if not sum(found.n_active) + sum(found.n_silent):
        raise ValueError("the state has no edges, for it has no neurons.")
    ax = resolve_axes(ax)
    ends = [law.range for law in (*found.active, *found.silent)]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    edges = [edge for edge, numbers in zip(_EDGES, (found.n_active, found.n_silent), strict=True) if sum(numbers)]
    spans = [_where_it_rises(getattr(found, name), low, high) for name, _, _ in edges]
    x = np.linspace(min(span[0] for span in spans), max(span[1] for span in spans), 2000)
    for name, label, color in edges:
        ax.plot(x, getattr(found, name)(x), color=color, label=label)
    whose = " and ".join(filter(None, found.populations)) or "all neurons"
    ax.set(xlabel=f"stimulus of {whose}", ylabel="cumulative probability", xlim=(x[0], x[-1]), ylim=(0, 1.03))
    ax.legend()
    return titled(
        ax,
        "Edges of a stationary state",
        f"exact over networks; {sum(found.n_active)} active, {sum(found.n_silent)} silent",
    )


def needed_stimulus(found: NeededStimulus, *, ax: Axes | None = None) -> Axes:
    """Draw the probability that a neuron is active over the stimulus."""
    ax = resolve_axes(ax)
    x = np.linspace(*_where_it_rises(found.cdf, *found.range), 2000)
    ax.plot(x, found.cdf(x), color=COLORS["clustered"])
    ax.set(xlabel="stimulus", ylabel="probability to be active", ylim=(0, 1.03), xlim=(x[0], x[-1]))
    return titled(ax, "Stimulus that a neuron needs", "exact over networks, given the state of the others")


def _where_it_rises(cdf: Callable[[Array], Array], low: float, high: float) -> tuple[float, float]:
    """Return between which stimuli a law has all but a thousandth of itself, with some room to be flat in."""
    margin = 0.1 * (high - low) or 1.0
    x = np.linspace(low - margin, high + margin, 2000)
    value = cdf(x)
    inside = x[(value > 1e-3) & (value < 1 - 1e-3)]
    if not inside.size:
        return float(x[0]), float(x[-1])
    room = 0.15 * np.ptp(inside) + (x[1] - x[0])
    return float(inside[0] - room), float(inside[-1] + room)


def occupancy_map(found: ExpectedStationaryStates, *, ax: Axes | None = None) -> Axes:
    """Draw where stationary states are: the share of all that have these numbers of active neurons."""
    ax = resolve_axes(ax)
    share, names = found.occupancy, list(found.network.sizes)
    spread = "" if found.standard_deviation is None else f" +- {found.standard_deviation:.3g}"
    at = ", ".join(f"{value:g}" for value in found.network.stimulus)
    note = f"{found.expected:.4g}{spread} stationary states expected at stimulus ({at}), exact"
    if share.ndim == 1:
        ax.bar(np.arange(share.size), share, color=_BARS)
        ax.set(
            xlabel=f"active neurons of {names[0]}" if names[0] else "active neurons",
            ylabel="share of stationary states",
        )
    else:
        # Of more than two populations the others are summed over.
        table = share.sum(axis=tuple(range(2, share.ndim)))
        image = ax.imshow(table.T, cmap="Blues", vmin=0, origin="lower", aspect="auto")
        ax.figure.colorbar(image, ax=ax, label="share of stationary states")
        ax.set(xlabel=f"active neurons of {names[0]}", ylabel=f"active neurons of {names[1]}")
        integer_ticks(ax.yaxis)
    integer_ticks(ax.xaxis)
    return titled(ax, "Stationary states", note)


def relaxation_modes(found: Relaxation, *, ax: Axes | None = None) -> Axes:
    """Draw the eigenvalues of the transition matrix in the unit circle."""
    ax = resolve_axes(ax)
    values, turn = found.eigenvalues, np.linspace(0, 2 * np.pi, 200)
    ax.plot(np.cos(turn), np.sin(turn), color="#cccccc", linewidth=0.8, zorder=0)
    ax.plot(values.real, values.imag, linestyle="none", marker="o", color=COLORS["clustered"])
    ax.set(xlabel="real part", ylabel="imaginary part", xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), aspect="equal")
    slowest = f"; slowest decay {found.times[1]:.3g} steps" if found.times.size > 1 else ""
    return titled(ax, "Modes of relaxation", f"the {values.size} largest eigenvalues{slowest}")
