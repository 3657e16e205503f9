"""The result of an analysis: sections, and their report as files."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metastable._files import whole_file
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
    provenance : dict
    """

    title: str
    spikes: SpikeData
    sections: tuple[Section, ...]
    communities: Communities | None
    provenance: dict[str, Any]

    def __getitem__(self, name: str) -> Section:
        for section in self.sections:
            if section.name == name:
                return section
        raise KeyError(f"there is no section {name!r}; there are {', '.join(s.name for s in self.sections)}.")

    @property
    def missing(self) -> list[str]:
        """What could not be computed, or only of a part, and why."""
        return [sentence for section in self.sections for sentence in section.missing]

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers, JSON-ready; NaN becomes None."""
        return {
            "title": self.title,
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
        return "\n".join([f"Analysis of {self.title}", *(repr(section) for section in self.sections)])

    def _repr_html_(self) -> str:
        from metastable.analysis._report import report_body

        return report_body(self, figures=False)
