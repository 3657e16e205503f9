"""Drawing of results: numbers in, Axes out; nothing is computed here that a claim rests on."""

from metastable.figures._branches import branch as branch
from metastable.figures._branches import parameter_map as parameter_map
from metastable.figures._curves import curve_with_spread as curve_with_spread
from metastable.figures._curves import distribution as distribution
from metastable.figures._curves import mark_window as mark_window
from metastable.figures._phase_plane import NULLCLINES as NULLCLINES
from metastable.figures._phase_plane import phase_plane as phase_plane
from metastable.figures._raster import cluster_shades as cluster_shades
from metastable.figures._raster import raster as raster
from metastable.figures._schematic import cluster_schematic as cluster_schematic
from metastable.figures._style import COLORS as COLORS
from metastable.figures._style import new_figure as new_figure
from metastable.figures._style import style as style
from metastable.figures._style import titled as titled

__all__ = [
    "COLORS",
    "NULLCLINES",
    "branch",
    "cluster_schematic",
    "cluster_shades",
    "curve_with_spread",
    "distribution",
    "mark_window",
    "new_figure",
    "parameter_map",
    "phase_plane",
    "raster",
    "style",
    "titled",
]
