"""Spikes in an npz file: arrays without pickle, facts as a JSON header."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from metastable._files import ForeignFileError, load_arrays, save_arrays
from metastable._validation import require_instance, require_integer, require_path
from metastable.spikes._damage import damaged
from metastable.spikes._pynapple_file import is_pynapple, read_pynapple
from metastable.spikes._spike_data import SpikeData

_FORMAT = "metastable-spikes"
_FORMAT_VERSION = 1
_ARRAYS = ("time_ms", "neuron", "trial", "neuron_id", "trial_id", "cluster", "population")
# A recording compresses to a tenth; this leaves room for the regular ones. What would shrink more is not compressed.
_LARGEST_EXPANSION = 200
_FACTS = ("n_neurons", "n_trials", "t_start_ms", "t_stop_ms", "dt_ms", "meta")


def save_npz(spikes: SpikeData, path: str | os.PathLike[str]) -> None:
    """Write spikes with their labels and provenance to an npz file.

    The file appears whole or not at all: it is written beside its place and renamed.

    Parameters
    ----------
    spikes : SpikeData
    path : path_like
        The file, usually ``something.npz``; an existing one is replaced.

    Raises
    ------
    OSError
        If the folder does not exist or cannot be written, or there is a folder of that name.
    TypeError
        If ``meta`` cannot be written as JSON.

    Examples
    --------
    >>> import metastable as mst, pathlib, tempfile
    >>> spikes = mst.SpikeData(time_ms=[1.0], neuron=[0], n_neurons=1, t_stop_ms=2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     mst.spikes.save_npz(spikes, pathlib.Path(folder) / "a.npz")
    ...     mst.spikes.load_npz(pathlib.Path(folder) / "a.npz").n_spikes
    1
    """
    require_instance("spikes", spikes, SpikeData, do="build metastable.SpikeData")
    target = require_path("path", path)
    header = {"format": _FORMAT, "format_version": _FORMAT_VERSION}
    header |= {name: getattr(spikes, name) for name in _FACTS}
    arrays = {name: getattr(spikes, name) for name in _ARRAYS if getattr(spikes, name) is not None}
    try:
        save_arrays(target, header, arrays, at_most=_LARGEST_EXPANSION)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(
            f"meta must be JSON-ready to be written: {error}; give plain numbers, texts and lists."
        ) from None


def load_npz(path: str | os.PathLike[str]) -> SpikeData:
    """Read spikes that `save_npz` wrote.

    Parameters
    ----------
    path : path_like

    Returns
    -------
    SpikeData

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, or is not one of this package's.

    Examples
    --------
    See `save_npz`.
    """
    source = require_path("path", path)
    if is_pynapple(source):
        raise ValueError(f"{source} was written by pynapple; read it by metastable.spikes.read.")
    foreign = ValueError(
        f"{source} is an npz file but not one of spikes written by metastable; build SpikeData from its arrays."
    )
    try:
        header, arrays = load_arrays(source, at_most=_LARGEST_EXPANSION)
    except ForeignFileError:
        raise foreign from None
    try:
        if header["format"] != _FORMAT:
            raise foreign
        version = require_integer("format_version", header["format_version"])
    except (KeyError, TypeError):
        raise foreign from None
    if version > _FORMAT_VERSION:
        raise ValueError(f"{source} has format version {version}, newer than {_FORMAT_VERSION}; update metastable.")
    try:
        if not {"neuron_id", "trial_id"} <= arrays.keys():
            # They would be made, as long as the header says.
            raise ValueError("neuron_id or trial_id is missing")
        content: dict[str, Any] = {**{name: header[name] for name in _FACTS}, **arrays}
        with np.errstate(over="ignore", invalid="ignore"):
            return SpikeData(**content)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise damaged(str(source), error) from None


def read_npz(path: Path) -> SpikeData:
    """Read what this package or pynapple wrote; see `metastable.spikes.read`."""
    return read_pynapple(path) if is_pynapple(path) else load_npz(path)
