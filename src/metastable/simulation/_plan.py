"""What to simulate, checked and in whole steps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from metastable._random import Purpose, stream
from metastable._validation import require_choice, require_integer, require_number, require_steps
from metastable.networks import Stimulus, WiredLIFNetwork
from metastable.networks._connection_rows import SynapseLists


@dataclass(frozen=True, eq=False)
class SimulationPlan:
    """One wired network and the trials to run on it, common to all engines.

    Parameters
    ----------
    wired : WiredLIFNetwork
    seed : int
        Entropy of the initial states.
    duration_ms, dt_ms : float, ms
    trials : range
        Trial numbers; a trial's spikes depend on its number, not on which others run.
    stimulus : Stimulus
    precision : {"single", "double"}
    """

    wired: WiredLIFNetwork
    seed: int
    duration_ms: float
    dt_ms: float
    trials: range
    stimulus: Stimulus
    precision: str = "single"

    def __post_init__(self) -> None:
        require_number("dt_ms", self.dt_ms, above=0)
        require_steps("duration_ms", self.duration_ms, self.dt_ms, minimum=1)
        require_integer("n_trials", len(self.trials), minimum=1)
        require_choice("precision", self.precision, ("single", "double"))
        network = self.wired.network
        for p in network.populations:
            require_steps(f"refractory_ms of {p.name}", p.refractory_ms, self.dt_ms)
            rise = p.synapse.tau_rise_ms
            shortest = min(p.tau_m_ms, p.synapse.tau_decay_ms, p.synapse.tau_decay_ms if rise is None else rise)
            if self.dt_ms >= shortest:
                raise ValueError(
                    f"dt_ms={self.dt_ms:g} must be below the shortest time constant of {p.name}, {shortest:g} ms; "
                    "choose a smaller step."
                )
        if isinstance(self.wired.rows, SynapseLists):
            for delay in np.unique(self.wired.rows.delay_ms):
                require_steps("delay_ms of a synapse", float(delay), self.dt_ms, minimum=1)
        else:
            for c in network.connections:
                require_steps(f"delay_ms of {c.pre}->{c.post}", c.delay_ms, self.dt_ms, minimum=1)
        self.stimulus.targets(network)

    @property
    def n_steps(self) -> int:
        """Number of steps of one trial."""
        return require_steps("duration_ms", self.duration_ms, self.dt_ms)

    @property
    def real(self) -> type[np.floating]:
        """Type of the state variables."""
        return np.float32 if self.precision == "single" else np.float64

    def steps(self, duration_ms: float) -> int:
        """Return the number of steps in a delay or refractory time that was checked before.

        What lasts longer than the trial is cut down to one step more: it would only take memory.
        """
        return min(round(duration_ms / self.dt_ms), self.n_steps + 1)

    def initial_v(self, trial: int) -> NDArray[np.floating]:
        """Draw the membrane potentials at the start of a trial, (n_neurons,)."""
        rng = stream(self.seed, Purpose.INITIAL_STATE, self.wired.network_index, trial)
        parts = [rng.uniform(*p.initial_v, size=p.size) for p in self.wired.network.populations]
        return np.concatenate(parts).astype(self.real)

    @cached_property
    def drive(self) -> NDArray[np.floating]:
        """What the bias adds to V in one step, dt mu / tau_m, (n_neurons,)."""
        return (self.wired.bias * self.dt_ms / self._tau_m).astype(self.real)

    @cached_property
    def drive_per_amplitude(self) -> NDArray[np.floating]:
        """What a stimulus of amplitude 1 adds to V in one step, (n_neurons,)."""
        return (self.dt_ms / self._tau_m).astype(self.real)

    @cached_property
    def stimulus_groups(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Neurons that receive the same parts of the stimulus.

        Returns
        -------
        group : ndarray of int, (n_neurons,)
            Group of each neuron, -1 for those that receive none.
        parts : ndarray of bool, (n_groups, n_parts)
            Which parts a group receives.
        """
        reach = self.stimulus.targets(self.wired.network)
        rows, group = np.unique(reach.T, axis=0, return_inverse=True)
        used = rows.any(axis=1)
        number = np.where(used, np.cumsum(used) - 1, -1)
        return number[group.reshape(-1)], rows[used]

    def stimulus_values(self, first_step: int, stop_step: int) -> NDArray[np.floating]:
        """Return the amplitude that each stimulus group receives at these steps, (n_groups, n_steps)."""
        values = self.stimulus.values(np.arange(first_step, stop_step) * self.dt_ms)
        _, parts = self.stimulus_groups
        # Added one by one: a matrix product may add in another order on another processor or for another chunk.
        total = np.zeros((len(parts), stop_step - first_step))
        for members, value in zip(parts.T, values, strict=True):
            total[members] += value
        return total.astype(self.real)

    @cached_property
    def synapse_weights(self) -> NDArray[np.floating]:
        """What a spike adds to the traces through each synapse that has a weight of its own, (n_synapses,)."""
        rows = self.wired.rows
        assert isinstance(rows, SynapseLists)
        scale = np.zeros(rows.start.size - 1)
        amplitude = SynapticTraces.of(self.wired).amplitude
        for p, a in zip(self.wired.network.populations, amplitude, strict=True):
            scale[self.wired.positions(p.name)] = self.dt_ms * a
        weights = np.repeat(scale, np.diff(rows.start)) * rows.weight
        if (largest := np.abs(weights).max(initial=0.0)) > np.finfo(self.real).max:
            raise ValueError(
                f"the largest weight adds {largest:g} to a synaptic current in a step, more than {self.precision} "
                "precision can hold; give smaller weights."
            )
        return weights.astype(self.real)

    @cached_property
    def synapse_steps(self) -> NDArray[np.int64]:
        """Delay of each synapse that has one of its own, in steps, (n_synapses,)."""
        rows = self.wired.rows
        assert isinstance(rows, SynapseLists)
        return np.minimum(np.rint(rows.delay_ms / self.dt_ms), self.n_steps + 1).astype(np.int64)

    @property
    def _tau_m(self) -> NDArray[np.float64]:
        populations = self.wired.network.populations
        return np.repeat([p.tau_m_ms for p in populations], [p.size for p in populations])


@dataclass(frozen=True)
class SynapticTraces:
    """The exponentials that make up the synaptic currents of a network, shared where time constants are equal.

    A presynaptic population with rise and decay contributes ``+1/(tau_d - tau_r)`` to the trace of its decay time
    and the same with a minus sign to that of its rise time; an exponential synapse ``+1/tau_d`` to one. With a
    common rise time, as in Litwin-Kumar & Doiron 2012, two populations need three traces.

    Parameters
    ----------
    tau_ms : tuple of float
        Time constant of each trace.
    signs : tuple of tuple of int
        ``signs[k][p]``: +1, -1 or 0, how population p enters trace k.
    amplitude : tuple of float
        Factor of each population's weights, 1/ms.
    """

    tau_ms: tuple[float, ...]
    signs: tuple[tuple[int, ...], ...]
    amplitude: tuple[float, ...]

    @staticmethod
    def of(wired: WiredLIFNetwork) -> SynapticTraces:
        """Collect the traces of a network's presynaptic populations."""
        synapses = [p.synapse for p in wired.network.populations]
        rises = [s.tau_rise_ms for s in synapses]
        tau = sorted({s.tau_decay_ms for s in synapses} | {rise for rise in rises if rise is not None})
        signs = tuple(
            tuple((t == s.tau_decay_ms) - (t == rise) for s, rise in zip(synapses, rises, strict=True)) for t in tau
        )
        amplitude = tuple(1 / (s.tau_decay_ms - (rise or 0.0)) for s, rise in zip(synapses, rises, strict=True))
        return SynapticTraces(tuple(tau), signs, amplitude)
