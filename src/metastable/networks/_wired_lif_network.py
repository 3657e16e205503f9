"""One network of leaky integrate-and-fire neurons: drawn connections and biases, or synapses that were given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from metastable._random import Purpose, resolve_seed, stream
from metastable._validation import require_choice, require_integer
from metastable.networks._connection_rows import BitRows, TargetLists
from metastable.networks._lif_network import LIFNetwork
from metastable.networks._wiring import WiredNetwork, draw, n_words

if TYPE_CHECKING:
    pass

# Below this density lists take less memory than bits: 32 bits for each synapse, or one for each pair.
_SPARSE = 1 / 32


@dataclass(frozen=True, eq=False, repr=False)
class WiredLIFNetwork(WiredNetwork):
    """One LIF network: specification, connections, and the bias of each neuron.

    Parameters
    ----------
    network : LIFNetwork
    seed, network_index : int
        Where the random streams of wiring and bias were.
    rows : BitRows or TargetLists
        A row holds the targets of a presynaptic neuron.
    bias : ndarray of float, (n_neurons,)
    """

    network: LIFNetwork
    bias: NDArray[np.float64] = field(repr=False)

    rows_are_presynaptic: ClassVar[bool] = True


def wire_lif(
    network: LIFNetwork, *, seed: int | None = None, network_index: int = 0, storage: str = "auto"
) -> WiredLIFNetwork:
    """Draw the connections and the bias of one network; see `LIFNetwork.wire`."""
    seed = resolve_seed(seed)
    network_index = require_integer("network_index", network_index, minimum=0)
    require_choice("storage", storage, ("auto", "bits", "lists"))
    if storage == "auto":
        storage = "lists" if _density(network) < _SPARSE else "bits"
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
