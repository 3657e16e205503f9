"""How large and how long a sweep will be, from a few of its jobs."""

from __future__ import annotations

import itertools
import math
import os
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from metastable._display import Displayed
from metastable._parallel import CancelledError, Monitor, one_blas_thread, resolve_n_jobs, run_jobs
from metastable._validation import require_instance, require_path
from metastable.sweeps._folder import SweepFolder, versions
from metastable.sweeps._job import Failure, Job, Numbers
from metastable.sweeps._run import MOST_JOBS, unfinished
from metastable.sweeps._sweep import Sweep

Index = tuple[int, ...]

# The first job shorter than this is timed a second time, when kernels are compiled and loaded.
_SHORT_S = 20.0
# For all jobs until the first has finished, and for all after it.
_FIRST_S, _BUDGET_S = 300.0, 30.0
_MOST_TIMED = 10


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Estimate(Displayed):
    """Size and cost of a sweep, by the cheapest and the dearest of its jobs that are known.

    Parameters
    ----------
    n_jobs, n_finished : int
        All jobs, and those that had finished before.
    n_threads : int
    cheapest, dearest : str
        Parameters of the jobs that took the shortest and the longest.
    cheapest_s, dearest_s : float, s
        How long they took.
    stopped : bool
        Whether the dearest was stopped then and takes longer.
    n_known : int
        Jobs that have finished, now or before; where there are none, spikes and size are not known.
    n_timed : int
        Jobs that were timed, now or when they were run.
    n_spikes : int
        That will be simulated.
    n_bytes : int
        On disk, for jobs and results.
    failures : tuple of Failure
        Jobs that were to be timed and failed.
    """

    n_jobs: int
    n_finished: int
    n_threads: int
    cheapest: str = ""
    dearest: str = ""
    cheapest_s: float = 0.0
    dearest_s: float = 0.0
    stopped: bool = False
    n_known: int = 0
    n_timed: int = 0
    n_spikes: int = 0
    n_bytes: int = 0
    failures: tuple[Failure, ...] = ()

    _prints_a_table: ClassVar[bool] = True

    @property
    def seconds(self) -> tuple[float, float]:
        """Of the jobs that have not finished, on all threads: if all were the cheapest, and if all were the dearest."""
        turns = math.ceil((self.n_jobs - self.n_finished) / self.n_threads)
        return self.cheapest_s * turns, self.dearest_s * turns

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready data."""
        return asdict(self) | {"seconds": list(self.seconds), "failures": [asdict(f) for f in self.failures]}

    def __repr__(self) -> str:
        if self.n_jobs == self.n_finished:
            return f"{self.n_jobs:,} jobs, all of them finished"
        finished = f", {self.n_finished:,} of them finished" if self.n_finished else ""
        least, most = map(_time, self.seconds)
        least, most = (least if least != most else "", f"more than {most}" if self.stopped else most)
        span = f"between {least} and {most}" if least else most if self.stopped else f"about {most}"
        size = "no job has ended, so that sizes are not known"
        if self.n_known:
            size = f"about {_two_digits(self.n_spikes)} spikes and {_bytes(self.n_bytes)} on disk"
        lines = [
            f"{self.n_jobs:,} jobs{finished}; {size}",
            f"{span} on {'1 thread' if self.n_threads == 1 else f'{self.n_threads} threads'}, by "
            f"{'the one job' if self.n_timed == 1 else f'the {self.n_timed:,} jobs'} that {_were(self.n_timed)} timed:",
        ]
        if self.n_known:
            lines.append(f"  {self.cheapest_s:.3g} s for {self.cheapest}")
        if self.dearest != self.cheapest or not self.n_known:
            lines.append(f"  {'more than ' if self.stopped else ''}{self.dearest_s:.3g} s for {self.dearest}")
        if self.failures:
            lines.append(f"{len(self.failures)} more {_were(len(self.failures))} to be timed and failed:")
            lines += [f"  {failure}" for failure in self.failures]
        if self.n_jobs > MOST_JOBS:
            lines.append(f"these are more than the {MOST_JOBS:,} jobs that a sweep may have; vary less, or divide it")
        return "\n".join(lines)


def estimate(sweep: Sweep, folder: str | os.PathLike[str] | None = None, *, n_jobs: int | None = None) -> Estimate:
    """Run a few jobs of a sweep, keep nothing, and say between which bounds all of them will cost.

    Parameters
    ----------
    sweep : Sweep
    folder : path_like, optional
        Where results will go, to know what has finished, and how long that took.
    n_jobs : int, optional
        Threads; all cores by default.

    Returns
    -------
    Estimate
        Timed are jobs at the corners of what varies and in the middle. The first that finishes may take five minutes,
        and half a minute later this ends: the job that is running then is stopped, and counts as longer.

    Raises
    ------
    ValueError
        If all of those jobs fail; the sentence holds the parameters of one.
    """
    require_instance("sweep", sweep, Sweep, do="build one, or read a file by Sweep.read")
    n_threads = resolve_n_jobs(n_jobs)
    found: dict[Index, Numbers] = {}
    missing: list[Index] | None = None
    # Otherwise nothing can have finished, and the list of jobs may be longer than the memory.
    if folder is not None and Path(folder).exists() and sweep.n_jobs <= MOST_JOBS:
        found, jobs = unfinished(sweep, SweepFolder(require_path("folder", folder)), versions())
        missing = [job.index for job in jobs]
    n_missing = sweep.n_jobs - len(found)
    if not n_missing:
        return Estimate(n_jobs=sweep.n_jobs, n_finished=len(found), n_threads=n_threads)
    with one_blas_thread():
        timed, stopped, failures = _timings(sweep, _chosen(sweep, found, missing))
    known = found | timed
    if not known and stopped:
        dearest = max(stopped, key=lambda index: (stopped[index], index))
        return Estimate(
            n_jobs=sweep.n_jobs,
            n_finished=0,
            n_threads=min(n_threads, n_missing),
            cheapest=str(sweep.job(dearest)),
            dearest=str(sweep.job(dearest)),
            cheapest_s=stopped[dearest],
            dearest_s=stopped[dearest],
            stopped=True,
            n_timed=len(stopped),
            failures=tuple(failures),
        )
    if not known:
        raise ValueError(f"all jobs that were to be timed failed; the first is {failures[0]}")
    seconds = {index: numbers.seconds for index, numbers in known.items()}
    cheapest = min(seconds, key=lambda index: (seconds[index], index))
    dearest = max(seconds, key=lambda index: (seconds[index], index))
    # A job that was stopped says something only if it had taken longer than all others.
    cut = next((index for index in stopped if stopped[index] > seconds[dearest]), None)
    return Estimate(
        n_jobs=sweep.n_jobs,
        n_finished=len(found),
        n_threads=min(n_threads, n_missing),
        cheapest=str(sweep.job(cheapest)),
        cheapest_s=seconds[cheapest],
        dearest=str(sweep.job(dearest if cut is None else cut)),
        dearest_s=seconds[dearest] if cut is None else stopped[cut],
        stopped=cut is not None,
        n_known=len(known),
        n_timed=len(known) + len(stopped),
        n_spikes=round(sum(each.n_spikes for each in known.values()) / len(known) * n_missing),
        n_bytes=round(_mean_bytes(sweep, timed or dict(itertools.islice(found.items(), 1))) * n_missing),
        failures=tuple(failures),
    )


def _chosen(sweep: Sweep, found: Mapping[Index, Numbers], missing: list[Index] | None) -> list[Index]:
    """Return the places of jobs to be timed, none of them finished: the smallest values, the largest, the middle."""
    shape = sweep.shape
    rest = (0,) * (len(shape) - len(sweep.axes))
    ends = [axis.extremes() for axis in sweep.axes]
    smallest, largest = (tuple(end[k] for end in ends) + rest for k in (0, -1))
    middle = tuple(size // 2 for size in shape)
    corners = (corner + rest for corner in itertools.islice(itertools.product(*ends), 2**_MOST_TIMED))
    wanted = [index for index in (smallest, largest, middle, *corners) if index not in found]
    if not wanted and missing:
        wanted = [missing[0], missing[-1], missing[len(missing) // 2]]
    return list(dict.fromkeys(wanted))[:_MOST_TIMED]


def _timings(sweep: Sweep, chosen: list[Index]) -> tuple[dict[Index, Numbers], dict[Index, float], list[Failure]]:
    """Return what jobs have found, for how long others ran until they were stopped, and which failed."""
    timed: dict[Index, Numbers] = {}
    stopped: dict[Index, float] = {}
    failures: list[Failure] = []
    warm: set[str] = set()
    until = time.monotonic() + _FIRST_S
    for job in map(sweep.job, chosen):
        limit = until - time.monotonic()
        if limit <= 0:
            break
        outcome = _attempt(job, limit)
        if isinstance(outcome, Numbers):
            until = min(until, time.monotonic() + _BUDGET_S) if timed else time.monotonic() + _BUDGET_S
            if outcome.seconds < _SHORT_S and job.builder.name not in warm:
                warm.add(job.builder.name)
                outcome = _attempt(job, until - time.monotonic()) or outcome
        if outcome is None:
            stopped[job.index] = limit
        elif isinstance(outcome, Failure):
            failures.append(outcome)
        else:
            timed[job.index] = outcome
    return timed, stopped, failures


def _attempt(job: Job, limit_s: float) -> Numbers | Failure | None:
    """Run a job; return None if it had to be stopped."""

    def run(job: Job, monitor: Monitor) -> Numbers | Failure | None:
        timer = threading.Timer(min(limit_s, threading.TIMEOUT_MAX), monitor.stop)
        timer.daemon = True
        timer.start()
        try:
            return job.attempt()
        except CancelledError:
            return None
        finally:
            timer.cancel()

    return run_jobs(run, [job], n_jobs=1, total=1, label="", progress=False)[0]


def _mean_bytes(sweep: Sweep, known: Mapping[Index, Numbers]) -> float:
    with tempfile.TemporaryDirectory() as scratch:
        place = SweepFolder(Path(scratch))
        place.prepare(sweep.to_dict(), fresh=False, extend=False)
        sizes = [
            place.save(sweep.job(index).identity(), versions(), numbers).stat().st_size
            + sum(array.nbytes for array in numbers.arrays.values())
            for index, numbers in known.items()
        ]
    return sum(sizes) / len(sizes)


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _two_digits(number: int) -> str:
    return f"{int(float(f'{number:.2g}')):,}"


def _time(seconds: float) -> str:
    for unit, length in (("years", 365 * 86400), ("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.2g} {unit}"
    return f"{seconds:.2g} s"


def _bytes(number: int) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number} bytes"
