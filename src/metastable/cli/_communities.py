"""The command that finds groups in a recording."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from metastable.cli._naming import SELECTION, naming
from metastable.cli._recording import read_window

# What the room calls what a person typed.
_COMMUNITIES = {
    "sigmas_ms": "--sigma",
    "n_starts": "--starts",
    "n_controls": "--controls",
    "jitter_ms": "--jitter",
    "kind": "--kind",
    "method": "--method",
    "surrogate": "--surrogate",
    "decision": "--decision",
    "alpha": "--alpha",
    "give them in ms": "give --unit s",
}
_GROUP_FILES = ("labels.csv", "groups.json", "groups.png", "groups.pdf")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder to write [FILE-groups, beside FILE].")
@click.option(
    "--unit", type=click.Choice(["ms", "s"]), help="Of the times [what the file says; s for MATLAB, else ms]."
)
@click.option("--variable", help="Name of the table in a MATLAB file [spks].")
@click.option("--trials", is_flag=True, help="Cut the session of an NWB file into the trials of its table.")
@click.option("--start", "start_ms", type=float, help="Leave out what is before, ms [start of the recording].")
@click.option("--stop", "stop_ms", type=float, help="Leave out what is after, ms [end of the recording].")
@click.option("--population", help="Only this population, for instance E.")
@click.option("--trials-of", "neuron", type=int, help="Group the trials of this neuron instead of neurons.")
@click.option(
    "--sigma", "sigmas_ms", type=float, multiple=True, help="Timescale, ms; repeatable [7 from the intervals]."
)
@click.option("--kind", default="cosine", show_default=True, help="Similarity of two trains.")
@click.option("--method", default="louvain", show_default=True, help="louvain, kmeans or spectral.")
@click.option("--starts", "n_starts", type=int, default=20, show_default=True, help="Starts of each search.")
@click.option("--controls", "n_controls", type=int, default=20, show_default=True, help="Surrogates; 0 for no test.")
@click.option("--surrogate", default="shuffle_intervals", show_default=True, help="Also shift_trains, jitter_spikes.")
@click.option("--jitter", "jitter_ms", type=float, help="Width of jitter_spikes, ms.")
@click.option("--decision", default="max-z", show_default=True, help="Over timescales: max-z, max-rank or delta-q.")
@click.option("--alpha", type=float, default=0.05, show_default=True, help="Level of the decision.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed [drawn and recorded].")
@click.option("--jobs", type=click.IntRange(min=1), help="Threads [all cores]; the result is the same.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def communities(
    file, output, unit, variable, trials, start_ms, stop_ms, population, neuron, sigmas_ms, kind, method, n_starts,
    n_controls, surrogate, jitter_ms, decision, alpha, seed, jobs, as_json,
) -> None:  # fmt: skip
    """Find groups of neurons with similar spike trains in FILE (npz, CSV, MATLAB, NWB, SONATA, NEST).

    Prints the groups, their timescale, delta Q and p, and writes labels.csv, groups.json and figures.
    """
    from metastable.communities import detect

    folder = file.with_name(f"{file.name}-groups") if output is None else output
    _require_folder(folder)
    spikes, window = read_window(file, unit=unit, variable=variable, trials=trials, start_ms=start_ms, stop_ms=stop_ms)
    with naming(SELECTION | {"neuron": "--trials-of"}):
        chosen = None if neuron is None else spikes.neuron_id == neuron
        if chosen is not None and not chosen.any():
            raise ValueError(f"neuron {neuron} is not in {file.name}; it has {_listed(spikes.neuron_id.tolist())}.")
        spikes = spikes.select(time_ms=window, population=population, neuron=chosen)
    with naming(_COMMUNITIES):
        found = detect(
            spikes,
            sigmas_ms=list(sigmas_ms) or "isi",
            kind=kind,
            rows="neurons" if neuron is None else "trials",
            method=method,
            n_starts=n_starts,
            n_controls=n_controls,
            surrogate=surrogate,
            jitter_ms=jitter_ms,
            decision=decision,
            alpha=alpha,
            seed=seed,
            n_jobs=jobs,
        )
    given = {
        "file": file.name,
        "unit": unit,
        "variable": variable,
        "trials": trials,
        "start_ms": start_ms,
        "stop_ms": stop_ms,
        "window_ms": list(window),
        "population": population,
        "trials_of": neuron,
    }
    _write_groups(folder, spikes, found, what="neuron" if neuron is None else "trial", given=given)
    if as_json:
        click.echo(json.dumps({"file": str(file)} | found.to_dict(), indent=2))
        return
    click.echo(repr(spikes))
    n_duplicates = spikes.meta.get("n_duplicates", 0)
    if n_duplicates:
        were = "spike was" if n_duplicates == 1 else "spikes were"
        click.echo(f"  in the file, {n_duplicates:,} {were} listed twice and counted once")
    click.echo(repr(found))
    click.echo(f"  written to {folder}")


def _require_folder(folder: Path) -> None:
    """Raise a sentence if the files of `_write_groups` could not be written, before the work."""
    from metastable._files import require_writable

    if folder.exists() and not folder.is_dir():
        raise ValueError(f"cannot write into {folder}: it is a file; choose another folder with --output.")
    if not folder.exists():
        require_writable(folder)
        return
    for name in _GROUP_FILES:
        require_writable(folder / name)


def _write_groups(folder: Path, spikes, found, *, what: str, given: dict[str, Any]) -> None:
    """Write labels as CSV, all about the groups as JSON, and an overview as PNG and PDF."""
    import matplotlib.pyplot as plt

    from metastable import figures
    from metastable._files import whole_file
    from metastable.communities import group_activity
    from metastable.spikes import SpikeData

    names = getattr(spikes, f"{what}_id").tolist()
    if f"{what}_names" in spikes.meta:
        names = [spikes.meta[f"{what}_names"][k] for k in names]
    if what == "trial":
        # Drawn like neurons, one trial in a row.
        spikes = SpikeData(
            time_ms=spikes.time_ms,
            neuron=spikes.trial,
            n_neurons=spikes.n_trials,
            t_start_ms=spikes.t_start_ms,
            t_stop_ms=spikes.t_stop_ms,
            dt_ms=spikes.dt_ms,
        )
    activity = None
    if found.n_groups:
        # As many points as can be told apart on paper.
        step_ms = spikes.duration_ms / 2000
        activity = group_activity(spikes, found.labels, sigma_ms=found.sigma_ms, step_ms=step_ms)
    drawing = figures.group_overview(spikes, found, activity=activity)
    rows = zip(names, found.labels.tolist(), strict=True)
    table = "\n".join([f"{what},group", *(f"{_cell(name)},{'' if group < 0 else group}" for name, group in rows), ""])
    content = found.to_dict() | {what: names, "input": given}
    folder.mkdir(exist_ok=True)
    for name, text in (("labels.csv", table), ("groups.json", json.dumps(content, indent=2) + "\n")):
        with whole_file(folder / name) as target:
            target.write(text.encode())
    # Without a creation date the same groups give the same file.
    for kind, metadata in (("png", None), ("pdf", {"CreationDate": None})):
        with whole_file(folder / f"groups.{kind}") as target:
            drawing.savefig(target, format=kind, dpi=200, metadata=metadata)
    plt.close(drawing)


def _cell(value: Any) -> str:
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\n') else text


def _listed(values: list[int]) -> str:
    shown = ", ".join(map(str, values[:8]))
    return shown if len(values) <= 8 else f"{shown} and {len(values) - 8} more"
