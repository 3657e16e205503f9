"""A recording from a table of spikes, as files from elsewhere hold it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._validation import require_choice, require_number, shown
from metastable.spikes._spike_data import SpikeData

_MS = {"ms": 1.0, "s": 1000.0}
# A thousand years: floats of this size are a few microseconds apart. More is another unit, or a damaged file.
_LONGEST_MS = 3.2e13
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf|infinity)", re.ASCII | re.IGNORECASE)


class StatedWindowError(ValueError):
    """A window was given for a file that states its own."""


def from_table(
    *,
    neuron: ArrayLike,
    time: ArrayLike,
    trial: ArrayLike | None,
    unit: str,
    source: str,
    t_start_ms: float | None,
    t_stop_ms: float | None,
    neurons: ArrayLike | None = None,
    trials: ArrayLike | None = None,
    dt_ms: float | None = None,
    lines: Sequence[int] | None = None,
    count_once: bool = True,
) -> SpikeData:
    """Build a recording from one row for each spike.

    Parameters
    ----------
    neuron, trial : array_like, (n_spikes,)
        Numbers, or names, which stay names whatever they look like; trials may be left out.
    time : array_like, (n_spikes,)
        In any order.
    unit : {"ms", "s"}
        Of the times.
    source : str
        Where it comes from, for messages and `meta`.
    t_start_ms, t_stop_ms : float or None, ms
        The recorded window; by default from 0, or the earliest spike where it is negative, to the whole millisecond
        after the last spike.
    neurons, trials : array_like, optional
        All that there are, silent and empty ones included; by default those with spikes.
    dt_ms : float, ms, optional
        Step of the grid that the times are on.
    lines : sequence of int, optional
        Where in a text each spike stands, for messages; by default its row, from 1.
    count_once : bool
        Whether spikes of one neuron that are listed twice at the same time of a trial count once.

    Returns
    -------
    SpikeData
        Its ``meta`` says how many spikes were left out because they were listed twice.

    Raises
    ------
    ValueError
        If a column holds NaN or text where numbers belong, or spikes leave the window.
    """
    time_ms = _numbers("time", time, source, lines) * _MS[require_choice("unit", unit, ("ms", "s"))]
    neuron_names, neuron_index = _indices("neuron", neuron, source, lines, neurons)
    of_trial = np.zeros(time_ms.size, int) if trial is None else trial
    trial_names, trial_index = _indices("trial", of_trial, source, lines, trials)
    if not time_ms.size == neuron_index.size == trial_index.size:
        raise ValueError(
            f"{source} has columns of different length: {neuron_index.size} neurons, {time_ms.size} times, "
            f"{trial_index.size} trials; give one row for each spike."
        )
    earliest, latest = (time_ms.min(), time_ms.max()) if time_ms.size else (0.0, 0.0)
    if max(-earliest, latest) > _LONGEST_MS:
        raise ValueError(
            f"the column time of {source} goes from {earliest:g} to {latest:g} ms, more than a thousand years; "
            "check its unit."
        )
    start, stop = min(0.0, float(np.floor(earliest))), float(np.floor(latest) + 1)
    if dt_ms is not None:
        # A whole millisecond need not be on the grid.
        start, stop = np.floor(start / dt_ms + 1e-6) * dt_ms, np.ceil(stop / dt_ms - 1e-6) * dt_ms
    start = start if t_start_ms is None else require_number("t_start_ms", t_start_ms)
    stop = stop if t_stop_ms is None else require_number("t_stop_ms", t_stop_ms)
    order = np.lexsort((neuron_index, time_ms, trial_index))
    rows = np.stack([trial_index[order], neuron_index[order]]), time_ms[order]
    twice = np.zeros(time_ms.size, bool)
    twice[1:] = count_once & (np.diff(rows[0]) == 0).all(axis=0) & (np.diff(rows[1]) == 0)
    kept = order[~twice]
    meta: dict[str, Any] = {"source": source, "unit": unit, "n_duplicates": int(twice.sum())}
    if t_stop_ms is None:
        # Not in the table, as whoever counts per time must know.
        meta["guessed_stop_ms"] = float(stop)
    ids: dict[str, Any] = {}
    for name, names in (("neuron", neuron_names), ("trial", trial_names)):
        if not names.size:
            continue
        if names.dtype.kind in "iu":
            ids[f"{name}_id"] = names
        else:
            meta[f"{name}_names"] = names.tolist()
    return SpikeData(
        time_ms=time_ms[kept],
        neuron=neuron_index[kept].astype(np.int32),
        trial=trial_index[kept].astype(np.int32),
        n_neurons=neuron_names.size,
        n_trials=max(trial_names.size, 1),
        t_start_ms=start,
        t_stop_ms=stop,
        dt_ms=dt_ms,
        meta=meta,
        **ids,
    )


def is_number(text: str) -> bool:
    """Tell whether a text is a number everywhere: Python alone takes 1_0 for 10, and digits of all scripts."""
    return _NUMBER.fullmatch(text) is not None


def refuse_window(source: str, t_start_ms: float | None, t_stop_ms: float | None) -> None:
    """Raise a sentence if a window was given for a file that states its own."""
    if t_start_ms is not None or t_stop_ms is not None:
        raise StatedWindowError(f"{source} states its window; use select(time_ms=...) for a part of it.")


def _numbers(name: str, values: ArrayLike, source: str, lines: Sequence[int] | None) -> NDArray[np.float64]:
    cells = np.asarray(values)
    try:
        if cells.dtype.kind == "U" and not all(map(is_number, cells.ravel().tolist())):
            raise TypeError
        array = cells.astype(np.float64).ravel()
    except (TypeError, ValueError):
        raise ValueError(f"{_first_text(name, cells, source, lines)}; it must hold numbers.") from None
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise ValueError(
            f"the column {name} of {source} holds {bad.size} missing or infinite values, "
            f"the first in {_place(bad[0], lines)}; remove these rows."
        )
    return array


def _first_text(name: str, cells: NDArray[Any], source: str, lines: Sequence[int] | None) -> str:
    for k, cell in enumerate(cells.ravel().tolist()):
        if not is_number(str(cell)):
            comma = " (a decimal comma: replace it by a point)" if re.fullmatch(r"[-+]?\d*,\d+", str(cell)) else ""
            return f"the column {name} of {source} holds {shown(cell)} in {_place(k, lines)}{comma}"
    return f"the column {name} of {source} holds values of type {cells.dtype}"


def _indices(
    name: str, values: ArrayLike, source: str, lines: Sequence[int] | None, known: ArrayLike | None
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the different entries, whole numbers or names, and which of them each one is."""
    array = _labels(name, values, source, lines)
    listed = np.zeros(0, array.dtype) if known is None else _labels(name, known, source, None)
    names, index = np.unique(np.concatenate([listed, array]), return_inverse=True)
    return names, index[listed.size :]


def _labels(name: str, values: ArrayLike, source: str, lines: Sequence[int] | None) -> NDArray[Any]:
    """Return numbers as int64, of whatever type they are, and names as text."""
    array = np.asarray(values).ravel()
    if array.dtype.kind == "U":
        return array
    if array.dtype.kind in "iu":
        if array.size and int(array.max()) > np.iinfo(np.int64).max:
            raise ValueError(
                f"the column {name} of {source} holds {array.max()}, and numbers must lie below 2^63; number the "
                f"{name}s from 0 or 1."
            )
        return array.astype(np.int64)
    if array.dtype.kind == "f" and array.size and np.abs(array).max() >= 2**53:
        # Neighbouring numbers of this size are one and the same float.
        raise ValueError(f"the column {name} of {source} holds numbers beyond 2^53; number the {name}s from 0 or 1.")
    try:
        numbers = array.astype(np.float64)
    except (TypeError, ValueError):
        return array.astype(np.str_)
    whole = np.isfinite(numbers) & (np.rint(numbers) == numbers)
    if not whole.all():
        raise ValueError(
            f"the column {name} of {source} holds {float(numbers[~whole][0])!r} in "
            f"{_place(np.flatnonzero(~whole)[0], lines)}; it must hold whole numbers or names, and the columns are "
            "neuron, time, trial."
        )
    return numbers.astype(np.int64)


def _place(index: int, lines: Sequence[int] | None) -> str:
    return f"row {index + 1}" if lines is None else f"line {lines[index]}"
