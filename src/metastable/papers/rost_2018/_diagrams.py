"""Branches of fixed points as numbers on disk and as curves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from metastable import figures, meanfield
from metastable.networks import rost_2018
from metastable.papers._paper import Numbers

_ALIKE = figures.COLORS["outside"]
_LOSS = {"color": "#999999", "linestyle": "-", "linewidth": 0.7}


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


def draw_stable_states(numbers: Numbers, *, ax: Axes) -> None:
    """Draw all stable states, each number of active clusters in a grey of its own; see `legend_of_states`."""
    for k, part in _parts(numbers):
        color = f"{min(0.75, 0.09 * (k - 1)):.2f}" if k else _ALIKE
        x, stable = numbers["parameter"][part], numbers["stable"][part]
        lines = [("up", "-"), ("down", "-"), ("inhibitory", "--")] if k else [("up", ":"), ("inhibitory", "--")]
        for name, linestyle in lines:
            figures.branch(x, numbers[name][part], stable, color=color, linestyle=linestyle, show_unstable=False, ax=ax)
    ax.axvline(numbers["loss"][0], **_LOSS)


def legend_of_states(*, inhibitory: str) -> list[Line2D]:
    """Return what the legend of `draw_stable_states` lists; `inhibitory` says which inhibitory rate is drawn."""
    return [
        Line2D([], [], color="black", linewidth=1.3, label="E: active (above) and inactive clusters (below)"),
        Line2D([], [], color="black", linestyle="--", linewidth=1.3, label=inhibitory),
        Line2D([], [], color=_ALIKE, linestyle=":", linewidth=1.3, label="homogeneous state, E"),
        Line2D([], [], color=_ALIKE, linestyle="--", linewidth=1.3, label="homogeneous state, I"),
        Line2D([], [], **_LOSS, label="homogeneous state lost"),
    ]


def draw_active_state(numbers: Numbers, *, ax: Axes, color: str = "black", label: str | None = None) -> None:
    """Draw the rate of an active cluster, and blue that of all clusters alike: solid stable, dotted unstable."""
    for k, part in _parts(numbers):
        x, up, stable = (numbers[name][part] for name in ("parameter", "up", "stable"))
        # A label goes to the first stable part; a branch without one has none to give.
        name = label if k and stable.any() else None
        figures.branch(x, up, stable, color=color if k else _ALIKE, label=name, ax=ax)
        label = None if name else label


def label_onsets(numbers: Numbers, *, ax: Axes) -> None:
    """Write the number of active clusters where each state first is stable."""
    for k, onset in enumerate(numbers["onset"]):
        if k and np.isfinite(onset):
            mine = (numbers["n_active"] == k) & numbers["stable"]
            nearest = np.flatnonzero(mine)[np.abs(numbers["parameter"][mine] - onset).argmin()]
            ax.annotate(
                f"{k}",
                (float(onset), float(numbers["up"][nearest])),
                (-2, 0),
                textcoords="offset points",
                fontsize=6,
                ha="right",
                va="top",
                bbox={"boxstyle": "square,pad=0.05", "facecolor": "white", "edgecolor": "none"},
            )


def _parts(numbers: Numbers) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield the number of active clusters and the points of each stretch of a branch along which it is the same.

    A branch may pass from k to another number where it crosses the homogeneous state.
    """
    for index in np.unique(numbers["branch"]):
        of_branch = np.flatnonzero(numbers["branch"] == index)
        k = numbers["n_active"][of_branch]
        for part in np.split(of_branch, np.flatnonzero(np.diff(k)) + 1):
            yield int(numbers["n_active"][part[0]]), part
