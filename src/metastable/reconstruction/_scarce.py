"""The incoming weights of neurons with few intervals for their unknowns, from their silence too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable.reconstruction._current_equations import CurrentEquations, CurrentRows
from metastable.reconstruction._current_incoming import Posterior, by_column, scaled
from metastable.reconstruction._current_prior import WeightPrior
from metastable.reconstruction._expectation_propagation import Sites, propagate
from metastable.reconstruction._incoming import places
from metastable.reconstruction._least_squares import Fit
from metastable.reconstruction._silence import Moments, add_closest
from metastable.reconstruction._sparse_prior import Belief, SparsePrior
from metastable.reconstruction._status import Status

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# Intervals per unknown beyond which the prior says nothing that the equations do not.
_ENOUGH = 4
# Passes over the neurons, after each of which the prior is estimated anew: inequalities that each adds, and iterations.
# Twice as many inequalities gain nothing that could be measured.
_PASSES = ((75, 8), (75, 4), (0, 4), (0, 4))
# By how much a potential without a spike may seem to exceed the threshold, in distances from reset to threshold: about
# as much as a step of the grid adds.
_SOFTNESS = 0.003
# Neurons in which the sparse prior is compared with the normal one, and which share of their intervals is predicted.
_COMPARED, _HELD = 30, 5
# Residuals of equations, in standard deviations, that a posterior may leave.
_MISFIT = 1.5


@dataclass(frozen=True, eq=False)
class Scarce:
    """A neuron with few intervals for its unknowns.

    Parameters
    ----------
    posterior : Posterior
    moments : Moments
        Of its inequalities.
    sites : Sites, optional
        None before the first pass.
    present : ndarray, (4, n)
        As in `Belief`, of each presynaptic neuron.
    counted : ndarray of bool, (n,)
        Which of these are weights that tell about the prior.
    """

    posterior: Posterior
    moments: Moments
    sites: Sites | None
    present: Array
    counted: NDArray[np.bool_]


def scarce_neurons(equations: CurrentEquations, found: list[Posterior]) -> Ints:
    """Return the neurons that have intervals, but few for their unknowns, and whose model fits."""
    few = [
        0 < equations.intervals(i).size < _ENOUGH * equations.n_unknowns(i)
        and each.found.status is not Status.MODEL_MISMATCH
        for i, each in enumerate(found)
    ]
    return np.flatnonzero(few)


def solve_scarce(
    equations: CurrentEquations,
    found: list[Posterior],
    ridge: WeightPrior,
    each: Callable[[Callable[[int], Any], Ints], list[Any]],
) -> list[Posterior]:
    """Find the weights of neurons with few intervals again, from equations and inequalities and a sparse prior.

    Parameters
    ----------
    equations : CurrentEquations
        On a time grid.
    found : list of Posterior
        Of ridge regression.
    ridge : WeightPrior
        The prior of that.
    each : callable
        Applies a function to neurons.

    Returns
    -------
    list of Posterior
        Those of the other neurons are as they were.

    Notes
    -----
    A neuron that does not fire says that its potential is below threshold, which is an inequality for the same sum of
    weights as in its equations. Of the thousands of moments those that matter are found as in the method of cutting
    planes (Kelley 1960): an estimate tells when the potential comes closest to threshold or crosses it. What equations
    and inequalities leave open, the prior tells; neurons with enough intervals tell most of it. Whether weights are
    sparse at all, intervals tell that are held out: the result must predict them better than ridge regression does.
    """
    neurons = scarce_neurons(equations, found)
    if not neurons.size:
        return found
    span = float((equations.model.threshold - equations.model.reset).mean())
    enough, n_enough = _enough(found, neurons, ridge)
    prior = SparsePrior.first(ridge, span)
    if n_enough.any():
        prior = _updated(prior, enough, n_enough, {}, span)
    nothing = np.zeros((4, equations.model.n))
    state = {
        int(i): Scarce(found[i], Moments.none(), None, nothing, np.zeros(equations.model.n, bool)) for i in neurons
    }
    for n_more, n_iterations in _PASSES:
        step = _Pass(equations, prior, state, n_more, n_iterations)
        state = dict(zip(state, each(step, neurons), strict=True))
        prior = _updated(prior, enough, n_enough, state, span)
    if not _predicts_better(equations, prior, ridge, state, neurons, each):
        return found
    return [state[i].posterior if i in state else posterior for i, posterior in enumerate(found)]


@dataclass(frozen=True, eq=False)
class _Pass:
    equations: CurrentEquations
    prior: SparsePrior
    state: dict[int, Scarce]
    n_more: int
    n_iterations: int

    def __call__(self, i: int) -> Scarce:
        """Go on with one neuron."""
        equations, old = self.equations, self.state[i]
        moments, kept = old.moments, np.arange(len(old.moments))
        if self.n_more:
            moments, kept = add_closest(equations, i, old.posterior.x, moments, self.n_more)
        system = _System.of(equations, i, equations.intervals(i), old.posterior, moments)
        live, rows, a, limits = system.live, system.rows, system.matrix, system.limits
        prior = _by_column(equations, i, self.prior).at(live)
        sites = (old.sites or Sites.first(prior)).with_limits(len(moments), kept)
        try:
            belief, together, sites = system.solve(prior, sites, self.n_iterations)
        except np.linalg.LinAlgError:
            return replace(old, moments=Moments.none(), sites=None)
        residual = rows.right - a @ together
        # Comparisons with NaN are false, too.
        if not np.sqrt(np.mean(residual**2)) < _MISFIT:
            return replace(old, moments=Moments.none(), sites=None)
        x, y, spread = np.zeros(live.size), np.zeros(live.size), np.full(live.size, np.nan)
        x[live], y[live], spread[live] = belief.mean, together, np.sqrt(belief.variance)
        said = live.copy()
        said[live] = (a != 0).any(axis=0) | (limits != 0).any(axis=0)
        rank = min(residual.size, int(live.sum()))
        weights, error, sums = places(equations, i, Fit(x, said, rank, np.nan, spread), spread)
        found = replace(
            old.posterior.found,
            weights=weights,
            standard_error=error,
            together_sum=sums,
            method="spike-and-slab",
            bias_mv=float(x[-1]) if equations.bias else np.nan,
        )
        column = equations.columns(i)
        alone = live[: column.size] & (np.bincount(column[column >= 0], minlength=column.size) == 1)
        present = np.zeros((4, live.size))
        present[:, live] = belief.present
        return Scarce(Posterior(found, y), moments, sites, present[:, : column.size] * alone, alone)


@dataclass(frozen=True, eq=False)
class _System:
    """Equations and inequalities of a neuron for the unknowns that are not 0 by themselves.

    Parameters
    ----------
    rows : CurrentRows
        Equations in standard deviations of their errors.
    live : ndarray of bool, (n_columns,)
    matrix, limits : ndarray, (n_rows, n_live)
        Left sides of equations and inequalities.
    below : ndarray
        Right sides of inequalities.
    softness : float
    """

    rows: CurrentRows
    live: NDArray[np.bool_]
    matrix: Array
    limits: Array
    below: Array
    softness: float

    @classmethod
    def of(
        cls, equations: CurrentEquations, i: int, intervals: Ints, posterior: Posterior, moments: Moments
    ) -> _System:
        """Collect them for some intervals of a neuron."""
        limits, below = equations.silence_rows(i, moments.trial, moments.start, moments.moment)
        rows, _ = scaled(equations, i, equations.rows(i, intervals), posterior)
        live = np.zeros(equations.n_columns, bool)
        column = equations.columns(i)
        live[column[equations.recording.fires & (column >= 0)]] = True
        if equations.bias:
            live[-1] = True
        softness = _SOFTNESS * float(equations.model.threshold[i] - equations.model.reset[i])
        return cls(rows, live, rows.matrix[:, live], limits[:, live], below, softness)

    def solve(self, prior: SparsePrior, sites: Sites, n_iterations: int) -> tuple[Belief, Array, Sites]:
        """Return what `propagate` does."""
        a = self.matrix
        return propagate(
            a.T @ a,
            a.T @ self.rows.right,
            self.limits,
            self.below,
            prior,
            sites,
            softness=self.softness,
            n_iterations=n_iterations,
        )


def _predicts_better(
    equations: CurrentEquations,
    prior: SparsePrior,
    ridge: WeightPrior,
    state: dict[int, Scarce],
    neurons: Ints,
    each: Callable[[Callable[[int], Any], Ints], list[Any]],
) -> bool:
    """Return whether the sparse prior predicts intervals that are held out better than the normal prior does."""

    def squares(i: int) -> tuple[float, float]:
        intervals, known = equations.intervals(i), state[i]
        held = np.arange(intervals.size) % _HELD == _HELD // 2
        used = _System.of(equations, i, intervals[~held], known.posterior, known.moments)
        tested = _System.of(equations, i, intervals[held], known.posterior, Moments.none())
        mean, variance, _ = by_column(equations, i, ridge)
        mean, variance = mean[used.live], variance[used.live]
        gram = used.matrix.T @ used.matrix + np.diag(1 / variance)
        normal = np.linalg.solve(gram, used.matrix.T @ used.rows.right + mean / variance)
        mixture = _by_column(equations, i, prior).at(used.live)
        sites = Sites.first(mixture).with_limits(len(known.moments), np.zeros(0, np.int64))
        try:
            _, sparse, _ = used.solve(mixture, sites, sum(n for _, n in _PASSES))
        except np.linalg.LinAlgError:
            return 1.0, 0.0
        of_sparse, of_normal = (tested.rows.right - tested.matrix @ x for x in (sparse, normal))
        return float(of_sparse @ of_sparse), float(of_normal @ of_normal)

    # Those with the most intervals: they can be predicted at all.
    most = np.array([equations.intervals(i).size for i in neurons])
    chosen = neurons[np.argsort(-most, kind="stable")[:_COMPARED]]
    totals = np.array(each(squares, np.sort(chosen[np.sort(most)[::-1][: chosen.size] >= _HELD])))
    return bool(totals.size and totals[:, 0].sum() < totals[:, 1].sum())


def _by_column(equations: CurrentEquations, i: int, prior: SparsePrior) -> SparsePrior:
    """Return the mixture of each unknown; a sum of weights, and the bias, have a normal distribution."""
    mean, variance = prior.moments()
    mean, variance, _ = by_column(equations, i, WeightPrior(mean, variance, np.zeros(mean.size)))
    there, certain = np.zeros((mean.size, 2)), np.tile([0.0, 1.0], (mean.size, 1))
    # Columns that are no unknown have no variance.
    normal = SparsePrior(certain, there + mean[:, None], there + np.maximum(variance, 1e-300)[:, None])
    column = equations.columns(i)
    alone = np.flatnonzero((column >= 0) & (np.bincount(column[column >= 0], minlength=column.size)[column] == 1))
    for all_of, own in (
        (normal.share, prior.share),
        (normal.mean, prior.mean),
        (normal.variance, prior.variance),
    ):
        all_of[alone] = own[alone]
    return normal


def _enough(found: list[Posterior], scarce: Ints, ridge: WeightPrior) -> tuple[Array, NDArray[np.bool_]]:
    """Return mean and variance of the weights that other neurons found, without the prior of theirs: (2, n, n).

    Not of neurons whose model does not fit; the second array is where there are any.
    """
    n = ridge.mean.size
    estimate = np.full((2, n, n), np.nan)
    for i in np.setdiff1d(np.arange(n), scarce):
        if found[i].found.status is not Status.OK:
            continue
        with np.errstate(divide="ignore", invalid="ignore"):
            weights, error = found[i].found.weights, found[i].found.standard_error
            precision = 1 / error**2 - 1 / ridge.variance
            mean = (weights / error**2 - ridge.mean / ridge.variance) / precision
        told = np.isfinite(mean) & (precision > 0)
        estimate[0, i, told], estimate[1, i, told] = mean[told], 1 / precision[told]
    return estimate, np.isfinite(estimate[0])


def _updated(
    prior: SparsePrior, estimate: Array, there: NDArray[np.bool_], scarce: dict[int, Scarce], span: float
) -> SparsePrior:
    sums, count = np.zeros((4, prior.mean.shape[0])), np.zeros(prior.mean.shape[0])
    for row in np.flatnonzero(there.any(axis=1)):
        of = there[row]
        sums[:, of] += prior.at(of).given(estimate[0, row, of], estimate[1, row, of]).present
        count += of
    for each in scarce.values():
        sums += each.present
        count += each.counted
    return prior.updated(sums, count, span)
