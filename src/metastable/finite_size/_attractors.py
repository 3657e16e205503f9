"""Stationary states and cycles with their boxes in stimulus space."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._display import Drawn
from metastable._validation import require_numbers

Array = NDArray[np.float64]
Edge = tuple[str, str]

_LONGEST_WORD = 12
_LONGEST_TABLE = 40


@dataclass(frozen=True, eq=False, repr=False)
class Attractor(Drawn):
    """A stationary state or a cycle of the noiseless network, and all stimuli at which it exists.

    Parameters
    ----------
    states : ndarray of uint8, (period, n)
        Activity at successive steps; of equal neurons those that come first are active first.
    sizes : mapping of str to int
        Neurons of each population.
    lower, upper : ndarray, (n_populations,)
        The attractor exists where ``lower <= I < upper`` holds for the stimulus of every population.
    multiplicity : int
        How many attractors differ from this one by an exchange of equal neurons only, itself included; their boxes
        are the same.
    labels : mapping of (str, str) to tuple of str
        What happens where the stimulus crosses an edge of the box, by name of the population and ``"lower"`` or
        ``"upper"``; filled by `bifurcation_diagram`, else empty.
    """

    states: NDArray[np.uint8]
    sizes: Mapping[str, int]
    lower: Array
    upper: Array
    multiplicity: int = 1
    labels: Mapping[Edge, tuple[str, ...]] = field(default_factory=dict)

    @property
    def period(self) -> int:
        """Steps until the first state returns; 1 for a stationary state."""
        return len(self.states)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Active neurons of each population at each step, (period, n_populations)."""
        return _counts(self.states, list(self.sizes.values()))

    @property
    def activity(self) -> Array:
        """Share of active neurons of each population, mean over the period, (n_populations,)."""
        return self.counts.mean(axis=0) / np.array(list(self.sizes.values()))

    @property
    def broken(self) -> NDArray[np.bool_]:
        """Whether neurons of a population ever differ, (n_populations,)."""
        counts = self.counts
        return np.any((counts > 0) & (counts < list(self.sizes.values())), axis=0)

    def exists_at(self, stimulus: ArrayLike) -> bool:
        """Return whether a stimulus, (n_populations,), lies in the box."""
        given = raised(require_numbers("stimulus", stimulus))
        return bool(((self.lower <= given) & (given < self.upper)).all())

    @property
    def description(self) -> str:
        """The states in order, as words of 0 and 1, or as numbers of active neurons."""
        if self.states.shape[1] <= _LONGEST_WORD:
            words = ["".join(map(str, row)) for row in self.states.tolist()]
        else:
            words = ["(" + ", ".join(map(str, row)) + ")" for row in self.counts.tolist()]
        if len(words) > 4:
            words = [*words[:3], "...", words[-1]]
        return " > ".join(words)

    @property
    def box(self) -> str:
        """The box in words."""
        return " x ".join(
            f"{'(' if low == -np.inf else '['}{low:g}, {high:g})"
            for low, high in zip(self.lower, self.upper, strict=True)
        )

    def __repr__(self) -> str:
        times = f", {self.multiplicity} times" if self.multiplicity > 1 else ""
        return f"Attractor({self.description} on {self.box}{times})"


@dataclass(frozen=True, eq=False, repr=False)
class Attractors(Sequence[Attractor], Drawn):
    """Attractors of one network by period, then by box: a sequence that prints as a table.

    Parameters
    ----------
    states : ndarray of uint8, (n_steps, n)
        States of all attractors, one after the other.
    first : ndarray of int, (n_attractors + 1,)
        Where each begins.
    sizes : mapping of str to int
        Neurons of each population.
    lower, upper : ndarray, (n_attractors, n_populations)
        Boxes.
    multiplicity : tuple of int
        Of each.
    status : str
        How they were found, and what the list does not hold.
    labeller : callable, optional
        Takes the number of an attractor and returns its labels.
    """

    _prints_a_table = True

    states: NDArray[np.uint8]
    first: NDArray[np.int64]
    sizes: Mapping[str, int]
    lower: Array
    upper: Array
    multiplicity: tuple[int, ...]
    status: str
    labeller: Callable[[int], Mapping[Edge, tuple[str, ...]]] | None = None

    @staticmethod
    def ordered(
        states: NDArray[np.uint8],
        period: NDArray[np.int64],
        sizes: Mapping[str, int],
        lower: Array,
        upper: Array,
        multiplicity: Sequence[int] | None,
        status: str,
    ) -> Attractors:
        """Sort attractors by period, box and first state; `states` holds `period` rows of each."""
        first = np.concatenate([[0], np.cumsum(period)]).astype(np.int64)
        head = states[first[:-1]]
        keys = [*head.T[::-1], *upper.T[::-1], *lower.T[::-1], period]
        order = np.lexsort(keys) if len(period) else np.zeros(0, np.int64)
        after = np.concatenate([[0], np.cumsum(period[order])]).astype(np.int64)
        rows = np.repeat(first[order] - after[:-1], period[order]) + np.arange(after[-1])
        times = (1,) * len(period) if multiplicity is None else tuple(multiplicity[k] for k in order.tolist())
        return Attractors(
            states=states[rows],
            first=after,
            sizes=dict(sizes),
            lower=lower[order],
            upper=upper[order],
            multiplicity=times,
            status=status,
        )

    def selected(self, start: int, stop: int) -> Attractors:
        """Return the attractors from number `start` to before `stop`, without labels."""
        steps = slice(self.first[start], self.first[stop])
        return Attractors(
            states=self.states[steps],
            first=self.first[start : stop + 1] - self.first[start],
            sizes=self.sizes,
            lower=self.lower[start:stop],
            upper=self.upper[start:stop],
            multiplicity=self.multiplicity[start:stop],
            status=self.status,
        )

    @property
    def period(self) -> NDArray[np.int64]:
        """Period of each, (n_attractors,)."""
        return np.diff(self.first)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Active neurons of each population in all states, (n_steps, n_populations)."""
        return _counts(self.states, list(self.sizes.values()))

    @cached_property
    def broken(self) -> NDArray[np.bool_]:
        """Whether neurons of a population ever differ in an attractor, (n_attractors, n_populations)."""
        uneven = (self.counts > 0) & (self.counts < list(self.sizes.values()))
        return np.logical_or.reduceat(uneven, self.first[:-1], axis=0) if len(self) else uneven

    @property
    def total(self) -> int:
        """Number of attractors, equal neurons told apart."""
        return sum(self.multiplicity)

    @property
    def number_by_period(self) -> dict[int, int]:
        """Number of attractors of each period, equal neurons told apart."""
        found: Counter[int] = Counter()
        for period, times in zip(self.period.tolist(), self.multiplicity, strict=True):
            found[period] += times
        return dict(found)

    def at(self, stimulus: ArrayLike) -> list[Attractor]:
        """Return the attractors that exist at a stimulus, (n_populations,); just below an edge counts as at it."""
        given = require_numbers("stimulus", stimulus)
        if given.shape != (len(self.sizes),):
            raise ValueError(f"stimulus must have shape ({len(self.sizes)},), got {given.shape}.")
        if np.isnan(given).any():
            raise ValueError("stimulus holds NaN, at which nothing exists; give numbers.")
        given = raised(given)
        inside = ((self.lower <= given) & (given < self.upper)).all(axis=1)
        return [self[k] for k in np.flatnonzero(inside).tolist()]

    @overload
    def __getitem__(self, index: int) -> Attractor: ...
    @overload
    def __getitem__(self, index: slice) -> list[Attractor]: ...
    def __getitem__(self, index: int | slice) -> Attractor | list[Attractor]:
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(len(self)))]
        k = range(len(self))[index]
        return Attractor(
            states=self.states[self.first[k] : self.first[k + 1]],
            sizes=self.sizes,
            lower=self.lower[k],
            upper=self.upper[k],
            multiplicity=self.multiplicity[k],
            labels={} if self.labeller is None else self.labeller(k),
        )

    def __len__(self) -> int:
        return len(self.multiplicity)

    def __repr__(self) -> str:
        shown = [(a.period, a.multiplicity, a.box, a.description) for a in self[:_LONGEST_TABLE]]
        if not shown:
            return f"Attractors({self.status})"
        number = max(6, *(len(str(row[1])) for row in shown))
        width = max(len(row[2]) for row in shown)
        title = "stimulus " + " x ".join(name or "all" for name in self.sizes)
        width = max(width, len(title))
        lines = ["Attractors(", f"  period  {'number':>{number}}  {title:<{width}}  states"]
        lines += [f"  {p:>6}  {m:>{number}}  {box:<{width}}  {states}" for p, m, box, states in shown]
        if len(self) > len(shown):
            lines.append(f"  ... and {len(self) - len(shown)} more")
        return "\n".join([*lines, f"  {self.status})"])


def states_of(codes: ArrayLike, n_neurons: int) -> NDArray[np.uint8]:
    """Return activities of states given by their numbers, (..., n_neurons)."""
    shifts = np.arange(n_neurons, dtype=np.int64)
    return ((np.asarray(codes, np.int64)[..., None] >> shifts) & 1).astype(np.uint8)


def raised(stimulus: Array) -> Array:
    """Return stimuli that are lifted by rounding, so that 1 - 0.9 reaches a threshold of 0.1."""
    return stimulus + 1e-12 * np.maximum(np.abs(stimulus), 1)


def _counts(states: NDArray[np.uint8], sizes: Sequence[int]) -> NDArray[np.int64]:
    start = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return np.add.reduceat(states, start, axis=1, dtype=np.int64)
