"""What is known of neurons with synaptic currents, whose connections are sought."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._display import Displayed
from metastable._validation import require_instance, require_number, require_numbers, require_steps
from metastable.networks import LIFNetwork, WiredLIFNetwork
from metastable.reconstruction._parameters import broadcast, owned, range_of, shortened
from metastable.spikes import SpikeData

Array = NDArray[np.float64]

# Time constants after which nothing is left of a current from before the recording: 1e-13 of it where times are exact,
# and 1e-4 on a grid, where the potential at a spike is not known better than to a hundredth.
_MEMORY_EXACT, _MEMORY_GRID = 30.0, 10.0
# Exponentials closer than this cancel to fewer digits than times have.
_CLOSEST_TIMES = 1e-6


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class CurrentModel(Displayed):
    """Parameters of leaky integrate-and-fire neurons with exponential or biexponential synapses: all but the weights.

    Parameters
    ----------
    bias : array_like, (n,)
        Constant drive mu, that is the potential at which a neuron without input would come to rest.
    tau_ms : float or array_like, (n,), ms
        Membrane time constants.
    threshold, reset : float or array_like, (n,)
        In the unit of `bias`.
    refractory_ms : float or array_like, (n,), ms
        Time for which the potential stays at the reset value after a spike.
    tau_decay_ms : float or array_like, (n,), ms
        Decay time of the synapses that a neuron makes.
    tau_rise_ms : float or array_like, (n,), ms
        Their rise time; 0 for exponential synapses.
    delay_ms : float or array_like, (n, n), ms
        Transmission delay of all connections, or of each, (post, pre).
    dt_ms : float, ms, optional
        Step of a simulation by the forward Euler method; None for continuous time.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is not finite or out of range, a rise is not faster than its decay, a membrane
        and a synapse have the same time constant, or a time is not on the grid.

    Notes
    -----
    dV/dt = (mu - V)/tau + sum_j a_ij sum_k F_j(t - t_jk - delay_ij), where F_j has unit area:
    ``F(t) = (exp(-t/tau_decay) - exp(-t/tau_rise)) / (tau_decay - tau_rise)`` (Litwin-Kumar & Doiron 2012, Methods).
    On a grid the order of a step is that of `metastable.simulate`: arrivals, currents, potentials, spikes.

    Examples
    --------
    >>> import metastable as mst
    >>> mst.reconstruction.CurrentModel(bias=[1.1, 1.2], tau_ms=15, tau_decay_ms=3, tau_rise_ms=1)
    CurrentModel(2 neurons, tau 15 ms, bias 1.1 to 1.2, threshold 1, reset 0, refractory 5 ms, synapses 1 to 3 ms,
                 delay 0.1 ms, continuous time)
    """

    bias: Array
    tau_ms: Array
    tau_decay_ms: Array
    tau_rise_ms: Array = 0.0  # pyright: ignore[reportAssignmentType]  # broadcast in __post_init__
    threshold: Array = 1.0  # pyright: ignore[reportAssignmentType]
    reset: Array = 0.0  # pyright: ignore[reportAssignmentType]
    refractory_ms: Array = 5.0  # pyright: ignore[reportAssignmentType]
    delay_ms: Array = 0.1  # pyright: ignore[reportAssignmentType]
    dt_ms: float | None = None

    def __post_init__(self) -> None:
        bias = require_numbers("bias", self.bias)
        if bias.ndim != 1 or not bias.size:
            raise ValueError(f"bias must have shape (n,), got {bias.shape}.")
        arrays = {"bias": bias}
        for name in ("tau_ms", "tau_decay_ms", "tau_rise_ms", "threshold", "reset", "refractory_ms"):
            arrays[name] = broadcast(name, getattr(self, name), bias.shape)
        delay = require_numbers("delay_ms", self.delay_ms)
        arrays["delay_ms"] = delay if delay.ndim == 0 else broadcast("delay_ms", delay, (bias.size, bias.size))
        for name, array in arrays.items():
            object.__setattr__(self, name, owned(name, array))
        for name, least in (("tau_ms", 1), ("tau_decay_ms", 1), ("tau_rise_ms", 0), ("refractory_ms", 0)):
            lowest = float(arrays[name].min())
            if lowest < 0 or (least and lowest == 0):
                raise ValueError(f"{name} must be {'above' if least else 'at least'} 0, got {lowest:g}.")
        if (arrays["delay_ms"] < 0).any():
            raise ValueError(f"delay_ms must be at least 0, got {arrays['delay_ms'].min():g}.")
        self._require_order("threshold", "reset", "exchange them?")
        self._require_order("tau_decay_ms", "tau_rise_ms", "give 0 for an exponential synapse.")
        self._require_distinct()
        if self.dt_ms is not None:
            self._require_grid(require_number("dt_ms", self.dt_ms, above=0))

    def _require_order(self, above: str, below: str, do: str) -> None:
        high, low = getattr(self, above), getattr(self, below)
        if (high <= low).any():
            i = int(np.argmax(high <= low))
            raise ValueError(f"{above} must lie above {below}, but neuron {i} has {high[i]:g} and {low[i]:g}; {do}")

    def _require_distinct(self) -> None:
        for name in ("tau_decay_ms", "tau_rise_ms"):
            for tau in np.unique(getattr(self, name)):
                same = np.abs(self.tau_ms / tau - 1) < _CLOSEST_TIMES if tau > 0 else np.zeros(1, bool)
                if same.any():
                    raise ValueError(
                        f"tau_ms of neuron {int(np.argmax(same))} equals a {name} of {tau:g} ms, and two equal "
                        "exponentials cannot be told apart; change one by a hundred-thousandth."
                    )

    def _require_grid(self, dt: float) -> None:
        object.__setattr__(self, "dt_ms", dt)
        rise = self.tau_rise_ms
        shortest = min(self.tau_ms.min(), self.tau_decay_ms.min(), rise[rise > 0].min(initial=np.inf))
        if dt >= shortest:
            raise ValueError(
                f"dt_ms={dt:g} must be below the shortest time constant, {shortest:g} ms; give the step of the "
                "simulation."
            )
        for name, minimum in (("refractory_ms", 0), ("delay_ms", 1)):
            for value in np.unique(getattr(self, name)):
                require_steps(name, float(value), dt, minimum=minimum)

    @property
    def n(self) -> int:
        """Number of neurons."""
        return self.bias.size

    @cached_property
    def settle_ms(self) -> Array:
        """Time after which arrivals from before the recording no longer count, (n,), ms."""
        memory = _MEMORY_EXACT if self.dt_ms is None else _MEMORY_GRID
        last = np.broadcast_to(self.delay_ms, (self.n, self.n)) + memory * self.tau_decay_ms
        return np.maximum(last.max(axis=-1) - self.refractory_ms, 0.0)

    @classmethod
    def of(
        cls, network: LIFNetwork | WiredLIFNetwork, *, bias: ArrayLike | None = None, dt_ms: float | None = None
    ) -> CurrentModel:
        """Take the parameters, not the weights, from a network of leaky integrate-and-fire neurons.

        Parameters
        ----------
        network : WiredLIFNetwork or LIFNetwork
            A specification draws its bias from a range, so that only a wired network knows it.
        bias : float or array_like, (n,), optional
            Instead of the network's own.
        dt_ms : float, ms, optional
            Step of the simulation; None for continuous time.

        Returns
        -------
        CurrentModel

        Raises
        ------
        TypeError
            If it is no such network.
        ValueError
            If the bias is neither in the network nor given.

        Examples
        --------
        >>> import metastable as mst
        >>> wired = mst.networks.litwin_kumar_doiron_2012(n_e=400, n_clusters=5).wire(seed=1)
        >>> model = mst.reconstruction.CurrentModel.of(wired, dt_ms=0.1)
        >>> model.n, float(model.tau_decay_ms[0]), float(model.tau_decay_ms[-1])
        (500, 3.0, 2.0)
        """
        if not isinstance(network, LIFNetwork | WiredLIFNetwork):
            raise TypeError(
                f"network must be a LIFNetwork or a WiredLIFNetwork, got {type(network).__name__}; build a "
                "CurrentModel."
            )
        spec = network.network if isinstance(network, WiredLIFNetwork) else network
        if bias is None:
            bias = network.bias if isinstance(network, WiredLIFNetwork) else _single_bias(spec)
        spread = lambda values: np.repeat(values, [p.size for p in spec.populations])  # noqa: E731
        return cls(
            bias=np.broadcast_to(require_numbers("bias", bias), (spec.n_neurons,)),
            tau_ms=spread([p.tau_m_ms for p in spec.populations]),
            tau_decay_ms=spread([p.synapse.tau_decay_ms for p in spec.populations]),
            tau_rise_ms=spread([p.synapse.tau_rise_ms or 0.0 for p in spec.populations]),
            threshold=spread([p.threshold for p in spec.populations]),
            reset=spread([p.reset for p in spec.populations]),
            refractory_ms=spread([p.refractory_ms for p in spec.populations]),
            delay_ms=_delays(network),
            dt_ms=dt_ms,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the parameters JSON-ready; long arrays as a fingerprint."""
        arrays = {name: shortened(getattr(self, name)) for name in self.__dataclass_fields__ if name != "dt_ms"}
        return {**arrays, "dt_ms": self.dt_ms}

    def __repr__(self) -> str:
        rise = self.tau_rise_ms
        synapses = range_of(np.concatenate([rise[rise > 0], self.tau_decay_ms]))
        time = "continuous time" if self.dt_ms is None else f"Euler steps of {self.dt_ms:g} ms"
        return (
            f"CurrentModel({self.n} neurons, tau {range_of(self.tau_ms)} ms, bias {range_of(self.bias)}, "
            f"threshold {range_of(self.threshold)}, reset {range_of(self.reset)}, "
            f"refractory {range_of(self.refractory_ms)} ms, synapses {synapses} ms, "
            f"delay {range_of(self.delay_ms)} ms, {time})"
        )


def as_current_model(model: Any, spikes: SpikeData, *, bias_unknown: bool) -> CurrentModel:
    """Return the model as it is, or that of a network on the time grid of its recording."""
    if isinstance(model, CurrentModel):
        return model
    require_instance("spikes", spikes, SpikeData, do="build one from times and neurons")
    bias = None
    if bias_unknown and isinstance(model, LIFNetwork):
        # What is found is added to it, so that any would do.
        bias = np.repeat([np.mean(p.bias) for p in model.populations], [p.size for p in model.populations])
    return CurrentModel.of(model, bias=bias, dt_ms=spikes.dt_ms)


def _single_bias(network: LIFNetwork) -> Array:
    for p in network.populations:
        if p.bias[0] != p.bias[1]:
            raise ValueError(
                f"the bias of {p.name} is drawn from {p.bias[0]:g} to {p.bias[1]:g} when the network is wired; give "
                "the wired network, or the bias of each neuron."
            )
    return np.repeat([p.bias[0] for p in network.populations], [p.size for p in network.populations])


def _delays(network: LIFNetwork | WiredLIFNetwork) -> Array:
    """Return one delay if all connections have the same, else that of each pair, (n, n)."""
    if isinstance(network, WiredLIFNetwork) and network.storage != "synapses":
        network = network.network
    if isinstance(network, WiredLIFNetwork):
        given = network.delay_matrix().tocoo()
        values, parts = given.data, [(given.coords, given.data)]
        n = network.network.n_neurons
    else:
        values = np.array([c.delay_ms for c in network.connections])
        parts = [((network.neurons(c.post), network.neurons(c.pre)), c.delay_ms) for c in network.connections]
        n = network.n_neurons
    if (values == values[:1]).all():
        return np.array(values[0] if values.size else 0.0)
    # Between neurons without a connection any delay does; the shortest needs no further interval.
    delay = np.full((n, n), values.min())
    for where, value in parts:
        delay[where] = value
    return delay
