"""Arrays that begin on a cache line, as the vector loads of the kernels require."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def aligned_zeros(shape: tuple[int, ...], dtype: type) -> NDArray:
    """Allocate zeros that begin on a cache line."""
    n_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
    buffer = np.zeros(n_bytes + 64, np.uint8)
    start = -buffer.ctypes.data % 64
    return buffer[start : start + n_bytes].view(dtype).reshape(shape)
