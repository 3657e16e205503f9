"""Jobs of a sweep on the workers of a running Dask scheduler."""

from __future__ import annotations

import pickle
import queue
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
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
_MOST_LOST = 5
_DIED = (
    "every worker that ran it died, as for lack of memory; give workers more memory or fewer threads, or let the job "
    "do less."
)


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

        def take(job: Job, outcome: Numbers | Failure) -> None:
            keep(job, outcome)
            if bar is not None:
                bar.update(1)

        def take_or_doubt(job: Job, outcome: Numbers | Failure) -> None:
            if isinstance(outcome, Failure) and outcome.error == _DIED:
                suspects.append(job)
            else:
                take(job, outcome)

        n_waiting = max(_AT_LEAST, _PER_THREAD * n_threads)
        _submit_all(client, jobs, take_or_doubt, n_waiting=n_waiting, made_by=made_by, address=address)
        # Dask suspects all jobs that a dying worker held; one at a time shows which of them it died of.
        _submit_all(client, suspects, take, n_waiting=1, made_by=made_by, address=address)
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
    jobs: list[Job],
    take: Callable[[Job, Numbers | Failure], None],
    *,
    n_waiting: int,
    made_by: Mapping[str, Any],
    address: str,
) -> None:
    """Submit jobs, so many at a time, and hand over each with what has become of it."""
    import cloudpickle

    waiting = deque(jobs)
    running: dict[Any, Job] = {}
    ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
    n_lost: Counter[tuple[int, ...]] = Counter()
    alone_since = None
    while waiting or running:
        while waiting and len(running) < n_waiting:
            job = waiting.popleft()
            # Pickled here: Dask would try plain pickle first, which sends a person's functions by the names of modules.
            future = client.submit(_run_on_worker, cloudpickle.dumps(job), dict(made_by), pure=False)
            running[future] = job
            future.add_done_callback(ended.put)
        try:
            future = ended.get(timeout=_LOOK_S)
        except queue.Empty:
            # A worker that died is started again by its nanny, if it has one; without workers jobs wait for ever.
            alone_since = None if _n_workers(client, address) else alone_since or time.monotonic()
            if alone_since is not None and time.monotonic() - alone_since > _ALONE_S:
                raise OSError(
                    f"all workers of the Dask scheduler at {address} have gone; what is finished is kept, start "
                    f"workers with 'dask worker {address}' and run the same again."
                ) from None
            continue
        job = running.pop(future)
        outcome = _outcome(job, future)
        if outcome is None:
            _n_workers(client, address)
            n_lost[job.index] += 1
            if n_lost[job.index] <= _MOST_LOST:
                waiting.append(job)
                continue
            outcome = Failure(str(job), _DIED)
        take(job, outcome)


def _n_workers(client: Any, address: str) -> int:
    try:
        return len(client.nthreads())
    except Exception:
        raise OSError(
            f"the Dask scheduler at {address} has gone; what is finished is kept, run the same again."
        ) from None


def _outcome(job: Job, future: Any) -> Numbers | Failure | None:
    """Return what a job has found, its error, or None if that went with a worker after the job had finished."""
    try:
        return future.result()
    except CancelledError:
        return None
    except Exception as error:
        if type(error).__name__ == "FutureCancelledError":
            return None
        if type(error).__name__ == "KilledWorker":
            return Failure(str(job), _DIED)
        return Failure(str(job), f"{type(error).__name__}: {error}")


def _send_functions(jobs: list[Job]) -> None:
    """Send functions of a person along with the jobs: their modules are not installed on the workers."""
    import cloudpickle

    builders = {job.builder.name: job.builder for job in jobs}
    for function in (*builders.values(), *(measure.function for measure in jobs[0].measures)):
        for module in map(sys.modules.get, function.modules):
            if module is not None and module.__name__ != "__main__":
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
