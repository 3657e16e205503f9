"""Stable branches of a noiseless network along one stimulus."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from metastable.figures._multistability_map import ATTRACTOR_COLORS, ATTRACTOR_NAMES
from metastable.figures._style import resolve_axes
from metastable.finite_size import MultistabilityCut

_N_STEPS = 4
# Points at the ends of more branches run into each other.
_MOST_MARKED = 60


def multistability_branches(
    cut: MultistabilityCut,
    *,
    population: str,
    window: tuple[float, float] | None = None,
    show_legend: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw the activity of all attractors along one stimulus: lines of stationary states, bands of cycles.

    Parameters
    ----------
    cut : MultistabilityCut
        See `metastable.finite_size.multistability_cut`.
    population : str
        Whose activity to draw.
    window : tuple of float, optional
        Stimuli from and to; by default a little more than all ends of branches.
    show_legend : bool
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is no such population.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork.homogeneous({"I": 5}, coupling=[[-3]], in_degree=1)
    >>> cut = mst.finite_size.bifurcation_diagram(net).cut()
    >>> ax = mst.figures.multistability_branches(cut, population="I")
    >>> ax.get_xlabel()
    'stimulus of I'
    """
    if population not in cut.populations:
        raise ValueError(f"population must be one of {', '.join(cut.populations)}, got {population!r}.")
    ax = resolve_axes(ax)
    b = cut.populations.index(population)
    ends = np.concatenate([cut.start, cut.stop])
    ends = ends[np.isfinite(ends)]
    margin = 0.08 * np.ptp(ends) if ends.size > 1 and np.ptp(ends) else 1.0
    first, last = window or ((float(ends.min()) - margin, float(ends.max()) + margin) if ends.size else (-1.0, 1.0))
    drawn = set()
    for k in np.argsort(cut.broken, kind="stable")[::-1].tolist():
        kind = (bool(cut.period[k] > 1), bool(cut.broken[k]))
        color = ATTRACTOR_COLORS[kind]
        span = [max(float(cut.start[k]), first), min(float(cut.stop[k]), last)]
        low, high, mean = cut.lowest[k, b], cut.highest[k, b], cut.activity[k, b]
        if span[0] >= span[1]:
            continue
        drawn.add(kind)
        if high > low:
            ax.fill_between(span, low, high, color=color, alpha=0.1, linewidth=0, zorder=1)
            ax.plot(span, [mean, mean], color=color, linewidth=0.9, linestyle=(0, (2, 1.5)), zorder=2)
        # Bands end at upright lines; lines end at points, filled where the end belongs to them.
        for level in sorted({low, high}):
            ax.plot(span, [level, level], color=color, linewidth=1.3, solid_capstyle="butt", zorder=3)
            if cut.start.size <= _MOST_MARKED:
                _mark_ends(ax, float(cut.start[k]), float(cut.stop[k]), (first, last), level, color)
    handles = [
        Line2D([], [], color=color, label=ATTRACTOR_NAMES[kind])
        for kind, color in ATTRACTOR_COLORS.items()
        if kind in drawn
    ]
    if show_legend:
        ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    ax.set(
        xlim=(first, last),
        ylim=(-0.06, 1.06),
        yticks=np.linspace(0, 1, _N_STEPS + 1),
        xlabel=f"stimulus of {cut.name}" if cut.name else "stimulus",
        ylabel=f"active share of {population or 'neurons'}",
    )
    return ax


def _mark_ends(ax: Axes, start: float, stop: float, window: tuple[float, float], level: float, color: str) -> None:
    """Mark where a branch begins, which belongs to it, and where it ends, which does not."""
    for end, face in ((start, color), (stop, "white")):
        if window[0] < end < window[1]:
            ax.plot(
                [end],
                [level],
                marker="o",
                markersize=3,
                markerfacecolor=face,
                markeredgecolor=color,
                markeredgewidth=0.8,
                zorder=4,
            )
