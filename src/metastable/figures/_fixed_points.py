"""Fixed points of the mean field: rates, branches and maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from metastable.figures._branches import branch, parameter_map
from metastable.figures._communities_raster import group_color
from metastable.figures._reconstruction_matrix import weight_matrix
from metastable.figures._style import COLORS, integer_ticks, legend_below, resolve_axes, titled
from metastable.meanfield import (
    BifurcationDiagram,
    Branch,
    DwellTimes,
    FixedPoint,
    FixedPoints,
    HomogeneousState,
    LinearNoise,
    MeanField,
    UpStateMap,
)

_STABILITY = "filled: stable, open: unstable"
# Smaller rates are not written out.
_LEAST = 1e-4


def population_color(name: str) -> str:
    """Return blue for inhibitory populations, by their name, and red for others."""
    return COLORS["outside"] if name.startswith("I") else COLORS["clustered"]


def fixed_point(found: FixedPoint, *, ax: Axes | None = None) -> Axes:
    """Draw the rate of each class of clusters and of what is outside of clusters."""
    ax = resolve_axes(ax)
    local = found.labels[: found.class_rates.shape[1]]
    shared = found.labels[len(local) :]
    whose = [name for _ in found.composition for name in local] + list(shared)
    ticks = [f"{n} x {name}" for n in found.composition for name in local] + list(shared)
    rates = np.concatenate([found.class_rates.ravel(), found.shared_rates])
    bars = ax.bar(
        np.arange(rates.size),
        rates,
        color=[population_color(name) for name in whose],
        alpha=0.85 if found.stable else 0.3,
    )
    ax.bar_label(
        bars,
        [f"{rate:.3g}" if rate >= _LEAST or rate == 0 else f"< {_LEAST:g}" for rate in rates],
        fontsize=7,
        padding=1,
    )
    ax.set_xticks(np.arange(rates.size), ticks, rotation=0 if rates.size < 7 else 90)
    ax.set(xlabel="clusters and populations", ylabel="rate (share of active units)")
    ax.set_ylim(0, 1.12 * float(rates.max(initial=0)) or 1)
    growth = f"growth rate {found.eigenvalues[0].real:.3g} per ms"
    return titled(ax, f"{'Stable' if found.stable else 'Unstable'} fixed point", f"{found.n_active} active; {growth}")


def homogeneous_state(found: HomogeneousState, *, ax: Axes | None = None) -> Axes:
    """Draw the rates of the populations where all clusters are equal."""
    ax = fixed_point(found.point, ax=ax)
    ax.set_xlabel("population")
    ax.set_xticks(np.arange(len(found.labels)), found.labels)
    others = f"; {len(found.others)} other such states" if found.others else ""
    return titled(ax, "Homogeneous state", f"{'stable' if found.stable else 'unstable'}{others}")


def fixed_points(found: FixedPoints | Sequence[FixedPoint], *, ax: Axes | None = None) -> Axes:
    """Draw the rates of all fixed points over the number of active clusters; lines join the rates of one point."""
    if not len(found):
        raise ValueError("there is no fixed point to draw.")
    ax = resolve_axes(ax)
    names: dict[str, str] = {}
    for point in found:
        # Points with the same number of active clusters stand beside each other.
        at = point.n_active + (-0.12 if point.stable else 0.12)
        for column, name in enumerate(point.labels[: point.class_rates.shape[1]]):
            color = names.setdefault(name, population_color(name))
            face = color if point.stable else "white"
            rates = point.class_rates[:, column]
            ax.plot(
                np.full(rates.size, at), rates, marker="o", markersize=4, linewidth=0.5, color=color,
                markerfacecolor=face, clip_on=False, zorder=3,
            )  # fmt: skip
    ax.set(xlabel="active clusters", ylabel=f"rate of a cluster of {' and '.join(names)}", ylim=(0, None))
    ax.margins(x=0.08)
    integer_ticks(ax.xaxis)
    if len(names) > 1:
        ax.legend(handles=[Line2D([], [], color=color, marker="o", label=name) for name, color in names.items()])
    n_stable = sum(point.stable for point in found)
    if len(found) == 1:
        ax.set_xlim(found[0].n_active - 1, found[0].n_active + 1)
    number = f"{len(found)} fixed point{'' if len(found) == 1 else 's'}"
    return titled(ax, f"{number}, {n_stable} stable", f"a line joins the rates of one; {_STABILITY}")


def bifurcation_diagram(found: BifurcationDiagram, *, ax: Axes | None = None) -> Axes:
    """Draw the rate of the highest clusters along all branches."""
    every = ([] if found.homogeneous is None else [found.homogeneous]) + list(found.branches)
    if not every:
        raise ValueError(f"there is no branch to draw: {found.status}")
    ax = resolve_axes(ax)
    colors: dict[str, str] = {}
    for each in every:
        name = "homogeneous" if len(each.composition) == 1 else f"{' + '.join(map(str, each.composition))} clusters"
        # Branches of one composition are told apart by their course.
        color = colors.setdefault(name, group_color(len(colors) - 1) if len(each.composition) > 1 else "black")
        branch(each.parameter, each.up, each.stable, color=color, ax=ax)
    ax.set(xlabel="parameter", ylabel="rate of the highest clusters", ylim=(0, None))
    for name, color in colors.items():
        ax.plot([], [], color=color, label=name)
    legend_below(ax, ncols=3)
    return titled(ax, "Fixed points", "solid: stable, dotted: unstable")


def continued_branch(found: Branch, *, ax: Axes | None = None) -> Axes:
    """Draw the rates of the highest and of the lowest clusters along a branch."""
    ax = resolve_axes(ax)
    kinds = [("highest clusters", found.up, COLORS["clustered"])]
    if len(found.composition) > 1:
        kinds.append(("lowest clusters", found.down, COLORS["uniform"]))
    for name, rate, color in kinds:
        branch(found.parameter, rate, found.stable, color=color, ax=ax)
        ax.plot([], [], color=color, label=name)
    ax.set(xlabel="parameter", ylabel=f"rate of {found.labels[0]}", ylim=(0, None))
    ax.legend()
    return titled(ax, f"{' + '.join(map(str, found.composition))} clusters", "solid: stable, dotted: unstable")


def up_state_map(found: UpStateMap, *, ax: Axes | None = None) -> Axes:
    """Draw the rate of active clusters over two parameters, with the onset of their stability."""
    ax = parameter_map(found.x, found.y, found.up, label="rate of an active cluster", ax=ax)
    limits = ax.get_xlim(), ax.get_ylim()
    for edge, line, label in (
        (found.onset, "-", "onset"),
        (found.homogeneous_loss, "--", "loss of the homogeneous state"),
    ):
        if np.isfinite(edge).any():
            ax.plot(edge, found.y, color="black", linestyle=line, linewidth=1, marker="o", markersize=2, label=label)
    ax.set(xlim=limits[0], ylim=limits[1], xlabel="first parameter, x", ylabel="second parameter, y")
    if ax.lines:
        legend_below(ax)
    return titled(ax, "Stable active states", "hatched: none")


def dwell_times(found: DwellTimes, *, ax: Axes | None = None) -> Axes:
    """Draw the stationary probability of each number of active clusters."""
    if not np.isfinite(found.occupancy).any():
        raise ValueError(f"there are no dwell times to draw: {found.status}")
    ax = resolve_axes(ax)
    ax.bar(np.arange(found.occupancy.size), found.occupancy, color=COLORS["clustered"])
    ax.set(xlabel="active clusters", ylabel="stationary probability")
    integer_ticks(ax.xaxis)
    return titled(
        ax,
        "Number of active clusters",
        f"mean duration of active states {found.up_ms:.4g} ms, of inactive {found.down_ms:.4g} ms",
    )


def noise_covariance(found: LinearNoise, *, ax: Axes | None = None) -> Axes:
    """Draw the covariance of the rates of all groups."""
    if not np.isfinite(found.covariance).any():
        raise ValueError(f"there is no covariance to draw: {found.status}")
    ax = weight_matrix(found.covariance, unit="", label="covariance of rates", ax=ax)
    ax.set(xlabel=_order(found.labels), ylabel="group")
    return titled(ax, "Covariance of rates", f"linear noise, slowest decay {found.slowest_ms:.4g} ms")


def mean_couplings(found: MeanField, *, ax: Axes | None = None) -> Axes:
    """Draw the mean input that each group receives from each other one when this is fully active."""
    ax = weight_matrix(found.mean, unit="", label="mean input", ax=ax)
    ax.set(xlabel=f"from: {_order(found.labels)}", ylabel="to group")
    return titled(ax, "Couplings of the mean field", "presynaptic units times probability times weight")


def _order(labels: Sequence[tuple[str, int]]) -> str:
    """Return which groups are of which population: "group, 0-19 E, 20 I"."""
    parts = []
    for name in dict.fromkeys(name for name, _ in labels):
        mine = [k for k, (other, _) in enumerate(labels) if other == name]
        parts.append(f"{mine[0]} {name}" if len(mine) == 1 else f"{mine[0]} to {mine[-1]} {name}")
    return f"group ({', '.join(parts)})"
