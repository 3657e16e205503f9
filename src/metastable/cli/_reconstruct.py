"""The command that finds connections in a recording."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from metastable.cli._naming import SELECTION, naming

# What the room calls what a person typed.
_OPTIONS = {
    "method": "--method",
    "rows": "--rows",
    "tolerance_ms": "--tolerance-ms",
    "bias": "--bias",
    "take the bias as unknown": "give --bias",
}
_FILES = ("weights.npz", "edges.csv", "neurons.csv", "reconstruction.png", "reconstruction.pdf")
# A connection is listed if its weight is larger than this many of its standard errors and than this part of the
# largest: errors of exact times are far below either, and four standard errors let one of 16,000 pass by chance.
_ERRORS, _LEAST = 4.0, 1e-9
# Time constants tried by --scan, as factors of that of the model.
_FROM, _TO, _N_TRIED = 0.8, 1.25, 41


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--model", "model_file", type=click.Path(path_type=Path), required=True, help="TOML file of the neurons; see below."
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Folder, or beginning of the files' names [FILE]."
)
@click.option(
    "--unit", type=click.Choice(["ms", "s"]), help="Of the times [what the file says; s for MATLAB, else ms]."
)
@click.option("--variable", help="Name of the table in a MATLAB file [spks].")
@click.option("--start", "start_ms", type=float, help="Leave out what is before, ms [start of the recording].")
@click.option("--stop", "stop_ms", type=float, help="Leave out what is after, ms [end of the recording].")
@click.option("--method", default="auto", show_default=True, help="Also least-squares, basis-pursuit and others.")
@click.option(
    "--rows", default="auto", show_default=True, help="Intervals to use: spread, all, one-per-trial, min-scan."
)
@click.option(
    "--tolerance-ms", type=float, default=0.0, show_default=True, help="Of coincidences; 0 for exact times, ms."
)
@click.option("--bias", is_flag=True, help="The drive is known up to a constant of each neuron only.")
@click.option("--scan", "parameter", type=click.Choice(["tau_ms", "delay_ms"]), help="Search for this parameter first.")
@click.option("--jobs", type=click.IntRange(min=1), help="Threads [all cores]; the result is the same.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def reconstruct(
    file, model_file, output, unit, variable, start_ms, stop_ms, method, rows, tolerance_ms, bias, parameter, jobs,
    as_json,
) -> None:  # fmt: skip
    """Find the connections between neurons of known parameters from their spikes in FILE (npz, CSV, MATLAB, NWB).

    Prints what is known of how many neurons, and writes FILE-weights.npz, FILE-edges.csv, FILE-neurons.csv and
    FILE-reconstruction.png and .pdf.

    The model for spikes that arrive as pulses, in TOML:

    \b
      kind = "pulse"
      tau_ms = 20          # membrane time constant
      drive_mv = 30        # R I
      threshold_mv = 20
      reset_mv = 0
      delay_ms = 2
      n_neurons = 50       # optional; neurons that never fire are not in a table

    Each may be a number, a list with one for each neuron, or the name of a CSV or npy file beside the model; drive_mv
    may have a row for each trial, and is taken from the recording if a simulation noted it there. For synapses with
    currents kind = "current", with bias, tau_ms, tau_decay_ms, and if need be tau_rise_ms, threshold, reset,
    refractory_ms, delay_ms and dt_ms.
    """  # noqa: D301 (click wants the character itself)
    from metastable.cli._model_file import read_model
    from metastable.reconstruction import reconstruct as run
    from metastable.spikes import read

    beginning = _beginning(file, output)
    spikes = read(file, unit=unit, variable=variable)
    window = (spikes.t_start_ms if start_ms is None else start_ms, spikes.t_stop_ms if stop_ms is None else stop_ms)
    with naming(SELECTION):
        if start_ms is not None or stop_ms is not None:
            spikes = spikes.select(time_ms=window)
    model, spikes, volt = read_model(model_file, spikes)
    searched = None
    with naming(_OPTIONS):
        if parameter is not None:
            searched = _scan(spikes, model, parameter, volt, tolerance_ms=tolerance_ms, bias=bias, n_jobs=jobs)
            model = replace(model, **{parameter: searched.best})
        found = run(spikes, model=model, method=method, rows=rows, tolerance_ms=tolerance_ms, bias=bias, n_jobs=jobs)
    given = {
        "file": file.name,
        "model": model_file.name,
        "unit": unit,
        "variable": variable,
        "start_ms": start_ms,
        "stop_ms": stop_ms,
        "scan": parameter,
    }
    n_edges = _write(beginning, spikes, found, volt=volt, given=given)
    if as_json:
        facts: dict[str, Any] = {"file": str(file), "n_edges": n_edges, "known": float(found.known.mean())}
        if searched is not None:
            facts[searched.parameter] = searched.best
        click.echo(json.dumps(facts | found.to_dict(), indent=2))
        return
    click.echo(repr(spikes))
    if searched is not None:
        click.echo(repr(searched))
    click.echo(repr(found))
    click.echo(f"  {n_edges:,} connections")
    click.echo(f"  written to {beginning}-weights.npz, -edges.csv, -neurons.csv, -reconstruction.png and .pdf")


def _beginning(file: Path, output: Path | None) -> Path:
    """Return what the names of the files begin with, or raise a sentence if they could not be written."""
    from metastable._files import require_writable

    beginning = file.with_suffix("") if output is None else output
    if beginning.is_dir() and output is not None:
        beginning = output / file.stem
    for name in _FILES:
        require_writable(beginning.with_name(f"{beginning.name}-{name}"))
    return beginning


def _scan(spikes, model, parameter: str, volt: bool, **options: Any):
    import numpy as np

    from metastable.reconstruction import scan

    if not volt:
        raise ValueError('--scan needs a model of kind = "pulse"; leave it out.')
    values = None
    if parameter == "tau_ms":
        if np.ptp(model.tau_ms):
            raise ValueError("--scan tau_ms looks for one time constant of all neurons, but the model has several.")
        values = np.geomspace(_FROM, _TO, _N_TRIED) * model.tau_ms[0]
    return scan(spikes, model=model, parameter=parameter, values=values, **options)


def _write(beginning: Path, spikes, found, *, volt: bool, given: dict[str, Any]) -> int:
    """Write weights, connections, neurons and a figure, and return how many connections there are."""
    import io

    import matplotlib.pyplot as plt
    import numpy as np

    from metastable import figures
    from metastable._files import save_arrays, whole_file

    names = spikes.neuron_id.tolist()
    if "neuron_names" in spikes.meta:
        names = [spikes.meta["neuron_names"][k] for k in names]
    # Of weights with errors as large as themselves none is the largest. NaN is no connection: comparison with it is
    # False; an error of NaN, where equations are not more than unknowns, is no hindrance.
    with np.errstate(invalid="ignore"):
        clear = np.abs(found.weights) > np.fmax(_ERRORS * found.standard_error, 0.0)
        largest = np.abs(found.weights[clear]).max(initial=0.0)
        post, pre = np.nonzero(clear & (np.abs(found.weights) > _LEAST * largest))
    end = "_mv" if volt else ""
    edges = [f"pre,post,weight{end},standard_error{end},status"]
    edges += [
        f"{_cell(names[j])},{_cell(names[i])},{_number(found.weights[i, j])},{_number(found.standard_error[i, j])},"
        f"{found.status[i].name.lower()}"
        for i, j in zip(post.tolist(), pre.tolist(), strict=True)
    ]
    neurons = [
        f"neuron,status,method,n_isis,n_acceptable,n_rows,rank,condition,holdout_residual{end},bias{end},explanation"
    ]
    for i, name in enumerate(names):
        counts = (found.n_isis, found.n_acceptable, found.n_rows, found.rank)
        numbers = (found.condition, found.holdout_residual_mv, found.bias_mv)
        cells = [_cell(name), found.status[i].name.lower(), found.method[i], *(str(count[i]) for count in counts)]
        neurons.append(",".join([*cells, *(_number(number[i]) for number in numbers), _cell(found.status[i])]))
    rule = f"abs(weight) > max({_ERRORS:g} standard errors, {_LEAST:g} of the largest)"
    header = {"provenance": found.provenance, "input": given, "unit": "mV" if volt else None, "edges": rule}
    arrays = {
        "weights": found.weights,
        "standard_error": found.standard_error,
        "status": np.array([status.name.lower() for status in found.status]),
        "neuron": np.array(names),
    }
    drawing = figures.reconstruction_overview(found, n_edges=post.size, unit="mV" if volt else "")
    pictures = {}
    # Without a creation date the same weights give the same file.
    for kind, metadata in (("png", None), ("pdf", {"CreationDate": None})):
        buffer = io.BytesIO()
        drawing.savefig(buffer, format=kind, dpi=200, metadata=metadata)
        pictures[f"reconstruction.{kind}"] = buffer.getvalue()
    plt.close(drawing)
    tables = {"edges.csv": edges, "neurons.csv": neurons}
    save_arrays(beginning.with_name(f"{beginning.name}-weights.npz"), header, arrays)
    for name, content in pictures.items() | {k: ("\n".join(v) + "\n").encode() for k, v in tables.items()}.items():
        with whole_file(beginning.with_name(f"{beginning.name}-{name}")) as target:
            target.write(content)
    return int(post.size)


def _number(value: Any) -> str:
    return "" if value != value else repr(float(value))


def _cell(value: Any) -> str:
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\n') else text
