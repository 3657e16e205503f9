"""Specification of a clustered network of binary units with asynchronous updates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metastable._validation import require_integer, require_number
from metastable.networks._cluster_layout import ClusterLayout
from metastable.networks._clustered_network import ClusteredNetwork
from metastable.networks._connection import Connection

if TYPE_CHECKING:
    from metastable.networks._wiring import WiredBinaryNetwork


@dataclass(frozen=True, kw_only=True)
class BinaryPopulation:
    """Binary units with the same parameters.

    An update sets sigma to 1 if ``sum J sigma + drive - threshold > 0``, else to 0.

    Parameters
    ----------
    name : str
        For instance ``"E"``.
    size : int
        Number of units.
    tau_ms : float, ms
        Mean time between two updates of a unit.
    threshold : float
        The theta of the rule above.
    drive : float
        Constant external input, ``J_X m_X``; it adds no variance.
    layout : ClusterLayout, optional
        Clusters of the population; None for none.
    """

    name: str
    size: int
    tau_ms: float
    threshold: float = 1.0
    drive: float = 0.0
    layout: ClusterLayout | None = None

    def __post_init__(self) -> None:
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        where = f"of {self.name}"
        put("size", require_integer(f"size {where}", self.size, minimum=1))
        put("tau_ms", require_number(f"tau_ms {where}", self.tau_ms, above=0))
        put("threshold", require_number(f"threshold {where}", self.threshold))
        put("drive", require_number(f"drive {where}", self.drive))
        if self.layout is not None and self.layout.n_neurons != self.size:
            raise ValueError(
                f"the cluster layout of {self.name} is for {self.layout.n_neurons} units but the population has "
                f"{self.size}; give both the same number."
            )


@dataclass(frozen=True, kw_only=True, repr=False)
class BinaryNetwork(ClusteredNetwork):
    """A clustered network of binary units that are updated one at a time, as a specification.

    Parameters
    ----------
    populations : tuple of BinaryPopulation
        Units are numbered in this order.
    connections : tuple of Connection
        At most one for each pair of populations; no unit connects to itself. Delays are not used.
    name : str
        What to print.

    Raises
    ------
    ValueError
        If a probability within clusters exceeds 1, or populations and connections do not fit together.

    Notes
    -----
    Rost, Deger & Nawrot 2018, eq. 1.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.rost_2018(j_e_plus=2)
    >>> net.n_neurons, round(net.block("E", "E").j_out, 6)
    (5000, 0.033495)
    """

    populations: tuple[BinaryPopulation, ...]
    connections: tuple[Connection, ...]
    name: str = "binary network"

    def wire(self, seed: int | None = None, *, network_index: int = 0) -> WiredBinaryNetwork:
        """Draw the connections of one network.

        Parameters
        ----------
        seed : int, optional
            Entropy of the experiment; None draws it and records it.
        network_index : int
            Which of the networks of this seed.

        Returns
        -------
        WiredBinaryNetwork

        Examples
        --------
        >>> import metastable as mst
        >>> mst.networks.rost_2018(n_e=400, n_clusters=4).wire(seed=1)
        WiredBinaryNetwork: 500 neurons, 7... synapses, seed 1, network 0
        """
        from metastable.networks._wiring import wire_binary

        return wire_binary(self, seed=seed, network_index=network_index)

    def summary(self) -> str:
        """Describe populations, probabilities and weights in a few lines."""
        lines = [f"{self.name}: {self.n_neurons:,} binary units"]
        for p in self.populations:
            clusters = "no clusters" if p.layout is None else f"{p.layout.n_clusters} clusters"
            lines.append(
                f"  {p.name:<3} {p.size:>6,} units  tau {p.tau_ms:g} ms  threshold {p.threshold:g}  "
                f"drive {p.drive:.4f}  {clusters}"
            )
        for c in self.connections:
            block = self.block(c.post, c.pre)
            inside = f"  within a cluster p {block.p_in:.4f} J {block.j_in:+.5f}" if c.clustered else ""
            lines.append(f"  {c.pre:>3}->{c.post:<3} p {block.p_out:.4f} J {block.j_out:+.5f}{inside}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.summary()

    @staticmethod
    def from_dict(data: dict[str, Any]) -> BinaryNetwork:
        """Rebuild a specification from `to_dict`, or from its JSON."""
        populations = tuple(
            BinaryPopulation(**{**item, "layout": ClusterLayout.from_dict(item["layout"])})
            for item in data["populations"]
        )
        connections = tuple(Connection(**item) for item in data["connections"])
        return BinaryNetwork(populations=populations, connections=connections, name=data["name"])
