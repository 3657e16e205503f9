"""Numbers and texts from HDF5 files that may be damaged or hostile."""

from __future__ import annotations

import importlib
import math
import mmap
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._files import require_expansion, whole_file

# A recording compresses to a tenth; this leaves room for the regular ones.
_LARGEST_EXPANSION = 200
# Of a text, in characters: headers of millions of neurons are shorter.
_LONGEST_TEXT = 2**28
# How a heap begins: its signature, version and reserved bytes.
_HEAP = b"GCOL\1\0\0\0"


class DamagedError(ValueError):
    """A file whose content the library cannot follow."""


class NotNumbersError(ValueError):
    """A place of a file that holds something else."""


@contextmanager
def open_hdf5(path: Path) -> Iterator[Any]:
    """Open a file for reading; what the library raises about its content becomes one sentence.

    Parameters
    ----------
    path : Path

    Yields
    ------
    h5py.File

    Raises
    ------
    DamagedError
        If it is damaged or no HDF5 file.
    ImportError
        If h5py is missing.
    """
    h5py = require_h5py(path)
    _require_sound_heaps(path)
    try:
        with h5py.File(path, "r", locking=False) as file:
            yield file
    except (OSError, KeyError, RuntimeError, TypeError, AttributeError, OverflowError, UnicodeDecodeError):
        raise DamagedError(f"{path.name} is damaged or not an HDF5 file; copy it again, or write it again.") from None
    except MemoryError as error:
        # The library's own, for a size that it met; ours is a sentence.
        if str(error):
            raise
        raise DamagedError(
            f"{path.name} is damaged: a size in it is beyond all memory; copy it again, or write it again."
        ) from None


def require_h5py(path: Path) -> Any:
    """Return h5py, or raise a sentence."""
    try:
        return importlib.import_module("h5py")
    except ImportError:
        raise ImportError(f"{path.name} is an HDF5 file: install h5py, for instance by metastable[sonata].") from None


@contextmanager
def hdf5_in_memory(path: Path) -> Iterator[Any]:
    """Give a file to write into, and put it in its place at the end, whole.

    Made in memory, because HDF5 reports a full disk or a lost folder only in part.

    Parameters
    ----------
    path : Path
        An existing file is replaced.

    Yields
    ------
    h5py.File
    """
    h5py = require_h5py(path)
    with whole_file(path) as target, h5py.File(path.name, "w", driver="core", backing_store=False) as file:
        yield file
        file.flush()
        target.write(file.id.get_file_image())


def numbers_in(file: Any, name: str, *, path: Path, n_dimensions: int | None = 1) -> NDArray[Any]:
    """Read a dataset of numbers.

    Parameters
    ----------
    file : h5py.File
    name : str
        From the root, with slashes.
    path : Path
        Of the file, whose size bounds what is believed.
    n_dimensions : int or None
        None for any.

    Returns
    -------
    ndarray
        Of integers or floats.

    Raises
    ------
    ValueError
        If there is no such dataset in the file itself, or it is not of numbers.
    """
    dataset = _dataset(file, name, path)
    dtype = _followed(path, lambda: dataset.dtype)
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise NotNumbersError(f"{name} of {path.name} must hold numbers, got {dtype}; write it again.")
    if dataset.shape is None or n_dimensions not in (None, len(dataset.shape)):
        raise ValueError(
            f"{name} of {path.name} must be {'one list' if n_dimensions else 'a table'} of numbers, got shape "
            f"{dataset.shape}; write it again."
        )
    n_bytes = math.prod(dataset.shape) * dtype.itemsize
    require_expansion(path, n_bytes, at_most=_LARGEST_EXPANSION if dataset.chunks else 1)
    if n_bytes and not dataset.id.get_storage_size():
        raise ValueError(
            f"{name} of {path.name} has shape {dataset.shape} but no values in the file; copy it again, or write it "
            "again."
        )
    return np.asarray(_followed(path, lambda: dataset[()]))


def text_in(file: Any, name: str, *, path: Path) -> str | None:
    """Read one text, or return None where there is none."""
    if name not in file:
        return None
    dataset = _dataset(file, name, path)
    dtype = _followed(path, lambda: dataset.dtype)
    if dataset.shape != () or dtype.kind not in "OS":
        return None
    if dtype.kind == "S":
        require_expansion(path, dtype.itemsize, at_most=_LARGEST_EXPANSION)
    value = _followed(path, lambda: dataset[()])
    if not isinstance(value, bytes) or len(value) > _LONGEST_TEXT:
        return None
    return value.decode("utf-8", errors="replace")


def attribute_of(file: Any, name: str, attribute: str, *, path: Path) -> Any:
    """Read an attribute of a dataset, or return None where there is none."""
    dataset = _dataset(file, name, path)
    return _followed(path, lambda: dataset.attrs.get(attribute))


def require_short(text: str, *, path: Path) -> str:
    """Return a text that `text_in` will read, or raise a sentence."""
    if len(text) > _LONGEST_TEXT:
        raise ValueError(
            f"{path.name} cannot hold these spikes: labels and meta take {len(text):,} characters, more than "
            f"{_LONGEST_TEXT:,}; write .npz instead."
        )
    return text


def encodable(text: str) -> str:
    """Return a text with a question mark for each character that UTF-8 does not know."""
    return text.encode("utf-8", errors="replace").decode("utf-8")


def _followed(path: Path, look: Callable[[], Any]) -> Any:
    """Return what the library finds; its ValueErrors about a file do not name it."""
    try:
        return look()
    except ValueError as error:
        raise DamagedError(
            f"{path.name} is damaged: {str(error).splitlines()[0]}; copy it again, or write it again."
        ) from None


def _dataset(file: Any, name: str, path: Path) -> Any:
    """Return a dataset whose values lie in this file: others could name any file of the machine."""
    h5py = require_h5py(path)
    node = file
    for part in name.split("/"):
        if not isinstance(node, h5py.Group) or part not in node:
            raise ValueError(
                f"{path.name} has no {name}, which spikes need; write it again with the program it is from."
            )
        if not isinstance(node.get(part, getlink=True), h5py.HardLink):
            raise ValueError(f"{name} of {path.name} is a link to another place; copy its content into the file.")
        node = node[part]
    if not isinstance(node, h5py.Dataset):
        raise NotNumbersError(f"{name} of {path.name} must hold values, got a group; write it again.")
    if node.is_virtual or node.external:
        raise ValueError(f"the values of {name} lie outside {path.name}; copy them into the file.")
    return node


def _require_sound_heaps(path: Path) -> None:
    """Raise if a heap of texts holds a gap of no length: the library would walk over it for ever.

    "Global heap" of the HDF5 file format: a head of 16 bytes, then objects of an index (2 bytes), 6 bytes that do not
    matter here, their size (8 bytes) and content up to a multiple of 8; index 0 is the gap at the end.
    """
    size = path.stat().st_size
    if not size:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.find(_HEAP)
        while at >= 0:
            end = at + int.from_bytes(content[at + 8 : at + 16], "little")
            place = at + 16
            while end <= size and place + 16 <= end:
                index, length = struct.unpack_from("<H6xQ", content, place)
                if not index and length < 16:
                    raise DamagedError(
                        f"{path.name} is damaged: a heap of texts in it has no end; copy it again, or write it again."
                    )
                place += length if not index else 16 + -(-length // 8) * 8
            at = content.find(_HEAP, at + 1)
