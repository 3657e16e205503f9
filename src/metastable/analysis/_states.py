"""Which group is active when, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from metastable import figures, statistics
from metastable.analysis._recording import fitting_width
from metastable.analysis._section import TITLES, Number, Section
from metastable.spikes import SpikeData
from metastable.statistics import ClusterStates

_SHORTEST_SMOOTHING_MS = 20.0
# Spikes of a group in the time it is smoothed over: with fewer, levels drown in noise.
_SPIKES_IN_SMOOTHING = 10
# A mean of fewer dwell times says little: of five, the interval of 95% goes from half to three times the mean.
_ENOUGH_ENDS = 5
_MOST_DRAWN, _MOST_SAMPLES_DRAWN = 20, 2000
# Fewer states are dots: bars of one or two show nothing of how they are distributed.
_FEW_STATES = 20


def states(spikes: SpikeData, labels: NDArray[np.int64], sigma_ms: float) -> Section:
    """Find active and inactive times of each group that was found, or else of each cluster that the file names."""
    title = TITLES["states"]
    source = "groups"
    if labels.max(initial=-1) < 0:
        if spikes.cluster is None or spikes.cluster.ndim != 1 or spikes.cluster.max(initial=-1) < 0:
            return Section(name="states", title=title, missing=("There are no groups whose states could be followed.",))
        source, labels = "clusters", spikes.cluster
    smoothing = _smoothing(spikes, labels, sigma_ms)
    bin_ms = fitting_width(spikes, min(smoothing / 2, spikes.duration_ms / 10))
    known = np.unique(labels[labels >= 0])
    compact = np.full(labels.size, -1)
    compact[labels >= 0] = np.searchsorted(known, labels[labels >= 0])
    rate = statistics.cluster_rates(spikes.with_labels(cluster=compact), bin_ms=bin_ms, smoothing_ms=smoothing)
    # Each group has thresholds of its own: groups of a recording differ in rate for other reasons than states.
    each = [statistics.cluster_states(rate[:, [k]], sample_ms=bin_ms) for k in range(rate.shape[1])]
    two = [found for found in each if found.found]
    up, down = (np.concatenate([_durations(f, state) for f in two]) if two else np.zeros(0) for state in (True, False))
    missing = []
    if len(two) < len(each):
        missing.append(
            f"{len(each) - len(two)} of {len(each)} {source} have no two levels of their rate that stand apart: "
            "they are always the same, or change by degrees."
        )
    if two:
        missing += [sentence for sentence in (_too_few(up, "active"), _too_few(down, "inactive")) if sentence]
    if rate.shape[1] > _MOST_DRAWN:
        missing.append(f"The figure shows the first {_MOST_DRAWN} of {rate.shape[1]} {source}.")
    return Section(
        name="states",
        title=title,
        explanation=(
            f"The rate of each of the {source}, smoothed over {smoothing:.3g} ms, with a bar above where it is active: "
            "above a threshold between two levels, if the rate has two. Dwell times are how long such a state lasts; "
            "states that the end of a trial cuts off count with the time seen (mean: whole time over number of ends)."
        ),
        numbers=(
            Number("n_groups_with_two_states", f"{source} that switch between two levels", len(two)),
            Number("n_up_states", "active states that ended", int(up.size)),
            Number("n_down_states", "inactive states that ended", int(down.size)),
            Number("mean_up_ms", "mean active dwell time", _mean_dwell(two, True), "ms"),
            Number("mean_down_ms", "mean inactive dwell time", _mean_dwell(two, False), "ms"),
            Number("active_fraction", "fraction of the recorded time active", _active_fraction(two)),
            Number("smoothing_ms", "smoothing of rates", smoothing, "ms"),
        ),
        missing=tuple(missing),
        results={
            "rates": rate,
            "states": tuple(each),
            "bin_ms": bin_ms,
            "up_ms": up,
            "down_ms": down,
            "names": [f"{source.removesuffix('s')} {number}" for number in known],
            "trial_id": spikes.trial_id,
        },
        draw=_draw,
    )


def _smoothing(spikes: SpikeData, labels: NDArray[np.int64], sigma_ms: float) -> float:
    """Return a width that holds some spikes of an ordinary group, but not more than a fiftieth of a trial, ms."""
    of_spike = labels[spikes.neuron]
    n_spikes = np.bincount(of_spike[of_spike >= 0], minlength=int(labels.max()) + 1)
    typical = float(np.median(n_spikes[np.unique(labels[labels >= 0])]))
    wanted = _SPIKES_IN_SMOOTHING * spikes.duration_ms * spikes.n_trials / max(typical, 1.0)
    wanted = max(wanted, 0.0 if np.isnan(sigma_ms) else sigma_ms)
    return float(np.clip(wanted, _SHORTEST_SMOOTHING_MS, max(spikes.duration_ms / 50, _SHORTEST_SMOOTHING_MS)))


def _durations(found: ClusterStates, state: bool) -> NDArray[np.float64]:
    lasting = found.up if state else found.down
    return lasting.duration_ms[lasting.ended]


def _mean_dwell(two: list[ClusterStates], state: bool) -> float:
    lasting = [found.up if state else found.down for found in two]
    n_ended = sum(each.n_ended for each in lasting)
    return sum(each.total_ms for each in lasting) / n_ended if n_ended >= _ENOUGH_ENDS else float("nan")


def _too_few(durations_ms: NDArray[np.float64], kind: str) -> str:
    if durations_ms.size >= _ENOUGH_ENDS:
        return ""
    seen = f"No {kind} state" if not durations_ms.size else f"Only {durations_ms.size} {kind} state"
    seen += "s" if durations_ms.size > 1 else ""
    return f"{seen} ended within a trial, and a mean dwell time needs {_ENOUGH_ENDS}: none is given for {kind} states."


def _active_fraction(two: list[ClusterStates]) -> float:
    return float(np.mean([found.active.mean() for found in two])) if two else float("nan")


def _draw(results: Mapping[str, Any]) -> Figure:
    rate, each, bin_ms, names = (results[name] for name in ("rates", "states", "bin_ms", "names"))
    trial = int(np.argmax(rate.sum(axis=(1, 2))))
    shown = range(min(rate.shape[1], _MOST_DRAWN))
    # Lines of more samples than the page has pixels are solid blocks.
    drawn = slice(min(rate.shape[2], _MOST_SAMPLES_DRAWN))
    time = (np.arange(drawn.stop) + 0.5) * bin_ms / 1000
    part = "" if len(results["trial_id"]) == 1 else f"trial {results['trial_id'][trial]}, "
    part += "" if drawn.stop == rate.shape[2] else f"first {drawn.stop * bin_ms / 1000:.3g} s, "
    with figures.style():
        drawing = figures.new_figure(7.2, 1.2 + 0.42 * max(len(shown), 3))
        left, right = drawing.subplots(1, 2, width_ratios=(2.6, 1))
        for k in shown:
            curve = rate[trial, k, drawn]
            top = max(float(curve.max()), 1e-9)
            left.plot(time, k + 0.75 * curve / top, color=figures.group_color(k), linewidth=0.8)
            active = np.where(each[k].active[trial, 0, drawn], k + 0.85, np.nan)
            left.plot(time, active, color=figures.group_color(k), linewidth=3, solid_capstyle="butt")
            left.annotate(
                f"{top:.3g}/s", (1, k + 0.35), (3, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                fontsize=6, color="#666666", va="center",
            )  # fmt: skip
        left.set(xlabel="time in the trial (s)", yticks=[k + 0.35 for k in shown], ylim=(-0.1, len(shown)))
        left.set_yticklabels([names[k] for k in shown])
        left.set_xlim(0, time[-1] + bin_ms / 2000)
        figures.titled(left, "Rates", f"{part}each up to its largest value, right; bars where active")
        pairs = [(results["up_ms"], "active", "#c0392b"), (results["down_ms"], "inactive", "#5d6d7e")]
        longest = max((float(values.max(initial=0)) for values, _, _ in pairs), default=0.0) / 1000
        if longest and sum(values.size for values, _, _ in pairs) < _FEW_STATES:
            for row, (values, label, color) in enumerate(pairs):
                right.plot(values / 1000, np.full(values.size, row), "o", color=color, label=label, alpha=0.6)
            right.set(xlabel="dwell time (s)", xlim=(0, 1.05 * longest), ylim=(-0.7, 1.7))
            right.set_yticks([0, 1], [label for _, label, _ in pairs])
        elif longest:
            edges = np.linspace(0, longest, 21).tolist()
            for values, label, color in pairs:
                right.hist(values / 1000, edges, histtype="step", color=color, label=label, linewidth=1.2)
            right.set(xlabel="dwell time (s)", ylabel="states that ended", xlim=(0, longest))
            right.yaxis.set_major_locator(MaxNLocator(integer=True))
            right.legend()
        else:
            right.set_axis_off()
            right.text(0.5, 0.5, "no state\nended", ha="center", va="center", color="#666666")
        figures.titled(right, "Dwell times")
    return drawing
