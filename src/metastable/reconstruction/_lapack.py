"""Routines of LAPACK without the interpreter's lock, which scipy's own wrappers hold while neurons run on threads."""

from __future__ import annotations

import ctypes

import numpy as np
from numba.extending import get_cython_function_address
from numpy.typing import NDArray

Array = NDArray[np.float64]

_trtri = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_char_p, *[ctypes.c_void_p] * 4)(
    get_cython_function_address("scipy.linalg.cython_lapack", "dtrtri")
)
_potri = ctypes.CFUNCTYPE(None, ctypes.c_char_p, *[ctypes.c_void_p] * 4)(
    get_cython_function_address("scipy.linalg.cython_lapack", "dpotri")
)


def invert_positive(matrix: Array) -> Array:
    """Return the inverse of a symmetric positive definite matrix, in less than half of the time of a general one.

    Raises
    ------
    numpy.linalg.LinAlgError
        If it is not positive definite.
    """
    inverse = np.ascontiguousarray(np.linalg.cholesky(matrix))
    n, info = ctypes.c_int(len(inverse)), ctypes.c_int()
    # What is the lower triangle here is the upper one for Fortran.
    _potri(b"U", ctypes.byref(n), inverse.ctypes.data, ctypes.byref(n), ctypes.byref(info))
    if info.value:
        raise np.linalg.LinAlgError(f"element {info.value} of the diagonal is 0.")
    return np.tril(inverse) + np.tril(inverse, -1).T


def invert_lower(triangle: NDArray[np.floating]) -> Array:
    """Return the inverse of a lower triangular matrix.

    Raises
    ------
    numpy.linalg.LinAlgError
        If there is a zero on the diagonal.
    """
    inverse = np.array(triangle, np.float64, order="C")
    n, info = ctypes.c_int(len(inverse)), ctypes.c_int()
    # What is the lower triangle here is the upper one for Fortran.
    _trtri(b"U", b"N", ctypes.byref(n), inverse.ctypes.data, ctypes.byref(n), ctypes.byref(info))
    if info.value:
        raise np.linalg.LinAlgError(f"element {info.value} of the diagonal is 0.")
    return inverse
