"""Active and inactive clusters in time, and how long their states last."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from metastable._validation import require_choice, require_integer
from metastable.figures._style import COLORS, integer_ticks, resolve_axes, titled
from metastable.meanfield import ClusterChain
from metastable.simulation import BinaryActivity, FiniteSizeActivity
from metastable.statistics import ClusterStates, StateDurations

_SHOWN_STEPS = 200


def cluster_states(found: ClusterStates, *, trial: int = 0, ax: Axes | None = None) -> Axes:
    """Draw when each cluster was active in a trial."""
    trial = require_integer("trial", trial, minimum=0, maximum=len(found.active) - 1)
    ax = resolve_axes(ax)
    active = found.active[trial]
    seconds = active.shape[1] * found.sample_ms / 1000
    extent = (0, seconds, -0.5, len(active) - 0.5)
    ax.imshow(active, cmap="Greys", vmin=0, vmax=1.4, aspect="auto", origin="lower", extent=extent)
    # Half a row of space: the first cluster would lie on the axis.
    ax.set(xlabel="time in the trial (s)", ylabel="cluster", ylim=(-0.95, len(active) - 0.05))
    integer_ticks(ax.yaxis)
    note = f"trial {trial}; dark: active" if found.found else "no threshold was found, and no state is known"
    return titled(ax, "Active clusters", note)


def state_durations(found: StateDurations, *, ax: Axes | None = None) -> Axes:
    """Draw the share of states that last longer than a time, beside the exponential law of the same mean."""
    from scipy.stats import CensoredData, ecdf

    if not found.n_ended:
        raise ValueError("no state was seen to end, and there are no durations to draw; record for longer.")
    ax = resolve_axes(ax)
    share = ecdf(CensoredData.right_censored(found.duration_ms, ~found.ended)).sf
    times = np.concatenate([[0.0], share.quantiles])
    ax.step(times, np.concatenate([[1.0], share.probabilities]), where="post", color=COLORS["clustered"])
    grid = np.linspace(0, times[-1], 200)
    ax.plot(
        grid, np.exp(-grid / found.mean_ms), color="black", linestyle="--", linewidth=1,
        label=f"exponential, mean {found.mean_ms:.3g} ms",
    )  # fmt: skip
    ax.set(xlabel="duration (ms)", ylabel="share of states that last longer", xlim=(0, None), ylim=(0, 1.03))
    ax.legend()
    cut = found.n_states - found.n_ended
    return titled(
        ax, "Durations of states", f"Kaplan-Meier, {found.n_states:,} states, {cut:,} of them cut off at the end"
    )


def binary_activity(
    found: BinaryActivity, *, trial: int = 0, population: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the rates of the clusters of a population in time, or of the populations where none has clusters."""
    trial = require_integer("trial", trial, minimum=0, maximum=found.n_trials - 1)
    if not found.cluster_rates and population is None:
        ax = resolve_axes(ax)
        for name, rates in found.population_rates.items():
            color = COLORS["outside"] if name.startswith("I") else COLORS["clustered"]
            ax.plot(found.time_ms / 1000, rates[trial], color=color, linewidth=1, label=name)
        ax.set(xlabel="time (s)", ylabel="share of active units", ylim=(0, None))
        ax.legend()
        return titled(ax, "Rates of populations", f"trial {trial}, a sample every {found.sample_ms:g} ms")
    return _cluster_rates(found.cluster_rates, found.time_ms, found.sample_ms, trial, population, ax)


def cluster_chain(
    found: ClusterChain, *, trial: int = 0, population: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the rates of the clusters of a population along a trajectory of the chain."""
    trial = require_integer("trial", trial, minimum=0, maximum=len(found.rates) - 1)
    if not found.cluster_rates:
        raise ValueError("this network has no clusters whose rates could be drawn; plot `rates` yourself.")
    return _cluster_rates(found.cluster_rates, found.time_ms, found.sample_ms, trial, population, ax)


def _cluster_rates(
    rates: dict[str, NDArray[np.float64]],
    time_ms: NDArray[np.float64],
    sample_ms: float,
    trial: int,
    population: str | None,
    ax: Axes | None,
) -> Axes:
    name = next(iter(rates)) if population is None else require_choice("population", population, tuple(rates))
    ax = resolve_axes(ax)
    chosen = rates[name][trial]
    # A sample stands for the interval that ends with it.
    start, stop = (time_ms[0] - sample_ms) / 1000, time_ms[-1] / 1000
    image = ax.imshow(
        chosen, cmap="Greys", vmin=0, aspect="auto", origin="lower", extent=(start, stop, -0.5, len(chosen) - 0.5)
    )
    ax.set(xlabel="time (s)", ylabel=f"cluster of {name}")
    integer_ticks(ax.yaxis)
    ax.figure.colorbar(image, ax=ax, label="share of active units")
    return titled(ax, "Rates of clusters", f"trial {trial}, a sample every {sample_ms:g} ms")


def finite_size_activity(
    found: FiniteSizeActivity, *, trial: int = 0, start: int = 0, stop: int | None = None, ax: Axes | None = None
) -> Axes:
    """Draw which neurons are active at each step, 200 of them if no last one is given."""
    trial = require_integer("trial", trial, minimum=0, maximum=found.n_trials - 1)
    start = require_integer("start", start, minimum=0, maximum=found.n_steps)
    last = min(start + _SHOWN_STEPS, found.n_steps + 1) if stop is None else stop
    last = require_integer("stop", last, minimum=start + 1, maximum=found.n_steps + 1)
    ax = resolve_axes(ax)
    active = found.activity[trial, start:last].T
    ax.imshow(
        active, cmap="Greys", vmin=0, vmax=1.2, aspect="auto", origin="lower",
        extent=(start - 0.5, last - 0.5, -0.5, found.n_neurons - 0.5),
    )  # fmt: skip
    ax.set(xlabel="step", ylabel="neuron")
    integer_ticks(ax.xaxis, ax.yaxis)
    return titled(ax, "Activity", f"trial {trial}, steps {start:,} to {last - 1:,} of {found.n_steps:,}; dark: active")
