"""Nullclines, flow, trajectories and eigenvalues of two populations."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from metastable.figures._phase_plane import NULLCLINES, flow_directions
from metastable.figures._style import legend_below, resolve_axes, titled
from metastable.meanfield import Flow, Nullclines, StabilityRatios, Trajectory

_MOST_NAMED = 6


def nullclines(found: Nullclines, *, ax: Axes | None = None) -> Axes:
    """Draw the curves on which one population is at rest."""
    ax = _nullclines(found, resolve_axes(ax))
    ax.legend()
    return titled(_plane(ax, (0, 1), (0, 1)), "Nullclines")


def flow(found: Flow, *, arrows: int = 15, ax: Axes | None = None) -> Axes:
    """Draw the directions of the flow and the nullclines of its network."""
    x, y = found.m_e[0], found.m_i[:, 0]
    if min(x.size, y.size) < 2:
        raise ValueError(f"{x.size} x {y.size} rates span no plane; give at least two of each, m_e and m_i.")
    ax = flow_directions(x, y, np.stack([found.dm_e, found.dm_i]), arrows=arrows, ax=ax)
    _nullclines(found.nullclines, ax)
    legend_below(ax)
    return titled(_plane(ax, (x[0], x[-1]), (y[0], y[-1])), "Flow", "arrows: direction only")


def _nullclines(found: Nullclines, ax: Axes) -> Axes:
    for curve, color, name in zip((found.excitatory, found.inhibitory), NULLCLINES, ("E", "I"), strict=True):
        ax.plot(*curve, color=color, linewidth=1.2, label=f"$dm_{name}/dt=0$")
    return ax


def trajectory(found: Trajectory, *, plane: bool = False, ax: Axes | None = None) -> Axes:
    """Draw rates over time, or the second over the first in the phase plane."""
    ax = resolve_axes(ax)
    if plane:
        if found.rates.shape[1] != 2:
            raise ValueError(f"the phase plane is of two rates, and these are {found.rates.shape[1]}; use plane=False.")
        fresh = not ax.has_data()
        ax.plot(*found.rates.T, color="black", linewidth=1)
        ax.plot(*found.rates[0], marker="o", markerfacecolor="white", color="black", zorder=3)
        return titled(_plane(ax), "Trajectory", "ring: the start") if fresh else ax
    names = list(dict.fromkeys(found.labels))
    for name, rate in zip(found.labels, found.rates.T, strict=True):
        inhibitory = name.startswith("I")
        ax.plot(found.time_ms, rate, color=NULLCLINES[inhibitory], linewidth=1, label=name)
    ax.set(xlabel="time (ms)", ylabel="rate (share of active units)", ylim=(0, None))
    ax.set_xlim(found.time_ms[0], found.time_ms[-1])
    if len(names) <= _MOST_NAMED:
        ax.legend()
    return titled(ax, "Rates", "mean field" if len(names) <= _MOST_NAMED else "mean field; red: E, blue: I")


def _plane(ax: Axes, x: Any = None, y: Any = None) -> Axes:
    if x is not None:
        ax.set(xlim=x, ylim=y)
    ax.set(xlabel="rate of E, $m_E$", ylabel="rate of I, $m_I$")
    return ax


def stability_curves(ratio: ArrayLike, eigenvalues: ArrayLike, changes: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw both eigenvalues of two populations over the ratio of their time constants, and where their kind changes.

    Parameters
    ----------
    ratio : array_like, (n_ratios,)
    eigenvalues : array_like of complex, (n_ratios, 2)
        In units of 1/tau_E.
    changes : array_like, (3,)
        r_1, r_2 and r_3; infinite ones are left out.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import metastable as mst
    >>> ax = mst.figures.stability_curves([0.5, 1], [[-1 + 1j, -1 - 1j], [1, 2]], [0.7, 0.8, 0.9])
    >>> [text.get_text() for text in ax.texts]
    ['$r_1$', '$r_2$', '$r_3$']
    """
    values = np.asarray(eigenvalues)
    ax = resolve_axes(ax)
    for k in range(2):
        ax.plot(ratio, np.real(values[:, k]), color="black", label=None if k else "real part")
        ax.plot(ratio, np.imag(values[:, k]), color="#888888", linestyle="--", label=None if k else "imaginary part")
    named: dict[float, str] = {}
    for name, change in zip(("$r_1$", "$r_2$", "$r_3$"), np.asarray(changes, float), strict=True):
        # Two changes at nearly the same ratio have one line and one name.
        same = next((at for at in named if np.isclose(at, change, rtol=0.02)), float(change))
        named[same] = f"{named[same]}, {name}" if same in named else name
    for change, name in named.items():
        if np.isfinite(change):
            ax.axvline(change, color="#999999", linewidth=0.8)
            ax.text(change, 1.0, name, transform=ax.get_xaxis_transform(), ha="center", va="bottom", fontsize=7)
    ax.axhline(0, color="#999999", linewidth=0.6)
    ax.set(xlabel="$\\tau_I/\\tau_E$", ylabel="eigenvalue ($1/\\tau_E$)")
    return ax


def stability_ratios(found: StabilityRatios, *, ax: Axes | None = None) -> Axes:
    """Draw the eigenvalues of the homogeneous state over the ratio of time constants."""
    changes = np.array([found.r1, found.r2, found.r3])
    last = 1.15 * max(found.ratio, *changes[np.isfinite(changes)].tolist(), 0.0)
    ratio = np.linspace(last / 400, last, 400)
    # Eigenvalues grow without bounds towards ratio 0.
    values = found.tau_e_ms * found.eigenvalues(ratio)
    ax = stability_curves(ratio, values, changes, ax=ax)
    beyond = np.abs(values[ratio >= min(found.ratio, last / 10)])
    ax.set(xlim=(0, last), ylim=(-1.1 * float(beyond.max()), 1.1 * float(beyond.max())))
    ax.axvline(found.ratio, color=NULLCLINES[0], linewidth=1, linestyle=":", label=f"this network, {found.ratio:g}")
    ax.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor="none")
    return titled(ax, f"Homogeneous state: a {found.kind}", " ")
