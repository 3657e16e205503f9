"""Figure 6: what global and clustered inhibition do to the state with one active cluster."""

from __future__ import annotations

import numpy as np

from metastable import figures
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.rost_2018._diagrams import diagram_of, draw_diagram

_SWEEPS = {
    "a": ("Global inhibition g", [{"g": g} for g in (1.2, 1.5, 2.0)], "j_e_plus", (1.0, 4.0), "$J_{E+}$"),
    "b": ("$J_{E+}=2.9$", [{"j_e_plus": 2.9}], "j_i_plus", (1.0, 2.9), "$J_{I+}$"),
    "c": ("$R_J=0.25$", [{"r_j": 0.25}], "j_e_plus", (1.0, 20.0), "$J_{E+}$"),
    "d": ("$R_J=0.75$", [{"r_j": 0.75}], "j_e_plus", (1.0, 20.0), "$J_{E+}$"),
    "e": ("$R_J=1$", [{"r_j": 1.0}], "j_e_plus", (1.0, 20.0), "$J_{E+}$"),
}
_R_J = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0]


def stable_rate_on_grid(*, seed: int, r_j: float, j_e_plus: list[float]) -> Numbers:
    """Return the rate of a single active cluster in a stable state at each strength, NaN where there is none."""
    numbers = diagram_of(
        seed=seed, parameter="j_e_plus", start=1.0, stop=max(j_e_plus), n_active=1, network={"r_j": r_j}
    )
    rates = np.full(len(j_e_plus), np.nan)
    single = (numbers["n_active"] == 1) & numbers["stable"]
    for index in np.unique(numbers["branch"][single]):
        mine = np.flatnonzero(single & (numbers["branch"] == index))
        for run in np.split(mine, np.flatnonzero(np.diff(mine) > 1) + 1):
            x, y = numbers["parameter"][run], numbers["up"][run]
            order = np.argsort(x)
            inside = (np.asarray(j_e_plus) >= x.min()) & (np.asarray(j_e_plus) <= x.max())
            found = np.interp(np.asarray(j_e_plus)[inside], x[order], y[order])
            rates[inside] = np.fmax(rates[inside], found)
    return {"r_j": np.array(r_j), "j_e_plus": np.array(j_e_plus), "rate": rates}


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
    grid = np.round(np.arange(1, 20.01, 0.25), 2).tolist()
    return jobs + [Job("f", stable_rate_on_grid, {"r_j": r_j, "j_e_plus": grid}) for r_j in _R_J]


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 4.8)
        axes = drawing.subplot_mosaic("abc;def")
        for panel, (title, networks, _, (start, stop), label) in _SWEEPS.items():
            ax = axes[panel]
            for index, network in enumerate(networks):
                numbers = results.every(panel)[index]
                draw_diagram(numbers, ax=ax, show_unstable=True, show_down=False)
                if "g" in network:
                    ax.axvline(numbers["loss"][0], color="#999999", linestyle="--", linewidth=0.7)
                    ax.text(numbers["loss"][0], 0.5, f" g={network['g']:g}", fontsize=6)
            ax.set(xlabel=label, ylabel="$m_{up}$", xlim=(start, stop), ylim=(0, 1.03))
            figures.titled(ax, f"{panel}  {title}", "solid: stable, dotted: unstable")
        table = results.stack("f", "rate")
        figures.parameter_map(
            results.first("f")["j_e_plus"], results.join("f", "r_j"), table, label="$m_{up}$", ax=axes["f"]
        )
        axes["f"].set(xlabel="$J_{E+}$", ylabel="$R_J$")
        figures.titled(axes["f"], "f  Stable active states", "hatched: none")
    return drawing


def _claims(results: Results) -> list[Claim]:
    b = results.first("b")
    none = np.isfinite(results.stack("f", "rate")[-1]).sum()
    return [
        Claim(
            "J_I+ from which the homogeneous state is stable again, J_E+ = 2.9",
            "between 1.2 and 1.4",
            (1.0, 1.4),
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
        Claim("Strengths with a stable active state at R_J = 1", "none", (0, 0), np.array([none]), exact=True),
    ]


FIGURE_6 = Figure(
    name="inhibition",
    title="Inhibition and the state with one active cluster (Figure 6)",
    caption=(
        "Rate of a single active cluster. a: stronger global inhibition does not keep it from saturating. b: clustered "
        "inhibition does, and brings the homogeneous state back. c to f: with J_I+ = 1 + R_J (J_E+ - 1); the island at "
        "large J_E+ in f is a single active cluster among silent ones."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
