"""Arrays of a recording: checked, of one type, read-only."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._validation import require_array, require_indices, require_membership, shown


def as_indices(name: str, values: ArrayLike, count: int) -> NDArray[np.int32]:
    array = require_array(name, values)
    if array.size == 0:
        return np.zeros(array.shape, np.int32)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold integers, got values of type {array.dtype}.")
    if array.min() < 0 or array.max() >= count:
        raise ValueError(
            f"{name} runs from {array.min()} to {array.max()} but must lie in 0..{count - 1}; check n_{name}s={count}."
        )
    return array.astype(np.int32)


def as_clusters(values: ArrayLike, n_neurons: int) -> NDArray:
    array = require_array("cluster", values)
    if array.ndim not in (1, 2) or array.shape[0] != n_neurons:
        raise ValueError(f"cluster must have one row for each of {n_neurons} neurons, got shape {array.shape}.")
    if array.ndim == 2:
        return require_membership("cluster", array)
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"cluster must hold integers (-1 for none), got values of type {array.dtype}.")
    if array.size and array.min() < -1:
        raise ValueError(f"cluster labels must be at least -1 (no cluster), got {array.min()}.")
    return array.astype(np.int32)


def as_names(values: ArrayLike | None, n_neurons: int) -> NDArray[np.str_] | None:
    if values is None:
        return None
    array = require_array("population", values)
    if array.shape != (n_neurons,):
        raise ValueError(f"population must name each of {n_neurons} neurons, got shape {array.shape}.")
    if array.dtype.kind != "U" and not all(isinstance(name, str) for name in array):
        raise TypeError(f"population must hold names, got {shown(values)}.")
    return frozen(array.astype(np.str_))


def as_ids(name: str, values: ArrayLike | None, count: int) -> NDArray[np.int64]:
    array = np.arange(count) if values is None else require_array(name, values)
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold integers, got values of type {array.dtype}.")
    if array.shape != (count,):
        raise ValueError(f"{name} must have {count} entries, got shape {array.shape}.")
    if array.dtype.kind == "u" and array.size and array.max() > np.iinfo(np.int64).max:
        raise ValueError(f"{name} must lie below 2^63, got {array.max()}; number them from 0.")
    return frozen(array.astype(np.int64))


def as_selection(name: str, wanted: ArrayLike | None, count: int) -> NDArray[np.intp]:
    if wanted is None:
        return np.arange(count)
    array = require_indices(name, wanted, count)
    if (np.diff(array) <= 0).any():
        raise ValueError(f"{name} must list each index once in increasing order, got {shown(wanted)}.")
    return array


def sorting_order(trial: NDArray, time: NDArray, neuron: NDArray) -> NDArray[np.intp] | None:
    """Return the sorting permutation, or None where the spikes already are in order (simulations are)."""
    d_trial, d_time, d_neuron = np.diff(trial), np.diff(time), np.diff(neuron)
    ordered = (d_trial > 0) | ((d_trial == 0) & ((d_time > 0) | ((d_time == 0) & (d_neuron >= 0))))
    return None if ordered.all() else np.lexsort((neuron, time, trial))


def frozen(array: NDArray) -> NDArray:
    array.flags.writeable = False
    return array
