"""Spikes as text: one line for each, with or without the names of the columns."""

from __future__ import annotations

import csv
import io
import re
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from metastable._files import whole_file
from metastable.spikes._damage import damaged
from metastable.spikes._header import all_different, header_of, names_of, parse_header, places_of, rebuild
from metastable.spikes._spike_data import SpikeData
from metastable.spikes._table import from_table, is_number, refuse_window

# An array of texts is as wide as its longest one: a single long cell would ask for gigabytes. Asked of tables that are
# read row by row only; where all cells are numbers none is kept as text, and a long one costs nothing.
_LONGEST_CELL = 64
_WANTED = (
    "it must have neuron, one of time, time_ms and time_s, and perhaps trial, each once; rename them in a first line"
)


def write_csv(spikes: SpikeData, path: Path) -> tuple[str, ...]:
    """Write one line for each spike, after a comment with what lines do not say, and the names of the columns.

    Parameters
    ----------
    spikes : SpikeData
    path : Path
        Separated by tabs if it ends in ``.tsv``, by commas otherwise.

    Returns
    -------
    tuple of str
        What was lost: nothing.
    """
    named = all_different(spikes.neuron_id) and all_different(spikes.trial_id)
    neuron, trial = spikes.neuron, spikes.trial
    if named:
        neuron, trial = spikes.neuron_id[neuron], spikes.trial_id[trial]
    columns = {"neuron": neuron, "time_ms": _short(spikes)}
    if spikes.n_trials != 1:
        columns["trial"] = trial
    mark = "\t" if path.suffix.lower() == ".tsv" else ","
    rows = map(mark.join, zip(*map(_texts, columns.values()), strict=True))
    with whole_file(path) as file:
        file.write("\n".join([f"# {header_of(spikes, named=named)}", mark.join(columns), *rows, ""]).encode("ascii"))
    return ()


def _texts(values: NDArray) -> list[str]:
    """Return the numbers as Python writes them, each different one written once."""
    different, index = np.unique(values, return_inverse=True)
    return np.array(list(map(repr, different.tolist())), dtype=object)[index].tolist()


def _short(spikes: SpikeData) -> np.ndarray:
    """Return the times without the rounding of their steps (0.3 for 0.30000000000000004), if that gives them back."""
    if spikes.dt_ms is None:
        return spikes.time_ms
    short = np.round(spikes.time_ms, 9)
    return short if (np.rint(short / spikes.dt_ms) * spikes.dt_ms == spikes.time_ms).all() else spikes.time_ms


def read_csv(path: Path, *, unit: str | None, t_start_ms: float | None, t_stop_ms: float | None) -> SpikeData:
    """Read a table of spikes; see `metastable.spikes.read`.

    Raises
    ------
    ValueError
        If it is no such table.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        if "\0" in text:
            raise ValueError
    except ValueError:
        raise ValueError(f"{path.name} is not a text file in UTF-8; save it as CSV in this encoding.") from None
    table = _table(path, text)
    header = next(filter(None, map(parse_header, table.comments)), None)
    said = table.names[table.time].removeprefix("time").removeprefix("_") or None
    if said and unit not in (None, said):
        raise ValueError(f"{path.name} says that its times are in {said}; leave out unit={unit!r}.")
    columns: dict[str, Any] = _at_once(table) or _row_by_row(path, table)
    if not columns["time"].size and header is None:
        raise ValueError(f"{path.name} holds no spikes, only the names of the columns; give a row for each spike.")
    if header is None:
        columns |= {"unit": unit or said or "ms", "source": path.name}
        return from_table(**columns, t_start_ms=t_start_ms, t_stop_ms=t_stop_ms)
    refuse_window(path.name, t_start_ms, t_stop_ms)
    return _rebuilt(header, columns, path.name)


class _Table(NamedTuple):
    """What the first lines of a text say about the others.

    Parameters
    ----------
    comments : list of str
        Lines before the table, without their marks.
    names : list of str
        Of the columns.
    time : int
        Which of them is the time.
    delimiter : str or None
        None for white space.
    rows : str
        The lines of spikes.
    first : int
        The line of the file that they begin with.
    """

    comments: list[str]
    names: list[str]
    time: int
    delimiter: str | None
    rows: str
    first: int


def _table(path: Path, text: str) -> _Table:
    comments, line, begin, end = _beginning(text)
    delimiter = next((mark for mark in ("\t", ";", ",") if mark in line), None)
    if not line:
        raise ValueError(
            f"{path.name} is empty; it must hold columns neuron, time and perhaps trial, one row for each spike."
        )
    names = [_name(cell) for cell in _cells(path, [line], delimiter)[0]]
    if is_number(names[1] if len(names) > 1 else ""):
        # numpy.savetxt writes the names as a comment.
        commented = [_name(cell) for cell in (comments[-1].split(delimiter) if comments else [])]
        if len(commented) == len(names) and "neuron" in commented:
            names = commented
        elif len(names) > 3:
            raise ValueError(f"{path.name} has {len(names)} columns without names; {_WANTED}.")
        else:
            names = ["neuron", "time", "trial"][: len(names)]
    else:
        begin = end
    stated = [k for k, name in enumerate(names) if name in ("time", "time_ms", "time_s")]
    if "neuron" not in names or len(stated) != 1 or len(set(names)) != len(names):
        raise ValueError(f"{path.name} has the columns {', '.join(names)[:80]!r}; {_WANTED}.")
    return _Table(comments, names, stated[0], delimiter, text[begin:], text.count("\n", 0, begin) + 1)


def _name(cell: str) -> str:
    """Return the name of a column as it is looked for: ``Time (ms)`` is ``time_ms``."""
    return re.sub(r"^time ?[(\[](m?s)[)\]]$", r"time_\1", cell.strip().lower())


def _beginning(text: str) -> tuple[list[str], str, int, int]:
    """Return the comments before a table, its first line, where that begins, and where the next one does."""
    comments: list[str] = []
    at = 0
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end]
        if line.startswith("#"):
            comments.append(line.lstrip("# "))
        elif line.strip():
            return comments, line, at, end + 1
        at = end + 1
    return comments, "", at, at


def _rebuilt(header: dict[str, Any], columns: dict[str, Any], source: str) -> SpikeData:
    labels = {name: columns[name] for name in ("neuron", "trial") if columns[name] is not None}
    times = columns["time"]
    if times.dtype.kind == "U" and not all(map(is_number, times.tolist())):
        raise damaged(source, "its times must be numbers")
    try:
        time_ms = times.astype(np.float64)
        names = {name: names_of(header, name) for name in labels}
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise damaged(source, error) from None
    if any(values.dtype.kind not in "iu" and values.size for values in labels.values()):
        raise damaged(source, "its neurons and trials must be whole numbers")
    if header.get("named"):
        labels = {name: places_of(labels[name], names[name], source=source, kind=name) for name in labels}
    index = {name: values.astype(np.int64) for name, values in labels.items()}
    return rebuild(header, source=source, time_ms=time_ms, neuron=index["neuron"], trial=index.get("trial"))


def _at_once(table: _Table) -> dict[str, Any] | None:
    """Return the columns of a clean table of numbers; None where it is anything else, to be looked at row by row."""
    names = [name if name in ("neuron", "trial") else "time" for name in table.names]
    if len(set(names)) != len(names):
        return None
    # Whole numbers first; numpy.savetxt writes them like all others, 7.000000000000000000e+00.
    for kind in (np.int64, np.float64):
        dtype = [(name, np.float64 if name == "time" else kind) for name in names]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                found = np.loadtxt(
                    io.StringIO(table.rows), dtype=dtype, delimiter=table.delimiter, comments=None, ndmin=1
                )
            except (ValueError, Warning):
                continue
        columns = {name: np.ascontiguousarray(found[name]) for name in names}
        labels = [values for name, values in columns.items() if name != "time"]
        if np.isfinite(columns["time"]).all() and (kind is np.int64 or all(map(_are_whole, labels))):
            return {"trial": None} | columns
        return None
    return None


def _are_whole(values: NDArray[np.float64]) -> bool:
    """Tell whether all are whole numbers that a float can tell apart."""
    return bool((np.abs(values) < 2**53).all() and (np.rint(values) == values).all())


def _row_by_row(path: Path, table: _Table) -> dict[str, Any]:
    """Return the columns of any table, or say in which line something is wrong."""
    numbered = [(k, line) for k, line in enumerate(table.rows.split("\n"), table.first) if line.strip()]
    numbers = [k for k, line in numbered if not line.startswith("#")]
    rows = _cells(path, [line for _, line in numbered if not line.startswith("#")], table.delimiter)
    odd = next((k for k, row in enumerate(rows) if len(row) != len(table.names)), None)
    if odd is not None:
        raise ValueError(
            f"line {numbers[odd]} of {path.name} has {len(rows[odd])} cells for {len(table.names)} columns; give one "
            "for each, and numbers with a decimal point."
        )

    def column(place: int) -> np.ndarray:
        cells = [row[place].strip() or "nan" for row in rows]
        missing = next((k for k, cell in enumerate(cells) if cell.lower() == "nan"), None)
        if missing is not None and place != table.time:
            raise ValueError(
                f"line {numbers[missing]} of {path.name} has no {table.names[place]}; give its number or name, or "
                "remove this row."
            )
        if cells and len(max(cells, key=len)) > _LONGEST_CELL:
            raise ValueError(
                f"the column {table.names[place]} of {path.name} holds a cell of over {_LONGEST_CELL} characters; "
                "write shorter numbers or names."
            )
        return np.array(cells, dtype=np.str_)

    return {
        "neuron": _plain(column(table.names.index("neuron"))),
        "time": column(table.time),
        "trial": _plain(column(table.names.index("trial"))) if "trial" in table.names else None,
        "lines": numbers,
    }


def _cells(path: Path, lines: list[str], delimiter: str | None) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=delimiter) if delimiter else map(str.split, lines))
    except csv.Error as error:
        raise ValueError(f"{path.name} is not a table: {error}; save it as CSV again.") from None


def _plain(cells: np.ndarray) -> np.ndarray:
    """Return whole numbers as they are written, other numbers as floats, and anything else as text."""
    if not all(map(is_number, cells.tolist())):
        return cells
    try:
        return cells.astype(np.int64)
    except (ValueError, OverflowError):
        return cells.astype(np.float64)
