"""Run a paper: compute what is missing, draw, state the claims, write the report."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from metastable._display import Displayed
from metastable._parallel import Monitor, resolve_n_jobs, run_jobs
from metastable._provenance import provenance
from metastable._random import resolve_seed
from metastable._validation import require_choice, require_path
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Paper, Results
from metastable.papers._store import JobStore


@dataclass(frozen=True, eq=False)
class FigureReport:
    """One figure of a report: its files and its claims.

    Parameters
    ----------
    name, title, caption : str
    claims : list of Claim
    png, pdf : path
    """

    name: str
    title: str
    caption: str
    claims: list[Claim]
    png: Path
    pdf: Path


@dataclass(eq=False, repr=False)
class Report(Displayed):
    """A reproduced paper.

    Parameters
    ----------
    key, citation, summary, scale : str
    folder : path
        Where figures, ``report.html``, ``report.json`` and the computed numbers are.
    seed : int
    made_by : dict
        Provenance.
    figures : list of FigureReport
        Those that are done.
    n_computed, n_reused : int
        Jobs that ran now, and jobs whose numbers were found in the folder.
    """

    _prints_a_table = True

    key: str
    citation: str
    summary: str
    scale: str
    folder: Path
    seed: int
    made_by: dict[str, Any]
    figures: list[FigureReport] = field(default_factory=list)
    n_computed: int = 0
    n_reused: int = 0

    @property
    def claims(self) -> list[Claim]:
        """All claims, in the order of the figures."""
        return [claim for figure in self.figures for claim in figure.claims]

    def __repr__(self) -> str:
        lines = [f"{self.citation} ({self.scale}, seed {self.seed})"]
        for claim in self.claims:
            if claim.interval is not None:
                lines.append(f"  {claim.verdict:<11} {claim.statement}: {claim.measured}, paper {claim.paper}")
        n_reported = sum(claim.interval is None for claim in self.claims)
        if n_reported:
            lines.append(f"  {n_reported} further numbers in the report")
        lines.append(
            f"  {self.n_computed} results computed, {self.n_reused} found from before, report in {self.folder}"
        )
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready data."""
        return {
            "paper": self.key,
            "citation": self.citation,
            "scale": self.scale,
            "seed": self.seed,
            "provenance": self.made_by,
            "figures": [
                {
                    "name": f.name,
                    "title": f.title,
                    "png": f.png.relative_to(self.folder).as_posix(),
                    "pdf": f.pdf.relative_to(self.folder).as_posix(),
                    "claims": [c.to_dict() for c in f.claims],
                }
                for f in self.figures
            ],
        }


def reproduce_paper(
    paper: Paper,
    *,
    scale: str,
    seed: int | None,
    output: str | os.PathLike[str] | None,
    figures: list[str] | None,
    n_jobs: int | None,
    fresh: bool,
    progress: bool | None,
    say: Callable[[str], None],
    data: str | os.PathLike[str] | None = None,
) -> Report:
    """Reproduce a paper; see `metastable.papers.reproduce`."""
    from metastable.papers._report import write_report

    all_figures = _possible_figures(paper, data)
    chosen = _choose_figures(paper, figures, all_figures)
    size = paper.scales[require_choice("scale", scale, tuple(paper.scales))]
    given = {} if data is None else {"data": str(require_path("data", data).resolve())}
    size = replace(size, numbers=size.numbers | given)
    seed = resolve_seed(seed)
    resolve_n_jobs(n_jobs)
    folder = _prepare_folder(Path("reports") / paper.key if output is None else Path(output))
    store = JobStore(folder / "computed", seed)
    report = Report(
        key=paper.key,
        citation=paper.citation,
        summary=paper.summary,
        scale=f"{size.name}: {size.description}",
        folder=folder,
        seed=seed,
        made_by=provenance(
            "reproduce", paper=paper.key, scale=size.name, seed=seed, figures=[f.name for f in chosen], **given
        ),
    )
    # Figures may share jobs; each is computed once.
    numbers: dict[str, Numbers] = {}
    for figure in all_figures:
        jobs = figure.jobs(size)
        # A report of some figures keeps those that an earlier run finished.
        if figure not in chosen and not (jobs and all(map(store.has, jobs))):
            continue
        started = time.perf_counter()
        n_before = report.n_computed
        anew = fresh and figure in chosen
        _obtain(store, jobs, numbers, report, label=figure.name, n_jobs=n_jobs, fresh=anew, progress=progress)
        by_group: dict[str, list[Numbers]] = {}
        for job in jobs:
            by_group.setdefault(job.group, []).append(numbers[store.key(job)])
        report.figures.append(_draw(figure, Results(by_group), folder))
        write_report(report, len(all_figures))
        n_new = report.n_computed - n_before
        origin = f"{n_new} of {len(jobs)} results computed" if n_new else "all results were there from before"
        say(f"{figure.name}: {origin}, {time.perf_counter() - started:.1f} s")
    return report


def _obtain(
    store: JobStore,
    jobs: list[Job],
    numbers: dict[str, Numbers],
    report: Report,
    *,
    label: str,
    n_jobs: int | None,
    fresh: bool,
    progress: bool | None,
) -> None:
    """Fill `numbers` with the results of all jobs, from the folder where possible."""
    missing: dict[str, Job] = {}
    for job in jobs:
        key = store.key(job)
        if key in numbers or key in missing:
            continue
        found = None if fresh else store.load(job)
        if found is None:
            missing[key] = job
        else:
            numbers[key] = found
            report.n_reused += 1

    def run(key: str, monitor: Monitor) -> None:
        monitor.advance(0)
        numbers[key] = store.compute(missing[key])
        report.n_computed += 1
        monitor.advance(1)

    if missing:
        run_jobs(run, missing, n_jobs=n_jobs, total=len(missing), label=label, unit="results", progress=progress)


def _draw(figure: Figure, results: Results, folder: Path) -> FigureReport:
    import matplotlib.pyplot as plt

    drawing = figure.draw(results)
    png, pdf = (folder / "figures" / f"{figure.name}.{kind}" for kind in ("png", "pdf"))
    drawing.savefig(png, dpi=200)
    # Without a creation date the same numbers give the same file.
    drawing.savefig(pdf, dpi=200, metadata={"CreationDate": None})
    plt.close(drawing)
    return FigureReport(figure.name, figure.title, figure.caption, figure.claims(results), png, pdf)


def _possible_figures(paper: Paper, data: str | os.PathLike[str] | None) -> list[Figure]:
    """Return the figures that there are data for."""
    if data is None:
        return [figure for figure in paper.figures if not figure.needs_data]
    if not any(figure.needs_data for figure in paper.figures):
        raise ValueError(f"{paper.key} has no figure of recordings; leave data out.")
    if not require_path("data", data).is_dir():
        raise ValueError(f"data must be a folder, and {data} is none; give the one that holds the recordings.")
    return list(paper.figures)


def _choose_figures(paper: Paper, wanted: list[str] | None, possible: list[Figure]) -> list[Figure]:
    if not wanted:
        return possible
    names = {figure.name: figure for figure in paper.figures}
    numbers = {str(i): figure for i, figure in enumerate(paper.figures, start=1)}
    chosen = []
    for name in wanted:
        figure = names.get(name) or numbers.get(str(name))
        if figure is None:
            listed = ", ".join(f"{i} {f.name}" for i, f in numbers.items())
            raise ValueError(f"{paper.key} has no figure {name!r}; choose among {listed}.")
        if figure not in possible:
            raise ValueError(f"figure {figure.name!r} is of recordings; give their folder as data.")
        if figure not in chosen:
            chosen.append(figure)
    return chosen


def _prepare_folder(folder: Path) -> Path:
    """Make the output folders, or say in one sentence why that cannot be."""
    try:
        for part in ("computed", "figures"):
            (folder / part).mkdir(parents=True, exist_ok=True)
            if not os.access(folder / part, os.W_OK):
                raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise OSError(f"cannot write to {folder}: {error.strerror}; choose another folder with -o.") from None
    return folder


def say_on_stderr(text: str) -> None:
    """Tell a person how far things are, apart from the results on stdout."""
    print(text, file=sys.stderr)
