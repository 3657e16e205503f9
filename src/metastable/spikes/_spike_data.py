"""The container of spikes: flat, sorted, frozen arrays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._display import Drawn
from metastable._validation import require_instance, require_integer, require_number, require_numbers
from metastable.spikes._arrays import as_clusters, as_ids, as_indices, as_names, frozen, sorting_order
from metastable.spikes._grid import snapped_edge, snapped_times, spacing
from metastable.spikes._selection import select

# Indices have 32 bits.
_MOST = np.iinfo(np.int32).max


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SpikeData(Drawn):
    """Spikes of many neurons in many trials, with silent neurons and empty trials.

    Spikes are kept sorted by trial, then time, then neuron; arrays are read-only. Times lie in the half-open
    interval ``[t_start_ms, t_stop_ms)``. On a time grid (`dt_ms` given) every time is an exact multiple of the
    step and all binning is done in integers, so that a spike on the edge of a bin never moves.

    Parameters
    ----------
    time_ms : array_like, (n_spikes,), ms
        Spike times, in any order; -0.0 becomes 0.0.
    neuron : array_like, (n_spikes,)
        Index of the neuron, 0 to ``n_neurons - 1``.
    trial : array_like, (n_spikes,), optional
        Index of the trial, 0 to ``n_trials - 1``; all 0 if left out.
    n_neurons, n_trials : int
        How many there are, silent ones included.
    t_start_ms, t_stop_ms : float, ms
        The recorded interval, the same in each trial.
    dt_ms : float, ms, optional
        Step of the time grid; None where times are exact.
    cluster : array_like, optional
        Either one label per neuron, (n_neurons,), with -1 for a neuron in no cluster, or, for overlapping clusters,
        a boolean membership matrix, (n_neurons, n_clusters).
    population : array_like of str, (n_neurons,), optional
        Name of each neuron's population, for instance ``"E"``.
    neuron_id, trial_id : array_like of int, optional
        What the neurons and trials are called; selections keep the names. By default 0, 1, 2, ...
    meta : dict, optional
        JSON-ready facts about the recording; results of this package keep their provenance here.

    Raises
    ------
    ValueError
        If lengths differ, an index or time is out of range, or a time is not on the grid.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[3.0, 1.0, 2.5], neuron=[0, 1, 1], n_neurons=3, t_stop_ms=10)
    >>> spikes.time_ms
    array([1. , 2.5, 3. ])
    >>> spikes.select(neuron=[1]).n_spikes
    2
    """

    _shown = ("n_spikes", "n_neurons", "n_trials", "t_start_ms", "t_stop_ms", "dt_ms", "n_clusters")

    time_ms: NDArray[np.float64]
    neuron: NDArray[np.int32]
    n_neurons: int
    t_stop_ms: float
    trial: NDArray[np.int32] = None  # pyright: ignore[reportAssignmentType]  # filled in __post_init__
    n_trials: int = 1
    t_start_ms: float = 0.0
    dt_ms: float | None = None
    cluster: NDArray | None = None
    population: NDArray[np.str_] | None = None
    neuron_id: NDArray[np.int64] = None  # pyright: ignore[reportAssignmentType]
    trial_id: NDArray[np.int64] = None  # pyright: ignore[reportAssignmentType]
    meta: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        put("n_neurons", require_integer("n_neurons", self.n_neurons, minimum=0, maximum=_MOST))
        put("n_trials", require_integer("n_trials", self.n_trials, minimum=0, maximum=_MOST))
        put("t_start_ms", require_number("t_start_ms", self.t_start_ms))
        put("t_stop_ms", require_number("t_stop_ms", self.t_stop_ms))
        if self.t_stop_ms < self.t_start_ms:
            raise ValueError(
                f"t_stop_ms={self.t_stop_ms:g} lies before t_start_ms={self.t_start_ms:g}; give a later end."
            )
        if self.dt_ms is not None:
            put("dt_ms", require_number("dt_ms", self.dt_ms, above=0))

        # A copy: the arrays of the recording are made read-only, those of the caller are not.
        time = np.array(require_numbers("time_ms", self.time_ms))
        neuron = as_indices("neuron", self.neuron, self.n_neurons)
        trial = np.zeros(time.shape, np.int32) if self.trial is None else as_indices("trial", self.trial, self.n_trials)
        if not time.ndim == neuron.ndim == trial.ndim == 1 or not time.size == neuron.size == trial.size:
            raise ValueError(
                "time_ms, neuron and trial must be one-dimensional and equally long, "
                f"got shapes {time.shape}, {neuron.shape} and {trial.shape}."
            )
        if time.size and self.n_trials == 0:
            raise ValueError(f"{time.size} spikes were given but n_trials is 0; give the number of trials.")
        if not np.isfinite(time).all():
            raise ValueError("time_ms holds NaN or infinite values; remove those spikes.")
        if self.dt_ms is not None:
            for edge in ("t_start_ms", "t_stop_ms"):
                put(edge, snapped_edge(edge, getattr(self, edge), self.dt_ms))
            time = snapped_times(time, self.dt_ms, spacing(self.time_ms))
        if time.size and (time.min() < self.t_start_ms or time.max() >= self.t_stop_ms):
            raise ValueError(
                f"spike times from {time.min():g} to {time.max():g} ms leave the recorded window "
                f"[{self.t_start_ms:g}, {self.t_stop_ms:g}) ms; widen t_start_ms and t_stop_ms or select the times."
            )
        # There is one zero: -0.0 would be lost where times are shifted.
        time += 0.0
        for edge in ("t_start_ms", "t_stop_ms"):
            put(edge, getattr(self, edge) + 0.0)
        order = sorting_order(trial, time, neuron)
        if order is not None:
            time, neuron, trial = time[order], neuron[order], trial[order]

        for name, value in (("time_ms", time), ("neuron", neuron), ("trial", trial)):
            put(name, frozen(value))
        put("cluster", None if self.cluster is None else frozen(as_clusters(self.cluster, self.n_neurons)))
        put("population", as_names(self.population, self.n_neurons))
        put("neuron_id", as_ids("neuron_id", self.neuron_id, self.n_neurons))
        put("trial_id", as_ids("trial_id", self.trial_id, self.n_trials))
        require_instance("meta", self.meta, dict, do="give a dict of facts")
        put("meta", dict(self.meta))

    # ------------------------------------------------------------------ views

    @property
    def n_spikes(self) -> int:
        """Number of spikes in all trials."""
        return self.time_ms.size

    @property
    def duration_ms(self) -> float:
        """Length of one trial, ms."""
        return self.t_stop_ms - self.t_start_ms

    @cached_property
    def trial_offsets(self) -> NDArray[np.int64]:
        """Where each trial begins in the flat arrays, (n_trials + 1,)."""
        return frozen(np.searchsorted(self.trial, np.arange(self.n_trials + 1)))

    @cached_property
    def steps(self) -> NDArray[np.int64]:
        """Spike times in whole steps of the grid, (n_spikes,).

        Raises
        ------
        ValueError
            If the times are exact (``dt_ms`` is None).
        """
        if self.dt_ms is None:
            raise ValueError("these spikes have exact times and no grid; give dt_ms when building them.")
        return frozen(np.rint(self.time_ms / self.dt_ms).astype(np.int64))

    @property
    def n_clusters(self) -> int:
        """Number of clusters, 0 where no neuron has a label."""
        if self.cluster is None:
            return 0
        return self.cluster.shape[1] if self.cluster.ndim == 2 else int(self.cluster.max(initial=-1)) + 1

    @cached_property
    def membership(self) -> NDArray[np.bool_]:
        """Which neuron belongs to which cluster, (n_neurons, n_clusters)."""
        if self.cluster is None:
            return frozen(np.zeros((self.n_neurons, 0), bool))
        if self.cluster.ndim == 2:
            return self.cluster
        return frozen(self.cluster[:, None] == np.arange(self.n_clusters))

    def spike_counts(self) -> NDArray[np.int64]:
        """Count the spikes of each neuron in each trial.

        Returns
        -------
        ndarray, (n_trials, n_neurons)

        Examples
        --------
        >>> import metastable as mst
        >>> mst.SpikeData(time_ms=[1, 2, 3], neuron=[0, 1, 1], n_neurons=3, t_stop_ms=4).spike_counts()
        array([[1, 2, 0]])
        """
        flat = self.trial.astype(np.int64) * self.n_neurons + self.neuron
        return np.bincount(flat, minlength=self.n_trials * self.n_neurons).reshape(self.n_trials, self.n_neurons)

    # -------------------------------------------------------------- selection

    def select(
        self,
        *,
        time_ms: tuple[float, float] | None = None,
        trial: ArrayLike | None = None,
        neuron: ArrayLike | None = None,
        cluster: ArrayLike | None = None,
        population: str | None = None,
    ) -> SpikeData:
        """Select by time, trial, neuron, cluster and population; criteria combine with "and".

        Parameters
        ----------
        time_ms : (float, float), ms, optional
            Keep spikes in ``[start, stop)``; the result's window is this one. Times are not shifted.
        trial, neuron : int or array_like of int or bool, optional
            Indices to keep, in increasing order, or a mask. Kept ones are renumbered from 0; their names stay in
            `trial_id` and `neuron_id`.
        cluster : int or array_like of int, optional
            Keep neurons that belong to any of these clusters. Cluster labels are not renumbered.
        population : str, optional
            Keep neurons of this population.

        Returns
        -------
        SpikeData

        Raises
        ------
        ValueError
            If a selection lies outside the recording, or a label is missing.

        Examples
        --------
        >>> import metastable as mst
        >>> spikes = mst.SpikeData(time_ms=[1, 2, 3], neuron=[0, 1, 1], n_neurons=2, t_stop_ms=4, cluster=[0, 1])
        >>> part = spikes.select(time_ms=(2, 4), cluster=1)
        >>> part.n_neurons, part.neuron_id, part.time_ms
        (1, array([1]), array([2., 3.]))
        """
        return select(self, time_ms=time_ms, trial=trial, neuron=neuron, cluster=cluster, population=population)

    def with_labels(self, *, cluster: ArrayLike | None = None, population: ArrayLike | None = None) -> SpikeData:
        """Return the same spikes with other cluster or population labels.

        Parameters
        ----------
        cluster, population : array_like, optional
            As in the constructor; what is left out stays as it is.

        Returns
        -------
        SpikeData

        Examples
        --------
        >>> import metastable as mst
        >>> spikes = mst.SpikeData(time_ms=[1.0], neuron=[0], n_neurons=2, t_stop_ms=2)
        >>> spikes.with_labels(cluster=[1, 0]).n_clusters
        2
        """
        changes = {"cluster": cluster, "population": population}
        return replace(self, **{name: value for name, value in changes.items() if value is not None})

    # ------------------------------------------------------------------ files

    def save(self, path: Any) -> None:
        """Write to an npz file; see `metastable.spikes.save_npz`, which has an example."""
        from metastable.spikes._npz import save_npz

        save_npz(self, path)

    @staticmethod
    def load(path: Any) -> SpikeData:
        """Read an npz file; see `metastable.spikes.save_npz`, which has an example."""
        from metastable.spikes._npz import load_npz

        return load_npz(path)

    def __repr__(self) -> str:
        seconds = self.duration_ms * self.n_trials * self.n_neurons / 1000
        rate = f"{self.n_spikes / seconds:.3g} spikes/s" if seconds else "no duration"
        grid = "exact times" if self.dt_ms is None else f"dt {self.dt_ms:g} ms"
        lines = [
            f"SpikeData: {self.n_spikes:,} spikes, {self.n_neurons:,} neurons x {self.n_trials} trials, "
            f"mean rate {rate}",
            f"  window [{self.t_start_ms:g}, {self.t_stop_ms:g}) ms, {grid}",
        ]
        if self.population is not None:
            names, sizes = np.unique(self.population, return_counts=True)
            lines.append("  populations " + ", ".join(f"{n} {s:,}" for n, s in zip(names, sizes, strict=True)))
        if self.n_clusters:
            lines.append(f"  {self.n_clusters} clusters, {int((~self.membership.any(axis=1)).sum()):,} neurons in none")
        made = self.meta.get("provenance")
        if isinstance(made, dict) and {"software", "version", "call"} <= made.keys():
            lines.append(f"  made by {made['software']} {made['version']} {made['call']}")
        return "\n".join(lines)
