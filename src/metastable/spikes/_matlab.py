"""MATLAB files with a table ``spks``: neuron, time in s and perhaps trial."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np

from metastable._files import believed_bytes, whole_file
from metastable.spikes._damage import damaged
from metastable.spikes._hdf5 import DamagedError, NotNumbersError, numbers_in, open_hdf5
from metastable.spikes._header import header_of, parse_header, rebuild
from metastable.spikes._mat_file import LARGEST_EXPANSION, read_mat
from metastable.spikes._session_axis import to_seconds
from metastable.spikes._spike_data import SpikeData
from metastable.spikes._table import from_table, refuse_window

_HEADER, _ROWS = "metastable", "metastable_rows"
# More than name, flags and dimensions of a variable take.
_BESIDE = 1024


def write_matlab(spikes: SpikeData, path: Path) -> tuple[str, ...]:
    """Write ``spks`` for other programs' scripts, and what comes back exactly.

    Parameters
    ----------
    spikes : SpikeData
    path : Path

    Returns
    -------
    tuple of str
        What was lost: nothing.

    Raises
    ------
    ValueError
        If there are more spikes than such a file holds.
    """
    from scipy.io import savemat
    from scipy.io.matlab import MatWriteError

    neuron, trial = spikes.neuron_id[spikes.neuron], spikes.trial_id[spikes.trial]
    columns = [neuron, to_seconds(spikes.time_ms, spikes.dt_ms), trial]
    content: dict[str, Any] = {
        "spks": np.column_stack(columns[: 2 if spikes.n_trials == 1 else 3]).astype(np.float64),
        _HEADER: header_of(spikes),
        # What `spks` rounds: times in ms, and indices, whatever the names are.
        _ROWS: np.column_stack([spikes.neuron, spikes.time_ms, spikes.trial]),
    }
    try:
        with whole_file(path) as file:
            savemat(file, content, do_compression=True)
            # A text has up to four bytes for a character.
            largest = max(4 * len(content[_HEADER]), content[_ROWS].nbytes)
            if largest + _BESIDE > believed_bytes(file.tell(), at_most=LARGEST_EXPANSION):
                file.seek(0)
                file.truncate()
                savemat(file, content)
    except MatWriteError as error:
        raise ValueError(f"{path.name} cannot hold these spikes ({error}); write .nwb or .npz instead.") from None
    return ()


def read_matlab(
    path: Path, *, unit: str | None, variable: str | None, t_start_ms: float | None, t_stop_ms: float | None
) -> SpikeData:
    """Read a table of spikes; see `metastable.spikes.read`.

    Raises
    ------
    ValueError
        If it is damaged or holds no such table.
    """
    name = variable or "spks"
    content = _variables(path, name)
    if name not in content:
        listed = ", ".join(each for each in sorted(content) if each.isidentifier())
        found = f"give one of {shorten(listed, 200)} as variable" if listed else "it holds no variables; save it again"
        raise ValueError(f"{path.name} has no variable {name!r}; {found}.")
    table = np.asarray(content[name])
    if table.dtype.kind not in "iuf":
        raise ValueError(
            f"{name} of {path.name} is a cell array, a structure, a text or complex, and must be a table of real "
            "numbers; save one row for each spike, with neuron, time in s and perhaps trial."
        )
    if table.ndim != 2 or table.shape[1] not in (2, 3):
        raise ValueError(
            f"{name} of {path.name} must be a table with the columns neuron, time and perhaps trial, got shape "
            f"{table.shape}; save one row for each spike."
        )
    header = content.get(_HEADER)
    if variable is None and isinstance(header, dict):
        refuse_window(path.name, t_start_ms, t_stop_ms)
        if unit is not None:
            raise ValueError(f"{path.name} states the unit of its times; leave out unit={unit!r}.")
        rows = content.get(_ROWS)
        if not isinstance(rows, np.ndarray) or rows.shape != (len(table), 3) or rows.dtype.kind not in "iuf":
            raise damaged(path.name, f"{_ROWS} must be as long as {name}, with three columns")
        index = rows[:, [0, 2]].astype(np.int64)
        if (index != rows[:, [0, 2]]).any():
            raise damaged(path.name, f"{_ROWS} must number neurons and trials by whole numbers")
        time_ms = rows[:, 1].astype(np.float64)
        return rebuild(header, source=path.name, time_ms=time_ms, neuron=index[:, 0], trial=index[:, 1])
    trial = table[:, 2] if table.shape[1] == 3 else None
    return from_table(
        neuron=table[:, 0],
        time=table[:, 1],
        trial=trial,
        unit=unit or "s",
        source=path.name,
        t_start_ms=t_start_ms,
        t_stop_ms=t_stop_ms,
    )


def _variables(path: Path, name: str) -> dict[str, Any]:
    """Return the variables that are read, and None for the others."""
    try:
        variables = read_mat(path, (name, _HEADER, _ROWS))
    except NotImplementedError:
        return _variables_7_3(path, name)
    text = variables.get(_HEADER)
    return variables | {_HEADER: parse_header(text)} if isinstance(text, str) else variables


def _variables_7_3(path: Path, name: str) -> dict[str, Any]:
    try:
        with open_hdf5(path) as file:
            content = dict.fromkeys(file)
            if name in content:
                # Stored by columns: what is a row in MATLAB is a column here.
                with suppress(NotNumbersError):
                    content[name] = numbers_in(file, name, path=path, n_dimensions=None).T
            return content
    except ImportError:
        raise ImportError(f"{path.name} is of MATLAB 7.3: install h5py to read it, or save it with -v7.") from None
    except DamagedError:
        raise ValueError(f"{path.name} is damaged or not a MATLAB file; save it again.") from None
