"""Synapses between two populations, clustered by probability, by weight, or by both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metastable._validation import require_number
from metastable.networks._cluster_layout import ClusterLayout, shared_fraction


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
        Time from a spike to its arrival; binary networks, which have no transmission, do not use it.

    Raises
    ------
    ValueError
        If a probability, ratio, factor or delay is out of range.

    Examples
    --------
    >>> from metastable.networks import Connection
    >>> Connection(post="E", pre="E", probability=0.2, weight=0.024, probability_ratio=2.5, j_plus=1.9).clustered
    True
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
    """Probabilities and weights of one connection, resolved for the layout of its populations.

    Parameters
    ----------
    p_in, p_out : float
        Connection probability of pairs that share a cluster, and of those that do not.
    j_in, j_out : float
        Their weights.
    shared : float
        Fraction of pairs that share a cluster; 0 for an unclustered connection.

    Examples
    --------
    >>> import metastable as mst
    >>> block = mst.networks.litwin_kumar_doiron_2012(r_ee=2.5).block("E", "E")
    >>> round(block.mean_probability, 12), block.shared
    (0.2, 0.02)
    """

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


def resolve(connection: Connection, post: ClusterLayout | None, pre: ClusterLayout | None) -> Block:
    """Return the probabilities and weights of a connection for the layouts of its populations."""
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
