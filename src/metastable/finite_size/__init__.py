"""Small networks of synchronous binary neurons, exactly."""

from metastable.finite_size._attractors import Attractor as Attractor
from metastable.finite_size._attractors import Attractors as Attractors
from metastable.finite_size._bifurcation_diagram import BifurcationDiagram as BifurcationDiagram
from metastable.finite_size._bifurcation_diagram import bifurcation_diagram as bifurcation_diagram
from metastable.finite_size._cycles import attractors as attractors
from metastable.finite_size._cycles import cycles as cycles
from metastable.finite_size._evolve import evolve as evolve
from metastable.finite_size._exact_statistics import ExactStatistics as ExactStatistics
from metastable.finite_size._exact_statistics import exact_statistics as exact_statistics
from metastable.finite_size._groupwise_correlation import groupwise_correlation as groupwise_correlation
from metastable.finite_size._groupwise_correlation import joint_cumulant as joint_cumulant
from metastable.finite_size._lumped_chain import LumpedChain as LumpedChain
from metastable.finite_size._lumped_chain import lumped_chain as lumped_chain
from metastable.finite_size._multistability import MultistabilityCut as MultistabilityCut
from metastable.finite_size._multistability import MultistabilityPlane as MultistabilityPlane
from metastable.finite_size._multistability import multistability_cut as multistability_cut
from metastable.finite_size._multistability import multistability_plane as multistability_plane
from metastable.finite_size._mutual_information import mutual_information as mutual_information
from metastable.finite_size._potential_density import potential_density as potential_density
from metastable.finite_size._spectrum import Relaxation as Relaxation
from metastable.finite_size._spectrum import relaxation as relaxation
from metastable.finite_size._state_map import StateMap as StateMap
from metastable.finite_size._state_map import attractors_at as attractors_at
from metastable.finite_size._stationary_distribution import stationary_distribution as stationary_distribution
from metastable.finite_size._stationary_states import stationary_states as stationary_states
from metastable.finite_size._transitions import transition_matrix as transition_matrix

__all__ = [
    "Attractor",
    "Attractors",
    "BifurcationDiagram",
    "ExactStatistics",
    "LumpedChain",
    "MultistabilityCut",
    "MultistabilityPlane",
    "Relaxation",
    "StateMap",
    "attractors",
    "attractors_at",
    "bifurcation_diagram",
    "cycles",
    "evolve",
    "exact_statistics",
    "groupwise_correlation",
    "joint_cumulant",
    "lumped_chain",
    "multistability_cut",
    "multistability_plane",
    "mutual_information",
    "potential_density",
    "relaxation",
    "stationary_distribution",
    "stationary_states",
    "transition_matrix",
]
