"""Renewal processes that have run for ever."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def gamma_train(duration: float, mean: float, shape: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw the events of a renewal process with gamma intervals from 0 to `duration`.

    Parameters
    ----------
    duration, mean : float
        Length of the train and mean interval, in the same unit.
    shape : float
        Of the intervals: one over the square of their coefficient of variation.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, (n_events,)
    """
    scale = mean / shape
    # A moment falls into an interval with a probability proportional to its length: a gamma interval with one more
    # in its shape, at a uniform place of it.
    times = [np.array([rng.gamma(shape + 1, scale) * rng.random()])]
    while times[-1][-1] < duration:
        missing = (duration - times[-1][-1]) / mean
        n_more = int(missing + 4 * np.sqrt(missing / shape) + 10)
        times.append(times[-1][-1] + np.cumsum(rng.gamma(shape, scale, size=n_more)))
    events = np.concatenate(times)
    return events[events < duration]
