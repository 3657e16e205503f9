"""Networks in motion: one verb, `simulate`, and the engines behind it."""

from metastable.simulation._binary_activity import BinaryActivity as BinaryActivity
from metastable.simulation._finite_size_activity import FiniteSizeActivity as FiniteSizeActivity
from metastable.simulation._simulate import rerun as rerun
from metastable.simulation._simulate import simulate as simulate
from metastable.simulation._write_nest_script import read_nest_spikes as read_nest_spikes
from metastable.simulation._write_nest_script import write_nest_script as write_nest_script

__all__ = ["BinaryActivity", "FiniteSizeActivity", "read_nest_spikes", "rerun", "simulate", "write_nest_script"]
