"""Groups of spike trains in successive windows of a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn
from metastable.communities._communities import Communities

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SlidingWindows(Drawn):
    """Groups in successive windows, a sequence of `Communities` that prints as a table.

    Parameters
    ----------
    windows : tuple of Communities
        What was found in each window; windows without groups are kept.
    start_ms, stop_ms : ndarray, (n_windows,), ms
    reference : int or None
        The window that the others are compared with; None if no window has groups.
    agreement : ndarray, (n_windows,)
        Normalised mutual information with the reference, over the trains that are in groups in both; NaN for windows
        without groups.
    chance : ndarray, (n_windows, n_random)
        The same for random groups of the sizes of each window.
    upper : float
        Which quantile of these is the bound of chance.
    tracks : ndarray of int, (n_windows, n_trains)
        Group of each train with numbers that are kept from window to window, -1 for none.
    provenance : dict
    """

    _prints_a_table = True

    windows: tuple[Communities, ...]
    start_ms: Array
    stop_ms: Array
    reference: int | None
    agreement: Array
    chance: Array
    upper: float
    tracks: NDArray[np.int64]
    provenance: dict[str, Any]

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, index: int) -> Communities:
        return self.windows[index]

    @property
    def centre_ms(self) -> Array:
        """Middle of each window, (n_windows,), ms."""
        return (self.start_ms + self.stop_ms) / 2

    @property
    def labels(self) -> NDArray[np.int64]:
        """Group of each train, numbered anew in each window, (n_windows, n_trains); -1 for none."""
        return np.array([each.labels for each in self.windows])

    @property
    def n_groups(self) -> NDArray[np.int64]:
        """Number of groups in each window, (n_windows,)."""
        return np.array([each.n_groups for each in self.windows])

    @property
    def delta_q(self) -> Array:
        """Modularity of each window beyond its controls, (n_windows,)."""
        return np.array([each.delta_q for each in self.windows])

    @property
    def p_value(self) -> Array:
        """P-value of each window, (n_windows,)."""
        return np.array([each.p_value for each in self.windows])

    @property
    def sigma_ms(self) -> Array:
        """Timescale of the groups of each window, (n_windows,), ms; NaN without groups."""
        return np.array([each.sigma_ms if each.n_groups else np.nan for each in self.windows])

    @property
    def chance_mean(self) -> Array:
        """Mean agreement of random groups with the reference, (n_windows,)."""
        return self.chance.mean(axis=1)

    @property
    def chance_sd(self) -> Array:
        """Standard deviation of the agreement of random groups with the reference, (n_windows,)."""
        return self.chance.std(axis=1)

    @property
    def chance_bound(self) -> Array:
        """Quantile `upper` of the agreement of random groups with the reference, (n_windows,)."""
        return np.quantile(self.chance, self.upper, axis=1)

    @property
    def n_tracks(self) -> int:
        """Number of groups that were told apart over time."""
        return int(self.tracks.max(initial=-1)) + 1

    def __repr__(self) -> str:
        width = (self.stop_ms[0] - self.start_ms[0]) / 1000
        compared = "" if self.reference is None else f", compared with window {self.reference}"
        lines = [
            f"SlidingWindows: {len(self)} windows of {width:g} s, {int((self.n_groups > 0).sum())} with groups, "
            f"{self.n_tracks} groups over time{compared}",
            f"  window  centre (s)  groups  sigma (ms)   delta Q       p    NMI  chance {self.upper:g}  group: trains",
        ]
        bound = self.chance_bound
        for k, each in enumerate(self.windows):
            numbers, sizes = np.unique(self.tracks[k][self.tracks[k] >= 0], return_counts=True)
            members = ", ".join(f"{n}: {size}" for n, size in zip(numbers, sizes, strict=True))
            lines.append(
                f"  {k:>6}  {self.centre_ms[k] / 1000:>10.4g}  {each.n_groups:>6}  {self.sigma_ms[k]:>10.4g}  "
                f"{each.delta_q:>8.4f}  {each.p_value:>6.3f}  {self.agreement[k]:>5.3f}  "
                f"{bound[k]:>{7 + len(f'{self.upper:g}')}.3f}  {members}".rstrip()
            )
        return "\n".join(lines)
