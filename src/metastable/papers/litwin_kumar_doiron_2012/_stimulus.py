"""A stimulus to some clusters quenches variability: inside, outside, and in the uniform network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable import figures
from metastable.networks import Stimulus
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers._stimulus_response import GROUPS, StimulusResponse
from metastable.papers.litwin_kumar_doiron_2012._protocol import excitatory_spikes

_AMPLITUDE = 0.07
_ON_MS, _OFF_MS, END_MS = 2500.0, 3500.0, 4000.0
_SETTLED_MS = 2800.0
_RESPONSE = StimulusResponse(_ON_MS, _OFF_MS, _SETTLED_MS, window_ms=100, step_ms=20, bin_ms=20, ddof=0)
# Condition: clustering and number of stimulated clusters.
_CONDITIONS = {
    "clustered, 5 clusters": (2.5, 5),
    "clustered, 2 clusters": (2.5, 2),
    "clustered, 1 cluster": (2.5, 1),
    "uniform, 5 groups": (1.0, 5),
}
_PANEL_NOTES = ("100 ms windows every 20 ms, ddof 0", f"mu + {_AMPLITUDE} where shaded", " ", " ")


def response_of_network(
    *, seed: int, r_ee: float, n_stimulated: int, network_index: int, n_trials: int, burn_in_ms: float
) -> Numbers:
    """Simulate trials with a stimulus; return Fano factors and rates in time, and before and during the stimulus."""
    spikes = excitatory_spikes(
        seed=seed,
        r_ee=r_ee,
        network_index=network_index,
        n_trials=n_trials,
        duration_ms=END_MS,
        burn_in_ms=burn_in_ms,
        stimulus=Stimulus.step(_AMPLITUDE, start_ms=_ON_MS, stop_ms=_OFF_MS, clusters=range(n_stimulated)),
    )
    return _RESPONSE.of(spikes, n_stimulated) | {"burn_in_ms": np.array(burn_in_ms)}


def _jobs(scale: Scale) -> list[Job]:
    return [
        Job(
            condition,
            response_of_network,
            {
                "r_ee": r_ee,
                "n_stimulated": n_stimulated,
                "network_index": index,
                "n_trials": scale.numbers["stimulus_trials"],
                "burn_in_ms": scale.numbers["burn_in_ms"],
            },
        )
        for condition, (r_ee, n_stimulated) in _CONDITIONS.items()
        for index in range(scale.numbers["n_networks"])
    ]


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 4.6)
        axes = drawing.subplots(2, len(_CONDITIONS), sharex=True, sharey="row")
        for column, condition in enumerate(_CONDITIONS):
            top, bottom = axes[:, column]
            figures.titled(top, condition, _PANEL_NOTES[column])
            _RESPONSE.draw(results, condition, top, bottom)
            bottom.set_yscale("symlog", linthresh=5)
            bottom.set_yticks([0, 2, 5, 10, 20, 50], labels=["0", "2", "5", "10", "20", "50"])
        axes[0, 0].set_ylabel("Fano factor")
        axes[1, 0].set_ylabel("rate (spikes/s)")
        axes[0, 0].set_ylim(bottom=0)
        axes[1, 0].set_ylim(bottom=0)
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawing.legend(handles, labels, loc="outside lower center", ncols=3)
    return drawing


def _claims(results: Results) -> list[Claim]:
    drop = _change(results, "clustered, 5 clusters", "all")
    claims = [
        Claim(
            "Change of the mean Fano factor of all E neurons, clustered, 5 clusters stimulated", "falls",
            (-np.inf, -0.4), drop, note=_protocol(results),
        ),
        Claim(
            "Change of the mean Fano factor of all E neurons, uniform, 5 groups stimulated", "unchanged", (-0.05, 0.05),
            _change(results, "uniform, 5 groups", "all"),
        ),
    ]  # fmt: skip
    for condition in _CONDITIONS:
        for quantity, unit in (("fano", ""), ("rate", "spikes/s")):
            for group in GROUPS:
                for part in ("before", "during"):
                    name = "Fano factor" if quantity == "fano" else "Rate"
                    values = results.join(condition, f"{quantity}_{part}_{group}")
                    claims.append(
                        Claim(f"{name} {part} the stimulus, {condition}, {group}", "not given", None, values, unit)
                    )
    return claims


def _protocol(results: Results) -> str:
    numbers = results.first("clustered, 5 clusters")
    return (
        f"mu + {_AMPLITUDE} from {_ON_MS:g} to {_OFF_MS:g} ms; 100 ms windows, mean over windows, ddof 0; before: "
        f"{numbers['burn_in_ms']:g} to {_ON_MS:g} ms, during: {_SETTLED_MS:g} to {_OFF_MS:g} ms; "
        f"{numbers['n_trials']} trials."
    )


def _change(results: Results, condition: str, group: str) -> NDArray:
    return results.join(condition, f"fano_during_{group}") - results.join(condition, f"fano_before_{group}")


FIGURE = Figure(
    name="stimulus",
    title="A stimulus quenches the variability of the clustered network",
    caption=(
        f"mu + {_AMPLITUDE} on the excitatory neurons of 5, 2 and 1 clusters from {_ON_MS / 1000:g} to "
        f"{_OFF_MS / 1000:g} s (shaded), and on 400 neurons of the uniform network. Lines: means over networks, bands: "
        "standard deviation between networks. The axis of rates is linear up to 5 spikes/s and logarithmic above."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
