"""The formats of files, by the ending of their names."""

from __future__ import annotations

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
    """

    name: str
    module: str
    reader: str
    writer: str | None
    options: tuple[str, ...]


_WINDOW = ("t_start_ms", "t_stop_ms")
_CSV = Format("CSV", "_csv", "read_csv", "write_csv", ("unit", *_WINDOW))
_NEST = Format("NEST", "_nest", "read_nest", None, _WINDOW)

FORMATS = {
    ".npz": Format("npz", "_npz", "load_npz", "save_npz", ()),
    ".csv": _CSV,
    ".txt": _CSV,
    ".tsv": _CSV,
    ".mat": Format("MATLAB", "_matlab", "read_matlab", "write_matlab", ("unit", "variable", *_WINDOW)),
    ".nwb": Format("NWB", "_nwb", "read_nwb", "write_nwb", ("trials", *_WINDOW)),
    ".h5": Format("SONATA", "_sonata", "read_sonata", "write_sonata", _WINDOW),
    ".dat": _NEST,
    ".gdf": _NEST,
}
