"""Branches traced in both directions, with what happens along them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from metastable.meanfield._branch import Branch
from metastable.meanfield._cluster_equations import ClusterEquations
from metastable.meanfield._continuation import StateEquations, Tracker
from metastable.meanfield._equation_family import EquationFamily
from metastable.meanfield._newton import solve
from metastable.meanfield._spectrum import block_spectrum, difference_blocks

Array = NDArray[np.float64]


def trace(
    family: EquationFamily,
    composition: tuple[int, ...],
    rates: Array,
    at: float,
    *,
    step: float,
    inside: Callable[[Array], bool] | None = None,
) -> Branch:
    """Follow a state of the reduced equations in both directions; `inside` of the rates can end it earlier."""
    equations = StateEquations(family, composition)
    scale = (family.stop - family.start) / 4
    tracker = Tracker(equations, scale, step)
    if equations.deflated and rates[0] == rates[family.template.n_local]:
        raise ValueError("both classes of the point have the same rates: it is a homogeneous state; give it as one.")
    u = np.append(equations.unknowns(rates), at / scale)
    # At a fold the parameter cannot be held, but the difference of the classes can; near the homogeneous state it must.
    begin = None
    for held in (equations.family.template.n_local, -1) if equations.deflated else (-1,):
        along = np.zeros(u.size)
        along[held] = 1.0
        begin = tracker.correct(u, along)
        if begin is not None and np.abs(begin - u).max() < 0.1:
            break
        begin = None
    if begin is None:
        raise ValueError(f"the point does not solve the equations at {at:g}; give the parameter it belongs to.")

    def within(v: Array) -> bool:
        q = equations.rates(v[:-1])
        ok = family.start <= v[-1] * scale <= family.stop and q.min() > -1e-9 and q.max() < 1 + 1e-9
        return bool(ok) and (inside is None or inside(q))

    direction = tracker.tangent(begin, along)
    forward, forward_tangents = tracker.follow(begin, direction, within)
    closed = len(forward) > 10 and within(forward[-1]) and np.linalg.norm(forward[-1] - begin) < step
    back, back_tangents = ([], []) if closed else tracker.follow(begin, -direction, within)
    points = [*back[::-1], begin, *forward]
    tangents = [*(-t for t in back_tangents[::-1]), direction, *forward_tangents]
    return _with_events(tracker, points, tangents)


def _with_events(tracker: Tracker, points: list[Array], tangents: list[Array]) -> Branch:
    """Insert folds, changes of stability, crossings of the homogeneous state, and the ends of the range."""
    equations = tracker.equations
    family, n, p = equations.family, equations.composition, equations.family.template.n_local
    limits = family.start / tracker.scale, family.stop / tracker.scale
    out: list[tuple[Array, float, str]] = []
    growths = [_growth(tracker, u) for u in points]
    for k, u in enumerate(points):
        if limits[0] <= u[-1] <= limits[1]:
            at_end = min(abs(u[-1] - limit) for limit in limits) < 1e-12
            out.append((u, growths[k], "end" if at_end else ""))
        if k + 1 < len(points):
            pieces = _events_between(tracker, points[k : k + 2], tangents[k : k + 2], growths[k : k + 2])
            out += [piece for piece in pieces if limits[0] - 1e-12 <= piece[0][-1] <= limits[1] + 1e-12]
    states = np.array([equations.rates(u[:-1]) for u, _, _ in out])
    return Branch(
        composition=n,
        parameter=np.clip(np.array([u[-1] for u, _, _ in out]) * tracker.scale, family.start, family.stop),
        class_rates=states[:, : len(n) * p].reshape(len(out), len(n), p),
        shared_rates=states[:, len(n) * p :],
        growth_rate=np.array([g for _, g, _ in out]),
        event=tuple(kind for _, _, kind in out),
        labels=family.template.names,
        family=family,
    )


def _growth(tracker: Tracker, u: Array) -> float:
    equations = tracker.equations
    now = equations.family.at(float(u[-1] * tracker.scale))
    return float(block_spectrum(now, equations.composition, equations.rates(u[:-1]))[0].real)


def _events_between(
    tracker: Tracker, points: list[Array], tangents: list[Array], growths: list[float]
) -> list[tuple[Array, float, str]]:
    """Return (point, growth rate, event) of what happens between two points, in order, with a point between events."""
    (u, after), (tangent, tangent_after) = points, tangents
    equations, family = tracker.equations, tracker.equations.family
    reach = float(tangent @ (after - u))

    def place(s: float) -> Array:
        found = tracker.correct(u + s * tangent, tangent)
        return u + s * tangent if found is None else found

    def root(test: Callable[[Array], float], low: float, high: float) -> float | None:
        if test(place(low)) * test(place(high)) >= 0:
            return None
        return find_root(lambda s: test(place(s)), low, high)

    events: list[tuple[float, str, Array]] = []
    for limit in (family.start / tracker.scale, family.stop / tracker.scale):
        if (u[-1] - limit) * (after[-1] - limit) < 0:
            s = root(lambda v, limit=limit: v[-1] - limit, 0.0, reach)
            events += [(s, "end", place(s))] if s is not None else []
    if tangent[-1] * tangent_after[-1] < 0:
        s = root(lambda v: tracker.tangent(v, tangent)[-1], 0.0, reach)
        events += [(s, "fold", place(s))] if s is not None else []
    t = family.template.n_local
    if equations.deflated and u[t] * after[t] < 0:
        v = _meeting(equations, tracker.scale, u, after)
        events.append((float(tangent @ (v - u)), "homogeneous", v))
    events.sort(key=lambda event: event[0])
    # At a fold and at the homogeneous state an eigenvalue is 0: stability is compared from a little beyond.
    # Closer than 1e-3 to the homogeneous state the divided difference is too short of digits.
    margin = {"homogeneous": 1e-3 * reach / max(abs(after[t] - u[t]), 1e-3), "fold": 1e-4 * reach, "end": 0.0, "": 0.0}
    marks = [(0.0, ""), *((s, kind) for s, kind, _ in events), (reach, "")]
    changes: list[tuple[float, str, Array]] = []
    for (low, first), (high, last) in itertools.pairwise(marks):
        low, high = low + margin[first], high - margin[last]
        if low < high and (events or growths[0] * growths[1] < 0):
            s = root(lambda v: _growth(tracker, v), low, high)
            changes += [(s, "stability", place(s))] if s is not None else []
    pieces: list[tuple[Array, float, str]] = []
    before = 0.0
    for s, kind, v in sorted(events + changes, key=lambda event: event[0]):
        if pieces:
            middle = place(0.5 * (s + before))
            pieces.append((middle, _growth(tracker, middle), ""))
        pieces.append((v, _growth(tracker, v) if kind in ("end", "homogeneous") else 0.0, kind))
        before = s
    return pieces


def _meeting(equations: StateEquations, scale: float, before: Array, after: Array) -> Array:
    """Return where a branch meets the homogeneous state, between two points on both sides of it.

    There a single cluster can leave the others: the matrix of clusters moving against each other is singular, and its
    null vector is the direction of the branch. The deflated equations have no digits left at the point itself.
    """
    family, p = equations.family, equations.family.template.n_local
    fraction = before[p] / (before[p] - after[p])
    guess = before + fraction * (after - before)
    q = family.template.n_clusters

    def homogeneous(parameter: float) -> tuple[ClusterEquations, Array]:
        now = family.at(parameter)
        start = np.concatenate([guess[:p], guess[2 * p : -1]])
        return now, solve(now, np.array([[q]]), start[None])[0][0]

    def singular(parameter: float) -> float:
        now, m = homogeneous(parameter)
        return float(np.linalg.det(difference_blocks(now, [q], m)[0]))

    centre, width = guess[-1] * scale, max(abs(after[-1] - before[-1]) * scale, 1e-6)
    for _ in range(12):
        low, high = max(centre - width, family.start), min(centre + width, family.stop)
        if singular(low) * singular(high) < 0:
            parameter = find_root(singular, low, high)
            now, m = homogeneous(parameter)
            _, _, vectors = np.linalg.svd(difference_blocks(now, [q], m)[0])
            ratio = vectors[-1][1:] / vectors[-1][0]
            return np.concatenate([m[:p], [0.0], ratio, m[p:], [parameter / scale]])
        width *= 2
    return guess


def find_root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return the root of a function of changing sign to the last digits."""
    found: Any = brentq(function, low, high, xtol=1e-13, rtol=np.float64(1e-13))
    return float(found)
