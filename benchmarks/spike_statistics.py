"""Time the statistics and their memory, beside Elephant on a part of the same spikes.

Run with ``python benchmarks/spike_statistics.py``. Each case runs in a process of its own; times are of one call,
scipy's imports included, and the peak of memory is that of the whole process during the call, the spikes included.
Elephant computes a subset, and its time is scaled by the number of trains, pairs or trials; the results are compared
before the ratio is printed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import metastable as mst

st = mst.statistics


def clustered_poisson(*, n_excitatory: int, n_inhibitory: int, n_trials: int, duration_ms: float) -> mst.SpikeData:
    """Make 50 clusters that share switching rates of 1 or 9 spikes/s, 3.4 on average, and unclustered neurons."""
    rng = np.random.default_rng(1)
    size, n_neurons, n_steps = n_excitatory // 50, n_excitatory + n_inhibitory, round(duration_ms / 0.1)
    n_pieces = round(duration_ms / 100)
    times, neurons, trials = [], [], []
    for trial in range(n_trials):
        rate = np.where(rng.random((50, n_pieces)) < 0.3, 9.0, 1.0)
        rate = np.concatenate([np.repeat(rate, size, axis=0), np.full((n_inhibitory, n_pieces), 3.4)])
        counts = rng.poisson(rate * 0.1)
        neuron, piece = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
        # Drawn as whole steps: times in pieces of 1,000 steps of 0.1 ms.
        step = np.minimum(1000 * piece + rng.integers(0, 1000, neuron.size), n_steps - 1)
        times.append(step * 0.1)
        neurons.append(neuron)
        trials.append(np.full(neuron.size, trial))
    label = np.full(n_neurons, -1)
    label[:n_excitatory] = np.arange(n_excitatory) // size
    return mst.SpikeData(
        time_ms=np.concatenate(times),
        neuron=np.concatenate(neurons),
        trial=np.concatenate(trials),
        n_neurons=n_neurons,
        n_trials=n_trials,
        t_stop_ms=duration_ms,
        dt_ms=0.1,
        cluster=label,
    )


SIZES = {
    "100 trials": {"n_excitatory": 4000, "n_inhibitory": 1000, "n_trials": 100, "duration_ms": 3000.0},
    "9 trials": {"n_excitatory": 4000, "n_inhibitory": 0, "n_trials": 9, "duration_ms": 3000.0},
}
CASES: dict[str, Callable[[mst.SpikeData], Any]] = {
    "firing_rates": st.firing_rates,
    "fano_factor, 100 ms": lambda s: st.fano_factor(s, window_ms=100),
    "fano_factor_by_window, 8 widths": st.fano_factor_by_window,
    "fano_factor_in_time, 100 ms every 10 ms": lambda s: st.fano_factor_in_time(s, window_ms=100, step_ms=10),
    "count_correlations, trialwise, 50 ms": st.count_correlations,
    "count_correlations, both must fire": lambda s: st.count_correlations(s, silent="exclude_either_silent"),
    "count_correlations, across trials": lambda s: st.count_correlations(s, estimator="across_trials"),
    "count_correlations, pooled": lambda s: st.count_correlations(s, estimator="pooled"),
    "autocovariance, 2 ms, 200 ms": st.autocovariance,
    "cross_covariance, 2 ms, +-200 ms": st.cross_covariance,
    "psth, 10 ms": st.psth,
    "cluster_rates, 10 ms": st.cluster_rates,
}


def _measure(size: str, case: str, answer: Any) -> None:
    spikes = clustered_poisson(**SIZES[size])
    before = _peak_mb(reset=True)
    start = time.perf_counter()
    CASES[case](spikes)
    seconds = time.perf_counter() - start
    answer.put((seconds, _peak_mb(), before, spikes.n_spikes))


def _peak_mb(*, reset: bool = False) -> float:
    """Return the peak of resident memory; Linux can forget the earlier one, of making the spikes."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _elephant(answer: Any) -> None:
    warnings.simplefilter("ignore")
    try:
        import neo
        import quantities as pq
        from elephant.conversion import BinnedSpikeTrain
        from elephant.spike_train_correlation import correlation_coefficient, cross_correlation_histogram
        from elephant.statistics import fanofactor
    except ImportError as error:
        answer.put(f"Elephant is not installed ({error.name}): no comparison.")
        return
    spikes = clustered_poisson(**SIZES["9 trials"])
    n_few = 24
    few = spikes.select(neuron=np.arange(n_few))
    offsets = 0.001  # off the bin edges, which Elephant decides by a division of floats

    def train(neuron: int, trial: int) -> Any:
        part = few.select(neuron=neuron, trial=trial)
        return neo.SpikeTrain(part.time_ms + offsets, units="ms", t_stop=3000 * pq.ms)

    start = time.perf_counter()
    trains = [[train(n, k) for n in range(n_few)] for k in range(9)]
    building = time.perf_counter() - start
    lines = [
        f"Elephant on {n_few} neurons x 9 trials (correlations: 4,000 x 1); building its spike trains, "
        f"{1000 * building / n_few / 9:.2f} ms each, is not counted"
    ]

    def compare(name: str, theirs: Callable[[], Any], ours: Callable[[], Any], whole: Callable[[], Any], scale: float):
        start = time.perf_counter()
        expected = theirs()
        seconds = (time.perf_counter() - start) * scale
        np.testing.assert_allclose(ours(), expected, atol=1e-10)
        start = time.perf_counter()
        whole()
        own = time.perf_counter() - start
        lines.append(
            f"  {name:34s} Elephant {seconds:10.1f} s (scaled)   here {own:7.3f} s   ratio {seconds / own:9.0f}"
        )

    def fano() -> Any:
        return [
            np.nanmean(
                [
                    fanofactor([trial[n].time_slice(t * pq.ms, (t + 100) * pq.ms) for trial in trains])
                    for t in range(0, 3000, 100)
                ]
            )
            for n in range(n_few)
        ]

    def binned(part: Any, bin_ms: float) -> Any:
        return BinnedSpikeTrain(part, bin_size=bin_ms * pq.ms, t_start=0 * pq.ms, t_stop=3000 * pq.ms, tolerance=None)

    first = spikes.select(trial=0)
    order = np.argsort(first.neuron, kind="stable")
    ends = np.cumsum(first.spike_counts()[0])[:-1]
    first_trains = [
        neo.SpikeTrain(times, units="ms", t_stop=3000 * pq.ms)
        for times in np.split(first.time_ms[order] + offsets, ends)
    ]

    def correlation() -> Any:
        with np.errstate(all="ignore"):
            return correlation_coefficient(binned(first_trains, 50))

    def correlograms() -> Any:
        total = 0.0
        for trial in trains:
            one = [binned([t], 2) for t in trial]
            for i in range(n_few):
                for j in range(i):
                    total = total + cross_correlation_histogram(one[i], one[j], window=[-100, 100])[0].magnitude.ravel()
        mean = total / (9 * n_few * (n_few - 1) / 2) / 1500
        return (mean + mean[::-1]) / 2

    compare(
        "Fano factor, 4,000 x 9",
        fano,
        lambda: st.fano_factor(few),
        lambda: st.fano_factor(spikes),
        4000 / n_few,
    )
    compare(
        "all correlations, 4,000 x 9",
        correlation,
        lambda: st.correlation_matrix(first),
        lambda: st.correlation_matrix(spikes),
        9,
    )
    compare(
        "158,000 cross-correlograms, x 9",
        correlograms,
        lambda: st.cross_covariance(few, subtract="none", unit="count").all_pairs,
        lambda: st.cross_covariance(spikes, subtract="none"),
        158_000 / (n_few * (n_few - 1) / 2),
    )
    answer.put("\n".join(lines))


def _run(target: Callable[..., None], *arguments: Any) -> Any:
    """Run in a fresh process, so that peak memory is that of one case."""
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=target, args=(*arguments, answer))
    process.start()
    # A process that died would leave an empty queue; wait for the answer or for its end.
    while process.is_alive() and answer.empty():
        time.sleep(0.01)
    if answer.empty() and process.exitcode:
        raise SystemExit(f"{arguments} ended with status {process.exitcode}")
    result = answer.get()
    process.join()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-elephant", action="store_true", help="leave out the comparison")
    arguments = parser.parse_args()
    for size, options in SIZES.items():
        n_neurons = options["n_excitatory"] + options["n_inhibitory"]
        print(f"{n_neurons:,} neurons x {size} x {options['duration_ms'] / 1000:g} s")
        for case in CASES:
            seconds, peak, before, n_spikes = _run(_measure, size, case)
            print(
                f"  {case:42s} {seconds:7.3f} s   peak {peak:5.0f} MB "
                f"({before:.0f} MB at the start, {n_spikes:,} spikes)",
                flush=True,
            )
    if not arguments.no_elephant:
        print(_run(_elephant))


if __name__ == "__main__":
    main()
