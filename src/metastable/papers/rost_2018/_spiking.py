"""Beyond the paper: what section 5.1 predicts for spiking networks, E-clustered and E/I-clustered."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable import figures, statistics
from metastable.networks import Stimulus, rostami_2024
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.simulation import simulate
from metastable.spikes import SpikeData

Array = NDArray[np.float64]

# J_E+ and R_J at which Rostami et al. (2024) compare the architectures.
OPERATING_POINTS = {"E": (3.7, 0.0), "E/I": (8.0, 0.75)}
COLORS = {"E": "outside", "E/I": "inside"}
TITLES = {"E": "E clusters, $R_J=0$", "E/I": "E/I clusters, $R_J=.75$"}
BURN_IN_MS = 1000.0
_END_MS, _SHOWN_MS, _SHOWN_CLUSTERS = 4000.0, (1000.0, 3000.0), 25
_WINDOW_MS, _MIN_INTERVALS = 400.0, 10
# Rates of a neuron's own cluster around a spike, by which pairs of intervals are sorted.
_RATE_BIN_MS, _RATE_SMOOTHING_MS = 10.0, 50.0
_RATE_EDGES = np.array([0, 2, 4, 6, 10, 15, 20, 30, 40, 50, 60, 80, 100])
# A cluster is active above this rate, several times the mean of about 4 spikes/s; up to the other rate both networks
# have active clusters.
_ACTIVE, _MATCHED = 20.0, 40.0


def excitatory_trials(
    *,
    seed: int,
    j_e_plus: float,
    r_j: float,
    network_index: int,
    n_trials: int,
    end_ms: float = _END_MS,
    stimulus: Stimulus | None = None,
) -> SpikeData:
    """Simulate trials of one network; keep what excitatory neurons fire after the burn-in."""
    spikes = simulate(
        rostami_2024(j_e_plus=j_e_plus, r_j=r_j),
        duration_ms=end_ms,
        n_trials=n_trials,
        seed=seed,
        network_index=network_index,
        stimulus=stimulus,
        n_jobs=1,
        progress=False,
    )
    return spikes.select(time_ms=(BURN_IN_MS, end_ms), population="E")


def trial_of(*, seed: int, j_e_plus: float, r_j: float) -> Numbers:
    """Simulate one trial and keep the excitatory spikes, times in steps."""
    spikes = excitatory_trials(seed=seed, j_e_plus=j_e_plus, r_j=r_j, network_index=0, n_trials=1)
    shown = spikes.select(time_ms=_SHOWN_MS)
    assert shown.cluster is not None
    return {"step": shown.steps.astype(np.int32), "neuron": shown.neuron, "cluster": shown.cluster}


def variability_of(*, seed: int, j_e_plus: float, r_j: float, network_index: int, n_trials: int) -> Numbers:
    """Measure one network: rate, Fano factor, and CV and CV2 of its inter-spike intervals."""
    spikes = excitatory_trials(seed=seed, j_e_plus=j_e_plus, r_j=r_j, network_index=network_index, n_trials=n_trials)
    mean = lambda values: np.array(np.nanmean(values))  # noqa: E731
    rates = statistics.cluster_rates(spikes, bin_ms=_RATE_BIN_MS, smoothing_ms=_RATE_SMOOTHING_MS)
    active = rates > _ACTIVE
    pairs = statistics.local_cv2(spikes)
    assert spikes.cluster is not None
    bins = ((pairs.time_ms - BURN_IN_MS) / _RATE_BIN_MS).astype(int)
    own = rates[pairs.trial, spikes.cluster[pairs.neuron], bins]
    place = np.digitize(own, _RATE_EDGES) - 1
    n_bins = _RATE_EDGES.size - 1
    inside = place < n_bins
    count = np.bincount(place[inside], minlength=n_bins)
    total = np.bincount(place[inside], pairs.value[inside], minlength=n_bins)
    in_active, matched = pairs.value[own > _ACTIVE], pairs.value[(own > _ACTIVE) & (own < _MATCHED)]
    return {
        "j_e_plus": np.array(j_e_plus),
        "rate": np.array(statistics.mean_rate(spikes)),
        "fano": mean(statistics.fano_factor(spikes, window_ms=_WINDOW_MS, estimator="mean_of_ratios", ddof=1)),
        "cv": mean(statistics.interval_cv(spikes, min_intervals=_MIN_INTERVALS)),
        "cv2": mean(statistics.interval_cv2(spikes, min_intervals=_MIN_INTERVALS)),
        "cv2 by rate": np.divide(total, count, out=np.full(n_bins, np.nan), where=count >= 200),
        "cv2 active": np.array(in_active.mean() if in_active.size >= 200 else np.nan),
        "cv2 matched": np.array(matched.mean() if matched.size >= 200 else np.nan),
        "rate active": np.array(rates[active].mean() if active.any() else np.nan),
        "time active": np.array(active.mean()),
        "n_trials": np.array(n_trials),
    }


def _jobs(scale: Scale) -> list[Job]:
    numbers = scale.numbers
    rasters = [
        Job(f"raster {kind}", trial_of, {"j_e_plus": j, "r_j": r_j}) for kind, (j, r_j) in OPERATING_POINTS.items()
    ]
    return rasters + [
        Job(
            kind,
            variability_of,
            {"j_e_plus": j, "r_j": r_j, "network_index": index, "n_trials": numbers["spiking_trials"]},
        )
        for kind, (_, r_j) in OPERATING_POINTS.items()
        for index in range(numbers["n_spiking"])
        for j in numbers["spiking_j_e" if r_j == 0 else "spiking_j_ei"]
    ]


def _curve(results: Results, kind: str, name: str) -> tuple[Array, Array]:
    """Return strengths, and a number of each network at each, (n_networks, n_strengths)."""
    j, values = results.join(kind, "j_e_plus"), results.stack(kind, name)
    strengths = np.unique(j)
    # Jobs are listed network by network.
    return strengths, values.reshape(-1, strengths.size, *values.shape[1:])


def _at_operating_point(results: Results, kind: str, name: str) -> Array:
    strengths, values = _curve(results, kind, name)
    return values[:, int(np.argmin(np.abs(strengths - OPERATING_POINTS[kind][0])))]


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 7.4)
        rows: Any = drawing.subfigures(2, 1, height_ratios=(1, 1.25))
        top, bottom = rows
        axes = top.subplots(1, 2, sharey=True)
        for ax, (kind, (j, _)), letter in zip(axes, OPERATING_POINTS.items(), "ab", strict=True):
            _draw_raster(results, kind, ax)
            figures.titled(ax, f"{letter}  {TITLES[kind]}, $J_{{E+}}={j:g}$", "one trial, half of the E neurons")
        axes[1].set_ylabel("")
        grid = bottom.subplots(2, 2)
        for ax, name, label in (
            (grid[0, 0], "rate", "rate (spikes/s)"),
            (grid[0, 1], "fano", "Fano factor"),
            (grid[1, 0], "cv2", "CV2"),
        ):
            for kind in OPERATING_POINTS:
                strengths, values = _curve(results, kind, name)
                color = figures.COLORS[COLORS[kind]]
                figures.curve_with_spread(strengths, values, color=color, marker="o", label=TITLES[kind], ax=ax)
                ax.axvline(OPERATING_POINTS[kind][0], color=color, linewidth=0.7, linestyle=":")
            ax.set(xlabel="clustering $J_{E+}$", ylabel=label)
        for ax in (grid[0, 1], grid[1, 0], grid[1, 1]):
            ax.axhline(1, color="#999999", linewidth=0.6, zorder=0)
        grid[0, 0].set_ylim(0, 8.5)
        grid[0, 1].set_yscale("log")
        ticks = [0.5, 1, 2, 5, 10]
        grid[0, 1].set_yticks(ticks, labels=[f"{tick:g}" for tick in ticks])
        grid[0, 1].set_yticks([], minor=True)
        centres = (_RATE_EDGES[1:] + _RATE_EDGES[:-1]) / 2
        for kind in OPERATING_POINTS:
            values = _at_operating_point(results, kind, "cv2 by rate")
            figures.curve_with_spread(centres, values, color=figures.COLORS[COLORS[kind]], marker="o", ax=grid[1, 1])
        figures.mark_window(grid[1, 1], _ACTIVE, _RATE_EDGES[-1])
        grid[1, 1].set(xlabel="rate of the own cluster (spikes/s)", ylabel="CV2")
        grid[0, 0].legend(loc="upper left")
        n_trials = int(results.first("E")["n_trials"])
        figures.titled(grid[0, 0], "c  Rate", f"E neurons, {BURN_IN_MS / 1000:g} to {_END_MS / 1000:g} s")
        figures.titled(
            grid[0, 1], "d  Fano factor", f"{_WINDOW_MS:g} ms windows, mean over windows, {n_trials} trials, ddof 1"
        )
        figures.titled(grid[1, 0], "e  Irregularity", f"neurons with {_MIN_INTERVALS} or more intervals")
        figures.titled(
            grid[1, 1], "f  In active clusters", "pairs of intervals at the dotted strengths; shaded: active"
        )
    return drawing


def _draw_raster(results: Results, kind: str, ax) -> None:
    numbers = results.first(f"raster {kind}")
    keep = numbers["cluster"][numbers["neuron"]] < _SHOWN_CLUSTERS
    n_shown = int((numbers["cluster"] < _SHOWN_CLUSTERS).sum())
    spikes = SpikeData(
        time_ms=numbers["step"][keep] * 0.1,
        neuron=numbers["neuron"][keep],
        cluster=numbers["cluster"][:n_shown],
        n_neurons=n_shown,
        t_start_ms=_SHOWN_MS[0],
        t_stop_ms=_SHOWN_MS[1],
        dt_ms=0.1,
    )
    figures.raster(spikes, color=figures.COLORS[COLORS[kind]], size=0.6, ax=ax)


def _claims(results: Results) -> list[Claim]:
    protocol = (
        f"Network of Rostami et al. (2024), {BURN_IN_MS:g} ms discarded. A cluster is active above {_ACTIVE:g} "
        f"spikes/s (Gaussian of {_RATE_SMOOTHING_MS:g} ms); pairs of intervals belong to the state of the own cluster "
        "at their middle spike."
    )
    at = lambda kind, name: _at_operating_point(results, kind, name)  # noqa: E731
    claims = [
        Claim("CV2, mean over neurons, E/I clusters, J_E+ = 8", "near 1 (section 5.1: irregular)", (0.85, 1.15),
              at("E/I", "cv2"), note=protocol),
        Claim("CV2 in active clusters, E clusters, J_E+ = 3.7", "regular (section 5.1)", (0, 0.4),
              at("E", "cv2 active")),
        Claim("CV2 in active clusters, E/I clusters, J_E+ = 8", "near 1 (section 5.1: irregular)", (0.85, 1.15),
              at("E/I", "cv2 active"),
              note="Neurons are irregular as a whole because clusters are rarely so active, see the next claims."),
        Claim("CV2 at 20 to 40 spikes/s of the own cluster, E/I minus E clusters", "not in the paper", None,
              at("E/I", "cv2 matched") - at("E", "cv2 matched")),
        Claim("Rate in active clusters, E/I minus E clusters", "below 0 (section 5.1: moderate rates)", (-np.inf, 0),
              at("E/I", "rate active") - at("E", "rate active"), "spikes/s"),
    ]  # fmt: skip
    for kind, (j, _) in OPERATING_POINTS.items():
        for name, what, unit in (
            ("rate", "Rate", "spikes/s"),
            ("fano", f"Fano factor, {_WINDOW_MS:g} ms", ""),
            ("cv", "CV", ""),
            ("cv2", "CV2", ""),
            ("rate active", "Rate in active clusters", "spikes/s"),
            ("time active", "Fraction of time a cluster is active", ""),
        ):
            claims.append(
                Claim(f"{what}, {kind} clusters, J_E+ = {j:g}", "not in the paper", None, at(kind, name), unit)
            )
    return claims


FIGURE = Figure(
    name="ei-clusters",
    title="Spiking networks with clustered inhibition",
    caption=(
        "Not in the paper, which predicts it for spiking neurons (section 5.1): networks of Rostami et al. (2024), "
        "4,000 excitatory and 1,000 inhibitory leaky integrate-and-fire neurons in 50 clusters. With excitatory "
        "clusters alone an active cluster saturates and its neurons fire regularly. Where inhibition is clustered too, "
        "clusters are active for a shorter time and more moderately, and neurons are irregular as a whole; at equal "
        "rates of the cluster both networks fire much alike (f). Bands: standard deviation between networks."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
