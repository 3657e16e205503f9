"""All stationary states of the noiseless network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from metastable._validation import require_choice
from metastable.finite_size._attractors import Attractors, states_of
from metastable.finite_size._branch_and_bound import branch_and_bound, estimated_steps
from metastable.finite_size._brute_force import try_every_state
from metastable.finite_size._cycles import all_attractors, large, rounding
from metastable.finite_size._integer_thresholds import IntegerNetwork
from metastable.finite_size._search_cost import require_affordable, require_numbered
from metastable.finite_size._search_parts import Workers
from metastable.networks import FiniteSizeNetwork


def stationary_states(
    network: FiniteSizeNetwork,
    *,
    method: str = "auto",
    max_minutes: float = 10,
    n_jobs: int | None = None,
    progress: bool | None = None,
) -> Attractors:
    """Find every stationary state of the noiseless network and the stimuli at which it exists.

    Parameters
    ----------
    network : FiniteSizeNetwork
        Neurons of a population share a stimulus; that of the network itself and its noise are put aside.
    method : {"auto", "counts", "branch-and-bound", "brute-force", "arrangement"}
        The numbers of active neurons of homogeneous populations; one neuron after the other with bounds; every state;
        every cell between breakpoints of the stimulus, slow and independent of the others. By default the first where
        populations are homogeneous, else the second.
    max_minutes : float
        A search that is estimated to take longer on one core is refused before it starts.
    n_jobs : int, optional
        Threads; all cores by default.
    progress : bool, optional
        Whether to show a bar; by default if a person watches.

    Returns
    -------
    Attractors
        A sequence of `Attractor`, each of period 1, that prints as a table. By counts, states that differ by an
        exchange of equal neurons are one, with its multiplicity; all other methods list them one by one.

    Raises
    ------
    ValueError
        If the search is too long, there are more than 1,000,000 states, or a method does not fit the network.

    Notes
    -----
    Fasoli & Panzeri 2019. Neuron i of a state A needs the stimulus ``h_i = theta_i - sum_j W_ij A_j`` to be active, so
    that A is stationary where, for every population, ``max h_i <= I < min h_i`` over its active and its silent neurons:
    one half-open box. Weights and thresholds are scaled to integers first, by common denominators up to 10,000 where
    they are such fractions to rounding. Boxes are then exact. Other numbers are rounded to 52 binary digits, and boxes
    thinner than that rounding are dropped.

    Brute force takes 2^n steps of about 20 ns, the arrangement 2^n for each of its cells; branch and bound takes what
    the weights make it take, estimated by random descents beforehand (Knuth 1975): below a second for 60 neurons of 4
    inputs, minutes for 40 of 39.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork.homogeneous(
    ...     {"E": 2, "I": 1}, coupling=[[8, -6], [7, 0]], in_degree=2, threshold=1
    ... )
    >>> mst.finite_size.stationary_states(net)
    Attractors(
      period  number  stimulus E x I            states
           1       1  (-inf, 1) x (-inf, 1)     000
           1       1  (-inf, 4) x [1, inf)      001
           1       1  [-3, inf) x (-inf, -6)    110
           1       1  [0, inf) x [-6, inf)      111
      4 stationary states, by numbers of active neurons among 3. Cycles are not among them.)
    """
    methods = ("auto", "counts", "branch-and-bound", "brute-force", "arrangement")
    require_choice("method", method, methods)
    whole, workers = IntegerNetwork.of(network), Workers(n_jobs, progress)
    n = whole.n_neurons
    if method == "auto":
        method = "counts" if whole.homogeneous else "branch-and-bound"
    if method in ("counts", "arrangement"):
        every, how = all_attractors(network, whole, method, max_minutes, workers)
        found = every.selected(0, int((every.period == 1).sum()))
    else:
        require_numbered(n)
        if method == "brute-force":
            why, do = f" for the 2^{n} states", 'use method="branch-and-bound"'
            require_affordable(method, 2.0**n, max_minutes=max_minutes, nanoseconds=20, do=do, why=why)
            codes, lower, upper = try_every_state(whole, workers)
            how = f"by brute force over {n} neurons."
        else:
            steps, do = estimated_steps(whole), "give fewer neurons or sparser weights"
            require_affordable(method, steps, max_minutes=max_minutes, nanoseconds=300, do=do)
            codes, lower, upper = branch_and_bound(whole, workers)
            how = f"by branch and bound over {n} neurons."
        period, boxes = np.ones(len(codes), np.int64), (whole.stimulus(lower), whole.stimulus(upper))
        found = Attractors.ordered(states_of(codes, n), period, network.sizes, *boxes, None, "")
        how += rounding(whole)
    return replace(found, status=f"{large(found.total)} stationary states, {how} Cycles are not among them.")
