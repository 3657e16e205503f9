"""How well weights were found, where the truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from metastable._display import Displayed
from metastable._validation import require_number, require_numbers, require_truth

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Score(Displayed):
    """Agreement of found with true weights.

    Parameters
    ----------
    max_error : float, mV
        Largest absolute error of a known weight.
    q_alpha : float
        Share of weights found to within a relative error; see `quality`.
    auc : float
        Area under the ROC curve of connected against unconnected, by the size of the found weight: the probability that
        of one pair of each kind the connected one has the larger. NaN if all or none are connected.
    weight_correlation : float
        Pearson correlation of found and true weights; NaN if either does not vary.
    known : float
        Share of weights that are not NaN. The other numbers except `q_alpha` are of these alone.
    """

    max_error: float
    q_alpha: float
    auc: float
    weight_correlation: float
    known: float


def score(found: ArrayLike, truth: ArrayLike, *, alpha: float = 0.95, self_weights: bool = False) -> Score:
    """Compare found weights with the true ones.

    Parameters
    ----------
    found, truth : array_like, (n, n)
        NaN in `found` is what is not known.
    alpha : float
        Accuracy for `quality`.
    self_weights : bool
        Whether the diagonal counts.

    Returns
    -------
    Score

    Examples
    --------
    >>> import metastable as mst
    >>> mst.reconstruction.score([[0, 2, 1.5], [0.1, 0, 3], [1, 0, 0]], [[0, 2, 1], [0, 0, 3], [1, 0, 0]])
    Score(max_error=0.5, q_alpha=0.625, auc=1.0, weight_correlation=0.98..., known=1.0)
    """
    a, b = _pair(found, truth)
    q = quality(a, b, alpha=alpha, self_weights=self_weights)
    counted = _counted(b, self_weights)
    a, b = a[counted], b[counted]
    known = np.isfinite(a)
    share = float(known.mean()) if known.size else np.nan
    a, b = a[known], b[known]
    return Score(
        max_error=float(np.abs(a - b).max()) if a.size else np.nan,
        q_alpha=q,
        auc=_auc(np.abs(a), b != 0),
        weight_correlation=_correlation(a, b),
        known=share,
    )


def quality(
    found: ArrayLike,
    truth: ArrayLike,
    *,
    alpha: float = 0.95,
    weighting: float = 0.5,
    scale: float | None = None,
    self_weights: bool = False,
) -> float:
    """Return the share of weights that were found well enough, Q_alpha.

    Parameters
    ----------
    found, truth : array_like, (n, n)
        An unknown weight, NaN in `found`, counts as missed.
    alpha : float
        Accuracy: a weight may err by 1 - alpha of itself, an absent one by 1 - alpha of `scale`.
    weighting : float
        Share of existing connections in the result, so that an empty matrix is not a good answer for a sparse one.
    scale : float, mV, optional
        Default: mean absolute weight of existing connections.
    self_weights : bool
        Whether the diagonal counts.

    Returns
    -------
    float
        0 to 1. Where there are only connections, or none, their share alone.

    Notes
    -----
    Van Bussel et al. 2011, section 3.4.

    Examples
    --------
    >>> import metastable as mst
    >>> mst.reconstruction.quality([[0, 2], [0.5, 0]], [[0, 2], [0, 0]])
    0.5
    """
    require_number("alpha", alpha, minimum=0, maximum=1)
    require_number("weighting", weighting, minimum=0, maximum=1)
    a, b = _pair(found, truth)
    counted = _counted(b, self_weights)
    a, b = a[counted], b[counted]
    error = np.where(np.isfinite(a), np.abs(np.nan_to_num(a) - b), np.inf)
    exists = b != 0
    width = np.abs(b[exists]).mean() if scale is None and exists.any() else scale if scale is not None else 0.0
    # Accuracies such as 1 - 0.95 are not exact either; a weight just at the limit counts.
    share = (1 - alpha) * (1 + 1e-12)
    hits = (error[exists] <= share * np.abs(b[exists]), error[~exists] <= share * width)
    parts = [float(hit.mean()) for hit in hits if hit.size]
    if len(parts) < 2:
        return parts[0] if parts else np.nan
    return weighting * parts[0] + (1 - weighting) * parts[1]


def fewest_equations(m: ArrayLike, q_alpha: ArrayLike, *, q: float = 0.9) -> float:
    """Return the smallest number of equations that give a quality, M_{q, alpha}.

    Parameters
    ----------
    m : array_like, (n_values,)
        Numbers of equations, increasing.
    q_alpha : array_like, (n_values,)
        Quality reached with each.
    q : float
        Quality wanted.

    Returns
    -------
    float
        Interpolated between neighbours; NaN if the quality is never reached.

    Examples
    --------
    >>> import metastable as mst
    >>> mst.reconstruction.fewest_equations([10, 20, 30], [0.2, 0.8, 1.0], q=0.9)
    25.0
    """
    require_number("q", q, minimum=0, maximum=1)
    m, quality_at = require_numbers("m", m), require_numbers("q_alpha", q_alpha)
    if m.ndim != 1 or m.shape != quality_at.shape or (np.diff(m) <= 0).any():
        raise ValueError(
            f"m must increase and be as long as q_alpha, got shapes {m.shape} and {quality_at.shape}; sort by m."
        )
    reached = np.flatnonzero(quality_at >= q)
    if not reached.size:
        return np.nan
    k = int(reached[0])
    if k == 0:
        return float(m[0])
    return float(np.interp(q, quality_at[k - 1 : k + 1], m[k - 1 : k + 1]))


def _pair(found: ArrayLike, truth: ArrayLike) -> tuple[Array, Array]:
    a, b = require_numbers("found", found), require_numbers("truth", truth)
    if a.ndim != 2 or a.shape != b.shape or a.shape[0] != a.shape[1]:
        raise ValueError(f"found and truth must have the same shape (n, n), got {a.shape} and {b.shape}.")
    if not np.isfinite(b).all():
        raise ValueError("truth holds NaN or infinite values; give the true weights.")
    return a, b


def _counted(weights: Array, self_weights: bool) -> NDArray[np.bool_]:
    if require_truth("self_weights", self_weights):
        return np.ones(weights.shape, bool)
    return ~np.eye(len(weights), dtype=bool)


def _auc(size: Array, connected: NDArray[np.bool_]) -> float:
    n_yes = int(connected.sum())
    n_no = connected.size - n_yes
    if not n_yes or not n_no:
        return np.nan
    return float((rankdata(size)[connected].sum() - n_yes * (n_yes + 1) / 2) / (n_yes * n_no))


def _correlation(a: Array, b: Array) -> float:
    if a.size < 2 or not np.ptp(a) or not np.ptp(b):
        return np.nan
    return float(np.corrcoef(a, b)[0, 1])
