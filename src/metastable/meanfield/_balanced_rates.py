"""Rates of the balanced state in the limit of large networks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable._display import Displayed
from metastable.meanfield._balance import balance_of
from metastable.meanfield._cluster_equations import ClusterEquations
from metastable.networks import BinaryNetwork


@dataclass(frozen=True, eq=False, repr=False)
class BalancedRates(Displayed):
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
        Which condition is fulfilled, and whether the rates are stable and can be reached.
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
    two_population_matrices(network)
    balance = balance_of(network)
    if balance.rates is None:
        raise ValueError(f"{balance.reason}.")
    return BalancedRates(balance.rates, balance.g, balance.drive_ratio, balance.critical_ratio, balance.sentence)


def two_population_matrices(
    network: BinaryNetwork,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return A and B of the homogeneous equations of E and I, or raise a sentence if the network has others."""
    equations = ClusterEquations.of(network)
    reduced = equations.reduced([equations.n_clusters])
    if reduced.n_groups != 2:
        raise ValueError(
            f"this part of the theory is for one excitatory and one inhibitory population; the network has "
            f"{reduced.n_groups} groups ({', '.join(equations.names)})."
        )
    if (reduced.mean[:, 0] <= 0).any() or (reduced.mean[:, 1] >= 0).any():
        raise ValueError("the first population must be excitatory and the second inhibitory, and connected to both.")
    return reduced.mean, reduced.variance
