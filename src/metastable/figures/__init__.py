"""Drawing of results: numbers in, Axes out; nothing is computed here that a claim rests on."""

from metastable.figures._branches import branch as branch
from metastable.figures._branches import parameter_map as parameter_map
from metastable.figures._communities_overview import group_overview as group_overview
from metastable.figures._communities_raster import GROUP_COLORS as GROUP_COLORS
from metastable.figures._communities_raster import group_color as group_color
from metastable.figures._communities_raster import group_raster as group_raster
from metastable.figures._communities_recurrence import recurrence_map as recurrence_map
from metastable.figures._communities_spectra import coherence_curve as coherence_curve
from metastable.figures._communities_spectra import group_traces as group_traces
from metastable.figures._communities_spectra import phase_curve as phase_curve
from metastable.figures._communities_spectra import power_spectra as power_spectra
from metastable.figures._communities_timescales import modularity_by_timescale as modularity_by_timescale
from metastable.figures._communities_windows import window_agreement as window_agreement
from metastable.figures._communities_windows import window_curve as window_curve
from metastable.figures._communities_windows import window_membership as window_membership
from metastable.figures._communities_windows import window_overview as window_overview
from metastable.figures._curves import curve_with_spread as curve_with_spread
from metastable.figures._curves import distribution as distribution
from metastable.figures._curves import mark_window as mark_window
from metastable.figures._effective_response import response_curve as response_curve
from metastable.figures._multistability_branches import multistability_branches as multistability_branches
from metastable.figures._multistability_map import ATTRACTOR_COLORS as ATTRACTOR_COLORS
from metastable.figures._multistability_map import multistability_map as multistability_map
from metastable.figures._multistability_map import multistability_regions as multistability_regions
from metastable.figures._multistability_overview import multistability_overview as multistability_overview
from metastable.figures._phase_plane import NULLCLINES as NULLCLINES
from metastable.figures._phase_plane import phase_plane as phase_plane
from metastable.figures._plot import plot as plot
from metastable.figures._raster import cluster_shades as cluster_shades
from metastable.figures._raster import raster as raster
from metastable.figures._reconstruction_matrix import weight_matrix as weight_matrix
from metastable.figures._reconstruction_overview import reconstruction_overview as reconstruction_overview
from metastable.figures._reconstruction_residuals import STATUS_COLORS as STATUS_COLORS
from metastable.figures._reconstruction_residuals import certificate_plot as certificate_plot
from metastable.figures._reconstruction_residuals import residuals as residuals
from metastable.figures._schematic import cluster_schematic as cluster_schematic
from metastable.figures._style import COLORS as COLORS
from metastable.figures._style import new_figure as new_figure
from metastable.figures._style import style as style
from metastable.figures._style import titled as titled
from metastable.figures._sweep import sweep_overview as sweep_overview
from metastable.figures._two_populations import stability_curves as stability_curves

__all__ = [
    "ATTRACTOR_COLORS",
    "COLORS",
    "GROUP_COLORS",
    "NULLCLINES",
    "STATUS_COLORS",
    "branch",
    "certificate_plot",
    "cluster_schematic",
    "cluster_shades",
    "coherence_curve",
    "curve_with_spread",
    "distribution",
    "group_color",
    "group_overview",
    "group_raster",
    "group_traces",
    "mark_window",
    "modularity_by_timescale",
    "multistability_branches",
    "multistability_map",
    "multistability_overview",
    "multistability_regions",
    "new_figure",
    "parameter_map",
    "phase_curve",
    "phase_plane",
    "plot",
    "power_spectra",
    "raster",
    "reconstruction_overview",
    "recurrence_map",
    "residuals",
    "response_curve",
    "stability_curves",
    "style",
    "sweep_overview",
    "titled",
    "weight_matrix",
    "window_agreement",
    "window_curve",
    "window_membership",
    "window_overview",
]
