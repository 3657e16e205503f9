"""How long clusters stay active and inactive, from first-passage times of one of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metastable._display import Drawn
from metastable._validation import require_integer, require_pair
from metastable.meanfield._balance import balance_of, remarked
from metastable.meanfield._cluster_equations import ClusterEquations
from metastable.meanfield._focus_cluster import focus_cluster
from metastable.meanfield._homogeneous_state import homogeneous_state
from metastable.meanfield._mean_field import MeanField
from metastable.meanfield._newton import solve
from metastable.meanfield._spectrum import difference_blocks
from metastable.networks import BinaryNetwork


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class DwellTimes(Drawn):
    """The number of active clusters as a jump process.

    Parameters
    ----------
    n_clusters : int
    low, high : float
        A cluster is active from a rate of `high` until its rate is below `low`; NaN without active states.
    active_rate, inactive_rate : ndarray, (n_states,)
        Rates of the two kinds of clusters in the fixed points with k = 0, 1, ... active; the first active one is NaN.
    activation_ms : ndarray, (n_states,), ms
        Mean time until one inactive cluster becomes active while k = 0, 1, ... others are; at most 1e290. NaN, as
        everything below, where a state with active clusters is unstable against differences between inactive ones.
    deactivation_ms : ndarray, (n_states,), ms
        Mean time until one active cluster becomes inactive while k = 0, 1, ... others are active.
    occupancy : ndarray, (n_states + 1,)
        Stationary probability of k active clusters; NaN without active states.
    status : str
        Which states there are, which of them are unstable, and which condition of the balanced state fails, if one
        does.
    """

    n_clusters: int
    low: float
    high: float
    active_rate: NDArray[np.float64]
    inactive_rate: NDArray[np.float64]
    activation_ms: NDArray[np.float64]
    deactivation_ms: NDArray[np.float64]
    occupancy: NDArray[np.float64]
    status: str

    @property
    def mean_active(self) -> float:
        """Expected number of active clusters."""
        return float(self.occupancy @ np.arange(self.occupancy.size))

    @property
    def up_ms(self) -> float:
        """Mean duration of an active state, ms: expected number of active clusters over the rate at which they end."""
        return float(self.mean_active / self._ends_per_ms) if self._ends_per_ms else np.inf

    @property
    def down_ms(self) -> float:
        """Mean duration of an inactive state, ms."""
        return float((self.n_clusters - self.mean_active) / self._ends_per_ms) if self._ends_per_ms else np.inf

    @property
    def _ends_per_ms(self) -> float:
        # In the long run as many end as begin, of every k: one sum serves both means.
        k = np.arange(1, self.occupancy.size)
        return float((self.occupancy[1:] * k / self.deactivation_ms).sum()) if k.size else float("nan")

    def __repr__(self) -> str:
        if np.isnan(self.up_ms):
            return f"DwellTimes({self.status})"
        shares = ", ".join(f"{k}: {p:.3f}" for k, p in enumerate(self.occupancy) if p >= 5e-4)
        return (
            f"DwellTimes(active {self.up_ms:.4g} ms, inactive {self.down_ms:.4g} ms, {self.mean_active:.3g} of "
            f"{self.n_clusters} active on average ({shares}); active from {self.high:.3g} until below {self.low:.3g}. "
            f"{self.status})"
        )


def dwell_times(
    network: BinaryNetwork,
    *,
    threshold: Sequence[float] | None = None,
    max_active: int | None = None,
    population: str = "E",
) -> DwellTimes:
    """Compute how long clusters stay active and inactive, without fitted parameters.

    Parameters
    ----------
    network : BinaryNetwork
        With clusters that are alike.
    threshold : pair of float, optional
        ``(low, high)``: a cluster is active from a rate of `high` until its rate is below `low`, the rule of
        ``statistics.cluster_states``. By default half way from the rate that divides the two kinds of states to the
        inactive and to the active rate with one active cluster; it is the rate of the cluster in the unstable state
        between them, or the homogeneous rate where that is larger or there is no such state.
    max_active : int, optional
        Largest number of active clusters; by default one more than the last state found.
    population : str
        Whose rate the thresholds are for.

    Returns
    -------
    DwellTimes
        With NaN and a sentence where there is no state with an active cluster, or one that does not last.

    Raises
    ------
    ValueError
        If clusters differ or are too large for their master equation, or the thresholds are out of order or range.

    Notes
    -----
    Beside k other active clusters, the numbers of active units of one cluster (the focus) follow a master equation:
    they rise at ``(N_c - n) Phi / tau`` and fall at ``n (1 - Phi) / tau``. The k others are frozen at the rates of the
    fixed point with k active clusters; inactive clusters, background and unclustered populations follow the focus,
    that is, they are at their own fixed point for each of its states. Mean first-passage times between the two
    thresholds, each from the states in which the opposite passage ends, give ``activation_ms[k]`` and
    ``deactivation_ms[k]``. The number of active clusters then rises from k at the rate ``(Q - k) / activation_ms[k]``
    and falls from k + 1 at ``(k + 1) / deactivation_ms[k]``; the mean durations are those of this process when it is
    stationary, an exact relation of flow and number.

    States are fixed points with k = 0, 1, ... equal active clusters, the one with the largest active rate if there are
    several, as long as they exist, are stable while the active ones stay equal, and have an active rate of `high` or
    more; one more active cluster than the last of them is allowed for. A state in which the active ones do not stay
    equal is left by a single one of them, whose passage is what is computed; `status` names it. Where a state with
    active clusters is unstable against differences between the inactive ones, as beyond the end of its range in
    `bifurcation_diagram`, these do not wait for fluctuations: a passage time of one of them has no meaning, and all
    times are NaN. The state without active clusters is not asked for this: past its loss the homogeneous rate divides
    the two kinds of states, and the process is hardly ever there.

    *Assumptions and approximations*: those of `cluster_chain` (connections annealed, inputs Gaussian); active clusters
    do not fluctuate and do not respond to the focus; inactive ones respond at once and do not fluctuate; one cluster
    changes at a time. `cluster_chain` does without these three, and a simulation has fixed differences between clusters
    besides: ``verification/rost_2018_finite_size.py`` prints what each of them does. Thresholds that leave the dividing
    rate to one side count a cluster that turns back as two changes, and the approximation is then worse.

    Examples
    --------
    >>> import metastable as mst
    >>> mst.meanfield.dwell_times(mst.networks.rost_2018(j_e_plus=2, r_j=0.75))
    DwellTimes(There is no state with one active cluster.)
    >>> winner = mst.meanfield.dwell_times(mst.networks.rost_2018(j_e_plus=2.9), max_active=1)
    >>> winner.up_ms > 1e15
    True
    """
    theory, equations = MeanField.of(network), ClusterEquations.of(network)
    n_clusters = equations.n_clusters
    if (population, 0) not in theory.labels:
        raise ValueError(f"{population!r} has no clusters; choose a population that has.")
    limit = n_clusters
    if max_active is not None:
        limit = require_integer("max_active", max_active, minimum=1, maximum=n_clusters)
    balance, zero = balance_of(network), _homogeneous(network, equations)
    one = None if zero is None else _state(equations, population, 1, zero)
    if zero is None or one is None:
        nothing = np.zeros(0)
        status = remarked("There is no state with one active cluster.", balance)
        if zero is None:
            status = f"There is no homogeneous state with activity, only silence is left: {balance.silence}."
        return DwellTimes(
            n_clusters=n_clusters,
            low=np.nan,
            high=np.nan,
            active_rate=nothing,
            inactive_rate=nothing,
            activation_ms=nothing,
            deactivation_ms=nothing,
            occupancy=np.full(1, np.nan),
            status=status,
        )
    own = (population, True)
    if threshold is None:
        # Past its homogeneous rate a cluster grows by itself where no unstable state is left.
        divide = max(one.divide, zero.inactive[own])
        low, high = (one.inactive[own] + divide) / 2, (one.active[population] + divide) / 2
    else:
        low, high = require_pair("threshold", threshold)
    size = int(theory.size[theory.labels.index((population, 0))])
    # A rate of exactly the threshold is at it, whatever the rounding of the product.
    low_level, high_level = (int(np.ceil(t * size - 1e-9)) for t in (low, high))
    if not 1 <= low_level <= high_level <= size:
        raise ValueError(
            f"threshold must be (low, high) with 0 < low <= high <= 1, got ({low:g}, {high:g}) for {size} units."
        )
    states, following = [zero], one
    while len(states) < limit and following is not None and following.active[population] >= high:
        states.append(following)
        following = _state(equations, population, len(states), states[-1]) if len(states) < n_clusters else None
    # The thresholds rest on the state with one active cluster, even where the process is not in it.
    restless = [k for k, state in enumerate([zero, one, *states[2:]]) if k and not state.waits]
    if restless:
        times = np.full((len(states), 2), np.nan)
        occupancy = np.full(len(states) + 1, np.nan)
    else:
        times = np.array(
            [
                focus_cluster(
                    theory, population=population, n_active=k, active=state.active, inactive=state.inactive
                ).dwell_ms(low_level, high_level)
                for k, state in enumerate(states)
            ]
        )
        occupancy = _occupancy(n_clusters, times)
    return DwellTimes(
        n_clusters=n_clusters,
        low=low,
        high=high,
        active_rate=np.array([state.active.get(population, np.nan) for state in states]),
        inactive_rate=np.array([state.inactive[own] for state in states]),
        activation_ms=times[:, 0],
        deactivation_ms=times[:, 1],
        occupancy=occupancy,
        status=remarked(_status(states, restless), balance),
    )


@dataclass(frozen=True, eq=False)
class _State:
    """Rates with k active clusters: of active ones by population, of the rest by (population, whether clustered).

    `divide` is the next lower active rate in an unstable fixed point, 0 without one. `together` and `waits` tell
    whether differences between active clusters, and between inactive ones, decay.
    """

    active: dict[str, float]
    inactive: dict[tuple[str, bool], float]
    divide: float = 0.0
    together: bool = True
    waits: bool = True


def _occupancy(n_clusters: int, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the stationary probability of k active clusters from (activation, deactivation) times."""
    activation, deactivation = times.T
    k = np.arange(len(times))
    with np.errstate(divide="ignore"):
        # The logarithm: one active state of 1e60 ms after the other overflows a product.
        ratio = np.log((n_clusters - k) / (k + 1)) + np.log(deactivation) - np.log(activation)
    weight = np.concatenate([[0.0], np.cumsum(ratio)])
    occupancy = np.exp(weight - weight.max())
    return occupancy / occupancy.sum()


def _status(states: list[_State], restless: list[int]) -> str:
    """Say up to which number of active clusters there are states, and which of them are unstable."""
    if restless:
        return (
            f"No time can be given: the state with {_among(restless)} is unstable against differences between the "
            "inactive clusters, which become active by themselves instead of waiting for fluctuations."
        )
    most = len(states) - 1
    status = f"Fixed points with up to {most} active cluster{'s' * (most > 1)}."
    apart = [k for k, state in enumerate(states) if not state.together]
    if apart:
        status += f" That with {_among(apart)} is unstable against differences between them: one soon becomes inactive."
    return status


def _among(numbers: list[int]) -> str:
    return f"{' or '.join(map(str, numbers))} active"


def _homogeneous(network: BinaryNetwork, equations: ClusterEquations) -> _State | None:
    """Return the state without an active cluster, the homogeneous one, or None without activity."""
    rates = homogeneous_state(network).population_rates
    if rates.max() < 1e-9:
        return None
    return _State({}, dict(zip(equations.labels, rates.tolist(), strict=True)))


def _state(equations: ClusterEquations, population: str, k: int, before: _State) -> _State | None:
    """Return the state with k equal active clusters and the largest active rate, None without one."""
    own = [name for name, clustered in equations.labels if clustered]
    rest = [label for label in equations.labels if not label[1]]
    q, n = equations.n_clusters, len(own)
    everyone = k == q
    # Active clusters start from rates of all sizes; the rest first settles beside them, from where it was with k - 1.
    quiet = [before.inactive[name, True] for name in own] * (not everyone) + [before.inactive[key] for key in rest]
    start = np.array([[up] * n + quiet for up in np.linspace(0.99, 0.04, 48)])
    composition = np.array([[q]] if everyone else [[k, q - k]])
    reduced = equations.reduced(composition[0])
    for _ in range(300):
        start[:, n:] += 0.1 * (reduced.response(start) - start)[:, n:]
    found, converged = solve(equations, np.repeat(composition, len(start), axis=0), start)
    focus = own.index(population)
    found = found[converged]
    best = None
    for m in found[np.argsort(-found[:, focus])]:
        inactive = before.inactive[population, True] if everyone else m[n + focus]
        # A state of another kind: nearly silent but for the active clusters, or with all alike.
        if m[focus] < inactive + 1e-6 or inactive < 0.01 * before.inactive[population, True]:
            continue
        stable = np.linalg.eigvals(reduced.jacobian(m)).real.max() < 0
        if stable and best is None:
            down = dict(zip(own, m[n : 2 * n].tolist(), strict=True)) if not everyone else {}
            others = {(name, True): down.get(name, before.inactive[name, True]) for name in own}
            others |= dict(zip(rest, m[len(m) - len(rest) :].tolist(), strict=True))
            growth = [np.linalg.eigvals(b).real.max() for b in difference_blocks(equations, composition[0], m)]
            best = _State(
                dict(zip(own, m[:n].tolist(), strict=True)),
                others,
                together=k == 1 or bool(growth[0] < 0),
                waits=q - k < 2 or bool(growth[-1] < 0),
            )
        elif not stable and best is not None:
            return dataclasses.replace(best, divide=float(m[focus]))
    return best
