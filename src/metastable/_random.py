"""Addressed random streams: a stream is named, never consumed in order."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from metastable._validation import require_integer


class Purpose(IntEnum):
    """What a random stream is for; the first word of its address.

    The numbers are part of the file format of every seeded result: append, never renumber.
    """

    WIRING = 0
    BIAS = 1
    INITIAL_STATE = 2
    UPDATES = 3
    CHAIN = 4
    COMMUNITIES = 5
    SURROGATES = 6
    TRAINS = 7
    DRIVES = 8


def resolve_seed(seed: int | None) -> int:
    """Return the entropy to record: `seed` itself, or fresh entropy where it is None.

    Parameters
    ----------
    seed : int or None
        A non-negative integer, or None to draw 63 bits from the operating system.

    Returns
    -------
    int
    """
    if seed is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0] >> np.uint64(1))
    return require_integer("seed", seed, minimum=0)


def stream(seed: int, purpose: Purpose, *address: int) -> np.random.Generator:
    """Open the random stream at one address.

    The same address gives the same numbers whatever else was drawn before, so trials may run in any order,
    batch or thread.

    Parameters
    ----------
    seed : int
        Entropy of the whole experiment.
    purpose : Purpose
        What the numbers are for.
    *address : int
        Usually ``network, trial``; for the wiring ``network, connection, block of rows``.

    Returns
    -------
    numpy.random.Generator
        Backed by SFC64, the fastest of numpy's bit generators; its state is a hash of the whole address.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(int(purpose), *address))
    return np.random.Generator(np.random.SFC64(sequence))
