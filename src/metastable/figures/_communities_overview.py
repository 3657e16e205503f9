"""Groups of a recording at one glance."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from metastable.communities import Communities, GroupActivity
from metastable.figures._communities_raster import group_raster
from metastable.figures._communities_spectra import group_traces
from metastable.figures._communities_timescales import modularity_by_timescale
from metastable.figures._style import new_figure, style, titled
from metastable.spikes import SpikeData


def group_overview(spikes: SpikeData, groups: Communities, *, activity: GroupActivity | None = None) -> Figure:
    """Draw the spikes sorted by group, what the groups were decided on, and their activity.

    Parameters
    ----------
    spikes : SpikeData
        The neurons that were grouped; of several trials the first is shown.
    groups : Communities
    activity : GroupActivity, optional
        Of the groups.

    Returns
    -------
    Figure
        Without groups the spikes in their own order, and the test that found none.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes, _ = mst.spikes.fellous_2004(n_groups=2, noise_level=1, seed=1)
    >>> groups = mst.communities.detect(spikes, sigmas_ms=[5, 10], seed=1)
    >>> len(mst.figures.group_overview(spikes, groups).axes)
    2
    """
    tested = bool(np.isfinite(groups.statistic).any())
    with style():
        drawing = new_figure(7.2, 5.6 if tested else 3.2)
        rows = drawing.add_gridspec(2 if tested else 1, 1, height_ratios=(1.5, 1) if tested else (1,))
        top = group_raster(spikes, groups.labels, ax=drawing.add_subplot(rows[0]))
        note = "" if spikes.n_trials == 1 else f"first of {spikes.n_trials} trials"
        what = f"{groups.n_groups} groups of {', '.join(map(str, groups.sizes))}" if groups.n_groups else "No groups"
        titled(top, what, note if tested else groups.status)
        if tested:
            below = rows[1].subgridspec(1, 1 if activity is None else 2)
            modularity_by_timescale(groups, ax=drawing.add_subplot(below[0]))
            if activity is not None:
                group_traces(activity, per_train=True, ax=drawing.add_subplot(below[1]))
    return drawing
