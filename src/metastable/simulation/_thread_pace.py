"""Whether the threads that share a network are worth it, while it runs."""

from __future__ import annotations

# Steps that a trial takes, and chunks after which the slower way is tried again: less than 1 % of all steps, as long as
# it is not many times slower.
_TRIED_STEPS, _CHUNKS_BETWEEN = 100, 10


class ThreadPace:
    """The choice between a thread for each part of a network and one for all, by the time that steps took.

    Threads that meet in every step must run at the same time. Where other programs use the cores, or the system runs
    both on one core, a step takes many times longer than on one thread. The spikes are the same.

    Parameters
    ----------
    n_threads : int
        Threads for the parts; with 1 there is no choice.
    """

    def __init__(self, n_threads: int) -> None:
        self._seconds = dict.fromkeys(sorted({n_threads, 1}), 0.0)
        self._untried = list(self._seconds)
        self._chunks = 0

    def next_chunk(self, n_steps: int) -> tuple[int, int]:
        """Return the number of threads for the next chunk, and its steps: as many as usual, or few for a trial."""
        if len(self._seconds) == 1:
            return next(iter(self._seconds)), n_steps
        if self._untried:
            return self._untried[0], _TRIED_STEPS
        return min(self._seconds, key=self._seconds.__getitem__), n_steps

    def took(self, n_threads: int, seconds_per_step: float) -> None:
        """Take note of a chunk."""
        self._seconds[n_threads] = seconds_per_step
        if n_threads in self._untried:
            self._untried.remove(n_threads)
            return
        self._chunks += 1
        if self._chunks % _CHUNKS_BETWEEN == 0:
            self._untried = [n for n in self._seconds if n != n_threads]
