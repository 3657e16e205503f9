"""Spike-count correlations of all, same-cluster and different-cluster pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn, counted
from metastable._validation import require_integer
from metastable.spikes import SpikeData
from metastable.statistics._correlation_matrix import StandardisedCounts
from metastable.statistics._means import divide


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class CorrelationDistribution(Drawn):
    """How the correlation is distributed over a kind of pairs.

    Parameters
    ----------
    mean : float
        NaN without pairs.
    sd : float
        Standard deviation over pairs. Pairs share neurons, so it is no basis for an error of the mean; the spread over
        networks is.
    n_pairs : int
        Unordered pairs with a defined correlation.
    histogram : ndarray of int, (n_bins,)
        Pairs per bin of `edges`.
    edges : ndarray, (n_bins + 1,)
        Equal bins from -1 to 1; a bin holds its lower edge, the last also 1.
    """

    mean: float
    sd: float
    n_pairs: int
    histogram: NDArray[np.int64]
    edges: NDArray[np.float64]

    @property
    def density(self) -> NDArray[np.float64]:
        """Probability density over `edges`, NaN without pairs, (n_bins,)."""
        return divide(self.histogram, self.n_pairs * np.diff(self.edges))

    def __repr__(self) -> str:
        if self.n_pairs == 0:
            return "no pairs"
        return f"{self.mean:.4g} (sd {self.sd:.3g}, {counted(self.n_pairs, 'pair')})"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class CountCorrelations(Drawn):
    """Spike-count correlations of three kinds of pairs.

    Parameters
    ----------
    all_pairs, same_cluster, different_cluster : CorrelationDistribution
        A same-cluster pair shares at least one cluster, a different-cluster pair is of two clustered neurons that
        share none; pairs with a neuron of no cluster are in `all_pairs` only.
    window_ms : float, ms
    estimator, silent : str
        As in `correlation_matrix`.
    n_neurons, n_silent, n_trials : int
        `n_silent` neurons have counts that never vary; they are in no pair.
    """

    all_pairs: CorrelationDistribution
    same_cluster: CorrelationDistribution
    different_cluster: CorrelationDistribution
    window_ms: float
    estimator: str
    silent: str
    n_neurons: int
    n_silent: int
    n_trials: int

    def __repr__(self) -> str:
        rule = "" if self.estimator in ("pooled", "concatenated") else f", silent {self.silent}"
        return (
            f"CountCorrelations({self.estimator}{rule}, {self.window_ms:g} ms windows, "
            f"{counted(self.n_trials, 'trial')}, {counted(self.n_neurons, 'neuron')}, {self.n_silent:,} silent)\n"
            f"  all pairs          {self.all_pairs}\n"
            f"  same cluster       {self.same_cluster}\n"
            f"  different clusters {self.different_cluster}"
        )


def count_correlations(
    spikes: SpikeData,
    *,
    window_ms: float = 50.0,
    estimator: str = "trialwise",
    silent: str = "zero",
    n_bins: int = 400,
) -> CountCorrelations:
    """Compute the spike-count correlations of all, same-cluster and different-cluster pairs.

    Parameters
    ----------
    spikes : SpikeData
    window_ms : float, ms
        Width of the counting windows, which tile the recording.
    estimator : {"trialwise", "across_trials", "pooled", "concatenated"}
        As in `correlation_matrix`. The default is that of Litwin-Kumar & Doiron 2012, Figure 2c, d.
    silent : {"zero", "exclude_both_silent", "exclude_either_silent"}
        What a trial without spikes contributes, as in `correlation_matrix`.
    n_bins : int
        Bins of the histograms between -1 and 1.

    Returns
    -------
    CountCorrelations
        Without cluster labels only `all_pairs` has pairs.

    Raises
    ------
    ValueError
        If the recording is empty, fewer than two windows fit, there are too few trials, or fewer than two neurons have
        counts that vary.

    Notes
    -----
    Works through blocks of pairs: 5,000 neurons x 100 trials take less than 1 GB.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[1, 2, 3, 11, 21], neuron=[0, 1, 1, 2, 2], n_neurons=4, t_stop_ms=30,
    ...                        cluster=[0, 0, 1, 1])
    >>> mst.statistics.count_correlations(spikes, window_ms=10)
    CountCorrelations(trialwise, silent zero, 10 ms windows, 1 trial, 4 neurons, 1 silent)
      all pairs          -0.3333 (sd 0.943, 3 pairs)
      same cluster       1 (sd 0, 1 pair)
      different clusters -1 (sd 0, 2 pairs)
    """
    n_bins = require_integer("n_bins", n_bins, minimum=1)
    source = StandardisedCounts.of(spikes, window_ms, estimator, silent)
    if source.active.sum() < 2:
        raise ValueError(
            "fewer than two neurons have spike counts that vary; there is no pair to correlate in this recording."
        )
    membership = spikes.membership.astype(np.float32)
    clustered = np.any(spikes.membership, axis=1)

    kinds = 3  # pairs with an unclustered neuron, of different clusters, of the same cluster
    histogram = np.zeros((kinds, n_bins), np.int64)
    total, squares = np.zeros(kinds), np.zeros(kinds)
    for start, block in source.iterate_blocks():
        rows = slice(start, start + block.shape[0])
        kind = (clustered[rows, None] & clustered[start:]).astype(np.int8)
        kind += membership[rows] @ membership[start:].T > 0
        pair = np.triu(~np.isnan(block), k=1)
        r, kind = block[pair], kind[pair].astype(np.int64)
        total += np.bincount(kind, weights=r, minlength=kinds)
        squares += np.bincount(kind, weights=r * r, minlength=kinds)
        column = np.minimum(((r + 1) * (n_bins / 2)).astype(np.int64), n_bins - 1)
        histogram += np.bincount(kind * n_bins + column, minlength=kinds * n_bins).reshape(kinds, n_bins)

    edges = np.linspace(-1, 1, n_bins + 1)

    def distribution(*chosen: int) -> CorrelationDistribution:
        part = list(chosen)
        counts = histogram[part].sum(axis=0)
        n_pairs = int(counts.sum())
        if n_pairs == 0:
            return CorrelationDistribution(mean=np.nan, sd=np.nan, n_pairs=0, histogram=counts, edges=edges)
        mean = float(total[part].sum()) / n_pairs
        variance = float(squares[part].sum()) / n_pairs - mean**2
        return CorrelationDistribution(
            mean=mean, sd=max(variance, 0.0) ** 0.5, n_pairs=n_pairs, histogram=counts, edges=edges
        )

    return CountCorrelations(
        all_pairs=distribution(0, 1, 2),
        same_cluster=distribution(2),
        different_cluster=distribution(1),
        window_ms=source.windows.window_ms,
        estimator=estimator,
        silent=silent,
        n_neurons=spikes.n_neurons,
        n_silent=int((~source.active).sum()),
        n_trials=spikes.n_trials,
    )
