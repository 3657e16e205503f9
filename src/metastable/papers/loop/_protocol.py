"""What all figures share: two clustered spiking networks, and what is read from their spikes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from metastable import communities, statistics
from metastable.networks import LIFNetwork, Stimulus, litwin_kumar_doiron_2012, rostami_2024
from metastable.simulation import simulate
from metastable.spikes import SpikeData

Array = NDArray[np.float64]

BURN_IN_MS = 1000.0
# Clusters are active for tens to hundreds of ms; at 50 ms fewer of them were found, at 10 ms about as many. Widths,
# powers and resolutions were compared on networks of other seeds (101 to 103) than the default's.
SIGMA_MS = 20.0
# Soft threshold of correlations (Zhang & Horvath 2005, Stat. Appl. Genet. Mol. Biol. 4, 17, use 6). Chance correlations
# between thousands of pairs outweigh those within 50 small clusters, and modularity then merges clusters.
EXPONENT = 6
N_STARTS = 3
FANO_WINDOW_MS, RATE_BIN_MS, RATE_SMOOTHING_MS = 100.0, 10.0, 50.0
MOST_LAG_MS = 2000.0
ESTIMATOR = f"correlation of trains, Gaussian of {SIGMA_MS:g} ms, to the power {EXPONENT}; largest modularity"


@dataclass(frozen=True)
class Kind:
    """One family of networks: its name, colour, the parameter of clustering, and where it switches."""

    title: str
    color: str
    axis: str
    working_point: float

    def network(self, strength: float) -> LIFNetwork:
        """Build the network with this clustering."""
        if self.axis == "R_{EE}":
            return litwin_kumar_doiron_2012(r_ee=strength)
        return rostami_2024(j_e_plus=strength, r_j=0.75)


KINDS = {
    "E": Kind("E clusters", "clustered", "R_{EE}", 2.5),
    "E/I": Kind("E/I clusters", "outside", "J_{E+}", 8.0),
}


def record(
    *,
    seed: int,
    kind: str,
    strength: float,
    network_index: int,
    duration_ms: float,
    n_trials: int = 1,
    stimulus: Stimulus | None = None,
) -> SpikeData:
    """Simulate one network; return what its excitatory neurons fire in the duration after the burn-in."""
    spikes = simulate(
        KINDS[kind].network(strength),
        duration_ms=BURN_IN_MS + duration_ms,
        n_trials=n_trials,
        seed=seed,
        network_index=network_index,
        stimulus=stimulus,
        n_jobs=1,
        progress=False,
    )
    return spikes.select(time_ms=(BURN_IN_MS, BURN_IN_MS + duration_ms), population="E")


def some_neurons(spikes: SpikeData, n_neurons: int, seed: int) -> SpikeData:
    """Keep neurons drawn at random, as an electrode would."""
    n = min(n_neurons, spikes.n_neurons)
    chosen = np.random.default_rng(seed).choice(spikes.n_neurons, n, replace=False)
    return spikes.select(neuron=np.sort(chosen))


def similarity(spikes: SpikeData) -> Array:
    """Return the correlations of all pairs of trains."""
    return communities.similarity_matrix(spikes, sigma_ms=SIGMA_MS, kind="correlation", n_jobs=1)


def agreement(spikes: SpikeData, matrix: Array, seed: int, *, finer: bool = False) -> float:
    """Return the adjusted Rand index of blind groups and clusters, of neurons that fired; 0 where fewer than two did.

    A neuron that is silent has no similarity to any other, and would count as a group of its own.

    Modularity joins groups that are small beside the whole (Fortunato & Barthelemy 2007, PNAS 104, 36), as 50 clusters
    are. For a finer resolution each neuron counts as being as like itself as a neuron is, on average, like all others
    together (Arenas, Fernandez & Gomez 2008, New J. Phys. 10, 053039).
    """
    fired = spikes.spike_counts().sum(axis=0) > 0
    if fired.sum() < 2:
        return 0.0
    weights = matrix**EXPONENT
    if finer:
        weights += weights.sum(axis=1).mean() * np.eye(len(weights))
    labels = communities.maximise_modularity(weights, n_starts=N_STARTS, seed=seed, n_jobs=1).labels
    return communities.adjusted_rand_index(labels[fired], cluster_of(spikes)[fired])


def pair_separation(spikes: SpikeData, matrix: Array) -> float:
    """Return the probability that a pair within a cluster is more alike than one between clusters, .5 for chance.

    What there is to be found, whatever groups are searched for: the area under the ROC curve (Mann-Whitney).
    """
    from scipy.stats import rankdata

    upper = np.triu_indices(len(matrix), 1)
    cluster = cluster_of(spikes)
    same = cluster[upper[0]] == cluster[upper[1]]
    n = int(same.sum())
    if n in (0, same.size):
        return float("nan")
    ranks = rankdata(matrix[upper])
    return float((ranks[same].mean() - (n + 1) / 2) / (same.size - n))


def cluster_of(spikes: SpikeData) -> NDArray[np.int32]:
    """Return the true clusters, which no detection sees."""
    assert spikes.cluster is not None
    return spikes.cluster


def mean_fano(spikes: SpikeData) -> float:
    """Return the mean Fano factor of counts in windows along the recording: slow changes of rates count."""
    values = statistics.fano_factor(spikes, window_ms=FANO_WINDOW_MS, estimator="pooled", ddof=1)
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def cluster_timescale(spikes: SpikeData) -> float:
    """Return the lag at which the autocovariance of cluster rates has fallen to 1/e, ms; NaN where it does not."""
    n_clusters = spikes.n_clusters
    # Each cluster becomes one train: the spikes of a trial in order of time stay so.
    merged = replace(
        spikes,
        neuron=cluster_of(spikes)[spikes.neuron],
        n_neurons=n_clusters,
        cluster=None,
        population=None,
        neuron_id=None,
    )
    found = statistics.autocovariance(merged, bin_ms=RATE_BIN_MS, max_lag_ms=MOST_LAG_MS)
    # Lag 0 holds the variance of counting.
    return statistics.fall_time(found.lag_ms, found.covariance, from_ms=RATE_BIN_MS)
