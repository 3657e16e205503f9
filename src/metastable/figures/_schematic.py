"""A schematic of clustered connections."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch

from metastable.figures._style import resolve_axes


def cluster_schematic(*, inhibitory_clusters: bool, ax: Axes | None = None) -> Axes:
    """Draw two excitatory clusters with one inhibitory population, or with one inhibitory cluster each.

    Thick arrows are the strengthened connections within a cluster, thin ones the weakened ones between clusters; arrow
    heads excite, bars inhibit.

    Parameters
    ----------
    inhibitory_clusters : bool
        Whether inhibition is clustered too.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import metastable as mst
    >>> len(mst.figures.cluster_schematic(inhibitory_clusters=True).texts)
    4
    """
    ax = resolve_axes(ax)
    red, blue = "#c0392b", "#2471a3"
    places = {"E1": (0.0, 1.0), "E2": (2.0, 1.0)}
    places |= {"I1": (0.0, 0.0), "I2": (2.0, 0.0)} if inhibitory_clusters else {"I": (1.0, 0.0)}
    names = {"E1": "$E_1$", "E2": "$E_2$", "I1": "$I_1$", "I2": "$I_2$", "I": "$I$"}
    for name, (x, y) in places.items():
        ax.add_patch(Circle((x, y), 0.22, facecolor="white", edgecolor=red if name[0] == "E" else blue, linewidth=1.5))
        ax.text(x, y, names[name], ha="center", va="center")

    def connect(pre: str, post: str, *, bend: float) -> None:
        excites = pre[0] == "E"
        inside = pre[1:] == post[1:] and (inhibitory_clusters or (excites and post[0] == "E"))
        plain = not inhibitory_clusters and "I" in (pre, post)
        arrow = FancyArrowPatch(
            places[pre],
            places[post],
            connectionstyle=f"arc3,rad={bend}",
            arrowstyle="-|>,head_length=4,head_width=2" if excites else "-[,widthB=3.5,lengthB=0.5",
            shrinkA=17,
            shrinkB=17,
            linewidth=1.2 if plain else 2.4 if inside else 0.7,
            color=red if excites else blue,
            alpha=1.0 if inside or plain else 0.6,
        )
        ax.add_patch(arrow)

    connect("E1", "E2", bend=-0.25)
    connect("E2", "E1", bend=-0.25)
    for e in ("E1", "E2"):
        for i in (name for name in places if name[0] == "I"):
            connect(e, i, bend=-0.12)
            connect(i, e, bend=-0.12)
    if inhibitory_clusters:
        connect("I1", "I2", bend=0.25)
        connect("I2", "I1", bend=0.25)
    for name, (x, y) in places.items():
        _loop(ax, x, y, up=name[0] == "E", color=red if name[0] == "E" else blue, strong=name != "I")
    ax.set(xlim=(-0.7, 2.7), ylim=(-0.75, 1.75), aspect="equal")
    ax.axis("off")
    return ax


def _loop(ax: Axes, x: float, y: float, *, up: bool, color: str, strong: bool) -> None:
    """Draw the connection of a population to itself."""
    side = 1 if up else -1
    loop = FancyArrowPatch(
        (x - 0.12, y + 0.2 * side),
        (x + 0.12, y + 0.2 * side),
        connectionstyle=f"arc3,rad={-1.6 * side}",
        arrowstyle="-|>,head_length=4,head_width=2" if up else "-[,widthB=3.5,lengthB=0.5",
        linewidth=2.4 if strong else 1.2,
        color=color,
    )
    ax.add_patch(loop)
