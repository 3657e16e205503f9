"""What is known of the neurons whose connections are sought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._display import Displayed
from metastable._validation import require_instance, require_numbers
from metastable.reconstruction._parameters import broadcast, owned, range_of, shortened
from metastable.spikes import SpikeData

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class NeuronModel(Displayed):
    """Parameters of leaky integrate-and-fire neurons with pulses: everything but the weights.

    Parameters
    ----------
    tau_ms : float or array_like, (n,), ms
        Membrane time constants.
    drive_mv : array_like, (n,) or (n_trials, n), mV
        Constant input R I, that is the potential at which a neuron without spikes would come to rest; a row per
        trial where trials differ in it.
    threshold_mv, reset_mv : float or array_like, (n,), mV
    delay_ms : float or array_like, (n, n), ms
        Transmission delay of all connections, or of each, (post, pre).

    Raises
    ------
    ValueError
        If a shape does not fit, a number is not finite, a time constant is not positive, a delay is negative, or a
        threshold is not above the reset.

    Notes
    -----
    tau dV/dt = R I - V + tau sum a_ij delta(t - t_j - delay); V_T -> V_R (Van Bussel et al. 2011, eqs. 1 and 2).

    Examples
    --------
    >>> import metastable as mst
    >>> mst.reconstruction.NeuronModel(tau_ms=20, drive_mv=[30, 31], threshold_mv=20, reset_mv=0, delay_ms=2)
    NeuronModel(2 neurons, tau 20 ms, drive 30 to 31 mV, threshold 20 mV, reset 0 mV, delay 2 ms)
    """

    tau_ms: Array
    drive_mv: Array
    threshold_mv: Array
    reset_mv: Array
    delay_ms: Array

    def __post_init__(self) -> None:
        drive = require_numbers("drive_mv", self.drive_mv)
        if drive.ndim not in (1, 2) or not drive.shape[-1]:
            raise ValueError(f"drive_mv must have shape (n,) or (n_trials, n), got {drive.shape}.")
        n = drive.shape[-1]
        arrays = {"drive_mv": drive}
        for name in ("tau_ms", "threshold_mv", "reset_mv"):
            arrays[name] = broadcast(name, getattr(self, name), (n,))
        delay = require_numbers("delay_ms", self.delay_ms)
        arrays["delay_ms"] = delay if delay.ndim == 0 else broadcast("delay_ms", delay, (n, n))
        for name, array in arrays.items():
            object.__setattr__(self, name, owned(name, array))
        if (self.tau_ms <= 0).any():
            raise ValueError(f"tau_ms must be above 0, got {self.tau_ms.min():g}.")
        if (self.delay_ms < 0).any():
            raise ValueError(f"delay_ms must be at least 0, got {self.delay_ms.min():g}.")
        if (self.threshold_mv <= self.reset_mv).any():
            i = int(np.argmax(self.threshold_mv <= self.reset_mv))
            raise ValueError(
                f"threshold_mv must lie above reset_mv, but neuron {i} has {self.threshold_mv[i]:g} and "
                f"{self.reset_mv[i]:g} mV; exchange them?"
            )

    @property
    def n(self) -> int:
        """Number of neurons."""
        return self.drive_mv.shape[-1]

    @property
    def n_drives(self) -> int | None:
        """Number of driving conditions, None if one holds in all trials."""
        return len(self.drive_mv) if self.drive_mv.ndim == 2 else None

    @property
    def settle_ms(self) -> Array:
        """Time after which arrivals from before the recording no longer count, (n,), ms."""
        return np.broadcast_to(self.delay_ms.max(axis=-1), (self.n,))

    @classmethod
    def of(cls, network: Any, *, drive_mv: ArrayLike | None = None) -> NeuronModel:
        """Take the parameters, not the weights, from the specification of a pulse-coupled network.

        Parameters
        ----------
        network : PulseNetwork or any object with the attributes of a NeuronModel
        drive_mv : array_like, (n,) or (n_trials, n), mV, optional
            Driving conditions other than the network's own.

        Returns
        -------
        NeuronModel

        Raises
        ------
        TypeError
            If an attribute is missing.
        ValueError
            If the network has a connection that fires a neuron from reset: then the method's assumption fails.
        """
        names = ("tau_ms", "drive_mv", "threshold_mv", "reset_mv", "delay_ms")
        missing = [name for name in names if not hasattr(network, name)]
        if missing:
            raise TypeError(
                f"model must be a NeuronModel or a pulse-coupled network, got {type(network).__name__}, which has no "
                f"{', '.join(missing)}; build a NeuronModel."
            )
        parameters = {name: getattr(network, name) for name in names}
        if drive_mv is not None:
            parameters["drive_mv"] = drive_mv
        model = cls(**parameters)
        weights = getattr(network, "weights", None)
        if weights is not None:
            jump = np.asarray(weights, np.float64)
            over = jump >= (model.threshold_mv - model.reset_mv)[:, None]
            if over.any():
                post, pre = (int(index[0]) for index in np.nonzero(over))
                raise ValueError(
                    f"the connection {pre} -> {post} of {jump[post, pre]:g} mV reaches from reset to threshold, which "
                    "the method excludes; take weaker connections."
                )
        return model

    def to_dict(self) -> dict[str, Any]:
        """Return the parameters JSON-ready; long arrays as a fingerprint."""
        return {name: shortened(getattr(self, name)) for name in self.__dataclass_fields__}

    def __repr__(self) -> str:
        ranges = ", ".join(
            f"{name} {range_of(getattr(self, f'{name}_{unit}'))} {'mV' if unit == 'mv' else 'ms'}"
            for name, unit in (("tau", "ms"), ("drive", "mv"), ("threshold", "mv"), ("reset", "mv"), ("delay", "ms"))
        )
        trials = "" if self.n_drives is None else f", {self.n_drives} drives"
        return f"NeuronModel({self.n} neurons{trials}, {ranges})"


def as_model(model: Any, spikes: SpikeData) -> NeuronModel:
    """Return the model as it is, or that of a network with the driving conditions noted in its recording."""
    if isinstance(model, NeuronModel):
        return model
    require_instance("spikes", spikes, SpikeData, do="build one from times and neurons")
    return NeuronModel.of(model, drive_mv=spikes.meta.get("drives_mv"))
