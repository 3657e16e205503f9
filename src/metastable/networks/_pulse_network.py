"""Specification of a random network of pulse-coupled leaky integrate-and-fire neurons."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metastable._display import Displayed
from metastable._validation import require_choice, require_integer, require_number

if TYPE_CHECKING:
    from metastable.networks._wired_pulse_network import WiredPulseNetwork

_SPREADS = ("weight", "delay", "tau", "drive", "threshold", "reset")


@dataclass(frozen=True, kw_only=True, repr=False)
class PulseNetwork(Displayed):
    """A random network of pulse-coupled leaky integrate-and-fire neurons, as a specification.

    Between spikes ``dV_i/dt = (RI_i - V_i)/tau_i``. A spike of j raises V_i by the weight a_ij after the delay; at the
    threshold V_T a neuron fires and is set to V_R.

    Parameters
    ----------
    n_neurons : int
    in_degree : int, optional
        Every neuron has this many presynaptic neurons, chosen at random; no neuron connects to itself.
    probability : float, optional
        Instead of `in_degree`: each pair is connected with this probability.
    weight_mv : float, mV, optional
        Mean weight; negative for inhibition. May be left out with a `row_sum_mv` other than 0: then it is that sum over
        the mean in-degree.
    weight_distribution : {"constant", "normal", "lognormal"}
        Of the size of weights. No weight changes sign: of a normal variable the absolute value is taken.
    weight_spread : float
        Standard deviation of the size over its mean; without effect for ``"constant"``.
    sign_flip : float
        Probability that a connection has the other sign.
    row_sum_mv : float, mV, optional
        Scale the weights onto each neuron so that they have this sum. A negative sum without `sign_flip` gives the
        homogeneous inhibitory networks of Van Bussel et al. 2011; 0 gives balanced ones.
    delay_ms : float, ms
    delay_spread : float
        0 for one delay of all connections; otherwise each connection has its own, uniform within this fraction of
        `delay_ms` on either side.
    tau_ms : float, ms
        Membrane time constant, 1/gamma.
    drive_mv : float, mV
        RI, the potential to which a neuron without input relaxes; at or below the threshold it does not fire by itself.
    threshold_mv, reset_mv : float, mV
        V_T and V_R.
    tau_spread, drive_spread : float
        Neurons differ, uniformly within this fraction of the value on either side.
    threshold_spread, reset_spread : float
        The same, as a fraction of ``threshold_mv - reset_mv``.
    name : str
        What to print.

    Raises
    ------
    ValueError
        If a parameter is out of range, or two of them say the same thing.

    Notes
    -----
    Van Bussel, Kriener & Timme 2011, eqs. 1 and 2.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.PulseNetwork(n_neurons=50, in_degree=12, row_sum_mv=-5, delay_ms=2, tau_ms=20, drive_mv=30)
    >>> wired = net.wire(seed=1)
    >>> wired.weights.sum(axis=1).round(9)[:3]
    array([-5., -5., -5.])
    """

    _prints_a_table = True

    n_neurons: int
    in_degree: int | None = None
    probability: float | None = None
    weight_mv: float | None = None
    weight_distribution: str = "constant"
    weight_spread: float = 0.25
    sign_flip: float = 0.0
    row_sum_mv: float | None = None
    delay_ms: float = 2.0
    delay_spread: float = 0.0
    tau_ms: float = 20.0
    tau_spread: float = 0.0
    drive_mv: float = 30.0
    drive_spread: float = 0.0
    threshold_mv: float = 20.0
    threshold_spread: float = 0.0
    reset_mv: float = 0.0
    reset_spread: float = 0.0
    name: str = "pulse-coupled network"

    def __post_init__(self) -> None:
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        put("n_neurons", require_integer("n_neurons", self.n_neurons, minimum=1))
        if (self.in_degree is None) == (self.probability is None):
            raise ValueError("give either in_degree or probability, which both say how many connections there are.")
        if self.in_degree is not None:
            put("in_degree", require_integer("in_degree", self.in_degree, minimum=0))
            if self.in_degree > self.n_neurons - 1:
                raise ValueError(
                    f"in_degree={self.in_degree} is more than the {self.n_neurons - 1} other neurons; lower it."
                )
        else:
            put("probability", require_number("probability", self.probability, minimum=0, maximum=1))
        for name in ("delay_ms", "tau_ms"):
            put(name, require_number(name, getattr(self, name), above=0))
        for name in ("drive_mv", "threshold_mv", "reset_mv"):
            put(name, require_number(name, getattr(self, name)))
        if not self.reset_mv < self.threshold_mv:
            raise ValueError(
                f"reset_mv={self.reset_mv:g} must lie below threshold_mv={self.threshold_mv:g}; lower the reset."
            )
        for name in _SPREADS:
            spread = require_number(f"{name}_spread", getattr(self, f"{name}_spread"), minimum=0)
            if name in ("delay", "tau") and spread >= 1:
                raise ValueError(f"{name}_spread must be below 1, got {spread:g}: with more, times would reach 0.")
            put(f"{name}_spread", spread)
        require_choice("weight_distribution", self.weight_distribution, ("constant", "normal", "lognormal"))
        put("sign_flip", require_number("sign_flip", self.sign_flip, minimum=0, maximum=1))
        if self.row_sum_mv is not None:
            put("row_sum_mv", require_number("row_sum_mv", self.row_sum_mv))
        put("weight_mv", self._mean_weight())
        if self.row_sum_mv is not None and self.sign_flip in (0, 1):
            weight = float(self.weight_mv or 0.0)
            sign = weight if self.sign_flip == 0 else -weight
            if sign * self.row_sum_mv <= 0 and self.mean_in_degree:
                raise ValueError(
                    f"weights of one sign ({'+' if sign > 0 else '-'}) cannot have the sum row_sum_mv="
                    f"{self.row_sum_mv:g}; change a sign, or mix signs with sign_flip."
                )

    def _mean_weight(self) -> float:
        if self.weight_mv is not None:
            weight = require_number("weight_mv", self.weight_mv)
            if weight == 0:
                raise ValueError("weight_mv must not be 0; for a network without connections give in_degree=0.")
            return weight
        if not self.row_sum_mv or not self.mean_in_degree:
            raise ValueError("weight_mv is missing: only a row_sum_mv other than 0 and connections imply it; give it.")
        return self.row_sum_mv / self.mean_in_degree

    @property
    def mean_in_degree(self) -> float:
        """Expected number of presynaptic neurons of a neuron."""
        return float(self.in_degree) if self.probability is None else self.probability * (self.n_neurons - 1)  # pyright: ignore[reportArgumentType]

    def wire(self, seed: int | None = None, *, network_index: int = 0) -> WiredPulseNetwork:
        """Draw connections, weights, delays and neurons of one network.

        Each is drawn from a stream of its own: networks that differ in their weights only share their connections.

        Parameters
        ----------
        seed : int, optional
            Entropy of the experiment; None draws it and records it.
        network_index : int
            Which of the networks of this seed.

        Returns
        -------
        WiredPulseNetwork

        Raises
        ------
        ValueError
            If weights onto a neuron cannot have the wanted sum, or one alone reaches from reset to threshold.

        Examples
        --------
        >>> import metastable as mst
        >>> mst.networks.van_bussel_2011(n_neurons=20, in_degree=5).wire(seed=1)
        WiredPulseNetwork: 20 neurons, 100 synapses, seed 1, network 0
        """
        from metastable.networks._wired_pulse_network import wire_pulse

        return wire_pulse(self, seed=seed, network_index=network_index)

    def summary(self) -> str:
        """Describe neurons and connections in a few lines."""
        sum_of = "" if self.row_sum_mv is None else f", sum onto a neuron {self.row_sum_mv:+g} mV"
        flipped = f", {self.sign_flip:.0%} with the other sign" if self.sign_flip else ""
        spread = lambda name: f" +-{value:.0%}" if (value := getattr(self, f"{name}_spread")) else ""  # noqa: E731
        size = f" (sd {self.weight_spread:.0%})" if self.weight_distribution != "constant" else ""
        return "\n".join(
            [
                f"{self.name}: {self.n_neurons:,} neurons",
                f"  tau {self.tau_ms:g} ms{spread('tau')}  drive {self.drive_mv:g} mV{spread('drive')}  "
                f"threshold {self.threshold_mv:g} mV{spread('threshold')}  reset {self.reset_mv:g} mV{spread('reset')}",
                f"  {self.mean_in_degree:g} {'' if self.probability is None else 'expected '}presynaptic neurons each  "
                f"delay {self.delay_ms:g} ms{spread('delay')}",
                f"  weights {self.weight_distribution}, mean {self.weight_mv:+.4g} mV{size}{flipped}{sum_of}",
            ]
        )

    def __repr__(self) -> str:
        return self.summary()

    def to_dict(self) -> dict[str, Any]:
        """Return the specification as JSON-ready data.

        Examples
        --------
        >>> import metastable as mst
        >>> net = mst.networks.van_bussel_2011()
        >>> mst.networks.PulseNetwork.from_dict(net.to_dict()) == net
        True
        """
        return dataclasses.asdict(self)

    @staticmethod
    def from_dict(data: dict[str, Any]) -> PulseNetwork:
        """Rebuild a specification from `to_dict`, or from its JSON."""
        return PulseNetwork(**data)
