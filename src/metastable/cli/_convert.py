"""The command that writes a recording in another format."""

from __future__ import annotations

from pathlib import Path

import click

from metastable.cli._naming import SELECTION, naming


@click.command()
@click.argument("source", metavar="A", type=click.Path(path_type=Path))
@click.argument("target", metavar="B", type=click.Path(path_type=Path))
@click.option(
    "--unit", type=click.Choice(["ms", "s"]), help="Of the times in A [what the file says; s for MATLAB, else ms]."
)
@click.option("--variable", help="Name of the table in a MATLAB file [spks].")
@click.option("--trials", is_flag=True, help="Cut the session of an NWB file into the trials of its table.")
@click.option("--start", "start_ms", type=float, help="Begin of the recording, ms, where A does not hold it.")
@click.option("--stop", "stop_ms", type=float, help="End of the recording, ms, where A does not hold it.")
def convert(source, target, unit, variable, trials, start_ms, stop_ms) -> None:
    """Write the spikes of A as B, in the format of its ending; another file of that name is replaced.

    Reads npz (also what pynapple saved), CSV, MATLAB, NWB, SONATA (.h5) and NEST (.dat, .gdf); writes npz, CSV, MATLAB,
    NWB and SONATA. Says what was written, and what the format could not hold. Neo and pynapple hold spikes in memory:
    metastable.spikes.to_neo and to_pynapple make their objects.
    """
    from metastable.spikes import read, write
    from metastable.spikes._write import require_target

    require_target(target)
    if target.exists() and source.exists() and target.samefile(source):
        raise ValueError(f"{source} and {target} are the same file, whose other content would be lost; name another B.")
    with naming({"t_start_ms": "--start", "t_stop_ms": "--stop", "trials=True": "--trials"} | SELECTION):
        spikes = read(source, unit=unit, variable=variable, trials=trials, t_start_ms=start_ms, t_stop_ms=stop_ms)
        written = write(spikes, target)
    twice = spikes.meta.get("n_duplicates", 0) if spikes.meta.get("source") == source.name else 0
    click.echo(f"{written}{f' ({twice:,} spikes were listed twice in {source.name})' if twice else ''}")
