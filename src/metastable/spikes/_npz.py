"""Spikes in an npz file: arrays without pickle, facts as a JSON header."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from metastable._validation import require_integer
from metastable.spikes._spike_data import SpikeData

_FORMAT = "metastable-spikes"
_FORMAT_VERSION = 1
_ARRAYS = ("time_ms", "neuron", "trial", "neuron_id", "trial_id", "cluster", "population")
# What zipfile, zlib and numpy raise for an archive that was cut or changed; RuntimeError is "encrypted",
# NotImplementedError (one of its kind) an unknown version or compression.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, TypeError, AttributeError, RuntimeError)
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
    target = Path(path)
    header = {"format": _FORMAT, "format_version": _FORMAT_VERSION}
    header |= {name: getattr(spikes, name) for name in _FACTS}
    arrays = {name: getattr(spikes, name) for name in _ARRAYS if getattr(spikes, name) is not None}
    # Named in the header too: a damaged zip directory can lose its last members without a complaint from zipfile.
    header["arrays"] = list(arrays)
    try:
        text = json.dumps(header)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"meta must be JSON-ready to be written: {error}; give plain numbers, texts and lists."
        ) from None
    if target.is_dir():
        raise IsADirectoryError(f"cannot write {target}: it is a folder; name a file in it.")
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"cannot write {target.name}: the folder {target.parent} does not exist; make it first."
        )
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    except OSError as error:
        raise OSError(f"cannot write {target}: {error.strerror}; choose a folder that can be written.") from None
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez_compressed(file, header=np.array(text), **arrays)
        # mkstemp makes private files; a result has the permissions any other new file would have.
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


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
    """
    source = Path(path)
    if not source.is_file():
        raise FileNotFoundError(f"there is no file {source}; check the path.")
    try:
        # Opened here because np.load leaves a file open that turns out to be no zip archive.
        with source.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            if "header" not in archive:
                raise ValueError(f"{source} is an npz file but not one of spikes written by metastable.")
            content: dict[str, Any] = {name: archive[name] for name in archive.files}
    except _DAMAGE as error:
        raise ValueError(f"{source} is damaged or not an npz file ({type(error).__name__}); write it again.") from None
    except ValueError as error:
        if "written by metastable" in str(error):
            raise
        raise ValueError(f"{source} is damaged or not an npz file of plain arrays; write it again.") from None
    return _from_content(source, content)


def _from_content(source: Path, content: dict[str, Any]) -> SpikeData:
    foreign = ValueError(f"{source} is an npz file but not one of spikes written by metastable.")
    try:
        header = json.loads(str(content.pop("header")))
        if header["format"] != _FORMAT:
            raise foreign
        version = require_integer("format_version", header["format_version"])
    except (json.JSONDecodeError, KeyError, TypeError):
        raise foreign from None
    if version > _FORMAT_VERSION:
        raise ValueError(f"{source} has format version {version}, newer than {_FORMAT_VERSION}; update metastable.")
    try:
        missing = set(header["arrays"]).symmetric_difference(content)
        if missing:
            raise ValueError(f"the arrays {sorted(missing)} are not as its header says.")
        return SpikeData(**{name: header[name] for name in _FACTS}, **content)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{source} is damaged: {error}") from None
