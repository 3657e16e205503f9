"""A time-dependent drive added to the bias of chosen clusters or populations."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._display import Drawn
from metastable._validation import require_integer, require_number
from metastable.networks._lif_network import LIFNetwork


@dataclass(frozen=True)
class _Part:
    """One time course for one set of neurons: straight lines between knots, 0 before the first and after the last."""

    time_ms: tuple[float, ...]
    amplitude: tuple[float, ...]
    clusters: tuple[int, ...] | None
    population: str | None

    def values(self, time_ms: NDArray[np.float64]) -> NDArray[np.float64]:
        """Amplitude at these times; a knot given twice is a jump, and the later value holds from there."""
        # Both rounded to 1e-9 ms: 15000 steps of 0.1 ms must not be 1499.9999999998 and miss an onset at 1500, and
        # an edge computed as 3 * 0.1 must not lie behind the step at 0.3.
        knots, time_ms = np.round(self.time_ms, 9), np.round(time_ms, 9)
        level = np.asarray(self.amplitude)
        right = np.searchsorted(knots, time_ms, side="right")
        left = np.clip(right - 1, 0, knots.size - 1)
        right = np.clip(right, 0, knots.size - 1)
        gap = knots[right] - knots[left]
        share = np.divide(time_ms - knots[left], gap, out=np.zeros_like(time_ms), where=gap > 0)
        inside = (time_ms >= knots[0]) & (time_ms < knots[-1])
        return np.where(inside, level[left] + share * (level[right] - level[left]), 0.0)


@dataclass(frozen=True)
class Stimulus(Drawn):
    """Drive added to the bias mu of chosen neurons as a function of time; stimuli add with ``+``.

    Use one of the constructors `step`, `ramp`, `array`. At the step that begins at time t a neuron receives the
    amplitude at t, so a step from 1500 to 2000 ms acts on the steps in ``[1500, 2000)``.

    Parameters
    ----------
    parts : tuple
        Time courses and whom they reach.

    Examples
    --------
    >>> from metastable.networks import Stimulus
    >>> Stimulus.step(0.07, start_ms=1500, clusters=[0, 1]) + Stimulus.ramp(
    ...     0.02, start_ms=500, stop_ms=900, population="I"
    ... )
    Stimulus: 0.07 from 1500 ms on in clusters 0, 1; 0 to 0.02 from 500 to 900 ms in population I
    """

    _prints_a_table = True

    parts: tuple[_Part, ...] = ()

    @staticmethod
    def step(
        amplitude: float,
        *,
        start_ms: float,
        stop_ms: float | None = None,
        clusters: Sequence[int] | int | None = None,
        population: str | None = None,
    ) -> Stimulus:
        """Add a constant from `start_ms` to `stop_ms`.

        Parameters
        ----------
        amplitude : float
            In units of the bias.
        start_ms : float, ms
        stop_ms : float, ms, optional
            None for "to the end".
        clusters : int or sequence of int, optional
            Whom it reaches; None for all clusters and the background.
        population : str, optional
            Restrict it to one population.

        Returns
        -------
        Stimulus

        Raises
        ------
        ValueError
            If it ends before it begins, or a number is not finite.

        Examples
        --------
        >>> from metastable.networks import Stimulus
        >>> Stimulus.step(0.07, start_ms=1500, stop_ms=2000, clusters=[0, 1])
        Stimulus: 0.07 from 1500 to 2000 ms in clusters 0, 1
        """
        start, stop = _window(start_ms, stop_ms)
        level = require_number("amplitude", amplitude)
        return _stimulus((start, stop), (level, level), clusters, population)

    @staticmethod
    def ramp(
        amplitude: float,
        *,
        start_ms: float,
        stop_ms: float,
        hold_until_ms: float | None = None,
        clusters: Sequence[int] | int | None = None,
        population: str | None = None,
    ) -> Stimulus:
        """Rise linearly from 0 at `start_ms` to `amplitude` at `stop_ms`, then hold it until `hold_until_ms`.

        Parameters
        ----------
        amplitude : float
            In units of the bias.
        start_ms, stop_ms : float, ms
            Where the rise begins and ends.
        hold_until_ms : float, ms, optional
            When the amplitude falls back to 0; by default at `stop_ms`.
        clusters, population
            As in `step`.

        Returns
        -------
        Stimulus

        Raises
        ------
        ValueError
            As in `step`.

        Examples
        --------
        >>> from metastable.networks import Stimulus
        >>> Stimulus.ramp(0.2, start_ms=100, stop_ms=300, population="E").values([99, 100, 200, 299, 300])
        array([[0.   , 0.   , 0.1  , 0.199, 0.   ]])
        """
        start, stop = _window(start_ms, stop_ms)
        level = require_number("amplitude", amplitude)
        hold = stop if hold_until_ms is None else _window(stop, hold_until_ms, may_be_empty=True)[1]
        return _stimulus((start, stop, stop, hold), (0.0, level, level, level), clusters, population)

    @staticmethod
    def array(
        values: ArrayLike,
        *,
        dt_ms: float,
        start_ms: float = 0.0,
        clusters: Sequence[int] | int | None = None,
        population: str | None = None,
    ) -> Stimulus:
        """Add any time course, constant within each step of `dt_ms`.

        Parameters
        ----------
        values : array_like, (n_values,)
            In units of the bias.
        dt_ms : float, ms
            How long each value holds.
        start_ms : float, ms
            When the first begins.
        clusters, population
            As in `step`.

        Returns
        -------
        Stimulus

        Raises
        ------
        ValueError
            If the values are no list of finite numbers.

        Examples
        --------
        >>> from metastable.networks import Stimulus
        >>> Stimulus.array([0.1, 0.3], dt_ms=10).values([0, 9.9, 10, 20])
        array([[0.1, 0.1, 0.3, 0. ]])
        """
        level = np.asarray(values, dtype=float)
        if level.ndim != 1 or not level.size or not np.isfinite(level).all():
            raise ValueError(f"values must be a one-dimensional array of finite numbers, got shape {level.shape}.")
        width = require_number("dt_ms", dt_ms, above=0)
        edges = require_number("start_ms", start_ms) + width * np.arange(level.size + 1)
        knots = np.repeat(edges, 2)[1:-1]
        return _stimulus(tuple(knots.tolist()), tuple(np.repeat(level, 2).tolist()), clusters, population)

    def __add__(self, other: Stimulus) -> Stimulus:
        if not isinstance(other, Stimulus):
            return NotImplemented
        return Stimulus(self.parts + other.parts)

    def targets(self, network: LIFNetwork) -> NDArray[np.bool_]:
        """Return whom each part reaches, (n_parts, n_neurons).

        Raises
        ------
        ValueError
            If the network lacks a cluster or population.
        """
        reach = np.zeros((len(self.parts), network.n_neurons), bool)
        membership = network.membership
        for row, part in zip(reach, self.parts, strict=True):
            if part.clusters is None:
                row[:] = True
            else:
                beyond = [c for c in part.clusters if c >= network.n_clusters]
                if beyond:
                    raise ValueError(
                        f"the stimulus names cluster {beyond[0]} but the network has {network.n_clusters} clusters; "
                        "choose among them."
                    )
                row[:] = membership[:, list(part.clusters)].any(axis=1)
            if part.population is not None:
                others = np.ones(network.n_neurons, bool)
                others[network.neurons(part.population)] = False
                row[others] = False
        return reach

    def values(self, time_ms: ArrayLike) -> NDArray[np.float64]:
        """Return the amplitude of each part at these times, (n_parts, n_times).

        Examples
        --------
        >>> from metastable.networks import Stimulus
        >>> Stimulus.ramp(1, start_ms=0, stop_ms=10).values([0, 5, 10]).tolist()
        [[0.0, 0.5, 0.0]]
        """
        time = np.asarray(time_ms, dtype=float)
        return np.array([part.values(time) for part in self.parts]).reshape(len(self.parts), time.size)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready data."""
        # JSON has no infinity; an open end is written as null.
        parts = [dataclasses.asdict(part) for part in self.parts]
        for part in parts:
            part["time_ms"] = [None if np.isinf(t) else t for t in part["time_ms"]]
            part["amplitude"] = list(part["amplitude"])
        return {"parts": parts}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Stimulus:
        """Rebuild from `to_dict`, or from its JSON."""
        return Stimulus(
            tuple(
                _Part(
                    time_ms=tuple(np.inf if t is None else t for t in part["time_ms"]),
                    amplitude=tuple(part["amplitude"]),
                    clusters=None if part["clusters"] is None else tuple(part["clusters"]),
                    population=part["population"],
                )
                for part in data["parts"]
            )
        )

    def __repr__(self) -> str:
        return "Stimulus: " + ("; ".join(_describe(part) for part in self.parts) or "none")


def _window(start_ms: float, stop_ms: float | None, *, may_be_empty: bool = False) -> tuple[float, float]:
    start = require_number("start_ms", start_ms)
    if stop_ms is None:
        return start, np.inf
    stop = require_number("stop_ms", stop_ms)
    if stop < start or (stop == start and not may_be_empty):
        raise ValueError(f"a stimulus must end after it begins, got {start:g} to {stop:g} ms.")
    return start, stop


def _stimulus(
    time_ms: tuple[float, ...],
    amplitude: tuple[float, ...],
    clusters: Sequence[int] | int | None,
    population: str | None,
) -> Stimulus:
    chosen = None
    if clusters is not None:
        listed = clusters if isinstance(clusters, Sequence | np.ndarray | range) else [clusters]
        chosen = tuple(require_integer("clusters", c, minimum=0) for c in listed)
    return Stimulus((_Part(time_ms, amplitude, chosen, population),))


def _describe(part: _Part) -> str:
    levels = list(part.amplitude)
    if len(set(levels)) == 1:
        course = f"{levels[0]:g}"
    elif len(levels) <= 4:
        course = f"{levels[0]:g} to {levels[-1]:g}"
    else:
        course = f"{len(levels) // 2} values"
    end = f"{part.time_ms[-1]:g}"
    when = f"from {part.time_ms[0]:g} ms on" if end == "inf" else f"from {part.time_ms[0]:g} to {end} ms"
    whom = []
    if part.clusters is not None:
        whom.append(f"clusters {', '.join(map(str, part.clusters))}")
    if part.population is not None:
        whom.append(f"population {part.population}")
    return f"{course} {when} in {' of '.join(whom) or 'all neurons'}"
