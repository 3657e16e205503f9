"""Quenched disorder: stationary states and bifurcation points of networks with random weights."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable import figures
from metastable.finite_size import (
    attractors_at,
    bifurcation_points,
    block_permanent,
    existence_probability,
    expected_stationary_states,
    order_statistic_cdf,
    permanent,
    stationary_states,
)
from metastable.networks import DisorderedNetwork
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.fasoli_panzeri_2019._protocol import OWN, SAMPLE, Array, exact_claim, sampled_claim


def _random(n_half: int) -> DisorderedNetwork:
    """Build populations of random weights, half of the neurons excitatory."""
    parameters: Any = {"mean": [[12, -10], [10, -8]], "sd": 8, "probability": 0.8, "threshold": 1}
    return DisorderedNetwork(sizes={"E": n_half, "I": n_half}, **parameters)


def _symmetric(n: int) -> DisorderedNetwork:
    """Build dense weights around 0 at threshold."""
    parameters: Any = {"mean": 0, "sd": 1}
    return DisorderedNetwork(sizes={"all": n}, **parameters)


_COUNTED, _WIDE = _random(5), _random(40)
# Active neurons of I in the states that are followed.
_ACTIVE_I = {"wide": 16, "counted": 2}
# Just below threshold, where the silent state ends, besides.
_STIMULUS_E = np.union1d(np.linspace(-8.0, 8.0, 65), 0.99)
_STIMULUS_I = -2.0
_SIZES = np.arange(2, 17)
_BATCHES = 5


def expected_of(*, seed: int) -> Numbers:
    """Compute mean and variance of the number of stationary states along the stimulus of E."""
    found = [
        expected_stationary_states(_COUNTED.with_stimulus([value, _STIMULUS_I]), variance=True)
        for value in _STIMULUS_E.tolist()
    ]
    symmetric = [expected_stationary_states(_symmetric(n), variance=True) for n in _SIZES.tolist()]
    return {
        "expected": np.array([one.expected for one in found]),
        "sd": np.array([one.standard_deviation for one in found]),
        "symmetric": np.array([one.expected for one in symmetric]),
        "symmetric sd": np.array([one.standard_deviation for one in symmetric]),
        "exists": np.array([existence_probability(_COUNTED, [n, _ACTIVE_I["counted"]]) for n in range(6)]),
    }


def points_of(*, seed: int) -> Numbers:
    """Compute the laws of the edges of one state's box, and permanents."""
    # Where all of E stop to be active, and where all of E stop to be silent.
    on, off = (bifurcation_points(_WIDE, [n, _ACTIVE_I["wide"]])[0] for n in (40, 0))
    x = np.linspace(-4.0, 5.0, 361)
    n, rank = 8, 6
    # Eight independent uniform variables of two kinds: by permanents, and by the product over kinds.
    at = np.linspace(0.05, 0.95, 10)
    two_kinds = np.stack([at, at**2])
    listed = np.repeat(two_kinds, n // 2, axis=0)
    by_permanent = [
        sum(
            float(permanent(np.column_stack([f] * m + [1 - f] * (n - m)))) / _factorials(m, n - m)
            for m in range(rank, n + 1)
        )
        for f in listed.T
    ]
    by_product = order_statistic_cdf(two_kinds, rank=rank, multiplicity=[n // 2, n // 2])
    return {
        "x": x,
        "lower": on.lower_cdf(x),
        "upper": off.upper_cdf(x),
        "lower gumbel": on.lower_gumbel(x),
        "upper gumbel": off.upper_gumbel(x),
        "ones": np.array(float(permanent(np.ones((10, 10), int)))),
        "derangements": np.array(float(permanent(np.ones((8, 8), int) - np.eye(8, dtype=int)))),
        "blocks": np.array(float(block_permanent([[1]], [10], [10]))),
        "difference": np.array(np.abs(np.array(by_permanent) - by_product).max()),
    }


def _factorials(*numbers: int) -> float:
    return float(np.prod([np.prod(np.arange(1.0, k + 1)) for k in numbers]))


def counted_of(*, seed: int, start: int, stop: int) -> Numbers:
    """Draw networks and list their stationary states: counts along the stimulus, and boxes of states."""
    counts, exists = [], []
    second = _ACTIVE_I["counted"]
    for k in range(start, stop):
        found = stationary_states(_COUNTED.wire(seed, network=k), n_jobs=1, progress=False)
        inside = (found.lower[:, 0] <= _STIMULUS_E[:, None]) & (_STIMULUS_E[:, None] < found.upper[:, 0])
        inside &= (found.lower[:, 1] <= _STIMULUS_I) & (found.upper[:, 1] > _STIMULUS_I)
        counts.append(inside.sum(axis=1))
        # One state for each count: the first neurons of each population.
        states = {bytes(row) for row in found.states}
        exists.append([bytes(_first(n, second)) in states for n in range(6)])
    return {"counts": np.array(counts), "exists": np.array(exists)}


def _first(n_e: int, n_i: int) -> NDArray[np.uint8]:
    state = np.zeros(10, np.uint8)
    state[:n_e] = 1
    state[5 : 5 + n_i] = 1
    return state


def edges_of(*, seed: int, n_networks: int) -> Numbers:
    """Draw large networks, and take the stimuli that the neurons of one state need."""
    inhibition = np.arange(40) < _ACTIVE_I["wide"]
    on, off = (np.concatenate([np.full(40, active), inhibition]) for active in (True, False))
    lower, upper = np.empty((2, n_networks))
    for k in range(n_networks):
        network = _WIDE.wire(seed, network=k)
        lower[k] = (network.threshold - network.weights @ on)[:40].max()
        upper[k] = (network.threshold - network.weights @ off)[:40].min()
    return {"lower": np.sort(lower), "upper": np.sort(upper)}


def symmetric_of(*, seed: int, n: int, n_networks: int) -> Numbers:
    """Count the stationary states of networks with weights around 0 at threshold."""
    counts = np.empty(n_networks)
    for k in range(n_networks):
        image = attractors_at(_symmetric(n).wire(seed, network=k), [0.0]).attractors
        counts[k] = sum(one.period == 1 for one in image)
    return {"n": np.array(n), "counts": counts}


def _jobs(scale: Scale) -> list[Job]:
    numbers = scale.numbers
    jobs = [Job("expected", expected_of, {}), Job("points", points_of, {})]
    edges = np.linspace(0, numbers["n_networks"], _BATCHES + 1).astype(int).tolist()
    jobs += [Job("counted", counted_of, {"start": start, "stop": stop}) for start, stop in itertools.pairwise(edges)]
    jobs.append(Job("edges", edges_of, {"n_networks": numbers["n_wide"]}))
    return jobs + [
        Job("symmetric", symmetric_of, {"n": n, "n_networks": numbers["n_networks"]}) for n in (3, 5, 7, 9, 11)
    ]


def _draw(results: Results):
    expected, points, edges = (results.first(name) for name in ("expected", "points", "edges"))
    counts, n_networks = results.join("counted", "counts"), len(results.join("counted", "counts"))
    black, red = "#1b2631", "#c0392b"
    with figures.style():
        drawing = figures.new_figure(9.6, 5.6)
        (number, points_ax), (symmetric, exists) = drawing.subplots(2, 2)
        mean, sd = expected["expected"], expected["sd"]
        number.plot(_STIMULUS_E, mean, color=black, label="exact mean")
        number.fill_between(_STIMULUS_E, mean - sd, mean + sd, color=black, alpha=0.12, linewidth=0, label="exact sd")
        every = slice(None, None, 4)
        number.errorbar(
            _STIMULUS_E[every], counts.mean(axis=0)[every], counts.std(axis=0, ddof=1)[every], color=red,
            label=f"Monte Carlo, mean and sd of {n_networks} networks", **SAMPLE,
        )  # fmt: skip
        number.set(xlabel="stimulus of E (units of threshold)", ylabel="number of stationary states")
        number.set_ylim(top=1.45 * float((mean + sd).max()))
        number.legend(loc="upper left")
        figures.titled(number, "a  Number of stationary states", "5 E + 5 I, random weights, stimulus of I -2")
        for name, label, color in (
            ("lower", "E active: lower edge", "#2471a3"),
            ("upper", "E silent: upper edge", "#d68910"),
        ):
            points_ax.plot(points["x"], points[name], color=color, label=label)
            points_ax.plot(
                points["x"], points[f"{name} gumbel"], color=color, linestyle="--", linewidth=1, label="Gumbel limit"
            )
            shown = np.linspace(0, len(edges[name]) - 1, 24).astype(int)
            points_ax.plot(
                edges[name][shown], (shown + 0.5) / len(edges[name]), **{**SAMPLE, "color": color},
                label="Monte Carlo",
            )  # fmt: skip
        points_ax.set(
            xlabel="stimulus of E (units of threshold)",
            ylabel="cumulative probability",
            ylim=(0, 1.03),
            xlim=(-1.6, 4.6),
        )
        points_ax.legend(loc="center right")
        figures.titled(
            points_ax,
            "b  Bifurcation points",
            f"40 E + 40 I, {_ACTIVE_I['wide']} of I active; {len(edges['lower'])} networks",
        )
        symmetric.plot(_SIZES, 1 + (_SIZES - 1) / 2.0**_SIZES, color=black, label=r"$1 + (N - 1)/2^N$")
        symmetric.plot(_SIZES, expected["symmetric"], linestyle="none", marker="x", color="#2471a3", label="exact sum")
        for k, one in enumerate(results.every("symmetric")):
            symmetric.errorbar(
                one["n"], one["counts"].mean(), 2 * one["counts"].std(ddof=1) / np.sqrt(one["counts"].size),
                color=red, label=None if k else "Monte Carlo, 2 s.e.", **SAMPLE,
            )  # fmt: skip
        symmetric.set(xlabel="number of neurons N", ylabel="mean number of stationary states")
        symmetric.legend(loc="upper right")
        figures.titled(symmetric, "c  Weights around 0, at threshold", "an exact test")
        drawn = results.join("counted", "exists").mean(axis=0)
        n = np.arange(6)
        exists.bar(n, expected["exists"], color="#aeb6bf", label="exact")
        exists.errorbar(
            n, drawn, 2 * np.sqrt(drawn * (1 - drawn) / n_networks), color=red, label="Monte Carlo, 2 s.e.", **SAMPLE
        )
        exists.set(xlabel="active neurons of E in the state", ylabel="probability", ylim=(0, 1.25 * float(drawn.max())))
        exists.legend(loc="upper right", bbox_to_anchor=(0.9, 1))
        figures.titled(
            exists, "d  A state is stationary at some stimulus", f"5 E + 5 I, {_ACTIVE_I['counted']} of I active"
        )
    return drawing


def _farthest(sample: Array, x: Array, cdf: Array) -> float:
    """Return the largest distance between a sample's distribution and the exact one (Kolmogorov), times sqrt(n)."""
    at, n = np.interp(sample, x, cdf), sample.size
    return float(max(np.abs(at - np.arange(n) / n).max(), np.abs(np.arange(1, n + 1) / n - at).max()) * np.sqrt(n))


def _claims(results: Results) -> list[Claim]:
    expected, points, edges = (results.first(name) for name in ("expected", "points", "edges"))
    k = int(np.argmax(expected["expected"]))
    batches = [batch["counts"][:, k] for batch in results.every("counted")]
    at = f"at stimulus {_STIMULUS_E[k]:g} of E"
    found = [
        exact_claim("Permanent of ten rows of ones", points["ones"], 3628800, digits=0),
        exact_claim("The same by blocks", points["blocks"], 3628800, digits=0),
        exact_claim(
            "Permanent of ones less the identity, 8 rows (derangements)", points["derangements"], 14833, digits=0
        ),
        Claim(
            "Largest distance of an order statistic by permanents from one by products",
            "0",
            (0, 1e-10),
            np.array([points["difference"]]),
            note=f"Sixth of eight variables of two kinds. {OWN}",
            exact=True,
        ),
        Claim(
            "Largest distance of the expected number from 1 + (N - 1)/2^N, N = 2 to 16",
            "0",
            (0, 1e-10),
            np.array([np.abs(expected["symmetric"] - 1 - (_SIZES - 1) / 2.0**_SIZES).max()]),
            exact=True,
        ),
        sampled_claim(
            f"Stationary states {at}, Monte Carlo",
            [batch.mean() for batch in batches],
            float(expected["expected"][k]),
            within=0.06 * float(expected["expected"][k]),
            each="sample",
        ),
        sampled_claim(
            f"Standard deviation of the number of stationary states {at}, Monte Carlo",
            [batch.std(ddof=1) for batch in batches],
            float(expected["sd"][k]),
            within=0.1 * float(expected["sd"][k]),
            each="sample",
        ),
    ]
    for name in ("lower", "upper"):
        found.append(
            Claim(
                f"Distance of sampled {name} edges from their exact law (Kolmogorov, times sqrt(n))",
                "below 1.63 in 99 % of samples",
                (0, 1.63),
                np.array([_farthest(edges[name], points["x"], points[name])]),
                note=f"{edges[name].size} networks.",
                exact=True,
            )
        )
        found.append(
            Claim(
                f"Largest distance of the Gumbel limit from the exact law of the {name} edge",
                "small for many neurons",
                (0, 0.05),
                np.array([np.abs(points[f"{name} gumbel"] - points[name]).max()]),
                note="The limit is approached logarithmically slowly.",
                exact=True,
            )
        )
    return found


FIGURE_DISORDER = Figure(
    name="disorder",
    title="Quenched disorder: what random weights make of states and bifurcations",
    caption=(
        "Networks with random weights and no noise. How many stationary states they have, where these begin and end, "
        "and whether a state exists at all: exact over all networks, with samples of wired ones beside."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
