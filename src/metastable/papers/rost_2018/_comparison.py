"""Figure 8: the dynamics of both architectures just beyond the loss of the homogeneous state."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from scipy.ndimage import gaussian_filter1d

from metastable import figures, meanfield
from metastable.networks import rost_2018
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.rost_2018._protocol import activity_of
from metastable.spikes import SpikeData

_POINTS = {"E": (2.9, 0.0), "E/I": (4.0, 0.75)}
_BURN_IN_MS, _END_MS = 500.0, 1500.0
_SMOOTHING_MS = 75.0
# Where the rates of the stable states with E clusters are told apart.
_ZOOM = (0.89, 1.015)
# Rates are multiples of 1/200; edges between them, so that every bin holds two values.
_EDGES = (2 * np.arange(102) - 0.5) / 200


def trial_of(*, seed: int, j_e_plus: float, r_j: float) -> Numbers:
    """Simulate one trial; keep onsets of all units and rates of the excitatory clusters after the burn-in."""
    activity = activity_of(
        seed=seed, j_e_plus=j_e_plus, r_j=r_j, network_index=0, duration_ms=_END_MS, record_spikes=True
    ).discard(_BURN_IN_MS)
    spikes = activity.spikes
    assert spikes is not None
    return {
        "time_ms": spikes.time_ms,
        "neuron": spikes.neuron,
        "sample_ms": activity.time_ms,
        "rates": activity.cluster_rates["E"][0],
    }


def largest_rates_of_network(
    *, seed: int, j_e_plus: float, r_j: float, network_index: int, threshold: float
) -> Numbers:
    """Simulate one trial; return the histogram of the largest cluster rate and of the number of active clusters."""
    activity = activity_of(
        seed=seed, j_e_plus=j_e_plus, r_j=r_j, network_index=network_index, duration_ms=_END_MS
    ).discard(_BURN_IN_MS)
    rates = activity.cluster_rates["E"][0]
    largest = rates.max(axis=0)
    n_active = (rates > threshold).sum(axis=0)
    return {
        "histogram": np.histogram(largest, _EDGES)[0],
        "above_0.7": np.array((largest > 0.7).mean()),
        "one_active": np.array((n_active == 1).mean()),
        "two_active": np.array((n_active == 2).mean()),
    }


def stable_states_of(*, seed: int, j_e_plus: float, r_j: float) -> Numbers:
    """Find the stable states of the mean field with active clusters: how many are active, and at which rate."""
    found = meanfield.fixed_points(rost_2018(j_e_plus=j_e_plus, r_j=r_j))
    active = [point for point in found if point.stable and point.n_active]
    return {
        "n_active": np.array([point.n_active for point in active], int),
        "rate": np.array([point.up for point in active], float),
    }


def _jobs(scale: Scale) -> list[Job]:
    jobs = []
    for name, (j_e_plus, r_j) in _POINTS.items():
        point = {"j_e_plus": j_e_plus, "r_j": r_j}
        # Half way between the rates of silent and active clusters, 0.02 and 0.98 or 0.02 and 0.28 to 0.4.
        threshold = 0.5 if name == "E" else 0.15
        jobs.append(Job(f"{name} trial", trial_of, point))
        jobs.append(Job(f"{name} theory", stable_states_of, point))
        jobs += [
            Job(f"{name} networks", largest_rates_of_network, {**point, "network_index": index, "threshold": threshold})
            for index in range(scale.numbers["n_comparison"])
        ]
    return jobs


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 7.4)
        axes = drawing.subplots(3, 2, gridspec_kw={"height_ratios": [1.5, 1, 1]})
        for column, (name, (j_e_plus, r_j)) in enumerate(_POINTS.items()):
            top, middle, bottom = axes[:, column]
            trial, theory = results.first(f"{name} trial"), results.first(f"{name} theory")
            network = rost_2018(j_e_plus=j_e_plus, r_j=r_j)
            spikes = SpikeData(
                time_ms=trial["time_ms"],
                neuron=trial["neuron"],
                n_neurons=network.n_neurons,
                t_start_ms=_BURN_IN_MS,
                t_stop_ms=_END_MS,
            )
            figures.cluster_shades(
                trial["sample_ms"],
                trial["rates"],
                cluster_size=network.population("E").size // len(trial["rates"]),
                color=figures.COLORS["clustered"],
                ax=top,
            )
            figures.raster(spikes, color="#333333", size=0.4, ax=top)
            top.axhline(network.population("E").size, color=figures.COLORS["outside"], linewidth=0.8)
            figures.titled(
                top,
                f"{'ab'[column]}  {name} clusters, $J_{{E+}}={j_e_plus:g}$, $R_J={r_j:g}$",
                "E below, I above the line; dots: onsets, red shade: rate of the E cluster",
            )
            smooth = gaussian_filter1d(trial["rates"], _SMOOTHING_MS, axis=1, mode="nearest")
            for raw, slow in zip(trial["rates"], smooth, strict=True):
                (line,) = middle.plot(trial["sample_ms"] / 1000, raw, linewidth=0.5, alpha=0.7)
                middle.plot(trial["sample_ms"] / 1000, slow, linewidth=1.0, linestyle="--", color=line.get_color())
            figures.titled(
                middle, f"{'cd'[column]}  Cluster rates", f"dashed: Gaussian kernel, s.d. {_SMOOTHING_MS:g} ms"
            )
            middle.set(
                xlabel="time (s)", ylabel="rate $m_c$", ylim=(0, 1.05), xlim=(_BURN_IN_MS / 1000, _END_MS / 1000)
            )
            counts = results.stack(f"{name} networks", "histogram").sum(axis=0)
            figures.distribution(_EDGES, counts, color=figures.COLORS["clustered"], ax=bottom)
            labelled = bottom
            if theory["rate"].min() > _ZOOM[0]:
                # The states of E clusters are so near to each other and to 1 that their labels need an inset.
                _mark_states(bottom, theory, labels=False)
                labelled = bottom.inset_axes((0.1, 0.25, 0.62, 0.62))
                figures.distribution(_EDGES, counts, color=figures.COLORS["clustered"], ax=labelled)
                labelled.set(xlim=_ZOOM, ylabel="", xticks=[0.9, 0.95, 1.0])
                bottom.indicate_inset_zoom(labelled)
            _mark_states(labelled, theory, labels=True)
            n = len(results.join(f"{name} networks", "one_active"))
            figures.titled(
                bottom,
                f"{'ef'[column]}  Largest cluster rate",
                f"{n} networks, {_BURN_IN_MS:g} to {_END_MS:g} ms; dashed: stable states, numbers: active",
            )
            bottom.set(xlabel="max $m_c$", xlim=(0, 1.02))
    return drawing


def _mark_states(ax: Axes, theory: Numbers, *, labels: bool) -> None:
    # Room for the labels above the distribution, in a panel and its inset alike.
    ax.set_ylim(top=1.12 * ax.get_ylim()[1])
    for k, rate in zip(theory["n_active"], theory["rate"], strict=True):
        ax.axvline(rate, color="#111111", linestyle="--", linewidth=0.8)
        if labels:
            ax.text(rate, 0.99, f" {k}", transform=ax.get_xaxis_transform(), va="top", fontsize=7)


def _claims(results: Results) -> list[Claim]:
    one = 100 * results.join("E networks", "one_active")
    above = 100 * results.join("E/I networks", "above_0.7")
    e, ei = results.first("E theory"), results.first("E/I theory")
    return [
        Claim("Stable states with active clusters, E at 2.9", "3", (3, 3), np.array([e["n_active"].size]), exact=True),
        Claim("Stable states with active clusters, E/I at 4", "2", (2, 2), np.array([ei["n_active"].size]), exact=True),
        Claim(
            "Share of samples with a single active cluster, E at 2.9",
            "almost exclusively",
            (95, 100),
            one,
            "%",
            note="The paper's statement holds only approximately (reference 72 %): states with two "
            "and three active clusters persist.",
        ),
        Claim(
            "Share of samples with a cluster above 0.7, E/I at 4",
            "0",
            (0, 1e-10),
            above,
            "%",
            note="The paper saw none in 100 runs; here and in the reference (0.3 %) it is rare, not absent.",
        ),
    ]


FIGURE_8 = Figure(
    name="comparison",
    title="Dynamics of E and E/I clusters (Figure 8)",
    caption=(
        "Onsets (transitions from 0 to 1) of all units before shades of the rates of the 20 excitatory clusters; those "
        "rates; and the distribution of the largest of them over networks and samples. In a the winner is saturated: "
        "its units stay on, and a unit that stays on has no onsets, so that its rows are shaded and empty. Dashed "
        "lines are the stable states of the mean field, labelled by the number of active clusters."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
