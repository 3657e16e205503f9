"""Rasters of many neurons."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from metastable._validation import require_integer
from metastable.figures._style import resolve_axes
from metastable.spikes import SpikeData


def raster(
    spikes: SpikeData, *, trial: int = 0, color: str = "black", size: float = 0.35, ax: Axes | None = None
) -> Axes:
    """Draw one dot for each spike of a trial, neurons sorted by cluster.

    Parameters
    ----------
    spikes : SpikeData
        With cluster labels, neurons are ordered by their first cluster, unclustered ones last (top).
    trial : int
        Which trial.
    color : str
    size : float
        Diameter of a dot in points.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is no such trial.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[1, 2, 3], neuron=[0, 1, 1], n_neurons=2, t_stop_ms=4)
    >>> mst.figures.raster(spikes).get_ylabel()
    'neuron'
    """
    trial = require_integer("trial", trial, minimum=0, maximum=spikes.n_trials - 1)
    ax = resolve_axes(ax)
    part = slice(spikes.trial_offsets[trial], spikes.trial_offsets[trial + 1])
    row = np.arange(spikes.n_neurons)
    if spikes.n_clusters:
        membership = spikes.membership
        label = np.where(membership.any(axis=1), membership.argmax(axis=1), spikes.n_clusters)
        row = np.empty(spikes.n_neurons, int)
        row[np.argsort(label, kind="stable")] = np.arange(spikes.n_neurons)
    # Thousands of dots as vectors make a PDF that no viewer scrolls.
    ax.plot(
        spikes.time_ms[part] / 1000,
        row[spikes.neuron[part]],
        linestyle="none",
        marker="o",
        markersize=size,
        markeredgewidth=0,
        color=color,
        rasterized=True,
    )
    ax.set(
        xlim=(spikes.t_start_ms / 1000, spikes.t_stop_ms / 1000),
        ylim=(-0.5, spikes.n_neurons - 0.5),
        xlabel="time (s)",
        ylabel="neuron, by cluster" if spikes.n_clusters else "neuron",
    )
    return ax
