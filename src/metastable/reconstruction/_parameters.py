"""Arrays of neuron parameters: brought to shape, made unchangeable, shown and recorded."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_numbers

Array = NDArray[np.float64]

# Longer arrays enter the provenance as a fingerprint.
_LONGEST_LIST = 10_000


def broadcast(name: str, values: Any, shape: tuple[int, ...]) -> Array:
    """Return numbers in a shape, or raise a sentence about theirs."""
    array = require_numbers(name, values)
    if array.shape not in ((), shape):
        raise ValueError(f"{name} must be a number or have shape {shape}, got {array.shape}.")
    return np.broadcast_to(array, shape)


def owned(name: str, array: Array) -> Array:
    """Return a read-only copy of finite numbers, or raise a sentence about others."""
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinite values; give finite ones.")
    own = np.array(array)
    own.setflags(write=False)
    return own


def range_of(values: Array) -> str:
    """Return from where to where values run, for a person."""
    low, high = values.min(), values.max()
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def shortened(values: Array) -> Any:
    """Return values JSON-ready: one where all are equal, a fingerprint of very many."""
    if values.size and (values == values.flat[0]).all():
        return float(values.flat[0])
    if values.size <= _LONGEST_LIST:
        return values.tolist()
    return f"sha256 {hashlib.sha256(values.tobytes()).hexdigest()} of shape {values.shape}"
