"""An analysis as one HTML page."""

from __future__ import annotations

import io
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from metastable._html import page, picture, table
from metastable.analysis._section import Section

if TYPE_CHECKING:
    from metastable.analysis._analysis import Analysis


def report_page(analysis: Analysis) -> str:
    """Return the whole page, figures included."""
    made = analysis.provenance
    seed = made["parameters"]["seed"]
    sections = "\n".join(map(_section, analysis.sections))
    body = f"""<h1>{escape(analysis.title)}</h1>
{_notes(analysis.notes)}
<p style="white-space: pre-line">{escape(repr(analysis.spikes))}</p>
<p class="small">metastable {made["version"]}, Python {made["python"]}, numpy {made["numpy"]}; seed {seed}.</p>
{sections}"""
    return page(analysis.title, body)


def _notes(sentences: Iterable[str]) -> str:
    return "".join(f'<p><span class="missing">Note:</span> {escape(each)}</p>' for each in sentences)


def _section(section: Section) -> str:
    numbers = table([(number.label, number.text) for number in section.numbers]) if section.numbers else ""
    image = _image(section)
    said = f"<figcaption>{escape(section.explanation)}</figcaption>" if image else ""
    body = f"<figure>{image}{said}</figure>" if image else ""
    return f"<section><h2>{escape(section.title)}</h2>{body}{_notes(section.missing)}{numbers}</section>"


def _image(section: Section) -> str:
    import matplotlib.pyplot as plt

    drawing = section.plot()
    if drawing is None:
        return ""
    file = io.BytesIO()
    drawing.savefig(file, format="png", dpi=140)
    plt.close(drawing)
    return picture(section.title, file.getvalue())
