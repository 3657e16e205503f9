"""How many attractors coexist at each stimulus, on a plane and along a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn
from metastable._validation import require_choice, require_number, require_pair
from metastable.finite_size._attractors import Attractors, raised
from metastable.finite_size._search_cost import as_float

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class MultistabilityPlane(Drawn):
    """Number of attractors over the stimuli of two populations; constant within each cell.

    Parameters
    ----------
    names : tuple of str
        Population of the abscissa and of the ordinate.
    x, y : ndarray, (n_x + 1,), (n_y + 1,)
        Edges of the cells: all edges of boxes in the window, and its own.
    stationary, oscillating : ndarray, (n_y, n_x)
        Number of stationary states and of cycles.
    broken : ndarray, (n_y, n_x)
        Number of those, of both kinds, in which neurons of a population ever differ.
    boxes : ndarray, (n_boxes, 2, 2)
        Boxes in the plane, ``[k, 0]`` from and to along the abscissa; of each kind of attractor one.
    period : ndarray of int, (n_boxes,)
    broken_boxes : ndarray of bool, (n_boxes,)
    """

    _shown = ("names", "degree", "stationary", "oscillating", "broken")

    names: tuple[str, str]
    x: Array
    y: Array
    stationary: Array
    oscillating: Array
    broken: Array
    boxes: Array
    period: NDArray[np.int64]
    broken_boxes: NDArray[np.bool_]

    @property
    def degree(self) -> Array:
        """Degree of multistability: number of attractors, (n_y, n_x)."""
        return self.stationary + self.oscillating


@dataclass(frozen=True, eq=False, repr=False)
class MultistabilityCut(Drawn):
    """Attractors along the stimulus of one population, those of others fixed.

    Parameters
    ----------
    name : str
        Population whose stimulus varies.
    populations : tuple of str
    start, stop : ndarray, (n_attractors,)
        Stimuli at which each exists, ``start <= I < stop``; infinite for no limit.
    activity, lowest, highest : ndarray, (n_attractors, n_populations)
        Share of active neurons: mean, least and largest over the period.
    period : ndarray of int, (n_attractors,)
    multiplicity : tuple of int
    broken : ndarray of bool, (n_attractors,)
        Whether neurons of a population ever differ.
    """

    _shown = ("name", "populations", "start", "stop", "period", "multiplicity")

    name: str
    populations: tuple[str, ...]
    start: Array
    stop: Array
    activity: Array
    lowest: Array
    highest: Array
    period: NDArray[np.int64]
    multiplicity: tuple[int, ...]
    broken: NDArray[np.bool_]


def multistability_plane(
    attractors: Attractors,
    *,
    x: str | None = None,
    y: str | None = None,
    at: Mapping[str, float] | None = None,
    x_window: tuple[float, float] | None = None,
    y_window: tuple[float, float] | None = None,
    count: str = "attractors",
) -> MultistabilityPlane:
    """Count the attractors over the stimuli of two populations.

    Parameters
    ----------
    attractors : Attractors
    x, y : str, optional
        Populations; the first and the second by default.
    at : mapping of str to float, optional
        Stimulus of each other population.
    x_window, y_window : tuple of float, optional
        From and to; by default a little more than all edges.
    count : {"attractors", "kinds"}
        Whether attractors that differ by an exchange of equal neurons count one by one or once.

    Returns
    -------
    MultistabilityPlane
        Counts are exact on each cell, which lies between edges of boxes; they are floats, for multiplicities may not
        fit into integers.

    Raises
    ------
    ValueError
        If a population is unknown or the stimulus of one is missing.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork.homogeneous(
    ...     {"E": 2, "I": 1}, coupling=[[8, -6], [7, 0]], in_degree=2, threshold=1
    ... )
    >>> plane = mst.finite_size.multistability_plane(mst.finite_size.attractors(net))
    >>> int(plane.degree.max())
    3
    """
    require_choice("count", count, ("attractors", "kinds"))
    every = tuple(attractors.sizes)
    if len(every) < 2:
        raise ValueError("a plane needs two populations, and the network has one; use multistability_cut.")
    first = every[0] if x is None else require_choice("x", x, every)
    second = next(name for name in every if name != first) if y is None else require_choice("y", y, every)
    if first == second:
        raise ValueError(f"x and y must be two populations, got {first!r} twice.")
    chosen = _crossed(attractors, at, (first, second))
    axes = [every.index(first), every.index(second)]
    boxes = np.stack([attractors.lower[chosen][:, axes], attractors.upper[chosen][:, axes]], axis=2)
    x_edges, y_edges = _cells(boxes[:, 0], x_window), _cells(boxes[:, 1], y_window)
    period, broken = attractors.period[chosen], np.any(attractors.broken[chosen], axis=1)
    times = [attractors.multiplicity[k] if count == "attractors" else 1 for k in chosen.tolist()]
    parts = (period == 1, period > 1, broken)
    stationary, oscillating, differing = (_sums(boxes, times, part, x_edges, y_edges) for part in parts)
    names = (first, second)
    return MultistabilityPlane(names, x_edges, y_edges, stationary, oscillating, differing, boxes, period, broken)


def multistability_cut(
    attractors: Attractors, *, vary: str | None = None, at: Mapping[str, float] | None = None
) -> MultistabilityCut:
    """Return the attractors along the stimulus of one population.

    Parameters
    ----------
    attractors : Attractors
    vary : str, optional
        The population; by default the last one.
    at : mapping of str to float, optional
        Stimulus of each other population.

    Returns
    -------
    MultistabilityCut
        All branches are stable: those of binary neurons end where they would lose stability.

    Raises
    ------
    ValueError
        If a population is unknown or the stimulus of one is missing.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork.homogeneous({"I": 5}, coupling=[[-3]], in_degree=1)
    >>> cut = mst.finite_size.multistability_cut(mst.finite_size.attractors(net))
    >>> cut.start.tolist(), cut.activity[:, 0].round(2).tolist()
    ([-inf, 0.0, 3.0, 6.0, 9.0, 12.0, 0.0], [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 0.5])
    """
    names = tuple(attractors.sizes)
    varied = names[-1] if vary is None else require_choice("vary", vary, names)
    chosen, a = _crossed(attractors, at, (varied,)), names.index(varied)
    share, first = attractors.counts / np.array(list(attractors.sizes.values())), attractors.first[:-1]
    period = attractors.period
    if len(attractors):
        mean = np.add.reduceat(share, first) / period[:, None]
        low, high = np.minimum.reduceat(share, first), np.maximum.reduceat(share, first)
    else:
        mean = low = high = share
    return MultistabilityCut(
        varied,
        names,
        attractors.lower[chosen, a],
        attractors.upper[chosen, a],
        mean[chosen],
        low[chosen],
        high[chosen],
        period[chosen],
        tuple(attractors.multiplicity[k] for k in chosen),
        np.any(attractors.broken[chosen], axis=1),
    )


def _crossed(attractors: Attractors, at: Mapping[str, float] | None, free: tuple[str, ...]) -> NDArray[np.intp]:
    """Return the attractors that exist at the stimuli given, for some stimuli of the free populations."""
    given, names = dict(at or {}), tuple(attractors.sizes)
    needed = [name for name in names if name not in free]
    if sorted(given) != sorted(needed):
        raise ValueError(
            f"at must hold the stimulus of {', '.join(map(repr, needed)) or 'no population'}, got "
            f"{', '.join(map(repr, given)) or 'none'}; the others vary."
        )
    inside = np.ones(len(attractors), bool)
    for name, value in given.items():
        level, a = raised(np.array(require_number(f"at[{name!r}]", value))), names.index(name)
        inside &= (attractors.lower[:, a] <= level) & (level < attractors.upper[:, a])
    return np.flatnonzero(inside)


def _cells(ranges: Array, window: tuple[float, float] | None) -> Array:
    """Return the edges of boxes in a window, and its own."""
    edges = np.unique(ranges[np.isfinite(ranges)])
    if window is None:
        margin = 0.08 * np.ptp(edges) if edges.size > 1 else 1.0
        start, stop = (edges[0] - margin, edges[-1] + margin) if edges.size else (-1.0, 1.0)
    else:
        start, stop = require_pair("window", window)
        if not start < stop:
            raise ValueError(f"window must go from lower to higher, got {window}.")
    return np.concatenate([[start], edges[(edges > start) & (edges < stop)], [stop]])


def _sums(boxes: Array, times: list[int], chosen: NDArray[np.bool_], x: Array, y: Array) -> Array:
    """Return how often each cell is covered by the boxes chosen, (n_y, n_x)."""
    # Sums of floats would lose the small ones beside those of very many equal neurons.
    kind = np.int64 if sum(times) < 2**62 else object
    added = np.array(times, kind)[chosen]
    # A box adds at its lower left corner what it takes away at its ends.
    corners = np.zeros((y.size, x.size), kind)
    at_x, at_y = (np.searchsorted(edges, boxes[chosen, k]).clip(0, edges.size - 1) for k, edges in enumerate((x, y)))
    for i in (0, 1):
        for j in (0, 1):
            np.add.at(corners, (at_y[:, j], at_x[:, i]), added * (-1) ** (i + j))
    sums = corners.cumsum(axis=0).cumsum(axis=1)[:-1, :-1]
    return np.array([as_float(v) for v in sums.ravel().tolist()]).reshape(sums.shape)
