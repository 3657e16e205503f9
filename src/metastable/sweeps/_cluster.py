"""Jobs of a sweep on the workers of a running Dask scheduler."""

from __future__ import annotations

import itertools
import pickle
import queue
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from metastable._parallel import one_blas_thread, progress_bar
from metastable.sweeps._folder import versions
from metastable.sweeps._job import Failure, Job, Numbers

_WAIT = "10 s"
# Enough for workers not to wait for the client, few enough for the scheduler's memory; per thread, and at least.
_PER_THREAD, _AT_LEAST = 4, 64
# How often to look after workers while no job ends, and how long to wait for one to come back.
_LOOK_S, _ALONE_S = 2.0, 60.0


def run_on_cluster(
    jobs: list[Job],
    keep: Callable[[Job, Numbers | Failure], None],
    *,
    address: str,
    made_by: Mapping[str, Any],
    progress: bool | None,
) -> None:
    """Send jobs to workers and keep what comes back, in this process: workers need no common file system.

    The jobs of a worker that dies are run by others; a job of which one worker after the other dies counts as failed.

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
        If no scheduler answers, or it or all workers went away.
    """
    client = _client(address)
    bar = progress_bar(len(jobs), "sweep", "jobs", progress)
    try:
        _send_functions(jobs)
        n_threads = sum(client.nthreads().values())
        if not n_threads:
            raise OSError(f"the Dask scheduler at {address} has no workers; start some with 'dask worker {address}'.")
        suspects: list[Job] = []

        def keep_or_doubt(job: Job, future: Any) -> None:
            if _died(future):
                suspects.append(job)
                return
            keep(job, _outcome(job, future, address))
            if bar is not None:
                bar.update(1)

        def keep_alone(job: Job, future: Any) -> None:
            keep(job, _outcome(job, future, address))
            if bar is not None:
                bar.update(1)

        n_waiting = max(_AT_LEAST, _PER_THREAD * n_threads)
        _submit_all(client, jobs, keep_or_doubt, n_waiting=n_waiting, made_by=made_by, address=address)
        # Dask suspects all jobs that a dying worker held; one at a time shows which of them it died of.
        _submit_all(client, suspects, keep_alone, n_waiting=1, made_by=made_by, address=address)
    except KeyboardInterrupt:
        if bar is not None:
            bar.write("stopping ...", file=sys.stderr)
        raise
    finally:
        # Gives up all futures, whose jobs the scheduler then cancels.
        client.close()
        if bar is not None:
            bar.close()


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise ImportError("--cluster needs Dask, which is not installed; pip install 'metastable[cluster]'.") from None
    try:
        return Client(address, timeout=_WAIT, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise OSError(
            f"no Dask scheduler answers at {address} ({type(error).__name__}); start one with 'dask scheduler' and "
            "workers with 'dask worker ADDRESS'."
        ) from None


def _submit_all(
    client: Any,
    jobs: Iterable[Job],
    take: Callable[[Job, Any], None],
    *,
    n_waiting: int,
    made_by: Mapping[str, Any],
    address: str,
) -> None:
    """Submit jobs, so many at a time, and hand over each with its future when that has ended."""
    import cloudpickle

    waiting = iter(jobs)
    running: dict[Any, Job] = {}
    ended: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def submit(job: Job) -> None:
        # Pickled here: Dask would try plain pickle first, which sends a person's functions by the names of modules.
        future = client.submit(_run_on_worker, cloudpickle.dumps(job), dict(made_by), pure=False)
        running[future] = job
        future.add_done_callback(ended.put)

    for job in itertools.islice(waiting, n_waiting):
        submit(job)
    alone_since = None
    while running:
        try:
            future = ended.get(timeout=_LOOK_S)
        except queue.Empty:
            # A worker that died is started again by its nanny, if it has one; without workers jobs wait for ever.
            alone_since = None if client.nthreads() else alone_since or time.monotonic()
            if alone_since is not None and time.monotonic() - alone_since > _ALONE_S:
                raise OSError(
                    f"all workers of the Dask scheduler at {address} have gone; what is finished is kept, start "
                    f"workers with 'dask worker {address}' and run the same again."
                ) from None
            continue
        take(running.pop(future), future)
        following = next(waiting, None)
        if following is not None:
            submit(following)


def _died(future: Any) -> bool:
    return future.status == "error" and type(future.exception()).__name__ == "KilledWorker"


def _outcome(job: Job, future: Any, address: str) -> Numbers | Failure:
    if future.status == "finished":
        return future.result()
    if future.status == "error":
        error = future.exception()
        if _died(future):
            return Failure(
                str(job),
                "every worker that ran it died, as for lack of memory; give workers more memory or fewer threads, or "
                "let the job do less.",
            )
        return Failure(str(job), f"{type(error).__name__}: {error}")
    raise OSError(f"the Dask scheduler at {address} has gone; what is finished is kept, run the same again.")


def _send_functions(jobs: list[Job]) -> None:
    """Send functions of a person along with the jobs: their modules are not installed on the workers."""
    import cloudpickle

    builders = {job.builder.name: job.builder for job in jobs}
    for function in (*builders.values(), *(measure.function for measure in jobs[0].measures)):
        module = sys.modules.get(function.call.__module__)
        if function.source is not None and module is not None and module.__name__ != "__main__":
            cloudpickle.register_pickle_by_value(module)


def _run_on_worker(pickled: bytes, made_by: dict[str, Any]) -> Numbers | Failure:
    job: Job = pickle.loads(pickled)
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
