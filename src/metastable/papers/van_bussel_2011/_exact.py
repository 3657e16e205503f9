"""Figure 1: connections from simple periodic and from complex spike patterns, to the last digits."""

from __future__ import annotations

import numpy as np

from metastable import figures
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.van_bussel_2011._protocol import (
    KINDS,
    SPREAD_5,
    STRENGTHS,
    log10,
    record,
    wired_network,
)
from metastable.reconstruction import reconstruct, score

N = 20
_SHOWN_MS = 300.0


def exact_of(*, seed: int, kind: str, index: int) -> Numbers:
    """Reconstruct one network of figure 1, and keep the end of its first driving condition."""
    wired = wired_network(seed=seed, index=index, kind=kind, n_neurons=N)
    # All from reset, as the inhibitory network then locks; long enough that it has.
    spikes = record(wired, seed=seed, duration_ms=4000.0, n_trials=N, spread=SPREAD_5, initial_mv=0.0)
    found = reconstruct(spikes, model=wired, n_jobs=1, progress=False)
    shown = spikes.trial == 0
    return {
        "weights": found.weights,
        "truth": wired.weights,
        "error": np.array(score(found.weights, wired.weights).max_error),
        "residual": np.array(np.nanmax(found.holdout_residual_mv)),
        "known": np.array(found.known.mean()),
        "time_ms": spikes.time_ms[shown],
        "neuron": spikes.neuron[shown],
        "stop_ms": np.array(spikes.t_stop_ms),
    }


def _jobs(scale: Scale) -> list[Job]:
    return [
        Job(kind, exact_of, {"kind": kind, "index": index})
        for kind in KINDS
        for index in range(scale.numbers["n_exact"])
    ]


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 4.4)
        axes = drawing.subplots(2, 3, width_ratios=[1.3, 1, 1])
        for row, (kind, title), letters in zip(axes, KINDS.items(), ("abc", "def"), strict=True):
            numbers = results.first(kind)
            start = numbers["stop_ms"] - _SHOWN_MS
            late = numbers["time_ms"] > start
            row[0].plot(
                numbers["time_ms"][late] - start,
                numbers["neuron"][late],
                linestyle="none",
                marker="|",
                markersize=5,
                color="black",
            )
            row[0].set(xlabel="time (ms)", ylabel="neuron", xlim=(0, _SHOWN_MS), ylim=(N - 0.5, -0.5))
            row[0].set_yticks(range(0, N, 5))
            figures.titled(row[0], f"{letters[0]}  {title.capitalize()}", f"last {_SHOWN_MS:g} ms of one drive")
            figures.weight_matrix(numbers["weights"], ax=row[1])
            figures.titled(row[1], f"{letters[1]}  Found", "from spikes and known neurons")
            # In units that need no power of ten beside the colour bar.
            error = (numbers["weights"] - numbers["truth"]) * 1e12
            figures.weight_matrix(error, unit=r"$10^{-12}$ mV", label="error", ax=row[2])
            figures.titled(row[2], f"{letters[2]}  Error", "found minus true")
            row[2].set_ylabel("")
    return drawing


def _claims(results: Results) -> list[Claim]:
    return [
        Claim(
            f"Largest error of a known weight, {title} networks of {N}, log10 of mV",
            "machine accuracy (reference 4.8e-13: -12.3)",
            (-np.inf, -11),
            log10([numbers["error"] for numbers in results.every(kind)]),
            note=STRENGTHS,
        )
        for kind, title in KINDS.items()
    ] + [
        Claim(
            f"Share of weights known, {title} networks of {N}",
            "almost always all",
            (0.95, 1),
            np.array([numbers["known"] for numbers in results.every(kind)]),
            note="Neurons that never or hardly ever fire by their drive alone have too few equations: NaN, never 0.",
        )
        for kind, title in KINDS.items()
    ]


FIGURE_1 = Figure(
    name="exact",
    title="Connections from simple and from complex spike patterns (Figure 1)",
    caption=(
        "Above: a homogeneous inhibitory network, which locks into a simple periodic pattern. Below: a network with "
        "signs changed at random. Each is driven in 20 ways, drives within 5 % (maximum minus minimum). Weights found "
        "from the spike times and the neurons' parameters, and what is left of the true ones."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
