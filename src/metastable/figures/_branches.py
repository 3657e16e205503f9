"""Branches of fixed points and maps over two parameters."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from metastable.figures._style import resolve_axes


def branch(
    parameter: ArrayLike,
    rate: ArrayLike,
    stable: ArrayLike,
    *,
    color: str = "black",
    label: str | None = None,
    linestyle: str = "-",
    show_unstable: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw a branch of fixed points: solid where it is stable, thin and dotted where it is not.

    Parameters
    ----------
    parameter, rate : array_like, (n_points,)
        In the order of the branch, which may fold back.
    stable : array_like of bool, (n_points,)
    color, label : str, optional
    linestyle : str
        Of the stable parts.
    show_unstable : bool
        Whether to draw the unstable parts.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import metastable as mst
    >>> ax = mst.figures.branch([1, 2, 3], [0, 1, 2], [True, True, False])
    >>> len(ax.lines)
    2
    """
    x, y, solid = np.asarray(parameter, float), np.asarray(rate, float), np.asarray(stable, bool)
    ax = resolve_axes(ax)
    edges = np.flatnonzero(np.diff(solid)) + 1
    for start, stop in zip([0, *edges], [*edges, x.size], strict=True):
        if start == stop or (not solid[start] and not show_unstable):
            continue
        # One point more, so that parts of different stability meet.
        part = slice(start, min(stop + 1, x.size))
        if solid[start]:
            ax.plot(x[part], y[part], color=color, label=label, linestyle=linestyle, linewidth=1.3)
            label = None
        else:
            ax.plot(x[part], y[part], color=color, linestyle=(0, (1, 1.5)), linewidth=0.8)
    return ax


def parameter_map(
    x: ArrayLike,
    y: ArrayLike,
    values: ArrayLike,
    *,
    label: str,
    ax: Axes | None = None,
) -> Axes:
    """Draw a quantity over two parameters in colour, hatched where it does not exist.

    Parameters
    ----------
    x, y : array_like, (n_x,), (n_y,)
    values : array_like, (n_y, n_x)
        NaN where there is none.
    label : str
        What the colour shows.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import numpy as np, metastable as mst
    >>> ax = mst.figures.parameter_map([0, 1], [0, 1], [[0.1, np.nan], [0.3, 0.4]], label="rate")
    >>> len(ax.collections)
    1
    """
    table = np.asarray(values, float)
    ax = resolve_axes(ax)
    ax.patch.set(hatch="////", edgecolor="#bbbbbb", facecolor="white")
    mesh = ax.pcolormesh(np.asarray(x), np.asarray(y), np.ma.masked_invalid(table), vmin=0, vmax=1, rasterized=True)
    ax.figure.colorbar(mesh, ax=ax, label=label)
    return ax
