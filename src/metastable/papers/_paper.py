"""What a reproducible paper is made of: jobs, figures and claims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from metastable.papers._claims import Claim

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

Numbers = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Job:
    """One independent computation whose result is kept on disk.

    Parameters
    ----------
    group : str
        Results of a figure are handed to it by group, in the order of the jobs.
    function : callable
        ``function(seed=..., **parameters)`` returning a dict of arrays.
    parameters : dict
        JSON-ready; with the function's name and the seed they are the key of the stored result.
    """

    group: str
    function: Callable[..., Numbers]
    parameters: dict[str, Any]


class Results:
    """The numbers of a figure's jobs, by group.

    Parameters
    ----------
    by_group : dict of list
        For each group the results of its jobs, in order.
    """

    def __init__(self, by_group: dict[str, list[Numbers]]) -> None:
        self._by_group = by_group

    def groups(self) -> list[str]:
        """Return the names of the groups, in the order of the jobs."""
        return list(self._by_group)

    def first(self, group: str) -> Numbers:
        """Return the result of the group's first job."""
        return self._by_group[group][0]

    def every(self, group: str) -> list[Numbers]:
        """Return the results of all jobs of a group."""
        return self._by_group[group]

    def stack(self, group: str, name: str) -> NDArray[Any]:
        """Return one array of all jobs of a group, stacked along a new first axis (networks)."""
        return np.stack([numbers[name] for numbers in self._by_group[group]])

    def join(self, group: str, name: str) -> NDArray[Any]:
        """Return one array of all jobs of a group, one after the other."""
        return np.concatenate([np.atleast_1d(numbers[name]) for numbers in self._by_group[group]])


@dataclass(frozen=True)
class Scale:
    """How much is computed.

    Parameters
    ----------
    name : str
        ``"quick"`` or ``"full"``.
    description : str
        For the report.
    numbers : dict
        What the paper's job lists read: numbers of networks, trials, grids.
    """

    name: str
    description: str
    numbers: dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """One figure: jobs that compute numbers, a drawing of the numbers, and claims about them.

    Parameters
    ----------
    name, title, caption : str
    jobs : callable
        ``jobs(scale)`` lists the computations.
    draw : callable
        ``draw(results)`` returns a matplotlib figure.
    claims : callable
        ``claims(results)`` returns a list of claims.
    needs_data : bool
        Whether the figure is of recordings that a person provides: their folder is ``"data"`` in the numbers of the
        scale, and without one there is no such figure.
    """

    name: str
    title: str
    caption: str
    jobs: Callable[[Scale], list[Job]]
    draw: Callable[[Results], MatplotlibFigure]
    claims: Callable[[Results], list[Claim]]
    needs_data: bool = False


@dataclass(frozen=True)
class Paper:
    """A paper that can be reproduced.

    Parameters
    ----------
    key : str
        Name on the command line.
    citation, summary : str
    scales : dict of Scale
        ``"quick"`` and ``"full"``.
    figures : tuple of Figure
    """

    key: str
    citation: str
    summary: str
    scales: dict[str, Scale]
    figures: tuple[Figure, ...]
