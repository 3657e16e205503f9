"""What the figures of Fasoli & Panzeri (2019) share: networks, exact claims, runs of a simulation."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable.networks import BinaryNetwork, ClusterLayout, FiniteSizeNetwork, rost_2018
from metastable.papers._claims import Claim
from metastable.papers._paper import Numbers
from metastable.simulation import FiniteSizeActivity, simulate

Array = NDArray[np.float64]

POPULATION_COLORS = {"E": "#c0392b", "I": "#2471a3"}
ORDER_COLORS = {2: "#1b2631", 3: "#d68910", 4: "#1e8449"}
# Exact laws are lines, samples points.
SAMPLE = {"linestyle": "none", "marker": "o", "markersize": 3.2, "markerfacecolor": "white", "markeredgewidth": 0.9}
OWN = "Regression number of this project's own derivation; the parameter tables of the papers are not at hand."

_BURN_IN = 100


def four_neurons(stimulus: ArrayLike = (0.5, 0.2)) -> FiniteSizeNetwork:
    """Build two excitatory and two inhibitory neurons with noise."""
    return FiniteSizeNetwork.homogeneous(
        {"E": 2, "I": 2}, coupling=[[8, -6], [7, -5]], threshold=1, sigma=1, stimulus=stimulus, name="2 E + 2 I"
    )


def two_neurons() -> FiniteSizeNetwork:
    """Build two neurons that inhibit and excite each other."""
    parameters: Any = {
        "weights": [[0, -2], [1.5, 0]],
        "stimulus": [0.6, -0.2],
        "threshold": [0, 0.3],
        "sigma": [0.7, 0.5],
    }
    return FiniteSizeNetwork(**parameters, name="1 E + 1 I")


def two_halves(n: int, *, sigma: float = 1.5) -> FiniteSizeNetwork:
    """Build a network of any size, half of it excitatory, half inhibitory."""
    return FiniteSizeNetwork.homogeneous(
        {"E": n // 2, "I": n // 2},
        coupling=[[9, -7], [8, -4]],
        threshold=1,
        sigma=sigma,
        stimulus=[0.4, 0.1],
        name=f"{n} neurons in halves",
    )


def eight_neurons() -> FiniteSizeNetwork:
    """Build four excitatory and four inhibitory neurons without noise."""
    return FiniteSizeNetwork.homogeneous(
        {"E": 4, "I": 4}, coupling=[[80, -70], [70, -34]], in_degree=7, threshold=1, name="4 E + 4 I"
    )


def two_clusters(j_e_plus: float = 1.9, *, inhibitory_clusters: bool = False) -> BinaryNetwork:
    """Build two clusters of eight excitatory units, and eight inhibitory ones; times in units of tau_E."""
    net = rost_2018(n_e=16, n_i=8, n_clusters=2, j_e_plus=j_e_plus, m_x=0.3)
    e, i = net.populations
    layout = ClusterLayout.equal(8, 2) if inhibitory_clusters else None
    populations = dataclasses.replace(e, tau_ms=1.0), dataclasses.replace(i, tau_ms=0.5, layout=layout)
    return dataclasses.replace(net, populations=populations)


def run(
    network: FiniteSizeNetwork, *, seed: int, index: int, n_steps: int, n_trials: int = 1, **options: Any
) -> FiniteSizeActivity:
    """Simulate trials of their own for each index."""
    return simulate(
        network,
        duration_ms=n_steps,
        n_trials=n_trials,
        first_trial=index * n_trials,
        seed=seed,
        n_jobs=1,
        progress=False,
        **options,
    )


def sample(network: FiniteSizeNetwork, *, seed: int, index: int, n_steps: int) -> tuple[NDArray[np.uint8], Array]:
    """Return activities and potentials of a long run, (n_steps, n) each, of the same steps and without its start."""
    found = run(network, seed=seed, index=index, n_steps=n_steps + _BURN_IN, record_potentials=True)
    potentials = found.potentials
    assert potentials is not None
    return found.activity[0, _BURN_IN + 1 :], potentials[0, _BURN_IN:]


def exact_claim(
    statement: str, value: ArrayLike, target: float, *, digits: int, unit: str = "", note: str = OWN
) -> Claim:
    """Claim that a computed number agrees with the digits of another."""
    half = 0.6 * 10.0**-digits
    if digits > 5:
        note = f"Computed: {float(np.ravel(value)[0]):.{digits}f}. {note}"
    return Claim(
        statement,
        f"{target:.{digits}f}",
        (target - half, target + half),
        np.atleast_1d(np.asarray(value, np.float64)),
        unit,
        note,
        exact=True,
    )


def sampled_claim(
    statement: str,
    values: ArrayLike,
    target: float,
    *,
    within: float,
    each: str = "run",
    unit: str = "",
    note: str = "",
) -> Claim:
    """Claim that the mean of independent samples agrees with an exact number."""
    text = f"{target:.5g} (exact)"
    interval = (target - within, target + within)
    return Claim(statement, text, interval, np.asarray(values, np.float64), unit, note, each=each)


def standard_error(values: ArrayLike, axis: int = 0) -> Array:
    """Return the standard error of the mean over an axis."""
    x = np.asarray(values, np.float64)
    return np.std(x, axis=axis, ddof=1) / np.sqrt(x.shape[axis])


def packed(record: Any) -> Numbers:
    """Return the fields of a dataclass as arrays, to be kept; see `unpacked`."""
    return {field.name: np.asarray(getattr(record, field.name)) for field in dataclasses.fields(record)}


def unpacked(kind: type, numbers: Numbers, *, tuples: Iterable[str], prefix: str = "") -> Any:
    """Rebuild a dataclass from `packed`, whose arrays may have names with a prefix."""
    values: dict[str, Any] = {field.name: numbers[prefix + field.name] for field in dataclasses.fields(kind)}
    for name in tuples:
        values[name] = tuple(values[name].tolist())
    if "name" in values:
        values["name"] = str(values["name"])
    return kind(**values)
