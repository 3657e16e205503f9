"""The network of Litwin-Kumar & Doiron (2012), at any size."""

from __future__ import annotations

import math

from metastable._validation import require_choice, require_integer, require_number
from metastable.networks._cluster_layout import ClusterLayout
from metastable.networks._lif_network import Connection, LIFNetwork, Population, Synapse

# J sqrt(K) of the paper, and the three-digit weights that many reproductions use, at K = 800 (post, pre).
_EXACT = {("E", "E"): 10 / 15, ("I", "E"): 4 / 10, ("E", "I"): -19.2 / 15, ("I", "I"): -16 / 10}
_ROUNDED = {("E", "E"): 0.024, ("I", "E"): 0.014, ("E", "I"): -0.045, ("I", "I"): -0.057}


def litwin_kumar_doiron_2012(
    *,
    r_ee: float = 2.5,
    j_plus: float | None = None,
    weights: str = "exact",
    clustering: str = "probability",
    n_e: int = 4000,
    n_i: int | None = None,
    n_clusters: int = 50,
    layout: ClusterLayout | None = None,
) -> LIFNetwork:
    """Build the balanced network with clustered excitation of Litwin-Kumar & Doiron (2012).

    Parameters
    ----------
    r_ee : float
        Ratio of the E->E connection probabilities within and between clusters at mean probability 0.2; 1 for the
        uniform network.
    j_plus : float, optional
        Factor of the E->E weight within clusters. By default 1.9, and 1 in the uniform network (``r_ee=1`` with
        probability clustering).
    weights : {"exact", "rounded"}
        ``J sqrt(K)`` of the paper, or the weights rounded to three digits that many reproductions use. Rounding
        alone moves the E rate of the clustered network from 3.2 to 4.4 spikes/s.
    clustering : {"probability", "weight"}
        Clusters by connection probability (the paper), or by weight alone: then ``r_ee`` must be left at its
        default, `j_plus` is the clustering strength (required) and the weights between clusters are lowered so that
        the mean stays.
    n_e : int
        Number of excitatory neurons. Weights scale with ``1/sqrt(K)``, ``K = 0.2 n_e``.
    n_i : int, optional
        Number of inhibitory neurons, by default a quarter of `n_e`.
    n_clusters : int
        Number of equal clusters; ignored if `layout` is given.
    layout : ClusterLayout, optional
        Any other arrangement of the `n_e` excitatory neurons.

    Returns
    -------
    LIFNetwork

    Raises
    ------
    ValueError
        If the clusters do not fit, or the probability within clusters exceeds 1.

    Notes
    -----
    Litwin-Kumar & Doiron 2012, Methods; every E->E probability ratio other than 1 goes with the factor 1.9 on the
    weights within clusters, so the mean E->E weight grows with `r_ee` (by 4.4 % at 2.5) while the mean probability
    does not.

    Examples
    --------
    >>> import metastable as mst
    >>> block = mst.networks.litwin_kumar_doiron_2012(r_ee=2.5).block("E", "E")
    >>> round(block.p_out, 6), round(block.j_out, 6)
    (0.194175, 0.02357)
    """
    require_number("r_ee", r_ee, above=0)
    require_choice("weights", weights, ("exact", "rounded"))
    require_choice("clustering", clustering, ("probability", "weight"))
    n_e = require_integer("n_e", n_e, minimum=1)
    n_i = max(1, n_e // 4) if n_i is None else require_integer("n_i", n_i, minimum=1)
    layout = ClusterLayout.equal(n_e, n_clusters) if layout is None else layout
    if not isinstance(layout, ClusterLayout):
        raise TypeError(f"layout must be a ClusterLayout, got {layout!r}; see ClusterLayout.equal.")

    if clustering == "weight":
        if j_plus is None:
            raise ValueError("clustering='weight' needs j_plus, the factor of the weights within clusters; give it.")
        if r_ee not in (1, 2.5):
            raise ValueError(f"clustering='weight' keeps probabilities uniform, got r_ee={r_ee:g}; leave it out.")
        e_to_e = {"j_plus": j_plus, "j_minus": None}
    else:
        default_j_plus = 1.0 if r_ee == 1 else 1.9
        e_to_e = {"probability_ratio": r_ee, "j_plus": default_j_plus if j_plus is None else j_plus}

    k = 0.2 * n_e
    scale = 1 / math.sqrt(k) if weights == "exact" else math.sqrt(800 / k)
    table = _EXACT if weights == "exact" else _ROUNDED
    connections = tuple(
        Connection(
            post=post,
            pre=pre,
            probability=0.2 if (post, pre) == ("E", "E") else 0.5,
            weight=weight * scale,
            **(e_to_e if (post, pre) == ("E", "E") else {}),
        )
        for (post, pre), weight in table.items()
    )
    strength = f"J+ = {j_plus:g}" if clustering == "weight" else f"R_EE = {r_ee:g}"
    return LIFNetwork(
        populations=(
            Population(
                name="E",
                size=n_e,
                tau_m_ms=15,
                bias=(1.1, 1.2),
                synapse=Synapse(tau_decay_ms=3, tau_rise_ms=1),
                layout=layout,
            ),
            Population(
                name="I",
                size=n_i,
                tau_m_ms=10,
                bias=(1.0, 1.05),
                synapse=Synapse(tau_decay_ms=2, tau_rise_ms=1),
            ),
        ),
        connections=connections,
        name=f"Litwin-Kumar & Doiron 2012, {strength}" + (", rounded weights" if weights == "rounded" else ""),
    )
