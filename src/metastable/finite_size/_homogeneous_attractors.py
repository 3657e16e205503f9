"""All attractors of homogeneous populations, from the numbers of active neurons alone."""

from __future__ import annotations

from math import comb, prod

import numpy as np
from numpy.typing import NDArray

from metastable.finite_size._cycle_search import search_cycles
from metastable.finite_size._image_table import ImageTable, counts_of
from metastable.finite_size._integer_thresholds import IntegerNetwork
from metastable.finite_size._search_parts import Workers

Integers = NDArray[np.int64]


def homogeneous_attractors(
    network: IntegerNetwork, images: ImageTable, workers: Workers
) -> tuple[NDArray[np.uint8], Integers, Integers, Integers, list[int]]:
    """Return one attractor of each kind that an exchange of equal neurons does not change.

    Parameters
    ----------
    network : IntegerNetwork
        Of equal neurons.
    images : ImageTable
        Of its counts.
    workers : Workers

    Returns
    -------
    states : ndarray of uint8, (n_steps, n)
        States of one after the other.
    period : ndarray of int, (n_kinds,)
    lower, upper : ndarray of int, (n_kinds, n_populations)
    multiplicity : list of int

    Notes
    -----
    A population in which some neurons are active and some are not either keeps its neurons as they are for ever or
    swaps them at every step. Numbers that return after an odd number p of steps are, with a swap, those of half of
    the neurons: the neurons return only after 2p. Each way to choose the active neurons of the first state belongs to
    one attractor, which passes through one of them every p steps.
    """
    sizes, own = network.sizes, np.diagonal(network.blocks()[0])
    codes, period, lower, upper = search_cycles(images, network.slack, workers)
    counts = counts_of(codes, sizes)
    rows, periods, multiplicity = [], np.empty_like(period), []
    for k, stop in enumerate(np.cumsum(period)):
        cycle = counts[stop - period[k] : stop]
        mixed = (cycle[0] > 0) & (cycle[0] < sizes)
        swapped = bool((mixed & (own > 0)).any())
        times = 2 if swapped and period[k] % 2 else 1
        periods[k] = times * period[k]
        rows.append(_neurons(np.tile(cycle, (times, 1)), network, mixed & (own > 0)))
        ways = prod(comb(size, active) for size, active in zip(sizes.tolist(), cycle[0].tolist(), strict=True))
        multiplicity.append(ways // times)
    states = np.concatenate(rows) if rows else np.zeros((0, network.n_neurons), np.uint8)
    return states, periods, lower, upper, multiplicity


def _neurons(counts: Integers, network: IntegerNetwork, swaps: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return states with these numbers of active neurons, (period, n): the first of each population at first."""
    rank = np.arange(network.n_neurons) - network.first[network.population]
    rows = rank < counts[:, network.population]
    odd = np.arange(len(counts)) % 2 == 1
    turned = swaps[network.population] & odd[:, None]
    return np.where(turned, rank >= counts[0][network.population], rows).astype(np.uint8)
