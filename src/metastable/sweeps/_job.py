"""One job of a sweep: all trials of one network at one point."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from metastable._display import Displayed
from metastable._parallel import CancelledError
from metastable._validation import shown
from metastable.spikes import SpikeData
from metastable.sweeps._functions import NamedFunction
from metastable.sweeps._keys import canonical
from metastable.sweeps._measure import Measure
from metastable.sweeps._recording import record, select, stimulus_of


@dataclass(frozen=True)
class Numbers:
    """What a job has found.

    Parameters
    ----------
    arrays : dict of ndarray
    n_spikes : int
        Of the recording.
    seconds : float
    """

    arrays: dict[str, np.ndarray]
    n_spikes: int
    seconds: float


@dataclass(frozen=True, repr=False)
class Failure(Displayed):
    """A job without results.

    Parameters
    ----------
    job : str
        Its parameters.
    error : str
        What it raised, or how its numbers deviate from those of other jobs.
    deviates : bool
        Whether it has finished and its numbers do not fit in with the others. Then it is not run again; a job that
        raised an error is.
    """

    job: str
    error: str
    deviates: bool = False

    _prints_a_table: ClassVar[bool] = True

    def __repr__(self) -> str:
        return f"Failure of {self}"

    def __str__(self) -> str:
        return f"{self.job}: {self.error}"


@dataclass(frozen=True, eq=False, kw_only=True)
class Job:
    """Everything that one run depends on.

    Parameters
    ----------
    index : tuple of int
        Place of its numbers in the results.
    varied : dict
        Parameters that vary, for a person.
    network : dict
        Parameters of the network.
    builder : NamedFunction
        Makes the specification from them.
    simulate, select : dict
    stimulus : dict, list or None
    seed, network_index, n_trials : int
    measures : tuple of Measure
    """

    index: tuple[int, ...]
    varied: dict[str, Any]
    network: dict[str, Any]
    builder: NamedFunction
    simulate: dict[str, Any]
    select: dict[str, Any]
    stimulus: Any
    seed: int
    network_index: int
    n_trials: int
    measures: tuple[Measure, ...]

    def build(self) -> Any:
        """Return the specification of the network."""
        return self.builder.call(**{key: value for key, value in self.network.items() if key != "preset"})

    def identity(self) -> dict[str, Any]:
        """Return JSON-ready data that no job with other numbers has, whatever the sweep around it."""
        content = {
            "network": {key: value for key, value in self.network.items() if key != "preset"},
            "preset": self.builder.to_dict(),
            "simulate": self.simulate,
            "select": self.select,
            "stimulus": self.stimulus,
            "seed": self.seed,
            "network_index": self.network_index,
            "n_trials": self.n_trials,
            "measure": {measure.label: measure.to_dict() for measure in self.measures},
        }
        return canonical(content)

    def run(self) -> Numbers:
        """Simulate if a measure needs it, and measure, on one thread."""
        started = time.perf_counter()
        network = self.build()
        recording, n_spikes, arrays = None, 0, {}
        for measure in self.measures:
            subject: Any = network
            if measure.needs != "network":
                if recording is None:
                    recording = record(
                        network,
                        options=self.simulate,
                        chosen=self.select,
                        stimulus=stimulus_of(self.stimulus),
                        seed=self.seed,
                        network_index=self.network_index,
                        n_trials=self.n_trials,
                    )
                    spikes = recording if isinstance(recording, SpikeData) else getattr(recording, "spikes", None)
                    n_spikes = 0 if spikes is None else spikes.n_spikes
                subject = select(recording, network, *measure.part(self.select))
                if measure.needs == "spikes" and not isinstance(subject, SpikeData):
                    subject = subject.spikes
            made = measure.apply(subject, network, self._seed_of_measures())
            if twice := sorted(arrays.keys() & made.keys()):
                raise ValueError(
                    f"measure.{measure.label} gives {twice[0]}, which another measure gives too; rename one of them."
                )
            arrays |= made
        return Numbers(arrays, n_spikes, time.perf_counter() - started)

    def _seed_of_measures(self) -> int:
        """Return a seed of this network: surrogates of two networks must not be drawn alike."""
        address = np.random.SeedSequence(self.seed, spawn_key=(self.network_index,))
        return int(address.generate_state(1, np.uint64)[0])

    def attempt(self) -> Numbers | Failure:
        """Run, and return an error, also sys.exit, instead of raising it; one job must not end the others."""
        try:
            return self.run()
        except CancelledError:
            raise
        except (Exception, SystemExit) as error:
            where = "".join(getattr(error, "__notes__", []))
            return Failure(str(self), f"{type(error).__name__}{where}: {error}")

    def __str__(self) -> str:
        values = [f"{name}={shown(value)}" for name, value in self.varied.items()]
        return ", ".join([*values, f"seed {self.seed}", f"network {self.network_index}"])
