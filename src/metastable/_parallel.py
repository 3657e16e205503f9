"""Independent jobs on threads, with progress for a person who watches and a clean stop on Ctrl-C."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import Any, TypeVar

from metastable._validation import require_integer, require_truth

Argument = TypeVar("Argument")
Result = TypeVar("Result")


class CancelledError(Exception):
    """Raised inside a job that was asked to stop."""


class Monitor:
    """What a job sees of the world: a way to report progress that also ends the job when it should stop."""

    def __init__(self, bar: Any, outer: Monitor | None = None) -> None:
        self._bar = bar
        self._outer = outer
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def advance(self, amount: float) -> None:
        """Report finished work; raise `CancelledError` if the jobs were stopped."""
        if self.stopped:
            raise CancelledError
        if self._bar is not None:
            with self._lock:
                self._bar.update(amount)

    @property
    def stopped(self) -> bool:
        """Whether the jobs were asked to stop, or the job that they are parts of."""
        return self._stop.is_set() or (self._outer is not None and self._outer.stopped)

    def stop(self) -> None:
        """Ask all jobs to end at their next report."""
        self._stop.set()


# A job that itself runs jobs, as a simulation in a sweep, must end when it is asked to: no Ctrl-C reaches its thread.
_MONITOR_OF_JOB: ContextVar[Monitor | None] = ContextVar("monitor", default=None)


def available_cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def resolve_n_jobs(n_jobs: int | None) -> int:
    """Return the number of threads: all available cores for None."""
    return available_cores() if n_jobs is None else require_integer("n_jobs", n_jobs, minimum=1)


def run_jobs(
    job: Callable[[Argument, Monitor], Result],
    arguments: Iterable[Argument],
    *,
    n_jobs: int | None,
    total: float,
    label: str,
    unit: str = "ms",
    progress: bool | None = None,
) -> list[Result]:
    """Run a job for each argument on threads and return the results in the order of the arguments.

    Parameters
    ----------
    job : callable
        ``job(argument, monitor)``; it calls ``monitor.advance`` now and then.
    arguments : iterable
    n_jobs : int or None
        Number of threads; None for all cores.
    total : float
        What the reports add up to.
    label, unit : str
        Shown with the progress bar.
    progress : bool or None
        Whether to show the bar; None for "if a person watches", that is, if stderr is a terminal.

    Returns
    -------
    list

    Raises
    ------
    BaseException
        The first exception of a job, or KeyboardInterrupt; the other jobs are stopped first.
    """
    items = list(arguments)
    n_threads = min(resolve_n_jobs(n_jobs), max(1, len(items)))
    bar = progress_bar(total, label, unit, progress)
    monitor = Monitor(bar, _MONITOR_OF_JOB.get())

    def run(item: Argument) -> Result:
        # Threads of a pool serve one call of this function and hold nothing else.
        _MONITOR_OF_JOB.set(monitor)
        return job(item, monitor)

    pool = ThreadPoolExecutor(max_workers=n_threads)
    with one_blas_thread() if n_threads > 1 else nullcontext():
        try:
            futures = [pool.submit(run, item) for item in items]
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            failed = next((f for f in done if f.exception() is not None), None)
            if failed is not None:
                failed.result()
            return [future.result() for future in futures]
        except KeyboardInterrupt:
            # Jobs that report seldom take some seconds to end; without a word it looks as if Ctrl-C had been missed.
            if bar is not None:
                bar.write("stopping ...", file=sys.stderr)
            raise
        finally:
            monitor.stop()
            pool.shutdown(wait=True, cancel_futures=True)
            if bar is not None:
                bar.close()


def run_in_turn(
    job: Callable[[Argument, Monitor], Result],
    arguments: Iterable[Argument],
    *,
    total: float,
    label: str,
    unit: str = "ms",
    progress: bool | None = None,
) -> list[Result]:
    """Run a job for each argument on the calling thread, for libraries that bear no other; see `run_jobs`.

    Ctrl-C ends the job where it is, as soon as it is back in Python.
    """
    bar = progress_bar(total, label, unit, progress)
    try:
        return [job(item, Monitor(bar)) for item in arguments]
    finally:
        if bar is not None:
            bar.close()


def one_blas_thread() -> AbstractContextManager[Any]:
    """Keep linear algebra inside of several jobs from starting threads of its own, which only wait for each other."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1, user_api="blas")


def progress_bar(total: float, label: str, unit: str, progress: bool | None) -> Any:
    """Return a progress bar if a person watches, or as `progress` says; else None."""
    shown = sys.stderr.isatty() if progress is None else require_truth("progress", progress)
    if not shown:
        return None
    from tqdm import tqdm

    form = "{desc} {percentage:3.0f}%|{bar}| {n:,.0f}/{total:,.0f} {unit} [{elapsed}<{remaining}]"
    return tqdm(total=total, desc=label, unit=unit, bar_format=form, leave=False)
