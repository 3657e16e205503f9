"""Connections found from spikes at one glance."""

from __future__ import annotations

from matplotlib.figure import Figure

from metastable.figures._reconstruction_matrix import weight_matrix
from metastable.figures._reconstruction_residuals import residuals
from metastable.figures._style import new_figure, style, titled
from metastable.reconstruction import Reconstruction


def reconstruction_overview(found: Reconstruction, *, n_edges: int | None = None, unit: str = "mV") -> Figure:
    """Draw the matrix of weights that was found, and how well each neuron's prove themselves.

    Parameters
    ----------
    found : Reconstruction
    n_edges : int, optional
        How many connections there are, for the title.
    unit : str
        Of weights and potentials.

    Returns
    -------
    Figure

    Examples
    --------
    >>> import metastable as mst
    >>> wired = mst.networks.van_bussel_2011(n_neurons=10).wire(seed=1)
    >>> trains = mst.simulate(wired, duration_ms=500, n_trials=10, drive_spread=0.05, seed=1)
    >>> found = mst.reconstruction.reconstruct(trains, model=wired)
    >>> len(mst.figures.reconstruction_overview(found).axes)  # with the colour bar
    3
    """
    unknown = int((~found.known).sum())
    with style():
        drawing = new_figure(7.2, 3.2)
        left, right = drawing.subplots(1, 2, width_ratios=(1.15, 1))
        weight_matrix(found, unit=unit, ax=left)
        note = f"{unknown:,} of {found.n**2:,} not known, hatched" if unknown else "all are known"
        titled(left, "Weights" if n_edges is None else f"{n_edges:,} connections", note)
        residuals(found, unit=unit, ax=right)
        titled(right, "Certificate", "largest error of an interval that was not used")
    return drawing
