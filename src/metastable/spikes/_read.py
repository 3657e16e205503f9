"""Recordings from files of this and other programs."""

from __future__ import annotations

import importlib
import os
from typing import Any

import numpy as np

from metastable._validation import require_choice, require_path, require_truth
from metastable.spikes._formats import format_to_read
from metastable.spikes._spike_data import SpikeData
from metastable.spikes._table import refuse_window


def read(
    path: str | os.PathLike[str],
    *,
    unit: str | None = None,
    variable: str | None = None,
    trials: bool = False,
    t_start_ms: float | None = None,
    t_stop_ms: float | None = None,
) -> SpikeData:
    r"""Read spikes from a file.

    What `write` wrote comes back as it was. Files are never trusted: nothing in them is executed, what they claim to
    hold is compared with their size before memory is taken, and one that is damaged is refused in a sentence.

    Files of Neo are opened by Neo itself, and other objects in memory are taken by `from_neo`, `from_pynapple`,
    `from_nest`, `from_brian2` and `from_spikeinterface`.

    Parameters
    ----------
    path : path_like
        By its ending:

        * ``.npz``: written by this package, or the TsGroup or Ts that pynapple saved, without its metadata;
        * ``.csv``, ``.tsv``, ``.txt``: columns neuron, time and, if there are trials, trial, in this order or named in
          a first line, that may be a comment; ``time_ms`` or ``time_s`` there gives the unit;
        * ``.mat``: a variable ``spks`` whose columns are neuron, time and perhaps trial, of any version of MATLAB;
        * ``.nwb``: the units of a Neurodata Without Borders file (needs h5py);
        * ``.h5``: the spikes of a SONATA file (needs h5py), where each population numbers its nodes;
        * ``.dat``, ``.gdf``: what a spike recorder of NEST wrote; `from_nest` joins the files of several processes.
    unit : {"ms", "s"}, optional
        Of the times. By default what the file says, ms for tables that do not say, and s for MATLAB.
    variable : str, optional
        For ``.mat``: the name of the variable, ``spks`` by default.
    trials : bool
        For ``.nwb``: cut the session into the trials of its trials table, with times relative to their starts. Trials
        of different lengths need `t_start_ms` and `t_stop_ms`, the window of each trial relative to its start. False
        for one uninterrupted trial, which is the default for files of other programs.
    t_start_ms, t_stop_ms : float, ms, optional
        The recorded window, where the file does not hold it; by default from 0, or the earliest spike if that is
        negative, to the whole millisecond after the last spike.

    Returns
    -------
    SpikeData
        Of other programs' files, spikes in any order, and listed twice, are put in order and counted once. Names of
        neurons that are not whole numbers are in ``meta["neuron_names"]``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    IsADirectoryError
        If it is a folder.
    ValueError
        If the ending is unknown or the content is not a recording.
    MemoryError
        If it holds more than fits into memory.
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
    if source.is_dir():
        raise IsADirectoryError(f"cannot read {source}: it is a folder; name a file in it.")
    if not source.is_file():
        raise FileNotFoundError(f"there is no file {source}; check the path.")
    form = format_to_read(source)
    if unit is not None:
        require_choice("unit", unit, ("ms", "s"))
    require_truth("trials", trials)
    given: dict[str, Any] = {
        "unit": unit,
        "variable": variable,
        "trials": trials or None,
        "t_start_ms": t_start_ms,
        "t_stop_ms": t_stop_ms,
    }
    refused = {
        "unit": f"{source.name} states the unit of its times; leave out unit={unit!r}.",
        "variable": f"variable={variable!r} is for MATLAB files; leave it out for {source.name}.",
        "trials": f"trials=True is for NWB files; leave it out for {source.name}.",
    }
    for name, sentence in refused.items():
        if given[name] is not None and name not in form.options:
            raise ValueError(sentence)
    if "t_stop_ms" not in form.options:
        refuse_window(source.name, t_start_ms, t_stop_ms)
    reader = getattr(importlib.import_module(f"metastable.spikes.{form.module}"), form.reader)
    # Numbers beyond all floats become infinite, which is then refused in a sentence.
    with np.errstate(over="ignore", invalid="ignore"):
        return reader(source, **{name: value for name, value in given.items() if name in form.options})
