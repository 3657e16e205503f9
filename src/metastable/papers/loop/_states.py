"""How long clusters stay active, in theory, binary and spiking networks, and whether durations are exponential."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from scipy.stats import CensoredData, ecdf

from metastable import figures, finite_size, meanfield, statistics
from metastable.networks import rost_2018
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.loop import _protocol as protocol
from metastable.papers.loop._protocol import KINDS
from metastable.simulation import simulate
from metastable.statistics import ClusterStates

Array = NDArray[np.float64]

J_E_PLUS, R_J = 4.0, 0.75
_N_E = 4000
_BURN_IN_MS = 500.0
# Becomes active at the second, inactive below the first: several times the mean of 4 spikes/s.
THRESHOLD_HZ = (10.0, 20.0)
_SHOWN_MS = 3000.0
# Two clusters whose counts are solved exactly; a drive and a noise at which they switch within a second.
_EXACT = {"n_clusters": 2, "j_e_plus": 1.9, "m_x": 0.3}
_EXACT_NOISE = 0.3
_SOURCES = {
    "chain": ("annealed chain", "inside"),
    "binary": ("binary networks", "clustered"),
    "spiking": ("spiking E/I networks", "outside"),
}


@cache
def _theory(n_e: int) -> meanfield.DwellTimes:
    # Every network and the chain need its thresholds.
    return meanfield.dwell_times(rost_2018(j_e_plus=J_E_PLUS, r_j=R_J, n_e=n_e))


def first_passage_of(*, seed: int, n_e: int) -> Numbers:
    """Compute mean durations from first passages of one cluster's master equation."""
    found = _theory(n_e)
    return {
        "size": np.array(n_e // found.n_clusters),
        "up_ms": np.array(found.up_ms),
        "down_ms": np.array(found.down_ms),
        "active": np.array(found.mean_active),
    }


def exact_of(*, seed: int, n_e: int) -> Numbers:
    """Solve the chain of counts of two small clusters that compete; return how long one of them wins."""
    chain = finite_size.cluster_chain(rost_2018(n_e=n_e, n_i=n_e // 2, **_EXACT), noise_sd=_EXACT_NOISE)
    lead = chain.count("E", 0) - chain.count("E", 1)
    # Half of a cluster's units ahead of the other.
    switching = chain.switching(lead >= n_e // 4, lead <= -(n_e // 4))
    return {
        "size": np.array(n_e // 2),
        "up_ms": np.array(switching.dwell_a_ms),
        "cv": np.array(switching.dwell_a_cv),
        "n_states": np.array(chain.n_states),
    }


def binary_of(*, seed: int, source: str, network_index: int, duration_ms: float) -> Numbers:
    """Measure states of one wired binary network, or of one trial of the annealed chain."""
    network, theory = rost_2018(j_e_plus=J_E_PLUS, r_j=R_J), _theory(_N_E)
    if source == "chain":
        rates = meanfield.cluster_chain(
            network,
            duration_ms=duration_ms + _BURN_IN_MS,
            burn_in_ms=_BURN_IN_MS,
            # The chain has no network: another seed is another trial.
            seed=seed + network_index,
            n_jobs=1,
            progress=False,
        ).cluster_rates["E"]
    else:
        rates = (
            simulate(
                network,
                duration_ms=duration_ms + _BURN_IN_MS,
                seed=seed,
                network_index=network_index,
                n_jobs=1,
                progress=False,
            )
            .discard(_BURN_IN_MS)
            .cluster_rates["E"]
        )
    states = statistics.cluster_states(rates, sample_ms=1.0, threshold=(theory.low, theory.high))
    return _summary(states, rates)


def spiking_of(*, seed: int, network_index: int, duration_ms: float) -> Numbers:
    """Measure states of one spiking E/I network in smoothed rates of its clusters."""
    spikes = protocol.record(
        seed=seed,
        kind="E/I",
        strength=KINDS["E/I"].working_point,
        network_index=network_index,
        duration_ms=duration_ms,
    )
    rates = statistics.cluster_rates(spikes, bin_ms=protocol.RATE_BIN_MS, smoothing_ms=protocol.RATE_SMOOTHING_MS)
    states = statistics.cluster_states(rates, sample_ms=protocol.RATE_BIN_MS, threshold=THRESHOLD_HZ)
    return _summary(states, rates)


def _summary(states: ClusterStates, rates: Array) -> Numbers:
    """Return durations from their beginning, whether their end was seen, means, and a stretch of rates to look at."""
    n_shown = int(_SHOWN_MS / states.sample_ms)
    numbers: Numbers = {
        "active": np.array(states.mean_active),
        "ever active": np.array(np.unique(states.up.cluster).size),
        "sample_ms": np.array(states.sample_ms),
        "duration_ms": np.array(rates.shape[2] * states.sample_ms),
        "rates": rates[0, :, :n_shown].astype(np.float32),
    }
    for name, durations in (("up", states.up), ("down", states.down)):
        complete = durations.duration_ms[durations.complete]
        numbers[f"{name}_ms"] = np.array(durations.mean_ms)
        numbers[f"{name} durations"] = durations.duration_ms[durations.started]
        numbers[f"{name} ended"] = durations.ended[durations.started]
        numbers[f"{name} cv"] = np.array(_cv(complete))
        numbers[f"{name} cv alike"] = np.array(_cv_within(complete, durations.cluster[durations.complete]))
    return numbers


def _cv(durations: Array) -> float:
    """Return standard deviation over mean, 1 for exponential durations; NaN for fewer than three."""
    return float(durations.std(ddof=1) / durations.mean()) if durations.size > 2 else float("nan")


def _cv_within(durations: Array, cluster: NDArray[np.int64], fewest: int = 5) -> float:
    """Return the CV of durations over their own cluster's mean, of clusters with a few of them.

    Clusters that differ mix exponentials of several means, which alone makes the CV larger than 1.
    """
    scaled = []
    for c in np.unique(cluster):
        own = durations[cluster == c]
        if own.size >= fewest:
            # Over the mean of the same n durations the variance of exponential ones is n/(n + 1) on average.
            squared = own.var(ddof=1) / own.mean() ** 2 * (own.size + 1) / own.size
            scaled.append((squared, own.size))
    if not scaled:
        return float("nan")
    squares, weights = np.array(scaled).T
    return float(np.sqrt(np.average(squares, weights=weights)))


def _jobs(scale: Scale) -> list[Job]:
    numbers = scale.numbers
    jobs = [Job("theory", first_passage_of, {"n_e": _N_E})]
    jobs += [Job("passage", first_passage_of, {"n_e": n_e}) for n_e in numbers["passage_n_e"]]
    jobs += [Job("exact", exact_of, {"n_e": n_e}) for n_e in numbers["exact_n_e"]]
    for index in range(numbers["n_states"]):
        jobs += [
            Job(
                source,
                binary_of,
                {"source": source, "network_index": index, "duration_ms": numbers["states_ms"]},
            )
            for source in ("chain", "binary")
        ]
        jobs.append(Job("spiking", spiking_of, {"network_index": index, "duration_ms": numbers["states_ms"]}))
    return jobs


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 7.0)
        axes: Any = drawing.subplots(3, 2, height_ratios=(1, 1.2, 1.2))
        for ax, source, title, note in (
            (axes[0, 0], "binary", "a  Binary network", f"$J_{{E+}}={J_E_PLUS:g}$, $R_J={R_J:g}$"),
            (axes[0, 1], "spiking", "b  Spiking network",
             f"$J_{{E+}}={KINDS['E/I'].working_point:g}$, $R_J=.75$; Gaussian of {protocol.RATE_SMOOTHING_MS:g} ms"),
        ):  # fmt: skip
            numbers = results.first(source)
            rates = numbers["rates"]
            image = ax.imshow(
                rates,
                aspect="auto",
                cmap="Reds",
                origin="lower",
                interpolation="nearest",
                extent=(0, _SHOWN_MS / 1000, -0.5, len(rates) - 0.5),
                vmin=0,
            )
            drawing.colorbar(image, ax=ax, label="rate $m_c$" if source == "binary" else "spikes/s")
            ax.set(xlabel="time (s)", ylabel="cluster")
            figures.titled(ax, title, note)
        _draw_survival(results, "up", axes[1, 0])
        figures.titled(axes[1, 0], "c  Active states", "Kaplan-Meier, over the network's mean (time over ends)")
        _draw_survival(results, "down", axes[1, 1])
        figures.titled(axes[1, 1], "d  Inactive states", "as in c")
        axes[1, 1].legend(loc="upper right", fontsize=6.5)
        _draw_means(results, axes[2, 0])
        _draw_sizes(results, axes[2, 1])
    return drawing


def _draw_survival(results: Results, name: str, ax: Axes) -> None:
    """Draw the share of states that last longer than a time (Kaplan-Meier), beside the exponential law."""
    x = np.linspace(0, 6, 100)
    ax.plot(x, np.exp(-x), color="black", linestyle="--", linewidth=1, label="exponential")
    for source, (label, color) in _SOURCES.items():
        known = [numbers for numbers in results.every(source) if np.isfinite(numbers[f"{name}_ms"])]
        duration = np.concatenate([[], *(n[f"{name} durations"] / n[f"{name}_ms"] for n in known)])
        ended = np.concatenate([np.zeros(0, bool), *(n[f"{name} ended"] for n in known)])
        if ended.sum() < 3:
            continue
        share = ecdf(CensoredData.right_censored(duration, ~ended)).sf
        ax.step([0, *share.quantiles], [1, *share.probabilities], where="post", color=figures.COLORS[color],
                label=label, linewidth=1.3)  # fmt: skip
    ax.set(xlabel="duration / mean", ylabel="share that lasts longer", yscale="log", xlim=(0, 6), ylim=(2e-3, 1.3))


def _cut_off(results: Results, name: str) -> float:
    """Return the share of states of spiking networks whose end was not seen, of those whose beginning was."""
    ended = np.concatenate([numbers[f"{name} ended"] for numbers in results.every("spiking")])
    return float(1 - ended.mean()) if ended.size else float("nan")


def _draw_means(results: Results, ax: Axes) -> None:
    theory = results.first("theory")
    for name, marker in (("up", "o"), ("down", "s")):
        ax.plot([0], [theory[f"{name}_ms"]], marker=marker, color="black", linestyle="none")
        for k, (source, (_, color)) in enumerate(_SOURCES.items(), start=1):
            values = results.join(source, f"{name}_ms")
            ax.plot(
                np.full(values.size, k), values, marker=marker, color=figures.COLORS[color], alpha=0.4,
                markersize=3, linestyle="none",
            )  # fmt: skip
            ax.plot([k + 0.15], [np.nanmedian(values)], marker=marker, color=figures.COLORS[color], linestyle="none")
    ax.plot([], [], "o", color="#444444", label="active")
    ax.plot([], [], "s", color="#444444", label="inactive")
    ax.set_xticks(range(4), labels=["first passage\n(theory)", "annealed\nchain", "binary\nnetworks", "spiking\nE/I"])
    ax.set(ylabel="mean duration (ms)", yscale="log", xlim=(-0.5, 3.6))
    low, high = ax.get_ylim()
    ticks = [tick for tick in (100, 300, 1000, 3000, 10_000, 30_000) if low <= tick <= high]
    ax.set_yticks(ticks, labels=[f"{tick:,}" for tick in ticks])
    ax.set_yticks([], minor=True)
    ax.legend(loc="best", fontsize=6.5)
    figures.titled(ax, "e  Mean durations", "small: trials and networks; large, to their right: median")


def _draw_sizes(results: Results, ax: Axes) -> None:
    size, up, cv = (results.join("exact", name) for name in ("size", "up_ms", "cv"))
    ax.plot(size, up, marker="D", color=figures.COLORS["clustered"], label="exact, 2 clusters")
    size_m, up_m = results.join("passage", "size"), results.join("passage", "up_ms")
    ax.plot(size_m, up_m, marker="o", color="black", label="first passage, 20 clusters")
    ax.set(xlabel="units in a cluster", ylabel="mean duration (ms)", xscale="log", yscale="log")
    for axis, ticks in ((ax.xaxis, [10, 20, 50, 100, 200]), (ax.yaxis, [100, 200, 500, 1000, 2000])):
        axis.set_ticks(ticks, labels=[f"{tick:,}" for tick in ticks])
        axis.set_ticks([], minor=True)
    for x, y, value in zip(size, up, cv, strict=True):
        ax.annotate(f"{value:.2f}", (x, y), (-4, 4), textcoords="offset points", fontsize=6, ha="right")
    ax.margins(0.2, 0.12)
    # Below the last point of the exact durations, which would lie under it.
    ax.legend(loc="upper right", bbox_to_anchor=(1, 0.85), fontsize=6.5)
    figures.titled(ax, "f  Size of clusters", "active states, theory; numbers: CV of the exact durations")


def _claims(results: Results) -> list[Claim]:
    theory = results.first("theory")
    exact = results.every("exact")
    seconds = float(results.first("binary")["duration_ms"]) / 1000
    note = (
        f"rost_2018(j_e_plus={J_E_PLUS:g}, r_j={R_J:g}), {seconds:g} s; thresholds of the theory, means: whole time "
        "over number of ends."
    )
    claims = []
    for name, what in (("up", "active"), ("down", "inactive")):
        chain, binary = results.join("chain", f"{name}_ms"), results.join("binary", f"{name}_ms")
        claims += [
            Claim(f"Mean duration of an {what} state, first passage over annealed chain",
                  "1, but for freezing the others", (0.8, 1.25), theory[f"{name}_ms"] / chain, note=note, each="trial"),
            Claim(f"Mean duration of an {what} state, annealed chain", f"{theory[f'{name}_ms']:.0f} (first passage)",
                  None, chain, "ms", each="trial"),
            Claim(f"Mean duration of an {what} state, binary networks", f"{theory[f'{name}_ms']:.0f} (first passage)",
                  None, binary, "ms", note="Fixed wiring gives a network favourite clusters."),
            Claim(f"CV of {what} states, annealed chain", "1 (exponential)", (0.8, 1.2),
                  results.join("chain", f"{name} cv"), each="trial"),
            Claim(f"CV of {what} states, binary networks", "above 1: clusters differ", (1, np.inf),
                  results.join("binary", f"{name} cv")),
            Claim(f"CV of {what} states within a cluster, binary networks", "1 (exponential)", (0.8, 1.2),
                  results.join("binary", f"{name} cv alike"),
                  note="Root of the variance over the squared mean within each cluster of five or more states."),
            Claim(f"Mean duration of an {what} state, spiking E/I networks", "not stated", None,
                  results.join("spiking", f"{name}_ms"), "ms",
                  note=f"Active from {THRESHOLD_HZ[1]:g} until below {THRESHOLD_HZ[0]:g} spikes/s, Gaussian of "
                  f"{protocol.RATE_SMOOTHING_MS:g} ms."),
            Claim(f"CV of {what} states, spiking E/I networks", "not stated", None,
                  results.join("spiking", f"{name} cv"),
                  note=f"Complete states only: {_cut_off(results, name):.0%} of those whose beginning was seen are cut "
                  "off by the end of the recording."),
        ]  # fmt: skip
    largest = exact[-1]
    claims += [
        Claim("Active clusters, annealed chain", f"{float(theory['active']):.2f} (first passage)", None,
              results.join("chain", "active"), each="trial"),
        Claim("Active clusters, binary networks", f"{float(theory['active']):.2f} (first passage)", None,
              results.join("binary", "active")),
        Claim(f"Clusters of 20 that are active at some time in {seconds:g} s, binary networks", "not stated", None,
              results.join("binary", "ever active")),
        Claim(f"Clusters of 50 that are active at some time in {seconds:g} s, spiking E/I networks", "not stated", None,
              results.join("spiking", "ever active")),
        Claim(f"CV of durations, two clusters of {int(largest['size'])} units, exact", "1 for large clusters",
              (0.9, 1.1), np.array([float(largest["cv"])]), exact=True,
              note="Small clusters have no time to forget: below 1 (panel f)."),
        Claim(f"Mean duration, clusters of {int(largest['size'])} over {int(exact[0]['size'])} units, exact", "above 1",
              (1, np.inf), np.array([float(largest["up_ms"] / exact[0]["up_ms"])]), exact=True),
    ]  # fmt: skip
    return claims


FIGURE = Figure(
    name="states",
    title="Durations of cluster states: theory, binary and spiking networks",
    caption=(
        "If a cluster leaves a state by a rare fluctuation and remembers nothing, durations are exponential: "
        "straight dashed lines in c and d. In the annealed chain, whose connections are drawn anew at every update,"
        " all clusters are alike. In a wired network clusters differ; durations of several means are mixed, and too"
        " many are very short or very long. In spiking networks a few clusters do nearly all of the switching and "
        "most are never active in a recording, so that inactive states which follow an active one are much shorter "
        "than the mean, the whole time of all clusters over the number of ends (d). First-passage theory gives the "
        "means of the chain without a fitted parameter, about a tenth too short. In f two small clusters, too few "
        "units for mean field, are solved exactly: durations grow with the size of a cluster, and their coefficient"
        " of variation rises towards the 1 of an exponential law, because only large clusters forget before they "
        "switch. Those two clusters have no inhibitory clusters, a stronger drive and noise: their times are not "
        "those of the 20, of which first-passage theory says that they grow with size too."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
