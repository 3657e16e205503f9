"""Figures 6 to 8: groups in windows that slide over recordings like those of visual cortex."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable import figures
from metastable.communities import normalized_mutual_information, sliding_windows
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.humphries_2011._protocol import from_spikes, from_windows, to_windows, widths_ms
from metastable.spikes import PlantedGroups, SpikeData, cortex_like

WINDOW_MS, STEP_MS = 50_000.0, 10_000.0
# V2-like: always groups, on slow oscillations. V1-like: groups in the last third, on faster ones; rates and
# irregularity of V1 are not in the paper, and these are more regular than those of V2.
SESSIONS: dict[str, dict[str, Any]] = {
    "V2-like": {"n_neurons": 50, "n_groups": [2, 3, 2], "frequency_hz": [0.4, 0.8, 0.3], "depth": 0.7},
    "V1-like": {
        "n_neurons": 25,
        "n_groups": [0, 0, 2],
        "frequency_hz": [0.0, 0.0, 3.0],
        "depth": 0.9,
        "log_interval": (-1.47, 0.6),
        "log_cv": (0.0, 0.3),
    },
}


def _session(seed: int, name: str, duration_ms: float, index: int) -> tuple[SpikeData, PlantedGroups]:
    # Sessions of different kinds share no random numbers.
    number = 100 * list(SESSIONS).index(name) + index
    return cortex_like(**SESSIONS[name], duration_ms=duration_ms, share_moved=0.1, seed=seed, index=number)


def windows_of(*, seed: int, name: str, duration_ms: float, index: int, n_widths: int, n_starts: int) -> Numbers:
    """Find groups in all windows of a session, and compare them with those planted."""
    spikes, truth = _session(seed, name, duration_ms, index)
    found = sliding_windows(
        spikes,
        width_ms=WINDOW_MS,
        step_ms=STEP_MS,
        sigmas_ms=widths_ms(n_widths),
        n_starts=n_starts,
        seed=seed,
        n_jobs=1,
        progress=False,
    )
    planted = [
        normalized_mutual_information(each.partitions[np.nanargmax(each.delta_qs)], truth.at(float(centre)))
        for each, centre in zip(found.windows, found.centre_ms, strict=True)
    ]
    return {
        **from_windows(found),
        **{f"spikes_{key}": value for key, value in from_spikes(spikes).items()},
        "planted": np.array(planted),
        "planted_groups": np.array([np.unique(truth.at(float(centre))).size for centre in found.centre_ms]),
        "epoch_ms": truth.start_ms,
        "frequency_hz": truth.frequency_hz,
    }


def jobs(scale: Scale) -> list[Job]:
    numbers = scale.numbers
    shared = {"n_widths": numbers["n_widths"], "n_starts": numbers["n_window_starts"]}
    return [
        Job(name, windows_of, {"name": name, "duration_ms": numbers["duration_ms"][name], "index": index, **shared})
        for name in SESSIONS
        for index in range(numbers["n_recordings"])
    ]


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 7.6)
        axes = drawing.subplots(5, len(SESSIONS), height_ratios=[1, 1, 1, 1.2, 2])
        for column, name, letter in zip(axes.T, SESSIONS, "ab", strict=True):
            numbers = results.first(name)
            windows = to_windows(numbers)
            for ax, quantity in zip(column, ("delta_q", "sigma_ms", "n_groups"), strict=False):
                figures.window_curve(windows, quantity=quantity, ax=ax)
            figures.window_agreement(windows, ax=column[3])
            for text in column[3].texts:
                text.remove()
            column[3].plot(windows.centre_ms / 1000, numbers["planted"], color="black", linestyle=":", marker=".")
            figures.window_membership(windows, ax=column[4])
            for ax in column:
                for change in numbers["epoch_ms"][1:] / 1000:
                    if windows.centre_ms[0] < 1000 * change < windows.centre_ms[-1]:
                        ax.axvline(change, color="#999999", linewidth=0.7, linestyle="--", zorder=0)
                ax.set_xlim((windows.centre_ms[[0, -1]] + [-STEP_MS / 2, STEP_MS / 2]) / 1000)
            for ax in column[:4]:
                ax.set_xlabel("")
            frequencies = ", ".join(f"{f:g}" if f else "none" for f in numbers["frequency_hz"])
            figures.titled(
                column[0],
                f"{letter}  {name}",
                f"{len(windows.tracks[0])} trains; planted oscillations (Hz): {frequencies}",
            )
        for ax in axes[:, 1:].ravel():
            ax.set_ylabel("")
        drawing.align_ylabels(axes[:, 0])
    return drawing


_OF_THE_CAT = (
    "Generated trains with planted groups, not the cat's (crcns.org, not redistributable): a check of the method, not "
    "of the cortex."
)


def _share(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if values.size else np.nan


def _median(values: NDArray[Any]) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else np.nan


def _claims(results: Results) -> list[Claim]:
    sessions = {name: [to_windows(numbers) for numbers in results.every(name)] for name in SESSIONS}
    v2, v1 = sessions["V2-like"], sessions["V1-like"]
    planted = results.every("V1-like")
    found_where = [
        [_share(w.n_groups[planted] > 0) for planted in (numbers["planted_groups"] > 1, numbers["planted_groups"] < 2)]
        for w, numbers in zip(v1, planted, strict=True)
    ]
    transient, false = np.array(found_where, float).T
    above = np.array([np.nanmean(w.agreement > w.chance_bound) for w in v2], float)
    rule = "50 s windows every 10 s, 20 controls (intervals shuffled), max-z over the widths at level .05."
    return [
        Claim(
            "Share of windows with groups, V2-like",
            "1 (V2: delta Q always positive)",
            (0.999, 1),
            np.array([(w.n_groups > 0).mean() for w in v2]),
            note=f"{_OF_THE_CAT} {rule}",
            each="session",
        ),
        Claim(
            "Share of windows whose agreement with the reference window exceeds 95 % of random groups, V2-like",
            "1 (always considerably exceeded)",
            (0.999, 1),
            above,
            note="At each change a tenth of the trains and more draw a new group. Random groups have the same sizes.",
            each="session",
        ),
        Claim(
            "Share of windows with groups while none are planted at their centre, V1-like",
            "3 of 8 windows without groups",
            None,
            false,
            note="Windows overlap the time with groups by up to half.",
            each="session",
        ),
        Claim(
            "Share of windows with groups while two are planted at their centre, V1-like",
            "5 of 8 windows with groups",
            (0.999, 1),
            transient,
            note=_OF_THE_CAT,
            each="session",
        ),
        Claim(
            "Agreement (NMI) with the groups planted at the centre of a window, V2-like",
            "not known in the paper",
            None,
            np.array([numbers["planted"].mean() for numbers in results.every("V2-like")]),
            note="A window of 50 s holds more than one set of planted groups around each change.",
            each="session",
        ),
        *(
            Claim(
                f"Median width of the groups, {name}",
                paper,
                None,
                np.array([_median(w.sigma_ms) for w in sessions[name]]),
                "ms",
                note=f"{len(v2[0][0].sigmas_ms)} widths from 29 to 289 ms; what is planted decides.",
                each="session",
            )
            for name, paper in (("V2-like", "116 to 289 (V2)"), ("V1-like", "14.4 or 28.9 (V1, text gives both)"))
        ),
        *(
            Claim(
                f"Median number of groups in a window with groups, {name}",
                "2, now and then 3 or 4 (V2)" if name == "V2-like" else "2 (V1)",
                (1.5, 2.5),
                np.array([_median(w.n_groups[w.n_groups > 0]) for w in sessions[name]]),
                note="Two are planted, three for a third of a V2-like session.",
                each="session",
            )
            for name in SESSIONS
        ),
    ]


FIGURE_6 = Figure(
    name="windows",
    title="Groups that change with time (Figures 6 and 8)",
    caption=(
        "Generated trains with the rates and irregularity of the paper's recordings; the groups follow oscillations "
        "of opposite phase, and at the dashed lines their number and frequency change and a tenth of the trains "
        "and more draw a new group. Delta Q is the distance from the largest of 20 controls, sigma the width and "
        "groups the number where it stands out most. NMI, red: agreement with the ringed window; grey: random "
        "groups of the same sizes; black, dotted: agreement with the groups planted at the centre. Bottom: "
        "groups followed over time. First session."
    ),
    jobs=jobs,
    draw=_draw,
    claims=_claims,
)
