"""Stationary probability density of membrane potentials."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular

from metastable._validation import require_indices, require_numbers
from metastable.finite_size._exact_statistics import ExactStatistics, statistics_of
from metastable.networks import FiniteSizeNetwork

Array = NDArray[np.float64]
# Points times components in one go.
_BLOCK = 2**20


def potential_density(
    network: FiniteSizeNetwork | ExactStatistics, potentials: ArrayLike, *, neurons: ArrayLike
) -> Array:
    """Compute the stationary density of the membrane potentials of one or several neurons.

    Parameters
    ----------
    network : FiniteSizeNetwork or ExactStatistics
    potentials : array_like, (...,) for one neuron, (..., k) for several
        Where to compute it.
    neurons : int or array_like of int, (k,)

    Returns
    -------
    ndarray, (...,)

    Raises
    ------
    ValueError
        If one of the neurons has no noise, or their noise is perfectly correlated: there is no density then.

    Notes
    -----
    ``p(V) = sum_A pi(A) N(V; mu(A), C)``, a mixture of as many components as there are states (Fasoli & Panzeri 2019),
    or with the law of the noise instead of the normal one. States with equal mean potentials are taken together.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork(weights=[[0, -2], [1.5, 0]], stimulus=[0.6, -0.2], sigma=1)
    >>> mst.finite_size.potential_density(net, [-1.5, 0, 1.5], neurons=0).round(4)
    array([0.2515, 0.2253, 0.1131])
    """
    statistics = statistics_of(network)
    net = statistics.network
    single = np.ndim(neurons) == 0
    group = require_indices("neurons", neurons, net.n_neurons)
    at = require_numbers("potentials", potentials)
    if not group.size or np.unique(group).size < group.size:
        raise ValueError(f"neurons must be different ones, at least one, got {group.tolist()}.")
    if not single and (at.ndim == 0 or at.shape[-1] != group.size):
        raise ValueError(f"potentials must have shape (..., {group.size}), one for each neuron, got {at.shape}.")
    points = at.reshape(-1, group.size)
    quiet = group[net.sigma[group] == 0]
    if quiet.size:
        raise ValueError(f"sigma of neuron {quiet[0]} is 0, so that its potential has no density; raise it.")
    centre, component = np.unique(statistics.mean_potentials[:, group], axis=0, return_inverse=True)
    weight = np.bincount(component.ravel(), statistics.stationary)
    density = np.empty(len(points))
    block = max(1, _BLOCK // len(centre))
    for start in range(0, len(points), block):
        distance = points[start : start + block, None] - centre
        density[start : start + block] = _noise_density(net, group, distance) @ weight
    return density.reshape(at.shape if single else at.shape[:-1])


def _noise_density(network: FiniteSizeNetwork, group: NDArray[np.intp], distance: Array) -> Array:
    sigma = network.sigma[group]
    if network.has_independent_noise:
        return (network.noise_law.pdf(distance / sigma) / sigma).prod(axis=-1)
    try:
        root = np.linalg.cholesky(network.covariance[np.ix_(group, group)])
    except np.linalg.LinAlgError:
        raise ValueError(
            f"the noise of neurons {group.tolist()} is perfectly correlated, so that their potentials have no joint "
            "density; ask for fewer neurons."
        ) from None
    standard = solve_triangular(root, distance.reshape(-1, group.size).T, lower=True)
    scale = np.prod(np.diagonal(root)) * (2 * np.pi) ** (group.size / 2)
    return (np.exp(-0.5 * (standard**2).sum(axis=0)) / scale).reshape(distance.shape[:-1])
