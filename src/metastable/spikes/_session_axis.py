"""Trials one after the other on the time axis of a session, for formats that know no trials.

Trial k is shifted by k periods; time 0 of the first trial is time 0 of the session. Between trials lies a second in
which nothing happens: pynapple joins intervals that touch, and a window of analysis that reaches over the edge of a
trial should meet silence and not another trial.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_number
from metastable.spikes._damage import damaged
from metastable.spikes._header import header_of, parse_header, rebuild
from metastable.spikes._spike_data import SpikeData

_PAUSE_MS = 1000.0


def period_of(spikes: SpikeData) -> float:
    """Return the time from the beginning of one trial to that of the next, ms; on the grid if there is one."""
    if spikes.dt_ms is None:
        return math.ceil(spikes.duration_ms) + _PAUSE_MS
    return (round(spikes.duration_ms / spikes.dt_ms) + math.ceil(_PAUSE_MS / spikes.dt_ms)) * spikes.dt_ms


def lay_out(spikes: SpikeData) -> NDArray[Any]:
    """Return the times on the session's axis, (n_spikes,), ms."""
    period = period_of(spikes)
    if spikes.dt_ms is None:
        return spikes.time_ms + spikes.trial * period
    return (spikes.steps + spikes.trial * round(period / spikes.dt_ms)) * spikes.dt_ms


def trial_zeros(spikes: SpikeData) -> NDArray[Any]:
    """Return time 0 of each trial on the session's axis, (n_trials,), ms."""
    period = period_of(spikes)
    if spikes.dt_ms is None:
        return np.arange(spikes.n_trials) * period
    return np.arange(spikes.n_trials) * round(period / spikes.dt_ms) * spikes.dt_ms


def session_header(spikes: SpikeData) -> str:
    """Write all but the spikes themselves as one line, by which `rebuild_session` finds the trials again."""
    return header_of(spikes, period_ms=period_of(spikes))


def rebuild_session(header: dict[str, Any], *, source: str, time_ms: NDArray, neuron: NDArray) -> SpikeData:
    """Join the spikes of a session with its header.

    Parameters
    ----------
    header : dict
        What `parse_header` found in the file.
    source : str
        Name of the file, for messages.
    time_ms : ndarray, (n_spikes,), ms
        On the session's axis.
    neuron : ndarray of int, (n_spikes,)
        Indices, not names.

    Returns
    -------
    SpikeData

    Raises
    ------
    ValueError
        If they do not fit together.
    """
    try:
        time, trial = _take_apart(time_ms, header)
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(source, error) from None
    return rebuild(header, source=source, time_ms=time, neuron=neuron, trial=trial)


def _take_apart(time_ms: NDArray[np.float64], header: dict[str, Any]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return times in their trials, and the trials."""
    start, stop = (require_number(name, header[name]) for name in ("t_start_ms", "t_stop_ms"))
    period = require_number("period_ms", header["period_ms"], above=0)
    if header["n_trials"] == 1:
        time, trial = time_ms, np.zeros(time_ms.size, np.int64)
    else:
        # From the middle of the pause, so that no rounding puts a spike on the edge into another trial.
        trial = np.floor((time_ms - start + (period - (stop - start)) / 2) / period).astype(np.int64)
        time = time_ms - trial * period
    if header["dt_ms"] is None:
        # Rounding may have put a spike a few floats outside.
        last = np.nextafter(stop, -np.inf)
        slack = 4 * np.spacing(np.abs(time_ms).max(initial=1.0))
        time = np.where((time < start) & (time >= start - slack), start, time)
        time = np.where((time > last) & (time <= last + slack), last, time)
    return time, trial


def to_seconds(time_ms: NDArray[np.float64], dt_ms: float | None) -> NDArray[np.float64]:
    """Return times in s; for a grid that divides a second, the floats nearest to its fractions."""
    per_second = 0 if dt_ms is None else round(1000 / dt_ms)
    if dt_ms is None or abs(per_second * dt_ms - 1000) > 1e-9:
        return time_ms / 1000
    return np.rint(time_ms / dt_ms) / per_second


def lost_digits(spikes: SpikeData, time_ms: NDArray[np.float64], header: str) -> tuple[str, ...]:
    """Say how far times are from those that were written, if they are.

    Parameters
    ----------
    spikes : SpikeData
    time_ms : ndarray, (n_spikes,), ms
        On the session's axis, as they will be read.
    header : str
        That of the file.

    Returns
    -------
    tuple of str
        A phrase, or nothing: times on a grid are found again exactly.
    """
    if spikes.dt_ms is not None:
        return ()
    found, _ = _take_apart(time_ms, parse_header(header) or {})
    error = float(np.abs(found - spikes.time_ms).max(initial=0.0))
    return (f"the last digits of exact times (rounded by up to {error:.0e} ms)",) if error else ()
