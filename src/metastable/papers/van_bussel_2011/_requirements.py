"""Figure 2: how many intervals are needed, and how many have to be looked at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable import figures
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.van_bussel_2011._protocol import (
    SPREAD_1,
    SPREAD_5,
    SPREAD_20,
    STRENGTHS,
    largest_error,
    record,
    wired_network,
)
from metastable.reconstruction import NeuronModel, reconstruct
from metastable.spikes import SpikeData

N = 20
SOURCES = {
    "drives": (f"{N} driving conditions", "outside"),
    "contiguous": ("segments in a row of one run", "uniform"),
    "spaced": ("segments spaced over a long run", "clustered"),
}
# Recordings are cut to what is needed; slow neurons need a few times the drive-free period of 31.64 ms.
_PERIOD_MS = 200.0
_LONG_MS = 45_000.0
# What is exact in the end, far above rounding and far below any weight.
FULL_MV = 1e-8
SPREADS = {"1 %": SPREAD_1, "20 %": SPREAD_20}


def accuracy_of(*, seed: int, source: str, index: int, n_isis: list[int]) -> Numbers:
    """Measure the largest error against the length of segments, in intervals of the slowest neuron."""
    wired = wired_network(seed=seed, index=index, kind="mixed", n_neurons=N)
    several = source == "drives"
    duration = max(n_isis) * _PERIOD_MS if several else _LONG_MS
    spikes = record(wired, seed=seed, duration_ms=duration, n_trials=N if several else 1, spread=SPREAD_5)
    drives = np.array(spikes.meta["drives_mv"])
    model = NeuronModel.of(wired, drive_mv=drives if several else np.repeat(drives, N, axis=0))
    errors = []
    for m in n_isis:
        cut = _segments(spikes, _starts(spikes, source, m), m)
        # Whole milliseconds are taken from times exactly, but a sum with the delay may then round another way.
        found = reconstruct(cut, model=model, rows="min-scan", tolerance_ms=1e-9, n_jobs=1, progress=False)
        errors.append(largest_error(found.weights, wired.weights))
    return {"n_isis": np.array(n_isis), "error": np.array(errors)}


def _starts(spikes: SpikeData, source: str, m: int) -> list[tuple[int, float]]:
    """Return the trial and the beginning of each segment."""
    if source == "drives":
        return [(trial, 0.0) for trial in range(N)]
    if source == "contiguous":
        return [(0, start) for start in _in_a_row(spikes, m)]
    return [(0, float(start)) for start in np.floor(np.arange(N) * _LONG_MS / N)]


def _in_a_row(spikes: SpikeData, m: int) -> list[float]:
    starts = [0.0]
    for _ in range(N - 1):
        starts.append(float(np.floor(_end(spikes, 0, starts[-1], m))))
    return starts


def _end(spikes: SpikeData, trial: int, start: float, m: int) -> float:
    """Return when the slowest neuron has completed `m` intervals after a start, or when the recording ends."""
    here = (spikes.trial == trial) & (spikes.time_ms >= start)
    time, neuron = spikes.time_ms[here], spikes.neuron[here]
    trains = (time[neuron == i] for i in range(spikes.n_neurons))
    return max(float(train[m]) if train.size > m else spikes.t_stop_ms for train in trains)


def _segments(spikes: SpikeData, parts: list[tuple[int, float]], m: int) -> SpikeData:
    """Return a recording with one trial per segment, times counted from its start in whole milliseconds."""
    time: list[NDArray[np.float64]] = []
    neuron: list[NDArray[np.int32]] = []
    for trial, start in parts:
        here = (spikes.trial == trial) & (spikes.time_ms >= start) & (spikes.time_ms <= _end(spikes, trial, start, m))
        time.append(spikes.time_ms[here] - start)
        neuron.append(spikes.neuron[here])
    return SpikeData(
        time_ms=np.concatenate(time),
        neuron=np.concatenate(neuron),
        trial=np.repeat(np.arange(len(parts)), [part.size for part in time]),
        n_neurons=spikes.n_neurons,
        n_trials=len(parts),
        t_stop_ms=float(np.ceil(max(part.max() for part in time))) + 1,
    )


def search_of(*, seed: int, n: int, density: float, spread: float, index: int) -> Numbers:
    """Measure the length of the search for intervals in one balanced network."""
    in_degree = max(2, round(density * n))
    wired = wired_network(seed=seed, index=index, figure="2B", kind="balanced", n_neurons=n, in_degree=in_degree)
    spikes = record(wired, seed=seed, duration_ms=2500.0, n_trials=n, spread=spread)
    found = reconstruct(spikes, model=wired, rows="min-scan", n_jobs=1, progress=False)
    return {
        "n": np.array(n),
        "length": np.array(found.search_length.mean()),
        "error": np.array(largest_error(found.weights, wired.weights)),
    }


def _jobs(scale: Scale) -> list[Job]:
    numbers = scale.numbers
    jobs = [
        Job(source, accuracy_of, {"source": source, "index": index, "n_isis": numbers["n_isis"]})
        for source in SOURCES
        for index in range(numbers["n_accuracy"])
    ]
    return jobs + [
        Job(f"search {name}, {density:g}, {n}", search_of, {"n": n, "density": density, "spread": spread, "index": k})
        for name, spread in SPREADS.items()
        for density in numbers["densities"]
        for n in numbers["search_n"]
        for k in range(numbers["n_search"])
    ]


def _lengths(results: Results, spread: str) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return sizes and search lengths, (n_networks, n_sizes), by density."""
    found: dict[str, dict[int, NDArray[np.float64]]] = {}
    for group in results.groups():
        if group.startswith(f"search {spread}"):
            density, n = group.split(", ")[1:]
            found.setdefault(density, {})[int(n)] = results.join(group, "length")
    return {
        density: (np.array(sorted(by_n), float), np.stack([by_n[n] for n in sorted(by_n)], axis=1))
        for density, by_n in found.items()
    }


def _needed(numbers: Numbers) -> float:
    """Return the fewest intervals per segment from which on the reconstruction is accurate."""
    bad = np.flatnonzero(numbers["error"] > FULL_MV)
    n_isis = numbers["n_isis"]
    first = 0 if not bad.size else bad[-1] + 1
    return float(n_isis[first]) if first < n_isis.size else np.nan


_DENSITY_COLORS = ("outside", "inside", "clustered")


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 3.1)
        left, *right = drawing.subplots(1, 3, width_ratios=[1.4, 1, 1])
        n_networks = len(results.every("drives"))
        for source, (label, color) in SOURCES.items():
            color = figures.COLORS[color]
            for k, numbers in enumerate(results.every(source)):
                left.plot(
                    numbers["n_isis"],
                    numbers["error"],
                    color=color,
                    marker="o",
                    markersize=2.5,
                    linewidth=1,
                    alpha=0.7,
                    label=None if k else label,
                )
        left.axhline(FULL_MV, color="#999999", linewidth=0.7, linestyle=":")
        left.set(xlabel="intervals per segment, slowest neuron", ylabel="largest error of a weight (mV)", yscale="log")
        # Lines cross every place inside of the panel.
        drawing.legend(handles=left.get_legend_handles_labels()[0], loc="outside lower left", ncols=3)
        figures.titled(left, "a  Data needed", f"{n_networks} networks of {N}; unknown weights count as 0")
        for ax, spread, letter in zip(right, SPREADS, "bc", strict=True):
            for (density, (sizes, lengths)), color in zip(
                _lengths(results, spread).items(), _DENSITY_COLORS, strict=False
            ):
                figures.curve_with_spread(
                    sizes, lengths, color=figures.COLORS[color], marker="o", label=f"P = {density}", ax=ax
                )
            ax.set(xlabel="N", xscale="log", ylim=(0, None))
            ax.set_xticks(sizes, labels=[f"{n:g}" for n in sizes])
            ax.set_xticks([], minor=True)
            figures.titled(ax, f"{letter}  Search length", f"drives within {spread}")
        right[0].set_ylabel("intervals scanned per segment")
        right[0].legend()
        top = max(ax.get_ylim()[1] for ax in right)
        for ax in right:
            ax.set_ylim(0, top)
    return drawing


def _claims(results: Results) -> list[Claim]:
    claims = [
        Claim(
            f"Intervals per segment for full accuracy, N = {N}, {label}",
            "not large: 7 to 8 (reference 4)" if source == "drives" else "an interval or two fewer from a long run",
            (0, 8.5) if source == "drives" else None,
            np.array([_needed(numbers) for numbers in results.every(source)]),
            note=f"Full: below {FULL_MV:g} mV from there on. Accepted: no more than in the paper. {STRENGTHS}",
        )
        for source, (label, _) in SOURCES.items()
    ]
    for spread in SPREADS:
        by_density = _lengths(results, spread)
        for density, (sizes, lengths) in by_density.items():
            middle = lengths[:, sizes >= 40]
            claims.append(
                Claim(
                    f"Search length at N = {sizes[-1]:g} over that at 40, P = {density}, drives within {spread}",
                    "about 1 (converges to a constant)",
                    (0.5, 1.5),
                    middle[:, -1] / middle[:, 0],
                    note=(
                        "Intervals scanned per segment until all neurons are represented; trials of 2.5 s. In sparser "
                        "networks single synapses are stronger, and more spikes are induced."
                    ),
                )
            )
            if spread == "20 %":
                claims.append(
                    Claim(
                        f"Search length, N from 40 to {sizes[-1]:g}, P = {density}, drives within {spread}",
                        "constant (reference about 3)",
                        (2, 4.5),
                        middle.mean(axis=1),
                        "intervals",
                        note=STRENGTHS,
                    )
                )
    return claims


FIGURE_2 = Figure(
    name="requirements",
    title="How much data is needed (Figure 2)",
    caption=(
        "a: largest error against the length of the segments that the paper's min-scan policy makes one equation each "
        "of; lines are networks of mixed signs. b and c: intervals that this policy looks at per segment in balanced "
        "networks, at the paper's 1 % of variation between drives and at 20 %."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
