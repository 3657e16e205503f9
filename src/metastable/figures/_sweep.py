"""Results of a sweep: a measure against what varies."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from metastable.figures._curves import curve_with_spread
from metastable.figures._style import new_figure, resolve_axes, style

# Networks and seeds repeat a point; they are the spread around its mean.
_REPEATS = ("network", "seed")
_MOST_LINES, _MOST_PANELS, _MOST_TICKS = 6, 6, 8
# From here on whole numbers are written as powers of ten.
_LONGEST_WHOLE = 1e7


def sweep_overview(
    result: Any, *, measure: str | None = None, along: str | None = None, ax: Axes | None = None
) -> Axes | Figure:
    """Draw a measure of a sweep against what varies: a curve for one axis, an image for two, panels for three.

    Curves are means over networks and seeds with a band of one standard deviation (ddof 1), images are means. Points
    whose jobs have failed are left out, hatched in an image. Of more than six lines six are drawn, chosen evenly from
    the first value to the last, and a note says so.

    Parameters
    ----------
    result : SweepResult or xarray.Dataset
        As `metastable.sweeps.run` or `metastable.sweeps.load` gives it.
    measure : str, optional
        Name of the numbers; by default the first.
    along : str, optional
        Axis along which curves run; without it the first axis of numbers, and an image where there are two of them.
        Other axes are lines then, and panels.
    ax : Axes, optional
        Where to draw, if it is one panel; a new figure by default.

    Returns
    -------
    Axes or Figure
        A figure if there are several panels.

    Raises
    ------
    ValueError
        If there is no such measure or axis, the measure is no number for each job, or there are too many axes.

    Examples
    --------
    >>> import tempfile
    >>> import metastable as mst
    >>> sweep = mst.sweeps.Sweep(
    ...     network={"preset": "rost_2018", "n_clusters": 20},
    ...     vary={"j_e_plus": [1, 2, 2.9]},
    ...     measure={"fixed_points": {}},
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = mst.sweeps.run(sweep, folder)
    >>> done.plot(measure="fixed_points_n_stable").get_xlabel()
    'j_e_plus'
    """
    data = result if hasattr(result, "data_vars") else result.data
    name = _measure(data, measure)
    values = data[name]
    axes = [str(dim) for dim in data["finished"].dims if dim not in _REPEATS]
    others = [str(dim) for dim in values.dims if str(dim) not in (*axes, *_REPEATS)]
    if others:
        raise ValueError(
            f"{name} is an array for each job, along {', '.join(others)}; give a measure that is one number, or plot "
            f"data[{name!r}].mean({others[0]!r}) yourself."
        )
    if along is not None and along not in axes:
        raise ValueError(f"along must be one of {', '.join(axes) or 'no axis, as nothing varies'}, got {along!r}.")
    # An axis of one value is no axis of a picture; the caption says its value.
    long = [dim for dim in axes if values.sizes[dim] > 1 or dim == along]
    fixed = [dim for dim in axes if dim not in long]
    values = values.isel(dict.fromkeys(fixed, 0))
    numeric = [dim for dim in long if _is_numeric(data, dim)]
    first = along or (numeric or long or [None])[0]
    rest = [dim for dim in long if dim != first]
    second = next((dim for dim in rest if dim in numeric), None) if along is None else None
    with style():
        image = second is not None and first in numeric

        def draw(part: Any, ax: Axes, *, alone: bool, number: int = 0) -> Axes:
            if image:
                return _image(data, part, str(first), str(second), name, ax, alone)
            return _curves(data, part, first, rest[:1], name, ax, number == 0)

        panels = [dim for dim in rest if dim != second] if image else rest[1:]
        notes = [f"{_title(data, dim)} = {_labels(data, dim)[0]}" for dim in fixed]
        n_lines = values.sizes[rest[0]] if rest and not image else 0
        if n_lines > _MOST_LINES:
            notes.append(f"{_MOST_LINES} of {n_lines} values of {_title(data, rest[0])} are shown")
        n_lacking = int((data["finished"] == 0).sum())
        if n_lacking:
            notes.append(f"{n_lacking} of {data['finished'].size} jobs failed")
        return _panels(data, values, panels, draw, ", ".join(notes), ax, _named(data, name))


def _measure(data: Any, measure: str | None) -> str:
    known = [str(name) for name in data.data_vars if name != "finished"]
    if not known:
        raise ValueError("no job has finished, so that there is nothing to draw; mend what failed and run it again.")
    if measure is None:
        jobs = data["finished"].dims
        return next((name for name in known if data[name].dims == jobs), known[0])
    if measure not in known:
        raise ValueError(f"measure must be one of {', '.join(known)}, got {measure!r}.")
    return measure


def _panels(
    data: Any, values: Any, dims: list[str], draw: Any, note: str, ax: Axes | None, label: str
) -> Axes | Figure:
    parts = list(itertools.product(*(range(values.sizes[dim]) for dim in dims)))
    if len(parts) == 1:
        drawn = draw(values.isel(dict.fromkeys(dims, 0)), resolve_axes(ax), alone=True)
        if note:
            drawn.set_title(note, fontweight="normal", fontsize=7)
        return drawn
    if len(parts) > _MOST_PANELS:
        raise ValueError(
            f"{' x '.join(dims)} would be {len(parts)} panels, more than {_MOST_PANELS}; choose some values, as "
            f"metastable.figures.sweep_overview(data.isel({dims[0]}=[0, 1]))."
        )
    if ax is not None:
        raise ValueError(f"there are {len(parts)} panels, for the values of {' and '.join(dims)}; leave ax out.")
    n_columns = min(3, len(parts))
    n_rows = -(-len(parts) // n_columns)
    figure = new_figure(3.2 * n_columns, 2.6 * n_rows)
    grid = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True, sharey=True)
    for number, part in enumerate(parts):
        panel = grid.flat[number]
        draw(values.isel(dict(zip(dims, part, strict=True))), panel, alone=False, number=number)
        titles = [f"{_title(data, dim)} = {_labels(data, dim)[k]}" for dim, k in zip(dims, part, strict=True)]
        panel.set_title(", ".join(titles), fontweight="normal", fontsize=7)
        panel.label_outer()
    for panel in grid.flat[len(parts) :]:
        panel.set_axis_off()
    # One scale of colours for all panels.
    meshes = [mesh for panel in grid.flat for mesh in panel.collections if isinstance(mesh, QuadMesh)]
    finite = np.concatenate([np.array([]), *(np.ma.asarray(mesh.get_array()).compressed() for mesh in meshes)])
    if finite.size:
        for mesh in meshes:
            mesh.set_clim(finite.min(), finite.max())
        figure.colorbar(meshes[0], ax=grid, label=label)
    if note:
        figure.suptitle(note, fontsize=7, x=0.01, ha="left")
    return figure


def _curves(data: Any, part: Any, along: str | None, lines: list[str], name: str, ax: Axes, with_legend: bool) -> Axes:
    if along is None:
        return _single(data, part, name, ax)
    labels = _labels(data, along)
    numeric = _is_numeric(data, along)
    x = np.asarray(data[along].values if along in data.coords else np.arange(len(labels)), float) if numeric else None
    x = np.arange(len(labels), dtype=float) if x is None else x
    order = np.argsort(x)
    groups = _labels(data, lines[0]) if lines else [""]
    chosen = np.unique(np.linspace(0, len(groups) - 1, min(len(groups), _MOST_LINES)).round().astype(int))
    for k in chosen:
        line = part.isel({lines[0]: int(k)}) if lines else part
        rows = line.transpose(*(dim for dim in line.dims if dim != along), along).values.reshape(-1, len(x))
        curve_with_spread(
            x[order], rows[:, order], label=f"{_title(data, lines[0])} = {groups[k]}" if lines else None,
            marker="o", ax=ax,
        )  # fmt: skip
    if not numeric:
        ax.set_xticks(x, labels)
    elif _is_logarithmic(x):
        ax.set_xscale("log")
    if lines and with_legend:
        ax.legend()
    ax.set(xlabel=_title(data, along), ylabel=_named(data, name))
    return ax


def _single(data: Any, part: Any, name: str, ax: Axes) -> Axes:
    """Draw one point: each of its networks and seeds, and their mean."""
    values = part.values.ravel()
    values = values[np.isfinite(values)]
    ax.plot(np.zeros(values.size), values, "o", alpha=0.6)
    if values.size > 1:
        ax.plot([-0.15, 0.15], [values.mean()] * 2, color="black", linewidth=1)
    ax.set(xlim=(-1, 1), xticks=[], ylabel=_named(data, name))
    if not values.size:
        ax.text(0, 0.5, "no job has finished", ha="center", transform=ax.get_xaxis_transform(), fontsize=7)
    return ax


def _image(data: Any, part: Any, first: str, second: str, name: str, ax: Axes, with_bar: bool) -> Axes:
    # Means of nothing are NaN without a warning.
    table = part.mean([dim for dim in _REPEATS if dim in part.dims], skipna=True)
    table = table.transpose(second, first).values
    x, y = (np.asarray(data[dim].values if dim in data.coords else np.arange(part.sizes[dim]), float)
            for dim in (first, second))  # fmt: skip
    columns, rows = np.argsort(x), np.argsort(y)
    ax.patch.set(hatch="////", edgecolor="#bbbbbb", facecolor="white")
    mesh = ax.pcolormesh(
        x[columns], y[rows], np.ma.masked_invalid(table[np.ix_(rows, columns)]), shading="nearest", rasterized=True
    )
    for axis, values, scale in ((ax.xaxis, x, ax.set_xscale), (ax.yaxis, y, ax.set_yscale)):
        if _is_logarithmic(values):
            scale("log")
        elif values.size <= _MOST_TICKS:
            axis.set_ticks(values, _written(values.tolist()))
    ax.set(xlabel=first, ylabel=second)
    if with_bar:
        ax.figure.colorbar(mesh, ax=ax, label=_named(data, name))
    return ax


def _is_numeric(data: Any, dim: str) -> bool:
    # Parameters that change together have no values of their own, and their number is none.
    return dim in data.coords and data[dim].dtype.kind in "iuf" and not _together(data, dim)


def _together(data: Any, dim: str) -> list[str]:
    return [str(name) for name, each in data.coords.items() if name != dim and each.dims == (dim,)]


def _labels(data: Any, dim: str) -> list[str]:
    names = _together(data, dim) or [dim]
    columns = [_written(data[name].values.tolist()) for name in names]
    if names == [dim]:
        return columns[0]
    return [", ".join(row) for row in zip(*columns, strict=True)]


def _written(values: Sequence[Any]) -> list[str]:
    """Write values with so many digits that those which differ are told apart."""
    candidates = ([_rounded(value, digits) for value in values] for digits in range(4, 18))
    return next((found for found in candidates if len(set(found)) == len(set(values))), [str(v) for v in values])


def _rounded(value: Any, digits: int) -> str:
    if isinstance(value, str):
        return value
    if abs(value) < _LONGEST_WHOLE and value == round(value):
        return f"{round(value)}"
    return f"{value:.{digits}g}"


def _title(data: Any, dim: str) -> str:
    return ", ".join(_together(data, dim) or [dim])


def _is_logarithmic(x: np.ndarray) -> bool:
    """Whether values are spaced by factors, not by differences."""
    x = np.sort(x)
    if x.size < 3 or x[0] <= 0 or x[-1] < 20 * x[0]:
        return False
    steps, factors = np.diff(x), np.diff(np.log(x))
    return bool(factors.std() * steps.mean() < steps.std() * factors.mean())


def _named(data: Any, name: str) -> str:
    words, unit = (data[name].attrs.get(key, other) for key, other in (("long_name", name), ("units", "1")))
    if words.endswith("."):
        # Files of older versions have a sentence there.
        words = name
    return words if unit == "1" else f"{words} ({unit})"
