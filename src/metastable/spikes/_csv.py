"""Spikes as text: one line for each, with or without the names of the columns."""

from __future__ import annotations

import csv
from itertools import chain, takewhile
from pathlib import Path
from typing import Any

import numpy as np

from metastable._files import whole_file
from metastable.spikes._header import all_different, header_of, names_of, parse_header, places_of, rebuild
from metastable.spikes._spike_data import SpikeData
from metastable.spikes._table import from_table, refuse_window

# An array of texts is as wide as its longest one: a single long cell would ask for gigabytes.
_LONGEST_CELL = 64


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
    columns = {"neuron": neuron.tolist(), "time_ms": _short(spikes).tolist()}
    if spikes.n_trials != 1:
        columns["trial"] = trial.tolist()
    mark = "\t" if path.suffix.lower() == ".tsv" else ","
    comment = f"# {header_of(spikes, named=named)}\n{mark.join(columns)}\n"
    rows = (f"{mark.join(map(repr, row))}\n" for row in zip(*columns.values(), strict=True))
    with whole_file(path) as file:
        file.write("".join(chain([comment], rows)).encode("ascii"))
    return ()


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
        raise ValueError(f"{path.name} is not a text file; save it as CSV with UTF-8 characters.") from None
    numbered = [(k, line) for k, line in enumerate(text.split("\n"), 1) if line.strip()]
    comments = [line.lstrip("# ") for _, line in takewhile(lambda entry: entry[1].startswith("#"), numbered)]
    header = next(filter(None, map(parse_header, comments)), None)
    columns = _columns(path, numbered, comments, unit, empty=header is not None)
    if header is None:
        return from_table(**columns, source=path.name, t_start_ms=t_start_ms, t_stop_ms=t_stop_ms)
    refuse_window(path.name, t_start_ms, t_stop_ms)
    return _rebuilt(header, columns, path.name)


def _rebuilt(header: dict[str, Any], columns: dict[str, Any], source: str) -> SpikeData:
    labels = {name: columns[name] for name in ("neuron", "trial") if columns[name] is not None}
    try:
        time_ms = columns["time"].astype(np.float64)
        names = {name: names_of(header, name) for name in labels}
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{source} is damaged: {str(error).rstrip('.')}.") from None
    if any(values.dtype.kind not in "iu" and values.size for values in labels.values()):
        raise ValueError(f"{source} is damaged: its neurons and trials must be whole numbers.")
    if header.get("named"):
        labels = {name: places_of(labels[name], names[name], source=source, kind=name) for name in labels}
    index = {name: values.astype(np.int64) for name, values in labels.items()}
    return rebuild(header, source=source, time_ms=time_ms, neuron=index["neuron"], trial=index.get("trial"))


def _columns(
    path: Path, numbered: list[tuple[int, str]], comments: list[str], unit: str | None, *, empty: bool
) -> dict[str, Any]:
    """Return the columns as `from_table` takes them; no spikes only where a header says so."""
    numbers = [k for k, line in numbered if not line.startswith("#")]
    lines = [line for _, line in numbered if not line.startswith("#")]
    delimiter = next((mark for mark in ("\t", ";", ",") if lines and mark in lines[0]), None)
    try:
        rows = list(csv.reader(lines, delimiter=delimiter) if delimiter else map(str.split, lines))
    except csv.Error as error:
        raise ValueError(f"{path.name} is not a table: {error}; save it as CSV again.") from None
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
    if "neuron" not in places or len(stated) != 1 or len(places) != len(names):
        listed = ", ".join(names)
        raise ValueError(
            f"{path.name} has the columns {listed[:80]!r}; it must have neuron, one of time, time_ms and time_s, "
            "and perhaps trial, each once."
        )
    said = stated[0].removeprefix("time").removeprefix("_") or None
    if said and unit not in (None, said):
        raise ValueError(f"{path.name} says that its times are in {said}; leave out unit={unit!r}.")
    if not rows and not empty:
        raise ValueError(f"{path.name} holds no spikes, only the names of the columns.")
    odd = next((k for k, row in enumerate(rows) if len(row) != len(names)), None)
    if odd is not None:
        raise ValueError(
            f"line {numbers[odd]} of {path.name} has {len(rows[odd])} cells for {len(names)} columns; give one for "
            "each, and numbers with a decimal point."
        )

    def column(name: str) -> np.ndarray:
        cells = [row[places[name]].strip() or "nan" for row in rows]
        if cells and len(max(cells, key=len)) > _LONGEST_CELL:
            raise ValueError(f"the column {name} of {path.name} holds a cell of over {_LONGEST_CELL} characters.")
        return np.array(cells, dtype=np.str_)

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
