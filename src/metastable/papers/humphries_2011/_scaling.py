"""Figure 10, the appendix: modularity, number of groups and time of unstructured trains."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable import figures
from metastable.communities import maximise_modularity, similarity_matrix
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.humphries_2011._protocol import widths_ms
from metastable.spikes import cortex_like

DURATION_MS = 50_000.0
# Mean and standard deviation of the logarithms of mean intervals (s) and of coefficients of variation.
CORTEX: dict[str, dict[str, Any]] = {
    "anesthetized": {"log_interval": (-1.47, 1.32), "log_cv": (0.62, 0.33)},
    "awake": {"log_interval": (-0.057, 1.72), "log_cv": (-0.5, 0.5)},
}
SIGMA_MS = 144.0


def scaling_of(
    *,
    seed: int,
    state: str,
    n_neurons: int,
    index: int,
    sigmas_ms: list[float],
    width: float | None,
    method: str,
) -> Numbers:
    """Measure modularity, number of groups and processor time on independent trains at each timescale."""
    rates = CORTEX[state]
    if width is not None:
        rates = {**rates, "log_interval": (rates["log_interval"][0], width)}
    # Sets of different kinds share no random numbers.
    kind = 10_000 * list(CORTEX).index(state) + round(1000 * (width or 0))
    spikes, _ = cortex_like(
        n_neurons=n_neurons, duration_ms=DURATION_MS, seed=seed, index=100_000 * n_neurons + kind + index, **rates
    )
    active = spikes.select(neuron=spikes.spike_counts()[0] > 0)
    q, trace, n_groups, seconds = [], [], [], []
    for sigma in sigmas_ms:
        # Of this thread only: other jobs run beside it.
        started = time.thread_time()
        similarity = similarity_matrix(active, sigma_ms=sigma, n_jobs=1)
        found = maximise_modularity(similarity, method=method, seed=seed, n_jobs=1)
        seconds.append(time.thread_time() - started)
        q.append(found.modularity)
        trace.append(found.trace)
        n_groups.append(found.n_groups)
    return {
        "q": np.array(q),
        "trace": np.array(trace),
        "n_groups": np.array(n_groups),
        "seconds": np.array(seconds),
        "n_neurons": np.array(n_neurons),
    }


def _jobs(scale: Scale) -> list[Job]:
    numbers, jobs = scale.numbers, []
    sets = range(numbers["n_scaling_sets"])
    shared = {"sigmas_ms": [SIGMA_MS], "width": None}
    for n in numbers["n_neurons"]:
        for method, largest in (("louvain", np.inf), ("kmeans", numbers["largest_kmeans"])):
            jobs += [
                Job(
                    f"{method} {n}",
                    scaling_of,
                    {"state": "anesthetized", "n_neurons": n, "index": k, "method": method, **shared},
                )
                for k in sets
                if n <= largest
            ]
    widths = {"sigmas_ms": widths_ms(10), "n_neurons": numbers["n_fixed"], "method": "louvain"}
    for state in CORTEX:
        jobs += [Job(state, scaling_of, {"state": state, "index": k, "width": None, **widths}) for k in sets]
    for s in numbers["rate_widths"]:
        jobs += [Job(f"width {s:g}", scaling_of, {"state": "awake", "index": k, "width": s, **widths}) for k in sets]
    return jobs


def _sizes(results: Results, method: str) -> list[int]:
    return [int(name.split()[1]) for name in results.groups() if name.startswith(method)]


def _by_size(results: Results, method: str, name: str) -> NDArray[np.float64]:
    """Return a number of each set and size, (n_sets, n_sizes)."""
    return np.stack([results.stack(f"{method} {n}", name)[:, 0] for n in _sizes(results, method)], axis=1)


_METHODS = {"louvain": ("Louvain", "clustered"), "kmeans": ("literal (K-means)", "outside")}
_STATES = {"anesthetized": "clustered", "awake": "outside"}
_ROWS = (("q", "Q/2m"), ("n_groups", "number of groups"), ("seconds", "time (s, one thread)"))


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 6.2)
        axes = drawing.subplots(3, 3, sharex="col")
        widths = np.array(widths_ms(10))
        rate_widths = [float(name.split()[1]) for name in results.groups() if name.startswith("width")]
        for row, (name, label) in zip(axes, _ROWS, strict=True):
            for method, (title, color) in _METHODS.items():
                sizes = _sizes(results, method)
                if sizes:
                    color = figures.COLORS[color]
                    values = _by_size(results, method, name)
                    figures.curve_with_spread(sizes, values, color=color, marker="o", label=title, ax=row[0])
            for state, color in _STATES.items():
                values = results.stack(state, name)
                figures.curve_with_spread(
                    widths, values, color=figures.COLORS[color], marker="o", label=state, ax=row[1]
                )
            values = [results.stack(f"width {s:g}", name) for s in rate_widths]
            for k, color in ((0, "inside"), (len(widths) - 1, "uniform")):
                series = np.stack([each[:, k] for each in values], axis=1)
                figures.curve_with_spread(
                    rate_widths,
                    series,
                    color=figures.COLORS[color],
                    marker="o",
                    label=f"sigma {widths[k]:.0f} ms",
                    ax=row[2],
                )
            row[0].set_ylabel(label)
            for ax in row:
                ax.set_ylim(bottom=0)
        _finish(results, axes)
        drawing.align_ylabels(axes[:, 0])
    return drawing


def _finish(results: Results, axes) -> None:
    n_sets, n_fixed = len(results.every("awake")), _fixed_size(results)
    titles = (
        ("a  Size", f"anesthetized, sigma {SIGMA_MS:g} ms, {n_sets} sets"),
        ("b  Timescale", f"{n_fixed} trains, Louvain, {n_sets} sets"),
        ("c  Width of the rates", f"awake, {n_fixed} trains, {n_sets} sets"),
    )
    for ax, (title, note) in zip(axes[0], titles, strict=True):
        figures.titled(ax, title, note)
        ax.legend()
    axes[0, 0].set_xscale("log")
    axes[2, 0].set(yscale="log")
    sizes = _sizes(results, "louvain")
    for ax in axes[:, 0]:
        ax.set_xticks(sizes, labels=map(str, sizes))
        ax.set_xticks([], minor=True)
    axes[2, 0].autoscale(axis="y")
    axes[2, 0].set_xlabel("number of trains")
    axes[2, 1].set_xlabel("sigma (ms)")
    axes[2, 2].set_xlabel("s.d. of log mean interval")


def _fixed_size(results: Results) -> int:
    return int(results.first("awake")["n_neurons"])


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide; NaN where no division of the trains has a positive modularity."""
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)


def _claims(results: Results) -> list[Claim]:
    awake_q, awake_n = results.stack("awake", "q"), results.stack("awake", "n_groups")
    louvain, literal = _sizes(results, "louvain"), _sizes(results, "kmeans")
    seconds, q = _by_size(results, "louvain", "seconds"), _by_size(results, "louvain", "q")
    sets = "Independent gamma trains of 50 s, log-normal rates; no controls."
    claims = [
        Claim(
            f"Number of groups at the largest width over that at the smallest, awake, {_fixed_size(results)} trains",
            "below 1 (falls with the width)",
            (0, 1),
            awake_n[:, -1] / awake_n[:, 0],
            note=sets,
            each="set",
        ),
        Claim(
            "Q/2m at the largest width over that at the smallest, awake",
            "above 1 (rises to a plateau)",
            None,
            _ratio(awake_q[:, -1], awake_q[:, 0]),
            note="The paper prints the trace 2m Q, which grows with the similarities; Q/2m here falls. See the next.",
            each="set",
        ),
        Claim(
            "Trace Q at the largest width over that at the smallest, awake",
            "above 1 (rises to a plateau)",
            (1, np.inf),
            _ratio(results.stack("awake", "trace")[:, -1], results.stack("awake", "trace")[:, 0]),
            note="The number that the paper prints.",
            each="set",
        ),
    ]
    rates = [name for name in results.groups() if name.startswith("width")]
    low, high = results.stack(rates[0], "trace"), results.stack(rates[-1], "trace")
    n = min(len(low), len(high))
    claims.append(
        Claim(
            f"Trace Q at the smallest width, rates of s = {rates[-1].split()[1]} over s = {rates[0].split()[1]}",
            "below 1 (broad rates lower Q at small widths)",
            (0, 1),
            _ratio(high[:n, 0], low[:n, 0]),
            note=sets,
            each="set",
        )
    )
    if literal:
        k = louvain.index(literal[-1])
        times = _by_size(results, "kmeans", "seconds")[:, -1] / seconds[:, k]
        gain = q[:, k] - _by_size(results, "kmeans", "q")[:, -1]
        claims += [
            Claim(
                f"Time of the literal search over Louvain's, {literal[-1]} trains, similarity included",
                "not in the paper",
                None,
                times,
                note="Machine dependent. Same matrices, one thread; the literal search tries all numbers of groups.",
                each="set",
            ),
            Claim(
                f"Q/2m of Louvain minus the literal search's, {literal[-1]} trains",
                "not in the paper",
                None,
                gain,
                each="set",
            ),
        ]
    claims.append(
        Claim(
            f"Time for {louvain[-1]} trains, sigma {SIGMA_MS:g} ms",
            "about 2160 for 1000 trains (2.27 GHz, MATLAB, 2007)",
            None,
            seconds[:, -1],
            "s",
            note="Machine dependent. Similarity and 20 Louvain starts on one thread, without controls.",
            each="set",
        )
    )
    return claims


FIGURE_10 = Figure(
    name="scaling",
    title="Unstructured trains: size, timescale, rates (Figure 10)",
    caption=(
        "Independent gamma trains of 50 s with the log-normal rates and irregularity of anesthetized and of awake "
        "cortex: what modularity, number of groups and time are where there is nothing to find. Mean and standard "
        "deviation between sets. Modularity is divided by the total similarity; the paper prints the trace. Times are "
        "processor time of one thread of this machine, similarity and search with 20 starts (literal: 20 for each "
        "number of groups)."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
