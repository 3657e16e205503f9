"""Convergence to the mean field with the number of neurons, fluctuations, and where the mean field loses stability."""

from __future__ import annotations

import numpy as np

from metastable import figures
from metastable.finite_size import critical_noise, lumped_chain, mean_field_states
from metastable.networks import FiniteSizeNetwork
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.fasoli_panzeri_2019._protocol import (
    POPULATION_COLORS,
    SAMPLE,
    exact_claim,
    run,
    sampled_claim,
    standard_error,
    two_halves,
)

_TARGETS = {8: 0.27715, 16: 0.32090, 32: 0.35508, 64: 0.37785, 128: 0.39134}
_BURN_IN = 100
_SIGMA = np.linspace(0.6, 2.0, 21)
# Variances are those of so many neurons; rates and stability are of the limit for any number.
_LARGE = 2000


def chain_of_counts(*, seed: int, n: int) -> Numbers:
    """Compute the exact law of the counts of n neurons."""
    chain = lumped_chain(two_halves(n))
    half = n // 2
    return {
        "n": np.array(n),
        "mean": chain.mean,
        "variance": n * np.diagonal(chain.count_covariance),
        "law": np.bincount(chain.counts[:, 0], chain.stationary, half + 1),
    }


def limit_of(*, seed: int) -> Numbers:
    """Compute the mean field: rates, fluctuations, and stability against noise."""
    state = mean_field_states(_limit(1.5))[0]
    critical = critical_noise(_limit(1.0))
    assert critical is not None
    radius = [mean_field_states(_limit(float(sigma)))[0].spectral_radius for sigma in _SIGMA]
    return {
        "mean": state.rates,
        "variance": _LARGE * np.diagonal(state.covariance),
        "radius": np.array(radius),
        "critical": np.array(critical.factor),
        "turns": np.array(critical.period),
        "neimark-sacker": np.array(critical.kind == "Neimark-Sacker"),
    }


def _limit(sigma: float) -> FiniteSizeNetwork:
    half = _LARGE // 2
    return FiniteSizeNetwork.homogeneous(
        {"E": half, "I": half},
        coupling=[[9, -7], [8, -4]],
        in_degree=_LARGE,
        threshold=1,
        sigma=sigma,
        stimulus=[0.4, 0.1],
    )


def run_of(*, seed: int, index: int, n: int, n_steps: int) -> Numbers:
    """Simulate n neurons."""
    activity = run(two_halves(n), seed=seed, index=index, n_steps=n_steps + _BURN_IN).activity[0, _BURN_IN:]
    shares = activity.reshape(len(activity), 2, -1).mean(axis=2)
    return {"mean": shares.mean(axis=0), "variance": n * shares.var(axis=0)}


def _jobs(scale: Scale) -> list[Job]:
    numbers = scale.numbers
    jobs = [Job("exact", chain_of_counts, {"n": n}) for n in numbers["exact_n"]] + [Job("limit", limit_of, {})]
    return jobs + [
        Job(f"runs of {n}", run_of, {"index": index, "n": n, "n_steps": n_steps})
        for n, n_steps in numbers["sampled_n"]
        for index in range(numbers["n_runs"])
    ]


def _sampled(results: Results) -> dict[int, str]:
    return {int(group.split()[-1]): group for group in results.groups() if group.startswith("runs of ")}


def _draw(results: Results):
    n, limit, sampled = results.stack("exact", "n"), results.first("limit"), _sampled(results)
    with figures.style():
        drawing = figures.new_figure(9.6, 5.4)
        (top, fluctuation), (law, stability) = drawing.subplots(2, 2)
        for ax, name, label in (
            (top, "mean", "mean activity"),
            (fluctuation, "variance", "N x variance of the active share"),
        ):
            for a, (population, color) in enumerate(POPULATION_COLORS.items()):
                ax.plot(n, results.stack("exact", name)[:, a], color=color, label=f"{population}, exact")
                ax.axhline(
                    limit[name][a], color=color, linewidth=0.9, linestyle="--", label=f"{population}, mean field"
                )
                for k, (size, group) in enumerate(sampled.items()):
                    each = results.stack(group, name)[:, a]
                    ax.errorbar(
                        size,
                        each.mean(),
                        2 * standard_error(each),
                        color=color,
                        label=None if k else f"{population}, Monte Carlo",
                        **SAMPLE,
                    )
            ax.set(xscale="log", xlabel="number of neurons N", ylabel=label)
            sizes = 2 ** np.arange(3, int(np.log2(max([*n.tolist(), *sampled]))) + 1)
            ax.set_xticks(sizes, sizes.astype(str))
            ax.minorticks_off()
        top.legend(loc="lower right", ncols=2)
        figures.titled(top, "a  Means", r"$\sigma$ = 1.5; half E, half I; error bars: 2 s.e.")
        figures.titled(fluctuation, "b  Fluctuations", "mean field: linear noise")
        greys = [f"{level:.2f}" for level in np.linspace(0.85, 0.1, len(n))]
        for numbers, color in zip(results.every("exact"), greys, strict=True):
            half = len(numbers["law"]) - 1
            law.plot(np.arange(half + 1) / half, numbers["law"] * half, color=color, label=f"N = {numbers['n']}")
        largest = results.every("exact")[-1]
        sd = np.sqrt(limit["variance"][0] / largest["n"])
        x = np.linspace(0, 1, 300)
        normal = np.exp(-0.5 * ((x - limit["mean"][0]) / sd) ** 2) / sd / np.sqrt(2 * np.pi)
        law.plot(
            x,
            normal,
            color=POPULATION_COLORS["E"],
            linestyle="--",
            linewidth=1,
            label=f"linear noise, N = {largest['n']}",
        )
        law.set(xlabel="active share of E", ylabel="probability density", xlim=(0, 1), ylim=(0, None))
        law.legend(loc="upper right")
        figures.titled(law, "c  Law of the activity", "exact, of the chain of counts")
        stability.plot(_SIGMA, limit["radius"], color="#1b2631")
        stability.axhline(1, color="#999999", linewidth=0.8, linestyle="--")
        critical = float(limit["critical"])
        stability.plot([critical], [1], marker="o", color=POPULATION_COLORS["E"])
        stability.annotate(
            rf"Neimark-Sacker at $\sigma$ = {critical:.4f}, one turn in {limit['turns']:.2f} steps",
            (critical, 1),
            (8, 6),
            textcoords="offset points",
            fontsize=7,
        )
        stability.set(xlabel=r"noise $\sigma$ (units of threshold)", ylabel="spectral radius of the mean field")
        figures.titled(stability, "d  Stability", "below 1: rates return to their fixed point")
    return drawing


def _claims(results: Results) -> list[Claim]:
    limit = results.first("limit")
    found = [
        exact_claim(f"Mean activity of E, N = {n['n']}, exact", n["mean"][0], _TARGETS[int(n["n"])], digits=5)
        for n in results.every("exact")
        if int(n["n"]) in _TARGETS
    ]
    found += [
        exact_claim("Mean activity of E, mean field", limit["mean"][0], 0.40668117, digits=8),
        exact_claim("Mean activity of I, mean field", limit["mean"][1], 0.45262892, digits=8),
        exact_claim("Noise at which the mean field loses stability", limit["critical"], 0.8140, digits=4),
        exact_claim("That is a Neimark-Sacker bifurcation (1: yes)", limit["neimark-sacker"], 1, digits=0),
    ]
    n, mean = results.stack("exact", "n"), results.stack("exact", "mean")[:, 0]
    gap = np.log(limit["mean"][0] - mean[-2:])
    found.append(
        Claim(
            "Power of N by which the mean of E nears the mean field",
            "-1",
            (-1.15, -0.75),
            np.array([np.diff(gap)[0] / np.diff(np.log(n[-2:]))[0]]),
            note=f"Between the two largest exact sizes, {n[-2]} and {n[-1]}.",
            exact=True,
        )
    )
    for size, group in _sampled(results).items():
        if size in n:
            target = float(results.every("exact")[int(np.flatnonzero(n == size)[0])]["mean"][0])
            each = results.stack(group, "mean")[:, 0]
            found.append(sampled_claim(f"Mean activity of E, N = {size}, Monte Carlo", each, target, within=0.003))
    largest = max(_sampled(results).items())
    found.append(
        Claim(
            f"Variance of the active share of E over that of linear noise, N = {largest[0]}, Monte Carlo",
            "1 for large N",
            (0.9, 1.1),
            results.stack(largest[1], "variance")[:, 0] / limit["variance"][0],
            each="run",
        )
    )
    return found


FIGURE_MEAN_FIELD = Figure(
    name="mean-field",
    title="From 8 neurons to the mean field on one curve",
    caption=(
        "Populations of equal neurons. The chain of counts is exact for any number of neurons; it ends in the mean "
        "field, around which activity fluctuates with a variance of the order of 1/N. With little noise the fixed "
        "point gives way to a rotation."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
