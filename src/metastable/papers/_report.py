"""The report of a reproduced paper as one HTML page and as JSON."""

from __future__ import annotations

import json
from html import escape

from metastable._files import whole_file
from metastable._html import page, picture
from metastable.papers._claims import Claim
from metastable.papers._reproduce import FigureReport, Report


def write_report(report: Report, n_figures: int) -> None:
    """Write ``report.html`` (figures included, one file) and ``report.json``, each whole or not at all."""
    pages = {
        "report.html": _html(report, n_figures),
        "report.json": json.dumps(report.to_dict(), indent=2, ensure_ascii=False) + "\n",
    }
    for name, text in pages.items():
        with whole_file(report.folder / name) as file:
            file.write(text.encode())


def _html(report: Report, n_figures: int) -> str:
    counts: dict[str, int] = dict.fromkeys(("reproduced", "deviates", "undecided", "reported"), 0)
    for claim in report.claims:
        counts[claim.verdict] += 1
    n_reported = counts.pop("reported")
    verdicts = ", ".join(f'{n} <span class="{v}">{v}</span>' for v, n in counts.items() if n)
    unfinished = "" if len(report.figures) == n_figures else f" {len(report.figures)} of {n_figures} figures are here."
    sections = "\n".join(_section(figure) for figure in report.figures)
    made = f"metastable {report.made_by['version']}, Python {report.made_by['python']}, numpy {report.made_by['numpy']}"
    body = f"""<h1>{escape(report.citation)}</h1>
<p>{escape(report.summary)}</p>
<p class="small">{escape(report.scale)}; seed {report.seed}; {escape(made)}.{unfinished}</p>
<h2>Claims</h2>
<p>{sum(counts.values())} claims: {verdicts or "none"}; {n_reported} further numbers stand below the
figures. Measured is the mean ± standard deviation between networks, or what else is counted there;
"reproduced" means that the mean lies in the accepted interval, or, where more or less than a number is claimed, that
its 95 % confidence interval lies beyond that number; "deviates" that its confidence interval misses what is accepted;
"undecided" that it allows both.</p>
{_table([claim for claim in report.claims if claim.interval is not None])}
{sections}"""
    return page(report.citation, body)


def _section(figure: FigureReport) -> str:
    return f"""<section><h2>{escape(figure.title)}</h2>
<figure>{picture(figure.title, figure.png.read_bytes())}
<figcaption>{escape(figure.caption)} <a href="figures/{figure.pdf.name}">PDF</a></figcaption></figure>
{_details([claim for claim in figure.claims if claim.interval is None])}</section>"""


def _details(numbers: list[Claim]) -> str:
    if not numbers:
        return ""
    return f"<details><summary>{len(numbers)} further numbers</summary>{_table(numbers)}</details>"


def _table(claims: list[Claim]) -> str:
    rows = "\n".join(
        f"<tr><td>{escape(c.statement)}{_note(c)}</td><td class=number>{escape(c.paper)}</td>"
        f"<td class=number>{escape(c.accepted)}</td><td class=number>{escape(c.measured)}</td>"
        f"<td class={c.verdict}>{c.verdict}</td></tr>"
        for c in claims
    )
    names = ("Statement", "Paper", "Accepted", "Measured", "Verdict")
    return f"<table><tr>{''.join(f'<th>{name}</th>' for name in names)}</tr>\n{rows}</table>"


def _note(claim: Claim) -> str:
    return f"<br><span class=small>{escape(claim.note)}</span>" if claim.note else ""
