"""Exact stability of clustered states by blocks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable.meanfield._cluster_equations import ClusterEquations
from metastable.networks import BinaryNetwork


def spectrum(network: BinaryNetwork, rates: ArrayLike) -> NDArray[np.complex128]:
    """Return the eigenvalues of the stability matrix of all groups, from small blocks.

    Parameters
    ----------
    network : BinaryNetwork
    rates : array_like, (n_groups,)
        Rates of all groups of ``MeanField.of(network)``. Clusters with the same rates form a class.

    Returns
    -------
    ndarray of complex, (n_groups,), 1/ms
        By descending real part; a state is stable if the first has a negative one.

    Raises
    ------
    ValueError
        If `rates` has another length than the network has groups, or leaves the range from 0 to 1.

    Notes
    -----
    With classes l of n_l clusters: the matrix of the reduced equations, in which all clusters of a class move together,
    and for each class with ``n_l >= 2`` the block
    ``(1/tau_a) [-delta_ab + phi_a (dA_ab / s_a - mu_a dB_ab / (2 s_a^3))]``, ``dA = A_in - A_out``, (n_l - 1)-fold, in
    which they move against each other. Together they are the spectrum of the full matrix (Rost et al. 2018, eq. 21,
    for each cluster): the matrix commutes with permutations within a class.

    *Assumptions and approximations*: those of `MeanField`; equal clusters.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.rost_2018(j_e_plus=2.9)
    >>> state = mst.meanfield.homogeneous_state(net)
    >>> mst.meanfield.spectrum(net, state.rates)[:2].round(4).real
    array([0.0034, 0.0034])
    """
    equations = ClusterEquations.of(network)
    m = np.asarray(rates, float)
    q, names = equations.n_clusters, [name for name, _ in equations.labels]
    n_groups = q * equations.n_local + equations.n_shared
    if m.shape != (n_groups,):
        raise ValueError(f"rates must have shape ({n_groups},), one rate for each group, got {m.shape}.")
    if not ((m >= 0) & (m <= 1)).all():
        raise ValueError(f"rates must lie between 0 and 1, got {m[~((m >= 0) & (m <= 1))][0]:g} among them.")
    local, shared, at = np.zeros((q, equations.n_local)), np.zeros(equations.n_shared), 0
    for population in equations.populations:
        for index in (k for k, name in enumerate(names) if name == population):
            if index < equations.n_local:
                local[:, index] = m[at : at + q]
                at += q
            else:
                shared[index - equations.n_local] = m[at]
                at += 1
    classes, n = np.unique(local, axis=0, return_counts=True)
    return block_spectrum(equations, n, np.concatenate([classes.ravel(), shared]))


def block_spectrum(
    equations: ClusterEquations, composition: ArrayLike, rates: NDArray[np.float64]
) -> NDArray[np.complex128]:
    """Return the eigenvalues of all groups at a state of the reduced equations, by descending real part."""
    n = np.asarray(composition)
    p = equations.n_local
    reduced = equations.reduced(n)
    parts = [np.linalg.eigvals(reduced.jacobian(rates))]
    for block, count in zip(difference_blocks(equations, n, rates), n, strict=True):
        parts.append(np.tile(np.linalg.eigvals(block) if p else [], max(0, round(float(count)) - 1)))
    values: NDArray[np.complex128] = np.concatenate(parts).astype(np.complex128)
    return values[np.lexsort((-np.imag(values), -np.real(values)))]


def difference_blocks(
    equations: ClusterEquations, composition: ArrayLike, rates: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return, for each class, the matrix of clusters moving against each other, (n_classes, n_local, n_local), 1/ms."""
    n, p = np.asarray(composition), equations.n_local
    reduced = equations.reduced(n)
    # The gain is linear in the matrices: own ones in their place, everything else 0.
    mu, s2 = reduced.input_mean(rates), reduced.input_variance(rates)
    live = s2 > 0
    s = np.sqrt(np.where(live, s2, 1.0))
    density = np.where(live, np.exp(-0.5 * np.minimum(np.abs(mu / s), 40.0) ** 2) / np.sqrt(2 * np.pi), 0.0)
    blocks = np.empty((n.size, p, p))
    for k in range(n.size):
        row = slice(k * p, (k + 1) * p)
        to_mean, to_variance = (density[row] / s[row])[:, None], (density[row] * mu[row] / (2 * s[row] ** 3))[:, None]
        gain = to_mean * equations.own[0, :p, :p] - to_variance * equations.own[1, :p, :p]
        blocks[k] = (gain - np.eye(p)) / equations.tau_ms[:p, None]
    return blocks
