"""Figure 4: fewer equations than neurons."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable import figures
from metastable.networks import WiredPulseNetwork
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.van_bussel_2011._protocol import SPREAD_1, largest_error, record, slope, wired_network
from metastable.reconstruction import quality, reconstruct
from metastable.spikes import SpikeData

N, K = 50, 12
ALPHAS = (0.75, 0.9, 0.95, 0.99)
# Equations that give all weights in nearly every network, and the error below which a weight counts as exact, mV.
ENOUGH, EXACT_MV = 34, 1e-6
# Of M_{q, alpha} in figure 4B.
WANTED, ALPHA = 0.9, 0.95
_NOTE = (
    "Basis pursuit, one interval of each driving condition, all neurons from reset. Sizes of weights normal, sd 25 %, "
    "sum 0.8 (V_T - V_R), chosen here: the paper does not give them."
)


def _spikes(wired: WiredPulseNetwork, seed: int) -> SpikeData:
    # In units of the drive-free period, which is what figure 4B's parameters without units are about.
    duration = 9.0 * float(wired.period_ms.mean())
    return record(wired, seed=seed, duration_ms=duration, n_trials=wired.n_neurons, spread=SPREAD_1, initial_mv=0.0)


def _weights(spikes: SpikeData, wired: WiredPulseNetwork, m: int) -> NDArray[np.float64]:
    return reconstruct(
        spikes,
        model=wired,
        method="basis-pursuit",
        rows="one-per-trial",
        n_rows=m,
        n_holdout=0,
        n_jobs=1,
        progress=False,
    ).weights


def quality_of(*, seed: int, index: int, m: list[int]) -> Numbers:
    """Measure the quality of one reconstruction against the number of equations."""
    wired = wired_network(seed=seed, index=index, figure="4A", n_neurons=N, in_degree=K)
    spikes = _spikes(wired, seed)
    found = [_weights(spikes, wired, k) for k in m]
    q = [[quality(weights, wired.weights, alpha=alpha) for weights in found] for alpha in ALPHAS]
    return {"m": np.array(m), "quality": np.array(q)}


def error_of(*, seed: int, index: int, m: int) -> Numbers:
    """Measure the largest error of one reconstruction; weights that are unknown count as 0."""
    wired = wired_network(seed=seed, index=index, figure="4A", n_neurons=N, in_degree=K)
    return {"error": np.array(largest_error(_weights(_spikes(wired, seed), wired, m), wired.weights))}


def fewest_of(*, seed: int, n: int, k: int, index: int) -> Numbers:
    """Find the fewest equations of one network that give the wanted quality, by bisection."""
    wired = wired_network(seed=seed, index=index, figure="4B", n_neurons=n, in_degree=k)
    spikes = _spikes(wired, seed)
    low, high, q_low, q_high = 0, n, 0.0, 1.0
    while high - low > 1:
        middle = (low + high) // 2
        q = quality(_weights(spikes, wired, middle), wired.weights, alpha=ALPHA)
        if q >= WANTED:
            high, q_high = middle, q
        else:
            low, q_low = middle, q
    return {"n": np.array(n), "k": np.array(k), "m": np.array(low + (WANTED - q_low) / (q_high - q_low))}


def _jobs(scale: Scale) -> list[Job]:
    numbers = scale.numbers
    jobs = [Job("quality", quality_of, {"index": index, "m": numbers["m"]}) for index in range(numbers["n_quality"])]
    jobs += [Job("exact", error_of, {"index": index, "m": ENOUGH}) for index in range(numbers["n_whole"])]
    return jobs + [
        Job("fewest", fewest_of, {"n": n, "k": k, "index": index})
        for n in numbers["fewest_n"]
        for k in _degrees(n, numbers["n_degrees"])
        for index in range(numbers["n_fewest"])
    ]


def _degrees(n: int, n_degrees: int | None) -> list[int]:
    """Return in-degrees from 1 to n - 1: all of them, or some at equal ratios."""
    if n_degrees is None:
        return list(range(1, n))
    return sorted({round(float(k)) for k in np.geomspace(1, n - 1, n_degrees)})


def _fewest(results: Results) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return N, number of connections and M, (n_networks, n_points)."""
    points: dict[tuple[int, int], list[float]] = {}
    for numbers in results.every("fewest"):
        points.setdefault((int(numbers["n"]), int(numbers["k"])), []).append(float(numbers["m"]))
    n, k = np.array(list(points), float).T
    return n, n * k, np.array(list(points.values())).T


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 3.0)
        left, right = drawing.subplots(1, 2)
        m = results.first("quality")["m"]
        q = results.stack("quality", "quality")
        for k, (alpha, color) in enumerate(zip(ALPHAS, ("uniform", "inside", "outside", "clustered"), strict=True)):
            figures.curve_with_spread(
                m, q[:, k], color=figures.COLORS[color], marker="o", label=rf"$\alpha$ = {alpha:g}", ax=left
            )
        left.set(xlabel="equations M", ylabel=r"quality $Q_\alpha$", ylim=(0, 1.03), xlim=(0, N + 1))
        left.legend(loc="lower right")
        figures.titled(left, "a  Quality", f"N = {N}, K = {K}, basis pursuit, {len(q)} networks")
        n, edges, fewest = _fewest(results)
        for size, color in zip(np.unique(n), ("outside", "inside", "clustered", "uniform", "all"), strict=False):
            of = n == size
            label = f"N = {size:g}" if len(np.unique(n)) <= 5 else None
            right.plot(
                np.tile(edges[of], len(fewest)),
                fewest[:, of].ravel(),
                linestyle="none",
                marker="o",
                markersize=3,
                alpha=0.7,
                color=figures.COLORS[color],
                label=label,
            )
        x = np.array([edges.min(), edges.max()])
        exponent, _ = _exponent(edges, fewest.mean(axis=0))
        middle = np.exp(np.log(fewest).mean() - exponent * np.log(edges).mean())
        right.plot(x, middle * x**exponent, color="black", linewidth=0.9, label=f"exponent {exponent:.3f}")
        right.set(xlabel="connections E", ylabel=f"fewest equations $M_{{{WANTED:g}, {ALPHA:g}}}$")
        right.set(xscale="log", yscale="log")
        right.set_yticks([5, 10, 20, 40], labels=["5", "10", "20", "40"])
        right.set_yticks([], minor=True)
        right.legend(loc="upper left")
        figures.titled(right, "b  Equations needed", f"{edges.size} points, {len(fewest)} networks each")
    return drawing


def _exponent(edges: NDArray[np.float64], fewest: NDArray[np.float64]) -> tuple[float, float]:
    return slope(edges, fewest, np.ones(edges.size, bool))


def _exact_from(numbers: Numbers) -> float:
    """Return the number of equations from which on all weights are found, at alpha = .95."""
    q = numbers["quality"][ALPHAS.index(ALPHA)]
    bad = np.flatnonzero(q < 1)
    first = bad[-1] + 1 if bad.size else 0
    return float(numbers["m"][first]) if first < q.size else np.nan


def _claims(results: Results) -> list[Claim]:
    _, edges, fewest = _fewest(results)
    exponents = np.array([_exponent(edges, each)[0] for each in fewest])
    return [
        Claim(
            f"Equations from which on all weights are within 5 %, N = {N}, K = {K}",
            "30 (reference)",
            (25, 35),
            np.array([_exact_from(numbers) for numbers in results.every("quality")]),
            "equations",
            note=_NOTE,
        ),
        Claim(
            f"Share of networks with all weights exact from {ENOUGH} equations, N = {N}, K = {K}",
            "at least 9 of 10 (reference)",
            (0.9, 1),
            np.array([(results.stack("exact", "error") < EXACT_MV).mean()]),
            exact=True,
            note=f"{len(results.every('exact'))} networks, largest error below {EXACT_MV:g} mV. {_NOTE}",
        ),
        Claim(
            f"Exponent of the fewest equations M_{{{WANTED:g}, {ALPHA:g}}} against the number of connections",
            ".504 (reference .483)",
            (0.45, 0.55),
            exponents,
            note=(
                f"{edges.size} combinations of N and K; log-log fit to one network of each. {_NOTE} In-degrees at "
                "equal ratios at the quick scale, all of them at the full one."
            ),
            each="set",
        ),
    ]


FIGURE_4 = Figure(
    name="sparse",
    title="Fewer equations than neurons (Figure 4)",
    caption=(
        "Homogeneous inhibitory networks from few driving conditions, one equation each. a: share of weights within "
        "1 - alpha of the truth, existing and absent ones counted half each. b: fewest equations that give nine tenths "
        "of them within 5 %, against the number of connections."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
