"""What all clustered networks have in common: populations, connections, and who belongs to which cluster."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn
from metastable.networks._connection import Block, Connection, resolve


@dataclass(frozen=True, kw_only=True, repr=False)
class ClusteredNetwork(Drawn):
    """Populations with cluster layouts and the connections between them; abstract.

    Parameters
    ----------
    populations : tuple
        Neurons are numbered in this order.
    connections : tuple of Connection
        At most one for each pair of populations; no neuron connects to itself.
    name : str
        What to print.
    """

    _prints_a_table = True

    populations: tuple[Any, ...]
    connections: tuple[Connection, ...]
    name: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "populations", tuple(self.populations))
        object.__setattr__(self, "connections", tuple(self.connections))
        names = [p.name for p in self.populations]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"populations must be at least one, with distinct names, got {names}.")
        pairs = [(c.post, c.pre) for c in self.connections]
        if len(set(pairs)) != len(pairs):
            raise ValueError(f"there must be at most one connection for each pair of populations, got {pairs}.")
        for post, pre in pairs:
            self.population(post)
            self.population(pre)
            self.block(post, pre)

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return sum(p.size for p in self.populations)

    @property
    def n_clusters(self) -> int:
        """Number of clusters (those of the population that has most)."""
        return max((p.layout.n_clusters for p in self.populations if p.layout is not None), default=0)

    def population(self, name: str) -> Any:
        """Return the population of this name.

        Raises
        ------
        ValueError
            If there is none.

        Examples
        --------
        >>> import metastable as mst
        >>> mst.networks.litwin_kumar_doiron_2012().population("I").size
        1000
        """
        for population in self.populations:
            if population.name == name:
                return population
        raise ValueError(f"there is no population {name!r}; known are {[p.name for p in self.populations]}.")

    def neurons(self, name: str) -> slice:
        """Return the range of neuron indices of a population.

        Raises
        ------
        ValueError
            If there is none of this name.

        Examples
        --------
        >>> import metastable as mst
        >>> mst.networks.litwin_kumar_doiron_2012().neurons("I")
        slice(4000, 5000, None)
        """
        start = 0
        for population in self.populations:
            if population.name == name:
                return slice(start, start + population.size)
            start += population.size
        raise ValueError(f"there is no population {name!r}; known are {[p.name for p in self.populations]}.")

    def block(self, post: str, pre: str) -> Block:
        """Return probabilities and weights of the connection from `pre` to `post`.

        Raises
        ------
        ValueError
            If there is no such connection, or clustering drives a probability above 1 or a weight below 0.

        Examples
        --------
        >>> import metastable as mst
        >>> block = mst.networks.litwin_kumar_doiron_2012(r_ee=2.5).block("E", "E")
        >>> round(block.p_in, 6), round(block.p_out, 6)
        (0.485437, 0.194175)
        """
        for connection in self.connections:
            if (connection.post, connection.pre) == (post, pre):
                return resolve(connection, self.population(post).layout, self.population(pre).layout)
        raise ValueError(f"there is no connection from {pre!r} to {post!r}.")

    def uniform(self) -> Self:
        """Return the same network without any clustering of probabilities or weights; labels stay.

        Examples
        --------
        >>> import metastable as mst
        >>> mst.networks.litwin_kumar_doiron_2012(r_ee=2.5).uniform().block("E", "E").p_in
        0.2
        """
        plain = tuple(dataclasses.replace(c, probability_ratio=1.0, j_plus=1.0, j_minus=1.0) for c in self.connections)
        return dataclasses.replace(self, connections=plain, name=f"{self.name}, uniform")

    @property
    def membership(self) -> NDArray[np.bool_]:
        """Which neuron of the network belongs to which cluster, (n_neurons, n_clusters)."""
        matrix = np.zeros((self.n_neurons, self.n_clusters), bool)
        for population in self.populations:
            if population.layout is not None:
                matrix[self.neurons(population.name), : population.layout.n_clusters] = population.layout.membership
        return matrix

    @property
    def cluster(self) -> NDArray | None:
        """Cluster labels as `SpikeData` takes them: one per neuron, or the membership matrix where clusters overlap."""
        if not self.n_clusters:
            return None
        membership = self.membership
        if (membership.sum(axis=1) > 1).any():
            return membership
        return np.where(membership.any(axis=1), membership.argmax(axis=1), -1).astype(np.int32)

    @property
    def population_names(self) -> NDArray[np.str_]:
        """Name of each neuron's population, (n_neurons,)."""
        return np.repeat([p.name for p in self.populations], [p.size for p in self.populations])

    def to_dict(self) -> dict[str, Any]:
        """Return the specification as JSON-ready data.

        Examples
        --------
        >>> import metastable as mst
        >>> net = mst.networks.litwin_kumar_doiron_2012()
        >>> mst.networks.LIFNetwork.from_dict(net.to_dict()) == net
        True
        """
        return dataclasses.asdict(self)
