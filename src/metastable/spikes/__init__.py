"""Spikes as data: the container, exact binning, trials around events, surrogates, test trains, and files."""

from metastable.spikes._align import align as align
from metastable.spikes._binning import bin_counts as bin_counts
from metastable.spikes._binning import bin_indices as bin_indices
from metastable.spikes._binning import iterate_trial_counts as iterate_trial_counts
from metastable.spikes._brian2 import from_brian2 as from_brian2
from metastable.spikes._cortex_like import PlantedGroups as PlantedGroups
from metastable.spikes._cortex_like import cortex_like as cortex_like
from metastable.spikes._neo import from_neo as from_neo
from metastable.spikes._neo import to_neo as to_neo
from metastable.spikes._nest import from_nest as from_nest
from metastable.spikes._npz import load_npz as load_npz
from metastable.spikes._npz import save_npz as save_npz
from metastable.spikes._pynapple import from_pynapple as from_pynapple
from metastable.spikes._pynapple import to_pynapple as to_pynapple
from metastable.spikes._read import read as read
from metastable.spikes._spike_data import SpikeData as SpikeData
from metastable.spikes._spikeinterface import from_spikeinterface as from_spikeinterface
from metastable.spikes._surrogates import jitter_spikes as jitter_spikes
from metastable.spikes._surrogates import shift_trains as shift_trains
from metastable.spikes._surrogates import shuffle_intervals as shuffle_intervals
from metastable.spikes._test_trains import fellous_2004 as fellous_2004
from metastable.spikes._test_trains import gamma_trains as gamma_trains
from metastable.spikes._test_trains import pacemaker as pacemaker
from metastable.spikes._write import Written as Written
from metastable.spikes._write import write as write

__all__ = [
    "PlantedGroups",
    "SpikeData",
    "Written",
    "align",
    "bin_counts",
    "bin_indices",
    "cortex_like",
    "fellous_2004",
    "from_brian2",
    "from_neo",
    "from_nest",
    "from_pynapple",
    "from_spikeinterface",
    "gamma_trains",
    "iterate_trial_counts",
    "jitter_spikes",
    "load_npz",
    "pacemaker",
    "read",
    "save_npz",
    "shift_trains",
    "shuffle_intervals",
    "to_neo",
    "to_pynapple",
    "write",
]
