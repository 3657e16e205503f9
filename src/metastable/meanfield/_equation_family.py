"""Equations as smooth functions of one parameter of the network."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from metastable._validation import require_number
from metastable.meanfield._balance import Balance, balance_of, remark_on_family
from metastable.meanfield._cluster_equations import ClusterEquations
from metastable.networks import BinaryNetwork

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EquationFamily:
    """Equations of a family of networks, interpolated by Chebyshev polynomials in its parameter.

    Matrices and drives are smooth functions of a network's parameter, mostly polynomials of degree 2: a handful of
    networks determines the whole family to rounding, and the derivative with it.

    Parameters
    ----------
    start, stop : float
        Range of the parameter.
    coefficients : ndarray, (degree + 1, n_numbers)
        Of own, common, drive and tau, one after the other.
    template : ClusterEquations
        Where these numbers belong.
    judged : tuple of (float, Balance)
        The balanced state at five values of the parameter, both ends among them.
    """

    start: float
    stop: float
    coefficients: Array
    template: ClusterEquations
    judged: tuple[tuple[float, Balance], ...]

    @staticmethod
    def of(
        family: Callable[[float], BinaryNetwork],
        start: float,
        stop: float,
        *,
        names: tuple[str, str] = ("start", "stop"),
        beside: str = "",
    ) -> EquationFamily:
        """Interpolate a family of networks.

        Parameters
        ----------
        family : callable
            Takes the parameter and returns a network.
        start, stop : float
            Range. The interpolation does not use its ends, where networks may lose a population of clusters (J_I+ = 1).
        names : pair of str
            What a refusal calls the ends.
        beside : str
            What else a refusal says about them.

        Returns
        -------
        EquationFamily

        Raises
        ------
        ValueError
            If the range is empty, the family refuses a value of it, or the equations are not a smooth function of the
            parameter.
        """
        start, stop = require_number("start", start), require_number("stop", stop)
        if not start < stop:
            raise ValueError(f"start must be below stop, got {start:g} and {stop:g}.")

        def network(value: float) -> BinaryNetwork:
            try:
                return family(value)
            except (TypeError, ValueError) as error:
                where = {start: f"{names[0]}={start:g}", stop: f"{names[1]}={stop:g}"}.get(value, f"{value:g}")
                sentence = (
                    f"the family must give a network at every number from {names[0]}={start:g} to {names[1]}={stop:g}"
                    f"{beside}; at {where} it refuses: {error}"
                )
                raise (TypeError if isinstance(error, TypeError) else ValueError)(sentence) from error

        # The ends first: a limit that they overstep is told with them, not with a value inside.
        ends = [(value, balance_of(network(value))) for value in (start, stop)]

        def sample(x: Array) -> tuple[Array, ClusterEquations]:
            parts = [ClusterEquations.of(network(float(start + (stop - start) * (u + 1) / 2))) for u in x]
            if any(part.labels != parts[0].labels or part.n_clusters != parts[0].n_clusters for part in parts):
                raise ValueError("the networks of the family have different populations or numbers of clusters.")
            return np.array([_numbers(part) for part in parts]), parts[0]

        # Not symmetric, so that no odd or even remainder hides.
        control, template = sample(np.array([-0.731, 0.417]))
        for degree in (2, 4, 8, 16, 32):
            nodes = chebyshev.chebpts1(degree + 1)
            values, _ = sample(nodes)
            coefficients = np.asarray(np.linalg.solve(chebyshev.chebvander(nodes, degree), values), np.float64)
            guess = chebyshev.chebvander(np.array([-0.731, 0.417]), degree) @ coefficients
            scale = np.abs(values).max(axis=0) + 1e-12
            if (np.abs(guess - control) <= 1e-12 * scale).all():
                inner = (start + (stop - start) * np.array([0.25, 0.5, 0.75])).tolist()
                judged = (ends[0], *((value, balance_of(network(value))) for value in inner), ends[1])
                return EquationFamily(start, stop, coefficients, template, judged)
        raise ValueError(
            f"the equations are not a smooth function of the parameter between {start:g} and {stop:g}; choose a range "
            f"without steps or kinks."
        )

    @property
    def remark(self) -> str:
        """Which conditions of the balanced state fail in the range, as sentences; empty if none does."""
        return remark_on_family([(f"{value:g}", balance) for value, balance in self.judged])

    def at(self, value: float) -> ClusterEquations:
        """Return the equations at one value of the parameter."""
        degree = len(self.coefficients) - 1
        return self._unpack(chebyshev.chebvander(self._unit(value), degree) @ self.coefficients)

    def slope(self, value: float) -> ClusterEquations:
        """Return the derivative of matrices, drive and tau by the parameter, in the form of equations."""
        if len(self.coefficients) == 1:
            return self._unpack(np.zeros(self.coefficients.shape[1]))
        derived = chebyshev.chebder(self.coefficients) * (2 / (self.stop - self.start))
        return self._unpack(chebyshev.chebvander(self._unit(value), len(derived) - 1) @ derived)

    def _unit(self, value: float) -> float:
        return 2 * (value - self.start) / (self.stop - self.start) - 1

    def _unpack(self, numbers: Array) -> ClusterEquations:
        numbers = numbers.reshape(-1)
        shapes = [getattr(self.template, name).shape for name in _FIELDS]
        ends = np.cumsum([np.prod(shape, dtype=int) for shape in shapes])
        parts = np.split(numbers, ends[:-1])
        return dataclasses.replace(
            self.template,
            **{name: part.reshape(shape) for name, part, shape in zip(_FIELDS, parts, shapes, strict=True)},
        )


_FIELDS = ("own", "common", "drive", "tau_ms")


def _numbers(equations: ClusterEquations) -> Array:
    return np.concatenate([getattr(equations, name).ravel() for name in _FIELDS])
