"""The asynchronous chain of cluster counts: small clustered networks as exactly solved Markov chains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from metastable._display import Drawn
from metastable._provenance import provenance
from metastable._validation import require_choice, require_instance, require_integer, require_number
from metastable.finite_size._count_groups import CountGroups
from metastable.finite_size._count_states import CLUSTERS, CountStates
from metastable.finite_size._count_switching import CountSwitching, passage_moments, require_states, switching
from metastable.finite_size._generator import (
    METHODS,
    chosen_method,
    cost,
    require_connected,
    slowest_eigenvalues,
    stationary_law,
)
from metastable.finite_size._search_cost import duration
from metastable.networks import BinaryNetwork

Array = NDArray[np.float64]

# A minute each, about, and 2 GiB at most.
_MOST_STATES = {"gth": 2**13, "direct": 2**17, "iterative": 500_000}
_MOST_MODES = 50
_THOUSAND_YEARS = 3.15e10
_ANNEALED = (
    "Exact for connections drawn anew at every update (annealed); one wired network keeps its own, and its clusters "
    "differ."
)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ClusterCountChain(Drawn):
    """Numbers of active units of all clusters as a Markov chain in continuous time, with its stationary law.

    Parameters
    ----------
    network : BinaryNetwork
    noise_sd : float
        Standard deviation s0 of the noise of a unit.
    clusters : {"distinct", "tagged", "unordered"}
        Which clusters the states tell apart.
    method : {"gth", "direct", "iterative"}
        How equations are solved.
    labels : tuple of (str, int)
        Population and cluster of each column of `counts`, -1 for a background or an unclustered population.
    sizes : ndarray of int, (n_groups,)
        Units of each.
    counts : ndarray of int, (n_states, n_groups)
        Active units in each state. Clusters that are not told apart stand in descending order, whichever they are.
    generator : csr_array, (n_states, n_states), 1/ms
        Rates from rows to columns; rows sum to 0.
    stationary : ndarray, (n_states,)
    status : str
        What is exact, and what is not.
    meta : dict
        ``meta["provenance"]`` holds the call.
    """

    _shown = ("network", "n_states", "clusters", "noise_sd", "method", "status")

    network: BinaryNetwork
    noise_sd: float
    clusters: str
    method: str
    labels: tuple[tuple[str, int], ...]
    sizes: NDArray[np.int64]
    counts: NDArray[np.int64]
    generator: csr_array
    stationary: Array
    status: str
    meta: dict[str, Any]

    @property
    def n_states(self) -> int:
        """Number of states."""
        return self.stationary.size

    def count(self, population: str = "E", cluster: int | None = None) -> NDArray[np.int64]:
        """Return the active units of a cluster, or of a whole population, in every state, (n_states,).

        Comparisons with it make the sets of states that `switching` and `mean_first_passage_ms` take.

        Parameters
        ----------
        population : str
        cluster : int, optional
            One that the states tell apart; None for the whole population.

        Raises
        ------
        ValueError
            If there is no such cluster, or it is not told apart.
        """
        columns = self._columns(population)
        if cluster is None:
            return self.counts[:, list(columns.values())].sum(axis=1)
        cluster = require_integer("cluster", cluster)
        if cluster not in columns or cluster < 0:
            raise ValueError(
                f"{population} has no cluster {cluster}; choose one of {sorted(c for c in columns if c >= 0)}, or None "
                "for the whole population."
            )
        told_apart = {"distinct": len(self.labels), "tagged": 1, "unordered": 0}[self.clusters]
        if cluster >= told_apart:
            raise ValueError(
                f'clusters="{self.clusters}" does not tell cluster {cluster} from the others; '
                f'use clusters="{"tagged" if cluster == 0 else "distinct"}".'
            )
        return self.counts[:, columns[cluster]]

    def n_active(self, threshold: float, population: str = "E") -> NDArray[np.int64]:
        """Return how many clusters are active in every state, (n_states,).

        Parameters
        ----------
        threshold : float
            Smallest fraction of active units, 0 to 1, of an active cluster.
        population : str
        """
        threshold = require_number("threshold", threshold, minimum=0, maximum=1)
        columns = self._cluster_columns(population)
        # Half a unit's thousandth lower, so that 0.3 of 10 units is 3.
        return (self.counts[:, columns] >= threshold * self.sizes[columns] - 1e-9).sum(axis=1)

    def n_active_law(self, threshold: float, population: str = "E") -> Array:
        """Return the stationary law of the number of active clusters, (n_clusters + 1,).

        Parameters
        ----------
        threshold : float
            As in `n_active`.
        population : str
        """
        n_clusters = len(self._cluster_columns(population))
        return np.asarray(
            np.bincount(self.n_active(threshold, population), self.stationary, n_clusters + 1), np.float64
        )

    def count_law(self, population: str = "E", cluster: int | None = 0) -> Array:
        """Return the stationary law of the active units of one cluster, (size + 1,): over `size`, of its rate.

        Parameters
        ----------
        population : str
        cluster : int or None
            None for the law of the whole population. Clusters that are not told apart have one law.

        Raises
        ------
        ValueError
            If there is no such cluster.
        """
        columns = self._columns(population)
        if cluster is None or self.clusters == "distinct" or (self.clusters == "tagged" and cluster == 0):
            size = sum(int(self.sizes[c]) for at, c in columns.items() if cluster in (None, at))
            return np.asarray(np.bincount(self.count(population, cluster), self.stationary, size + 1), np.float64)
        if cluster not in columns or cluster < 0:
            raise ValueError(f"{population} has no cluster {cluster}; choose one of {sorted(columns)}.")
        alike = [c for at, c in columns.items() if at >= (self.clusters == "tagged")]
        laws = [np.bincount(self.counts[:, c], self.stationary, int(self.sizes[c]) + 1) for c in alike]
        return np.mean(laws, axis=0)

    def mean_rate(self, population: str = "E") -> float:
        """Return the stationary fraction of active units of a population.

        Parameters
        ----------
        population : str
        """
        return float(self.stationary @ self.count(population)) / self.network.population(population).size

    def eigenvalues(self, n_modes: int = 4) -> NDArray[np.complex128]:
        """Return the eigenvalues of the generator nearest to 0, (n_modes,), per ms; the first is 0.

        Parameters
        ----------
        n_modes : int
            At most 50, and fewer than there are states.

        Raises
        ------
        ValueError
            If there are not so many.
        """
        n_modes = require_integer("n_modes", n_modes, minimum=1, maximum=min(_MOST_MODES, self.n_states))
        slowest = max(p.tau_ms for p in self.network.populations)
        return slowest_eigenvalues(self.generator, n_modes, slowest_ms=slowest, iterative=self._iterative)

    def relaxation_times_ms(self, n_modes: int = 4) -> Array:
        """Return the times ``-1 / Re(lambda)`` in which modes of the law decay by e, (n_modes,), ms.

        The first is infinite and belongs to the stationary law. Modes in which clusters that are not told apart differ
        are missing: of unordered clusters, those of switching from one to another.

        Parameters
        ----------
        n_modes : int
            As in `eigenvalues`.
        """
        return np.concatenate([[np.inf], -1 / self.eigenvalues(n_modes)[1:].real])

    def mean_first_passage_ms(self, target: ArrayLike) -> Array:
        """Return the mean time to reach a set of states from every state, (n_states,), ms.

        Parameters
        ----------
        target : array_like of bool, (n_states,)

        Raises
        ------
        ValueError
            If it is no set of states, or empty.
        """
        mask = require_states("target", target, self.n_states)
        return passage_moments(self.generator, mask, iterative=self._iterative)[0]

    def switching(self, a: ArrayLike, b: ArrayLike) -> CountSwitching:
        """Compute how the chain switches between two cores: committors, rates, dwell times.

        Parameters
        ----------
        a, b : array_like of bool, (n_states,)
            Cores without a common state, for instance ``chain.count("E", 0) >= 6`` and ``<= 1``.

        Returns
        -------
        CountSwitching

        Raises
        ------
        ValueError
            If they are no sets of states, empty, or overlap.

        Examples
        --------
        >>> import metastable as mst
        >>> net = mst.networks.rost_2018(n_e=16, n_i=8, n_clusters=2, j_e_plus=1.9, m_x=0.3)
        >>> chain = mst.finite_size.cluster_chain(net, noise_sd=0.3)
        >>> difference = chain.count("E", 0) - chain.count("E", 1)
        >>> chain.switching(difference >= 4, difference <= -4)
        CountSwitching(A to B 0.0050102 per ms, B to A 0.0050102 per ms;
        dwell times A 199.59 ms (CV 0.838), B 199.59 ms (CV 0.838))
        """
        a, b = require_states("a", a, self.n_states), require_states("b", b, self.n_states)
        if (a & b).any():
            raise ValueError(
                f"the cores share {int((a & b).sum()):,} states; leave a gap between their conditions, so that a "
                "switch is from one to the other."
            )
        return switching(self.generator, self.stationary, a, b, iterative=self._iterative)

    @property
    def _iterative(self) -> bool:
        return self.method == "iterative"

    def _columns(self, population: str) -> dict[int, int]:
        self.network.population(population)
        return {cluster: g for g, (name, cluster) in enumerate(self.labels) if name == population}

    def _cluster_columns(self, population: str) -> list[int]:
        columns = [g for cluster, g in self._columns(population).items() if cluster >= 0]
        if not columns:
            raise ValueError(f"{population} has no clusters; choose a population with some.")
        return columns

    def __repr__(self) -> str:
        means = ", ".join(f"{p.name} {self.mean_rate(p.name):.4f}" for p in self.network.populations)
        return (
            f"ClusterCountChain of {self.network.name}: {self.n_states:,} states, {self.clusters} clusters, noise "
            f"{self.noise_sd:g}\n  mean rates {means}; solved by method {self.method!r}\n  {self.status}"
        )


def cluster_chain(
    network: BinaryNetwork, *, noise_sd: float, clusters: str = "distinct", method: str = "auto"
) -> ClusterCountChain:
    """Solve the Markov chain of the numbers of active units of all clusters of a small network.

    Parameters
    ----------
    network : BinaryNetwork
        Without overlapping clusters. There is one count for each cluster of each population with a layout and one for
        each population without.
    noise_sd : float
        Standard deviation s0 of a noise that every unit draws anew at each update, in units of weights and
        threshold; above 0.
    clusters : {"distinct", "tagged", "unordered"}
        ``"distinct"`` tells all clusters apart; ``"tagged"`` cluster 0 from all others, the smallest chain in which one
        cluster is seen to switch; ``"unordered"`` none. The last two need clusters of one size, and are exact: only
        relaxation modes, and sets of states, that tell other clusters apart are lost.
    method : {"auto", "gth", "direct", "iterative"}
        ``"gth"`` eliminates states without a subtraction, so that the smallest probability has all its digits, the
        choice up to 2,048 states; ``"direct"`` factors sparse matrices, good to rounding times the longest dwell time
        over tau, the choice while the factors take about 15 seconds; ``"iterative"`` is GMRES with incomplete
        factors. With ``"gth"`` everything but the stationary law is solved directly.

    Returns
    -------
    ClusterCountChain

    Raises
    ------
    ValueError
        If there is no noise, clusters overlap or are not alike, or there are too many states; the sentence names the
        cost.

    Notes
    -----
    Rates (Fasoli & Panzeri 2019; Rost, Deger & Nawrot 2018 for weights and gain): the count ``n_a`` of ``N_a`` units
    rises at ``(N_a - n_a) phi_a(n) / tau_a`` and falls at ``n_a (1 - phi_a(n - e_a)) / tau_a``, with
    ``phi = Phi(mu / sqrt(s^2 + s0^2))``, mean input ``mu = sum_b p J n_b + J_X m_X - theta`` and its variance
    ``s^2 = sum_b p (1 - p) J^2 n_b``, p and J those within or between clusters. A unit does not count among
    its own inputs. Without noise the silent network has no variance, and a drive below threshold leaves it silent for
    ever.

    Committors, flux and dwell times are those of transition path theory (Metzner, Schütte & Vanden-Eijnden 2009).

    *Assumptions and approximations*: connections are drawn anew at every update (annealed), so that units of a cluster
    are exchangeable and clusters differ in nothing but their activity; inputs are Gaussian. The wired (quenched)
    network of `metastable.simulate` keeps its connections, favours some of its clusters, and has no noise. With the
    same noise, networks of 24 to 80 wired units have about the mean rates of the chain, on average over wirings, but
    half to a fifth of its switches (``verification/finite_size_chain.py``). `metastable.meanfield.cluster_chain`
    simulates the same chain for large networks, with s0 = 0 and every active unit among its own inputs.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.rost_2018(n_e=16, n_i=8, n_clusters=2, j_e_plus=1.9, m_x=0.3)
    >>> chain = mst.finite_size.cluster_chain(net, noise_sd=0.3)
    >>> chain.n_states, chain.relaxation_times_ms(2).round(3)
    (729, array([   inf, 37.983]))
    """
    require_instance("network", network, BinaryNetwork, do="build one with networks.rost_2018")
    require_choice("clusters", clusters, CLUSTERS)
    require_choice("method", method, METHODS)
    noise_sd = require_number("noise_sd", noise_sd)
    if not noise_sd > 0:
        raise ValueError(
            f"noise_sd must be above 0, got {noise_sd:g}: without noise the silent network has no variance of its "
            "inputs, and with a drive below threshold it absorbs; give the standard deviation of a unit's noise."
        )
    groups = CountGroups.of(network)
    states = CountStates.of(groups, clusters)
    method = chosen_method(method, states.n_states, groups.size.size)
    _require_affordable(states, clusters, method)
    counts = states.counts()
    generator = states.generator(counts, *groups.rates(counts, noise_sd))
    require_connected(generator)
    stationary = stationary_law(generator, method)
    for array in (counts, stationary, groups.size):
        array.flags.writeable = False
    return ClusterCountChain(
        network=network,
        noise_sd=noise_sd,
        clusters=clusters,
        method=method,
        labels=groups.labels,
        sizes=groups.size,
        counts=counts,
        generator=generator,
        stationary=stationary,
        status=_ANNEALED,
        meta={
            "provenance": provenance(
                "finite_size.cluster_chain",
                network=network.to_dict(),
                noise_sd=noise_sd,
                clusters=clusters,
                method=method,
            )
        },
    )


def _require_affordable(states: CountStates, clusters: str, method: str) -> None:
    """Raise a sentence that names states, memory and time, before anything is built."""
    n, most = states.n_states, _MOST_STATES[method]
    if n <= most:
        return
    # A float holds no more than 10^308.
    memory, seconds = cost(method, min(n, 10**60), states.size.size)
    number = f"{n:,}" if n < 10**9 else f"about 10^{len(str(n)) - 1}"
    time = duration(seconds) if seconds < _THOUSAND_YEARS else "more than a thousand years"
    ways = {
        "distinct": 'clusters="tagged" or "unordered", ',
        "tagged": 'clusters="unordered", ',
        "unordered": "",
    }[clusters]
    raise ValueError(
        f"the counts have {number} states, and method={method!r} would take about {memory / 2**30:,.2g} GiB and "
        f"{time}; at most {most:,} states are allowed: use {ways}fewer units or clusters, or simulate "
        "with meanfield.cluster_chain."
    )
