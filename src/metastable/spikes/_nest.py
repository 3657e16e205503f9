"""Recordings of NEST: events of spike recorders, and the text files that they write."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._validation import require_number, require_path
from metastable.spikes._damage import damaged
from metastable.spikes._spike_data import SpikeData
from metastable.spikes._table import from_table

_COLUMNS = {("sender", "time_ms"), ("sender", "time_step", "time_offset")}


def from_nest(
    events: Any,
    *,
    neurons: ArrayLike | Mapping[str, ArrayLike] | None = None,
    dt_ms: float | None = None,
    t_start_ms: float | None = None,
    t_stop_ms: float | None = None,
) -> SpikeData:
    """Take what spike recorders of NEST recorded.

    Parameters
    ----------
    events : dict, path_like, or list of them
        ``recorder.get("events")``, with ``senders`` and ``times`` (and ``offsets``, where times are in steps), or the
        name of a ``.dat`` or ``.gdf`` file. Those of a list belong together: NEST writes a file for each process.
    neurons : array_like or dict of array_like, optional
        Ids of all neurons, silent ones included; a dict of populations, ``{"E": ids, "I": ids}``, labels them. By
        default the neurons that fired.
    dt_ms : float, ms, optional
        Resolution of the simulation, if spikes are on its grid; needed for times in steps. By default, and where steps
        have offsets, times are exact.
    t_start_ms, t_stop_ms : float, ms, optional
        The recorded window; by default from 0 to the whole millisecond after the last spike.

    Returns
    -------
    SpikeData

    Raises
    ------
    ValueError
        If a file is damaged, or a spike belongs to none of the neurons, or a neuron to two populations.
    TypeError
        If it is no recording of NEST.

    Examples
    --------
    >>> import metastable as mst, numpy as np
    >>> events = {"senders": np.array([3, 7]), "times": np.array([0.5, 1.25])}
    >>> spikes = mst.spikes.from_nest(events, neurons={"E": [3, 4], "I": [7]}, t_stop_ms=10)
    >>> spikes.n_neurons, spikes.neuron_id, spikes.population
    (3, array([3, 4, 7]), array(['E', 'E', 'I'], dtype='<U1'))
    """
    several = isinstance(events, Sequence) and not isinstance(events, str)
    listed = list(events) if several else [events]
    if not listed:
        raise ValueError("events is an empty list; give the events of one recorder or more.")
    taken = [_senders_and_times(each, dt_ms) for each in listed]
    on_grid = not any(precise for *_, precise in taken)
    named: dict[str, NDArray] = {}
    if isinstance(neurons, Mapping):
        named = {name: np.asarray(ids).ravel() for name, ids in neurons.items()}
        if not named:
            raise ValueError("neurons is a dict of no populations; give the ids of some, or leave it out.")
        each, n_populations = np.unique(np.concatenate([*map(np.unique, named.values())]), return_counts=True)
        if (n_populations > 1).any():
            raise ValueError(
                f"neurons has {each[n_populations > 1][0]} in more than one population; give each neuron to one."
            )
    ids: Any = np.concatenate(list(named.values())) if named else neurons
    found = from_table(
        neuron=np.concatenate([senders for senders, *_ in taken]),
        time=np.concatenate([times for _, times, _ in taken]),
        trial=None,
        unit="ms",
        source="the NEST recording",
        t_start_ms=t_start_ms,
        t_stop_ms=t_stop_ms,
        neurons=ids,
        dt_ms=dt_ms if on_grid else None,
    )
    if ids is not None:
        unknown = np.setdiff1d(found.neuron_id, np.asarray(ids).astype(np.int64))
        if unknown.size:
            raise ValueError(
                f"{unknown.size} senders, the first {unknown[0]}, are not among neurons; give the ids of all."
            )
    if not named:
        return found
    of_id = {int(each): name for name, members in named.items() for each in members}
    return found.with_labels(population=[of_id[int(each)] for each in found.neuron_id])


def read_nest(path: Path, *, t_start_ms: float | None, t_stop_ms: float | None) -> SpikeData:
    """Read one file of a spike recorder; see `metastable.spikes.read`."""
    senders, times, _ = _read_table(path, None)
    return from_table(
        neuron=senders,
        time=times,
        trial=None,
        unit="ms",
        source=path.name,
        t_start_ms=t_start_ms,
        t_stop_ms=t_stop_ms,
    )


def _senders_and_times(events: Any, dt_ms: float | None) -> tuple[NDArray, NDArray, bool]:
    """Return senders, times in ms, and whether times lie between the steps of the grid."""
    if isinstance(events, str | os.PathLike):
        return _read_table(require_path("events", events), dt_ms)
    if not isinstance(events, Mapping) or not {"senders", "times"} <= set(events):
        raise TypeError(
            f"events must hold senders and times, or name a file, got {type(events).__name__}; "
            "give recorder.get('events')."
        )
    senders, times = np.asarray(events["senders"]), np.asarray(events["times"])
    if "offsets" not in events:
        return senders, times, False
    offsets = np.asarray(events["offsets"])
    if offsets.shape != times.shape:
        raise ValueError(
            f"events have {times.size} times and {offsets.size} offsets, and must have one for each; give "
            "recorder.get('events') as it is."
        )
    return senders, *_from_steps(times, offsets, dt_ms)


def _from_steps(steps: NDArray, offsets: NDArray, dt_ms: float | None) -> tuple[NDArray[np.float64], bool]:
    """Return times from steps and, for precise spikes, how much earlier than its step each was."""
    if dt_ms is None:
        raise ValueError("these times are in steps; give the resolution of the simulation as dt_ms=, with from_nest.")
    return steps * require_number("dt_ms", dt_ms, above=0) - offsets, bool(np.any(offsets))


def _read_table(path: Path, dt_ms: float | None) -> tuple[NDArray, NDArray, bool]:
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}; check the path.")
    try:
        text = path.read_text(encoding="ascii")
        if "\0" in text:
            raise ValueError
    except ValueError:
        raise ValueError(
            f"{path.name} is not a text file of NEST; give what a spike recorder with record_to ascii wrote."
        ) from None
    lines = [line for line in text.splitlines() if line.strip() and line[0] != "#"]
    names = tuple(lines[0].split()) if lines else ()
    if names in _COLUMNS:
        lines = lines[1:]
    elif names and not names[0].lstrip("-").isdigit():
        raise ValueError(
            f"{path.name} has the columns {' '.join(names)[:80]!r}, those of NEST are sender and "
            "time_ms; save other tables as .csv."
        )
    n_columns = len(names) or 2
    if not lines:
        return np.zeros(0, np.int64), np.zeros(0), False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            table = np.loadtxt(lines, dtype=np.float64, ndmin=2)
    except (ValueError, UserWarning, OverflowError):
        table = np.zeros((0, 0))
    if table.shape[1] != n_columns or n_columns not in (2, 3):
        raise damaged(path.name, "each line must hold a sender and a time")
    if n_columns == 2:
        return table[:, 0], table[:, 1], False
    return table[:, 0], *_from_steps(table[:, 1], table[:, 2], dt_ms)
