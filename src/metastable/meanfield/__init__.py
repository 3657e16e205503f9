"""Mean-field theory of clustered binary networks."""

from metastable.meanfield._balanced_rates import BalancedRates as BalancedRates
from metastable.meanfield._balanced_rates import balanced_rates as balanced_rates
from metastable.meanfield._bifurcation_diagram import BifurcationDiagram as BifurcationDiagram
from metastable.meanfield._bifurcation_diagram import bifurcation_diagram as bifurcation_diagram
from metastable.meanfield._branch import Branch as Branch
from metastable.meanfield._branch import StableRange as StableRange
from metastable.meanfield._cluster_chain import ClusterChain as ClusterChain
from metastable.meanfield._cluster_chain import cluster_chain as cluster_chain
from metastable.meanfield._continue_branch import continue_branch as continue_branch
from metastable.meanfield._dwell_times import DwellTimes as DwellTimes
from metastable.meanfield._dwell_times import dwell_times as dwell_times
from metastable.meanfield._effective_response import EffectiveResponse as EffectiveResponse
from metastable.meanfield._effective_response import effective_response as effective_response
from metastable.meanfield._fixed_point import FixedPoint as FixedPoint
from metastable.meanfield._fixed_point import FixedPoints as FixedPoints
from metastable.meanfield._fixed_points import fixed_points as fixed_points
from metastable.meanfield._homogeneous_state import HomogeneousState as HomogeneousState
from metastable.meanfield._homogeneous_state import homogeneous_state as homogeneous_state
from metastable.meanfield._linear_noise import LinearNoise as LinearNoise
from metastable.meanfield._linear_noise import linear_noise as linear_noise
from metastable.meanfield._mean_field import MeanField as MeanField
from metastable.meanfield._phase_plane import Flow as Flow
from metastable.meanfield._phase_plane import Nullclines as Nullclines
from metastable.meanfield._phase_plane import Trajectory as Trajectory
from metastable.meanfield._phase_plane import flow as flow
from metastable.meanfield._phase_plane import nullclines as nullclines
from metastable.meanfield._phase_plane import trajectory as trajectory
from metastable.meanfield._spectrum import spectrum as spectrum
from metastable.meanfield._stability_ratios import StabilityRatios as StabilityRatios
from metastable.meanfield._stability_ratios import stability_ratios as stability_ratios
from metastable.meanfield._up_state_map import UpStateMap as UpStateMap
from metastable.meanfield._up_state_map import up_state_map as up_state_map

__all__ = [
    "BalancedRates",
    "BifurcationDiagram",
    "Branch",
    "ClusterChain",
    "DwellTimes",
    "EffectiveResponse",
    "FixedPoint",
    "FixedPoints",
    "Flow",
    "HomogeneousState",
    "LinearNoise",
    "MeanField",
    "Nullclines",
    "StabilityRatios",
    "StableRange",
    "Trajectory",
    "UpStateMap",
    "balanced_rates",
    "bifurcation_diagram",
    "cluster_chain",
    "continue_branch",
    "dwell_times",
    "effective_response",
    "fixed_points",
    "flow",
    "homogeneous_state",
    "linear_noise",
    "nullclines",
    "spectrum",
    "stability_ratios",
    "trajectory",
    "up_state_map",
]
