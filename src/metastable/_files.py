"""Files that appear whole or not at all, and npz files of arrays with a JSON header."""

from __future__ import annotations

import json
import os
import secrets
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

# What zipfile, zlib and numpy raise for an archive that was cut or changed; RuntimeError is "encrypted",
# NotImplementedError (one of its kind) an unknown version or compression.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, TypeError, AttributeError, RuntimeError)

# How the name of a file ends that is being written; where a process was killed it stays behind.
UNFINISHED = ".part"


class ForeignFileError(ValueError):
    """An npz file without the header that this package writes."""


@contextmanager
def whole_path(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Give the path of a new file beside a place; move it there at the end, or leave nothing if something fails.

    Parameters
    ----------
    path : Path
        An existing file is replaced.
    durable : bool
        Whether to wait until the disk has it, ms to seconds: without, a loss of power can leave an empty file; with it,
        the file or, for some seconds, what was there before.

    Yields
    ------
    Path
        For a library that opens files by their name.

    Raises
    ------
    OSError
        If the folder does not exist or cannot be written, or there is a folder of that name.
    """
    temporary = _new_beside(path)
    try:
        yield temporary
        if durable:
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def whole_file(path: Path, *, durable: bool = False) -> Iterator[IO[bytes]]:
    """Open a file for writing beside its place; put it there at the end, or leave nothing if something fails.

    Parameters
    ----------
    path, durable
        As in `whole_path`.

    Yields
    ------
    file

    Raises
    ------
    OSError
        As in `whole_path`.
    """
    with whole_path(path, durable=durable) as temporary, temporary.open("wb") as file:
        yield file


def require_writable(path: Path) -> None:
    """Raise what `whole_file` would raise, before the work whose result is to be written.

    Parameters
    ----------
    path : Path
        Nothing is there afterwards that was not there before.

    Raises
    ------
    OSError
        As in `whole_file`.
    """
    _new_beside(path).unlink()


def _new_beside(path: Path) -> Path:
    """Make an empty file of another name in the same folder."""
    if path.is_dir():
        raise IsADirectoryError(f"cannot write {path}: it is a folder; name a file in it.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot write {path.name}: the folder {path.parent} does not exist; make it first.")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}{UNFINISHED}")
    try:
        # Not mkstemp: its files are private, and to give them the permissions of any other new file takes the umask,
        # which cannot be read without setting it for all threads.
        temporary.touch(exist_ok=False)
    except OSError as error:
        raise OSError(f"cannot write {path}: {error.strerror}; choose a folder that can be written.") from None
    return temporary


def save_arrays(path: Path, header: Mapping[str, Any], arrays: Mapping[str, NDArray], *, durable: bool = False) -> None:
    """Write arrays and a JSON header to an npz file.

    Parameters
    ----------
    path : Path
    header : mapping
        JSON-ready.
    arrays : mapping of ndarray
        Of plain types; none may be called ``header``.
    durable : bool
        As in `whole_file`.

    Raises
    ------
    TypeError
        If the header cannot be written as JSON.
    OSError
        As in `whole_file`.
    """
    # Named in the header too: a damaged zip directory can lose its last members without a complaint from zipfile.
    text = json.dumps({**header, "arrays": list(arrays)})
    content: dict[str, Any] = {"header": np.array(text), **arrays}
    with whole_file(path, durable=durable) as file:
        np.savez_compressed(file, **content)


def load_arrays(path: Path) -> tuple[dict[str, Any], dict[str, NDArray]]:
    """Read what `save_arrays` wrote.

    Parameters
    ----------
    path : Path

    Returns
    -------
    header : dict
    arrays : dict of ndarray

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ForeignFileError
        If it is an npz file without such a header.
    ValueError
        If it is damaged.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}; check the path.")
    try:
        # Opened here because np.load leaves a file open that turns out to be no zip archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except _DAMAGE as error:
        raise ValueError(f"{path} is damaged or not an npz file ({type(error).__name__}); write it again.") from None
    except ValueError:
        raise ValueError(f"{path} is damaged or not an npz file of plain arrays; write it again.") from None
    try:
        header = json.loads(str(arrays.pop("header")))
        named = set(header["arrays"])
    except (json.JSONDecodeError, KeyError, TypeError):
        raise ForeignFileError(f"{path} is an npz file but not one written by metastable.") from None
    differing = named.symmetric_difference(arrays)
    if differing:
        raise ValueError(f"{path} is damaged: the arrays {sorted(differing)} are not as its header says.")
    return header, arrays
