"""A search in parts, on threads, that ends with a sentence if it finds too much."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._parallel import Monitor, run_jobs
from metastable.finite_size._search_cost import MOST_ATTRACTORS, require_complete

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Workers:
    """How parts are run.

    Parameters
    ----------
    n_jobs : int or None
        Threads; None for all cores.
    progress : bool or None
        Whether to show a bar; None for "if a person watches".
    """

    n_jobs: int | None = 1
    progress: bool | None = False

    def search(self, part: Callable[[int], tuple[Any, ...]], n_parts: int, label: str) -> list[Integers]:
        """Return what all parts find, one after the other.

        Parameters
        ----------
        part : callable
            Takes the number of a part; returns arrays, the last of them with an entry for each attractor, and whether
            it was not cut.
        n_parts : int
        label : str
            Shown with the bar.
        """
        total = 0

        def job(number: int, monitor: Monitor) -> tuple[Integers, ...]:
            nonlocal total
            *arrays, complete = part(number)
            total += len(arrays[-1])
            require_complete(complete and total <= MOST_ATTRACTORS)
            monitor.advance(1)
            return tuple(arrays)

        found = run_jobs(
            job, range(n_parts), n_jobs=self.n_jobs, total=n_parts, label=label, unit="parts", progress=self.progress
        )
        return [np.concatenate(arrays) for arrays in zip(*found, strict=True)]
