"""Rasters of a uniform and a clustered network."""

from __future__ import annotations

import numpy as np

from metastable import figures
from metastable.networks import litwin_kumar_doiron_2012
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.simulation import simulate
from metastable.spikes import SpikeData

_SHOWN_MS = (1000.0, 4000.0)


def spikes_of_one_trial(*, seed: int, r_ee: float) -> Numbers:
    """Simulate one trial and keep its excitatory spikes, times in steps."""
    spikes = simulate(
        litwin_kumar_doiron_2012(r_ee=r_ee), duration_ms=_SHOWN_MS[1], seed=seed, n_jobs=1, progress=False
    )
    shown = spikes.select(time_ms=_SHOWN_MS, population="E")
    assert shown.cluster is not None
    return {"step": shown.steps.astype(np.int32), "neuron": shown.neuron, "cluster": shown.cluster}


def _jobs(scale: Scale) -> list[Job]:
    kinds = {"uniform": 1.0, "clustered": 2.5}
    return [Job(kind, spikes_of_one_trial, {"r_ee": r_ee}) for kind, r_ee in kinds.items()]


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 6.2)
        for row, (kind, title) in enumerate(
            (("uniform", "Uniform, $R_{EE}=1$"), ("clustered", "Clustered, $R_{EE}=2.5$"))
        ):
            numbers = results.first(kind)
            spikes = SpikeData(
                time_ms=numbers["step"] * 0.1,
                neuron=numbers["neuron"],
                cluster=numbers["cluster"],
                n_neurons=numbers["cluster"].size,
                t_start_ms=_SHOWN_MS[0],
                t_stop_ms=_SHOWN_MS[1],
                dt_ms=0.1,
            )
            ax = drawing.add_subplot(2, 1, row + 1)
            figures.raster(spikes, color=figures.COLORS[kind], size=0.7, ax=ax)
            ax.set_title(title)
    return drawing


def _claims(results: Results) -> list[Claim]:
    return []


FIGURE = Figure(
    name="rasters",
    title="Spikes of the uniform and of the clustered network",
    caption=(
        "One trial, all 4,000 excitatory neurons, sorted by cluster (50 clusters of 80). In the clustered network "
        "whole clusters switch between low and high activity within a few hundred milliseconds."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
