"""One cluster as a Markov process, the rest of the network frozen or following it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable.meanfield._mean_field import MeanField

# Below this, a probability counts as this: silence would otherwise be left in infinite time.
_LEAST = 1e-30
_LONGEST_MS = 1e290
# Rates between phases are kept as full matrices of all levels: 1 GB.
_MOST_RATES = 2**27


@dataclass(frozen=True, eq=False)
class FocusCluster:
    """Transition rates of the numbers of active units of one cluster.

    A state is (level, phase): the number of active units of the population that is watched, and those of the other
    populations of the cluster, flattened.

    Parameters
    ----------
    up, down : ndarray, (n_levels, n_phases), 1/ms
        Rates at which the level changes by one; the phase stays.
    phase : ndarray, (n_levels, n_phases, n_phases), 1/ms
        Rates from phase to phase at each level; the diagonal is 0.
    """

    up: NDArray[np.float64]
    down: NDArray[np.float64]
    phase: NDArray[np.float64]

    def passage_up(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return how a level is left for the next one up.

        Returns
        -------
        time_ms : ndarray, (n_levels - 1, n_phases), ms
            Mean time from each state to the level above.
        arrival : ndarray, (n_levels - 1, n_phases, n_phases)
            Probability of the phase of arrival.

        Notes
        -----
        Gauss elimination of the generator level by level: with the passage of the level below known, a visit there is a
        jump back with a known phase and a known mean duration. All terms have one sign but for the diagonal, which
        exceeds the others by the rate to the level above, so that times of any length are as accurate as short ones;
        one sparse solve of the whole loses them beyond 1e15 times the fastest rate.
        """
        n_levels, n_phases = self.up.shape
        time = np.zeros((n_levels - 1, n_phases))
        arrival = np.zeros((n_levels - 1, n_phases, n_phases))
        leaving = self.up + self.down + self.phase.sum(axis=2)
        below_time, below_arrival = np.zeros(n_phases), np.zeros((n_phases, n_phases))
        with np.errstate(over="ignore"):
            for level in range(n_levels - 1):
                down = self.down[level]
                matrix = np.diag(leaving[level]) - self.phase[level] - down[:, None] * below_arrival
                right = np.column_stack([np.diag(self.up[level]), 1 + down * below_time])
                solved = np.linalg.solve(matrix, right)
                # Rows sum to 1 but for rounding, which would add up over many levels.
                below_arrival = np.maximum(solved[:, :-1], 0)
                below_arrival /= below_arrival.sum(axis=1, keepdims=True)
                # What overflows is longer than any time there is; infinity would turn into NaN one level further.
                below_time = np.minimum(solved[:, -1], _LONGEST_MS)
                time[level], arrival[level] = below_time, below_arrival
        return time, arrival

    def passage_down(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return how a level is left for the next one down, in the order of `passage_up` from the top level."""
        mirrored = FocusCluster(self.down[::-1], self.up[::-1], self.phase[::-1])
        return mirrored.passage_up()

    def dwell_ms(self, low: int, high: int) -> tuple[float, float]:
        """Return the mean time from below `low` to `high`, and from there back, ms.

        Parameters
        ----------
        low, high : int
            Levels: active from ``level >= high`` until ``level < low``.

        Returns
        -------
        (float, float), ms
            Mean inactive and active time, each from the phases in which the other one ends, in the long run.
        """
        n_levels, n_phases = self.up.shape
        ascent, descent = self.passage_up(), self.passage_down()
        arrival = np.full(n_phases, 1 / n_phases)
        for _ in range(200):
            before = arrival
            inactive_ms, arrival = _travel(ascent, arrival, low - 1, high)
            active_ms, arrival = _travel(descent, arrival, n_levels - 1 - high, n_levels - low)
            if np.abs(arrival - before).max() < 1e-12:
                break
        return inactive_ms, active_ms


def focus_cluster(
    theory: MeanField,
    *,
    population: str,
    n_active: int,
    active: dict[str, float],
    inactive: dict[tuple[str, bool], float],
) -> FocusCluster:
    """Write the master equation of one cluster beside `n_active` active ones.

    Parameters
    ----------
    theory : MeanField
        All groups, clusters alike.
    population : str
        Whose units are the levels.
    n_active : int
        Number of other clusters that are frozen at the rates `active`.
    active : dict of float
        For each population with clusters.
    inactive : dict of float
        Rates of the remaining groups when the cluster is inactive, keyed (population, whether it has clusters). They
        follow the cluster: at each of its states they are at their fixed point.

    Returns
    -------
    FocusCluster

    Raises
    ------
    ValueError
        If the clusters are too large.
    """
    own = [(name, "own") for name, cluster in theory.labels if cluster == 0]
    own.sort(key=lambda key: key[0] != population)

    def key_of(name: str, cluster: int) -> tuple[str, str]:
        if cluster < 0:
            return name, "rest"
        return name, "own" if cluster == 0 else ("active" if cluster <= n_active else "inactive")

    keys = [key_of(*label) for label in theory.labels]
    present = set(keys)
    frozen = [(name, "active") for name, _ in own if (name, "active") in present]
    slaved = [key for key in dict.fromkeys(keys) if key[1] in ("inactive", "rest")]
    order = own + frozen + slaved
    merged = theory.merge(np.array([order.index(key) for key in keys]))

    size = merged.size[: len(own)]
    shape = tuple((size + 1).tolist())
    n_levels, n_phases = shape[0], math.prod(shape[1:])
    if n_levels * n_phases**2 > _MOST_RATES:
        raise ValueError(
            f"clusters of {' and '.join(map(str, size))} units are too large for their master equation "
            f"({n_levels} x {n_phases} states); use cluster_chain, or more clusters."
        )
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1).reshape(-1, len(own))
    rates = np.zeros((len(grid), len(order)))
    rates[:, : len(own)] = grid / size
    rates[:, len(own) : len(own) + len(frozen)] = [active[name] for name, _ in frozen]
    if slaved:
        start = np.array([inactive[name, kind == "inactive"] for name, kind in slaved])
        home = [round(inactive[name, True] * n) for (name, _), n in zip(own, size, strict=True)]
        _follow(merged, rates, len(slaved), shape, np.ravel_multi_index(home, shape), start)
    phi = np.clip(merged.response(rates)[:, : len(own)], _LEAST, 1 - _LEAST)
    rise = (size - grid) * phi / merged.tau_ms[: len(own)]
    fall = grid * (1 - phi) / merged.tau_ms[: len(own)]

    phase = np.zeros((n_levels, n_phases, n_phases))
    here = np.arange(n_phases)
    stride = n_phases
    for axis in range(1, len(own)):
        stride //= shape[axis]
        number = (here // stride) % shape[axis]
        for change, flow in ((1, rise[:, axis]), (-1, fall[:, axis])):
            can = here[(number + change >= 0) & (number + change < shape[axis])]
            phase[:, can, can + change * stride] = flow.reshape(n_levels, n_phases)[:, can]
    return FocusCluster(rise[:, 0].reshape(n_levels, n_phases), fall[:, 0].reshape(n_levels, n_phases), phase)


def _travel(
    passage: tuple[NDArray[np.float64], NDArray[np.float64]], distribution: NDArray[np.float64], start: int, stop: int
) -> tuple[float, NDArray[np.float64]]:
    """Return the mean time from one level to another, and the phases on arrival."""
    total = 0.0
    with np.errstate(over="ignore"):
        for level in range(start, stop):
            total += float(distribution @ passage[0][level])
            distribution = distribution @ passage[1][level]
    return total, distribution


def _follow(
    theory: MeanField,
    rates: NDArray[np.float64],
    n_slaved: int,
    shape: tuple[int, ...],
    home: int | np.integer,
    start: NDArray[np.float64],
) -> None:
    """Put the last groups on their fixed point at every state of the grid, in place.

    The fixed point is followed from the inactive state outwards, neighbour by neighbour: silence is a fixed point too,
    and Newton's method from afar falls into it.
    """
    done = np.zeros(len(rates), bool)
    front = np.array([int(home)])
    rates[front, -n_slaved:] = start
    _newton(theory, rates, front, n_slaved)
    done[front] = True
    place = np.stack(np.unravel_index(np.arange(len(rates)), shape), axis=-1)
    strides = np.cumprod([1, *shape[:0:-1]])[::-1]
    while front.size:
        reached = []
        for axis, stride in enumerate(strides):
            for change in (1, -1):
                number = place[front, axis] + change
                source = front[(number >= 0) & (number < shape[axis])]
                target = source + change * stride
                source, target = source[~done[target]], target[~done[target]]
                if not target.size:
                    continue
                before = rates[source, -n_slaved:]
                rates[target, -n_slaved:] = before
                good = _newton(theory, rates, target, n_slaved)
                good &= (rates[target, -n_slaved:] > 0.3 * before).all(axis=1)
                done[target[good]] = True
                reached.append(target[good])
        front = np.unique(np.concatenate(reached)) if reached else np.zeros(0, np.int64)
    rest = np.flatnonzero(~done)
    # Where the fixed point was lost the groups relax from the inactive state to what is left.
    if rest.size:
        rates[rest, -n_slaved:] = start
        for _ in range(500):
            rates[rest, -n_slaved:] += 0.1 * (theory.response(rates[rest]) - rates[rest])[:, -n_slaved:]


def _newton(theory: MeanField, rates: NDArray[np.float64], rows: NDArray[np.int64], n_slaved: int) -> NDArray[np.bool_]:
    """Improve the last groups of some rows in place; return which rows reached a fixed point."""
    mine = slice(-n_slaved, None)
    m = rates[rows]
    a, b = theory.mean[mine, mine], theory.variance[mine, mine]
    for _ in range(15):
        miss = (theory.response(m) - m)[:, mine]
        if np.abs(miss).max() < 1e-12:
            break
        mu = theory.input_mean(m)[:, mine]
        s2 = np.maximum(theory.input_variance(m)[:, mine], 1e-300)
        s = np.sqrt(s2)
        density = np.exp(-np.minimum(mu / s * (mu / s) / 2, 700.0)) / np.sqrt(2 * np.pi)
        gain = density[:, :, None] * (a / s[:, :, None] - (mu / (2 * s * s2))[:, :, None] * b)
        step = np.linalg.solve(gain - np.eye(n_slaved), -miss[:, :, None])[:, :, 0]
        # Never more than half way to silence, so that rates stay positive.
        length = np.minimum(1.0, 0.5 * (m[:, mine] / np.maximum(np.abs(step), 1e-300)).min(axis=1))
        m[:, mine] = np.minimum(m[:, mine] + length[:, None] * step, 1.0)
    rates[rows] = m
    return np.abs((theory.response(m) - m)[:, mine]).max(axis=1) < 1e-9
