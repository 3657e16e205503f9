"""Small networks of synchronous binary neurons, exactly."""

from metastable.finite_size._attractors import Attractor as Attractor
from metastable.finite_size._attractors import Attractors as Attractors
from metastable.finite_size._bifurcation_diagram import BifurcationDiagram as BifurcationDiagram
from metastable.finite_size._bifurcation_diagram import bifurcation_diagram as bifurcation_diagram
from metastable.finite_size._bifurcation_points import BifurcationPoints as BifurcationPoints
from metastable.finite_size._bifurcation_points import bifurcation_points as bifurcation_points
from metastable.finite_size._bifurcation_points import existence_probability as existence_probability
from metastable.finite_size._block_permanent import block_permanent as block_permanent
from metastable.finite_size._cluster_chain import ClusterCountChain as ClusterCountChain
from metastable.finite_size._cluster_chain import cluster_chain as cluster_chain
from metastable.finite_size._count_switching import CountSwitching as CountSwitching
from metastable.finite_size._cycles import attractors as attractors
from metastable.finite_size._cycles import cycles as cycles
from metastable.finite_size._evolve import evolve as evolve
from metastable.finite_size._exact_statistics import ExactStatistics as ExactStatistics
from metastable.finite_size._exact_statistics import exact_statistics as exact_statistics
from metastable.finite_size._expected_stationary_states import ExpectedStationaryStates as ExpectedStationaryStates
from metastable.finite_size._expected_stationary_states import expected_stationary_states as expected_stationary_states
from metastable.finite_size._groupwise_correlation import groupwise_correlation as groupwise_correlation
from metastable.finite_size._groupwise_correlation import joint_cumulant as joint_cumulant
from metastable.finite_size._lumped_chain import LumpedChain as LumpedChain
from metastable.finite_size._lumped_chain import lumped_chain as lumped_chain
from metastable.finite_size._mean_field_limit import CriticalNoise as CriticalNoise
from metastable.finite_size._mean_field_limit import MeanFieldState as MeanFieldState
from metastable.finite_size._mean_field_limit import critical_noise as critical_noise
from metastable.finite_size._mean_field_limit import mean_field_states as mean_field_states
from metastable.finite_size._multistability import MultistabilityCut as MultistabilityCut
from metastable.finite_size._multistability import MultistabilityPlane as MultistabilityPlane
from metastable.finite_size._multistability import multistability_cut as multistability_cut
from metastable.finite_size._multistability import multistability_plane as multistability_plane
from metastable.finite_size._mutual_information import mutual_information as mutual_information
from metastable.finite_size._needed_stimulus import NeededStimulus as NeededStimulus
from metastable.finite_size._order_statistics import order_statistic_cdf as order_statistic_cdf
from metastable.finite_size._permanent import permanent as permanent
from metastable.finite_size._potential_density import potential_density as potential_density
from metastable.finite_size._relaxation import Relaxation as Relaxation
from metastable.finite_size._relaxation import relaxation as relaxation
from metastable.finite_size._state_map import StateMap as StateMap
from metastable.finite_size._state_map import attractors_at as attractors_at
from metastable.finite_size._stationary_distribution import stationary_distribution as stationary_distribution
from metastable.finite_size._stationary_states import stationary_states as stationary_states
from metastable.finite_size._storage import Storage as Storage
from metastable.finite_size._store_transitions import store_transitions as store_transitions
from metastable.finite_size._transitions import transition_matrix as transition_matrix

__all__ = [
    "Attractor",
    "Attractors",
    "BifurcationDiagram",
    "BifurcationPoints",
    "ClusterCountChain",
    "CountSwitching",
    "CriticalNoise",
    "ExactStatistics",
    "ExpectedStationaryStates",
    "LumpedChain",
    "MeanFieldState",
    "MultistabilityCut",
    "MultistabilityPlane",
    "NeededStimulus",
    "Relaxation",
    "StateMap",
    "Storage",
    "attractors",
    "attractors_at",
    "bifurcation_diagram",
    "bifurcation_points",
    "block_permanent",
    "cluster_chain",
    "critical_noise",
    "cycles",
    "evolve",
    "exact_statistics",
    "existence_probability",
    "expected_stationary_states",
    "groupwise_correlation",
    "joint_cumulant",
    "lumped_chain",
    "mean_field_states",
    "multistability_cut",
    "multistability_plane",
    "mutual_information",
    "order_statistic_cdf",
    "permanent",
    "potential_density",
    "relaxation",
    "stationary_distribution",
    "stationary_states",
    "store_transitions",
    "transition_matrix",
]
