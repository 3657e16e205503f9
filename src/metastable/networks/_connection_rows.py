"""Who is connected to whom, in two forms: one bit for each pair, or a list of targets for each neuron."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

WORD = 64

# The first row, the first word of the columns, and the bits of some rows over the words of one population.
Chunk = tuple[int, int, NDArray[np.uint64]]


@dataclass(frozen=True, eq=False)
class BitRows:
    """One bit for each pair of positions: smaller and faster where more than one pair in 32 is connected.

    Parameters
    ----------
    bits : ndarray of uint64, (n_positions, n_words)
        Bit k of word b in a row stands for position ``64 b + k``.
    """

    bits: NDArray[np.uint64]

    @staticmethod
    def of(chunks: Iterable[Chunk], n_words: int) -> BitRows:
        """Collect the bits that were drawn."""
        bits = np.zeros((n_words * WORD, n_words), np.uint64)
        for first, word, drawn in chunks:
            bits[first : first + drawn.shape[0], word : word + drawn.shape[1]] = drawn
        bits.flags.writeable = False
        return BitRows(bits)

    @cached_property
    def n_synapses(self) -> int:
        """Number of connected pairs."""
        return int(np.bitwise_count(self.bits).sum())

    def pairs(self, rows: slice, columns: slice) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the connected pairs (row, column) within ranges of positions, counted from their beginnings.

        They are sorted; the columns must begin with a word.
        """
        row, column = np.nonzero(self.dense(rows, columns))
        return row, column

    def dense(self, rows: slice, columns: slice) -> NDArray[np.bool_]:
        """Return who is connected, (n_rows, n_columns), in ranges of positions; the columns must begin with a word."""
        words = slice(columns.start // WORD, -(-columns.stop // WORD))
        return _unpacked(self.bits[rows, words])[:, : columns.stop - columns.start].astype(bool)


@dataclass(frozen=True, eq=False)
class TargetLists:
    """The connected positions of each row, one after the other: smaller and faster where few pairs are connected.

    Parameters
    ----------
    start : ndarray of int, (n_positions + 1,)
        The list of row r is ``target[start[r]:start[r + 1]]``.
    target : ndarray of int, (n_synapses,)
        Positions, sorted within each row.
    """

    start: NDArray[np.int64]
    target: NDArray[np.int32]

    @staticmethod
    def of(chunks: Iterable[Chunk], n_words: int) -> TargetLists:
        """Turn the bits that were drawn into lists, chunk by chunk: the bits of the whole network never exist."""
        parts = [(first, word, *_listed(drawn)) for first, word, drawn in chunks]
        # Within a row, the lists of its postsynaptic populations follow each other in the order of positions.
        parts.sort(key=lambda part: part[1])
        n_targets = np.zeros(n_words * WORD, np.int64)
        for first, _, counts, _ in parts:
            n_targets[first : first + counts.size] += counts
        start = np.concatenate([[0], np.cumsum(n_targets)])
        target = np.empty(start[-1], np.int32)
        free = start[:-1].copy()
        for first, word, counts, columns in parts:
            rows = slice(first, first + counts.size)
            before = np.cumsum(counts) - counts
            target[np.repeat(free[rows] - before, counts) + np.arange(columns.size)] = WORD * word + columns
            free[rows] += counts
        start.flags.writeable = target.flags.writeable = False
        return TargetLists(start, target)

    @property
    def n_synapses(self) -> int:
        """Number of connected pairs."""
        return self.target.size

    def pairs(self, rows: slice, columns: slice) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the connected pairs (row, column) within ranges of positions, counted from their beginnings."""
        row, target, inside = self._within(rows, columns)
        return row[inside], target[inside].astype(np.int64) - columns.start

    def dense(self, rows: slice, columns: slice) -> NDArray[np.bool_]:
        """Return who is connected, (n_rows, n_columns), in ranges of positions."""
        connected = np.zeros((rows.stop - rows.start, columns.stop - columns.start), bool)
        connected[self.pairs(rows, columns)] = True
        return connected

    def offsets(self, boundaries: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where in `target` the list of each row reaches each of some positions, (n_positions, n_boundaries)."""
        at = np.empty((self.start.size - 1, boundaries.size), np.int64)
        for row, (start, stop) in enumerate(zip(self.start[:-1], self.start[1:], strict=True)):
            at[row] = start + np.searchsorted(self.target[start:stop], boundaries)
        return at

    def _within(self, rows: slice, columns: slice) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.bool_]]:
        start = self.start[rows.start : rows.stop + 1]
        target = self.target[start[0] : start[-1]]
        row = np.repeat(np.arange(start.size - 1), np.diff(start))
        return row, target, (target >= columns.start) & (target < columns.stop)


@dataclass(frozen=True, eq=False)
class SynapseLists(TargetLists):
    """Lists in which every synapse has a weight and a delay of its own.

    Parameters
    ----------
    start, target : ndarray of int
        As in `TargetLists`.
    weight : ndarray of float, (n_synapses,)
    delay_ms : ndarray of float, (n_synapses,), ms
    """

    weight: NDArray[np.float64]
    delay_ms: NDArray[np.float64]

    def values(self, rows: slice, columns: slice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the weights and delays of the synapses that `pairs` returns, in the same order."""
        _, _, inside = self._within(rows, columns)
        stored = slice(self.start[rows.start], self.start[rows.stop])
        return self.weight[stored][inside], self.delay_ms[stored][inside]


def _unpacked(words: NDArray[np.uint64]) -> NDArray[np.uint8]:
    return np.unpackbits(np.ascontiguousarray(words).view(np.uint8), axis=1, bitorder="little")


def _listed(words: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the number of bits set in each row, and their columns."""
    bits = _unpacked(words)
    n_columns = bits.shape[1]
    return np.bitwise_count(words).sum(axis=1, dtype=np.int64), (np.flatnonzero(bits) % n_columns).astype(np.int32)
