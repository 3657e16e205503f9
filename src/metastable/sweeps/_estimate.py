"""How large and how long a sweep will be, from one of its jobs."""

from __future__ import annotations

import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from metastable._parallel import one_blas_thread, resolve_n_jobs
from metastable._validation import require_instance, require_path
from metastable.sweeps._folder import SweepFolder, versions
from metastable.sweeps._job import Failure
from metastable.sweeps._run import unfinished
from metastable.sweeps._sweep import Sweep

# A job shorter than this is timed a second time, when kernels are compiled and loaded.
_SHORT_S = 20.0


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Estimate:
    """Size and cost of a sweep, as if all its jobs were like one of them.

    Parameters
    ----------
    n_jobs, n_finished : int
        All jobs, and those that had finished before.
    n_threads : int
    timed : str
        Parameters of the job that was run.
    seconds_per_job : float, s
    n_spikes : int
        That will be simulated.
    n_bytes : int
        On disk, for jobs and results.
    """

    n_jobs: int
    n_finished: int
    n_threads: int
    timed: str
    seconds_per_job: float
    n_spikes: int
    n_bytes: int

    @property
    def seconds(self) -> float:
        """Of the jobs that have not finished, on all threads."""
        n_missing = self.n_jobs - self.n_finished
        return self.seconds_per_job * np.ceil(n_missing / self.n_threads)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready data."""
        return asdict(self) | {"seconds": self.seconds}

    def __repr__(self) -> str:
        if not self.timed:
            return f"{self.n_jobs:,} jobs, all of them finished"
        threads = "1 thread" if self.n_threads == 1 else f"{self.n_threads} threads"
        finished = f", {self.n_finished:,} of them finished" if self.n_finished else ""
        return (
            f"{self.n_jobs:,} jobs{finished}; about {self.n_spikes:,} spikes and {_bytes(self.n_bytes)} on disk\n"
            f"{_time(self.seconds)} on {threads}, if all jobs take the {self.seconds_per_job:.3g} s of "
            f"the one that was timed ({self.timed})"
        )


def estimate(sweep: Sweep, folder: str | os.PathLike[str] | None = None, *, n_jobs: int | None = None) -> Estimate:
    """Run one job of a sweep, keep nothing, and say what all of them will cost.

    Parameters
    ----------
    sweep : Sweep
    folder : path_like, optional
        Where results will go, to know what has finished.
    n_jobs : int, optional
        Threads; all cores by default.

    Returns
    -------
    Estimate
        The job is the middle one of those that have not finished; others may be faster or slower.

    Raises
    ------
    ValueError
        If that job fails; the sentence holds its parameters.
    """
    require_instance("sweep", sweep, Sweep, do="build one, or read a file by Sweep.read")
    n_threads = resolve_n_jobs(n_jobs)
    found: dict[Any, Any] = {}
    missing = list(sweep.jobs())
    if folder is not None:
        found, missing = unfinished(sweep, SweepFolder(require_path("folder", folder)), versions())
    if not missing:
        return Estimate(
            n_jobs=sweep.n_jobs, n_finished=len(found), n_threads=n_threads, timed="", seconds_per_job=0.0,
            n_spikes=0, n_bytes=0,
        )  # fmt: skip
    job = missing[len(missing) // 2]
    with one_blas_thread():
        outcome = job.attempt()
        if not isinstance(outcome, Failure) and outcome.seconds < _SHORT_S:
            outcome = job.attempt()
    if isinstance(outcome, Failure):
        raise ValueError(f"the job that was timed failed: {outcome}")
    with tempfile.TemporaryDirectory() as scratch:
        place = SweepFolder(Path(scratch))
        place.prepare(sweep.to_dict(), fresh=False, extend=False)
        n_bytes = place.save(job.identity(), versions(), outcome.arrays).stat().st_size
    n_bytes += sum(array.nbytes for array in outcome.arrays.values())
    return Estimate(
        n_jobs=sweep.n_jobs,
        n_finished=len(found),
        n_threads=min(n_threads, len(missing)),
        timed=str(job),
        seconds_per_job=outcome.seconds,
        n_spikes=outcome.n_spikes * len(missing),
        n_bytes=n_bytes * len(missing),
    )


def _time(seconds: float) -> str:
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"about {seconds / length:.3g} {unit}"
    return f"about {seconds:.3g} s"


def _bytes(number: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number} bytes"
