"""Markov chains in continuous time: stationary law, slowest modes and linear equations of a sparse generator."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, eye_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import LinearOperator, eigs, gmres, spilu, splu

from metastable.finite_size._gth import gth

Array = NDArray[np.float64]

METHODS = ("auto", "gth", "direct", "iterative")
# Elimination without a subtraction takes a second for this many states, and grows with their third power.
MOST_ELIMINATED = 2**11
# Entries of complete factors, of 12 bytes, up to which they are made: about 15 seconds on one core.
_MOST_ENTRIES = 5e7
_MOST_DIAGONALISED = 2**9
_STEPS_TO_TYPICAL = 300
_TOLERANCE = 1e-12
_RESTART = 60
_MOST_RESTARTS = 30
_LARGEST_RESIDUAL = 1e-9


def cost(method: str, n_states: int, n_groups: int) -> tuple[float, float]:
    """Estimate bytes and seconds on one core of one solution, of a generator of moves along `n_groups` axes.

    Measured, with the laws of elimination (n^2 and n^3) and of nested dissection of a lattice (n^(2 - 2/d) entries,
    its power 3/2 operations).
    """
    n = float(n_states)
    if method == "gth":
        return 16 * n**2, (n / MOST_ELIMINATED) ** 3
    if method == "direct":
        entries = _entries_of_factors(n_states, n_groups)
        return 12 * entries, 4e-11 * entries**1.5
    return 150 * n * (2 * n_groups + 1), 1e-4 * n


def _entries_of_factors(n_states: int, n_groups: int) -> float:
    return 10 * float(n_states) ** (2 - 2 / max(n_groups, 2))


def chosen_method(method: str, n_states: int, n_groups: int) -> str:
    """Return what "auto" stands for."""
    if method != "auto":
        return method
    if n_states <= MOST_ELIMINATED:
        return "gth"
    return "direct" if _entries_of_factors(n_states, n_groups) <= _MOST_ENTRIES else "iterative"


class Equations:
    """Solve ``M x = b`` and ``M^T x = b`` for a block M of a generator, prepared once.

    Parameters
    ----------
    matrix : csr_array
        Diagonally dominant, so that factors need no pivots off the diagonal.
    iterative : bool
        GMRES with incomplete factors in the place of complete ones.
    """

    def __init__(self, matrix: csr_array, *, iterative: bool) -> None:
        self._matrix, self._iterative = matrix, iterative
        options: dict[str, Any] = {
            "permc_spec": "MMD_AT_PLUS_A",
            "diag_pivot_thresh": 0.0,
            "options": {"SymmetricMode": True},
        }
        if iterative:
            self._factors = spilu(csc_array(matrix), drop_tol=1e-2, fill_factor=10, **options)
        else:
            self._factors = splu(csc_array(matrix), **options)

    def solve(self, right: Array, *, transposed: bool = False) -> Array:
        """Return x, (n,)."""
        turn = "T" if transposed else "N"
        start = self._factors.solve(right, turn)
        if not self._iterative:
            return start
        n = right.size
        inverse: Any = LinearOperator((n, n), matvec=lambda b: self._factors.solve(b, turn), dtype=np.float64)  # pyright: ignore[reportCallIssue]
        matrix: Any = self._matrix.T if transposed else self._matrix
        x, rounding = start, 4 * np.finfo(np.float64).eps * float(np.abs(self._matrix.diagonal()).max())
        for _ in range(_MOST_RESTARTS):
            x, _ = gmres(matrix, right, x0=x, M=inverse, rtol=_TOLERANCE, restart=_RESTART, maxiter=1)
            # The residual cannot fall below the rounding of its own terms.
            floor = max(_TOLERANCE * float(np.linalg.norm(right)), rounding * float(np.linalg.norm(x)))
            if np.linalg.norm(matrix @ x - right) <= floor:
                return x
        raise RuntimeError(
            f"the iteration for {n:,} states did not settle in {_RESTART * _MOST_RESTARTS:,} steps; raise noise_sd, "
            'lump the clusters, or use method="direct".'
        )


def require_connected(generator: csr_array) -> None:
    """Raise a sentence if some states cannot be left, or not be reached, with the numbers of this machine."""
    n_classes, _ = connected_components(generator, directed=True, connection="strong")
    if n_classes > 1:
        raise ValueError(
            f"with this noise_sd the states fall into {n_classes:,} sets between which rates are below the smallest "
            "number, so that there is no unique stationary law; raise noise_sd."
        )


def stationary_law(generator: csr_array, method: str) -> Array:
    """Return the stationary law, (n,), of a generator from rows to columns.

    Beyond elimination the probability of one typical state is set to 1 and the others follow from linear equations.
    """
    n = generator.diagonal().size
    if method == "gth":
        # Elimination sums the diagonal anew, so that rates serve as well as probabilities.
        rates = generator.toarray()
        np.fill_diagonal(rates, 0)
        return gth(rates)
    typical = _typical_state(generator)
    others = np.flatnonzero(np.arange(n) != typical)
    equations = Equations(generator[others][:, others], iterative=method == "iterative")
    law = np.ones(n)
    law[others] = equations.solve(-generator[[typical]].toarray()[0, others], transposed=True)
    # Rounding may leave the smallest below 0.
    law = np.maximum(law, 0)
    law /= law.sum()
    residual = float(np.abs(generator.T @ law).sum() / np.abs(generator.diagonal()).max())
    if not residual < _LARGEST_RESIDUAL:
        raise RuntimeError(
            f"the stationary law of {n:,} states was found to {residual:.1e} only; raise noise_sd, or use "
            f'method="gth" up to {MOST_ELIMINATED:,} states.'
        )
    return law


def slowest_eigenvalues(generator: csr_array, n_modes: int, *, slowest_ms: float, iterative: bool) -> NDArray:
    """Return the eigenvalues of largest real part, the stationary one first, (n_modes,) of complex, per ms.

    Beyond some hundred states by Arnoldi's method on the inverse about a point just above 0, right of all eigenvalues,
    where the equations are as well behaved as anywhere. `slowest_ms` is the longest time constant of a unit.
    """
    n = generator.diagonal().size
    if n <= max(_MOST_DIAGONALISED, n_modes + 2):
        values = np.linalg.eigvals(generator.toarray())
    else:
        shift = 1e-3 / slowest_ms
        equations = Equations(csr_array(generator - shift * eye_array(n)), iterative=iterative)
        inverse: Any = LinearOperator((n, n), matvec=lambda b: equations.solve(np.ravel(b)), dtype=np.float64)  # pyright: ignore[reportCallIssue]
        # Without a start ARPACK draws one, and the last digits would differ from call to call.
        start = np.random.default_rng(0).random(n)
        found: Any = eigs(
            generator, k=n_modes, sigma=shift, OPinv=inverse, v0=start, ncv=2 * n_modes + 20, return_eigenvectors=False
        )
        values = found
    # Of a conjugate pair the one that turns forward comes first.
    order = np.lexsort((-values.imag, -np.round(values.real * slowest_ms, 12)))[:n_modes]
    values = values[order].astype(np.complex128)
    values[0] = 0
    return values


def _typical_state(generator: csr_array) -> int:
    """Return where a walker from anywhere is likely after some updates of every unit."""
    n = generator.diagonal().size
    law, fastest = np.full(n, 1 / n), np.abs(generator.diagonal()).max()
    backwards = csr_array(generator.T)
    for _ in range(_STEPS_TO_TYPICAL):
        law = law + (backwards @ law) / fastest
    return int(law.argmax())
