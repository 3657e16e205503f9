"""All attractors of the noiseless network: stationary states and cycles."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np

from metastable._validation import require_choice, require_number
from metastable.finite_size._arrangement import attractors_by_arrangement
from metastable.finite_size._attractors import Attractors, states_of
from metastable.finite_size._cycle_search import estimated_steps, search_cycles
from metastable.finite_size._homogeneous_attractors import homogeneous_attractors
from metastable.finite_size._image_table import ImageTable, images_of_counts, images_of_states
from metastable.finite_size._integer_thresholds import IntegerNetwork
from metastable.finite_size._search_cost import as_float, require_affordable
from metastable.finite_size._search_parts import Workers
from metastable.networks import FiniteSizeNetwork

# The table of images then takes 100 MB.
_MOST_NEURONS = 18
_MOST_COUNTS = 5_000_000


def attractors(
    network: FiniteSizeNetwork,
    *,
    method: str = "auto",
    max_minutes: float = 10,
    n_jobs: int | None = None,
    progress: bool | None = None,
) -> Attractors:
    """Find every stationary state and every cycle of the noiseless network, and the stimuli at which it exists.

    Parameters
    ----------
    network : FiniteSizeNetwork
        Neurons of a population share a stimulus; that of the network itself and its noise are put aside.
    method : {"auto", "counts", "depth-first", "arrangement"}
        The numbers of active neurons of homogeneous populations; the images of every state, followed while a stimulus
        is left that leads along them, for up to 18 neurons; every cell between breakpoints of the stimulus, slow and
        independent of the others. By default the first where populations are homogeneous, else the second.
    max_minutes : float
        A search that is estimated to take longer on one core is refused before it starts.
    n_jobs : int, optional
        Threads; all cores by default.
    progress : bool, optional
        Whether to show a bar; by default if a person watches.

    Returns
    -------
    Attractors
        A sequence of `Attractor` by period that prints as a table. By counts, attractors that differ by an exchange of
        equal neurons are one, with its multiplicity; all other methods list them one by one.

    Raises
    ------
    ValueError
        If the search is too long, there are more than 1,000,000 attractors, or a method does not fit the network.

    Notes
    -----
    Fasoli & Panzeri 2019. States ``A^0, ..., A^{T-1}`` follow each other, and the first one the last, where for every
    population ``max h_i(A^t) <= I < min h_i(A^t)``, over neurons that are active and silent at t + 1, with the stimulus
    ``h_i = theta_i - sum_j W_ij A_j`` that neuron i needs: one half-open box. How weights become integers is said at
    `stationary_states`.

    By counts: a population in which some neurons are active and some are not can go off, go on, keep each neuron as it
    is (its own weight is negative), or swap the active for the silent ones (positive). Counts so follow counts, ``prod
    (N_a + 1)`` states instead of 2^N, and the period of the neurons is twice that of the counts if some population
    swaps an odd number of times.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork.homogeneous({"I": 5}, coupling=[[-3]], in_degree=1)
    >>> mst.finite_size.attractors(net)
    Attractors(
      period  number  stimulus I  states
           1       1  (-inf, 0)   00000
           1       5  [0, 3)      10000
           1      10  [3, 6)      11000
           1      10  [6, 9)      11100
           1       5  [9, 12)     11110
           1       1  [12, inf)   11111
           2       1  [0, 12)     00000 > 11111
      33 attractors, 32 of them stationary, by numbers of active neurons among 5.)
    """
    whole = IntegerNetwork.of(network)
    found, how = all_attractors(network, whole, method, max_minutes, Workers(n_jobs, progress))
    n_stationary = found.number_by_period.get(1, 0)
    return replace(found, status=f"{large(found.total)} attractors, {large(n_stationary)} of them stationary, {how}")


def cycles(
    network: FiniteSizeNetwork,
    *,
    method: str = "auto",
    max_minutes: float = 10,
    n_jobs: int | None = None,
    progress: bool | None = None,
) -> Attractors:
    """Find every cycle of the noiseless network and the stimuli at which it exists.

    Parameters
    ----------
    network, method, max_minutes, n_jobs, progress
        As of `attractors`.

    Returns
    -------
    Attractors
        Those of `attractors` with a period above 1.

    Raises
    ------
    ValueError
        As `attractors` does.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork(weights=[[0, -2], [2, 0]], sizes={"a": 1, "b": 1})
    >>> mst.finite_size.cycles(net)
    Attractors(
      period  number  stimulus a x b   states
           4       1  [0, 2) x [-2, 0) 00 > 10 > 11 > 01
      1 cycle, by numbers of active neurons among 2. Stationary states are not among them.)
    """
    whole = IntegerNetwork.of(network)
    found, how = all_attractors(network, whole, method, max_minutes, Workers(n_jobs, progress))
    later = found.selected(int((found.period == 1).sum()), len(found))
    return replace(
        later,
        status=f"{large(later.total)} cycle{'s' * (later.total != 1)}, {how} Stationary states are not among them.",
    )


def all_attractors(
    network: FiniteSizeNetwork, whole: IntegerNetwork, method: str, max_minutes: float, workers: Workers
) -> tuple[Attractors, str]:
    """Return the attractors of a network, and how they were found, as the end of a sentence."""
    require_choice("method", method, ("auto", "counts", "depth-first", "arrangement"))
    n, sizes = whole.n_neurons, network.sizes
    if method == "auto":
        method = "counts" if whole.homogeneous else "depth-first"
    multiplicity = None
    if method == "counts":
        _require_counts(whole)
        images = images_of_counts(whole)
        _require_affordable_search(method, images, whole, max_minutes)
        states, period, lower, upper, multiplicity = homogeneous_attractors(whole, images, workers)
        how = f"by numbers of active neurons among {n}."
    elif method == "depth-first":
        if n > _MOST_NEURONS:
            size = as_float(2**n) * (n + len(sizes)) * 16e-9
            raise ValueError(
                f"the images of the 2^{n} states of {n} neurons take {size:,.2g} GB, at "
                f"most {_MOST_NEURONS} neurons are followed one by one; make populations homogeneous, or look for "
                "stationary_states only."
            )
        images = images_of_states(whole)
        _require_affordable_search(method, images, whole, max_minutes)
        codes, period, lower, upper = search_cycles(images, whole.slack, workers)
        states, how = states_of(codes, n), f"by a search of images over {n} neurons."
    else:
        codes, period, lower, upper = attractors_by_arrangement(whole, max_minutes)
        states, how = states_of(codes, n), f"by the cells of the stimulus of {n} neurons."
    boxes = (whole.stimulus(lower), whole.stimulus(upper))
    return Attractors.ordered(states, period, sizes, *boxes, multiplicity, ""), how + rounding(whole)


def _require_counts(whole: IntegerNetwork) -> None:
    if not whole.homogeneous:
        raise ValueError(
            'method="counts" needs equal neurons in each population, all connected and without autapses; use another '
            "method."
        )
    n_states = float(np.prod(whole.sizes + 1.0))
    if n_states > _MOST_COUNTS:
        raise ValueError(
            f"the counts of {len(whole.sizes)} populations have {n_states:.2g} states, at most {_MOST_COUNTS:,} fit "
            "into memory; give fewer or smaller populations."
        )


def _require_affordable_search(method: str, images: ImageTable, whole: IntegerNetwork, max_minutes: float) -> None:
    require_affordable(
        method,
        # 2e8 images a minute.
        estimated_steps(images, whole.slack, require_number("max_minutes", max_minutes, above=0) * 2e8),
        max_minutes=max_minutes,
        nanoseconds=300,
        do="give fewer neurons, or populations that share less stimuli",
    )


def large(number: int) -> str:
    """Return a number of attractors in words: all digits, or the power of ten."""
    return f"{number:,}" if number < 10**9 else f"{Decimal(number):.3g}"


def rounding(whole: IntegerNetwork) -> str:
    """Say which boxes are left out."""
    if not whole.slack.any():
        return ""
    return f" Boxes thinner than {float((whole.slack / whole.denominator).max()):.0e}, which is rounding, are dropped."
