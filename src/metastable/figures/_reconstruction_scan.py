"""Residuals over values of a parameter."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from metastable.figures._style import COLORS, resolve_axes, titled
from metastable.reconstruction import Scan

_NAMES = {"tau_ms": "membrane time constant (ms)", "delay_ms": "delay (ms)"}


def scan_residuals(found: Scan, *, ax: Axes | None = None) -> Axes:
    """Draw the hold-out residual at each value that was tried, with a ring at the best."""
    # An exact fit has a residual of 0, which has no place on a logarithmic scale.
    shown = np.isfinite(found.residual_mv) & (found.residual_mv > 0)
    if not shown.any():
        raise ValueError("there is no residual to draw; nothing could be solved at any value.")
    ax = resolve_axes(ax)
    order = np.argsort(found.values)
    values = np.where(shown, found.residual_mv, np.nan)[order]
    ax.plot(found.values[order], values, marker="o", color=COLORS["clustered"])
    if found.best_residual_mv > 0:
        ax.plot(found.best, found.best_residual_mv, marker="o", markersize=8, markerfacecolor="none", color="black")
    ax.set(xlabel=_NAMES.get(found.parameter, found.parameter), ylabel="hold-out residual (mV)")
    if np.nanmax(values) > 10 * np.nanmin(values):
        ax.set_yscale("log")
    return titled(ax, f"Best at {found.best:.6g} ms", "median over neurons; ring: the best")
