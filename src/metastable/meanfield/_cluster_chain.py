"""The annealed chain: numbers of active units of all groups as a Markov chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn
from metastable._parallel import Monitor, run_jobs
from metastable._provenance import provenance
from metastable._random import Purpose, resolve_seed, stream
from metastable._validation import require_choice, require_integer, require_number, require_steps
from metastable.meanfield._balance import balance_of, remarked
from metastable.meanfield._linear_noise import groups_of
from metastable.meanfield._mean_field import MeanField
from metastable.networks import BinaryNetwork

_SAMPLES_PER_CHUNK = 200


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ClusterChain(Drawn):
    """Rates of all groups along trajectories of the annealed chain.

    Parameters
    ----------
    labels : tuple of (str, int)
        Population and cluster of each group, -1 for a background or an unclustered population.
    rates : ndarray, (n_trials, n_groups, n_samples)
        Fraction of active units, without the burn-in.
    time_ms : ndarray, (n_samples,), ms
    sample_ms, burn_in_ms : float, ms
    meta : dict
        ``meta["provenance"]`` holds the call.
    status : str
        How many trials end in silence, where it is absorbing, and which condition of the balanced state fails, if one
        does (see `balanced_rates`).
    """

    labels: tuple[tuple[str, int], ...]
    rates: NDArray[np.float64]
    time_ms: NDArray[np.float64]
    sample_ms: float
    burn_in_ms: float
    meta: dict[str, Any]
    status: str

    @property
    def cluster_rates(self) -> dict[str, NDArray[np.float64]]:
        """Rates of the clusters of each population that has some, (n_trials, n_clusters, n_samples)."""
        names = dict.fromkeys(name for name, cluster in self.labels if cluster >= 0)
        return {name: self.rates[:, groups_of(self.labels, name)] for name in names}

    def rate_variance(self, population: str = "E") -> NDArray[np.float64]:
        """Return the variance over time of the rate of each cluster, averaged over clusters, of each trial.

        Parameters
        ----------
        population : str

        Returns
        -------
        ndarray, (n_trials,)
            sigma_m^2 of Rost et al. 2018 for the excitatory clusters.

        Raises
        ------
        ValueError
            If there is no such population.
        """
        return self.rates[:, groups_of(self.labels, population)].var(axis=2).mean(axis=1)

    def __repr__(self) -> str:
        names = list(dict.fromkeys(name for name, _ in self.labels))
        values = ", ".join(
            f"{name} {self.rates[:, groups_of(self.labels, name)].mean():.4f} "
            f"(variance {self.rate_variance(name).mean():.4g})"
            for name in names
        )
        n_trials, n_groups, n_samples = self.rates.shape
        trials = "1 trial" if n_trials == 1 else f"{n_trials} trials"
        return (
            f"ClusterChain({trials} x {n_groups} groups x {n_samples} samples of {self.sample_ms:g} ms after "
            f"{self.burn_in_ms:g} ms of burn-in; mean rates {values}. {self.status})"
        )


def cluster_chain(
    network: BinaryNetwork,
    *,
    duration_ms: float,
    n_trials: int = 1,
    seed: int | None = None,
    burn_in_ms: float = 500.0,
    sample_ms: float = 1.0,
    initial_rate: float = 0.1,
    n_jobs: int | None = None,
    engine: str = "metastable",
    progress: bool | None = None,
) -> ClusterChain:
    """Follow the numbers of active units of all groups, with connections drawn anew at every update.

    Parameters
    ----------
    network : BinaryNetwork
        Without overlapping clusters.
    duration_ms : float, ms
        Length of a trial, burn-in included.
    n_trials : int
    seed : int, optional
        Entropy; None draws it and records it.
    burn_in_ms : float, ms
        Discarded at the beginning of a trial.
    sample_ms : float, ms
        From one sample to the next; must divide the duration and the burn-in.
    initial_rate : float
        Probability that a unit is active at the beginning, as in `metastable.simulate`.
    n_jobs : int, optional
        Threads, one trial each; all cores by default. Does not change the result.
    engine : {"metastable", "reference"}
        ``"reference"`` is plain Python with the same trajectory, for small networks.
    progress : bool, optional
        Whether to show a progress bar; by default on a terminal.

    Returns
    -------
    ClusterChain

    Raises
    ------
    ValueError
        If a time is not a multiple of `sample_ms`, nothing is left after the burn-in, or clusters overlap.

    Notes
    -----
    Each update chooses a population with probability proportional to its size over its time constant and a unit of it,
    as a simulation does, and sets the unit to 1 with probability ``Phi(mu/s)`` at the present counts (`MeanField`). So
    the count of a group rises at the rate ``(N_c - n_c) Phi_c / tau_c`` and falls at ``n_c (1 - Phi_c) / tau_c``: the
    master equation of which `linear_noise` is the expansion about a stable state and the mean field the limit of large
    clusters. It goes on where the state is lost, and needs no state at all.

    *Assumptions and approximations*: connections are redrawn at every update (annealed), so that units of a group are
    exchangeable and no two clusters differ; inputs are Gaussian.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.rost_2018(j_e_plus=2, n_e=400, n_clusters=4)
    >>> chain = mst.meanfield.cluster_chain(net, duration_ms=300, burn_in_ms=100, n_trials=2, seed=1)
    >>> chain.cluster_rates["E"].shape, chain.rate_variance("E").shape
    ((2, 4, 200), (2,))
    """
    if not isinstance(network, BinaryNetwork):
        raise TypeError(f"network must be a BinaryNetwork, got {type(network).__name__}.")
    theory = MeanField.of(network)
    sample_ms = require_number("sample_ms", sample_ms, above=0)
    n_samples = require_steps("duration_ms", duration_ms, sample_ms, minimum=1)
    n_burn_in = require_steps("burn_in_ms", burn_in_ms, sample_ms)
    if n_burn_in >= n_samples:
        raise ValueError(
            f"burn_in_ms={burn_in_ms:g} leaves nothing of duration_ms={duration_ms:g}; lower it, or run longer."
        )
    n_trials = require_integer("n_trials", n_trials, minimum=1)
    initial_rate = require_number("initial_rate", initial_rate, minimum=0, maximum=1)
    require_choice("engine", engine, ("metastable", "reference"))
    seed = resolve_seed(seed)

    from metastable.meanfield._chain_kernel import ChainTables, advance, advance_plainly

    tables = ChainTables.of(theory)
    ends = np.arange(n_samples + 1) * sample_ms * (theory.size / theory.tau_ms).sum()
    n_updates = np.diff(np.floor(ends + 1e-6).astype(np.int64))

    def run(trial: int, monitor: Monitor) -> NDArray[np.int32]:
        source = stream(seed, Purpose.CHAIN, trial)
        counts = source.binomial(theory.size, initial_rate).astype(np.int64)
        samples = np.empty((n_samples, theory.n_groups), np.int32)
        for start in range(0, n_samples, _SAMPLES_PER_CHUNK):
            chunk = slice(start, min(start + _SAMPLES_PER_CHUNK, n_samples))
            words = source.integers(0, 2**64, size=2 * int(n_updates[chunk].sum()), dtype=np.uint64)
            if engine == "reference":
                advance_plainly(theory, words, n_updates[chunk], counts, samples[chunk])
            else:
                advance(words, n_updates[chunk], counts, samples[chunk], tables)
            monitor.advance((chunk.stop - start) * sample_ms)
        return samples[n_burn_in:]

    trials = run_jobs(
        run, range(n_trials), n_jobs=n_jobs, total=duration_ms * n_trials, label="chain", progress=progress
    )
    status = "Silence is not absorbing: the drive is above threshold."
    if not theory.response(np.zeros(theory.n_groups)).any():
        n_silent = sum(not counts[-1].any() for counts in trials)
        status = f"{n_silent} of {n_trials} trials ended in silence, absorbing as the drive is below threshold."
    return ClusterChain(
        labels=theory.labels,
        rates=np.stack(trials).swapaxes(1, 2) / theory.size[:, None],
        time_ms=np.linspace(sample_ms * (n_burn_in + 1), sample_ms * n_samples, n_samples - n_burn_in),
        sample_ms=sample_ms,
        burn_in_ms=float(burn_in_ms),
        meta={
            "provenance": provenance(
                "meanfield.cluster_chain",
                network=network.to_dict(),
                duration_ms=float(duration_ms),
                n_trials=n_trials,
                seed=seed,
                burn_in_ms=float(burn_in_ms),
                sample_ms=sample_ms,
                initial_rate=initial_rate,
                engine=engine,
            )
        },
        status=remarked(status, balance_of(network)),
    )
