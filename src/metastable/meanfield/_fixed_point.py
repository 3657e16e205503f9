"""Fixed points of a clustered network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn
from metastable.meanfield._cluster_equations import ClusterEquations
from metastable.meanfield._mean_field import MeanField
from metastable.meanfield._spectrum import block_spectrum

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class FixedPoint(Drawn):
    """A fixed point of the mean-field equations, up to the numbering of clusters.

    Parameters
    ----------
    rates : ndarray, (n_groups,)
        Rates of all groups of ``MeanField.of(network)``; clusters of the lowest class come first.
    composition : tuple of int
        Number of clusters in each class of equal clusters.
    class_rates : ndarray, (n_classes, n_populations)
        Rates of a cluster of each class, by ascending rate of the first population.
    shared_rates : ndarray, (n_shared,)
        Rates of unclustered populations and of the background.
    labels : tuple of str
        What the columns of `class_rates` and then the entries of `shared_rates` are.
    eigenvalues : ndarray of complex, (n_groups,), 1/ms
        Of the stability matrix of all groups, by descending real part.
    residual : float
        Largest ``|m - Phi(m)|`` over all groups.
    """

    rates: Array
    composition: tuple[int, ...]
    class_rates: Array
    shared_rates: Array
    labels: tuple[str, ...]
    eigenvalues: NDArray[np.complex128]
    residual: float

    @property
    def stable(self) -> bool:
        """Whether all eigenvalues have a negative real part."""
        return bool(self.eigenvalues[0].real < 0)

    @property
    def n_active(self) -> int:
        """Number of clusters above the lowest class; 0 if all are equal."""
        return sum(self.composition[1:])

    @property
    def others_silent(self) -> bool:
        """Whether everything outside of the highest class is silent, with rates below 1e-4.

        So is a state in which clusters that nearly do not hear each other are active or silent independently.
        """
        others = np.concatenate([self.class_rates[:-1].ravel(), self.shared_rates])
        return bool(others.size) and bool(others.max() < 1e-4)

    @property
    def up(self) -> float:
        """Rate of the first population in the highest class."""
        return float(self.class_rates[-1, 0])

    @property
    def down(self) -> float:
        """Rate of the first population in the lowest class."""
        return float(self.class_rates[0, 0])

    @property
    def description(self) -> str:
        """Rates of each class and of what is outside of clusters, in words."""
        n_populations = self.class_rates.shape[1]
        parts = [
            f"{n} x " + " ".join(f"{name} {rate:.4f}" for name, rate in zip(self.labels, row, strict=False))
            for n, row in zip(self.composition, self.class_rates, strict=True)
        ]
        parts += [
            f"{name} {rate:.4f}" for name, rate in zip(self.labels[n_populations:], self.shared_rates, strict=True)
        ]
        return ", ".join(parts)

    def __repr__(self) -> str:
        return f"FixedPoint({'stable' if self.stable else 'unstable'}: {self.description})"


@dataclass(frozen=True, eq=False, repr=False)
class FixedPoints(Sequence[FixedPoint], Drawn):
    """The fixed points of one network: a sequence that prints as a table.

    Parameters
    ----------
    points : tuple of FixedPoint
    status : str
        How many there are, whether silence is one of them, what the search can miss, and which condition of the
        balanced state fails, if one does.
    """

    _prints_a_table = True

    points: tuple[FixedPoint, ...]
    status: str

    @overload
    def __getitem__(self, index: int) -> FixedPoint: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[FixedPoint, ...]: ...
    def __getitem__(self, index: int | slice) -> FixedPoint | tuple[FixedPoint, ...]:
        return self.points[index]

    def __len__(self) -> int:
        return len(self.points)

    def __repr__(self) -> str:
        lines = ["FixedPoints(", "  active  state     growth (1/ms)  rates"]
        lines += [
            f"  {p.n_active:>6}  {'stable' if p.stable else 'unstable':<8}  {p.eigenvalues[0].real:>13.5f}  "
            f"{p.description}"
            for p in self.points
        ]
        return "\n".join([*lines, f"  {self.status})"])


def fixed_point(
    equations: ClusterEquations, field: MeanField | None, composition: tuple[int, ...], rates: Array
) -> FixedPoint:
    """Make a fixed point of the rates of the reduced equations; `field` is that of all groups, for the residual."""
    p, n_classes = equations.n_local, len(composition)
    local = rates[: n_classes * p].reshape(n_classes, p)
    order = np.argsort(local[:, 0], kind="stable") if p else np.arange(n_classes)
    n = tuple(int(composition[k]) for k in order)
    rates = np.concatenate([local[order].ravel(), rates[n_classes * p :]])
    full = equations.expand(n, rates)
    if field is None:
        reduced = equations.reduced(n)
        residual = float(np.abs(reduced.response(rates) - rates).max())
    else:
        residual = float(np.abs(field.response(full) - full).max())
    return FixedPoint(
        rates=full,
        composition=n,
        class_rates=local[order],
        shared_rates=rates[n_classes * p :],
        labels=equations.names,
        eigenvalues=block_spectrum(equations, n, rates),
        residual=residual,
    )
