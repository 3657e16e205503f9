"""Stability of the homogeneous state as a function of the ratio of time constants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable.meanfield._balanced_rates import two_population_matrices
from metastable.meanfield._cluster_equations import ClusterEquations
from metastable.meanfield._homogeneous_state import homogeneous_rates
from metastable.networks import BinaryNetwork


@dataclass(frozen=True, eq=False)
class StabilityRatios:
    """Ratios tau_I / tau_E at which the homogeneous state of two populations changes its kind.

    Parameters
    ----------
    r1, r2, r3 : float
        Stable node below r1, stable focus to r2, unstable focus to r3, unstable node above. Infinite where there is no
        such change.
    ratio : float
        That of the network.
    rates : ndarray, (2,)
        m_E and m_I.
    matrix : ndarray, (2, 2)
        ``f'_ab = -delta_ab + dPhi_a/dm_b``.
    tau_e_ms : float, ms
    """

    r1: float
    r2: float
    r3: float
    ratio: float
    rates: NDArray[np.float64]
    matrix: NDArray[np.float64]
    tau_e_ms: float

    @property
    def kind(self) -> str:
        """What the state is at the network's own ratio."""
        return self.kind_at(self.ratio)

    def kind_at(self, ratio: float) -> str:
        """Return what the state is at a ratio tau_I / tau_E, from its eigenvalues."""
        first, second = self.eigenvalues(ratio)[0]
        if np.linalg.det(self.matrix) < 0:
            return "saddle"
        stability = "stable" if max(first.real, second.real) < 0 else "unstable"
        return f"{stability} {'focus' if abs(first.imag) > 0 else 'node'}"

    def eigenvalues(self, ratios: ArrayLike) -> NDArray[np.complex128]:
        """Return both eigenvalues at each ratio tau_I / tau_E, the larger real part first, (n_ratios, 2), 1/ms.

        Multiplied by `tau_e_ms` they are in the paper's unit.
        """
        r = np.atleast_1d(np.asarray(ratios, float))
        tau = self.tau_e_ms * np.stack([np.ones_like(r), r], axis=1)
        values = np.linalg.eigvals(self.matrix / tau[:, :, None]).astype(complex)
        order = np.lexsort((-np.imag(values), -np.real(values)), axis=1)
        return np.take_along_axis(values, order, axis=1)


def stability_ratios(network: BinaryNetwork) -> StabilityRatios:
    """Return the ratios of time constants at which the homogeneous state turns from node to focus to unstable.

    Parameters
    ----------
    network : BinaryNetwork
        With one excitatory and one inhibitory population; clusters move together here.

    Returns
    -------
    StabilityRatios

    Raises
    ------
    ValueError
        If the network has other populations, or no active homogeneous state.

    Notes
    -----
    Rost et al. 2018, eqs. 27 to 33: ``r1, r3 = A -+ sqrt(A^2 - B^2)``, ``r2 = -B``, with
    ``A = (f_EE f_II - 2 f_EI f_IE) / f_EE^2`` and ``B = f_II / f_EE``. Where ``f_EE <= 0`` the trace is negative at all
    ratios: r2 is infinite.

    *Assumptions and approximations*: those of `MeanField`.

    Examples
    --------
    >>> import metastable as mst
    >>> found = mst.meanfield.stability_ratios(mst.networks.rost_2018())
    >>> round(found.r1, 3), round(found.r2, 3), round(found.r3, 3), found.kind
    (0.66, 1.501, 3.416, 'stable node')
    """
    two_population_matrices(network)
    equations = ClusterEquations.of(network)
    rates = homogeneous_rates(equations)
    if rates is None:
        raise ValueError("only silence is left among the homogeneous states; it is a stable node at all ratios.")
    reduced = equations.reduced([equations.n_clusters])
    f = reduced.gain(rates) - np.eye(2)
    tau_e, tau_i = reduced.tau_ms
    a = (f[0, 0] * f[1, 1] - 2 * f[0, 1] * f[1, 0]) / f[0, 0] ** 2
    b = f[1, 1] / f[0, 0]
    root = np.sqrt(a**2 - b**2) if a**2 >= b**2 and a > 0 else np.nan
    r1, r3 = (a - root, a + root) if np.isfinite(root) else (np.inf, np.inf)
    r2 = -b if f[0, 0] > 0 else np.inf
    return StabilityRatios(float(r1), float(r2), float(r3), float(tau_i / tau_e), rates, f, float(tau_e))
