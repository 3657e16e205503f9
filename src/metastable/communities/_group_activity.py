"""Activity of groups of trains in time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from metastable._display import Drawn
from metastable._validation import require_choice, require_integer, require_number
from metastable.communities._gaussian_values import add_gaussians
from metastable.communities._labels import require_labels
from metastable.communities._trains import require_trials
from metastable.spikes import SpikeData

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class GroupActivity(Drawn):
    """Summed Gaussian trains of each group.

    Parameters
    ----------
    time_ms : ndarray, (n_times,), ms
    activity : ndarray, (n_groups, n_times), spikes/s
        Of all trains of a group together.
    sizes : ndarray of int, (n_groups,)
        Number of trains of each group.
    sigma_ms : float, ms
    """

    time_ms: Array
    activity: Array
    sizes: NDArray[np.int64]
    sigma_ms: float

    @property
    def per_train(self) -> Array:
        """Mean activity of a train of each group, (n_groups, n_times), spikes/s."""
        return self.activity / np.maximum(self.sizes, 1)[:, None]

    def __repr__(self) -> str:
        sizes = ", ".join(map(str, self.sizes))
        return (
            f"GroupActivity({self.sizes.size} groups of {sizes} trains at {self.time_ms.size} times from "
            f"{self.time_ms[0]:g} to {self.time_ms[-1]:g} ms, sigma {self.sigma_ms:g} ms)"
        )


def group_activity(
    spikes: SpikeData, labels: ArrayLike, *, sigma_ms: float, step_ms: float, edges: str = "truncate", trial: int = 0
) -> GroupActivity:
    """Sum the Gaussian trains of each group.

    Parameters
    ----------
    spikes : SpikeData
    labels : array_like of int, (n_neurons,)
        Group of each neuron, -1 for none.
    sigma_ms : float, ms
        Standard deviation of the Gaussian on each spike, for instance the one at which the groups were found.
    step_ms : float, ms
        From one time to the next, beginning at the start of the recording. The values do not depend on it.
    edges : {"truncate", "renormalise"}
        Near the edges of the recording Gaussians lie partly outside. The paper leaves it at that;
        ``"renormalise"`` divides by the part inside, so that a constant rate stays constant.
    trial : int
        Which trial.

    Returns
    -------
    GroupActivity

    Raises
    ------
    ValueError
        If the labels do not fit, there are no trials, a width or step is not positive, or the step is longer than the
        recording.

    Notes
    -----
    Humphries 2011, "Further data analyses". Gaussians of unit area; evaluated at each time itself, not on a grid.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[10, 30, 30], neuron=[0, 1, 2], n_neurons=3, t_stop_ms=40)
    >>> found = mst.communities.group_activity(spikes, [0, 1, 1], sigma_ms=2, step_ms=10)
    >>> found.time_ms
    array([ 0., 10., 20., 30.])
    >>> found.activity.round(1)
    array([[  0. , 199.5,   0. ,   0. ],
           [  0. ,   0. ,   0. , 398.9]])
    """
    groups = require_labels(labels, spikes.n_neurons)
    sigma = require_number("sigma_ms", sigma_ms, above=0)
    require_choice("edges", edges, ("truncate", "renormalise"))
    at = sample_times(spikes, step_ms)
    part = trial_slice(spikes, trial)
    values = np.zeros((int(groups.max()) + 1, at.size))
    add_gaussians(spikes.time_ms[part], groups[spikes.neuron[part]], at, sigma, values)
    values *= 1000 / (math.sqrt(2 * math.pi) * sigma)
    if edges == "renormalise":
        values /= ndtr((spikes.t_stop_ms - at) / sigma) - ndtr((spikes.t_start_ms - at) / sigma)
    sizes = np.bincount(groups[groups >= 0], minlength=len(values))
    return GroupActivity(time_ms=at, activity=values, sizes=sizes, sigma_ms=sigma)


def sample_times(spikes: SpikeData, step_ms: float) -> Array:
    """Return the times of a recording at equal steps from its start, or raise a sentence about the step."""
    step = require_number("step_ms", step_ms, above=0)
    if step > spikes.duration_ms:
        raise ValueError(
            f"step_ms={step:g} is longer than the recording of {spikes.duration_ms:g} ms; choose a shorter step."
        )
    # The last time lies before the end, but for rounding of decimal steps.
    return spikes.t_start_ms + step * np.arange(math.ceil(spikes.duration_ms / step - 1e-9), dtype=np.float64)


def trial_slice(spikes: SpikeData, trial: int) -> slice:
    """Return where the spikes of a trial are, or raise a sentence about the trial."""
    require_trials(spikes)
    number = require_integer("trial", trial, minimum=0, maximum=spikes.n_trials - 1)
    return slice(int(spikes.trial_offsets[number]), int(spikes.trial_offsets[number + 1]))
