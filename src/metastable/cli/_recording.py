"""The part of a recording that a command is about."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metastable.cli._naming import SELECTION, naming

if TYPE_CHECKING:
    from metastable.spikes import SpikeData

# What the reader calls what a person typed.
_READ = {
    "trials=True": "--trials",
    "variable": "--variable",
    "unit=": "--unit=",
    "t_start_ms": "--start",
    "t_stop_ms": "--stop",
}


def read_window(
    file: Path, *, start_ms: float | None, stop_ms: float | None, **options: Any
) -> tuple[SpikeData, tuple[float, float]]:
    """Read a recording whose part from `start_ms` to `stop_ms` is wanted.

    Parameters
    ----------
    file : Path
    start_ms, stop_ms : float or None, ms
        What a person typed; the edges of the recording where it is None.
    **options
        Those of `metastable.spikes.read`.

    Returns
    -------
    spikes : SpikeData
        All of the recording, so that its neurons can be selected.
    window_ms : (float, float), ms
        What to select.
    """
    from metastable.spikes import read
    from metastable.spikes._table import StatedWindowError

    with naming(SELECTION | _READ):
        try:
            # Trials of different lengths have no common window but this one.
            given = {"t_start_ms": start_ms, "t_stop_ms": stop_ms} if options.get("trials") else {}
            spikes = read(file, **given, **options)
        except StatedWindowError:
            spikes = read(file, **options)
        if stop_ms is not None and stop_ms > spikes.t_stop_ms:
            # A table ends with its last spike; only its reader knows that the recording went on.
            with suppress(StatedWindowError):
                spikes = read(file, t_stop_ms=stop_ms, **options)
    return spikes, (
        spikes.t_start_ms if start_ms is None else start_ms,
        spikes.t_stop_ms if stop_ms is None else stop_ms,
    )
