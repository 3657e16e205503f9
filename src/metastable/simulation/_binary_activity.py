"""What a simulation of a binary network leaves: rates of its clusters in time."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn
from metastable._files import ForeignFileError, load_arrays, save_arrays
from metastable._validation import require_number, require_path
from metastable.simulation._read_only import read_only
from metastable.spikes import SpikeData

_FORMAT = "metastable-binary-activity"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class BinaryActivity(Drawn):
    """Rates of clusters and populations of a binary network, sampled in time.

    A rate is the fraction of units that are active, between 0 and 1; it is not a firing rate. The arrays are
    read-only; copy one to change it.

    Parameters
    ----------
    cluster_rates : dict of ndarray, (n_trials, n_clusters, n_samples)
        For each population with clusters.
    population_rates : dict of ndarray, (n_trials, n_samples)
        For each population, background included.
    time_ms : ndarray, (n_samples,), ms
        When the samples were taken.
    sample_ms : float, ms
    spikes : SpikeData or None
        Transitions from 0 to 1, if they were recorded.
    meta : dict
        ``meta["provenance"]`` holds all that `metastable.simulation.rerun` needs.

    Examples
    --------
    >>> import metastable as mst
    >>> activity = mst.simulate(mst.networks.rost_2018(n_e=400, n_clusters=4), duration_ms=50, seed=1)
    >>> activity.cluster_rates["E"].shape
    (1, 4, 50)
    """

    _shown = ("n_trials", "time_ms", "sample_ms", "cluster_rates", "population_rates")

    cluster_rates: dict[str, NDArray[np.float64]]
    population_rates: dict[str, NDArray[np.float64]]
    time_ms: NDArray[np.float64]
    sample_ms: float
    spikes: SpikeData | None = None
    meta: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        for name in ("cluster_rates", "population_rates"):
            put(name, {population: read_only(rates) for population, rates in getattr(self, name).items()})
        put("time_ms", read_only(self.time_ms))

    @property
    def n_trials(self) -> int:
        """Number of trials."""
        return next(iter(self.population_rates.values())).shape[0]

    def discard(self, burn_in_ms: float) -> BinaryActivity:
        """Return the activity without the samples up to `burn_in_ms`.

        Parameters
        ----------
        burn_in_ms : float, ms

        Returns
        -------
        BinaryActivity

        Raises
        ------
        ValueError
            If nothing would be left.
        """
        start = require_number("burn_in_ms", burn_in_ms, minimum=0)
        keep = self.time_ms > start + 1e-9
        if not keep.any():
            raise ValueError(
                f"burn_in_ms={start:g} discards the whole simulation of {self.time_ms[-1]:g} ms; lower it."
            )
        spikes = self.spikes
        return replace(
            self,
            cluster_rates={name: rates[..., keep] for name, rates in self.cluster_rates.items()},
            population_rates={name: rates[..., keep] for name, rates in self.population_rates.items()},
            time_ms=self.time_ms[keep],
            spikes=None if spikes is None else spikes.select(time_ms=(max(start, spikes.t_start_ms), spikes.t_stop_ms)),
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the rates and their provenance to an npz file; recorded spikes have files of their own.

        Parameters
        ----------
        path : path_like

        Raises
        ------
        OSError
            If the folder does not exist or cannot be written.
        """
        arrays = {f"cluster_rates/{name}": rates for name, rates in self.cluster_rates.items()}
        arrays |= {f"population_rates/{name}": rates for name, rates in self.population_rates.items()}
        arrays["time_ms"] = self.time_ms
        save_arrays(
            require_path("path", path), {"format": _FORMAT, "sample_ms": self.sample_ms, "meta": self.meta}, arrays
        )

    @staticmethod
    def load(path: str | os.PathLike[str]) -> BinaryActivity:
        """Read what `save` wrote.

        Parameters
        ----------
        path : path_like

        Returns
        -------
        BinaryActivity

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is damaged, or holds something else.
        """
        foreign = ValueError(f"{path} is an npz file but not one of binary activity written by metastable.")
        try:
            header, arrays = load_arrays(require_path("path", path))
        except ForeignFileError:
            raise foreign from None
        if header.get("format") != _FORMAT:
            raise foreign
        rates: dict[str, dict[str, NDArray]] = {"cluster_rates": {}, "population_rates": {}}
        try:
            time_ms = arrays.pop("time_ms")
            for name, values in arrays.items():
                kind, population = name.split("/", 1)
                rates[kind][population] = values
            return BinaryActivity(**rates, time_ms=time_ms, sample_ms=header["sample_ms"], meta=header["meta"])  # pyright: ignore[reportArgumentType]
        except (KeyError, ValueError) as error:
            raise ValueError(f"{path} is damaged: {error}") from None

    def __repr__(self) -> str:
        means = ", ".join(f"{name} {rates.mean():.4f}" for name, rates in self.population_rates.items())
        clusters = ", ".join(f"{rates.shape[1]} of {name}" for name, rates in self.cluster_rates.items()) or "none"
        recorded = "" if self.spikes is None else f", {self.spikes.n_spikes:,} onsets recorded"
        trials = "1 trial" if self.n_trials == 1 else f"{self.n_trials} trials"
        return (
            f"BinaryActivity: {trials}, {self.time_ms.size} samples every {self.sample_ms:g} ms up to "
            f"{self.time_ms[-1]:g} ms{recorded}\n  mean rates {means}; clusters: {clusters}"
        )
