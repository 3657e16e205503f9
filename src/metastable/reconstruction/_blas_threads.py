"""One thread per matrix product while neurons run on threads of their own."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext


def one_blas_thread() -> AbstractContextManager[object]:
    """Hold the linear algebra to one thread, if threadpoolctl is installed.

    Without it, or OPENBLAS_NUM_THREADS=1 in the environment, threads of neurons and threads of products compete for the
    same cores: the result is the same, at some times the duration.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return nullcontext()
    return threadpool_limits(limits=1, user_api="blas")
