"""Options of measures, tried on a made-up recording."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np

from metastable._parallel import CancelledError, Monitor, run_jobs
from metastable.networks import BinaryNetwork
from metastable.spikes import SpikeData
from metastable.sweeps._job import Job
from metastable.sweeps._measure import Measure
from metastable.sweeps._measures import NAMED
from metastable.sweeps._recording import require_burn_in, step_ms

# Which options of these fail depends on the spikes, or does in windows in which made-up neurons fire too often.
_SUBTLE = ("autocovariance_time",)
_SUBTLE_WHEN_SHORT, _SHORT_MS = ("communities",), 200.0
_N_NEURONS, _N_CLUSTERS, _MOST_TRIALS = 16, 4, 20
_RATE_PER_MS, _FEWEST, _MOST = 0.05, 3, 40


def require_options(job: Job, network: Any) -> None:
    """Raise a sentence if a measure that the package knows fails with its options in so many trials of this length.

    Lists are left out: how long they must be is for the recording to say.

    Parameters
    ----------
    job : Job
    network : specification
    """
    tried = [measure for measure in job.measures if _can_be_tried(measure, network)]
    if not tried:
        return
    spikes = _made_up(job, network)
    short = spikes.t_stop_ms - spikes.t_start_ms < _SHORT_MS
    for measure in tried:
        if short and measure.function.name in _SUBTLE_WHEN_SHORT:
            continue
        options = {key: value for key, value in measure.options.items() if not isinstance(value, list | tuple | dict)}
        # The one option that is compared with the number of trials; those beyond the made-up ones are silent.
        tried_on = replace(spikes, n_trials=job.n_trials, trial_id=None) if "ddof" in options else spikes
        error = _error_of(measure, options, tried_on)
        if error is not None:
            raise type(error)(f"measure.{measure.label}: {error}") from None


def _can_be_tried(measure: Measure, network: Any) -> bool:
    named = NAMED.get(measure.function.name)
    if named is None or measure.function.name in _SUBTLE:
        return False
    # Clusters of a binary network are not measured by their spikes.
    return named.needs == "spikes" or (named.needs == "clusters" and not isinstance(network, BinaryNetwork))


def _made_up(job: Job, network: Any) -> SpikeData:
    """Return spikes at random, on the time steps and in the window of the real ones."""
    start = require_burn_in(network, job.simulate, job.select)
    stop = float(job.simulate["duration_ms"])
    step = step_ms(network, job.simulate)
    n_trials = min(job.n_trials, _MOST_TRIALS)
    n_spikes = round(min(max(_RATE_PER_MS * (stop - start), _FEWEST), _MOST))
    shape = (n_trials, _N_NEURONS, n_spikes)
    time_ms = np.random.default_rng(1).uniform(start, stop, shape)
    if step is not None:
        time_ms = np.clip(np.floor(time_ms / step) * step, start, None)
    trial, neuron, _ = np.indices(shape)
    return SpikeData(
        time_ms=time_ms.ravel(),
        neuron=neuron.ravel(),
        trial=trial.ravel(),
        n_neurons=_N_NEURONS,
        n_trials=n_trials,
        t_start_ms=start,
        t_stop_ms=stop,
        dt_ms=step,
        cluster=np.arange(_N_NEURONS) % _N_CLUSTERS,
    )


def _error_of(measure: Measure, options: dict[str, Any], spikes: SpikeData) -> ValueError | TypeError | None:
    given = {"network": None, "seed": 1}

    def attempt(measure: Measure, monitor: Monitor) -> ValueError | TypeError | None:
        # What takes long stops at once, as it has checked its options by then.
        monitor.stop()
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                measure.function.call(spikes, **options, **{name: given[name] for name in measure.taken})
        except (ValueError, TypeError) as error:
            return error
        except (CancelledError, ArithmeticError, MemoryError):
            pass
        return None

    return run_jobs(attempt, [measure], n_jobs=1, total=1, label="", progress=False)[0]
