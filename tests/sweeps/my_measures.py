"""Functions that a person has written for a sweep."""

import dataclasses
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import metastable as mst


def burstiness(spikes, *, threshold):
    """Share of neurons above a rate."""
    return (mst.statistics.firing_rates(spikes) > threshold).mean()


def several(spikes, *, network, seed):
    return {"n": network.n_neurons, "seed": seed % 1000, "counts": spikes.spike_counts()}


def in_excess(network, *, of=10):
    return network.n_neurons - of


def delicate(network):
    if os.environ.get("SWEEP_TEST_FRAGILE"):
        raise ValueError("not today")
    return 1.0


def held(spikes, *, folder):
    """Hold a job until a test or Ctrl-C lets it go; its mark stays if it is killed. See `conftest.Gate`."""
    # Here, as a module that is sent to a cluster cannot hold it.
    from metastable._parallel import _MONITOR_OF_JOB

    gate, monitor = Path(folder), _MONITOR_OF_JOB.get()
    mark = gate / f"held-{os.getpid()}-{threading.get_ident()}"
    mark.touch()
    until = time.monotonic() + 120
    while not ((gate / "open").exists() or (monitor is not None and monitor.stopped) or _took_a_ticket(gate)):
        if time.monotonic() > until:
            raise TimeoutError("nobody let the job go")
        time.sleep(0.005)
    mark.unlink()
    return spikes.n_spikes


def _took_a_ticket(gate):
    for ticket in gate.glob("ticket-*"):
        try:
            ticket.unlink()
        except FileNotFoundError:
            # Another job was faster.
            continue
        return True
    return False


def network(*, n_e):
    return mst.networks.litwin_kumar_doiron_2012(n_e=n_e, n_clusters=2)


def words(spikes):
    return "many"


def ragged(spikes, *, seed):
    return np.arange(3.0)[: 1 + seed % 3]


def part_i(spikes):
    return {"i": 42.0}


def lethal(network):
    """Kill the process that runs it, for one of the networks."""
    if network.n_clusters == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return 1.0


def uneven(network):
    """Give a matrix for one of the networks and a number for the others."""
    return np.ones((2, 3)) if network.n_clusters == 4 else float(network.n_clusters)


def per_trial(spikes):
    return [spikes.select(trial=trial).n_spikes for trial in range(spikes.n_trials)]


def nothing(network):
    return None


def sleepy(*, n_e, n_clusters, seconds):
    made = mst.networks.litwin_kumar_doiron_2012(n_e=n_e, n_clusters=n_clusters)
    # The name is the one field that a measure can read back.
    return dataclasses.replace(made, name=str(seconds))


def sleep(network):
    time.sleep(float(network.name))
    return 1.0


def odd_names(network):
    return {"a/b": 1.0}


def pair(network):
    return [1.0, 2.0]


def size(network, *, seed):
    return float(network.n_neurons + seed % 10)


def taking(activity):
    """Try to change the recording, and take a population out of it."""
    with pytest.raises(ValueError, match="read-only"):
        activity.population_rates["E"] *= 2
    return activity.population_rates.pop("E").mean()


def complaining(spikes):
    raise ValueError("no interval; give sigmas_ms.")
