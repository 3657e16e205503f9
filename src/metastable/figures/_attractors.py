"""Attractors of noiseless networks: single ones, all of them, their basins, and stored ones."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from metastable.figures._multistability_branches import multistability_branches
from metastable.figures._multistability_map import multistability_map
from metastable.figures._multistability_overview import multistability_overview
from metastable.figures._style import COLORS, integer_ticks, of_populations, resolve_axes, titled
from metastable.finite_size import (
    Attractor,
    Attractors,
    BifurcationDiagram,
    MultistabilityCut,
    StateMap,
    Storage,
    multistability_cut,
    multistability_plane,
)

_BARS = "#aeb6bf"
_MOST_BARS = 40


def attractor(found: Attractor, *, ax: Axes | None = None) -> Axes:
    """Draw which neurons are active at each step of a stationary state or cycle."""
    ax = resolve_axes(ax)
    ax.imshow(found.states.T, cmap="Greys", vmin=0, vmax=1.2, aspect="auto", origin="lower")
    for edge in np.cumsum(list(found.sizes.values()))[:-1]:
        ax.axhline(edge - 0.5, color=COLORS["clustered"], linewidth=0.8)
    populations = of_populations(found.sizes)
    ax.set(xlabel="step", ylabel=f"neuron ({populations})")
    integer_ticks(ax.xaxis, ax.yaxis)
    what = "Stationary state" if found.period == 1 else f"Cycle of period {found.period}"
    return titled(ax, what, f"dark: active; exists at stimuli {found.box}")


def attractors(found: Attractors, *, ax: Axes | None = None) -> Axes:
    """Draw the boxes of all attractors over two stimuli, or their branches along the only one."""
    if not len(found):
        raise ValueError(f"there is no attractor to draw: {found.status}")
    if len(found.sizes) == 1:
        return cut_branches(multistability_cut(found), ax=ax)
    if len(found.sizes) > 2:
        raise ValueError(
            "attractors of more than two populations have no one picture; take multistability_plane(..., at=...) and "
            "plot that."
        )
    ax = multistability_map(multistability_plane(found), ax=ax)
    return titled(ax, "Degree of multistability", "lines: the boxes in which attractors exist")


def bifurcations(
    found: BifurcationDiagram,
    *,
    x: str | None = None,
    y: str | None = None,
    cut_at: float | None = None,
    at: dict[str, float] | None = None,
) -> Axes | Figure:
    """Draw degree of multistability, regions and branches, or the branches alone of a single population."""
    if len(found.network.sizes) == 1:
        for name, value in (("x", x), ("y", y), ("cut_at", cut_at), ("at", at)):
            if value is not None:
                raise ValueError(f"{name}={value!r} is for several populations, and this is one; leave it out.")
        return cut_branches(found.cut())
    return multistability_overview(found, x=x, y=y, cut_at=cut_at, at=at)


def cut_branches(
    found: MultistabilityCut,
    *,
    population: str | None = None,
    window: tuple[float, float] | None = None,
    show_legend: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw the activity of all attractors along one stimulus, that of the population which receives it by default."""
    whose = found.name if population is None else population
    ax = multistability_branches(found, population=whose, window=window, show_legend=show_legend, ax=ax)
    return titled(ax, "Branches", "lines: stationary states; bands: cycles from least to largest activity")


def basins(found: StateMap, *, ax: Axes | None = None) -> Axes:
    """Draw which share of all states reaches each attractor."""
    ax = resolve_axes(ax)
    order = np.argsort(-found.basin_sizes, kind="stable")[:_MOST_BARS]
    shares = found.basin_sizes[order] / found.basin.size
    cyclic = [found.attractors[int(k)].period > 1 for k in order]
    colors = [COLORS["clustered"] if turns else _BARS for turns in cyclic]
    ax.barh(np.arange(order.size), shares, color=colors)
    words = [found.attractors[int(k)].description for k in order]
    ax.set_yticks(np.arange(order.size), [w if len(w) <= 24 else f"{w[:21]}..." for w in words], fontsize=6)
    ax.invert_yaxis()
    ax.set(xlabel="share of all states that lead there", ylabel="attractor", xlim=(0, None))
    at = ", ".join(f"{value:g}" for value in found.stimulus)
    return titled(ax, "Basins", f"at stimulus ({at}); grey: stationary states, red: cycles")


def retention(found: Storage, *, ax: Axes | None = None) -> Axes:
    """Draw the probability that each stored transition happens."""
    ax = resolve_axes(ax)
    ax.bar(np.arange(found.n_transitions), found.retention, color=_BARS)
    ax.set(xlabel="stored transition", ylabel="probability that it happens", ylim=(0, None))
    integer_ticks(ax.xaxis)
    return titled(ax, "Retention", f"exact, {found.network.n_neurons} neurons, smallest margin {found.margin:.3g}")
