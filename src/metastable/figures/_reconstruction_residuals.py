"""How well held-out intervals are predicted, neuron by neuron and network by network."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from metastable.figures._style import COLORS, integer_ticks, resolve_axes
from metastable.reconstruction import Reconstruction, Status

# One colour for each answer, the same in every figure.
STATUS_COLORS = {
    Status.OK: COLORS["outside"],
    Status.QUIESCENT: "#aaaaaa",
    Status.TOO_FEW_ACCEPTABLE: COLORS["inside"],
    Status.ALL_SPIKE_INDUCED: "#7d3c98",
    Status.RANK_DEFICIENT: "#1e8449",
    Status.MODEL_MISMATCH: COLORS["clustered"],
}


def residuals(found: Reconstruction, *, unit: str = "mV", ax: Axes | None = None) -> Axes:
    """Draw the hold-out residual of each neuron, in the colour of its status.

    Parameters
    ----------
    found : Reconstruction
    unit : str
        Of the potential.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        Neurons without a residual as crosses along the bottom.

    Examples
    --------
    >>> import metastable as mst
    >>> wired = mst.networks.van_bussel_2011(n_neurons=10).wire(seed=1)
    >>> trains = mst.simulate(wired, duration_ms=500, n_trials=10, drive_spread=0.05, seed=1)
    >>> found = mst.reconstruction.reconstruct(trains, model=wired)
    >>> mst.figures.residuals(found).get_ylabel()
    'hold-out residual (mV)'
    """
    ax = resolve_axes(ax)
    values = found.holdout_residual_mv
    # A residual of 0 has no place on a logarithmic scale.
    shown = np.isfinite(values) & (values > 0)
    for status in Status:
        of = found.with_status(status)
        if not of.size:
            continue
        style: dict[str, Any] = {"color": STATUS_COLORS[status], "linestyle": "none"}
        label = f"{status.name.lower().replace('_', ' ')}: {of.size}"
        some, rest = of[shown[of]], of[~shown[of]]
        if some.size:
            ax.plot(some, values[some], marker="o", label=label, **style)
        if rest.size:
            label = None if some.size else label
            place = ax.get_xaxis_transform()
            ax.plot(rest, np.full(rest.size, 0.02), marker="x", transform=place, label=label, **style)
    if shown.any():
        ax.set_yscale("log")
        low, high = values[shown].min(), values[shown].max()
        # At least two decades, so that equal residuals do not look different.
        middle = np.sqrt(low * high)
        ax.set_ylim(min(low / 3, middle / 10), max(high * 3, middle * 10))
    else:
        ax.set_yticks([])
    ax.set(xlabel="neuron", ylabel=f"hold-out residual ({unit})", xlim=(-0.5, found.n - 0.5))
    integer_ticks(ax.xaxis)
    ax.legend(loc="best")
    return ax


def certificate_plot(
    residual: ArrayLike,
    error: ArrayLike,
    *,
    kind: ArrayLike | None = None,
    unit: str = "mV",
    ax: Axes | None = None,
) -> Axes:
    """Draw the true error of many reconstructions against their hold-out residual, with a band of a decade.

    Parameters
    ----------
    residual : array_like, (n,)
        What is known without the truth.
    error : array_like, (n,)
        Largest error of the weights.
    kind : array_like of str, (n,), optional
        What each is an example of: a colour each, and a legend.
    unit : str
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If lengths differ.

    Examples
    --------
    >>> import metastable as mst
    >>> ax = mst.figures.certificate_plot([1e-12, 1e-3], [2e-12, 5e-4], kind=["exact", "jitter"])
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['within a decade', 'exact', 'jitter']
    """
    x, y = np.asarray(residual, float), np.asarray(error, float)
    names = np.full(x.shape, "") if kind is None else np.asarray(kind)
    if x.ndim != 1 or x.shape != y.shape or names.shape != x.shape:
        raise ValueError(
            f"residual, error and kind must have one entry for each network, got shapes {x.shape}, {y.shape} and "
            f"{names.shape}."
        )
    ax = resolve_axes(ax)
    known = np.isfinite(x) & np.isfinite(y) & (x > 0) & (y > 0)
    if known.any():
        edges = np.array([min(x[known].min(), y[known].min()) / 10, max(x[known].max(), y[known].max()) * 10])
        ax.fill_between(edges, edges / 10, edges * 10, color="#999999", alpha=0.2, linewidth=0, label="within a decade")
        ax.plot(edges, edges, color="#999999", linewidth=0.7)
        ax.set(xlim=edges, ylim=edges)
    for name in dict.fromkeys(names.tolist()):
        of = known & (names == name)
        ax.plot(x[of], y[of], linestyle="none", marker="o", markersize=3, alpha=0.7, label=name or None)
    ax.set(xscale="log", yscale="log", aspect="equal")
    ax.set(xlabel=f"hold-out residual ({unit})", ylabel=f"largest error of a weight ({unit})")
    if kind is not None:
        ax.legend(loc="lower right")
    return ax
