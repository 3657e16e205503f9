"""What to simulate of a finite-size network, checked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from metastable._random import Purpose, stream
from metastable._validation import require_integer, require_number
from metastable.networks import FiniteSizeNetwork


@dataclass(frozen=True, eq=False)
class FiniteSizePlan:
    """One finite-size network and the trials to run on it, common to the engine and its reference.

    Parameters
    ----------
    network : FiniteSizeNetwork
    seed : int
        Entropy of initial states and noise.
    duration_ms : float, ms
        A step is 1 ms.
    trials : range
        Trial numbers.
    given_initial_state : ndarray or None, (n_neurons,) or (n_trials, n_neurons)
        States at the start, instead of random ones.
    record_potentials : bool
    """

    network: FiniteSizeNetwork
    seed: int
    duration_ms: float
    trials: range
    given_initial_state: NDArray[np.float64] | None
    record_potentials: bool

    def __post_init__(self) -> None:
        duration = require_number("duration_ms", self.duration_ms)
        if duration < 1 or duration != round(duration):
            raise ValueError(f"duration_ms must be whole and at least 1, as a step is 1 ms, got {duration:g}.")
        require_integer("n_trials", len(self.trials), minimum=1)
        given = self.given_initial_state
        if given is not None:
            shape = (len(self.trials), self.network.n_neurons)
            if given.shape not in (shape, shape[1:]):
                raise ValueError(f"initial_state must have shape {shape[1:]} or {shape}, got {given.shape}.")
            if not np.isin(given, (0, 1)).all():
                raise ValueError("initial_state must hold 0 and 1, for silent and active neurons.")

    @property
    def n_steps(self) -> int:
        """Number of steps of one trial."""
        return round(self.duration_ms)

    @cached_property
    def mixing(self) -> NDArray[np.float64] | None:
        """Psi with ``Psi Psi^T`` the covariance of the noise, (n, n); None for independent noise."""
        network = self.network
        if network.has_independent_noise:
            return None
        rho, n = network.correlation, network.n_neurons
        if isinstance(rho, float):
            # The symmetric root, in closed form: a on the diagonal beside b everywhere.
            a = np.sqrt(1 - rho)
            b = (np.sqrt(max(1 + (n - 1) * rho, 0.0)) - a) / n
            root = a * np.eye(n) + b
        else:
            values, vectors = np.linalg.eigh(rho)
            root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
        return network.sigma[:, None] * root

    def initial_state(self, trial: int) -> NDArray[np.uint8]:
        """Return or draw the state at the start, every neuron active with probability 1/2, (n_neurons,)."""
        n = self.network.n_neurons
        if self.given_initial_state is not None:
            rows = np.broadcast_to(self.given_initial_state, (len(self.trials), n))
            return rows[trial - self.trials.start].astype(np.uint8)
        return stream(self.seed, Purpose.INITIAL_STATE, 0, trial).integers(0, 2, n, dtype=np.uint8)

    def noise_stream(self, trial: int) -> np.random.Generator:
        """Open the stream of the noise of one trial."""
        return stream(self.seed, Purpose.UPDATES, 0, trial)

    def draw_noise(self, rng: np.random.Generator, n_steps: int) -> NDArray[np.float64]:
        """Draw the next noise, of independent neurons and not yet mixed, (n_steps, n_neurons)."""
        network = self.network
        shape = (n_steps, network.n_neurons)
        if network.is_noiseless:
            return np.zeros(shape)
        noise = (
            rng.standard_normal(shape)
            if network.noise == "gaussian"
            else network.noise_law.rvs(size=shape, random_state=rng)
        )
        return noise if self.mixing is not None else noise * network.sigma
