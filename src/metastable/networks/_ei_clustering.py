"""Balanced weights and clustered inhibition, as Rost, Deger & Nawrot (2018) parameterise them."""

from __future__ import annotations

import math

from metastable._validation import require_number

PROBABILITY = {("E", "E"): 0.2, ("E", "I"): 0.5, ("I", "E"): 0.5, ("I", "I"): 0.5}  # (post, pre)


def balanced_weights(n_e: int, n_i: int, g: float) -> dict[tuple[str, str], float]:
    """Return the weights of the unclustered network, (post, pre), in distances from rest to threshold (eqs. 2 to 5)."""
    p = PROBABILITY
    weight = {("E", "E"): 1 / math.sqrt(p["E", "E"] * n_e), ("I", "E"): 1 / math.sqrt(p["I", "E"] * n_e)}
    weight["E", "I"] = -g * weight["E", "E"] * p["E", "E"] * n_e / (p["E", "I"] * n_i)
    weight["I", "I"] = -weight["I", "E"] * p["I", "E"] * n_e / (p["I", "I"] * n_i)
    return weight


def inhibitory_strength(j_e_plus: float, r_j: float, j_i_plus: float | None, n_clusters: int) -> float:
    """Return J_I+ as given, or by eq. 36 of Rost et al. (2018), ``J_I+ = 1 + r_j (j_e_plus - 1)``."""
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
    require_strength("j_i_plus", "J_I+", j_i_plus, n_clusters, "weight")
    return j_i_plus


def require_strength(name: str, symbol: str, value: float, n_clusters: int, clustering: str) -> None:
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


def require_division(sizes: dict[str, int], n_clusters: int) -> None:
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
