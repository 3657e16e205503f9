"""A stimulus to some clusters, seen by every measure: variability, groups, states and similarity."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from metastable import figures, statistics
from metastable.networks import Stimulus
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.loop import _protocol as protocol
from metastable.papers.loop._protocol import BURN_IN_MS, KINDS
from metastable.spikes import SpikeData

Array = NDArray[np.float64]

# Onto the excitatory neurons of five of the 50 clusters: .07 thresholds, and 3 mV (.15 pA at 1 pF).
_AMPLITUDE = {"E": 0.07, "E/I": 3.0}
_N_STIMULATED = 5
# After the burn-in; what follows an onset immediately is left out, before and during are equally long.
_ON_MS, _SETTLED_MS, _PART_MS = 1500.0, 300.0, 1500.0
_PARTS = ("before", "during")
_GROUPS = ("stimulated", "other")
# A cluster is active above this rate, several times the mean of about 4 spikes/s.
ACTIVE = 20.0


def stimulated(*, seed: int, kind: str, network_index: int, n_trials: int, n_neurons: int) -> Numbers:
    """Simulate trials with a stimulus; measure stimulated clusters and the others before and during it."""
    start = BURN_IN_MS + _ON_MS
    spikes = protocol.record(
        seed=seed,
        kind=kind,
        strength=KINDS[kind].working_point,
        network_index=network_index,
        duration_ms=_ON_MS + _SETTLED_MS + _PART_MS,
        n_trials=n_trials,
        stimulus=Stimulus.step(_AMPLITUDE[kind], start_ms=start, clusters=range(_N_STIMULATED), population="E"),
    )
    windows = {"before": (start - _PART_MS, start), "during": (start + _SETTLED_MS, start + _SETTLED_MS + _PART_MS)}
    seen = protocol.some_neurons(spikes, n_neurons, seed + network_index)
    numbers: Numbers = {"n_trials": np.array(n_trials), "n_neurons": np.array(seen.n_neurons)}
    for part, window in windows.items():
        for name, value in _measures(spikes.select(time_ms=window), seen.select(time_ms=window), seed).items():
            numbers[f"{name} {part}"] = np.asarray(value)
    return numbers


def _measures(spikes: SpikeData, seen: SpikeData, seed: int) -> dict[str, Any]:
    """Measure one part of the trials: all neurons for rates, those seen for similarity and groups."""
    matrix = protocol.similarity(seen)
    fano = statistics.fano_factor(spikes, window_ms=protocol.FANO_WINDOW_MS, estimator="mean_of_ratios", ddof=1)
    rates = statistics.cluster_rates(spikes, bin_ms=protocol.RATE_BIN_MS, smoothing_ms=protocol.RATE_SMOOTHING_MS)
    states = statistics.cluster_states(rates, sample_ms=protocol.RATE_BIN_MS, threshold=ACTIVE)
    cluster, own = protocol.cluster_of(spikes), protocol.cluster_of(seen)
    found: dict[str, Any] = {
        "fano all": np.nanmean(fano) if np.isfinite(fano).any() else np.nan,
        "rand all": protocol.agreement(seen, matrix, seed),
        "active all": states.mean_active,
        "similarity": _by_cluster(matrix, own),
    }
    for group in _GROUPS:
        chosen = (cluster < _N_STIMULATED) == (group == "stimulated")
        inside = (own < _N_STIMULATED) == (group == "stimulated")
        clusters = np.arange(states.active.shape[1])
        of_group = (clusters < _N_STIMULATED) == (group == "stimulated")
        part = seen.select(neuron=np.flatnonzero(inside))
        values = fano[chosen]
        same = (own[:, None] == own)[np.ix_(inside, inside)] & ~np.eye(int(inside.sum()), dtype=bool)
        up = states.up
        found |= {
            f"fano {group}": np.nanmean(values) if np.isfinite(values).any() else np.nan,
            f"rand {group}": protocol.agreement(part, matrix[np.ix_(inside, inside)], seed),
            f"similar {group}": matrix[np.ix_(inside, inside)][same].mean() if same.any() else np.nan,
            f"share {group}": states.active[:, of_group].mean(),
            f"up {group}": up.select(of_group[up.cluster]).mean_ms if up.n_states else np.nan,
            f"rate {group}": rates[:, of_group].mean(),
        }
    return found


def _by_cluster(matrix: Array, cluster: NDArray[np.int32]) -> Array:
    """Return the mean similarity of the pairs of two clusters, (n_clusters, n_clusters)."""
    members = (cluster == np.arange(cluster.max() + 1)[:, None]).astype(float)
    sizes = members.sum(axis=1)
    pairs = np.outer(sizes, sizes) - np.diag(sizes)
    return np.divide(members @ matrix @ members.T, pairs, out=np.full(pairs.shape, np.nan), where=pairs > 0)


def _jobs(scale: Scale) -> list[Job]:
    numbers = scale.numbers
    return [
        Job(
            kind,
            stimulated,
            {
                "kind": kind,
                "network_index": index,
                "n_trials": numbers["quenching_trials"],
                "n_neurons": numbers["detection_neurons"],
            },
        )
        for kind in KINDS
        for index in range(numbers["n_quenching"])
    ]


_PANELS = (
    ("fano", "a  Fano factor", "Fano factor", f"{protocol.FANO_WINDOW_MS:g} ms, across trials, ddof 1"),
    ("share", "b  Active clusters", "share of time active", f"own rate above {ACTIVE:g} spikes/s"),
    ("up", "c  Active states", "mean duration (ms)", "time active over number of ends"),
    ("similar", "d  Similarity", "correlation", f"pairs within clusters, Gaussian of {protocol.SIGMA_MS:g} ms"),
    ("rand", "e  Groups found", "agreement (ARI)", "blind, in each set, standard resolution"),
)


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 5.4)
        axes: Any = drawing.subplots(2, 3)
        for ax, (name, title, label, note) in zip(axes.flat, _PANELS, strict=False):
            _draw_measure(results, name, ax)
            figures.titled(ax, title, note)
            ax.set_ylabel(label)
        axes[0, 0].axhline(1, color="#999999", linewidth=0.6, zorder=0)
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawing.legend(handles, labels, loc="outside lower center", ncols=4)
        _draw_similarity(results, drawing, axes[1, 2])
    return drawing


def _draw_measure(results: Results, name: str, ax: Axes) -> None:
    """Draw a measure before and during the stimulus, one line for each network and set of clusters."""
    for k, (kind, family) in enumerate(KINDS.items()):
        for group, color, style in (("stimulated", "inside", "-"), ("other", "uniform", "--")):
            values = np.stack([results.join(kind, f"{name} {group} {part}") for part in _PARTS], axis=1)
            marker = "os"[k]
            x = np.arange(2) + 2.6 * k
            for row in values:
                ax.plot(x, row, color=figures.COLORS[color], linewidth=0.6, alpha=0.5, linestyle=style)
            ax.plot(
                x,
                _mean(values),
                color=figures.COLORS[color],
                marker=marker,
                markersize=4,
                linestyle=style,
                label=f"{group} clusters, {family.title.split()[0]}",
            )
    ax.set_xticks([0, 1, 2.6, 3.6], labels=["before\nE", "during\nE", "before\nE/I", "during\nE/I"])
    ax.set(xlim=(-0.4, 4.0), ylim=(0, None))


def _mean(values: Array) -> Array:
    """Return means over networks where both parts are defined: without an active state there is no duration."""
    known = np.isfinite(values).all(axis=1)
    return values[known].mean(axis=0) if known.any() else np.full(values.shape[1], np.nan)


def _draw_similarity(results: Results, drawing, ax: Axes) -> None:
    first = results.first("E/I")
    n = 2 * _N_STIMULATED
    before, during = (first[f"similarity {part}"][:n, :n] for part in _PARTS)
    # Both triangles with their diagonals: during on the left, before on the right, a column further.
    shown = np.hstack([during, np.zeros((n, 1))])
    right = np.triu_indices(n)
    shown[right[0], right[1] + 1] = before[right]
    image = ax.imshow(shown, cmap="Reds", vmin=0)
    steps = np.arange(n + 1) - 0.5
    ax.stairs(np.arange(n) + 0.5, steps + 1, baseline=None, color="black", linewidth=0.8)
    ax.axhline(_N_STIMULATED - 0.5, color=figures.COLORS["inside"], linewidth=0.8)
    drawing.colorbar(image, ax=ax, shrink=0.8, label="mean correlation")
    ax.set(xlabel="cluster", ylabel="cluster", xticks=range(0, n, 2), yticks=range(0, n, 2))
    figures.titled(ax, "f  Between clusters, E/I", "left of the steps: during; right, one further: before")


def _claims(results: Results) -> list[Claim]:
    claims = []
    note = (
        f"{_N_STIMULATED} of 50 clusters stimulated (.07 thresholds; 3 mV), {_PART_MS:g} ms before the onset and "
        f"{_PART_MS:g} ms from {_SETTLED_MS:g} ms after it, {int(results.first('E')['n_trials'])} trials; groups: "
        f"{protocol.ESTIMATOR}, {int(results.first('E')['n_neurons'])} E neurons."
    )
    for kind, family in KINDS.items():
        change = lambda name, kind=kind: (  # noqa: E731
            results.join(kind, f"{name} during") - results.join(kind, f"{name} before")
        )
        of = f"stimulated clusters, {family.title}"
        claims += [
            Claim(f"Change of the Fano factor, all E neurons, {family.title}", "falls (Litwin-Kumar & Doiron 2012)",
                  (-np.inf, 0), change("fano all"), note=note),
            Claim(f"Change of the Fano factor, {of}", "falls" if kind == "E/I" else "not stated",
                  (-np.inf, 0) if kind == "E/I" else None, change("fano stimulated")),
            Claim(f"Change of the rate, {of}", "rises", (0, np.inf), change("rate stimulated"), "spikes/s"),
            Claim(f"Change of the share of time active, {of}", "rises", (0, np.inf), change("share stimulated")),
            Claim(f"Change of the share of time active, other clusters, {family.title}", "falls: clusters compete",
                  (-np.inf, 0), change("share other")),
            Claim(f"Change of the number of active clusters, {family.title}", "not stated", None,
                  change("active all")),
            Claim(f"Change of the mean duration of active states, {of}", "not stated", None,
                  change("up stimulated"), "ms"),
            Claim(f"Change of the correlation within clusters, {of}", "not stated", None,
                  change("similar stimulated")),
            Claim(f"Change of the agreement (ARI) of groups, {of}", "not stated", None, change("rand stimulated")),
            Claim(f"Change of the agreement (ARI) of groups, other clusters, {family.title}", "not stated", None,
                  change("rand other")),
            Claim(f"Change of the agreement (ARI) of groups, all clusters, {family.title}", "not stated", None,
                  change("rand all")),
        ]  # fmt: skip
    return claims


FIGURE = Figure(
    name="quenching",
    title="A stimulus to some clusters, through every measure",
    caption=(
        "A step of current onto the excitatory neurons of five of 50 clusters; each measure before and during it, in "
        "the stimulated clusters (0 to 4 in f) and in the others. The stimulus decides which clusters are active: "
        "stimulated ones for more of the time, at the expense of the others. With E clusters alone the others fall "
        "silent and cease to vary, while some of the stimulated clusters stay active for seconds and others do not; "
        "which ones changes from trial to trial, so that their Fano factor stays above 1. With E/I clusters the "
        "stimulated ones respond more moderately, and their Fano factor falls. Detection lives on changes of activity "
        "that the neurons of a cluster share (d, e): with E clusters the stimulated clusters, which compete, are found "
        "better and the others no longer; with E/I clusters both change little beside the spread between networks. "
        "Groups are those of largest modularity at its standard resolution, here, where there are few clusters. Thin "
        "lines: networks; thick lines: mean of those in which both are defined, as there are no durations without "
        "active states (c)."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
