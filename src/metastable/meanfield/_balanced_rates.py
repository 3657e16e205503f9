"""Rates of the balanced state in the limit of large networks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable.meanfield._cluster_equations import ClusterEquations
from metastable.networks import BinaryNetwork


@dataclass(frozen=True, eq=False)
class BalancedRates:
    """Balanced rates and the condition that they fulfil.

    Parameters
    ----------
    rates : ndarray, (2,)
        m_E and m_I.
    g : float
        Relative strength of inhibition, ``A_EI A_IE / (A_EE A_II)``.
    drive_ratio : float
        Drive of E over drive of I, ``J_EX / J_IX``.
    critical_ratio : float
        ``g sqrt(p_EE / p_IE)`` of conditions 19 and 20; in general ``A_EI / A_II``.
    status : str
        Which condition is fulfilled, as a sentence.
    """

    rates: NDArray[np.float64]
    g: float
    drive_ratio: float
    critical_ratio: float
    status: str


def balanced_rates(network: BinaryNetwork) -> BalancedRates:
    """Return the rates at which excitation, inhibition and drive cancel.

    Parameters
    ----------
    network : BinaryNetwork
        With one excitatory and one inhibitory population, in this order; clusters are averaged over.

    Returns
    -------
    BalancedRates

    Raises
    ------
    ValueError
        If no positive balanced rates exist; the sentence names the condition that fails.

    Notes
    -----
    ``A m + J_X m_X = 0``: Rost et al. 2018, eqs. 14 to 18, with conditions 19 (g < 1) and 20 (g > 1). Condition 19
    gives rates but no stable ones (eq. 25).

    *Assumptions and approximations*: infinitely large networks, in which the threshold does not count.

    Examples
    --------
    >>> import metastable as mst
    >>> mst.meanfield.balanced_rates(mst.networks.rost_2018()).rates.round(6)
    array([0.058926, 0.074105])
    """
    a, _ = two_population_matrices(network)
    drive = np.array([p.drive for p in network.populations])
    g = float(a[0, 1] * a[1, 0] / (a[0, 0] * a[1, 1]))
    critical = float(a[0, 1] / a[1, 1])
    if drive[1] <= 0 or drive[0] <= 0:
        raise ValueError(
            f"the balanced state needs a positive drive of both populations, got {drive[0]:g} and {drive[1]:g} (m_X); "
            f"without it conditions 19 and 20 have no ratio J_EX/J_IX."
        )
    ratio = float(drive[0] / drive[1])
    if abs(g - 1) < 1e-12:
        raise ValueError(
            "g = 1: excitation and inhibition are equal and the balanced rates diverge; neither condition 19 (g < 1) "
            "nor condition 20 (g > 1) can hold. Choose g above 1."
        )
    number, sign = (20, ">") if g > 1 else (19, "<")
    if (ratio > critical) != (g > 1) or ratio == critical:
        remedy = "raise the drive of E, or choose g" if g > 1 else "a stable balanced state needs condition 20, g"
        raise ValueError(
            f"no positive balanced state: g = {g:g} {sign} 1 but condition {number}, "
            f"J_EX/J_IX {sign} g sqrt(p_EE/p_IE), fails ({ratio:.4g} against {critical:.4g}); "
            f"{remedy} {'closer to 1' if g > 1 else 'above 1'}."
        )
    rates = np.linalg.solve(a, -drive)
    status = f"Condition {number} holds: g = {g:g} {sign} 1 and J_EX/J_IX = {ratio:.4g} {sign} {critical:.4g}."
    if g < 1:
        status += " The state is not stable, which needs g > 1 (eq. 25)."
    if rates.max() > 1:
        status += " Rates above 1 cannot be reached; lower the drive."
    return BalancedRates(np.asarray(rates, np.float64), g, ratio, critical, status)


def two_population_matrices(
    network: BinaryNetwork,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return A and B of the homogeneous equations of E and I, or raise a sentence if the network has others."""
    equations = ClusterEquations.of(network)
    reduced = equations.reduced([equations.n_clusters])
    if reduced.n_groups != 2:
        raise ValueError(
            f"this part of the theory is for one excitatory and one inhibitory population; the network has "
            f"{reduced.n_groups} groups ({', '.join(name for name, _ in equations.labels)})."
        )
    if (reduced.mean[:, 0] <= 0).any() or (reduced.mean[:, 1] >= 0).any():
        raise ValueError("the first population must be excitatory and the second inhibitory, and connected to both.")
    return reduced.mean, reduced.variance
