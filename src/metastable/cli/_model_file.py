"""The file in which a person describes neurons."""

from __future__ import annotations

import math
import tomllib
import warnings
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from metastable.reconstruction import CurrentModel, NeuronModel
from metastable.spikes import SpikeData

_KINDS: dict[str, type[NeuronModel] | type[CurrentModel]] = {"pulse": NeuronModel, "current": CurrentModel}
# The parameter with one value per neuron, of which a single number is meant for all.
_PER_NEURON = {"pulse": "drive_mv", "current": "bias"}


def read_model(path: Path, spikes: SpikeData) -> tuple[NeuronModel | CurrentModel, SpikeData, bool]:
    """Read the model of a recording's neurons.

    Parameters
    ----------
    path : Path
    spikes : SpikeData

    Returns
    -------
    model : NeuronModel or CurrentModel
    spikes : SpikeData
        With the neurons that never fire, if the model has more than the recording, and on the time grid of the model
        if it has none itself.
    volt : bool
        Whether potentials are in mV: for pulses.

    Raises
    ------
    FileNotFoundError, ValueError
        One sentence that names the key.
    """
    content = _content(path)
    kind = content.pop("kind", None)
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ValueError(f'{path.name} must say kind = "pulse" or kind = "current", got {kind!r}.')
    known = {field.name: field.default is MISSING for field in fields(_KINDS[kind])}
    for key in content:
        if key not in known and key != "n_neurons":
            raise ValueError(
                f"{path.name} has the key {key!r}, which kind = {kind!r} does not know; it knows {', '.join(known)} "
                "and n_neurons."
            )
    n = content.pop("n_neurons", None)
    if n is not None and (isinstance(n, bool) or not isinstance(n, int) or n < 1):
        raise ValueError(f"n_neurons in {path.name} must be a whole number above 0, got {n!r}.")
    noted = spikes.meta.get("drives_mv")
    if kind == "pulse" and "drive_mv" not in content and noted is not None:
        content["drive_mv"] = noted
    for key, required in known.items():
        if required and key not in content:
            raise ValueError(f"{path.name} lacks {key}, which kind = {kind!r} needs; add it.")
    values = {key: _array(path, key, value) for key, value in content.items()}
    each = _PER_NEURON[kind]
    if n is None:
        lists = (array.shape[-1] for array in (values[each], *values.values()) if array.ndim)
        n = next(lists, spikes.n_neurons)
    if values[each].ndim == 0:
        values[each] = np.full(n, values[each])
    if values[each].shape[-1] != n:
        raise ValueError(
            f"{each} in {path.name} has {values[each].shape[-1]} values for {n} neurons; give a number, or one for "
            "each neuron."
        )
    spikes = _with_silent_neurons(spikes, n, path)
    options: dict[str, Any] = {**values}
    try:
        if "dt_ms" in options:
            options["dt_ms"] = float(options["dt_ms"])
            spikes = _on_grid(spikes, options["dt_ms"])
        return _KINDS[kind](**options), spikes, kind == "pulse"
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None


def _on_grid(spikes: SpikeData, dt_ms: float) -> SpikeData:
    """Return the recording on the time grid of its model, which a table of times does not tell."""
    if spikes.dt_ms is not None or not 0 < dt_ms < math.inf:
        return spikes
    return replace(
        spikes,
        t_start_ms=math.floor(spikes.t_start_ms / dt_ms) * dt_ms,
        t_stop_ms=math.ceil(spikes.t_stop_ms / dt_ms) * dt_ms,
        dt_ms=dt_ms,
    )


def _content(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}; check --model.")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} is not TOML ({error}); write lines like tau_ms = 20.") from None


def _array(path: Path, key: str, value: Any) -> np.ndarray:
    """Return the numbers of a key: written there, or in a file that it names."""
    single = key == "dt_ms"
    if isinstance(value, str) and not single:
        return _from_file(path.parent / value, key)
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.array("ragged")
    if array.dtype.kind not in "iuf" or not array.size or (single and array.ndim):
        raise ValueError(
            f"{key} in {path.name} must be a number{'' if single else ', a list of numbers or a file name'}, "
            f"got {value!r}."
        )
    return array.astype(float)


def _from_file(file: Path, key: str) -> np.ndarray:
    if not file.is_file():
        raise FileNotFoundError(f"there is no file {file}, which {key} names; it must lie beside the model.")
    try:
        with warnings.catch_warnings():
            # Of an empty file, which is refused below.
            warnings.simplefilter("ignore", UserWarning)
            array = (
                np.load(file, allow_pickle=False) if file.suffix == ".npy" else np.loadtxt(file, delimiter=",", ndmin=2)
            )
    except (ValueError, EOFError, OSError):
        raise ValueError(
            f"{file.name}, which {key} names, holds no table of numbers; write them with commas, or as npy."
        ) from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf" or not array.size:
        raise ValueError(f"{file.name}, which {key} names, holds no numbers; write them with commas, or as npy.")
    # One line or one column of text is a list.
    return array.astype(float).ravel() if file.suffix != ".npy" and 1 in array.shape else array.astype(float)


def _with_silent_neurons(spikes: SpikeData, n: int, path: Path) -> SpikeData:
    if n == spikes.n_neurons:
        return spikes
    number = spikes.neuron_id
    if n < spikes.n_neurons or "neuron_names" in spikes.meta or number.min() < 0 or number.max() >= n:
        raise ValueError(
            f"{path.name} describes {n} neurons and the recording has {spikes.n_neurons}, with numbers up to "
            f"{number.max()}; describe all, and number them from 0."
        )
    return SpikeData(
        time_ms=spikes.time_ms,
        neuron=number[spikes.neuron].astype(np.int32),
        trial=spikes.trial,
        n_neurons=n,
        n_trials=spikes.n_trials,
        t_start_ms=spikes.t_start_ms,
        t_stop_ms=spikes.t_stop_ms,
        dt_ms=spikes.dt_ms,
        trial_id=spikes.trial_id,
        meta=spikes.meta,
    )
