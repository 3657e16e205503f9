"""Groupwise correlations of orders two to four against the stimulus, exact and by Monte Carlo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable import figures
from metastable.finite_size import exact_statistics, groupwise_correlation
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.fasoli_panzeri_2019._protocol import (
    ORDER_COLORS,
    POPULATION_COLORS,
    SAMPLE,
    Array,
    exact_claim,
    four_neurons,
    sample,
    standard_error,
)

_GROUPS = {2: [0, 1], 3: [0, 1, 2], 4: [0, 1, 2, 3]}
_NAMES = {2: "E, E", 3: "E, E, I", 4: "E, E, I, I"}
_SIGNALS = ("activity", "potential")
_STIMULUS_I = 0.2


def exact_of(*, seed: int, stimulus: list[float]) -> Numbers:
    """Compute means and correlations along the stimulus of E."""
    mean, correlation = [], []
    for value in stimulus:
        exact = exact_statistics(four_neurons([value, _STIMULUS_I]))
        mean.append(exact.mean)
        correlation.append(
            [[groupwise_correlation(exact, group, of=of) for group in _GROUPS.values()] for of in _SIGNALS]
        )
    return {"stimulus": np.array(stimulus), "mean": np.array(mean), "correlation": np.array(correlation)}


def sampled_correlation(x: NDArray, group: list[int]) -> float:
    """Estimate the correlation of a group from samples in rows."""
    centred = x[:, group] - x[:, group].mean(axis=0)
    spread = (np.abs(centred) ** len(group)).mean(axis=0)
    if not spread.all():
        return float("nan")
    return float(centred.prod(axis=1).mean() / np.exp(np.log(spread).mean()))


def run_of(*, seed: int, index: int, stimulus: float, n_steps: int) -> Numbers:
    """Estimate the same from a simulation."""
    signals = sample(four_neurons([stimulus, _STIMULUS_I]), seed=seed, index=index, n_steps=n_steps)
    return {
        "mean": signals[0].mean(axis=0),
        "correlation": np.array([[sampled_correlation(x, group) for group in _GROUPS.values()] for x in signals]),
    }


def _jobs(scale: Scale) -> list[Job]:
    curve = np.linspace(-4.0, 7.0, 67).tolist()
    jobs = [Job("curve", exact_of, {"stimulus": curve}), Job("point", exact_of, {"stimulus": [0.5]})]
    # Further out hardly any neuron ever changes.
    sampled = np.linspace(-2.0, 5.0, scale.numbers["n_stimuli"]).tolist()
    jobs.append(Job("sampled", exact_of, {"stimulus": sampled}))
    n_runs, n_steps = scale.numbers["n_runs"], scale.numbers["n_steps"]
    jobs += [
        Job(f"at {k}", run_of, {"index": k * n_runs + index, "stimulus": value, "n_steps": n_steps})
        for k, value in enumerate(sampled)
        for index in range(n_runs)
    ]
    return jobs


def _runs(results: Results, name: str) -> Array:
    """Return numbers by stimulus and run."""
    return np.stack([results.stack(group, name) for group in results.groups() if group.startswith("at ")])


def _draw(results: Results):
    curve, points = results.first("curve"), results.first("sampled")["stimulus"]
    means, runs = _runs(results, "mean"), _runs(results, "correlation")
    with figures.style():
        drawing = figures.new_figure(9.6, 3.1)
        left, *others = drawing.subplots(1, 3)
        for (name, color), i in zip(POPULATION_COLORS.items(), (0, 2), strict=True):
            left.plot(curve["stimulus"], curve["mean"][:, i], color=color, label=name)
            left.errorbar(
                points, means[..., i].mean(axis=1), 2 * standard_error(means[..., i], 1), color=color, **SAMPLE
            )
        left.set(ylabel="mean activity", ylim=(-0.03, 1.03))
        left.legend(loc="upper left")
        figures.titled(left, "a  Mean activity", f"lines exact, points Monte Carlo, {runs.shape[1]} runs, 2 s.e.")
        for ax, letter, k, of in zip(others, "bc", range(2), _SIGNALS, strict=True):
            for m, order in enumerate(_GROUPS):
                ax.plot(
                    curve["stimulus"],
                    curve["correlation"][:, k, m],
                    color=ORDER_COLORS[order],
                    label=f"order {order}: {_NAMES[order]}",
                )
                each = runs[:, :, k, m]
                ax.errorbar(points, each.mean(axis=1), 2 * standard_error(each, 1), color=ORDER_COLORS[order], **SAMPLE)
            ax.axhline(0, color="#999999", linewidth=0.6)
            ax.set(ylabel="groupwise correlation")
            figures.titled(ax, f"{letter}  Correlation of the {of}", "order 2: Pearson")
        others[1].legend(loc="best")
        for ax in (left, *others):
            ax.set_xlabel(r"stimulus $I_E$ (units of threshold)")
    return drawing


def _claims(results: Results) -> list[Claim]:
    at = results.first("point")["correlation"][0]
    exact, runs = results.first("sampled")["correlation"], _runs(results, "correlation")
    found = [
        exact_claim("Correlation of activity, E, E", at[0, 0], 0.19598382, digits=8),
        exact_claim("Correlation of activity, E, E, I", at[0, 1], 0.05300501, digits=8),
        exact_claim("Correlation of potential, E, E", at[1, 0], 0.50092571, digits=8),
        exact_claim("Correlation of potential, E, E, I", at[1, 1], -0.04667558, digits=8),
    ]
    for k, of in enumerate(_SIGNALS):
        # Mean over orders and runs: one number for each stimulus.
        error = runs[:, :, k].mean(axis=1) - exact[:, k]
        found.append(
            Claim(
                f"Monte Carlo less exact correlation of the {of}, mean over orders 2 to 4",
                "0",
                (-0.003, 0.003),
                error.mean(axis=1),
                each="point",
                note="Estimates of ratios are biased by the order of 1 over the number of steps.",
            )
        )
    curve = results.first("curve")
    found.append(
        Claim(
            "Largest correlation of activity, E, E, over stimuli",
            "between weak and strong stimuli",
            None,
            np.array([curve["correlation"][:, 0, 0].max()]),
            note=f"At stimulus {curve['stimulus'][curve['correlation'][:, 0, 0].argmax()]:g} of E.",
            exact=True,
        )
    )
    return found


FIGURE_CORRELATIONS = Figure(
    name="correlations",
    title="Groupwise correlations against the stimulus, orders two to four",
    caption=(
        "Two excitatory and two inhibitory neurons with noise; the stimulus of I is 0.2. Correlations of groups of "
        "two, three and four neurons, of activities and of potentials, exact (lines) and by Monte Carlo (points)."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
