"""Figure 6: what global and clustered inhibition do to the state with one active cluster."""

from __future__ import annotations

import numpy as np

from metastable import figures, meanfield
from metastable.networks import rost_2018
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.rost_2018._diagrams import diagram_of, draw_active_state

_SWEEPS = {
    "a": ("Global inhibition g", [{"g": g} for g in (1.2, 1.5, 2.0)], "j_e_plus", (1.0, 4.5), "$J_{E+}$"),
    "b": ("$J_{E+}=2.9$", [{"j_e_plus": 2.9}], "j_i_plus", (1.0, 2.9), "$J_{I+}$"),
    "c": ("$R_J=0.25$", [{"r_j": 0.25}], "j_e_plus", (1.0, 20.0), "$J_{E+}$"),
    "d": ("$R_J=0.75$", [{"r_j": 0.75}], "j_e_plus", (1.0, 20.0), "$J_{E+}$"),
    "e": ("$R_J=1$", [{"r_j": 1.0}], "j_e_plus", (1.0, 20.0), "$J_{E+}$"),
}
_SHADES = ("black", "#1e8449", "#d68910")
_NOTES = {
    "a": "as b; dashed: homogeneous state lost",
    "b": "solid: stable, dotted: not; blue: all alike",
}
_GRID_J = np.round(np.arange(1, 20.01, 0.25), 2).tolist()
_GRID_R = np.round(np.arange(0, 1.001, 0.05), 2).tolist()


def active_rate_map(*, seed: int, j_e_plus: list[float], r_j: list[float]) -> Numbers:
    """Compute the rate of a single active cluster in a stable state over both strengths, NaN where there is none."""
    found = meanfield.up_state_map(lambda j, r: rost_2018(j_e_plus=j, r_j=r), x=j_e_plus, y=r_j)
    return {"j_e_plus": np.array(j_e_plus), "r_j": np.array(r_j), "rate": found.up}


def _jobs(scale: Scale) -> list[Job]:
    jobs = []
    for panel, (_, networks, parameter, (start, stop), _) in _SWEEPS.items():
        for network in networks:
            jobs.append(
                Job(
                    panel,
                    diagram_of,
                    {"parameter": parameter, "start": start, "stop": stop, "n_active": 1, "network": network},
                )
            )
    return [*jobs, Job("f", active_rate_map, {"j_e_plus": _GRID_J, "r_j": _GRID_R})]


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 4.8)
        axes = drawing.subplot_mosaic("abc;def")
        for panel, (title, networks, _, (start, stop), label) in _SWEEPS.items():
            ax = axes[panel]
            for index, network in enumerate(networks):
                numbers = results.every(panel)[index]
                if "g" in network:
                    color = _SHADES[index]
                    draw_active_state(numbers, ax=ax, color=color, label=f"$g={network['g']:g}$")
                    ax.axvline(numbers["loss"][0], color=color, linestyle="--", linewidth=0.7)
                else:
                    draw_active_state(numbers, ax=ax)
            ax.set(xlabel=label, ylabel="$m_{up}$", xlim=(start, stop), ylim=(0, 1.03))
            figures.titled(ax, f"{panel}  {title}", _NOTES.get(panel, _NOTES["b"]))
        axes["a"].legend(loc="upper left", handlelength=0, handletextpad=0, labelcolor="linecolor", fontsize=6)
        f = results.first("f")
        figures.parameter_map(f["j_e_plus"], f["r_j"], f["rate"], label="$m_{up}$", ax=axes["f"])
        axes["f"].set(xlabel="$J_{E+}$", ylabel="$R_J$")
        figures.titled(axes["f"], "f  Stable active states", "hatched: none")
    return drawing


def _claims(results: Results) -> list[Claim]:
    b = results.first("b")
    at_one = np.isfinite(results.first("f")["rate"][-1]).sum()
    return [
        Claim(
            "J_I+ from which the homogeneous state is stable again, J_E+ = 2.9",
            "between 1.2 and 1.4",
            (1.2, 1.4),
            b["onset"][:1],
            exact=True,
        ),
        Claim(
            "J_I+ at which the active state vanishes, J_E+ = 2.9",
            "vanishes",
            (1.0, 2.85),
            b["loss"][1:2],
            exact=True,
        ),
        Claim(
            "Strengths with a stable active state at R_J = 1, others not silent",
            "none",
            (0, 0),
            np.array([at_one]),
            exact=True,
        ),
    ]


FIGURE_6 = Figure(
    name="inhibition",
    title="Inhibition and the state with one active cluster (Figure 6)",
    caption=(
        "Rate of a single active cluster. a: stronger global inhibition does not keep it from saturating. b: clustered "
        "inhibition does, and brings the homogeneous state back. c to f: with J_I+ = 1 + R_J (J_E+ - 1); states in "
        "which all but the active cluster are silent are left out."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
