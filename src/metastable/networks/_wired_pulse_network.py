"""One pulse-coupled network: every weight, delay and neuron, drawn or given."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn
from metastable._random import Purpose, resolve_seed, stream
from metastable._validation import require_instance, require_integer, require_numbers
from metastable.networks._packed_arrays import packed, unpacked
from metastable.networks._pulse_network import PulseNetwork

# Streams of one network, all with the purpose WIRING: each its own, so that one property can change alone.
_CONNECTIONS, _SIZES, _SIGNS, _DELAYS = range(4)
_VECTORS = ("tau_ms", "drive_mv", "threshold_mv", "reset_mv")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class WiredPulseNetwork(Drawn):
    """One network of pulse-coupled leaky integrate-and-fire neurons, all arrays explicit.

    `PulseNetwork.wire` draws one; a person's own network is built from its arrays.

    Parameters
    ----------
    weights : array_like, (n_neurons, n_neurons), mV
        ``weights[i, j]`` is the jump of neuron i when a spike of j arrives; 0 for no synapse.
    delay_ms : float or array_like, (n_neurons, n_neurons), ms
        Time from a spike to its arrival, one for all or per connection, (post, pre).
    tau_ms, drive_mv, threshold_mv, reset_mv : float or array_like, (n_neurons,)
        Membrane time constants in ms; RI, V_T and V_R in mV.
    network : PulseNetwork, optional
        What the arrays were drawn from.
    seed : int, optional
        Where the random streams of the drawing were.
    network_index : int
        Which of the networks of this seed.

    Raises
    ------
    ValueError
        If a shape is wrong, a value is NaN or infinite, a neuron connects to itself, a time is not positive, a reset is
        not below its threshold, or one weight reaches from reset to threshold.

    Notes
    -----
    ``a_ij < V_T - V_R`` is assumed by Van Bussel et al. 2011, section 3.2: a single spike never takes a neuron from
    reset to threshold.

    Examples
    --------
    >>> from metastable.networks import WiredPulseNetwork
    >>> pair = WiredPulseNetwork(weights=[[0, -1], [2, 0]], delay_ms=1.5, tau_ms=20, drive_mv=[30, 25], threshold_mv=20,
    ...                          reset_mv=0)
    >>> pair
    WiredPulseNetwork: 2 neurons, 2 synapses
    >>> pair.period_ms.round(3)
    array([21.972, 32.189])
    """

    _shown = ("weights", "delay_ms", "tau_ms", "drive_mv", "threshold_mv", "reset_mv", "seed", "network_index")

    weights: NDArray[np.float64] = field(repr=False)
    delay_ms: float | NDArray[np.float64]
    tau_ms: NDArray[np.float64]
    drive_mv: NDArray[np.float64]
    threshold_mv: NDArray[np.float64]
    reset_mv: NDArray[np.float64]
    network: PulseNetwork | None = None
    seed: int | None = None
    network_index: int = 0

    def __post_init__(self) -> None:
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        weights = np.array(_finite("weights", self.weights))
        if weights.ndim != 2 or weights.shape[0] != weights.shape[1] or not weights.size:
            raise ValueError(f"weights must have shape (n_neurons, n_neurons), (post, pre), got {weights.shape}.")
        n = weights.shape[0]
        for name in _VECTORS:
            put(name, _vector(name, getattr(self, name), n))
        tau, reset, threshold = self.tau_ms, self.reset_mv, self.threshold_mv
        if (bad := np.flatnonzero(tau <= 0)).size:
            raise ValueError(f"tau_ms must be above 0, got {tau[bad[0]]:g} for neuron {bad[0]}.")
        if (bad := np.flatnonzero(reset >= threshold)).size:
            i = bad[0]
            raise ValueError(
                f"reset_mv={reset[i]:g} of neuron {i} must lie below its threshold_mv={threshold[i]:g}; lower it."
            )
        if (own := np.flatnonzero(np.diagonal(weights))).size:
            i = own[0]
            raise ValueError(
                f"weights[{i}, {i}] = {weights[i, i]:g} connects a neuron to itself; set the diagonal to 0."
            )
        distance = threshold - reset
        if (strong := np.argwhere(weights >= distance[:, None])).size:
            i, j = strong[0]
            raise ValueError(
                f"weights[{i}, {j}] = {weights[i, j]:g} mV takes neuron {i} from reset to threshold, "
                f"{distance[i]:g} mV apart, with one spike; lower it, or give all in mV."
            )
        delay = np.array(_finite("delay_ms", self.delay_ms))
        if delay.shape not in ((), (n, n)):
            raise ValueError(
                f"delay_ms must be one number or have shape {(n, n)}, (post, pre), got shape {delay.shape}."
            )
        # A neuron has no connection to itself, so the diagonal of delays may hold anything.
        least = float(delay) if not delay.shape else np.min(delay[~np.eye(n, dtype=bool)], initial=np.inf)
        if least <= 0:
            raise ValueError(f"delay_ms must be above 0, got {least:g}; spikes cannot arrive before they are fired.")
        put("weights", _frozen(weights))
        put("delay_ms", _frozen(delay) if delay.shape else float(delay))
        if self.network is not None:
            require_instance("network", self.network, PulseNetwork, do="leave it out")
        put("seed", None if self.seed is None else resolve_seed(self.seed))
        put("network_index", require_integer("network_index", self.network_index, minimum=0))

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return self.weights.shape[0]

    @cached_property
    def n_synapses(self) -> int:
        """Number of weights other than 0."""
        return int(np.count_nonzero(self.weights))

    @cached_property
    def period_ms(self) -> NDArray[np.float64]:
        """Time between two spikes without input, (n_neurons,), ms; infinite where the drive is not above threshold.

        Notes
        -----
        Van Bussel et al. 2011, eq. 4: ``T = tau ln((RI - V_R)/(RI - V_T))``.
        """
        return _frozen(periods(self.tau_ms, self.drive_mv, self.threshold_mv, self.reset_mv))

    def to_dict(self) -> dict[str, Any]:
        """Return the network as JSON-ready data: what it was drawn from, or else all of its arrays.

        Examples
        --------
        >>> import metastable as mst
        >>> pair = mst.networks.WiredPulseNetwork(weights=[[0, -1], [2, 0]], delay_ms=1.5, tau_ms=20, drive_mv=30,
        ...                                       threshold_mv=20, reset_mv=0)
        >>> again = mst.networks.WiredPulseNetwork.from_dict(pair.to_dict())
        >>> bool((again.weights == pair.weights).all())
        True
        """
        if self.network is not None:
            return {"network": self.network.to_dict(), "seed": self.seed, "network_index": self.network_index}
        arrays = {name: getattr(self, name).tolist() for name in _VECTORS}
        delay = self.delay_ms if isinstance(self.delay_ms, float) else packed(np.asarray(self.delay_ms))
        return {"weights": packed(self.weights), "delay_ms": delay, **arrays}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> WiredPulseNetwork:
        """Rebuild a network from `to_dict`, or from its JSON."""
        if "network" in data:
            network = PulseNetwork.from_dict(data["network"])
            return network.wire(data["seed"], network_index=data["network_index"])
        delay = data["delay_ms"]
        return WiredPulseNetwork(
            weights=unpacked(data["weights"]),
            delay_ms=unpacked(delay) if isinstance(delay, dict) else delay,
            **{name: data[name] for name in _VECTORS},
        )

    def __repr__(self) -> str:
        drawn = "" if self.seed is None else f", seed {self.seed}, network {self.network_index}"
        return f"WiredPulseNetwork: {self.n_neurons:,} neurons, {self.n_synapses:,} synapses{drawn}"


def periods(
    tau_ms: NDArray[np.float64],
    drive_mv: NDArray[np.float64],
    threshold_mv: NDArray[np.float64],
    reset_mv: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the time between two spikes without input (Van Bussel et al. 2011, eq. 4), infinite below threshold."""
    shape = np.broadcast_shapes(*(np.shape(a) for a in (tau_ms, drive_mv, threshold_mv, reset_mv)))
    tau, drive, threshold, reset = (np.broadcast_to(a, shape) for a in (tau_ms, drive_mv, threshold_mv, reset_mv))
    period = np.full(shape, np.inf)
    above = drive > threshold
    ratio = (drive[above] - reset[above]) / (drive[above] - threshold[above])
    period[above] = tau[above] * np.log(ratio)
    return period


def wire_pulse(network: PulseNetwork, *, seed: int | None = None, network_index: int = 0) -> WiredPulseNetwork:
    """Draw one network; see `PulseNetwork.wire`."""
    seed = resolve_seed(seed)
    network_index = require_integer("network_index", network_index, minimum=0)
    n = network.n_neurons

    def rng(what: int) -> np.random.Generator:
        return stream(seed, Purpose.WIRING, network_index, what)

    def neurons(value: float, half_width: float, what: int) -> NDArray[np.float64]:
        return value + half_width * stream(seed, Purpose.BIAS, network_index, what).uniform(-1, 1, n)

    connected = _connections(network, rng(_CONNECTIONS))
    weights = _weights(network, connected, rng(_SIZES), rng(_SIGNS))
    delay: float | NDArray[np.float64] = network.delay_ms
    if network.delay_spread:
        delay = network.delay_ms * (1 + network.delay_spread * rng(_DELAYS).uniform(-1, 1, (n, n)))
    distance = network.threshold_mv - network.reset_mv
    return WiredPulseNetwork(
        weights=weights,
        delay_ms=delay,
        tau_ms=neurons(network.tau_ms, network.tau_spread * network.tau_ms, 0),
        drive_mv=neurons(network.drive_mv, network.drive_spread * abs(network.drive_mv), 1),
        threshold_mv=neurons(network.threshold_mv, network.threshold_spread * distance, 2),
        reset_mv=neurons(network.reset_mv, network.reset_spread * distance, 3),
        network=network,
        seed=seed,
        network_index=network_index,
    )


def _connections(network: PulseNetwork, rng: np.random.Generator) -> NDArray[np.bool_]:
    n = network.n_neurons
    key = rng.random((n, n))
    np.fill_diagonal(key, 2.0)
    if network.in_degree is None:
        return key < network.probability  # pyright: ignore[reportOperatorIssue]
    connected = np.zeros((n, n), bool)
    if network.in_degree:
        chosen = np.argpartition(key, network.in_degree - 1, axis=1)[:, : network.in_degree]
        np.put_along_axis(connected, chosen, True, axis=1)
    return connected


def _weights(
    network: PulseNetwork, connected: NDArray[np.bool_], sizes: np.random.Generator, signs: np.random.Generator
) -> NDArray[np.float64]:
    shape, spread = connected.shape, network.weight_spread
    if network.weight_distribution == "constant":
        size = np.ones(shape)
    elif network.weight_distribution == "normal":
        size = np.abs(1 + spread * sizes.standard_normal(shape))
    else:
        variance = np.log1p(spread**2)
        size = np.exp(np.sqrt(variance) * sizes.standard_normal(shape) - variance / 2)
    assert network.weight_mv is not None
    weights = np.where(connected, network.weight_mv * size, 0.0)
    weights[signs.random(shape) < network.sign_flip] *= -1
    weights += 0.0  # no negative zeros
    if network.row_sum_mv is not None:
        for i in np.flatnonzero(connected.any(axis=1)) if network.row_sum_mv == 0 else range(shape[0]):
            weights[i] = _with_sum(weights[i], network.row_sum_mv, i, signs)
    return weights


def _with_sum(row: NDArray[np.float64], total: float, i: int, signs: np.random.Generator) -> NDArray[np.float64]:
    """Scale weights to a sum; where they have both signs, the sum of their sizes is kept."""
    synapses = np.flatnonzero(row)
    size = np.abs(row).sum()
    # Enough of the other sign must exist: a row that chance gave one sign only has one synapse turned.
    if total * row.sum() <= 0 and synapses.size > 1 and (np.all(row >= 0) or np.all(row <= 0)):
        row = row.copy()
        row[signs.choice(synapses)] *= -1
    up, down = row.clip(min=0).sum(), -row.clip(max=0).sum()
    if up and down and abs(total) < size:
        return np.where(row > 0, row * ((size + total) / 2 / up), row * ((size - total) / 2 / down))
    if not (up and down) and total * (up - down) > 0:
        return row * (total / (up - down))
    raise ValueError(
        f"the {synapses.size} weights onto neuron {i}, of {size:g} mV together, cannot have the sum row_sum_mv="
        f"{total:g}; give every neuron more or stronger presynaptic neurons (in_degree=, weight_mv=)."
    )


def _finite(name: str, values: Any) -> NDArray[np.float64]:
    array = require_numbers(name, values)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinite values; give finite numbers, and 0 for no synapse.")
    return array


def _vector(name: str, values: Any, n: int) -> NDArray[np.float64]:
    array = _finite(name, values)
    if array.shape not in ((), (n,)):
        raise ValueError(
            f"{name} must be one number or one per neuron, {n} by the shape of weights, got shape {array.shape}."
        )
    return _frozen(np.array(np.broadcast_to(array, n)))


def _frozen(array: NDArray[np.float64]) -> NDArray[np.float64]:
    array.flags.writeable = False
    return array
