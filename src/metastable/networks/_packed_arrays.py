"""Arrays of numbers as JSON-ready data: their exact bytes, compressed."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray


def packed(array: NDArray[np.float64]) -> dict[str, Any]:
    """Return an array as JSON-ready data."""
    data = zlib.compress(np.ascontiguousarray(array, "<f8").tobytes(), 1)
    return {"shape": list(array.shape), "zlib_base64_float64": base64.b64encode(data).decode("ascii")}


def unpacked(data: dict[str, Any]) -> NDArray[np.float64]:
    """Return the array again."""
    array = np.frombuffer(zlib.decompress(base64.b64decode(data["zlib_base64_float64"])), "<f8")
    return array.reshape(data["shape"])
