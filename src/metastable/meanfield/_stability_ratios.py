"""Stability of the homogeneous state as a function of the ratio of time constants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._display import Drawn
from metastable.meanfield._balance import balance_of, remarked
from metastable.meanfield._balanced_rates import two_population_matrices
from metastable.meanfield._cluster_equations import ClusterEquations
from metastable.meanfield._homogeneous_state import homogeneous_rates
from metastable.networks import BinaryNetwork


@dataclass(frozen=True, eq=False, repr=False)
class StabilityRatios(Drawn):
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
    status : str
        At which ratios the state is stable, and which condition of the balanced state fails, if one does.
    """

    r1: float
    r2: float
    r3: float
    ratio: float
    rates: NDArray[np.float64]
    matrix: NDArray[np.float64]
    tau_e_ms: float
    status: str

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

    def __repr__(self) -> str:
        return (
            f"StabilityRatios({self.r1:.4g}, {self.r2:.4g}, {self.r3:.4g}; a {self.kind} at {self.ratio:g}, rates "
            f"{self.rates[0]:.6f} and {self.rates[1]:.6f}. {self.status})"
        )


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
        If the network has other populations, or no active homogeneous state; the sentence names the condition of the
        balanced state that fails, or says that the drive is too weak at this size.

    Notes
    -----
    Rost et al. 2018, eqs. 27 to 33: ``r1, r3 = A -+ sqrt(A^2 - B^2)``, ``r2 = -B``, with
    ``A = (f_EE f_II - 2 f_EI f_IE) / f_EE^2`` and ``B = f_II / f_EE``. Where ``f_EE <= 0`` the trace is negative at all
    ratios: r2 is infinite. They are ratios of the state at this finite size, also where the conditions of the limit,
    eqs. 19 and 20, fail; `status` then says which.

    *Assumptions and approximations*: those of `MeanField`.

    Examples
    --------
    >>> import metastable as mst
    >>> found = mst.meanfield.stability_ratios(mst.networks.rost_2018())
    >>> round(found.r1, 3), round(found.r2, 3), round(found.r3, 3), found.kind
    (0.66, 1.501, 3.416, 'stable node')
    >>> found
    StabilityRatios(0.6598, 1.501, 3.416; a stable node at 0.5, rates 0.029536 and 0.034100. With clusters moving
    together, the state is stable at ratios tau_I/tau_E below 1.501.)
    """
    two_population_matrices(network)
    equations, balance = ClusterEquations.of(network), balance_of(network)
    rates = homogeneous_rates(equations)
    if rates is None:
        raise ValueError(f"only silence is left, a stable node at all ratios of time constants: {balance.silence}.")
    reduced = equations.reduced([equations.n_clusters])
    f = reduced.gain(rates) - np.eye(2)
    tau_e, tau_i = reduced.tau_ms
    a = (f[0, 0] * f[1, 1] - 2 * f[0, 1] * f[1, 0]) / f[0, 0] ** 2
    b = f[1, 1] / f[0, 0]
    root = np.sqrt(a**2 - b**2) if a**2 >= b**2 and a > 0 else np.nan
    r1, r3 = (a - root, a + root) if np.isfinite(root) else (np.inf, np.inf)
    r2 = -b if f[0, 0] > 0 else np.inf
    where = f"ratios tau_I/tau_E below {r2:.4g}" if np.isfinite(r2) else "all ratios tau_I/tau_E"
    return StabilityRatios(
        r1=float(r1),
        r2=float(r2),
        r3=float(r3),
        ratio=float(tau_i / tau_e),
        rates=rates,
        matrix=f,
        tau_e_ms=float(tau_e),
        status=remarked(f"With clusters moving together, the state is stable at {where}.", balance),
    )
