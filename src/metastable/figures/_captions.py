"""Titles of drawings that are mostly panels of others, and bear none of their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from metastable._display import counted
from metastable.figures._communities_recurrence import recurrence_map
from metastable.figures._communities_spectra import MOST_COLOURED, coherence_curve, group_traces, power_spectra
from metastable.figures._multistability_map import multistability_map
from metastable.figures._raster import raster
from metastable.figures._statistics import correlations
from metastable.figures._style import legend_below, titled

_MOST_NAMED = 12


def _captioned(draw: Callable[..., Axes], caption: Callable[[Any, Axes, dict], tuple[str, str]]) -> Callable[..., Axes]:
    """Return a drawing with a title and a note; its options stay those of `draw`."""

    @wraps(draw)
    def drawn(found: Any, **options: Any) -> Axes:
        ax = draw(found, **options)
        return titled(ax, *caption(found, ax, options))

    return drawn


def _raster(found: Any, ax: Axes, options: dict) -> tuple[str, str]:
    trial = options.get("trial", 0)
    number = int(found.trial_offsets[trial + 1] - found.trial_offsets[trial])
    return (
        "Spikes",
        f"trial {trial} of {found.n_trials}, {counted(found.n_neurons, 'neuron')}, {counted(number, 'spike')}",
    )


def _traces(found: Any, ax: Axes, options: dict) -> tuple[str, str]:
    _name_groups(ax)
    return "Activity of groups", f"Gaussian of {found.sigma_ms:g} ms"


def _spectra(found: Any, ax: Axes, options: dict) -> tuple[str, str]:
    _name_groups(ax)
    number = np.count_nonzero(found.rate)
    shown = f"grey: each of {number:,}" if number > MOST_COLOURED else f"bands: {100 * found.level:g} % intervals"
    note = f"{shown}; peaks are {_bandwidth(found)} wide to either side"
    return "Power spectra", note if found.rate.any() else "no group has spikes"


def _coherence(found: Any, ax: Axes, options: dict) -> tuple[str, str]:
    return "Coherence", f"band: {100 * found.level:g} % interval; peaks are {_bandwidth(found)} wide to either side"


def _recurrence(found: Any, ax: Axes, options: dict) -> tuple[str, str]:
    return "Recurrence", f"{counted(found.n_trains, 'train')}, Gaussian of {found.sigma_ms:g} ms; yellow: silence"


def _plane(found: Any, ax: Axes, options: dict) -> tuple[str, str]:
    return "Degree of multistability", "lines: the boxes in which attractors exist" if options.get(
        "show_boxes", True
    ) else ""


def _correlations(found: Any, ax: Axes, options: dict) -> tuple[str, str]:
    return "Correlations of counts", f"{counted(found.n_pairs, 'pair')}, mean {found.mean:.3g}, sd {found.sd:.3g}"


def _bandwidth(found: Any) -> str:
    return f"{found.half_bandwidth_hz:.3g} Hz"


def _name_groups(ax: Axes) -> None:
    if 0 < len(ax.get_legend_handles_labels()[1]) <= _MOST_NAMED:
        legend_below(ax, ncols=4)


spikes = _captioned(raster, _raster)
group_activity = _captioned(group_traces, _traces)
power_spectrum = _captioned(power_spectra, _spectra)
coherence = _captioned(coherence_curve, _coherence)
recurrence = _captioned(recurrence_map, _recurrence)
multistability_plane = _captioned(multistability_map, _plane)
correlation_distribution = _captioned(correlations, _correlations)
