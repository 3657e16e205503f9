"""Neurodata Without Borders: units and trials on the time axis of a session, in s.

Files are written by pynwb, column by column: unit by unit takes thirty times as long. They are read by h5py alone,
since pynwb builds classes from what a file says, and no list of what it raises for a damaged one would be complete.
"""

from __future__ import annotations

import importlib
import uuid
import warnings
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._provenance import version
from metastable._validation import require_number
from metastable.spikes._align import align
from metastable.spikes._damage import damaged
from metastable.spikes._hdf5 import (
    attribute_of,
    encodable,
    hdf5_in_memory,
    numbers_in,
    open_hdf5,
    require_short,
    text_in,
)
from metastable.spikes._header import parse_header
from metastable.spikes._session_axis import (
    lay_out,
    lost_digits,
    rebuild_session,
    session_header,
    to_seconds,
    trial_zeros,
)
from metastable.spikes._spike_data import SpikeData
from metastable.spikes._table import from_table, refuse_window

# NWB wants a date. Spikes of a simulation have none; this is the one that means "unknown".
_NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)
_TIMES, _ENDS, _IDS = "units/spike_times", "units/spike_times_index", "units/id"
_TRIALS = "intervals/trials"


def write_nwb(spikes: SpikeData, path: Path) -> tuple[str, ...]:
    """Write units, trials and labels.

    Parameters
    ----------
    spikes : SpikeData
    path : Path

    Returns
    -------
    tuple of str
        What was lost: the last digits of times that lie on no grid.
    """
    pynwb: Any = importlib.import_module("pynwb")
    header = require_short(session_header(spikes), path=path)
    time_s = to_seconds(lay_out(spikes), spikes.dt_ms)
    lost = lost_digits(spikes, time_s * 1000)
    with warnings.catch_warnings():
        # About the style of names and about dates before 1980.
        warnings.simplefilter("ignore")
        content = pynwb.NWBFile(
            session_description="spikes of neurons in repeated trials, laid one after the other",
            identifier=str(uuid.uuid4()),
            session_start_time=_NO_DATE,
            source_script=f"metastable.spikes.write, metastable {version()}",
            source_script_file_name="metastable",
            notes=header,
            units=_units(spikes, time_s),
            trials=_trials(spikes),
        )
        with hdf5_in_memory(path) as file:
            # Not closed by pynwb: what it wrote is taken from the open file.
            pynwb.NWBHDF5IO(file=file, mode="w").write(content)
    return lost


def _units(spikes: SpikeData, time_s: NDArray[np.float64]) -> Any:
    from hdmf.common import VectorData, VectorIndex
    from pynwb.misc import Units

    # Trials lie one after the other, so that a stable sort by neuron leaves the times of each in order.
    order = np.argsort(spikes.neuron, kind="stable")
    ends = np.cumsum(np.bincount(spikes.neuron, minlength=spikes.n_neurons))
    times = VectorData(name="spike_times", description="the spike times for each unit in seconds", data=time_s[order])
    columns = [VectorIndex(name="spike_times_index", data=ends.astype(np.uint64), target=times), times]
    # No type can be told from no names. The notes hold them all, also characters that HDF5 does not.
    if spikes.population is not None and spikes.n_neurons:
        names = [encodable(name).replace("\0", "?") for name in spikes.population.tolist()]
        columns.append(VectorData(name="population", description="population of the neuron", data=names))
    if spikes.cluster is not None:
        what = "whether the neuron belongs to each cluster" if spikes.cluster.ndim == 2 else "cluster, -1 for none"
        columns.append(VectorData(name="cluster", description=what, data=spikes.cluster))
    return Units(
        name="units",
        description="neurons, silent ones included",
        id=spikes.neuron_id,
        columns=columns,
        colnames=[column.name for column in columns if column.name != "spike_times_index"],
        resolution=None if spikes.dt_ms is None else spikes.dt_ms / 1000,
    )


def _trials(spikes: SpikeData) -> Any:
    from hdmf.common import VectorData
    from pynwb.epoch import TimeIntervals

    zero = trial_zeros(spikes)
    columns = {
        "start_time": ("Start time of epoch, in seconds", zero + spikes.t_start_ms),
        "stop_time": ("Stop time of epoch, in seconds", zero + spikes.t_stop_ms),
        "zero_time": ("time 0 of the trial on the session's axis, in seconds", zero),
    }
    return TimeIntervals(
        name="trials",
        description="repeated trials, with a pause between them",
        id=spikes.trial_id,
        columns=[
            VectorData(name=name, description=what, data=to_seconds(time_ms, spikes.dt_ms))
            for name, (what, time_ms) in columns.items()
        ],
        colnames=list(columns),
    )


def read_nwb(path: Path, *, trials: bool | None, t_start_ms: float | None, t_stop_ms: float | None) -> SpikeData:
    """Read units and trials; see `metastable.spikes.read`.

    Raises
    ------
    ValueError
        If it is damaged or holds no units.
    """
    with open_hdf5(path) as file:
        if "units/spike_times" not in file:
            raise ValueError(_without_units(file, path))
        times = numbers_in(file, _TIMES, path=path)
        ends = numbers_in(file, _ENDS, path=path).astype(np.int64)
        ids = numbers_in(file, _IDS, path=path)
        header = parse_header(text_in(file, "general/notes", path=path) or "")
        resolution = attribute_of(file, _TIMES, "resolution", path=path)
        table = _intervals(file, path) if trials and header is None else None
    if times.size and times.dtype.kind != "f":
        raise ValueError(
            f"{_TIMES} of {path.name} holds whole numbers, samples perhaps, and must hold seconds; divide them by the "
            "sampling rate and write it again."
        )
    time_s = times.astype(np.float64)
    sizes = np.diff(ends, prepend=0)
    if ends.size != ids.size or ids.dtype.kind not in "iu" or (sizes < 0).any() or ends[-1:].sum() != time_s.size:
        raise damaged(path.name, "its table of units does not say whose each spike is")
    index = np.repeat(np.arange(ids.size), sizes)
    if header is not None:
        refuse_window(path.name, t_start_ms, t_stop_ms)
        if header.get("n_neurons") != ids.size:
            raise ValueError(
                f"{path.name} was edited: it has {ids.size} units, {header.get('n_neurons')} in its notes; remove the "
                "notes to read it like a file of another program."
            )
        return rebuild_session(header, source=path.name, time_ms=time_s * 1000, neuron=index)
    dt_ms = _grid(resolution, time_s)
    if table is None:
        return _one_trial(path, time_s, ids, index, dt_ms, t_start_ms, t_stop_ms)
    return _cut(path, time_s, ids, index, *table, (t_start_ms, t_stop_ms))


def _without_units(file: Any, path: Path) -> str:
    if "units" in file:
        return f"{path.name} has a table of units without their spike times; give a file of sorted spikes."
    return f"{path.name} holds no units, the table of sorted neurons; give a file of sorted spikes."


def _one_trial(
    path: Path,
    time_s: NDArray[np.float64],
    ids: NDArray[Any],
    index: NDArray[np.int64],
    dt_ms: float | None,
    t_start_ms: float | None,
    t_stop_ms: float | None,
) -> SpikeData:
    return from_table(
        neuron=ids[index],
        time=time_s,
        trial=None,
        unit="s",
        source=path.name,
        t_start_ms=t_start_ms,
        t_stop_ms=t_stop_ms,
        neurons=ids,
        dt_ms=dt_ms,
    )


def _grid(resolution: Any, time_s: NDArray[np.float64]) -> float | None:
    """Return the step that a file states, in ms, if all times are on it and it divides a millisecond.

    Bins and windows are whole steps. On the grid of a sampling rate of 24414.0625 Hz there would be none of 50 ms.
    """
    try:
        step_ms = 1000 * require_number("resolution", resolution, above=0)
    except (TypeError, ValueError):
        # None, -1 and NaN are in use for "unknown".
        return None
    per_ms = round(1 / step_ms) if 1e-6 < step_ms <= 1 else 0
    if not per_ms or abs(per_ms * step_ms - 1) > 1e-6:
        return None
    # 1/30000 s is a rounded number, perhaps of single precision; that there are 30 steps in a millisecond is not.
    steps = time_s * 1000 * per_ms
    on_grid = np.abs(steps).max(initial=0.0) < 2**53 and (np.abs(steps - np.rint(steps)) < 1e-3).all()
    return 1 / per_ms if on_grid else None


def _intervals(file: Any, path: Path) -> tuple[NDArray[Any], NDArray[np.float64], NDArray[np.float64]]:
    if _TRIALS not in file:
        raise ValueError(f"{path.name} has no table of trials; leave out trials=True.")
    ids = numbers_in(file, f"{_TRIALS}/id", path=path)
    start, stop = (
        1000 * numbers_in(file, f"{_TRIALS}/{name}", path=path).astype(np.float64)
        for name in ("start_time", "stop_time")
    )
    if not ids.size == start.size == stop.size or ids.dtype.kind not in "iu":
        raise damaged(path.name, "its trials must each have an id, a start and a stop")
    without = int((~np.isfinite([start, stop]).all(axis=0)).sum())
    if without:
        raise ValueError(
            f"{without} of {ids.size} trials of {path.name} have no start or no stop; leave out trials=True, and cut "
            "around the others by metastable.spikes.align."
        )
    if not ids.size:
        raise ValueError(f"{path.name} has a table of no trials; leave out trials=True.")
    return ids, start, stop


def _cut(
    path: Path,
    time_s: NDArray[np.float64],
    ids: NDArray[Any],
    index: NDArray[np.int64],
    trial_id: NDArray[Any],
    start: NDArray[np.float64],
    stop: NDArray[np.float64],
    window: tuple[float | None, float | None],
) -> SpikeData:
    """Cut a session into its trials; times are exact, because starts of trials are on no grid."""
    lasting = stop - start
    if None in window and np.ptp(lasting) > 1e-3:
        raise ValueError(
            f"the trials of {path.name} last {lasting.min():g} to {lasting.max():g} ms; give t_start_ms and t_stop_ms, "
            "the window of each relative to its start."
        )
    begin = 0.0 if window[0] is None else require_number("t_start_ms", window[0])
    end = float(lasting.min()) if window[1] is None else require_number("t_stop_ms", window[1])
    if begin >= end:
        raise ValueError(f"the trials of {path.name} would last from {begin:g} to {end:g} ms; give a later t_stop_ms.")
    # What lies between trials may be anything, and is left out before it is looked at.
    time_ms = time_s * 1000
    inside = (time_ms >= (start + begin).min()) & (time_ms < (start + end).max())
    session = from_table(
        neuron=ids[index[inside]],
        time=time_ms[inside],
        trial=None,
        unit="ms",
        source=path.name,
        t_start_ms=float((start + begin).min()),
        t_stop_ms=float((start + end).max()),
        neurons=ids,
    )
    cut = align(session, events_ms=start, window_ms=(begin, end))
    return replace(cut, trial_id=trial_id, meta=cut.meta | {"unit": "s"})
