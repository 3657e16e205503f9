"""Results of a sweep as labelled arrays: put together from its jobs, written, read."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from metastable._files import whole_path
from metastable._memory import require_memory
from metastable._provenance import provenance
from metastable._validation import require_path
from metastable.sweeps._folder import RESULTS, SweepFolder, explaining
from metastable.sweeps._measure import Measure
from metastable.sweeps._measures import NAMED
from metastable.sweeps._sweep import Sweep

if TYPE_CHECKING:
    from xarray import Dataset

Index = tuple[int, ...]


def require_xarray() -> None:
    """Raise a sentence, before the work whose results could not be written, unless the libraries are there."""
    try:
        import h5netcdf  # noqa: F401
        import xarray  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"results of sweeps need {error.name}, which is not installed; pip install 'metastable[sweeps]'."
        ) from None


def assemble(sweep: Sweep, found: Mapping[Index, Mapping[str, np.ndarray]], made_by: Mapping[str, Any]) -> Dataset:
    """Put the numbers of jobs into labelled arrays.

    Parameters
    ----------
    sweep : Sweep
    found : mapping
        From the places of finished jobs to their numbers, which do not deviate from each other.
    made_by : mapping
        Versions.

    Returns
    -------
    xarray.Dataset
        NaN, and ``finished`` 0, where a job is missing. Arrays that differ in length between jobs are filled up with
        NaN.
    """
    from xarray import Dataset

    order = sorted(found)
    finished = np.zeros(sweep.shape, np.int8)
    for index in order:
        finished[index] = 1
    variables: dict[str, Any] = {}
    names = dict.fromkeys(name for index in order for name in found[index])
    taken = {*names, *sweep.dims, *(name for axis in sweep.axes for name in axis.coordinates())}
    for name in names:
        measure = sweep.measure_of(name)
        values = {index: found[index][name] for index in order if name in found[index]}
        n_dims = next(iter(values.values())).ndim
        extra = tuple(max(value.shape[k] for value in values.values()) for k in range(n_dims))
        require_memory(8 * math.prod((*sweep.shape, *extra)), what=f"{name} of all jobs", do="let it give less")
        array = np.full((*sweep.shape, *extra), np.nan)
        for index, value in values.items():
            array[(*index, *map(slice, value.shape))] = value
        dims = NAMED[measure.function.name].dims if measure.function.name in NAMED else ()
        more = [_free(f"{name}_{dims[k] if k < len(dims) else k}", taken) for k in range(n_dims)]
        variables[name] = ((*sweep.dims, *more), array, _attributes(measure, name))
    variables["finished"] = (sweep.dims, finished, {"long_name": "whether the job has finished (1) or not (0)"})
    coordinates: dict[str, Any] = {}
    for axis in sweep.axes:
        coordinates |= {name: (axis.name, labels) for name, labels in axis.coordinates().items()}
    if "seed" in sweep.dims:
        # As text, since seeds may be larger than any integer of the file format.
        small = max(sweep.seeds) < 2**63
        coordinates["seed"] = (
            "seed",
            np.array(sweep.seeds if small else list(map(str, sweep.seeds)), None if small else object),
        )
    coordinates["network"] = ("network", np.arange(sweep.n_networks))
    record = provenance("sweep", **sweep.to_dict()) | {"libraries": made_by["libraries"], "source": made_by["source"]}
    attributes = {
        "title": repr(sweep).splitlines()[0],
        "provenance": json.dumps(record, sort_keys=True),
        "n_jobs": sweep.n_jobs,
        "n_finished": len(order),
    }
    return Dataset(variables, coordinates, attributes)


def _free(name: str, taken: Collection[str]) -> str:
    """Return the name of a dimension that no variable has."""
    return _free(f"{name}_", taken) if name in taken else name


def _attributes(measure: Measure, name: str) -> dict[str, str]:
    """Return what the numbers are, for axes of figures: in words for the package's own, else by the person's name."""
    attributes = {"measure": json.dumps(measure.to_dict(), sort_keys=True)}
    named = NAMED.get(measure.function.name)
    if named is None:
        lines = (measure.function.call.__doc__ or "").strip().splitlines()
        return attributes | {"long_name": name} | ({"description": lines[0]} if lines else {})
    words, unit = named.words_of(measure.part_of(name) or "")
    # Beside the measure of the part selected for the whole sweep may stand that of another.
    part = [] if measure.population is None else [measure.population]
    part += [] if measure.clusters is None else [f"clusters {measure.clusters}"]
    return attributes | {"long_name": ", ".join([words, *part]), "units": unit}


def write(data: Dataset, path: Path) -> None:
    """Write results to a netCDF file, whole and for good."""
    with explaining(path), whole_path(path, durable=True) as temporary:
        data.to_netcdf(temporary, engine="h5netcdf")


def load(path: str | os.PathLike[str]) -> Dataset:
    """Read the results of a sweep.

    Parameters
    ----------
    path : path_like
        Its folder, or the netCDF file in it.

    Returns
    -------
    xarray.Dataset
        A variable for each number that is measured; dimensions are what varies, ``seed`` if there are several, and
        ``network``. ``finished`` is 0 where a job has failed or was not run, and numbers are NaN there.
        ``attrs["provenance"]`` is JSON. Draw it by `metastable.figures.sweep_overview`.

    Raises
    ------
    FileNotFoundError
        If there are no results, or the sweep was stopped before its end.
    ImportError
        If xarray is not installed (extra ``sweeps``).
    ValueError
        If the file is damaged.
    """
    require_xarray()
    from xarray import load_dataset

    given = require_path("path", path)
    file = given
    if given.is_dir():
        file, folder = given / RESULTS, SweepFolder(given)
        if not file.exists():
            folder.describe()
            raise FileNotFoundError(
                f"the sweep in {given} has {folder.count()} finished jobs but did not come to its end; run it again."
            )
    if not file.is_file():
        raise FileNotFoundError(f"there is no file {file}; check the path.")
    try:
        return load_dataset(file, engine="h5netcdf")
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(
            f"{file} is damaged or not a netCDF file ({type(error).__name__}); run the sweep again."
        ) from None
