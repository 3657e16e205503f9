"""Fano factor against the clustering ratio, and where slow dynamics begin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable import figures, statistics
from metastable.papers._claims import Claim
from metastable.papers._crossing import crossing
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.litwin_kumar_doiron_2012._protocol import excitatory_spikes


def variability_of_network(
    *, seed: int, r_ee: float, network_index: int, n_trials: int, duration_ms: float, burn_in_ms: float
) -> Numbers:
    """Simulate the trials of one network; return its mean rate and Fano factor."""
    spikes = excitatory_spikes(
        seed=seed,
        r_ee=r_ee,
        network_index=network_index,
        n_trials=n_trials,
        duration_ms=duration_ms,
        burn_in_ms=burn_in_ms,
    )
    fano = statistics.fano_factor(spikes, window_ms=100, estimator="mean_of_ratios", ddof=0)
    return {
        "r_ee": np.array(r_ee),
        "rate": np.array(statistics.mean_rate(spikes)),
        "fano": np.array(np.nanmean(fano)),
        "window_ms": np.array([burn_in_ms, duration_ms]),
    }


def _jobs(scale: Scale) -> list[Job]:
    shared = {name: scale.numbers[name] for name in ("n_trials", "duration_ms", "burn_in_ms")}
    return [
        Job(f"network {index}", variability_of_network, {"r_ee": r_ee, "network_index": index, **shared})
        for index in range(scale.numbers["n_networks"])
        for r_ee in scale.numbers["r_ee"]
    ]


def _curves(results: Results) -> tuple[NDArray, NDArray, NDArray]:
    networks = results.groups()
    r_ee = results.join(networks[0], "r_ee")
    return (
        r_ee,
        np.array([results.join(name, "fano") for name in networks]),
        np.array([results.join(name, "rate") for name in networks]),
    )


def _draw(results: Results):
    r_ee, fano, rate = _curves(results)
    location = _locations(results)
    with figures.style():
        drawing = figures.new_figure(7.2, 2.9)
        left, right = drawing.subplots(1, 2)
        color = figures.COLORS["clustered"]
        figures.curve_with_spread(r_ee, fano, color=color, marker="o", show_each=True, ax=left)
        figures.mark_window(left, 2.0, 2.5)
        left.axhline(1, color="#999999", linewidth=0.6, zorder=0)
        left.axvline(location.mean(), color="#111111", linewidth=0.8, linestyle="--")
        left.set(xlabel="clustering $R_{EE}$", ylabel="Fano factor")
        where = f"rises through 1\nat {location.mean():.2f} ± {location.std(ddof=1):.2f}"
        left.text(1.9, left.get_ylim()[1], where, va="top", ha="right", fontsize=7)
        figures.titled(left, "Fano factor of the E neurons", "100 ms windows, mean over windows, ddof 0")
        start, stop = results.first(results.groups()[0])["window_ms"] / 1000
        note = f"{start:g} to {stop:g} s of each trial; thin: each network, thick: mean"
        figures.titled(right, "Mean rate of the E neurons", note)
        figures.curve_with_spread(r_ee, rate, color=color, marker="o", show_each=True, ax=right)
        right.set(xlabel="clustering $R_{EE}$", ylabel="rate (spikes/s)", ylim=(0, None))
    return drawing


def _locations(results: Results) -> NDArray:
    r_ee, fano, _ = _curves(results)
    return np.array([crossing(r_ee, row, 1.0) for row in fano])


def _claims(results: Results) -> list[Claim]:
    r_ee, fano, _ = _curves(results)
    below = (r_ee >= 1) & (r_ee <= 1.75)
    return [
        Claim(
            "Clustering at which the mean Fano factor rises through 1",
            "2.0 to 2.5 (reproductions)",
            (2.0, 2.5),
            _locations(results),
            note="Linear between the values of R_EE, for each network.",
        ),
        Claim(
            "Largest Fano factor for R_EE up to 1.75",
            "flat, below 1 (reproductions)",
            (0, 1),
            fano[:, below].max(axis=1),
        ),
    ]


FIGURE = Figure(
    name="transition",
    title="Onset of slow dynamics with clustering",
    caption=(
        "Each thin line is one network, wired anew for each R_EE; the thick line is their mean. R_EE = 1 is the "
        "uniform network; at all other values weights within a cluster are 1.9 times larger. Shaded: where the paper "
        "and its reproductions see the transition."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
