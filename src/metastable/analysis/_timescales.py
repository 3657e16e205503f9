"""How long activity remembers itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from metastable import figures, statistics
from metastable.analysis._part import in_bins
from metastable.analysis._recording import fitting_width
from metastable.analysis._section import TITLES, Number, Section, short
from metastable.spikes import SpikeData
from metastable.statistics import Autocovariance, TimeConstant

_FAST_LAG_MS, _LONGEST_LAG_MS = 200.0, 10_000.0
_RINGING_MS = 50.0
# Of the variance of the curve; rhythms and noise have a fitted time constant too, that means nothing.
_TRUSTED = 0.8
# Bins of all neurons that are transformed in one trial, some 50 bytes each, and in all: some seconds of work.
_MOST_AT_ONCE, _MOST_BINS = 10_000_000, 60_000_000
_FEWEST_NEURONS = 100
_N_LAGS, _FEWEST_LAGS = 100, 8
# Pairs of spikes of one train: with fewer the curve is a row of single coincidences.
_FEWEST_PAIRS = 100


def timescales(spikes: SpikeData) -> Section:
    """Measure autocovariances at short lags, and at long ones where the recording is long enough for them."""
    sizes = np.unique(spikes.trial.astype(np.int64) * spikes.n_neurons + spikes.neuron, return_counts=True)[1]
    n_pairs = int((sizes * (sizes - 1) // 2).sum())
    if n_pairs < _FEWEST_PAIRS:
        had = "there is 1" if n_pairs == 1 else f"there are {n_pairs}"
        return _section([], [], [f"A decay needs {_FEWEST_PAIRS} pairs of spikes of one neuron in one trial, {had}."])
    longest = min(spikes.duration_ms / 10, _LONGEST_LAG_MS)
    lags = [min(_FAST_LAG_MS, longest), *([longest] if longest > 2 * _FAST_LAG_MS else [])]
    curves, numbers, missing = [], [], []
    for name, lag in zip(("", "slow_"), lags, strict=False):
        bin_ms = fitting_width(spikes, lag / _N_LAGS)
        n_lags = int(lag / bin_ms + 1e-9)
        if n_lags < _FEWEST_LAGS:
            missing.append(
                f"A decay needs {_FEWEST_LAGS} lags, and a tenth of a trial is {n_lags} bin{'s' * (n_lags != 1)} of "
                f"{bin_ms:.3g} ms."
            )
            break
        upto = f"lags to {short(n_lags * bin_ms)} ms"
        part, left_out = in_bins(
            spikes, bin_ms=bin_ms, at_once=_MOST_AT_ONCE, in_all=_MOST_BINS, fewest_neurons=_FEWEST_NEURONS
        )
        missing += [f"{upto.capitalize()}: {left_out[0].lower()}{left_out[1:]}"] if left_out else []
        found = statistics.autocovariance(part, bin_ms=bin_ms, max_lag_ms=n_lags * bin_ms)
        # After a spike a neuron pauses, and regular firing rings: the decay begins behind the peak and the ringing.
        peak = 1 + int(found.covariance[1 : n_lags // 2].argmax())
        fit_from = float(found.lag_ms[max(peak, int(min(_RINGING_MS, lag / 4) / bin_ms))])
        fit = statistics.fit_time_constant(found.lag_ms, found.covariance, fit_from_ms=fit_from)
        curves.append((found, fit))
        decay, lacking = _decay(name, upto, found, fit)
        numbers += decay
        missing += lacking
    return _section(curves, numbers, missing)


def _decay(name: str, upto: str, found: Autocovariance, fit: TimeConstant) -> tuple[list[Number], list[str]]:
    """Return the numbers of a curve, and why there are none where a decay does not describe it."""
    explained = Number(f"{name}r_squared", f"R² of an exponential, {upto}", float(fit.r_squared))
    if not _is_trusted(fit):
        labels = {"tau_ms": "fitted time constant", "fall_time_ms": "falls to 1/e"}
        none = [Number(f"{name}{key}", f"{label}, {upto}", np.nan, "ms") for key, label in labels.items()]
        return [*none, explained], [
            f"An exponential does not describe the decay over {upto}: neither a time constant nor a fall time is given."
        ]
    fall = statistics.fall_time(found.lag_ms, found.covariance, from_ms=fit.fit_from_ms)
    said, lacking = "-", []
    if fall < found.bin_ms:
        fall, said = np.nan, f"below one bin of {found.bin_ms:.3g} ms"
        lacking.append(f"The curve over {upto} falls to 1/e {said}.")
    elif np.isnan(fall):
        said = "beyond these lags"
        lacking.append(f"The curve over {upto} does not fall to 1/e.")
    return [
        Number(f"{name}tau_ms", f"fitted time constant, {upto}", fit.tau_ms, "ms"),
        Number(f"{name}fall_time_ms", f"falls to 1/e, {upto}", fall, "ms", said),
        explained,
    ], lacking


def _is_trusted(fit: TimeConstant) -> bool:
    return fit.r_squared > _TRUSTED and fit.amplitude > 0 and bool(np.isfinite(fit.tau_ms))


def _section(curves: list[tuple[Autocovariance, TimeConstant]], numbers: list[Number], missing: list[str]) -> Section:
    return Section(
        name="timescales",
        title=TITLES["timescales"],
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
            if _is_trusted(fit):
                # The first fits the axes that are in seconds where lags are long.
                scale = 1 / 1000 if found.lag_ms[-1] > 2000 else 1
                ax.plot(fit.lag_ms * scale, fit.fitted, color="black", linestyle="--", linewidth=0.9)
            figures.titled(ax, "Autocovariance", f"{found.bin_ms:.3g} ms bins")
    return drawing
