"""Drawing of results: numbers in, Axes out; nothing is computed here that a claim rests on."""

from metastable.figures._curves import curve_with_spread as curve_with_spread
from metastable.figures._curves import distribution as distribution
from metastable.figures._curves import mark_window as mark_window
from metastable.figures._raster import raster as raster
from metastable.figures._style import COLORS as COLORS
from metastable.figures._style import new_figure as new_figure
from metastable.figures._style import style as style
from metastable.figures._style import titled as titled

__all__ = ["COLORS", "curve_with_spread", "distribution", "mark_window", "new_figure", "raster", "style", "titled"]
