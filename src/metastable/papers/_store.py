"""Numbers of a paper's jobs on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from metastable._store import ResultStore, computing_versions
from metastable.papers._paper import Job, Numbers

# Rooms that change no number of a paper.
_WITHOUT = ("cli", "explorer", "figures", "sweeps")


class JobStore:
    """Keep the numbers of jobs in a folder, by function, parameters, seed and versions.

    Parameters
    ----------
    folder : path
    seed : int
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.seed = seed
        self._store = ResultStore(folder)

    def has(self, job: Job) -> bool:
        """Return whether there is a file for the job's numbers; `load` tells whether it is whole."""
        return self._path(job).exists()

    def load(self, job: Job) -> Numbers | None:
        """Return the numbers of a job, or None if they were not computed or the file is damaged or of another job."""
        return self._store.load(job.function.__name__, self._identity(job))

    def compute(self, job: Job) -> Numbers:
        """Run a job and keep its numbers."""
        numbers = {name: np.asarray(value) for name, value in job.function(seed=self.seed, **job.parameters).items()}
        self._store.save(job.function.__name__, self._identity(job), numbers)
        return numbers

    def key(self, job: Job) -> str:
        """Return the name under which a job's numbers are kept."""
        return self._path(job).stem

    def _path(self, job: Job) -> Path:
        return self._store.path(job.function.__name__, self._identity(job))

    def _identity(self, job: Job) -> dict[str, Any]:
        return {
            "function": f"{job.function.__module__}.{job.function.__qualname__}",
            "parameters": job.parameters,
            "seed": self.seed,
            **computing_versions(without=_WITHOUT),
        }
