"""The noiseless network at one stimulus: where each state leads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from metastable._display import Drawn
from metastable.finite_size._attractors import Attractors, states_of
from metastable.finite_size._integer_thresholds import ALWAYS, NEVER, IntegerNetwork
from metastable.finite_size._search_cost import as_float
from metastable.networks import FiniteSizeNetwork

Integers = NDArray[np.int64]

_MOST_NEURONS = 24


@dataclass(frozen=True, eq=False, repr=False)
class StateMap(Drawn):
    """Image and attractor of every state at one stimulus.

    Parameters
    ----------
    stimulus : ndarray, (n_populations,)
    image : ndarray of int, (2^n,)
        Number of the state that follows each; neuron 0 is the lowest bit.
    attractors : Attractors
        Those that exist at this stimulus, each with its whole box, equal neurons told apart.
    basin : ndarray of int, (2^n,)
        Number of the attractor that each state reaches.
    """

    _prints_a_table = True

    stimulus: NDArray[np.float64]
    image: NDArray[np.int32]
    attractors: Attractors
    basin: NDArray[np.int32]

    @property
    def basin_sizes(self) -> Integers:
        """How many states reach each attractor, (n_attractors,)."""
        return np.bincount(self.basin, minlength=len(self.attractors))

    def __repr__(self) -> str:
        at = ", ".join(f"{value:g}" for value in self.stimulus)
        lines = [f"StateMap(at stimulus ({at})", "  period   basin  states"]
        lines += [
            f"  {a.period:>6}  {size / self.basin.size:>6.1%}  {a.description}"
            for a, size in zip(self.attractors, self.basin_sizes.tolist(), strict=True)
        ]
        return "\n".join([*lines, f"  {self.attractors.status})"])


def attractors_at(network: FiniteSizeNetwork, stimulus: ArrayLike) -> StateMap:
    """Follow every state of the noiseless network at one stimulus to its attractor.

    Parameters
    ----------
    network : FiniteSizeNetwork
        Of up to 24 neurons; its own stimulus and its noise are put aside.
    stimulus : array_like, (n_populations,)
        One that misses a threshold by rounding counts as reaching it.

    Returns
    -------
    StateMap
        Image, attractor and basin of all 2^n states.

    Raises
    ------
    ValueError
        If the network is larger, or the stimulus has another shape.

    Notes
    -----
    Fasoli & Panzeri 2019. A trajectory ``A^0, ..., A^{T-1}`` that returns exists where for every population ``max h_i
    (A^t) <= I < min h_i(A^t)``, over neurons that are active and silent at t + 1, with the stimulus ``h_i`` that neuron
    i needs.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork.homogeneous(
    ...     {"E": 2, "I": 1}, coupling=[[8, -6], [7, 0]], in_degree=2, threshold=1
    ... )
    >>> mst.finite_size.attractors_at(net, [0.5, -4])
    StateMap(at stimulus (0.5, -4)
      period   basin  states
           1   25.0%  000
           1   25.0%  111
           2   50.0%  100 > 010
      3 attractors of 8 states.)
    """
    whole = IntegerNetwork.of(network)
    n = whole.n_neurons
    if n > _MOST_NEURONS:
        raise ValueError(
            f"the 2^{n} states of {n} neurons take {as_float(2**n) / 2**27:,.3g} GB, at most {_MOST_NEURONS} neurons "
            "are followed state by state; take attractors(network).at(stimulus), which knows no basins."
        )
    units = whole.units(stimulus)
    image = image_of_states(np.ascontiguousarray(whole.weights.T), whole.threshold, units[whole.population])
    basin, codes, period = follow_map(image)
    states = states_of(codes, n)
    stop = np.cumsum(period)
    boxes = np.array([trajectory_box(whole, states[e - p : e]) for p, e in zip(period, stop, strict=True)])
    found = Attractors.ordered(
        states,
        period,
        network.sizes,
        whole.stimulus(boxes[:, 0]),
        whole.stimulus(boxes[:, 1]),
        None,
        f"{len(period):,} attractors of {2**n:,} states.",
    )
    renumbered = np.empty(len(period), np.int32)
    weight = 1 << np.arange(n, dtype=np.int64)
    renumbered[basin[found.states[found.first[:-1]] @ weight]] = np.arange(len(period))
    given = np.array(np.broadcast_to(np.asarray(stimulus, float), (len(whole.names),)))
    return StateMap(given, image, found, renumbered[basin])


def trajectory_box(network: IntegerNetwork, states: ArrayLike) -> Integers:
    """Return the stimuli at which states follow each other and the first one the last, (2, n_populations)."""
    trajectory = np.asarray(states, np.int64)
    needed, after = network.needed(trajectory), np.roll(trajectory, -1, axis=0) == 1
    low = np.where(after, needed, ALWAYS).max(axis=0)
    high = np.where(after, NEVER, needed).min(axis=0)
    return np.stack([np.maximum.reduceat(low, network.first), np.minimum.reduceat(high, network.first)])


@njit(nogil=True, cache=True)
def image_of_states(columns, threshold, units):
    """Return the number of the state that follows each, in the order of a Gray code, (2^n,)."""
    n = threshold.size
    n_states = np.int64(1) << n
    image = np.empty(n_states, np.int32)
    needed, active = threshold.copy(), np.zeros(n, np.bool_)
    state = 0
    for step in range(n_states):
        if step:
            flipped, rest = 0, step
            while not rest & 1:
                rest >>= 1
                flipped += 1
            needed += columns[flipped] if active[flipped] else -columns[flipped]
            active[flipped] = not active[flipped]
            state ^= np.int64(1) << flipped
        after = 0
        for i in range(n):
            after |= np.int64(needed[i] <= units[i]) << i
        image[state] = after
    return image


@njit(nogil=True, cache=True)
def follow_map(image):
    """Return the attractor of each state, the states of all attractors one after the other, and their periods."""
    n_states = image.size
    basin = np.full(n_states, -1, np.int32)
    path = np.empty(n_states, np.int32)
    codes, period = np.empty(n_states, np.int64), np.empty(n_states, np.int64)
    n_codes = found = 0
    for start in range(n_states):
        length, state = 0, start
        while basin[state] == -1:
            # Marked as on this path.
            basin[state] = -2
            path[length] = state
            length += 1
            state = image[state]
        label = basin[state]
        if label == -2:
            label, begin = found, n_codes
            k = length - 1
            while path[k] != state:
                k -= 1
            codes[begin : begin + length - k] = path[k:length]
            n_codes += length - k
            period[found] = length - k
            found += 1
        for k in range(length):
            basin[path[k]] = label
    return basin, codes[:n_codes].copy(), period[:found].copy()
