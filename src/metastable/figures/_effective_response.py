"""Response of a population to its own rate, and the fixed points on it."""

from __future__ import annotations

from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from metastable.figures._style import COLORS, resolve_axes, titled
from metastable.meanfield import EffectiveResponse


def response_curve(
    rate_in: ArrayLike, rate_out: ArrayLike, fixed: ArrayLike, stable: ArrayLike, *, ax: Axes | None = None
) -> Axes:
    """Draw a response over the rate it responds to, with its fixed points: filled where stable, else open.

    Parameters
    ----------
    rate_in, rate_out : array_like, (n_points,)
    fixed : array_like, (n_fixed_points,)
    stable : array_like of bool, (n_fixed_points,)
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import metastable as mst
    >>> ax = mst.figures.response_curve([0, 1], [0.2, 0.4], [0.25], [True])
    >>> len(ax.lines)  # the diagonal, the curve, a fixed point
    3
    """
    ax = resolve_axes(ax)
    ax.plot([0, 1], [0, 1], color="#999999", linewidth=0.7)
    ax.plot(rate_in, rate_out, color=COLORS["clustered"])
    for rate, holds in zip(fixed, stable, strict=True):  # pyright: ignore[reportArgumentType]
        ax.plot([rate], [rate], marker="o", color="black", markerfacecolor="black" if holds else "white", clip_on=False)
    ax.set(xlabel="$m_{in}$", ylabel="$m_{out}$", xlim=(0, 1), ylim=(0, 1))
    return ax


def effective_response(found: EffectiveResponse, *, ax: Axes | None = None) -> Axes:
    """Draw an effective response with its fixed points."""
    stable = [point.stable for point in found.fixed_points]
    ax = response_curve(found.rate_in, found.rate_out, found.focus_rates, stable, ax=ax)
    ax.set(xlabel=f"fixed rate of {found.focus}", ylabel=f"response of {found.focus}")
    return titled(ax, "Effective response", "filled: stable in the full system, open: not")
