"""Specification of a small network of synchronous binary neurons, given weight by weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._display import Drawn
from metastable._validation import require_array, require_integer, require_numbers, shown

Array = NDArray[np.float64]

# Of the smallest eigenvalue of a correlation matrix: what rounding of a singular one may leave.
_LEAST_EIGENVALUE = -1e-12


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class FiniteSizeNetwork(Drawn):
    """Binary neurons that are updated together in discrete time.

    ``V_i(t+1) = sum_j W_ij A_j(t) + I_i(t) + noise_i(t)`` and ``A_i = 1`` where ``V_i >= theta_i``, else 0.

    Parameters
    ----------
    weights : array_like, (n, n)
        W_ij from j to i; a coupling J_ij over the number M_i of connections onto i.
    threshold : float or array_like, (n,)
        theta_i.
    stimulus : float or array_like, (n,) or (n_steps, n)
        I_i; with rows, one for each step, the last of which holds on.
    sigma : float or array_like, (n,)
        Standard deviation of the noise; 0 for none.
    noise : str or tuple
        Law of the noise, shifted and scaled to mean 0 and standard deviation `sigma`: ``"gaussian"``, or the name of a
        continuous distribution of scipy.stats with its shape parameters, as ``("t", 5)``.
    correlation : float or array_like, (n, n)
        Of the noise of different neurons at the same time: one number for all pairs, or a matrix; Gaussian noise only.
    sizes : mapping of str to int, optional
        Populations in the order of the neurons; by default a single one.
    name : str
        What to print.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is NaN, or the correlations are not those of any noise.

    Notes
    -----
    Fasoli & Panzeri 2019. Neuron 0 is the lowest bit of the number of a state, ``sum_i A_i 2^i``.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork(weights=[[0, -2], [1.5, 0]], stimulus=[0.6, -0.2], sigma=0.5)
    >>> net.drive([1, 0])
    array([0.6, 1.3])
    """

    _prints_a_table = True

    weights: Array
    threshold: Array = field(default_factory=lambda: np.zeros(1))
    stimulus: Array = field(default_factory=lambda: np.zeros(1))
    sigma: Array = field(default_factory=lambda: np.zeros(1))
    noise: str | tuple[Any, ...] = "gaussian"
    correlation: float | Array = 0.0
    sizes: Mapping[str, int] = field(default_factory=dict)
    name: str = "finite-size network"

    def __post_init__(self) -> None:
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        weights = _frozen("weights", self.weights)
        if weights.ndim != 2 or weights.shape[0] != weights.shape[1] or not weights.size:
            raise ValueError(f"weights must have shape (n, n), got {weights.shape}.")
        n = len(weights)
        put("weights", weights)
        for name in ("threshold", "sigma"):
            put(name, _frozen(name, getattr(self, name), shape=(n,)))
        if (self.sigma < 0).any():
            raise ValueError(f"sigma must be at least 0, got {self.sigma.min():g}.")
        stimulus = require_array("stimulus", self.stimulus)
        if not stimulus.size:
            raise ValueError("stimulus is empty; give one number, one for each neuron, or at least one row of them.")
        put("stimulus", _frozen("stimulus", stimulus, shape=(len(stimulus), n) if stimulus.ndim == 2 else (n,)))
        put("noise", _checked_noise(self.noise))
        _ = self.noise_law
        put("correlation", self._checked_correlation())
        sizes = checked_sizes(self.sizes or {"": n})
        if sum(sizes.values()) != n:
            raise ValueError(f"sizes={sizes} add up to {sum(sizes.values())}, but weights are of {n} neurons.")
        put("sizes", sizes)

    def _checked_correlation(self) -> float | Array:
        n = self.n_neurons
        given = require_numbers("correlation", self.correlation)
        if given.ndim == 0 or given.size == 1:
            # Eigenvalues of equal correlations.
            lowest = -1 / (n - 1) if n > 1 else -1.0
            rho = float(given.ravel()[0])
            if not lowest <= rho <= 1:
                raise ValueError(f"correlation of {n} neurons must lie between {lowest:.3g} and 1, got {shown(rho)}.")
            checked: float | Array = rho
        else:
            matrix = _frozen("correlation", given)
            if matrix.shape != (n, n) or not np.array_equal(matrix, matrix.T) or (np.diagonal(matrix) != 1).any():
                raise ValueError(f"correlation must be symmetric with 1 on the diagonal, shape ({n}, {n}); correct it.")
            least = float(np.linalg.eigvalsh(matrix)[0])
            if least < _LEAST_EIGENVALUE * n:
                raise ValueError(
                    f"correlation is not positive, its smallest eigenvalue is {least:.3g}: no noise has it; shrink "
                    "the entries beside the diagonal."
                )
            off = matrix[~np.eye(n, dtype=bool)]
            checked = float(off[0]) if off.size and (off == off[0]).all() else matrix
        if self.noise != "gaussian" and np.any(checked):
            raise ValueError(f"noise={self.noise!r} must be independent: correlations are those of Gaussian noise.")
        return checked

    @classmethod
    def homogeneous(
        cls,
        sizes: Mapping[str, int],
        *,
        coupling: ArrayLike,
        in_degree: ArrayLike | None = None,
        threshold: ArrayLike = 0.0,
        stimulus: ArrayLike = 0.0,
        sigma: ArrayLike = 0.0,
        noise: str | tuple[Any, ...] = "gaussian",
        correlation: float = 0.0,
        name: str = "homogeneous finite-size network",
    ) -> FiniteSizeNetwork:
        """Build populations of equal neurons that are all connected, without autapses.

        Parameters
        ----------
        sizes : mapping of str to int
            Neurons of each population.
        coupling : array_like, (n_populations, n_populations)
            J_ab from population b to neurons of a.
        in_degree : int or array_like, (n_populations,), optional
            M_a, by which the couplings onto population a are divided; by default all other neurons.
        threshold, sigma : float or array_like, (n_populations,)
        stimulus : float or array_like, (n_populations,) or (n_steps, n_populations)
        noise, correlation, name
            As of the class.

        Returns
        -------
        FiniteSizeNetwork

        Raises
        ------
        ValueError
            If a shape does not fit.

        Examples
        --------
        >>> import metastable as mst
        >>> net = mst.networks.FiniteSizeNetwork.homogeneous(
        ...     {"E": 2, "I": 1}, coupling=[[8, -6], [7, 0]], threshold=1, stimulus=[0.5, 0]
        ... )
        >>> net.weights
        array([[ 0. ,  4. , -3. ],
               [ 4. ,  0. , -3. ],
               [ 3.5,  3.5,  0. ]])
        """
        counts = np.array(list(checked_sizes(sizes).values()))
        n_populations, n = counts.size, int(counts.sum())
        block = _frozen("coupling", coupling)
        if block.shape != (n_populations, n_populations):
            raise ValueError(f"coupling must have shape ({n_populations}, {n_populations}), got {block.shape}.")
        degree = _frozen("in_degree", max(n - 1, 1) if in_degree is None else in_degree, shape=(n_populations,))
        if (degree <= 0).any():
            raise ValueError(f"in_degree must be above 0, got {degree.min():g}.")
        of = np.repeat(np.arange(n_populations), counts)
        weights = (block / degree[:, None])[np.ix_(of, of)]
        np.fill_diagonal(weights, 0)
        given = require_array("stimulus", stimulus)
        shape = (len(given), n_populations) if given.ndim == 2 else (n_populations,)
        return cls(
            weights=weights,
            threshold=_frozen("threshold", threshold, shape=(n_populations,))[of],
            stimulus=_frozen("stimulus", given, shape=shape)[..., of],
            sigma=_frozen("sigma", sigma, shape=(n_populations,))[of],
            noise=noise,
            correlation=correlation,
            sizes=sizes,
            name=name,
        )

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return len(self.weights)

    @property
    def population(self) -> NDArray[np.int64]:
        """Number of the population of each neuron, (n,)."""
        return np.repeat(np.arange(len(self.sizes)), list(self.sizes.values()))

    @property
    def is_noiseless(self) -> bool:
        """Whether no neuron has any noise."""
        return not self.sigma.any()

    @property
    def has_independent_noise(self) -> bool:
        """Whether the noise of different neurons is independent."""
        # Matrices with equal entries are kept as one number.
        return not np.any(self.correlation)

    @cached_property
    def noise_law(self) -> Any:
        """Noise of standard deviation 1 as a distribution of scipy.stats, with ``cdf``, ``sf`` and ``ppf``."""
        from scipy import stats

        name, *shapes = (self.noise,) if isinstance(self.noise, str) else self.noise
        law = stats.norm if name == "gaussian" else getattr(stats, str(name), None)
        if not isinstance(law, stats.rv_continuous):
            raise ValueError(
                f'noise must be "gaussian" or a continuous distribution of scipy.stats, got {shown(name)}.'
            )
        try:
            mean, variance = law.stats(*shapes, moments="mv")
        except TypeError:
            mean = variance = np.nan
        if not (np.isfinite(mean) and 0 < variance < np.inf):
            raise ValueError(f"noise={shown(self.noise)} has no finite mean and variance; give other shape parameters.")
        scale = 1 / np.sqrt(float(variance))
        return law(*shapes, loc=-float(mean) * scale, scale=scale)

    @property
    def covariance(self) -> Array:
        """Covariance of the noise, (n, n)."""
        correlation = np.array(np.broadcast_to(self.correlation, (self.n_neurons,) * 2), np.float64)
        np.fill_diagonal(correlation, 1)
        return correlation * np.outer(self.sigma, self.sigma)

    def stimulus_at(self, step: int) -> Array:
        """Return the stimulus that acts from state `step` to the next, (n,).

        Parameters
        ----------
        step : int
            From 0; beyond the last row that row.
        """
        if self.stimulus.ndim == 1:
            return self.stimulus
        return self.stimulus[min(require_integer("step", step, minimum=0), len(self.stimulus) - 1)]

    def drive(self, activity: ArrayLike, *, step: int = 0) -> Array:
        """Return the mean potential one step after a state, ``W A + I``.

        Parameters
        ----------
        activity : array_like, (..., n)
        step : int
            Which stimulus acts.

        Returns
        -------
        ndarray, (..., n)
        """
        given = require_numbers("activity", activity)
        if given.shape[-1:] != (self.n_neurons,):
            raise ValueError(f"activity must have shape (..., {self.n_neurons}), got {given.shape}.")
        return given @ self.weights.T + self.stimulus_at(step)

    def with_stimulus(self, stimulus: ArrayLike) -> FiniteSizeNetwork:
        """Return the network under another stimulus.

        Parameters
        ----------
        stimulus : float or array_like, (n,), (n_populations,) or (n_steps, n)
            One number for each neuron, or for each population.

        Returns
        -------
        FiniteSizeNetwork

        Examples
        --------
        >>> import metastable as mst
        >>> net = mst.networks.FiniteSizeNetwork.homogeneous({"E": 2, "I": 1}, coupling=[[8, -6], [7, 0]])
        >>> net.with_stimulus([0.5, -1]).stimulus
        array([ 0.5,  0.5, -1. ])
        """
        given = require_array("stimulus", stimulus)
        if given.ndim and given.shape[-1] == len(self.sizes) != self.n_neurons:
            given = given[..., self.population]
        return replace(self, stimulus=given)

    def blocks(self) -> tuple[Array, Array, Array, Array] | None:
        """Return weights, threshold, stimulus and sigma by population if the neurons of each are equal, else None.

        Returns
        -------
        weights : ndarray, (n_populations, n_populations)
            From any neuron of the second population to any other of the first.
        threshold, sigma : ndarray, (n_populations,)
        stimulus : ndarray, (n_populations,) or (n_steps, n_populations)

        Notes
        -----
        Only without autapses, and with independent noise or equal correlations of all pairs.
        """
        if np.diagonal(self.weights).any() or np.ndim(self.correlation) == 2:
            return None
        of, n_populations = self.population, len(self.sizes)
        first = np.concatenate([[0], np.cumsum(list(self.sizes.values()))[:-1]]).astype(np.int64)
        block = np.zeros((n_populations, n_populations))
        for a in range(n_populations):
            for b in range(n_populations):
                if a != b or self.sizes[list(self.sizes)[a]] > 1:
                    block[a, b] = self.weights[first[a], first[b] + (a == b)]
        expected = block[np.ix_(of, of)]
        np.fill_diagonal(expected, 0)
        own = (self.threshold, self.stimulus, self.sigma)
        if not np.array_equal(expected, self.weights) or any((v != v[..., first][..., of]).any() for v in own):
            return None
        return block, self.threshold[first], self.stimulus[..., first], self.sigma[first]

    def summary(self) -> str:
        """Describe the network in a few lines."""
        populations = ", ".join(f"{size} {name}".strip() for name, size in self.sizes.items())
        rho = self.correlation
        related = (
            "" if self.has_independent_noise else f", correlation {rho:g}" if np.ndim(rho) == 0 else ", correlated"
        )
        law = self.noise if isinstance(self.noise, str) else " ".join(map(str, self.noise))
        noise = "no noise" if self.is_noiseless else f"{law} noise, sigma {_range(self.sigma)}{related}"
        steps = f" in {len(self.stimulus)} steps" if self.stimulus.ndim == 2 else ""
        return (
            f"{self.name}: {populations} neurons\n  weights {_range(self.weights)}  "
            f"threshold {_range(self.threshold)}  stimulus {_range(self.stimulus)}{steps}  {noise}"
        )

    def __repr__(self) -> str:
        return self.summary()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FiniteSizeNetwork) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.n_neurons, self.name))

    def to_dict(self) -> dict[str, Any]:
        """Return the specification as JSON-ready data.

        Examples
        --------
        >>> import metastable as mst
        >>> net = mst.networks.FiniteSizeNetwork(weights=[[0, -2], [1.5, 0]], sigma=0.5)
        >>> mst.networks.FiniteSizeNetwork.from_dict(net.to_dict()) == net
        True
        """
        rho = np.asarray(self.correlation)
        arrays = {name: getattr(self, name).tolist() for name in ("weights", "threshold", "stimulus", "sigma")}
        noise = self.noise if isinstance(self.noise, str) else list(self.noise)
        others = {"noise": noise, "sizes": dict(self.sizes), "name": self.name}
        return arrays | {"correlation": rho.tolist()} | others

    @staticmethod
    def from_dict(data: dict[str, Any]) -> FiniteSizeNetwork:
        """Rebuild a specification from `to_dict`, or from its JSON."""
        return FiniteSizeNetwork(**data)


def checked_sizes(sizes: Any) -> dict[str, int]:
    """Return how many neurons each population has, or raise a sentence about it."""
    if not isinstance(sizes, Mapping):
        raise TypeError(f'sizes must be populations and their neurons, as {{"E": 8, "I": 2}}, got {shown(sizes)}.')
    if not sizes:
        raise ValueError("sizes is empty; give the number of neurons of at least one population.")
    return {str(k): require_integer(f"sizes[{k!r}]", v, minimum=1) for k, v in sizes.items()}


def _checked_noise(noise: Any) -> str | tuple[Any, ...]:
    """Return a law as a name, or as a name and numbers that JSON knows, or raise a sentence about it."""
    if isinstance(noise, str):
        return noise
    if not isinstance(noise, tuple | list) or not noise:
        raise TypeError(f'noise must be a name, or a tuple of a name and numbers, as ("t", 5), got {shown(noise)}.')
    return noise[0], *(v.item() if isinstance(v, np.generic) else v for v in noise[1:])


def _frozen(name: str, values: Any, *, shape: tuple[int, ...] | None = None) -> Array:
    array = require_numbers(name, values)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinite values; give finite ones.")
    if shape is not None:
        if array.size == 1:
            array = array.reshape(())
        try:
            array = np.broadcast_to(array, shape)
        except ValueError:
            raise ValueError(f"{name} must be one number or have shape {shape}, got {array.shape}.") from None
    own = np.array(array)
    own.setflags(write=False)
    return own


def _range(values: Array) -> str:
    low, high = values.min(), values.max()
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
