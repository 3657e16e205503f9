"""Flow, nullclines and trajectories of two populations."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from metastable.figures._style import resolve_axes

# Of the first and of the second variable, for legends too.
NULLCLINES = ("#c0392b", "#2471a3")


def phase_plane(
    x: ArrayLike,
    y: ArrayLike,
    flow: ArrayLike,
    *,
    arrows: int = 15,
    ax: Axes | None = None,
) -> Axes:
    """Draw the directions of a flow in the plane and the nullclines where a component vanishes.

    Parameters
    ----------
    x, y : array_like, (n_x,), (n_y,)
        Grid of the two variables.
    flow : array_like, (2, n_y, n_x)
        Their time derivatives on the grid. Between its points nullclines are interpolated: a grid must be fine where
        they bend, as near rates of 0.
    arrows : int
        About how many arrows along each axis; all have the same length.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import numpy as np, metastable as mst
    >>> x = np.linspace(0, 1, 30)
    >>> flow = np.stack(np.broadcast_arrays(0.4 - x, (0.6 - x)[:, None]))
    >>> len(mst.figures.phase_plane(x, x, flow).collections) > 2
    True
    """
    horizontal, vertical, speed = (np.asarray(values, float) for values in (x, y, flow))
    ax = flow_directions(horizontal, vertical, speed, arrows=arrows, ax=ax)
    for component, color in zip(speed, NULLCLINES, strict=True):
        ax.contour(horizontal, vertical, component, levels=[0], colors=color, linewidths=1.2)
    return ax


def flow_directions(
    horizontal: NDArray[np.float64],
    vertical: NDArray[np.float64],
    speed: NDArray[np.float64],
    *,
    arrows: int,
    ax: Axes | None = None,
) -> Axes:
    """Draw the directions of a flow, without the nullclines, which a coarse grid has elsewhere."""
    ax = resolve_axes(ax)
    step_x, step_y = (max(1, n.size // arrows) for n in (horizontal, vertical))
    part = (slice(step_y // 2, None, step_y), slice(step_x // 2, None, step_x))
    u, v = speed[0][part], speed[1][part]
    span = np.array([np.ptp(horizontal), np.ptp(vertical)])
    # Directions as they look on the page, where the two axes may have different scales.
    length = np.hypot(u / span[0], v / span[1])
    length[length == 0] = 1
    ax.quiver(
        horizontal[part[1]],
        vertical[part[0]],
        u / length / span[0],
        v / length / span[1],
        angles="uv",
        color="#aaaaaa",
        scale=30,
        width=0.004,
    )
    ax.set(xlim=(horizontal[0], horizontal[-1]), ylim=(vertical[0], vertical[-1]))
    return ax
