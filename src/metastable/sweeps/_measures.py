"""What can be measured by name: functions from a recording or a network to numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from metastable import communities as groups
from metastable import meanfield, statistics
from metastable._validation import require_integer
from metastable.networks import BinaryNetwork
from metastable.simulation import BinaryActivity, FiniteSizeActivity
from metastable.spikes import SpikeData

Numbers = dict[str, Any]


def rate(spikes: SpikeData) -> float:
    """Mean firing rate of the selected neurons, spikes/s."""
    return statistics.mean_rate(spikes)


def firing_rates(spikes: SpikeData) -> np.ndarray:
    """Rate of each neuron, spikes/s, (n_neurons,)."""
    return statistics.firing_rates(spikes)


def fano_factor(spikes: SpikeData, *, window_ms: float = 100.0, estimator: str = "mean_of_ratios", ddof: int = 0):
    """Fano factor, averaged over the neurons that fired."""
    return _mean_of_finite(statistics.fano_factor(spikes, window_ms=window_ms, estimator=estimator, ddof=ddof))


def cv(spikes: SpikeData, *, ddof: int = 0, min_intervals: int = 2):
    """Coefficient of variation of inter-spike intervals, averaged over neurons."""
    return _mean_of_finite(statistics.interval_cv(spikes, ddof=ddof, min_intervals=min_intervals))


def cv2(spikes: SpikeData, *, min_intervals: int = 2):
    """CV2 of neighbouring inter-spike intervals, averaged over neurons."""
    return _mean_of_finite(statistics.interval_cv2(spikes, min_intervals=min_intervals))


def count_correlations(
    spikes: SpikeData, *, window_ms: float = 50.0, estimator: str = "trialwise", silent: str = "zero"
) -> Numbers:
    """Mean spike-count correlations of all, same-cluster and different-cluster pairs."""
    found = statistics.count_correlations(spikes, window_ms=window_ms, estimator=estimator, silent=silent)
    return {kind: getattr(found, kind).mean for kind in ("all_pairs", "same_cluster", "different_cluster")}


def autocovariance_time(
    spikes: SpikeData,
    *,
    bin_ms: float = 2.0,
    max_lag_ms: float = 200.0,
    subtract: str = "trial_mean",
    normalisation: str = "biased",
    offset: str = "none",
    fit_from_ms: float = 30.0,
) -> float:
    """Time constant of the decay of autocovariances, ms; by default from where refractoriness has passed."""
    found = statistics.autocovariance(
        spikes, bin_ms=bin_ms, max_lag_ms=max_lag_ms, subtract=subtract, normalisation=normalisation
    )
    return statistics.fit_time_constant(
        found.lag_ms,
        found.covariance,
        offset=offset,
        duration_ms=found.duration_ms,
        normalisation=normalisation,
        fit_from_ms=fit_from_ms,
    ).tau_ms


def cluster_states(
    recording: SpikeData | BinaryActivity,
    *,
    bin_ms: float | None = None,
    smoothing_ms: float | None = None,
    threshold: Any = None,
    min_duration_ms: float = 0.0,
    min_ended: int = 5,
) -> Numbers:
    """Active clusters and mean durations of their states, NaN where fewer than `min_ended` of them ended."""
    fewest = require_integer("min_ended", min_ended, minimum=1)
    rates, sample_ms = _cluster_rates(recording, bin_ms, smoothing_ms)
    found = statistics.cluster_states(rates, sample_ms=sample_ms, threshold=threshold, min_duration_ms=min_duration_ms)
    return {
        "mean_active": found.mean_active,
        # A mean is the whole time over the number of ends: from one end in 10 s, 10 s.
        "up_ms": found.up.mean_ms if found.up.n_ended >= fewest else np.nan,
        "down_ms": found.down.mean_ms if found.down.n_ended >= fewest else np.nan,
        "n_up_ended": found.up.n_ended if found.found else np.nan,
    }


def cluster_rate_variance(
    recording: SpikeData | BinaryActivity, *, bin_ms: float | None = None, smoothing_ms: float | None = None
) -> float:
    """Variance over time of the clusters' rates, averaged over clusters and trials."""
    rates, _ = _cluster_rates(recording, bin_ms, smoothing_ms)
    return rates.var(axis=-1).mean()


def communities(
    spikes: SpikeData,
    *,
    seed: int,
    sigmas_ms: Any = "isi",
    method: str = "louvain",
    n_starts: int = 20,
    n_controls: int = 20,
    decision: str = "max-z",
    alpha: float = 0.05,
) -> Numbers:
    """Detect groups in spikes alone, and compare them with the clusters by normalised mutual information."""
    found = groups.detect(
        spikes,
        sigmas_ms=sigmas_ms,
        method=method,
        n_starts=n_starts,
        n_controls=n_controls,
        decision=decision,
        alpha=alpha,
        seed=seed,
        n_jobs=1,
        progress=False,
    )
    grouped = found.labels >= 0
    agreement = np.nan
    if spikes.cluster is not None and spikes.cluster.ndim == 1 and grouped.any():
        agreement = groups.normalized_mutual_information(found.labels[grouped], spikes.cluster[grouped])
    parts = ("n_groups", "modularity", "delta_q", "p_value", "sigma_ms")
    return {part: getattr(found, part) for part in parts} | {"agreement": agreement}


def mean_activity(activity: BinaryActivity | FiniteSizeActivity) -> Any:
    """Fraction of active neurons of a binary or finite-size network, in each of the selected populations."""
    if isinstance(activity, FiniteSizeActivity):
        return activity.activity.mean()
    rates = {name: values.mean() for name, values in activity.population_rates.items()}
    return rates if len(rates) > 1 else next(iter(rates.values()))


def fixed_points(network: BinaryNetwork, *, resolution: float = 1.0) -> Numbers:
    """Numbers of fixed points of the mean field: all, stable, and stable with some clusters active and others not."""
    found = meanfield.fixed_points(network, resolution=resolution)
    stable = [point for point in found if point.stable]
    return {"n": len(found), "n_stable": len(stable), "n_stable_active": sum(p.n_active > 0 for p in stable)}


def homogeneous_state(network: BinaryNetwork) -> Numbers:
    """Rates of the populations where all clusters are equal, and whether that is stable (1) or not (0)."""
    found = meanfield.homogeneous_state(network)
    rates = dict(zip(found.labels, found.population_rates, strict=True))
    return {f"rate_{label}": value for label, value in rates.items()} | {"stable": found.stable}


def dwell_times(network: BinaryNetwork, *, max_active: int | None = None) -> Numbers:
    """Durations of active and inactive states by the mean field, ms, and the expected number of active clusters."""
    found = meanfield.dwell_times(network, max_active=max_active)
    return {"up_ms": found.up_ms, "down_ms": found.down_ms, "mean_active": found.mean_active}


def _mean_of_finite(values: np.ndarray) -> float:
    finite = values[~np.isnan(values)]
    return float(finite.mean()) if finite.size else np.nan


def _cluster_rates(
    recording: SpikeData | BinaryActivity, bin_ms: float | None, smoothing_ms: float | None
) -> tuple[np.ndarray, float]:
    if isinstance(recording, SpikeData):
        width = 10.0 if bin_ms is None else bin_ms
        return statistics.cluster_rates(recording, bin_ms=width, smoothing_ms=smoothing_ms), width
    if bin_ms is not None:
        raise ValueError("bin_ms is for spikes; rates of a binary network have [simulate] sample_ms, leave it out.")
    # Without a selection the excitatory population, which every binary network names first.
    rates = next(iter(recording.cluster_rates.values()), None)
    if rates is None:
        raise ValueError("the selected population has no clusters; select another one.")
    return statistics.smooth(rates, sample_ms=recording.sample_ms, smoothing_ms=smoothing_ms), recording.sample_ms


@dataclass(frozen=True)
class Named:
    """A measure that the package knows.

    Parameters
    ----------
    function : callable
    needs : {"spikes", "clusters", "activity", "network"}
        What it takes: spikes; spikes or rates of clusters; rates of a binary or finite-size network; no recording.
    words : dict of (str, str)
        What the number is and its unit, under ``""``, or those of its parts; ``"*"`` for any other part.
    dims : tuple of str
        Names of the dimensions of an array.
    """

    function: Callable[..., Any]
    needs: str
    words: dict[str, tuple[str, str]]
    dims: tuple[str, ...] = ()

    def words_of(self, part: str) -> tuple[str, str]:
        """Return what a part is, in words, and its unit."""
        name, unit = self.words[part if part in self.words else "*"]
        return name.format(part.replace("_", " ")), unit


_STATES = {"up_ms": ("mean duration of active states", "ms"), "down_ms": ("mean duration of inactive states", "ms")}
_ACTIVE = {"mean_active": ("mean number of active clusters", "1")}

NAMED = {
    "rate": Named(rate, "spikes", {"": ("mean firing rate", "spikes/s")}),
    "firing_rates": Named(firing_rates, "spikes", {"": ("firing rate", "spikes/s")}, dims=("neuron",)),
    "fano_factor": Named(fano_factor, "spikes", {"": ("Fano factor", "1")}),
    "cv": Named(cv, "spikes", {"": ("CV of inter-spike intervals", "1")}),
    "cv2": Named(cv2, "spikes", {"": ("CV2 of inter-spike intervals", "1")}),
    "count_correlations": Named(
        count_correlations,
        "spikes",
        {
            "all_pairs": ("count correlation of all pairs", "1"),
            "same_cluster": ("count correlation within clusters", "1"),
            "different_cluster": ("count correlation between clusters", "1"),
        },
    ),
    "autocovariance_time": Named(autocovariance_time, "spikes", {"": ("time constant of autocovariance", "ms")}),
    "cluster_states": Named(
        cluster_states, "clusters", _STATES | _ACTIVE | {"n_up_ended": ("number of active states that ended", "1")}
    ),
    # Spikes have rates in spikes/s, binary networks fractions of active units.
    "cluster_rate_variance": Named(
        cluster_rate_variance, "clusters", {"": ("variance of cluster rates", "square of the unit of rates")}
    ),
    "communities": Named(
        communities,
        "spikes",
        {
            "n_groups": ("number of groups", "1"),
            "modularity": ("modularity", "1"),
            "delta_q": ("modularity above controls", "1"),
            "p_value": ("p-value of groups", "1"),
            "sigma_ms": ("timescale of similarity", "ms"),
            "agreement": ("agreement of groups with clusters", "1"),
        },
    ),
    "mean_activity": Named(mean_activity, "activity", {"": ("mean activity", "1"), "*": ("mean activity of {}", "1")}),
    "fixed_points": Named(
        fixed_points,
        "network",
        {
            "n": ("number of fixed points", "1"),
            "n_stable": ("number of stable fixed points", "1"),
            "n_stable_active": ("number of stable fixed points with active clusters", "1"),
        },
    ),
    "homogeneous_state": Named(
        homogeneous_state,
        "network",
        {"stable": ("stability of the homogeneous state", "1"), "*": ("homogeneous {}", "1")},
    ),
    "dwell_times": Named(dwell_times, "network", _STATES | _ACTIVE),
}
