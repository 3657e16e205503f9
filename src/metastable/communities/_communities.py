"""Groups of spike trains, with what they were decided on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn
from metastable._validation import require_number

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Communities(Drawn):
    """Groups of spike trains at the timescale where they stand out most.

    Parameters
    ----------
    labels : ndarray of int, (n_trains,)
        Group of each neuron, or of each trial; 0 is the largest. -1 for silent trains, and for all where no groups
        were found.
    sigma_ms : float, ms
        Timescale of the groups, that of the largest delta Q, or without groups the one that came closest; NaN if there
        was nothing to compare.
    modularity, delta_q : float
        Q/2m at this timescale, and its distance from the largest of the controls.
    p_value : float
        Over all timescales together. After an early stop a bound from below; NaN without controls.
    significant : bool
    sigmas_ms : ndarray, (n_timescales,), ms
    modularities : ndarray, (n_timescales,)
        Q/2m at each timescale.
    partitions : ndarray of int, (n_timescales, n_trains)
        Groups of largest modularity at each timescale, significant or not; -1 for silent trains.
    statistic : ndarray, (n_timescales,)
        What is compared with the controls: Q/2m, or for ``method="spectral"`` the largest eigenvalue of the similarity
        beyond the controls' mean.
    control_statistic : ndarray, (n_controls, n_timescales)
        The same of the controls that were computed.
    status : str
        What was found and how it was decided, a sentence.
    provenance : dict
    """

    _shown = ("n_groups", "sizes", "sigma_ms", "modularity", "delta_q", "p_value", "significant", "status")

    labels: NDArray[np.int64]
    sigma_ms: float
    modularity: float
    delta_q: float
    p_value: float
    significant: bool
    sigmas_ms: Array
    modularities: Array
    partitions: NDArray[np.int64]
    statistic: Array
    control_statistic: Array
    status: str
    provenance: dict[str, Any]

    @property
    def n_groups(self) -> int:
        """Number of groups, 0 where none were found."""
        return int(self.labels.max(initial=-1)) + 1

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of trains in each group, (n_groups,)."""
        return np.bincount(self.labels[self.labels >= 0], minlength=self.n_groups)

    @property
    def delta_qs(self) -> Array:
        """Distance from the largest of the controls at each timescale, (n_timescales,); NaN without controls."""
        if not len(self.control_statistic):
            return np.full(self.sigmas_ms.size, np.nan)
        return self.statistic - self.control_statistic.max(axis=0)

    def at(self, sigma_ms: float) -> NDArray[np.int64]:
        """Return the groups of largest modularity at a timescale, significant or not, (n_trains,).

        Parameters
        ----------
        sigma_ms : float, ms
            The nearest timescale that was tried is taken.
        """
        wanted = require_number("sigma_ms", sigma_ms, above=0)
        if not self.sigmas_ms.size:
            raise ValueError(f"there is no timescale to choose from: {self.status}")
        return self.partitions[np.abs(self.sigmas_ms - wanted).argmin()]

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the groups at other timescales, JSON-ready; NaN becomes None."""
        numbers = {name: getattr(self, name) for name in ("sigma_ms", "modularity", "delta_q", "p_value")}
        by_scale = {name: getattr(self, name) for name in ("sigmas_ms", "modularities", "delta_qs")}
        return {
            "n_groups": self.n_groups,
            "significant": self.significant,
            **{name: _finite(value) for name, value in numbers.items()},
            "status": self.status,
            "labels": self.labels.tolist(),
            "sizes": self.sizes.tolist(),
            **{name: [_finite(value) for value in values] for name, values in by_scale.items()},
            "provenance": self.provenance,
        }

    def __repr__(self) -> str:
        if not self.n_groups:
            return f"Communities(no groups; {self.status})"
        sizes = ", ".join(map(str, self.sizes))
        return (
            f"Communities({self.n_groups} groups of {sizes} trains at sigma {self.sigma_ms:.4g} ms, "
            f"Q/2m = {self.modularity:.4g}, delta Q = {self.delta_q:.3g}, p = {self.p_value:.3g}; {self.status})"
        )


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
