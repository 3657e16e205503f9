"""The result of an analysis: sections, and their report as files."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from metastable._files import whole_file
from metastable._html import table
from metastable._validation import require_path
from metastable.analysis._report import report_page
from metastable.analysis._section import Section
from metastable.communities import Communities
from metastable.spikes import SpikeData


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Analysis:
    """Everything that was measured in one recording.

    Parameters
    ----------
    title : str
    spikes : SpikeData
        What was analysed.
    sections : tuple of Section
    communities : Communities or None
        Groups of the neurons that were compared; None where they could not be sought.
    notes : tuple of str
        What is to be known before any number, in sentences: an end that is not in the file, spikes listed twice.
    provenance : dict
    """

    title: str
    spikes: SpikeData
    sections: tuple[Section, ...]
    communities: Communities | None
    provenance: dict[str, Any]
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Section:
        for section in self.sections:
            if section.name == name:
                return section
        raise KeyError(f"there is no section {name!r}; there are {', '.join(s.name for s in self.sections)}.")

    @property
    def missing(self) -> list[str]:
        """The notes, and what could not be computed, or only of a part, and why."""
        return [*self.notes, *(sentence for section in self.sections for sentence in section.missing)]

    def plot(self, section: str = "raster") -> Figure | None:
        """Draw a section, by default the spikes.

        Parameters
        ----------
        section : str
            Its name: ``"raster"``, ``"rates"``, ``"fano"``, ``"correlations"``, ``"irregularity"``, ``"timescales"``,
            ``"groups"`` or ``"states"``.

        Returns
        -------
        Figure or None
            None where there is nothing to draw.

        Raises
        ------
        KeyError
            If there is no such section.
        """
        return self[section].plot()

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers, JSON-ready; NaN becomes None."""
        return {
            "title": self.title,
            "notes": list(self.notes),
            "sections": {section.name: section.to_dict() for section in self.sections},
            "groups": None if self.communities is None else self.communities.labels.tolist(),
            "provenance": self.provenance,
        }

    def save(self, directory: str | os.PathLike[str]) -> Path:
        """Write ``report.html`` (one file with all figures) and ``report.json``, each whole or not at all.

        Parameters
        ----------
        directory : path_like
            Made if it is not there; its parent must be.

        Returns
        -------
        Path
            Of the page.

        Raises
        ------
        OSError
            If the folder cannot be written.
        """
        folder = require_path("directory", directory)
        # Made before the folder is touched: what fails while drawing leaves nothing.
        page = report_page(self)
        numbers = json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        folder.mkdir(exist_ok=True)
        for name, text in (("report.html", page), ("report.json", numbers)):
            with whole_file(folder / name) as file:
                file.write(text.encode())
        return folder / "report.html"

    def __repr__(self) -> str:
        lines = [f"Analysis of {self.title}", *(f"  note: {sentence}" for sentence in self.notes)]
        return "\n".join([*lines, *(repr(section) for section in self.sections)])

    def _repr_html_(self) -> str:
        rows = [("", "", sentence) for sentence in self.notes]
        for section in self.sections:
            numbers = "\n".join(f"{number.label}: {number.text}" for number in section.numbers)
            rows.append((section.title, numbers, "\n".join(section.missing)))
        return table(rows, title=f"Analysis of {self.title}")
