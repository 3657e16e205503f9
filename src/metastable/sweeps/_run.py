"""Run a sweep: what is missing, on threads or on a cluster, then all of it as labelled arrays."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from metastable._display import Drawn
from metastable._parallel import Monitor, one_blas_thread, run_jobs
from metastable._validation import require_instance, require_path, require_truth
from metastable.sweeps._deviations import deviations
from metastable.sweeps._folder import SweepFolder, hold, versions
from metastable.sweeps._job import Failure, Job, Numbers
from metastable.sweeps._results import assemble, load, require_xarray, write
from metastable.sweeps._sweep import Sweep
from metastable.sweeps._writer import Writer

if TYPE_CHECKING:
    from xarray import Dataset

_MOST_SHOWN = 5
MOST_JOBS = 1_000_000


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SweepResult(Drawn):
    """What has become of a sweep.

    Parameters
    ----------
    data : xarray.Dataset
        As `metastable.sweeps.load` gives it.
    file : Path
        Where it is.
    failures : list of Failure
        Jobs without results, with their parameters: those that raised an error, and those whose numbers have other
        dimensions than the numbers of most jobs.
    n_computed, n_reused : int
        Jobs that were run now, and those that had finished before.
    """

    data: Dataset
    file: Path
    failures: list[Failure]
    n_computed: int
    n_reused: int

    _prints_a_table: ClassVar[bool] = True

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready data."""
        return {
            "file": str(self.file),
            "n_computed": self.n_computed,
            "n_reused": self.n_reused,
            "failures": [asdict(failure) for failure in self.failures],
            "dimensions": {str(name): size for name, size in self.data.sizes.items()},
            "variables": [str(name) for name in self.data.data_vars],
        }

    def __repr__(self) -> str:
        lines = [f"{self.n_computed:,} jobs computed, {self.n_reused:,} found from before, results in {self.file}"]
        deviating = [failure for failure in self.failures if failure.deviates]
        failed = [failure for failure in self.failures if not failure.deviates]
        for what, listed in (
            ("failed jobs: {}; the same again tries them once more", failed),
            ("jobs whose numbers do not fit in with the others, and are left out: {}", deviating),
        ):
            if listed:
                lines.append(what.format(f"{len(listed):,}"))
                lines += [f"  {failure}" for failure in listed[:_MOST_SHOWN]]
                if len(listed) > _MOST_SHOWN:
                    lines.append(f"  and {len(listed) - _MOST_SHOWN:,} more")
        return "\n".join(lines)


def run(
    sweep: Sweep,
    folder: str | os.PathLike[str] | None = None,
    *,
    n_jobs: int | None = None,
    cluster: str | None = None,
    fresh: bool = False,
    extend: bool = False,
    progress: bool | None = None,
) -> SweepResult:
    """Run the jobs of a sweep that have not finished, and put all results together.

    Parameters
    ----------
    sweep : Sweep
    folder : path_like, optional
        Where results go, by default as the sweep says; made if it is not there. A job that has finished is kept in it
        for good, so that a sweep that was stopped or killed goes on where it was.
    n_jobs : int, optional
        Threads, one job each; all cores by default. Does not change the results.
    cluster : str, optional
        Address of a Dask scheduler whose workers run the jobs (extra ``cluster``), in place of threads.
    fresh : bool
        Whether to remove what is in the folder and run everything.
    extend : bool
        Whether a folder of another sweep is taken over: jobs that both have in common are kept.
    progress : bool, optional
        Whether to show a progress bar; by default on a terminal.

    Returns
    -------
    SweepResult

    Raises
    ------
    ValueError
        If the folder holds the results of another sweep; the sentence says what differs.
    OSError
        If the folder cannot be written, the disk is full, another process uses it, or the cluster does not answer.
    ImportError
        If xarray or Dask is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import metastable as mst
    >>> sweep = mst.sweeps.Sweep(
    ...     network={"preset": "rost_2018", "n_clusters": 20},
    ...     vary={"j_e_plus": [1, 2.9]},
    ...     measure={"fixed_points": {}},
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = mst.sweeps.run(sweep, folder)
    >>> done.data.fixed_points_n_stable_active.sel(network=0).values
    array([0., 3.])
    """
    require_instance("sweep", sweep, Sweep, do="build one, or read a file by Sweep.read")
    fresh, extend = require_truth("fresh", fresh), require_truth("extend", extend)
    if folder is None and sweep.results is None:
        raise ValueError("the sweep does not say where results go; give run a folder.")
    require_xarray()
    if sweep.n_jobs > MOST_JOBS:
        raise ValueError(
            f"the sweep has {sweep.n_jobs:,} jobs, each a file, and may have at most {MOST_JOBS:,}; vary less, "
            "or divide it."
        )
    made_by = versions()
    with hold(require_path("folder", sweep.results if folder is None else folder)) as place:
        place.prepare(sweep.to_dict(), fresh=fresh, extend=extend)
        found, missing = unfinished(sweep, place, made_by)
        n_reused, failures = len(found), {}

        def save(done: tuple[Job, Numbers]) -> None:
            job, numbers = done
            place.save(job.identity(), made_by, numbers)
            found[job.index] = numbers

        if missing:
            # Results that are not those of all jobs must not be taken for them.
            place.results.unlink(missing_ok=True)
            with Writer(save) as writer:

                def keep(job: Job, outcome: Numbers | Failure) -> None:
                    if isinstance(outcome, Failure):
                        failures[job.index] = outcome
                    else:
                        writer.put((job, outcome))

                if cluster is None:
                    _run_on_threads(missing, keep, n_jobs=n_jobs, progress=progress)
                else:
                    from metastable.sweeps._cluster import run_on_cluster

                    run_on_cluster(missing, keep, address=cluster, made_by=made_by, progress=progress)
        arrays = {index: numbers.arrays for index, numbers in found.items()}
        for index, sentence in deviations(sweep, arrays).items():
            failures[index] = Failure(str(sweep.job(index)), sentence, deviates=True)
            del arrays[index]
        # Also where nothing was missing: fewer points than before, or a damaged file.
        write(assemble(sweep, arrays, made_by), place.results)
        return SweepResult(
            data=load(place.results),
            file=place.results,
            failures=[failures[index] for index in sorted(failures)],
            n_computed=len(found) - n_reused,
            n_reused=n_reused,
        )


def unfinished(
    sweep: Sweep, place: SweepFolder, made_by: Mapping[str, Any]
) -> tuple[dict[tuple[int, ...], Numbers], list[Job]]:
    """Return what finished jobs have found by their places, and the jobs that have not finished."""
    found, missing = {}, []
    for job in sweep.jobs():
        numbers = place.load(job.identity(), made_by)
        if numbers is None:
            missing.append(job)
        else:
            found[job.index] = numbers
    return found, missing


def _run_on_threads(
    jobs: list[Job], keep: Callable[[Job, Numbers | Failure], None], *, n_jobs: int | None, progress: bool | None
) -> None:
    def run(job: Job, monitor: Monitor) -> None:
        monitor.advance(0)
        keep(job, job.attempt())
        monitor.advance(1)

    # One thread for linear algebra whatever `n_jobs` is: sums of several threads differ in their last digits.
    with one_blas_thread():
        run_jobs(run, jobs, n_jobs=n_jobs, total=len(jobs), label="sweep", unit="jobs", progress=progress)
