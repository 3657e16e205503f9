"""One verb for any recording."""

from __future__ import annotations

import numpy as np

from metastable._parallel import Monitor, resolve_n_jobs, run_in_turn
from metastable._provenance import provenance
from metastable._random import resolve_seed
from metastable._validation import require_instance
from metastable.analysis._analysis import Analysis
from metastable.analysis._groups import find_groups, groups
from metastable.analysis._irregularity import irregularity
from metastable.analysis._notes import notes
from metastable.analysis._raster import raster
from metastable.analysis._rates import rates
from metastable.analysis._recording import distinct
from metastable.analysis._section import TITLES, Section
from metastable.analysis._states import states
from metastable.analysis._timescales import timescales
from metastable.analysis._variability import correlations, fano
from metastable.spikes import SpikeData


def analyse(
    spikes: SpikeData,
    *,
    title: str | None = None,
    seed: int | None = None,
    n_jobs: int | None = None,
    progress: bool | None = None,
) -> Analysis:
    """Measure what can be measured in a recording, and say what cannot and why.

    Parameters
    ----------
    spikes : SpikeData
        Of any size; select a window or a population first if that is what is wanted.
    title : str, optional
        What stands above the report; by default the file that the recording was read from.
    seed : int, optional
        For the shuffled trains of the test for groups; None draws it.
    n_jobs : int, optional
        Threads; all cores by default. Does not change the result.
    progress : bool, optional
        Whether to show progress; by default on a terminal.

    Returns
    -------
    Analysis
        With ``save(directory)`` for a report.

    Raises
    ------
    TypeError
        If `spikes` is no SpikeData.

    Notes
    -----
    Groups are sought among the 300 most active neurons and up to 100,000 spikes, pairs correlated among the 1,000 most
    active neurons and up to 2,000,000 spikes, windows too short for bounded memory left out, so that a recording of
    5,000 neurons takes less than a minute and one of hours not much more; the report says where that is so.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes, _ = mst.spikes.fellous_2004(n_groups=3, noise_level=1, seed=1)
    >>> report = mst.analysis.analyse(spikes, seed=1)
    >>> report["groups"].numbers[0].text
    '3'
    >>> report["fano"].missing
    ('The variance across trials needs two trials; windows in time are used instead.',)
    """
    require_instance("spikes", spikes, SpikeData, do="read it with metastable.spikes.read")
    resolve_n_jobs(n_jobs)
    root = resolve_seed(seed)
    name = title if title is not None else str(spikes.meta.get("source", "a recording"))
    record = provenance("analysis.analyse", seed=root, recording=spikes.meta.get("provenance"))
    if 0 in (spikes.n_neurons, spikes.n_trials) or not spikes.duration_ms > 0:
        lacking = "The recording is empty: no neurons, no trials or no duration, so that nothing can be measured."
        return Analysis(
            title=name,
            spikes=spikes,
            sections=(Section(name="raster", title=TITLES["raster"], missing=(lacking,)),),
            communities=None,
            provenance=record,
        )
    once, n_repeated = distinct(spikes)
    chosen, part, found, missing = find_groups(once, root, n_jobs, progress)
    labels = np.full(once.n_neurons, -1)
    if found is not None:
        labels[chosen] = found.labels
    steps = {
        "raster": lambda: raster(once, labels),
        "rates": lambda: rates(once),
        "fano": lambda: fano(once),
        "correlations": lambda: correlations(once, root),
        "irregularity": lambda: irregularity(once),
        "timescales": lambda: timescales(once),
        "groups": lambda: groups(part, found, missing),
        "states": lambda: states(once, labels, np.nan if found is None else found.sigma_ms),
    }

    def measure(step: str, monitor: Monitor) -> Section:
        try:
            section = steps[step]()
        except (ValueError, MemoryError) as error:
            # A room that cannot measure this recording says why, in one sentence; the other sections go on.
            section = Section(name=step, title=TITLES[step], missing=(f"{str(error).rstrip('.')}.",))
        monitor.advance(1)
        return section

    sections = run_in_turn(measure, steps, total=len(steps), label="statistics", unit="sections", progress=progress)
    return Analysis(
        title=name,
        spikes=once,
        sections=tuple(sections),
        communities=found,
        provenance=record,
        notes=notes(once, n_repeated),
    )
