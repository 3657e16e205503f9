"""Neo: a block whose segments are trials, with one spike train for each neuron."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from metastable._validation import require_instance, shown
from metastable.spikes._header import header_of, parse_header, rebuild
from metastable.spikes._spike_data import SpikeData
from metastable.spikes._table import from_table

_HEADER = "metastable"


def to_neo(spikes: SpikeData) -> Any:
    """Return the spikes as a block of Neo, for Elephant and others.

    Nothing is lost: trials are segments, each neuron has a train in each of them, and what trains do not say is an
    annotation of the block.

    Parameters
    ----------
    spikes : SpikeData

    Returns
    -------
    neo.Block
        Trains in ms, with the annotations ``neuron_id`` and, where there are labels, ``population`` and ``cluster``.

    Raises
    ------
    ImportError
        If Neo is missing.
    TypeError
        If ``meta`` cannot be written as JSON.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[1, 2], neuron=[0, 0], trial=[0, 1], n_neurons=3, n_trials=2, t_stop_ms=4)
    >>> block = mst.spikes.to_neo(spikes)
    >>> len(block.segments), len(block.segments[0].spiketrains)
    (2, 3)
    >>> mst.spikes.from_neo(block).n_spikes
    2
    """
    require_instance("spikes", spikes, SpikeData, do="build metastable.SpikeData")
    neo = _neo()
    block = neo.Block(name="metastable", **{_HEADER: header_of(spikes)})
    window = {"t_start": spikes.t_start_ms, "t_stop": spikes.t_stop_ms, "units": "ms"}
    if spikes.dt_ms is not None:
        kilohertz = importlib.import_module("quantities").kHz
        window["sampling_rate"] = 1 / spikes.dt_ms * kilohertz
    labels: dict[str, list[Any]] = {"neuron_id": spikes.neuron_id.tolist()}
    if spikes.population is not None:
        labels["population"] = spikes.population.tolist()
    if spikes.cluster is not None:
        labels["cluster"] = spikes.cluster.tolist()
    rows = [dict(zip(labels, values, strict=True)) for values in zip(*labels.values(), strict=True)]
    for trial in range(spikes.n_trials):
        part = slice(*spikes.trial_offsets[trial : trial + 2])
        neuron = spikes.neuron[part]
        order = np.argsort(neuron, kind="stable")
        ends = np.cumsum(np.bincount(neuron, minlength=spikes.n_neurons))[:-1]
        segment = neo.Segment(index=trial, trial_id=int(spikes.trial_id[trial]))
        pieces = np.split(spikes.time_ms[part][order], ends) if spikes.n_neurons else []
        segment.spiketrains = [neo.SpikeTrain(times, **window, **row) for times, row in zip(pieces, rows, strict=True)]
        block.segments.append(segment)
    return block


def from_neo(source: Any) -> SpikeData:
    """Take the spike trains of Neo.

    Parameters
    ----------
    source : neo.Block, neo.Segment, or list of neo.SpikeTrain or of neo.Segment
        The segments of a block or list are trials. Trains of different segments belong to one neuron if they have the
        same annotation ``neuron_id``, a number or a name, or the same place where no train has one. Names go to
        ``meta["neuron_names"]``.

    Returns
    -------
    SpikeData
        With exact times, but for blocks of `to_neo`, which come back as they were. The window goes from the first start
        of a train to the last stop; where segments lie at different times of a session and are equally long, times
        are relative to the starts of their segments.

    Raises
    ------
    TypeError
        If it is none of these.
    ValueError
        If segments have different numbers of trains, or windows of different lengths, or only some trains have a
        ``neuron_id``.

    Examples
    --------
    See `to_neo`.
    """
    neo = _neo()
    if isinstance(source, neo.Block):
        segments, text = [list(segment.spiketrains) for segment in source.segments], source.annotations.get(_HEADER)
    elif isinstance(source, neo.Segment):
        segments, text = [list(source.spiketrains)], None
    elif isinstance(source, Sequence) and source and all(isinstance(each, neo.Segment) for each in source):
        segments, text = [list(segment.spiketrains) for segment in source], None
    elif isinstance(source, Sequence) and all(isinstance(train, neo.SpikeTrain) for train in source):
        segments, text = [list(source)], None
    else:
        raise TypeError(
            f"source must be a Block, a Segment, or a list of SpikeTrains or of Segments, got {shown(source)}; give "
            "one of Neo's."
        )
    header = parse_header(text) if isinstance(text, str) else None
    rows = [[_milliseconds(train) for train in segment] for segment in segments]
    places = [np.repeat(np.arange(len(row)), [each.size for each in row]) for row in rows]
    neuron = np.concatenate([*places, np.zeros(0, np.int64)])
    trial = np.repeat(np.arange(len(rows)), [sum(each.size for each in row) for row in rows])
    time_ms = np.concatenate([each for row in rows for each in row] + [np.zeros(0)])
    if header is not None:
        return rebuild(header, source="the block", time_ms=time_ms, neuron=neuron, trial=trial)
    return _foreign(segments, time_ms, neuron, trial)


def _foreign(segments: list[list[Any]], time_ms: np.ndarray, neuron: np.ndarray, trial: np.ndarray) -> SpikeData:
    if not any(segments):
        raise ValueError("there are no spike trains in it; give a block or segment that holds some.")
    names = _names([train.annotations.get("neuron_id") for segment in segments for train in segment])
    if names is not None:
        counts = np.cumsum([0, *map(len, segments)])
        different, place = np.unique(names, return_inverse=True)
        known = np.arange(different.size)
        neuron = place[counts[trial] + neuron]
    elif len({len(segment) for segment in segments}) > 1:
        raise ValueError(
            f"segments have {sorted({len(segment) for segment in segments})} trains, and nothing says whose they are; "
            "annotate trains with neuron_id."
        )
    else:
        different = known = np.arange(len(segments[0]))
    windows = np.array([_window(segment) for segment in segments])
    if np.ptp(windows, axis=0).max() > 0:
        if np.ptp(np.diff(windows, axis=1)) > 1e-6:
            raise ValueError(
                "the segments are of different lengths; cut them by time_slice to trials that are equally long."
            )
        starts, (start, stop) = windows[:, 0], (0.0, float(np.diff(windows, axis=1).max()))
        # The subtraction may round a spike below the start, or onto the end.
        time_ms = np.clip(time_ms - starts[trial], start, np.nextafter(stop, -np.inf))
    else:
        start, stop = windows[0]
    # Neo's trains may hold a spike at their stop; the window here is half-open.
    stop = np.nextafter(stop, np.inf) if time_ms.size and time_ms.max() == stop else stop
    found = from_table(
        neuron=neuron,
        time=time_ms,
        trial=trial,
        unit="ms",
        source="the Neo object",
        t_start_ms=float(start),
        t_stop_ms=float(stop),
        neurons=known,
        trials=np.arange(len(segments)),
    )
    if different.dtype.kind == "U":
        return replace(found, meta=found.meta | {"neuron_names": different.tolist()})
    return replace(found, neuron_id=different)


def _names(annotated: list[Any]) -> np.ndarray | None:
    """Return whose each train is, by number or by name; None where nothing says it."""
    without = sum(each is None for each in annotated)
    if without == len(annotated):
        return None
    if without:
        raise ValueError(
            f"{without} of {len(annotated)} trains have no annotation neuron_id and the others have one; annotate all "
            "or none."
        )
    if all(isinstance(each, str) for each in annotated):
        return np.array(annotated, np.str_)
    if all(isinstance(each, int | np.integer) and -(2**63) <= each < 2**63 for each in annotated):
        return np.array(list(map(int, annotated)), np.int64)
    raise ValueError(
        f"the annotations neuron_id must all be whole numbers below 2^63, or all be names, got {shown(annotated)}; "
        "annotate the trains anew."
    )


def _milliseconds(train: Any) -> np.ndarray:
    # Conversion takes longer than all the rest of a short train.
    in_ms = train if train.dimensionality.string == "ms" else train.rescale("ms")
    return np.asarray(in_ms.magnitude, np.float64)


def _window(segment: list[Any]) -> tuple[float, float]:
    starts = [float(train.t_start.rescale("ms")) for train in segment]
    stops = [float(train.t_stop.rescale("ms")) for train in segment]
    if not starts:
        raise ValueError("a segment has no trains, and so no window; leave it out.")
    return min(starts), max(stops)


def _neo() -> Any:
    try:
        return importlib.import_module("neo")
    except ImportError:
        raise ImportError("this needs Neo: install metastable[neo].") from None
