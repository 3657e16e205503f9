"""Homogeneous populations of infinitely many neurons: rates as a map, its fixed points, stability and fluctuations."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_discrete_lyapunov
from scipy.optimize import root

from metastable._display import Displayed
from metastable._validation import require_pair
from metastable.finite_size._search_cost import as_float
from metastable.finite_size._stationary_distribution import last_step
from metastable.finite_size._transitions import require_network
from metastable.networks import FiniteSizeNetwork

Array = NDArray[np.float64]
# Starts of the search for fixed points, along each population.
_STARTS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
_MOST_POPULATIONS = 5
_FOUND = 1e-11
_DIFFERENT = 1e-7
# Steps along a branch, and how far rates may move in one of them; halvings of the last step end at 1e-13 of it.
_STEPS = 200
_JUMP = 0.1
_HALVINGS = 45
# Of the spectral radius to 1: where fluctuations diverge, they have no digits left.
_EDGE = 1e-9


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class MeanFieldState(Displayed):
    """A fixed point of the mean field of homogeneous populations.

    Parameters
    ----------
    rates : ndarray, (n_populations,)
        Probability that a neuron of each population is active.
    eigenvalues : ndarray of complex, (n_populations,)
        Of the Jacobian of the map, largest modulus first.
    covariance : ndarray, (n_populations, n_populations)
        Of the fractions of active neurons in the finite network, to first order; NaN where the state is not stable.
    """

    rates: Array
    eigenvalues: NDArray[np.complex128]
    covariance: Array

    @property
    def spectral_radius(self) -> float:
        """Largest modulus of an eigenvalue."""
        return float(np.abs(self.eigenvalues[0]))

    @property
    def stable(self) -> bool:
        """Whether small perturbations decay."""
        return self.spectral_radius < 1

    def __repr__(self) -> str:
        rates = ", ".join(f"{m:.6g}" for m in self.rates)
        word = "stable" if self.stable else "unstable"
        return f"MeanFieldState(rates {rates}; {word}, spectral radius {self.spectral_radius:.4f})"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class CriticalNoise(Displayed):
    """Where a state of the mean field loses its stability as noise is lowered.

    Parameters
    ----------
    factor : float
        By which the sigma of all populations is multiplied there.
    state : MeanFieldState
        The last stable one.
    kind : {"Neimark-Sacker", "flip", "saddle-node"}
        A complex pair of eigenvalues, -1 or 1 on the unit circle. At 1 a branch of symmetric populations may also fork.
    """

    factor: float
    state: MeanFieldState
    kind: str

    @property
    def period(self) -> float:
        """Steps of one turn of the critical mode; infinite for one that does not turn."""
        angle = abs(float(np.angle(self.state.eigenvalues[0])))
        return 2 * np.pi / angle if angle > 1e-9 else np.inf

    def __repr__(self) -> str:
        turning = "" if np.isinf(self.period) else f", period {self.period:.4g} steps"
        return f"CriticalNoise({self.kind} at {self.factor:.6g} times sigma{turning})"


def mean_field_states(network: FiniteSizeNetwork) -> list[MeanFieldState]:
    """Find the fixed points of the mean field of homogeneous populations.

    Parameters
    ----------
    network : FiniteSizeNetwork
        Of populations of equal neurons with independent noise. A stimulus that changes in time acts as it does in the
        end.

    Returns
    -------
    list of MeanFieldState
        By the mean rate, the lowest first.

    Raises
    ------
    ValueError
        If the neurons of a population differ, a population has no noise, or noise is correlated, which does not average
        out.

    Notes
    -----
    ``m_a(t+1) = Q((sum_b W_ab N_b m_b(t) + I_a - theta_a) / sigma_a)`` with the distribution function Q of the noise
    (Fasoli & Panzeri 2019); fluctuations of the finite network solve ``C = G C G^T + diag(m_a (1 - m_a) / N_a)`` with
    the Jacobian G.

    *Assumptions and approximations*: weights times sizes stay as they are while sizes grow; with autapses, which vanish
    in this limit. The search starts from 7 rates of each population, and may miss a state with a small basin.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork.homogeneous(
    ...     {"E": 64, "I": 64}, coupling=[[9, -7], [8, -4]], in_degree=128, threshold=1, sigma=1.5, stimulus=[0.4, 0.1]
    ... )
    >>> mst.finite_size.mean_field_states(net)
    [MeanFieldState(rates 0.406681, 0.452629; stable, spectral radius 0.5844)]
    """
    field = _MeanField.of(network)
    n_populations = field.offset.size
    if n_populations > _MOST_POPULATIONS:
        starts = as_float(len(_STARTS) ** n_populations)
        raise ValueError(
            f"the search for fixed points of {n_populations} populations would take {starts:,.7g} starts; at most "
            f"{_MOST_POPULATIONS} populations are allowed: join some."
        )
    found: list[Array] = []
    for start in itertools.product(_STARTS, repeat=n_populations):
        rates = field.fixed_point(np.array(start))
        if rates is not None and all(np.abs(rates - other).max() > _DIFFERENT for other in found):
            found.append(rates)
    return [field.state(rates) for rates in sorted(found, key=lambda m: (m.mean(), *m))]


def critical_noise(network: FiniteSizeNetwork, *, factors: tuple[float, float] = (0.1, 10.0)) -> CriticalNoise | None:
    """Find where the mean field loses its stability as the noise of all populations is lowered.

    Parameters
    ----------
    network : FiniteSizeNetwork
        As in `mean_field_states`.
    factors : (float, float)
        Smallest and largest number by which sigma is multiplied. The branch is followed down from the stable state of
        lowest rates at the largest.

    Returns
    -------
    CriticalNoise or None
        None if the state is stable all the way.

    Raises
    ------
    ValueError
        As in `mean_field_states`, or if no state is stable at the largest factor.

    Notes
    -----
    A fixed point of a map loses its stability where an eigenvalue of modulus 1 appears: at 1 it meets another state, at
    -1 a cycle of two steps is born, and with a complex pair (Neimark-Sacker) a rotation. Bisection to rounding.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork.homogeneous(
    ...     {"E": 64, "I": 64}, coupling=[[9, -7], [8, -4]], in_degree=128, threshold=1, sigma=1, stimulus=[0.4, 0.1]
    ... )
    >>> mst.finite_size.critical_noise(net)
    CriticalNoise(Neimark-Sacker at 0.814018 times sigma, period 6.243 steps)
    """
    low, high = require_pair("factors", factors)
    if not 0 < low < high:
        raise ValueError(f"factors must be above 0 and increase, got ({low:g}, {high:g}).")
    field = _MeanField.of(network)
    stable = [s for s in mean_field_states(replace(network, sigma=network.sigma * high)) if s.stable]
    if not stable:
        raise ValueError(f"no state is stable at {high:g} times sigma; raise the largest factor.")
    rates, factor = stable[0].rates, high
    for trial in np.geomspace(high, low, _STEPS)[1:]:
        after = field.scaled(trial).continued(rates)
        if after is None:
            rates, factor = _bisected(field, rates, factor, float(trial))
            state = field.scaled(factor).state(rates)
            return CriticalNoise(factor=factor, state=state, kind=_kind(state))
        rates, factor = after, float(trial)
    return None


def _bisected(field: _MeanField, rates: Array, good: float, bad: float) -> tuple[Array, float]:
    for _ in range(_HALVINGS):
        middle = 0.5 * (good + bad)
        after = field.scaled(middle).continued(rates)
        if after is None:
            bad = middle
        else:
            rates, good = after, middle
    return rates, good


def _kind(state: MeanFieldState) -> str:
    critical = state.eigenvalues[0]
    if abs(critical.imag) > 1e-6:
        return "Neimark-Sacker"
    return "saddle-node" if critical.real > 0 else "flip"


@dataclass(frozen=True)
class _MeanField:
    """The map of the rates: ``m -> Q((coupling m + offset) / sigma)``."""

    network: FiniteSizeNetwork
    coupling: Array
    offset: Array
    sigma: Array
    sizes: Array

    @staticmethod
    def of(network: FiniteSizeNetwork) -> _MeanField:
        require_network(network)
        blocks = network.blocks()
        if blocks is None:
            raise ValueError(
                "the mean field is that of populations of equal neurons without autapses; build the network with "
                "FiniteSizeNetwork.homogeneous."
            )
        if not network.has_independent_noise:
            raise ValueError(
                f"correlation={network.correlation:g} does not average out in large populations, and there is no mean "
                "field; set it to 0, or use lumped_chain."
            )
        block, threshold, stimulus, sigma = blocks
        if (sigma == 0).any():
            raise ValueError("sigma of a population is 0, and its rate jumps; raise it, or use stationary_states.")
        sizes = np.array(list(network.sizes.values()), np.float64)
        offset = np.atleast_2d(stimulus)[last_step(network)] - threshold
        return _MeanField(network, block * sizes, offset, sigma, sizes)

    def scaled(self, factor: float) -> _MeanField:
        return replace(self, sigma=self.sigma * factor)

    def response(self, rates: Array) -> Array:
        return self.network.noise_law.sf(-(self.coupling @ rates + self.offset) / self.sigma)

    def jacobian(self, rates: Array) -> Array:
        slope = self.network.noise_law.pdf(-(self.coupling @ rates + self.offset) / self.sigma) / self.sigma
        return slope[:, None] * self.coupling

    def fixed_point(self, start: Array) -> Array | None:
        identity = np.eye(start.size)
        solved = root(
            lambda m: self.response(m) - m, start, jac=lambda m: self.jacobian(m) - identity, options={"xtol": 1e-14}
        )
        rates = self.response(np.asarray(solved.x))
        return rates if np.abs(self.response(rates) - rates).max() < _FOUND else None

    def continued(self, rates: Array) -> Array | None:
        """Return the stable state near these rates, None where there is none."""
        after = self.fixed_point(rates)
        if after is None or np.abs(after - rates).max() > _JUMP:
            return None
        return after if np.abs(np.linalg.eigvals(self.jacobian(after))).max() < 1 else None

    def state(self, rates: Array) -> MeanFieldState:
        jacobian = self.jacobian(rates)
        values = np.linalg.eigvals(jacobian).astype(np.complex128)
        values = values[np.lexsort((-values.imag, -np.round(np.abs(values), 12)))]
        covariance = np.full(jacobian.shape, np.nan)
        if np.abs(values[0]) < 1 - _EDGE:
            covariance = np.asarray(solve_discrete_lyapunov(jacobian, np.diag(rates * (1 - rates) / self.sizes)))
        return MeanFieldState(rates=rates, eigenvalues=values, covariance=covariance)
