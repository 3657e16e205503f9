"""Weights found from spikes, with what is known about each neuron."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn
from metastable.reconstruction._status import Status

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Reconstruction(Drawn):
    """Connections found from spikes; printed as a table of what was found out.

    Parameters
    ----------
    weights : ndarray, (n, n), mV
        Jump of the potential of the postsynaptic neuron (row) at an arrival from the presynaptic one (column). NaN for
        what cannot be known, never 0. With a status of model mismatch they are a best fit that fails its test.
    status : tuple of Status
        One per neuron: what is known of its incoming weights, a sentence.
    standard_error : ndarray, (n, n), mV
        Of each weight, from the residuals; for exact times the size of rounding errors. NaN where equations are not
        more than unknowns.
    method : tuple of str
        How each neuron was solved; ``"none"`` where there was nothing to solve.
    n_isis, n_acceptable, n_rows, rank : ndarray of int, (n,)
        Intervals, those that end without an arrival, equations, and how many of these are independent.
    condition : ndarray, (n,)
        Demmel's condition number of the equations, columns scaled; infinite if they are dependent, NaN for sparse
        solutions.
    holdout_residual_mv : ndarray, (n,), mV
        Largest error of an equation that was not used: the certificate. NaN where none could be spared.
    bias_mv : ndarray, (n,), mV
        What is to be added to the drive; NaN where it was not sought.
    together : tuple of tuple of int
        Groups of neurons that always fire together, whose weights cannot be told apart.
    together_sum : ndarray, (n, n_groups), mV
        Sum of the weights from each group.
    search_length : ndarray, (n,)
        Mean number of intervals scanned per segment; NaN except with ``rows="min-scan"``.
    provenance : dict
    """

    _prints_a_table = True

    weights: Array
    status: tuple[Status, ...]
    standard_error: Array
    method: tuple[str, ...]
    n_isis: Ints
    n_acceptable: Ints
    n_rows: Ints
    rank: Ints
    condition: Array
    holdout_residual_mv: Array
    bias_mv: Array
    together: tuple[tuple[int, ...], ...]
    together_sum: Array
    search_length: Array
    provenance: dict[str, Any]

    @property
    def n(self) -> int:
        """Number of neurons."""
        return len(self.weights)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which weights are known, (n, n)."""
        return np.isfinite(self.weights)

    def with_status(self, status: Status) -> Ints:
        """Return the neurons of a status.

        Parameters
        ----------
        status : Status

        Returns
        -------
        ndarray of int
        """
        return np.flatnonzero([each is status for each in self.status])

    def to_dict(self) -> dict[str, Any]:
        """Return all but the matrices, JSON-ready; NaN and infinity become None."""
        counts = ("n_isis", "n_acceptable", "n_rows", "rank")
        numbers = ("condition", "holdout_residual_mv", "bias_mv", "search_length")
        return {
            "status": [each.name.lower() for each in self.status],
            "method": list(self.method),
            **{name: getattr(self, name).tolist() for name in counts},
            **{name: [v if np.isfinite(v) else None for v in getattr(self, name).tolist()] for name in numbers},
            "together": [list(group) for group in self.together],
            "provenance": self.provenance,
        }

    def __repr__(self) -> str:
        methods = ", ".join(sorted(set(self.method) - {"none"})) or "none"
        unknown = int((~self.known).sum())
        lines = [
            f"Reconstruction({self.n} neurons, {methods}, {unknown:,} of {self.n**2:,} weights unknown",
            "  neurons  status              acceptable ISIs  rows      rank      condition  hold-out (mV)",
        ]
        present = [status for status in Status if status in self.status]
        for status in present:
            of = self.with_status(status)
            lines.append(
                f"  {of.size:>7}  {status.name.lower():<18}  {_span(self.n_acceptable[of]):<15}  "
                f"{_span(self.n_rows[of]):<8}  {_span(self.rank[of]):<8}  {_worst(self.condition[of]):>9}  "
                f"{_worst(self.holdout_residual_mv[of]):>13}"
            )
        lines += [f"  {status.name.lower()}: {status}" for status in present if status is not Status.OK]
        if self.together:
            groups = ", ".join(str(list(group)) for group in self.together)
            lines.append(f"  always fire together, so that only the sums of their weights are known: {groups}")
        return "\n".join(lines) + ")"


def _span(counts: Ints) -> str:
    low, high = int(counts.min()), int(counts.max())
    return str(low) if low == high else f"{low} to {high}"


def _worst(values: Array) -> str:
    known = values[~np.isnan(values)]
    return f"{known.max():.2g}" if known.size else "-"
