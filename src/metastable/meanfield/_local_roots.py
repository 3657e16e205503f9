"""All solutions of the equations of one cluster, or of two populations, in a given surrounding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]

# z of the grid: Phi(-8.5) = 1e-17 and Phi(8.5) = 1 - 1e-17; the ends stand for all that is beyond.
_Z_END = 8.5
_FAR = 40.0


def local_roots(
    mean: Array, variance: Array, offset_mean: Array, offset_variance: Array, *, n_grid: int = 240
) -> Array:
    """Find all solutions of ``x = Phi((mean x + offset_mean) / sqrt(variance x + offset_variance))``.

    Parameters
    ----------
    mean, variance : ndarray, (n, n)
        Of one or two populations; of two, the second must be inhibitory.
    offset_mean, offset_variance : ndarray, (n_points, n)
        What the surrounding adds.
    n_grid : int
        Points at which the sign of the equation is taken, in z, where it is smooth.

    Returns
    -------
    ndarray, (n_points, n_roots, n)
        By ascending rate of the first population, NaN where a point has fewer roots.

    Notes
    -----
    One population: the sign of ``z(Phi(z')) - z'`` on a grid of z' and safeguarded secants. Two: the equation of the
    inhibitory one is solved for the excitatory rate in closed form (it is quadratic), so that its solutions are a
    curve in one parameter, on which the sign of the excitatory equation is taken.

    Roots closer than the grid to each other (0.07 in z) are lost in pairs.
    """
    if mean.shape[0] == 1:
        return _one(mean[0, 0], variance[0, 0], offset_mean[:, 0], offset_variance[:, 0], n_grid)[..., None]
    if mean[1, 0] == 0 and variance[1, 0] == 0:  # the inhibitory rate is free of the excitatory one
        return _chain(mean, variance, offset_mean, offset_variance, n_grid, first=1)
    if mean[0, 1] == 0 and variance[0, 1] == 0:
        return _chain(mean, variance, offset_mean, offset_variance, n_grid, first=0)
    return _two(mean, variance, offset_mean, offset_variance, n_grid)


def _one(a: float, b: float, u: Array, v: Array, n_grid: int) -> Array:
    z = np.linspace(-_Z_END, _Z_END, n_grid)
    z[[0, -1]] = -_FAR, _FAR

    def excess(z: Array, at: NDArray[np.intp]) -> Array:
        return _z_of(a, b, u[at], v[at], ndtr(z)) - z

    grid = _z_of(a, b, u[:, None], v[:, None], ndtr(z)) - z
    grid[:, 0], grid[:, -1] = np.maximum(grid[:, 0], 1e-300), np.minimum(grid[:, -1], -1e-300)
    point, root = all_roots(excess, z, grid)
    # Beyond the ends of the grid the rate hardly depends on itself: one iteration gives all its digits.
    rate = ndtr(root)
    rate = np.where(np.abs(root) > _Z_END, ndtr(_z_of(a, b, u[point], v[point], rate)), rate)
    return _table(point, rate[:, None], len(u))[..., 0]


def _two(mean: Array, variance: Array, u: Array, v: Array, n_grid: int) -> Array:
    (a_ie, a_ii), (b_ie, b_ii) = mean[1], variance[1]

    def inhibitory(e: float) -> Array:
        around, noise = u[:, 1] + a_ie * e, v[:, 1] + b_ie * e
        roots = _one(a_ii, b_ii, around, noise, n_grid)
        # First and last: where there are several, the curve between them passes through all.
        return _z_of(a_ii, b_ii, around, noise, (np.nanmax if e else np.nanmin)(roots, axis=1))

    low, high = inhibitory(0.0), inhibitory(1.0)

    def curve(t: Array, at: NDArray[np.intp] | slice) -> tuple[Array, Array]:
        """Return the rates on the curve of the inhibitory equation, from e = 0 at t = -1 to e = 1 at t = 2."""
        lo, hi, c, d = (x[at].reshape(-1, *[1] * (t.ndim - 1)) for x in (low, high, u[:, 1], v[:, 1]))
        z = lo + (hi - lo) * np.clip(t, 0, 1)
        i = ndtr(z)
        c, d = c + a_ii * i, d + b_ii * i
        # a_ie e + c = z sqrt(b_ie e + d), a quadratic equation for e.
        inside = np.maximum(z**2 * b_ie**2 + 4 * a_ie**2 * d - 4 * a_ie * b_ie * c, 0)
        e = np.clip((z**2 * b_ie - 2 * a_ie * c + z * np.sqrt(inside)) / (2 * a_ie**2), 0, 1)
        # Where z ends, at a rate of 0 or 1 to all digits, e goes on alone.
        return e * np.clip(1 + t, 0, 1) ** 4 + (1 - e) * np.clip(t - 1, 0, 1) ** 4, i

    def excess(t: Array, at: NDArray[np.intp] | slice) -> Array:
        e, i = curve(t, at)
        c, d = (x[at, 0].reshape(-1, *[1] * (t.ndim - 1)) for x in (u, v))
        return e - ndtr(_z_of(mean[0, 0], variance[0, 0], c + mean[0, 1] * i, d + variance[0, 1] * i, e))

    ends = np.linspace(0, 1, 12, endpoint=False)
    t = np.concatenate([ends - 1, np.linspace(0, 1, n_grid), 2 - ends[::-1]])
    grid = excess(np.broadcast_to(t, (len(u), t.size)), slice(None))
    # e = 0 at one end and 1 at the other, where the response can only be above and below.
    grid[:, 0], grid[:, -1] = np.minimum(grid[:, 0], -1e-300), np.maximum(grid[:, -1], 1e-300)
    point, root = all_roots(excess, t, grid)
    return _table(point, np.stack(curve(root, point), axis=1), len(u))


def _chain(mean: Array, variance: Array, u: Array, v: Array, n_grid: int, *, first: int) -> Array:
    """Solve two populations one after the other; the first does not hear the second."""
    second = 1 - first
    one = _one(mean[first, first], variance[first, first], u[:, first], v[:, first], n_grid)
    point, which = np.nonzero(np.isfinite(one))
    given = one[point, which]
    two = _one(
        mean[second, second],
        variance[second, second],
        u[point, second] + mean[second, first] * given,
        v[point, second] + variance[second, first] * given,
        n_grid,
    )
    row, column = np.nonzero(np.isfinite(two))
    pair = np.empty((row.size, 2))
    pair[:, first], pair[:, second] = given[row], two[row, column]
    return _table(point[row], pair, len(u))


def _z_of(a: float, b: float, u: Array, v: Array, rate: Array) -> Array:
    s = np.sqrt(np.maximum(b * rate + v, 1e-300))
    return np.clip((a * rate + u) / s, -_FAR, _FAR)


def _table(point: NDArray[np.intp], values: Array, n_points: int) -> Array:
    """Spread roots into rows of points, ascending by their first column."""
    order = np.lexsort((values[:, 0], point))
    point, values = point[order], values[order]
    count = np.bincount(point, minlength=n_points)
    start = np.cumsum(count) - count
    table = np.full((n_points, max(1, int(count.max(initial=0))), values.shape[1]), np.nan)
    table[point, np.arange(point.size) - start[point]] = values
    return table


def all_roots(
    function: Callable[[Array, NDArray[np.intp]], Array], x: Array, grid: Array
) -> tuple[NDArray[np.intp], Array]:
    """Find the roots of many functions from their values on one grid: (function, root), in no order.

    Besides changes of sign, extrema that come near 0 are followed, so that two close roots are not lost.
    """
    positive = grid > 0
    point, left = np.nonzero(positive[:, :-1] != positive[:, 1:])
    before, here, after = grid[:, :-2], grid[:, 1:-1], grid[:, 2:]
    # An extremum towards 0, nearer to it than the values beside it are to each other.
    towards = (np.abs(here) <= np.abs(before)) & (np.abs(here) <= np.abs(after))
    one_sign = (positive[:, :-2] == positive[:, 1:-1]) & (positive[:, 2:] == positive[:, 1:-1])
    rise = np.maximum(np.abs(before - here), np.abs(after - here))
    at, middle = np.nonzero(towards & one_sign & (np.abs(here) <= rise))
    a, b = x[left], x[left + 1]
    fa, fb = grid[point, left], grid[point, left + 1]
    if at.size:
        sign = np.sign(here[at, middle])
        low, high = x[middle].copy(), x[middle + 2].copy()
        best, value = x[middle + 1].copy(), sign * here[at, middle]
        for _ in range(24):  # golden sections towards the extremum, until it crosses 0
            right = high - best > best - low
            c = best + 0.381966 * np.where(right, high - best, low - best)
            fc = sign * function(c, at)
            lower = fc < value
            low, high = (
                np.where(lower & right, best, np.where(~lower & ~right, c, low)),
                np.where(lower & ~right, best, np.where(~lower & right, c, high)),
            )
            best, value = np.where(lower, c, best), np.where(lower, fc, value)
            if (value < 0).all():
                break
        hit = value < 0
        at, middle, best, value = at[hit], middle[hit], best[hit], (sign * value)[hit]
        a, b = np.concatenate([a, x[middle], best]), np.concatenate([b, best, x[middle + 2]])
        fa = np.concatenate([fa, grid[at, middle], value])
        fb = np.concatenate([fb, value, grid[at, middle + 2]])
        point = np.concatenate([point, at, at])
    return point, _bracketed(function, a, b, fa, fb, point)


def _bracketed(
    function: Callable[[Array, NDArray[np.intp]], Array],
    a: Array,
    b: Array,
    fa: Array,
    fb: Array,
    at: NDArray[np.intp],
) -> Array:
    """Find roots in brackets, all at once: secants with the Illinois rule, a bisection every third step."""
    a, b, fa, fb = (np.array(x, float) for x in (a, b, fa, fb))
    going = np.arange(a.size)
    for step in range(90):
        wide = np.abs(b[going] - a[going]) > 1e-15 * (1 + np.abs(a[going]))
        going = going[wide & (fb[going] != 0)]
        if not going.size:
            break
        left, right, fl, fr = a[going], b[going], fa[going], fb[going]
        slope = np.where(fr != fl, fr - fl, 1.0)
        c = np.where((step % 3 == 2) | (fr == fl), 0.5 * (left + right), right - fr * (right - left) / slope)
        c = np.where((c > np.minimum(left, right)) & (c < np.maximum(left, right)), c, 0.5 * (left + right))
        fc = function(c, at[going])
        crossed = np.sign(fc) != np.sign(fr)
        a[going] = np.where(crossed, right, left)
        fa[going] = np.where(crossed, fr, 0.5 * fl)
        b[going], fb[going] = c, fc
    return b
