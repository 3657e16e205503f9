"""From a network to a recording: simulate, discard the beginning, select."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_overloads

import numpy as np

from metastable._known_names import require_known
from metastable._validation import require_indices, require_integer, require_number, require_steps, shown
from metastable.networks import DisorderedNetwork, FiniteSizeNetwork, LIFNetwork, Stimulus
from metastable.simulation import BinaryActivity, FiniteSizeActivity, simulate
from metastable.spikes import SpikeData
from metastable.sweeps._keys import require_arguments, require_table

Recording = SpikeData | BinaryActivity | FiniteSizeActivity

_SHAPES = {"step": Stimulus.step, "ramp": Stimulus.ramp, "array": Stimulus.array}
# What a sweep itself hands to `simulate`.
_OURS = ("network", "n_trials", "seed", "network_index", "first_trial", "n_jobs", "progress", "stimulus")
SIMULATE = tuple(
    dict.fromkeys(
        name for each in get_overloads(simulate) for name in each.__annotations__ if name not in (*_OURS, "return")
    )
)
STIMULUS = ("shape", "amplitude", "values", "start_ms", "stop_ms", "hold_until_ms", "dt_ms", "clusters", "population")
# What steps are called, how long they are by default, and more of them than anybody waits for or a memory holds.
_STEPS = {
    "LIFNetwork": ("dt_ms", 0.1, 10**11),
    "BinaryNetwork": ("sample_ms", 1.0, 10**8),
    "FiniteSizeNetwork": (None, 1.0, 10**9),
    "DisorderedNetwork": (None, 1.0, 10**9),
}
SELECT = ("burn_in_ms", "population", "clusters")


def require_simulation(network: Any, options: Mapping[str, Any], stimulus: Any, n_networks: int) -> None:
    """Raise a sentence unless `simulate` takes these options, and a stimulus, for a network of this kind."""
    kind = "FiniteSizeNetwork" if isinstance(network, DisorderedNetwork) else type(network).__name__
    if isinstance(network, FiniteSizeNetwork) and n_networks > 1:
        raise ValueError(
            f"n_networks={n_networks}, but a finite-size network given weight by weight is always the same; vary the "
            "seed, or use DisorderedNetwork."
        )
    for overload in get_overloads(simulate):
        if kind in str(overload.__annotations__["network"]).split(" | "):
            known = [name for name in overload.__annotations__ if name not in (*_OURS, "return")]
            require_known("[simulate]", options, known)
            if stimulus is not None and "stimulus" not in overload.__annotations__:
                own = "; give it stimulus in [network]" if kind == "FiniteSizeNetwork" else ""
                raise ValueError(f"a {kind} takes no stimulus; leave [stimulus] out{own}.")
            _require_steps(network, options)
            return
    raise TypeError(f"a {kind} cannot be simulated; leave out the measures that need a recording.")


def stimulus_of(given: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None) -> Stimulus | None:
    """Build a stimulus from a table, or the sum of several."""
    if given is None:
        return None
    if not isinstance(given, Mapping | list | tuple):
        raise TypeError(f"stimulus must be a table, or a list of tables that add up, got {shown(given)}.")
    parts = [given] if isinstance(given, Mapping) else given
    total = Stimulus()
    for part in parts:
        options = require_table("[stimulus]", part)
        shape = options.pop("shape", "step")
        require_known("shape in [stimulus]", [shape], _SHAPES)
        value = options.pop("values" if shape == "array" else "amplitude", None)
        if value is None:
            raise ValueError(f"[stimulus] lacks {'values' if shape == 'array' else 'amplitude'}; add it.")
        require_arguments(f"[stimulus] of shape {shape!r}", _SHAPES[shape], options, n_before=1)
        total += _SHAPES[shape](value, **options)
    return total


def step_ms(network: Any, options: Mapping[str, Any]) -> float | None:
    """Return the time step on which the spikes of a network lie, ms, None without one."""
    if not isinstance(network, LIFNetwork):
        return None
    return require_number("simulate.dt_ms", options.get("dt_ms", 0.1), above=0)


def require_burn_in(network: Any, options: Mapping[str, Any], chosen: Mapping[str, Any]) -> float:
    """Return what is discarded of the beginning, or raise a sentence if nothing would be left, or parts of a step."""
    duration = _require_duration(options)
    start = require_number("select.burn_in_ms", chosen.get("burn_in_ms", 0.0), minimum=0)
    if start >= duration:
        raise ValueError(
            f"select.burn_in_ms={start:g} discards the whole simulation, which lasts {duration:g} ms; lower it."
        )
    step = step_ms(network, options)
    if step is not None:
        require_steps("select.burn_in_ms", start, step)
    return start


def _require_duration(options: Mapping[str, Any]) -> float:
    if "duration_ms" not in options:
        raise ValueError("[simulate] lacks duration_ms, the length of a trial; add it.")
    return require_number("simulate.duration_ms", options["duration_ms"], above=0)


def _require_steps(network: Any, options: Mapping[str, Any]) -> None:
    duration = _require_duration(options)
    name, step, most = _STEPS.get(type(network).__name__, (None, duration, 1))
    if name is not None:
        step = require_number(f"simulate.{name}", options.get(name, step), above=0)
    if duration / step > most:
        raise ValueError(
            f"simulate.duration_ms={duration:g} is {duration / step:.3g} steps of {step:g} ms, and a trial may have at "
            f"most {most:.0e}; simulate less."
        )


def require_part(network: Any, population: Any, clusters: Any, *, where: str) -> None:
    """Raise a sentence unless a network has this population and these clusters."""
    parts = getattr(network, "populations", None)
    names = list(getattr(network, "sizes", ())) if parts is None else [part.name for part in parts]
    kind = type(network).__name__
    if population is not None:
        if not isinstance(population, str):
            raise TypeError(f"the population of {where} must be one name, got {shown(population)}.")
        if not names:
            raise ValueError(f"{where} selects population {population!r}, but a {kind} has none; leave it out.")
        if population not in names:
            raise ValueError(
                f"{where} selects population {population!r}, which the network does not have; known are "
                f"{', '.join(names)}."
            )
    if clusters is not None:
        n_clusters = getattr(network, "n_clusters", 0)
        if not n_clusters:
            raise ValueError(f"{where} selects clusters, but the network has none; leave clusters out.")
        if not require_indices(f"the clusters of {where}", clusters, n_clusters).size:
            raise ValueError(f"the clusters of {where} are an empty list; name some, or leave clusters out.")


def simulated(
    network: Any, *, options: Mapping[str, Any], stimulus: Stimulus | None, seed: int, network_index: int, n_trials: int
) -> Recording:
    """Simulate on one thread; parameters as in `record`."""
    given: dict[str, Any] = dict(options) | ({} if stimulus is None else {"stimulus": stimulus})
    if isinstance(network, DisorderedNetwork):
        network, network_index = network.wire(seed, network=network_index), 0
    if not isinstance(network, FiniteSizeNetwork):
        given["network_index"] = network_index
    return simulate(network, seed=seed, n_trials=n_trials, n_jobs=1, progress=False, **given)


def record(
    network: Any,
    *,
    options: Mapping[str, Any],
    chosen: Mapping[str, Any],
    stimulus: Stimulus | None,
    seed: int,
    network_index: int,
    n_trials: int,
) -> Recording:
    """Simulate on one thread and discard the beginning.

    Parameters
    ----------
    network : specification
    options : mapping
        Of `metastable.simulate`.
    chosen : mapping
        With ``burn_in_ms``, ms, or without.
    stimulus : Stimulus or None
    seed, network_index, n_trials : int
        As in `metastable.simulate`.

    Returns
    -------
    SpikeData, BinaryActivity or FiniteSizeActivity
    """
    _require_steps(network, options)
    start = require_burn_in(network, options, chosen)
    found = simulated(
        network, options=options, stimulus=stimulus, seed=seed, network_index=network_index, n_trials=n_trials
    )
    if start == 0:
        return found
    if isinstance(found, SpikeData):
        return found.select(time_ms=(start, found.t_stop_ms))
    if isinstance(found, BinaryActivity):
        return found.discard(start)
    steps = round(start)
    if steps != start:
        raise ValueError(f"burn_in_ms={start:g} must be a whole number of steps of 1 ms; round it.")
    potentials = None if found.potentials is None else found.potentials[:, steps:]
    return replace(found, activity=found.activity[:, steps:], potentials=potentials)


def select(recording: Recording, network: Any, population: str | None, clusters: Any) -> Recording:
    """Return a part of a recording.

    Parameters
    ----------
    recording : SpikeData, BinaryActivity or FiniteSizeActivity
    network : specification
        Of the recording.
    population : str or None
        None for all.
    clusters : int, list of int or None
        None for all, and neurons of no cluster.

    Returns
    -------
    Recording
    """
    if population is None and clusters is None:
        # Tables of its own: what a measure takes out of them must not lack for the next one.
        return replace(recording) if isinstance(recording, BinaryActivity) else recording
    if isinstance(recording, SpikeData):
        return recording.select(population=population, cluster=clusters)
    if isinstance(recording, FiniteSizeActivity):
        return _of_finite_size(recording, network, population, clusters)
    spikes = recording.spikes
    rates, of_population = recording.cluster_rates, recording.population_rates
    if population is not None:
        require_known("population", [population], of_population)
        rates = {name: values for name, values in rates.items() if name == population}
        of_population = {population: of_population[population]}
    if clusters is not None:
        chosen = np.atleast_1d(clusters)
        rates = {name: values[:, chosen] for name, values in rates.items()}
    if spikes is not None:
        spikes = spikes.select(population=population, cluster=clusters)
    return replace(recording, cluster_rates=rates, population_rates=of_population, spikes=spikes)


def _of_finite_size(
    recording: FiniteSizeActivity, network: Any, population: str | None, clusters: Any
) -> FiniteSizeActivity:
    if clusters is not None:
        raise ValueError("a finite-size network has populations but no clusters; leave clusters out.")
    require_known("population", [population or ""], network.sizes)
    names = np.repeat(list(network.sizes), [require_integer("sizes", n) for n in network.sizes.values()])
    keep = names == population
    potentials = None if recording.potentials is None else recording.potentials[..., keep]
    return replace(recording, activity=recording.activity[..., keep], potentials=potentials)
