"""Jobs of a sweep on the workers of a running Dask scheduler."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from metastable._parallel import one_blas_thread, progress_bar
from metastable.sweeps._folder import versions
from metastable.sweeps._job import Failure, Job, Numbers

_WAIT = "10 s"
# Enough for workers not to wait for the client, few enough for the scheduler's memory; per thread, and at least.
_PER_THREAD, _AT_LEAST = 4, 64


def run_on_cluster(
    jobs: list[Job],
    keep: Callable[[Job, Numbers | Failure], None],
    *,
    address: str,
    made_by: Mapping[str, Any],
    progress: bool | None,
) -> None:
    """Send jobs to workers and keep what comes back, in this process: workers need no common file system.

    The jobs of a worker that dies are run by others; a job that several workers died of counts as failed.

    Parameters
    ----------
    jobs : list of Job
    keep : callable
        ``keep(job, outcome)``.
    address : str
        Of the scheduler, as ``tcp://host:8786``.
    made_by : mapping
        Versions that the workers must have.
    progress : bool or None
        As in `metastable.sweeps.run`.

    Raises
    ------
    ImportError
        If Dask is not installed.
    OSError
        If no scheduler answers, or it went away.
    """
    client_of, as_completed = _library()
    try:
        client = client_of(address, timeout=_WAIT, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise OSError(
            f"no Dask scheduler answers at {address} ({type(error).__name__}); start one with 'dask scheduler' and "
            "workers with 'dask worker ADDRESS'."
        ) from None
    bar = progress_bar(len(jobs), "sweep", "jobs", progress)
    try:
        _send_functions(jobs)
        n_threads = sum(client.nthreads().values())
        if not n_threads:
            raise OSError(f"the Dask scheduler at {address} has no workers; start some with 'dask worker {address}'.")
        waiting = iter(jobs)
        running: dict[Any, Job] = {}

        def submit(job: Job) -> Any:
            future = client.submit(_run_on_worker, job, dict(made_by), pure=False)
            running[future] = job
            return future

        first = itertools.islice(waiting, max(_AT_LEAST, _PER_THREAD * n_threads))
        done = as_completed([submit(job) for job in first], loop=client.loop)
        for future in done:
            job = running.pop(future)
            keep(job, _outcome(job, future, address))
            if bar is not None:
                bar.update(1)
            following = next(waiting, None)
            if following is not None:
                done.add(submit(following))
    except KeyboardInterrupt:
        if bar is not None:
            bar.write("stopping ...", file=sys.stderr)
        raise
    finally:
        # Gives up all futures, whose jobs the scheduler then cancels.
        client.close()
        if bar is not None:
            bar.close()


def _library() -> tuple[Any, Any]:
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise ImportError("--cluster needs Dask, which is not installed; pip install 'metastable[cluster]'.") from None
    return Client, as_completed


def _outcome(job: Job, future: Any, address: str) -> Numbers | Failure:
    if future.status == "finished":
        return future.result()
    if future.status == "error":
        error = future.exception()
        return Failure(str(job), f"{type(error).__name__}: {error}")
    raise OSError(f"the Dask scheduler at {address} has gone; what is finished is kept, run the same again.")


def _send_functions(jobs: list[Job]) -> None:
    """Send functions of a person along with the jobs: their modules are not installed on the workers."""
    import cloudpickle

    for job in jobs[:1]:
        for function in (job.builder, *(measure.function for measure in job.measures)):
            module = sys.modules.get(function.call.__module__)
            if function.source is not None and module is not None and module.__name__ != "__main__":
                cloudpickle.register_pickle_by_value(module)


def _run_on_worker(job: Job, made_by: dict[str, Any]) -> Numbers | Failure:
    here = _prepare_worker()
    if here != made_by:
        differing = [key for key in made_by if here[key] != made_by[key]]
        return Failure(str(job), f"a worker has other versions ({', '.join(differing)}); install the same on all.")
    return job.attempt()


@cache
def _prepare_worker() -> dict[str, Any]:
    # For the life of the worker: jobs run side by side, and a limit that one of them ends would end for all.
    one_blas_thread().__enter__()
    return versions()
