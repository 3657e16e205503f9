"""The command that runs a sweep."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder of the results [as FILE says].")
@click.option("--dry-run", is_flag=True, help="Time a few jobs, say what all will cost, write nothing.")
@click.option("--jobs", type=click.IntRange(min=1), help="Threads [all cores]; the result is the same.")
@click.option("--cluster", metavar="ADDRESS", help="Dask scheduler whose workers run the jobs, as tcp://host:8786.")
@click.option("--extend", is_flag=True, help="FILE has changed: keep the jobs that are still among its own.")
@click.option("--fresh", is_flag=True, help="Remove what was computed and start anew.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def sweep(file, output, dry_run, jobs, cluster, extend, fresh, as_json) -> None:
    """Run the sweep that FILE describes: many networks, trials and parameters, each measured.

    Jobs are kept as they finish. Interrupted, killed or run again, only what is missing is computed. Results are
    labelled arrays in DIR/results.nc (netCDF, for xarray).

    \b
      seed = 1                  # or a list
      n_networks = 3            # wirings for each point
      n_trials = 10             # of each wiring; in [vary] too
      results = "my-results"    # folder beside FILE [its name]
      [network]
      preset = "litwin_kumar_doiron_2012"
      n_e = 800
      n_clusters = 10
      [vary]                    # all combinations
      r_ee = { start = 1, stop = 3, count = 9 }
      stimulus.amplitude = [0, 0.07]  # also simulate.duration_ms
      [simulate]
      duration_ms = 1500
      [select]
      burn_in_ms = 500
      population = "E"
      [stimulus]
      start_ms = 1000
      clusters = [0, 1]
      [measure]
      rate = {}
      fano_factor = { window_ms = 100 }
      mine = { function = "my_module:my_function", option = 3 }

    Draw the results in Python:

    \b
      import metastable as mst
      mst.figures.sweep_overview(mst.sweeps.load("my-results"), measure="fano_factor").figure.savefig("fano.png")

    Exit status 1 if a job failed; the same command tries it again.
    """  # noqa: D301 (click wants the character itself)
    from metastable.sweeps import Sweep, estimate, run
    from metastable.sweeps._folder import SweepFolder

    # What functions of a person print must not stand in the JSON.
    with redirect_stdout(sys.stderr):
        planned = Sweep.read(file)
    assert planned.results is not None
    folder = planned.results if output is None else output
    if not as_json:
        click.echo(repr(planned), err=not dry_run)
    if dry_run:
        with redirect_stdout(sys.stderr):
            expected = estimate(planned, folder, n_jobs=jobs)
        click.echo(json.dumps(expected.to_dict(), indent=2) if as_json else repr(expected))
        return
    try:
        with redirect_stdout(sys.stderr):
            done = run(planned, folder, n_jobs=jobs, cluster=cluster, fresh=fresh, extend=extend)
    except KeyboardInterrupt:
        n_kept = SweepFolder(folder).count()
        click.echo(f"\n{n_kept} finished jobs are kept; the same command goes on from there.", err=True)
        raise
    click.echo(json.dumps(done.to_dict(), indent=2) if as_json else repr(done))
    if not as_json and int(done.data["finished"].sum()):
        click.echo(f'draw them: metastable.figures.sweep_overview(metastable.sweeps.load("{folder.as_posix()}"))')
    if done.failures:
        sys.exit(1)
