"""Recordings from files of other programs."""

from __future__ import annotations

import csv
import importlib
import os
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np

from metastable._validation import require_choice, require_path
from metastable.spikes._npz import load_npz
from metastable.spikes._spike_data import SpikeData
from metastable.spikes._table import from_table

_FORMATS = {".npz": "npz", ".csv": "csv", ".txt": "csv", ".tsv": "csv", ".mat": "mat", ".nwb": "nwb"}


def read(
    path: str | os.PathLike[str],
    *,
    unit: str | None = None,
    variable: str | None = None,
    t_start_ms: float | None = None,
    t_stop_ms: float | None = None,
) -> SpikeData:
    r"""Read spikes from a file.

    Parameters
    ----------
    path : path_like
        By its ending:

        * ``.npz``: written by this package;
        * ``.csv``, ``.tsv``, ``.txt``: columns neuron, time and, if there are trials, trial, in this order or named in
          a first line, that may be a comment; ``time_ms`` or ``time_s`` there gives the unit;
        * ``.mat``: a variable ``spks`` whose columns are neuron, time and perhaps trial, of any version of MATLAB;
        * ``.nwb``: the units of a Neurodata Without Borders file (needs pynwb).
    unit : {"ms", "s"}, optional
        Of the times. By default what the file says, ms for tables that do not say, and s for MATLAB.
    variable : str, optional
        For ``.mat``: the name of the variable, ``spks`` by default.
    t_start_ms, t_stop_ms : float, ms, optional
        The recorded window, where the file does not hold it; by default from 0, or the earliest spike if that is
        negative, to the whole millisecond after the last spike.

    Returns
    -------
    SpikeData
        Spikes in any order, and listed twice, are put in order and counted once. Names of neurons that are not whole
        numbers are in ``meta["neuron_names"]``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the ending is unknown or the content is not a recording.
    ImportError
        If the library for the format is missing.

    Examples
    --------
    >>> import metastable as mst, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "recording.csv"
    ...     _ = file.write_text("neuron,time_s\n7,0.5\n3,0.25\n")
    ...     spikes = mst.spikes.read(file)
    >>> spikes.time_ms, spikes.neuron_id
    (array([250., 500.]), array([3, 7]))
    """
    source = require_path("path", path)
    if not source.is_file():
        raise FileNotFoundError(f"there is no file {source}; check the path.")
    form = _FORMATS.get(source.suffix.lower())
    if form is None:
        raise ValueError(f"{source.name} has an unknown ending; known are {', '.join(_FORMATS)}.")
    if unit is not None:
        require_choice("unit", unit, ("ms", "s"))
    if variable is not None and form != "mat":
        raise ValueError(f"variable={variable!r} is for MATLAB files; leave it out for {source.name}.")
    if form in ("npz", "nwb") and unit is not None:
        raise ValueError(f"{source.name} states the unit of its times; leave out unit={unit!r}.")
    if form == "npz":
        if t_start_ms is not None or t_stop_ms is not None:
            raise ValueError(f"{source.name} states its window; use select(time_ms=...) for a part of it.")
        return load_npz(source)
    columns = {"csv": _csv, "mat": _mat, "nwb": _nwb}[form](source, unit, variable)
    return from_table(**columns, source=source.name, t_start_ms=t_start_ms, t_stop_ms=t_stop_ms)


def _csv(path: Path, unit: str | None, variable: str | None) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is not a text file; save it as CSV with UTF-8 characters.") from None
    numbered = [(k, line) for k, line in enumerate(text.splitlines(), 1) if line.strip()]
    comments = [line.lstrip("# ") for _, line in takewhile(lambda entry: entry[1].startswith("#"), numbered)]
    numbers = [k for k, line in numbered if not line.startswith("#")]
    lines = [line for _, line in numbered if not line.startswith("#")]
    delimiter = next((mark for mark in ("\t", ";", ",") if lines and mark in lines[0]), None)
    rows = list(csv.reader(lines, delimiter=delimiter) if delimiter else map(str.split, lines))
    if not rows:
        raise ValueError(f"{path.name} is empty; it must hold columns neuron, time and perhaps trial.")
    names = [cell.strip().lower() for cell in rows[0]]
    if _is_number(names[1] if len(names) > 1 else ""):
        # numpy.savetxt writes the names as a comment.
        commented = [cell.strip().lower() for cell in (comments[-1].split(delimiter) if comments else [])]
        usual = ["neuron", "time", "trial"][: len(names)]
        names = commented if len(commented) == len(names) and "neuron" in commented else usual
    else:
        rows, numbers = rows[1:], numbers[1:]
    places = {name: k for k, name in enumerate(names)}
    stated = [name for name in ("time", "time_ms", "time_s") if name in places]
    if "neuron" not in places or len(stated) != 1:
        raise ValueError(
            f"{path.name} has the columns {', '.join(names)}; it must have neuron, one of time, time_ms and time_s, "
            "and perhaps trial."
        )
    said = stated[0].removeprefix("time").removeprefix("_") or None
    if said and unit not in (None, said):
        raise ValueError(f"{path.name} says that its times are in {said}; leave out unit={unit!r}.")
    if not rows:
        raise ValueError(f"{path.name} holds no spikes, only the names of the columns.")
    odd = next((k for k, row in enumerate(rows) if len(row) != len(names)), None)
    if odd is not None:
        raise ValueError(
            f"line {numbers[odd]} of {path.name} has {len(rows[odd])} cells for {len(names)} columns; give one for "
            "each, and numbers with a decimal point."
        )

    def column(name: str) -> np.ndarray:
        return np.array([row[places[name]].strip() or "nan" for row in rows])

    return {
        "neuron": _plain(column("neuron")),
        "time": column(stated[0]),
        "trial": _plain(column("trial")) if "trial" in places else None,
        "unit": unit or said or "ms",
        "lines": numbers,
    }


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _plain(cells: np.ndarray) -> np.ndarray:
    """Return whole numbers as they are written, other numbers as floats, and anything else as text."""
    try:
        return cells.astype(np.int64)
    except (ValueError, OverflowError):
        return cells.astype(np.float64) if all(map(_is_number, cells.tolist())) else cells


def _mat(path: Path, unit: str | None, variable: str | None) -> dict[str, Any]:
    name = variable or "spks"
    content = _mat_variables(path)
    if name not in content:
        raise ValueError(f"{path.name} has no variable {name!r}; it has {', '.join(sorted(content)) or 'none'}.")
    table = np.asarray(content[name])
    if table.ndim != 2 or table.dtype.kind not in "iuf" or table.shape[1] not in (2, 3):
        raise ValueError(
            f"{name} of {path.name} must be a table with the columns neuron, time and perhaps trial, "
            f"got shape {table.shape} of {table.dtype}."
        )
    trial = table[:, 2] if table.shape[1] == 3 else None
    return {"neuron": table[:, 0], "time": table[:, 1], "trial": trial, "unit": unit or "s"}


def _mat_variables(path: Path) -> dict[str, Any]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        return {name: value for name, value in loadmat(path).items() if not name.startswith("__")}
    except NotImplementedError:
        pass
    except (MatReadError, ValueError, TypeError, IndexError, OSError, EOFError):
        # What scipy raises for other content depends on its first bytes.
        raise ValueError(f"{path.name} is damaged or not a MATLAB file; save it again.") from None
    try:
        import h5py
    except ImportError:
        raise ImportError(f"{path.name} is of MATLAB 7.3: install h5py to read it, or save it with -v7.") from None
    try:
        with h5py.File(path) as file:
            # Stored by columns: what is a row in MATLAB is a column here.
            return {name: np.asarray(value).T for name, value in file.items() if isinstance(value, h5py.Dataset)}
    except OSError:
        raise ValueError(f"{path.name} is damaged or not a MATLAB file; save it again.") from None


def _nwb(path: Path, unit: str | None, variable: str | None) -> dict[str, Any]:
    try:
        pynwb: Any = importlib.import_module("pynwb")
    except ImportError:
        raise ImportError(f"reading {path.name} needs pynwb: install metastable[nwb].") from None
    try:
        file = pynwb.NWBHDF5IO(str(path), mode="r", load_namespaces=True)
    except (OSError, TypeError, ValueError, KeyError):
        raise ValueError(f"{path.name} is damaged or not an NWB file.") from None
    with file:
        units = file.read().units
        if units is None or "spike_times" not in units.colnames:
            raise ValueError(f"{path.name} holds no units with spike times.")
        # Both columns at once: unit by unit is some twenty times slower.
        ends = np.asarray(units["spike_times"].data[:], np.int64)
        return {
            "neuron": np.repeat(np.asarray(units.id[:]), np.diff(ends, prepend=0)),
            "time": np.asarray(units["spike_times"].target.data[:]),
            "trial": None,
            "unit": "s",
            "neurons": np.asarray(units.id[:]),
        }
