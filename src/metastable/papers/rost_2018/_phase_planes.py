"""Figure 1: eigenvalues against the ratio of time constants, and phase planes of the unclustered network."""

from __future__ import annotations

import numpy as np
from matplotlib.lines import Line2D

from metastable import figures, meanfield
from metastable.networks import rost_2018
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.simulation import simulate

# Panel: g, tau_I / tau_E, m_X, initial rates of the trajectories (E, I).
_PANELS = {
    "b": (1.2, 0.5, 0.03, ((0.1, 0.1), (0.02, 0.12))),
    "c": (1.2, 2.0, 0.03, ((0.04, 0.04),)),
    "d": (0.8, 0.5, 0.03, ((0.1, 0.1),)),
    "e": (1.2, 2.0, 0.0325, ((0.04, 0.04),)),
}
_DURATION_MS = 400.0
# The mean field runs once around the cycle of panel e in this time; further rounds would fill the gaps of its dashes.
_SHOWN_MS = 195.0
_STEP_MS = 0.5


def eigenvalues_against_ratio(*, seed: int, g: float) -> Numbers:
    """Compute the eigenvalues of the homogeneous state on a grid of tau_I / tau_E, and r1, r2, r3."""
    ratios = meanfield.stability_ratios(rost_2018(g=g))
    grid = np.linspace(0.05, 4, 400)
    values = ratios.eigenvalues(grid) * ratios.tau_e_ms
    return {
        "ratio": grid,
        "real": values.real,
        "imaginary": values.imag,
        "changes": np.array([ratios.r1, ratios.r2, ratios.r3]),
    }


def phase_plane_of(
    *, seed: int, g: float, tau_ratio: float, m_x: float, starts: list[list[float]], duration_ms: float
) -> Numbers:
    """Compute flow, nullclines, and trajectories of the mean field and of one simulated network."""
    network = rost_2018(g=g, tau_ratio=tau_ratio, m_x=m_x)
    # Near the fixed point where the rates stay there, the whole plane where they do not.
    largest = 0.15 if g > 1 and m_x <= 0.03 else 1.0
    axis = np.linspace(0, largest, 61)
    flow = meanfield.flow(network, m_e=axis, m_i=axis)
    numbers: Numbers = {"axis": axis, "flow": np.stack([flow.dm_e, flow.dm_i])}
    paths = [meanfield.trajectory(network, start, duration_ms=duration_ms, dt_ms=_STEP_MS).rates for start in starts]
    numbers["theory"] = np.stack(paths)
    activity = simulate(
        network, duration_ms=duration_ms, seed=seed, initial_rate=starts[0][0], n_jobs=1, progress=False
    )
    numbers["simulated"] = np.stack([activity.population_rates[name][0] for name in ("E", "I")], axis=1)
    return numbers


def _jobs(scale: Scale) -> list[Job]:
    jobs = [Job("a", eigenvalues_against_ratio, {"g": 1.2})]
    for panel, (g, ratio, m_x, starts) in _PANELS.items():
        parameters = {"g": g, "tau_ratio": ratio, "m_x": m_x, "starts": [list(s) for s in starts]}
        jobs.append(Job(panel, phase_plane_of, {**parameters, "duration_ms": _DURATION_MS}))
    return jobs


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 5.0)
        axes = drawing.subplot_mosaic("aabbcc;.ddee.")
        a = results.first("a")
        figures.stability_curves(a["ratio"], a["real"] + 1j * a["imaginary"], a["changes"], ax=axes["a"])
        axes["a"].set_ylim(-12, 5)
        axes["a"].legend(loc="lower right", frameon=True, framealpha=1, edgecolor="none")
        figures.titled(axes["a"], "a  Stability, $g=1.2$", " ")
        for panel, (g, ratio, m_x, _) in _PANELS.items():
            numbers, ax = results.first(panel), axes[panel]
            figures.phase_plane(numbers["axis"], numbers["axis"], numbers["flow"], ax=ax)
            ax.plot(*numbers["simulated"].T, color="#888888", linewidth=0.6)
            for path in numbers["theory"]:
                ax.plot(*path[: round(_SHOWN_MS / _STEP_MS)].T, color="black", linestyle="--", linewidth=1.0)
            ax.set(xlabel="$m_E$", ylabel="$m_I$")
            figures.titled(ax, f"{panel}  $g={g:g}$", f"$\\tau_I/\\tau_E={ratio:g}$, $m_X={m_x:g}$")
        handles = [
            Line2D([], [], color=figures.NULLCLINES[0], linewidth=1.2, label="$dm_E/dt=0$"),
            Line2D([], [], color=figures.NULLCLINES[1], linewidth=1.2, label="$dm_I/dt=0$"),
            Line2D(
                [],
                [],
                color="#aaaaaa",
                marker=r"$\rightarrow$",
                markersize=8,
                linestyle="none",
                label="flow (direction)",
            ),
            Line2D([], [], color="black", linestyle="--", linewidth=1.0, label=f"mean field, {_SHOWN_MS:g} ms"),
            Line2D([], [], color="#888888", linewidth=0.6, label=f"simulated network, {_DURATION_MS:g} ms"),
        ]
        drawing.legend(handles=handles, loc="outside lower center", ncols=5, title="b to e", title_fontsize=7)
    return drawing


def _claims(results: Results) -> list[Claim]:
    r1, r2, r3 = results.first("a")["changes"]
    silent = results.first("c")["theory"][0, -1].max()
    cycle = results.first("e")["theory"][0, -200:, 0]
    return [
        Claim("r1, stable node to stable focus", "0.660", (0.6595, 0.6605), np.array([r1]), exact=True),
        Claim("r2, stable to unstable focus", "1.501", (1.5005, 1.5015), np.array([r2]), exact=True),
        Claim("r3, unstable focus to unstable node", "3.416", (3.4155, 3.4165), np.array([r3]), exact=True),
        Claim("g = 0.8: the rate m_E runs to", "1", (0.9995, 1.0), results.first("d")["theory"][0, -1, :1], exact=True),
        Claim(
            "g = 0.8: the rate m_I runs to",
            "0.939",
            (0.9385, 0.9395),
            results.first("d")["theory"][0, -1, 1:],
            exact=True,
        ),
        Claim(
            "Ratio 2, m_X = 0.03: amplitude of the limit cycle of m_E",
            "large (a limit cycle)",
            (0.05, 1),
            np.array([np.ptp(results.first("c")["theory"][0, -200:, 0])]),
            exact=True,
            note=(
                f"With the parameters of Table 1 there is none: the largest rate at the end is {silent:.1g}; the rates "
                "fall silent because the drive is below threshold and the Hopf point is subcritical."
            ),
        ),
        Claim(
            "Ratio 2, m_X = 0.0325: amplitude of the limit cycle of m_E",
            "not given",
            None,
            np.array([np.ptp(cycle)]),
            exact=True,
            note="From m_X = 0.0315 on there is a cycle.",
        ),
    ]


FIGURE_1 = Figure(
    name="phase-planes",
    title="Stability and phase planes of the unclustered network (Figure 1)",
    caption=(
        "a: eigenvalues of the stability matrix. b to e: flow (arrows show directions only), nullclines, on which one "
        "of the rates does not change, and trajectories. Panel e is not in the paper: it shows the limit cycle that "
        "panel c should have."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
