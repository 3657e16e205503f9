"""Figure 7: what the groups of a window do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable import figures
from metastable.communities import Coherence, Communities, coherence, group_activity, power_spectrum
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Numbers, Results
from metastable.papers.humphries_2011._protocol import to_spikes, to_windows
from metastable.papers.humphries_2011._windows import jobs
from metastable.spikes import SpikeData

_SLOW_HZ = 2.0


@dataclass(frozen=True, eq=False)
class _Window:
    number: int
    spikes: SpikeData
    groups: Communities

    @property
    def labels(self) -> NDArray[np.int64]:
        return self.groups.labels

    @property
    def coherence(self) -> Coherence:
        return coherence(self.spikes, self.labels, maximum_hz=_SLOW_HZ)


def _window(numbers: Numbers, extreme: str) -> _Window:
    """Return the window with the highest or lowest delta Q among those with groups."""
    windows = to_windows(numbers)
    delta = np.where(windows.n_groups > 1, windows.delta_q, np.nan)
    chosen = int(np.nanargmax(delta) if extreme == "highest" else np.nanargmin(delta))
    spikes = to_spikes({key.removeprefix("spikes_"): v for key, v in numbers.items() if key.startswith("spikes_")})
    limits = (float(windows.start_ms[chosen]), float(windows.stop_ms[chosen]))
    return _Window(chosen, spikes.select(time_ms=limits), windows[chosen])


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 7.4)
        grid = drawing.add_gridspec(3, 2, height_ratios=[1.5, 0.8, 1.0])
        for column, extreme in enumerate(("highest", "lowest")):
            window = _window(results.first("V2-like"), extreme)
            raster, traces, spectra = (drawing.add_subplot(grid[row, column]) for row in range(3))
            figures.group_raster(window.spikes, window.labels, ax=raster)
            raster.set(xlabel="", ylabel="train, by group")
            found = window.groups
            figures.titled(
                raster,
                f"{'ab'[column]}  Window of {extreme} delta Q",
                f"window {window.number}: delta Q {found.delta_q:.3f}, sigma {found.sigma_ms:.0f} ms, "
                f"{found.n_groups} groups",
            )
            activity = group_activity(
                window.spikes, window.labels, sigma_ms=found.sigma_ms, step_ms=50, edges="renormalise"
            )
            figures.group_traces(activity, per_train=True, ax=traces)
            figures.titled(traces, "Activity", f"sum of Gaussian trains, sigma {found.sigma_ms:.0f} ms")
            figures.power_spectra(power_spectrum(window.spikes, window.labels, maximum_hz=10), ax=spectra)
            figures.titled(spectra, "Power of each group", "multitaper, TW = 4, 9 tapers, 95 % interval")
    return drawing


def _draw_pairs(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 3.8)
        axes = drawing.subplots(2, 2, sharex=True)
        for column, extreme in enumerate(("highest", "lowest")):
            window = _window(results.first("V2-like"), extreme)
            figures.coherence_curve(window.coherence, ax=axes[0, column])
            figures.phase_curve(window.coherence, ax=axes[1, column])
            axes[0, column].set(xlabel="", ylabel="coherence")
            axes[1, column].set_ylabel("phase")
            figures.titled(
                axes[0, column],
                f"{'ab'[column]}  Window of {extreme} delta Q",
                "groups 0 and 1; multitaper, TW = 4, 9 tapers",
            )
    return drawing


def _strongest_phase(window: _Window) -> float:
    """Return the size of the phase between the two largest groups where they are most coherent, in units of pi."""
    found = window.coherence
    return float(np.abs(found.phase[0, 1, np.nanargmax(found.magnitude[0, 1])]) / np.pi)


def _claims(results: Results) -> list[Claim]:
    windows = [_window(numbers, "highest") for numbers in results.every("V2-like")]
    return [
        Claim(
            "Phase between the two largest groups where they are most coherent, window of highest delta Q",
            "anti-phase (below 0.4 Hz)",
            (0.8, 1),
            np.array([_strongest_phase(window) for window in windows]),
            "pi",
            note=(
                "Multitaper, TW = 4, 9 tapers, up to 2 Hz. Planted is opposite phase; the cat's groups were besides in "
                "phase between 0.5 and 1 Hz, which is not planted."
            ),
            each="session",
        ),
        Claim(
            "Frequency of the largest coherence of the two largest groups, window of highest delta Q",
            "below 0.4",
            None,
            np.array([w.coherence.frequency_hz[np.nanargmax(w.coherence.magnitude[0, 1])] for w in windows]),
            "Hz",
            note="What is planted: 0.3, 0.4 or 0.8 Hz.",
            each="session",
        ),
    ]


FIGURE_7 = Figure(
    name="ensembles",
    title="The groups of two windows (Figure 7)",
    caption=(
        "Windows of the highest and the lowest delta Q among those with groups, of the first V2-like session of "
        "generated trains: spikes sorted by group, activity and power spectra of the groups, divided by their rates "
        "(1 is a Poisson train)."
    ),
    jobs=lambda scale: [job for job in jobs(scale) if job.group == "V2-like"],
    draw=_draw,
    claims=_claims,
)

FIGURE_7_PAIRS = Figure(
    name="coherence",
    title="Coherence of the groups of two windows (Figure 7)",
    caption=(
        "Coherence and phase between the two largest groups in the windows of the figure before, directly from the "
        "spikes; intervals leave out one taper at a time. Phases are shown where the coherence exceeds 95 % of that of "
        "independent groups."
    ),
    jobs=lambda scale: [job for job in jobs(scale) if job.group == "V2-like"][:1],
    draw=_draw_pairs,
    claims=lambda results: [],
)
