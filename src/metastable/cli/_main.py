"""The group of commands, and those that reproduce, simulate and measure."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from metastable.cli._analyse import analyse
from metastable.cli._communities import communities
from metastable.cli._convert import convert
from metastable.cli._naming import SELECTION, naming
from metastable.cli._reconstruct import reconstruct
from metastable.cli._recording import read_window
from metastable.cli._sweep import sweep

_PAPERS = ("litwin-kumar-doiron-2012", "rost-2018", "humphries-2011", "van-bussel-2011", "fasoli-panzeri-2019", "loop")


class _Group(click.Group):
    """Turn errors that are addressed to a person into one line, and Ctrl-C into a clean end."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Who reads the output has read enough; click ends without a word.
            raise
        except (ValueError, TypeError, OSError, ImportError, MemoryError) as error:
            raise click.ClickException(str(error)) from None
        except KeyboardInterrupt:
            click.echo("\nstopped.", err=True)
            sys.exit(130)


class _Paper(click.Choice):
    """A paper; an unknown one is answered with the nearest."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from metastable._known_names import require_known

        require_known("reproduce", [value], self.choices)
        return value


# What the rooms call what a person typed.
_SIMULATE = {
    "r_ee": "--r-ee",
    "probability_ratio": "--r-ee",
    "j_plus": "--j-plus",
    "clustering=": "--clustering=",
    "n_e": "--n-e",
    "n_clusters": "--n-clusters",
    "choose numbers that divide, or ClusterLayout.unequal": "choose --n-e and --n-clusters that divide",
    "duration_ms": "--duration",
    "n_trials": "--trials",
    "dt_ms": "--dt",
    "the stimulus": "--stimulate",
}
_STIMULUS = {"amplitude": "--amplitude", "start_ms": "--onset", "stop_ms": "--offset", "clusters": "--stimulate"}
_STIMULUS |= {"a stimulus must end after it begins": "--offset must lie after --onset"}


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="metastable")
def main() -> None:
    """Structure, dynamics and inference in clustered networks of neurons."""


@main.command()
@click.argument("paper", type=_Paper(_PAPERS))
@click.option("--figure", "figures", multiple=True, metavar="N", help="Only this figure (number or name); repeatable.")
@click.option("--full", is_flag=True, help="The paper's protocol instead of the quick scale.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder of the report [reports/PAPER].")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Seed of all random streams.")
@click.option("--jobs", type=click.IntRange(min=1), help="Threads [all cores]; the result is the same.")
@click.option("--fresh", is_flag=True, help="Compute everything again.")
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR", help="Folder of recordings, for their figures.")
@click.option("--json", "as_json", is_flag=True, help="Print the claims as JSON.")
def reproduce(paper, figures, full, output, seed, jobs, fresh, data, as_json) -> None:
    """Reproduce PAPER: compute, draw, and confront each claim with what was measured.

    Results are kept as they are computed. Interrupted or run again, only what is missing is computed.
    """
    from metastable.papers import reproduce as run

    try:
        report = run(
            paper,
            scale="full" if full else "quick",
            seed=seed,
            output=output,
            figures=list(figures) or None,
            n_jobs=jobs,
            fresh=fresh,
            data=data,
        )
    except KeyboardInterrupt:
        click.echo("\nwhat was computed is kept; the same command goes on from there.", err=True)
        raise
    if as_json:
        click.echo(json.dumps(report.to_dict(), indent=2, ensure_ascii=False))
        return
    click.echo(repr(report))
    click.echo(f"  open {report.folder / 'report.html'}")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def papers(as_json) -> None:
    """List the papers that can be reproduced, with their figures."""
    from metastable.papers import available, load

    known = [load(key) for key in available()]
    if as_json:
        listed = [
            {
                "paper": paper.key,
                "citation": paper.citation,
                "summary": paper.summary,
                "figures": [{"number": i, "name": f.name, "title": f.title} for i, f in enumerate(paper.figures, 1)],
                "scales": {scale.name: scale.description for scale in paper.scales.values()},
            }
            for paper in known
        ]
        click.echo(json.dumps(listed, indent=2, ensure_ascii=False))
        return
    for paper in known:
        click.echo(f"{paper.key}\n  {paper.citation}")
        for number, figure in enumerate(paper.figures, start=1):
            click.echo(f"  {number} {figure.name:<12} {figure.title}")
        for scale in paper.scales.values():
            click.echo(f"  {scale.name}: {scale.description}")


@main.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="File to write: npz, or .csv, .mat, .nwb, .h5.",
)
@click.option("--r-ee", type=float, default=2.5, show_default=True, help="Clustering p_in/p_out; 1 for uniform.")
@click.option("--j-plus", type=float, help="Factor of weights within clusters [1.9, uniform 1].")
@click.option("--clustering", type=click.Choice(["probability", "weight"]), default="probability", show_default=True)
@click.option("--weights", type=click.Choice(["exact", "rounded"]), default="exact", show_default=True)
@click.option(
    "--n-e", type=int, default=4000, show_default=True, help="Excitatory neurons; a quarter as many inhibitory."
)
@click.option("--n-clusters", type=int, default=50, show_default=True)
@click.option("--duration", "duration_ms", type=float, default=3000.0, show_default=True, help="Length of a trial, ms.")
@click.option("--trials", type=int, default=1, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), help="Seed [drawn and recorded].")
@click.option("--dt", "dt_ms", type=float, default=0.1, show_default=True, help="Step, ms.")
@click.option("--stimulate", metavar="CLUSTERS", help="Clusters that receive a stimulus, for instance 0,1,2.")
@click.option("--amplitude", type=float, default=0.07, show_default=True, help="Stimulus, added to mu.")
@click.option(
    "--onset", "onset_ms", type=float, default=1500.0, show_default=True, help="When the stimulus begins, ms."
)
@click.option("--offset", "offset_ms", type=float, help="When it ends, ms [end of the trial].")
@click.option(
    "--engine",
    type=click.Choice(["metastable", "reference", "brian2", "nest"]),
    default="metastable",
    show_default=True,
)
@click.option("--jobs", type=click.IntRange(min=1), help="Threads [all cores]; the result is the same.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON.")
def simulate(
    output, r_ee, j_plus, clustering, weights, n_e, n_clusters, duration_ms, trials, seed, dt_ms, stimulate, amplitude,
    onset_ms, offset_ms, engine, jobs, as_json,
) -> None:  # fmt: skip
    """Simulate the clustered network of Litwin-Kumar & Doiron (2012) and write its spikes."""
    from metastable.networks import Stimulus, litwin_kumar_doiron_2012
    from metastable.simulation import simulate as run
    from metastable.spikes import write
    from metastable.spikes._write import require_target

    require_target(output)
    stimulus = None
    if stimulate is not None:
        clusters = _parse_list("--stimulate", stimulate)
        with naming(_STIMULUS):
            stimulus = Stimulus.step(amplitude, start_ms=onset_ms, stop_ms=offset_ms, clusters=clusters)
    with naming(_SIMULATE):
        network = litwin_kumar_doiron_2012(
            r_ee=r_ee, j_plus=j_plus, clustering=clustering, weights=weights, n_e=n_e, n_clusters=n_clusters
        )
        spikes = run(
            network,
            duration_ms=duration_ms,
            n_trials=trials,
            seed=seed,
            dt_ms=dt_ms,
            stimulus=stimulus,
            engine=engine,
            n_jobs=jobs,
        )
    # On the grid of the simulation nothing is lost, in no format.
    write(spikes, output)
    if as_json:
        seconds = spikes.duration_ms * spikes.n_trials / 1000
        names = [p.name for p in network.populations]
        rates = {p: spikes.select(population=p).n_spikes / network.population(p).size / seconds for p in names}
        made = spikes.meta["provenance"]["parameters"]
        facts = {"file": str(output), "n_spikes": spikes.n_spikes, "n_trials": spikes.n_trials, "seed": made["seed"]}
        click.echo(json.dumps(facts | {"rate_hz": rates}, indent=2))
        return
    click.echo(network.summary())
    click.echo(repr(spikes))
    click.echo(f"  written to {output}")


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--unit", type=click.Choice(["ms", "s"]), help="Of the times [what the file says; s for MATLAB, else ms]."
)
@click.option("--variable", help="Name of the table in a MATLAB file [spks].")
@click.option("--trials", is_flag=True, help="Cut the session of an NWB file into the trials of its table.")
@click.option("--start", "start_ms", type=float, help="Discard what is before, ms [start of the recording].")
@click.option("--stop", "stop_ms", type=float, help="Discard what is after, ms [end of the recording].")
@click.option("--population", help="Only this population, for instance E.")
@click.option("--window", "window_ms", type=float, default=100.0, show_default=True, help="Fano factor window, ms.")
@click.option(
    "--correlation-window",
    "correlation_ms",
    type=float,
    default=50.0,
    show_default=True,
    help="Correlation window, ms.",
)
@click.option("--ddof", type=click.IntRange(min=0), default=0, show_default=True, help="Of the Fano factor's variance.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def stats(
    file, unit, variable, trials, start_ms, stop_ms, population, window_ms, correlation_ms, ddof, as_json
) -> None:  # fmt: skip
    """Print rates, Fano factor and correlations of the spikes in FILE (npz, CSV, MATLAB, NWB, SONATA, NEST)."""
    spikes, window = read_window(file, unit=unit, variable=variable, trials=trials, start_ms=start_ms, stop_ms=stop_ms)
    with naming(SELECTION):
        spikes = spikes.select(time_ms=window, population=population)
        facts = _statistics(spikes, window_ms, correlation_ms, ddof)
    if as_json:
        click.echo(json.dumps({"file": str(file), "population": population} | facts, indent=2))
        return
    click.echo(repr(spikes))
    for name, value in facts.items():
        click.echo(f"  {name:<42} {value if isinstance(value, str) else _text(value)}")


main.add_command(analyse)
main.add_command(communities)
main.add_command(convert)
main.add_command(reconstruct)
main.add_command(sweep)


def _statistics(spikes, window_ms: float, correlation_ms: float, ddof: int) -> dict[str, Any]:
    import numpy as np

    from metastable import statistics
    from metastable.statistics._checks import require_recording, require_width

    require_recording(spikes)
    # Whether or not there are trials and neurons enough for what takes it.
    for option, width in (("--window", window_ms), ("--correlation-window", correlation_ms)):
        require_width(option, width, spikes)
    facts: dict[str, Any] = {
        "window_ms": [spikes.t_start_ms, spikes.t_stop_ms],
        "n_neurons": spikes.n_neurons,
        "n_trials": spikes.n_trials,
        "n_silent": int((spikes.spike_counts().sum(axis=0) == 0).sum()),
        "rate_hz": statistics.mean_rate(spikes),
    }
    if spikes.n_trials > 1:
        with naming({"window_ms": "--window", "ddof": "--ddof"}):
            fano = statistics.fano_factor(spikes, window_ms=window_ms, ddof=ddof)
        facts["fano_factor"] = float(np.nanmean(fano)) if not np.isnan(fano).all() else None
        facts["fano_factor_estimator"] = (
            f"mean over {window_ms:g} ms windows of variance/mean across trials, ddof {ddof}"
        )
    else:
        facts["fano_factor"] = None
        facts["fano_factor_estimator"] = "not computed: needs at least 2 trials"
    kinds = ("all_pairs", "same_cluster", "different_cluster")
    facts |= {f"correlation_{kind}": None for kind in kinds}
    if spikes.n_neurons - facts["n_silent"] < 2:
        facts["correlation_estimator"] = "not computed: needs at least 2 neurons that fire"
        return facts
    with naming({"window_ms": "--correlation-window"}):
        found = statistics.count_correlations(spikes, window_ms=correlation_ms)
    for kind in kinds:
        part = getattr(found, kind)
        facts[f"correlation_{kind}"] = part.mean if part.n_pairs else None
    facts["correlation_estimator"] = f"Pearson over {correlation_ms:g} ms windows within a trial, silent trial = 0"
    return facts


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return " to ".join(f"{v:g}" for v in value)
    return f"{value:.4g}" if isinstance(value, float) else f"{value:,}"


def _parse_list(option: str, text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise click.ClickException(f"{option} must list clusters like 0,1,2, got {text!r}.") from None
