"""Beyond the paper: a stimulus to some clusters of spiking networks, E-clustered and E/I-clustered."""

from __future__ import annotations

from functools import partial

import numpy as np

from metastable import figures, statistics
from metastable.networks import Stimulus
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers._stimulus_response import GROUPS, StimulusResponse
from metastable.papers.rost_2018._spiking import BURN_IN_MS, OPERATING_POINTS, TITLES, excitatory_trials

# .15 pA at 1 pF and a membrane time constant of 20 ms, onto five of the 50 clusters.
_AMPLITUDE_MV, _N_STIMULATED = 3.0, 5
_ON_MS, _OFF_MS, _END_MS = 2000.0, 3000.0, 3500.0
_SETTLED_MS = 2200.0
_WINDOW_MS, _STEP_MS, _BIN_MS, _MIN_INTERVALS = 200.0, 50.0, 25.0, 5
_RESPONSE = StimulusResponse(_ON_MS, _OFF_MS, _SETTLED_MS, _WINDOW_MS, _STEP_MS, _BIN_MS, ddof=1)


def response_of(*, seed: int, j_e_plus: float, r_j: float, network_index: int, n_trials: int) -> Numbers:
    """Simulate trials with a stimulus; return Fano factors and rates in time, and before and during the stimulus."""
    spikes = excitatory_trials(
        seed=seed,
        j_e_plus=j_e_plus,
        r_j=r_j,
        network_index=network_index,
        n_trials=n_trials,
        end_ms=_END_MS,
        stimulus=Stimulus.step(
            _AMPLITUDE_MV, start_ms=_ON_MS, stop_ms=_OFF_MS, clusters=range(_N_STIMULATED), population="E"
        ),
    )
    cv2 = partial(statistics.interval_cv2, min_intervals=_MIN_INTERVALS)
    return _RESPONSE.of(spikes, _N_STIMULATED, {"cv2": cv2})


def _jobs(scale: Scale) -> list[Job]:
    numbers = scale.numbers
    return [
        Job(
            kind,
            response_of,
            {"j_e_plus": j, "r_j": r_j, "network_index": index, "n_trials": numbers["spiking_stimulus_trials"]},
        )
        for kind, (j, r_j) in OPERATING_POINTS.items()
        for index in range(numbers["n_spiking"])
    ]


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 4.6)
        axes = drawing.subplots(2, 2, sharex=True, sharey="row")
        for column, (kind, (j, _)) in enumerate(OPERATING_POINTS.items()):
            top, bottom = axes[:, column]
            numbers = results.first(kind)
            note = (
                f"{_WINDOW_MS:g} ms windows every {_STEP_MS:g} ms, {numbers['n_trials']} trials, ddof 1"
                if column == 0
                else f"{_AMPLITUDE_MV:g} mV on {_N_STIMULATED} of 50 clusters where shaded"
            )
            figures.titled(top, f"{'ab'[column]}  {TITLES[kind]}, $J_{{E+}}={j:g}$", note)
            _RESPONSE.draw(results, kind, top, bottom)
        axes[0, 0].set(ylabel="Fano factor", ylim=(0, None))
        axes[1, 0].set(ylabel="rate (spikes/s)", ylim=(0, None))
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawing.legend(handles, labels, loc="outside lower center", ncols=3)
    return drawing


def _claims(results: Results) -> list[Claim]:
    change = {
        kind: results.join(kind, "fano_during_inside") - results.join(kind, "fano_before_inside")
        for kind in OPERATING_POINTS
    }
    protocol = (
        f"{_AMPLITUDE_MV:g} mV on the E neurons of {_N_STIMULATED} clusters from {_ON_MS:g} to {_OFF_MS:g} ms; "
        f"{_WINDOW_MS:g} ms windows, mean over windows, ddof 1; before: {BURN_IN_MS:g} to {_ON_MS:g} ms, during: "
        f"{_SETTLED_MS:g} to {_OFF_MS:g} ms."
    )
    claims = [
        Claim("Change of the Fano factor in stimulated clusters, E clusters", "not in the paper", None, change["E"],
              note=protocol + " With E clusters alone the stimulated clusters compete, and one wins at a time."),
        Claim("Change of the Fano factor in stimulated clusters, E/I clusters", "not in the paper", None,
              change["E/I"]),
        Claim("CV2 in stimulated clusters during the stimulus, E/I minus E clusters", "above 0 (section 5.1)",
              (0.1, np.inf), results.join("E/I", "cv2_during_inside") - results.join("E", "cv2_during_inside"),
              note="Accepted: above .1, several standard deviations between networks from 0."),
    ]  # fmt: skip
    for kind in OPERATING_POINTS:
        for name, what, unit in (("fano", "Fano factor", ""), ("cv2", "CV2", ""), ("rate", "Rate", "spikes/s")):
            for group in GROUPS:
                for part in ("before", "during"):
                    values = results.join(kind, f"{name}_{part}_{group}")
                    statement = f"{what} {part} the stimulus, {kind} clusters, {group}"
                    claims.append(Claim(statement, "not in the paper", None, values, unit))
    return claims


FIGURE = Figure(
    name="ei-clusters-stimulus",
    title="A stimulus to spiking networks with clustered inhibition",
    caption=(
        "Not in the paper. The networks of the figure before, with a current onto the excitatory neurons of five "
        "clusters (.15 pA at a capacitance of 1 pF). With excitatory clusters alone the stimulated clusters compete "
        "for saturated activity; with clustered inhibition all of them respond moderately. Bands: standard "
        "deviation between networks."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
