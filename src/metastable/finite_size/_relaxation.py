"""How fast the law of the states forgets: leading eigenvalues of a chain."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn
from metastable._validation import require_integer
from metastable.finite_size._transitions import Chain, chain_of, require_network
from metastable.networks import FiniteSizeNetwork

_MOST_DIAGONALISED = 2**8
_MOST_MODES = 20
# A step of the law takes some 20 ms then.
_MOST_ON_ONE_THREAD = 2**14


@dataclass(frozen=True, eq=False, repr=False)
class Relaxation(Drawn):
    """Modes in which the law of the states relaxes.

    Parameters
    ----------
    eigenvalues : ndarray of complex, (n_modes,)
        Of the transition matrix, largest first; the first is 1 and belongs to the stationary law.
    """

    eigenvalues: NDArray[np.complex128]

    @property
    def times(self) -> NDArray[np.float64]:
        """Steps in which each mode decays by e, ``-1 / ln|lambda|``: infinite for the first, 0 for eigenvalues 0."""
        size = np.abs(self.eigenvalues)
        # Rounding, of the first and of those that are 0.
        lasting, gone = size >= 1 - 1e-13, size < 1e-14
        times = -1 / np.log(np.where(lasting | gone, 0.5, size))
        return np.where(lasting, np.inf, np.where(gone, 0.0, times))

    @property
    def periods(self) -> NDArray[np.float64]:
        """Steps in which each mode turns once, ``2 pi / |arg lambda|``; infinite for those that do not."""
        angle = np.abs(np.angle(self.eigenvalues))
        turning = angle > 1e-9
        return np.where(turning, 2 * np.pi / np.where(turning, angle, 1.0), np.inf)

    def __repr__(self) -> str:
        modes = "; ".join(
            f"{time:.4g} steps" + ("" if np.isinf(period) else f", turning in {period:.4g}")
            for time, period in zip(self.times[1:], self.periods[1:], strict=True)
        )
        return f"Relaxation({modes})"


def relaxation(network: FiniteSizeNetwork, *, n_modes: int = 5, step: int = 0) -> Relaxation:
    """Compute the slowest modes in which the law of the states relaxes.

    Parameters
    ----------
    network : FiniteSizeNetwork
    n_modes : int
        How many, the stationary one included; at most 20, and all where there are fewer states.
    step : int
        Which stimulus acts, if it changes in time.

    Returns
    -------
    Relaxation

    Raises
    ------
    ValueError
        If the network has no noise or is too large.

    Notes
    -----
    ``p(t) = sum_k c_k lambda_k^t v_k``. All eigenvalues of the transition matrix up to 8 neurons; beyond, the
    largest by Arnoldi's method, which never builds it.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork(weights=[[0, -2], [1.5, 0]], stimulus=[0.6, -0.2], sigma=1)
    >>> mst.finite_size.relaxation(net, n_modes=3)
    Relaxation(1.713 steps, turning in 4; 1.713 steps, turning in 4)
    """
    require_network(network)
    if network.is_noiseless:
        raise ValueError("sigma is 0, and the law of a network without noise does not relax; raise sigma.")
    require_integer("n_modes", n_modes, minimum=1, maximum=_MOST_MODES)
    chain = chain_of(network, step)
    n_modes = min(n_modes, chain.n_states)
    with few_threads(chain.n_states):
        values, _ = leading_eigenpairs(chain, n_modes)
    return Relaxation(values)


def few_threads(n_states: int) -> AbstractContextManager[Any]:
    """Keep products of small matrices from starting threads, which on a busy machine wait for each other."""
    if n_states > _MOST_ON_ONE_THREAD:
        return nullcontext()
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1, user_api="blas")


def leading_eigenpairs(chain: Chain, n_modes: int) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Return the eigenvalues of largest modulus of ``p -> p'``, largest first, and their vectors in columns."""
    if chain.n_states <= _MOST_DIAGONALISED:
        found: Any = np.linalg.eig(chain.matrix().T)
    else:
        from scipy.sparse.linalg import LinearOperator, eigs

        n = chain.n_states
        step: Any = lambda law: chain.forward(np.ravel(law))  # noqa: E731
        operator: Any = LinearOperator(shape=(n, n), matvec=step, dtype=np.float64)  # pyright: ignore[reportCallIssue]
        # The same in every call, and without the symmetries of the network, which would hide the modes that break them.
        first = np.random.default_rng(0).random(n)
        found = eigs(operator, k=n_modes, which="LM", v0=first, ncv=max(2 * n_modes + 1, 20), tol=0)
    values, vectors = np.asarray(found[0], np.complex128), np.asarray(found[1], np.complex128)
    # Of equal modulus the one that turns most slowly comes first, and of a conjugate pair the one that turns forward.
    turn = np.round(np.abs(np.angle(values)), 9)
    order = np.lexsort((-values.imag, turn, -np.round(np.abs(values), 12)))[:n_modes]
    return values[order], vectors[:, order]
