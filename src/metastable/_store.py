"""Results on disk: computed once, found again by everything that they depend on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from metastable._files import load_arrays, save_arrays
from metastable._provenance import version

_LIBRARIES = ("numba", "numpy", "scipy")


class ResultStore:
    """Keep arrays in a folder, one file for each result.

    A result has an identity: JSON-ready data that hold all it depends on, `computing_versions` among them, so that a
    changed program never shows old numbers.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str, identity: Mapping[str, Any]) -> Path:
        """Return the file of a result, whether it is there or not: its name, and a digest of its identity."""
        return self.folder / f"{name}-{digest(identity)}.npz"

    def load(self, name: str, identity: Mapping[str, Any]) -> dict[str, NDArray] | None:
        """Return the arrays, or None if there is no file, or it is damaged or of another result."""
        try:
            header, arrays = load_arrays(self.path(name, identity))
        except (FileNotFoundError, ValueError):
            return None
        # A file may have been copied or renamed: its header says what its arrays are.
        return arrays if header.items() >= identity.items() else None

    def save(
        self, name: str, identity: Mapping[str, Any], arrays: Mapping[str, NDArray], *, durable: bool = False
    ) -> Path:
        """Keep arrays, and return their file; `durable` as in `whole_path`."""
        path = self.path(name, identity)
        save_arrays(path, identity, arrays, durable=durable)
        return path


def digest(data: Any) -> str:
    """Return 16 hexadecimal digits that differ for different JSON-ready data."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]


def computing_versions(*, without: tuple[str, ...]) -> dict[str, Any]:
    """Return what decides on the last digit of a number beside parameters and seed.

    Parameters
    ----------
    without : tuple of str
        Rooms whose source code has no part in it.

    Returns
    -------
    dict
        Version of the package, digest of its source code, versions of the libraries that compute.
    """
    return {
        "version": version(),
        "source": _source_digest(without),
        "libraries": {name: metadata.version(name) for name in _LIBRARIES},
    }


@cache
def _source_digest(without: tuple[str, ...]) -> str:
    package = Path(__file__).resolve().parent
    found = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        relative = path.relative_to(package)
        if relative.parts[0] not in without:
            found.update(relative.as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]
