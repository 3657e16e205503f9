"""Where fixed points can be: compositions of clusters over the roots of one cluster's equation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from metastable.meanfield._cluster_equations import ClusterEquations
from metastable.meanfield._local_roots import all_roots, local_roots

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Resolution:
    """How finely the sums over clusters are searched.

    Parameters
    ----------
    rows : int
        Values of S_E, if clusters have two populations.
    scan : int
        Values of the last sum at which local roots are counted.
    strip : int
        Values of the last sum between two folds of the local roots.
    local : int
        Grid of the local equation.
    """

    rows: int = 160
    scan: int = 120
    strip: int = 40
    local: int = 120

    @staticmethod
    def scaled(factor: float) -> Resolution:
        """Return the resolution with more samples."""
        return Resolution(*(round(n * factor) for n in (160, 120, 40, 120)))


@dataclass(frozen=True)
class Strips:
    """Intervals of the last sum in which one cluster has the same number of roots, more than one.

    ``sums`` (n_strips, n, n_local), ``shared`` (n_strips, n, n_shared), ``roots`` (n_strips, n, n_roots, n_local);
    ``row`` (n_strips,) is the index of the value of the first sum.
    """

    row: NDArray[np.intp]
    sums: Array
    shared: Array
    roots: Array


def require_closure(equations: ClusterEquations) -> None:
    """Raise a sentence if the fixed points of these equations cannot be searched by closure."""
    p, s = equations.n_local, equations.n_shared
    advice = "use method='random_starts'."
    if p > 2 or s > 2 or (p == 2 and s):
        raise ValueError(
            f"the closure is for one clustered population with up to two groups outside of clusters, or for two "
            f"without any; the network has {p} and {s}; {advice}"
        )
    total = equations.own[0] + equations.common[0]
    for a, b in [pair for pair in ((0, 1),) if p == 2] + [pair for pair in ((p, p + 1),) if s == 2]:
        if total[b, b] > 0 or total[a, b] > 0 or total[b, a] < 0:
            names = [equations.labels[k][0] for k in (a, b)]
            raise ValueError(
                f"the closure needs {names[0]} to be excitatory and {names[1]} inhibitory, in this order; {advice}"
            )


def compositions(n_clusters: int, n_classes: int) -> NDArray[np.intp]:
    """Return all ways to distribute clusters over classes, (n_ways, n_classes)."""
    if n_classes == 1:
        return np.array([[n_clusters]])
    parts = []
    for first in range(n_clusters + 1):
        rest = compositions(n_clusters - first, n_classes - 1)
        parts.append(np.column_stack([np.full(len(rest), first), rest]))
    return np.concatenate(parts)


def shared_roots(equations: ClusterEquations, sums: Array) -> Array:
    """Return all rates of the shared groups at given sums over clusters, (n_points, n_roots, n_shared)."""
    p = equations.n_local
    if not equations.n_shared:
        return np.zeros((len(sums), 1, 0))
    mean, variance = equations.common
    return local_roots(
        mean[p:, p:], variance[p:, p:], sums @ mean[p:, :p].T + equations.drive[p:], sums @ variance[p:, :p].T
    )


def cluster_roots(equations: ClusterEquations, sums: Array, shared: Array, *, n_grid: int) -> Array:
    """Return all rates of one cluster at given sums and rates of the shared groups, (n_points, n_roots, n_local)."""
    p = equations.n_local
    around = np.concatenate([sums, shared], axis=1)
    (mean, variance), (own, own_variance) = equations.common[:, :p], equations.own[:, :p, :p]
    return local_roots(own, own_variance, around @ mean.T + equations.drive[:p], around @ variance.T, n_grid=n_grid)


def strips(equations: ClusterEquations, resolution: Resolution) -> list[Strips]:
    """Find where one cluster has several roots, and sample these regions between their folds.

    The number of roots changes at folds, where two of them meet as the square root of the distance. The samples are
    those of a cosine, ``S = fold_1 + (fold_2 - fold_1) (1 - cos t) / 2``, in whose t the roots are smooth up to the
    fold itself, so that no solution is lost between the last sample and the fold.
    """
    two = equations.n_local == 2
    first = equations.n_clusters * np.linspace(0, 1, resolution.rows) ** 2 if two else np.zeros(1)
    n_sheets = 1
    if equations.n_shared:
        n_sheets = shared_roots(equations, np.linspace(0, equations.n_clusters, 200)[:, None] ** 2).shape[1]
    results = []
    for sheet in range(n_sheets):
        surroundings = _Surroundings(equations, first, sheet, resolution.local)
        row, start, stop = _intervals(surroundings, resolution)
        several = surroundings.count(row, 0.5 * (start + stop))
        for n_roots in np.unique(several[several > 1]):
            keep = several == n_roots
            t = 0.5 * (1 - np.cos(np.linspace(0, np.pi, resolution.strip * (1 if two else 10))))
            # At the fold itself rounding decides the number of roots.
            t = np.clip(t, 1e-9, 1 - 1e-9)
            values = start[keep, None] + (stop - start)[keep, None] * t
            sums, y, x = surroundings.roots(np.repeat(row[keep], t.size), values.ravel())
            shape = (int(keep.sum()), t.size)
            x = x[:, :n_roots].reshape(*shape, n_roots, -1)
            whole = np.isfinite(x).all(axis=(1, 2, 3))
            sums, y = sums.reshape(*shape, -1), y.reshape(*shape, equations.n_shared)
            results.append(Strips(row[keep][whole], sums[whole], y[whole], x[whole]))
    return results


@dataclass(frozen=True)
class _Surroundings:
    """One sheet of the surroundings of a cluster: sums over clusters, and the rates of the shared groups with them."""

    equations: ClusterEquations
    first: Array
    sheet: int
    n_grid: int

    def roots(self, row: NDArray[np.intp], last: Array) -> tuple[Array, Array, Array]:
        """Return sums, shared rates and all rates of one cluster, NaN where the sheet does not exist."""
        p = self.equations.n_local
        sums = np.column_stack([self.first[row], last]) if p == 2 else last[:, None]
        y = shared_roots(self.equations, sums)
        y = y[:, self.sheet] if self.sheet < y.shape[1] else np.full_like(y[:, 0], np.nan)
        there = np.isfinite(y).all(axis=1)
        found = cluster_roots(self.equations, sums[there], y[there], n_grid=self.n_grid)
        x = np.full((len(last), *found.shape[1:]), np.nan)
        x[there] = found
        return sums, y, x

    def count(self, row: NDArray[np.intp], last: Array) -> NDArray[np.intp]:
        return np.isfinite(self.roots(row, last)[2][..., 0]).sum(axis=1)


def _intervals(surroundings: _Surroundings, resolution: Resolution) -> tuple[NDArray[np.intp], Array, Array]:
    """Return (row, start, stop) of the intervals of the last sum with one number of roots, folds between them."""
    marks = _marks(surroundings, resolution)
    n_rows, n = marks.shape
    middle = 0.5 * (marks[:, 1:] + marks[:, :-1])
    rows = np.repeat(np.arange(n_rows), n - 1)
    number = surroundings.count(rows, middle.ravel()).reshape(middle.shape)
    row, step = np.nonzero(number[:, 1:] != number[:, :-1])
    rising = number[row, step + 1] > number[row, step]
    inner = np.maximum(number[row, step], number[row, step + 1])
    low, high = middle[row, step], middle[row, step + 1]
    # Bisect to the fold and keep the side with more roots.
    many, few = np.where(rising, high, low), np.where(rising, low, high)
    for _ in range(30):
        half = 0.5 * (many + few)
        enough = surroundings.count(row, half) >= inner
        many, few = np.where(enough, half, many), np.where(enough, few, half)
    row = np.concatenate([np.arange(n_rows), row, np.arange(n_rows)])
    edge = np.concatenate([marks[:, 0], many, marks[:, -1]])
    order = np.lexsort((edge, row))
    row, edge = row[order], edge[order]
    keep = (row[1:] == row[:-1]) & (edge[1:] > edge[:-1])
    return row[:-1][keep], edge[:-1][keep], edge[1:][keep]


def _marks(surroundings: _Surroundings, resolution: Resolution) -> Array:
    """Return values of the last sum for each row, ascending, that see every region of several roots.

    On a grid of local rates, the sums at which such a rate is a root: a region of several roots, however thin, is where
    this curve turns, and so contains many of its points.
    """
    equations, q = surroundings.equations, surroundings.equations.n_clusters
    z = np.linspace(-6, 6, resolution.scan)
    if equations.n_local == 2:
        row, value = _sums_of_rates(equations, surroundings.first, z)
    else:
        grid = q * np.linspace(0, 1, 10 * resolution.scan) ** 2
        y = shared_roots(equations, grid[:, None])[:, surroundings.sheet]
        around = np.column_stack([grid, y])
        mu = around @ equations.common[0, 0] + equations.drive[0] + equations.own[0, 0, 0] * ndtr(z)[:, None]
        s2 = around @ equations.common[1, 0] + equations.own[1, 0, 0] * ndtr(z)[:, None]
        excess = mu - z[:, None] * np.sqrt(np.maximum(s2, 0))
        which, left = np.nonzero((excess[:, 1:] > 0) != (excess[:, :-1] > 0))
        a, b = excess[which, left], excess[which, left + 1]
        fraction = np.nan_to_num(a / (a - b), nan=0.5)
        value = np.concatenate([grid, grid[left] + fraction * (grid[left + 1] - grid[left])])
        row = np.zeros(value.size, int)
    inside = (value > 0) & (value < q)
    row, value = row[inside], value[inside]
    order = np.lexsort((value, row))
    row, value = row[order], value[order]
    count = np.bincount(row, minlength=surroundings.first.size)
    marks = np.full((surroundings.first.size, count.max(initial=0) + 2), float(q))
    marks[:, 0] = 0.0
    marks[row, 1 + np.arange(row.size) - (np.cumsum(count) - count)[row]] = value
    return marks


def _sums_of_rates(equations: ClusterEquations, first: Array, z: Array) -> tuple[NDArray[np.intp], Array]:
    """Return (row, S_I) at which ``e = Phi(z)`` is a root, for each S_E in `first`.

    The excitatory equation gives S_I for any inhibitory rate in closed form; the inhibitory one is then left.
    """
    (o_e, o_i), (b_e, b_i) = equations.common[:, :2]
    (d_e, d_i), (c_e, c_i) = equations.own[:, :2]
    row, column = (x.ravel() for x in np.indices((first.size, z.size)))
    e, z_e, s_e = ndtr(z)[column], z[column], first[row]

    def last_sum(i: Array, at: NDArray[np.intp]) -> Array:
        mu = d_e[0] * e[at] + d_e[1] * i + o_e[0] * s_e[at] + equations.drive[0]
        s2 = c_e[0] * e[at] + c_e[1] * i + b_e[0] * s_e[at]
        a, b, k = o_e[1], b_e[1], z_e[at]
        inside = np.maximum(k**2 * b**2 + 4 * a**2 * s2 - 4 * a * b * mu, 0)
        return (k**2 * b - 2 * a * mu + np.sign(a) * k * np.sqrt(inside)) / (2 * a**2)

    def excess(z_i: Array, at: NDArray[np.intp]) -> Array:
        i = ndtr(z_i)
        s_i = last_sum(i, at)
        mu = d_i[0] * e[at] + d_i[1] * i + o_i[0] * s_e[at] + o_i[1] * s_i + equations.drive[1]
        s2 = c_i[0] * e[at] + c_i[1] * i + b_i[0] * s_e[at] + b_i[1] * s_i
        return np.clip(mu / np.sqrt(np.maximum(s2, 1e-300)), -40, 40) - z_i

    if o_e[1] == 0:  # no cluster hears the inhibition of others
        return row, np.full(row.size, -1.0)
    grid = np.linspace(-9, 9, 25)
    values = np.stack([excess(np.full(e.size, x), np.arange(e.size)) for x in grid], axis=1)
    point, root = all_roots(excess, grid, values)
    return row[point], last_sum(ndtr(root), point)


def seeds(
    equations: ClusterEquations, strip: Strips, *, max_classes: int | None = None
) -> Iterator[tuple[NDArray[np.intp], Array]]:
    """Yield compositions over the roots of a strip, and rates close to which they may close.

    Parameters
    ----------
    equations : ClusterEquations
    strip : Strips
    max_classes : int, optional
        Most classes of a composition; by default one for each root.

    Yields
    ------
    composition : ndarray, (n_seeds, n_classes)
        Without empty classes.
    start : ndarray, (n_seeds, n_classes * n_local + n_shared)
    """
    p, n_roots = equations.n_local, strip.roots.shape[2]
    ways = compositions(equations.n_clusters, n_roots)
    n_classes = (ways > 0).sum(axis=1)
    ways = ways[(n_classes > 1) & (n_classes <= (max_classes or n_roots))]
    for some in np.array_split(ways, max(1, len(ways) * strip.sums.size // 3_000_000)):
        gap = np.einsum("cr,stra->csta", some, strip.roots) - strip.sums
        which, at_strip, at_sample = _changes_of_sign(gap[..., 0]) if p == 1 else _cells(gap, strip.row)
        used = some[which] > 0
        for n_classes in np.unique(used.sum(axis=1)):
            keep = used.sum(axis=1) == n_classes
            root = np.nonzero(used[keep])[1].reshape(-1, n_classes)
            where = at_strip[keep], at_sample[keep]
            local = strip.roots[where[0][:, None], where[1][:, None], root]
            start = np.concatenate([local.reshape(len(local), -1), strip.shared[where]], axis=1)
            yield np.take_along_axis(some[which[keep]], root, axis=1), start


def _changes_of_sign(gap: Array) -> tuple[NDArray[np.intp], ...]:
    """Return (composition, strip, sample) beside changes of sign, at minima of the size, and at both folds."""
    size = np.abs(gap)
    left, right = size[..., :-1], size[..., 1:]
    crossing = np.sign(gap[..., :-1]) != np.sign(gap[..., 1:])
    mark = np.zeros(gap.shape, bool)
    mark[..., :-1] |= crossing & (left <= right)
    mark[..., 1:] |= crossing & (right < left)
    mark[..., 1:-1] |= (size[..., 1:-1] <= size[..., :-2]) & (size[..., 1:-1] <= size[..., 2:])
    mark[..., [0, -1]] = True
    return np.nonzero(mark)


def _cells(gap: Array, row: NDArray[np.intp]) -> tuple[NDArray[np.intp], ...]:
    """Return (composition, strip, sample) at corners of the cells in which both gaps can vanish."""
    found = []
    for a in range(row.size):
        for b in np.flatnonzero(row == row[a] + 1):
            corner = np.stack([gap[:, a, :-1], gap[:, a, 1:], gap[:, b, :-1], gap[:, b, 1:]])
            low, high = corner.min(axis=0), corner.max(axis=0)
            # A cell is taken a little larger than it is: gaps are not linear in it.
            slack = 0.15 * (high - low)
            which, sample = np.nonzero(((low - slack <= 0) & (high + slack >= 0)).all(axis=-1))
            nearest = np.abs(corner[:, which, sample]).sum(axis=-1).argmin(axis=0)
            found.append((which, np.where(nearest < 2, a, b), sample + nearest % 2))
    if not found:
        return tuple(np.zeros(0, int) for _ in range(3))
    return tuple(np.concatenate(x) for x in zip(*found, strict=True))
