"""Write the numbers of jobs while other jobs compute."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Generic, TypeVar

Item = TypeVar("Item")

# A disk that others use, or one behind a network, can take seconds until it holds a file for good, but many at a time.
_N_THREADS = 4
_MOST_WAITING = 64


class Writer(Generic[Item]):
    """Hand items to a function on threads of its own; leaving the context waits until all are written.

    Parameters
    ----------
    write : callable
        Called with each item, in any order.

    Raises
    ------
    BaseException
        What `write` raised first, at the next `put` or at the end.
    """

    def __init__(self, write: Callable[[Item], None]) -> None:
        self._write = write
        self._pool = ThreadPoolExecutor(_N_THREADS)
        self._room = threading.Semaphore(_MOST_WAITING)
        self._error: BaseException | None = None

    def __enter__(self) -> Writer[Item]:
        return self

    def put(self, item: Item) -> None:
        """Have an item written; wait only if very many are waiting."""
        if self._error is not None:
            raise self._error
        self._room.acquire()
        self._pool.submit(self._run, item)

    def _run(self, item: Item) -> None:
        try:
            # After an error, as of a full disk, the others would only find the same.
            if self._error is None:
                self._write(item)
        except BaseException as error:
            self._error = self._error or error
        finally:
            self._room.release()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Also on Ctrl-C: what has been computed is kept.
        self._pool.shutdown(wait=True)
        if error is None and self._error is not None:
            raise self._error
