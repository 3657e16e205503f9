"""The time constant of a decaying covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metastable._display import Drawn
from metastable._validation import require_choice, require_number, require_numbers
from metastable.statistics._lags import NORMALISATIONS

OFFSETS = ("finite_recording", "free", "none")

_GRID = 200
# Below this share of the variance a curve is said to explain little.
_LITTLE = 0.5


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class TimeConstant(Drawn):
    """A fitted exponential decay.

    Parameters
    ----------
    tau_ms : float, ms
        NaN where the lags do not determine it.
    amplitude : float
        Covariance at lag 0 of the fitted exponential, in the unit of the covariance.
    offset : float
        Constant below the decay; 0 where the fit has none, and for "finite_recording" what is missing at the last lag.
    fit_from_ms, fit_to_ms : float, ms
        First and last lag used.
    offset_model : str
        As in `fit_time_constant`.
    r_squared : float
        Explained part of the variance over the fitted lags.
    status : str
        What came of it, a sentence.
    lag_ms, covariance, fitted : ndarray, (n_fitted,)
        What was fitted, and the fitted curve.
    """

    tau_ms: float
    amplitude: float
    offset: float
    fit_from_ms: float
    fit_to_ms: float
    offset_model: str
    r_squared: float
    status: str
    lag_ms: NDArray[np.float64]
    covariance: NDArray[np.float64]
    fitted: NDArray[np.float64]

    @property
    def explains_little(self) -> bool:
        """Whether there is a time constant, and the curve explains less than half of the variance."""
        return bool(np.isfinite(self.tau_ms) and self.r_squared < _LITTLE)

    def __repr__(self) -> str:
        little = ", but the curve explains less than half of the variance over these lags" * self.explains_little
        return (
            f"TimeConstant({self.tau_ms:.4g} ms, amplitude {self.amplitude:.4g}, offset {self.offset:.3g} "
            f"({self.offset_model}), lags {self.fit_from_ms:g} to {self.fit_to_ms:g} ms, R^2 {self.r_squared:.3f}: "
            f"{self.status}{little})"
        )


def fit_time_constant(
    lag_ms: ArrayLike,
    covariance: ArrayLike,
    *,
    offset: str = "none",
    duration_ms: float | None = None,
    normalisation: str = "biased",
    fit_from_ms: float = 10.0,
    fit_to_ms: float | None = None,
) -> TimeConstant:
    """Fit an exponential decay to a covariance by least squares.

    Parameters
    ----------
    lag_ms : array_like, (n_lags,), ms
        Lags; negative ones are not used.
    covariance : array_like, (n_lags,)
        For instance ``cross_covariance(...).same_cluster``, or its mean over networks.
    offset : {"none", "free", "finite_recording"}
        What is fitted beside the exponential, see Notes.
    duration_ms : float, ms, optional
        Length of a trial, for "finite_recording": the result's ``duration_ms``.
    normalisation : {"biased", "unbiased"}
        That of the covariance, for "finite_recording": the result's ``normalisation``.
    fit_from_ms : float, ms
        First lag used. 10 ms leave out the peak at 0 of cross-covariances, made by synapses of 2 to 3 ms; the trough
        and the overshoot that refractoriness makes in autocovariances last to about 30 ms.
    fit_to_ms : float, ms, optional
        Last lag used; by default the longest.

    Returns
    -------
    TimeConstant

    Raises
    ------
    ValueError
        If shapes differ, a value is NaN, fewer than 4 lags are used, or `duration_ms` is missing.

    Notes
    -----
    * "none": A exp(-lag / tau). The time over which the measured curve falls; what published curves show.
    * "free": A exp(-lag / tau) + c. Up to 200 ms a decay of 150 ms is nearly straight, so tau and c trade against
      each other and the spread is large.
    * "finite_recording": what "trial_mean" subtraction makes, on average, of a process with covariance
      A exp(-lag / tau) in trials of length T. The mean of a trial, m, is random, and with x and y the means of the
      parts of the trial that a lag compares, the covariance loses <m x> + <m y> - <m m>, which has a closed form. It
      has no more parameters than "none" and estimates the time constant of the process itself, which for slow
      processes is much longer: a curve that falls with 160 ms in 1.5 s trials can come from 400 ms.

    For a given tau the other parameters are linear; tau is found on a logarithmic grid, from the shortest
    that the lags resolve (their spacing, or a third of the first) to ten times the longest lag, and refined.

    Examples
    --------
    >>> import numpy as np, metastable as mst
    >>> lag_ms = np.arange(0, 201, 2.0)
    >>> fit = mst.statistics.fit_time_constant(lag_ms, 3 * np.exp(-lag_ms / 150) - 0.5, offset="free")
    >>> fit
    TimeConstant(150 ms, amplitude 3, offset -0.5 (free), lags 10 to 200 ms, R^2 1.000: converged)
    """
    require_choice("offset", offset, OFFSETS)
    require_choice("normalisation", normalisation, NORMALISATIONS)
    lag, value = _used(lag_ms, covariance, "fit_from_ms", fit_from_ms, fit_to_ms)
    if duration_ms is not None:
        duration_ms = require_number("duration_ms", duration_ms, above=float(lag[-1]))
    elif offset == "finite_recording":
        raise ValueError("offset='finite_recording' needs duration_ms, the length of a trial; give it.")

    def fit(log_tau: float) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        basis = _basis(lag, float(np.exp(log_tau)), offset, duration_ms)
        if offset == "finite_recording" and normalisation == "biased":
            assert duration_ms is not None
            basis = basis * (1 - lag / duration_ms)[:, None]
        weights = np.linalg.lstsq(basis, value, rcond=None)[0].astype(np.float64)
        fitted = basis @ weights
        return float(np.square(value - fitted).sum()), weights, fitted

    shortest = max(lag[1] - lag[0], lag[0] / 3)
    grid = np.linspace(np.log(shortest), np.log(10 * lag[-1]), _GRID)
    errors = np.array([fit(log_tau)[0] for log_tau in grid])
    best = int(errors.argmin())
    status, log_tau = "converged", float(grid[best])
    if not value.any():
        status = "the covariance is 0 at every lag"
    elif best in (0, _GRID - 1):
        status = "the lags do not determine a time constant: the best lies at the edge of the search"
    else:
        from scipy.optimize import minimize_scalar

        found = minimize_scalar(
            lambda x: fit(x)[0], bounds=(grid[best - 1], grid[best + 1]), method="bounded", options={"xatol": 1e-9}
        )
        log_tau = float(found.x)  # pyright: ignore[reportAttributeAccessIssue]
    error, weights, fitted = fit(log_tau)
    if status == "converged" and weights[0] <= 0:
        status = "the covariance does not decay from a positive value"
    tau = float(np.exp(log_tau))
    spread = float(np.square(value - value.mean()).sum())
    constant = {"none": 0.0, "free": float(weights[-1])}.get(
        offset, float(fitted[-1] - weights[0] * np.exp(-lag[-1] / tau))
    )
    return TimeConstant(
        tau_ms=tau if status == "converged" else np.nan,
        amplitude=float(weights[0]),
        offset=constant,
        fit_from_ms=float(lag[0]),
        fit_to_ms=float(lag[-1]),
        offset_model=offset,
        r_squared=1 - error / spread if spread > 0 else np.nan,
        status=status,
        lag_ms=lag,
        covariance=value,
        fitted=fitted,
    )


def fall_time(
    lag_ms: ArrayLike, covariance: ArrayLike, *, from_ms: float = 0.0, fraction: float = 0.36787944117144233
) -> float:
    """Find the lag at which a covariance has fallen to a fraction of its value at an earlier lag.

    Parameters
    ----------
    lag_ms : array_like, (n_lags,), ms
        Increasing; the negative ones are not used.
    covariance : array_like, (n_lags,)
    from_ms : float, ms
        Lag of the value it falls from; 0 counts the peak there.
    fraction : float
        By default 1/e.

    Returns
    -------
    float, ms
        The first such lag after `from_ms`, linear between lags, minus `from_ms`; NaN where it never falls so far.
        What one reads off a figure; `fit_time_constant` uses all lags.

    Raises
    ------
    ValueError
        If shapes differ, a value is NaN, or `from_ms` lies outside the lags.

    Examples
    --------
    >>> import numpy as np, metastable as mst
    >>> lag_ms = np.arange(0, 201, 2.0)
    >>> round(mst.statistics.fall_time(lag_ms, np.exp(-lag_ms / 90)), 2)
    90.0
    """
    lag, value = _used(lag_ms, covariance, "from_ms", from_ms, None)
    target = require_number("fraction", fraction, minimum=0, maximum=1) * value[0]
    below = np.flatnonzero(value < target)
    if value[0] <= 0 or below.size == 0:
        return float("nan")
    after = int(below[0])
    step = (value[after - 1] - target) / (value[after - 1] - value[after])
    return float(lag[after - 1] + step * (lag[after] - lag[after - 1]) - lag[0])


def _used(
    lag_ms: ArrayLike, covariance: ArrayLike, name: str, fit_from_ms: float, fit_to_ms: float | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    lag, value = require_numbers("lag_ms", lag_ms), require_numbers("covariance", covariance)
    if lag.ndim != 1 or lag.shape != value.shape:
        raise ValueError(f"lag_ms and covariance must be equally long lists, got shapes {lag.shape} and {value.shape}.")
    if (np.diff(lag) <= 0).any():
        raise ValueError("lag_ms must increase; sort the lags and their covariances together.")
    first = require_number(name, fit_from_ms, minimum=0)
    last = require_number("fit_to_ms", lag.max(initial=0.0) if fit_to_ms is None else fit_to_ms, minimum=0)
    used = (lag >= first) & (lag <= last)
    if used.sum() < 4:
        raise ValueError(
            f"only {used.sum()} lags lie between {first:g} and {last:g} ms, 4 are needed; widen the range of lags."
        )
    lag, value = lag[used], value[used]
    if not np.isfinite(value).all():
        raise ValueError("covariance holds NaN or infinite values (no pairs of this kind?); there is nothing to fit.")
    return lag, value


def _basis(lag: NDArray[np.float64], tau: float, offset: str, duration_ms: float | None) -> NDArray[np.float64]:
    """Return the columns whose weighted sum is fitted, (n_lags, 1 or 2)."""
    decay = np.exp(-lag / tau)
    if offset == "none":
        return decay[:, None]
    if offset == "free":
        return np.stack([decay, np.ones_like(lag)], axis=1)
    assert duration_ms is not None
    ratio, whole = tau / duration_ms, np.exp(-duration_ms / tau)
    # <m m>: the variance of the mean of an exponentially correlated process over a trial of length T.
    mean_mean = 2 * ratio * (1 - ratio * (1 - whole))
    # <m x> with x the mean over the first (by symmetry the last) T - lag of the trial.
    part = duration_ms - lag
    mean_part = ratio * (2 - tau / part * (1 - np.exp(-part / tau) + decay - whole))
    return (decay - 2 * mean_part + mean_mean)[:, None]
