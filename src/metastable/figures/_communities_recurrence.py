"""Recurrence of population states."""

from __future__ import annotations

from matplotlib.axes import Axes

from metastable.communities import Recurrence
from metastable.figures._style import resolve_axes


def recurrence_map(recurrence: Recurrence, *, ax: Axes | None = None) -> Axes:
    """Draw the similarity of a population's states at all pairs of times.

    Parameters
    ----------
    recurrence : Recurrence
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        Dark for similar states; times of silence are yellow.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes, _ = mst.spikes.fellous_2004(n_groups=2, noise_level=1, seed=1)
    >>> states = mst.communities.recurrence(spikes, sigma_ms=10, step_ms=10)
    >>> mst.figures.recurrence_map(states).images[0].get_array().shape
    (100, 100)
    """
    ax = resolve_axes(ax)
    time = recurrence.time_ms / 1000
    half = (time[1] - time[0]) / 2 if time.size > 1 else 0.5
    extent = (time[0] - half, time[-1] + half) * 2
    ax.set_facecolor("#fcf3cf")
    image = ax.imshow(
        recurrence.similarity,
        cmap="gray_r",
        vmin=0,
        vmax=1,
        origin="lower",
        extent=extent,
        aspect="equal",
        interpolation="nearest",
        rasterized=True,
    )
    ax.figure.colorbar(image, ax=ax, label="similarity of states", shrink=0.8, ticks=[0, 0.5, 1])
    ax.set(xlabel="time (s)", ylabel="time (s)")
    return ax
