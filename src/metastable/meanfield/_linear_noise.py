"""Fluctuations of the rates of finite clusters about a stable state, to first order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import expm, solve_continuous_lyapunov

from metastable._display import Drawn
from metastable._validation import require_number
from metastable.meanfield._balance import balance_of, remarked
from metastable.meanfield._homogeneous_state import homogeneous_state
from metastable.meanfield._mean_field import MeanField
from metastable.networks import BinaryNetwork


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class LinearNoise(Drawn):
    """Covariance of the rates of all groups about a stable state.

    Parameters
    ----------
    labels : tuple of (str, int)
        Population and cluster of each group, -1 for a background or an unclustered population.
    rates : ndarray, (n_groups,)
        The state; 0 where there is none with activity.
    covariance : ndarray, (n_groups, n_groups)
        NaN where the state is not stable.
    slowest_ms : float, ms
        Time constant of the slowest decay; infinite where the state is not stable.
    duration_ms : float or None, ms
        Length of the recording that the covariance is for, None for a stationary process.
    status : str
        Whether the state is stable, or why there is none, and which condition of the balanced state fails, if one does.
    """

    labels: tuple[tuple[str, int], ...]
    rates: NDArray[np.float64]
    covariance: NDArray[np.float64]
    slowest_ms: float
    duration_ms: float | None
    status: str

    @property
    def variance(self) -> NDArray[np.float64]:
        """Variance of the rate of each group, (n_groups,)."""
        return np.diag(self.covariance).copy()

    def cluster_mean(self, population: str = "E") -> float:
        """Return the variance averaged over the clusters of a population (its one group where it has none).

        Parameters
        ----------
        population : str

        Returns
        -------
        float
            sigma_m^2 of Rost et al. 2018 for the excitatory clusters.

        Raises
        ------
        ValueError
            If there is no such population.
        """
        return float(self.variance[groups_of(self.labels, population)].mean())

    def __repr__(self) -> str:
        names = list(dict.fromkeys(name for name, _ in self.labels))
        values = ", ".join(f"{name} {self.cluster_mean(name):.4g}" for name in names)
        length = "" if self.duration_ms is None else f", within {self.duration_ms:g} ms"
        return f"LinearNoise(mean variance of the rates: {values}{length}. {self.status})"


def linear_noise(
    network: BinaryNetwork, *, rates: ArrayLike | None = None, duration_ms: float | None = None
) -> LinearNoise:
    """Compute how strongly the rates of finite clusters fluctuate about a stable state.

    Parameters
    ----------
    network : BinaryNetwork
    rates : array_like, (n_groups,), optional
        A fixed point, groups in the order of ``MeanField.of(network).labels``; by default the homogeneous state, in
        which the groups of a population are alike.
    duration_ms : float, ms, optional
        Give what is expected of a recording of this length, whose mean is subtracted: less than the stationary
        variance, noticeably so where the recording is not long compared with ``slowest_ms``.

    Returns
    -------
    LinearNoise
        With NaN and a sentence where the state does not exist or is not stable.

    Raises
    ------
    ValueError
        If the rates have another shape or are not a fixed point, or the clusters overlap or (without rates) differ.

    Notes
    -----
    ``S C + C S^T + D = 0`` with the Jacobian S of all groups and
    ``D_cc = [(1 - m) Phi + m (1 - Phi)] / (N_c tau_c)``: N_c / tau_c times a ms a unit of the group is updated, which
    changes the number of active ones by +1 with probability ``(1 - m) Phi`` and by -1 with ``m (1 - Phi)`` (the linear
    noise approximation, van Kampen 2007, ch. X). The variance diverges where the state loses its stability. For a
    recording of length T the covariance of the mean over time, U + U^T with
    ``U = (1/T^2) int_0^T (T - s) exp(S s) C ds``, is subtracted. In silence, ``m = 0``, nothing fluctuates: D is 0.

    *Assumptions and approximations*: those of `MeanField`; fluctuations small enough for a linear response. The frozen
    differences between the inputs of clusters (the wiring) are not part of it.

    Examples
    --------
    >>> import metastable as mst
    >>> noise = mst.meanfield.linear_noise(mst.networks.rost_2018(j_e_plus=2))
    >>> round(noise.cluster_mean("E"), 5)
    0.00031
    >>> mst.meanfield.linear_noise(mst.networks.rost_2018(j_e_plus=3)).status
    'The homogeneous state is not stable: a perturbation grows with a time constant of 108 ms.'
    """
    if not isinstance(network, BinaryNetwork):
        raise TypeError(f"network must be a BinaryNetwork, got {type(network).__name__}.")
    theory, balance = MeanField.of(network), balance_of(network)
    name = "The homogeneous state" if rates is None else "The state"
    if duration_ms is not None:
        duration_ms = require_number("duration_ms", duration_ms, above=0)

    def nothing(state: NDArray[np.float64], status: str) -> LinearNoise:
        empty = np.full((theory.n_groups, theory.n_groups), np.nan)
        return LinearNoise(
            labels=theory.labels,
            rates=state,
            covariance=empty,
            slowest_ms=np.inf,
            duration_ms=duration_ms,
            status=status,
        )

    if rates is None:
        m = homogeneous_state(network).rates
        if m.max() < 1e-9:
            return nothing(m, f"There is no homogeneous state with activity, only silence is left: {balance.silence}.")
    else:
        m = np.asarray(rates, np.float64)
        if m.shape != (theory.n_groups,):
            raise ValueError(f"rates must have shape ({theory.n_groups},), one for each group, got {m.shape}.")
        miss = float(np.abs(theory.response(m) - m).max())
        if not miss < 1e-6:
            raise ValueError(f"rates must be a fixed point of the mean field; they miss it by {miss:.2g}.")
    jacobian = theory.jacobian(m)
    growth = float(np.linalg.eigvals(jacobian).real.max())
    if growth >= 0:
        how = f"grows with a time constant of {1 / growth:.3g} ms" if growth > 0 else "does not decay"
        return nothing(m, remarked(f"{name} is not stable: a perturbation {how}.", balance))
    phi = theory.response(m)
    diffusion = np.diag(((1 - m) * phi + m * (1 - phi)) / (theory.size * theory.tau_ms))
    covariance = solve_continuous_lyapunov(jacobian, -diffusion)
    if duration_ms is not None:
        covariance = covariance - _covariance_of_mean(jacobian, covariance, duration_ms)
    status = f"{name} is stable, slowest decay {-1 / growth:.3g} ms."
    if not m.any():
        status = "The state is silence, in which nothing fluctuates: it is absorbing, as the drive is below threshold."
    return LinearNoise(
        labels=theory.labels,
        rates=m,
        covariance=covariance,
        slowest_ms=-1 / growth,
        duration_ms=duration_ms,
        status=remarked(status, balance),
    )


def groups_of(labels: tuple[tuple[str, int], ...], population: str) -> NDArray[np.int64]:
    """Return the groups of a population: its clusters, or all where it has none."""
    clusters = [g for g, (name, cluster) in enumerate(labels) if name == population and cluster >= 0]
    groups = clusters or [g for g, (name, _) in enumerate(labels) if name == population]
    if not groups:
        names = list(dict.fromkeys(name for name, _ in labels))
        raise ValueError(f"there is no population {population!r}; known are {names}.")
    return np.array(groups)


def _covariance_of_mean(
    jacobian: NDArray[np.float64], covariance: NDArray[np.float64], duration_ms: float
) -> NDArray[np.float64]:
    """Return the covariance of the mean over a time T: with U = (1/T^2) int_0^T (T - s) exp(S s) ds C, U + U^T."""
    identity = np.eye(len(jacobian))
    # int_0^T (T - s) exp(S s) ds = S^-2 (exp(S T) - 1) - T S^-1
    inverse = np.linalg.solve(jacobian, identity)
    integral = inverse @ (inverse @ (expm(jacobian * duration_ms) - identity) - duration_ms * identity)
    half = integral @ covariance / duration_ms**2
    return half + half.T
