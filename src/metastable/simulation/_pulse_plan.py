"""What to simulate of a pulse-coupled network, checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from metastable._random import Purpose, stream
from metastable._validation import require_integer, require_number, require_numbers
from metastable.networks import WiredPulseNetwork
from metastable.networks._wired_pulse_network import periods

# A trial is simulated in windows of up to about this many spikes, so that Ctrl-C answers and progress shows.
_SPIKES_PER_WINDOW = 20_000
# More spikes than this per neuron, in the time that the fastest neuron needs for one by its drive alone, are a storm:
# where each spike causes more than one other, their number grows without bound within some delays.
_RUNAWAY = 50


@dataclass(frozen=True, eq=False)
class PulseTrial:
    """What a trial leaves.

    Parameters
    ----------
    time_ms, neuron : ndarray, (n_spikes,)
    stop_ms : float or None
        When it was ended because the network had locked; None where it ran to its end.
    period_spread_ms : float
        Longest minus shortest period of the last cycle; infinite before there were two.
    """

    time_ms: NDArray[np.float64]
    neuron: NDArray[np.int32]
    stop_ms: float | None
    period_spread_ms: float


@dataclass(frozen=True, eq=False)
class PulsePlan:
    """One wired pulse-coupled network and the trials to run on it, common to the engine and its reference.

    Parameters
    ----------
    wired : WiredPulseNetwork
    seed : int
        Entropy of drives and initial potentials.
    duration_ms : float, ms
    trials : range
        Trial numbers.
    drive_spread : float
        Drives of a trial are uniform within this fraction of the network's on either side.
    given_drives_mv : ndarray or None, (n_trials, n_neurons)
        Drives instead.
    given_initial_mv : ndarray or None, (), (n_neurons,) or (n_trials, n_neurons)
        Potentials at the start, instead of random ones.
    exit_tolerance_ms : float or None
        End a trial when the periods of one cycle differ by no more.
    """

    wired: WiredPulseNetwork
    seed: int
    duration_ms: float
    trials: range
    drive_spread: float
    given_drives_mv: NDArray[np.float64] | None
    given_initial_mv: NDArray[np.float64] | None
    exit_tolerance_ms: float | None

    def __post_init__(self) -> None:
        require_number("duration_ms", self.duration_ms, above=0)
        require_integer("n_trials", len(self.trials), minimum=1)
        require_number("drive_spread", self.drive_spread, minimum=0)
        delay = np.min(
            np.broadcast_to(self.wired.delay_ms, self.wired.weights.shape)[self.wired.weights != 0], initial=1e9
        )
        if self.duration_ms + delay == self.duration_ms:
            raise ValueError(
                f"delay_ms={delay:g} is lost in the rounding of times up to duration_ms={self.duration_ms:g}; "
                "simulate less or lengthen the delay."
            )
        shape = (len(self.trials), self.wired.n_neurons)
        if self.given_drives_mv is not None:
            if self.drive_spread:
                raise ValueError("drives_mv and drive_spread both set the drives; give one of them.")
            _require_finite("drives_mv", self.given_drives_mv, (shape,), "(n_trials, n_neurons)")
        if self.given_initial_mv is not None:
            initial, allowed = self.given_initial_mv, ((), (shape[1],), shape)
            _require_finite("initial_mv", initial, allowed, "(), (n_neurons,) or (n_trials, n_neurons)")
            above = np.argwhere(np.broadcast_to(initial, shape) >= self.wired.threshold_mv)
            if above.size:
                k, i = above[0]
                raise ValueError(
                    f"initial_mv of neuron {i} must lie below its threshold_mv={self.wired.threshold_mv[i]:g}, "
                    f"got {np.broadcast_to(initial, shape)[k, i]:g}."
                )
        if self.exit_tolerance_ms is not None:
            require_number("exit_tolerance_ms", self.exit_tolerance_ms, minimum=0)

    @cached_property
    def drives_mv(self) -> NDArray[np.float64]:
        """Drive of each neuron in each trial, (n_trials, n_neurons), mV."""
        if self.given_drives_mv is not None:
            return self.given_drives_mv
        n, base = self.wired.n_neurons, self.wired.drive_mv
        if not self.drive_spread:
            return np.tile(base, (len(self.trials), 1))
        rows = (stream(self.seed, Purpose.DRIVES, self.wired.network_index, trial) for trial in self.trials)
        return np.array([base * (1 + self.drive_spread * rng.uniform(-1, 1, n)) for rng in rows])

    def drive(self, trial: int) -> NDArray[np.float64]:
        """Return the drives of one trial, (n_neurons,), mV."""
        return self.drives_mv[trial - self.trials.start]

    def initial_potential(self, trial: int) -> NDArray[np.float64]:
        """Return or draw the potentials at the start, uniform from reset to threshold, (n_neurons,), mV."""
        if self.given_initial_mv is not None:
            shape = len(self.trials), self.wired.n_neurons
            return np.array(np.broadcast_to(self.given_initial_mv, shape)[trial - self.trials.start])
        reset, threshold = self.wired.reset_mv, self.wired.threshold_mv
        rng = stream(self.seed, Purpose.INITIAL_STATE, self.wired.network_index, trial)
        # Rounding could reach the threshold itself.
        return np.minimum(reset + (threshold - reset) * rng.random(reset.size), np.nextafter(threshold, -np.inf))

    def fastest_ms(self, trial: int) -> float:
        """Return the shortest time scale of a trial: a period by drive alone, or a time constant."""
        w = self.wired
        period = periods(w.tau_ms, self.drive(trial), w.threshold_mv, w.reset_mv)
        return min(float(np.min(period)), float(np.min(w.tau_ms)))

    def window_ms(self, fastest_ms: float) -> float:
        """Return the length of a window, given the shortest time scale."""
        return math.ceil(_SPIKES_PER_WINDOW / self.wired.n_neurons) * fastest_ms

    def require_calm(self, trial: int, start_ms: float, now_ms: float, n_spikes: int, fastest_ms: float) -> None:
        """Raise a sentence if the spikes of a window so far show that they multiply."""
        if n_spikes <= _RUNAWAY * self.wired.n_neurons * (1 + (now_ms - start_ms) / fastest_ms):
            return
        distance = self.wired.threshold_mv - self.wired.reset_mv
        excitation = self.wired.weights.clip(min=0).sum(axis=1)
        i = int(np.argmax(excitation / distance))
        raise ValueError(
            f"trial {trial} runs away, with {n_spikes:,} spikes of {self.wired.n_neurons:,} neurons between "
            f"{start_ms:g} and {now_ms:g} ms; excitatory weights onto a neuron sum up to {excitation[i]:g} mV where "
            f"{distance[i]:g} mV separate reset and threshold, so lower them, add inhibition, or lower the drives."
        )


def _require_finite(name: str, array: NDArray, allowed: tuple[tuple[int, ...], ...], words: str) -> None:
    if array.shape not in allowed:
        raise ValueError(f"{name} must have shape {words}, {allowed[-1]} here, got {array.shape}.")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinite values; give finite potentials in mV.")


def as_given(name: str, values: object) -> NDArray[np.float64] | None:
    """Return a copy of an array that a person gave, or None."""
    return None if values is None else np.array(require_numbers(name, values))
