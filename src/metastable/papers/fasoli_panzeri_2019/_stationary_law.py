"""Stationary law of the activity and densities of the potentials against Monte Carlo."""

from __future__ import annotations

import numpy as np

from metastable import figures
from metastable.finite_size import exact_statistics, potential_density
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.fasoli_panzeri_2019._protocol import (
    POPULATION_COLORS,
    SAMPLE,
    exact_claim,
    four_neurons,
    sample,
    sampled_claim,
    standard_error,
    two_neurons,
)

_EDGES = np.linspace(-7.5, 9.0, 67)
_PLANE = np.linspace(-7.0, 8.0, 91)
# One excitatory and one inhibitory neuron.
_E, _I = 0, 2


def law_of(*, seed: int) -> Numbers:
    """Compute the stationary law, densities of one and of two potentials."""
    exact = exact_statistics(four_neurons())
    x = np.linspace(_EDGES[0], _EDGES[-1], 400)
    plane = np.stack(np.meshgrid(_PLANE, _PLANE, indexing="ij"), axis=-1)
    two = exact_statistics(two_neurons())
    return {
        "stationary": exact.stationary,
        "mean": exact.mean,
        "x": x,
        "density": np.stack([potential_density(exact, x, neurons=i) for i in (_E, _I)]),
        "joint": potential_density(exact, plane, neurons=[_E, _I]),
        "two mean": two.mean,
        "two correlation": np.array(two.correlation[0, 1]),
        "two potential correlation": np.array(two.potential_correlation[0, 1]),
    }


def run_of(*, seed: int, index: int, n_steps: int) -> Numbers:
    """Simulate the same network."""
    activity, potentials = sample(four_neurons(), seed=seed, index=index, n_steps=n_steps)
    states = activity @ (1 << np.arange(4))
    return {
        "stationary": np.bincount(states, minlength=16) / n_steps,
        "mean": activity.mean(axis=0),
        "density": np.stack([np.histogram(potentials[:, i], _EDGES)[0] / n_steps / np.diff(_EDGES) for i in (_E, _I)]),
    }


def _jobs(scale: Scale) -> list[Job]:
    n_runs, n_steps = scale.numbers["n_runs"], scale.numbers["n_steps"]
    return [Job("exact", law_of, {})] + [
        Job("run", run_of, {"index": index, "n_steps": n_steps}) for index in range(n_runs)
    ]


def _draw(results: Results):
    exact, n_runs = results.first("exact"), len(results.every("run"))
    with figures.style():
        drawing = figures.new_figure(9.6, 3.1)
        left, middle, right = drawing.subplots(1, 3, width_ratios=[1.25, 1.2, 1])
        law, runs = exact["stationary"], results.stack("run", "stationary")
        order = np.argsort(-law, kind="stable")
        names = ["".join(str(k >> i & 1) for i in range(4)) for k in order]
        at = np.arange(law.size)
        left.bar(at, law[order], color="#aeb6bf", label="exact")
        left.errorbar(
            at,
            runs.mean(axis=0)[order],
            2 * standard_error(runs)[order],
            color="#1b2631",
            label=f"Monte Carlo, {n_runs} runs",
            **SAMPLE,
        )
        left.set(yscale="log", ylabel="probability", xlabel="state (E, E, I, I)")
        left.set_xticks(at, names, rotation=90, fontsize=6)
        left.legend(loc="upper right")
        figures.titled(left, "a  Stationary law of the activity", "error bars: 2 standard errors between runs")
        centres = 0.5 * (_EDGES[1:] + _EDGES[:-1])
        densities = results.stack("run", "density").mean(axis=0)
        for density, counted, (name, color) in zip(exact["density"], densities, POPULATION_COLORS.items(), strict=True):
            middle.plot(exact["x"], density, color=color, label=f"{name}, exact")
            middle.plot(centres[::2], counted[::2], color=color, label=f"{name}, Monte Carlo", **SAMPLE)
        middle.axvline(1, color="#999999", linewidth=0.8, linestyle="--")
        middle.annotate(
            "threshold",
            (1, 1),
            (3, -2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            fontsize=6,
            color="#666666",
            va="top",
        )
        middle.set(xlabel="membrane potential V (units of threshold)", ylabel="probability density", ylim=(0, None))
        middle.legend(loc="upper right", bbox_to_anchor=(1, 0.93))
        figures.titled(middle, "b  Potentials", "exact: a mixture of 16 normal densities")
        mesh = right.pcolormesh(_PLANE, _PLANE, exact["joint"].T, cmap="Blues", rasterized=True)
        right.contour(_PLANE, _PLANE, exact["joint"].T, levels=6, colors="#1b2631", linewidths=0.5)
        drawing.colorbar(mesh, ax=right, label="probability density", aspect=30, pad=0.02)
        right.axvline(1, color="#999999", linewidth=0.8, linestyle="--")
        right.axhline(1, color="#999999", linewidth=0.8, linestyle="--")
        right.set(xlabel="V of an E neuron", ylabel="V of an I neuron")
        figures.titled(right, "c  Two potentials", "activity: mass beyond the thresholds (dashed)")
    return drawing


def _claims(results: Results) -> list[Claim]:
    exact = results.first("exact")
    law, mean = exact["stationary"], exact["mean"]
    runs, means = results.stack("run", "stationary"), results.stack("run", "mean")
    far = np.abs(runs.mean(axis=0) - law) / standard_error(runs)
    return [
        exact_claim("Mean activity of E, 2 E + 2 I", mean[_E], 0.23529875, digits=8),
        exact_claim("Mean activity of I, 2 E + 2 I", mean[_I], 0.38475898, digits=8),
        exact_claim("Probability of silence, 2 E + 2 I", law[0], 0.35963634, digits=8),
        sampled_claim("Mean activity of E, Monte Carlo", means[:, _E], mean[_E], within=0.002),
        sampled_claim("Mean activity of I, Monte Carlo", means[:, _I], mean[_I], within=0.002),
        Claim(
            "Largest distance of a state's frequency from its exact probability, standard errors",
            "below 4.5, by chance alone",
            (0, 4.5),
            np.array([far.max()]),
            note="The largest of 16; standard error between runs, of which there are few.",
            exact=True,
        ),
        exact_claim("Mean activity of the first of two neurons", exact["two mean"][0], 0.41488167, digits=8),
        exact_claim("Mean activity of the second of two neurons", exact["two mean"][1], 0.49827515, digits=8),
        Claim(
            "Correlation of two neurons without autapses at equal times",
            "0",
            (-1e-12, 1e-12),
            np.array([exact["two correlation"]]),
            note="Each hears the other one step ago only: a closed form.",
            exact=True,
        ),
    ]


FIGURE_LAW = Figure(
    name="stationary-law",
    title="Activity and membrane potential: exact laws and Monte Carlo",
    caption=(
        "Two excitatory and two inhibitory neurons with noise. The stationary law of the 16 states, and the densities "
        "of the membrane potentials that follow from it, beside a simulation that shares no formula with them."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
