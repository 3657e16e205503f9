"""Groups without their trains: sizes, and how near trains are to each group."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from metastable.communities import GroupMembership, Partition
from metastable.figures._communities_raster import group_color
from metastable.figures._style import integer_ticks, resolve_axes, titled
from metastable.spikes import PlantedGroups


def group_sizes(found: Partition, *, ax: Axes | None = None) -> Axes:
    """Draw the number of nodes in each group."""
    ax = resolve_axes(ax)
    sizes = np.bincount(found.labels)
    ax.bar(np.arange(sizes.size), sizes, color=[group_color(k) for k in range(sizes.size)])
    ax.set(xlabel="group", ylabel="nodes in the group")
    integer_ticks(ax.xaxis, ax.yaxis)
    number = f"{found.n_groups} group{'' if found.n_groups == 1 else 's'}"
    return titled(ax, number, f"Q/2m {found.modularity:.3f}, {found.method}, {found.n_starts} starts")


def membership_map(found: GroupMembership, *, ax: Axes | None = None) -> Axes:
    """Draw the similarity of each train to each group beyond expectation, trains sorted by group."""
    ax = resolve_axes(ax)
    last = np.where(found.labels < 0, found.labels.max(initial=-1) + 1, found.labels)
    # NaN sorts behind all numbers.
    rows = np.lexsort((found.own, last))
    limit = float(np.nanmax(np.abs(found.excess), initial=0.0)) if np.isfinite(found.excess).any() else 0.0
    ax.patch.set(facecolor="#eeeeee", hatch="//////", edgecolor="#aaaaaa", linewidth=0.0)
    image = ax.imshow(
        np.ma.masked_invalid(found.excess[rows]), cmap="RdBu_r", vmin=-(limit or 1), vmax=limit or 1, aspect="auto",
        origin="lower",
    )  # fmt: skip
    for edge in np.flatnonzero(np.diff(last[rows])):
        ax.axhline(edge + 0.5, color="#333333", linewidth=0.6)
    ax.set(xlabel="group", ylabel="train, by its own group")
    integer_ticks(ax.xaxis, ax.yaxis)
    ax.figure.colorbar(image, ax=ax, label="similarity / expected - 1")
    return titled(ax, "Similarity to groups", "red: more than expected; hatched: nothing is expected")


def planted_groups(found: PlantedGroups, *, ax: Axes | None = None) -> Axes:
    """Draw the group of each neuron in each epoch, in the colours of groups."""
    ax = resolve_axes(ax)
    n_epochs, n_neurons = found.groups.shape
    most = int(found.groups.max(initial=0))
    ax.imshow(
        found.groups.T[np.lexsort(found.groups[::-1])], cmap=ListedColormap([group_color(k) for k in range(most + 1)]),
        vmin=-0.5, vmax=most + 0.5, aspect="auto", origin="lower", extent=(-0.5, n_epochs - 0.5, -0.5, n_neurons - 0.5),
    )  # fmt: skip
    starts = [f"from {start / 1000:g} s" for start in found.start_ms]
    ax.set_xticks(np.arange(n_epochs), starts, rotation=0 if n_epochs < 6 else 90)
    ax.set(xlabel="epoch", ylabel="neuron, by group")
    return titled(ax, "Planted groups", "a colour for each group; groups are numbered anew in each epoch")
