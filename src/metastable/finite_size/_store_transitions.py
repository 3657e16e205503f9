"""Storage of patterns and sequences: weights that make given states follow each other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._validation import require_array, require_choice, require_number
from metastable.finite_size._search_cost import duration
from metastable.finite_size._storage import Storage
from metastable.finite_size._storing_weights import (
    is_exact,
    pseudoinverse_weights,
    smallest_weights,
    widest_margin,
)
from metastable.networks import FiniteSizeNetwork

Array = NDArray[np.float64]

METHODS = ("auto", "pseudoinverse", "maximum-margin")
# Of one linear programme, times the power 1.4 of neurons times transitions, up to 200 neurons measured.
_SECONDS = 2e-8
_MOST_SECONDS = 600.0
# Of the margin: by how much rounding may change it.
_MARGIN_MISSED = 1e-3


def store_transitions(
    before: ArrayLike,
    after: ArrayLike | None = None,
    *,
    margin: float,
    sigma: ArrayLike,
    threshold: ArrayLike = 0.0,
    stimulus: ArrayLike = 0.0,
    method: str = "auto",
    largest_weight: float | None = None,
    connected: ArrayLike | None = None,
) -> Storage:
    """Choose the weights of a network so that given states follow each other.

    Parameters
    ----------
    before : array_like of 0 and 1, (n_transitions, n)
        States X.
    after : array_like of 0 and 1, (n_transitions, n), optional
        The state Y that follows each; by default the same, which stores patterns. ``np.roll(before, -1, axis=0)``
        stores a cycle.
    margin : float
        K: how far each neuron is to be on the right side of its threshold, in units of its noise.
    sigma : float or array_like, (n,)
        Standard deviation of the noise of each neuron, above 0.
    threshold, stimulus : float or array_like, (n,)
    method : {"auto", "pseudoinverse", "maximum-margin"}
        ``"pseudoinverse"`` puts every neuron exactly at K, generically up to n - 1 transitions; ``"maximum-margin"``
        puts them at K or beyond with a linear programme for each neuron, about twice as many transitions. ``"auto"``
        takes the first where it is exact.
    largest_weight : float, optional
        For the linear programme: bound of all ``|W_ij|``, within which the margin is then made as wide as possible
        (and refused if below K). By default the largest weight is made as small as margin K allows.
    connected : array_like of bool, (n, n), optional
        Which weights W_ij (from j to i) may differ from 0; by default all but autapses.

    Returns
    -------
    Storage
        With the network, margins, retention, and what follows from them.

    Raises
    ------
    ValueError
        If two transitions contradict each other, there are no weights that store them, or the linear programmes would
        take more than ten minutes.

    Notes
    -----
    Fasoli & Panzeri 2019: ``sum_k W_jk X_k = theta_j - I_j + (2 Y_j - 1) K sigma_j`` for every transition, so that each
    happens with probability Phi(K)^n exactly. The pseudoinverse gives numbers for any set of transitions: whether they
    solve these equations is checked. Beyond n - 1 transitions the equality is given up for an inequality.

    Examples
    --------
    >>> import numpy as np
    >>> import metastable as mst
    >>> cycle = np.eye(5, dtype=int)[[0, 2, 4]] + np.eye(5, dtype=int)[[1, 3, 0]]
    >>> mst.finite_size.store_transitions(cycle, np.roll(cycle, -1, axis=0), margin=3, sigma=0.2, threshold=1)
    Storage(3 transitions in 5 neurons, pseudoinverse
      margin 3  retention 0.9933  residual ...)
    """
    x = _states("before", before)
    y = x if after is None else _states("after", after)
    if x.shape != y.shape:
        raise ValueError(f"after must have the shape of before, {x.shape}, got {y.shape}.")
    _require_consistent(x, y)
    n = x.shape[1]
    require_choice("method", method, METHODS)
    margin = require_number("margin", margin, above=0)
    if largest_weight is not None:
        largest_weight = require_number("largest_weight", largest_weight, above=0)
    allowed = _connected(connected, n)
    # The network checks and broadcasts what is given of its neurons.
    given: Any = {"threshold": threshold, "stimulus": stimulus, "sigma": sigma}
    bare = FiniteSizeNetwork(weights=np.zeros((n, n)), name="storing network", **given)
    if not (bare.sigma > 0).all():
        raise ValueError(
            "sigma must be above 0 for every neuron, the margin is in units of it; for a network without "
            "noise, store with a small one and set it to 0 afterwards."
        )
    if bare.stimulus.ndim == 2:
        raise ValueError(f"stimulus must be one number or have shape ({n},), got {bare.stimulus.shape}.")
    needed = bare.threshold - bare.stimulus
    weights, residual = np.zeros((n, n)), np.nan
    if method != "maximum-margin":
        weights, worst, residual = _equal_margins(x, y, allowed, needed, margin * bare.sigma)
        missed = np.abs((2 * y - 1) * (x @ weights.T - needed) - margin * bare.sigma) / (margin * bare.sigma)
        if not is_exact(residual) or missed.max() > _MARGIN_MISSED:
            if method == "pseudoinverse":
                rank = np.linalg.matrix_rank(x[:, allowed[worst]]) if allowed[worst].any() else 0
                raise ValueError(
                    f"the {len(x)} transitions have no weights with exactly this margin, neuron {worst} misses it by "
                    f"{residual:.2g} of the largest potential and its inputs have rank {rank}; store fewer or other "
                    'states, or use method="maximum-margin".'
                )
            method = "maximum-margin"
        else:
            method = "pseudoinverse"
    if method == "maximum-margin":
        residual = np.nan
        weights = _wide_margins(x, y, allowed, needed, margin * bare.sigma, largest_weight)
    network = FiniteSizeNetwork(weights=weights, name="storing network", **given)
    margins = (2 * y - 1) * (x @ weights.T - needed) / network.sigma
    if margins.min() < (1 - _MARGIN_MISSED) * margin:
        raise ValueError(
            f"a margin of {margin * bare.sigma.min():.2g} is lost in the rounding of potentials of up to "
            f"{np.abs(needed).max():.2g}; raise sigma or margin, or scale threshold and stimulus down."
        )
    return Storage(network, x.astype(np.uint8), y.astype(np.uint8), margins, residual, method)


def _equal_margins(
    x: Array, y: Array, allowed: NDArray[np.bool_], needed: Array, distance: Array
) -> tuple[Array, int, float]:
    """Return the weights, the neuron that misses its equations by most, and by how much."""
    weights = np.zeros(allowed.shape)
    residuals = np.zeros(len(allowed))
    wanted = needed + (2 * y - 1) * distance
    for j, inputs in enumerate(allowed):
        weights[j, inputs], residuals[j] = pseudoinverse_weights(x[:, inputs], wanted[:, j])
    worst = int(residuals.argmax())
    return weights, worst, float(residuals[worst])


def _wide_margins(
    x: Array, y: Array, allowed: NDArray[np.bool_], needed: Array, distance: Array, largest: float | None
) -> Array:
    seconds = len(allowed) * _SECONDS * float(x.size) ** 1.4
    if seconds > _MOST_SECONDS:
        raise ValueError(
            f"the {len(allowed)} linear programmes for {len(x)} transitions would take {duration(seconds)}, at most "
            f"{duration(_MOST_SECONDS)} are allowed; store fewer, up to {len(allowed) - 1} need none."
        )
    weights = np.zeros(allowed.shape)
    for j, inputs in enumerate(allowed):
        sign = 2 * y[:, j] - 1
        found = (
            smallest_weights(x[:, inputs], sign, np.full(len(x), needed[j]), distance[j])
            if largest is None
            else widest_margin(x[:, inputs], sign, np.full(len(x), needed[j]), distance[j], largest)
        )
        if found is None:
            within = "" if largest is None else f" with weights up to {largest:g}"
            raise ValueError(
                f"{len(x)} transitions cannot be stored in {len(allowed)} neurons{within}: no weights of neuron {j} "
                f"separate the states after which it is active from the others at this margin; store fewer, lower the "
                "margin or change its threshold."
            )
        weights[j, inputs] = found
    return weights


def _states(name: str, values: ArrayLike) -> Array:
    given = require_array(name, values)
    if given.ndim != 2 or not given.size:
        raise ValueError(f"{name} must have shape (n_transitions, n), got {given.shape}.")
    if given.dtype.kind not in "buif" or not np.isin(given, (0, 1)).all():
        raise ValueError(f"{name} must hold 0 and 1 only; give activities of neurons.")
    return given.astype(np.float64)


def _require_consistent(x: Array, y: Array) -> None:
    follows: dict[bytes, int] = {}
    for k, state in enumerate(x):
        first = follows.setdefault(state.tobytes(), k)
        if not np.array_equal(y[first], y[k]):
            raise ValueError(
                f"transitions {first} and {k} lead from the same state to different ones; drop one of them, or tell "
                "the states apart by another neuron."
            )


def _connected(connected: ArrayLike | None, n: int) -> NDArray[np.bool_]:
    if connected is None:
        return ~np.eye(n, dtype=bool)
    given = require_array("connected", connected)
    if given.shape != (n, n) or not np.isin(given, (0, 1)).all():
        raise ValueError(f"connected must hold True and False, shape ({n}, {n}), got shape {given.shape}.")
    return given.astype(bool)
