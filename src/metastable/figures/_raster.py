"""Rasters of many neurons, and the rates of their clusters as shades behind them."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import ArrayLike

from metastable._validation import require_integer
from metastable.figures._style import integer_ticks, resolve_axes
from metastable.spikes import SpikeData

# Diameters of dots, points: smaller ones are not seen, larger ones are no spikes.
_SMALLEST, _LARGEST = 0.35, 2.5


def raster(
    spikes: SpikeData, *, trial: int = 0, color: str = "black", size: float | None = None, ax: Axes | None = None
) -> Axes:
    """Draw one dot for each spike of a trial, neurons sorted by cluster.

    Parameters
    ----------
    spikes : SpikeData
        With cluster labels, neurons are ordered by their first cluster, unclustered ones last (top).
    trial : int
        Which trial.
    color : str
    size : float, optional
        Diameter of a dot in points; by default larger where there are few spikes.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is no such trial, or there are no neurons.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[1, 2, 3], neuron=[0, 1, 1], n_neurons=2, t_stop_ms=4)
    >>> mst.figures.raster(spikes).get_ylabel()
    'neuron'
    """
    trial = require_trial(spikes, trial)
    ax = resolve_axes(ax)
    part = slice(spikes.trial_offsets[trial], spikes.trial_offsets[trial + 1])
    if size is None:
        size = _dot_size(ax, int(part.stop - part.start), np.unique(spikes.neuron[part]).size)
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
        xlim=time_limits(spikes),
        ylim=(-0.5, spikes.n_neurons - 0.5),
        xlabel="time (s)",
        ylabel="neuron, by cluster" if spikes.n_clusters else "neuron",
    )
    integer_ticks(ax.yaxis)
    return ax


def _dot_size(ax: Axes, n_spikes: int, n_rows: int) -> float:
    """Return the diameter, points, at which dots cover a tenth of the panel and those of a row stay apart."""
    panel = ax.get_window_extent()
    width, height = (72 / ax.figure.dpi * size for size in (panel.width, panel.height))
    if not n_spikes:
        return _LARGEST
    apart = width * n_rows / n_spikes / 2
    return float(np.clip(min(np.sqrt(0.1 * width * height / n_spikes), apart), _SMALLEST, _LARGEST))


def require_trial(spikes: SpikeData, trial: int) -> int:
    """Return the number of a trial that can be drawn, or raise a sentence."""
    if not spikes.n_trials or not spikes.n_neurons:
        raise ValueError(
            f"the recording has {spikes.n_trials} trials and {spikes.n_neurons} neurons; a raster needs one of each."
        )
    return require_integer("trial", trial, minimum=0, maximum=spikes.n_trials - 1)


def time_limits(spikes: SpikeData) -> tuple[float, float]:
    """Return the beginning and the end of a recording in seconds, never the same."""
    start, stop = spikes.t_start_ms / 1000, spikes.t_stop_ms / 1000
    return start, stop if stop > start else start + 0.001


def cluster_shades(
    time_ms: ArrayLike, rates: ArrayLike, *, cluster_size: int, color: str = "#c0392b", ax: Axes | None = None
) -> Axes:
    """Shade the rows of each cluster by its rate: white at 0, half of the colour at 1.

    Behind a raster of the transitions of binary units it shows the clusters that stay active, which make none.

    Parameters
    ----------
    time_ms : array_like, (n_samples,), ms
        Equally spaced; when the rates were sampled.
    rates : array_like, (n_clusters, n_samples)
        Between 0 and 1.
    cluster_size : int
        Rows of each cluster; the first begins at row 0.
    color : str
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If shapes do not fit.

    Examples
    --------
    >>> import metastable as mst
    >>> ax = mst.figures.cluster_shades([1, 2, 3], [[0, 1, 1], [1, 0, 0]], cluster_size=200)
    >>> ax.images[0].get_extent()
    [0.0, 0.003, -0.5, 399.5]
    """
    time, values = np.asarray(time_ms, float), np.asarray(rates, float)
    if time.ndim != 1 or time.size < 2 or values.ndim != 2 or values.shape[1] != time.size:
        raise ValueError(
            f"rates must have shape (n_clusters, n_samples) with at least 2 samples, one for each of the {time.size} "
            f"times, got {values.shape}."
        )
    ax = resolve_axes(ax)
    # A sample stands for the interval that ends with it.
    start, stop = float(2 * time[0] - time[1]) / 1000, float(time[-1]) / 1000
    ax.imshow(
        values,
        cmap=LinearSegmentedColormap.from_list("shade", ["white", color]),
        vmin=0,
        vmax=2,
        aspect="auto",
        origin="lower",
        extent=(start, stop, -0.5, len(values) * cluster_size - 0.5),
        interpolation="nearest",
        zorder=0,
    )
    return ax
