"""Branches of fixed points as numbers on disk and as curves."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from metastable import figures, meanfield
from metastable.networks import rost_2018
from metastable.papers._paper import Numbers


def diagram_of(
    *, seed: int, parameter: str, start: float, stop: float, n_active: int | None, network: dict[str, Any]
) -> Numbers:
    """Follow all states of a family of networks in which one parameter of `rost_2018` varies.

    Branches are joined end to end; ``branch`` numbers them, 0 is the homogeneous state. ``onset`` and ``loss`` hold
    where the state with k active clusters first and last is stable, k = 0 for the homogeneous one.
    """
    diagram = meanfield.bifurcation_diagram(
        lambda value: rost_2018(**{**network, parameter: value}), start=start, stop=stop, n_active=n_active
    )
    branches = [*([diagram.homogeneous] if diagram.homogeneous else []), *diagram.branches]
    inhibitory = [b.up_rates[:, 1] if b.up_rates.shape[1] > 1 else b.shared_rates[:, -1] for b in branches]
    largest = max(map(max, (b.n_active for b in branches)))
    return {
        "branch": np.repeat(np.arange(len(branches)), [b.parameter.size for b in branches]),
        "parameter": np.concatenate([b.parameter for b in branches]),
        "up": np.concatenate([b.up for b in branches]),
        "down": np.concatenate([b.down for b in branches]),
        "inhibitory": np.concatenate(inhibitory),
        "stable": np.concatenate([b.stable for b in branches]),
        "n_active": np.concatenate([b.n_active for b in branches]),
        "onset": np.array([diagram.onset(k) for k in range(largest + 1)]),
        "loss": np.array([diagram.loss(k) for k in range(largest + 1)]),
    }


def draw_diagram(numbers: Numbers, *, ax: Axes, show_unstable: bool, show_down: bool = True) -> None:
    """Draw active rates of each number of active clusters in a grey of its own, inhibitory rates dashed."""
    for index in np.unique(numbers["branch"]):
        of_branch = numbers["branch"] == index
        # A branch may pass from k to another number of active clusters where it crosses the homogeneous state.
        k = numbers["n_active"][of_branch]
        for part in np.split(np.flatnonzero(of_branch), np.flatnonzero(np.diff(k)) + 1):
            n_active = int(numbers["n_active"][part[0]])
            grey = f"{min(0.75, 0.09 * (n_active - 1)):.2f}" if n_active else figures.COLORS["outside"]
            x, stable = numbers["parameter"][part], numbers["stable"][part]
            line = "-" if n_active else ":"
            up, down, inhibitory = (numbers[name][part] for name in ("up", "down", "inhibitory"))
            figures.branch(x, up, stable, color=grey, linestyle=line, show_unstable=show_unstable, ax=ax)
            if n_active and show_down:
                figures.branch(x, down, stable, color=grey, show_unstable=False, ax=ax)
            figures.branch(x, inhibitory, stable, color=grey, linestyle="--", show_unstable=False, ax=ax)


def label_onsets(numbers: Numbers, *, ax: Axes) -> None:
    """Write the number of active clusters where each state first is stable."""
    for k, onset in enumerate(numbers["onset"]):
        if k and np.isfinite(onset):
            mine = (numbers["n_active"] == k) & numbers["stable"]
            nearest = np.flatnonzero(mine)[np.abs(numbers["parameter"][mine] - onset).argmin()]
            ax.text(float(onset), float(numbers["up"][nearest]), f"{k}", fontsize=6, ha="right", va="bottom")
