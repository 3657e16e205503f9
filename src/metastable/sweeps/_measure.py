"""One measure of a sweep: a function, its options, and the part of the recording that it sees."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from metastable._validation import shown
from metastable.networks import BinaryNetwork, DisorderedNetwork, FiniteSizeNetwork
from metastable.sweeps._functions import NamedFunction, named_function
from metastable.sweeps._keys import require_arguments, require_name, require_table
from metastable.sweeps._measures import NAMED

# What a measure receives if its function has a keyword of this name; never an option.
_GIVEN = ("network", "seed")
# Names in results that are taken.
RESERVED = ("arrays", "finished", "header", "network", "seed", "trial")


@dataclass(frozen=True)
class Measure:
    """A function that is applied to the recording of each job, or to its network.

    Parameters
    ----------
    label : str
        Name of its numbers in the results.
    function : NamedFunction
        ``function(recording, **options)``; one whose first parameter is called ``network`` receives the specification
        and needs no simulation.
    options : dict
    population, clusters
        Part of the recording, in place of the one selected for the whole sweep.
    """

    label: str
    function: NamedFunction
    options: dict[str, Any] = field(default_factory=dict)
    population: str | None = None
    clusters: Any = None

    @staticmethod
    def of(label: str, given: Any, folder: Path | None) -> Measure:
        """Read a measure: the table of its options, or a function."""
        where = f"measure.{label}"
        if label in RESERVED:
            raise ValueError(f"a measure cannot be called {label!r}, a name that results need; choose another.")
        if not isinstance(label, str) or not label.isidentifier():
            raise ValueError(f"a measure cannot be called {label!r}; choose a name of letters, digits and underscores.")
        table: dict[str, Any] = (
            {"function": given} if callable(given) or isinstance(given, str) else require_table(where, given)
        )
        known = {name: named.function for name, named in NAMED.items()}
        function = named_function(where, table.pop("function", label), known, folder)
        population, clusters = table.pop("population", None), table.pop("clusters", None)
        if population is not None and not isinstance(population, str):
            raise TypeError(f"{where}.population must be one name, got {shown(population)}.")
        measure = Measure(label, function, table, population, clusters)
        if measure.needs == "network" and (population is not None or clusters is not None):
            raise ValueError(f"{where} measures the network itself; leave population and clusters out.")
        for name in _GIVEN:
            if name in table:
                raise ValueError(f"{where} is given {name} by the sweep; leave it out.")
        require_arguments(where, function.call, table | dict.fromkeys(measure.taken), n_before=1)
        return measure

    @property
    def needs(self) -> str:
        """What the function takes: "network", or a kind of recording."""
        named = NAMED.get(self.function.name)
        if named is not None:
            return named.needs
        return "network" if next(iter(inspect.signature(self.function.call).parameters), "") == "network" else "any"

    @property
    def taken(self) -> list[str]:
        """Which of network and seed the function wants beside its first argument."""
        return [name for name in _GIVEN if name in list(inspect.signature(self.function.call).parameters)[1:]]

    def part(self, selected: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return population and clusters: its own, or those selected for the whole sweep."""
        return (
            selected.get("population") if self.population is None else self.population,
            selected.get("clusters") if self.clusters is None else self.clusters,
        )

    def require_fit(self, network: Any, options: Mapping[str, Any]) -> None:
        """Raise a sentence if simulations of this network cannot give what is measured."""
        is_binary, is_finite = (
            isinstance(network, BinaryNetwork),
            isinstance(network, FiniteSizeNetwork | DisorderedNetwork),
        )
        if self.needs == "spikes" and is_binary and not options.get("record_spikes"):
            raise ValueError(
                f"measure.{self.label} needs spikes of a binary network; say record_spikes = true in [simulate]."
            )
        if is_finite and self.needs in ("spikes", "clusters"):
            raise ValueError(f"measure.{self.label} does not exist for finite-size networks; take mean_activity.")
        if self.needs == "activity" and not (is_binary or is_finite):
            raise ValueError(f"measure.{self.label} is for binary and finite-size networks; take rate.")
        if self.needs == "network" and self.function.name in NAMED and not is_binary:
            raise ValueError(
                f"measure.{self.label} is mean-field theory of binary networks, as rost_2018; leave it out."
            )

    def apply(self, subject: Any, network: Any, seed: int) -> dict[str, np.ndarray]:
        """Return the numbers of a recording, or of a network, by their names in the results."""
        given = {"network": network, "seed": seed}
        try:
            found = self.function.call(subject, **self.options, **{name: given[name] for name in self.taken})
        except (Exception, SystemExit) as error:
            # Beside "give sigmas_ms" must stand whose option that is.
            error.add_note(f" in measure.{self.label}")
            raise
        parts = found if isinstance(found, Mapping) else {"": found}
        for part in parts:
            if part != "":
                require_name(f"measure.{self.label} gives a part", part)
        return {self.name_of(part): self._number(part, value) for part, value in parts.items()}

    def name_of(self, part: str) -> str:
        """Return the name in the results of a part of the measure."""
        return f"{self.label}_{part}" if part else self.label

    def part_of(self, name: str) -> str | None:
        """Return the part that has this name in the results; None if it is not of this measure."""
        if name == self.label:
            return ""
        return name.removeprefix(f"{self.label}_") if name.startswith(f"{self.label}_") else None

    def _number(self, part: str, value: Any) -> np.ndarray:
        array = np.asarray(value) if not np.ma.isMaskedArray(value) else value
        if array.dtype.kind not in "biuf":
            raise TypeError(
                f"measure.{self.label} must return numbers, got {part + ' = ' if part else ''}{shown(value)}."
            )
        # What is masked is no number.
        return np.ma.filled(array.astype(np.float64), np.nan)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready data."""
        part = {"population": self.population, "clusters": self.clusters}
        return self.function.to_dict() | self.options | {k: v for k, v in part.items() if v is not None}
