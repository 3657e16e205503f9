"""Specification of small networks whose weights are random and frozen: quenched disorder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._display import Displayed
from metastable._random import Purpose, resolve_seed, stream
from metastable._validation import require_integer, require_numbers
from metastable.networks._finite_size_network import FiniteSizeNetwork, checked_sizes

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class DisorderedNetwork(Displayed):
    """Synchronous binary neurons in statistically homogeneous populations.

    Every weight from a neuron of population b to another one of population a is drawn once, independently of all
    others: it is 0 with probability ``1 - probability_ab``, else normal with mean ``mean_ab / in_degree_a`` and
    standard deviation ``sd_ab / in_degree_a``.

    Parameters
    ----------
    sizes : mapping of str to int
        Neurons of each population.
    mean, sd : float or array_like, (n_populations, n_populations)
        Of the coupling J_ab from population b to neurons of a where there is one; ``sd`` 0 for fixed couplings.
    probability : float or array_like, (n_populations, n_populations)
        That there is a coupling.
    in_degree : float or array_like, (n_populations,), optional
        M_a, by which couplings onto population a are divided; by default the number of all other neurons.
    threshold, stimulus : float or array_like, (n_populations,)
    name : str
        What to print.

    Raises
    ------
    ValueError
        If a shape does not fit or a number is out of range.

    Notes
    -----
    Fasoli & Panzeri 2019. There are no autapses. The weights of each neuron are independent of those of the others, by
    which a state is stationary with the product of the probabilities of its neurons.

    Examples
    --------
    >>> import metastable as mst
    >>> disorder = mst.networks.DisorderedNetwork(
    ...     sizes={"E": 3, "I": 2}, mean=[[8, -6], [7, -5]], sd=1, probability=0.5, threshold=1
    ... )
    >>> disorder
    disordered network: 3 E, 2 I neurons
      mean -6 to 8  sd 1  probability 0.5  in-degree 4  threshold 1  stimulus 0
    >>> disorder.wire(seed=1).weights.shape
    (5, 5)
    """

    sizes: Mapping[str, int]
    mean: Array
    sd: Array
    probability: Array = field(default_factory=lambda: np.ones(1))
    in_degree: Array = field(default_factory=lambda: np.zeros(0))
    threshold: Array = field(default_factory=lambda: np.zeros(1))
    stimulus: Array = field(default_factory=lambda: np.zeros(1))
    name: str = "disordered network"

    def __post_init__(self) -> None:
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        put("sizes", checked_sizes(self.sizes))
        count = len(self.sizes)
        # Nothing given, by the default or by None: all other neurons.
        if self.in_degree is None or not np.size(self.in_degree):
            put("in_degree", float(max(self.n_neurons - 1, 1)))
        for name in ("mean", "sd", "probability"):
            put(name, _frozen(name, getattr(self, name), (count, count)))
        for name in ("in_degree", "threshold", "stimulus"):
            put(name, _frozen(name, getattr(self, name), (count,)))
        if (self.sd < 0).any():
            raise ValueError(f"sd must be at least 0, got {self.sd.min():g}.")
        if ((self.probability < 0) | (self.probability > 1)).any():
            wrong = self.probability[(self.probability < 0) | (self.probability > 1)][0]
            raise ValueError(f"probability must lie between 0 and 1, got {wrong:g}.")
        if (self.in_degree <= 0).any():
            raise ValueError(f"in_degree must be above 0, got {self.in_degree.min():g}.")

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return sum(self.sizes.values())

    @property
    def weight_mean(self) -> Array:
        """Mean of an existing weight, (n_populations, n_populations)."""
        return self.mean / self.in_degree[:, None]

    @property
    def weight_sd(self) -> Array:
        """Standard deviation of an existing weight, (n_populations, n_populations)."""
        return self.sd / self.in_degree[:, None]

    def with_stimulus(self, stimulus: ArrayLike) -> DisorderedNetwork:
        """Return the network under another stimulus, float or (n_populations,)."""
        return replace(self, stimulus=require_numbers("stimulus", stimulus))

    def wire(self, seed: int | None = None, *, network: int = 0) -> FiniteSizeNetwork:
        """Draw the weights of one network.

        Parameters
        ----------
        seed : int or None
            None to draw one from the operating system.
        network : int
            Number of the network: each of a seed has weights of its own.

        Returns
        -------
        FiniteSizeNetwork
            Without noise.
        """
        random = stream(resolve_seed(seed), Purpose.WIRING, require_integer("network", network, minimum=0))
        of = np.repeat(np.arange(len(self.sizes)), list(self.sizes.values()))
        block = np.ix_(of, of)
        n = self.n_neurons
        # Both numbers of every pair are drawn, so that a change of probability leaves the strengths as they are.
        strength, chance = random.standard_normal((n, n)), random.random((n, n))
        weights = self.weight_mean[block] + self.weight_sd[block] * strength
        weights[chance >= self.probability[block]] = 0
        np.fill_diagonal(weights, 0)
        return FiniteSizeNetwork(
            weights=weights,
            threshold=self.threshold[of],
            stimulus=self.stimulus[of],
            sizes=self.sizes,
            name=f"{self.name}, wired",
        )

    def summary(self) -> str:
        """Describe the network in two lines."""
        populations = ", ".join(f"{size} {name}".strip() for name, size in self.sizes.items())
        values = "  ".join(
            f"{name.replace('_', '-')} {_range(getattr(self, name))}"
            for name in ("mean", "sd", "probability", "in_degree", "threshold", "stimulus")
        )
        return f"{self.name}: {populations} neurons\n  {values}"

    def __repr__(self) -> str:
        return self.summary()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DisorderedNetwork) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(tuple(self.sizes.items()))

    def to_dict(self) -> dict[str, Any]:
        """Return the specification as JSON-ready data.

        Examples
        --------
        >>> import metastable as mst
        >>> disorder = mst.networks.DisorderedNetwork(sizes={"E": 3}, mean=0, sd=1)
        >>> mst.networks.DisorderedNetwork.from_dict(disorder.to_dict()) == disorder
        True
        """
        names = ("mean", "sd", "probability", "in_degree", "threshold", "stimulus")
        return {"sizes": dict(self.sizes), "name": self.name} | {name: getattr(self, name).tolist() for name in names}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> DisorderedNetwork:
        """Rebuild a specification from `to_dict`, or from its JSON."""
        return DisorderedNetwork(**data)


def _frozen(name: str, values: Any, shape: tuple[int, ...]) -> Array:
    array = require_numbers(name, values)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinite values; give finite ones.")
    if array.size != 1 and array.shape != shape:
        raise ValueError(f"{name} must be one number or have shape {shape}, got {array.shape}.")
    own = np.array(np.broadcast_to(array.ravel()[0] if array.size == 1 else array, shape), np.float64)
    own.setflags(write=False)
    return own


def _range(values: Array) -> str:
    low, high = values.min(), values.max()
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
