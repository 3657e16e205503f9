"""Figure 5: the effective response of one cluster, and its fixed points against the strength of the clusters."""

from __future__ import annotations

import numpy as np

from metastable import figures, meanfield
from metastable.networks import rost_2018
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.rost_2018._diagrams import diagram_of, draw_active_state

_STRENGTH = 2.0


def response_of(*, seed: int, j_e_plus: float) -> Numbers:
    """Compute the effective response function of one excitatory cluster and its fixed points."""
    found = meanfield.effective_response(rost_2018(j_e_plus=j_e_plus))
    return {
        "rate_in": found.rate_in,
        "rate_out": found.rate_out,
        "fixed": found.focus_rates,
        "stable": np.array([point.stable for point in found.fixed_points]),
    }


def _jobs(scale: Scale) -> list[Job]:
    shared = {"parameter": "j_e_plus", "start": 1.0, "stop": 3.5, "n_active": 1, "network": {}}
    return [Job("a", response_of, {"j_e_plus": _STRENGTH}), Job("b", diagram_of, shared)]


def _draw(results: Results):
    a, b = results.first("a"), results.first("b")
    with figures.style():
        drawing = figures.new_figure(7.2, 3.0)
        left, right = drawing.subplots(1, 2)
        figures.response_curve(a["rate_in"], a["rate_out"], a["fixed"], a["stable"], ax=left)
        figures.titled(
            left, f"a  Effective response, $J_+={_STRENGTH:g}$", "filled: stable in the full system, open: not"
        )
        draw_active_state(b, ax=right)
        right.set(xlabel="cluster strength $J_+$", ylabel="$m_{up}$", xlim=(1, 3.5), ylim=(0, 1.03))
        figures.titled(right, "b  Fixed points, one active cluster", "solid: stable, dotted: unstable; blue: all alike")
    return drawing


def _claims(results: Results) -> list[Claim]:
    a = results.first("a")
    expected = (
        (0.0305, True, "lowest, stable"),
        (0.2212, False, "middle, unstable"),
        (0.8690, True, "highest, stable"),
    )
    claims = []
    for k, (rate, stable, name) in enumerate(expected):
        there = len(a["fixed"]) == 3 and bool(a["stable"][k]) == stable
        value = np.array([a["fixed"][k] if there else np.nan])
        claims.append(
            Claim(
                f"Fixed point of the effective response at J_+ = 2: {name}",
                f"{rate:.4f} (reference)",
                (rate - 5e-5, rate + 5e-5),
                value,
                exact=True,
            )
        )
    return claims


FIGURE_5 = Figure(
    name="response",
    title="Effective response of one cluster (Figure 5)",
    caption=(
        "The rate of one excitatory cluster is fixed, all others follow; where the response meets the diagonal is a "
        "fixed point of the network. Between silence and saturation lies an unstable one that fluctuations must cross."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
