"""Figure 2: rates, Fano factors, correlations and covariances of the uniform and the clustered network."""

from __future__ import annotations

import numpy as np

from metastable import figures, statistics
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.litwin_kumar_doiron_2012._protocol import excitatory_spikes

_KINDS = {"uniform": 1.0, "clustered": 2.5}
# First lags of the fit to the autocovariance; the figure shows the middle one.
_AUTO_FIT_FROM_MS = (10, 30, 50)
# Estimator of the same-cluster correlation: its key, its options, what it is called.
_CORRELATIONS = {
    "trialwise": (("trialwise", "zero"), "per trial, a silent trial counts as 0"),
    "both_silent": (("trialwise", "exclude_both_silent"), "per trial, trials in which both are silent left out"),
    "either_silent": (("trialwise", "exclude_either_silent"), "per trial, trials in which either is silent left out"),
    "pooled": (("pooled", "zero"), "summed covariance over summed variance, each trial about its own mean"),
    "concatenated": (("concatenated", "zero"), "trials joined end to end, about the mean of all"),
    "across": (("across_trials", "zero"), "across trials within each window"),
}


def statistics_of_network(
    *,
    seed: int,
    r_ee: float,
    network_index: int,
    n_trials: int,
    duration_ms: float,
    burn_in_ms: float,
    windows_ms: list[float],
) -> Numbers:
    """Simulate the trials of one network and measure everything that Figure 2 shows of its excitatory neurons."""
    spikes = excitatory_spikes(
        seed=seed,
        r_ee=r_ee,
        network_index=network_index,
        n_trials=n_trials,
        duration_ms=duration_ms,
        burn_in_ms=burn_in_ms,
    )
    numbers: Numbers = {
        "rate": statistics.firing_rates(spikes),
        "windows_ms": np.asarray(windows_ms),
        "fano": statistics.fano_factor(spikes, window_ms=100, estimator="mean_of_ratios", ddof=0),
    }
    for estimator in ("ratio_of_sums", "mean_of_ratios"):
        by_window = statistics.fano_factor_by_window(spikes, windows_ms=windows_ms, estimator=estimator, ddof=0)
        numbers[f"fano_{estimator}"] = by_window.mean()
    for key, ((estimator, silent), _) in _CORRELATIONS.items():
        found = statistics.count_correlations(spikes, window_ms=50, estimator=estimator, silent=silent)
        numbers[f"rho_same_{key}"] = np.array(found.same_cluster.mean)
        numbers[f"rho_all_{key}"] = np.array(found.all_pairs.mean)
        if key == "trialwise":
            numbers["rho_edges"] = found.all_pairs.edges
            numbers["rho_histogram_all"] = found.all_pairs.histogram
            numbers["rho_histogram_same"] = found.same_cluster.histogram
    auto = statistics.autocovariance(spikes, bin_ms=2, max_lag_ms=200, normalisation="biased")
    for normalisation in ("unbiased", "biased"):
        cross = statistics.cross_covariance(spikes, bin_ms=2, max_lag_ms=200, normalisation=normalisation)
        fit = statistics.fit_time_constant(cross.lag_ms, cross.same_cluster)
        numbers["tau_cross" if normalisation == "biased" else "tau_cross_unbiased"] = np.array(fit.tau_ms)
    for start in _AUTO_FIT_FROM_MS:
        fit = statistics.fit_time_constant(auto.lag_ms, auto.covariance, fit_from_ms=start)
        numbers[f"tau_auto_{start}"] = np.array(fit.tau_ms)
    infinite = statistics.fit_time_constant(
        cross.lag_ms,
        cross.same_cluster,
        offset="finite_recording",
        duration_ms=cross.duration_ms,
        normalisation=cross.normalisation,
    )
    numbers |= {
        "duration_ms": np.array(duration_ms),
        "burn_in_ms": np.array(burn_in_ms),
        "lag_ms": cross.lag_ms,
        "auto": auto.covariance,
        "cross": cross.same_cluster,
        "auto_lag_ms": auto.lag_ms,
        "tau_cross_infinite": np.array(infinite.tau_ms),
        "n_silent": np.array(np.count_nonzero(np.isnan(numbers["fano"]))),
    }
    return numbers


def _jobs(scale: Scale) -> list[Job]:
    shared = {name: scale.numbers[name] for name in ("n_trials", "duration_ms", "burn_in_ms", "windows_ms")}
    return [
        Job(kind, statistics_of_network, {"r_ee": r_ee, "network_index": index, **shared})
        for kind, r_ee in _KINDS.items()
        for index in range(scale.numbers["n_networks"])
    ]


_PANELS = {
    "a": ("Firing rates", "E neurons of all networks, {window} of each trial"),
    "b": ("Fano factors", "100 ms, mean over windows of var/mean across trials, ddof 0"),
    "c": ("Count correlations, all pairs", "50 ms windows, Pearson within a trial, silent trial = 0"),
    "d": (
        "Count correlations, same cluster",
        "50 ms windows, Pearson within a trial, silent trial = 0",
    ),
    "e": ("Autocovariance", "2 ms bins, trial mean subtracted, biased; lag 0 not shown"),
    "f": ("Cross-covariance, same cluster", "2 ms bins, trial mean subtracted, biased"),
    "g": ("Fano factor against the counting window", "variance across trials, ddof 0; band: s.d. between networks"),
}
_FANO_NAMES = {"ratio_of_sums": "sum of variances / sum of means", "mean_of_ratios": "mean over windows, as in b"}


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 8.8)
        panels = drawing.subplot_mosaic("ab;cd;ef;gg")
        for letter, (title, estimator) in _PANELS.items():
            figures.titled(panels[letter], f"{letter}  {title}", estimator.format(window=_window(results)))
        for kind in _KINDS:
            _draw_distributions(panels, results, kind)
            _draw_covariances(panels, results, kind)
            _draw_fano_by_window(panels["g"], results, kind)
        panels["a"].set(xlabel="rate (spikes/s)", xlim=(0, 15))
        panels["b"].set(xlabel="Fano factor", xlim=(0, 4))
        panels["c"].set(xlabel="correlation coefficient", xlim=(-0.5, 1))
        panels["d"].set(xlabel="correlation coefficient", xlim=(-0.5, 1))
        panels["e"].set(xlabel="lag (ms)", ylabel="covariance ((spikes/s)²)", xlim=(0, 200))
        panels["f"].set(xlabel="lag (ms)", ylabel="covariance ((spikes/s)²)", xlim=(-200, 200))
        panels["g"].set(xlabel="counting window (ms)", ylabel="Fano factor", xlim=(20, 205))
        for letter, level in (("e", 0), ("f", 0), ("g", 1)):
            panels[letter].axhline(level, color="#999999", linewidth=0.6, zorder=0)
        # Room for the legend above the central peak.
        panels["f"].set_ylim(top=1.4 * panels["f"].get_ylim()[1])
        for letter, panel in panels.items():
            panel.legend(loc="upper left" if letter == "g" else "upper right")
    return drawing


def _window(results: Results) -> str:
    """Return the part of a trial that is measured, as text."""
    numbers = results.first("uniform")
    return f"{numbers['burn_in_ms'] / 1000:g} to {numbers['duration_ms'] / 1000:g} s"


def _draw_distributions(panels, results: Results, kind: str) -> None:
    rate, fano = results.join(kind, "rate"), results.join(kind, "fano")
    fano = fano[~np.isnan(fano)]
    rho_edges = results.first(kind)["rho_edges"][::4]
    drawn = {
        "a": (edges := np.arange(0, 20.01, 2 / 3), np.histogram(rate, edges)[0], rate.mean(), ".2f"),
        "b": (edges := np.arange(0, 4.01, 0.1), np.histogram(fano, edges)[0], fano.mean(), ".2f"),
    }
    for letter, pairs in (("c", "all"), ("d", "same")):
        counts = results.stack(kind, f"rho_histogram_{pairs}").sum(axis=0).reshape(-1, 4).sum(axis=1)
        drawn[letter] = (rho_edges, counts, results.join(kind, f"rho_{pairs}_trialwise").mean(), ".3f")
    for letter, (edges, counts, mean, digits) in drawn.items():
        label = f"{kind}, mean {mean:{digits}}"
        figures.distribution(edges, counts, mean=mean, label=label, color=figures.COLORS[kind], ax=panels[letter])


def _draw_covariances(panels, results: Results, kind: str) -> None:
    lag, cross = results.first(kind)["lag_ms"], results.stack(kind, "cross")
    auto_lag, auto = results.first(kind)["auto_lag_ms"], results.stack(kind, "auto")
    later = auto_lag > 0
    drawn = {"e": ("auto_30", auto_lag[later], auto[:, later]), "f": ("cross", lag, cross)}
    for letter, (name, lags, values) in drawn.items():
        label = f"{kind}, τ = {results.join(kind, f'tau_{name}').mean():.0f} ms" if kind == "clustered" else kind
        figures.curve_with_spread(lags, values, label=label, color=figures.COLORS[kind], ax=panels[letter])


def _draw_fano_by_window(ax, results: Results, kind: str) -> None:
    for estimator, linestyle in (("ratio_of_sums", "-"), ("mean_of_ratios", ":")):
        figures.curve_with_spread(
            results.first(kind)["windows_ms"],
            results.stack(kind, f"fano_{estimator}"),
            label=f"{kind}, {_FANO_NAMES[estimator]}",
            color=figures.COLORS[kind],
            marker="o",
            linestyle=linestyle,
            show_spread=estimator == "ratio_of_sums",
            ax=ax,
        )


def _claims(results: Results) -> list[Claim]:
    claims = [
        Claim("E rate, uniform", "2.04", (1.94, 2.14), _rate(results, "uniform"), "spikes/s"),
        Claim("E rate, clustered", "3.25", (3.0, 3.5), _rate(results, "clustered"), "spikes/s"),
        Claim("Fano factor, 100 ms, uniform (panel b)", "0.80", (0.77, 0.83), _fano(results, "uniform")),
        Claim("Fano factor, 100 ms, clustered (panel b)", "1.385", (1.305, 1.465), _fano(results, "clustered")),
    ]
    for kind in _KINDS:
        claims.append(
            Claim(
                f"Count correlation, all pairs, {kind} (panel c)",
                "0",
                (-0.005, 0.005),
                results.join(kind, "rho_all_trialwise"),
            )
        )
    claims.append(
        Claim(
            "Count correlation, same cluster, uniform (panel d)",
            "0",
            (-0.005, 0.005),
            results.join("uniform", "rho_same_trialwise"),
        )
    )
    for key, (_, name) in _CORRELATIONS.items():
        first = key == "trialwise"
        claims.append(
            Claim(
                f"Count correlation, same cluster, clustered: {name}" + (" (panel d)" if first else ""),
                "0.139" if first else "not given",
                (0.134, 0.144) if first else None,
                results.join("clustered", f"rho_same_{key}"),
                note=_RHO_NOTE if first else "",
            )
        )
    return claims + _covariance_claims(results) + _window_claims(results)


_RHO_NOTE = (
    "The paper's windows and estimator for this panel are not known beyond 50 ms; the estimators listed below bracket "
    "its number, none gives it."
)


def _rate(results: Results, kind: str):
    return results.stack(kind, "rate").mean(axis=1)


def _fano(results: Results, kind: str):
    return np.nanmean(results.stack(kind, "fano"), axis=1)


def _covariance_claims(results: Results) -> list[Claim]:
    name = "Time constant of the same-cluster covariance, clustered"
    numbers = results.first("clustered")
    seconds = (numbers["duration_ms"] - numbers["burn_in_ms"]) / 1000
    cross = [
        Claim(
            f"{name} (panel f)",
            "135-140",
            (110, 190),
            results.join("clustered", "tau_cross"),
            "ms",
            note=(
                "Exponential without offset fitted to lags 10 to 200 ms of each network; trial mean subtracted, biased "
                f"(1/n). Subtracting the mean of {seconds:g} s of each trial shortens it: see the further numbers."
            ),
        ),
        Claim(f"{name}: unbiased", "not given", None, results.join("clustered", "tau_cross_unbiased"), "ms"),
        Claim(
            f"{name}: corrected for the length of the trials",
            "not given",
            None,
            results.join("clustered", "tau_cross_infinite"),
            "ms",
            note="What an infinitely long recording of the same exponential process would show.",
        ),
    ]
    auto = [
        Claim(
            f"Time constant of the autocovariance, clustered, lags {start} to 200 ms"
            + (" (panel e)" if start == 30 else ""),
            "about 180",
            None,
            results.join("clustered", f"tau_auto_{start}"),
            "ms",
            note=(
                "Exponential without offset, biased. Refractoriness and the regular firing of active clusters shape "
                "the first 50 ms, so the number depends on where the fit begins; the paper's fit is not known."
                if start == 30
                else ""
            ),
        )
        for start in _AUTO_FIT_FROM_MS
    ]
    return [*cross, *auto]


def _window_claims(results: Results) -> list[Claim]:
    windows = results.first("uniform")["windows_ms"]
    uniform, clustered = (results.stack(kind, "fano_ratio_of_sums") for kind in _KINDS)
    from_50 = clustered[:, windows >= 50]
    at = {w: int(np.flatnonzero(windows == w)[0]) for w in (50, 200)}
    return [
        Claim("Fano factor at 50 ms, uniform (panel g)", "0.80", (0.78, 0.82), uniform[:, at[50]]),
        Claim("Fano factor at 200 ms, uniform (panel g)", "0.738", (0.718, 0.758), uniform[:, at[200]]),
        Claim(
            "Smallest Fano factor from 50 to 200 ms, clustered (panel g)", "above 1", (1, np.inf), from_50.min(axis=1)
        ),
        Claim(
            "Smallest rise of the Fano factor from window to window, clustered (panel g)",
            "rises steadily",
            (0, np.inf),
            np.diff(from_50, axis=1).min(axis=1),
        ),
        Claim("Neurons silent in all trials, clustered", "not given", None, results.join("clustered", "n_silent")),
    ]


FIGURE = Figure(
    name="statistics",
    title="Statistics of the uniform and of the clustered network (Figure 2 of the paper)",
    caption=(
        "Panels as in Figure 2 of the paper; triangles are means. Lines in e to g are means over networks, bands one "
        "standard deviation between networks. Neurons without spikes are left out of the Fano factor; the few "
        "rates and Fano factors beyond the axes of a and b are in the means and not in the histograms."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
