"""The figure of a result, whatever kind of result it is."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from metastable.figures import (
    _attractors,
    _captions,
    _connections,
    _fixed_points,
    _states,
    _statistics,
    _two_populations,
)
from metastable.figures import _finite_size_laws as _laws
from metastable.figures._communities_partition import group_sizes, membership_map, planted_groups
from metastable.figures._communities_timescales import modularity_by_timescale
from metastable.figures._communities_windows import window_overview
from metastable.figures._effective_response import effective_response
from metastable.figures._reconstruction_overview import reconstruction_overview
from metastable.figures._reconstruction_scan import scan_residuals
from metastable.figures._stimulus import stimulus_course
from metastable.figures._style import style
from metastable.figures._sweep import sweep_overview


def plot(result: Any, **options: Any) -> Axes | Figure:
    """Draw a result as it is most often looked at; ``result.plot()`` is the same.

    Parameters
    ----------
    result : object
        A recording, or a result of one of the rooms.
    **options
        Those of the function that draws it; ``ax=`` where it draws on Axes.

    Returns
    -------
    Axes or Figure

    Raises
    ------
    TypeError
        If there is no figure for this kind of result, or it has no such option.
    ValueError
        If there is nothing to draw, with the reason.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes = mst.SpikeData(time_ms=[1, 2, 3], neuron=[0, 1, 1], n_neurons=2, t_stop_ms=4)
    >>> mst.figures.plot(spikes).get_xlabel(), spikes.plot().get_ylabel()
    ('time (s)', 'neuron')
    """
    draw = drawing_of(type(result))
    if draw is None:
        known = ", ".join(sorted({name for _, name in _DRAWINGS}))
        raise TypeError(f"there is no figure of a {type(result).__name__}; there is one of {known}.")
    allowed = list(inspect.signature(draw).parameters)[1:]
    unknown = [name for name in options if name not in allowed]
    if unknown:
        known = ", ".join(allowed) or "none"
        raise TypeError(f"the figure of a {type(result).__name__} has no option {unknown[0]!r}; its options: {known}.")
    with style():
        return draw(result, **options)


def drawing_of(kind: type) -> Callable[..., Axes | Figure] | None:
    """Return what draws results of a class, None where nothing does."""
    for each in kind.__mro__:
        draw = _DRAWINGS.get((*each.__module__.split(".")[1:2], each.__name__))
        if draw is not None:
            return draw
    return None


_DRAWINGS: dict[tuple[str, ...], Callable[..., Axes | Figure]] = {
    ("spikes", "SpikeData"): _captions.spikes,
    ("spikes", "PlantedGroups"): planted_groups,
    ("networks", "LIFNetwork"): _connections.expected_weights,
    ("networks", "BinaryNetwork"): _connections.expected_weights,
    ("networks", "WiredLIFNetwork"): _connections.wired_weights,
    ("networks", "WiredBinaryNetwork"): _connections.wired_weights,
    ("networks", "WiredPulseNetwork"): _connections.pulse_weights,
    ("networks", "FiniteSizeNetwork"): _connections.finite_size_weights,
    ("networks", "Stimulus"): stimulus_course,
    ("simulation", "BinaryActivity"): _states.binary_activity,
    ("simulation", "FiniteSizeActivity"): _states.finite_size_activity,
    ("statistics", "Autocovariance"): _statistics.autocovariance,
    ("statistics", "ClusterStates"): _states.cluster_states,
    ("statistics", "CorrelationDistribution"): _captions.correlation_distribution,
    ("statistics", "CountCorrelations"): _statistics.count_correlations,
    ("statistics", "CrossCovariance"): _statistics.cross_covariance,
    ("statistics", "FanoFactorByWindow"): _statistics.fano_factor_by_window,
    ("statistics", "FanoFactorInTime"): _statistics.fano_factor_in_time,
    ("statistics", "LocalCV2"): _statistics.local_cv2,
    ("statistics", "PSTH"): _statistics.psth,
    ("statistics", "ResponseProfile"): _statistics.response_profile,
    ("statistics", "StateDurations"): _states.state_durations,
    ("statistics", "TimeConstant"): _statistics.time_constant,
    ("communities", "Coherence"): _captions.coherence,
    ("communities", "Communities"): modularity_by_timescale,
    ("communities", "GroupActivity"): _captions.group_activity,
    ("communities", "GroupMembership"): membership_map,
    ("communities", "Partition"): group_sizes,
    ("communities", "PowerSpectrum"): _captions.power_spectrum,
    ("communities", "Recurrence"): _captions.recurrence,
    ("communities", "SlidingWindows"): window_overview,
    ("reconstruction", "Reconstruction"): reconstruction_overview,
    ("reconstruction", "Scan"): scan_residuals,
    ("meanfield", "BifurcationDiagram"): _fixed_points.bifurcation_diagram,
    ("meanfield", "Branch"): _fixed_points.continued_branch,
    ("meanfield", "ClusterChain"): _states.cluster_chain,
    ("meanfield", "DwellTimes"): _fixed_points.dwell_times,
    ("meanfield", "EffectiveResponse"): effective_response,
    ("meanfield", "FixedPoint"): _fixed_points.fixed_point,
    ("meanfield", "FixedPoints"): _fixed_points.fixed_points,
    ("meanfield", "Flow"): _two_populations.flow,
    ("meanfield", "HomogeneousState"): _fixed_points.homogeneous_state,
    ("meanfield", "LinearNoise"): _fixed_points.noise_covariance,
    ("meanfield", "MeanField"): _fixed_points.mean_couplings,
    ("meanfield", "Nullclines"): _two_populations.nullclines,
    ("meanfield", "StabilityRatios"): _two_populations.stability_ratios,
    ("meanfield", "Trajectory"): _two_populations.trajectory,
    ("meanfield", "UpStateMap"): _fixed_points.up_state_map,
    ("finite_size", "Attractor"): _attractors.attractor,
    ("finite_size", "Attractors"): _attractors.attractors,
    ("finite_size", "BifurcationDiagram"): _attractors.bifurcations,
    ("finite_size", "BifurcationPoints"): _laws.edge_laws,
    ("finite_size", "ClusterCountChain"): _laws.cluster_count_law,
    ("finite_size", "ExactStatistics"): _laws.stationary_law,
    ("finite_size", "ExpectedStationaryStates"): _laws.occupancy_map,
    ("finite_size", "LumpedChain"): _laws.count_laws,
    ("finite_size", "MultistabilityCut"): _attractors.cut_branches,
    ("finite_size", "MultistabilityPlane"): _captions.multistability_plane,
    ("finite_size", "NeededStimulus"): _laws.needed_stimulus,
    ("finite_size", "Relaxation"): _laws.relaxation_modes,
    ("finite_size", "StateMap"): _attractors.basins,
    ("finite_size", "Storage"): _attractors.retention,
    ("sweeps", "SweepResult"): sweep_overview,
}
