"""The binary networks of Rost, Deger & Nawrot (2018), at any size."""

from __future__ import annotations

import math

from metastable._validation import require_choice, require_integer, require_number
from metastable.networks._binary_network import BinaryNetwork, BinaryPopulation
from metastable.networks._cluster_layout import ClusterLayout
from metastable.networks._connection import Connection

_P = {("E", "E"): 0.2, ("E", "I"): 0.5, ("I", "E"): 0.5, ("I", "I"): 0.5}  # (post, pre)


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
    _require_strength("j_e_plus", "J_E+" if clustering == "weight" else "R_EE", j_e_plus, n_clusters, clustering)
    if j_i_plus is None:
        r_j = require_number("r_j", r_j)
        if not 0 <= r_j <= 1:
            raise ValueError(
                f"r_j must be {'at least 0' if r_j < 0 else 'at most 1'}, got {r_j:g}: by J_I+ = 1 + R_J (J_E+ - 1) "
                f"(eq. 36) inhibition would be {'weaker within' if r_j < 0 else 'more clustered than'} "
                f"{'clusters than between them' if r_j < 0 else 'excitation'}; choose 0 to 1, or give j_i_plus."
            )
        j_i_plus = 1 + r_j * (j_e_plus - 1)
    elif r_j != 0:
        raise ValueError("j_i_plus and r_j both set the inhibitory clustering; give one of them.")
    j_i_plus = require_number("j_i_plus", j_i_plus)
    _require_strength("j_i_plus", "J_I+", j_i_plus, n_clusters, "weight")
    if j_i_plus != 1 and (background or clustering == "probability"):
        raise ValueError("inhibitory clusters go with clustering='weight' and no background; leave r_j at 0.")
    background = require_number("background", background, minimum=0, maximum=1)
    _require_division({"E": n_e - round(n_e * background)} | ({"I": n_i} if j_i_plus != 1 else {}), n_clusters)

    weight = {("E", "E"): 1 / math.sqrt(_P["E", "E"] * n_e), ("I", "E"): 1 / math.sqrt(_P["I", "E"] * n_e)}
    weight["E", "I"] = -g * weight["E", "E"] * _P["E", "E"] * n_e / (_P["E", "I"] * n_i)
    weight["I", "I"] = -weight["I", "E"] * _P["I", "E"] * n_e / (_P["I", "I"] * n_i)
    j_ex = math.sqrt(_P["E", "E"] * n_e)

    def connection(post: str, pre: str) -> Connection:
        j_plus = j_e_plus if (post, pre) == ("E", "E") else j_i_plus
        if clustering == "probability":
            clusters = {"probability_ratio": j_plus}
        else:
            clusters = {"j_plus": j_plus, "j_minus": None} if j_plus != 1 else {}
        return Connection(post=post, pre=pre, probability=_P[post, pre], weight=weight[post, pre], **clusters)

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
        connections=tuple(connection(post, pre) for post, pre in _P),
        name=f"Rost, Deger & Nawrot 2018, {strength} = {j_e_plus:g}{inhibition}",
    )


def _require_strength(name: str, symbol: str, value: float, n_clusters: int, clustering: str) -> None:
    """Raise a sentence if weights within clusters would be below those between them, or these change sign."""
    if value < 1:
        raise ValueError(
            f"{name} must be at least 1, got {value:g}: with {symbol} below 1 units of a cluster are connected more "
            f"weakly with each other than with the rest; choose 1 (no clusters) or more."
        )
    if clustering == "weight" and value > n_clusters:
        raise ValueError(
            f"{name}={value:g} is above the number of clusters {n_clusters}, where J_- = (Q - {symbol})/(Q - 1) of "
            f"eq. 34 is negative and the weights between clusters change sign; choose 1 to {n_clusters}."
        )


def _require_division(sizes: dict[str, int], n_clusters: int) -> None:
    """Raise a sentence if clusters of one size do not take up the clustered units of each population."""
    for population, size in sizes.items():
        if size % n_clusters or not size:
            common = math.gcd(*sizes.values())
            possible = sorted((q for q in range(1, common + 1) if common % q == 0), key=lambda q: abs(q - n_clusters))
            choice = " or ".join(map(str, sorted(possible[:2])))
            advice = f"n_clusters={choice}" if size else "a smaller background"
            raise ValueError(
                f"{size} clustered neurons do not fit into {n_clusters} equal clusters: the theory (eqs. 34 and 36) "
                f"needs Q to divide the clustered units of {population}; choose {advice}."
            )
