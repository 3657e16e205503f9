"""Timescales of comparison from the interspike intervals of a recording."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_integer, require_pair
from metastable.communities._trains import Trains
from metastable.spikes import SpikeData

# A bin of width w and a Gaussian of this share of w have the same variance (Kruskal et al. 2007).
BINS_PER_SIGMA = math.sqrt(12)


def isi_timescales(
    spikes: SpikeData, *, n_timescales: int = 7, percentiles: tuple[float, float] = (1.0, 50.0), rows: str = "neurons"
) -> NDArray[np.float64]:
    """Choose Gaussian widths from the interspike intervals of all trains together.

    Parameters
    ----------
    spikes : SpikeData
    n_timescales : int
        How many, at equal steps.
    percentiles : (float, float)
        Of the intervals, for the shortest and the longest bin. The paper has (1, 50) with 7 steps for its synthetic
        data, (0, 50) with 10 for single units, and (10, 50) with 5 for large models.
    rows : {"neurons", "trials"}
        What the trains are; see `detect`.

    Returns
    -------
    ndarray, (n_timescales,), ms
        ``sigma = bin / sqrt(12)``. Equal ones are given once.

    Raises
    ------
    ValueError
        If percentiles are out of order, or there are no two spikes in any train.

    Notes
    -----
    Humphries 2011, section on synthetic data.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[0, 10, 20, 40], neuron=[0, 0, 0, 0], n_neurons=1, t_stop_ms=50)
    >>> mst.communities.isi_timescales(spikes, n_timescales=2, percentiles=(0, 100)).round(2)
    array([2.89, 5.77])
    """
    n = require_integer("n_timescales", n_timescales, minimum=1)
    low, high = require_pair("percentiles", percentiles)
    if not 0 <= low <= high <= 100:
        raise ValueError(f"percentiles must be (low, high) with 0 <= low <= high <= 100, got ({low:g}, {high:g}).")
    intervals = Trains.of(spikes, rows=rows).intervals_ms()
    # Two spikes at one time are no timescale.
    intervals = intervals[intervals > 0]
    if not intervals.size:
        raise ValueError("no train has two spikes at different times, so there is no interval; give sigmas_ms.")
    shortest, longest = np.percentile(intervals, [low, high])
    return np.unique(np.linspace(shortest, longest, n)) / BINS_PER_SIGMA
