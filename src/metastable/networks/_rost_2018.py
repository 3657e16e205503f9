"""The binary networks of Rost, Deger & Nawrot (2018), at any size."""

from __future__ import annotations

import math

from metastable._validation import require_choice, require_integer, require_number
from metastable.networks._binary_network import BinaryNetwork, BinaryPopulation
from metastable.networks._cluster_layout import ClusterLayout
from metastable.networks._connection import Connection
from metastable.networks._ei_clustering import (
    PROBABILITY,
    balanced_weights,
    inhibitory_strength,
    require_division,
    require_strength,
)


def rost_2018(
    *,
    j_e_plus: float = 1.0,
    r_j: float = 0.0,
    j_i_plus: float | None = None,
    g: float = 1.2,
    m_x: float = 0.03,
    tau_ratio: float = 0.5,
    n_e: int = 4000,
    n_i: int | None = None,
    n_clusters: int = 20,
    clustering: str = "weight",
    background: float = 0.0,
) -> BinaryNetwork:
    """Build the balanced binary network with clusters of Rost, Deger & Nawrot (2018).

    Parameters
    ----------
    j_e_plus : float
        Strength J_E+ of the excitatory clusters, 1 (none) to `n_clusters` (decoupled): the factor of the E->E weights
        within a cluster, or with ``clustering="probability"`` the ratio R_EE of the E->E connection probabilities.
    r_j : float
        Clustering of inhibition relative to excitation, 0 (E-clustered network) to 1:
        ``J_I+ = 1 + r_j (j_e_plus - 1)``.
    j_i_plus : float, optional
        J_I+ itself, the factor of the E->I, I->E and I->I weights within a cluster, in the place of `r_j`.
    g : float
        Relative strength of inhibition on excitatory units.
    m_x : float
        Rate of the external drive.
    tau_ratio : float
        tau_I / tau_E, with tau_E = 10 ms.
    n_e : int
        Number of excitatory units; weights scale with ``1/sqrt(n_e)``.
    n_i : int, optional
        Number of inhibitory units, by default a quarter of `n_e`.
    n_clusters : int
        Number of clusters Q; must divide the populations.
    clustering : {"weight", "probability"}
        What differs within E clusters; "probability" is for ``r_j=0``.
    background : float
        Fraction of excitatory units in no cluster, for ``r_j=0``. Weights between units that share no cluster are
        lowered so that the mean over all pairs stays.

    Returns
    -------
    BinaryNetwork

    Raises
    ------
    ValueError
        If Q does not divide the populations, ``j_e_plus`` or ``j_i_plus`` is not within 1 to Q, or ``r_j`` not within 0
        to 1; the sentence names the condition of the theory.

    Notes
    -----
    Eqs. 2 to 8, 34 and 36 and Table 1. The drive ``J_EX m_X`` is not divided by the root of N; for the default
    parameters it is below threshold, so that silence is an absorbing state.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.rost_2018(j_e_plus=4, r_j=0.75)
    >>> round(net.block("I", "I").j_in / net.uniform().block("I", "I").j_in, 6)
    3.25
    """
    require_choice("clustering", clustering, ("weight", "probability"))
    n_e = require_integer("n_e", n_e, minimum=1)
    n_i = max(1, n_e // 4) if n_i is None else require_integer("n_i", n_i, minimum=1)
    n_clusters = require_integer("n_clusters", n_clusters, minimum=1)
    j_e_plus = require_number("j_e_plus", j_e_plus)
    g = require_number("g", g, above=0)
    m_x = require_number("m_x", m_x)
    tau_ratio = require_number("tau_ratio", tau_ratio, above=0)
    require_strength("j_e_plus", "J_E+" if clustering == "weight" else "R_EE", j_e_plus, n_clusters, clustering)
    j_i_plus = inhibitory_strength(j_e_plus, r_j, j_i_plus, n_clusters)
    if j_i_plus != 1 and (background or clustering == "probability"):
        raise ValueError("inhibitory clusters go with clustering='weight' and no background; leave r_j at 0.")
    background = require_number("background", background, minimum=0, maximum=1)
    require_division({"E": n_e - round(n_e * background)} | ({"I": n_i} if j_i_plus != 1 else {}), n_clusters)

    weight = balanced_weights(n_e, n_i, g)
    j_ex = math.sqrt(PROBABILITY["E", "E"] * n_e)

    def connection(post: str, pre: str) -> Connection:
        j_plus = j_e_plus if (post, pre) == ("E", "E") else j_i_plus
        if clustering == "probability":
            clusters = {"probability_ratio": j_plus}
        else:
            clusters = {"j_plus": j_plus, "j_minus": None} if j_plus != 1 else {}
        return Connection(post=post, pre=pre, probability=PROBABILITY[post, pre], weight=weight[post, pre], **clusters)

    inhibition = f", J_I+ = {j_i_plus:g}" if j_i_plus != 1 else ""
    strength = "R_EE" if clustering == "probability" else "J_E+"
    # Without inhibitory clusters the inhibitory population has no layout: it is one population.
    layout_i = ClusterLayout.equal(n_i, n_clusters) if j_i_plus != 1 else None
    return BinaryNetwork(
        populations=(
            BinaryPopulation(
                name="E",
                size=n_e,
                tau_ms=10.0,
                drive=j_ex * m_x,
                layout=ClusterLayout.equal(n_e, n_clusters, background=background),
            ),
            BinaryPopulation(name="I", size=n_i, tau_ms=10.0 * tau_ratio, drive=0.8 * j_ex * m_x, layout=layout_i),
        ),
        connections=tuple(connection(post, pre) for post, pre in PROBABILITY),
        name=f"Rost, Deger & Nawrot 2018, {strength} = {j_e_plus:g}{inhibition}",
    )
