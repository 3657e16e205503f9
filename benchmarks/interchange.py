"""Time files of every format, and NWB beside pynwb's own path, unit by unit.

Run with ``python benchmarks/interchange.py``. The recording is 5,000 neurons of the clustered network of Litwin-Kumar &
Doiron (2012) in 9 trials of 3 s, about 470,000 spikes. Times are of one call each, libraries imported before; sizes are
of the files. What is read is compared with what was written before a time is printed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import metastable as mst

ENDINGS = (".npz", ".csv", ".mat", ".nwb", ".h5")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=9)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    network = mst.networks.litwin_kumar_doiron_2012(r_ee=2.5)
    spikes = mst.simulate(network, duration_ms=3000, n_trials=chosen.trials, seed=1)
    print(f"{spikes.n_spikes:,} spikes of {spikes.n_neurons:,} neurons in {spikes.n_trials} trials")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # The libraries are imported here.
        few = spikes.select(neuron=np.arange(10))
        for ending in ENDINGS:
            mst.spikes.read(mst.spikes.write(few, folder / f"few{ending}").path)
        for ending in ENDINGS:
            written, writing = timed(mst.spikes.write, spikes, folder / f"all{ending}")
            back, reading = timed(mst.spikes.read, written.path)
            require_same(back, spikes)
            print(row(ending, writing, reading, written.path.stat().st_size))
            if ending == ".nwb":
                ours = writing, reading
        for label, there, back_again in objects():
            made, writing = timed(there, spikes)
            back, reading = timed(back_again, made)
            require_same(back, spikes)
            print(row(label, writing, reading))
        _, writing = timed(write_row_by_row, spikes, folder / "rows.nwb")
        n_read, reading = timed(read_row_by_row, folder / "rows.nwb")
        assert n_read == spikes.n_spikes
        print(row("pynwb, unit by unit", writing, reading, (folder / "rows.nwb").stat().st_size))
        print(f"  ratio to .nwb here: write {writing / ours[0]:.0f}, read {reading / ours[1]:.0f}")


def row(label: str, writing: float, reading: float, n_bytes: int | None = None) -> str:
    size = "" if n_bytes is None else f"{n_bytes / 2**20:7.1f} MiB"
    return f"  {label:20s} write {writing:7.2f} s   read {reading:7.2f} s   {size}"


def timed(call: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    start = time.perf_counter()
    result = call(*arguments)
    return result, time.perf_counter() - start


def require_same(back: mst.SpikeData, spikes: mst.SpikeData) -> None:
    for name in ("time_ms", "neuron", "trial", "cluster", "population"):
        np.testing.assert_array_equal(getattr(back, name), getattr(spikes, name))


def objects() -> list[tuple[str, Callable[..., Any], Callable[..., Any]]]:
    found = []
    try:
        import neo  # noqa: F401

        found.append(("Neo, in memory", mst.spikes.to_neo, mst.spikes.from_neo))
    except ImportError:
        print("  Neo is not installed")
    try:
        import pynapple  # noqa: F401

        def back_again(both: Any) -> mst.SpikeData:
            return mst.spikes.from_pynapple(both[0], trials=both[1], dt_ms=0.1)

        found.append(("pynapple, in memory", mst.spikes.to_pynapple, back_again))
    except ImportError:
        print("  pynapple is not installed")
    return found


def write_row_by_row(spikes: mst.SpikeData, path: Path) -> None:
    """Write as pynwb's tutorial does, all trials on one axis."""
    import pynwb

    content = pynwb.NWBFile("benchmark", "benchmark", datetime(1970, 1, 1, tzinfo=UTC))
    content.add_unit_column("population", "population of the neuron")
    content.add_unit_column("cluster", "cluster, -1 for none")
    time_s = (spikes.time_ms + 4000.0 * spikes.trial) / 1000
    order = np.argsort(spikes.neuron, kind="stable")
    pieces = np.split(time_s[order], np.cumsum(np.bincount(spikes.neuron, minlength=spikes.n_neurons))[:-1])
    for times, population, cluster in zip(pieces, spikes.population, spikes.cluster, strict=True):
        content.add_unit(spike_times=times, population=str(population), cluster=int(cluster))
    for trial in range(spikes.n_trials):
        content.add_trial(start_time=4.0 * trial, stop_time=4.0 * trial + 3)
    with pynwb.NWBHDF5IO(str(path), "w") as io:
        io.write(content)


def read_row_by_row(path: Path) -> int:
    import pynwb

    with pynwb.NWBHDF5IO(str(path), "r") as io:
        units = io.read().units
        trains = [units.get_unit_spike_times(k) for k in range(len(units))]
    return sum(train.size for train in trains)


if __name__ == "__main__":
    main()
