"""The command that reports on any recording."""

from __future__ import annotations

import json
from pathlib import Path

import click

from metastable.cli._naming import SELECTION, naming
from metastable.cli._recording import read_window


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder to write [FILE-analysis, beside FILE].")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of the test for groups [drawn and recorded].")
@click.option("--start", "start_ms", type=float, help="Leave out what is before, ms [start of the recording].")
@click.option("--stop", "stop_ms", type=float, help="Leave out what is after, ms [end of the recording].")
@click.option(
    "--unit", type=click.Choice(["ms", "s"]), help="Of the times [what the file says; s for MATLAB, else ms]."
)
@click.option("--variable", help="Name of the table in a MATLAB file [spks].")
@click.option("--trials", is_flag=True, help="Cut the session of an NWB file into the trials of its table.")
@click.option("--population", help="Only this population, for instance E.")
@click.option("--jobs", type=click.IntRange(min=1), help="Threads [all cores]; the result is the same.")
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON.")
def analyse(
    file, output, seed, start_ms, stop_ms, unit, variable, trials, population, jobs, as_json
) -> None:  # fmt: skip
    """Report on the recording in FILE: rates, variability, correlations, timescales, groups, states.

    Writes report.html, one file with all figures and what they mean, and report.json with the numbers.
    """
    from metastable._files import require_writable
    from metastable.analysis import analyse as run

    folder = file.with_name(f"{file.name}-analysis") if output is None else output
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"cannot write into {folder}: it is a file; choose another folder with --output.")
    require_writable(folder / "report.html" if folder.exists() else folder)
    spikes, window = read_window(file, unit=unit, variable=variable, trials=trials, start_ms=start_ms, stop_ms=stop_ms)
    with naming(SELECTION):
        spikes = spikes.select(time_ms=window, population=population)
    found = run(spikes, title=file.name, seed=seed, n_jobs=jobs)
    page = found.save(folder)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
        return
    click.echo(repr(found))
    click.echo(f"  open {page}")
