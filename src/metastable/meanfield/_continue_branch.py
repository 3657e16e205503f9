"""Branches of fixed points through a family of networks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from metastable._validation import require_number
from metastable.meanfield._branch import Branch
from metastable.meanfield._equation_family import EquationFamily
from metastable.meanfield._fixed_point import FixedPoint
from metastable.meanfield._trace import trace
from metastable.networks import BinaryNetwork


def continue_branch(
    family: Callable[[float], BinaryNetwork],
    point: FixedPoint,
    *,
    at: float,
    start: float,
    stop: float,
    step: float = 0.04,
) -> Branch:
    """Follow a fixed point through a family of networks, around folds, in both directions.

    Parameters
    ----------
    family : callable
        Takes the parameter, for instance J_E+, and returns a network.
    point : FixedPoint
        Of ``family(at)``.
    at : float
        Its parameter.
    start, stop : float
        Range of the parameter.
    step : float
        Largest step in rates; a quarter of the range counts as a rate of 1.

    Returns
    -------
    Branch
        Ordered along the curve; a state with two classes is followed through the homogeneous state, where its active
        clusters become the inactive ones. Its `status` says where it ends, and which conditions of the balanced state
        fail in the range.

    Raises
    ------
    ValueError
        If `at` is outside of the range, `point` does not solve the equations there, or the family refuses a value of
        the range.

    Notes
    -----
    Pseudo-arclength continuation of the reduced equations with their analytic Jacobian; states of two classes with the
    homogeneous state divided out. Folds and changes of stability are solved for to about 1e-10.

    *Assumptions and approximations*: those of `MeanField`. The equations are interpolated in the parameter, to
    rounding.

    Examples
    --------
    >>> import metastable as mst
    >>> family = lambda j: mst.networks.rost_2018(j_e_plus=j)
    >>> one = next(p for p in mst.meanfield.fixed_points(family(2.5)) if p.n_active == 1 and p.stable)
    >>> branch = mst.meanfield.continue_branch(family, one, at=2.5, start=1.0, stop=3.5)
    >>> round(branch.stable_ranges[0].start, 3)
    1.867
    """
    at = require_number("at", at)
    equations = EquationFamily.of(family, start, stop)
    if not equations.start <= at <= equations.stop:
        raise ValueError(f"at={at:g} must lie within start={start:g} and stop={stop:g}.")
    rates = np.concatenate([point.class_rates.ravel(), point.shared_rates])
    return trace(equations, point.composition, rates, at, step=step)
