"""Spikes as data: the container, exact binning, and files."""

from metastable.spikes._binning import bin_counts as bin_counts
from metastable.spikes._binning import bin_indices as bin_indices
from metastable.spikes._binning import iterate_trial_counts as iterate_trial_counts
from metastable.spikes._npz import load_npz as load_npz
from metastable.spikes._npz import save_npz as save_npz
from metastable.spikes._spike_data import SpikeData as SpikeData

__all__ = ["SpikeData", "bin_counts", "bin_indices", "iterate_trial_counts", "load_npz", "save_npz"]
