"""One look for all figures."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# Clustered and uniform networks, and the parts of a stimulated one, have the same colour in every figure.
COLORS = {
    "clustered": "#c0392b",
    "uniform": "#5d6d7e",
    "inside": "#d68910",
    "outside": "#2471a3",
    "all": "#c0392b",
    "paper": "#111111",
}
# By which a note is found again.
_NOTE = "note"


def style() -> AbstractContextManager[None]:
    """Return the context in which the package's figures are drawn.

    Examples
    --------
    >>> import metastable as mst
    >>> with mst.figures.style():
    ...     pass
    """
    return matplotlib.style.context(Path(__file__).with_name("metastable.mplstyle"))


def new_figure(width_inch: float, height_inch: float) -> Figure:
    """Open a figure of this size in inches.

    Examples
    --------
    >>> import metastable as mst
    >>> mst.figures.new_figure(4, 3).get_size_inches().tolist()
    [4.0, 3.0]
    """
    import matplotlib.pyplot as plt

    return plt.figure(figsize=(width_inch, height_inch))


def resolve_axes(ax: Axes | None) -> Axes:
    """Return the Axes given, or those of a new figure."""
    if ax is not None:
        if not isinstance(ax, Axes):
            raise TypeError(f"ax must be Axes of matplotlib, got {type(ax).__name__}; leave it out for a new figure.")
        return ax
    with style():
        return new_figure(4, 3).add_subplot()


def titled(ax: Axes, title: str, note: str = "") -> Axes:
    """Set the title of a panel, and beneath it, small and grey, the estimator or protocol behind the numbers.

    Examples
    --------
    >>> import metastable as mst
    >>> ax = mst.figures.new_figure(4, 3).add_subplot()
    >>> mst.figures.titled(ax, "Fano factor", "100 ms windows, ddof 0").get_title(loc="left")
    'Fano factor'
    """
    ax.set_title(title, loc="left", pad=15 if note else 6)
    # Who uses a drawing as a panel gives it a title of its own.
    for earlier in [text for text in ax.texts if text.get_gid() == _NOTE]:
        earlier.remove()
    if note:
        text = ax.annotate(
            note, (0, 1), (0, 5), xycoords="axes fraction", textcoords="offset points", fontsize=6, color="#666666"
        )
        text.set_in_layout(False)
        text.set_gid(_NOTE)
    return ax


def integer_ticks(*axes: Axis, most: int = 10) -> None:
    """Put ticks at whole numbers only, at a single one if there are no more."""
    for axis in axes:
        axis.set_major_locator(MaxNLocator(nbins=most, integer=True, min_n_ticks=1))


def of_populations(sizes: Mapping[str, int]) -> str:
    """Return sizes in words: "80 E, 20 I", or "100 neurons" of a population without a name."""
    return ", ".join(f"{n} {name or ('neuron' if n == 1 else 'neurons')}" for name, n in sizes.items())


def legend_below(ax: Axes, *, ncols: int = 2) -> None:
    """Name the curves beneath the axis, where they hide nothing."""
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=ncols)
