"""How many stationary states a network with random weights has: the mean and the variance over networks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn
from metastable._validation import require_truth
from metastable.finite_size._needed_stimulus import activation_table, log_binomials, require_disordered, times_log
from metastable.finite_size._search_cost import as_float, duration
from metastable.finite_size._stationary_pairs import second_moment
from metastable.networks import DisorderedNetwork

Array = NDArray[np.float64]

_MOST_COUNTS = 10_000_000
_NANOSECONDS = 60.0


@dataclass(frozen=True, eq=False, repr=False)
class ExpectedStationaryStates(Drawn):
    """Stationary states at one stimulus, averaged over networks.

    Parameters
    ----------
    network : DisorderedNetwork
    log_probability : ndarray, (N_1 + 1, N_2 + 1, ...)
        Natural logarithm of the probability that one given state with these numbers of active neurons is stationary.
    log_by_count : ndarray, (N_1 + 1, N_2 + 1, ...)
        Natural logarithm of the expected number of stationary states with these numbers.
    variance : float or None
        Of the number of stationary states over networks, if asked for.
    """

    network: DisorderedNetwork
    log_probability: Array
    log_by_count: Array
    variance: float | None = None

    @property
    def log_expected(self) -> float:
        """Natural logarithm of the expected number."""
        largest = float(self.log_by_count.max())
        if largest == -math.inf:
            return -math.inf
        return largest + math.log(float(np.exp(self.log_by_count - largest).sum()))

    @property
    def expected(self) -> float:
        """Expected number of stationary states; infinite beyond the largest float."""
        return math.exp(self.log_expected) if self.log_expected < 709 else math.inf

    @property
    def standard_deviation(self) -> float | None:
        """Of the number of stationary states over networks, if asked for."""
        return None if self.variance is None else math.sqrt(self.variance)

    @property
    def occupancy(self) -> Array:
        """Share of all stationary states of all networks that have these counts, (N_1 + 1, N_2 + 1, ...)."""
        if self.log_expected == -math.inf:
            raise ValueError("no network has a stationary state at this stimulus; choose another stimulus.")
        return np.exp(self.log_by_count - self.log_expected)

    @property
    def activity(self) -> Array:
        """Share of active neurons of each population in a stationary state, mean over all, (n_populations,)."""
        occupancy, sizes = self.occupancy, list(self.network.sizes.values())
        axes = range(occupancy.ndim)
        return np.array(
            [
                occupancy.sum(axis=tuple(b for b in axes if b != a)) @ np.arange(size + 1) / size
                for a, size in enumerate(sizes)
            ]
        )

    def __repr__(self) -> str:
        spread = "" if self.variance is None else f" +- {self.standard_deviation:.6g}"
        at = ", ".join(f"{v:g}" for v in self.network.stimulus)
        return f"ExpectedStationaryStates({self.expected:.6g}{spread} of 2^{self.network.n_neurons} at stimulus ({at}))"


def expected_stationary_states(network: DisorderedNetwork, *, variance: bool = False) -> ExpectedStationaryStates:
    """Compute how many stationary states networks with random weights have on average.

    Parameters
    ----------
    network : DisorderedNetwork
        Its stimulus is where the states are counted.
    variance : bool
        Whether to compute the variance over networks too, which takes pairs of states.

    Returns
    -------
    ExpectedStationaryStates

    Raises
    ------
    ValueError
        If there are too many numbers of active neurons to sum over: the cost is named.

    Notes
    -----
    Fasoli & Panzeri 2019: a state is stationary with probability ``prod_i F_i(I)^A_i (1 - F_i(I))^(1 - A_i)`` where F_i
    is the law of the stimulus that neuron i needs, which depends on the state by the numbers of active neurons alone.
    The sum over states is one over these numbers, in logarithms. In the variance every neuron has four probabilities,
    those of its inputs from both states of a pair, which share the weights from neurons active in both: bivariate
    normals.

    Examples
    --------
    Where all weights are symmetric around 0, there are ``1 + (N - 1) / 2^N`` on average.

    >>> import metastable as mst
    >>> disorder = mst.networks.DisorderedNetwork(sizes={"E": 4}, mean=0, sd=1)
    >>> mst.finite_size.expected_stationary_states(disorder, variance=True)
    ExpectedStationaryStates(1.1875 +- 0.633173 of 2^4 at stimulus (0))
    """
    network = require_disordered(network)
    require_truth("variance", variance)
    sizes = list(network.sizes.values())
    n_counts = as_float(math.prod(size + 1 for size in sizes))
    if n_counts > _MOST_COUNTS:
        seconds = n_counts * len(sizes) * _NANOSECONDS * 1e-9
        raise ValueError(
            f"populations of {', '.join(map(str, sizes))} neurons have {n_counts:.2g} combinations of active neurons, "
            f"which take {duration(seconds)} and {n_counts * len(sizes) * 5e-8:.2g} GB; at most {_MOST_COUNTS:,} are "
            "allowed: take fewer populations or neurons."
        )
    log_probability = np.zeros([size + 1 for size in sizes])
    for a, size in enumerate(sizes):
        active, silent = activation_table(network, a)
        n_active = np.arange(size + 1).reshape([-1 if b == a else 1 for b in range(len(sizes))])
        # An active neuron does not count itself.
        by_others = np.concatenate([np.take(active, [0], axis=a), np.take(active, np.arange(size), axis=a)], axis=a)
        log_probability += times_log(n_active, by_others) + times_log(size - n_active, silent)
    second = second_moment(network) if variance else None
    found = ExpectedStationaryStates(network, log_probability, log_probability + log_binomials(sizes))
    if second is None:
        return found
    # Rounding may leave a little below 0 where all networks have the same number.
    spread = max(second - found.expected**2, 0.0)
    return ExpectedStationaryStates(network, found.log_probability, found.log_by_count, spread)
