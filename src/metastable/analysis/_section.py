"""One part of an analysis: its numbers, its figure, what they mean, and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from metastable._html import table

# In the order of a report.
TITLES = {
    "raster": "The spikes",
    "rates": "Firing rates",
    "fano": "Variability of spike counts",
    "correlations": "Correlations of spike counts",
    "irregularity": "Irregularity of intervals",
    "timescales": "Timescales",
    "groups": "Groups of neurons",
    "states": "Active and inactive states",
}


def short(value: float) -> str:
    """Return a number in three digits or, where it is an integer or large, in all before the point."""
    shown = f"{value:,}" if isinstance(value, int | np.integer) else f"{value:.3g}"
    return f"{value:,.0f}" if "e" in shown and abs(value) >= 1 else shown


@dataclass(frozen=True)
class Number:
    """A number of an analysis.

    Parameters
    ----------
    name : str
        Its key in JSON, with the unit: ``"mean_rate_hz"``.
    label : str
        What a person reads.
    value : float or int
        NaN and infinity become None in JSON.
    unit : str
    said : str
        What a person reads in place of a value that is not defined, for instance a bound; by default a dash.

    Examples
    --------
    >>> from metastable.analysis import Number
    >>> Number("mean_rate_hz", "mean rate", 3.4999, "spikes/s").text
    '3.5 spikes/s'
    """

    name: str
    label: str
    value: float
    unit: str = ""
    said: str = "-"

    @property
    def text(self) -> str:
        """The number with its unit, or what is said of one that is not defined."""
        return f"{short(self.value)} {self.unit}".strip() if np.isfinite(self.value) else self.said


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Section:
    """One part of an analysis.

    Parameters
    ----------
    name, title : str
    explanation : str
        What the figure shows and how to read it.
    numbers : tuple of Number
    missing : tuple of str
        What could not be computed, or only of a part, and why: sentences.
    results : mapping
        What the numbers come from: results of the rooms and arrays.
    draw : callable, optional
        Draws `results`; None where there is nothing to draw.
    """

    name: str
    title: str
    explanation: str = ""
    numbers: tuple[Number, ...] = ()
    missing: tuple[str, ...] = ()
    results: Mapping[str, Any] = field(default_factory=dict)
    draw: Callable[[Mapping[str, Any]], Figure] | None = None

    def plot(self) -> Figure | None:
        """Draw the section.

        Returns
        -------
        Figure or None
            None where there is nothing to draw; `missing` says why.
        """
        return None if self.draw is None else self.draw(self.results)

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers and what is missing, JSON-ready."""
        numbers = {n.name: n.value if np.isfinite(n.value) else None for n in self.numbers}
        return {"title": self.title, "numbers": numbers, "missing": list(self.missing)}

    def __repr__(self) -> str:
        numbers = [f"  {number.label:<46} {number.text}" for number in self.numbers]
        return "\n".join([self.title, *numbers, *(f"  note: {sentence}" for sentence in self.missing)])

    def _repr_html_(self) -> str:
        rows = [(number.label, number.text) for number in self.numbers]
        return table([*rows, *(("note", sentence) for sentence in self.missing)], title=self.title)
