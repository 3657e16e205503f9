"""The formats of files, by the ending of their names."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple


class Format(NamedTuple):
    """Who reads and writes a format; modules are imported when a file is met.

    Parameters
    ----------
    name : str
        For messages.
    module : str
        Of `metastable.spikes`.
    reader : str
        Its function from a path and options to spikes.
    writer : str or None
        Its function from spikes and a path to what was lost.
    options : tuple of str
        Those of `read` that it takes.
    library, extra : str or None
        What writing needs beside the package, and the extra that installs it.
    """

    name: str
    module: str
    reader: str
    writer: str | None
    options: tuple[str, ...]
    library: str | None = None
    extra: str | None = None


_WINDOW = ("t_start_ms", "t_stop_ms")
_CSV = Format("CSV", "_csv", "read_csv", "write_csv", ("unit", *_WINDOW))
_NEST = Format("NEST", "_nest", "read_nest", None, _WINDOW)

FORMATS = {
    ".npz": Format("npz", "_npz", "read_npz", "save_npz", ()),
    ".csv": _CSV,
    ".txt": _CSV,
    ".tsv": _CSV,
    ".mat": Format("MATLAB", "_matlab", "read_matlab", "write_matlab", ("unit", "variable", *_WINDOW)),
    ".nwb": Format("NWB", "_nwb", "read_nwb", "write_nwb", ("trials", *_WINDOW), "pynwb", "nwb"),
    ".h5": Format("SONATA", "_sonata", "read_sonata", "write_sonata", _WINDOW, "h5py", "sonata"),
    ".dat": _NEST,
    ".gdf": _NEST,
}
# What a person may try, and what to do instead.
_INSTEAD = {
    **dict.fromkeys((".gz", ".zip", ".bz2", ".xz", ".zst"), "unpack it first"),
    **dict.fromkeys((".xlsx", ".xls", ".ods", ".parquet"), "save its table as .csv"),
    **dict.fromkeys(
        (".nix", ".nio", ".nev", ".nex", ".plx"),
        "open such files by Neo, whose objects metastable.spikes.from_neo takes and to_neo makes",
    ),
}


def format_to_read(path: Path) -> Format:
    """Return the format of a file, or raise a sentence about its ending."""
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        advice = _INSTEAD.get(path.suffix.lower(), "rename it, or save it in one of these formats")
        raise ValueError(f"{path.name} has {_ending(path)}, which is none of {', '.join(FORMATS)}; {advice}.")
    return form


def format_to_write(path: Path) -> Format:
    """Return the format that a file is to have, or raise a sentence about its ending or a library that is missing."""
    form = FORMATS.get(path.suffix.lower())
    if form is None or form.writer is None:
        known = ", ".join(ending for ending, each in FORMATS.items() if each.writer)
        advice = _INSTEAD.get(path.suffix.lower(), "choose one of these")
        raise ValueError(f"{path.name} has {_ending(path)}, and what can be written is {known}; {advice}.")
    if form.library is not None and find_spec(form.library) is None:
        raise ImportError(f"writing {path.name} needs {form.library}: install metastable[{form.extra}].")
    return form


def _ending(path: Path) -> str:
    return f"the ending {path.suffix!r}" if path.suffix else "no ending"
