"""Curves and distributions with their spread between networks."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from metastable.figures._style import resolve_axes


def curve_with_spread(
    x: ArrayLike,
    values: ArrayLike,
    *,
    label: str | None = None,
    color: str | None = None,
    marker: str = "",
    linestyle: str = "-",
    show_spread: bool = True,
    show_each: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw the mean over networks with a band of one standard deviation between networks (ddof 1).

    Parameters
    ----------
    x : array_like, (n,)
    values : array_like, (n_networks, n)
        NaN where a network has no value.
    label, color, marker, linestyle : str, optional
    show_spread : bool
        Draw the band.
    show_each : bool
        Draw each network as a thin line instead of the band.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If shapes do not fit.

    Examples
    --------
    >>> import metastable as mst
    >>> ax = mst.figures.curve_with_spread([0, 1], [[1, 2], [3, 2]], label="two networks")
    >>> ax.lines[0].get_ydata().tolist()
    [2.0, 2.0]
    """
    abscissa, ordinates = np.asarray(x, float), np.atleast_2d(np.asarray(values, float))
    if abscissa.ndim != 1 or ordinates.shape[1] != abscissa.size:
        raise ValueError(f"values must have shape (n_networks, {abscissa.size}), got {ordinates.shape}.")
    ax = resolve_axes(ax)
    valid = ~np.isnan(ordinates)
    n = valid.sum(axis=0)
    mean = np.divide(np.where(valid, ordinates, 0).sum(axis=0), n, out=np.full(n.shape, np.nan), where=n > 0)
    (line,) = ax.plot(abscissa, mean, label=label, color=color, marker=marker, linestyle=linestyle)
    if show_each:
        for row in ordinates:
            ax.plot(abscissa, row, color=line.get_color(), linewidth=0.5, alpha=0.4, zorder=1)
    elif show_spread and (n > 1).any():
        squares = np.where(valid, (ordinates - mean) ** 2, 0).sum(axis=0)
        spread = np.sqrt(np.divide(squares, n - 1, out=np.zeros(n.shape), where=n > 1))
        ax.fill_between(abscissa, mean - spread, mean + spread, color=line.get_color(), alpha=0.2, linewidth=0)
    return ax


def distribution(
    edges: ArrayLike,
    counts: ArrayLike,
    *,
    mean: float | None = None,
    label: str | None = None,
    color: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a histogram as a probability density in steps, with a triangle at its mean.

    Parameters
    ----------
    edges : array_like, (n + 1,)
    counts : array_like, (n,)
    mean : float, optional
        Where to put the triangle.
    label, color : str, optional
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import metastable as mst
    >>> mst.figures.distribution([0, 1, 2], [3, 1], mean=0.75).get_ylabel()
    'probability density'
    """
    limits, number = np.asarray(edges, float), np.asarray(counts, float)
    ax = resolve_axes(ax)
    density = number / max(number.sum(), 1) / np.diff(limits)
    steps = ax.stairs(density, limits, label=label, color=color, linewidth=1.3)
    if mean is not None and np.isfinite(mean):
        ax.plot(
            [mean],
            [1.0],
            marker="v",
            markersize=5,
            color=steps.get_edgecolor(),
            transform=ax.get_xaxis_transform(),
            clip_on=False,
            linestyle="none",
        )
    ax.set_ylabel("probability density")
    # A limit set by hand ends autoscaling: keep what an earlier distribution needed.
    top = ax.get_ylim()[1] if len(ax.patches) > 1 else 0.0
    ax.set_ylim(0, max(top, 1.08 * float(density.max(initial=0)) or 1.0))
    return ax


def mark_window(ax: Axes, start: float, stop: float, *, label: str | None = None) -> Axes:
    """Shade a window of the abscissa, for instance a stimulus.

    Parameters
    ----------
    ax : Axes
    start, stop : float
        In the units of the abscissa.
    label : str, optional
        Printed at the top of the window.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import metastable as mst
    >>> ax = mst.figures.curve_with_spread([0, 1], [[0, 1]])
    >>> mst.figures.mark_window(ax, 0.2, 0.6, label="stimulus").texts[0].get_text()
    'stimulus'
    """
    ax.axvspan(start, stop, color="#f4d03f", alpha=0.25, linewidth=0, zorder=0)
    if label:
        ax.text(
            (start + stop) / 2,
            1.0,
            label,
            transform=ax.get_xaxis_transform(),
            ha="center",
            va="bottom",
            fontsize=6,
            color="#7d6608",
        )
    return ax
