"""The comparison of data and controls that all ways of detecting groups share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._parallel import Monitor, resolve_n_jobs, run_jobs
from metastable._provenance import provenance
from metastable._random import Purpose, stream
from metastable._validation import require_choice, require_integer, require_number, require_truth
from metastable.communities._canonical import canonical
from metastable.communities._communities import Communities
from metastable.communities._decision import DECISIONS, least_p_value, p_value
from metastable.communities._modularity import modularity
from metastable.communities._partition import by_size
from metastable.communities._search import Search
from metastable.communities._similarity import EDGES, KINDS, similarity_matrix
from metastable.communities._spectral import largest_eigenvalue, reject
from metastable.communities._timescales import isi_timescales
from metastable.communities._trains import require_rows
from metastable.spikes import SpikeData

Array = NDArray[np.float64]
# Makes the control of some number from the trains of the data.
Control = Callable[[SpikeData, int], SpikeData]

# Fewer trains have no groups to speak of (Humphries' programs).
_FEWEST_TRAINS = 6
# No recorded population fires like this; spike times in seconds taken for ms look like it.
_HIGHEST_RATE = 300.0


@dataclass(frozen=True, kw_only=True)
class Study:
    """How groups are sought and tested; the parameters are those of `detect`."""

    sigmas_ms: ArrayLike | str
    kind: str
    edges: str
    rows: str
    method: str
    n_starts: int
    subspace: str
    n_controls: int
    decision: str
    alpha: float
    early_stop: bool
    seed: int

    def __post_init__(self) -> None:
        require_choice("kind", self.kind, KINDS)
        require_choice("edges", self.edges, EDGES)
        require_choice("method", self.method, ("louvain", "kmeans", "spectral"))
        require_choice("decision", self.decision, DECISIONS)
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        # Plain numbers, whatever kind was given: they are written down with the result.
        put("alpha", require_number("alpha", self.alpha, above=0, maximum=1))
        put("n_controls", require_integer("n_controls", self.n_controls, minimum=0))
        put("n_starts", require_integer("n_starts", self.n_starts, minimum=1))
        put("early_stop", bool(require_truth("early_stop", self.early_stop)))
        self._search  # noqa: B018  # checks the options of the search
        if self.n_controls > 0 and 1 / (self.n_controls + 1) > self.alpha:
            raise ValueError(
                f"n_controls={self.n_controls} cannot give a p-value of {self.alpha:g} or less; "
                f"take at least {int(np.ceil(1 / self.alpha - 1 - 1e-9))}, or 0 for no test."
            )
        if self.method == "spectral" and self.n_controls < 2:
            raise ValueError(
                'method="spectral" compares with the mean of the controls and needs two or more of them, '
                f"got n_controls={self.n_controls}."
            )

    @property
    def _search(self) -> Search:
        method = "louvain" if self.method == "spectral" else self.method
        return Search(method=method, n_starts=self.n_starts, subspace=self.subspace, eigenvalue_floor=1e-3)

    def run(
        self,
        spikes: SpikeData,
        control: Control,
        *,
        call: str,
        parameters: dict[str, Any],
        n_jobs: int | None,
        progress: bool | None,
    ) -> Communities:
        """Find the groups of a recording.

        Parameters
        ----------
        spikes : SpikeData
        control : callable
            ``control(trains, index)``, the surrogate of that number of the trains, which are a recording too.
        call, parameters
            For the provenance, beside the study's own.
        n_jobs, progress
            As in `detect`.

        Returns
        -------
        Communities
        """
        require_rows(spikes, self.rows)
        n_trains = spikes.n_neurons if self.rows == "neurons" else spikes.n_trials
        trains, source = canonical(spikes, rows=self.rows)
        _refuse_seconds(trains)
        sigmas = self._timescales(spikes, enough=source.size >= _FEWEST_TRAINS)
        record = provenance(call, **self._record(sigmas), **parameters)
        if source.size < _FEWEST_TRAINS:
            reason = f"only {source.size} of {n_trains} trains have spikes, and groups need {_FEWEST_TRAINS}"
            return _nothing(n_trains, sigmas, reason, record)
        if self.method == "spectral":
            partitions, statistic, controls = self._spectral(trains, control, sigmas, n_jobs, progress)
            modularities = np.array(
                [modularity(self._similarity(trains, s), p) for s, p in zip(sigmas.tolist(), partitions, strict=True)]
            )
            # Trains that all share one eigenvector are one group, and a division of them has no modularity.
            partitions[modularities <= 0] = 0
            modularities = np.maximum(modularities, 0)
        else:
            partitions, statistic, controls = self._modularity(trains, control, sigmas, n_jobs, progress)
            modularities = statistic
        labels = np.full((sigmas.size, n_trains), -1)
        # Groups are numbered anew in the order of the recording: the order here is one of contents.
        labels[:, source] = partitions
        labels[:, np.sort(source)] = [by_size(row[np.sort(source)]) for row in labels]
        return self._decide(sigmas, labels, modularities, statistic, controls, record)

    def _timescales(self, spikes: SpikeData, *, enough: bool) -> Array:
        if isinstance(self.sigmas_ms, str):
            require_choice("sigmas_ms", self.sigmas_ms, ("isi",))
            return isi_timescales(spikes, rows=self.rows) if enough else np.zeros(0)
        sigmas = np.atleast_1d(np.asarray(self.sigmas_ms))
        if sigmas.ndim != 1 or not sigmas.size or sigmas.dtype.kind not in "iuf":
            raise TypeError(f'sigmas_ms must be "isi" or a list of numbers, got {self.sigmas_ms!r}.')
        for sigma in sigmas.tolist():
            require_number("sigmas_ms", sigma, above=0)
            if sigma >= spikes.duration_ms:
                raise ValueError(
                    f"the timescale {sigma:g} ms in sigmas_ms is not shorter than the recording of "
                    f"{spikes.duration_ms:g} ms; choose a shorter one, and check that the times are in ms."
                )
        return sigmas.astype(np.float64)

    def _similarity(self, trains: SpikeData, sigma: float) -> Array:
        return similarity_matrix(trains, sigma_ms=sigma, kind=self.kind, edges=self.edges, rows=self.rows, n_jobs=1)

    def _best(self, trains: SpikeData, sigmas: Array, number: int, n_jobs: int | None) -> list[Any]:
        """Return the best partition at each timescale, of the data (number 0) or of a control (1, 2, ...)."""
        return [
            self._search.best(
                self._similarity(trains, float(sigma)), seed=self.seed, address=(number, place), n_jobs=n_jobs
            )
            for place, sigma in enumerate(sigmas)
        ]

    def _modularity(
        self, trains: SpikeData, control: Control, sigmas: Array, n_jobs: int | None, progress: bool | None
    ) -> tuple[NDArray[np.int64], Array, Array]:
        found = self._best(trains, sigmas, 0, n_jobs)
        data = np.array([each.modularity for each in found])

        def of_control(index: int, monitor: Monitor) -> Array:
            made = control(trains, index)
            if self.rows == "trials":
                # Trials that are cut anew may be silent; those of the data were dropped.
                made = canonical(made, rows=self.rows)[0]
            best = self._best(made, sigmas, index + 1, 1)
            monitor.advance(1)
            return np.array([each.modularity for each in best])

        controls = np.zeros((0, sigmas.size))
        # As many at a time as there are threads; what an early stop makes superfluous is dropped again, so that the
        # result does not depend on how many these are.
        step = max(1, min(resolve_n_jobs(n_jobs), self.n_controls))
        for begin in range(0, self.n_controls, step):
            indices = range(begin, min(begin + step, self.n_controls))
            new = run_jobs(
                of_control,
                indices,
                n_jobs=n_jobs,
                total=len(indices),
                label=f"controls {begin + 1} to {indices[-1] + 1} of {self.n_controls}",
                unit="controls",
                progress=progress,
            )
            for row in new:
                controls = np.vstack([controls, row])
                if self.early_stop and least_p_value(data, controls, n_controls=self.n_controls) > self.alpha:
                    return np.array([each.labels for each in found]), data, controls
        return np.array([each.labels for each in found]), data, controls

    def _spectral(
        self, trains: SpikeData, control: Control, sigmas: Array, n_jobs: int | None, progress: bool | None
    ) -> tuple[NDArray[np.int64], Array, Array]:
        indices = range(self.n_controls)

        def matrix(index: int, sigma: float) -> Array:
            return self._similarity(control(trains, index), sigma)

        statistic, controls = np.zeros(sigmas.size), np.zeros((self.n_controls, sigmas.size))
        partitions = np.zeros((sigmas.size, trains.n_neurons if self.rows == "neurons" else trains.n_trials), np.int64)
        for place, sigma in enumerate(sigmas.tolist()):
            total = np.zeros((partitions.shape[1],) * 2)
            for index in indices:
                total += matrix(index, sigma)

            def eigenvalue(index: int, monitor: Monitor, sigma: float = sigma, total: Array = total) -> float:
                # Made a second time: all matrices together may not fit into memory.
                own = matrix(index, sigma)
                monitor.advance(1)
                return largest_eigenvalue(own - (total - own) / (self.n_controls - 1))

            controls[:, place] = run_jobs(
                eigenvalue,
                indices,
                n_jobs=n_jobs,
                total=self.n_controls,
                label=f"controls at sigma {sigma:.3g} ms",
                unit="controls",
                progress=progress,
            )
            data, null = self._similarity(trains, sigma), total / self.n_controls
            statistic[place] = largest_eigenvalue(data - null)
            rng = stream(self.seed, Purpose.COMMUNITIES, 0, place)
            partitions[place] = reject(data, null, controls[:, place].max(), n_starts=self.n_starts, rng=rng)
        return partitions, statistic, controls

    def _decide(
        self,
        sigmas: Array,
        partitions: NDArray[np.int64],
        modularities: Array,
        statistic: Array,
        controls: Array,
        record: dict[str, Any],
    ) -> Communities:
        if len(controls):
            p = p_value(statistic, controls, decision=self.decision)
            beyond = statistic - controls.max(axis=0)
            # The decision says whether there are groups, the distance from the controls at which timescale, as in the
            # paper: standardised values are ruled by how little the controls happen to vary.
            best = int(beyond.argmax())
            significant = bool((beyond > 0).any()) if self.decision == "delta-q" else p <= self.alpha
            stopped = len(controls) < self.n_controls
            if stopped:
                p, significant = least_p_value(statistic, controls, n_controls=self.n_controls), False
        else:
            best, p, significant, stopped = int(statistic.argmax()), np.nan, True, False
            beyond = np.full(sigmas.size, np.nan)
        divided = partitions[best].max() > 0
        return Communities(
            labels=partitions[best] if significant and divided else np.full(partitions.shape[1], -1),
            sigma_ms=float(sigmas[best]),
            modularity=float(modularities[best]),
            delta_q=float(beyond[best]),
            p_value=float(p),
            significant=significant and divided and len(controls) > 0,
            sigmas_ms=sigmas,
            modularities=modularities,
            partitions=partitions,
            statistic=statistic,
            control_statistic=controls,
            status=self._sentence(sigmas.size, len(controls), p, significant, divided, stopped),
            provenance=record,
        )

    def _sentence(
        self, n_timescales: int, n_controls: int, p: float, significant: bool, divided: bool, stopped: bool
    ) -> str:
        scales = f"{n_timescales} timescale" + "s" * (n_timescales > 1)
        if not n_controls:
            return f"not tested: the largest modularity of {scales}"
        rule = f"{self.decision} over {scales} and {n_controls} controls"
        if stopped:
            return f"{rule}, stopped early: p is {p:.2g} or more"
        if significant and not divided:
            return f"{rule}: trains are more similar than in controls, but no division has a positive modularity"
        if self.decision == "delta-q":
            return f"{rule}: {'some timescale exceeds' if significant else 'no timescale exceeds'} all controls"
        return f"{rule}: p = {p:.2g} against a level of {self.alpha:g}"

    def _record(self, sigmas: Array) -> dict[str, Any]:
        names = ("kind", "edges", "rows", "method", "n_starts", "subspace", "n_controls", "decision", "alpha")
        chosen = {name: getattr(self, name) for name in (*names, "early_stop", "seed")}
        return {"sigmas_ms": sigmas.tolist(), **chosen}


def _refuse_seconds(trains: SpikeData) -> None:
    seconds = trains.n_neurons * trains.n_trials * trains.duration_ms / 1000
    rate = trains.n_spikes / seconds if seconds else 0.0
    if rate > _HIGHEST_RATE:
        raise ValueError(
            f"the mean rate is {rate:,.0f} spikes/s, higher than neurons fire on average: the times look like seconds; "
            "give them in ms."
        )


def _nothing(n_trains: int, sigmas: Array, status: str, record: dict[str, Any]) -> Communities:
    return Communities(
        labels=np.full(n_trains, -1),
        sigma_ms=np.nan,
        modularity=np.nan,
        delta_q=np.nan,
        p_value=np.nan,
        significant=False,
        sigmas_ms=sigmas,
        modularities=np.full(sigmas.size, np.nan),
        partitions=np.full((sigmas.size, n_trains), -1),
        statistic=np.full(sigmas.size, np.nan),
        control_statistic=np.zeros((0, sigmas.size)),
        status=status,
        provenance=record,
    )
