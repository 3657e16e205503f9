"""How long activity remembers itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from metastable import figures, statistics
from metastable.analysis._recording import fitting_width, most_active
from metastable.analysis._section import Number, Section
from metastable.spikes import SpikeData

_FAST_LAG_MS, _LONGEST_LAG_MS = 200.0, 10_000.0
_RINGING_MS = 50.0
# Of the variance of the curve; rhythms and noise have a fitted time constant too, that means nothing.
_TRUSTED = 0.8
# Bins of all neurons and trials that are transformed: some seconds of work.
_MOST_BINS = 60_000_000
_N_LAGS = 100


def timescales(spikes: SpikeData) -> Section:
    """Measure autocovariances at short lags, and at long ones where the recording is long enough for them."""
    title = "Timescales"
    longest = min(spikes.duration_ms / 10, _LONGEST_LAG_MS)
    lags = [min(_FAST_LAG_MS, longest), *([longest] if longest > 2 * _FAST_LAG_MS else [])]
    curves, numbers, missing = [], [], []
    for name, lag in zip(("", "slow_"), lags, strict=False):
        bin_ms = fitting_width(spikes, lag / _N_LAGS)
        n_lags = int(lag / bin_ms + 1e-9)
        if n_lags < 8 or not spikes.n_spikes:
            missing.append("Too short a recording, or too few spikes: a decay needs eight lags and some pairs.")
            break
        n_bins = spikes.n_trials * spikes.duration_ms / bin_ms
        chosen, left_out = most_active(spikes, max(1, int(_MOST_BINS / n_bins)))
        missing += [left_out] if left_out and left_out not in missing else []
        found = statistics.autocovariance(spikes.select(neuron=chosen), bin_ms=bin_ms, max_lag_ms=n_lags * bin_ms)
        # After a spike a neuron pauses, and regular firing rings: the decay begins behind the peak and the ringing.
        peak = 1 + int(found.covariance[1 : n_lags // 2].argmax())
        fit_from = float(found.lag_ms[max(peak, int(min(_RINGING_MS, lag / 4) / bin_ms))])
        fit = statistics.fit_time_constant(found.lag_ms, found.covariance, fit_from_ms=fit_from)
        fall = statistics.fall_time(found.lag_ms, found.covariance, from_ms=fit_from)
        curves.append((found, fit))
        upto = f"lags to {n_lags * bin_ms:.4g} ms"
        trusted = fit.tau_ms if fit.r_squared > _TRUSTED and fit.amplitude > 0 else np.nan
        numbers += [
            Number(f"{name}tau_ms", f"fitted time constant, {upto}", trusted, "ms"),
            Number(f"{name}fall_time_ms", f"falls to 1/e, {upto}", fall, "ms"),
            Number(f"{name}r_squared", "explained by the fit", float(fit.r_squared)),
        ]
        if not np.isfinite(trusted):
            missing.append(f"An exponential does not describe the decay over {upto}: no time constant is given.")
    return Section(
        name="timescales",
        title=title,
        explanation=(
            "The autocovariance says how much a neuron's rate now goes with its own rate some time later, averaged "
            "over neurons; the bin at lag 0, each spike with itself, is left out. A slow decay above 0 (dashed: "
            "fitted exponential) means that activity stays high or low for that long, a Poisson process is flat at 0; "
            "the mean of each trial was taken away, which bends long lags down."
        ),
        numbers=tuple(numbers),
        missing=tuple(missing),
        results={"autocovariances": tuple(found for found, _ in curves), "fits": tuple(fit for _, fit in curves)},
        draw=_draw if curves else None,
    )


def _draw(results: Mapping[str, Any]) -> Figure:
    pairs = list(zip(results["autocovariances"], results["fits"], strict=True))
    with figures.style():
        drawing = figures.new_figure(3.6 * len(pairs), 2.6)
        for ax, (found, fit) in zip(np.atleast_1d(drawing.subplots(1, len(pairs))), pairs, strict=True):
            figures.plot(found, ax=ax)
            if fit.r_squared > _TRUSTED and fit.amplitude > 0:
                # The first fits the axes that are in seconds where lags are long.
                scale = 1 / 1000 if found.lag_ms[-1] > 2000 else 1
                ax.plot(fit.lag_ms * scale, fit.fitted, color="black", linestyle="--", linewidth=0.9)
            figures.titled(ax, "Autocovariance", f"{found.bin_ms:.3g} ms bins")
    return drawing
