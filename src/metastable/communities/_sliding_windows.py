"""Groups in windows that slide over a recording."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._known_names import nearest
from metastable._parallel import Monitor, run_jobs
from metastable._provenance import provenance
from metastable._random import Purpose, resolve_seed, stream
from metastable._validation import require_integer, require_number
from metastable.communities._agreement import normalized_mutual_information
from metastable.communities._chance_agreement import chance_agreement
from metastable.communities._communities import Communities
from metastable.communities._detect import detect
from metastable.communities._group_tracking import track_groups
from metastable.communities._timescales import isi_timescales
from metastable.communities._windows import SlidingWindows
from metastable.spikes import SpikeData

Array = NDArray[np.float64]

# Last word of the address of a window's random groups; the window itself has an address of one word.
_CHANCE = 1


def sliding_windows(
    spikes: SpikeData,
    *,
    width_ms: float = 50_000.0,
    step_ms: float = 10_000.0,
    reference: int | None = None,
    n_random: int = 1000,
    upper: float = 0.95,
    least_overlap: float = 0.5,
    early_stop: bool = False,
    seed: int | None = None,
    n_jobs: int | None = None,
    progress: bool | None = None,
    **options: Any,
) -> SlidingWindows:
    """Find groups in windows that slide over a recording.

    Parameters
    ----------
    spikes : SpikeData
    width_ms, step_ms : float, ms
        Length of a window, and from the start of one to the start of the next. What is left at the end is left out.
    reference : int, optional
        The window that all are compared with. By default, among those with groups, the one with the largest delta Q,
        or without controls the largest modularity.
    n_random : int
        How many random groups the agreement with the reference is compared with.
    upper : float
        Quantile of their agreement that is called the bound of chance.
    least_overlap : float
        Least overlap, trains in both over trains in either, of groups of successive windows that are the same group.
        From .5 on it can be the same as one group only; below, the pairs of largest overlap altogether are taken.
    early_stop : bool
        As in `detect`, but not by default: delta Q is the distance from the largest of all controls, and comparable
        between windows only if all have been computed.
    seed : int, optional
        None draws it.
    n_jobs : int, optional
        Threads, one for each window; all cores by default. Does not change the result.
    progress : bool, optional
        Whether to show a progress bar; by default on a terminal.
    **options
        Of `detect`. ``sigmas_ms="isi"`` are the timescales of the whole recording, the same in all windows.

    Returns
    -------
    SlidingWindows

    Raises
    ------
    TypeError
        If there is no such option.
    ValueError
        If the recording is shorter than a window, there is no such reference or it has no groups, or an option of
        `detect` is wrong.

    Notes
    -----
    Humphries 2011, figs. 6 and 8: windows of 50 s every 10 s.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes, truth = mst.spikes.fellous_2004(n_groups=3, noise_level=1, seed=1)
    >>> found = mst.communities.sliding_windows(spikes, width_ms=700, step_ms=100, sigmas_ms=[5, 10], seed=2)
    >>> found.start_ms, found.n_groups
    (array([  0., 100., 200., 300.]), array([3, 3, 3, 3]))
    >>> found.n_tracks  # all windows hold the same groups
    3
    """
    _require_options(options)
    width = require_number("width_ms", width_ms, above=0)
    step = require_number("step_ms", step_ms, above=0)
    require_integer("n_random", n_random, minimum=1)
    require_number("upper", upper, minimum=0, maximum=1)
    require_number("least_overlap", least_overlap, above=0, maximum=1)
    start, stop = _windows(spikes, width, step)
    if reference is not None:
        require_integer("reference", reference, minimum=0, maximum=start.size - 1)
    root = resolve_seed(seed)
    settings: dict[str, Any] = {"sigmas_ms": "isi", **options, "early_stop": early_stop}
    if isinstance(settings["sigmas_ms"], str) and settings["sigmas_ms"] == "isi":
        settings["sigmas_ms"] = isi_timescales(spikes, rows=settings.get("rows", "neurons"))

    def in_window(index: int, monitor: Monitor) -> Communities:
        part = spikes.select(time_ms=(float(start[index]), float(stop[index])))
        own = int(stream(root, Purpose.COMMUNITIES, index).integers(2**63))
        found = detect(part, **settings, seed=own, n_jobs=1, progress=False)
        monitor.advance(1)
        return found

    found = run_jobs(
        in_window,
        range(start.size),
        n_jobs=n_jobs,
        total=start.size,
        label="windows",
        unit="windows",
        progress=progress,
    )
    labels = np.array([each.labels for each in found])
    compared = _reference(found, reference)
    agreement, chance = _agreement(labels, compared, n_random, root)
    return SlidingWindows(
        windows=tuple(found),
        start_ms=start,
        stop_ms=stop,
        reference=compared,
        agreement=agreement,
        chance=chance,
        upper=upper,
        tracks=track_groups(labels, least_overlap=least_overlap),
        provenance=provenance(
            "communities.sliding_windows",
            width_ms=width,
            step_ms=step,
            reference=None if reference is None else int(reference),
            n_random=int(n_random),
            upper=upper,
            least_overlap=least_overlap,
            seed=root,
            **{name: np.asarray(value).tolist() for name, value in settings.items()},
        ),
    )


def _require_options(given: dict[str, Any]) -> None:
    own = [name for name in list(inspect.signature(sliding_windows).parameters)[1:] if name != "options"]
    others = [name for name in list(inspect.signature(detect).parameters)[1:] if name not in own]
    for name in given:
        if name not in others:
            raise TypeError(
                f"sliding_windows has no option {name!r}; {nearest(name, own + others)}its options are "
                f"{', '.join(own)}, and those of detect, {', '.join(others)}."
            )


def _windows(spikes: SpikeData, width: float, step: float) -> tuple[Array, Array]:
    if width > spikes.duration_ms * (1 + 1e-12):
        raise ValueError(
            f"the recording of {spikes.duration_ms:g} ms is shorter than a window of width_ms={width:g}; choose "
            "shorter windows, and check that the times are in ms."
        )
    # Decimal steps miss the end by rounding.
    number = math.floor((spikes.duration_ms - width) / step + 1e-9) + 1
    start = spikes.t_start_ms + step * np.arange(number, dtype=np.float64)
    return start, np.minimum(start + width, spikes.t_stop_ms)


def _reference(found: list[Communities], wanted: int | None) -> int | None:
    grouped = [k for k, each in enumerate(found) if each.n_groups]
    if wanted is not None:
        if wanted not in grouped:
            raise ValueError(f"window {wanted} has no groups to compare with; those that have are {grouped}.")
        return wanted
    # Without controls there is no delta Q.
    return max(grouped, key=lambda k: (np.nan_to_num(found[k].delta_q), found[k].modularity), default=None)


def _agreement(labels: NDArray[np.int64], reference: int | None, n_random: int, seed: int) -> tuple[Array, Array]:
    agreement, chance = np.full(len(labels), np.nan), np.full((len(labels), n_random), np.nan)
    for k, own in enumerate(labels):
        if reference is None or own.max() < 0:
            continue
        other = labels[reference]
        agreement[k] = normalized_mutual_information(own, other)
        rng = stream(seed, Purpose.COMMUNITIES, k, _CHANCE)
        chance[k] = chance_agreement(own, other, n_random=n_random, rng=rng)
    return agreement, chance
