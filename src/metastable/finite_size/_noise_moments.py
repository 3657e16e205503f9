"""Moments of the noise, of the whole and of its part above a bound."""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.special import gamma, hyp1f1

from metastable.networks import FiniteSizeNetwork

Array = NDArray[np.float64]
# Of cuts, relative to 1 and to their distance from 0.
_SPACING = 0.05
_NODES = 12


def upper_mean(network: FiniteSizeNetwork, bound: Array) -> Array:
    """Return ``E[xi; xi >= bound]`` of noise of standard deviation 1, in the shape of `bound`."""
    if network.noise == "gaussian":
        return np.exp(-0.5 * np.minimum(bound**2, 1e4)) / np.sqrt(2 * np.pi)
    return _upper_moments(network, bound, 1)[1]


def absolute_moment(network: FiniteSizeNetwork, distance: Array, sigma: float, order: int) -> Array:
    """Return ``E|distance + sigma xi|^order``, in the shape of `distance`.

    Notes
    -----
    Gaussian noise: ``(sqrt2 sigma)^n Gamma((n+1)/2) / sqrt(pi) 1F1(-n/2; 1/2; -d^2 / (2 sigma^2))``. Any other law:
    the binomial theorem on either side of zero.
    """
    if sigma == 0:
        return np.abs(distance) ** order
    z = distance / sigma
    if network.noise == "gaussian":
        factor = (np.sqrt(2) * sigma) ** order * gamma((order + 1) / 2) / np.sqrt(np.pi)
        return factor * hyp1f1(-order / 2, 0.5, -0.5 * z**2)
    whole = raw_moments(network, order)
    terms = [comb(order, k) * z ** (order - k) * whole[k] for k in range(order + 1)]
    if order % 2 == 0:
        return sigma**order * np.sum(terms, axis=0)
    above = _upper_moments(network, -z, order)
    positive = [comb(order, k) * z ** (order - k) * above[k] for k in range(order + 1)]
    return sigma**order * (2 * np.sum(positive, axis=0) - np.sum(terms, axis=0))


def raw_moments(network: FiniteSizeNetwork, order: int) -> Array:
    """Return the moments 0 to `order` of noise of standard deviation 1, or raise a sentence if one is infinite."""
    moments = np.array([1.0, *(float(network.noise_law.moment(k)) for k in range(1, order + 1))])
    if not np.isfinite(moments).all():
        raise ValueError(f"noise={network.noise!r} has no finite moment of order {order}; ask for a lower order.")
    return moments


def _upper_moments(network: FiniteSizeNetwork, bound: Array, order: int) -> Array:
    """Integrate over the intervals between all bounds, cut where they are wide, and sum them from the right."""
    from scipy.integrate import quad

    law, whole = network.noise_law, raw_moments(network, order)
    support = law.support()
    inside = bound[(bound > support[0]) & (bound < support[1])]
    if not inside.size:
        inside = np.zeros(1)
    low, high = inside.min(), inside.max()
    edges = np.unique(np.concatenate([inside, _cuts(low, high)]))
    x, w = np.polynomial.legendre.leggauss(_NODES)
    half = np.diff(edges)[:, None] / 2
    at = edges[:-1, None] + half * (x + 1)
    mass = half * w * law.pdf(at)
    result = np.empty((order + 1, *bound.shape))
    for k in range(order + 1):
        tail = quad(lambda v, k=k: v**k * law.pdf(v), high, support[1], epsabs=1e-13, epsrel=1e-12)[0]
        upper = tail + np.append(np.cumsum((mass * at**k).sum(axis=1)[::-1])[::-1], 0.0)
        values = upper[np.searchsorted(edges, bound.clip(low, high))]
        result[k] = np.where(bound <= support[0], whole[k], np.where(bound >= support[1], 0.0, values))
    return result


def _cuts(low: float, high: float) -> Array:
    """Return where to cut a range: densely around 0, where laws may have a kink, with wider steps far away."""
    from_, to = np.arcsinh([low, high])
    cuts = np.sinh(np.linspace(from_, to, int((to - from_) / _SPACING) + 2))
    return np.append(cuts, 0.0).clip(low, high)


def gaussian_product(distance: Array, covariance: Array) -> Array:
    """Return ``E prod_i (distance_i + eta_i)`` for Gaussian eta, (n_rows,), from distances of (n_rows, n).

    Notes
    -----
    Isserlis' theorem as a recursion: the first factor is taken at its mean, or paired with each of the others.
    """
    known: dict[tuple[int, ...], Array] = {(): np.ones(len(distance))}

    def moment(factors: tuple[int, ...]) -> Array:
        if factors not in known:
            first, rest = factors[0], factors[1:]
            total = distance[:, first] * moment(rest)
            for k, other in enumerate(rest):
                if covariance[first, other]:
                    total = total + covariance[first, other] * moment(rest[:k] + rest[k + 1 :])
            known[factors] = total
        return known[factors]

    return moment(tuple(range(distance.shape[1])))
