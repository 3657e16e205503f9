"""The folder of a sweep: one process at a time, one sweep, one file for each finished job."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from metastable._files import UNFINISHED, require_writable, whole_file
from metastable._store import ResultStore, computing_versions
from metastable._validation import shown
from metastable.sweeps._job import Numbers

# Rooms that change no number of a job.
_WITHOUT = ("cli", "explorer", "figures", "papers")
_DESCRIPTION, _LOCK = "sweep.json", ".lock"
RESULTS = "results.nc"
_JOB = "job"
# No measure can have this name.
_COST = ".cost"
_MOST_CHANGES = 4


def versions() -> dict[str, Any]:
    """Return what the numbers of all jobs depend on beside their parameters."""
    return computing_versions(without=_WITHOUT)


class SweepFolder:
    """Where a sweep keeps the numbers of its jobs; see `hold`.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._store = ResultStore(path / "jobs")

    @property
    def results(self) -> Path:
        """The file of all results."""
        return self.path / RESULTS

    def load(self, identity: Mapping[str, Any], made_by: Mapping[str, Any]) -> Numbers | None:
        """Return what a job has found, or None if it has not finished."""
        arrays = self._store.load(_JOB, {"job": identity, **made_by})
        if arrays is None or _COST not in arrays:
            return None
        seconds, n_spikes = arrays.pop(_COST).tolist()
        return Numbers(arrays, int(n_spikes), seconds)

    def save(self, identity: Mapping[str, Any], made_by: Mapping[str, Any], found: Numbers) -> Path:
        """Keep what a job has found, whole and for good."""
        cost = {_COST: np.array([found.seconds, found.n_spikes])}
        with explaining(self.path):
            return self._store.save(_JOB, {"job": identity, **made_by}, found.arrays | cost, durable=True)

    def count(self) -> int:
        """Return the number of files of jobs."""
        return sum(1 for _ in self._store.folder.glob(f"{_JOB}-*.npz"))

    def describe(self) -> dict[str, Any]:
        """Return the sweep of this folder and the versions that ran it."""
        try:
            return json.loads((self.path / _DESCRIPTION).read_text())
        except FileNotFoundError:
            raise FileNotFoundError(f"{self.path} holds no sweep; give the folder that a sweep has written.") from None
        except ValueError:
            raise ValueError(f"{self.path / _DESCRIPTION} is damaged; run the sweep with --fresh.") from None

    def prepare(self, sweep: Mapping[str, Any], *, fresh: bool, extend: bool) -> None:
        """Make this the folder of a sweep, or raise a sentence if it holds finished jobs of another one.

        Parameters
        ----------
        sweep : mapping
            Its description.
        fresh : bool
            Whether to remove what is there.
        extend : bool
            Whether to keep the jobs of another sweep that are also jobs of this one.
        """
        wanted = {"sweep": dict(sweep), **versions()}
        known = (self.path / _DESCRIPTION).exists()
        if not known and (self.results.exists() or self._store.folder.exists()):
            raise ValueError(f"{self.path} holds files that no sweep has written; choose another folder with -o.")
        if known and fresh:
            with explaining(self.path):
                self.results.unlink(missing_ok=True)
                for file in self._store.folder.glob(f"{_JOB}-*.npz"):
                    file.unlink()
        elif known and not extend and self.count():
            changes = _changes(self.describe(), wanted)
            if changes:
                listed = "; ".join(changes[:_MOST_CHANGES])
                more = f"; and {len(changes) - _MOST_CHANGES} more" if len(changes) > _MOST_CHANGES else ""
                raise ValueError(
                    f"{self.path} holds the results of another sweep: {listed}{more}. Give --extend to keep the jobs "
                    "that both have in common, --fresh to start anew, or another folder with -o."
                )
        with explaining(self.path):
            with whole_file(self.path / _DESCRIPTION, durable=True) as file:
                file.write((json.dumps(wanted, indent=2) + "\n").encode())
            # After it: where only the second had been done, the folder would be one that no sweep has written.
            self._store.folder.mkdir(exist_ok=True)
            require_writable(self._store.folder / _JOB)
            for folder in (self.path, self._store.folder):
                # What a killed process was writing.
                for part in folder.glob(f".*{UNFINISHED}"):
                    part.unlink()


@contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Turn what the system says of a full disk or a missing permission into a sentence for a person."""
    try:
        yield
    except OSError as error:
        if error.strerror is None:
            # Already one.
            raise
        raise OSError(
            f"cannot write to {path}: {error.strerror}; what has finished is kept, mend this and run the same again."
        ) from None


@contextmanager
def hold(path: Path) -> Iterator[SweepFolder]:
    """Make a folder if it is not there, and keep other processes out of it.

    Parameters
    ----------
    path : Path

    Yields
    ------
    SweepFolder

    Raises
    ------
    OSError
        If it cannot be made or written, or another process holds it.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        file = (path / _LOCK).open("a+b")
    except OSError as error:
        raise OSError(f"cannot write to {path}: {error.strerror}; choose another folder with -o.") from None
    with file:
        if not _lock(file):
            file.seek(0)
            holder = file.read().decode(errors="replace") or "another process"
            raise OSError(
                f"{path} is in use by {holder}; wait until it has finished, or choose another folder with -o."
            )
        with explaining(path):
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()}".encode())
            file.flush()
        yield SweepFolder(path)


def _lock(file: IO[bytes]) -> bool:
    """Lock a file, by the kernel: the lock ends with the process, however it ends."""
    try:
        if os.name == "nt":
            import msvcrt

            # A byte far behind the text, which others must be able to read.
            file.seek(1 << 20)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # pyright: ignore[reportAttributeAccessIssue]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _changes(old: Any, new: Any, where: str = "") -> list[str]:
    """Say what differs between two descriptions."""
    if old == new:
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        found = []
        for key in [*old, *(key for key in new if key not in old)]:
            place = key if where in ("", "sweep", "libraries") else f"{where}.{key}"
            if key not in new:
                found.append(f"{place} is gone")
            elif key not in old:
                found.append(f"{place} is new")
            else:
                found += _changes(old[key], new[key], place)
        return found
    if where == "source" or where.endswith(".source"):
        return [f"the source code of {where.rpartition('.')[0] or 'metastable'} has changed"]
    return [f"{where} was {shown(old)} and is {shown(new)}"]
