"""Degree of multistability and regions of a noiseless network over two stimuli."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap, ListedColormap, LogNorm
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from metastable.figures._style import resolve_axes
from metastable.finite_size import MultistabilityPlane

# Of attractors, in boxes and branches: (has a period, neurons of a population differ).
ATTRACTOR_COLORS = {
    (False, False): "#1b2631",
    (False, True): "#2471a3",
    (True, False): "#c0392b",
    (True, True): "#d68910",
}
ATTRACTOR_NAMES = {
    (False, False): "stationary",
    (False, True): "stationary, symmetry broken",
    (True, False): "cycle",
    (True, True): "cycle, symmetry broken",
}
# Of more boxes the outlines would hide what they lie on.
_MANY_BOXES = 150
_REGIONS = {"stationary only": "#dfe6ec", "both": "#f5d9c3", "oscillating only": "#e59866"}
# Pale to deep, so that lines are seen on all of it.
_DEGREES = LinearSegmentedColormap.from_list("degree", ["#fbfcfa", "#d5e8d8", "#93c9b6", "#4d9aa4", "#2f6a8c"])


def multistability_map(
    plane: MultistabilityPlane, *, show_boxes: bool = True, show_numbers: bool = True, ax: Axes | None = None
) -> Axes:
    """Draw the number of coexisting attractors over two stimuli, and the boxes of all attractors.

    Parameters
    ----------
    plane : MultistabilityPlane
        See `metastable.finite_size.multistability_plane`.
    show_boxes : bool
        Whether to draw the edges of boxes, coloured by kind of attractor.
    show_numbers : bool
        Whether to write the number into large regions.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork.homogeneous(
    ...     {"E": 2, "I": 1}, coupling=[[8, -6], [7, 0]], in_degree=2, threshold=1
    ... )
    >>> plane = mst.finite_size.bifurcation_diagram(net).plane()
    >>> ax = mst.figures.multistability_map(plane)
    >>> sorted({text.get_text() for text in ax.texts})
    ['1', '2', '3']
    """
    ax = resolve_axes(ax)
    most = int(plane.degree.max(initial=1))
    # Few degrees have one colour each; those of many equal neurons span powers of ten.
    norm = BoundaryNorm(np.arange(0.5, most + 1), 256) if most <= 30 else LogNorm(1, most)
    mesh = ax.pcolormesh(
        plane.x, plane.y, np.ma.masked_equal(plane.degree, 0), cmap=_DEGREES, norm=norm, rasterized=True
    )
    bar = ax.figure.colorbar(mesh, ax=ax, label="number of attractors", aspect=30, pad=0.02)
    if most <= 30:
        bar.set_ticks([float(k) for k in range(1, most + 1, 1 + most // 11)])
    bar.ax.tick_params(length=0)
    bar.outline.set_linewidth(0.4)  # pyright: ignore[reportCallIssue]
    if show_boxes:
        _draw_boxes(plane, ax)
    if show_numbers:
        _write_degrees(plane, ax)
    return _finish(plane, ax)


def multistability_regions(plane: MultistabilityPlane, *, ax: Axes | None = None) -> Axes:
    """Draw where states are stationary, where they oscillate and with what periods, and where equal neurons differ.

    Parameters
    ----------
    plane : MultistabilityPlane
        See `metastable.finite_size.multistability_plane`.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork.homogeneous(
    ...     {"E": 2, "I": 1}, coupling=[[8, -6], [7, 0]], in_degree=2, threshold=1
    ... )
    >>> ax = mst.figures.multistability_regions(mst.finite_size.bifurcation_diagram(net).plane())
    >>> [text.get_text() for text in ax.get_legend().texts]
    ['stationary only', 'both', 'symmetry-broken states']
    """
    ax = resolve_axes(ax)
    region = np.where(plane.oscillating == 0, 0, np.where(plane.stationary > 0, 1, 2))
    region[plane.degree == 0] = -1
    ax.pcolormesh(
        plane.x,
        plane.y,
        np.ma.masked_less(region, 0),
        cmap=ListedColormap(list(_REGIONS.values())),
        vmin=0,
        vmax=2,
        rasterized=True,
    )
    hatched = _runs(plane, plane.broken > 0)
    ax.add_collection(
        PatchCollection(hatched, hatch="/////", facecolor="none", edgecolor="#5d6d7e", linewidth=0), autolim=False
    )
    _write_periods(plane, ax)
    for text in ax.texts:
        # Hatched lines would run through the digits.
        text.set_bbox({"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "none", "alpha": 0.85})
    ax.add_collection(LineCollection(_changes(plane, region), color="#1b2631", linewidth=0.9), autolim=False)
    handles = [
        Patch(facecolor=color, edgecolor="#1b2631", linewidth=0.6, label=name)
        for k, (name, color) in enumerate(_REGIONS.items())
        if (region == k).any()
    ]
    if hatched:
        handles.append(
            Patch(facecolor="white", edgecolor="#5d6d7e", linewidth=0, hatch="/////", label="symmetry-broken states")
        )
    _legend_below(ax, handles)
    return _finish(plane, ax)


def _draw_boxes(plane: MultistabilityPlane, ax: Axes) -> None:
    """Draw the outlines of boxes: broken ones first, which are many, those of stationary states dashed on top."""
    drawn, fine = set(), len(plane.boxes) > _MANY_BOXES
    for oscillates, broken in ((False, True), (True, True), (True, False), (False, False)):
        kind = (oscillates, broken)
        for k in np.flatnonzero(((plane.period > 1) == oscillates) & (plane.broken_boxes == broken)).tolist():
            (left, right), (low, high) = plane.boxes[k]
            # Edges at infinity lie outside of the window.
            left, low = (max(v, edges[0] - np.ptp(edges)) for v, edges in ((left, plane.x), (low, plane.y)))
            right, high = (min(v, edges[-1] + np.ptp(edges)) for v, edges in ((right, plane.x), (high, plane.y)))
            ax.plot(
                [left, right, right, left, left],
                [low, low, high, high, low],
                color=ATTRACTOR_COLORS[kind],
                linewidth=0.2 if fine and broken else 0.8 if broken else 1.4,
                linestyle="-" if oscillates or broken else (0, (4, 2)),
                solid_joinstyle="miter",
            )
            drawn.add(kind)
    handles = [
        Line2D(
            [],
            [],
            color=color,
            linewidth=1.4,
            linestyle="-" if any(kind) else (0, (3, 1.5)),
            label=ATTRACTOR_NAMES[kind],
        )
        for kind, color in ATTRACTOR_COLORS.items()
        if kind in drawn
    ]
    _legend_below(ax, handles)


def _write_degrees(plane: MultistabilityPlane, ax: Axes) -> None:
    most = plane.degree.max(initial=1)
    # Only degrees of cells with room: those of hundreds of equal neurons are very many.
    for degree in np.unique(plane.degree[_room(plane, 1)]).tolist():
        dark = degree > max(0.6 * most, 4)
        _write(plane, plane.degree == degree, f"{degree:.4g}", "white" if dark else "#1b2631", ax)


def _write_periods(plane: MultistabilityPlane, ax: Axes) -> None:
    """Write the periods of the cycles of each region."""
    x, y = (edges[:-1] + np.diff(edges) / 2 for edges in (plane.x, plane.y))
    found = np.full((y.size, x.size), "", object)
    for period in np.unique(plane.period[plane.period > 1]).tolist():
        met = np.zeros(found.shape, bool)
        for (left, right), (low, high) in plane.boxes[plane.period == period]:
            met |= ((left <= x) & (x < right))[None] & ((low <= y) & (y < high))[:, None]
        found[met] += f", {period}"
    for periods in sorted(set(found[_room(plane, 1)]) - {""}):
        _write(plane, found == periods, periods[2:], "#1b2631", ax)


def _room(plane: MultistabilityPlane, length: int) -> NDArray[np.bool_]:
    """Return which cells have room for so many characters."""
    width, height = np.diff(plane.x) / np.ptp(plane.x), np.diff(plane.y) / np.ptp(plane.y)
    return (width[None] > 0.02 * (1 + 0.3 * length)) & (height[:, None] > 0.028)


def _write(plane: MultistabilityPlane, where: NDArray[np.bool_], text: str, color: str, ax: Axes) -> None:
    """Write into the largest cell of each connected part of a region, if there is room."""
    from scipy.ndimage import label

    area = np.where(_room(plane, len(text)), np.diff(plane.x)[None] * np.diff(plane.y)[:, None], 0)
    parts, _ = label(where)  # pyright: ignore[reportGeneralTypeIssues]
    for k in np.unique(parts[where & (area > 0)]).tolist():
        i, j = np.unravel_index(int(np.where(parts == k, area, 0).argmax()), area.shape)
        (x, y), w, h = _cell(plane, int(i), int(j))
        written = ax.text(x + w / 2, y + h / 2, text, ha="center", va="center", fontsize=6.5, color=color)
        written.set_clip_on(True)


def _cell(plane: MultistabilityPlane, i: int, j: int) -> tuple[tuple[float, float], float, float]:
    """Return corner, width and height of a cell."""
    return (plane.x[j], plane.y[i]), plane.x[j + 1] - plane.x[j], plane.y[i + 1] - plane.y[i]


def _runs(plane: MultistabilityPlane, where: NDArray[np.bool_]) -> list[Rectangle]:
    """Return rectangles, row by row, that cover the cells chosen."""
    x, y, found = plane.x.tolist(), plane.y.tolist(), []
    for i, row in enumerate(where):
        ends = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(int)))
        for first, stop in zip(ends[::2], ends[1::2], strict=True):
            found.append(Rectangle((x[first], y[i]), x[stop] - x[first], y[i + 1] - y[i]))
    return found


def _changes(plane: MultistabilityPlane, region: NDArray[np.int64]) -> list[list[tuple[float, float]]]:
    """Return the lines between cells of different regions."""
    x, y = plane.x.tolist(), plane.y.tolist()
    upright = [[(x[j + 1], y[i]), (x[j + 1], y[i + 1])] for i, j in np.argwhere(np.diff(region, axis=1)).tolist()]
    level = [[(x[j], y[i + 1]), (x[j + 1], y[i + 1])] for i, j in np.argwhere(np.diff(region, axis=0)).tolist()]
    return upright + level


def _legend_below(ax: Axes, handles: list) -> None:
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2, handlelength=2.2)


def _finish(plane: MultistabilityPlane, ax: Axes) -> Axes:
    first, second = plane.names
    ax.set(
        xlim=(plane.x[0], plane.x[-1]),
        ylim=(plane.y[0], plane.y[-1]),
        xlabel=f"stimulus of {first}",
        ylabel=f"stimulus of {second}",
    )
    return ax
