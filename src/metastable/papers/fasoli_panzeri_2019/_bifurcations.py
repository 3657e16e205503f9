"""Bifurcations of a noiseless network: every attractor owns one box of stimuli."""

from __future__ import annotations

import numpy as np

from metastable import figures
from metastable.finite_size import (
    MultistabilityCut,
    MultistabilityPlane,
    attractors,
    bifurcation_diagram,
    multistability_plane,
)
from metastable.networks import FiniteSizeNetwork
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.fasoli_panzeri_2019._protocol import OWN, eight_neurons, exact_claim, packed, unpacked

# Stimuli of E and of I at which the other one is varied: through many attractors.
_CUT_E, _CUT_I = 4.0, -12.0
# Boxes of 2 E + 1 I by the states of the attractor, stimuli of E and of I.
_BOXES = {
    "000": ((-np.inf, 1), (-np.inf, 1)),
    "110": ((-3, np.inf), (-np.inf, -6)),
    "001": ((-np.inf, 4), (1, np.inf)),
    "111": ((0, np.inf), (-6, np.inf)),
    "100 > 010": ((-3, 1), (-np.inf, -2.5)),
    "101 > 011": ((0, 4), (-2.5, np.inf)),
}


def diagram_of(*, seed: int) -> Numbers:
    """Find all attractors of 4 E + 4 I by three algorithms, and the plane and two cuts of their diagram."""
    network = eight_neurons()
    diagram = bifurcation_diagram(network, n_jobs=1, progress=False)
    found = diagram.attractors
    totals = [found.total]
    for method in ("depth-first", "arrangement"):
        again = attractors(network, method=method, n_jobs=1, progress=False)
        totals.append(again.total if again.number_by_period == found.number_by_period else -1)
    by_period = found.number_by_period
    numbers = {
        "total": np.array(totals),
        "period": np.array(list(by_period)),
        "number": np.array(list(by_period.values())),
        "labels": np.array([f"{number} {label}" for label, number in diagram.number_by_label.items()]),
    }
    for name, record in {
        "plane": multistability_plane(found, x_window=(-40, 48), y_window=(-46, 24)),
        "along I": diagram.cut(vary="I", at={"E": _CUT_E}),
        "along E": diagram.cut(vary="E", at={"I": _CUT_I}),
    }.items():
        numbers |= {f"{name} {field}": value for field, value in packed(record).items()}
    return numbers


def boxes_of(*, seed: int) -> Numbers:
    """Compare the boxes of 2 E + 1 I with those derived by hand."""
    network = FiniteSizeNetwork.homogeneous(
        {"E": 2, "I": 1}, coupling=[[8, -6], [7, 0]], in_degree=2, threshold=1, name="2 E + 1 I"
    )
    found = {a.description: tuple(zip(a.lower.tolist(), a.upper.tolist(), strict=True)) for a in attractors(network)}
    return {"same": np.array([found.get(name) == box for name, box in _BOXES.items()]), "n": np.array(len(found))}


def staircase_of(*, seed: int) -> Numbers:
    """Return the boxes of five inhibitory neurons."""
    network = FiniteSizeNetwork.homogeneous({"I": 5}, coupling=[[-3]], in_degree=1, name="5 I")
    found = attractors(network)
    cut = bifurcation_diagram(network).cut()
    multiplicity = np.array(found.multiplicity)
    record = {f"cut {field}": value for field, value in packed(cut).items()}
    return record | {
        "lower": found.lower[:, 0],
        "upper": found.upper[:, 0],
        "period": found.period,
        "multiplicity": multiplicity,
    }


def _jobs(scale: Scale) -> list[Job]:
    return [Job("4 E + 4 I", diagram_of, {}), Job("2 E + 1 I", boxes_of, {}), Job("5 I", staircase_of, {})]


def _draw(results: Results):
    numbers = results.first("4 E + 4 I")
    plane = unpacked(MultistabilityPlane, numbers, tuples=["names"], prefix="plane ")
    along_e, along_i = (
        unpacked(MultistabilityCut, numbers, tuples=["populations", "multiplicity"], prefix=f"along {name} ")
        for name in "EI"
    )
    stairs = unpacked(MultistabilityCut, results.first("5 I"), tuples=["populations", "multiplicity"], prefix="cut ")
    with figures.style():
        drawing = figures.new_figure(9.6, 8.6)
        grid = drawing.add_gridspec(4, 6, height_ratios=[1, 1, 0.62, 0.62])
        left, right = drawing.add_subplot(grid[:2, :3]), drawing.add_subplot(grid[:2, 3:])
        figures.multistability_map(plane, ax=left)
        figures.multistability_regions(plane, ax=right)
        for ax in (left, right):
            ax.axvline(_CUT_E, color="#7d3c98", linewidth=1, linestyle=(0, (1, 1.2)))
            ax.axhline(_CUT_I, color="#7d3c98", linewidth=1, linestyle=(0, (1, 1.2)))
        figures.titled(left, "a  Degree of multistability", "4 E + 4 I without noise; lines: boxes of attractors")
        figures.titled(right, "b  Regions", "numbers: periods of cycles; dotted: the cuts below")
        columns = (
            (along_i, grid[2, :2], grid[3, :2], f"c  Cut at stimulus {_CUT_E:g} of E", (plane.y[0], plane.y[-1])),
            (along_e, grid[2, 2:4], grid[3, 2:4], f"d  Cut at stimulus {_CUT_I:g} of I", (plane.x[0], plane.x[-1])),
        )
        for cut, above, below, title, window in columns:
            top = drawing.add_subplot(above)
            bottom = drawing.add_subplot(below, sharex=top)
            for ax, population in ((top, "E"), (bottom, "I")):
                figures.multistability_branches(cut, population=population, window=window, show_legend=False, ax=ax)
            top.set_xlabel("")
            top.tick_params(labelbottom=False)
            figures.titled(top, title, "bands: cycles from least to largest activity")
        alone = drawing.add_subplot(grid[2:, 4:])
        figures.multistability_branches(stairs, population="I", show_legend=False, ax=alone)
        for start, stop, share, times, period in zip(
            stairs.start, stairs.stop, stairs.activity[:, 0], stairs.multiplicity, stairs.period, strict=True
        ):
            if period == 1 and np.isfinite([start, stop]).all():
                alone.annotate(
                    f"{times}x",
                    ((start + stop) / 2, share),
                    (0, 3),
                    textcoords="offset points",
                    ha="center",
                    fontsize=6,
                )
        figures.titled(alone, "e  Five inhibitory neurons", "numbers: states that differ by exchange")
    return drawing


def _claims(results: Results) -> list[Claim]:
    numbers, boxes, stairs = (results.first(group) for group in results.groups())
    by_period = dict(zip(numbers["period"].tolist(), numbers["number"].tolist(), strict=True))
    found = [exact_claim("Attractors of 4 E + 4 I", numbers["total"][0], 85, digits=0)]
    found += [
        exact_claim(f"Attractors of 4 E + 4 I of period {period}", by_period.get(period, 0), number, digits=0)
        for period, number in ((1, 32), (2, 50), (3, 2), (4, 1))
    ]
    labels = ", ".join(numbers["labels"].tolist())
    found.append(
        exact_claim(
            "Attractors by which three algorithms differ, 4 E + 4 I",
            np.abs(numbers["total"] - numbers["total"][0]).max(),
            0,
            digits=0,
            note=f"Counts of active neurons, depth-first search over images, arrangement; edges: {labels}.",
        )
    )
    found.append(
        exact_claim(
            "Attractors of 2 E + 1 I with the boxes derived by hand, of 6",
            boxes["same"].sum() if boxes["n"] == len(_BOXES) else 0,
            6,
            digits=0,
        )
    )
    stationary = (stairs["period"] == 1) & np.isfinite(stairs["lower"]) & np.isfinite(stairs["upper"])
    widths = (stairs["upper"] - stairs["lower"])[stationary]
    found.append(
        Claim(
            "Width of the stimuli of symmetry-broken states, 5 I, coupling -3",
            "|W| = 3 for all",
            (3 - 1e-9, 3 + 1e-9),
            np.array([widths[np.abs(widths - 3).argmax()]]),
            note=f"The one farthest from 3. {OWN}",
            exact=True,
        )
    )
    whole = stairs["multiplicity"][stairs["period"] == 1]
    oscillates = stairs["period"] == 2
    found.append(exact_claim("Stationary states of 5 I, sum of C(5, n)", whole.sum(), 32, digits=0))
    found.append(
        exact_claim(
            "Width of the stimuli at which 5 I oscillate, all silent and all active in turn",
            (stairs["upper"] - stairs["lower"])[oscillates].sum(),
            12,
            digits=0,
        )
    )
    return found


FIGURE_BIFURCATIONS = Figure(
    name="bifurcations",
    title="Bifurcations: every attractor owns one box of stimuli",
    caption=(
        "Networks without noise. Every stationary state and every cycle exists in one half-open box of stimuli; the "
        "diagram is the set of these boxes. Inhibition breaks the symmetry between equal neurons and makes a staircase."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
