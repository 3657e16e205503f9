"""The bifurcation diagram of a noiseless network in one picture."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from metastable.figures._multistability_branches import multistability_branches
from metastable.figures._multistability_map import multistability_map, multistability_regions
from metastable.figures._style import new_figure, style, titled
from metastable.finite_size import BifurcationDiagram


def multistability_overview(
    diagram: BifurcationDiagram,
    *,
    x: str | None = None,
    y: str | None = None,
    cut_at: float | None = None,
    at: dict[str, float] | None = None,
) -> Figure:
    """Draw degree of multistability and regions over two stimuli, and the branches along a cut through them.

    Parameters
    ----------
    diagram : BifurcationDiagram
        See `metastable.finite_size.bifurcation_diagram`.
    x, y : str, optional
        Populations; the first and the second by default.
    cut_at : float, optional
        Stimulus of `x` at which that of `y` is varied; by default a round one among those where most attractors meet.
    at : dict of str to float, optional
        Stimulus of each other population.

    Returns
    -------
    Figure

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork.homogeneous(
    ...     {"E": 2, "I": 1}, coupling=[[8, -6], [7, 0]], in_degree=2, threshold=1
    ... )
    >>> figure = mst.figures.multistability_overview(mst.finite_size.bifurcation_diagram(net))
    >>> len(figure.axes) > 3
    True
    """
    plane = diagram.plane(x=x, y=y, at=at)
    first, second = plane.names
    if cut_at is None:
        most = plane.degree.max(axis=0)
        k = int(np.where(most == most.max(), np.diff(plane.x), 0).argmax())
        cut_at = _round_within(plane.x[k], plane.x[k + 1])
    cut = diagram.cut(vary=second, at={**(at or {}), first: cut_at})
    with style():
        figure = new_figure(10.5, 7.4)
        grid = figure.add_gridspec(4, 2, height_ratios=[1, 1, 0.62, 0.62])
        left, right = figure.add_subplot(grid[:2, 0]), figure.add_subplot(grid[:2, 1])
        multistability_map(plane, ax=left)
        multistability_regions(plane, ax=right)
        for ax in (left, right):
            ax.axvline(cut_at, color="#7d3c98", linewidth=1, linestyle=(0, (1, 1.2)))
        titled(left, "Degree of multistability", "lines: the boxes in which attractors exist")
        titled(right, "Regions", "numbers: periods of cycles; dotted: the cut below")
        window = (plane.y[0], plane.y[-1])
        for row, population in enumerate((first, second)):
            ax = figure.add_subplot(grid[2 + row, :])
            multistability_branches(cut, population=population, window=window, show_legend=False, ax=ax)
            if row == 0:
                ax.set_xlabel("")
                ax.tick_params(labelbottom=False)
                titled(ax, "Branches", f"stimulus of {first} {cut_at:g}; bands: cycles from least to largest activity")
    return figure


def _round_within(low: float, high: float) -> float:
    """Return the number of fewest digits near the middle of a range."""
    middle = (low + high) / 2
    for digits in range(-3, 12):
        value = round(float(middle), digits)
        if low < value < high:
            return value
    return float(middle)
