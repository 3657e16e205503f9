"""What a table of spikes does not say, as one line of JSON that travels in files of any format."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_integer
from metastable.spikes._damage import damaged
from metastable.spikes._spike_data import SpikeData

_FORMAT = "metastable-spikes"
_VERSION = 1
# Longer lists of names 0, 1, 2, ... are written out, so that a short file cannot ask for much memory.
_MOST_UNNAMED = 10_000_000


class NewerError(ValueError):
    """A file that a later version wrote."""


def header_of(spikes: SpikeData, **more: Any) -> str:
    """Write all but the spikes themselves as one line of ASCII.

    Parameters
    ----------
    spikes : SpikeData
    **more
        What the format needs besides; JSON-ready.

    Returns
    -------
    str

    Raises
    ------
    TypeError
        If ``meta`` cannot be written as JSON.
    """
    lists = {name: getattr(spikes, name) for name in ("cluster", "population")}
    ids = {"neuron_id": spikes.neuron_id, "trial_id": spikes.trial_id}
    facts = {
        "format": _FORMAT,
        "format_version": _VERSION,
        "n_spikes": spikes.n_spikes,
        "n_neurons": spikes.n_neurons,
        "n_trials": spikes.n_trials,
        "t_start_ms": spikes.t_start_ms,
        "t_stop_ms": spikes.t_stop_ms,
        "dt_ms": spikes.dt_ms,
        **{name: None if _unnamed(value) else value.tolist() for name, value in ids.items()},
        **{name: None if value is None else value.astype(_plain(value)).tolist() for name, value in lists.items()},
        # A matrix without rows does not show its columns.
        "n_clusters": spikes.n_clusters if spikes.cluster is not None and spikes.cluster.ndim == 2 else None,
        **more,
        "meta": spikes.meta,
    }
    try:
        return json.dumps(facts)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(
            f"meta must be JSON-ready to be written: {error}; give plain numbers, texts and lists."
        ) from None


def parse_header(text: str) -> dict[str, Any] | None:
    """Return what `header_of` wrote, or None if this is something else."""
    if _FORMAT not in text:
        return None
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return header if isinstance(header, dict) and header.get("format") == _FORMAT else None


def rebuild(
    header: dict[str, Any], *, source: str, time_ms: NDArray, neuron: NDArray, trial: NDArray | None
) -> SpikeData:
    """Join the spikes of a file with its header.

    Parameters
    ----------
    header : dict
        From `parse_header`.
    source : str
        Name of the file, for messages.
    time_ms : ndarray, (n_spikes,), ms
    neuron, trial : ndarray of int, (n_spikes,)
        Indices, not names; trials may be left out where there is one.

    Returns
    -------
    SpikeData

    Raises
    ------
    ValueError
        If they do not fit together.
    """
    try:
        version = require_integer("format_version", header["format_version"])
        if version > _VERSION:
            raise NewerError(f"{source} has format version {version}, newer than {_VERSION}; update metastable.")
        if header["n_spikes"] != time_ms.size:
            raise ValueError(f"it says {header['n_spikes']} spikes but holds {time_ms.size}, so was cut or edited")
        counts = {name: require_integer(name, header[name], minimum=0) for name in ("n_neurons", "n_trials")}
        return SpikeData(
            time_ms=time_ms,
            neuron=neuron,
            trial=np.zeros(time_ms.size, int) if trial is None else trial,
            **counts,
            **{name: header[name] for name in ("t_start_ms", "t_stop_ms", "dt_ms", "population", "meta")},
            cluster=_clusters(header, counts["n_neurons"]),
            neuron_id=names_of(header, "neuron"),
            trial_id=names_of(header, "trial"),
        )
    except NewerError:
        raise
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise damaged(source, error) from None


def names_of(header: dict[str, Any], kind: str) -> NDArray[np.int64]:
    """Return the names of all neurons or trials.

    Raises
    ------
    ValueError
        If there are not as many as the header says.
    """
    count = require_integer(f"n_{kind}s", header[f"n_{kind}s"], minimum=0)
    listed = header[f"{kind}_id"]
    if listed is not None:
        names = np.asarray(listed)
        if names.shape != (count,) or (count and names.dtype.kind != "i"):
            raise ValueError(f"its header must name each of {count} {kind}s by a whole number")
        return names.astype(np.int64)
    if count > _MOST_UNNAMED:
        raise ValueError(f"its header says {count} {kind}s and does not list them")
    return np.arange(count)


def places_of(labels: NDArray, names: NDArray[np.int64], *, source: str, kind: str) -> NDArray[np.int64]:
    """Return the index of each label among the names, which are all different.

    Raises
    ------
    ValueError
        If a label is not among them.
    """
    order = np.argsort(names)
    place = np.searchsorted(names, labels, sorter=order)
    if labels.size and (not names.size or (names[order[np.minimum(place, names.size - 1)]] != labels).any()):
        raise damaged(source, f"a {kind} of its spikes is not in its header")
    return order[place] if labels.size else np.zeros(0, np.int64)


def all_different(names: NDArray[np.int64]) -> bool:
    """Tell whether names can stand for the neurons or trials."""
    return np.unique(names).size == names.size


def _unnamed(names: NDArray[np.int64]) -> bool:
    return names.size <= _MOST_UNNAMED and bool((names == np.arange(names.size)).all())


def _plain(array: NDArray) -> type:
    return int if array.dtype == bool else array.dtype.type


def _clusters(header: dict[str, Any], n_neurons: int) -> NDArray | None:
    if header["cluster"] is None:
        return None
    if header["n_clusters"] is None:
        return np.asarray(header["cluster"])
    if not n_neurons:
        # At most as wide as a matrix of truth values that could have been written.
        width = require_integer("n_clusters", header["n_clusters"], minimum=0, maximum=_MOST_UNNAMED)
        return np.zeros((0, width), bool)
    return np.asarray(header["cluster"])
