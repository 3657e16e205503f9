"""Figure 9, not in the paper: durations of active and inactive states, theory without a fitted parameter."""

from __future__ import annotations

import numpy as np

from metastable import figures, meanfield, statistics
from metastable.networks import rost_2018
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.rost_2018._protocol import activity_of

_R_J = 0.75
_BURN_IN_MS = 500.0


def theory_of(*, seed: int, j_e_plus: float) -> Numbers:
    """Compute mean durations from mean first-passage times."""
    found = meanfield.dwell_times(rost_2018(j_e_plus=j_e_plus, r_j=_R_J))
    return {
        "up_ms": np.array(found.up_ms),
        "down_ms": np.array(found.down_ms),
        "low": np.array(found.low),
        "high": np.array(found.high),
        "mean_active": np.array(found.mean_active),
    }


def durations_of_network(*, seed: int, j_e_plus: float, network_index: int, duration_ms: float) -> Numbers:
    """Simulate one network and measure the durations of states between the thresholds of the theory."""
    theory = theory_of(seed=seed, j_e_plus=j_e_plus)
    rates = activity_of(
        seed=seed, j_e_plus=j_e_plus, r_j=_R_J, network_index=network_index, duration_ms=duration_ms
    ).discard(_BURN_IN_MS)
    threshold = (float(theory["low"]), float(theory["high"]))
    states = statistics.cluster_states(rates.cluster_rates["E"], sample_ms=1.0, threshold=threshold)
    return {
        "up_ms": np.array(states.up.mean_ms),
        "down_ms": np.array(states.down.mean_ms),
        "mean_active": np.array(states.mean_active),
    }


def _jobs(scale: Scale) -> list[Job]:
    jobs = []
    for j in scale.numbers["dwell_j_e"]:
        jobs.append(Job(f"{j:g} theory", theory_of, {"j_e_plus": j}))
        jobs += [
            Job(
                f"{j:g} networks",
                durations_of_network,
                {"j_e_plus": j, "network_index": index, "duration_ms": scale.numbers["dwell_ms"]},
            )
            for index in range(scale.numbers["n_dwell"])
        ]
    return jobs


def _strengths(results: Results) -> list[float]:
    return [float(name.split()[0]) for name in results.groups() if name.endswith("theory")]


def _draw(results: Results):
    strengths = _strengths(results)
    with figures.style():
        drawing = figures.new_figure(7.2, 2.9)
        panels = (("up_ms", "Active states"), ("down_ms", "Inactive states"), ("mean_active", "Active clusters"))
        for ax, (name, title) in zip(drawing.subplots(1, 3), panels, strict=True):
            theory = [float(results.first(f"{j:g} theory")[name]) for j in strengths]
            ax.plot(strengths, theory, color="black", linestyle="--", label="theory")
            for j in strengths:
                values = results.join(f"{j:g} networks", name)
                ax.plot(
                    np.full(len(values), j),
                    values,
                    linestyle="none",
                    marker="o",
                    markersize=2.5,
                    color=figures.COLORS["clustered"],
                    alpha=0.6,
                    label="networks" if j == strengths[0] else None,
                )
            ax.set(
                xlabel="cluster strength $J_{E+}$",
                ylabel="mean number" if name == "mean_active" else "mean duration (ms)",
            )
            if name != "mean_active":
                ax.set_yscale("log")
                ticks = [50, 100, 200, 500, 1000, 2000, 5000, 10000]
                low, high = ax.get_ylim()
                shown = [tick for tick in ticks if low <= tick <= high]
                ax.set_yticks(shown, labels=[f"{tick:,}" for tick in shown])
                ax.set_yticks([], minor=True)
            figures.titled(ax, title, f"$R_J={_R_J:g}$, first {_BURN_IN_MS:g} ms discarded")
            ax.legend(loc="best")
    return drawing


# Reference numbers of this theory: J_E+, mean duration of an active and of an inactive state, ms.
_NOTE = (
    "The details of the reference computation (thresholds, states the others are frozen at) are not known; no single "
    "choice tried gives all six of its numbers. Networks differ much, single ones have a favourite cluster."
)
_REFERENCE = {3.5: (110, 1294), 3.7: (206, 1391), 4.0: (366, 3166)}


def _claims(results: Results) -> list[Claim]:
    claims = []
    for j in _strengths(results):
        theory = results.first(f"{j:g} theory")
        for k, (name, label) in enumerate((("up_ms", "active"), ("down_ms", "inactive"))):
            statement = f"Mean duration of an {label} state at J_E+ = {j:g}"
            if j in _REFERENCE:
                number = _REFERENCE[j][k]
                interval = (number - 0.5, number + 0.5)
                value = theory[name][None]
                claims.append(
                    Claim(
                        f"{statement}, theory", f"{number} (reference)", interval, value, "ms", exact=True, note=_NOTE
                    )
                )
            values = results.join(f"{j:g} networks", name)
            claims.append(Claim(f"{statement}, simulated", "not given", None, values, "ms"))
    return claims


FIGURE_9 = Figure(
    name="dwell-times",
    title="Durations of active and inactive states: theory and simulation (Figure 9)",
    caption=(
        "Not in the paper. Theory: mean first-passage times of one cluster's master equation, the others at their "
        "fixed points, with no fitted parameter. Dots: networks; means are maximum-likelihood estimates that "
        "count states cut off at the ends of a trial."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
