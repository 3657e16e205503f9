"""Figure 3: the error of the specialised method is that of the locking."""

from __future__ import annotations

import numpy as np

from metastable import figures
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.van_bussel_2011._protocol import (
    SPREAD_1,
    STRENGTHS,
    largest_error,
    log10,
    record,
    slope,
    wired_network,
)
from metastable.reconstruction import reconstruct

N = 20
_DECADES = range(-1, -15, -1)
# Beyond these, errors of the size of weights and of the floor are no part of the line.
_LARGEST_MV, _ABOVE_FLOOR = 0.5, 10.0


def locking_of(*, seed: int, index: int) -> Numbers:
    """Reconstruct one homogeneous inhibitory network from runs that end at smaller and smaller exit tolerances."""
    wired = wired_network(seed=seed, index=index, kind="inhibitory", n_neurons=N)
    tolerance = 10.0 ** np.array(_DECADES)
    error, n_spikes = np.full(tolerance.size, np.nan), np.full(tolerance.size, np.nan)
    for k, exit_tolerance in enumerate(tolerance):
        spikes = record(
            wired,
            seed=seed,
            duration_ms=20_000.0,
            n_trials=N,
            spread=SPREAD_1,
            initial_mv=0.0,
            exit_tolerance_ms=float(exit_tolerance),
        )
        n_spikes[k] = spikes.n_spikes / (N * N)
        try:
            found = reconstruct(spikes, model=wired, method="periodic", n_jobs=1, progress=False)
        except ValueError:
            # No volleys yet: the paper's solutions that are not of full rank.
            continue
        error[k] = largest_error(found.weights, wired.weights)
    return {"tolerance_ms": tolerance, "error": error, "n_spikes": n_spikes}


def _jobs(scale: Scale) -> list[Job]:
    return [Job("locking", locking_of, {"index": index}) for index in range(scale.numbers["n_locking"])]


def _on_the_line(numbers: Numbers) -> np.ndarray:
    error = numbers["error"]
    return (error < _LARGEST_MV) & (error > _ABOVE_FLOOR * _floor(numbers))


def _floor(numbers: Numbers) -> float:
    return float(np.median(numbers["error"][-3:]))


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 2.9)
        left, right = drawing.subplots(1, 2)
        for numbers in results.every("locking"):
            shared = {
                "marker": "o",
                "markersize": 2.5,
                "linewidth": 1,
                "alpha": 0.7,
                "color": figures.COLORS["outside"],
            }
            left.plot(numbers["tolerance_ms"], numbers["error"], **shared)
            right.plot(numbers["tolerance_ms"], numbers["n_spikes"], **shared)
        edges = np.array([1e-9, 1e-2])
        left.plot(edges, 30 * edges, color="#999999", linewidth=0.8, linestyle="--", label="slope 1")
        left.legend(loc="upper left")
        left.set(ylabel="largest error of a weight (mV)", yscale="log")
        right.set(ylabel="spikes per neuron and drive", ylim=(0, None))
        for ax in (left, right):
            ax.set(xlabel="exit tolerance (ms)", xscale="log")
        note = f"specialised method, N = {N}, {len(results.every('locking'))} networks"
        figures.titled(left, "a  Accuracy", note)
        figures.titled(right, "b  Length of runs", "until the periods of all neurons agree")
    return drawing


def _claims(results: Results) -> list[Claim]:
    every = results.every("locking")
    lines = np.array([slope(each["tolerance_ms"], each["error"], _on_the_line(each)) for each in every])
    at = list(_DECADES).index(-10)
    drives = (
        "Drives within 1 % and not within 5 % as in the paper: at the strengths chosen a volley would otherwise last "
        "longer than the delay."
    )
    return [
        Claim(
            "Slope of the largest error against the exit tolerance, double logarithmic, specialised method",
            "1 (linear)",
            (0.9, 1.1),
            lines[:, 0],
            note=f"Between {_LARGEST_MV:g} mV and ten times the floor. {drives}",
        ),
        Claim(
            "Decades of exit tolerance over which the error is linear",
            "about 8 (reference)",
            (4, np.inf),
            lines[:, 1],
            "decades",
            note=STRENGTHS,
        ),
        Claim(
            "Floor of the error, log10 of mV",
            "numerical saturation (reference 1e-10)",
            (-12, -8),
            log10([_floor(each) for each in every]),
            note="Median at the three smallest tolerances.",
        ),
        Claim(
            "Spikes per neuron until periods agree within 1e-10 ms",
            "about 60 intervals",
            None,
            np.array([each["n_spikes"][at] for each in every]),
            note=f"Depends on the strengths. {STRENGTHS}",
        ),
    ]


FIGURE_3 = Figure(
    name="locking",
    title="Accuracy of the specialised method and locking (Figure 3)",
    caption=(
        "Runs of homogeneous inhibitory networks end when the longest and the shortest period of a cycle differ by no "
        "more than the exit tolerance; arrivals are then put where they would be in a perfect period, as in the paper. "
        "The error falls with the tolerance until rounding stops it."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
