"""Everything about one recording: numbers, figures, and what they mean, whatever the recording."""

from metastable.analysis._analyse import analyse as analyse
from metastable.analysis._analysis import Analysis as Analysis
from metastable.analysis._section import Number as Number
from metastable.analysis._section import Section as Section

__all__ = ["Analysis", "Number", "Section", "analyse"]
