"""Spikes into files of other programs."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from pathlib import Path

from metastable._display import Displayed
from metastable._files import require_writable
from metastable._validation import require_instance, require_path
from metastable.spikes._formats import format_to_write
from metastable.spikes._spike_data import SpikeData


@dataclass(frozen=True, kw_only=True, repr=False)
class Written(Displayed):
    """What `write` wrote, and what the format could not hold; prints as one line.

    Parameters
    ----------
    path : Path
        The file.
    what : str
        Numbers of spikes, neurons and trials, and the format.
    lost : tuple of str
        What does not come back from the file, one phrase each; empty if all does.
    """

    path: Path
    what: str
    lost: tuple[str, ...]

    def __repr__(self) -> str:
        return f"{self.what} written to {self.path}; {'lost: ' + ', '.join(self.lost) if self.lost else 'nothing lost'}"


def require_target(path: Path) -> None:
    """Raise what `write` would raise about its path, before the work whose spikes are to be written.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ValueError
        If the ending is unknown.
    OSError
        If the folder does not exist or cannot be written, or there is a folder of that name.
    ImportError
        If the library for the format is missing.
    """
    require_writable(path)
    format_to_write(path)


def write(spikes: SpikeData, path: str | os.PathLike[str]) -> Written:
    """Write spikes to a file, in the format of its ending.

    The file appears whole or not at all, and an existing one is replaced. `read` gives the same recording back, trials,
    silent neurons, labels and ``meta`` included, but for what the result calls lost; beside what the format itself
    knows, a line of JSON in the file holds the rest. Objects of Neo and pynapple are made in memory, by `to_neo` and
    `to_pynapple`, and saved by these packages.

    Parameters
    ----------
    spikes : SpikeData
    path : path_like
        By its ending:

        * ``.npz``: the package's own format;
        * ``.csv``, ``.tsv``, ``.txt``: columns neuron, time_ms and, if there are trials, trial, after one comment;
        * ``.mat``: a MATLAB variable ``spks`` with the columns neuron, time in s and perhaps trial, and ``metastable``,
          the text for ``jsondecode``;
        * ``.nwb``: Neurodata Without Borders (needs pynwb): units and trials on one axis, in s;
        * ``.h5``: SONATA spikes (needs h5py): populations of nodes, trials on one axis, in ms.

    Returns
    -------
    Written
        Print it to see what was written and what was lost.

    Raises
    ------
    ValueError
        If the ending is unknown, or the format cannot hold these spikes: trials one after the other that are too long
        for floats, for instance.
    TypeError
        If ``meta`` cannot be written as JSON.
    OSError
        If the folder does not exist or cannot be written, or there is a folder of that name.
    ImportError
        If the library for the format is missing.

    Examples
    --------
    >>> import metastable as mst, pathlib, tempfile
    >>> spikes = mst.SpikeData(time_ms=[1.5, 2], neuron=[0, 2], n_neurons=4, t_stop_ms=3, dt_ms=0.1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = mst.spikes.write(spikes, pathlib.Path(folder) / "a.csv")
    ...     again = mst.spikes.read(written.path)
    >>> written.what, written.lost
    ('2 spikes of 4 neurons in 1 trial as CSV', ())
    >>> again.n_neurons, again.dt_ms
    (4, 0.1)
    """
    require_instance("spikes", spikes, SpikeData, do="build metastable.SpikeData")
    target = require_path("path", path)
    form = format_to_write(target)
    module = importlib.import_module(f"metastable.spikes.{form.module}")
    lost = getattr(module, str(form.writer))(spikes, target)
    counts = ((spikes.n_spikes, "spike"), (spikes.n_neurons, "neuron"), (spikes.n_trials, "trial"))
    n_spikes, n_neurons, n_trials = (f"{count:,} {name}{'' if count == 1 else 's'}" for count, name in counts)
    return Written(path=target, what=f"{n_spikes} of {n_neurons} in {n_trials} as {form.name}", lost=tuple(lost or ()))
