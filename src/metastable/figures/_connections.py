"""Weights of a network: expected from its specification, and as they were drawn."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from metastable._validation import require_integer
from metastable.figures._reconstruction_matrix import weight_matrix
from metastable.figures._style import of_populations, resolve_axes, titled
from metastable.networks import (
    BinaryNetwork,
    FiniteSizeNetwork,
    LIFNetwork,
    WiredBinaryNetwork,
    WiredLIFNetwork,
    WiredPulseNetwork,
)

_LINE = "#333333"


def expected_weights(network: LIFNetwork | BinaryNetwork, *, resolution: int = 250, ax: Axes | None = None) -> Axes:
    """Draw the expected weight of a pair, probability times weight, at so many neurons along each axis."""
    chosen = _samples(network, require_integer("resolution", resolution, minimum=1))
    membership = network.membership
    table = np.zeros((len(chosen), len(chosen)))
    names = network.population_names[chosen]
    for c in network.connections:
        block = network.block(c.post, c.pre)
        rows, columns = np.flatnonzero(names == c.post), np.flatnonzero(names == c.pre)
        shared = membership[chosen[rows]].astype(int) @ membership[chosen[columns]].T.astype(int) > 0
        inside = shared if block.shared else np.zeros_like(shared)
        table[np.ix_(rows, columns)] = np.where(inside, block.p_in * block.j_in, block.p_out * block.j_out)
    ax = _draw(table, _edges(chosen, network.n_neurons), network, "mean weight of a pair", ax)
    return titled(ax, "Expected weights", "probability times weight: the mean over all pairs, connected or not")


def wired_weights(
    wired: WiredLIFNetwork | WiredBinaryNetwork, *, resolution: int = 250, ax: Axes | None = None
) -> Axes:
    """Draw the weights of one wiring, averaged over so many bins of neurons along each axis."""
    network = wired.network
    first = _samples(network, require_integer("resolution", resolution, minimum=1))
    edges = _edges(first, network.n_neurons)
    place = np.searchsorted(first, np.arange(network.n_neurons), side="right") - 1
    matrix = wired.weight_matrix().tocoo()
    post, pre = matrix.coords
    n = first.size
    total = np.bincount(place[post] * n + place[pre], matrix.data, n * n).reshape(n, n)
    widths = np.diff(edges)
    ax = _draw(total / np.outer(widths, widths), edges, network, "mean weight of a pair", ax)
    width = int(widths.max())
    note = "each weight" if width == 1 else f"mean over up to {width} x {width} pairs, connected or not"
    return titled(ax, f"{wired.n_synapses:,} synapses", note)


def pulse_weights(wired: WiredPulseNetwork, *, limit: float | None = None, ax: Axes | None = None) -> Axes:
    """Draw all weights of a pulse-coupled network."""
    ax = weight_matrix(wired.weights, limit=limit, ax=ax)
    return titled(ax, f"{int(np.count_nonzero(wired.weights)):,} synapses", "red excites, blue inhibits")


def finite_size_weights(network: FiniteSizeNetwork, *, limit: float | None = None, ax: Axes | None = None) -> Axes:
    """Draw all weights of a finite-size network."""
    ax = weight_matrix(network.weights, limit=limit, unit="", ax=ax)
    for edge in np.cumsum(list(network.sizes.values()))[:-1]:
        ax.axhline(edge - 0.5, color=_LINE, linewidth=0.6)
        ax.axvline(edge - 0.5, color=_LINE, linewidth=0.6)
    populations = of_populations(network.sizes)
    return titled(ax, "Weights", f"{populations}; red excites, blue inhibits")


def _samples(network: LIFNetwork | BinaryNetwork, resolution: int) -> NDArray[np.int64]:
    """Return the first neuron of each bin; bins begin anew with each population."""
    step = max(1, -(-network.n_neurons // resolution))
    slices = [network.neurons(p.name) for p in network.populations]
    return np.concatenate([np.arange(s.start, s.stop, step) for s in slices])


def _edges(first: NDArray[np.int64], n_neurons: int) -> NDArray[np.float64]:
    return np.append(first, n_neurons).astype(float)


def _draw(
    table: NDArray[np.float64],
    edges: NDArray[np.float64],
    network: LIFNetwork | BinaryNetwork,
    label: str,
    ax: Axes | None,
) -> Axes:
    ax = resolve_axes(ax)
    limit = float(np.abs(table).max(initial=0.0)) or 1.0
    mesh = ax.pcolormesh(edges, edges, table, cmap="RdBu_r", vmin=-limit, vmax=limit, rasterized=True)
    middle, names = [], []
    for p in network.populations:
        part = network.neurons(p.name)
        middle.append((part.start + part.stop) / 2)
        names.append(p.name)
        if part.start:
            ax.axhline(part.start, color=_LINE, linewidth=0.6)
            ax.axvline(part.start, color=_LINE, linewidth=0.6)
    ax.set(xlabel="presynaptic neuron", ylabel="postsynaptic neuron", aspect="equal")
    ax.invert_yaxis()
    ax.set_xticks(middle, names)
    ax.set_yticks(middle, names)
    ax.tick_params(length=0)
    bar = ax.figure.colorbar(mesh, ax=ax, label=label, shrink=0.8, pad=0.02)
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    return ax
