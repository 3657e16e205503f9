"""Switching between two sets of states of a Markov chain in continuous time: committors, rates and dwell times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from metastable._display import Displayed
from metastable._validation import require_array, shown
from metastable.finite_size._generator import Equations

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class CountSwitching(Displayed):
    """How a chain of counts goes from a core A to a core B and back, exactly.

    Parameters
    ----------
    a, b : ndarray of bool, (n_states,)
        The cores.
    forward : ndarray, (n_states,)
        Forward committor: probability to reach B before A.
    backward : ndarray, (n_states,)
        Backward committor: probability to have been in A more recently than in B.
    flux : float, 1/ms
        Switches from A to B per ms; as many go back.
    share_a : float
        Fraction of time in which A was visited more recently than B.
    dwell_a_ms, dwell_b_ms : float, ms
        Mean time from entering A, coming from B, to the next visit of B; and the same of B.
    dwell_a_cv, dwell_b_cv : float
        Coefficient of variation of these times; 1 if they are exponential.
    """

    a: Mask
    b: Mask
    forward: Array
    backward: Array
    flux: float
    share_a: float
    dwell_a_ms: float
    dwell_b_ms: float
    dwell_a_cv: float
    dwell_b_cv: float

    @property
    def rate_ab(self) -> float:
        """Switches to B per ms of the time in which A was visited last."""
        return self.flux / self.share_a

    @property
    def rate_ba(self) -> float:
        """Switches to A per ms of the time in which B was visited last."""
        return self.flux / (1 - self.share_a)

    def __repr__(self) -> str:
        return (
            f"CountSwitching(A to B {self.rate_ab:.5g} per ms, B to A {self.rate_ba:.5g} per ms; dwell times "
            f"A {self.dwell_a_ms:.5g} ms (CV {self.dwell_a_cv:.3f}), B {self.dwell_b_ms:.5g} ms "
            f"(CV {self.dwell_b_cv:.3f}))"
        )


def switching(generator: csr_array, law: Array, a: Mask, b: Mask, *, iterative: bool) -> CountSwitching:
    """Compute committors, flux and dwell times from the equations of transition path theory."""
    between = np.flatnonzero(~(a | b))
    forward, last_in_a = b.astype(np.float64), np.where(a, law, 0.0)
    if between.size:
        equations = Equations(csr_array(generator[between][:, between]), iterative=iterative)
        forward[between] = equations.solve(-(generator[between] @ forward))
        # Of law * backward, which needs no division by the law: the balance of what came from A.
        last_in_a[between] = equations.solve(-(last_in_a @ generator)[between], transposed=True)
    forward, last_in_a = np.clip(forward, 0, 1), np.clip(last_in_a, 0, law)
    last_in_b = law - last_in_a
    in_a = np.flatnonzero(a)
    flux = float(law[in_a] @ (generator[in_a] @ forward))
    times = {}
    for name, entered, source, target in (("a", a, last_in_b, b), ("b", b, last_in_a, a)):
        # Whoever was in the other core last, and now steps into this one, begins a dwell time.
        arriving = np.where(entered, np.where(entered, 0.0, source) @ generator, 0.0)
        arriving /= arriving.sum()
        first, second = passage_moments(generator, target, iterative=iterative)
        mean = float(arriving @ first)
        times[f"dwell_{name}_ms"] = mean
        times[f"dwell_{name}_cv"] = float(np.sqrt(max(arriving @ second / mean**2 - 1, 0.0)))
    positive = law > 0
    return CountSwitching(
        a=a,
        b=b,
        forward=forward,
        backward=np.where(positive, last_in_a / np.where(positive, law, 1.0), a),
        flux=flux,
        share_a=float(last_in_a.sum()),
        **times,
    )


def passage_moments(generator: csr_array, target: Mask, *, iterative: bool) -> tuple[Array, Array]:
    """Return mean and mean square of the time to reach a set of states from every state, (n_states,) each."""
    outside = np.flatnonzero(~target)
    first, second = np.zeros((2, target.size))
    if outside.size:
        equations = Equations(csr_array(generator[outside][:, outside]), iterative=iterative)
        first[outside] = equations.solve(-np.ones(outside.size))
        second[outside] = equations.solve(-2 * first[outside])
    return first, second


def require_states(name: str, mask: ArrayLike, n_states: int) -> Mask:
    """Return a set of states as truth values, or raise a sentence about it."""
    array = require_array(name, mask)
    if array.shape != (n_states,) or array.dtype != bool:
        raise ValueError(
            f"{name} must hold True or False for each of the {n_states:,} states, got {shown(mask)}; "
            'compare counts, such as chain.count("E", 0) >= 6.'
        )
    if not array.any():
        raise ValueError(f"{name} holds no state; widen its condition.")
    return array
