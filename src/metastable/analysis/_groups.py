"""Groups of neurons with similar spike trains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from metastable import communities, figures
from metastable.analysis._part import most_active, shortened, without_silence
from metastable.analysis._section import TITLES, Number, Section, short
from metastable.communities import Communities
from metastable.spikes import SpikeData

# A search costs the square of the neurons and grows with the spikes: about half a minute for these on two cores.
_MOST_NEURONS, _MOST_SPIKES = 300, 100_000
_N_STARTS, _N_CONTROLS = 5, 20
# Samples of all trains at two for each standard deviation: some seconds for each comparison.
_MOST_SAMPLES = 100_000_000
# Among fewer trains `communities.detect` finds no groups.
_FEWEST_NEURONS = 6


def find_groups(
    spikes: SpikeData, seed: int, n_jobs: int | None, progress: bool | None
) -> tuple[NDArray[np.intp], SpikeData, Communities | None, list[str]]:
    """Return which neurons were compared, their spikes and groups, and what was left out or in the way."""
    chosen, fewer = most_active(spikes, _MOST_NEURONS)
    part, shorter = shortened(spikes.select(neuron=chosen), _MOST_SPIKES)
    part, trimmed = without_silence(part)
    missing = [sentence for sentence in (fewer, shorter, trimmed) if sentence]
    n_firing = np.unique(part.neuron).size
    if n_firing < _FEWEST_NEURONS:
        only = "none does" if not n_firing else "only one does" if n_firing == 1 else f"only {n_firing} do"
        lacking = f"Groups were not sought: they need {_FEWEST_NEURONS} neurons that fire, and {only}."
        return chosen, part, None, [shorter, lacking] if shorter else [lacking]
    try:
        sigmas, too_short = _timescales(part)
        missing += [too_short] if too_short else []
        # The mean of each train is taken away: among dense trains all cosines are large.
        found = communities.detect(
            part,
            sigmas_ms=sigmas,
            kind="correlation",
            n_starts=_N_STARTS,
            n_controls=_N_CONTROLS,
            # Shuffled intervals do not keep the slow changes of each neuron's own rate, and neurons whose rates change
            # independently would count as groups.
            surrogate="shift_trains",
            seed=seed,
            n_jobs=n_jobs,
            progress=progress,
        )
    except ValueError as error:
        return chosen, part, None, [*missing, f"Groups were not sought: {error}"]
    if not found.n_groups:
        missing.append(f"No groups were found: {found.status}.")
    return chosen, part, found, missing


def _timescales(spikes: SpikeData) -> tuple[list[float], str]:
    """Return timescales, ms, and a sentence if short ones would take too long.

    Three of the intervals and two longer ones: cells that share slow states share no spikes.
    """
    of_intervals = communities.isi_timescales(spikes, n_timescales=3).tolist()
    longer = [of_intervals[-1] * factor for factor in (4, 16)]
    least = 2 * spikes.duration_ms * spikes.n_trials * spikes.n_neurons / _MOST_SAMPLES
    wanted = [sigma for sigma in (*of_intervals, *longer) if sigma < spikes.duration_ms / 10]
    kept = [sigma for sigma in wanted if sigma >= least]
    if len(kept) < len(wanted):
        # The shortest that can be afforded takes the place of those that cannot.
        return [least, *kept], f"Timescales below {short(least)} ms are not compared, to keep the time short."
    # At least one, so that a recording of one short interval is not refused.
    return kept or [spikes.duration_ms / 20], ""


def groups(part: SpikeData, found: Communities | None, missing: list[str]) -> Section:
    """Say what groups there are, and how sure that is."""
    title = TITLES["groups"]
    if found is None:
        return Section(name="groups", title=title, missing=tuple(missing))
    agreement = None if part.cluster is None else _agreement(found.labels, part.cluster)
    # Controls are left out once none of them can make the groups significant.
    stopped = len(found.control_statistic) < _N_CONTROLS
    numbers = [
        Number("n_groups", "groups", found.n_groups),
        Number("p_value", f"p-value over all timescales{', at least' if stopped else ''}", found.p_value),
        Number("n_controls", "controls, each train shifted by a random time", len(found.control_statistic)),
        Number("modularity", "modularity Q/2m", found.modularity),
        Number("sigma_ms", "timescale of comparison", found.sigma_ms, "ms"),
        Number("n_neurons_compared", "neurons compared", np.unique(part.neuron).size),
    ]
    numbers += [Number(f"size_of_group_{k}", f"neurons in group {k}", int(n)) for k, n in enumerate(found.sizes[:10])]
    if agreement is not None:
        numbers.append(Number("agreement_with_labels", "agreement (NMI) with the file's clusters", agreement))
        missing = [*missing, "Small clusters that are active together can be one group: modularity merges them."]
    tested = bool(np.isfinite(found.statistic).any())
    span = f"{found.sigmas_ms.size} timescales from {short(found.sigmas_ms.min())} to {short(found.sigmas_ms.max())} ms"
    return Section(
        name="groups",
        title=title,
        explanation=(
            "Left: neurons are divided so that trains within a group are as similar as possible (modularity, red) at "
            f"{span if found.sigmas_ms.size > 1 else 'a timescale'}, and the same is done to trains that were each "
            "shifted by a random time (grey), which keep their own rates but share nothing; only a division that beats "
            "these over all timescales together is believed. Right: the similarity of each pair (correlation of "
            "smoothed trains), neurons sorted by group, so that groups are blocks along the diagonal."
        ),
        numbers=tuple(numbers),
        missing=tuple(missing),
        results={"groups": found, "spikes": part},
        draw=_draw if tested else None,
    )


def _agreement(labels: NDArray[np.int64], cluster: NDArray) -> float | None:
    """Return how well groups and the file's clusters agree, over neurons with both; None where there are not both."""
    if cluster.ndim != 1:
        return None
    both = (labels >= 0) & (cluster >= 0)
    if not both.any() or np.unique(cluster[both]).size < 2:
        return None
    return communities.normalized_mutual_information(labels[both], cluster[both])


def _draw(results: Mapping[str, Any]) -> Figure:
    found, part = results["groups"], results["spikes"]
    with figures.style():
        drawing = figures.new_figure(7.2, 3.0)
        left, right = drawing.subplots(1, 2)
        figures.modularity_by_timescale(found, ax=left)
        similarity = communities.similarity_matrix(part, sigma_ms=found.sigma_ms, kind="correlation")
        place = np.where(found.labels < 0, found.n_groups, found.labels)
        order = np.argsort(place, kind="stable")
        values = similarity[np.ix_(order, order)].copy()
        np.fill_diagonal(values, np.nan)
        off = np.abs(values[np.isfinite(values)])
        limit = max(float(np.percentile(off, 99)) if off.size else 1.0, 1e-6)
        image = right.imshow(values, cmap="RdBu_r", vmin=-limit, vmax=limit, origin="lower")
        for edge in np.cumsum(np.bincount(place))[:-1]:
            right.axhline(edge - 0.5, color="black", linewidth=0.4)
            right.axvline(edge - 0.5, color="black", linewidth=0.4)
        axis = "neuron, by group" if found.n_groups else "neuron"
        right.set(xlabel=axis, ylabel=axis)
        for each in (right.xaxis, right.yaxis):
            each.set_major_locator(MaxNLocator(6, integer=True))
        drawing.colorbar(image, ax=right, label="similarity")
        figures.titled(right, f"{part.n_neurons} neurons", f"correlation, sigma {found.sigma_ms:.3g} ms")
    return drawing
