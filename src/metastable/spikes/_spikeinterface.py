"""Spike vectors of SpikeInterface."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from metastable._validation import require_integer, require_list, require_number, shown
from metastable.spikes._spike_data import SpikeData

_FIELDS = ("sample_index", "unit_index", "segment_index")


def from_spikeinterface(
    sorting: Any,
    *,
    sampling_hz: float | None = None,
    unit_ids: ArrayLike | None = None,
    n_segments: int | None = None,
    n_samples: int | None = None,
) -> SpikeData:
    """Take the spikes of a sorting, or its spike vector as it is; segments become trials.

    Parameters
    ----------
    sorting : BaseSorting or structured ndarray
        An array is a spike vector, with the fields ``sample_index``, ``unit_index`` and ``segment_index``.
    sampling_hz : float, Hz, optional
        Sampling frequency; needed for a spike vector. Times are multiples of its inverse, which is the step of their
        grid if there is a whole number of samples in a millisecond.
    unit_ids : array_like, (n_units,), optional
        What units are called; by default those of the sorting, or as many as the vector needs, from 0. Names that are
        not whole numbers go to ``meta["neuron_names"]``.
    n_segments, n_samples : int, optional
        How many segments there are, and the length of each in samples; by default as many as the spikes need.

    Returns
    -------
    SpikeData

    Raises
    ------
    TypeError
        If it is neither a sorting nor a spike vector.
    ValueError
        If the sampling frequency is missing, or spikes lie outside of what is given.

    Examples
    --------
    >>> import metastable as mst, numpy as np
    >>> fields = [("sample_index", "int64"), ("unit_index", "int64"), ("segment_index", "int64")]
    >>> vector = np.array([(30, 0, 0), (60, 1, 0), (30, 1, 1)], dtype=fields)
    >>> spikes = mst.spikes.from_spikeinterface(vector, sampling_hz=30_000)
    >>> spikes.n_trials, spikes.time_ms
    (2, array([1., 2., 1.]))
    """
    vector = np.asarray(sorting.to_spike_vector() if hasattr(sorting, "to_spike_vector") else sorting)
    if not set(_FIELDS) <= set(vector.dtype.names or ()):
        raise TypeError(
            f"sorting must be a sorting or a spike vector with the fields {', '.join(_FIELDS)}, got {vector.dtype}; "
            "give sorting.to_spike_vector()."
        )
    if hasattr(sorting, "to_spike_vector"):
        sampling_hz = sorting.sampling_frequency if sampling_hz is None else sampling_hz
        unit_ids = sorting.unit_ids if unit_ids is None else unit_ids
        n_segments = sorting.get_num_segments() if n_segments is None else n_segments
    if sampling_hz is None:
        raise ValueError("a spike vector does not state its sampling frequency; give sampling_hz=.")
    rate = require_number("sampling_hz", sampling_hz, above=0)
    taken: list[Any] = [vector[name].astype(np.int64) for name in _FIELDS]
    sample, unit, segment = taken
    names = list(range(int(unit.max(initial=-1)) + 1)) if unit_ids is None else require_list("unit_ids", unit_ids)
    numbered = all(isinstance(name, int | np.integer) for name in names)
    if numbered and names and not -(2**63) <= min(map(int, names)) <= max(map(int, names)) < 2**63:
        raise ValueError(
            f"unit_ids must be names, or whole numbers below 2^63, got {shown(unit_ids)}; rename the units."
        )
    last = int(sample.max(initial=0)) + 1
    step_ms = 1000 / rate
    # Bins and windows are whole steps: on the grid of 24414.0625 Hz there would be none of 50 ms.
    on_grid = float(rate / 1000).is_integer()
    return SpikeData(
        time_ms=sample * step_ms,
        neuron=unit,
        trial=segment,
        n_neurons=len(names),
        n_trials=int(segment.max(initial=0)) + 1 if n_segments is None else require_integer("n_segments", n_segments),
        t_start_ms=min(0, int(sample.min(initial=0))) * step_ms,
        t_stop_ms=(last if n_samples is None else require_integer("n_samples", n_samples, minimum=0)) * step_ms,
        dt_ms=step_ms if on_grid else None,
        neuron_id=np.array(names if numbered else range(len(names)), np.int64),
        meta={"source": "SpikeInterface"} | ({} if numbered else {"neuron_names": [str(name) for name in names]}),
    )
