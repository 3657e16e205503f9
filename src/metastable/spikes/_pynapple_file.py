"""The npz files of pynapple's ``TsGroup.save`` and ``Ts.save``: times in s, and the neuron of each.

Metadata of neurons lie in them as a pickle, which could run any code: it is left out.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from metastable._files import load_members
from metastable.spikes._damage import damaged
from metastable.spikes._spike_data import SpikeData
from metastable.spikes._table import from_table

_ARRAYS = ("type", "t", "start", "end")
_KINDS = {"TsGroup": (*_ARRAYS, "index", "keys"), "Ts": _ARRAYS}
_LARGEST_EXPANSION = 200


def is_pynapple(path: Path) -> bool:
    """Tell whether an archive has the members that pynapple writes."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {"type.npy", "start.npy", "end.npy"} <= set(archive.namelist())
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError, OverflowError):
        return False


def read_pynapple(path: Path) -> SpikeData:
    """Read one uninterrupted trial, the time support.

    Raises
    ------
    ValueError
        If it is damaged, or of other objects than spikes.
    """
    kind = "".join(map(str, load_members(path, ("type",), at_most=_LARGEST_EXPANSION)["type"].ravel()[:2]))
    if kind not in _KINDS:
        raise ValueError(f"{path.name} holds {kind[:40]!r} of pynapple, not spikes; save the TsGroup of the spikes.")
    arrays = load_members(path, _KINDS[kind], at_most=_LARGEST_EXPANSION)
    time, start, stop = (arrays[name] for name in ("t", "start", "end"))
    neuron = arrays.get("index", np.zeros(time.size, np.int64))
    known = arrays.get("keys", np.zeros(1, np.int64))
    if (
        any(each.ndim != 1 or each.dtype.kind not in "iuf" for each in (time, start, stop, neuron, known))
        or not start.size == stop.size > 0
        or neuron.size != time.size
        or not start.min() <= stop.max() < np.inf
        or (time.size and not start.min() <= time.min() <= time.max() <= stop.max())
        or not np.isin(neuron, known).all()
    ):
        raise damaged(path.name, "it must have a neuron for each time, and a time support around all")
    begin, end = 1000 * float(start.min()), 1000 * float(stop.max())
    latest = 1000 * float(time.max(initial=-np.inf))
    # pynapple's supports include their ends; the window here is half-open.
    end = float(np.nextafter(end, np.inf)) if latest == end else end
    return from_table(
        neuron=neuron,
        time=time,
        trial=None,
        unit="s",
        source=path.name,
        t_start_ms=begin,
        t_stop_ms=end,
        neurons=known,
    )
