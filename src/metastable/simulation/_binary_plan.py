"""What to simulate of a binary network, checked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from metastable._random import Purpose, stream
from metastable._validation import require_integer, require_number
from metastable.networks import WiredBinaryNetwork


@dataclass(frozen=True, eq=False)
class BinaryPlan:
    """One wired binary network and the trials to run on it, common to the engine and its reference.

    Parameters
    ----------
    wired : WiredBinaryNetwork
    seed : int
        Entropy of initial states and updates.
    duration_ms, sample_ms : float, ms
        Rates are sampled at the ends of intervals of `sample_ms`.
    trials : range
        Trial numbers.
    initial_rate : float
        Probability that a unit is active at the start.
    record_spikes : bool
    """

    wired: WiredBinaryNetwork
    seed: int
    duration_ms: float
    sample_ms: float
    trials: range
    initial_rate: float
    record_spikes: bool

    def __post_init__(self) -> None:
        require_number("duration_ms", self.duration_ms, above=0)
        require_number("sample_ms", self.sample_ms, above=0)
        require_integer("n_trials", len(self.trials), minimum=1)
        require_number("initial_rate", self.initial_rate, minimum=0, maximum=1)
        n = self.duration_ms / self.sample_ms
        if abs(n - round(n)) > 1e-6 or round(n) < 1:
            raise ValueError(
                f"duration_ms={self.duration_ms:g} is not a multiple of sample_ms={self.sample_ms:g}; choose one that "
                "sample_ms divides."
            )

    @property
    def n_samples(self) -> int:
        """Number of samples of one trial."""
        return round(self.duration_ms / self.sample_ms)

    @property
    def updates_per_ms(self) -> float:
        """Mean number of updates in one ms, the sum of N_a / tau_a."""
        return sum(p.size / p.tau_ms for p in self.wired.network.populations)

    @cached_property
    def updates_before(self) -> NDArray[np.int64]:
        """Number of updates before the end of each sampling interval, from 0, (n_samples + 1,)."""
        ends = np.arange(self.n_samples + 1) * self.sample_ms
        return np.floor(ends * self.updates_per_ms + 1e-6).astype(np.int64)

    @cached_property
    def population_threshold(self) -> NDArray[np.uint64]:
        """Upper 32 bits below which a random word chooses a population (or one before), (n_populations,)."""
        rates = [p.size / p.tau_ms for p in self.wired.network.populations]
        edges = np.round(np.cumsum(rates) / np.sum(rates) * 2**32).astype(np.uint64)
        edges[-1] = 2**32
        return edges

    @cached_property
    def groups(self) -> tuple[NDArray[np.int64], list[tuple[str, int, int]]]:
        """Units counted together: the clusters of each population, then its background.

        Returns
        -------
        group : ndarray of int, (n_units,)
            Overlapping clusters are counted by membership pattern.
        parts : list of (population name, first group, stop)
        """
        group, parts, first = [], [], 0
        for p in self.wired.network.populations:
            pattern = np.zeros(p.size, np.int64) if p.layout is None else p.layout.patterns[1]
            group.append(first + pattern)
            parts.append((p.name, first, first + int(pattern.max()) + 1))
            first = parts[-1][2]
        return np.concatenate(group), parts

    def initial_state(self, trial: int) -> NDArray[np.bool_]:
        """Draw which units are active at the start, (n_units,)."""
        rng = stream(self.seed, Purpose.INITIAL_STATE, self.wired.network_index, trial)
        return rng.random(self.wired.network.n_neurons) < self.initial_rate

    def update_stream(self, trial: int) -> np.random.Generator:
        """Open the stream of 64-bit words that choose the units to update."""
        return stream(self.seed, Purpose.UPDATES, self.wired.network_index, trial)
