"""Papers as programs: each figure is computed, drawn, and confronted with what the paper states."""

from __future__ import annotations

import importlib
import os

from metastable.papers._claims import Claim as Claim
from metastable.papers._paper import Figure as Figure
from metastable.papers._paper import Paper as Paper
from metastable.papers._reproduce import Report as Report
from metastable.papers._reproduce import reproduce_paper, say_on_stderr

__all__ = ["Claim", "Figure", "Paper", "Report", "available", "load", "reproduce"]

_MODULES = {
    "litwin-kumar-doiron-2012": "litwin_kumar_doiron_2012",
    "rost-2018": "rost_2018",
    "humphries-2011": "humphries_2011",
    "van-bussel-2011": "van_bussel_2011",
    "fasoli-panzeri-2019": "fasoli_panzeri_2019",
    "loop": "loop",
}


def available() -> list[str]:
    """List the papers that can be reproduced.

    Returns
    -------
    list of str

    Examples
    --------
    >>> import metastable as mst
    >>> mst.papers.available()
    ['litwin-kumar-doiron-2012', 'rost-2018', 'humphries-2011', 'van-bussel-2011', 'fasoli-panzeri-2019', 'loop']
    """
    return list(_MODULES)


def load(paper: str) -> Paper:
    """Return the description of a paper: its figures and scales.

    Parameters
    ----------
    paper : str
        One of `available`.

    Returns
    -------
    Paper

    Raises
    ------
    ValueError
        If there is no such paper.

    Examples
    --------
    >>> import metastable as mst
    >>> mst.papers.load("litwin-kumar-doiron-2012").citation
    'Litwin-Kumar & Doiron (2012), Nature Neuroscience 15, 1498-1505'
    """
    if paper not in _MODULES:
        raise ValueError(f"there is no paper {paper!r}; choose among {', '.join(_MODULES)}.")
    return importlib.import_module(f"metastable.papers.{_MODULES[paper]}").PAPER


def reproduce(
    paper: str,
    *,
    scale: str = "quick",
    seed: int | None = 1,
    output: str | os.PathLike[str] | None = None,
    figures: list[str] | None = None,
    n_jobs: int | None = None,
    fresh: bool = False,
    progress: bool | None = None,
    data: str | os.PathLike[str] | None = None,
) -> Report:
    """Reproduce a paper's figures and state its claims beside what was measured.

    Numbers are kept in the output folder as soon as they are computed: an interrupted run goes on where it stopped,
    and a second run only draws.

    Parameters
    ----------
    paper : str
        One of `available`.
    scale : {"quick", "full"}
        ``"full"`` is the paper's protocol.
    seed : int, optional
        Entropy of all networks and trials; None draws it.
    output : path_like, optional
        Folder for the report, figures and computed numbers; ``reports/<paper>`` by default.
    figures : list of str, optional
        Names or numbers of the figures wanted; all by default.
    n_jobs : int, optional
        Threads; all cores by default. Does not change the result.
    fresh : bool
        Compute everything again.
    progress : bool, optional
        Whether to show a progress bar; by default on a terminal.
    data : path_like, optional
        Folder of recordings, for figures that need them; without it they are left out.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        If paper, scale or figure are unknown, or `data` is given to a paper without recordings or holds none.
    OSError
        If the output folder cannot be written.

    Examples
    --------
    >>> import metastable as mst, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> report = mst.papers.reproduce("litwin-kumar-doiron-2012", figures=["rasters"], output=folder.name)
    >>> [figure.name for figure in report.figures]
    ['rasters']
    >>> folder.cleanup()
    """
    return reproduce_paper(
        load(paper),
        scale=scale,
        seed=seed,
        output=output,
        figures=figures,
        n_jobs=n_jobs,
        fresh=fresh,
        progress=progress,
        say=say_on_stderr,
        data=data,
    )
