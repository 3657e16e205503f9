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
from metastable.spikes._header import header_of, rebuild
from metastable.spikes._spike_data import SpikeData

_PAUSE_MS = 1000.0
# Beyond it a float cannot tell whole steps apart.
_MOST_STEPS = 2**53
# How far off its step a time may be read, in steps; further off is refused.
_ON_GRID = 1e-3


def period_of(spikes: SpikeData) -> float:
    """Return the time from the beginning of one trial to that of the next, ms; on the grid if there is one."""
    if spikes.dt_ms is None:
        return math.ceil(spikes.duration_ms) + _PAUSE_MS
    return _period_steps(spikes, spikes.dt_ms) * spikes.dt_ms


def lay_out(spikes: SpikeData) -> NDArray[Any]:
    """Return the times on the session's axis, (n_spikes,), ms."""
    if spikes.dt_ms is None:
        return spikes.time_ms + spikes.trial * period_of(spikes)
    # The trials of a long session take more steps than the 32 bits of their numbers hold.
    return (spikes.steps + spikes.trial.astype(np.int64) * _period_steps(spikes, spikes.dt_ms)) * spikes.dt_ms


def trial_zeros(spikes: SpikeData) -> NDArray[Any]:
    """Return time 0 of each trial on the session's axis, (n_trials,), ms."""
    trial = np.arange(spikes.n_trials, dtype=np.int64)
    if spikes.dt_ms is None:
        return trial * period_of(spikes)
    return trial * _period_steps(spikes, spikes.dt_ms) * spikes.dt_ms


def _period_steps(spikes: SpikeData, dt_ms: float) -> int:
    steps = round(spikes.duration_ms / dt_ms) + math.ceil(_PAUSE_MS / dt_ms)
    if spikes.n_trials > 1 and spikes.n_trials * steps > _MOST_STEPS:
        raise ValueError(_too_long(spikes))
    return steps


def _too_long(spikes: SpikeData) -> str:
    return (
        f"{spikes.n_trials} trials of {spikes.duration_ms:g} ms, one after the other, are too long for floats to tell "
        "their times apart; write .npz or .csv, which keep trials as they are."
    )


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


def lost_digits(spikes: SpikeData, time_ms: NDArray[np.float64]) -> tuple[str, ...]:
    """Say how far times will be from those that are written, if they will.

    Parameters
    ----------
    spikes : SpikeData
    time_ms : ndarray, (n_spikes,), ms
        On the session's axis, as they will be read.

    Returns
    -------
    tuple of str
        A phrase, or nothing: times on a grid are found again exactly.

    Raises
    ------
    ValueError
        If the session is so long that trials, or steps of a grid, would not be found again.
    """
    facts = {name: getattr(spikes, name) for name in ("t_start_ms", "t_stop_ms", "dt_ms", "n_trials")}
    found, trial = _take_apart(time_ms, facts | {"period_ms": period_of(spikes)})
    error = float(np.abs(found - spikes.time_ms).max(initial=0.0))
    if spikes.dt_ms is None:
        as_before = (found >= spikes.t_start_ms) & (found < spikes.t_stop_ms)
    else:
        as_before = np.abs(found - spikes.time_ms) < _ON_GRID * spikes.dt_ms
    if not (as_before & (trial == spikes.trial)).all():
        raise ValueError(_too_long(spikes))
    if spikes.dt_ms is not None:
        return ()
    return (f"the last digits of exact times (rounded by up to {error:.0e} ms)",) if error else ()
