"""Figure 2: the two architectures."""

from __future__ import annotations

from metastable import figures
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Results, Scale


def _jobs(scale: Scale) -> list[Job]:
    return []


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 2.6)
        for ax, inhibitory, title in zip(
            drawing.subplots(1, 2), (False, True), ("a  E clusters", "b  E/I clusters"), strict=True
        ):
            figures.cluster_schematic(inhibitory_clusters=inhibitory, ax=ax)
            ax.set_title(title)
    return drawing


def _claims(results: Results) -> list[Claim]:
    return []


FIGURE = Figure(
    name="architecture",
    title="Two architectures (Figure 2)",
    caption=(
        "Two of the Q clusters. Thick: connections within a cluster, multiplied by J+ > 1; thin: between clusters, "
        "multiplied by J- < 1 so that the mean stays. Red excites, blue inhibits."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
