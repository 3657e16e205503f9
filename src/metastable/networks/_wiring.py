"""Draw the connections of a network, 64 pairs of neurons at a time, and keep them without weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn
from metastable._memory import require_memory
from metastable._random import Purpose, resolve_seed, stream
from metastable._validation import require_integer
from metastable.networks._binary_network import BinaryNetwork
from metastable.networks._cluster_layout import pairs_share_a_cluster, share_a_cluster, shared_with_pattern
from metastable.networks._clustered_network import ClusteredNetwork
from metastable.networks._connection_rows import WORD, BitRows, Chunk, TargetLists

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Rows are drawn in blocks, each from a stream of its own, so that blocks could be drawn in any order.
_ROWS_PER_STREAM = 512
# A connection probability is realised to 2^-33; the sampling error of a network of 50,000 neurons is 1e-5.
_DIGITS = 32


@dataclass(frozen=True, eq=False, repr=False)
class WiredNetwork(Drawn):
    """One network: its specification and who is connected to whom; abstract.

    Populations are laid out one after the other, each padded to whole words of 64 positions.

    Parameters
    ----------
    network : ClusteredNetwork
    seed, network_index : int
        Where the random streams of the wiring were.
    rows : BitRows or TargetLists
        Connections of the neuron at each position.
    """

    _shown = ("network", "n_synapses", "seed", "network_index")

    network: Any
    seed: int
    network_index: int
    rows: BitRows | TargetLists = field(repr=False)

    # Whether a row holds the targets of a presynaptic neuron, or the sources of a postsynaptic one.
    rows_are_presynaptic: ClassVar[bool]

    @cached_property
    def words(self) -> dict[str, slice]:
        """Words of 64 positions that each population occupies."""
        return _words(self.network)

    @cached_property
    def position(self) -> NDArray[np.int64]:
        """Position of each neuron in rows and columns, (n_neurons,)."""
        parts = [np.arange(p.size) + WORD * self.words[p.name].start for p in self.network.populations]
        return np.concatenate(parts)

    @property
    def bits(self) -> NDArray[np.uint64]:
        """Connections as bits, (n_positions, n_words): bit k of word b in a row is the neuron at position ``64 b + k``.

        Raises
        ------
        ValueError
            If they are stored as lists.
        """
        if not isinstance(self.rows, BitRows):
            raise ValueError("this network is stored as lists, not as bits; use adjacency or weight_matrix.")
        return self.rows.bits

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return self.rows.n_synapses

    def adjacency(self, post: str, pre: str) -> NDArray[np.bool_]:
        """Return who is connected, (n_post, n_pre).

        Examples
        --------
        >>> import metastable as mst
        >>> wired = mst.networks.litwin_kumar_doiron_2012(n_e=400, n_clusters=5).wire(seed=1)
        >>> connected = wired.adjacency("I", "E")
        >>> connected.shape, bool(0.45 < connected.mean() < 0.55)
        ((100, 400), True)
        """
        row, column = (pre, post) if self.rows_are_presynaptic else (post, pre)
        n_row, n_column = self.network.population(row).size, self.network.population(column).size
        require_memory(
            2 * n_row * n_column,
            what=f"the adjacency of {n_row:,} x {n_column:,} neurons",
            do="take smaller populations, or use `rows` as they are stored",
        )
        connected = self.rows.dense(self.positions(row), self.positions(column))
        return connected.T if self.rows_are_presynaptic else connected

    def positions(self, name: str) -> slice:
        """Return the range of positions of a population."""
        first = WORD * self.words[name].start
        return slice(first, first + self.network.population(name).size)

    def share_a_cluster(self, post: str, pre: str) -> NDArray[np.bool_]:
        """Return who shares a cluster, (n_post, n_pre), or a single False where a population has no clusters."""
        return share_a_cluster(self.network.population(post).layout, self.network.population(pre).layout)

    def cluster_masks(self, post: str, pre: str) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Return the bits of a row that share a cluster with the row's neuron.

        Returns
        -------
        pattern : ndarray of int, (n_rows,)
            Neurons that belong to the same clusters have the same mask; this is its number.
        masks : ndarray of uint64, (n_patterns, n_words)
            Over the words of the population in the columns.
        """
        row, column = (pre, post) if self.rows_are_presynaptic else (post, pre)
        return _cluster_masks(self.network.population(row), self.network.population(column))

    def weight_matrix(self) -> csr_array:
        """Return all weights as a sparse matrix, (n_neurons, n_neurons), row: postsynaptic, column: presynaptic.

        It has one stored entry for each synapse, 12 bytes each: 90 MB for the default network.

        Examples
        --------
        >>> import metastable as mst
        >>> wired = mst.networks.litwin_kumar_doiron_2012(n_e=400, n_clusters=5).wire(seed=1)
        >>> wired.weight_matrix().nnz == wired.n_synapses
        True
        """
        from scipy.sparse import block_array, csr_array

        require_memory(
            24 * self.n_synapses,
            what=f"weights of {self.n_synapses:,} synapses as a matrix",
            do="use adjacency for the populations one by one, or fewer neurons",
        )
        grid: list[list[csr_array]] = []
        connected = {(c.post, c.pre) for c in self.network.connections}
        for post in self.network.populations:
            row = []
            for pre in self.network.populations:
                shape = post.size, pre.size
                if (post.name, pre.name) not in connected:
                    row.append(csr_array(shape))
                    continue
                block = self.network.block(post.name, pre.name)
                i, j = self._pairs(post.name, pre.name)
                weights = np.full(i.size, block.j_out)
                if block.j_in != block.j_out:
                    weights[pairs_share_a_cluster(post.layout, pre.layout, i, j)] = block.j_in
                row.append(csr_array((weights, (i, j)), shape=shape))
            grid.append(row)
        return csr_array(block_array(grid, format="csr"))

    def _pairs(self, post: str, pre: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the connected pairs of neurons, (post, pre), counted within their populations."""
        if not self.rows_are_presynaptic:
            return self.rows.pairs(self.positions(post), self.positions(pre))
        j, i = self.rows.pairs(self.positions(pre), self.positions(post))
        return i, j

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}: {self.network.n_neurons:,} neurons, {self.n_synapses:,} synapses, "
            f"seed {self.seed}, network {self.network_index}"
        )


@dataclass(frozen=True, eq=False, repr=False)
class WiredBinaryNetwork(WiredNetwork):
    """One binary network: specification and connections.

    Parameters
    ----------
    network : BinaryNetwork
    seed, network_index : int
        Where the random streams of the wiring were.
    rows : BitRows
        A row holds the sources of a postsynaptic neuron.
    """

    network: BinaryNetwork

    rows_are_presynaptic: ClassVar[bool] = False

    def with_weights_of(self, network: BinaryNetwork) -> WiredBinaryNetwork:
        """Return the same connections with the weights, thresholds and drive of another specification.

        Weight clustering does not touch the connections, so one wiring serves every J_+ and R_J.

        Parameters
        ----------
        network : BinaryNetwork
            With the same sizes and connection probabilities, and the same layouts where they shape probabilities.

        Returns
        -------
        WiredBinaryNetwork

        Raises
        ------
        ValueError
            If its connections would be drawn differently.

        Examples
        --------
        >>> import metastable as mst
        >>> wired = mst.networks.rost_2018(n_e=400, n_clusters=4).wire(seed=1)
        >>> stronger = wired.with_weights_of(mst.networks.rost_2018(n_e=400, n_clusters=4, j_e_plus=3, r_j=0.75))
        >>> stronger.n_synapses == wired.n_synapses
        True
        """
        if _drawn_from(network) != _drawn_from(self.network):
            raise ValueError(
                "the other network has other sizes, layouts or connection probabilities, so these connections are not "
                "its own; wire it instead."
            )
        return dataclasses.replace(self, network=network)


def wire_binary(network: BinaryNetwork, *, seed: int | None = None, network_index: int = 0) -> WiredBinaryNetwork:
    """Draw the connections of one network; see `BinaryNetwork.wire`."""
    seed = resolve_seed(seed)
    network_index = require_integer("network_index", network_index, minimum=0)
    require_room(network, bytes_of_bits(network))
    chunks = draw(network, seed, network_index, rows_are_presynaptic=False)
    return WiredBinaryNetwork(network, seed, network_index, BitRows.of(chunks, n_words(network)))


def draw(network: ClusteredNetwork, seed: int, network_index: int, *, rows_are_presynaptic: bool) -> Iterator[Chunk]:
    """Draw connections as bits, some rows of one connection at a time, whatever form they are kept in.

    Parameters
    ----------
    network : ClusteredNetwork
    seed, network_index : int
        Where the random streams are.
    rows_are_presynaptic : bool
        Whether rows are presynaptic neurons and columns postsynaptic ones, or the reverse.

    Yields
    ------
    first : int
        Position of the first row.
    word : int
        The first word of the columns.
    drawn : ndarray of uint64, (n_rows, n_words of the population)
    """
    words = _words(network)
    for index, connection in enumerate(network.connections):
        post, pre = network.population(connection.post), network.population(connection.pre)
        row, column = (pre, post) if rows_are_presynaptic else (post, pre)
        block = network.block(post.name, pre.name)
        pattern, masks = _cluster_masks(row, column)
        for chunk, start in enumerate(range(0, row.size, _ROWS_PER_STREAM)):
            rng = stream(seed, Purpose.WIRING, network_index, index, chunk)
            stop = min(start + _ROWS_PER_STREAM, row.size)
            drawn = _bernoulli_words(rng, block.p_out, (stop - start, masks.shape[1]))
            if block.p_in != block.p_out:
                _redraw_within_clusters(rng, drawn, pattern[start:stop], masks, block.p_in)
            drawn[:, -1] &= _tail_mask(column.size)
            if post.name == pre.name:
                own = np.arange(start, stop)
                drawn[own - start, own // WORD] &= ~(np.uint64(1) << (own % WORD).astype(np.uint64))
            yield WORD * words[row.name].start + start, words[column.name].start, drawn


def bytes_of_bits(network: ClusteredNetwork) -> int:
    """Return the memory that one bit for each pair of positions takes."""
    return 8 * WORD * n_words(network) ** 2


def require_room(network: ClusteredNetwork, n_bytes: int) -> None:
    """Raise a sentence, before anything is allocated, if so many bytes of connections do not fit into memory."""
    # Besides them a chunk of rows is drawn from arrays of random words.
    drawing = 3 * 8 * _ROWS_PER_STREAM * n_words(network)
    require_memory(
        n_bytes + drawing,
        what=f"wiring {network.n_neurons:,} neurons",
        do="use fewer neurons, or a machine with more memory",
    )


def n_words(network: ClusteredNetwork) -> int:
    """Return the number of words of 64 positions that all populations take."""
    return max(words.stop for words in _words(network).values())


def _drawn_from(network: ClusteredNetwork) -> list[Any]:
    """Return all that the drawing of connections depends on."""
    drawn: list[Any] = [(p.name, p.size) for p in network.populations]
    for c in network.connections:
        block = network.block(c.post, c.pre)
        drawn.append((c.post, c.pre, block.p_in, block.p_out))
        if block.p_in != block.p_out:
            drawn.append([network.population(name).layout for name in (c.post, c.pre)])
    return drawn


def _cluster_masks(row: Any, column: Any) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return, for each membership pattern of the row population, the columns that share a cluster, as bits."""
    n_words = -(-column.size // WORD)
    if row.layout is None or column.layout is None:
        return np.zeros(row.size, np.int64), np.zeros((1, n_words), np.uint64)
    with_pattern = shared_with_pattern(column.layout, row.layout)
    shared = np.zeros((len(with_pattern), n_words * WORD), np.uint8)
    shared[:, : column.size] = with_pattern
    return row.layout.patterns[1], np.packbits(shared, axis=1, bitorder="little").view(np.uint64)


def _words(network: ClusteredNetwork) -> dict[str, slice]:
    words, start = {}, 0
    for population in network.populations:
        stop = start + -(-population.size // WORD)
        words[population.name] = slice(start, stop)
        start = stop
    return words


def _tail_mask(size: int) -> np.uint64:
    used = (size - 1) % WORD + 1
    return np.uint64((1 << used) - 1)


def _bernoulli_words(rng: np.random.Generator, p: float, shape: tuple[int, ...]) -> NDArray[np.uint64]:
    """Draw words whose bits are independently 1 with probability p, 64 at a time.

    With p = 0.b1 b2 ... bn in binary, start from 0 and, from the last digit to the first, "or" a random word where
    the digit is 1 and "and" one where it is 0: each step maps P(1) = q to (digit + q)/2.
    """
    digits = round(p * 2**_DIGITS)
    if digits >= 2**_DIGITS:
        return np.full(shape, ~np.uint64(0))
    words = np.zeros(shape, np.uint64)
    if digits == 0:
        return words
    n_zeros = (digits & -digits).bit_length() - 1
    for k in range(n_zeros, _DIGITS):
        noise = rng.integers(0, 2**64, size=shape, dtype=np.uint64)
        if digits >> k & 1:
            words |= noise
        else:
            words &= noise
    return words


def _redraw_within_clusters(
    rng: np.random.Generator,
    rows: NDArray[np.uint64],
    pattern: NDArray[np.int64],
    masks: NDArray[np.uint64],
    p_in: float,
) -> None:
    """Replace, in place, the bits of pairs that share a cluster by draws with probability `p_in`."""
    for g in np.unique(pattern):
        inside = np.flatnonzero(masks[g])
        if not inside.size:
            continue
        hull = slice(inside[0], inside[-1] + 1)
        mine = np.flatnonzero(pattern == g)
        fresh = _bernoulli_words(rng, p_in, (mine.size, hull.stop - hull.start))
        mask = masks[g, hull]
        rows[mine, hull] = (rows[mine, hull] & ~mask) | (fresh & mask)
