"""Matrices of weights, with what is not known left open."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from metastable.figures._style import integer_ticks, resolve_axes
from metastable.reconstruction import Reconstruction


def weight_matrix(
    weights: Reconstruction | ArrayLike,
    *,
    limit: float | None = None,
    unit: str = "mV",
    label: str = "weight",
    colorbar: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw a matrix of weights: blue inhibits, red excites, hatched is not known.

    Parameters
    ----------
    weights : Reconstruction or array_like, (n_post, n_pre)
        NaN for what is not known.
    limit : float, optional
        Size of the weights with the darkest colour; by default the largest. The scale is always symmetric.
    unit, label : str
        Of the colour bar.
    colorbar : bool
        Whether to draw one.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If it is no matrix.

    Examples
    --------
    >>> import numpy as np
    >>> import metastable as mst
    >>> mst.figures.weight_matrix([[0, 1.5], [-2, np.nan]]).images[0].get_clim()
    (-2.0, 2.0)
    """
    values = np.asarray(weights.weights if isinstance(weights, Reconstruction) else weights, float)
    if values.ndim != 2 or not values.size:
        raise ValueError(f"weights must have shape (n_post, n_pre), got {values.shape}.")
    ax = resolve_axes(ax)
    if limit is None:
        known = np.abs(values[np.isfinite(values)])
        limit = float(known.max(initial=0.0)) or 1.0
    ax.patch.set(facecolor="#eeeeee", hatch="//////", edgecolor="#aaaaaa", linewidth=0.0)
    image = ax.imshow(
        np.ma.masked_invalid(values), cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="equal", interpolation="nearest"
    )
    ax.set(xlabel="presynaptic neuron", ylabel="postsynaptic neuron")
    integer_ticks(ax.xaxis, ax.yaxis, most=5)
    if colorbar:
        figure = ax.figure
        bar = figure.colorbar(image, ax=ax, shrink=0.8, pad=0.02)  # pyright: ignore[reportAttributeAccessIssue]
        bar.set_label(f"{label} ({unit})" if unit else label)
        bar.outline.set_visible(False)
    return ax
