"""Figure 9, not in the paper: durations of active and inactive states, theory without a fitted parameter."""

from __future__ import annotations

from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

from metastable import figures, meanfield, statistics
from metastable.networks import rost_2018
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.rost_2018._protocol import activity_of

_R_J = 0.75
_BURN_IN_MS = 500.0
_NAMES = ("up_ms", "down_ms", "mean_active")


@cache
def _theory(j_e_plus: float) -> meanfield.DwellTimes:
    # Every network and chain needs its thresholds, and the passage times cost as much as ten seconds of a network.
    return meanfield.dwell_times(rost_2018(j_e_plus=j_e_plus, r_j=_R_J))


def theory_of(*, seed: int, j_e_plus: float) -> Numbers:
    """Compute mean durations from mean first-passage times."""
    found = _theory(j_e_plus)
    return {
        "up_ms": np.array(found.up_ms),
        "down_ms": np.array(found.down_ms),
        "mean_active": np.array(found.mean_active),
    }


def _durations(rates: NDArray[np.float64], j_e_plus: float) -> Numbers:
    """Measure states between the thresholds of the theory in rates (n_trials, n_clusters, n_samples) of 1 ms."""
    theory = _theory(j_e_plus)
    threshold = (theory.low, theory.high)
    states = statistics.cluster_states(rates, sample_ms=1.0, threshold=threshold)
    return {
        "up_ms": np.array(states.up.mean_ms),
        "down_ms": np.array(states.down.mean_ms),
        "mean_active": np.array(states.mean_active),
        "duration_ms": np.array(float(rates.shape[2])),
        "n_trials": np.array(len(rates)),
    }


def durations_of_network(*, seed: int, j_e_plus: float, network_index: int, duration_ms: float) -> Numbers:
    """Simulate one network and measure the durations of its states."""
    activity = activity_of(
        seed=seed, j_e_plus=j_e_plus, r_j=_R_J, network_index=network_index, duration_ms=duration_ms + _BURN_IN_MS
    ).discard(_BURN_IN_MS)
    return _durations(activity.cluster_rates["E"], j_e_plus)


def durations_of_chain(*, seed: int, j_e_plus: float, n_trials: int, duration_ms: float) -> Numbers:
    """Run the annealed chain, whose clusters are all alike, and measure the durations of its states, trials pooled."""
    chain = meanfield.cluster_chain(
        rost_2018(j_e_plus=j_e_plus, r_j=_R_J),
        duration_ms=duration_ms + _BURN_IN_MS,
        burn_in_ms=_BURN_IN_MS,
        n_trials=n_trials,
        seed=seed,
        n_jobs=1,
        progress=False,
    )
    return _durations(chain.cluster_rates["E"], j_e_plus)


def median_interval(values: ArrayLike) -> tuple[float, float, float]:
    """Return the median and its 95 % confidence interval by order statistics, NaN for fewer than 6 values.

    The interval assumes no distribution: a network has favourite clusters, and in some networks one of them is active
    so long that a mean over networks is that of the one or two most extreme. Its coverage is at least 95 %.

    Examples
    --------
    >>> median_interval(range(1, 13))
    (6.5, 3.0, 10.0)
    """
    ordered = np.sort(np.asarray(values, float))
    rank = int(binom.ppf(0.025, ordered.size, 0.5)) - 1
    if rank < 0 or not np.isfinite(ordered).all():
        return float(np.median(ordered)), np.nan, np.nan
    return float(np.median(ordered)), float(ordered[rank]), float(ordered[-1 - rank])


def _jobs(scale: Scale) -> list[Job]:
    jobs, numbers = [], scale.numbers
    for j in numbers["dwell_j_e"]:
        shared = {"j_e_plus": j, "duration_ms": numbers["dwell_ms"]}
        jobs.append(Job(f"{j:g} theory", theory_of, {"j_e_plus": j}))
        jobs.append(Job(f"{j:g} chain", durations_of_chain, {**shared, "n_trials": numbers["n_dwell_chain"]}))
        jobs += [
            Job(f"{j:g} networks", durations_of_network, {**shared, "network_index": index})
            for index in range(numbers["n_dwell"])
        ]
    return jobs


def _strengths(results: Results) -> list[float]:
    return [float(name.split()[0]) for name in results.groups() if name.endswith("theory")]


_THEORY = {"color": "black", "linestyle": "--", "linewidth": 1.2}
_CHAIN = {"color": figures.COLORS["outside"], "marker": "s", "markersize": 3, "linewidth": 1.2}
_NETWORKS = {"color": figures.COLORS["clustered"], "marker": "o", "markersize": 2.5, "alpha": 0.4, "linestyle": "none"}
_MEDIAN = {"color": figures.COLORS["clustered"], "marker": "D", "markersize": 4, "linestyle": "none"}


def _draw(results: Results):
    titles = ("a  Active states", "b  Inactive states", "c  Active clusters")
    with figures.style():
        drawing = figures.new_figure(7.2, 3.3)
        for ax, name, title in zip(drawing.subplots(1, 3), _NAMES, titles, strict=True):
            _draw_panel(ax, results, name)
            figures.titled(ax, title, f"$R_J={_R_J:g}$, thresholds of the theory")
        lines = zip((_THEORY, _CHAIN, _NETWORKS, _MEDIAN), _labels(results), strict=True)
        handles = [Line2D([], [], label=label, **line) for line, label in lines]
        drawing.legend(handles=handles, loc="outside lower center", ncols=2)
    return drawing


def _labels(results: Results) -> tuple[str, str, str, str]:
    first = f"{_strengths(results)[0]:g}"
    chain, networks = results.first(f"{first} chain"), results.every(f"{first} networks")
    seconds = float(networks[0]["duration_ms"]) / 1000
    after = f"{seconds:g} s, after {_BURN_IN_MS:g} ms discarded"
    return (
        "theory: first passage of one cluster",
        f"annealed chain: {int(chain['n_trials'])} trials of {after}",
        f"simulation: {len(networks)} networks, one trial of {after}",
        "median over networks, 95 % interval (order statistics)",
    )


def _draw_panel(ax: Axes, results: Results, name: str) -> None:
    strengths = _strengths(results)
    for kind, line in (("theory", _THEORY), ("chain", _CHAIN)):
        ax.plot(strengths, [float(results.first(f"{j:g} {kind}")[name]) for j in strengths], **line)
    for j in strengths:
        values = results.join(f"{j:g} networks", name)
        ax.plot(np.full(len(values), j - 0.02), values, **_NETWORKS)
        median, low, high = median_interval(values)
        if np.isfinite(low):
            ax.errorbar([j + 0.02], [median], [[median - low], [high - median]], capsize=2.5, **_MEDIAN)
        else:
            ax.plot([j + 0.02], [median], **_MEDIAN)
    ax.set(
        xlabel="cluster strength $J_{E+}$",
        ylabel="mean number" if name == "mean_active" else "mean duration (ms)",
        xlim=(strengths[0] - 0.1, strengths[-1] + 0.1),
    )
    if name != "mean_active":
        ax.set_yscale("log")
        ticks = [50, 100, 200, 300, 500, 1000, 1500, 2000, 3000, 5000, 10000, 20000]
        low, high = ax.get_ylim()
        shown = [tick for tick in ticks if low <= tick <= high]
        ax.set_yticks(shown, labels=[f"{tick:,}" for tick in shown])
        ax.set_yticks([], minor=True)


_NOTE = (
    "The details of the reference computation (thresholds, states the others are frozen at) are not known; no single "
    "choice tried gives all six of its numbers. Networks differ much, single ones have a favourite cluster."
)
# J_E+: mean duration of an active and of an inactive state, ms, from this theory; the range of its simulations.
_REFERENCE = {
    3.5: ((110, (90, 174)), (1294, (1836, 2757))),
    3.7: ((206, (130, 224)), (1391, (2180, 3650))),
    4.0: ((366, (199, 727)), (3166, (2533, 10246))),
}


def _claims(results: Results) -> list[Claim]:
    claims = []
    for j in _strengths(results):
        theory, chain = results.first(f"{j:g} theory"), results.first(f"{j:g} chain")
        for k, (name, label) in enumerate((("up_ms", "active"), ("down_ms", "inactive"))):
            statement = f"Mean duration of an {label} state at J_E+ = {j:g}"
            simulated_paper, accepted = "not given", None
            if j in _REFERENCE:
                number, accepted = _REFERENCE[j][k]
                simulated_paper = f"{accepted[0]}-{accepted[1]} (reference, range)"
                claims.append(
                    Claim(
                        f"{statement}, theory",
                        f"{number} (reference)",
                        (number - 0.5, number + 0.5),
                        theory[name][None],
                        "ms",
                        exact=True,
                        note=_NOTE,
                    )
                )
            values = results.join(f"{j:g} networks", name)
            median, low, high = median_interval(values)
            seconds = float(chain["duration_ms"]) / 1000
            claims += [
                Claim(
                    f"{statement}, annealed chain",
                    "not given",
                    None,
                    np.array([round(float(chain[name]))], np.float64),
                    "ms",
                    exact=True,
                    note=(
                        f"{int(chain['n_trials'])} trials of {seconds:g} s pooled. First-passage theory over chain: "
                        f"{theory[name] / chain[name]:.2f}, the error of freezing and enslaving the other clusters; "
                        f"median of the networks over chain: {median / chain[name]:.2f}, the effect of fixed wiring."
                    ),
                ),
                Claim(
                    f"{statement}, simulated",
                    simulated_paper,
                    accepted,
                    values,
                    "ms",
                    note=(
                        f"Median over networks {median:.0f} ms"
                        + (f", 95 % interval {low:.0f} to {high:.0f} ms (order statistics)." if low == low else ".")
                    ),
                ),
            ]
    return claims


FIGURE_9 = Figure(
    name="dwell-times",
    title="Durations of active and inactive states: theory and simulation (Figure 9)",
    caption=(
        "Not in the paper. Theory: mean first-passage times of one cluster's master equation, the others at their "
        "fixed points, with no fitted parameter. Annealed chain: the master equation of all clusters, connections "
        "drawn anew at every update; theory and chain differ by what the theory freezes, chain and simulation by the "
        "fixed wiring, which gives a network favourite clusters. A mean over networks would be that of the most "
        "extreme ones: diamonds are medians over networks, bars their 95 % confidence intervals by order statistics, "
        "which assume no distribution. Dots: networks; each mean is a maximum-likelihood estimate that counts states "
        "cut off at the ends of a trial."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
