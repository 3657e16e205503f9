"""Results of jobs on disk: computed once, found again by what they depend on."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from metastable._files import load_arrays, save_arrays
from metastable._provenance import version
from metastable.papers._paper import Job, Numbers

_LIBRARIES = ("numba", "numpy", "scipy")


class ResultStore:
    """Keep the numbers of jobs in a folder.

    The key of a result is everything it depends on: the function, its parameters, the seed, the source code of the
    package and the versions of the libraries that compute, so that a changed program never shows old numbers.

    Parameters
    ----------
    folder : path
    seed : int
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.seed = seed

    def has(self, job: Job) -> bool:
        """Return whether there is a file for the job's numbers; `load` tells whether it is whole."""
        return self._path(job).exists()

    def load(self, job: Job) -> Numbers | None:
        """Return the numbers of a job, or None if they were not computed or the file is damaged or of another job."""
        try:
            header, numbers = load_arrays(self._path(job))
        except (FileNotFoundError, ValueError):
            return None
        # A file may have been copied or renamed: its header says what its numbers are.
        return numbers if header.items() >= self._header(job).items() else None

    def compute(self, job: Job) -> Numbers:
        """Run a job and keep its numbers."""
        numbers = {name: np.asarray(value) for name, value in job.function(seed=self.seed, **job.parameters).items()}
        save_arrays(self._path(job), self._header(job), numbers)
        return numbers

    def key(self, job: Job) -> str:
        """Return the name under which a job's numbers are kept."""
        digest = hashlib.sha256(json.dumps(self._header(job), sort_keys=True).encode()).hexdigest()
        return f"{job.function.__name__}-{digest[:16]}"

    def _path(self, job: Job) -> Path:
        return self.folder / f"{self.key(job)}.npz"

    def _header(self, job: Job) -> dict[str, Any]:
        return {
            "function": f"{job.function.__module__}.{job.function.__qualname__}",
            "parameters": job.parameters,
            "seed": self.seed,
            "version": version(),
            "source": _source_digest(),
            "libraries": {name: metadata.version(name) for name in _LIBRARIES},
        }


@cache
def _source_digest() -> str:
    """Digest of every source file that can change a number: all rooms below the command line and the drawings."""
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        relative = path.relative_to(package)
        if relative.parts[0] not in ("cli", "figures", "explorer"):
            digest.update(relative.as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
