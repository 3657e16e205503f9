"""Files that appear whole or not at all, and npz files of arrays with a JSON header."""

from __future__ import annotations

import errno
import json
import lzma
import math
import os
import secrets
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from metastable._memory import require_memory

# What zipfile, its decompressors and numpy raise for an archive that was cut or changed; RuntimeError is "encrypted",
# NotImplementedError (one of its kind) an unknown version or compression.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
    OverflowError,
    MemoryError,
    SyntaxError,
    tokenize.TokenError,
)
# Recordings and results compress to a hundredth at best; zip can shrink zeros to a thousandth. A file that says it
# grows further, and is not small, is made to fill the memory.
_LARGEST_EXPANSION, _ALWAYS_ALLOWED = 1100, 2**26
# More than numpy writes before the values of an array of plain type.
_NPY_HEADER = 1024

# A full disk, a quota, and a limit on the size of files.
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

# How the name of a file ends that is being written; where a process was killed it stays behind.
UNFINISHED = ".part"


class ForeignFileError(ValueError):
    """An npz file without the header that this package writes."""


class FullError(OSError):
    """A file for which there is no room."""

    def __str__(self) -> str:
        return f"cannot write {self.filename}: {self.strerror}; make room or choose another place, nothing was changed."


class ExpansionError(ValueError):
    """A file that claims to hold more than its size allows."""


def require_expansion(path: Path, n_bytes: int, *, at_most: int = _LARGEST_EXPANSION) -> None:
    """Raise a sentence if so much cannot be in a file of this size, or does not fit into memory.

    Parameters
    ----------
    path : Path
    n_bytes : int
        What the content says it takes in memory.
    at_most : int
        How many times the size of the file is believed; 64 MiB always are.

    Raises
    ------
    ExpansionError
    MemoryError
    """
    held = path.stat().st_size
    if n_bytes > believed_bytes(held, at_most=at_most) or n_bytes < 0:
        raise ExpansionError(
            f"{path} is damaged: it has {held:,} bytes and says that it holds {n_bytes:,}; copy it again, or write "
            "it again."
        )
    if n_bytes > _ALWAYS_ALLOWED:
        require_memory(n_bytes, what=f"the content of {path.name}", do="read it on a larger machine")


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
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in _NO_SPACE:
            raise FullError(error.errno, error.strerror, str(path)) from None
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
    with whole_path(path, durable=durable) as temporary, temporary.open("w+b") as file:
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


def believed_bytes(held: int, *, at_most: int = _LARGEST_EXPANSION) -> int:
    """Return how much a file of this size may say that it holds."""
    return max(_ALWAYS_ALLOWED, at_most * held)


def save_arrays(
    path: Path,
    header: Mapping[str, Any],
    arrays: Mapping[str, NDArray],
    *,
    durable: bool = False,
    at_most: int = _LARGEST_EXPANSION,
) -> None:
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
    at_most : int
        As in the call of `load_arrays` that will read it: where the file would be smaller, it is not compressed.

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
        if sum(each.nbytes + _NPY_HEADER for each in content.values()) > believed_bytes(file.tell(), at_most=at_most):
            file.seek(0)
            file.truncate()
            np.savez(file, **content)


def load_arrays(path: Path, *, at_most: int = _LARGEST_EXPANSION) -> tuple[dict[str, Any], dict[str, NDArray]]:
    """Read what `save_arrays` wrote.

    Parameters
    ----------
    path : Path
    at_most : int
        How many times the size of the file its arrays may take, as in `require_expansion`.

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
    arrays = load_members(path, None, at_most=at_most)
    try:
        header = json.loads(str(arrays.pop("header")))
        named = set(header["arrays"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ForeignFileError(
            f"{path} is an npz file but not one written by metastable; give one that it wrote."
        ) from None
    differing = named.symmetric_difference(arrays)
    if differing:
        raise ValueError(
            f"{path} is damaged: the arrays {sorted(differing)} are not as its header says; copy it again, or write it "
            "again."
        )
    return header, arrays


def load_members(path: Path, names: tuple[str, ...] | None, *, at_most: int = _LARGEST_EXPANSION) -> dict[str, NDArray]:
    """Read arrays of plain types from any npz file.

    Parameters
    ----------
    path : Path
    names : tuple of str or None
        Which; the others are not looked at. None for all.
    at_most : int
        As in `load_arrays`.

    Returns
    -------
    dict of ndarray

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged, or an array is missing or of objects.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}; check the path.")
    try:
        # Opened here because np.load leaves a file open that turns out to be no zip archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            wanted = archive.files if names is None else names
            members = archive.zip.infolist() if names is None else [archive.zip.getinfo(f"{n}.npy") for n in names]
            _require_honest(path, archive.zip, members, at_most)
            return {name: archive[name] for name in wanted}
    except ExpansionError:
        raise
    except _DAMAGE:
        raise ValueError(f"{path} is damaged or not an npz file; copy it again, or write it again.") from None
    except ValueError:
        raise ValueError(
            f"{path} is damaged or not an npz file of plain arrays; copy it again, or write it again."
        ) from None


def _require_honest(path: Path, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], at_most: int) -> None:
    """Raise if an array is said to be larger than its part of the archive: numpy takes the memory before it reads."""
    require_expansion(path, sum(member.file_size for member in members), at_most=at_most)
    for member in members:
        with archive.open(member) as file:
            version = np.lib.format.read_magic(file)
            readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
            shape, _, dtype = readers[version](file)
            header_size = file.tell()
        if dtype.hasobject or math.prod(shape) * dtype.itemsize != member.file_size - header_size:
            raise ValueError
