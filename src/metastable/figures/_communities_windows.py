"""Groups in windows over time."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from metastable._validation import require_choice
from metastable.communities import SlidingWindows
from metastable.figures._communities_raster import group_color
from metastable.figures._style import COLORS, integer_ticks, new_figure, resolve_axes, style, titled

_QUANTITIES = {"delta_q": "delta Q", "sigma_ms": "sigma (ms)", "n_groups": "groups", "p_value": "p"}


def window_curve(windows: SlidingWindows, *, quantity: str = "delta_q", ax: Axes | None = None) -> Axes:
    """Draw a number of each window over time; windows without groups have open circles.

    Parameters
    ----------
    windows : SlidingWindows
    quantity : {"delta_q", "sigma_ms", "n_groups", "p_value"}
        There is no sigma where there are no groups.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is no such quantity.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes, _ = mst.spikes.fellous_2004(n_groups=2, noise_level=1, seed=1)
    >>> windows = mst.communities.sliding_windows(spikes, width_ms=600, step_ms=200, sigmas_ms=[5], seed=1)
    >>> mst.figures.window_curve(windows, quantity="n_groups").lines[0].get_ydata()
    array([2, 2, 2])
    """
    name = require_choice("quantity", quantity, tuple(_QUANTITIES))
    ax = resolve_axes(ax)
    values, time, grouped = getattr(windows, name), windows.centre_ms / 1000, windows.n_groups > 0
    ax.plot(time, values, color=COLORS["clustered"])
    for mine, face in ((grouped, COLORS["clustered"]), (~grouped, "white")):
        # No points, not clipped, would count for the layout at the corner of the figure.
        if not mine.any():
            continue
        ax.plot(
            time[mine],
            values[mine],
            linestyle="none",
            marker="o",
            color=COLORS["clustered"],
            markerfacecolor=face,
            clip_on=False,
            zorder=3,
        )
    if name == "delta_q":
        ax.axhline(0, color="#999999", linewidth=0.7, zorder=0)
    elif np.isfinite(values).any():
        ax.set_ylim(0, 1.12 * np.nanmax(values) or 1)
    if name == "n_groups":
        integer_ticks(ax.yaxis)
    return _over_time(ax, windows, _QUANTITIES[name])


def window_agreement(windows: SlidingWindows, *, ax: Axes | None = None) -> Axes:
    """Draw the agreement of each window with the reference, and what random groups of the same sizes reach.

    Parameters
    ----------
    windows : SlidingWindows
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        Up to the bound of chance is shaded, with its mean as a line; a ring marks the reference.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes, _ = mst.spikes.fellous_2004(n_groups=2, noise_level=1, seed=1)
    >>> windows = mst.communities.sliding_windows(spikes, width_ms=600, step_ms=200, sigmas_ms=[5], seed=1)
    >>> mst.figures.window_agreement(windows).get_ylabel()
    'NMI'
    """
    ax = resolve_axes(ax)
    time = windows.centre_ms / 1000
    ax.fill_between(time, 0, windows.chance_bound, color=COLORS["uniform"], alpha=0.3, linewidth=0.5)
    ax.plot(time, windows.chance_mean, color=COLORS["uniform"], linewidth=0.8)
    ax.plot(time, windows.agreement, color=COLORS["clustered"], marker="o", clip_on=False)
    if windows.reference is not None:
        ax.plot(time[windows.reference], 1, marker="o", markersize=8, markerfacecolor="none", color="black")
    ax.set_ylim(0, 1.15)
    titled(ax, "", f"ring: reference; shaded: {100 * windows.upper:g} % of random groups of the same sizes")
    return _over_time(ax, windows, "NMI")


def window_membership(windows: SlidingWindows, *, order: ArrayLike | None = None, ax: Axes | None = None) -> Axes:
    """Draw the group of each train in each window, in colours that follow a group over time.

    Parameters
    ----------
    windows : SlidingWindows
    order : array_like of int, (n_trains,), optional
        Which train is in each row, from the bottom; by default sorted by their groups in the reference, and within
        these by those in the other windows.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        Trains in no group are white.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes, _ = mst.spikes.fellous_2004(n_groups=2, noise_level=1, seed=1)
    >>> windows = mst.communities.sliding_windows(spikes, width_ms=600, step_ms=200, sigmas_ms=[5], seed=1)
    >>> mst.figures.window_membership(windows).images[0].get_array().shape
    (70, 3)
    """
    ax = resolve_axes(ax)
    tracks = windows.tracks
    if order is None:
        # The last key of lexsort is the first to sort by; trains in no group come last.
        last = np.where(tracks < 0, windows.n_tracks, tracks)
        first = 0 if windows.reference is None else windows.reference
        others = [last[k] for k in range(len(last)) if k != first]
        row = np.lexsort((*others[::-1], last[first]))
    else:
        row = np.asarray(order)
    time = windows.centre_ms / 1000
    half = (time[1] - time[0]) / 2 if len(time) > 1 else (windows.stop_ms[0] - windows.start_ms[0]) / 2000
    colors = ["white", *(group_color(k) for k in range(max(windows.n_tracks, 1)))]
    ax.imshow(
        tracks.T[row],
        cmap=ListedColormap(colors),
        vmin=-1.5,
        vmax=len(colors) - 1.5,
        aspect="auto",
        origin="lower",
        extent=(time[0] - half, time[-1] + half, -0.5, row.size - 0.5),
        interpolation="nearest",
    )
    return _over_time(ax, windows, "train, by group")


def window_overview(windows: SlidingWindows) -> Figure:
    """Draw all about the windows, one panel beneath another.

    Parameters
    ----------
    windows : SlidingWindows

    Returns
    -------
    Figure
        Delta Q, sigma, number of groups, agreement with the reference, and the group of each train; Delta Q alone
        where no window has groups.

    Raises
    ------
    ValueError
        If there was nothing to compare in any window.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes, _ = mst.spikes.fellous_2004(n_groups=2, noise_level=1, seed=1)
    >>> windows = mst.communities.sliding_windows(spikes, width_ms=600, step_ms=200, sigmas_ms=[5], seed=1)
    >>> len(mst.figures.window_overview(windows).axes)
    5
    """
    if not np.isfinite(windows.delta_q).any():
        raise ValueError(f"there is nothing to draw in any window: {windows[0].status}.")
    if not (windows.n_groups > 0).any():
        # Nothing to follow: what is left is how near the windows came to it.
        with style():
            figure = new_figure(5.5, 2.4)
            titled(
                window_curve(windows, ax=figure.add_subplot()),
                "No groups in any window",
                "above 0: beyond all controls",
            )
        return figure
    with style():
        figure = new_figure(5.5, 7)
        # Room above each panel for a note in small print.
        axes = figure.subplots(5, 1, sharex=True, height_ratios=[1, 1, 1, 1.2, 2.4], gridspec_kw={"hspace": 0.12})
        for ax, quantity in zip(axes[:3], ("delta_q", "sigma_ms", "n_groups"), strict=True):
            window_curve(windows, quantity=quantity, ax=ax)
        window_agreement(windows, ax=axes[3])
        window_membership(windows, ax=axes[4])
        for ax in axes[:4]:
            ax.set_xlabel("")
        figure.align_ylabels(axes)
    return figure


def _over_time(ax: Axes, windows: SlidingWindows, label: str) -> Axes:
    width = (windows.stop_ms[0] - windows.start_ms[0]) / 1000
    ax.set(xlabel=f"centre of the window of {width:g} s (s)", ylabel=label)
    return ax
