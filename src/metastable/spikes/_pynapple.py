"""pynapple: a TsGroup of neurons on the time axis of a session, in s, and an IntervalSet of trials."""

from __future__ import annotations

import importlib
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_instance, require_number
from metastable.spikes._header import all_different
from metastable.spikes._session_axis import lay_out, to_seconds, trial_zeros
from metastable.spikes._spike_data import SpikeData
from metastable.spikes._table import from_table

# pynapple rounds times to the nanosecond wherever it converts them.
_ROUNDING_MS = 1e-6


def to_pynapple(spikes: SpikeData) -> tuple[Any, Any]:
    """Return the spikes as objects of pynapple.

    Trials lie one after the other, with a pause of a second between them. Lost are ``meta`` and the step of the grid,
    for which there is no place, and the last digits of times, which are in s and rounded to the nanosecond in some
    operations: `from_pynapple` with ``dt_ms`` finds times on a grid exactly. Names of neurons that occur twice are
    replaced by 0, 1, 2, ..., and a matrix of no clusters leaves no trace.

    Parameters
    ----------
    spikes : SpikeData
        Of one trial or more, none of length 0.

    Returns
    -------
    units : pynapple.TsGroup
        Keys are names of neurons; metadata are ``order`` (the neuron's index) and, where there are such labels,
        ``population`` and ``cluster``, or ``cluster_0``, ``cluster_1``, ... for clusters that overlap.
    trials : pynapple.IntervalSet
        Metadata are ``trial_id`` and ``zero``, the time 0 of the trial on this axis, s.

    Raises
    ------
    ImportError
        If pynapple is missing.
    ValueError
        If there is no trial, or trials of no duration, which pynapple cannot hold, or they are too long for floats.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[1, 2], neuron=[0, 0], trial=[0, 1], n_neurons=3, n_trials=2, t_stop_ms=4)
    >>> units, trials = mst.spikes.to_pynapple(spikes)
    >>> mst.spikes.from_pynapple(units, trials=trials).spike_counts()
    array([[1, 0, 0],
           [1, 0, 0]])
    """
    require_instance("spikes", spikes, SpikeData, do="build metastable.SpikeData")
    if not spikes.n_trials or not spikes.duration_ms:
        raise ValueError(
            "pynapple holds trials of some duration and these spikes have none; give some of a trial or more."
        )
    nap = _pynapple()
    zero = trial_zeros(spikes)
    start, stop, zero_s = (
        to_seconds(each, spikes.dt_ms) for each in (zero + spikes.t_start_ms, zero + spikes.t_stop_ms, zero)
    )
    time_s = to_seconds(lay_out(spikes), spikes.dt_ms)
    order = np.argsort(spikes.neuron, kind="stable")
    ends = np.cumsum(np.bincount(spikes.neuron, minlength=spikes.n_neurons))[:-1]
    pieces = np.split(time_s[order], ends) if spikes.n_neurons else []
    names = spikes.neuron_id if all_different(spikes.neuron_id) else np.arange(spikes.n_neurons)
    metadata: dict[str, NDArray] = {"order": np.arange(spikes.n_neurons)}
    if spikes.population is not None:
        metadata["population"] = spikes.population
    if spikes.cluster is not None:
        overlapping = spikes.cluster.ndim == 2
        metadata |= {f"cluster_{k}": each for k, each in enumerate(spikes.cluster.T)} if overlapping else {}
        metadata |= {} if overlapping else {"cluster": spikes.cluster}
    # TsGroup sorts its keys, and takes metadata in that order.
    places = np.argsort(names)
    with warnings.catch_warnings():
        # A neuron that is silent has, for a moment, a support of no duration.
        warnings.simplefilter("ignore")
        trials = nap.IntervalSet(start=start, end=stop, metadata={"trial_id": spikes.trial_id, "zero": zero_s})
        units = nap.TsGroup(
            {int(names[k]): nap.Ts(pieces[k], time_support=trials) for k in places},
            time_support=trials,
            bypass_check=True,
            metadata={name: values[places] for name, values in metadata.items()} if spikes.n_neurons else None,
        )
    return units, trials


def from_pynapple(units: Any, *, trials: Any = None, dt_ms: float | None = None) -> SpikeData:
    """Take a TsGroup of pynapple.

    Parameters
    ----------
    units : pynapple.TsGroup
    trials : pynapple.IntervalSet, optional
        Equally long. Times are relative to their starts, or to ``zero`` among their metadata; what lies between them is
        left out. By default one uninterrupted trial, the time support.
    dt_ms : float, ms, optional
        Step of the grid that times are on, up to rounding to the nanosecond. By default times are exact.

    Returns
    -------
    SpikeData
        With ``population`` and ``cluster``, if metadata have such columns. Spikes at the same time are all kept.

    Raises
    ------
    TypeError
        If it is no TsGroup.
    ValueError
        If trials are not equally long, or times not on the grid.

    Examples
    --------
    See `to_pynapple`.
    """
    nap = _pynapple()
    require_instance("units", units, nap.TsGroup, do="give a TsGroup")
    window = units.time_support if trials is None else trials
    require_instance("trials", window, nap.IntervalSet, do="give an IntervalSet")
    start, stop = (1000 * np.asarray(values, np.float64) for values in (window.start, window.end))
    if trials is None:
        start, stop = start[:1], stop[-1:]
    if not start.size:
        raise ValueError("there are no trials; give an IntervalSet of one or more.")
    zero = np.zeros(1) if trials is None else start
    if trials is not None and "zero" in trials.metadata_columns:
        zero = 1000 * np.asarray(trials["zero"], np.float64)
    begin, end = _common("starts", start - zero, dt_ms), _common("stops", stop - zero, dt_ms)
    names = np.array(list(units.keys()), dtype=np.int64)
    pieces = [1000 * np.asarray(units[int(name)].index.values, np.float64) for name in names]
    neuron, time = np.repeat(names, [piece.size for piece in pieces]), np.concatenate([*pieces, np.zeros(0)])
    # Half a rounding before the start still belongs to the trial.
    first = (
        np.searchsorted(start - _ROUNDING_MS, time, side="right") - 1
        if trials is not None
        else np.zeros(time.size, int)
    )
    inside = (first >= 0) & (time <= stop[first] + _ROUNDING_MS)
    trial, neuron, time = first[inside], neuron[inside], time[inside] - zero[first[inside]]
    time = np.clip(time, begin, np.nextafter(end, -np.inf)) if dt_ms is None else _on_grid(time, dt_ms)
    found = from_table(
        neuron=neuron,
        time=time,
        trial=trial,
        unit="ms",
        source="the TsGroup",
        t_start_ms=begin,
        t_stop_ms=end,
        neurons=names,
        trials=np.arange(start.size),
        dt_ms=dt_ms,
        # Rounding to the nanosecond may have made one time of two.
        count_once=False,
    )
    return _labelled(found, units, trials)


def _labelled(found: SpikeData, units: Any, trials: Any) -> SpikeData:
    """Return neurons in their order, with the labels that metadata give them."""
    columns = {name: np.asarray(units[name]) for name in units.metadata_columns}
    order = np.argsort(columns["order"]) if "order" in columns else np.arange(found.n_neurons)
    place = np.empty(order.size, np.int32)
    place[order] = np.arange(order.size)
    cluster = columns.get("cluster")
    overlapping = [name for name in columns if name.startswith("cluster_") and name[8:].isdigit()]
    if overlapping:
        cluster = np.stack([columns[name] for name in sorted(overlapping, key=lambda name: int(name[8:]))], axis=1)
    population = columns.get("population")
    trial_id: Any = (
        np.asarray(trials["trial_id"]) if trials is not None and "trial_id" in trials.metadata_columns else None
    )
    return replace(
        found,
        neuron=place[found.neuron],
        cluster=None if cluster is None or cluster.dtype.kind not in "iub" else cluster[order],
        population=None if population is None else population[order].astype(np.str_),
        neuron_id=found.neuron_id[order],
        trial_id=trial_id,
    )


def _common(what: str, values: NDArray[np.float64], dt_ms: float | None) -> float:
    """Return the one value that all trials have, up to rounding."""
    if np.ptp(values) > 2 * _ROUNDING_MS:
        raise ValueError(f"the {what} of trials differ by {np.ptp(values):g} ms; give trials that are equally long.")
    rounded = float(np.round(values[0], 6))
    return rounded if dt_ms is None else float(_on_grid(np.array([rounded]), dt_ms)[0])


def _on_grid(time_ms: NDArray[np.float64], dt_ms: float) -> NDArray[np.float64]:
    """Return the nearest points of the grid, if pynapple's rounding alone lies between."""
    step = require_number("dt_ms", dt_ms, above=0)
    snapped = np.rint(time_ms / step) * step
    off = np.abs(snapped - time_ms) > max(2 * _ROUNDING_MS, 1e-3 * step)
    if off.any():
        raise ValueError(f"{off.sum()} times are not multiples of dt_ms={step:g}; give the step of the recording.")
    return snapped


def _pynapple() -> Any:
    try:
        return importlib.import_module("pynapple")
    except ImportError:
        raise ImportError("this needs pynapple: install metastable[pynapple].") from None
