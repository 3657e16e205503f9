"""Escaped HTML: tables for notebooks, and pages that are one file."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
img { max-width: 100%; height: auto; }
figure { margin: 0; } figcaption, .small { color: #555; font-size: .9rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; margin: 1rem 0; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top; }
td.number { white-space: nowrap; }
.reproduced { color: #1a7f37; font-weight: 600; } .deviates { color: #b42318; font-weight: 600; }
.undecided, .missing { color: #8a6100; font-weight: 600; }
@media (prefers-color-scheme: dark) {
  body { background: #16181b; color: #e4e4e4; } figcaption, .small { color: #aaa; }
  th, td { border-color: #383c42; } img { background: #fff; }
  .reproduced { color: #56c474; } .deviates { color: #ff8a7a; } .undecided, .missing { color: #e3b341; }
}
"""


def page(title: str, body: str) -> str:
    """Return a whole page around a body that is HTML already."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{_STYLE}</style></head><body>
{body}
</body></html>
"""


def picture(alt: str, png: bytes) -> str:
    """Return an image that the page carries in itself."""
    return f'<img alt="{escape(alt)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def table(rows: Iterable[Sequence[str]], *, title: str = "") -> str:
    """Return a table of texts, which are escaped; several lines stay several lines."""
    caption = f"<caption><b>{escape(title)}</b></caption>" if title else ""
    lines = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table>{caption}\n{lines}</table>"


def printed(text: str) -> str:
    """Return a text as it is printed, column under column."""
    return f"<pre>{escape(text)}</pre>"


def folded(text: str, more: str) -> str:
    """Return a text as it is printed, in lines that wrap, above HTML that opens on a click."""
    wrapped = f'<pre style="white-space: pre-wrap">{escape(text)}</pre>'
    return f"{wrapped}<details><summary>values</summary>{more}</details>"


def _cell(text: str) -> str:
    return f'<td style="text-align: left; white-space: pre-line">{escape(text)}</td>'
