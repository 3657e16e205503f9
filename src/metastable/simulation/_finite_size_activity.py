"""What a simulation of a finite-size network leaves: the state of every neuron after every step."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn
from metastable._files import ForeignFileError, load_arrays, save_arrays
from metastable._validation import require_path
from metastable.simulation._read_only import read_only

_FORMAT = "metastable-finite-size-activity"
# Numbers of states are 64-bit integers with a sign.
_MOST_NEURONS = 62


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class FiniteSizeActivity(Drawn):
    """Activity of synchronous binary neurons, step by step; the arrays are read-only.

    Parameters
    ----------
    activity : ndarray of uint8, (n_trials, n_steps + 1, n_neurons)
        1 where a neuron is active; the first is the initial state.
    potentials : ndarray or None, (n_trials, n_steps, n_neurons)
        Membrane potentials, if they were recorded: ``potentials[:, t]`` decides on ``activity[:, t + 1]``.
    meta : dict
        ``meta["provenance"]`` holds all that `metastable.simulation.rerun` needs.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork(weights=[[0, -2], [1.5, 0]], stimulus=[0.6, -0.2], sigma=0.5)
    >>> mst.simulate(net, duration_ms=1000, n_trials=3, seed=1).activity.shape
    (3, 1001, 2)
    """

    _shown = ("n_trials", "n_neurons", "n_steps", "activity", "potentials")

    activity: NDArray[np.uint8]
    potentials: NDArray[np.float64] | None = None
    meta: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "activity", read_only(self.activity))
        if self.potentials is not None:
            object.__setattr__(self, "potentials", read_only(self.potentials))

    @property
    def n_trials(self) -> int:
        """Number of trials."""
        return self.activity.shape[0]

    @property
    def n_steps(self) -> int:
        """Number of steps of a trial."""
        return self.activity.shape[1] - 1

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return self.activity.shape[2]

    @property
    def states(self) -> NDArray[np.int64]:
        """Number of each state, ``sum_i A_i 2^i``, (n_trials, n_steps + 1)."""
        if self.n_neurons > _MOST_NEURONS:
            raise ValueError(f"the states of {self.n_neurons} neurons have no 64-bit numbers; use activity itself.")
        return self.activity @ (np.int64(1) << np.arange(self.n_neurons))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write activity, potentials and provenance to an npz file.

        Parameters
        ----------
        path : path_like

        Raises
        ------
        OSError
            If the folder does not exist or cannot be written.
        """
        arrays: dict[str, NDArray] = {"activity": self.activity}
        if self.potentials is not None:
            arrays["potentials"] = self.potentials
        save_arrays(require_path("path", path), {"format": _FORMAT, "meta": self.meta}, arrays)

    @staticmethod
    def load(path: str | os.PathLike[str]) -> FiniteSizeActivity:
        """Read what `save` wrote.

        Parameters
        ----------
        path : path_like

        Returns
        -------
        FiniteSizeActivity

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is damaged, or holds something else.
        """
        foreign = ValueError(f"{path} is an npz file but not one of finite-size activity written by metastable.")
        try:
            header, arrays = load_arrays(require_path("path", path))
        except ForeignFileError:
            raise foreign from None
        if header.get("format") != _FORMAT:
            raise foreign
        try:
            return FiniteSizeActivity(
                activity=arrays["activity"], potentials=arrays.get("potentials"), meta=header["meta"]
            )
        except KeyError as error:
            raise ValueError(f"{path} is damaged: {error}") from None

    def __repr__(self) -> str:
        trials = "1 trial" if self.n_trials == 1 else f"{self.n_trials} trials"
        recorded = "" if self.potentials is None else ", potentials recorded"
        return (
            f"FiniteSizeActivity: {trials}, {self.n_neurons} neurons, {self.n_steps} steps{recorded}\n"
            f"  mean activity {self.activity.mean():.4f}"
        )
