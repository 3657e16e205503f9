"""Time courses of a stimulus."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from metastable._validation import require_number
from metastable.figures._communities_raster import group_color
from metastable.figures._style import legend_below, resolve_axes, titled
from metastable.networks import Stimulus


def stimulus_course(found: Stimulus, *, until_ms: float | None = None, ax: Axes | None = None) -> Axes:
    """Draw the amplitude of each part, by default until a little after its last change."""
    if not found.parts:
        raise ValueError("the stimulus has no parts, and there is nothing to draw; add one with Stimulus.step.")
    changes = sorted({t for part in found.parts for t in part.time_ms if np.isfinite(t)})
    room = 0.2 * (changes[-1] - changes[0]) or max(100.0, 0.2 * abs(changes[-1]))
    start = min(0.0, changes[0] - room) if changes[0] < 0 else max(0.0, changes[0] - room)
    stop = changes[-1] + room if until_ms is None else require_number("until_ms", until_ms, above=start)
    time = np.linspace(start, stop, 4000)
    ax = resolve_axes(ax)
    for number, (part, values) in enumerate(zip(found.parts, found.values(time), strict=True)):
        label = repr(Stimulus((part,))).removeprefix("Stimulus: ")
        ax.plot(time, values, color=group_color(number), label=label)
    ax.set(xlabel="time (ms)", ylabel="drive added (units of the bias)", xlim=(start, stop))
    legend_below(ax, ncols=1)
    return titled(ax, "Stimulus", "parts add up where they reach the same neurons" if len(found.parts) > 1 else "")
