"""Specification of a clustered network of leaky integrate-and-fire neurons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metastable._validation import require_integer, require_number, require_pair
from metastable.networks._cluster_layout import ClusterLayout
from metastable.networks._clustered_network import ClusteredNetwork
from metastable.networks._connection import Connection

if TYPE_CHECKING:
    from metastable.networks._wired_lif_network import WiredLIFNetwork


@dataclass(frozen=True, kw_only=True)
class Synapse:
    """Time course of the current that a presynaptic spike causes; unit area.

    ``F(t) = (exp(-t/tau_decay) - exp(-t/tau_rise)) / (tau_decay - tau_rise)``, or ``exp(-t/tau_decay)/tau_decay``
    without a rise time.

    Parameters
    ----------
    tau_decay_ms : float, ms
    tau_rise_ms : float, ms, optional
        Below the decay time; None for an exponential synapse.

    Raises
    ------
    ValueError
        If a time is not positive, or the rise is not faster than the decay.

    Examples
    --------
    >>> from metastable.networks import Synapse
    >>> Synapse(tau_decay_ms=3, tau_rise_ms=1)
    Synapse(tau_decay_ms=3.0, tau_rise_ms=1.0)
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

    def psp_peak(self, tau_m_ms: float) -> float:
        """Return the peak of the postsynaptic potential that one spike causes at weight 1.

        Parameters
        ----------
        tau_m_ms : float, ms
            Membrane time constant of the postsynaptic neuron.

        Returns
        -------
        float
            In the unit of the weight. The postsynaptic potential solves ``dV/dt = -V/tau_m + F(t)``; for an exponential
            synapse its peak is ``r^(r/(1 - r))`` with ``r = tau_decay/tau_m``.

        Raises
        ------
        ValueError
            If the time constant is not above 0.

        Examples
        --------
        >>> from metastable.networks import Synapse
        >>> round(Synapse(tau_decay_ms=5).psp_peak(20), 6)
        0.629961
        """
        from metastable.networks._postsynaptic_potential import psp_peak

        return psp_peak(require_number("tau_m_ms", tau_m_ms, above=0), self.tau_decay_ms, self.tau_rise_ms)


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

    Raises
    ------
    ValueError
        If a parameter is out of range, or the layout is for another number of neurons.

    Examples
    --------
    >>> from metastable.networks import ClusterLayout, Population, Synapse
    >>> e = Population(name="E", size=400, tau_m_ms=15, synapse=Synapse(tau_decay_ms=3, tau_rise_ms=1), bias=(1.1, 1.2),
    ...                layout=ClusterLayout.equal(400, 5))
    >>> e.threshold, e.refractory_ms
    (1.0, 5.0)
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


@dataclass(frozen=True, kw_only=True, repr=False)
class LIFNetwork(ClusteredNetwork):
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

    def wire(self, seed: int | None = None, *, network_index: int = 0, storage: str = "auto") -> WiredLIFNetwork:
        """Draw the connections and the bias of one network.

        Parameters
        ----------
        seed : int, optional
            Entropy of the experiment; None draws it and records it.
        network_index : int
            Which of the networks of this seed.
        storage : {"auto", "bits", "lists"}
            One bit for each pair of neurons, or a list of targets for each neuron, 4 bytes a synapse. By default what
            is faster: lists in sparse networks, where fewer than one pair in 64 is connected, or one in 32 in large
            networks, whose bits take more than 64 MB. The same connections are drawn, and the same spikes come out,
            either way.

        Returns
        -------
        WiredLIFNetwork

        Raises
        ------
        ValueError
            If a seed or index is negative, or the storage has another name.

        Examples
        --------
        >>> import metastable as mst
        >>> net = mst.networks.litwin_kumar_doiron_2012(r_ee=2.5, n_e=400, n_clusters=5)
        >>> net.wire(seed=1)
        WiredLIFNetwork: 500 neurons, 7... synapses, seed 1, network 0
        """
        from metastable.networks._wired_lif_network import wire_lif

        return wire_lif(self, seed=seed, network_index=network_index, storage=storage)

    def summary(self) -> str:
        """Describe populations, probabilities, weights and the mean excitatory drive in a few lines."""
        from metastable.networks._summary import summarise

        return summarise(self)

    def __repr__(self) -> str:
        return self.summary()

    @staticmethod
    def from_dict(data: dict[str, Any]) -> LIFNetwork:
        """Rebuild a specification from `to_dict`, or from its JSON."""
        populations = []
        for item in data["populations"]:
            layout = ClusterLayout.from_dict(item["layout"])
            fields = {**item, "synapse": Synapse(**item["synapse"]), "layout": layout}
            populations.append(Population(**fields))
        connections = tuple(Connection(**item) for item in data["connections"])
        return LIFNetwork(populations=tuple(populations), connections=connections, name=data["name"])
