"""Recordings of Brian2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from metastable._validation import require_integer, require_number
from metastable.spikes._spike_data import SpikeData


def from_brian2(
    monitors: Any,
    *,
    n_neurons: int | None = None,
    dt_ms: float | None = None,
    t_start_ms: float = 0.0,
    t_stop_ms: float | None = None,
) -> SpikeData:
    """Take what spike monitors of Brian2 recorded.

    Parameters
    ----------
    monitors : SpikeMonitor or list of SpikeMonitor
        A list holds one for each trial. Anything with `i` and `t` will do, also the dict of
        ``monitor.get_states(["i", "t"])``; times are quantities, or numbers in s.
    n_neurons : int, optional
        How many there are, silent ones included; by default those of the monitor's source.
    dt_ms : float, ms, optional
        Step of the simulation; by default that of the monitor's clock. Times are exact where neither is known.
    t_start_ms, t_stop_ms : float, ms, optional
        The recorded window, with the end by default where the monitor's clock stands.

    Returns
    -------
    SpikeData

    Raises
    ------
    ValueError
        If number of neurons or end are given by nobody, or differ between trials.
    TypeError
        If it is no monitor.

    Examples
    --------
    >>> import metastable as mst
    >>> states = {"i": [0, 2, 1], "t": [0.0005, 0.001, 0.0015]}
    >>> mst.spikes.from_brian2(states, n_neurons=4, dt_ms=0.1, t_stop_ms=2).time_ms
    array([0.5, 1. , 1.5])
    """
    trials = list(monitors) if isinstance(monitors, Sequence) else [monitors]
    if not trials:
        raise ValueError("monitors is an empty list; give one monitor for each trial.")
    taken = [_indices_and_times(trial) for trial in trials]
    found = {
        "n_neurons": [_attribute(trial, "source", "N") for trial in trials],
        "dt_ms": [_attribute(trial, "clock", "dt") for trial in trials],
        "t_stop_ms": [_attribute(trial, "clock", "t") for trial in trials],
    }
    step = _same("dt_ms", dt_ms, found["dt_ms"], scale=1000)
    neurons = _same("n_neurons", n_neurons, found["n_neurons"], scale=1)
    end = _same("t_stop_ms", t_stop_ms, found["t_stop_ms"], scale=1000)
    for name, value in (("n_neurons", neurons), ("t_stop_ms", end)):
        if value is None:
            raise ValueError(f"the monitor does not know {name}; give {name}=.")
    if step is not None:
        step = _decimal(step)
    return SpikeData(
        time_ms=np.concatenate([time for _, time in taken]) * 1000,
        neuron=np.concatenate([index for index, _ in taken]),
        trial=np.repeat(np.arange(len(taken)), [time.size for _, time in taken]),
        n_neurons=require_integer("n_neurons", int(neurons or 0), minimum=0),
        n_trials=len(taken),
        t_start_ms=t_start_ms,
        t_stop_ms=_decimal(require_number("t_stop_ms", end)),
        dt_ms=step,
        meta={"source": "Brian2"},
    )


def _indices_and_times(monitor: Any) -> tuple[Any, Any]:
    get = monitor.get if isinstance(monitor, dict) else lambda name: getattr(monitor, name, None)
    index, time = get("i"), get("t")
    if index is None or time is None:
        raise TypeError(f"monitors must have i and t, got {type(monitor).__name__}; give a SpikeMonitor.")
    # A quantity becomes an array in its base unit, s.
    index, time = np.asarray(index), np.asarray(time, dtype=np.float64)
    if index.size and index.dtype.kind not in "iu":
        raise TypeError(f"i must hold whole numbers, got {index.dtype}; give a SpikeMonitor.")
    return index.astype(np.int64), time


def _attribute(monitor: Any, owner: str, name: str) -> float | None:
    value = getattr(getattr(monitor, owner, None), name, None)
    return None if value is None else float(np.asarray(value))


def _same(name: str, given: float | None, found: list[float | None], *, scale: float) -> float | None:
    """Return what was given, or what all trials have."""
    if given is not None:
        return require_number(name, given)
    known = {None if value is None else value * scale for value in found}
    if len(known) > 1:
        raise ValueError(f"the monitors of the trials differ in {name}, {sorted(map(str, known))}; give {name}=.")
    return known.pop()


def _decimal(value_ms: float) -> float:
    """Return the short decimal number that a person typed: 0.1 ms is 0.0001 s there, and 0.1 again here."""
    return float(f"{value_ms:.12g}")
