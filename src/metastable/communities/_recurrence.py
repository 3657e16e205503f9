"""Recurrence of population states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._display import Drawn, counted
from metastable._validation import require_integer, require_number
from metastable.communities._gaussian_values import add_gaussians
from metastable.communities._group_activity import sample_times, trial_slice
from metastable.communities._labels import require_labels
from metastable.spikes import SpikeData

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Recurrence(Drawn):
    """Similarity of a population's states at all pairs of times.

    Parameters
    ----------
    time_ms : ndarray, (n_times,), ms
    similarity : ndarray, (n_times, n_times)
        From 0 to 1; NaN at times when all trains are silent.
    n_trains : int
    sigma_ms : float, ms
    """

    time_ms: Array
    similarity: Array
    n_trains: int
    sigma_ms: float

    def __repr__(self) -> str:
        return (
            f"Recurrence({counted(self.n_trains, 'train')} at {counted(self.time_ms.size, 'time')} from "
            f"{self.time_ms[0]:g} to {self.time_ms[-1]:g} ms, sigma {self.sigma_ms:g} ms, "
            f"mean similarity {self._mean():.3g})"
        )

    def _mean(self) -> float:
        known = self.similarity[~np.isnan(self.similarity)]
        return float(known.mean()) if known.size else np.nan


def recurrence(
    spikes: SpikeData,
    labels: ArrayLike | None = None,
    *,
    group: int | None = None,
    sigma_ms: float,
    step_ms: float,
    trial: int = 0,
) -> Recurrence:
    """Compare the state of a population at all pairs of times.

    Parameters
    ----------
    spikes : SpikeData
    labels : array_like of int, (n_neurons,), optional
        Group of each neuron.
    group : int, optional
        Which group is looked at; together with `labels`. All neurons by default.
    sigma_ms : float, ms
        Standard deviation of the Gaussian on each spike.
    step_ms : float, ms
        From one time to the next; memory grows with the square of their number.
    trial : int
        Which trial.

    Returns
    -------
    Recurrence
        A state is the vector of all Gaussian trains at one time; similarity is the cosine of the angle between two.

    Raises
    ------
    ValueError
        If only one of `labels` and `group` is given, the group has no trains, there are no trials, or a width
        or step is not positive.

    Notes
    -----
    Humphries 2011, fig. 9 C-E ("transition matrices"). Blocks on the diagonal are states that last, blocks off it
    states that return.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[5, 15, 25], neuron=[0, 1, 0], n_neurons=2, t_stop_ms=30)
    >>> mst.communities.recurrence(spikes, sigma_ms=2, step_ms=5).similarity[1::2, 1::2].round(3)
    array([[1., 0., 1.],
           [0., 1., 0.],
           [1., 0., 1.]])
    """
    if (labels is None) != (group is None):
        raise ValueError("labels and group belong together: give both for one group, or neither for all neurons.")
    member = np.ones(spikes.n_neurons, bool)
    if labels is not None:
        groups = require_labels(labels, spikes.n_neurons)
        member = groups == require_integer("group", group, minimum=0, maximum=int(groups.max()))
        if not member.any():
            raise ValueError(f"group {group} has no trains; the groups that have are {np.unique(groups[groups >= 0])}.")
    sigma = require_number("sigma_ms", sigma_ms, above=0)
    at = sample_times(spikes, step_ms)
    row = np.where(member, np.cumsum(member) - 1, -1)
    part = trial_slice(spikes, trial)
    states = np.zeros((int(member.sum()), at.size))
    add_gaussians(spikes.time_ms[part], row[spikes.neuron[part]], at, sigma, states)
    norm = np.sqrt((states**2).sum(axis=0))
    states /= np.where(norm > 0, norm, np.nan)
    # Rounding leaves equal states a little above 1.
    similarity = np.minimum(states.T @ states, 1)
    return Recurrence(time_ms=at, similarity=similarity, n_trains=len(states), sigma_ms=sigma)
