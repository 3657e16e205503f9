"""Specification of a clustered network of leaky integrate-and-fire neurons."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_integer, require_number, require_pair
from metastable.networks._cluster_layout import ClusterLayout, shared_fraction

if TYPE_CHECKING:
    from metastable.networks._wiring import WiredLIFNetwork


@dataclass(frozen=True, kw_only=True)
class Synapse:
    """Time course of the current that a presynaptic spike causes; unit area.

    ``F(t) = (exp(-t/tau_decay) - exp(-t/tau_rise)) / (tau_decay - tau_rise)``, or ``exp(-t/tau_decay)/tau_decay``
    without a rise time.

    Parameters
    ----------
    tau_decay_ms : float, ms
    tau_rise_ms : float, ms, optional
    """

    tau_decay_ms: float
    tau_rise_ms: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "tau_decay_ms", require_number("tau_decay_ms", self.tau_decay_ms, above=0))
        if self.tau_rise_ms is None:
            return
        object.__setattr__(self, "tau_rise_ms", require_number("tau_rise_ms", self.tau_rise_ms, above=0))
        if self.tau_rise_ms >= self.tau_decay_ms:
            raise ValueError(
                f"tau_rise_ms={self.tau_rise_ms:g} must be below tau_decay_ms={self.tau_decay_ms:g}; "
                "leave it out for an exponential synapse."
            )


@dataclass(frozen=True, kw_only=True)
class Population:
    """Neurons with the same parameters: dV/dt = (bias - V)/tau_m + synaptic input.

    Parameters
    ----------
    name : str
        For instance ``"E"``.
    size : int
        Number of neurons.
    tau_m_ms : float, ms
        Membrane time constant.
    synapse : Synapse
        Time course of the synapses that these neurons make (bound to the presynaptic type).
    bias : (float, float)
        Range of the uniform distribution of the constant drive mu, drawn once per network.
    threshold, reset : float
        Membrane potential at which a spike is fired, and to which it is set then.
    refractory_ms : float, ms
        Time for which the potential stays at the reset value after a spike.
    initial_v : (float, float)
        Range of the uniform distribution of the initial potential, drawn anew in each trial.
    layout : ClusterLayout, optional
        Clusters of the population; None for none.
    """

    name: str
    size: int
    tau_m_ms: float
    synapse: Synapse
    bias: tuple[float, float]
    threshold: float = 1.0
    reset: float = 0.0
    refractory_ms: float = 5.0
    initial_v: tuple[float, float] = (0.0, 1.0)
    layout: ClusterLayout | None = None

    def __post_init__(self) -> None:
        # Stored as plain int and float, so that a specification made of numpy numbers is JSON-ready too.
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        put("size", require_integer(f"size of {self.name}", self.size, minimum=1))
        put("tau_m_ms", require_number(f"tau_m_ms of {self.name}", self.tau_m_ms, above=0))
        put("refractory_ms", require_number(f"refractory_ms of {self.name}", self.refractory_ms, minimum=0))
        put("threshold", require_number(f"threshold of {self.name}", self.threshold))
        put("reset", require_number(f"reset of {self.name}", self.reset))
        if not self.reset < self.threshold:
            raise ValueError(f"reset={self.reset:g} of {self.name} must lie below threshold={self.threshold:g}.")
        for name in ("bias", "initial_v"):
            low, high = require_pair(f"{name} of {self.name}", getattr(self, name))
            if high < low:
                raise ValueError(f"{name} of {self.name} must run from low to high, got ({low:g}, {high:g}).")
            put(name, (low, high))
        if self.layout is not None and self.layout.n_neurons != self.size:
            raise ValueError(
                f"the cluster layout of {self.name} is for {self.layout.n_neurons} neurons but the population has "
                f"{self.size}; give both the same number."
            )


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Synapses from one population to another.

    Pairs that share a cluster ("in") and pairs that do not ("out") differ by two independent means: probability
    clustering and weight clustering.

    Parameters
    ----------
    post, pre : str
        Names of the populations.
    probability : float
        Mean connection probability over all pairs; kept whatever `probability_ratio` is.
    weight : float
        Weight J of the uniform network.
    probability_ratio : float
        ``p_in / p_out``, the R_EE of Litwin-Kumar & Doiron 2012.
    j_plus : float
        Factor of the weight within a cluster.
    j_minus : float or None
        Factor of the weight between clusters; None for the value that keeps the mean weight,
        ``(1 - f j_plus)/(1 - f)`` with f the fraction of the synapses between neurons that share a cluster (equal
        clusters and uniform probability: ``(Q - j_plus)/(Q - 1)``).
    delay_ms : float, ms
        Time from a spike to its arrival.
    """

    post: str
    pre: str
    probability: float
    weight: float
    probability_ratio: float = 1.0
    j_plus: float = 1.0
    j_minus: float | None = 1.0
    delay_ms: float = 0.1

    def __post_init__(self) -> None:
        where = f"of {self.pre}->{self.post}"
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        put("probability", require_number(f"probability {where}", self.probability, minimum=0, maximum=1))
        put("weight", require_number(f"weight {where}", self.weight))
        put("probability_ratio", require_number(f"probability_ratio {where}", self.probability_ratio, minimum=0))
        put("j_plus", require_number(f"j_plus {where}", self.j_plus, minimum=0))
        if self.j_minus is not None:
            put("j_minus", require_number(f"j_minus {where}", self.j_minus, minimum=0))
        put("delay_ms", require_number(f"delay_ms {where}", self.delay_ms, above=0))

    @property
    def clustered(self) -> bool:
        """Whether pairs that share a cluster differ from the others."""
        return self.probability_ratio != 1 or self.j_plus != 1 or self.j_minus != 1


@dataclass(frozen=True)
class Block:
    """Probabilities and weights of one connection, resolved for the layout of its populations."""

    p_in: float
    p_out: float
    j_in: float
    j_out: float
    shared: float

    @property
    def mean_probability(self) -> float:
        """Connection probability averaged over all pairs."""
        return self.shared * self.p_in + (1 - self.shared) * self.p_out

    @property
    def mean_weight(self) -> float:
        """Weight averaged over all pairs, unconnected ones counting as 0."""
        return self.shared * self.p_in * self.j_in + (1 - self.shared) * self.p_out * self.j_out


@dataclass(frozen=True, kw_only=True, repr=False)
class LIFNetwork:
    """A clustered network of leaky integrate-and-fire neurons, as a specification.

    Parameters
    ----------
    populations : tuple of Population
        Neurons are numbered in this order.
    connections : tuple of Connection
        At most one for each pair of populations; no neuron connects to itself.
    name : str
        What to print.

    Raises
    ------
    ValueError
        If a probability within clusters exceeds 1, or populations and connections do not fit together.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.litwin_kumar_doiron_2012(r_ee=2.5)
    >>> net.n_neurons, round(net.block("E", "E").p_in, 6)
    (5000, 0.485437)
    """

    populations: tuple[Population, ...]
    connections: tuple[Connection, ...]
    name: str = "LIF network"

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

    def population(self, name: str) -> Population:
        """Return the population of this name."""
        for population in self.populations:
            if population.name == name:
                return population
        raise ValueError(f"there is no population {name!r}; known are {[p.name for p in self.populations]}.")

    def neurons(self, name: str) -> slice:
        """Return the range of neuron indices of a population."""
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
        """
        for connection in self.connections:
            if (connection.post, connection.pre) == (post, pre):
                return _resolve(connection, self.population(post).layout, self.population(pre).layout)
        raise ValueError(f"there is no connection from {pre!r} to {post!r}.")

    def uniform(self) -> LIFNetwork:
        """Return the same network without any clustering of probabilities or weights; labels stay."""
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

    def wire(self, seed: int | None = None, *, network_index: int = 0) -> WiredLIFNetwork:
        """Draw the connections and the bias of one network.

        Parameters
        ----------
        seed : int, optional
            Entropy of the experiment; None draws it and records it.
        network_index : int
            Which of the networks of this seed.

        Returns
        -------
        WiredLIFNetwork

        Examples
        --------
        >>> import metastable as mst
        >>> net = mst.networks.litwin_kumar_doiron_2012(r_ee=2.5, n_e=400, n_clusters=5)
        >>> net.wire(seed=1)
        WiredLIFNetwork: 500 neurons, 7... synapses, seed 1, network 0
        """
        from metastable.networks._wiring import wire

        return wire(self, seed=seed, network_index=network_index)

    def summary(self) -> str:
        """Describe populations, probabilities, weights and the mean excitatory drive in a few lines."""
        from metastable.networks._summary import summarise

        return summarise(self)

    def __repr__(self) -> str:
        return self.summary()

    def to_dict(self) -> dict[str, Any]:
        """Return the specification as JSON-ready data."""
        return dataclasses.asdict(self)

    @staticmethod
    def from_dict(data: dict[str, Any]) -> LIFNetwork:
        """Rebuild a specification from `to_dict`, or from its JSON."""
        populations = []
        for item in data["populations"]:
            layout = item["layout"]
            if layout is not None:
                runs = tuple(tuple((a, b) for a, b in cluster) for cluster in layout["clusters"])
                layout = ClusterLayout(layout["n_neurons"], runs)
            fields = {**item, "synapse": Synapse(**item["synapse"]), "layout": layout}
            populations.append(Population(**fields))
        connections = tuple(Connection(**item) for item in data["connections"])
        return LIFNetwork(populations=tuple(populations), connections=connections, name=data["name"])


def _resolve(connection: Connection, post: ClusterLayout | None, pre: ClusterLayout | None) -> Block:
    where = f"{connection.pre}->{connection.post}"
    if connection.clustered and (post is None or pre is None):
        raise ValueError(f"{where} is clustered but one of its populations has no cluster layout; give it one.")
    shared = shared_fraction(post, pre) if connection.clustered else 0.0
    ratio = connection.probability_ratio
    growth = 1 + shared * (ratio - 1)
    p_out = connection.probability / growth if growth else np.inf
    if p_out > 1 + 1e-12:
        # p_out = p / (1 + f (R - 1)) falls to 1 at this ratio.
        limit = 1 - (1 - connection.probability) / shared
        raise ValueError(
            f"probability_ratio={ratio:g} of {where} makes the probability between clusters {p_out:.3g}, above 1; with "
            f"this layout and mean probability {connection.probability:g} it must be at least {_limit(limit, up=True)}."
        )
    p_in = ratio * p_out
    if p_in > 1 + 1e-12:
        # p_in = R p / (1 + f (R - 1)) reaches 1 at this ratio.
        limit = (1 - shared) / (connection.probability - shared)
        raise ValueError(
            f"probability_ratio={ratio:g} of {where} makes the probability within clusters {p_in:.3g}, above 1; "
            f"with this layout and mean probability {connection.probability:g} it may be at most {_limit(limit)}."
        )
    j_minus = connection.j_minus
    if j_minus is None:
        inside = shared * (ratio / growth)
        if inside >= 1 and connection.j_plus != 1:
            raise ValueError(
                f"all pairs of {where} share a cluster, so no weight between clusters can keep the mean at "
                f"j_plus={connection.j_plus:g}; give j_minus, or a layout with more clusters."
            )
        j_minus = (1 - inside * connection.j_plus) / (1 - inside) if inside < 1 else 1.0
        if j_minus < 0:
            raise ValueError(
                f"j_plus={connection.j_plus:g} of {where} needs a negative weight between clusters to keep the mean; "
                f"with this layout it may be at most {_limit(1 / inside)}."
            )
    return Block(
        p_in=min(p_in, 1.0),
        p_out=min(p_out, 1.0),
        j_in=connection.weight * connection.j_plus,
        j_out=connection.weight * j_minus,
        shared=shared,
    )


def _limit(value: float, *, up: bool = False) -> str:
    """Return a limit with six decimals, rounded to the safe side so that the printed number is allowed."""
    steps = np.ceil(value * 1e6 - 1e-6) if up else np.floor(value * 1e6 + 1e-6)
    return f"{steps / 1e6:.15g}"
