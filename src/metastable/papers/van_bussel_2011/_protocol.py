"""What the figures of Van Bussel, Kriener & Timme (2011) share: networks, their spikes, and how errors are measured."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable.networks import WiredPulseNetwork, van_bussel_2011
from metastable.simulation import simulate
from metastable.spikes import SpikeData

Array = NDArray[np.float64]

KINDS = {"inhibitory": "homogeneous inhibitory", "mixed": "mixed signs"}
# Half-widths of the drives: the paper gives maximum minus minimum, over the mean (section 2.3).
SPREAD_5, SPREAD_1, SPREAD_20 = 0.025, 0.005, 0.1
STRENGTHS = (
    "Strengths, in-degree and the potentials at the start are not in the paper; chosen: sizes onto a neuron sum up to "
    "0.8 (V_T - V_R), sd 25 %, a quarter of the network presynaptic."
)


def wired_network(*, seed: int, index: int, **parameters: Any) -> WiredPulseNetwork:
    """Draw one network of the paper; parameters as in `metastable.networks.van_bussel_2011`."""
    return van_bussel_2011(**parameters).wire(seed, network_index=index)


def record(
    wired: WiredPulseNetwork, *, seed: int, duration_ms: float, n_trials: int, spread: float, **options: Any
) -> SpikeData:
    """Simulate a network under driving conditions drawn anew for each trial."""
    return simulate(
        wired,
        seed=seed,
        duration_ms=duration_ms,
        n_trials=n_trials,
        drive_spread=spread,
        n_jobs=1,
        progress=False,
        **options,
    )


def largest_error(found: ArrayLike, truth: ArrayLike) -> float:
    """Return the largest error of a weight, mV; what is not known counts as 0, that is as no connection."""
    return float(np.abs(np.nan_to_num(np.asarray(found, float)) - np.asarray(truth, float)).max())


def log10(values: ArrayLike) -> Array:
    """Return the decimal logarithm; NaN where there is none."""
    x = np.asarray(values, float)
    return np.log10(x, out=np.full(x.shape, np.nan), where=x > 0)


def slope(x: ArrayLike, y: ArrayLike, use: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the slope of a line through points in double logarithmic axes, and the decades of `x` that it spans.

    Examples
    --------
    >>> import numpy as np
    >>> slope([1, 10, 100], [2, 20, 5], np.array([True, True, False]))
    (1.0, 1.0)
    """
    u, v = log10(x)[use], log10(y)[use]
    if u.size < 2:
        return np.nan, np.nan
    u_mean = u - u.mean()
    return float(round((u_mean @ v) / (u_mean @ u_mean), 12)), float(np.ptp(u))
