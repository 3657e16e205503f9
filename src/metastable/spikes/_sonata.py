"""SONATA: spikes of populations whose nodes are numbered from 0, in ms, without trials.

After the specification at https://github.com/AllenInstitute/sonata, "Spike trains". Trials are laid one after the
other; a group ``metastable`` beside ``spikes`` holds what the specification has no place for.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable.spikes._damage import damaged
from metastable.spikes._hdf5 import (
    attribute_of,
    encodable,
    hdf5_in_memory,
    numbers_in,
    open_hdf5,
    require_h5py,
    require_short,
    text_in,
)
from metastable.spikes._header import names_of, parse_header
from metastable.spikes._session_axis import lay_out, lost_digits, rebuild_session, session_header
from metastable.spikes._spike_data import SpikeData
from metastable.spikes._table import from_table, refuse_window

_MAGIC, _VERSION = 0x0A7A, (0, 1)
_SORTING = {"none": 0, "by_id": 1, "by_time": 2}
_UNITS = {"ms": "ms", "milliseconds": "ms", "millisecond": "ms", "s": "s", "seconds": "s", "second": "s"}
_EVERYBODY = "All"
_HEADER = "metastable/header"


def write_sonata(spikes: SpikeData, path: Path) -> tuple[str, ...]:
    """Write one group for each population.

    Parameters
    ----------
    spikes : SpikeData
    path : Path

    Returns
    -------
    tuple of str
        What was lost: the last digits of times of several trials that lie on no grid.
    """
    h5py = require_h5py(path)
    header = require_short(session_header(spikes), path=path)
    time_ms = lay_out(spikes)
    lost = lost_digits(spikes, time_ms)
    sorting = h5py.enum_dtype(_SORTING, basetype=np.uint8)
    with hdf5_in_memory(path) as file:
        file.attrs.create("magic", _MAGIC, dtype=np.uint32)
        file.attrs.create("version", _VERSION, dtype=np.uint32)
        file.create_group("spikes")
        for name, nodes in _populations(spikes).items():
            node = np.full(spikes.n_neurons, -1)
            node[nodes] = np.arange(nodes.size)
            chosen = np.flatnonzero(node[spikes.neuron] >= 0)
            group = file["spikes"].create_group(name)
            group.attrs.create("sorting", _SORTING["by_time"], dtype=sorting)
            times = group.create_dataset("timestamps", data=time_ms[chosen])
            times.attrs["units"] = "milliseconds"
            group.create_dataset("node_ids", data=node[spikes.neuron[chosen]].astype(np.uint64))
        file.create_dataset(_HEADER, data=header)
    return lost


def _populations(spikes: SpikeData) -> dict[str, NDArray[np.intp]]:
    """Return the neurons of each population; all in one if names cannot be those of groups."""
    names = [] if spikes.population is None else spikes.population.tolist()
    if not names or any(
        not name.strip(".") or "/" in name or "\0" in name or encodable(name) != name for name in names
    ):
        return {_EVERYBODY: np.arange(spikes.n_neurons)}
    return {name: np.flatnonzero(spikes.population == name) for name in sorted(set(names))}


def read_sonata(path: Path, *, t_start_ms: float | None, t_stop_ms: float | None) -> SpikeData:
    """Read all populations; see `metastable.spikes.read`.

    Raises
    ------
    ValueError
        If it is damaged or no file of spikes.
    """
    with open_hdf5(path) as file:
        spikes = file.get("spikes")
        if not hasattr(spikes, "keys") or any(not hasattr(spikes[name], "keys") for name in spikes):
            raise ValueError(
                f"{path.name} is no SONATA file of spikes, which has a group spikes with one for each population; "
                "give the spikes.h5 of a simulation."
            )
        parts = {name: _population(file, f"spikes/{name}", path) for name in sorted(spikes)}
        header = parse_header(text_in(file, _HEADER, path=path) or "")
    if not parts:
        raise ValueError(f"{path.name} holds no populations; its group spikes must have one for each; write it again.")
    time = np.concatenate([part[0] for part in parts.values()])
    if header is not None:
        refuse_window(path.name, t_start_ms, t_stop_ms)
        return _from_own(header, path, time, parts)
    return _foreign(path, time, parts, t_start_ms, t_stop_ms)


def _population(file: Any, name: str, path: Path) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    time = numbers_in(file, f"{name}/timestamps", path=path).astype(np.float64)
    node = numbers_in(file, f"{name}/node_ids", path=path)
    said = attribute_of(file, f"{name}/timestamps", "units", path=path)
    said = "milliseconds" if said is None else said
    said = said.decode("utf-8", errors="replace") if isinstance(said, bytes) else said
    if not isinstance(said, str) or said not in _UNITS:
        raise ValueError(
            f"{name} of {path.name} has times in {said!r}; they must be in milliseconds or seconds; write it again."
        )
    if (
        node.dtype.kind not in "iu"
        or node.size != time.size
        or (node.size and not 0 <= node.min() <= node.max() < 2**53)
    ):
        raise ValueError(
            f"{name} of {path.name} must have a node_id, a whole number from 0, for each of its timestamps; write it "
            "again."
        )
    return time * (1000.0 if _UNITS[said] == "s" else 1.0), node.astype(np.int64)


def _from_own(header: dict[str, Any], path: Path, time: NDArray[np.float64], parts: dict[str, Any]) -> SpikeData:
    try:
        names = header["population"]
        if list(parts) == [_EVERYBODY] and set(names or [_EVERYBODY]) != {_EVERYBODY}:
            names = None
        members = {name: np.flatnonzero(np.array(names, dtype=np.str_) == name) for name in parts if names}
        if not names:
            members = dict.fromkeys(parts, names_of(header | {"neuron_id": None}, "neuron"))
        if any(node.size and node.max() >= members[name].size for name, (_, node) in parts.items()):
            raise ValueError("it has spikes of nodes that its header does not know")
        neuron = np.concatenate([members[name][node] for name, (_, node) in parts.items()])
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path.name, error) from None
    return rebuild_session(header, source=path.name, time_ms=time, neuron=neuron)


def _foreign(
    path: Path,
    time: NDArray[np.float64],
    parts: dict[str, Any],
    t_start_ms: float | None,
    t_stop_ms: float | None,
) -> SpikeData:
    # A neuron is a node of a population: two populations may have nodes of the same number.
    nodes = {name: np.unique(node) for name, (_, node) in parts.items()}
    offsets = np.cumsum([0, *(known.size for known in nodes.values())])
    index = [
        first + np.searchsorted(known, node)
        for first, known, (_, node) in zip(offsets, nodes.values(), parts.values(), strict=False)
    ]
    found = from_table(
        neuron=np.concatenate(index),
        time=time,
        trial=None,
        unit="ms",
        source=path.name,
        t_start_ms=t_start_ms,
        t_stop_ms=t_stop_ms,
        neurons=np.arange(offsets[-1]),
    )
    return replace(
        found,
        population=np.repeat(np.array(list(nodes), dtype=np.str_), [known.size for known in nodes.values()]),
        neuron_id=np.concatenate(list(nodes.values())),
    )
