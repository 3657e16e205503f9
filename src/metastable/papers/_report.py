"""The report of a reproduced paper as one HTML page and as JSON."""

from __future__ import annotations

import base64
import json
from html import escape

from metastable._files import whole_file
from metastable.papers._claims import Claim
from metastable.papers._reproduce import FigureReport, Report

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
img { max-width: 100%; height: auto; }
figure { margin: 0; } figcaption, .small { color: #555; font-size: .9rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; margin: 1rem 0; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top; }
td.number { white-space: nowrap; }
.reproduced { color: #1a7f37; font-weight: 600; } .deviates { color: #b42318; font-weight: 600; }
.undecided { color: #8a6100; font-weight: 600; }
@media (prefers-color-scheme: dark) {
  body { background: #16181b; color: #e4e4e4; } figcaption, .small { color: #aaa; }
  th, td { border-color: #383c42; } img { background: #fff; }
  .reproduced { color: #56c474; } .deviates { color: #ff8a7a; } .undecided { color: #e3b341; }
}
"""


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
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(report.citation)}</title><style>{_STYLE}</style></head><body>
<h1>{escape(report.citation)}</h1>
<p>{escape(report.summary)}</p>
<p class="small">{escape(report.scale)}; seed {report.seed}; {escape(made)}.{unfinished}</p>
<h2>Claims</h2>
<p>{sum(counts.values())} claims: {verdicts or "none"}; {n_reported} further numbers stand below the
figures. Measured is the mean ± standard deviation between networks, or what else is counted there;
"undecided" means that the mean misses the accepted interval by less than its own 95 % confidence interval.</p>
{_table([claim for claim in report.claims if claim.interval is not None])}
{sections}
</body></html>
"""


def _section(figure: FigureReport) -> str:
    picture = base64.b64encode(figure.png.read_bytes()).decode()
    return f"""<section><h2>{escape(figure.title)}</h2>
<figure><img alt="{escape(figure.title)}" src="data:image/png;base64,{picture}">
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
