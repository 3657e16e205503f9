"""Similarity of spike trains at one timescale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_choice, require_number
from metastable.communities._distances import van_rossum_similarity, victor_purpura_similarity
from metastable.communities._gaussian_overlaps import gaussian_areas, gaussian_overlaps
from metastable.communities._timescales import BINS_PER_SIGMA
from metastable.communities._trains import Trains
from metastable.spikes import SpikeData

Array = NDArray[np.float64]

KINDS = ("cosine", "correlation", "hamming", "count_cosine", "count_correlation", "van_rossum", "victor_purpura")
EDGES = ("truncate", "infinite")


def similarity_matrix(
    spikes: SpikeData,
    *,
    sigma_ms: float,
    kind: str = "cosine",
    edges: str = "truncate",
    rows: str = "neurons",
    n_jobs: int | None = None,
) -> Array:
    """Compare all pairs of spike trains at one timescale.

    Parameters
    ----------
    spikes : SpikeData
    sigma_ms : float, ms
        Timescale: standard deviation of the Gaussian on each spike. Bins have the equivalent width
        ``sqrt(12) sigma``; for ``"van_rossum"`` it is the time constant, for ``"victor_purpura"`` moving a spike by
        sigma costs as much as adding one.
    kind : str
        * ``"cosine"``: of the angle between Gaussian trains, the paper's choice;
        * ``"correlation"``: correlation coefficient of Gaussian trains in the window, negative ones set to 0;
        * ``"hamming"``: share of bins in which both trains have spikes or both have none;
        * ``"count_cosine"``, ``"count_correlation"``: the same two of spike counts in bins;
        * ``"van_rossum"``: ``1 - D^2/(|f|^2 + |g|^2)`` with the distance D of exponential trains;
        * ``"victor_purpura"``: ``1 - D/(n + n')`` with the distance D and the numbers of spikes.
    edges : {"truncate", "infinite"}
        Whether Gaussian trains are compared in the recorded window, as in the paper, or over all time: a spike near an
        edge then counts whole. Only for ``"cosine"``.
    rows : {"neurons", "trials"}
        Whether trains are neurons, over all trials together, or the trials of a single neuron.
    n_jobs : int, optional
        Threads for ``"victor_purpura"``; all cores by default.

    Returns
    -------
    ndarray, (n_trains, n_trains)
        From 0 to 1, with 0 on the diagonal. Trains without spikes, and for correlations constant ones, have no
        similarity: 0 everywhere; only ``"hamming"`` compares silence with silence.

    Raises
    ------
    ValueError
        If the timescale is not positive or as long as the recording, or an option is unknown.

    Notes
    -----
    Humphries 2011, eq. 1, without its grid of 1 ms: the cosine is exact to rounding. The diagonal is 0 because a train
    is always most similar to itself, which would put each into a group of its own.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[10, 30, 11, 29, 20], neuron=[0, 0, 1, 1, 2], n_neurons=3, t_stop_ms=40)
    >>> mst.communities.similarity_matrix(spikes, sigma_ms=2).round(3)
    array([[0.   , 0.939, 0.003],
           [0.939, 0.   , 0.009],
           [0.003, 0.009, 0.   ]])
    """
    sigma = require_number("sigma_ms", sigma_ms, above=0)
    require_choice("kind", kind, KINDS)
    require_choice("edges", edges, EDGES)
    if edges == "infinite" and kind != "cosine":
        raise ValueError(f'edges="infinite" is for kind="cosine"; {kind!r} is defined in the recorded window.')
    trains = Trains.of(spikes, rows=rows)
    if sigma >= trains.duration_ms:
        raise ValueError(
            f"sigma_ms={sigma:g} is not shorter than the recording of {trains.duration_ms:g} ms; choose a shorter one, "
            "and check that the times are in ms."
        )
    if not trains.n_trains:
        return np.zeros((0, 0))
    if kind == "cosine":
        similarity = _cosine(_gaussian(trains, sigma, truncate=edges == "truncate"))
    elif kind == "correlation":
        similarity = _correlation(trains, sigma)
    elif kind == "van_rossum":
        similarity = van_rossum_similarity(trains, sigma)
    elif kind == "victor_purpura":
        similarity = victor_purpura_similarity(trains, 1 / sigma, n_jobs)
    else:
        similarity = _binned(trains, sigma * BINS_PER_SIGMA, kind)
    np.fill_diagonal(similarity, 0)
    return similarity


def _gaussian(trains: Trains, sigma: float, *, truncate: bool) -> Array:
    total = np.zeros((trains.n_trains, trains.n_trains))
    for time, offsets in trains.segments:
        total += gaussian_overlaps(
            time, offsets, start=trains.start_ms, stop=trains.stop_ms, sigma=sigma, truncate=truncate
        )
    return total


def _cosine(overlaps: Array) -> Array:
    """Divide by the norms, in place; 0 for trains without one."""
    own = np.diag(overlaps).copy()
    scale = np.where(own > 0, 1 / np.sqrt(np.where(own > 0, own, 1)), 0)
    # One product of both scales, not one after the other: the matrix stays symmetric to the last bit.
    overlaps *= np.outer(scale, scale)
    # Rounding leaves identical trains a little above 1, and silence a little below 0.
    return np.clip(overlaps, 0, 1, out=overlaps)


def _correlation(trains: Trains, sigma: float) -> Array:
    products = _gaussian(trains, sigma, truncate=True)
    areas = sum(
        gaussian_areas(time, offsets, start=trains.start_ms, stop=trains.stop_ms, sigma=sigma)
        for time, offsets in trains.segments
    )
    duration = trains.duration_ms / sigma * len(trains.segments)
    own = np.diag(products).copy()
    products -= np.outer(areas, areas) / duration
    return _cosine(_without_constants(products, own))


def _without_constants(covariance: Array, own: Array) -> Array:
    # What is left of a constant train after subtraction of its mean is rounding.
    constant = np.diag(covariance) <= 1e-12 * own
    covariance[constant], covariance[:, constant] = 0, 0
    return covariance


def _binned(trains: Trains, width: float, kind: str) -> Array:
    # The last bin is shorter where the width does not divide the window; the toolbox loses it.
    n_bins = int(np.ceil(trains.duration_ms / width * (1 - 1e-12)))
    counts = np.concatenate([_counts(trains, segment, width, n_bins) for segment in trains.segments], axis=1)
    if kind == "hamming":
        occupied = (counts > 0).astype(np.float64)
        own = occupied.sum(axis=1)
        return 1 - (own[:, None] + own - 2 * occupied @ occupied.T) / counts.shape[1]
    products = counts @ counts.T
    if kind == "count_cosine":
        return _cosine(products)
    own = np.diag(products).copy()
    total = counts.sum(axis=1)
    products -= np.outer(total, total) / counts.shape[1]
    return _cosine(_without_constants(products, own))


def _counts(trains: Trains, segment: tuple[Array, NDArray[np.int64]], width: float, n_bins: int) -> Array:
    time, offsets = segment
    edges = trains.start_ms + width * np.arange(1, n_bins)
    train = np.repeat(np.arange(trains.n_trains), np.diff(offsets))
    flat = train * n_bins + np.searchsorted(edges, time, side="right")
    return np.bincount(flat, minlength=trains.n_trains * n_bins).reshape(trains.n_trains, n_bins).astype(np.float64)
