"""Clusters found blind from spikes, against clustering, length and number of neurons, beside the dynamics."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from metastable import communities, figures
from metastable.papers._claims import Claim
from metastable.papers._crossing import crossing
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.loop import _protocol as protocol
from metastable.papers.loop._protocol import KINDS

Array = NDArray[np.float64]

# Found is an agreement far beyond that of the uniform network, which is 0 within .01.
FOUND = 0.05
# Slow dynamics have begun where the Fano factor is a tenth above that of the uniform network.
RAISED = 1.1
# Area under the ROC curve of pairs, by chance .5: within and between clusters are told apart.
APART = 0.55
_N_CONTROLS, _ALPHA = 19, 0.05


def strength_of(
    *, seed: int, kind: str, strength: float, network_index: int, duration_ms: float, n_neurons: int
) -> Numbers:
    """Measure one recording: agreement of blind groups with the clusters, their p-value, and the dynamics."""
    spikes = protocol.record(
        seed=seed, kind=kind, strength=strength, network_index=network_index, duration_ms=duration_ms
    )
    seen = protocol.some_neurons(spikes, n_neurons, seed + network_index)
    matrix = protocol.similarity(seen)
    tested = communities.detect(
        seen,
        sigmas_ms=[protocol.SIGMA_MS],
        kind="correlation",
        n_starts=protocol.N_STARTS,
        n_controls=_N_CONTROLS,
        # Neurons of one cluster share slow rates: controls keep each neuron's own, and lose what is shared.
        surrogate="shift_trains",
        alpha=_ALPHA,
        seed=seed,
        n_jobs=1,
        progress=False,
    )
    return {
        "strength": np.array(strength),
        "rand": np.array(protocol.agreement(seen, matrix, seed, finer=True)),
        "rand standard": np.array(protocol.agreement(seen, matrix, seed)),
        "pairs": np.array(protocol.pair_separation(seen, matrix)),
        "significant": np.array(float(tested.significant)),
        "p_value": np.array(tested.p_value),
        "fano": np.array(protocol.mean_fano(spikes)),
        "tau_ms": np.array(protocol.cluster_timescale(spikes)),
        "duration_ms": np.array(duration_ms),
        "n_neurons": np.array(seen.n_neurons),
    }


def limits_of(
    *, seed: int, kind: str, network_index: int, durations_ms: list[float], sizes: list[int], n_neurons: int
) -> Numbers:
    """Measure the agreement in parts of one long recording: shorter ones, and of fewer neurons."""
    spikes = protocol.record(
        seed=seed,
        kind=kind,
        strength=KINDS[kind].working_point,
        network_index=network_index,
        duration_ms=max(durations_ms),
    )
    by_length, by_size = [], []
    for duration_ms in durations_ms:
        part = spikes.select(time_ms=(protocol.BURN_IN_MS, protocol.BURN_IN_MS + duration_ms))
        by_length.append(_agreement(protocol.some_neurons(part, n_neurons, seed + network_index), seed))
    for size in sizes:
        by_size.append(_agreement(protocol.some_neurons(spikes, size, seed + network_index), seed))
    return {
        "duration_s": np.array(durations_ms) / 1000,
        "rand by length": np.array(by_length),
        "size": np.array(sizes),
        "rand by size": np.array(by_size),
        "n_neurons": np.array(n_neurons),
    }


def _agreement(spikes, seed: int) -> float:
    return protocol.agreement(spikes, protocol.similarity(spikes), seed, finer=True)


def _jobs(scale: Scale) -> list[Job]:
    numbers = scale.numbers
    jobs = [
        Job(
            kind,
            strength_of,
            {
                "kind": kind,
                "strength": strength,
                "network_index": index,
                "duration_ms": numbers["detection_ms"],
                "n_neurons": numbers["detection_neurons"],
            },
        )
        for kind in KINDS
        for index in range(numbers["n_detection"])
        for strength in numbers["strengths"][kind]
    ]
    return jobs + [
        Job(
            f"{kind} limits",
            limits_of,
            {
                "kind": kind,
                "network_index": index,
                "durations_ms": numbers["lengths_ms"],
                "sizes": numbers["sizes"],
                "n_neurons": numbers["detection_neurons"],
            },
        )
        for kind in KINDS
        for index in range(numbers["n_detection"])
    ]


def _curve(results: Results, kind: str, name: str) -> tuple[Array, Array]:
    """Return strengths, and a number of each network at each, (n_networks, n_strengths)."""
    strengths = np.unique(results.join(kind, "strength"))
    # Jobs are listed network by network.
    return strengths, results.join(kind, name).reshape(-1, strengths.size)


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 8.4)
        axes: Any = drawing.subplots(3, 2, height_ratios=(1.5, 0.8, 1.1))
        for ax, kind, letter in zip(axes[0], KINDS, "ab", strict=True):
            _draw_strengths(results, kind, ax, letter)
        for ax, kind, letter in zip(axes[1], KINDS, "cd", strict=True):
            _draw_timescale(results, kind, ax, letter)
        for kind, family in KINDS.items():
            limits = results.first(f"{kind} limits")
            label = f"{family.title}, ${family.axis}={family.working_point:g}$"
            for ax, x, name in ((axes[2, 0], "duration_s", "length"), (axes[2, 1], "size", "size")):
                figures.curve_with_spread(
                    limits[x],
                    results.stack(f"{kind} limits", f"rand by {name}"),
                    color=figures.COLORS[family.color],
                    marker="o",
                    label=label,
                    ax=ax,
                )
        limits = results.first("E limits")
        for ax, ticks in ((axes[2, 0], limits["duration_s"]), (axes[2, 1], limits["size"])):
            ax.set(ylabel="agreement (ARI)", xscale="log")
            ax.set_xticks(ticks, labels=[f"{tick:,g}" for tick in ticks])
            ax.set_xticks([], minor=True)
            ax.set_ylim(bottom=0)
        axes[2, 0].set_xlabel("length of the recording (s)")
        axes[2, 1].set_xlabel("recorded E neurons of 4,000")
        axes[2, 0].legend(loc="upper left")
        figures.titled(axes[2, 0], "e  Length", f"{int(limits['n_neurons'])} neurons")
        figures.titled(axes[2, 1], "f  Neurons", f"{limits['duration_s'].max():g} s")
    return drawing


def _draw_strengths(results: Results, kind: str, ax: Axes, letter: str) -> None:
    family, numbers = KINDS[kind], results.first(kind)
    strengths, rand = _curve(results, kind, "rand")
    color = figures.COLORS[family.color]
    figures.curve_with_spread(strengths, rand, color=color, marker="o", label="agreement (ARI)", ax=ax)
    standard = _curve(results, kind, "rand standard")[1].mean(axis=0)
    ax.plot(strengths, standard, color=color, linewidth=0.8, linestyle="-.", label="at standard resolution")
    pairs = 2 * _curve(results, kind, "pairs")[1] - 1
    figures.curve_with_spread(
        strengths, pairs, color=figures.COLORS["inside"], marker="^", label="pairs told apart (2 AUC - 1)", ax=ax
    )
    share = _curve(results, kind, "significant")[1].mean(axis=0)
    for x, value in zip(strengths, share, strict=True):
        ax.plot([x], [1.05], marker="*" if value == 1 else "o" if value > 0 else "_", color="#444444", markersize=4)
    ax.set(
        xlabel=f"clustering ${family.axis}$",
        ylabel="agreement; pairs told apart",
        ylim=(-0.05, 1.12),
        xlim=_limits(strengths),
    )
    twin = ax.twinx()
    gray = figures.COLORS["uniform"]
    fano = _curve(results, kind, "fano")[1]
    figures.curve_with_spread(
        strengths, fano, color=gray, marker="s", linestyle="--", label="Fano factor (right)", ax=twin
    )
    twin.set_ylabel("Fano factor", color=gray)
    twin.set_yscale("log")
    ticks = [tick for tick in (0.5, 1, 2, 5, 10, 20) if tick < 1.5 * fano.max()]
    twin.set_yticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    twin.set_yticks([], minor=True)
    twin.spines["right"].set_visible(True)
    onset = _onsets(results, kind, "fano")
    if np.isfinite(onset).any():
        ax.axvline(float(np.nanmean(onset)), color=gray, linewidth=0.8, linestyle=":", ymax=0.66)
    figures.titled(
        ax,
        f"{letter}  {family.title}",
        f"{int(numbers['n_neurons'])} E neurons, {numbers['duration_ms'] / 1000:g} s; "
        f"correlation$^{protocol.EXPONENT}$, {protocol.SIGMA_MS:g} ms; "
        f"Fano: {protocol.FANO_WINDOW_MS:g} ms, pooled",
    )
    handles = [handle for source in (ax, twin) for handle in source.get_legend_handles_labels()[0]]
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(0, 0.92), fontsize=6.5)


def _draw_timescale(results: Results, kind: str, ax: Axes, letter: str) -> None:
    family = KINDS[kind]
    strengths, tau = _curve(results, kind, "tau_ms")
    figures.curve_with_spread(strengths, tau, color=figures.COLORS["uniform"], marker="s", show_each=True, ax=ax)
    ax.set(xlabel=f"clustering ${family.axis}$", ylabel="timescale (ms)", yscale="log", ylim=(4, 3000))
    # Where there is no slow covariance the curve ends, the axis does not.
    ax.set_xlim(_limits(strengths))
    ax.set_yticks([10, 100, 1000], labels=["10", "100", "1,000"])
    ax.set_yticks([], minor=True)
    figures.titled(
        ax, f"{letter}  Timescale of cluster rates", "autocovariance of cluster rates down to 1/e, 10 ms bins"
    )


def _onsets(results: Results, kind: str, name: str) -> Array:
    """Return where each network's Fano factor leaves that of the uniform network, or clusters or pairs are found."""
    strengths, values = _curve(results, kind, name)
    level = {"rand": FOUND, "pairs": APART}
    return np.array([crossing(strengths, row, RAISED * row[0] if name == "fano" else level[name]) for row in values])


def _limits(strengths: Array) -> tuple[float, float]:
    margin = 0.05 * np.ptp(strengths)
    return float(strengths[0] - margin), float(strengths[-1] + margin)


def _claims(results: Results) -> list[Claim]:
    note = (
        f"{protocol.ESTIMATOR}, finer resolution; neurons that fired. Found: an index above {FOUND:g}. Fano factor: "
        f"{protocol.FANO_WINDOW_MS:g} ms, pooled, ddof 1, raised: {RAISED:g} times that of the uniform network."
    )
    claims = []
    for kind, family in KINDS.items():
        strengths, rand = _curve(results, kind, "rand")
        significant, p_value, pairs, tau = (
            _curve(results, kind, name)[1] for name in ("significant", "p_value", "pairs", "tau_ms")
        )
        name, at = family.title, int(np.argmin(np.abs(strengths - family.working_point)))
        dynamics, found, apart = (_onsets(results, kind, measure) for measure in ("fano", "rand", "pairs"))
        best = strengths[rand.argmax(axis=1)]
        point = f"{name}, {family.axis.replace('{', '').replace('}', '')} = {strengths[at]:g}"
        limits = results.stack(f"{kind} limits", "rand by length"), results.stack(f"{kind} limits", "rand by size")
        claims += [
            Claim(f"Agreement (ARI) in the uniform network, {name}", "0: there is nothing to find", (-0.02, 0.02),
                  rand[:, 0], note=note),
            Claim(f"Clustering at which the Fano factor is raised, {name}",
                  "2.0 to 2.5 (Litwin-Kumar & Doiron 2012 and reproductions)" if kind == "E" else "not stated",
                  (2.0, 2.5) if kind == "E" else None, dynamics),
            Claim(f"Clustering at which the clusters are found, {name}", "not stated", None, found,
                  note="Between two of the strengths that were simulated, on a straight line."),
            Claim(f"Clusters found minus Fano factor raised, {name}", "not stated", None, found - dynamics),
            Claim(f"Clustering at which pairs are told apart, {name}", "not stated", None, apart,
                  note=f"Area under the ROC curve above {APART:g}."),
            Claim(f"Pairs told apart minus Fano factor raised, {name}", "not stated", None, apart - dynamics),
            Claim(f"Clustering at which most is found, {name}", "not stated", None, best),
            Claim(f"Agreement (ARI), {point}", "not stated", None, rand[:, at]),
            Claim(f"Agreement (ARI) beyond that at the standard resolution, {point}",
                  "above 0: modularity joins small groups (Fortunato & Barthelemy 2007)", (0, np.inf),
                  (rand - _curve(results, kind, "rand standard")[1])[:, at]),
            Claim(f"Agreement (ARI) at the strongest clustering, {strengths[-1]:g}, {name}", "not stated", None,
                  rand[:, -1]),
            Claim(f"Area under the ROC curve of pairs, {point}", "above .5", (0.5, np.inf), pairs[:, at]),
            Claim(f"Share of recordings with significant groups, {point}", "1: clusters are there", (0.99, 1),
                  significant[:, at],
                  note="communities.detect, without the power and at the standard resolution: "
                  f"{_N_CONTROLS} controls of shifted trains, level {_ALPHA:g}; p = {p_value[:, at].max():.2g} "
                  "at most. It says that there are groups, not that they are the clusters."),
            Claim(f"Share of recordings with significant groups, uniform, {name}", "not stated", None,
                  significant[:, 0],
                  note="Neurons of a uniform network are not independent where they share the rate of the whole."),
            Claim(f"Timescale of cluster rates, {point}", "not stated", None, tau[:, at], "ms",
                  note="Lag at which the autocovariance has fallen to 1/e of that at one bin of 10 ms."),
            Claim(f"Agreement of the longest minus the shortest recording, {point}", "above 0", (0, np.inf),
                  limits[0][:, -1] - limits[0][:, 0]),
            Claim(f"Agreement of most minus fewest neurons, {point}", "not stated", None,
                  limits[1][:, -1] - limits[1][:, 0]),
        ]  # fmt: skip
    return claims


FIGURE = Figure(
    name="detection",
    title="Clusters found blind from spikes, and the transition of the dynamics",
    caption=(
        "Excitatory neurons are drawn at random and grouped by their spikes alone, by the largest modularity "
        "of the correlations of their trains (Gaussian of "
        f"{protocol.SIGMA_MS:g} ms, to the power {protocol.EXPONENT}). Their agreement "
        "with the true clusters is the adjusted Rand index, 0 by chance and 1 for the same groups. Grey: the "
        "Fano factor, on the right, and dotted where it leaves that of the uniform network. Triangles ask "
        "what there is to find, whatever groups are searched for: how often a pair within a cluster is more "
        "alike than a pair between clusters. Pairs tell clusters apart before there are slow dynamics: "
        "already below the transition neurons of a cluster fire together more often. Groups are found before "
        "it too, but later than pairs, and best where clusters take turns. Beyond it E clusters freeze: a few"
        " win and stay, the others hardly fire and never together, and although the structure is stronger "
        "than ever, spikes show less of it. At the standard resolution modularity joins clusters, which are "
        "small beside the whole, and finds much less (dash-dotted); the other curves are at a"
        " finer one, where each neuron counts as being as like itself as a neuron is, on average, like all "
        "others together. What limits detection is time: tens of seconds show only the clusters that became "
        "active meanwhile (e), while a hundred neurons find their clusters about as well as thousands with E "
        "clusters, and nearly as well with E/I clusters (f). In c and d there is no point where cluster rates"
        " have no slow covariance, or one longer than "
        f"{protocol.MOST_LAG_MS / 1000:g} s. Stars: communities.detect finds groups to be"
        " significant in all recordings, dots: in some, dashes: in none; it says that neurons are not "
        "independent, and those of a uniform network need not be either: they share the rate of the "
        "whole. Bands: standard deviation between networks; thin lines: networks."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
