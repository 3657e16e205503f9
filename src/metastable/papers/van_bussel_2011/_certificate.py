"""A certificate: intervals that were held out say how large the error is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from metastable import figures
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.van_bussel_2011._jitter import jittered
from metastable.papers.van_bussel_2011._protocol import KINDS, SPREAD_5, log10, record, wired_network
from metastable.reconstruction import NeuronModel, reconstruct, score

SIZES = (20, 30, 40)
CASES = ("exact", "jitter", "wrong time constant")


def certificate_of(*, seed: int, case: str, index: int) -> Numbers:
    """Reconstruct one network, exactly or with an error of a size of its own, and compare residual and true error."""
    kind, n = list(KINDS)[index % 2], SIZES[index // 2 % len(SIZES)]
    rng = np.random.default_rng([seed, index, CASES.index(case)])
    # No two points share a network.
    number = len(CASES) * index + CASES.index(case)
    wired = wired_network(seed=seed, index=number, kind=kind, n_neurons=n)
    spikes = record(wired, seed=seed, duration_ms=1500.0, n_trials=n, spread=SPREAD_5)
    model = NeuronModel.of(wired, drive_mv=spikes.meta["drives_mv"])
    tolerance = 0.0
    if case == "jitter":
        amplitude = float(10 ** rng.uniform(-9, -2))
        spikes, tolerance = jittered(spikes, amplitude, seed), 2 * amplitude
    elif case == "wrong time constant":
        model = replace(model, tau_ms=model.tau_ms * (1 + 10 ** rng.uniform(-9, -2)))
    found = reconstruct(spikes, model=model, method="least-squares", tolerance_ms=tolerance, n_jobs=1, progress=False)
    return {
        "residual": np.array(np.nanmax(found.holdout_residual_mv)),
        "error": np.array(score(found.weights, wired.weights).max_error),
    }


def _jobs(scale: Scale) -> list[Job]:
    return [
        Job(case, certificate_of, {"case": case, "index": index})
        for case in CASES
        for index in range(scale.numbers["n_certificates"])
    ]


def _both(results: Results, case: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return results.join(case, "residual"), results.join(case, "error")


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(4.6, 4.4)
        ax = drawing.add_subplot()
        pairs = [_both(results, case) for case in CASES]
        figures.certificate_plot(
            np.concatenate([residual for residual, _ in pairs]),
            np.concatenate([error for _, error in pairs]),
            kind=np.repeat(CASES, [residual.size for residual, _ in pairs]),
            ax=ax,
        )
        n = sum(residual.size for residual, _ in pairs)
        figures.titled(
            ax, "Certificate", f"{n} networks of {SIZES[0]} to {SIZES[-1]} neurons, 8 intervals held out each"
        )
    return drawing


def _claims(results: Results) -> list[Claim]:
    def share(cases: tuple[str, ...]) -> NDArray[np.float64]:
        pairs = [_both(results, case) for case in cases]
        ratio = np.concatenate([log10(residual / error) for residual, error in pairs])
        return (np.abs(ratio) <= 1).astype(float)

    return [
        Claim(
            "Share of networks whose hold-out residual is within a decade of the largest error of a weight",
            "not in the paper (reference: within a decade)",
            (0.9, 1),
            share(CASES),
            note="Largest residual of 8 spare intervals of each neuron, and largest error of a known weight; in mV.",
        ),
        *(Claim(f"The same, {case}", "not in the paper", None, share((case,))) for case in CASES),
    ]


FIGURE_CERTIFICATE = Figure(
    name="certificate",
    title="What held-out intervals say about the error",
    caption=(
        "Not in the paper. Each point is a network, half of them inhibitory and half of mixed signs: exact, with times "
        "jittered by 1e-9 to 1e-2 ms, or with a time constant wrong by a part in 1e9 to 1e2. The residual of intervals "
        "that were held out is known without the truth, and tells the true error within a decade."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
