"""Rasters sorted by the groups of trains."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from metastable.figures._raster import require_trial, time_limits
from metastable.figures._style import resolve_axes
from metastable.spikes import SpikeData

# A group has the same colour in every figure; grey is for trains in none.
GROUP_COLORS = (
    "#c0392b",
    "#2471a3",
    "#1e8449",
    "#d68910",
    "#7d3c98",
    "#17a2a8",
    "#7b5532",
    "#d36ba6",
    "#7f8c1d",
    "#34495e",
)
UNGROUPED_COLOR = "#b3b3b3"


def group_color(number: int) -> str:
    """Return the colour of a group, or of a train in none (-1); after ten groups colours repeat.

    Examples
    --------
    >>> import metastable as mst
    >>> mst.figures.group_color(0)
    '#c0392b'
    """
    return UNGROUPED_COLOR if number < 0 else GROUP_COLORS[number % len(GROUP_COLORS)]


def group_raster(
    spikes: SpikeData,
    labels: ArrayLike,
    *,
    order_by: ArrayLike | None = None,
    trial: int = 0,
    size: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the spikes of a trial, neurons sorted by group and coloured by it.

    Parameters
    ----------
    spikes : SpikeData
    labels : array_like of int, (n_neurons,)
        Group of each neuron; group 0 is at the bottom, neurons in none (-1) are at the top, in grey.
    order_by : array_like, (n_neurons,), optional
        Within a group the neuron of largest value is lowest, those without one (NaN) highest; for instance `own` of
        `communities.group_membership`. By default the number of spikes.
    trial : int
        Which trial.
    size : float, optional
        Height of a spike in points; by default that of a row.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is no such trial, or lengths do not fit.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes, groups = mst.spikes.fellous_2004(n_groups=2, noise_level=1, seed=1)
    >>> [text.get_text() for text in mst.figures.group_raster(spikes, groups).texts]
    ['0', '1']
    """
    trial = require_trial(spikes, trial)
    group = np.asarray(labels)
    values = spikes.spike_counts()[trial] if order_by is None else np.asarray(order_by, float)
    if group.shape != (spikes.n_neurons,) or values.shape != (spikes.n_neurons,):
        raise ValueError(
            f"labels and order_by must have one value for each of {spikes.n_neurons} neurons, "
            f"got shapes {group.shape} and {values.shape}."
        )
    ax = resolve_axes(ax)
    last = group.max(initial=-1) + 1
    place = np.where(group < 0, last, group)
    row = np.empty(spikes.n_neurons, int)
    # Sorting puts NaN last, also among negatives.
    row[np.lexsort((np.argsort(np.argsort(-values, kind="stable")), place))] = np.arange(spikes.n_neurons)
    part = slice(spikes.trial_offsets[trial], spikes.trial_offsets[trial + 1])
    time, neuron = spikes.time_ms[part] / 1000, spikes.neuron[part]
    height = size or 72 * ax.get_window_extent().height / ax.figure.dpi / max(spikes.n_neurons, 1)
    bottom = 0
    for number in np.unique(place):
        mine = place[neuron] == number
        color = group_color(-1 if number == last else int(number))
        # Thousands of marks as vectors make a PDF that no viewer scrolls.
        ax.plot(
            time[mine],
            row[neuron[mine]],
            linestyle="none",
            marker="|",
            markersize=height,
            markeredgewidth=0.6,
            color=color,
            rasterized=True,
        )
        count = int((place == number).sum())
        ax.annotate(
            "none" if number == last else f"{number}",
            (1, bottom + (count - 1) / 2),
            (4, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            fontsize=7,
            color=color,
            annotation_clip=False,
        )
        bottom += count
        if bottom < spikes.n_neurons:
            ax.axhline(bottom - 0.5, color="#dddddd", linewidth=0.5, zorder=0)
    ax.set(
        xlim=time_limits(spikes),
        ylim=(-0.5, spikes.n_neurons - 0.5),
        xlabel="time (s)",
        ylabel="neuron, by group",
    )
    return ax
