"""What is used on recordings today, and assumes no known neurons: a cross-correlogram and a Poisson GLM."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from metastable.spikes import SpikeData, bin_counts

Array = NDArray[np.float64]

# The best of several tried on these networks: lags of 1 to 3 ms against 1 to 5 and 1 to 10 ms; bins of 2 ms with a
# filter of 10 ms against 5 ms, and bins of 5 ms.
_LAG_BIN_MS, _LAGS = 1.0, (1, 2, 3)
_GLM_BIN_MS, _FILTER_MS = 2.0, 10.0
_PENALTY = 0.01


def cross_correlogram(spikes: SpikeData) -> Array:
    """Return how many spikes follow those of another neuron by 1 to 3 ms beyond chance, in standard deviations.

    Parameters
    ----------
    spikes : SpikeData
        Of one trial.

    Returns
    -------
    ndarray, (n_post, n_pre)
    """
    counts = bin_counts(spikes, bin_ms=_LAG_BIN_MS)[0].astype(np.float32)
    n_bins = counts.shape[1]
    pairs = np.zeros((spikes.n_neurons, spikes.n_neurons))
    with threadpool_limits(limits=1, user_api="blas"):
        for lag in _LAGS:
            pairs += counts[:, lag:] @ counts[:, : n_bins - lag].T / len(_LAGS)
    mean = counts.mean(axis=1, dtype=float)
    # Counts of independent trains are nearly Poisson; below one expected pair the deviation is not told apart from 1.
    expected = np.outer(mean, mean) * n_bins
    return (pairs - expected) / np.sqrt(np.maximum(expected, 1.0))


def poisson_glm(spikes: SpikeData) -> Array | None:
    """Fit the rate of each neuron as the exponential of a sum over the filtered spikes of all.

    Parameters
    ----------
    spikes : SpikeData
        Of one trial.

    Returns
    -------
    ndarray, (n_post, n_pre), or None
        Coupling per spike; None without scikit-learn.
    """
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import PoissonRegressor
    except ImportError:
        return None
    counts = bin_counts(spikes, bin_ms=_GLM_BIN_MS)[0].T.astype(float)
    past = np.zeros_like(counts)
    decay = np.exp(-_GLM_BIN_MS / _FILTER_MS)
    for k in range(1, len(counts)):
        past[k] = decay * past[k - 1] + counts[k - 1]
    # Alike in size, so that the penalty is the same for all; back in the end.
    size = past.std(axis=0)
    scale = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
    features = (past - past.mean(axis=0)) * scale
    couplings = np.zeros((spikes.n_neurons, spikes.n_neurons))
    # Other jobs run beside this one, and OpenMP threads that wait for a core take ten times the time. Warnings are of
    # fits that their limit of steps ends early.
    with threadpool_limits(limits=1), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", ConvergenceWarning)
        for i in np.flatnonzero(counts.any(axis=0)):
            couplings[i] = PoissonRegressor(alpha=_PENALTY).fit(features, counts[:, i]).coef_ * scale
    return couplings
