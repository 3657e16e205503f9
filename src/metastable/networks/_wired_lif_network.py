"""One network of leaky integrate-and-fire neurons: drawn connections and biases, or synapses that were given."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from metastable._random import Purpose, resolve_seed, stream
from metastable._validation import require_choice, require_integer
from metastable.networks._connection_rows import WORD, BitRows, SynapseLists, TargetLists
from metastable.networks._given_synapses import synapse_lists
from metastable.networks._lif_network import LIFNetwork
from metastable.networks._packed_arrays import packed, unpacked
from metastable.networks._wiring import WiredNetwork, bytes_of_bits, draw, n_words, require_room

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Below a density of 1/32 lists take less memory than bits: 32 bits for each synapse, or one for each pair. As long as
# the bits stay in a processor's cache, where their memory is no matter, they are faster down to half of it.
_SPARSE, _SPARSE_IN_CACHE, _CACHE = 1 / 32, 1 / 64, 2**26
# Synapses that were given travel in the record of a simulation up to this number, 2 MB as text; beyond, a fingerprint.
_RECORDED = 100_000


@dataclass(frozen=True, eq=False, repr=False)
class WiredLIFNetwork(WiredNetwork):
    """One LIF network: specification, connections, and the bias of each neuron.

    Parameters
    ----------
    network : LIFNetwork
    seed, network_index : int
        Where the random streams of wiring and bias were.
    rows : BitRows, TargetLists or SynapseLists
        A row holds the targets of a presynaptic neuron.
    bias : ndarray of float, (n_neurons,)
    """

    network: LIFNetwork
    bias: NDArray[np.float64] = field(repr=False)

    rows_are_presynaptic: ClassVar[bool] = True

    @property
    def storage(self) -> str:
        """``"bits"`` or ``"lists"`` for drawn connections, ``"synapses"`` for those given by `with_synapses`."""
        if isinstance(self.rows, SynapseLists):
            return "synapses"
        return "bits" if isinstance(self.rows, BitRows) else "lists"

    def with_synapses(self, weights: Any, *, delay_ms: Any = None) -> WiredLIFNetwork:
        """Return the same neurons, with their biases, connected by synapses that have a weight and a delay each.

        Parameters
        ----------
        weights : array_like or sparse array, (n_neurons, n_neurons)
            Row: postsynaptic, column: presynaptic, in the unit of `weight_matrix`; 0 for no synapse. Entries of a
            sparse array for the same pair add. They replace all connections that were drawn, and may connect
            populations that had no connection.
        delay_ms : float, array_like or sparse array, (n_neurons, n_neurons), ms, optional
            Time from a spike to its arrival, one for all or one for each synapse; read where there is a synapse. By
            default those of the connections of the network.

        Returns
        -------
        WiredLIFNetwork

        Raises
        ------
        TypeError
            If these are no numbers.
        ValueError
            If a shape is wrong, a weight is NaN or infinite, a neuron connects to itself, or a synapse has no delay
            above 0.

        Notes
        -----
        The time course of a synapse is that of its presynaptic population. A simulation adds the weights that arrive
        at a neuron in the order in which they were sent, by steps and then by presynaptic neurons, so that they are
        rounded otherwise than the counts of spikes times weights of a network that was drawn.

        Examples
        --------
        >>> import metastable as mst
        >>> import numpy as np
        >>> wired = mst.networks.litwin_kumar_doiron_2012(n_e=400, n_clusters=5).wire(seed=1)
        >>> weights = wired.weight_matrix()
        >>> weights.data *= np.random.default_rng(2).lognormal(sigma=0.3, size=weights.nnz)
        >>> varied = wired.with_synapses(weights, delay_ms=1.5)
        >>> varied.storage, varied.n_synapses == wired.n_synapses
        ('synapses', True)
        >>> mst.simulate(varied, duration_ms=100).n_neurons
        500
        """
        n_positions = WORD * n_words(self.network)
        rows = synapse_lists(self.network, self.position, n_positions, weights, delay_ms)
        return dataclasses.replace(self, rows=rows)

    def weight_matrix(self) -> csr_array:
        """Return all weights as a sparse matrix, (n_neurons, n_neurons), row: postsynaptic, column: presynaptic.

        It has one stored entry for each synapse, 12 bytes each: 90 MB for the default network.

        Examples
        --------
        >>> import metastable as mst
        >>> wired = mst.networks.litwin_kumar_doiron_2012(n_e=400, n_clusters=5).wire(seed=1)
        >>> double = wired.with_synapses(2 * wired.weight_matrix())
        >>> bool(double.weight_matrix().sum() == 2 * wired.weight_matrix().sum())
        True
        """
        if isinstance(self.rows, SynapseLists):
            return self._sparse(self.rows, self.rows.weight)
        return super().weight_matrix()

    def delay_matrix(self) -> csr_array:
        """Return the delays of all synapses as a sparse matrix like `weight_matrix`, ms.

        Examples
        --------
        >>> import metastable as mst
        >>> wired = mst.networks.litwin_kumar_doiron_2012(n_e=400, n_clusters=5).wire(seed=1)
        >>> float(wired.delay_matrix().max())
        0.1
        """
        if isinstance(self.rows, SynapseLists):
            return self._sparse(self.rows, self.rows.delay_ms)
        delays = self.weight_matrix()
        population = np.repeat(np.arange(len(self.network.populations)), [p.size for p in self.network.populations])
        names = {p.name: k for k, p in enumerate(self.network.populations)}
        table = np.zeros((len(names), len(names)))
        for c in self.network.connections:
            table[names[c.post], names[c.pre]] = c.delay_ms
        post = np.repeat(np.arange(self.network.n_neurons), np.diff(delays.indptr))
        delays.data = table[population[post], population[delays.indices]]
        return delays

    def synapses_to_dict(self) -> dict[str, Any] | None:
        """Return synapses that were given as JSON-ready data, many as a fingerprint; None for drawn ones."""
        if not isinstance(self.rows, SynapseLists):
            return None
        weights, delays = self.weight_matrix(), self.delay_matrix()
        arrays = {"indptr": weights.indptr, "indices": weights.indices, "weight": weights.data, "delay_ms": delays.data}
        if weights.nnz <= _RECORDED:
            return {name: packed(array) for name, array in arrays.items()}
        content = b"".join(np.ascontiguousarray(array, "<f8").tobytes() for array in arrays.values())
        return {"n_synapses": int(weights.nnz), "sha256": hashlib.sha256(content).hexdigest()}

    def with_synapses_of(self, record: dict[str, Any]) -> WiredLIFNetwork:
        """Return the same neurons with the synapses of `synapses_to_dict`, or raise a sentence about a fingerprint."""
        from scipy.sparse import csr_array

        if "sha256" in record:
            raise ValueError(
                f"this record holds only a fingerprint of its {record['n_synapses']:,} synapses, sha256 "
                f"{record['sha256'][:12]}...; pass their weights to with_synapses again, and the network to simulate."
            )
        arrays = {name: unpacked(data) for name, data in record.items()}
        where = (arrays["indices"].astype(np.int64), arrays["indptr"].astype(np.int64))
        shape = self.network.n_neurons, self.network.n_neurons
        weights, delays = (csr_array((arrays[name], *where), shape=shape) for name in ("weight", "delay_ms"))
        return self.with_synapses(weights, delay_ms=delays)

    def _sparse(self, rows: SynapseLists, values: NDArray[np.float64]) -> csr_array:
        from scipy.sparse import csr_array

        neuron_at = np.zeros(WORD * n_words(self.network), np.int64)
        neuron_at[self.position] = np.arange(self.network.n_neurons)
        pre = np.repeat(neuron_at, np.diff(rows.start))
        shape = self.network.n_neurons, self.network.n_neurons
        return csr_array((values, (neuron_at[rows.target], pre)), shape=shape)

    def __repr__(self) -> str:
        if not isinstance(self.rows, SynapseLists):
            return super().__repr__()
        return (
            f"WiredLIFNetwork: {self.network.n_neurons:,} neurons, {self.n_synapses:,} synapses with weights of their "
            f"own, biases of seed {self.seed}, network {self.network_index}"
        )


def wire_lif(
    network: LIFNetwork, *, seed: int | None = None, network_index: int = 0, storage: str = "auto"
) -> WiredLIFNetwork:
    """Draw the connections and the bias of one network; see `LIFNetwork.wire`."""
    seed = resolve_seed(seed)
    network_index = require_integer("network_index", network_index, minimum=0)
    require_choice("storage", storage, ("auto", "bits", "lists"))
    if storage == "auto":
        in_cache = WORD // 8 * n_words(network) * network.n_neurons <= _CACHE
        storage = "lists" if _density(network) < (_SPARSE_IN_CACHE if in_cache else _SPARSE) else "bits"
    # Lists exist twice while they are put together.
    n_synapses = round(_density(network) * network.n_neurons**2)
    require_room(network, bytes_of_bits(network) if storage == "bits" else 2 * 4 * n_synapses)
    form = {"bits": BitRows, "lists": TargetLists}[storage]
    rows = form.of(draw(network, seed, network_index, rows_are_presynaptic=True), n_words(network))
    rng = stream(seed, Purpose.BIAS, network_index)
    bias = np.concatenate([rng.uniform(*p.bias, size=p.size) for p in network.populations])
    bias.flags.writeable = False
    return WiredLIFNetwork(network, seed, network_index, rows, bias)


def _density(network: LIFNetwork) -> float:
    """Return the expected fraction of all pairs of neurons that are connected."""
    expected = 0.0
    for c in network.connections:
        n_pairs = network.population(c.post).size * network.population(c.pre).size
        expected += network.block(c.post, c.pre).mean_probability * n_pairs
    return expected / network.n_neurons**2
