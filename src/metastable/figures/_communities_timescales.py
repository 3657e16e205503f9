"""Modularity of data and controls at each timescale."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, ScalarFormatter

from metastable.communities import Communities
from metastable.figures._style import COLORS, resolve_axes, titled


def modularity_by_timescale(groups: Communities, *, ax: Axes | None = None) -> Axes:
    """Draw what groups were decided on: data against controls at each timescale.

    Parameters
    ----------
    groups : Communities
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        Data as a line, each control as a dot in a band from the smallest to the largest, a ring and a dotted line at
        the timescale of the groups; in the title what was found and the rule.

    Raises
    ------
    ValueError
        If there was nothing to compare.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes, _ = mst.spikes.fellous_2004(n_groups=2, noise_level=1, seed=1)
    >>> ax = mst.figures.modularity_by_timescale(mst.communities.detect(spikes, sigmas_ms=[5, 10], seed=1))
    >>> ax.get_title(loc="left")
    '2 groups at 5 ms'
    """
    sigmas, data, controls = groups.sigmas_ms, groups.statistic, groups.control_statistic
    if not np.isfinite(data).any():
        raise ValueError(f"there is no modularity to draw: {groups.status}.")
    ax = resolve_axes(ax)
    order = np.argsort(sigmas)
    if len(controls):
        grey = COLORS["uniform"]
        ax.fill_between(
            sigmas[order], *(f(controls, axis=0)[order] for f in (np.min, np.max)), color=grey, alpha=0.2, linewidth=0
        )
        ax.plot(
            np.tile(sigmas, len(controls)),
            controls.ravel(),
            linestyle="none",
            marker="o",
            markersize=2,
            markeredgewidth=0,
            alpha=0.6,
            color=grey,
            label=f"{len(controls)} controls",
        )
    ax.plot(sigmas[order], data[order], marker="o", color=COLORS["clustered"], label="data", zorder=3)
    if groups.n_groups:
        chosen = int(np.argmin(np.abs(sigmas - groups.sigma_ms)))
        ax.axvline(sigmas[chosen], color="#999999", linewidth=0.7, linestyle=":", zorder=0)
        ax.plot(sigmas[chosen], data[chosen], marker="o", markersize=8, markerfacecolor="none", color="black", zorder=4)
    if sigmas.max() > 5 * sigmas.min():
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter(ScalarFormatter())
        ax.xaxis.set_minor_formatter(NullFormatter())
        if sigmas.max() < 100 * sigmas.min():
            ax.set_xticks(_round_numbers(sigmas.min(), sigmas.max()))
    is_modularity = np.array_equal(data, groups.modularities)
    ax.set(xlabel="sigma (ms)", ylabel="Q/2m" if is_modularity else "largest eigenvalue beyond controls")
    ax.legend()
    found = f"{groups.n_groups} groups at {groups.sigma_ms:.3g} ms" if groups.n_groups else "no groups"
    return titled(ax, found, groups.status)


def _round_numbers(low: float, high: float) -> list[float]:
    decades = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    ticks = np.outer(decades, [1, 2, 5]).ravel()
    return [float(tick) for tick in ticks if low * 0.95 <= tick <= high * 1.05]
