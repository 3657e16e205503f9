"""Synapses from spikes: equations of intervals, solvers, sparse solvers, and what cannot be known."""

from metastable.reconstruction._current_model import CurrentModel as CurrentModel
from metastable.reconstruction._neuron_model import NeuronModel as NeuronModel
from metastable.reconstruction._reconstruct import reconstruct as reconstruct
from metastable.reconstruction._reconstruction import Reconstruction as Reconstruction
from metastable.reconstruction._scan import Scan as Scan
from metastable.reconstruction._scan import delay_candidates as delay_candidates
from metastable.reconstruction._scan import scan as scan
from metastable.reconstruction._score import Score as Score
from metastable.reconstruction._score import fewest_equations as fewest_equations
from metastable.reconstruction._score import quality as quality
from metastable.reconstruction._score import score as score
from metastable.reconstruction._sparse import basis_pursuit as basis_pursuit
from metastable.reconstruction._sparse import orthogonal_matching_pursuit as orthogonal_matching_pursuit
from metastable.reconstruction._status import Status as Status

__all__ = [
    "CurrentModel",
    "NeuronModel",
    "Reconstruction",
    "Scan",
    "Score",
    "Status",
    "basis_pursuit",
    "delay_candidates",
    "fewest_equations",
    "orthogonal_matching_pursuit",
    "quality",
    "reconstruct",
    "scan",
    "score",
]
