"""Tables of numbers and texts from MATLAB files of versions 4 to 7.

After "MAT-File Format" of The MathWorks. scipy reads much more, and looks up the type of an element in memory without
asking whether there is such a type, so that a damaged file can end the process.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._files import require_expansion

# Types of values in a file, and classes of arrays in MATLAB, of version 5; a file may store doubles as small integers.
_TYPES = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
    16: "u1",
    17: "u2",
    18: "u4",
}
_CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
_MATRIX, _COMPRESSED, _TEXT, _COMPLEX = 14, 15, 4, 0x800
_TYPES_4 = ("f8", "f4", "i4", "i2", "u2", "u1")
# A name is at the beginning of a matrix, after flags and dimensions.
_BEGINNING = 4096
LARGEST_EXPANSION = 200


def read_mat(path: Path, names: tuple[str, ...]) -> dict[str, Any]:
    """Read some variables of a file.

    Parameters
    ----------
    path : Path
    names : tuple of str
        Variables whose values are wanted.

    Returns
    -------
    dict
        For each variable of the file an array of numbers, a text, or None for what was not wanted or is neither.

    Raises
    ------
    NotImplementedError
        If it is of version 7.3, which is HDF5.
    ValueError
        If it is damaged or no MATLAB file.
    """
    content = path.read_bytes()
    try:
        if 0 in content[:4]:
            return dict(_version_4(content, names, path))
        return dict(_version_5(content, names, path))
    except (struct.error, zlib.error, IndexError, UnicodeDecodeError, OverflowError):
        raise ValueError(f"{path.name} is damaged or not a MATLAB file; save it again.") from None


def _version_5(content: bytes, names: tuple[str, ...], path: Path) -> Iterator[tuple[str, Any]]:
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if order is None:
        raise IndexError
    (version,) = struct.unpack(f"{order}H", content[124:126])
    if version == 0x200:
        raise NotImplementedError
    at = 128
    while at < len(content):
        kind, size = struct.unpack_from(f"{order}II", content, at)
        body = memoryview(content)[at + 8 : at + 8 + size]
        if len(body) != size:
            raise IndexError
        at += 8 + size
        if kind == _COMPRESSED:
            beginning = zlib.decompressobj().decompress(body, _BEGINNING)
            kind, size = struct.unpack_from(f"{order}II", beginning)
            name = _named(beginning[8:], order)[0] if kind == _MATRIX else ""
            if name in names:
                require_expansion(path, size, at_most=LARGEST_EXPANSION)
                body = zlib.decompressobj().decompress(body, size + 8)[8:]
        else:
            name = _named(body, order)[0] if kind == _MATRIX else ""
        if kind == _MATRIX:
            yield name, _value(body, order, path) if name in names else None


def _named(body: Any, order: str) -> tuple[str, int, tuple[int, ...], int]:
    """Return name, flags and shape of a matrix, and where its values begin."""
    flags, at = _element(body, 0, order)
    shape, at = _element(body, at, order)
    name, at = _element(body, at, order)
    return bytes(name).decode("latin-1"), int(flags[0]), tuple(map(int, shape)), at


def _value(body: Any, order: str, path: Path) -> Any:
    _, flags, shape, at = _named(body, order)
    kind = flags & 0xFF
    if (kind not in _CLASSES and kind != _TEXT) or flags & _COMPLEX:
        return None
    values, _ = _element(body, at, order)
    if kind == _TEXT:
        return bytes(values).decode("utf-8") if values.itemsize == 1 else "".join(map(chr, values.tolist()))
    if min(shape, default=0) < 0 or math.prod(shape) != values.size:
        raise IndexError
    require_expansion(path, 8 * values.size, at_most=LARGEST_EXPANSION)
    return values.astype(_CLASSES[kind]).reshape(shape, order="F")


def _element(body: Any, at: int, order: Any) -> tuple[NDArray[Any], int]:
    """Return the values of the element that begins here, and where the next one begins."""
    kind, size = struct.unpack_from(f"{order}II", body, at)
    if kind >> 16:
        # Up to four bytes stand in the tag itself.
        kind, size, start, stop = kind & 0xFFFF, kind >> 16, at + 4, at + 8
    else:
        start, stop = at + 8, at + 8 + -(-size // 8) * 8
    dtype = np.dtype(_TYPES.get(kind, "u1")).newbyteorder(order)
    if kind not in _TYPES or size % dtype.itemsize or start + size > len(body) or (start == at + 4 and size > 4):
        raise IndexError
    return np.frombuffer(body, dtype, size // dtype.itemsize, start), stop


def _version_4(content: bytes, names: tuple[str, ...], path: Path) -> Iterator[tuple[str, Any]]:
    at = 0
    while at < len(content):
        # M, O, P and T are the decimal digits of the type: order of bytes, 0, type of numbers, and kind of matrix.
        order: Any = "<" if struct.unpack_from("<i", content, at)[0] < 5000 and not content[at + 3] else ">"
        mopt, rows, columns, imaginary, length = struct.unpack_from(f"{order}5i", content, at)
        if (
            not 0 <= mopt < 5000
            or mopt // 100 % 10
            or min(rows, columns, length) < 0
            or mopt // 10 % 10 >= len(_TYPES_4)
        ):
            raise IndexError
        dtype = np.dtype(_TYPES_4[mopt // 10 % 10]).newbyteorder(order)
        name = content[at + 20 : at + 20 + length].rstrip(b"\0").decode("ascii")
        start, size = at + 20 + length, rows * columns * dtype.itemsize
        at = start + size * (2 if imaginary else 1)
        if not name or at > len(content):
            raise IndexError
        wanted = name in names and not imaginary and not mopt % 10
        values = np.frombuffer(content, dtype, rows * columns, start)
        require_expansion(path, size, at_most=1)
        yield name, values.astype(dtype.newbyteorder("=")).reshape((rows, columns), order="F") if wanted else None
