"""Where a state of a network with random weights appears and disappears: laws of the edges of its box."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._display import Drawn
from metastable._validation import require_integer, require_number, require_numbers, require_truth
from metastable.finite_size._needed_stimulus import NeededStimulus, require_counts, require_disordered
from metastable.finite_size._order_statistics import rank_distribution
from metastable.networks import DisorderedNetwork

Array = NDArray[np.float64]

_FIRST_INTERVALS = 256


@dataclass(frozen=True, eq=False, repr=False)
class BifurcationPoints(Drawn):
    """Laws of the edges between which a state is stationary, over networks.

    Parameters
    ----------
    populations : tuple of str
        Which share the stimulus.
    active, silent : tuple of NeededStimulus
        The law of the stimulus that an active and a silent neuron of each population needs.
    n_active, n_silent : tuple of int
        How many there are.

    Notes
    -----
    The lower edge is the largest of the stimuli that the active neurons need, the upper edge the smallest of those that
    the silent neurons need. Without active or silent neurons an edge is infinite.
    """

    populations: tuple[str, ...]
    active: tuple[NeededStimulus, ...]
    silent: tuple[NeededStimulus, ...]
    n_active: tuple[int, ...]
    n_silent: tuple[int, ...]

    def lower_cdf(self, stimulus: ArrayLike, *, rank: int = 1) -> Array:
        """Return the probability that at most ``rank - 1`` of the active neurons fail at a stimulus.

        Parameters
        ----------
        stimulus : float or array_like
        rank : int
            1 for the lower edge of the box, ``P(lower <= I)``; 2 for the point where a second neuron fails, and so on.

        Returns
        -------
        ndarray, of the shape of `stimulus`
        """
        x = require_numbers("stimulus", stimulus)
        n = sum(self.n_active)
        if n == 0:
            return np.ones(x.shape)
        require_integer("rank", rank, minimum=1, maximum=n)
        below, above = (np.stack([getattr(law, name)(x) for law in self.active]) for name in ("cdf", "sf"))
        return rank_distribution(below, above, list(self.n_active), n + 1 - rank)

    def upper_cdf(self, stimulus: ArrayLike, *, rank: int = 1) -> Array:
        """Return the probability that at least `rank` of the silent neurons become active at a stimulus.

        Parameters
        ----------
        stimulus : float or array_like
        rank : int
            1 for the upper edge of the box, ``P(upper <= I)``.

        Returns
        -------
        ndarray, of the shape of `stimulus`
        """
        x = require_numbers("stimulus", stimulus)
        if sum(self.n_silent) == 0:
            return np.zeros(x.shape)
        below, above = (np.stack([getattr(law, name)(x) for law in self.silent]) for name in ("cdf", "sf"))
        return rank_distribution(below, above, list(self.n_silent), rank)

    def lower_gumbel(self, stimulus: ArrayLike) -> Array:
        """Return the limit of `lower_cdf` for many neurons, ``exp(-exp(-(I - a) / b))`` by Fisher-Tippett-Gnedenko.

        The constants are quantiles: ``a = F^-1(1 - 1/n)`` and ``b = F^-1(1 - 1/(e n)) - a``.
        """
        return self._gumbel("active", stimulus)

    def upper_gumbel(self, stimulus: ArrayLike) -> Array:
        """Return the limit of `upper_cdf` for many neurons, ``1 - exp(-exp((I - a) / b))``.

        The constants are quantiles: ``a = F^-1(1/n)`` and ``b = a - F^-1(1/(e n))``.
        """
        return 1 - self._gumbel("silent", stimulus)

    def existence_probability(self, *, tolerance: float = 1e-4) -> float:
        """Compute the probability that the state is stationary at some stimulus: that lower edges are below upper ones.

        Parameters
        ----------
        tolerance : float
            Largest distance between the bounds of which the mean is returned.

        Returns
        -------
        float

        Notes
        -----
        ``P(lower < upper) = int P(upper > x) dP(lower <= x)`` as a sum over intervals and atoms. In an interval the
        integrand falls, so that its values at both ends are bounds; at an atom of the lower edge, which sparse weights
        make, it counts at the atom, as the right endpoint. Intervals with the widest bounds are halved.
        """
        require_number("tolerance", tolerance, minimum=1e-6)
        if not sum(self.n_active) or not sum(self.n_silent):
            return 1.0
        laws = [law for law, n in zip(self.active, self.n_active, strict=True) if n]
        silent = [law for law, n in zip(self.silent, self.n_silent, strict=True) if n]
        low, high = min(law.range[0] for law in laws), max(law.range[1] for law in laws)
        atoms = np.unique(np.concatenate([law.atoms for law in [*laws, *silent]]))
        points = np.union1d(np.linspace(low, high, _FIRST_INTERVALS), atoms)
        values = self._edges(points)
        while True:
            reached, reached_before, open_, open_before = values
            rise = np.maximum(reached_before[1:] - reached[:-1], 0)
            fall = np.maximum(open_[:-1] - open_before[1:], 0)
            gap = rise * fall
            middle = 0.5 * (points[:-1] + points[1:])
            # Neighbours among floats have nothing between them.
            wide = np.flatnonzero(
                (gap > 0.5 * tolerance / points.size) & (points[:-1] < middle) & (middle < points[1:])
            )
            if gap.sum() <= tolerance or not wide.size:
                break
            middle = middle[wide]
            added = self._edges(middle)
            points = np.insert(points, wide + 1, middle)
            values = [np.insert(old, wide + 1, new) for old, new in zip(values, added, strict=True)]
        within = rise @ (0.5 * (open_[:-1] + open_before[1:]))
        at_atoms = np.maximum(reached - reached_before, 0) @ open_
        return float(min(max(within + at_atoms, 0.0), 1.0))

    def _edges(self, x: Array) -> list[Array]:
        """Return ``P(lower <= x)``, ``P(lower < x)``, ``P(upper > x)`` and ``P(upper >= x)``."""

        def product(laws: tuple[NeededStimulus, ...], counts: tuple[int, ...], name: str) -> Array:
            parts = [getattr(law, name)(x) ** n for law, n in zip(laws, counts, strict=True) if n]
            return np.prod(parts, axis=0)

        return [
            product(self.active, self.n_active, "cdf"),
            product(self.active, self.n_active, "cdf_before"),
            product(self.silent, self.n_silent, "sf"),
            product(self.silent, self.n_silent, "sf_before"),
        ]

    def _gumbel(self, kind: str, stimulus: ArrayLike) -> Array:
        """Return the limit of the probability that no active, or no silent, neuron is on the wrong side."""
        x = require_numbers("stimulus", stimulus)
        sign = 1 if kind == "active" else -1
        result = np.ones(x.shape)
        for name, law, n in zip(self.populations, getattr(self, kind), getattr(self, f"n_{kind}"), strict=True):
            if n == 0:
                continue
            if n < 2:
                raise ValueError(f"population {name!r} has one {kind} neuron, and no limit of many; use its exact law.")
            tails = (1 - 1 / n, 1 - 1 / (math.e * n)) if sign == 1 else (1 / n, 1 / (math.e * n))
            location, next_one = (law.quantile(p) for p in tails)
            scale = sign * (next_one - location)
            if not scale > 1e-9 * max(abs(location), 1):
                raise ValueError(
                    f"the stimulus that {kind} neurons of {name!r} need has an atom at {location:g}, where the extreme "
                    "one of many has no Gumbel limit; use the exact law."
                )
            # Beyond 700 the inner exponential, and so the outer one, is at its limit.
            result = result * np.exp(-np.exp(np.clip(-sign * (x - location) / scale, -700, 700)))
        return result

    def __repr__(self) -> str:
        active = "+".join(map(str, self.n_active))
        silent = "+".join(map(str, self.n_silent))
        return f"BifurcationPoints({'+'.join(self.populations) or 'all'}: {active} active, {silent} silent)"


def bifurcation_points(
    network: DisorderedNetwork, counts: ArrayLike, *, together: bool = False
) -> tuple[BifurcationPoints, ...]:
    """Compute the laws of the stimuli at which a state appears and disappears in networks with random weights.

    Parameters
    ----------
    network : DisorderedNetwork
        Its own stimulus is put aside.
    counts : array_like of int, (n_populations,)
        Active neurons of each population in the state.
    together : bool
        Whether all populations receive one stimulus: the edges are then of variables with different laws. By default
        each population has a stimulus of its own.

    Returns
    -------
    tuple of BifurcationPoints
        One for each stimulus; they are independent.

    Raises
    ------
    ValueError
        If there are not so many neurons.

    Notes
    -----
    Fasoli & Panzeri 2019. Neuron i needs ``theta_i - (W A)_i``; given the numbers of connections from active neurons it
    is normal, or one number if these weights are fixed or there are none.

    Examples
    --------
    >>> import metastable as mst
    >>> disorder = mst.networks.DisorderedNetwork(sizes={"E": 3}, mean=-1, sd=1, threshold=1)
    >>> (edges,) = mst.finite_size.bifurcation_points(disorder, [2])
    >>> edges
    BifurcationPoints(E: 2 active, 1 silent)
    >>> edges.lower_cdf([1.0, 2.0]).round(4), edges.upper_cdf([1.0, 2.0]).round(4)
    (array([0.0252, 0.7079]), array([0.0786, 0.5   ]))
    """
    network = require_disordered(network)
    active_counts = require_counts(network, counts)
    require_truth("together", together)
    names, sizes = list(network.sizes), list(network.sizes.values())
    active, silent = [], []
    for a, n in enumerate(active_counts):
        before = np.array(active_counts)
        silent.append(NeededStimulus.of(network, a, before))
        # An active neuron does not count itself.
        before[a] = max(n - 1, 0)
        active.append(NeededStimulus.of(network, a, before))
    groups = [range(len(names))] if together else [[a] for a in range(len(names))]
    return tuple(
        BifurcationPoints(
            populations=tuple(names[a] for a in group),
            active=tuple(active[a] for a in group),
            silent=tuple(silent[a] for a in group),
            n_active=tuple(active_counts[a] for a in group),
            n_silent=tuple(sizes[a] - active_counts[a] for a in group),
        )
        for group in groups
    )


def existence_probability(network: DisorderedNetwork, counts: ArrayLike, *, tolerance: float = 1e-4) -> float:
    """Compute the probability that a state is stationary at some stimulus of the populations.

    Parameters
    ----------
    network : DisorderedNetwork
    counts : array_like of int, (n_populations,)
        Active neurons of each population in the state.
    tolerance : float
        Of the bounds in each population; the result is closer.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If there are not so many neurons.

    Notes
    -----
    Fasoli & Panzeri 2019: the product over populations of the probabilities that all active neurons need less than any
    silent one.

    Examples
    --------
    Without any weights all neurons need the same, and only those states exist whose populations are all on or all off.

    >>> import metastable as mst
    >>> fixed = mst.networks.DisorderedNetwork(sizes={"E": 3}, mean=0, sd=0)
    >>> [mst.finite_size.existence_probability(fixed, [n]) for n in range(4)]
    [1.0, 0.0, 0.0, 1.0]
    """
    edges = bifurcation_points(network, counts)
    return math.prod(one.existence_probability(tolerance=tolerance) for one in edges)
